from odoo import fields, models


class DiscomNoticeAssign(models.TransientModel):
    """Put consumers on the list of a colleague who goes there."""

    _name = "discom.notice.assign"
    _inherit = ["discom.many.mixin"]
    _description = "Assign visits"
    _many_field = "notice_ids"

    notice_ids = fields.Many2many(
        "discom.notice",
        relation="discom_notice_assign_rel",
        column1="assign_id",
        column2="notice_id",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Who Goes There",
        domain=lambda self: [("all_group_ids", "in", self.env.ref("discom.group_staff").ids)],
        help="Empty: nobody, it is taken off a list.",
    )

    def action_apply(self):
        """Assign them."""
        self.ensure_one()
        self.notice_ids._assign(self.user_id)
        return {"type": "ir.actions.act_window_close"}
