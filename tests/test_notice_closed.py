from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_notice_effect import SendingCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestNoticeClosed(SendingCommon):
    """What was queued before a closed day leaves on the next open one, and not before."""

    def queued(self):
        """A broadcast of overdue messages that has not left."""
        return self.sent(self.approve(self.propose("2026-11-23")))

    def states(self, broadcast):
        return set(self.messages(broadcast).mapped("state"))

    def test_waits_for_the_next_open_day(self):
        """The 25th a holiday everywhere, the 29th a Sunday; what is left leaves on the 26th."""
        self.owing(lang="hi_IN")
        broadcast = self.queued()
        self.env["discom.holiday"].create({"name": "Test", "date": "2026-11-25"})
        self.lane("2026-11-25 06:00:00")
        self.assertEqual((self.states(broadcast), self.simulator.messages()), ({"queued"}, []))
        with freeze_time("2026-11-25 06:00:00"):
            self.env.invalidate_all()
            self.assertIn("closed", broadcast.wait_reason)
        # 18:40 UTC is the 26th in India.
        self.lane("2026-11-25 18:40:00")
        self.assertEqual(self.states(broadcast), {"accepted"})
        self.assertEqual(len(self.simulator.messages()), 1)

    def test_scheduled_from_a_closed_day(self):
        """Written on Sunday the 29th, it leaves when the offices open on Monday."""
        self.owing(lang="hi_IN")
        run = self.approve(self.propose("2026-11-23"))
        with freeze_time("2026-11-29 06:00:00"):
            run.invalidate_recordset(["closed_text"])
            clerk = run.with_user(self.clerk)
            self.assertIn("Monday 30 November", clerk.closed_text)
            action = clerk.action_send_overdue()
            composer = self.env[action["res_model"]].with_user(self.clerk).browse(action["res_id"])
            self.assertEqual(composer.send_at, datetime(2026, 11, 30, 4, 30), "10:00 in India")
            composer.action_send()
            broadcast = composer.broadcast_id.sudo()
            self.assertEqual((broadcast.state, broadcast.user_id), ("scheduled", self.clerk))
            clerk.invalidate_recordset()
            self.assertIn("Monday 30 November", clerk.waiting_text)
            with self.assertRaisesRegex(UserError, "Cancel that broadcast"):
                clerk.action_send_overdue()
        planning = self.env.ref("discom.ir_cron_whatsapp_broadcast")
        with freeze_time("2026-11-30 04:00:00", tick=True):
            self.run_cron(planning)
        self.assertEqual(broadcast.state, "scheduled")
        with freeze_time("2026-11-30 04:31:00", tick=True):
            self.run_cron(planning)
        self.assertEqual(self.states(broadcast), {"queued"})
        self.assertEqual(run.notice_ids.state, "sent")
        self.lane("2026-11-30 04:32:00")
        self.assertEqual(self.states(broadcast), {"accepted"})

    def test_what_is_sent_on_a_closed_day_says_when_it_leaves(self):
        consumer = self.create_ready_consumer()
        self.create_bill(consumer, amount=100)
        self.create_template("overdue_bill", "overdue", self.template.body)
        for day, said in (("2026-11-29", "30-11-2026"), ("2026-11-30", "At once")):
            with freeze_time(f"{day} 06:00:00"):
                composer = self.compose(self.bill_of(consumer), "overdue")
                self.assertIn(said, composer.start_summary)

    def test_sundays_and_second_saturdays_as_set(self):
        self.owing(lang="hi_IN")
        broadcast = self.queued()
        self.lane("2026-11-29 06:00:00")
        self.assertEqual(self.states(broadcast), {"queued"})
        self.company.discom_closed_sundays = False
        self.lane("2026-11-29 06:00:00")
        self.assertEqual(self.states(broadcast), {"accepted"})

    def test_only_where_the_office_is_closed(self):
        """A holiday of one subdivision holds its consumers back, nobody else."""
        here = self.owing(lang="hi_IN")
        there = self.owing(
            lang="hi_IN", discom_office_id=self.subdivision_b1.id,
            discom_asset_id=self.transformer_b11.id,
        )  # fmt: skip
        broadcast = self.queued()
        message = self.messages(broadcast)
        self.assertEqual(message.partner_id, here)
        holiday = {"name": "Fair", "date": "2026-11-24", "office_id": self.division_b.id}
        self.env["discom.holiday"].create(holiday)
        other = message.copy({"partner_id": there.id, "office_id": self.subdivision_b1.id})
        self.lane("2026-11-24 06:00:00")
        self.assertEqual((message.state, other.state), ("accepted", "queued"))

    def test_bills_answers_and_reminders_of_bills(self):
        """What asks for money waits, whatever document it is of; bills and answers do not."""
        consumer = self.create_ready_consumer()
        self.create_bill(consumer, amount=100)
        bill = self.bill_of(consumer)
        self.create_template("overdue_bill", "overdue", self.template.body)
        with freeze_time("2026-11-23 06:00:00"):
            ordinary = self.messages(self.send(bill))
            reminder = self.messages(self.send(bill, "overdue"))
            answer = self.env["discom.whatsapp.message"].create(
                {
                    "account_id": self.account.id,
                    "partner_id": consumer.id,
                    "office_id": consumer.discom_office_id.id,
                    "phone": consumer.discom_whatsapp_number,
                    "lang": "hi_IN",
                    "priority": 5,
                    "body": "नमस्ते",
                }
            )
        self.assertEqual((ordinary.state, reminder.state), ("queued", "queued"))
        self.lane("2026-11-29 06:00:00")
        self.assertEqual(
            (ordinary.state, reminder.state, answer.state), ("accepted", "queued", "accepted")
        )

    def test_closed_offices_agree_with_the_calendar_of_each(self):
        """The lane's set of closed offices is what the calendar says office by office."""
        holidays = self.env["discom.holiday"]
        for day, office in (
            ("2026-11-24", False),
            ("2026-11-25", self.division_a.id),
            ("2026-11-26", self.subdivision_b1.id),
        ):
            holidays.create({"name": "Test", "date": day, "office_id": office})
        offices = self.env["discom.office"].search([])
        for day in (date(2026, 11, day) for day in range(13, 30)):
            closed = set(holidays._closed_offices(day))
            for office in offices:
                with self.subTest(day=day, office=office.name):
                    self.assertEqual(office.id in closed, holidays._closed(office, day, day)(day))
