from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

OUTCOMES = [
    ("taken", "Number taken"),
    ("refused", "Refused"),
    ("closed", "Premises closed"),
    ("shifted", "Shifted"),
]


class DiscomKycVisit(models.Model):
    """What field staff met with at a door. Kept as it was: a later visit is another record."""

    _name = "discom.kyc.visit"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "KYC visit"
    _order = "id desc"
    _rec_name = "partner_id"
    _no_aadhaar = ("note",)

    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, index=True, ondelete="cascade"
    )
    office_id = fields.Many2one(
        "discom.office", required=True, readonly=True, index=True, ondelete="restrict"
    )
    area_id = fields.Many2one(
        "discom.kyc.drive.area", readonly=True, index="btree_not_null", ondelete="set null"
    )
    drive_id = fields.Many2one(
        "discom.kyc.drive", readonly=True, index="btree_not_null", ondelete="set null"
    )
    user_id = fields.Many2one("res.users", "Visited by", required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    outcome = fields.Selection(OUTCOMES, required=True, readonly=True)
    note = fields.Char("Remark", readonly=True)
    photo = fields.Image(max_width=1600, max_height=1600, readonly=True, personal="document")

    @api.model_create_multi
    def create(self, vals_list):
        """A visit is one's own, of today, at a consumer of an own office."""
        partners = self.env["res.partner"].browse(vals["partner_id"] for vals in vals_list)
        partners.check_access("write")
        today = partners._discom_today()
        for vals, partner in zip(vals_list, partners, strict=True):
            area = self.env["discom.kyc.drive.area"].browse(vals.get("area_id"))
            vals.update(
                office_id=partner.discom_office_id.id,
                drive_id=area.drive_id.id,
                user_id=self.env.uid,
                date=today,
            )
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._(
                "The visit of %(consumer)s stays as it was recorded. Record another one.",
                consumer=self[:1].partner_id.display_name,
            )
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_kyc_visit_ids = fields.One2many("discom.kyc.visit", "partner_id", "KYC visits")
    discom_kyc_own = fields.Boolean(
        "In my KYC areas", compute="_compute_discom_kyc_own", search="_search_discom_kyc_own"
    )
    discom_kyc_left = fields.Boolean(
        "Left to visit", compute="_compute_discom_kyc_left", search="_search_discom_kyc_left"
    )

    @api.depends("discom_office_id", "discom_asset_id", "discom_village")
    @api.depends_context("uid")
    def _compute_discom_kyc_own(self):
        areas = self._discom_own_areas()
        # sudo: this is part of a record rule, which must not depend on other rules.
        for partner in self.sudo():
            partner.discom_kyc_own = partner.discom_consumer and bool(areas._holding(partner))

    @api.model
    def _search_discom_kyc_own(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._discom_own_domain()

    @api.depends("discom_status", "discom_kyc_state", "discom_kyc_visit_ids")
    def _compute_discom_kyc_left(self):
        left = self.filtered_domain(self._discom_left_domain())
        left.discom_kyc_left = True
        (self - left).discom_kyc_left = False

    @api.model
    def _search_discom_kyc_left(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._discom_left_domain()

    def action_discom_kyc_door(self):
        """Open the form for the door."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_kyc_door_action")
        action["context"] = {"default_partner_id": self.id}
        return action

    @api.model
    def _discom_own_areas(self):
        """The current user's own areas in running drives."""
        # sudo: they are part of a record rule, which must not depend on other rules.
        areas = self.env["discom.kyc.drive.area"].sudo()
        return areas.search(areas._running_domain())

    @api.model
    def _discom_own_domain(self):
        """Consumers of the current user's own areas in running drives."""
        return self._discom_own_areas()._consumer_domain() & Domain("discom_consumer", "=", True)

    @api.model
    def _discom_left_domain(self):
        """Consumers whose KYC is missing and whose door is worth a visit: they have not moved away
        as far as a running drive knows, and nobody stood before a closed door today."""
        met = Domain("drive_id.state", "=", "running") & (
            Domain("outcome", "=", "shifted") | Domain("date", "=", self._discom_today())
        )
        return self.env["discom.kyc.drive.area"]._missing_domain() & Domain(
            "discom_kyc_visit_ids", "not any!", met
        )
