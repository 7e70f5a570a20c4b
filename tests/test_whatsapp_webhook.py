import json
import logging
import random
import re
import time
from datetime import timedelta
from unittest.mock import patch

import psycopg2.errors

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..controllers.webhook import MAX_BYTES
from ..models.whatsapp_event import WhatsAppEvent
from ..tools import webhook_payload
from .common_whatsapp import WebhookCommon

PURPOSES = ("bills", "outages", "dues", "other")


@tagged("post_install", "-at_install")
class TestWhatsappWebhook(WebhookCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.events = cls.env["discom.whatsapp.event"]
        cls.partner = cls.create_consumer(lang="hi_IN")
        cls.number = cls.partner.discom_whatsapp_number.lstrip("+")

    # === HELPERS === #

    def inbound_payload(self, text="hello", wamid="wamid.T1", **message):
        return self.change(
            "messages",
            {
                "messaging_product": "whatsapp",
                "metadata": {"phone_number_id": self.account.phone_number_id},
                "contacts": [{"wa_id": self.number, "profile": {"name": "Ram"}}],
                "messages": [
                    {
                        "from": self.number,
                        "id": wamid,
                        "timestamp": str(int(time.time())),
                        "type": "text",
                        "text": {"body": text},
                        **message,
                    }
                ],
            },
        )

    def change(self, field, value):
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": self.account.waba_id, "changes": [{"field": field, "value": value}]}],
        }

    def inbox(self):
        return self.env["discom.whatsapp.message"].search(
            [("direction", "=", "in"), ("account_id", "=", self.account.id)], order="id"
        )

    def consents(self, partner):
        return {partner[f"discom_consent_{purpose}"] for purpose in PURPOSES}

    # === HANDSHAKE === #

    def test_verify_token_is_in_no_log(self):
        """The line of the request that the server logs does not show it."""
        line = f"GET {self.path}?hub.mode=subscribe&hub.verify_token=SECRET&hub.challenge=1"
        logger = logging.getLogger("werkzeug")
        for message, args in (('"%s" %s', (line, 200)), (line, ())):
            record = logger.makeRecord("werkzeug", logging.INFO, "", 0, message, args, None)
            self.assertTrue(logger.filter(record))
            self.assertNotIn("SECRET", record.getMessage())
            self.assertIn("hub.challenge=1", record.getMessage())

    def test_handshake(self):
        """The challenge is echoed as plain text to who knows the verify token."""
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": "1158201444",
            "hub.verify_token": self.account.verify_token,
        }
        response = self.url_open(self.path, params=query)
        self.assertEqual((response.status_code, response.text), (200, "1158201444"))
        self.assertTrue(response.headers["Content-Type"].startswith("text/plain"))
        self.assertNotIn("Set-Cookie", response.headers)
        for name, change in {
            "wrong token": {"hub.verify_token": "guess"},
            "no token": {"hub.verify_token": ""},
            "token that is not ASCII": {"hub.verify_token": "टोकन"},
            "wrong mode": {"hub.mode": "unsubscribe"},
        }.items():
            with self.subTest(name):
                self.assertEqual(self.url_open(self.path, params=query | change).status_code, 403)
        with self.subTest("unknown key"):
            self.assertEqual(
                self.url_open("/discom/whatsapp/webhook/x", params=query).status_code, 403
            )
        with self.subTest("account without a verify token"):
            self.account.verify_token = False
            self.env.flush_all()
            self.assertEqual(
                self.url_open(self.path, params=query | {"hub.verify_token": ""}).status_code, 403
            )

    # === SIGNATURE === #

    def test_signed_call_is_stored_raw(self):
        """The body is kept byte for byte, whatever its escapes, and nothing is applied yet."""
        body = json.dumps(self.inbound_payload("बिल"), indent=1).encode()
        response = self.post(body)
        self.assertEqual((response.status_code, response.text), (200, ""))
        event = self.events.search([], limit=1)
        self.assertEqual(event.payload.encode(), body)
        self.assertEqual((event.state, event.account_id), ("new", self.account))
        self.assertFalse(self.inbox())

    @mute_logger("odoo.http")
    def test_forged_calls_change_nothing(self):
        """403 and no row for whatever is not signed with the account's own secret."""
        other = self.account.copy(
            {"phone_number_id": "999", "waba_id": "998", "app_secret": "other-secret"}
        )
        body = json.dumps(self.inbound_payload("STOP")).encode()
        good = self.sign(body)
        empty = self.sign(body, "")
        before = self.events.search_count([])
        cases = {
            "no signature": ("", self.path),
            "wrong signature": (self.sign(b"other"), self.path),
            "secret of another number": (self.sign(body, "other-secret"), self.path),
            "signed with nothing": (empty, self.path),
            "digest without its name": (good.removeprefix("sha256="), self.path),
            "sha1": (good.replace("sha256", "sha1"), self.path),
            "cut": (good[:-1], self.path),
            "unknown key": (good, "/discom/whatsapp/webhook/unknown"),
            "other number's key": (
                good,
                f"/discom/whatsapp/webhook/{other.webhook_key}",
            ),
        }
        for name, (signature, path) in cases.items():
            with self.subTest(name):
                self.assertEqual(self.post(body, signature, path).status_code, 403)
        with self.subTest("altered body"):
            self.assertEqual(self.post(body + b" ", good).status_code, 403)
        with self.subTest("form instead of JSON"):
            response = self.url_open(
                self.path, data={"a": "b"}, headers={"X-Hub-Signature-256": self.sign(b"")}
            )
            self.assertEqual(response.status_code, 403)
        with self.subTest("archived number"):
            other.action_archive()
            self.env.flush_all()
            path = f"/discom/whatsapp/webhook/{other.webhook_key}"
            self.assertEqual(
                self.post(body, self.sign(body, "other-secret"), path).status_code, 403
            )
        with self.subTest("no secret set: closed, not open"):
            self.account.app_secret = False
            self.env.flush_all()
            self.assertEqual(self.post(body, empty).status_code, 403)
            self.assertEqual(self.post(body, "").status_code, 403)
        self.assertEqual(self.events.search_count([]), before)

    @mute_logger("odoo.http")
    def test_oversized_call_is_refused(self):
        """Nothing above Meta's own limit is read or stored, signed or not."""
        before = self.events.search_count([])
        response = self.post(b'{"entry": [], "x": "%s"}' % (b"x" * MAX_BYTES))
        self.assertEqual(response.status_code, 413)
        self.assertEqual(self.events.search_count([]), before)

    def test_cron_is_woken_once(self):
        """Many calls within a second wake the cron once: each wake-up is a connection."""
        cron = self.env.ref("discom.ir_cron_whatsapp_apply")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        triggers.unlink()
        self.env.flush_all()
        for index in range(5):
            self.post(self.inbound_payload(wamid=f"wamid.W{index}"))
        count = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.assertTrue(1 <= count < 5, count)

    # === CONTENT === #

    @mute_logger("odoo.addons.discom.models.whatsapp_event")
    def test_malformed_content(self):
        """Signed nonsense is answered, kept as an error with its reason, and changes nothing."""
        deep = b'{"entry":' + b"[" * 100000
        for name, body in {
            "text": b"hello",
            "cut JSON": b'{"entry": [{"id": "1", "chan',
            "list": b"[]",
            "number": b"7",
            "null": b"null",
            "NUL byte": b'{"entry": "\0"}',
            "not UTF-8": b'{"entry": "\xff\xfe"}',
            "deep": deep,
            "entries are no list": b'{"entry": {}}',
            "changes are no list": b'{"entry": [{"changes": 5}]}',
            "value is text": b'{"entry": [{"changes": [{"field": "messages", "value": "x"}]}]}',
            "statuses are text": b'{"entry": [{"changes": [{"field": "messages", "value": '
            b'{"statuses": "sent"}}]}]}',
            "message without id": b'{"entry": [{"changes": [{"field": "messages", "value": '
            b'{"messages": [{"from": "919415000001", "type": "text"}]}}]}]}',
        }.items():
            with self.subTest(name):
                self.assertEqual(self.post(body).status_code, 200)
                event = self.events.search([], limit=1)
                self.apply()
                self.assertEqual(event.state, "error")
                self.assertTrue(event.error)
        self.assertFalse(self.inbox())

    def test_good_parts_of_a_bad_payload_count(self):
        """What can be read is applied, what cannot is named."""
        payload = self.inbound_payload("नमस्ते")
        value = payload["entry"][0]["changes"][0]["value"]
        value["messages"].insert(0, {"from": 5})
        payload["entry"].insert(0, {"id": "1"})
        self.post(payload)
        self.apply()
        self.assertEqual(self.inbox().body, "नमस्ते")
        event = self.events.search([], limit=1)
        self.assertEqual((event.state, len(event.error.splitlines())), ("error", 2))

    def test_text_the_database_cannot_hold(self):
        """NUL and lone surrogates arrive as escapes in JSON and must not stop the cron."""
        body = json.dumps(self.inbound_payload("a")).replace('"a"', '"a\\u0000b\\ud83dc"').encode()
        self.post(body)
        self.apply()
        self.assertEqual(self.inbox().body, "a\N{REPLACEMENT CHARACTER}b?c")
        self.assertEqual(self.events.search([], limit=1).state, "applied")

    @mute_logger("odoo.addons.discom.models.whatsapp_event")
    @mute_logger("odoo.addons.discom.models.whatsapp_lane_settle")
    def test_fuzz(self):
        """No payload makes the webhook answer 500 or leaves the cron standing."""
        rng = random.Random(7)
        junk = [None, True, 0, -1, 1e308, "", "x" * 5000, [], {}, [[]], {"a": []}, "\0", "9" * 400]

        def mutate(node):
            if isinstance(node, dict):
                return {
                    key: rng.choice(junk) if rng.random() < 0.08 else mutate(value)
                    for key, value in node.items()
                    if rng.random() > 0.04
                }
            if isinstance(node, list):
                return [rng.choice(junk) if rng.random() < 0.08 else mutate(x) for x in node]
            return rng.choice(junk) if rng.random() < 0.08 else node

        status = {
            "id": "wamid.S",
            "status": "delivered",
            "timestamp": "1763880000",
            "recipient_id": self.number,
            "biz_opaque_callback_data": "q",
            "pricing": {"category": "utility"},
            "errors": [{"code": 131026, "title": "t", "error_data": {"details": "d"}}],
        }
        sources = [
            self.inbound_payload(),
            self.inbound_payload(type="button", button={"payload": "X", "text": "Y"}),
            self.change("messages", {"metadata": {"phone_number_id": "1"}, "statuses": [status]}),
            self.change(
                "message_template_status_update",
                {"event": "REJECTED", "message_template_id": 1, "message_template_name": "n"},
            ),
            self.change("business_capability_update", {"max_daily_conversations_per_business": 5}),
            self.change("phone_number_quality_update", {"event": "FLAGGED", "current_limit": "T"}),
            self.change(
                "template_category_update",
                {"message_template_id": 1, "correct_category": "MARKETING"},
            ),
            self.change("account_update", {"event": "ACCOUNT_RESTRICTION"}),
            self.change("account_alerts", {"alert_severity": "CRITICAL", "entity_id": 1}),
            *(
                self.inbound_payload(type=kind, **{kind: content})
                for kind, content in (
                    ("interactive", {"list_reply": {"id": "service:bill:1", "title": "x"}}),
                    ("interactive", {"button_reply": {"id": "kyc:yes:1:1", "title": "x"}}),
                    ("contacts", [{"origin": "contact_request", "phones": [{"wa_id": "91"}]}]),
                    ("image", {"id": "1", "mime_type": "image/png", "caption": "c"}),
                    ("location", {"latitude": 1, "longitude": 2, "name": "n"}),
                    ("system", {"body": "b", "wa_id": "919415377777"}),
                )
            ),
        ]
        for _round in range(3000):
            webhook_payload.parse(json.dumps(mutate(rng.choice(sources))), 1_700_000_000)
        for _round in range(150):
            body = json.dumps(mutate(rng.choice(sources))).encode()
            if rng.random() < 0.2:
                position = rng.randrange(len(body))
                body = body[:position] + bytes([rng.randrange(256)]) + body[position + 1 :]
            self.assertEqual(self.post(body).status_code, 200)
        self.apply()
        self.assertFalse(self.events.search_count([("state", "=", "new")]))
        # What cannot be read is said; a fault of ours begins with the name of the exception.
        errors = self.events.search([("state", "=", "error")]).mapped("error")
        self.assertFalse([error for error in errors if re.match(r"\w+: ", error)])

    # === APPLYING === #

    def test_statuses_from_the_simulator(self):
        """A message that really went out becomes read by what really came back."""
        message = self.env["discom.whatsapp.message"].create(
            {
                "account_id": self.account.id,
                "template_id": self.template.id,
                "partner_id": self.partner.id,
                "phone": self.partner.discom_whatsapp_number,
                "lang": "hi_IN",
                "purpose": "bill",
                "values": {
                    "name": "राम", "account_last4": "1234", "period": "नवंबर", "amount": "₹5",
                    "due_date": "1", "office": "पिपरी",
                },
            }
        )  # fmt: skip
        self.account.cron_id.method_direct_trigger()
        self.simulator.drain()
        self.deliver()
        self.apply()
        self.assertEqual((message.state, message.category), ("read", "utility"))
        self.assertTrue(self.account.webhook_last_seen)

    def test_one_address_for_several_numbers(self):
        """A report about another number of the app, delivered here, proves that one's reports come.

        One of another company is no business of who has this secret.
        """
        other = self.account.copy({"phone_number_id": "100000000000077", "name": "Second"})
        stranger = self.account.copy(
            {
                "phone_number_id": "100000000000078",
                "company_id": self.env["res.company"].create({"name": "Other"}).id,
            }
        )
        for number in (other.phone_number_id, stranger.phone_number_id):
            status = {"id": "wamid.X", "status": "sent", "timestamp": str(int(time.time()))}
            self.post(
                self.change(
                    "messages",
                    {"metadata": {"phone_number_id": number}, "statuses": [status]},
                )
            )
        self.apply()
        self.assertTrue(other.webhook_last_seen)
        self.assertTrue(self.account.webhook_last_seen)
        self.assertFalse(stranger.webhook_last_seen)

    def test_inbound_reaches_consumer_and_inbox(self):
        """A reply from the simulator's phone is one message and one note, however often sent."""
        self.simulator.inbound(self.number, text="मेरा <b>बिल</b> गलत है")
        self.deliver()
        self.last_webhook = 0
        self.deliver()
        self.apply()
        message = self.inbox()
        self.assertRecordValues(
            message,
            [
                {
                    "state": "received",
                    "body": "मेरा <b>बिल</b> गलत है",
                    "partner_id": self.partner.id,
                    "office_id": self.partner.discom_office_id.id,
                    "phone": self.partner.discom_whatsapp_number,
                }
            ],
        )
        notes = self.partner.message_ids.filtered(lambda note: "गलत" in note.body)
        self.assertEqual(len(notes), 1)
        self.assertIn("&lt;b&gt;", notes.body)
        self.deliver()
        self.apply()
        self.assertEqual(self.inbox(), message)
        self.assertFalse(self.events.search_count([("state", "=", "error")]))

    def test_kinds_of_inbound_messages(self):
        """Every kind shows something a person can read."""
        for kind, given, expected in [
            ("document", {"filename": "a.pdf", "caption": "रसीद"}, "[document] a.pdf रसीद"),
            ("image", {"caption": "मीटर"}, "[image] मीटर"),
            ("location", {"latitude": 24.2, "longitude": 83.0, "address": "घर"}, "घर"),
            ("unsupported", {}, "[unsupported]"),
        ]:
            with self.subTest(kind):
                self.simulator.inbound(self.number, type=kind, **given)
                self.deliver()
                self.apply()
                self.assertIn(expected, self.inbox()[-1].body)

    def test_stop_and_start(self):
        """STOP in any of its forms withdraws every consent of everyone with the number, at once."""
        relative = self.create_consumer(
            discom_whatsapp_number=self.partner.discom_whatsapp_number, lang="hi_IN"
        )
        stranger = self.create_consumer()
        family = self.partner | relative
        for text in ("STOP", " stop. ", "रोकें", "संदेश बंद करें", "बंद करें!"):
            with self.subTest(text):
                (family | stranger)._discom_record_consent("given", PURPOSES, "counter")
                self.simulator.inbound(self.number, text=text)
                self.deliver()
                self.apply()
                for partner in family:
                    self.assertEqual(self.consents(partner), {"withdrawn"})
                self.assertEqual(self.consents(stranger), {"given"})
        entry = self.env["discom.consent"].search([("partner_id", "=", relative.id)], limit=1)
        self.assertEqual((entry.action, entry.method), ("withdrawn", "whatsapp"))
        self.simulator.inbound(self.number, text="चालू")
        self.deliver()
        self.apply()
        for partner in family:
            # Messages that the notice does not name are asked for by name.
            self.assertEqual(partner.discom_consent_other, "withdrawn")
            self.assertRecordValues(
                partner,
                [dict.fromkeys([f"discom_consent_{name}" for name in PURPOSES[:3]], "given")],
            )

    def test_stop_within_a_sentence_is_no_stop(self):
        """Only the word by itself counts; a sentence is for people to read."""
        self.partner._discom_record_consent("given", PURPOSES, "counter")
        for text in ("please do not stop my supply", "बिजली क्यों बंद है", "", "STOPPED"):
            self.simulator.inbound(self.number, text=text or "?")
            self.deliver()
        self.apply()
        self.assertEqual(self.consents(self.partner), {"given"})
        self.assertNotIn("opt_out", self.replies().mapped("purpose"))

    def replies(self):
        return self.env["discom.whatsapp.message"].search(
            [("direction", "=", "out"), ("phone", "=", self.partner.discom_whatsapp_number)],
            order="id",
        )

    def test_stop_is_confirmed_once(self):
        """One confirmation reaches the phone inside the window, in the consumer's language."""
        self.partner._discom_record_consent("given", PURPOSES, "counter")
        for text in ("STOP", "stop", "STOP"):
            self.simulator.inbound(self.number, text=text)
        self.deliver()
        self.apply()
        self.simulator.inbound(self.number, text="STOP")
        self.deliver()
        self.apply()
        reply = self.replies()
        self.assertEqual(len(reply), 1)
        self.assertEqual((reply.state, reply.purpose), ("queued", "opt_out"))
        self.account.cron_id.method_direct_trigger()
        self.simulator.drain()
        sent = [m for m in self.simulator.messages(to=self.number) if m["direction"] == "out"]
        self.assertEqual(len(sent), 1)
        self.assertIn("अनुरोध दर्ज", sent[0]["body"])
        self.assertEqual(sent[0]["status"], "read")

    def test_stop_button_of_a_template(self):
        """The quick reply under a message stops it, in both languages, by its payload."""
        payload = self.inbound_payload(
            type="button", button={"payload": "STOP", "text": "Stop messages"}
        )
        self.partner._discom_record_consent("given", PURPOSES, "counter")
        self.post(payload)
        self.apply()
        self.assertEqual(self.consents(self.partner), {"withdrawn"})
        self.assertEqual(self.inbox().body, "Stop messages")

    def test_last_word_counts(self):
        """STOP and START in one batch: the later one is in force, whatever the order of arrival."""
        now = int(time.time())
        self.post(self.inbound_payload("START", "wamid.2", timestamp=str(now)))
        self.post(self.inbound_payload("STOP", "wamid.1", timestamp=str(now - 60)))
        self.apply()
        self.assertEqual(self.partner.discom_consent_bills, "given")

    def test_unknown_number_is_kept(self):
        """Who writes from a number nobody gave is in the inbox; STOP from there hurts nobody."""
        self.simulator.inbound("919415999999", text="STOP")
        self.deliver()
        self.apply()
        message = self.inbox()
        self.assertEqual((message.phone, message.partner_id.id), ("+919415999999", False))
        self.assertTrue(message.office_id, "somebody has to see it")
        self.assertFalse(
            self.env["discom.whatsapp.message"].search_count(
                [("phone", "=", "+919415999999"), ("direction", "=", "out")]
            )
        )

    def test_reply_belongs_to_the_message_replied_to(self):
        """Where a family shares a phone, the answer goes to the connection written about."""
        relative = self.create_consumer(discom_whatsapp_number=self.partner.discom_whatsapp_number)
        self.env["discom.whatsapp.message"].create(
            [
                {
                    "account_id": self.account.id,
                    "phone": self.partner.discom_whatsapp_number,
                    "partner_id": partner.id,
                    "wamid": f"wamid.OUT{index}",
                    "state": "read",
                    "res_model": "res.partner",
                    "res_id": partner.id,
                }
                for index, partner in enumerate([self.partner, relative])
            ]
        )
        self.post(self.inbound_payload("ठीक है", "wamid.A"))
        self.post(self.inbound_payload("गलत है", "wamid.B", context={"id": "wamid.OUT0"}))
        self.apply()
        without, with_context = self.inbox()
        self.assertEqual(without.partner_id, relative, "the one last written to")
        self.assertEqual(with_context.partner_id, self.partner)
        self.assertEqual(with_context.res_id, self.partner.id)

    @mute_logger("odoo.addons.discom.models.whatsapp_event")
    def test_one_bad_event_does_not_block_others(self):
        """The one that fails keeps its reason; those before and after it are applied."""
        for text in ("one", "two", "three"):
            self.post(self.inbound_payload(text, f"wamid.{text}"))
        original = WhatsAppEvent._apply_webhooks

        def failing(model, webhooks):
            original(model, webhooks)
            if any(row["text"] == "two" for _id, webhook in webhooks for row in webhook.messages):
                raise ValueError("broken")

        with patch.object(self.env.registry["discom.whatsapp.event"], "_apply_webhooks", failing):
            self.apply()
        self.assertEqual(self.inbox().mapped("body"), ["one", "three"])
        events = self.events.search([], limit=3)
        self.assertEqual(events.mapped("state"), ["applied", "error", "applied"])
        self.assertEqual(events[1].error, "ValueError: broken")
        events[1].with_user(self.administrator).action_apply_again()
        self.apply()
        self.assertEqual(events[1].state, "applied")
        self.assertEqual(set(self.inbox().mapped("body")), {"one", "two", "three"})

    @mute_logger("odoo.addons.discom.models.whatsapp_event")
    def test_lost_race_is_run_again(self):
        """Another transaction was faster: the batch begins anew and nothing is marked as failed."""
        self.post(self.inbound_payload("hello"))
        original = WhatsAppEvent._apply_webhooks
        races = iter([psycopg2.errors.SerializationFailure(), psycopg2.errors.DeadlockDetected()])

        def racing(model, webhooks):
            original(model, webhooks)
            if error := next(races, None):
                raise error

        with patch.object(self.env.registry["discom.whatsapp.event"], "_apply_webhooks", racing):
            self.apply()
        self.assertEqual(self.inbox().mapped("body"), ["hello"])
        self.assertEqual(self.events.search([], limit=1).state, "applied")

    def test_template_events(self):
        """Status, category and quality follow Meta; a drifted category stops sending."""
        self.template.write({"wa_template_id": "77", "submitted_category": "UTILITY"})
        identity = {
            "message_template_id": 77,
            "message_template_name": "bill_test",
            "message_template_language": "hi",
        }
        for field, value, expected in [
            (
                "message_template_quality_update",
                {"new_quality_score": "YELLOW"},
                {"quality": "yellow"},
            ),
            (
                "template_category_update",
                {"new_category": "UTILITY", "correct_category": "MARKETING"},
                {"category": "UTILITY", "category_drifted": False},
            ),
            (
                "template_category_update",
                {"previous_category": "UTILITY", "new_category": "MARKETING"},
                {"category": "MARKETING", "category_drifted": True},
            ),
            (
                "message_template_status_update",
                {
                    "event": "PAUSED",
                    "reason": "NONE",
                    "other_info": {"title": "FIRST_PAUSE", "description": "Low quality."},
                },
                {"status": "paused", "reject_reason": "Low quality."},
            ),
            ("message_template_status_update", {"event": "FLAGGED"}, {"status": "paused"}),
            (
                "message_template_status_update",
                {"event": "APPROVED", "reason": "NONE"},
                {"status": "approved", "reject_reason": False},
            ),
        ]:
            with self.subTest(field=field, value=value):
                self.post(self.change(field, identity | value))
                self.apply()
                self.assertRecordValues(self.template, [expected])
        self.assertFalse(self.template._is_sendable(), "its category drifted")
        triggers = self.env["ir.cron.trigger"].search_count
        lane = [("cron_id", "=", self.account.cron_id.id)]
        before = triggers(lane)
        self.post(self.change("template_category_update", identity | {"new_category": "UTILITY"}))
        self.apply()
        self.assertTrue(self.template._is_sendable())
        self.assertGreater(triggers(lane), before, "what waited for it leaves at once")

    def test_malformed_events_of_templates_and_accounts(self):
        """Whatever stands in the place of a text or a number: no fault, and nothing changes."""
        self.template.wa_template_id = "77"
        limit = self.account.daily_limit
        for junk in ({"a": []}, [1], 2**70, True, "x", "\0"):
            for field, names in (
                ("message_template_status_update", ("event", "rejection_info", "other_info")),
                ("message_template_quality_update", ("new_quality_score",)),
                ("template_category_update", ("new_category", "correct_category")),
                ("account_update", ("event",)),
                ("phone_number_quality_update", ("event", "current_limit", "display_phone_number")),
                ("business_capability_update", ("max_daily_conversations_per_business",)),
            ):
                value = {"message_template_id": 77, **dict.fromkeys(names, junk)}
                self.post(self.change(field, value))
        self.apply()
        errors = self.events.search([("state", "=", "error")]).mapped("error")
        self.assertFalse([error for error in errors if re.match(r"\w+: ", error)])
        self.assertEqual((self.template.status, self.template.category), ("approved", "UTILITY"))
        self.assertEqual((self.account.state, self.account.daily_limit), ("connected", limit))

    @mute_logger("odoo.addons.discom.models.whatsapp_lane_settle")
    def test_account_events(self):
        """A restriction halts the number and tells administrators; limit and quality follow."""
        self.account.phone_number = "+91 54442 10001"
        self.post(
            self.change(
                "business_capability_update", {"max_daily_conversations_per_business": 2000}
            )
        )
        self.post(
            self.change(
                "phone_number_quality_update",
                {
                    "display_phone_number": "915444210001",
                    "event": "FLAGGED",
                    "current_limit": "TIER_250",
                },
            )
        )
        self.apply()
        self.assertEqual((self.account.daily_limit, self.account.quality), (250, "red"))
        for value, limit in (
            ({"max_daily_conversations_per_business": "TIER_10K"}, 10000),
            ({}, 10000),
            ({"max_daily_conversations_per_business": [1]}, 10000),
            ({"max_daily_conversations_per_business": -1}, 0),
            ({"max_daily_conversation_per_phone": 2000}, 2000),
        ):
            self.post(self.change("business_capability_update", value))
            self.apply()
            self.assertEqual(self.account.daily_limit, limit, value)
        for _twice in range(2):
            self.post(self.change("account_update", {"event": "ACCOUNT_RESTRICTION"}))
            self.apply()
        self.assertEqual(self.account.state, "halted")
        self.assertIn("ACCOUNT_RESTRICTION", self.account.halt_reason)
        activities = self.account.activity_ids.filtered(
            lambda activity: activity.user_id == self.administrator
        )
        self.assertEqual(len(activities), 1)

    @mute_logger("odoo.addons.discom.models.whatsapp_lane_settle")
    def test_events_of_another_company_are_out_of_reach(self):
        """A secret opens the inbox of its own company only."""
        company = self.env["res.company"].create({"name": "Other discom"})
        other = self.env["discom.whatsapp.account"].create(
            {
                "name": "Other",
                "company_id": company.id,
                "phone_number_id": "4711",
                "waba_id": self.account.waba_id,
                "state": "connected",
            }
        )
        payload = self.inbound_payload()
        payload["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "4711"
        self.post(payload)
        self.post(self.change("account_update", {"event": "DISABLED_UPDATE"}))
        self.apply()
        self.assertEqual(self.inbox().account_id, self.account)
        self.assertEqual((self.account.state, other.state), ("halted", "connected"))

    def test_retention(self):
        """Settled events older than the setting go; new ones never, however old."""
        self.env.ref("discom.retention_event").keep_days = 400
        old = fields.Datetime.now() - timedelta(days=401)
        values = {"account_id": self.account.id, "payload": "{}"}
        gone, waiting, recent = self.events.create(
            [
                {**values, "state": "applied", "received_at": old},
                {**values, "state": "new", "received_at": old},
                {**values, "state": "error"},
            ]
        )
        self.env.flush_all()
        self.events._gc_events()
        self.assertEqual((gone | waiting | recent).exists(), waiting | recent)

    def test_nobody_edits_events(self):
        """They are evidence: administrators read them, nobody writes or deletes them."""
        event = self.events.create({"account_id": self.account.id, "payload": "{}"})
        for user, operations in [
            (self.clerk, ("read", "write", "create", "unlink")),
            (self.administrator, ("write", "create", "unlink")),
        ]:
            for operation in operations:
                with self.subTest(user=user.login, operation=operation):
                    self.assertFalse(event.with_user(user).has_access(operation))
        self.assertTrue(event.with_user(self.administrator).has_access("read"))
