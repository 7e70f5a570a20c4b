import json

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.phone import PhoneError, normalise_mobile, to_latin_digits
from .consumer_kyc_event import KYC_COLUMNS, KYC_FIELDS, KYC_SOURCES, PHOTO_FIELD

KYC_STATES = [
    ("none", "No number"),
    ("captured", "Captured"),
    ("verified", "Verified"),
    ("bounced", "Bounced"),
    ("refused", "Refused"),
    ("stale", "Stale"),
]
#: Those of a number that is in use.
TAKEN_STATES = ("captured", "verified")
ID_KINDS = [
    ("aadhaar", "Aadhaar"),
    ("voter", "Voter card"),
    ("ration", "Ration card"),
    ("pan", "PAN"),
    ("driving", "Driving licence"),
    ("passport", "Passport"),
    ("other", "Other"),
]
# What follows from the number, from proofs and from who works; nobody sets it by hand.
KYC_RESULTS = {
    "discom_kyc_state",
    "discom_kyc_state_date",
    "discom_kyc_date",
    "discom_kyc_user_id",
    "discom_number_flag",
}
# Ways that leave their own trail; nobody claims them by hand.
OWN_TRAIL = {"file", "whatsapp"}
# The largest side of a photo of a form, in pixels: written text stays readable.
PHOTO_SIZE = 1600


class ResPartner(models.Model):
    """How a consumer can be reached, whether that is proved, and how both came about."""

    _inherit = "res.partner"

    discom_whatsapp_number = fields.Char(
        "WhatsApp number", index="btree_not_null", copy=False, tracking=True, personal="phone"
    )
    discom_whatsapp_same = fields.Boolean(
        "WhatsApp on the mobile",
        compute="_compute_discom_whatsapp_same",
        inverse="_inverse_discom_whatsapp_same",
        help="The WhatsApp number is the mobile number.",
    )
    discom_kyc_state = fields.Selection(KYC_STATES, "KYC", copy=False, readonly=True, tracking=True)
    discom_kyc_state_date = fields.Date("KYC state since", copy=False, readonly=True)
    discom_kyc_source = fields.Selection(KYC_SOURCES, "Taken by way of", copy=False)
    discom_kyc_date = fields.Date("Taken on", copy=False, readonly=True)
    discom_kyc_user_id = fields.Many2one(
        "res.users", "Taken by", copy=False, readonly=True, ondelete="restrict"
    )
    discom_id_kind = fields.Selection(ID_KINDS, "Identity document", copy=False)
    discom_id_last4 = fields.Char("Identity document, last four", copy=False, personal="document")
    discom_id_seen = fields.Boolean(
        "Document seen", copy=False, help="Somebody of the office has seen the document itself."
    )
    discom_kyc_form = fields.Image(
        "Photo of the form",
        copy=False,
        max_width=PHOTO_SIZE,
        max_height=PHOTO_SIZE,
        personal="document",
    )
    discom_kyc_event_ids = fields.One2many("discom.kyc.event", "partner_id", "KYC history")
    discom_same_number_count = fields.Integer(
        "Share this number", compute="_compute_discom_same_number_count"
    )

    _discom_whatsapp_number_form = models.Constraint(
        r"CHECK (discom_whatsapp_number ~ '^\+91[6-9][0-9]{9}$')",
        "A WhatsApp number is an Indian mobile number: +91 and 10 digits.",
    )
    _discom_id_last4_form = models.Constraint(
        "CHECK (discom_id_last4 ~ '^[0-9A-Z]{4}$')",
        "Only the last four characters of an identity document may be kept.",
    )
    # What was taken in some days, or by one colleague.
    _discom_kyc_date_idx = models.Index("(discom_kyc_date) WHERE discom_kyc_date IS NOT NULL")
    _discom_kyc_user_idx = models.Index(
        "(discom_kyc_user_id, discom_kyc_date) WHERE discom_kyc_user_id IS NOT NULL"
    )
    _discom_phone_sanitized_idx = models.Index(
        "(phone_sanitized) WHERE phone_sanitized IS NOT NULL"
    )

    @api.depends("discom_whatsapp_number", "phone")
    def _compute_discom_whatsapp_same(self):
        for partner in self:
            number = partner.discom_whatsapp_number
            partner.discom_whatsapp_same = number and number == e164(partner.phone)

    def _inverse_discom_whatsapp_same(self):
        for partner in self.filtered("discom_whatsapp_same"):
            partner.discom_whatsapp_number = partner.phone

    @api.depends("discom_whatsapp_number")
    def _compute_discom_same_number_count(self):
        """Count the other consumers on the same number; a family often has one phone."""
        numbers = set(self.mapped("discom_whatsapp_number")) - {False}
        offices = self.env.user.discom_scope_ids.ids
        counts = dict(
            # sudo: how many is told also to whom the number is shown masked.
            self.sudo()._read_group(
                [
                    ("discom_whatsapp_number", "in", list(numbers)),
                    ("discom_office_id", "child_of", offices),
                ],
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

    @api.onchange("discom_whatsapp_same")
    def _onchange_discom_whatsapp_same(self):
        if self.discom_whatsapp_same:
            self.discom_whatsapp_number = self._discom_normalise_number(self.phone)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # A default in the context would get past what is checked below.
        self = self.with_context(  # pylint: disable=context-overridden
            {
                key: value
                for key, value in self.env.context.items()
                if not key.startswith(("default_discom_kyc_", "default_discom_consent_"))
                and key != "default_discom_number_flag"
            }
        )
        is_consumer = bool(self.env.context.get("default_discom_consumer"))
        vals_list = [{"discom_consumer": is_consumer, **vals} for vals in vals_list]
        for vals in vals_list:
            self._discom_check_kyc_by_hand({name: value for name, value in vals.items() if value})
            self._discom_clean_kyc(vals)
        self._discom_check_agent([vals.get("discom_whatsapp_number") for vals in vals_list])
        for vals in vals_list:
            if vals["discom_consumer"] and not vals.get("discom_kyc_state"):
                kyc = self._discom_kyc_values(vals.get("discom_whatsapp_number"))
                vals.update({name: vals.get(name) or value for name, value in kyc.items()})
        partners = super().create(vals_list)
        consumers = partners.filtered("discom_consumer")
        if consumers:
            # The language and the absence of a number are where everybody begins.
            begin = {
                consumer.id: json.dumps({"discom_kyc_state": "none", "lang": consumer.lang})
                for consumer in consumers
            }
            given = set().union(*vals_list)
            self._discom_kyc_changed(begin, {PHOTO_FIELD: True} if PHOTO_FIELD in given else {})
        return partners

    def write(self, vals):
        self._discom_check_kyc_by_hand(vals)
        if not ({*KYC_FIELDS, "discom_whatsapp_same"} | KYC_RESULTS) & vals.keys():
            return super().write(vals)
        vals = dict(vals)
        self._discom_clean_kyc(vals)
        self._discom_check_agent([vals.get("discom_whatsapp_number")])
        if "discom_kyc_state" in vals:
            vals.setdefault("discom_kyc_state_date", self._discom_today())
        before = self.env["discom.kyc.event"]._snapshot(self.ids, _may_change(vals))
        if "discom_whatsapp_number" in vals and "discom_kyc_state" not in vals:
            number = vals["discom_whatsapp_number"] or False
            changed = self.filtered(
                lambda partner: partner.discom_consumer and partner.discom_whatsapp_number != number
            )
            result = super(ResPartner, self - changed).write(vals)
            super(ResPartner, changed).write({**self._discom_kyc_values(number), **vals})
        else:
            result = super().write(vals)
        self._discom_kyc_changed(before, vals)
        return result

    # === ACTIONS === #

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

    def action_discom_kyc_events(self):
        """Open the history of the contact data."""
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_kyc_event_action")
        action["domain"] = [("partner_id", "in", self.ids)]
        return action

    def action_discom_kyc_refused(self):
        """Note that these consumers were asked and gave no number."""
        if given := self.filtered("discom_whatsapp_number"):
            raise UserError(
                self.env._(
                    "A number is on record, so it was not refused: %(consumers)s. Record "
                    "that the consent is withdrawn, or remove the number.",
                    consumers=given._discom_names(),
                )
            )
        self._discom_set_kyc_state(
            "refused",
            discom_kyc_date=self._discom_today(),
            discom_kyc_user_id=self.env.uid,
            discom_kyc_source=self._discom_kyc_way().source,
        )

    def action_discom_kyc_stale(self):
        """Note that the numbers of these consumers are to be asked for again."""
        if without := self.filtered(lambda consumer: not consumer.discom_whatsapp_number):
            raise UserError(
                self.env._(
                    "No WhatsApp number is on record, so none can be old: %(consumers)s. "
                    "Leave these out.",
                    consumers=without._discom_names(),
                )
            )
        self._discom_set_kyc_state("stale")

    def _discom_set_kyc_state(self, state, **vals):
        """Set a state that a member of the staff may report; proofs are set by what proves them.

        :param str state: ``refused`` or ``stale``
        """
        self.check_access("write")
        # Nobody writes the state directly; the buttons decide what it becomes.
        self.filtered("discom_consumer").sudo().write({"discom_kyc_state": state, **vals})

    # === BUSINESS METHODS === #

    def _discom_prove_number(self, evidence, source="counter"):
        """Mark the numbers of these consumers as proved; the caller knows that they are.

        :param str evidence: what proves them, kept in the history
        """
        # Nobody writes the state directly; a proof does.
        self.sudo()._discom_by_way(source, evidence=evidence).write(
            {"discom_kyc_state": "verified"}
        )

    def _discom_note_taken(self):
        """Note that the current user has taken, or confirmed, the numbers of these consumers today.

        A number that had bounced or grown old counts as captured anew.
        """
        self.check_access("write")
        vals = {
            "discom_kyc_source": self._discom_kyc_way().source,
            "discom_kyc_date": self._discom_today(),
            "discom_kyc_user_id": self.env.uid,
        }
        again = self.filtered(lambda c: c.discom_kyc_state in ("bounced", "stale"))
        # Nobody writes these fields directly; taking KYC does.
        (self - again).sudo().write(vals)
        again.sudo().write({**vals, "discom_kyc_state": "captured"})

    @api.model
    def _discom_normalise_number(self, text):
        """Return a mobile number in E.164 form, or tell the user why it cannot be one.

        :raise ValidationError: with the reason in the user's language.
        """
        try:
            return normalise_mobile(text)
        except PhoneError as error:
            if not (text or "").strip():
                raise ValidationError(
                    self.env._("Enter the WhatsApp number: 10 digits, the first from 6 to 9.")
                ) from error
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
                    number=text or "",
                    reason=reasons[error.code],
                )
            ) from error

    @api.model
    def _discom_clean_kyc(self, vals):
        """Write numbers in their one form, in place.

        :raise ValidationError: for what cannot be a WhatsApp number
        """
        if vals.get("discom_whatsapp_same") and vals.get("phone"):
            vals.setdefault("discom_whatsapp_number", vals["phone"])
        if vals.get("discom_whatsapp_number"):
            vals["discom_whatsapp_number"] = self._discom_normalise_number(
                vals["discom_whatsapp_number"]
            )
        if isinstance(vals.get("discom_id_last4"), str):
            text = "".join(to_latin_digits(vals["discom_id_last4"]).split())
            vals["discom_id_last4"] = text.upper() or False

    def _discom_check_kyc_by_hand(self, vals):
        """
        :raise UserError: where somebody would set what only a proof or the system may
        """
        if not self.env.su and KYC_RESULTS & vals.keys():
            raise UserError(
                self.env._(
                    "The state of KYC follows from the number and its proof: a code sent to it, or "
                    "a message delivered."
                )
            )
        if not self.env.su and vals.get("discom_kyc_source") in OWN_TRAIL:
            raise UserError(
                self.env._(
                    "What came by WhatsApp or in a file is recorded as such by itself. Choose "
                    "where the data were taken."
                )
            )

    @api.model
    def _discom_kyc_values(self, number):
        """Return the KYC values that go with a number given by the current user, or with none."""
        today = self._discom_today()
        if not number:
            return {
                "discom_kyc_state": "none",
                "discom_kyc_state_date": today,
                "discom_kyc_date": False,
                "discom_kyc_user_id": False,
            }
        return {
            "discom_kyc_state": "captured",
            "discom_kyc_state_date": today,
            "discom_kyc_source": self._discom_kyc_way().source,
            "discom_kyc_date": today,
            "discom_kyc_user_id": self.env.uid,
        }

    @api.model
    def _discom_kyc_changed(self, before, vals):
        """Keep what has changed since ``before``, by the way that the values or the code name.

        :param dict before: from ``discom.kyc.event._snapshot``
        :param dict vals: what was written
        """
        way = self._discom_kyc_way()
        self.env["discom.kyc.event"]._append(
            before,
            vals.get("discom_kyc_source") or way.source,
            place=way.place,
            evidence=way.evidence,
            names=_may_change(vals),
        )


def _may_change(vals):
    """Names of the fields whose changes are kept that writing ``vals`` may change."""
    # The photo lies in a table of its own, which most changes need not look into.
    return KYC_FIELDS if PHOTO_FIELD in vals else KYC_COLUMNS


def e164(text):
    """Return a mobile number in E.164 form, None where ``text`` is none."""
    try:
        return normalise_mobile(text)
    except PhoneError:
        return None
