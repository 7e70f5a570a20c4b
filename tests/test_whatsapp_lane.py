from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappLane(WhatsappCommon):
    """Claim, send, settle: against a simulator over HTTP, with every kind of answer."""

    def queue(self, count=1):
        bills = self.env["discom.bill"]
        for _number in range(count):
            bills |= self.create_bill()
        return self.messages(self.send(bills))

    def age(self, message, claimed, unknown):
        """Date back the claim of a message and the doubt about it, in minutes."""
        self.env.flush_all()
        now = fields.Datetime.now()
        self.env.cr.execute(
            "UPDATE discom_whatsapp_message SET claimed_at = %s, write_date = %s WHERE id = %s",
            [now - timedelta(minutes=claimed), now - timedelta(minutes=unknown), message.id],
        )
        message.invalidate_recordset()

    def faults(self, **rule):
        self.simulator.set_faults([rule])

    def test_accepted_messages_carry_their_key(self):
        messages = self.queue(3)
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        self.assertEqual(len(set(messages.mapped("wamid"))), 3)
        received = self.simulator.messages(to=messages[0].phone.lstrip("+"))
        self.assertEqual([m["key"] for m in received], [messages[0].key])
        self.assertIn("₹500", received[0]["body"])

    def test_urgent_messages_leave_first(self):
        messages = self.queue(3)
        messages[2].priority = 10
        self.account.daily_limit = 1
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["queued", "queued", "accepted"])

    def test_outage_does_not_wait_for_what_is_claimed(self):
        """Seconds of bills are claimed ahead; what is more urgent joins them at once, in front."""
        messages = self.queue(14)
        urgent = messages[-1]
        self.account.rate_limit = 4
        # So long that nothing of the first claim is back before the second is made.
        self.simulator.settings(latency_ms=5000)
        self.addCleanup(self.simulator.settings, latency_ms=0)
        model = type(self.account)
        claim, claims = model._claim, []

        def spy(account, count, gate):
            claimed, exhausted = claim(account, count, gate)
            claims.append(claimed.ids)
            if len(claims) == 2:
                account.env.cr.execute(
                    "UPDATE discom_whatsapp_message SET priority = 10 WHERE id = %s", [urgent.id]
                )
            return claimed, exhausted

        with patch.object(model, "_claim", spy):
            self.run_lane()
        self.assertEqual([len(ids) for ids in claims[:3]], [4, 8, 2], "the rest would take long")
        self.assertEqual(claims[2][0], urgent.id)
        self.assertEqual(set(messages.mapped("state")), {"accepted"})

    def test_permanent_error_concerns_one_message(self):
        messages = self.queue(2)
        self.faults(code=131009, details="Bad value", numbers=[messages[0].phone.lstrip("+")])
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["failed", "accepted"])
        self.assertEqual(messages[0].error_code, 131009)
        self.assertIn("Bad value", messages[0].error_text)

    def test_passing_error_is_tried_again_later(self):
        message = self.queue()
        self.faults(code=131016, count=1)
        began = fields.Datetime.now()
        self.run_lane()
        self.assertEqual((message.state, message.attempts), ("queued", 1))
        self.assertGreater(message.retry_at, began + timedelta(seconds=2))
        message.retry_at += timedelta(minutes=5)
        self.run_lane()
        self.assertEqual(message.state, "queued", "not before its time")
        message.retry_at = fields.Datetime.now() - timedelta(seconds=1)
        self.run_lane()
        self.assertEqual(message.state, "accepted")

    def test_passing_error_that_does_not_pass_fails(self):
        message = self.queue()
        self.faults(code=131016)
        for _attempt in range(7):
            self.run_lane()
            message.retry_at = False
        self.assertEqual(message.state, "failed")
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_throttling_slows_down_and_loses_nothing(self):
        messages = self.queue(5)
        self.faults(code=130429, count=2, retry_after=1)
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        self.assertFalse(self.simulator.state()["keys"]["repeated"])

    def test_pair_limit_delays_one_recipient(self):
        messages = self.queue(2)
        self.faults(code=131056, numbers=[messages[0].phone.lstrip("+")], count=1)
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["queued", "accepted"])
        self.assertTrue(messages[0].retry_at)

    def test_paused_template_pauses_the_broadcast(self):
        messages = self.queue(3)
        self.faults(code=132015, details="Template is paused")
        self.run_lane()
        broadcast = messages.broadcast_id
        self.assertEqual(broadcast.state, "paused")
        self.assertIn("132015", broadcast.pause_reason)
        [error] = self.env["discom.whatsapp.error"].search([("code", "=", 132015)])
        self.assertIn(error.meaning_hi, broadcast.with_context(lang="hi_IN").pause_note)
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.simulator.set_faults([])
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"queued"}, "paused means paused")
        broadcast.with_user(self.clerk).action_resume()
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})

    @mute_logger("odoo.addons.discom.models.whatsapp_lane_settle")
    def test_expired_token_halts_the_account_and_keeps_the_queue(self):
        messages = self.queue(3)
        self.faults(code=190, details="The access token has expired")
        self.run_lane()
        self.assertEqual(self.account.state, "halted")
        self.assertIn("expired", self.account.halt_reason)
        [error] = self.env["discom.whatsapp.error"].search([("code", "=", 190)])
        for lang, advice in (("hi_IN", error.advice_hi), ("en_IN", error.advice)):
            account = self.account.with_context(lang=lang)
            self.assertIn(advice, account.halt_note)
            self.assertIn(advice, account.health[0]["value"])
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.assertTrue(self.account.activity_ids, "an administrator has to act")
        self.simulator.set_faults([])
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.account.action_resume()
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})

    @mute_logger("odoo.addons.discom.models.whatsapp_lane_settle")
    def test_account_without_token(self):
        messages = self.queue()
        self.account.access_token = False
        self.account.state = "connected"
        self.run_lane()
        self.assertEqual(self.account.state, "halted")
        self.assertEqual(messages.state, "queued")

    def test_server_that_is_down_loses_nothing(self):
        messages = self.queue(3)
        self.account.write({"base_url": "http://127.0.0.1:1"})
        self.account.state = "connected"
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.assertEqual(set(messages.mapped("attempts")), {0}, "waiting uses up no attempts")
        self.assertTrue(self.account.trouble)
        self.account.write({"base_url": self.simulator.url})
        self.account.state = "connected"
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        self.assertFalse(self.account.trouble)

    def test_dropped_answer_is_unknown_and_settled_by_the_report(self):
        message = self.queue()
        self.faults(kind="drop", count=1)
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        self.run_lane()
        self.assertEqual(self.simulator.state()["keys"]["distinct"], 1, "not sent again")
        message._apply_statuses(
            [{"key": message.key, "wamid": "wamid.X", "status": "delivered", "timestamp": 1}]
        )
        self.assertEqual((message.state, message.wamid), ("delivered", "wamid.X"))

    def test_unknown_is_sent_again_only_when_the_webhook_proves_it_never_arrived(self):
        message = self.queue()
        self.faults(kind="refuse", count=1)
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        self.age(message, claimed=11, unknown=11)
        self.run_lane()
        self.assertEqual(message.state, "unknown", "the webhook has not been heard since")
        self.account.webhook_last_seen = fields.Datetime.now()
        self.run_lane()
        self.assertEqual(message.state, "accepted")

    def test_reports_may_be_late_after_the_server_was_down(self):
        """An hour down: what WhatsApp accepted is reported late, so nothing is sent again early."""
        message = self.queue()
        message.state = "in_flight"
        self.age(message, claimed=60, unknown=60)
        self.account.webhook_last_seen = fields.Datetime.now() + timedelta(seconds=5)
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        self.age(message, claimed=60 + 11, unknown=11)
        self.run_lane()
        self.assertEqual(message.state, "unknown", "as long as the server was down")
        self.age(message, claimed=60 + 61, unknown=61)
        self.run_lane()
        self.assertEqual(message.state, "accepted")

    def test_message_whose_wamid_is_known_is_not_sent_again(self):
        message = self.queue()
        message.write({"state": "unknown", "wamid": "wamid.KNOWN"})
        self.age(message, claimed=100, unknown=100)
        self.account.webhook_last_seen = fields.Datetime.now()
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_leftovers_of_a_dead_worker_are_in_doubt(self):
        message = self.queue()
        message.write({"state": "in_flight", "claimed_at": fields.Datetime.now()})
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_expired_messages_are_not_sent(self):
        message = self.queue()
        message.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.run_lane()
        self.assertEqual((message.state, message.skip_reason), ("cancelled", "expired"))
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_daily_limit_of_recipients(self):
        self.account.daily_limit = 2
        messages = self.queue(3)
        self.run_lane()
        self.assertEqual(sorted(messages.mapped("state")), ["accepted", "accepted", "queued"])
        self.assertGreater(self.account.limit_until, fields.Datetime.now())
        self.run_lane()
        self.assertEqual(messages.mapped("state").count("accepted"), 2)
        a_day_ago = fields.Datetime.now() - timedelta(hours=25)
        self.env["discom.whatsapp.recipient"].search([]).write({"counted_at": a_day_ago})
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})

    def test_cancel_gives_up_what_has_not_left(self):
        messages = self.queue(2)
        broadcast = messages.broadcast_id
        broadcast.with_user(self.clerk).action_cancel()
        self.run_lane()
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.assertEqual(set(messages.mapped("state")), {"cancelled"})
        self.assertEqual(self.simulator.state()["accepted"], 0)
        with self.assertRaises(UserError):
            broadcast.with_user(self.clerk).action_resume()

    def test_withdrawn_consent_stops_what_is_queued(self):
        messages = self.queue(2)
        messages[0].partner_id._discom_record_consent("withdrawn", ["bills"], "whatsapp")
        messages[1].partner_id._discom_record_consent("withdrawn", ["outages"], "whatsapp")
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["cancelled", "accepted"])
        self.assertEqual(messages[0].skip_reason, "opted_out")

    def test_steering_tells_programs_that_it_worked(self):
        """XML-RPC refuses an empty answer, and a program would take what was done for undone."""
        broadcast = self.send(self.create_bill()).with_user(self.clerk)
        for action in ("action_pause", "action_resume", "action_cancel"):
            self.assertIs(getattr(broadcast, action)(), True, action)
        self.assertIs(self.account.with_user(self.administrator).action_halt(), True)

    def test_retry_sends_only_what_failed(self):
        messages = self.queue(2)
        self.faults(code=131009, numbers=[messages[0].phone.lstrip("+")])
        self.run_lane()
        self.simulator.set_faults([])
        messages.with_user(self.clerk).action_retry()
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        self.assertEqual(self.simulator.state()["keys"]["distinct"], 2)
        with self.assertRaises(UserError):
            messages.with_user(self.clerk).action_retry()

    def test_bill_goes_along_as_pdf(self):
        self.create_template(
            "bill_pdf_test", "bill", "नमस्ते {{name}}, बिल {{amount}} का है।", header_type="document"
        )
        bill = self.create_bill()
        template = self.env["discom.whatsapp.template"].search([("name", "=", "bill_pdf_test")])
        message = self.messages(self.send(bill, template_id=template.id))
        self.run_lane()
        self.assertEqual(message.state, "accepted", message.error_text)
        received = self.simulator.messages(to=message.phone.lstrip("+"))[0]
        self.assertTrue(received["media"]["filename"].endswith(".pdf"))
        _status, content = self.simulator.call("GET", f"/simulator/media/{received['media']['id']}")
        self.assertTrue(content.startswith(b"%PDF"))

    def test_pace_of_the_account(self):
        self.account.rate_limit = 20
        messages = self.queue(50)
        with self.departures() as times:
            self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        # Between the first and the last of fifty lie forty-nine pauses.
        self.assertEqual(len(times), 50)
        self.assertGreaterEqual(times[-1] - times[0], 49 / 20)


@tagged("post_install", "-at_install")
class TestWhatsappStatus(WhatsappCommon):
    """Reports of WhatsApp: any order and any repetition end in the same state."""

    def setUp(self):
        super().setUp()
        self.message = self.messages(self.send(self.create_bill()))
        self.message.write({"state": "accepted", "wamid": "wamid.A"})

    def test_order_does_not_matter(self):
        self.statuses(self.message, "read")
        self.statuses(self.message, "sent")
        self.statuses(self.message, "delivered")
        self.assertEqual(self.message.state, "read")
        self.assertTrue(self.message.sent_at and self.message.delivered_at)

    def test_read_implies_delivered(self):
        self.statuses(self.message, "read")
        self.assertTrue(self.message.delivered_at)

    def test_failure_after_sent_and_before_delivered(self):
        self.statuses(self.message, "sent")
        self.statuses(self.message, "failed", error_code=130472, error_text="experiment")
        self.assertEqual((self.message.state, self.message.error_code), ("failed", 130472))
        self.statuses(self.message, "sent")
        self.assertEqual(self.message.state, "failed")
        self.statuses(self.message, "delivered")
        self.assertEqual((self.message.state, self.message.error_code), ("delivered", 0))

    def test_recognised_by_wamid_alone(self):
        self.message._apply_statuses(
            [{"key": None, "wamid": "wamid.A", "status": "delivered", "timestamp": 1}]
        )
        self.assertEqual(self.message.state, "delivered")

    def test_several_in_one_call(self):
        self.env["discom.whatsapp.message"]._apply_statuses(
            [
                {"key": self.message.key, "wamid": "wamid.A", "status": status, "timestamp": 1}
                for status in ("read", "sent", "sent", "delivered")
            ]
        )
        self.assertEqual(self.message.state, "read")

    def test_unknown_and_malformed_rows_change_nothing(self):
        rows = [
            {"key": "nonsense", "wamid": None, "status": "read", "timestamp": 1},
            {"key": None, "wamid": "wamid.other", "status": "read", "timestamp": 1},
            {"key": self.message.key, "wamid": None, "status": "eaten", "timestamp": 1},
        ]
        self.assertEqual(self.message._apply_statuses(rows), 0)
        self.assertEqual(self.message.state, "accepted")

    def test_delivery_proves_and_a_bounce_disproves_the_number(self):
        partner = self.message.partner_id
        partner.discom_kyc_state = "captured"
        self.statuses(self.message, "delivered")
        self.assertEqual(partner.discom_kyc_state, "verified")
        second = self.messages(self.send(self.create_bill()))
        second.write({"state": "accepted"})
        second.partner_id.discom_kyc_state = "captured"
        self.statuses(second, "failed", error_code=131026, error_text="undeliverable")
        self.assertEqual(second.partner_id.discom_kyc_state, "bounced")

    def test_document_shows_the_newest_message(self):
        bill = self.env["discom.bill"].browse(self.message.res_id)
        self.statuses(self.message, "delivered")
        self.assertEqual(bill.whatsapp_state, "delivered")
        found = self.env["discom.bill"].search([("whatsapp_state", "in", ["delivered"])])
        self.assertIn(bill, found)
        untouched = self.create_bill()
        self.assertIn(untouched, self.env["discom.bill"].search([("whatsapp_state", "=", False)]))
        self.assertNotIn(bill, self.env["discom.bill"].search([("whatsapp_state", "=", False)]))
