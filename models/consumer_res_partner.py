import unicodedata

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.mail import html_to_inner_content

from ..tools.identity import find_aadhaar
from ..tools.phone import is_number, to_latin_digits
from .consumer_consent import ACTIONS, PURPOSES

STATUSES = [
    ("live", "Live"),
    ("temporary", "Temporarily disconnected"),
    ("permanent", "Permanently disconnected"),
]
CONSENT_FIELDS = {f"discom_consent_{purpose}" for purpose, _label in PURPOSES}
# Written with Latin digits and without blanks, so that a number is found however it was typed.
NUMBER_FIELDS = {
    "discom_account_no",
    "discom_old_account_no",
    "discom_book_no",
    "discom_sc_no",
    "discom_kno",
    "discom_meter_no",
}
# Letters with a nukta such as ड़ have two spellings in Unicode that look alike and compare unequal.
NFC_FIELDS = {
    "name",
    "discom_name_hi",
    "discom_guardian_name",
    "discom_village",
    "discom_village_hi",
    "street",
    "street2",
}
FREE_TEXT_FIELDS = [
    "name",
    "discom_name_hi",
    "discom_guardian_name",
    "discom_village",
    "discom_village_hi",
    "discom_supply_type",
    "discom_book_no",
    "discom_sc_no",
    "discom_kno",
    "discom_meter_no",
    "discom_meter_make",
    "discom_priority_proof",
    "street",
    "street2",
    "city",
    "zip",
    "email",
    "website",
    "function",
    "company_name",
    "company_registry",
    "ref",
    "vat",
    "barcode",
    "comment",
    "phone",
]


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_consumer = fields.Boolean("Electricity consumer", copy=False)

    # Connection
    discom_account_no = fields.Char("Account number", copy=False, tracking=True)
    discom_old_account_no = fields.Char("Old account number", copy=False)
    discom_book_no = fields.Char("Book number", copy=False)
    discom_sc_no = fields.Char("SC number", copy=False, help="Service connection number.")
    discom_kno = fields.Char("K number", copy=False)
    discom_name_hi = fields.Char("Name in Hindi", tracking=True)
    discom_guardian_name = fields.Char("Father or husband")
    discom_category_id = fields.Many2one(
        "discom.category", "Tariff category", index="btree_not_null", ondelete="restrict"
    )
    discom_supply_type = fields.Char(
        "Supply type", help="Code of the billing system, such as ST41."
    )
    discom_sanctioned_load = fields.Float("Sanctioned load", digits=(12, 2), aggregator=None)
    discom_load_unit = fields.Selection(
        [("kw", "kW"), ("kva", "kVA"), ("bhp", "BHP")], "Load unit", default="kw"
    )
    discom_contract_demand = fields.Float(
        "Contract demand",
        digits=(12, 2),
        aggregator=None,
        help="In the unit of the sanctioned load.",
    )
    discom_phase = fields.Selection([("1", "Single phase"), ("3", "Three phase")], "Phase")
    discom_meter_no = fields.Char("Meter number", copy=False)
    discom_meter_make = fields.Char("Meter make")
    discom_meter_multiplier = fields.Float(
        "Multiplying factor", digits=(12, 3), default=1, aggregator=None
    )
    discom_connection_date = fields.Date("Connected on", tracking=True)
    discom_status = fields.Selection(STATUSES, "Connection", tracking=True)
    discom_area = fields.Selection([("urban", "Urban"), ("rural", "Rural")], "Area")
    discom_lifeline = fields.Boolean(
        "Lifeline", help="Poor household at the lifeline rate, as long as it keeps its limits."
    )
    discom_unmetered = fields.Boolean("Un-metered", help="Billed at the rate without a meter.")
    discom_village = fields.Char("Village or ward", index="trigram")
    discom_village_hi = fields.Char(
        "Village or ward in Hindi",
        help="For messages in Hindi; the other name goes where it is empty.",
    )
    discom_office_id = fields.Many2one(
        "discom.office", "Office", index="btree_not_null", ondelete="restrict", tracking=True
    )
    discom_asset_id = fields.Many2one(
        "discom.asset",
        "Supplied from",
        index="btree_not_null",
        ondelete="restrict",
        help="Lowest known part of the network: transformer, else feeder, else substation.",
    )
    discom_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    discom_security_deposit = fields.Monetary(
        "Security deposit", currency_field="discom_currency_id", copy=False
    )
    discom_never_paid = fields.Boolean("Never paid", copy=False)
    discom_long_unpaid = fields.Boolean("Long unpaid", copy=False)

    # Consent in force; the journal is the source
    discom_consent_ids = fields.One2many("discom.consent", "partner_id", "Consent journal")
    discom_consent_bills = fields.Selection(ACTIONS, "Consent: bills", readonly=True, copy=False)
    discom_consent_outages = fields.Selection(
        ACTIONS, "Consent: outages", readonly=True, copy=False
    )
    discom_consent_dues = fields.Selection(ACTIONS, "Consent: dues", readonly=True, copy=False)
    discom_consent_other = fields.Selection(ACTIONS, "Consent: other", readonly=True, copy=False)

    _discom_complete = models.Constraint(
        "CHECK (discom_consumer IS NOT TRUE OR (discom_account_no IS NOT NULL"
        " AND discom_office_id IS NOT NULL AND company_id IS NOT NULL))",
        "A consumer needs an account number and an office.",
    )
    _discom_account_no_form = models.Constraint(
        "CHECK (discom_account_no ~ '^[0-9]{10}$')",
        "An account number has 10 digits. Copy it from a bill.",
    )
    _discom_old_account_no_form = models.Constraint(
        "CHECK (discom_old_account_no ~ '^([0-9]{10}|[0-9]{12})$')",
        "An old account number has 10 or 12 digits.",
    )
    # What is asked for by name and few have, of the columns that hold a choice for everybody.
    _discom_rare_kyc_idx = models.Index(
        "(discom_kyc_state) WHERE discom_kyc_state IN ('bounced', 'refused', 'stale')"
    )
    _discom_rare_status_idx = models.Index(
        "(discom_status) WHERE discom_status IN ('temporary', 'permanent')"
    )
    _discom_archived_idx = models.Index("(id) WHERE discom_consumer IS TRUE AND active IS NOT TRUE")
    _discom_withdrawn_idx = models.Index("(id) WHERE discom_consent_bills = 'withdrawn'")
    _discom_old_account_no_idx = models.Index(
        "(discom_old_account_no) WHERE discom_old_account_no IS NOT NULL"
    )
    _discom_load_positive = models.Constraint(
        "CHECK (discom_sanctioned_load >= 0 AND discom_contract_demand >= 0)",
        "Sanctioned load and contract demand cannot be negative.",
    )
    _discom_account_no_uniq = models.UniqueIndex(
        "(discom_account_no, company_id) WHERE discom_account_no IS NOT NULL",
        "Another consumer has this account number already. Search for it, and change that one.",
    )

    @api.constrains("discom_consumer")
    def _check_discom_consumer(self):
        # sudo: whether a contact is a user is not for everybody to read.
        if any(partner.discom_consumer and not partner.partner_share for partner in self.sudo()):
            raise ValidationError(
                self.env._(
                    "The contact of a colleague is seen by everyone, so it cannot be a consumer at "
                    "the same time. Keep the connection in a contact of its own."
                )
            )

    @api.constrains("discom_consumer", "parent_id", *FREE_TEXT_FIELDS)
    def _check_discom_no_aadhaar(self):
        consumers = self.filtered("discom_consumer")
        # sudo: what stands in the contact above matters, whoever may read it; so does below.
        found = {
            partner.id: name
            for partner in (self | consumers.parent_id).sudo()
            if (name := partner._discom_field_with_aadhaar())
        }
        # Hardly a contact comes this far.
        for partner in self.sudo().browse(found)._discom_about_consumers():
            raise ValidationError(
                self.env._(
                    "“%(field)s” holds a full Aadhaar number. The law allows only its last four "
                    "digits to be kept; there is a field for them.",
                    field=self._fields[found[partner.id]]._description_string(self.env),
                )
            )

    def _discom_field_with_aadhaar(self):
        """Return the name of a field of this contact that holds a full Aadhaar number, or None."""
        for name in FREE_TEXT_FIELDS:
            text = self[name]
            # Every tenth number of twelve digits has the check digit, phones among them.
            if not text or (name == "phone" and is_number(text)):
                continue
            if find_aadhaar(html_to_inner_content(text) if name == "comment" else text):
                return name
        return None

    @api.constrains("discom_consumer", "lang")
    def _check_discom_lang(self):
        """Odoo takes any text for a language from a program; messages are sought by it."""
        installed = dict(self.env["res.lang"].get_installed())
        for lang in set(self.filtered("discom_consumer").mapped("lang")) - {False}:
            if lang not in installed:
                raise ValidationError(
                    self.env._(
                        "There is no language “%(lang)s” here. Choose one of: %(languages)s.",
                        lang=lang,
                        languages=", ".join(installed.values()),
                    )
                )

    @api.constrains("discom_office_id", "discom_asset_id", "company_id")
    def _check_discom_company(self):
        for partner in self.filtered("discom_consumer"):
            companies = partner.discom_office_id.company_id | partner.discom_asset_id.company_id
            if companies - partner.company_id:
                raise ValidationError(
                    self.env._("The consumer, the office and the asset must be of one company.")
                )

    @api.model
    def default_get(self, fields):
        """A consumer gets messages in Hindi until another language is chosen."""
        values = super().default_get(fields)
        if values.get("discom_consumer") and "lang" in fields:
            values["lang"] = self._discom_default_lang() or values.get("lang")
        return values

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._discom_clean(vals) for vals in vals_list]
        consumers = [vals for vals in vals_list if vals.get("discom_consumer")]
        if consumers:
            self._discom_set_defaults(consumers)
        return super().create(vals_list)

    def write(self, vals):
        vals = self._discom_clean(vals)
        if "discom_consumer" in vals and not vals["discom_consumer"]:
            self._discom_check_release()
        if "active" in vals:
            self._discom_check_archive(vals["active"])
        if "discom_office_id" in vals and "company_id" not in vals:
            office = self.env["discom.office"].browse(vals["discom_office_id"])
            if office:
                vals["company_id"] = office.company_id.id
        result = super().write(vals)
        if "discom_office_id" in vals:
            # The new office must be one of the user's own too: rules look at the old values only.
            self.check_access("write")
        return result

    def _discom_record_consent(self, action, purposes, method, **kw):
        """Record that the consumers in ``self`` gave or withdrew consent, for several purposes.

        What is in force already is not repeated. Costs the same few statements for one consumer and
        for a million.

        :param str action: ``given`` or ``withdrawn``.
        :param list[str] purposes: of ``bills``, ``outages``, ``dues``, ``other``.
        :param str method: ``counter``, ``field``, ``whatsapp``, ``paper``, ``online`` or ``file``.
        :param kw: ``notice_version``, ``notice_lang``, ``evidence``, ``date`` (UTC); all optional.
        :return: number of entries added to the journal.
        :raise AccessError: where the user may not change one of the consumers.
        """
        self.check_access("write")
        return self.env["discom.consent"]._append(self.ids, action, purposes, method, kw)

    @api.model
    def _discom_clean(self, vals):
        """Return ``vals`` with numbers and names in their one written form.

        :raise UserError: where a consent would be set without an entry in the journal.
        """
        if CONSENT_FIELDS & vals.keys():
            raise UserError(
                self.env._("Consent is recorded on the consumer, with the buttons made for it.")
            )
        cleaned = dict(vals)
        for name in NUMBER_FIELDS & vals.keys():
            if isinstance(vals[name], str):
                cleaned[name] = "".join(to_latin_digits(vals[name]).split()) or False
        for name in NFC_FIELDS & vals.keys():
            if isinstance(vals[name], str):
                cleaned[name] = unicodedata.normalize("NFC", vals[name])
        return cleaned

    @api.model
    def _discom_set_defaults(self, vals_list):
        """Complete the values of new consumers in place: company, country, language, status."""
        offices = self.env["discom.office"].browse(
            {vals["discom_office_id"] for vals in vals_list if vals.get("discom_office_id")}
        )
        companies = {office.id: office.company_id.id for office in offices}
        lang = self._discom_default_lang()
        country = self.env.ref("base.in").id
        for vals in vals_list:
            # A form sends False for what is left empty.
            vals["company_id"] = vals.get("company_id") or companies.get(
                vals.get("discom_office_id"), False
            )
            vals["discom_status"] = vals.get("discom_status") or "live"
            vals["country_id"] = vals.get("country_id") or country
            vals["lang"] = vals.get("lang") or lang

    @api.model
    def _discom_today(self):
        """Today in India, whatever time zone a user or a client has."""
        return fields.Date.context_today(self.with_context(tz="Asia/Kolkata"))

    @api.model
    def _discom_default_lang(self):
        """Return Hindi where it is installed, else False."""
        return "hi_IN" if "hi_IN" in dict(self.env["res.lang"].get_installed()) else False

    def _discom_check_archive(self, active):
        """A consumer in the archive gets no bills and is found by nobody.

        :raise UserError: where a clerk would put one there, or bring one back
        """
        user = self.env.user
        if (
            not self.env.su
            and self.filtered(lambda p: p.discom_consumer and p.active != bool(active))
            and not user.has_group("discom.group_division_manager")
            and not user.has_group("discom.group_administrator")
        ):
            raise UserError(
                self.env._(
                    "Only the division manager or an administrator archives a consumer. A "
                    "connection that has ended is set to permanently disconnected."
                )
            )

    def _discom_check_release(self):
        """A consumer made an ordinary contact would be seen by every user of the database."""
        if self.filtered("discom_consumer") and not self.env.user.has_group(
            "discom.group_administrator"
        ):
            raise UserError(
                self.env._("Only an administrator can turn a consumer into an ordinary contact.")
            )
