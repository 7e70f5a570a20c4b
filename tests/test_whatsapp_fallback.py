import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..tools import sms_gateway
from .common_whatsapp import WhatsappCommon


class Gateway(ThreadingHTTPServer):
    """An SMS gateway that keeps what it is sent."""

    def __init__(self):
        self.taken, self.status, self.answer = [], 200, b"OK accepted"
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/send"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        """Take one SMS."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.taken.append({name: value[0] for name, value in parse_qs(body).items()})
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_args):
        """Keep quiet."""


@tagged("post_install", "-at_install")
class TestWhatsappFallback(WhatsappCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = Gateway()
        cls.addClassCleanup(cls.gateway.server_close)
        cls.addClassCleanup(cls.gateway.shutdown)
        cls.rows = cls.env["discom.whatsapp.fallback"]
        cls.consumer = cls.create_ready_consumer()

    def setUp(self):
        super().setUp()
        self.gateway.taken.clear()
        self.gateway.status = 200

    def switch_on(self, fallback="sms"):
        self.company.write(
            {
                "discom_dlt_entity_id": "1201159000000000001",
                "discom_sms_url": self.gateway.url,
                "discom_sms_key": "secret-key",
                "discom_sms_success": "accepted",
            }
        )
        self.env["discom.sms.template"].create(
            {
                "purpose": "outage_unplanned",
                "lang": "hi_IN",
                "header": "UPPCLT",
                "dlt_template_id": "1207160000000000001",
                "body": "खाता …{{account_last4}}: {{area}} में बिजली बंद है। {{office}}",
            }
        )
        self.account.fallback = fallback

    def failed(self, purpose="outage_unplanned", **vals):
        """Return a message that WhatsApp has reported as undeliverable."""
        message = self.env["discom.whatsapp.message"].create(
            {
                "account_id": self.account.id,
                "phone": self.consumer.discom_whatsapp_number,
                "partner_id": self.consumer.id,
                "office_id": self.consumer.discom_office_id.id,
                "purpose": purpose,
                "lang": "hi_IN",
                "state": "sent",
                "claimed_at": fields.Datetime.now(),
                "values": {"account_last4": "0001", "area": "रामगढ़", "office": "पिपरी {number}"},
                "expires_at": fields.Datetime.now() + timedelta(hours=2),
                **vals,
            }
        )
        self.statuses(message, "failed", error_code=131026)
        return message

    def row(self, message):
        return self.rows.search([("message_id", "=", message.id)])

    def run_sms(self):
        self.run_cron(self.env.ref("sms.ir_cron_sms_scheduler_action"))

    def test_off_by_default(self):
        """Nothing is sent by another way, nothing is listed, unless somebody has chosen it."""
        self.assertEqual(self.account.fallback, "none")
        for purpose in ("outage_unplanned", "bill", "overdue"):
            message = self.failed(purpose)
            self.assertEqual(message.state, "failed")
            self.assertFalse(self.row(message))
        self.assertFalse(self.env["sms.sms"].search([("partner_id", "=", self.consumer.id)]))

    def test_sms_with_its_dlt_ids(self):
        """An outage goes by SMS with header, entity and template, the text as registered."""
        self.switch_on()
        row = self.row(self.failed())
        self.assertEqual(
            (row.channel, row.reason, row.state), ("sms", "not_on_whatsapp", "waiting")
        )
        self.run_sms()
        [taken] = self.gateway.taken
        self.assertEqual(
            taken,
            {
                "mobile": self.consumer.discom_whatsapp_number[-10:],
                "message": "खाता …0001: रामगढ़ में बिजली बंद है। पिपरी {number}",
                "sender": "UPPCLT",
                "entity": "1201159000000000001",
                "template": "1207160000000000001",
                "key": "secret-key",
                "reference": taken["reference"],
            },
        )
        self.assertEqual(row.state, "sent")
        self.run_sms()
        self.assertEqual(len(self.gateway.taken), 1, "never twice")

    @mute_logger("odoo.addons.sms.models.sms_sms")
    def test_gateway_that_refuses(self):
        """Its reason stands on the row, without the key."""
        self.switch_on()
        for status, answer in ((500, b""), (200, b"DLT mismatch")):
            self.gateway.status, self.gateway.answer = status, answer
            row = self.row(self.failed())
            self.run_sms()
            self.assertEqual(row.state, "failed")
            self.assertNotIn("secret-key", row.note)
        self.gateway.answer = b"OK accepted"
        self.company.discom_sms_url = "http://127.0.0.1:1/x"
        row = self.row(self.failed())
        self.run_sms()
        self.assertEqual((row.state, row.note), ("failed", "The gateway cannot be reached"))

    def test_only_outages_and_arrears(self):
        """A bill never goes by SMS: it is listed for the door; a code or a welcome is neither."""
        self.switch_on()
        row = self.row(self.failed("bill"))
        self.assertEqual((row.channel, row.state), ("door", "waiting"))
        for purpose in ("welcome", "reply", "kyc_code"):
            self.assertFalse(self.row(self.failed(purpose)))
        overdue = self.row(self.failed("overdue"))
        self.assertEqual(
            (overdue.channel, overdue.note), ("door", "No DLT template for this message.")
        )
        late = self.failed(expires_at=fields.Datetime.now() - timedelta(minutes=1))
        self.assertFalse(self.row(late), "an outage that is over is no news")
        self.run_sms()
        self.assertFalse(self.gateway.taken)

    def test_another_error_is_no_reason(self):
        self.switch_on()
        message = self.failed(state="queued")
        self.row(message).unlink()
        message.state = "sent"
        self.statuses(message, "failed", error_code=131053)
        self.assertFalse(self.row(message))

    def test_door_list(self):
        """The office has the list; who has been there notes it."""
        self.account.fallback = "door"
        row = self.row(self.failed("bill"))
        self.assertFalse(self.row(self.failed("outage_unplanned")), "nobody walks for an outage")
        self.assertTrue(row.with_user(self.counter).has_access("read"))
        self.assertFalse(row.with_user(self.surveyor).has_access("read"), "not sent there")
        self.assertFalse(row.with_user(self.clerk_b).has_access("read"))
        with self.assertRaisesRegex(UserError, "role"):
            row.with_user(self.auditor).action_done()
        message = row.message_id
        message.with_user(self.clerk).action_retry()
        self.assertFalse(row.exists(), "it is tried again")
        message.state = "sent"
        self.statuses(message, "failed", error_code=131026)
        row = self.row(message)
        row.with_user(self.counter).action_done()
        self.assertEqual((row.state, row.user_id), ("done", self.counter))
        with self.assertRaises(UserError):
            row.with_user(self.counter).action_done()

    def test_who_is_skipped_gets_the_paper(self):
        """Nobody is forgotten because it was known before that WhatsApp does not reach him."""
        people = self.env["res.partner"]
        for _each in range(4):
            people |= self.create_ready_consumer()
        reached, bounced, stopped, numberless = people
        bounced.discom_kyc_state = "bounced"
        stopped._discom_record_consent("withdrawn", ["bills"], "counter")
        numberless.discom_whatsapp_number = False
        bills = self.env["discom.bill"].union(*map(self.create_bill, people))
        self.send(bills[0])
        self.assertFalse(self.rows.search([("partner_id", "in", people.ids)]), "off by default")
        self.account.fallback = "door"
        self.send(bills, resend=True)
        rows = self.rows.search([("partner_id", "in", people.ids)])
        self.assertEqual(
            {row.partner_id: (row.reason, row.channel, row.state) for row in rows},
            {
                bounced: ("not_on_whatsapp", "door", "waiting"),
                stopped: ("opted_out", "door", "waiting"),
                numberless: ("no_number", "door", "waiting"),
            },
        )
        self.assertEqual(rows.office_id, people.discom_office_id)
        self.send(bills, resend=True)
        self.assertEqual(len(self.rows.search([("partner_id", "in", people.ids)])), 3, "once")

    def test_nobody_on_whatsapp_everybody_at_the_door(self):
        """A sending that reaches nobody on WhatsApp still makes the list for the door."""
        bounced, numberless = self.create_ready_consumer(), self.create_ready_consumer()
        bounced.discom_kyc_state = "bounced"
        bills = self.create_bill(bounced) | self.create_bill(numberless)
        numberless.discom_whatsapp_number = False
        self.assertIn("Nobody", self.compose(bills).problem)
        with self.assertRaisesRegex(UserError, "Nobody"):
            self.send(bills)
        self.account.fallback = "door"
        composer = self.compose(bills)
        self.assertFalse(composer.problem)
        self.assertIn("2 are listed", composer.warning)
        with self.assertRaisesRegex(UserError, "no test"):
            composer.action_send_test()
        broadcast = self.env["discom.whatsapp.broadcast"].browse(composer.action_send()["res_id"])
        rows = self.rows.search([("partner_id", "in", (bounced | numberless).ids)])
        self.assertEqual(
            {(row.partner_id, row.reason) for row in rows},
            {(bounced, "not_on_whatsapp"), (numberless, "no_number")},
        )
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.assertRecordValues(broadcast, [{"state": "done", "skipped_count": 2}])

    def test_who_is_skipped_gets_the_sms(self):
        """Arrears go by SMS to who is known not to be on WhatsApp; to nobody who has stopped."""
        self.switch_on()
        self.env["discom.sms.template"].create(
            {
                "purpose": "overdue",
                "header": "UPPCLT",
                "dlt_template_id": "1207160000000000002",
                "body": "खाता …{{account_last4}}: {{amount}} देय। {{office}}",
            }
        )
        self.create_template(
            "overdue_test", "overdue", "खाते …{{account_last4}} पर {{amount}} बाकी है।"
        )
        bounced, stopped = self.create_ready_consumer(), self.create_ready_consumer()
        bounced.discom_kyc_state = "bounced"
        stopped._discom_record_consent("withdrawn", ["dues"], "counter")
        bills = self.create_bill()
        for person in bounced | stopped:
            bills |= self.create_bill(person)
        self.env.flush_all()
        # Time passes: an issued bill is not edited.
        self.cr.execute(
            "UPDATE discom_bill SET bill_date = bill_date - 20, due_date = bill_date - 3"
            " WHERE id = ANY(%s)",
            [bills.ids],
        )
        bills.invalidate_recordset()
        self.send(bills, "overdue")
        [row] = self.rows.search([("partner_id", "in", (bounced | stopped).ids)])
        self.assertEqual((row.partner_id, row.channel), (bounced, "sms"))
        self.run_sms()
        [taken] = self.gateway.taken
        self.assertIn(bounced.discom_account_no[-4:], taken["message"])
        self.assertIn("₹510", taken["message"])

    def test_not_delivered_in_time(self):
        """A notice of dues that WhatsApp still holds after its time is listed, once."""
        self.account.fallback = "door"
        self.template.write({"ttl_seconds": 3600})
        messages = self.env["discom.whatsapp.message"]
        values = {
            "account_id": self.account.id,
            "template_id": self.template.id,
            "partner_id": self.consumer.id,
            "office_id": self.consumer.discom_office_id.id,
            "phone": self.consumer.discom_whatsapp_number,
            "purpose": "overdue",
        }
        now = fields.Datetime.now()
        held, fresh, read = messages.create(
            [
                {**values, "state": "sent", "claimed_at": now - timedelta(hours=8)},
                {**values, "state": "sent", "claimed_at": now - timedelta(hours=5)},
                {**values, "state": "read", "claimed_at": now - timedelta(hours=8)},
            ]
        )
        cron = self.env.ref("discom.ir_cron_whatsapp_fallback")
        self.run_cron(cron)
        self.run_cron(cron)
        self.assertEqual(self.row(held).reason, "expired")
        self.assertFalse(self.row(fresh) | self.row(read))

    def test_settings_are_checked(self):
        with self.assertRaisesRegex(ValidationError, "gateway"):
            self.account.fallback = "sms"
        with self.assertRaisesRegex(ValidationError, "https"):
            self.company.discom_sms_url = "http://gateway.example/send"
        for text in ("nonsense", "a = {password}", "= x"):
            with self.assertRaises(ValidationError):
                self.company.discom_sms_fields = text
        self.assertEqual(
            sms_gateway.parse_fields("a={text}\n\n b = c=d "), {"a": "{text}", "b": "c=d"}
        )
        templates = self.env["discom.sms.template"]
        values = {
            "purpose": "overdue",
            "header": "UPPCLT",
            "dlt_template_id": "123456",
            "body": "x",
        }
        for wrong in ({"header": "वि"}, {"dlt_template_id": "12"}, {"dlt_template_id": "abc"}):
            with self.assertRaises(ValidationError):
                templates.create({**values, **wrong})
        template = templates.create({**values, "body": "{{name}} को {{amount}} देना है"})
        self.assertEqual(template.dlt_body, "{#var#} को {#var#} देना है")
        for field in ("discom_sms_key", "discom_sms_url"):
            with self.assertRaises(AccessError, msg=field):
                self.company.with_user(self.manager).read([field])

    def test_text_is_checked_and_shown(self):
        """A variable that no message has is refused at once; the form shows what leaves."""
        self.assertFalse(self.env["discom.sms.template"].new().name)
        form = Form(self.env["discom.sms.template"].with_context(lang="en_IN"))
        form.purpose, form.header, form.dlt_template_id = "overdue", "UPPCLT", "1207160000000000003"
        self.assertIn("{{amount}}", form.variables)
        form.body = "खाता …{{account_last4}}: {{amuont}} देय। {{office}}"
        with self.assertRaises(ValidationError) as caught:
            form.save()
        self.assertRegex(str(caught.exception), r"\{\{amuont\}\}.*\{\{amount\}\}")
        form.body = " "
        with self.assertRaises(ValidationError):
            form.save()
        form.body = "खाता …{{account_last4}}: {{amount}} देय। {{office}}"
        self.assertNotRegex(form.sample, r"\{\{|\(")
        self.assertEqual(form.sms_count, sms_gateway.count_parts(form.sample))
        template = form.save()
        self.assertEqual(template.name, "Overdue notice (Hindi)")
        self.env["res.lang"]._activate_lang("hi_IN")
        self.assertNotIn("Hindi", template.with_context(lang="hi_IN").display_name)

    def test_parts_of_an_sms(self):
        for text, count in (
            ("", 0), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
            ("[" * 80, 1), ("[" * 81, 2), ("बि" * 35, 1), ("बि" * 36, 2), ("a" * 70 + "₹", 2),
        ):  # fmt: skip
            self.assertEqual(sms_gateway.count_parts(text), count, text)
