from odoo import api, fields, models


class ResUsers(models.Model):
    """The offices for which a user works."""

    _inherit = "res.users"

    discom_office_ids = fields.Many2many(
        "discom.office",
        "discom_office_users_rel",
        "user_id",
        "office_id",
        string="Offices",
        help="The user works for these offices and for all offices below them.",
    )
    discom_scope_ids = fields.Many2many(
        "discom.office",
        string="Offices seen",
        compute="_compute_discom_scope_ids",
        compute_sudo=True,
        help="Roots of what the user sees, of the user's companies: all offices for an "
        "administrator, else the offices of the user; nothing for who has no role in the division.",
    )

    @api.depends("discom_office_ids", "group_ids", "company_ids")
    def _compute_discom_scope_ids(self):
        roots = self.env["discom.office"]
        administrators = self.filtered(lambda user: user.has_group("discom.group_administrator"))
        if administrators:
            roots = roots.with_context(active_test=False).search([("parent_id", "=", False)])
        for user in self:
            offices = roots if user in administrators else user.discom_office_ids
            if not user.has_group("discom.group_staff"):
                offices = roots.browse()
            user.discom_scope_ids = offices.filtered(
                lambda office, companies=user.company_ids: office.company_id in companies
            )

    @api.model
    def _get_invalidation_fields(self):
        # The record rules, cached per user, contain the ids of the offices.
        return super()._get_invalidation_fields() | {"discom_office_ids"}
