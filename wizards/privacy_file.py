import json
import tempfile
import zipfile
from datetime import date, datetime

from odoo import api, fields, models
from odoo.tools import html2plaintext

from ..models.mask_res_users import DUTIES
from ..models.privacy_place import PROFILE, TECHNICAL, Person
from ..tools import person_book
from .report_mixin import TIMEZONE

DIRECT_RECORDS = 2000  # put together while the user waits
SKIPPED_TYPES = {"one2many", "many2many", "binary", "json"}
LETTER_HINDI = """इस फाइल में {office} के पास खाता संख्या {account} के उपभोक्ता का व्यक्तिगत डेटा है, जैसा
{date} को दर्ज है (डिजिटल व्यक्तिगत डेटा संरक्षण अधिनियम 2023, धारा 11)।

किस काम के लिए: बिजली आपूर्ति, बिल, भुगतान, सूचनाएँ, शिकायतें।
किसे दिया जाता है: संदेश भेजने के लिए नंबर और संदेश का पाठ Meta (WhatsApp) को।
data.xlsx: पढ़ने के लिए। data.json: वही डेटा मशीन के लिए। files: फ़ोटो और भेजी गई फाइलें।
सुधार, मिटाने या शिकायत के लिए: {officer}
"""
LETTER_ENGLISH = """This file holds the personal data of the consumer of account {account} at
{office}, as it stands on {date} (section 11 of the Digital Personal Data Protection Act 2023).

What for: supply of electricity, bills, payments, notices, complaints.
Given to: Meta (WhatsApp), the number and the text of messages, to deliver them.
data.xlsx: to read. data.json: the same data for machines. files: photos and files that were sent.
For correction, erasure or a grievance: {officer}
"""


class DiscomPrivacyFile(models.TransientModel):
    """All that is kept of one person, as a ZIP: workbook, JSON, files."""

    _name = "discom.privacy.file"
    _inherit = ["discom.report.mixin"]
    _description = "Data of a person"

    _report_model = "res.partner"

    partner_id = fields.Many2one("res.partner", "Consumer", required=True)
    request_id = fields.Many2one("discom.privacy.request", readonly=True)
    other_ids = fields.Many2many(
        "res.partner",
        string="Other connections of the person",
        domain="[('id', 'in', choice_ids)]",
        help="Tick those that are the person's, too.",
    )
    choice_ids = fields.Many2many("res.partner", compute="_compute_choice_ids")

    @api.depends("partner_id")
    def _compute_choice_ids(self):
        for wizard in self:
            wizard.choice_ids = wizard.partner_id.discom_connection_ids - wizard.partner_id

    @property
    def _direct_rows(self):
        """The workbook of who has more records is made in the background."""
        # sudo: a person gets all of the own data, also what the user may not see.
        person = Person(self._people().sudo())
        return None if sum(len(rows) for _place, rows in person.found()) <= DIRECT_RECORDS else 0

    def action_print(self):
        """Make the file; who made it for whom is written down."""
        self.ensure_one()
        people = self._people()
        people._discom_check_privacy()
        if self.request_id:
            self.request_id._check_of(self.partner_id)
        self.env["discom.audit.entry"]._log(
            "data_file",
            people,
            self.env._("File of a person's data"),
            reason=self.request_id.name,
        )
        if self.request_id:
            self.request_id._note_file()
        return super().action_print()

    def _people(self):
        return self.partner_id | self.other_ids

    def _report_params(self):
        return {
            **super()._report_params(),
            "partner_id": self.partner_id.id,
            "request_id": self.request_id.id,
            "other_ids": self.other_ids.ids,
        }

    def _report_title(self):
        return self.env._("Data of account %(account)s", account=self.partner_id.discom_account_no)

    def _report_held(self):
        """All that is kept of a person."""
        return list(filter(self.env.user._discom_has_duty, DUTIES))

    def _report_extension(self):
        return "zip"

    def _report_domain(self):
        return [("id", "in", self._people().ids)]

    def _write_workbook(self, path, set_progress=None):
        """Write the ZIP; see :meth:`discom.report.mixin._write_workbook`."""
        people = self._people()
        people._discom_check_privacy()
        # sudo: a person gets all of the own data, also what the user may not see.
        person = Person(people.with_context(lang=self.lang, active_test=False).sudo())
        sheets = [self._sheet(person.partners)]
        sheets += [
            self._sheet(records) for place, records in person.found() if records and place.told
        ]
        sheets.append(self._notes_sheet(person.notes()))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", self._letter(person))
            archive.writestr("data.json", self._json(sheets))
            with tempfile.NamedTemporaryFile(suffix=".xlsx") as book:
                person_book.write(
                    book.name,
                    [
                        (title, [label for _name, label in columns], rows)
                        for title, columns, rows in sheets
                        if rows
                    ],
                )
                archive.write(book.name, "data.xlsx")
            for number, attachment in enumerate(person.files(), 1):
                name = "".join(
                    letter if letter.isalnum() or letter in "._- " else "_"
                    for letter in attachment.name or ""
                )
                archive.writestr(f"files/{number:03} {name[-80:]}", attachment.raw or b"")

    def _sheet(self, records):
        """Return (title, [(name, label)], rows) of all that is stored in the records."""
        told = [
            field
            for name, field in records._fields.items()
            if field.store
            and field.type not in SKIPPED_TYPES
            and name not in TECHNICAL
            and not field.groups
            and (records._name != "res.partner" or _is_profile(name))
        ]
        rows = [[self._cell(record, field) for field in told] for record in records]
        filled = [
            place for place in range(len(told)) if any(row[place] not in (None, "") for row in rows)
        ]
        return (
            self.env["ir.model"]._get(records._name).name,
            [(told[place].name, told[place]._description_string(records.env)) for place in filled],
            [[row[place] for place in filled] for row in rows],
        )

    def _cell(self, record, field):
        value = record[field.name]
        if field.type in ("integer", "float", "monetary"):
            return value or (0 if field.type != "integer" else None)
        if value is False or value is None:
            return None
        if field.type == "boolean":
            return self.env._("Yes")
        if field.type == "selection":
            return dict(field._description_selection(record.env)).get(value, value)
        if field.type == "many2one":
            return value.display_name or None
        if field.type == "datetime":
            return self._local(value)
        if field.type == "html":
            return html2plaintext(value)
        return value if field.type == "date" else str(value)

    def _local(self, moment):
        """The time in India of a moment, as a cell wants it."""
        india = self.with_context(tz=TIMEZONE)
        local = fields.Datetime.context_timestamp(india, moment)
        return local.replace(tzinfo=None, microsecond=0)

    def _notes_sheet(self, messages):
        columns = [
            ("date", self.env._("Date")),
            ("author", self.env._("By")),
            ("about", self.env._("About")),
            ("body", self.env._("Text")),
        ]
        rows = []
        for message in messages:
            changes = message.tracking_value_ids._tracking_value_format()
            text = "\n".join(
                filter(None, (html2plaintext(message.body or ""), *map(_change, changes)))
            )
            if text:
                rows.append(
                    [
                        self._local(message.date),
                        message.author_id.name or "",
                        self.env["ir.model"]._get(message.model).name,
                        text,
                    ]
                )
        return (self.env._("Notes"), columns, rows)

    def _json(self, sheets):
        data = {
            title: [
                {name: cell for (name, _label), cell in zip(columns, row, strict=True)}
                for row in rows
            ]
            for title, columns, rows in sheets
            if rows
        }
        return json.dumps(data, ensure_ascii=False, indent=1, default=_iso)

    def _letter(self, person):
        consumer = self.partner_id
        facts = {
            "office": self._office_name(consumer.discom_office_id),
            "account": ", ".join(person.consumers.mapped("discom_account_no")),
            "date": fields.Date.context_today(self).strftime("%d/%m/%Y"),
            "officer": consumer.company_id.discom_privacy_officer
            or consumer.discom_office_id.display_name,
        }
        return f"{LETTER_HINDI.format(**facts)}\n{LETTER_ENGLISH.format(**facts)}"


def _is_profile(name):
    """Whether a field of a contact says something about the person."""
    return name == "name" or name in PROFILE or name.startswith("discom_")


def _change(change):
    info, old, new = change["fieldInfo"], change["oldValue"], change["newValue"]
    return f"{info['changedField']}: {old or '–'} → {new or '–'}"


def _iso(value):
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(value)
