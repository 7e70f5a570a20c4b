from datetime import date, datetime

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from ..models import report_schedule
from ..tools.indian_time import period_over
from .common import DiscomCommon
from .common_workbook import ReadBook

NOW = "2026-11-26 06:00:00"  # a Thursday, half past eleven in India


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestReportSchedule(DiscomCommon):
    """Reports that come by themselves, to whom and with whose rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in (cls.clerk, cls.auditor, cls.manager, cls.clerk_b, cls.counter):
            user.email = f"{user.login}@example.com"
        consumers = [cls.create_consumer(), cls.create_consumer()]
        consumers.append(
            cls.create_consumer(
                discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
            )
        )
        cls.bills = cls.env["discom.bill"].create(
            [
                {
                    "partner_id": consumer.id,
                    "period": date(2026, 10, 1),
                    "bill_date": date(2026, 10, 20),
                    "due_date": date(2026, 11, 5),
                    "line_ids": [Command.create({"head": "energy", "name": "E", "amount": 100})],
                }
                for consumer in consumers
            ]
        )
        cls.bills._set_state("issued")

    def schedule(self, user=None, **vals):
        """A schedule set up in its form."""
        form = Form(self.env["discom.report.schedule"].with_user(user or self.clerk))
        form.report = "discom.bill.delivery.register"
        form.period = "month"
        for name, value in vals.items():
            if name == "recipients":
                for recipient in value:
                    form.recipient_ids.add(recipient)
            else:
                form[name] = value
        return form.save().with_env(self.env)

    def run_due(self, moment=None):
        """Both scheduled actions, at the time of the next turn or at ``moment``."""
        with freeze_time(moment or NOW), self.enter_registry_test_mode():
            self.env.ref("discom.ir_cron_report_schedule").method_direct_trigger()
            self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
        self.env.invalidate_all()

    def mails(self, user):
        return self.env["mail.mail"].search([("recipient_ids", "in", user.partner_id.ids)])

    def test_turns(self):
        for period, hour, expected in (
            ("yesterday", 7, "2026-11-27 01:30:00"),
            ("yesterday", 12, "2026-11-26 06:30:00"),
            ("week", 7, "2026-11-30 01:30:00"),
            ("month", 0, "2026-11-30 18:30:00"),
        ):
            schedule = self.schedule(period=period, hour=hour)
            self.assertEqual(str(schedule.next_run), expected, period)
        days = period_over("week", datetime(2026, 11, 30, 1, 30))
        self.assertEqual(days, (date(2026, 11, 23), date(2026, 11, 29)))
        days = period_over(self.schedule().period, datetime(2026, 11, 30, 20))
        self.assertEqual(days, (date(2026, 11, 1), date(2026, 11, 30)))

    def test_made_and_sent(self):
        schedule = self.schedule(recipients=self.auditor, delivery="attachment")
        self.run_due("2026-11-01 01:00:00")
        self.assertFalse(schedule.job_ids, "not yet")
        schedule.next_run = "2026-11-01 01:30:00"
        self.run_due("2026-11-01 01:30:00")
        job = schedule.job_ids
        self.assertEqual((job.state, job.user_id), ("done", self.clerk))
        # The owner's rights: the bill of the other division is not in it.
        self.assertEqual(len(ReadBook(job.attachment_id.raw).rows()), 2)
        for user in (self.clerk, self.auditor):
            [mail] = self.mails(user)
            self.assertEqual(mail.attachment_ids, job.attachment_id)
        self.assertIn("Sent to 2", schedule.last_result)
        self.assertEqual(str(schedule.next_run), "2026-12-01 01:30:00")
        self.run_due("2026-11-01 01:45:00")
        self.assertEqual(len(schedule.job_ids), 1, "once for each turn")

    def test_link_is_for_recipients(self):
        schedule = self.schedule(recipients=self.auditor)
        schedule.with_user(self.clerk).action_run()
        self.run_due()
        job = schedule.job_ids
        [mail] = self.mails(self.auditor)
        self.assertIn(f"/odoo/discom-reports/{job.id}", mail.body_html)
        self.assertFalse(mail.attachment_ids)
        self.assertTrue(job.attachment_id.with_user(self.auditor).raw)
        for user in (self.manager, self.clerk_b):
            with self.assertRaises(AccessError):
                job.with_user(user).read(["name"])
            with self.assertRaises(AccessError):
                job.attachment_id.with_user(user).read(["raw"])

    def test_large_goes_as_a_link(self):
        self.patch(report_schedule, "MAX_ATTACHMENT", 100)
        schedule = self.schedule(delivery="attachment")
        schedule.with_user(self.clerk).action_run()
        self.run_due()
        [mail] = self.mails(self.clerk)
        self.assertFalse(mail.attachment_ids)
        self.assertIn("/odoo/discom-reports/", mail.body_html)

    def test_recipients_may_see_it(self):
        for user in (self.clerk_b, self.counter):
            with self.assertRaisesRegex(ValidationError, "may not see this report"):
                self.schedule(recipients=user)
        narrow = self.create_user("test_narrow", "group_billing_clerk", self.subdivision_a1)
        with self.assertRaisesRegex(ValidationError, "may not see"):
            self.schedule(recipients=narrow)
        self.assertTrue(self.schedule(recipients=narrow, office_id=self.subdivision_a1))

    def test_recipients_see_no_more_than_by_their_role(self):
        """It is made for the owner: nobody gets by it what is masked or hidden to him."""
        door = {"report": "discom.door.list", "user": self.clerk}
        with self.assertRaisesRegex(ValidationError, r"auditor.* \(sees addresses masked"):
            self.schedule(recipients=self.auditor, **door)
        self.assertTrue(self.schedule(recipients=self.operator, **door))
        field = {"report": "discom.notice.field.list", "period": "yesterday"}
        with self.assertRaisesRegex(ValidationError, r"surveyor.* \(is field staff"):
            self.schedule(recipients=self.surveyor, **field)
        # Where the owner sees them masked, so does who gets it.
        second = self.create_user("test_second", "group_auditor")
        self.assertTrue(self.schedule(user=self.auditor, recipients=second, **field))

    def test_address_duty_lost_before_the_turn(self):
        """Who sees addresses masked meanwhile gets none, in the mail or by the link."""
        self.operator.email = "operator@example.com"
        schedule = self.schedule(report="discom.door.list", recipients=self.operator)
        self.operator.group_ids = [
            Command.unlink(self.env.ref("discom.group_outage_operator").id),
            Command.link(self.env.ref("discom.group_auditor").id),
        ]
        schedule.with_user(self.clerk).action_run()
        self.run_due()
        self.assertFalse(self.mails(self.operator))
        self.assertFalse(schedule.job_ids.with_user(self.operator).has_access("read"))
        self.assertIn("sees addresses masked", schedule.last_result)

    def test_who_lost_the_right_gets_nothing(self):
        schedule = self.schedule(recipients=self.auditor)
        self.auditor.discom_office_ids = self.division_b
        schedule.with_user(self.clerk).action_run()
        self.run_due()
        self.assertFalse(self.mails(self.auditor))
        self.assertFalse(schedule.job_ids.with_user(self.auditor).has_access("read"))
        self.assertIn("Not to", schedule.last_result)
        self.assertTrue(schedule.last_failed)

    def test_rights_of_the_owner_at_that_time(self):
        schedule = self.schedule()
        self.clerk.discom_office_ids = self.division_b
        schedule.action_run()
        self.run_due()
        self.assertEqual(len(ReadBook(schedule.job_ids.attachment_id.raw).rows()), 1)

    def test_failure_is_told_to_the_owner(self):
        schedule = self.schedule(recipients=self.auditor)
        schedule.with_user(self.clerk).action_run()

        def broken(report, *args, **kwargs):
            raise UserError("The disk is full.")  # pylint: disable=translation-required

        self.patch(type(self.env["discom.bill.delivery.register"]), "_write_workbook", broken)
        with mute_logger("odoo.addons.discom.models.report_job"):
            self.run_due()
        self.assertEqual(schedule.job_ids.state, "failed")
        self.assertEqual(schedule.last_result, "The disk is full.")
        self.assertEqual(schedule.activity_ids.user_id, self.clerk)
        self.assertIn("The disk is full.", self.mails(self.clerk).body_html)
        self.assertFalse(self.mails(self.auditor))

    def test_owner_reads_the_own_language(self):
        self.clerk.lang = "hi_IN"
        schedule = self.schedule(recipients=self.auditor)
        schedule.with_user(self.clerk).action_run()
        self.run_due()
        self.assertIn("भेजी गई", schedule.last_result)

        def broken(report, *args, **kwargs):
            raise MemoryError

        self.patch(type(self.env["discom.bill.delivery.register"]), "_write_workbook", broken)
        with mute_logger("odoo.addons.discom.models.report_job"):
            schedule.with_user(self.clerk).action_run()
            self.run_due()
        self.assertIn("रिपोर्ट", schedule.last_result)
        self.assertIn("रिपोर्ट", schedule.activity_ids.summary)

    def test_mail_that_could_not_be_sent(self):
        schedule = self.schedule(recipients=self.auditor)
        schedule.with_user(self.clerk).action_run()
        self.run_due()
        self.mails(self.auditor).write({"state": "exception", "failure_reason": "No such mailbox"})
        self.run_due()
        self.assertIn("No such mailbox", schedule.last_result)
        self.assertEqual(schedule.activity_ids.user_id, self.clerk)
        self.run_due()
        self.assertEqual(len(schedule.activity_ids), 1, "once")

    def test_role_lost(self):
        schedule = self.schedule()
        self.clerk.group_ids -= self.env.ref("discom.group_billing_clerk")
        self.env.cr.execute(
            "UPDATE discom_report_schedule SET next_run = %s WHERE id = %s", [NOW, schedule.id]
        )
        schedule.invalidate_recordset()
        with mute_logger("odoo.addons.discom.models.report_schedule", "odoo.addons.base.models"):
            self.run_due()
        self.assertFalse(schedule.job_ids)
        self.assertTrue(schedule.last_failed)
        self.assertEqual(schedule.activity_ids.user_id, self.clerk)
        self.assertGreater(schedule.next_run, datetime(2026, 11, 26, 6))

    def test_owner_has_left(self):
        schedule = self.schedule()
        self.clerk.active = False
        schedule.next_run = NOW
        self.run_due()
        self.assertEqual((schedule.state, schedule.last_failed), ("paused", True))

    def test_pause(self):
        schedule = self.schedule()
        schedule.with_user(self.clerk).action_pause()
        schedule.next_run = NOW
        self.run_due()
        self.assertFalse(schedule.job_ids)
        schedule.with_user(self.clerk).action_resume()
        self.assertGreater(schedule.next_run, datetime(2026, 11, 26, 6))

    def test_nothing_to_report(self):
        schedule = self.schedule(report="discom.effect.report")
        shown = schedule.with_user(self.clerk).action_run()["params"]
        self.assertEqual(shown["type"], "warning")
        self.assertIn("Nothing to report", shown["message"])
        self.assertFalse(schedule.job_ids)

    def test_one_s_own(self):
        schedule = self.schedule()
        self.assertFalse(self.env["discom.report.schedule"].with_user(self.manager).search([]))
        with self.assertRaises(AccessError):
            schedule.with_user(self.manager).action_run()
        with self.assertRaises(AccessError):
            schedule.with_user(self.clerk).write({"user_id": self.manager.id})
        with self.assertRaises(AccessError):
            self.env["discom.report.schedule"].with_user(self.clerk).create(
                {
                    "report": "discom.bill.delivery.register",
                    "user_id": self.manager.id,
                    "recipient_ids": [Command.set(self.clerk.ids)],
                }
            )

    def test_from_the_dialog(self):
        wizard = Form(self.env["discom.door.list"].with_user(self.clerk))
        wizard.office_id = self.subdivision_a1
        action = wizard.save().action_schedule()
        model = self.env[action["res_model"]].with_user(self.clerk)
        form = Form(model.with_context(**action["context"]))
        self.assertEqual(form.report, "discom.door.list")
        self.assertEqual(form.office_id, self.subdivision_a1)

    def from_dialog(self, report, user=None, **chosen):
        """A schedule set up by *Send regularly* in the dialog of ``report``, as chosen there."""
        wizard = Form(self.env[report].with_user(user or self.clerk))
        for name, value in chosen.items():
            wizard[name] = value
        action = wizard.save().action_schedule()
        model = self.env[action["res_model"]].with_user(user or self.clerk)
        return Form(model.with_context(**action["context"]))

    def test_filters_of_the_dialog_are_kept(self):
        self.bills[0].partner_id.discom_never_paid = True
        # Ages are counted at night.
        self.env["discom.ageing"]._refresh(
            SQL("SELECT UNNEST(%s::integer[])", self.bills.partner_id.ids)
        )
        category = self.bills[0].partner_id.discom_category_id
        form = self.from_dialog(
            "discom.arrears.report", lang="en_US", category_id=category, never_paid=True, minimum=50
        )
        schedule = form.save().with_env(self.env)
        self.assertEqual(
            schedule.filters, {"category_id": category.id, "minimum": 50.0, "never_paid": True}
        )
        self.assertIn("Only who never paid", schedule.filter_text)
        self.assertIn(f"Tariff category: {category.display_name}", schedule.filter_text)
        schedule.with_user(self.clerk).action_run()
        self.run_due()
        job = schedule.job_ids
        self.assertEqual(job.state, "done", schedule.last_result)
        self.assertEqual(
            (job.params["category_id"], job.params["never_paid"], job.params["minimum"]),
            (category.id, True, 50),
        )
        rows = ReadBook(job.attachment_id.raw).rows()
        self.assertEqual([row["Account number"] for row in rows], [self.bills[0].account_no])

    def test_filters_are_said_as_everywhere(self):
        form = self.from_dialog("discom.arrears.report", lang="en_US", minimum=123456.5)
        self.assertEqual(form.save().filter_text, "Dues from (₹): 1,23,456.5")

    def test_another_report_knows_other_filters(self):
        form = self.from_dialog("discom.arrears.report", never_paid=True)
        form.report = "discom.door.list"
        self.assertFalse(form.filter_text)
        self.assertFalse(form.save().filters)

    def test_filters_that_make_no_sense(self):
        schedule = self.schedule(report="discom.message.cost")
        for filters in (
            {"never_paid": True},
            {"selected_domain": [["id", ">", 0]]},
            {"office_id": self.subdivision_b1.id},
            {"date_from": "2020-01-01"},
            ["account_id"],
            {"account_id": {"a": 1}},
        ):
            with self.subTest(filters=filters), self.assertRaises(ValidationError):
                schedule.with_user(self.clerk).filters = filters
        reach = self.schedule(report="discom.reachability")
        with self.assertRaisesRegex(ValidationError, "does not exist"):
            reach.with_user(self.clerk).filters = {"only": "no such choice"}

    def test_what_was_chosen_has_been_deleted(self):
        category = self.env["discom.category"].create({"code": "T-9", "name": "Test"})
        schedule = self.from_dialog("discom.arrears.report", category_id=category).save()
        schedule = schedule.with_env(self.env)
        category.unlink()
        schedule.next_run = NOW
        with mute_logger("odoo.addons.discom.models.report_schedule"):
            self.run_due()
        self.assertFalse(schedule.job_ids, "not with everybody in it")
        self.assertIn("Tariff category has been deleted", schedule.last_result)
        self.assertEqual(schedule.activity_ids.user_id, self.clerk)

    def test_days_ahead(self):
        """A register of what is planned looks ahead from the morning on which it is sent."""
        schedule = self.from_dialog("discom.outage.register", self.operator, what="ahead").save()
        self.assertEqual(schedule.filters, {"what": "ahead"})
        for period, days in (
            ("yesterday", "2026-11-26 to 2026-11-26"),
            ("week", "2026-11-23 to 2026-11-29"),
            ("month", "2026-11-01 to 2026-12-01"),
        ):
            schedule.period = period
            self.assertIn(days, schedule.action_run()["params"]["message"])

    def test_choice_is_what_one_may_make(self):
        choice = dict(
            self.env["discom.report.schedule"].with_user(self.operator)._selection_report()
        )
        self.assertIn("discom.outage.register", choice)
        self.assertNotIn("discom.arrears.report", choice)
