from datetime import date

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common_whatsapp import WhatsappCommon
from .test_notice import NoticeCommon


class PlanCommon(NoticeCommon):
    """Dues of 8,000 rupees; the payment rule asks for a quarter, 2,000, at once."""

    @classmethod
    def owing(cls, amount=100.0, **vals):
        """Bills are made when they are: before they are due."""
        with freeze_time("2026-11-10 06:00:00"):
            consumer = super().owing(amount, **vals)
        cls.env["discom.bill"]._settle(consumer.ids)
        return consumer

    def run_cron(self, cron):
        """Run a scheduled action as the scheduler does."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref(f"discom.{cron}").method_direct_trigger()
        self.env.invalidate_all()

    def plan(self, consumer=None, user=None, **vals):
        """A draft as the clerk makes it in the form."""
        consumer = consumer or self.owing(amount=8000)
        form = Form(self.env["discom.payment.plan"].with_user(user or self.clerk))
        form.partner_id = consumer
        form.reason = "Crop failure"
        for name, value in vals.items():
            form[name] = value
        return form.save()

    def running(self, consumer=None, **vals):
        plan = self.plan(consumer, **vals)
        plan.action_submit()
        plan.with_user(self.manager).action_approve()
        return plan


@tagged("post_install", "-at_install")
@freeze_time("2026-11-23 06:00:00")
class TestPaymentPlan(PlanCommon):
    """Dues in instalments: what is agreed, who approves, what follows from payments."""

    def test_proposed_from_the_rule(self):
        plan = self.plan()
        self.assertEqual((plan.dues, plan.least, plan.down_payment), (8000, 2000, 2000))
        self.assertEqual(
            [(line.date, line.amount) for line in plan.line_ids],
            [
                (date(2026, 12, 23), 2000),
                (date(2027, 1, 23), 2000),
                (date(2027, 2, 23), 2000),
            ],
        )
        with Form(plan) as form:
            form.instalment_count = 7
        plan.action_divide()
        self.assertEqual(plan.line_ids.mapped("amount"), [857] * 6 + [858])

    def test_what_cannot_be_agreed(self):
        plan = self.plan(down_payment=1999)
        with self.assertRaisesRegex(UserError, "or more, by the payment rule"):
            plan.action_submit()
        plan.down_payment = 2500
        with self.assertRaisesRegex(UserError, "add up"):
            plan.action_submit()
        plan.action_divide()
        plan.line_ids[0].date = "2026-11-23"
        with self.assertRaisesRegex(UserError, "must be after the day"):
            plan.action_submit()
        with self.assertRaisesRegex(ValidationError, "at most 10"):
            plan.instalment_count = 11
        nobody = self.create_consumer()
        with self.assertRaisesRegex(UserError, "owes nothing"):
            self.plan(nobody).action_submit()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.plan(plan.partner_id)

    def test_four_eyes(self):
        plan = self.plan(user=self.manager)
        plan.action_submit()
        with self.assertRaisesRegex(AccessError, "your own proposal"):
            plan.action_approve()
        with self.assertRaises(AccessError):
            plan.with_user(self.clerk).action_approve()
        second = self.create_user("test_manager2", "group_division_manager")
        plan.with_user(second).action_approve()
        self.assertEqual((plan.state, plan.approver_id), ("running", second))

    def test_nobody_writes_states(self):
        plan = self.plan()
        for values in ({"state": "running"}, {"dues": 1}, {"approver_id": self.manager.id}):
            with self.assertRaises(UserError):
                plan.with_user(self.clerk).write(values)
            with self.assertRaises(UserError):
                self.env["discom.payment.plan"].with_user(self.clerk).create(
                    {"partner_id": self.owing().id, "reason": "x", **values}
                )
        plan.action_submit()
        for values in ({"down_payment": 1}, {"line_ids": [Command.clear()]}):
            with self.assertRaises(UserError):
                plan.write(values)
        with self.assertRaises(UserError):
            plan.line_ids[0].amount = 1
        with self.assertRaises(UserError):
            plan.unlink()
        for user in (self.surveyor, self.counter, self.auditor):
            with self.assertRaises(AccessError):
                plan.with_user(user).action_cancel()
        self.assertFalse(self.env["discom.payment.plan"].with_user(self.clerk_b).search([]))

    def test_stops_the_ladder_while_it_runs(self):
        consumer = self.owing(amount=8000)
        plan = self.running(consumer)
        run = self.propose("2026-11-23")
        self.assertEqual(self.steps(run)[consumer], ("overdue", "stopped", "plan"))
        run.action_cancel()
        plan.with_user(self.manager).action_cancel()
        run = self.propose("2026-11-23")
        self.assertEqual(self.steps(run)[consumer], ("overdue", "proposed", False))

    def test_follows_payments(self):
        """Down payment by the 23rd of November, 7 days of grace; instalments a month apart."""
        plan = self.running()
        consumer = plan.partner_id
        with freeze_time("2026-11-30 06:00:00"):
            self.run_cron("ir_cron_payment_plan_follow")
            self.assertEqual(plan.state, "defaulted", "the down payment has not come")
            self.pay(2000, "2026-11-30", consumer)
            self.assertEqual(plan.state, "running")
        with freeze_time("2026-12-29 06:00:00"):
            self.run_cron("ir_cron_payment_plan_follow")
            self.assertEqual(plan.state, "running", "within the days of grace")
        with freeze_time("2026-12-30 06:00:00"):
            self.run_cron("ir_cron_payment_plan_follow")
            self.assertEqual(plan.state, "defaulted")
            plan.invalidate_recordset()
            self.assertEqual((plan.paid, plan.expected, plan.behind), (2000, 4000, 2000))
            self.assertEqual(plan.line_ids.mapped("state"), ["late", "open", "open"])
            payment = self.pay(6000, "2026-12-30", consumer)
            self.assertEqual(plan.state, "completed")
            self.take_back(payment, "bounced")
            self.assertEqual(plan.state, "defaulted")

    def test_new_bills_are_to_be_paid_besides(self):
        plan = self.running()
        with freeze_time("2026-12-05 06:00:00"):
            self.pay(2000, "2026-12-05", plan.partner_id)
            bill = self.create_bill(
                plan.partner_id, month=12, amount=300, amount_arrears=6000, issue=False
            )
            self.force_issue(bill)
        with freeze_time("2026-12-28 06:00:00"):
            plan.invalidate_recordset()
            self.assertEqual(plan.expected, 4300, "down, one instalment, the bill of December")

    def test_payment_before_the_approval_counts(self):
        plan = self.plan()
        plan.action_submit()
        self.pay(2000, "2026-11-23", plan.partner_id)
        plan.with_user(self.manager).action_approve()
        self.assertEqual(plan.state, "running")
        plan.invalidate_recordset()
        self.assertEqual(plan.paid, 2000)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-23 06:00:00")
class TestInstalmentReminder(PlanCommon, WhatsappCommon):
    """Consumers are reminded of instalments, some days before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.create_template(
            "instalment_test",
            "instalment",
            "नमस्ते {{name}} जी, {{office}} की ओर से स्मरण: आपके बकाया बिल की किस्त {{number}} का समय "
            "आ रहा है। "
            "खाता {{account_last4}}, राशि {{amount}}, भुगतान की तिथि {{due_date}} तक है।",
            model="discom.payment.plan.line",
        )

    def remind(self, day):
        with freeze_time(f"{day} 06:00:00"):
            self.run_cron("ir_cron_payment_plan_remind")
        return self.env["discom.whatsapp.message"].search(
            [("res_model", "=", "discom.payment.plan.line"), ("direction", "=", "out")]
        )

    def test_some_days_before_and_once(self):
        plan = self.running(self.owing(amount=8000, lang="hi_IN"))
        with freeze_time("2026-11-24 06:00:00"):
            self.pay(2000, "2026-11-24", plan.partner_id)
        self.assertFalse(self.remind("2026-12-19"), "four days before")
        # The 20th is a Sunday.
        self.assertFalse(self.remind("2026-12-20"), "a closed day")
        messages = self.remind("2026-12-21")
        self.assertEqual(messages.res_id, plan.line_ids[0].id)
        self.assertEqual(
            (messages.state, messages.values["number"], messages.values["amount"]),
            ("queued", "1/3", "₹2,000.00"),
        )
        self.assertEqual(self.remind("2026-12-22"), messages, "once")
        # Paid before the lane comes to it, nothing leaves.
        with freeze_time("2026-12-22 06:00:00"):
            self.pay(2000, "2026-12-22", plan.partner_id)
            WhatsappCommon.run_cron(self, self.account.cron_id)
        self.assertFalse(self.simulator.messages())
        self.assertNotIn(messages.state, ("queued", "sent", "accepted"))

    def test_not_of_what_is_paid_nor_of_a_plan_that_ended(self):
        paid = self.running(self.owing(amount=8000))
        ended = self.running(self.owing(amount=8000))
        with freeze_time("2026-11-24 06:00:00"):
            self.pay(4000, "2026-11-24", paid.partner_id)
        ended.with_user(self.manager).action_cancel()
        self.assertFalse(self.remind("2026-12-21"))
