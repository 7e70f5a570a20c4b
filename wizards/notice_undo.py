from odoo import fields, models


class DiscomNoticeUndo(models.TransientModel):
    """Undo the last result of a visit, with the reason."""

    _name = "discom.notice.undo"
    _description = "Undo the result of a visit"

    notice_id = fields.Many2one("discom.notice", required=True, readonly=True)
    outcome = fields.Selection(related="notice_id.outcome")
    visited_on = fields.Date(related="notice_id.visited_on")
    reason = fields.Char(required=True)

    def action_apply(self):
        """Undo it."""
        self.ensure_one()
        self.notice_id._undo(self.reason)
        return {"type": "ir.actions.act_window_close"}
