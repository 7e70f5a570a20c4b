from odoo import fields, models
from odoo.tools import SQL

from .bill import LIVE_STATES


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_bill_count = fields.Integer("Bills", compute="_compute_discom_bills")
    discom_amount_due = fields.Monetary(
        "Dues",
        compute="_compute_discom_bills",
        currency_field="discom_bill_currency_id",
        help="Still due on the newest bill, which holds the arrears of the earlier ones.",
    )
    discom_bill_currency_id = fields.Many2one("res.currency", compute="_compute_discom_bills")
    discom_payment_count = fields.Integer("Payments", compute="_compute_discom_payment_count")

    def _compute_discom_bills(self):
        bills = {}
        if self.ids:
            self.env["discom.bill"].flush_model()
            bills = {
                partner_id: (count, due)
                for partner_id, count, due in self.env.execute_query(
                    SQL(
                        """
                        SELECT partner_id, count(*),
                               COALESCE(sum(amount_due) FILTER (WHERE is_latest), 0)
                          FROM discom_bill
                         WHERE partner_id = ANY(%s) AND state IN %s
                      GROUP BY partner_id
                        """,
                        list(self.ids),
                        LIVE_STATES,
                    )
                )
            }
        rupee = self.env.ref("base.INR")
        for partner in self:
            partner.discom_bill_currency_id = rupee
            partner.discom_bill_count, partner.discom_amount_due = bills.get(partner.id, (0, 0))

    def _compute_discom_payment_count(self):
        counts = dict(
            self.env["discom.payment"]._read_group(
                [("partner_id", "in", self.ids), ("state", "=", "posted")],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.discom_payment_count = counts.get(partner, 0)

    def action_open_discom_bills(self):
        """Show the bills of these consumers."""
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_bill_action")
        action["domain"] = [("partner_id", "in", self.ids)]
        action["context"] = {"default_partner_id": self.id if len(self) == 1 else False}
        return action

    def action_open_discom_payments(self):
        """Show the payments of these consumers."""
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_payment_action")
        action["domain"] = [("partner_id", "in", self.ids)]
        action["context"] = {"default_partner_id": self.id if len(self) == 1 else False}
        return action
