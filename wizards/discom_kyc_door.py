from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.consumer_consent import NOTICE_PURPOSES
from ..models.consumer_kyc import TAKEN_STATES
from ..models.consumer_kyc_visit import OUTCOMES

# The route of the meter readers: village by village, as the books list the doors.
ROUTE = "discom_village, discom_book_no, discom_sc_no, id"


class DiscomKycDoor(models.TransientModel):
    """The form for the door: what one consumer said, in one screen of a phone."""

    _name = "discom.kyc.door"
    _description = "KYC at the door"
    _inherit = ["discom.door.mixin"]

    partner_id = fields.Many2one("res.partner", "Consumer", required=True, readonly=True)
    name = fields.Char(related="partner_id.name")
    name_hi = fields.Char(related="partner_id.discom_name_hi")
    guardian_name = fields.Char(related="partner_id.discom_guardian_name")
    account_no = fields.Char(related="partner_id.discom_account_no")
    village = fields.Char(related="partner_id.discom_village")
    street = fields.Char(related="partner_id.street")
    meter_no = fields.Char(related="partner_id.discom_meter_no")
    outcome = fields.Selection(OUTCOMES, required=True, default="taken")
    number = fields.Char(
        "WhatsApp number",
        compute="_compute_answers",
        store=True,
        readonly=False,
        personal="phone",
    )
    same_as_mobile = fields.Boolean("Also the mobile number", default=True)
    mobile = fields.Char(personal="phone")
    lang = fields.Selection(
        selection="_selection_lang",
        string="Language",
        compute="_compute_answers",
        store=True,
        readonly=False,
    )
    notice_id = fields.Many2one("discom.consent.notice", compute="_compute_notice_id")
    notice_spoken = fields.Text(related="notice_id.spoken")
    notice_body = fields.Text(related="notice_id.body", string="Notice text")
    consent = fields.Selection(
        [("all", "Yes, all three"), ("some", "Some"), ("none", "No")],
        "Agrees to messages",
    )
    purpose_bills = fields.Boolean("Bills and receipts")
    purpose_outages = fields.Boolean("Outages")
    purpose_dues = fields.Boolean("Reminders of dues")
    # The notice does not speak of it, so a yes to the notice is none to this.
    purpose_other = fields.Boolean(
        "Also other information", compute="_compute_answers", store=True, readonly=False
    )
    note = fields.Char("Remark")
    photo = fields.Image("Photo of the form", max_width=1600, max_height=1600, personal="document")
    left_count = fields.Integer("Left", compute="_compute_left_count")

    @api.depends("partner_id")
    def _compute_answers(self):
        langs = dict(self._selection_lang())
        for door in self:
            partner = door.partner_id
            bounced = partner.discom_kyc_state == "bounced"
            # A number that bounced is asked for anew; one that is merely old is confirmed.
            mobile = partner._discom_mobile_for_whatsapp()
            door.number = False if bounced else partner.discom_whatsapp_number or mobile
            door.purpose_other = partner.discom_consent_other == "given"
            door.lang = partner.lang if partner.lang in langs else next(reversed(langs))

    @api.depends("lang")
    def _compute_notice_id(self):
        for door in self:
            door.notice_id = self.env["discom.consent.notice"]._current(door.lang)

    @api.depends("partner_id")
    def _compute_left_count(self):
        self.left_count = self.env["res.partner"].search_count(self._left_domain())

    @api.model
    def _selection_lang(self):
        """Installed languages, without another English where there is that of India."""
        installed = self.env["res.lang"].get_installed()
        if "en_IN" in dict(installed):
            return [lang for lang in installed if lang[0] != "en_US"]
        return installed

    @api.onchange("number", "mobile")
    def _onchange_numbers(self):
        """Show at once how a number is understood, or why it cannot be one."""
        partners = self.env["res.partner"]
        if self.number:
            self.number = partners._discom_normalise_number(self.number)
        if self.mobile:
            self.mobile = partners._discom_normalise_number(self.mobile)

    def _open_next(self):
        following = self._next_partner()
        return following and following.action_discom_kyc_door()

    def _apply(self):
        """
        :raise ValidationError: where something that the outcome needs is missing or wrong
        """
        area = self._own_area()
        partner = self.partner_id._discom_by_way("field", place=area.name)
        if self.outcome == "taken":
            self._apply_taken(partner)
        elif self.outcome in ("refused", "shifted") and not (self.note or "").strip():
            raise ValidationError(self.env._("Write in a few words why no number was taken."))
        if self.outcome == "refused":
            self._apply_refused(partner)
        self.env["discom.kyc.visit"].create(
            {
                "partner_id": partner.id,
                "area_id": area.id,
                "outcome": self.outcome,
                "note": (self.note or "").strip() or False,
                "photo": self.photo,
            }
        )

    def _apply_taken(self, partner):
        if not self.number:
            raise ValidationError(
                self.env._("Enter the WhatsApp number, or choose what happened instead.")
            )
        if not self.consent:
            raise ValidationError(
                self.env._("Read out the notice, and record whether the consumer agrees.")
            )
        number = partner._discom_normalise_number(self.number)
        mobile = number if self.same_as_mobile else self.mobile
        vals = {"lang": self.lang or partner.lang}
        if mobile:
            vals["phone"] = partner._discom_normalise_number(mobile)
        if self.photo:
            vals["discom_kyc_form"] = self.photo
        if number != partner.discom_whatsapp_number:
            partner.write({**vals, "discom_whatsapp_number": number})
        else:
            partner.write(vals)
            partner._discom_note_taken()
        self._record_consents(partner)

    def _apply_refused(self, partner):
        """Note the refusal; a number that bounced or is out of date is used no more."""
        if partner.discom_kyc_state in TAKEN_STATES:
            raise ValidationError(
                self.env._("The number is on record already. Record what the consumer agrees to.")
            )
        asked = {**partner._discom_kyc_values("refused"), "discom_kyc_state": "refused"}
        self._write_kyc(partner, {**asked, "discom_whatsapp_number": False})

    @api.model
    def _write_kyc(self, partner, vals):
        """Write what follows from the answer at the door."""
        partner.check_access("write")
        # sudo: nobody sets the state of KYC by hand; it follows from what was recorded.
        partner.sudo().write(vals)

    def _record_consents(self, partner):
        given = {
            "all": list(NOTICE_PURPOSES),
            "some": [purpose for purpose in NOTICE_PURPOSES if self[f"purpose_{purpose}"]],
            "none": [],
        }[self.consent]
        withheld = [purpose for purpose in NOTICE_PURPOSES if purpose not in given]
        if self.consent != "none" and self.purpose_other:
            given.append("other")
        elif partner.discom_consent_other == "given":
            withheld.append("other")
        if self.consent == "some" and not given:
            raise ValidationError(self.env._("Choose which messages the consumer agrees to."))
        notice = {"notice_version": self.notice_id.version, "notice_lang": self.notice_id.lang}
        if given:
            partner._discom_record_consent("given", given, "field", **notice)
        if withheld:
            partner._discom_record_consent("withdrawn", withheld, "field", **notice)

    def _own_area(self):
        """The area of the user that the consumer belongs to; empty where there is none."""
        areas = self.env["discom.kyc.drive.area"]
        return areas.search(areas._running_domain())._holding(self.partner_id)[:1]

    def _left_domain(self):
        return Domain("discom_kyc_own", "=", True) & Domain("discom_kyc_left", "=", True)

    def _next_partner(self):
        """The next consumer left on the user's list: on along the route of the village, then from
        its beginning, then in another village."""
        partners = self.env["res.partner"]
        here = partners._search(self._left_domain() & Domain("discom_village", "=", self.village))
        book, number = (
            partners._field_to_sql(here.table, name, here)
            for name in ("discom_book_no", "discom_sc_no")
        )
        door = self.partner_id
        behind = SQL(
            "(%(book)s IS NULL, COALESCE(%(book)s, ''), %(number)s IS NULL,"
            " COALESCE(%(number)s, ''), %(id)s) <= %(place)s",
            book=book,
            number=number,
            id=SQL.identifier(here.table, "id"),
            place=(
                *(not door.discom_book_no, door.discom_book_no or ""),
                *(not door.discom_sc_no, door.discom_sc_no or "", door.id),
            ),
        )
        here.order = SQL("%s, %s, %s, %s", behind, book, number, SQL.identifier(here.table, "id"))
        here.limit = 1
        found = partners.browse(here.get_result_ids())
        return found or partners.search(self._left_domain(), order=ROUTE, limit=1)

    @api.constrains("partner_id")
    def _check_consumer(self):
        if any(not door.partner_id.discom_consumer for door in self):
            raise UserError(self.env._("KYC is taken of consumers only."))
