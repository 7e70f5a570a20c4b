from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date


class DiscomPaymentPlan(models.Model):
    """What has to be true of a plan on the day on which it is agreed."""

    _inherit = "discom.payment.plan"

    def _check_agreement(self):
        """
        :raise UserError: when the plan does not settle the dues, or breaks the payment rule
        """
        self.ensure_one()
        dues = float(self.partner_id._discom_dues()[self.partner_id.id]["due"])
        # The down payment may come before the approval.
        dues += float(self._paid().get(self.id, 0))
        money = self.currency_id.format
        if dues <= 0:
            raise UserError(
                self.env._(
                    "%(consumer)s owes nothing, so no payment plan is needed.",
                    consumer=self.partner_id.display_name,
                )
            )
        if self.currency_id.compare_amounts(dues, self.dues):
            raise UserError(
                self.env._(
                    "The dues are %(now)s now, not %(then)s. Make the plan anew.",
                    now=money(dues),
                    then=money(self.dues),
                )
            )
        if self.currency_id.compare_amounts(self.down_payment, self.least) < 0:
            raise UserError(
                self.env._(
                    "The down payment must be %(least)s or more, by the payment rule.",
                    least=money(self.least),
                )
            )
        total = self.down_payment + sum(self.line_ids.mapped("amount"))
        if self.currency_id.compare_amounts(total, dues):
            raise UserError(
                self.env._(
                    "Down payment and instalments add up to %(total)s, but the dues are "
                    "%(dues)s. Change the amounts until both are the same.",
                    total=money(total),
                    dues=money(dues),
                )
            )
        early = self.line_ids.filtered(lambda line: line.date <= self.date)
        if early:
            raise UserError(
                self.env._(
                    "The instalment of %(date)s must be after the day on which the plan "
                    "begins, %(begin)s.",
                    begin=format_date(self.env, self.date),
                    date=format_date(self.env, early[0].date),
                )
            )
        most = self.env["discom.payment.rule"]._current(self.date).plan_instalments
        if most and len(self.line_ids) > most:
            raise UserError(
                self.env._(
                    "A payment plan has at most %(count)s instalments, by the payment "
                    "rule. Enter fewer.",
                    count=most,
                )
            )
