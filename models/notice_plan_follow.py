"""What was paid of a payment plan and what had to be, and the states that follow."""

from datetime import timedelta

from odoo import models
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
        """What has to be paid by ``day`` of each plan: ``{id: rupees}``; bills since are included
        with their own charges, for the older dues are in the instalments."""
        if not self.ids:
            return {}
        self.flush_model()
        self.env["discom.payment.plan.line"].flush_model()
        self.env["discom.bill"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT plan.id, plan.down_payment
                           + (SELECT COALESCE(SUM(line.amount), 0)
                                FROM discom_payment_plan_line line
                               WHERE line.plan_id = plan.id AND line.date <= %(day)s)
                           + (SELECT COALESCE(SUM(bill.amount_total
                                                  - COALESCE(bill.amount_arrears, 0)
                                                  - COALESCE(bill.amount_lpsc, 0)), 0)
                                FROM discom_bill bill
                               WHERE bill.partner_id = plan.partner_id
                                 AND bill.state IN ('issued', 'partial', 'paid', 'overdue')
                                 AND bill.bill_date > plan.date AND bill.due_date <= %(day)s)
                      FROM discom_payment_plan plan
                     WHERE plan.id = ANY(%(ids)s) AND plan.date <= %(day)s
                    """,
                    day=day,
                    ids=list(self.ids),
                )
            )
        )

    def _follow(self):
        """Set the states that follow from payments and dates."""
        plans = self.filtered(lambda plan: plan.state in ("running", "defaulted", "completed"))
        today = self.env["discom.bill"]._today()
        paid = plans._paid()
        groups = {
            "completed": plans.browse(),
            "defaulted": plans.browse(),
            "running": plans.browse(),
        }
        for date, same in plans.grouped("date").items():
            # sudo: how long a late instalment is waited for does not depend on who looks.
            grace = self.env["discom.payment.rule"].sudo()._current(date).plan_grace_days
            expected = same._expected(today - timedelta(days=grace))
            for plan in same:
                got = paid.get(plan.id, 0)
                total = plan.down_payment + sum(plan.line_ids.mapped("amount"))
                if got >= total and got >= expected.get(plan.id, 0):
                    groups["completed"] |= plan
                elif got < expected.get(plan.id, 0):
                    groups["defaulted"] |= plan
                else:
                    groups["running"] |= plan
        for state, group in groups.items():
            changed = group.filtered(lambda plan, state=state: plan.state != state)
            if changed:
                changed._set(state=state)
