from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

LEVELS = [
    ("discom", "Discom"),
    ("zone", "Zone"),
    ("circle", "Circle"),
    ("division", "Division"),
    ("subdivision", "Sub-division"),
    ("section", "Section"),
]
_RANK = {level: rank for rank, (level, _label) in enumerate(LEVELS)}


class DiscomOffice(models.Model):
    """An office of the distribution company, from the discom down to the section.

    What belongs to an office is seen by its users and by those of the offices above it, so an
    office that is placed below another parent takes its consumers, bills and messages along.
    """

    _name = "discom.office"
    _inherit = ["discom.node.mixin"]
    _description = "Office"
    _parent_store = True
    _order = "name, id"
    _rec_names_search = ["name", "name_hi", "code"]
    _check_company_auto = True

    _consumer_field = "discom_office_id"

    code = fields.Char(required=True, help="Code of the office in the billing system.")
    level = fields.Selection(LEVELS, required=True, index=True)
    parent_id = fields.Many2one(
        "discom.office", "Parent office", index=True, ondelete="restrict", check_company=True
    )
    child_ids = fields.One2many("discom.office", "parent_id", "Offices below")
    asset_ids = fields.One2many("discom.asset", "office_id", "Assets")
    officer_name = fields.Char("Officer in charge")
    officer_title = fields.Char("Designation", help="As printed under notices and messages.")
    phone = fields.Char(help="Number of the office, given to consumers.")
    is_own = fields.Boolean(
        "Of mine",
        compute="_compute_is_own",
        search="_search_is_own",
        help="Whether the current user sees what belongs to this office.",
    )
    grievance_phone = fields.Char("Complaints phone", help="For example the toll-free number 1912.")

    _code_uniq = models.UniqueIndex(
        "(company_id, code)",
        "Another office has this code already. Search for it, or enter another code.",
    )

    @api.depends("parent_path")
    @api.depends_context("uid")
    def _compute_is_own(self):
        own = self.env.user.discom_scope_ids.mapped("parent_path")
        for office in self:
            office.is_own = any(office.parent_path.startswith(path) for path in own)

    def _search_is_own(self, operator, value):
        if operator != "in":
            return NotImplemented
        own = Domain("id", "child_of", self.env.user.discom_scope_ids.ids)
        return own if True in value else ~own

    @api.constrains("parent_id", "level")
    def _check_level(self):
        for office in self | self.child_ids:
            if office.parent_id and _RANK[office.parent_id.level] >= _RANK[office.level]:
                raise ValidationError(
                    self.env._(
                        "%(office)s cannot be placed below %(parent)s, which is not of a "
                        "higher level. Choose another office above it.",
                        office=office.name,
                        parent=office.parent_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        offices = super().create(vals_list)
        self._clear_scopes()
        return offices

    def write(self, vals):
        result = super().write(vals)
        if {"parent_id", "company_id"} & vals.keys():
            self._clear_scopes()
        return result

    def unlink(self):
        result = super().unlink()
        self._clear_scopes()
        return result

    def _is_named_in_path(self):
        """The path starts at the division: what is above is the same for all of its users."""
        return _RANK[self.level] >= _RANK["division"]

    def _clear_scopes(self):
        """Forget the scopes of the users, which the registry caches within the record rules."""
        self.env["res.users"].invalidate_model(["discom_scope_ids"])
        self.env.registry.clear_cache()
