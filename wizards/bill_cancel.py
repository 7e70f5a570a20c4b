from odoo import fields, models


class DiscomBillCancel(models.TransientModel):
    """Asks why issued bills are cancelled."""

    _name = "discom.bill.cancel"
    _inherit = ["discom.aadhaar.mixin", "discom.many.mixin"]
    _description = "Cancel Issued Bills"
    _no_aadhaar = ("reason",)
    _many_field = "bill_ids"

    bill_ids = fields.Many2many("discom.bill", string="Bills", required=True, readonly=True)
    reason = fields.Char(help="Stays on the bill and with the consumer.")

    def action_apply(self):
        """Cancel the bills."""
        self.ensure_one()
        bills = self.bill_ids._cancel_issued(self.reason)
        return bills._notify(
            self.env._("Bills cancelled: %(count)s.", count=len(bills)), close=True
        )
