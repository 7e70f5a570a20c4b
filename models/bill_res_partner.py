from odoo import fields, models
from odoo.tools import SQL

from ..tools import formats
from .bill import LIVE_STATES

#: Fields of a consumer by which dues are reported.
AGEING_FIELDS = {
    "company_id",
    "discom_area",
    "discom_category_id",
    "discom_connection_date",
    "discom_office_id",
    "discom_status",
}


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_bill_count = fields.Integer("Bills", compute="_compute_discom_bills", personal="dues")
    discom_amount_due = fields.Monetary(
        "Dues",
        compute="_compute_discom_bills",
        currency_field="discom_bill_currency_id",
        personal="dues",
        help="Still due on the newest bill, which holds the arrears of the earlier ones.",
    )
    discom_bill_currency_id = fields.Many2one("res.currency", compute="_compute_discom_bills")
    discom_amount_advance = fields.Monetary(
        "Advance",
        compute="_compute_discom_balance",
        currency_field="discom_bill_currency_id",
        personal="dues",
        help="Paid more than was due; the next bill takes it into account.",
    )
    discom_dues_html = fields.Html(
        "Dues by Month", compute="_compute_discom_dues_html", personal="dues"
    )
    discom_ageing_ids = fields.One2many("discom.ageing", "partner_id", "Dues by Age")
    discom_last_payment_date = fields.Date(
        "Last Payment", related="discom_ageing_ids.last_payment_date", personal="dues"
    )
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

    def _compute_discom_balance(self):
        dues = self._discom_dues() if self.ids else {}
        for partner in self:
            partner.discom_amount_advance = dues[partner.id]["advance"] if partner.id in dues else 0

    def _compute_discom_dues_html(self):
        dues = self._discom_dues() if self.ids else {}
        heads = dict(
            self.env["discom.payment.rule.head"]._fields["head"]._description_selection(self.env)
        )
        for partner in self:
            entry = dues.get(partner.id)
            partner.discom_dues_html = (
                self.env["ir.qweb"]._render(
                    "discom.discom_dues_by_month", self._discom_dues_rows(entry, heads)
                )
                if entry and entry["due"]
                else False
            )

    def _discom_dues_rows(self, entry, heads):
        """Values of the table of dues by month, for people to read."""
        return {
            "months": [
                {
                    "month": formats.medium_month(month["month"], self.env.lang)
                    if month["month"]
                    else self.env._("Older"),
                    "amount": formats.rupees(month["amount"]),
                    "heads": ", ".join(
                        f"{heads[head]} {formats.rupees(amount)}" for head, amount in month["heads"]
                    ),
                }
                for month in entry["months"]
            ],
            "lpsc": formats.rupees(entry["lpsc"]) if entry["lpsc"] else "",
            "due": formats.rupees(entry["due"]),
        }

    def write(self, vals):
        result = super().write(vals)
        if AGEING_FIELDS & vals.keys() and (consumers := self.filtered("discom_consumer")):
            # Nobody writes the ageing; it follows from the consumer, whom the caller may write.
            self.env["discom.ageing"].sudo()._refresh(SQL("SELECT UNNEST(%s)", list(consumers.ids)))
        return result

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

    def action_open_discom_ledger(self):
        """Show the statement of account of this consumer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_ledger_entry_action")
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {"default_partner_id": self.id}
        action["display_name"] = self.env._("Ledger of %(account)s", account=self.discom_account_no)
        return action

    def action_print_discom_ledger(self):
        """Print the statement of account."""
        return self.env.ref("discom.discom_ledger_report").report_action(self)

    def action_open_discom_payment_counter(self):
        """Take a payment of this consumer at the counter."""
        self.ensure_one()
        action = self.env["ir.actions.client"]._for_xml_id("discom.discom_payment_counter_action")
        action["context"] = {"active_id": self.id, "active_model": self._name}
        return action
