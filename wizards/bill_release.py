from odoo import api, fields, models


class DiscomBillReleaseAsk(models.TransientModel):
    """Ask why held bills may go out, and release them."""

    _name = "discom.bill.release.ask"
    _description = "Release Held Bills"

    bill_ids = fields.Many2many("discom.bill", readonly=True)
    bill_count = fields.Integer("Held Bills", compute="_compute_summary")
    own_count = fields.Integer("Your Own", compute="_compute_summary")
    amount_total = fields.Monetary("Payable", compute="_compute_summary")
    currency_id = fields.Many2one("res.currency", compute="_compute_summary")
    summary = fields.Text("Found", compute="_compute_summary")
    reason = fields.Char(help="Stands on the findings of these bills from now on.")

    @api.depends("bill_ids")
    def _compute_summary(self):
        for wizard in self:
            bills = wizard.bill_ids
            wizard.bill_count = len(bills)
            wizard.own_count = len(bills._own_bills())
            [[wizard.amount_total]] = self.env["discom.bill"]._read_group(
                [("id", "in", bills.ids)], aggregates=["amount_total:sum"]
            )
            wizard.currency_id = self.env.ref("base.INR")
            counts = self.env["discom.bill.finding"]._read_group(
                [("bill_id", "in", bills.ids), ("state", "=", "open")], ["check_id"], ["__count"]
            )
            wizard.summary = "\n".join(f"{check.display_name}: {count}" for check, count in counts)

    def action_release(self):
        """Release the bills, but those the user may not, and say how many."""
        self.ensure_one()
        bills = self.bill_ids
        others = bills - bills._own_bills()
        # Where all are the user's own, releasing them says why not.
        release = (others or bills)._release(self.reason)
        return bills._notify(
            self.env._(
                "Bills released: %(count)s. Still held back: %(left)s.",
                count=release.bill_count,
                left=len(bills) - release.bill_count,
            ),
            warning=len(bills) > release.bill_count,
            close=True,
        )
