from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.kyc_code import TRIES, USER_TRIES
from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestKycCode(WhatsappCommon):
    """The code, from the button through WhatsApp to the counter."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator.settings(template_review_ms=0)
        blueprints = cls.env["discom.whatsapp.template"].search(
            [("account_id", "=", False), ("purpose", "in", ("kyc_code", "welcome"))]
        )
        cls.templates = blueprints.copy({"account_id": cls.account.id})
        for template in cls.templates:
            assert template._submit() is None
        cls.consumer = cls.create_consumer(lang="hi_IN", name="Sita Devi")

    def setUp(self):
        super().setUp()
        self.templates.status = "approved"
        self.simulator.drain()

    def _send(self, user=None, consumer=None):
        return (consumer or self.consumer).with_user(user or self.counter)._discom_send_code()

    def _check(self, text, user=None, consumer=None):
        return (consumer or self.consumer).with_user(user or self.counter)._discom_check_code(text)

    def _received(self):
        """Return the code as the phone shows it."""
        self.run_lane()
        [message] = self.simulator.messages(to=self.consumer.discom_whatsapp_number[1:])
        self.assertEqual(message["template"]["category"], "AUTHENTICATION")
        self.assertIn("सत्यापन कोड", message["body"])
        return message["parameters"]["1"]

    def _wrong(self, code):
        return str((int(code) + 1) % 10**6).zfill(6)

    def _later(self, code, **delta):
        """Let the code have been sent earlier."""
        self.env.flush_all()
        self.cr.execute(
            "UPDATE discom_kyc_code SET create_date = create_date - %s,"
            " expires_at = expires_at - %s WHERE id = %s",
            [timedelta(**delta), timedelta(**delta), code.id],
        )
        code.invalidate_recordset()

    def test_number_changed_while_the_code_is_queued(self):
        """The code goes neither to the old number nor to the new one."""
        self._send()
        self.consumer.with_user(self.clerk).discom_whatsapp_number = "+919415299998"
        self.run_lane()
        message = self.env["discom.whatsapp.message"].search(
            [("purpose", "=", "kyc_code"), ("partner_id", "=", self.consumer.id)]
        )
        self.assertEqual((message.state, message.skip_reason), ("cancelled", "not_applicable"))
        self.assertFalse(self.simulator.messages())

    def test_told_back(self):
        self._send()
        code = self._received()
        self.assertRegex(code, r"^\d{6}$")
        devanagari = code.translate(str.maketrans("0123456789", "०१२३४५६७८९"))
        self.assertEqual(self._check(f" {devanagari[:3]} {devanagari[3:]} "), "proved")
        self.assertEqual(self.consumer.discom_kyc_state, "verified")
        event = self.consumer.discom_kyc_event_ids[0]
        self.assertRecordValues(
            event,
            [
                {
                    "field": "discom_kyc_state",
                    "old": "captured",
                    "new": "verified",
                    "user_id": self.counter.id,
                    "evidence": "Code told back",
                }
            ],
        )
        self.assertEqual(self._check(code), "none", "a code is good for one time")

    def test_code_leaves_first_and_is_written_nowhere(self):
        bill = self.create_bill()
        queued = self.messages(self.send(bill))
        record = self._send()
        message = self.env["discom.whatsapp.message"].search([("res_id", "=", record.id)], limit=1)
        self.assertLess(message.priority, queued.priority)
        self.assertEqual(message.expires_at, record.expires_at)
        code = self._received()
        self.env.flush_all()
        for table in ("discom_whatsapp_message", "discom_kyc_code"):
            self.cr.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 the two names above
            self.assertFalse([row for (row,) in self.cr.fetchall() if code in row.split(",")])
        self.assertNotIn(code, message.text)
        self.assertFalse(message.values)
        for user in (self.counter, self.manager, self.administrator):
            with self.assertRaises(AccessError):
                record.with_user(user).read(["nonce"])

    def test_five_tries(self):
        self._send()
        code = self._received()
        for _number in range(TRIES - 1):
            self.assertEqual(self._check(self._wrong(code)), "wrong")
        self.assertEqual(self._check("x"), "tries")
        self.assertEqual(self._check(code), "tries", "the right one comes too late")
        self.assertEqual(self.consumer.discom_kyc_state, "captured")

    def test_bad_codes(self):
        self._send()
        for text in ("", None, "12345", "1234567", "abcdef", "१२३"):
            with self.subTest(text=text):
                self.consumer.env["discom.kyc.code"].search([], limit=1).sudo().tries = 0
                self.assertEqual(self._check(text), "wrong")

    def test_ten_minutes(self):
        record = self._send()
        code = self._received()
        self._later(record, minutes=11)
        self.assertEqual(self._check(code), "expired")

    def test_expired_code_is_not_sent(self):
        record = self._send()
        self._later(record, minutes=11)
        message = self.env["discom.whatsapp.message"].search([("res_id", "=", record.id)], limit=1)
        message.expires_at = record.expires_at
        self.run_lane()
        self.assertEqual((message.state, message.skip_reason), ("cancelled", "expired"))

    def test_one_a_minute(self):
        record = self._send()
        with self.assertRaisesRegex(UserError, "minute"):
            self._send()
        neighbour = self.create_consumer(
            discom_whatsapp_number=self.consumer.discom_whatsapp_number
        )
        with self.assertRaisesRegex(UserError, "minute"):
            self._send(consumer=neighbour)
        self._later(record, seconds=61)
        old = record._code()
        self._send()
        self.assertEqual(record.state, "void")
        self.assertEqual(self._check(old), "wrong", "the newest code counts")

    def test_several_at_the_same_moment(self):
        """Requests that run beside each other do not see each other's code; the database does."""
        record = self._send()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            record.copy()

    def test_limit_per_user(self):
        record = self._send()
        code = self._received()
        other = self._send(consumer=self.create_consumer())
        other.tries = USER_TRIES
        self.assertEqual(self._check(code), "user")
        self._later(other, hours=2)
        self.assertEqual(self._check(code), "proved")
        self.assertEqual(record.state, "proved")

    def test_who_sent_it_types_it(self):
        self._send()
        code = self._received()
        self.assertEqual(self._check(code, user=self.manager), "other")
        for user in (self.auditor, self.clerk_b):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._check(code, user=user)
        with self.assertRaises(AccessError):
            self._send(user=self.clerk_b)

    def test_number_changed_meanwhile(self):
        self._send()
        code = self._received()
        self.consumer.discom_whatsapp_number = "9415300009"
        self.assertEqual(self._check(code), "none")

    def test_welcome_stops_with_the_consent(self):
        ready = self.create_ready_consumer()
        message = ready._discom_welcome()
        ready._discom_record_consent("withdrawn", ["bills"], "whatsapp")
        self.run_lane()
        self.assertEqual((message.state, message.skip_reason), ("cancelled", "opted_out"))

    def test_nothing_to_send_to_or_with(self):
        nobody = self.create_consumer(discom_whatsapp_number=False)
        with self.assertRaisesRegex(UserError, "Enter it first"):
            self._send(consumer=nobody)
        self.templates.status = "paused"
        with self.assertRaisesRegex(UserError, "template"):
            self._send()
        self.templates.status = "approved"
        self.account.state = "halted"
        with self.assertRaisesRegex(UserError, "sending number"):
            self._send()

    def test_delivery_of_a_code_proves_nothing(self):
        self._send()
        self._received()
        message = self.env["discom.whatsapp.message"].search(
            [("partner_id", "=", self.consumer.id)], limit=1
        )
        self.statuses(message, "delivered")
        self.assertEqual(self.consumer.discom_kyc_state, "captured")

    def test_delivered_and_bounced_messages_leave_history(self):
        bill = self.create_bill(self.create_ready_consumer())
        message = self.messages(self.send(bill))
        self.run_lane()
        self.statuses(message, "delivered")
        consumer = bill.partner_id
        self.assertEqual(consumer.discom_kyc_state, "verified")
        event = consumer.discom_kyc_event_ids[0]
        self.assertEqual((event.old, event.new, event.source), ("captured", "verified", "whatsapp"))
        second = self.messages(self.send(bill, resend=True))
        self.run_lane()
        self.statuses(second, "failed", error_code=131026)
        self.assertEqual(consumer.discom_kyc_state, "bounced")
        self.assertIn("not on WhatsApp", consumer.discom_kyc_event_ids[0].evidence)

    def test_code_to_a_number_that_is_not_on_whatsapp(self):
        self._send()
        self.run_lane()
        message = self.env["discom.whatsapp.message"].search(
            [("partner_id", "=", self.consumer.id)], limit=1
        )
        self.statuses(message, "failed", error_code=131026)
        self.assertEqual(self.consumer.discom_kyc_state, "bounced")

    def test_every_code_is_another(self):
        codes = set()
        for _number in range(20):
            codes.add(self._send(consumer=self.create_consumer())._code())
        self.assertGreater(len(codes), 15)

    def test_template_as_meta_has_it(self):
        template = self.templates.filtered(lambda t: t.purpose == "kyc_code" and t.lang == "hi_IN")
        self.assertFalse(template.lint_error)
        body = template.body
        template.action_sync()
        self.assertEqual(template.category, "AUTHENTICATION")
        self.assertEqual(template.body, body)
        self.assertEqual(template._variable_names(), ["code"])
        template.body = "Your number"
        self.assertIn("{{code}}", template.lint_error)

    def test_welcome_once(self):
        wizard = Form(
            self.env["discom.consent.ask"]
            .with_user(self.counter)
            .with_context(default_partner_ids=self.consumer.ids, default_action="given")
        )
        record = wizard.save()
        record.action_confirm()
        record.action_confirm()
        self.run_lane()
        [message] = self.simulator.messages(to=self.consumer.discom_whatsapp_number[1:])
        self.assertEqual(message["template"]["name"], "kyc_welcome")
        self.assertIn(self.consumer.discom_account_no[-4:], message["body"])

    def test_no_welcome_without_consent_or_number(self):
        nobody = self.create_consumer(discom_whatsapp_number=False)
        nobody._discom_record_consent("given", ["bills"], "counter")
        self.assertFalse(nobody._discom_welcome())
        self.assertFalse(self.consumer._discom_welcome())
        ready = self.create_ready_consumer(discom_kyc_state="bounced")
        self.assertFalse(ready._discom_welcome())
        with patch.object(type(self.consumer), "_discom_templates", return_value={}):
            self.assertFalse(self.create_ready_consumer()._discom_welcome())
