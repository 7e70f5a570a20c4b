from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common_whatsapp import WebhookCommon

LANE = "odoo.addons.discom.models.whatsapp_lane_settle"
ERROR = "odoo.addons.discom.models.whatsapp_error"


@tagged("post_install", "-at_install")
class TestWhatsappError(WebhookCommon):
    """Each code of the table, told at once and by webhook, has the effect the table states."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.errors = cls.env["discom.whatsapp.error"]

    def setUp(self):
        super().setUp()
        self.fallback = []
        messages = self.env.registry["discom.whatsapp.message"]
        patcher = patch.object(
            messages,
            "_fallback",
            lambda records, reason: self.fallback.append((records.ids, reason)),
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def queue(self):
        """Queue a message to a new consumer."""
        self.partner = self.create_ready_consumer()
        self.partner._discom_record_consent("given", ["other"], "counter")
        return self.messages(self.send(self.create_bill(self.partner)))

    def refuse(self, message, code, via):
        """Have WhatsApp refuse the message with ``code``, once."""
        self.simulator.reset(keep=["templates"])
        self.last_webhook = 0
        self.simulator.set_faults([{"code": code, "via": via, "count": 1, "details": "Said so"}])
        self.began = fields.Datetime.now()
        self.run_lane()
        if via == "webhook":
            self.simulator.drain()
            self.deliver()
            self.apply()
        self.env.invalidate_all()

    def reset(self, message):
        """Undo what the last code did to the sending number."""
        message.write({"state": "cancelled"})
        self.account.write({"state": "connected", "halt_reason": False})
        self.account.activity_ids.unlink()
        self.fallback.clear()

    def waits(self, message, seconds, share=0.3):
        """The next try of a queued message is about ``seconds`` after its refusal, which came
        since ``began``."""
        self.assertEqual(message.state, "queued")
        # Times are kept without their fractions.
        wait, slack = timedelta(seconds=seconds), timedelta(seconds=seconds * share + 1)
        self.assertGreaterEqual(message.retry_at, self.began + wait - slack)
        self.assertLessEqual(message.retry_at, fields.Datetime.now() + wait + slack)

    # === EXPECTATIONS, BY ACTION === #

    def expect_retry(self, message, via):
        self.waits(message, 5)
        self.assertEqual(message.attempts, 1)

    def expect_throttle(self, message, via):
        if via == "webhook":
            self.waits(message, 5)
        else:
            self.assertEqual((message.state, message.attempts), ("accepted", 1))

    def expect_pair(self, message, via):
        self.waits(message, 1)

    def expect_wait(self, message, via):
        self.waits(message, 24 * 3600, 0)

    def expect_hold(self, message, via):
        self.assertEqual((message.state, message.broadcast_id.state), ("queued", "paused"))
        self.assertIn("Said so", message.broadcast_id.pause_reason)

    def expect_stop(self, message, via):
        self.assertEqual((message.state, self.account.state), ("queued", "halted"))
        self.assertTrue(self.account.activity_ids)

    def expect_fail(self, message, via):
        self.assertEqual(message.state, "failed")

    def expect_opt_out(self, message, via):
        self.assertEqual(message.state, "failed")
        self.assertEqual(self.partner.discom_consent_other, "withdrawn")
        self.assertEqual(self.partner.discom_consent_bills, "given")

    def expect_fallback(self, message, via):
        self.assertEqual(message.state, "failed")
        self.assertEqual(self.partner.discom_kyc_state, "bounced")
        self.assertEqual(self.fallback, [(message.ids, "not_on_whatsapp")])

    @mute_logger(LANE)
    def check_all(self, via):
        for error in self.errors.search([("kind", "!=", "unknown")]):
            for code in {error.code, error.last_code}:
                with self.subTest(code=code, action=error.action):
                    message = self.queue()
                    self.refuse(message, code, via)
                    getattr(self, f"expect_{error.action}")(message, via)
                    if error.action != "throttle" or via == "webhook":
                        self.assertEqual(
                            (message.error_code, message.error_text), (code, "Said so")
                        )
                    self.assertTrue(error.last_seen)
                    if error.action != "fallback":
                        self.assertFalse(self.fallback)
                    if error.action != "stop":
                        self.assertEqual(self.account.state, "connected")
                    self.reset(message)

    def test_each_code_at_once(self):
        self.check_all("sync")

    def test_each_code_by_webhook(self):
        self.check_all("webhook")

    # === THE TABLE === #

    def test_every_code_of_the_facts_is_there(self):
        codes = self.errors._rules()
        for code in (0, 1, 4, 100, 190, 250, 368, 80007, 130429, 131026, 131049, 131056, 132015):
            self.assertIn(code, codes)
        for error in self.errors.search([("kind", "!=", "unknown")]):
            for name in ("meaning", "meaning_hi", "advice", "advice_hi", "source"):
                self.assertTrue(error[name], f"{error.code} {name}")

    @mute_logger(ERROR)
    def test_unknown_code_fails_and_is_shown(self):
        message = self.queue()
        with self.assertLogs(ERROR, "WARNING") as log:
            self.refuse(message, 199999, "sync")
        self.assertIn("199999", log.output[0])
        self.assertNotIn(message.phone.lstrip("+"), log.output[0])
        self.assertEqual((message.state, message.error_meaning), ("failed", "Said so"))
        error = self.errors.search([("code", "=", 199999)])
        self.assertEqual((error.kind, error.action, error.message_count), ("unknown", "fail", 1))
        self.assertEqual(
            self.env["discom.whatsapp.message"].search(error.action_open_messages()["domain"]),
            message,
        )
        with self.subTest("an administrator decides"):
            error.with_user(self.administrator).action = "retry"
            message = self.queue()
            self.refuse(message, 199999, "sync")
            self.waits(message, 5)

    def test_staff_read_it_in_their_language(self):
        message = self.queue()
        self.refuse(message, 131026, "sync")
        english = message.with_user(self.clerk).with_context(lang="en_IN")
        hindi = message.with_user(self.clerk).with_context(lang="hi_IN")
        self.assertIn("not on WhatsApp", english.error_meaning)
        self.assertIn("कागज़", hindi.error_advice)
        self.assertNotEqual(english.error_meaning, hindi.error_meaning)

    def test_decision_of_an_administrator_survives_an_update(self):
        error = self.errors.search([("code", "=", 131026)])
        data = self.env["ir.model.data"].search(
            [("model", "=", error._name), ("res_id", "=", error.id)]
        )
        self.assertFalse(data.noupdate)
        with Form(error.with_user(self.administrator)) as form:
            form.action = "fail"
        self.assertTrue(data.noupdate)

    def test_rows_are_checked(self):
        values = {"code": 199001, "name": "x", "meaning": "x"}
        self.assertEqual(self.errors.create(values).last_code, 199001)
        for bad, error in (
            ({"code": 250}, ValidationError),
            ({"code": 199002, "last_code": 199001}, CheckViolation),
            ({"code": 199002, "last_code": 299002}, CheckViolation),
            ({"code": 199002, "action": "wait"}, CheckViolation),
        ):
            with self.subTest(bad), self.assertRaises(error), mute_logger("odoo.sql_db"):
                self.errors.create({**values, **bad})
        with self.assertRaises(AccessError):
            self.errors.with_user(self.clerk).create({**values, "code": 199003})
        self.errors.with_user(self.clerk).search([]).read(["meaning"])

    # === REPORTS IN ANY ORDER === #

    def test_late_reports_of_a_failed_life_do_not_touch_the_next(self):
        """Failed, queued again: 'sent' of the first try comes late, then the second is accepted."""
        message = self.queue()
        self.refuse(message, 131000, "webhook")
        self.waits(message, 5)
        old = {"key": message.key, "wamid": message.wamid, "timestamp": 1_800_000_000}
        message._apply_statuses([{**old, "status": "sent"}])
        self.assertEqual(message.state, "queued", "late news of what has failed")
        message.retry_at = fields.Datetime.now() - timedelta(seconds=1)
        self.run_lane()
        self.assertEqual(message.state, "accepted")
        self.assertNotEqual((message.key, message.wamid), (old["key"], old["wamid"]))
        message._apply_statuses([{**old, "status": "failed", "error_code": 131000}])
        self.assertEqual(message.state, "accepted")

    def test_delivery_after_all_ends_the_waiting(self):
        message = self.queue()
        self.refuse(message, 131000, "webhook")
        message._apply_statuses(
            [{"key": message.key, "wamid": message.wamid, "status": "delivered", "timestamp": 1}]
        )
        self.assertEqual(message.state, "delivered")
        message.retry_at = False
        self.simulator.reset(keep=["templates"])
        self.run_lane()
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_refusal_told_twice(self):
        """Told at once and by webhook: the report of the refused call does not fail the next."""
        message = self.queue()
        self.refuse(message, 131016, "sync")
        message.retry_at = fields.Datetime.now() - timedelta(seconds=1)
        self.simulator.set_faults([])
        self.run_lane()
        self.assertEqual(message.state, "accepted")
        message._apply_statuses(
            [
                {
                    "key": message.key,
                    "wamid": "wamid.of-the-refused",
                    "status": "failed",
                    "error_code": 131016,
                    "timestamp": 1_700_000_000,
                }
            ]
        )
        self.assertEqual(message.state, "accepted")

    def test_failure_without_a_code_concerns_one_message(self):
        message = self.queue()
        self.run_lane()
        self.statuses(message, "failed")
        self.assertEqual((message.state, self.account.state), ("failed", "connected"))

    # === DOUBT AND TIME === #

    def test_reports_that_were_missing_may_be_late(self):
        """The webhook was out of reach for three hours: a message in doubt waits as long again."""
        message = self.queue()
        self.simulator.set_faults([{"kind": "refuse", "count": 1}])
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        now = fields.Datetime.now()
        self.account.webhook_last_seen = now - timedelta(hours=3)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE discom_whatsapp_message SET claimed_at = %s, write_date = %s WHERE id = %s",
            [now - timedelta(minutes=30), now - timedelta(minutes=30), message.id],
        )
        self.post({"object": "whatsapp_business_account", "entry": []})
        self.apply()
        wait = self.account.doubt_until - now
        self.assertTrue(timedelta(hours=2) < wait < timedelta(hours=3.1), wait)
        self.run_lane()
        self.assertEqual(message.state, "unknown", "its report may still come")
        self.account.doubt_until = now - timedelta(seconds=1)
        self.run_lane()
        self.assertEqual(message.state, "accepted")

    def test_not_delivered_within_the_time_to_live(self):
        """WhatsApp drops it in silence; a delivery that is reported after all counts."""
        self.template.ttl_seconds = 3600
        late, fresh, other = self.queue(), self.queue(), self.queue()
        (late | fresh | other).write({"state": "sent"})
        other.state = "delivered"
        now = fields.Datetime.now()
        (late | other).write({"claimed_at": now - timedelta(minutes=75)})
        fresh.claimed_at = now - timedelta(minutes=65)
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_expire"))
        self.assertEqual((late.state, fresh.state, other.state), ("failed", "sent", "delivered"))
        self.assertIn("in time", late.error_meaning)
        self.assertEqual(self.fallback, [(late.ids, "expired")])
        self.statuses(late, "delivered")
        self.assertEqual((late.state, late.error_text), ("delivered", False))
