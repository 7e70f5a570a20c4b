from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.bill_payment import CANCEL_REASONS


class DiscomPaymentCancel(models.TransientModel):
    """Asks why payments are taken back: a bounced cheque, a wrong account."""

    _name = "discom.payment.cancel"
    _description = "Take Back Payment"

    payment_ids = fields.Many2many("discom.payment", string="Payments", required=True)
    reason = fields.Selection(CANCEL_REASONS, required=True)
    note = fields.Char("Remark")
    warning = fields.Text(compute="_compute_warning")

    @api.depends("payment_ids")
    def _compute_warning(self):
        for wizard in self:
            states = wizard.payment_ids.mapped("whatsapp_state")
            wizard.warning = (
                self.env._(
                    "The consumer has had a receipt on WhatsApp. Tell him that it does not count."
                )
                if any(state in ("accepted", "sent", "delivered", "read") for state in states)
                else False
            )

    def action_apply(self):
        """Take the payments back."""
        self.ensure_one()
        if self.reason == "other" and not (self.note or "").strip():
            raise UserError(self.env._("Say in the remark why the payment is taken back."))
        self.payment_ids._cancel(self.reason, self.note)
        return {"type": "ir.actions.act_window_close"}
