from odoo import fields, models


class DiscomWhatsappBroadcastReject(models.TransientModel):
    """Asks why a broadcast is refused."""

    _name = "discom.whatsapp.broadcast.reject"
    _description = "Refuse Broadcast"

    broadcast_id = fields.Many2one("discom.whatsapp.broadcast", required=True, ondelete="cascade")
    reason = fields.Char(required=True)

    def action_reject(self):
        """Refuse it; the sender is told."""
        self.ensure_one()
        self.broadcast_id.action_reject(self.reason)
        return {"type": "ir.actions.act_window_close"}
