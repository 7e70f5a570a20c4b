from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_notice_effect import SendingCommon
from .test_notice_field import FieldCommon, photo

HELD = {
    "deceased": "died",
    "court": "court",
    "own_staff": "staff",
    "disputed": "disput",
    "other": "",
}


class StopCommon:
    """Ways in which each reason becomes known."""

    def stop(self, consumer, reason):
        """Make ``reason`` stand against a consumer who already has a step."""
        if reason in HELD:
            self.env["discom.notice.hold"].with_user(self.clerk).create(
                {"partner_id": consumer.id, "reason": reason, "note": "Letter 12"}
            )
        elif reason == "problem":
            self.env["discom.bill.problem"].create(
                {"bill_id": self.bill_of(consumer).id, "kind": "reading"}
            )
        elif reason == "life_support":
            consumer.discom_priority = "life_support"
        elif reason == "scheme":
            self.env["discom.scheme.registration"].create(
                {"scheme_id": self.scheme().id, "partner_id": consumer.id}
            )
        elif reason == "plan":
            self.agree_plan(consumer)

    def scheme(self):
        return self.env["discom.scheme"].create(
            {
                "name": "One time settlement",
                "name_hi": "एकमुश्त समाधान",
                "source": "Test order",
                "date_from": "2026-11-01",
                "date_to": "2027-03-31",
                "phase_ids": [
                    Command.create(
                        {"name": "Only", "date_from": "2026-11-01", "date_to": "2027-03-31"}
                    )
                ],
            }
        )

    def agree_plan(self, consumer):
        """A payment plan, proposed by the clerk and approved by the manager."""
        self.env["discom.bill"]._settle(consumer.ids)
        plan = self.env["discom.payment.plan"].with_user(self.clerk)
        plan = plan.create({"partner_id": consumer.id, "reason": "Crop failure"})
        plan.action_divide()
        plan.action_submit()
        plan.with_user(self.manager).action_approve()


REASONS = (*HELD, "problem", "life_support", "scheme", "plan")


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestStopsOfQueuedMessages(StopCommon, SendingCommon):
    def test_no_message_against_any_reason(self):
        """Each reason that becomes known while a message is queued keeps it from leaving."""
        consumers = {reason: self.owing(amount=8000, lang="hi_IN") for reason in REASONS}
        left = self.owing(lang="hi_IN")
        broadcast = self.sent(self.approve(self.propose("2026-11-23")))
        messages = {message.partner_id: message for message in self.messages(broadcast)}
        self.assertEqual({message.state for message in messages.values()}, {"queued"})
        with freeze_time("2026-11-23 06:05:00"):
            for reason, consumer in consumers.items():
                self.stop(consumer, reason)
        self.lane()
        for reason, consumer in consumers.items():
            with self.subTest(reason):
                self.assertEqual(messages[consumer].state, "cancelled")
        self.assertEqual(
            [message["to"] for message in self.simulator.messages()],
            [left.discom_whatsapp_number.lstrip("+")],
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestStopsOfCutting(StopCommon, FieldCommon):
    def listed_all(self, count):
        consumers = [self.owing(amount=8000) for _place in range(count)]
        run = self.approve(self.propose("2026-12-12"))
        formal = run.notice_ids.filtered(lambda notice: notice.partner_id in consumers)
        run.action_done()
        self.serve(formal, "2026-12-15")
        run = self.approve(self.propose("2026-12-31"))
        notices = {notice.partner_id: notice for notice in run.sudo().notice_ids}
        # Field staff see those who were given to them.
        for consumer in consumers:
            self.give(notices[consumer])
        return [notices[consumer] for consumer in consumers]

    def test_no_cutting_against_any_reason(self):
        """Whatever stands against a listed consumer at the door stands against cutting."""
        *notices, free = self.listed_all(len(REASONS) + 1)
        labels = dict(self.env["discom.notice"]._fields["stop_reason"]._description_selection(
            self.env
        ))  # fmt: skip
        with freeze_time("2026-12-31 06:00:00"):
            for reason, notice in zip(REASONS, notices, strict=True):
                self.assertEqual(notice.state, "listed")
                self.stop(notice.partner_id, reason)
                known = labels["disputed" if reason == "problem" else reason]
                with self.subTest(reason), self.assertRaises(UserError) as caught:
                    notice.with_user(self.surveyor)._record_visit(
                        "disconnected", reading=1, photo=photo()
                    )
                self.assertIn(known, str(caught.exception))
                self.assertEqual(notice.partner_id.discom_status, "live")
            free.with_user(self.surveyor)._record_visit("disconnected", reading=1, photo=photo())
        self.assertEqual(free.state, "disconnected")
