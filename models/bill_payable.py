"""What a consumer pays for a bill today: one answer for paper, page, message and counter."""

from decimal import Decimal

from odoo import api, fields, models

from .bill import LIVE_STATES


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    amount_payable = fields.Monetary(
        "Payable Today",
        compute="_compute_amount_payable",
        help="What is still due; once the due date is over, of the amount after the due date.",
    )

    @api.depends("amount_due", "amount_after_due", "amount_paid", "due_date")
    def _compute_amount_payable(self):
        """The bill names two amounts, and after its due date the later one is asked for. What a
        consumer pays of it beyond ``amount_due`` is an advance that meets the surcharge of the
        next bill. A bill is paid by its total, whenever that comes: the surcharge is the billing
        system's to charge, never ours."""
        today = self._today()
        for bill in self:
            bill.amount_payable = bill._payable_on(today)

    def _payable_on(self, day):
        due = self.amount_due
        if due > 0 and self._is_past_due(day):
            return max(due, self.amount_after_due - self.amount_paid)
        return due

    def _is_past_due(self, today):
        return bool(self.due_date) and self.due_date < today

    def _payable(self):
        """The amount payable today in exact rupees.

        :rtype: Decimal
        """
        return Decimal(str(self.amount_payable)).quantize(Decimal("0.01"))

    def _asks_for_payment(self):
        """Whether a paper or page of this bill may ask for money: a draft is no bill yet, and the
        dues of a cancelled or older one stand in another bill."""
        return self.state in LIVE_STATES and self.is_latest and self.amount_payable > 0
