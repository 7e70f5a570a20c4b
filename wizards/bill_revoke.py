from odoo import fields, models


class DiscomBillRevoke(models.TransientModel):
    """Asks whether the links of several bills are revoked."""

    _name = "discom.bill.revoke"
    _inherit = ["discom.many.mixin"]
    _description = "Revoke Links of Bills"
    _many_field = "bill_ids"

    bill_ids = fields.Many2many("discom.bill", string="Bills", required=True, readonly=True)

    def action_apply(self):
        """Revoke them, and close the dialog."""
        self.ensure_one()
        done = self.bill_ids.action_revoke_links()
        done["params"]["next"] = {"type": "ir.actions.act_window_close"}
        return done
