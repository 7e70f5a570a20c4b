import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..models import whatsapp_lane
from ..models.whatsapp_lane_limit import LIMIT_SLACK
from ..models.whatsapp_message import PRIORITY_REPLY
from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappGate(WhatsappCommon):
    """What a lane holds back before WhatsApp has to."""

    def queue(self, count=1, partners=None):
        bills = self.env["discom.bill"]
        for number in range(count):
            bills |= self.create_bill(partners[number] if partners else None)
        return self.messages(self.send(bills))

    def consumers(self, count, **vals):
        return [self.create_ready_consumer(**vals) for _number in range(count)]

    def write_in(self, message):
        """The consumer of ``message`` wrote a minute ago."""
        self.env["discom.whatsapp.message"].create(
            {
                "key": f"in:{message.phone}",
                "direction": "in",
                "state": "received",
                "account_id": self.account.id,
                "phone": message.phone,
                "sent_at": fields.Datetime.now() - timedelta(minutes=1),
            }
        )

    # === ONE PERSON === #

    def test_distance_between_messages_to_one_phone(self):
        """Five connections, one phone: the first leaves, the others wait in the queue."""
        self.account.pair_seconds = 60
        family = self.consumers(5, discom_whatsapp_number="+919415399001")
        messages = self.queue(6, [*family, self.create_ready_consumer()])
        began = fields.Datetime.now()
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["accepted", *["queued"] * 4, "accepted"])
        ended, second = fields.Datetime.now(), timedelta(seconds=1)
        for number, message in enumerate(messages[1:5], 1):
            self.assertGreaterEqual(message.retry_at, began + (60 * number - 1) * second)
            self.assertLessEqual(message.retry_at, ended + (60 * number + 1) * second)
        self.assertEqual(set(messages[1:5].mapped("attempts")), {0})
        with self.subTest("the next run remembers"):
            messages[1:5].retry_at = False
            self.run_lane()
            self.assertEqual(messages.mapped("state").count("accepted"), 2)

    def test_short_waits_happen_in_the_lane(self):
        self.account.pair_seconds = 1
        family = self.consumers(3, discom_whatsapp_number="+919415399001")
        messages = self.queue(3, family)
        with self.departures() as times:
            self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        self.assertGreater(times[-1] - times[0], 1.99)

    def test_second_message_to_a_phone_waits_for_no_other_run(self):
        self.account.pair_seconds = 5
        family = self.consumers(2, discom_whatsapp_number="+919415399001")
        messages = self.queue(2, family)
        with patch.object(whatsapp_lane, "NEAR_SECONDS", 10), self.departures() as times:
            self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        self.assertGreater(times[-1] - times[0], 4.99)

    def test_nothing_is_waited_for_on_a_number_that_was_stopped(self):
        self.account.pair_seconds = 6
        family = self.consumers(2, discom_whatsapp_number="+919415399001")
        messages = self.queue(2, family)
        with patch.object(whatsapp_lane, "NEAR_SECONDS", 10):
            took = self.interfere(lambda: self.account.write({"state": "halted"}))
        self.assertLess(took, 4)
        self.assertEqual(messages.mapped("state"), ["accepted", "queued"])

    def test_answers_are_not_delayed(self):
        self.account.pair_seconds = 6
        family = self.consumers(3, discom_whatsapp_number="+919415399001")
        messages = self.queue(3, family)
        messages.priority = PRIORITY_REPLY
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})

    def test_refused_pair_holds_everything_for_that_person(self):
        family = self.consumers(2, discom_whatsapp_number="+919415399001")
        messages = self.queue(3, [*family, self.create_ready_consumer()])
        later = messages[1]
        later.retry_at = fields.Datetime.now() - timedelta(seconds=1)
        self.account.rate_limit = 1  # so that the second is not claimed before the first is refused
        self.simulator.set_faults(
            [{"code": 131056, "numbers": ["919415399001"], "count": 1, "retry_after": 60}]
        )
        self.run_lane()
        self.assertEqual(messages[0].state, "queued")
        self.assertEqual(messages[2].state, "accepted")

    # === PEOPLE PER DAY === #

    def test_numbers_of_one_portfolio_share_the_limit(self):
        self.account.write({"daily_limit": 3, "portfolio_id": "77"})
        sibling = self.account.copy(
            {"name": "Second", "phone_number_id": "100000000000777", "portfolio_id": "77"}
        )
        sibling.daily_limit = 0
        self.env["discom.whatsapp.recipient"]._count(
            "77", sibling.id, ["+919415388001", "+919415388002"], fields.Datetime.now()
        )
        self.assertEqual((sibling._daily_limit(), sibling._daily_budget()), (3, 1))
        messages = self.queue(2)
        self.run_lane()
        self.assertEqual(sorted(messages.mapped("state")), ["accepted", "queued"])
        with self.subTest("of another portfolio"):
            self.account.portfolio_id = "78"
            self.run_lane()
            self.assertEqual(set(messages.mapped("state")), {"accepted"})

    def test_limit_counts_people_outside_their_window(self):
        """Who was written to today, or wrote himself, is not one more."""
        self.account.daily_limit = 1
        first, wrote, new = self.queue(3)
        self.run_lane()
        self.assertEqual([first.state, wrote.state, new.state], ["accepted", "queued", "queued"])
        self.write_in(wrote)
        again = self.queue(1, [self.create_ready_consumer(discom_whatsapp_number=first.phone)])
        (wrote | again | new).priority = PRIORITY_REPLY
        self.run_lane()
        self.assertEqual([wrote.state, again.state, new.state], ["accepted", "accepted", "queued"])
        self.assertEqual(self.account._daily_budget(), 0)
        self.assertEqual(self.env["discom.whatsapp.recipient"].search_count([]), 1)

    def test_lane_wakes_when_the_first_person_leaves_the_day(self):
        self.account.daily_limit = 1
        messages = self.queue(2)
        self.run_lane()
        counted = self.env["discom.whatsapp.recipient"].search([])
        self.assertEqual(
            self.account.limit_until, counted.counted_at + timedelta(hours=24) + LIMIT_SLACK
        )
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", self.account.cron_id.id)])
        self.assertIn(self.account.limit_until, triggers.mapped("call_at"))
        self.assertEqual(messages.mapped("attempts"), [1, 0])

    def test_old_recipients_are_deleted(self):
        recipients = self.env["discom.whatsapp.recipient"]
        now = fields.Datetime.now()
        recipients._count("77", self.account.id, ["+919415388001"], now - timedelta(hours=49))
        recipients._count("77", self.account.id, ["+919415388002"], now)
        recipients._gc_recipients()
        self.assertEqual(recipients.search([]).mapped("phone"), ["+919415388002"])

    # === PAUSES === #

    def interfere(self, action):
        """Run the lane and call ``action`` after its first settling."""
        accounts = self.env.registry["discom.whatsapp.account"]
        collect = accounts._collect
        done = []

        def collect_then(account, dispatcher):
            outcomes = collect(account, dispatcher)
            if not done:
                done.append(time.monotonic())
                action()
                self.env.flush_all()
            return outcomes

        with patch.object(accounts, "_collect", collect_then):
            self.run_lane()
        return time.monotonic() - done[0]

    def test_pause_stops_what_is_claimed_ahead(self):
        self.account.rate_limit = 4
        messages = self.queue(30)
        broadcast = messages.broadcast_id
        took = self.interfere(lambda: broadcast.with_user(self.clerk).action_pause())
        self.assertLess(took, 5)
        sent = messages.mapped("state").count("accepted")
        self.assertTrue(0 < sent < 20, sent)
        self.assertEqual(set(messages.mapped("state")), {"accepted", "queued"})
        self.assertEqual(self.simulator.state()["accepted"], sent)
        waiting = messages.filtered(lambda m: m.state == "queued")
        self.assertEqual(set(waiting.mapped("attempts")), {0})
        with self.subTest("resumed"):
            broadcast.with_user(self.clerk).action_resume()
            self.account.rate_limit = 500
            self.run_lane()
            self.assertEqual(set(messages.mapped("state")), {"accepted"})
            self.assertFalse(self.simulator.state()["keys"]["repeated"])

    def test_other_broadcasts_go_on(self):
        # The first claim is of one second: half of what is paused is not even claimed.
        self.account.rate_limit = 5
        paused, other = self.queue(10), self.queue(10)
        self.interfere(lambda: paused.broadcast_id.with_user(self.clerk).action_pause())
        self.assertEqual(set(other.mapped("state")), {"accepted"})
        self.assertIn("queued", paused.mapped("state"))

    def test_cancel_stops_what_is_claimed_ahead(self):
        self.account.rate_limit = 10
        messages = self.queue(30)
        self.interfere(lambda: messages.broadcast_id.with_user(self.clerk).action_cancel())
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.assertEqual(set(messages.mapped("state")), {"accepted", "cancelled"})

    def test_number_stopped_by_hand(self):
        self.account.rate_limit = 10
        messages = self.queue(30)
        self.interfere(lambda: self.account.with_user(self.administrator).action_halt())
        self.assertEqual(set(messages.mapped("state")), {"accepted", "queued"})
        self.assertEqual(self.account.halt_reason, f"Stopped by {self.administrator.name}.")

    def test_retry_after_of_minutes_is_obeyed(self):
        messages = self.queue(3)
        # Also of what is under way already when the first refusal comes.
        self.simulator.set_faults([{"code": 130429, "retry_after": 300}])
        self.account.rate_limit = 2
        began = time.monotonic()
        self.run_lane()
        self.assertLess(time.monotonic() - began, 10, "the lane does not sit it out")
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.assertEqual(set(messages.mapped("attempts")), {0})
        wait = (self.account.paused_until - fields.Datetime.now()).total_seconds()
        self.assertTrue(285 < wait <= 301, wait)
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"queued"}, "not before its time")
        self.account.paused_until -= timedelta(seconds=301)
        self.simulator.set_faults([])
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})

    # === DOCUMENTS === #

    def pdf_template(self):
        return self.create_template(
            "gate_pdf_test",
            "bill",
            "नमस्ते {{name}}, बिल {{amount}} का है।",
            header_type="document",
        )

    def test_document_is_uploaded_once_and_reused(self):
        template = self.pdf_template()
        bill = self.create_bill()
        message = self.messages(self.send(bill, template_id=template.id))
        self.simulator.set_faults([{"code": 131009, "count": 1}])
        self.run_lane()
        self.assertEqual(message.state, "failed")
        ledger = self.env["discom.whatsapp.media"].search([("account_id", "=", self.account.id)])
        self.assertEqual((len(ledger), ledger.wa_media_id), (1, message.wa_media_id))
        self.assertFalse(
            self.env["ir.attachment"].search(
                [("res_model", "=", "discom.bill"), ("res_id", "=", bill.id)]
            ),
            "the document itself is not kept",
        )
        message.with_user(self.clerk).action_retry()
        with patch("odoo.addons.discom.tools.pdf.render", side_effect=AssertionError):
            self.run_lane()
        self.assertEqual(message.state, "accepted", message.error_text)
        self.assertEqual(message.wa_media_id, ledger.wa_media_id)

    def test_upload_that_has_ended_is_made_anew(self):
        template = self.pdf_template()
        message = self.messages(self.send(self.create_bill(), template_id=template.id))
        self.simulator.set_faults([{"code": 131009, "count": 1}])
        self.run_lane()
        first = message.wa_media_id
        message.with_user(self.clerk).action_retry()
        self.simulator.set_faults([{"code": 131053, "count": 1}])
        self.run_lane()
        self.assertEqual(message.state, "queued", "a new upload may do")
        self.assertFalse(self.env["discom.whatsapp.media"].search([("wa_media_id", "=", first)]))
        message.retry_at = False
        self.run_lane()
        self.assertEqual(message.state, "accepted")
        self.assertNotEqual(message.wa_media_id, first)

    def test_upload_that_whatsapp_has_lost_is_made_anew(self):
        """A media id that is unknown is refused with code 100; all messages leave all the same."""
        template = self.pdf_template()
        bill = self.create_bill()
        first = self.messages(self.send(bill, template_id=template.id))
        self.run_lane()
        self.assertEqual(self.simulator.graph("DELETE", first.wa_media_id)[0], 200)
        again = self.messages(self.send(bill, template_id=template.id, resend=True))
        self.run_lane()
        again.retry_at = False
        self.run_lane()
        self.assertEqual(again.state, "accepted")
        self.assertNotEqual(again.wa_media_id, first.wa_media_id)

    def test_one_document_for_many(self):
        """Many messages with one document at once: one upload."""
        template = self.pdf_template()
        bills = self.env["discom.bill"].union(*[self.create_bill() for _number in range(8)])
        same = {bill.id: ("notice.pdf", lambda: b"%PDF-1.4 notice", "same") for bill in bills}
        messages = self.messages(self.send(bills, template_id=template.id))
        with patch.object(
            self.env.registry["discom.bill"], "_whatsapp_document", lambda records, lang: same
        ):
            self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        self.assertEqual(len(set(messages.mapped("wa_media_id"))), 1)

    def test_ledger_ends_before_whatsapp_forgets(self):
        media = self.env["discom.whatsapp.media"]
        media._keep(self.account.id, {"digest": "1"})
        kept = media.search([("digest", "=", "digest")])
        self.assertLess(kept.expires_at, fields.Datetime.now() + timedelta(days=30))
        self.assertEqual(media._known(self.account.id, ["digest"]), {"digest": "1"})
        kept.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env.flush_all()
        self.assertFalse(media._known(self.account.id, ["digest"]))
        media._gc_media()
        self.assertFalse(kept.exists())
