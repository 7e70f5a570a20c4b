import ast
import json
import math
from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_duration

from ..tools.identity import mask_aadhaar
from .whatsapp_message import LIVE

#: Language of a message when the consumer's own has no approved template.
FALLBACK_LANG = "hi_IN"
#: Letters of a selection that an error text shows.
DOMAIN_SHOWN = 80


class DiscomWhatsappAudience(models.AbstractModel):
    """Who receives which template about which records, and who does not and why.

    The composer shows it before sending and the broadcast carries it out: both ask the same query,
    so what was shown is what happens.
    """

    _name = "discom.whatsapp.audience"
    _description = "WhatsApp Audience"

    res_model = fields.Char("Document Model", required=True, readonly=True)
    res_domain = fields.Text(
        "Records", required=True, readonly=True, help="Domain of the records that are sent."
    )
    purpose = fields.Selection(
        selection=lambda self: self.env["discom.whatsapp.template"]._selection_purpose(),
        required=True,
        readonly=True,
    )
    account_id = fields.Many2one("discom.whatsapp.account", "Sending Number")
    template_id = fields.Many2one(
        "discom.whatsapp.template",
        domain="[('account_id', '=', account_id), ('purpose', '=', purpose),"
        " ('status', '=', 'approved'), ('category_drifted', '=', False),"
        " ('combined', '=', False)]",
        help="Its translations of the same name are used for consumers who read another language.",
    )
    resend = fields.Boolean(
        "Repeat",
        help="Send also to those who already have this message about the same record.",
    )

    def _templates_by_lang(self):
        """Return {language code: template} of the approved templates of the chosen name."""
        self.ensure_one()
        if not self.template_id:
            return {}
        return {
            template.lang: template
            for template in self.env["discom.whatsapp.template"].search(
                [
                    ("account_id", "=", self.account_id.id),
                    ("name", "=", self.template_id.name),
                    ("status", "=", "approved"),
                    ("category_drifted", "=", False),
                ]
            )
        }

    def _own_templates(self):
        """Return {name: {language code: template}} of those that records may have of their own."""
        self.ensure_one()
        found = {}
        for template in self.env["discom.whatsapp.template"].search(
            [
                ("account_id", "=", self.account_id.id),
                ("purpose", "=", self.purpose),
                ("combined", "=", False),
                ("status", "=", "approved"),
                ("category_drifted", "=", False),
            ]
        ):
            found.setdefault(template.name, {})[template.lang] = template
        return found

    def _documents_model(self, user=None):
        """Return the document model, as seen by ``user``, by default the current one.

        Never as the superuser in whose name stored fields are computed: the domain comes from the
        user, and would count what he may not see.
        """
        self.ensure_one()
        model = self.env.get(self.res_model)
        if model is None or not isinstance(model, self.env.registry["discom.whatsapp.mixin"]):
            raise UserError(
                self.env._("%(model)s cannot be sent on WhatsApp.", model=self.res_model)
            )
        return model.with_user(user or self.env.user)

    def _purpose_spec(self):
        """Return what the document model says of the purpose; raise where it has no such."""
        documents = self._documents_model()
        specs = documents._whatsapp_purposes()
        if self.purpose not in specs:
            raise UserError(
                self.env._(
                    "%(model)s has no message of this kind (%(purpose)s).",
                    model=documents._description,
                    purpose=self.purpose,
                )
            )
        return specs[self.purpose]

    def _audience_sql(self, user=None, partner_ids=None):
        """Return a query of one row per (record, person), sorted by nothing.

        Columns: ``res_id``, ``partner_id``, ``phone``, ``lang`` (of the message), ``office_id``,
        ``family`` (name of the template where it is not the chosen one), ``reason`` (NULL: will be
        sent) and the names that every message may use.

        :param user: whose access rules decide which records count; the current user's by default
        :param partner_ids: people to whom it is narrowed, as if there were no others
        """
        self.ensure_one()
        spec = self._purpose_spec()
        documents = self._documents_model(user)
        self.env.flush_all()
        langs = _by_preference(self._templates_by_lang())
        consent = self._consent_sql(spec)
        chosen = SQL(
            "CASE WHEN p.lang = ANY(%s) THEN p.lang ELSE %s::text END",
            langs,
            langs[0] if langs else None,
        )
        family, lang, own = SQL("NULL::text"), chosen, SQL()
        if (name := documents._whatsapp_template_sql(self.purpose)) is not None:
            # {name: {language: language, "": where the consumer's own is none of them}}
            known = {
                family: {"": _by_preference(templates)[0], **{code: code for code in templates}}
                for family, templates in self._own_templates().items()
            }
            own = SQL(
                "CROSS JOIN LATERAL (SELECT NULLIF(%s, %s) AS name) family"
                " CROSS JOIN LATERAL (SELECT %s::jsonb -> family.name AS langs) known",
                name,
                self.template_id.name or "",
                json.dumps(known),
            )
            family = SQL("family.name")
            lang = SQL(
                "CASE WHEN family.name IS NULL THEN %s"
                " ELSE COALESCE(known.langs ->> p.lang, known.langs ->> '') END",
                chosen,
            )
        return SQL(
            """
            SELECT a.res_id, a.partner_id, p.discom_whatsapp_number AS phone,
                   p.discom_office_id AS office_id, p.name, p.discom_name_hi AS name_hi,
                   p.discom_account_no AS account_no, %(first)s AS first,
                   %(family)s AS family, %(lang)s AS lang,
                   CASE WHEN a.skip_reason IS NOT NULL THEN a.skip_reason
                        WHEN COALESCE(p.discom_whatsapp_number, '') = '' THEN 'no_number'
                        WHEN p.discom_kyc_state = 'bounced' THEN 'not_on_whatsapp'
                        WHEN %(consent)s = 'withdrawn' THEN 'opted_out'
                        WHEN %(consent)s IS NULL THEN 'no_consent'
                        WHEN %(repeated)s THEN 'duplicate'
                        WHEN %(lang)s IS NULL THEN 'no_template'
                   END AS reason
              FROM (%(audience)s) a
              JOIN res_partner p ON p.id = a.partner_id %(own)s
             WHERE %(among)s
            """,
            among=SQL("TRUE")
            if partner_ids is None
            else SQL("a.partner_id = ANY(%s)", list(partner_ids)),
            first=documents._whatsapp_first_sql(self.purpose),
            family=family,
            lang=lang,
            own=own,
            consent=consent,
            repeated=self._repeated_sql(spec),
            audience=documents._whatsapp_audience(self._records_domain(), self.purpose),
        )

    def _own_broadcast_id(self):
        """Return the broadcast whose messages do not make this audience a repetition."""
        return 0

    @api.model
    def _consent_sql(self, spec):
        """Return the consent in force of the person ``p``; where none is asked for, it is given."""
        if not spec["consent"]:
            return SQL("'given'")
        return SQL.identifier("p", f"discom_consent_{spec['consent']}")

    def _repeated_sql(self, spec):
        """Return the condition under which somebody already has the message, or would twice."""
        conditions = []
        if not self.resend and not spec.get("repeat"):
            conditions.append(
                SQL(
                    """EXISTS (
                        SELECT FROM discom_whatsapp_message m
                         WHERE m.res_model = %s AND m.res_id = a.res_id
                           AND m.partner_id = a.partner_id AND m.purpose = %s
                           AND m.broadcast_id IS DISTINCT FROM %s
                           AND (m.state = ANY(%s) OR m.skip_reason = 'combined'))""",
                    self.res_model,
                    self.purpose,
                    self._own_broadcast_id(),
                    list(LIVE),
                )
            )
        if spec.get("once_per_phone"):
            # One family, several connections, one phone: the news is the same for all of them.
            conditions.append(
                SQL(
                    "row_number() OVER (PARTITION BY a.res_id, p.discom_whatsapp_number, %s"
                    " ORDER BY a.partner_id) > 1",
                    self._consent_sql(spec),
                )
            )
        return SQL(" OR ").join(conditions) if conditions else SQL("FALSE")

    def _records_domain(self):
        """Return the stored domain of the records.

        :raise UserError: where it is none, or names what the records do not have
        """
        try:
            domain = Domain(ast.literal_eval(self.res_domain))
            domain.optimize(self._documents_model())
        except (AttributeError, LookupError, RecursionError, MemoryError, SyntaxError, TypeError,
                ValueError) as error:  # fmt: skip
            raise UserError(self._bad_domain()) from error
        return domain

    def _bad_domain(self):
        return self.env._(
            "The selection “%(domain)s” of %(model)s cannot be read. Open the list, select the"
            " records again and send them from there.",
            domain=(self.res_domain or "")[:DOMAIN_SHOWN],
            model=self._documents_model()._description,
        )

    def _message_values(self, rows):
        """Return the frozen values of each of ``rows`` (dicts of the audience query), in order."""
        templates = self._row_templates(rows)
        mappings = {template: template._mapping() for template in set(templates) if template}
        masked = _Masked()
        return [
            self._without_aadhaar(
                self.env["discom.whatsapp.template"]._apply_mapping(mappings.get(template), values),
                masked,
            )
            for template, values in zip(templates, self._document_values(rows), strict=True)
        ]

    def _row_templates(self, rows):
        """Return the template of the message of each of ``rows``, in order."""
        chosen = self._templates_by_lang()
        own = self._own_templates() if any(row.get("family") for row in rows) else {}
        return [
            (own.get(row["family"], {}) if row.get("family") else chosen).get(row["lang"])
            for row in rows
        ]

    def _preview_of(self, rows):
        """Return the messages of ``rows`` as they look on a phone, one below the other."""
        templates = self._row_templates(rows)
        names = self._document_names(rows, templates)
        return Markup().join(
            template._preview_html({**values, "_filename": names.get((row["res_id"], row["lang"]))})
            for row, template, values in zip(
                rows, templates, self._message_values(rows), strict=True
            )
        )

    def _document_names(self, rows, templates):
        """Return {(record id, language): name} of the documents that go along; none is made."""
        ids = defaultdict(set)
        for row, template in zip(rows, templates, strict=True):
            if template.header_type == "document":
                ids[row["lang"]].add(row["res_id"])
        make = self.env["discom.whatsapp.message"]._make_documents
        return {
            (res_id, lang): document[0]
            for lang, res_ids in ids.items()
            for res_id, document in make(self.env[self.res_model].browse(res_ids), lang).items()
            if not isinstance(document, Exception)
        }

    def _document_values(self, rows):
        """Return what consumer and document say, one dict for each of ``rows``, in order."""
        documents = self.env[self.res_model]
        by_lang = {}
        for row in rows:
            by_lang.setdefault(row["lang"], set()).add(row["res_id"])
        values = {
            lang: documents.browse(ids).with_context(lang=lang)._whatsapp_values(lang, self.purpose)
            for lang, ids in by_lang.items()
        }
        offices = self._signing_offices({row["office_id"] for row in rows})
        return [
            {
                **self._partner_values(row, offices.get(row["office_id"])),
                **values[row["lang"]].get(row["res_id"], {}),
            }
            for row in rows
        ]

    @api.model
    def _spoken_duration(self, seconds):
        """Return how long that is, as people say it."""
        if seconds < 60:
            return self.env._("less than a minute")
        if seconds < 3600:
            return self.env._("%(minutes)s min", minutes=math.ceil(seconds / 60))
        return self.env._("%(time)s hours", time=format_duration(seconds / 3600))

    @api.model
    def _without_aadhaar(self, values, masked=None):
        """Return the values of a message with every full Aadhaar number crossed out.

        The number must reach nobody, and one text must not stop the messages of a whole division.

        :param masked: texts that were looked at already, filled up
        """
        masked = _Masked() if masked is None else masked
        return {name: masked[text] for name, text in values.items()}

    @api.model
    def _signing_offices(self, office_ids):
        """Return {office id: the division it belongs to}, by which consumers know their sender."""
        # Whoever may send may name the sender.
        offices = self.env["discom.office"].sudo().browse(office_ids - {None})
        above = offices.browse(
            {int(part) for office in offices for part in office.parent_path.split("/") if part}
        )
        divisions = {office.id: office for office in above if office.level == "division"}
        return {
            office.id: next(
                (
                    divisions[int(part)]
                    for part in office.parent_path.split("/")
                    if part and int(part) in divisions
                ),
                office,
            )
            for office in offices
        }

    @api.model
    def _partner_values(self, row, office):
        """Return the values that every message may use.

        :param dict row: of the audience query
        :param office: that signs the message, None where the person has none
        """
        hindi = row["lang"].startswith("hi")
        office_name = office and ((hindi and office.name_hi) or office.name)
        return {
            "name": (row["name_hi"] if hindi else None) or row["name"] or row["name_hi"] or "-",
            "account_last4": (row["account_no"] or "")[-4:] or "-",
            "office": office_name or "-",
        }


def _by_preference(langs):
    """Return these languages, first that of a message to who reads none of them."""
    return sorted(langs, key=lambda lang: (lang != FALLBACK_LANG, lang))


class _Masked(dict):
    """Texts without Aadhaar numbers, each looked at once: the area of an outage, or an office,
    stands in the messages of thousands."""

    def __missing__(self, text):
        self[text] = mask_aadhaar(text)
        return self[text]
