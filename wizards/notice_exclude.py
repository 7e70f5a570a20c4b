from odoo import fields, models


class DiscomNoticeExclude(models.TransientModel):
    """Take proposed steps out of a run, with the reason."""

    _name = "discom.notice.exclude"
    _inherit = ["discom.many.mixin"]
    _description = "Take out of an arrears run"
    _many_field = "notice_ids"

    notice_ids = fields.Many2many(
        "discom.notice",
        relation="discom_notice_exclude_rel",
        column1="exclude_id",
        column2="notice_id",
        required=True,
        readonly=True,
    )
    reason = fields.Char(required=True)

    def action_apply(self):
        """Take them out."""
        self.ensure_one()
        self.notice_ids._exclude(self.reason)
        return {"type": "ir.actions.act_window_close"}
