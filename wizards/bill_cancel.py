from odoo import fields, models


class DiscomBillCancel(models.TransientModel):
    """Asks why issued bills are cancelled."""

    _name = "discom.bill.cancel"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Cancel Issued Bills"
    _no_aadhaar = ("reason",)

    bill_ids = fields.Many2many("discom.bill", string="Bills", required=True, readonly=True)
    reason = fields.Char(help="Stays on the bill and with the consumer.")

    def action_apply(self):
        """Cancel the bills."""
        self.ensure_one()
        bills = self.bill_ids._cancel_issued(self.reason)
        return bills._notify(self.env._("%(count)s bills cancelled.", count=len(bills)), close=True)
