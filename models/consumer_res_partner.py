import unicodedata

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import html2plaintext

from ..tools.identity import find_aadhaar
from ..tools.phone import PhoneError, normalise_mobile, to_latin_digits
from .consumer_consent import ACTIONS, PURPOSES

STATUSES = [
    ("live", "Live"),
    ("temporary", "Temporarily disconnected"),
    ("permanent", "Permanently disconnected"),
]
KYC_STATES = [
    ("none", "No number"),
    ("captured", "Captured"),
    ("verified", "Verified"),
    ("bounced", "Bounced"),
    ("refused", "Refused"),
    ("stale", "Stale"),
]
KYC_SOURCES = [
    ("counter", "Counter"),
    ("field", "Field staff"),
    ("kiosk", "Kiosk or Jan Seva Kendra"),
    ("sakhi", "Bijli Sakhi"),
    ("file", "File"),
    ("whatsapp", "WhatsApp reply"),
    ("connection", "New connection"),
    ("online", "Online"),
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
    "discom_aadhaar_last4",
}
# Letters with a nukta such as ड़ have two spellings in Unicode that look alike and compare unequal.
NFC_FIELDS = {
    "name",
    "discom_name_hi",
    "discom_guardian_name",
    "discom_village",
    "street",
    "street2",
}
FREE_TEXT_FIELDS = [
    "name",
    "discom_name_hi",
    "discom_guardian_name",
    "discom_village",
    "discom_supply_type",
    "discom_meter_make",
    "street",
    "street2",
    "city",
    "ref",
    "comment",
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
    discom_connection_date = fields.Date("Connected on")
    discom_status = fields.Selection(STATUSES, "Connection", tracking=True)
    discom_status_date = fields.Date("Connection status since")
    discom_area = fields.Selection([("urban", "Urban"), ("rural", "Rural")], "Area")
    discom_village = fields.Char("Village or ward", index="trigram")
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

    # Contact and KYC
    discom_whatsapp_number = fields.Char(
        "WhatsApp number", index="btree_not_null", copy=False, tracking=True
    )
    discom_kyc_state = fields.Selection(KYC_STATES, "KYC", copy=False, tracking=True)
    discom_kyc_source = fields.Selection(KYC_SOURCES, "Taken by way of", copy=False)
    discom_kyc_date = fields.Date("Taken on", copy=False)
    discom_kyc_user_id = fields.Many2one("res.users", "Taken by", copy=False, ondelete="restrict")
    discom_aadhaar_last4 = fields.Char("Aadhaar, last four digits", copy=False)
    discom_same_number_count = fields.Integer(
        "Share this number", compute="_compute_discom_same_number_count"
    )

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
        "CHECK (discom_account_no ~ '^[0-9]{10}$')", "An account number has 10 digits."
    )
    _discom_old_account_no_form = models.Constraint(
        "CHECK (discom_old_account_no ~ '^([0-9]{10}|[0-9]{12})$')",
        "An old account number has 10 or 12 digits.",
    )
    _discom_whatsapp_number_form = models.Constraint(
        r"CHECK (discom_whatsapp_number ~ '^\+91[6-9][0-9]{9}$')",
        "A WhatsApp number is an Indian mobile number: +91 and 10 digits.",
    )
    _discom_aadhaar_last4_form = models.Constraint(
        "CHECK (discom_aadhaar_last4 ~ '^[0-9]{4}$')",
        "Only the last four digits of an Aadhaar number may be kept.",
    )
    _discom_load_positive = models.Constraint(
        "CHECK (discom_sanctioned_load >= 0 AND discom_contract_demand >= 0)",
        "A load cannot be negative.",
    )
    _discom_account_no_uniq = models.UniqueIndex(
        "(discom_account_no, company_id) WHERE discom_account_no IS NOT NULL",
        "Another consumer of this company has the same account number.",
    )
    _discom_phone_sanitized_idx = models.Index(
        "(phone_sanitized) WHERE phone_sanitized IS NOT NULL"
    )

    @api.depends("discom_whatsapp_number")
    def _compute_discom_same_number_count(self):
        """Count the other consumers on the same number; a family often has one phone."""
        numbers = set(self.mapped("discom_whatsapp_number")) - {False}
        counts = dict(
            self._read_group(
                [("discom_whatsapp_number", "in", list(numbers))],
                ["discom_whatsapp_number"],
                ["__count"],
            )
        )
        for partner in self:
            count = counts.get(partner.discom_whatsapp_number, 0)
            partner.discom_same_number_count = max(count - 1, 0)

    @api.onchange("discom_whatsapp_number")
    def _onchange_discom_whatsapp_number(self):
        for partner in self.filtered("discom_whatsapp_number"):
            partner.discom_whatsapp_number = self._discom_normalise_number(
                partner.discom_whatsapp_number
            )

    @api.constrains("discom_consumer")
    def _check_discom_consumer(self):
        if any(partner.discom_consumer and not partner.partner_share for partner in self.sudo()):
            raise ValidationError(
                self.env._(
                    "The contact of a colleague is seen by everyone, so it cannot be a consumer at "
                    "the same time. Keep the connection in a contact of its own."
                )
            )

    @api.constrains("discom_consumer", *FREE_TEXT_FIELDS)
    def _check_discom_no_aadhaar(self):
        for partner in self.filtered("discom_consumer"):
            for name in FREE_TEXT_FIELDS:
                text = partner[name]
                if text and find_aadhaar(html2plaintext(text) if name == "comment" else text):
                    raise ValidationError(
                        self.env._(
                            "“%(field)s” holds a full Aadhaar number. The law allows only its last "
                            "four digits to be kept; there is a field for them.",
                            field=self._fields[name]._description_string(self.env),
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
        if "discom_office_id" in vals and "company_id" not in vals:
            office = self.env["discom.office"].browse(vals["discom_office_id"])
            if office:
                vals["company_id"] = office.company_id.id
        if "discom_whatsapp_number" in vals and "discom_kyc_state" not in vals:
            number = vals["discom_whatsapp_number"]
            changed = self.filtered(
                lambda partner: partner.discom_consumer and partner.discom_whatsapp_number != number
            )
            result = super(ResPartner, self - changed).write(vals)
            super(ResPartner, changed).write({**self._discom_kyc_values(number), **vals})
        else:
            result = super().write(vals)
        if "discom_office_id" in vals:
            # The new office must be one of the user's own too: rules look at the old values only.
            self.check_access("write")
        return result

    def action_discom_same_number(self):
        """Open the other consumers on the same number."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_consumer_action")
        action["domain"] = [
            ("discom_consumer", "=", True),
            ("discom_whatsapp_number", "=", self.discom_whatsapp_number),
            ("id", "!=", self.id),
        ]
        return action

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
    def _discom_normalise_number(self, text):
        """Return a mobile number in E.164 form, or tell the user why it cannot be one.

        :raise ValidationError: with the reason in the user's language.
        """
        try:
            return normalise_mobile(text)
        except PhoneError as error:
            reasons = {
                "empty": self.env._("There is no number in it."),
                "invalid": self.env._("It is not a complete Indian number."),
                "not_mobile": self.env._(
                    "It is not an Indian mobile number (10 digits, from 6 to 9)."
                ),
                "junk": self.env._("Nobody has such a number; ask for the real one."),
                "several": self.env._("There is more than one number; keep one."),
            }
            raise ValidationError(
                self.env._(
                    "“%(number)s” cannot be a WhatsApp number. %(reason)s",
                    number=text,
                    reason=reasons[error.code],
                )
            ) from error

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
        if vals.get("discom_whatsapp_number"):
            cleaned["discom_whatsapp_number"] = self._discom_normalise_number(
                vals["discom_whatsapp_number"]
            )
        return cleaned

    @api.model
    def _discom_set_defaults(self, vals_list):
        """Complete the values of new consumers in place: company, language, status, KYC."""
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
            if not vals.get("discom_kyc_state"):
                kyc = self._discom_kyc_values(vals.get("discom_whatsapp_number"))
                vals.update({name: vals.get(name) or value for name, value in kyc.items()})

    @api.model
    def _discom_default_lang(self):
        """Return Hindi where it is installed, else False."""
        return "hi_IN" if "hi_IN" in dict(self.env["res.lang"].get_installed()) else False

    @api.model
    def _discom_kyc_values(self, number):
        """Return the KYC values that go with a number given by the current user, or with none."""
        if not number:
            return {
                "discom_kyc_state": "none",
                "discom_kyc_date": False,
                "discom_kyc_user_id": False,
            }
        return {
            "discom_kyc_state": "captured",
            "discom_kyc_source": self.env.context.get("discom_kyc_source", "counter"),
            "discom_kyc_date": fields.Date.context_today(self),
            "discom_kyc_user_id": self.env.uid,
        }

    def _discom_check_release(self):
        """A consumer made an ordinary contact would be seen by every user of the database."""
        if self.filtered("discom_consumer") and not self.env.user.has_group(
            "discom.group_administrator"
        ):
            raise UserError(
                self.env._("Only an administrator can turn a consumer into an ordinary contact.")
            )
