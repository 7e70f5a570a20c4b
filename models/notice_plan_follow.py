"""What was paid of a payment plan and what had to be, and the states that follow."""

from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL


class DiscomPaymentPlan(models.Model):
    _name = "discom.payment.plan"
    _inherit = ["discom.payment.plan", "discom.follow.mixin"]

    def _paid(self):
        """Payments since each plan began: ``{id: rupees}``."""
        if not self.ids:
            return {}
        self.env["discom.payment"].flush_model()
        self.flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT plan.id, SUM(payment.amount)
                      FROM discom_payment_plan plan
                      JOIN discom_payment payment ON payment.partner_id = plan.partner_id
                       AND payment.state = 'posted' AND payment.date >= plan.date
                       -- What came earlier on the same day is not in the dues any more.
                       AND (payment.date > plan.date OR payment.create_date >= plan.create_date)
                     WHERE plan.id = ANY(%s)
                  GROUP BY plan.id
                    """,
                    list(self.ids),
                )
            )
        )

    def _expected(self, day):
        """What has to be paid by ``day`` of each plan: ``{id: rupees}``."""
        sums = self._expected_on((plan_id, day) for plan_id in self.ids)
        return {plan_id: amount for (plan_id, _day), amount in sums.items()}

    @api.model
    def _expected_on(self, asked):
        """What has to be paid by a day of each plan: ``{(id, day): rupees}``; bills since are
        included with their own charges, for the older dues are in the instalments.

        :param asked: pairs of the id of a plan and a day
        """
        asked = set(asked)
        if not asked:
            return {}
        self.flush_model()
        self.env["discom.payment.plan.line"].flush_model()
        self.env["discom.bill"].flush_model()
        return {
            (plan_id, day): amount
            for plan_id, day, amount in self.env.execute_query(
                SQL(
                    """
                    SELECT plan.id, asked.day, plan.down_payment
                           + (SELECT COALESCE(SUM(line.amount), 0)
                                FROM discom_payment_plan_line line
                               WHERE line.plan_id = plan.id AND line.date <= asked.day)
                           + (SELECT COALESCE(SUM(bill.amount_total
                                                  - COALESCE(bill.amount_arrears, 0)
                                                  - COALESCE(bill.amount_lpsc, 0)), 0)
                                FROM discom_bill bill
                               WHERE bill.partner_id = plan.partner_id
                                 AND bill.state IN ('issued', 'partial', 'paid', 'overdue')
                                 AND bill.bill_date > plan.date AND bill.due_date <= asked.day)
                      FROM unnest(%(plans)s::int[], %(days)s::date[]) AS asked(plan_id, day)
                      JOIN discom_payment_plan plan ON plan.id = asked.plan_id
                     WHERE plan.date <= asked.day
                    """,
                    plans=[plan_id for plan_id, _day in asked],
                    days=[day for _plan_id, day in asked],
                )
            )
        }

    def _follow(self):
        """Set the states that follow from payments and dates."""
        plans = self.filtered(lambda plan: plan.state in ("running", "defaulted", "completed"))
        today = self.env["discom.bill"]._today()
        paid = plans._paid()
        # sudo: how long a late instalment is waited for does not depend on who looks.
        rules = self.env["discom.payment.rule"].sudo()._current_on(set(plans.mapped("date")))
        days = {plan: today - timedelta(days=rules[plan.date].plan_grace_days) for plan in plans}
        expected = self._expected_on((plan.id, day) for plan, day in days.items())
        groups = {
            "completed": plans.browse(),
            "defaulted": plans.browse(),
            "running": plans.browse(),
        }
        for plan, day in days.items():
            got, due = paid.get(plan.id, 0), expected.get((plan.id, day), 0)
            total = plan.down_payment + sum(plan.line_ids.mapped("amount"))
            if got >= total and got >= due:
                groups["completed"] |= plan
            elif got < due:
                groups["defaulted"] |= plan
            else:
                groups["running"] |= plan
        for state, group in groups.items():
            changed = group.filtered(lambda plan, state=state: plan.state != state)
            if changed:
                changed._set(state=state)
