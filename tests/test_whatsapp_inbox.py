import base64
import json
import struct
import zlib
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.whatsapp_file import PER_PHONE
from .test_whatsapp_service import OWNER, STRANGER, ServiceCommon

CONTACT = "नमस्ते {{name}}, {{office}} के पास खाते …{{account_last4}} के बारे में उत्तर है, कृपया यहाँ लिखें।"


@tagged("post_install", "-at_install")
class TestWhatsappInbox(ServiceCommon):
    # === WHAT ARRIVES === #

    def test_what_no_machine_answered_waits(self):
        """A sentence is unread in the office of the consumer; a bill asked for is not."""
        self.ask("बिल", phone=OWNER)
        conversation = self.conversation(OWNER)
        self.assertRecordValues(
            conversation,
            [{"state": "closed", "unread_count": 0, "office_id": self.subdivision_a1.id}],
        )
        self.ask("मेरा मीटर जल गया", "जल्दी आइए", phone=OWNER)
        self.assertRecordValues(
            conversation,
            [{"state": "open", "unread_count": 2, "last_text": "जल्दी आइए",
              "title": self.owner.discom_name_hi}],
        )  # fmt: skip
        counts = self.env["discom.whatsapp.conversation"].with_user(self.clerk).inbox_counts()
        self.assertGreaterEqual(counts["open"], 1)
        self.assertEqual(counts["mine"], 0)

    def test_offices(self):
        """A consumer's words go to his office; a stranger's to the first of the sending number."""
        self.account.office_ids = self.division_b
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        self.ask("यहाँ कोई है क्या", phone=STRANGER)
        own, strange = self.conversation(OWNER), self.conversation(STRANGER)
        self.assertEqual((own.office_id, strange.office_id), (self.subdivision_a1, self.division_b))
        for record, seen, hidden in (
            (own, self.clerk, self.clerk_b),
            (strange, self.clerk_b, self.clerk),
        ):
            self.assertTrue(record.with_user(seen).has_access("read"))
            self.assertFalse(record.with_user(hidden).has_access("read"))
            with self.assertRaises(AccessError):
                record.with_user(hidden).thread()
            with self.assertRaises(AccessError):
                record.with_user(hidden).reply("x")

    def test_hidden_number(self):
        """Who hides the number is read in the inbox and answered by WhatsApp's id: free text inside
        the window, later a template; its reports are applied."""
        self.simulator.inbound(STRANGER, text="मेरा नाम छिपा है", hidden=True, name="छिपा हुआ")
        self.deliver()
        self.apply()
        conversation = self.env["discom.whatsapp.conversation"].search([("phone", "like", "IN.")])
        self.assertEqual((conversation.state, conversation.unread_count), ("open", 1))
        as_clerk = conversation.with_user(self.administrator)
        self.assertIn("छिपा", as_clerk.thread()["messages"][0]["text"])
        as_clerk.reply("नमस्ते, खाता संख्या बताइए")
        self.run_lane()
        shown = self.simulator.messages(to=STRANGER)[-1]
        self.assertEqual((shown["body"], shown["direction"]), ("नमस्ते, खाता संख्या बताइए", "out"))
        self.deliver()
        self.apply()
        sent = as_clerk.thread()["messages"][-1]
        self.assertEqual((sent["out"], sent["state"]), (True, "read"))
        self.assertFalse(
            self.env["discom.whatsapp.recipient"].search([("phone", "=", conversation.phone)]),
            "who wrote first does not count",
        )

        fitting = self.create_template("office_call", "contact", "नमस्ते, {{office}} से संपर्क कीजिए।")
        self.create_template("with_name", "contact", CONTACT)
        self.create_template(
            "a_code", "contact", "नमस्ते, {{office}} का कोड है।", category="AUTHENTICATION"
        )
        conversation.last_in_at -= timedelta(hours=25)
        with self.assertRaisesRegex(UserError, "24 hours"):
            as_clerk.reply("नमस्ते")
        offered = as_clerk.answers_offered()["templates"]
        self.assertEqual([each["id"] for each in offered], fitting.ids)
        as_clerk.reply_template(fitting.id)
        self.run_lane()
        self.assertEqual(self.simulator.messages(to=STRANGER)[-1]["type"], "template")

    def test_read_by_the_staff_is_marked_at_whatsapp(self):
        """The writer gets blue ticks once somebody of the office has looked, from the queue."""
        wamids = [self.simulator.inbound(OWNER, text=text) for text in ("मीटर जला", "जल्दी")]
        self.deliver()
        self.apply()
        conversation = self.conversation(OWNER)

        def read():
            return [bool(self.simulator.messages(id=wamid)[0]["read_at"]) for wamid in wamids]

        self.run_lane()
        self.assertEqual(read(), [False, False], "nobody has looked")
        conversation.with_user(self.auditor).mark_read()
        self.run_lane()
        self.assertEqual(read(), [False, False], "who does not answer leaves it unread")
        conversation.with_user(self.counter).mark_read()
        self.assertEqual(read(), [False, False], "no call while the page waits")
        self.assertEqual(conversation.read_wamid, wamids[-1])
        self.simulator.settings(token="not-this-one")
        self.run_lane()
        self.assertEqual(conversation.read_wamid, wamids[-1], "tried again later")
        self.simulator.settings(token=self.simulator.token)
        self.run_lane()
        self.assertEqual(read(), [True, True])
        self.assertFalse(conversation.read_wamid)

    def test_mark_that_whatsapp_refuses(self):
        """A message that WhatsApp does not know any more is not told again and again."""
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        conversation = self.conversation(OWNER)
        conversation.with_user(self.counter).mark_read()
        self.assertTrue(conversation.read_wamid)
        self.run_lane()
        self.assertFalse(conversation.read_wamid)

    def test_connections_behind_a_number(self):
        second = self.create_proven(OWNER)
        self.ask("कोई है", phone=OWNER)
        conversation = self.conversation(OWNER).with_user(self.clerk)
        self.assertEqual(conversation.consumer_ids, self.owner | second)
        self.assertEqual(conversation.consumer_count, 2)
        self.assertEqual(
            self.env["res.partner"].search(conversation.action_open_consumers()["domain"]),
            self.owner | second,
        )

    # === ANSWERING === #

    def test_answer_inside_the_window(self):
        """Free text leaves at once, is shown with its author, and silences the machine."""
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        conversation = self.conversation(OWNER)
        as_clerk = conversation.with_user(self.counter)
        self.assertGreater(as_clerk.thread()["window"], 23 * 3600 - 700)
        as_clerk.mark_read()
        self.assertEqual((conversation.unread_count, conversation.state), (0, "open"))
        as_clerk.reply("  लाइनमैन आ रहा है  ")
        self.run_lane()
        self.assertEqual(self.shown(OWNER)["body"], "लाइनमैन आ रहा है")
        self.assertRecordValues(
            conversation,
            [{"state": "waiting", "user_id": self.counter.id, "unread_count": 0}],
        )
        row = as_clerk.thread()["messages"][-1]
        self.assertEqual((row["out"], row["by"]), (True, self.counter.name))
        self.ask("<script>alert(1)</script> *मोटा*", phone=OWNER)
        text = as_clerk.thread()["messages"][-1]["text"]
        self.assertIn("&lt;script&gt;", text)
        self.assertIn("<strong>मोटा</strong>", text)
        before = self.answers(OWNER)
        self.ask("मेनू", phone=OWNER)
        self.assertEqual(self.answers(OWNER), before, "a person has taken over")
        self.assertEqual(conversation.state, "open")
        as_clerk.action_close()
        self.assertTrue(self.ask("मेनू ", phone=OWNER))

    def test_answer_outside_the_window(self):
        """Later than 24 hours only an approved template goes, chosen from those that fit."""
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        template = self.create_template("office_reply", "contact", CONTACT)
        self.create_template("needs_more", "contact", "बिल {{amount}} का है, कृपया {{name}} जमा करें।")
        self.create_template("not_yet", "contact", CONTACT, status="pending")
        conversation = self.conversation(OWNER)
        conversation.last_in_at -= timedelta(hours=25)
        as_clerk = conversation.with_user(self.counter)
        self.assertEqual(as_clerk.thread()["window"], 0)
        with self.assertRaisesRegex(UserError, "24 hours"):
            as_clerk.reply("नमस्ते")
        offered = as_clerk.answers_offered()["templates"]
        self.assertEqual([each["id"] for each in offered], template.ids)
        self.assertIn(self.owner.discom_name_hi, offered[0]["text"])
        with self.assertRaises(UserError):
            as_clerk.reply_template(self.template.id)
        as_clerk.reply_template(template.id)
        self.run_lane()
        shown = self.shown(OWNER)
        self.assertEqual(shown["type"], "template")
        self.assertIn(self.owner.discom_account_no[-4:], shown["body"])

    def test_template_respects_stop(self):
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        template = self.create_template("office_reply", "contact", CONTACT)
        self.ask("STOP", phone=OWNER)
        with self.assertRaisesRegex(UserError, "stopped messages"):
            self.conversation(OWNER).with_user(self.counter).reply_template(template.id)

    def test_refused_answers(self):
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        conversation = self.conversation(OWNER)
        as_clerk = conversation.with_user(self.counter)
        for text, reason in (("  ", "Write"), ("x" * 4097, "4097"), ("499118665246", "Aadhaar")):
            with self.assertRaisesRegex(UserError, reason):
                as_clerk.reply(text)
        # The auditor reads conversations, the surveyor does not.
        for user, reason in ((self.auditor, "role"), (self.surveyor, "not allowed")):
            with self.assertRaisesRegex(AccessError, reason):
                conversation.with_user(user).reply("x")
            with self.assertRaises(AccessError):
                conversation.with_user(user).action_close()
        self.assertFalse(conversation.with_user(self.auditor).can_answer)
        self.account.state = "halted"
        with self.assertRaisesRegex(UserError, "Test number"):
            as_clerk.reply("x")

    def test_canned_answers(self):
        """Offered in the language of the consumer; those of another office are not."""
        answers = self.env["discom.whatsapp.answer"]
        values = {"body_hi": "हिंदी पाठ", "body_en": "English text"}
        answers.create([{"name": "Ours", "office_id": self.division_a.id, **values},
                        {"name": "Theirs", "office_id": self.division_b.id, **values}])  # fmt: skip
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        conversation = self.conversation(OWNER).with_user(self.counter)
        offered = {each["name"]: each["body"] for each in conversation.answers_offered()["answers"]}
        self.assertEqual(offered["Ours"], "हिंदी पाठ")
        self.assertNotIn("Theirs", offered)
        self.ask("where is my meter", phone=OWNER)
        offered = {each["name"]: each["body"] for each in conversation.answers_offered()["answers"]}
        self.assertEqual(offered["Ours"], "English text")
        with self.assertRaises(AccessError):
            answers.with_user(self.counter).create({"name": "x", **values})

    def test_titles_of_canned_answers(self):
        """In the language of the staff; one title is there once, whatever it is in Hindi."""
        self.env["res.lang"]._activate_lang("hi_IN")
        answers = self.env["discom.whatsapp.answer"].with_user(self.manager)
        values = {
            "name": "Ours", "office_id": self.division_a.id,
            "body_hi": "हिंदी पाठ", "body_en": "English text",
        }  # fmt: skip
        answers.create(values).with_context(lang="hi_IN").name = "हमारा"
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        conversation = self.conversation(OWNER).with_user(self.counter)
        for lang, title in (("hi_IN", "हमारा"), ("en_US", "Ours")):
            offered = conversation.with_context(lang=lang).answers_offered()["answers"]
            self.assertIn(title, [each["name"] for each in offered])
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            answers.create(values)

    def test_assign_and_filters(self):
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        conversation = self.conversation(OWNER).with_user(self.counter)
        conversation.action_assign_to_me()
        self.assertEqual(conversation.user_id, self.counter)
        search = conversation.search
        self.assertIn(conversation, search([("window_open", "=", True)]))
        self.assertNotIn(conversation, search([("window_open", "=", False)]))
        conversation.sudo().last_in_at = fields.Datetime.now() - timedelta(days=2)
        self.assertNotIn(conversation, search([("window_open", "=", True)]))
        name = self.owner.discom_account_no
        self.assertEqual(search([("title", "ilike", name)]), conversation)
        self.assertFalse(self.conversation(OWNER).with_user(self.clerk_b).search([]))
        conversation.action_assign_to_office()
        self.assertFalse(conversation.user_id)

    def hand_over(self, conversation, user, **values):
        action = conversation.with_user(user).action_open_hand_over()
        wizard = Form(
            self.env[action["res_model"]].with_user(user).with_context(**action["context"])
        )
        for name, value in values.items():
            wizard[name] = value
        return wizard.save().action_hand_over()

    def test_hand_over_to_a_colleague(self):
        self.ask("मेरा मीटर जल गया", phone=OWNER)
        conversation = self.conversation(OWNER)
        self.hand_over(conversation, self.counter, user_id=self.clerk)
        self.assertEqual(conversation.user_id, self.clerk)
        counts = conversation.with_user(self.clerk).inbox_counts()
        self.assertEqual(counts["mine"], 1)
        self.hand_over(conversation, self.clerk)
        self.assertFalse(conversation.user_id, "whoever has time")
        with self.assertRaises(AccessError):
            conversation.with_user(self.auditor).action_open_hand_over()
        for stranger in (self.clerk_b, self.auditor):
            wizard = self.env["discom.whatsapp.handover"].with_user(self.clerk)
            wizard = wizard.create({"conversation_ids": conversation.ids, "user_id": stranger.id})
            with self.assertRaisesRegex(UserError, "does not answer"):
                wizard.action_hand_over()
        wizard = self.env["discom.whatsapp.handover"].with_user(self.clerk)
        wizard = wizard.create({"conversation_ids": conversation.ids})
        wizard.office_id = self.division_b
        with self.assertRaisesRegex(UserError, "consumer's office"):
            wizard.action_hand_over()

    def test_strangers_reach_a_division(self):
        """What a stranger writes waits where somebody answers, and can go to another office."""
        self.account.inbox_office_id = self.division_a
        self.ask("यहाँ कोई है क्या", phone=STRANGER)
        conversation = self.conversation(STRANGER)
        self.assertEqual(conversation.office_id, self.division_a)
        self.assertTrue(conversation.with_user(self.clerk).thread()["messages"])
        self.hand_over(conversation, self.clerk, office_id=self.division_b, user_id=self.clerk_b)
        self.assertEqual(
            (conversation.office_id, conversation.user_id), (self.division_b, self.clerk_b)
        )
        self.assertTrue(conversation.with_user(self.clerk_b).thread()["messages"])
        with self.assertRaises(AccessError):
            conversation.with_user(self.clerk).thread()

    def test_thread_pages(self):
        """The newest forty, then the older ones."""
        self.ask("कोई है", phone=OWNER)
        self.env["discom.whatsapp.message"].create(
            [
                {"account_id": self.account.id, "phone": f"+{OWNER}", "direction": "in",
                 "state": "received", "body": f"text {index}", "partner_id": self.owner.id,
                 "office_id": self.subdivision_a1.id}
                for index in range(60)
            ]
        )  # fmt: skip
        conversation = self.conversation(OWNER).with_user(self.clerk)
        newest = conversation.thread()
        self.assertEqual(len(newest["messages"]), 40)
        self.assertEqual(newest["messages"][-1]["text"], "text 59")
        older = conversation.thread(before_id=newest["messages"][0]["id"])
        self.assertEqual(older["messages"][-1]["text"], "text 19")
        self.assertFalse(older["more"])


def png(width, height):
    """Return the beginning of a PNG that claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


@tagged("post_install", "-at_install")
class TestWhatsappFile(ServiceCommon):
    def receive(self, content=None, kind="image", **given):
        """The owner sends a file; it is fetched by the cron; return its record."""
        if content is not None:
            given["data"] = base64.b64encode(content).decode()
        self.simulator.inbound(OWNER, type=kind, **given)
        self.deliver()
        self.apply()
        return self.fetch()

    def fetch(self):
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_file"))
        return self.env["discom.whatsapp.file"].search([], limit=1)

    def test_picture_is_kept_for_the_office(self):
        """Fetched by the cron, shown in the thread and the chatter, read by the office alone."""
        self.simulator.inbound(OWNER, type="image", caption="मीटर")
        self.deliver()
        self.apply()
        file = self.env["discom.whatsapp.file"].search([], limit=1)
        self.assertEqual((file.state, file.message_id.kind), ("waiting", "image"))
        self.fetch()
        self.assertEqual((file.state, file.mime_type), ("done", "image/png"))
        attachment = file.attachment_id
        self.assertFalse(attachment.public)
        self.assertTrue(attachment.with_user(self.clerk).has_access("read"))
        self.assertFalse(attachment.with_user(self.clerk_b).has_access("read"))
        note = self.owner.message_ids.filtered("attachment_ids")
        self.assertEqual(len(note.attachment_ids), 1)
        row = self.conversation(OWNER).with_user(self.clerk).thread()["messages"][0]
        self.assertEqual(row["file"]["url"], f"/web/content/{attachment.id}")
        self.assertEqual(self.conversation(OWNER).state, "open", "a person has to look")

    def test_document_and_name(self):
        file = self.receive(kind="document", filename="../../रसीद.exe")
        self.assertEqual((file.state, file.mime_type), ("done", "application/pdf"))
        self.assertTrue(file.attachment_id.name.endswith(".pdf"))
        self.assertNotIn("/", file.attachment_id.name)

    def test_content_decides(self):
        """What claims to be a picture and is none, is too large or a bomb, is not kept."""
        for content, reason in (
            (b"<html><script>alert(1)</script></html>", "by its content"),
            (b"MZ\x90\x00" + b"x" * 100, "by its content"),
            (png(60000, 60000), "pixels"),
            (b"\xff\xd8\xff\xe0" + b"\x00" * 20, "damaged"),
        ):
            with self.subTest(reason):
                file = self.receive(content)
                self.assertEqual(file.state, "refused")
                self.assertIn(reason, file.reason)
                self.assertFalse(file.attachment_id)
        large = self.receive(b"%PDF-1.4\n" + b"x" * (17 * 2**20), kind="document")
        self.assertEqual(large.state, "refused")
        self.assertIn("large", large.reason)

    def test_gone_and_passing_errors(self):
        """What is gone is given up; a passing error is tried again; Meta's own failure once."""
        self.simulator.inbound(OWNER, type="image")
        self.deliver()
        self.apply()
        file = self.env["discom.whatsapp.file"].search([], limit=1)
        wanted, file.wa_media_id = file.wa_media_id, "1"
        self.fetch()
        self.assertEqual((file.state, file.tries), ("failed", 1))
        file.write({"state": "waiting", "tries": 0})
        error = {"error": {"code": 131052, "message": "Media download error"}}
        self.patch_api(400, error)
        self.fetch()
        self.assertEqual((file.state, file.tries), ("waiting", 1))
        self.assertTrue(file.retry_at)
        file.retry_at = False
        self.fetch()
        self.assertEqual((file.state, file.tries), ("failed", 2))
        file.write({"state": "waiting", "tries": 0, "retry_at": False, "wa_media_id": wanted})
        self.unpatch_api()
        self.fetch()
        self.assertEqual(file.state, "done")

    def patch_api(self, status, body):
        from ..tools import cloud_api

        def get(_self, _path, _params=None):
            raise cloud_api.parse_error(status, json.dumps(body).encode())

        self.real_get = cloud_api.CloudApi.get
        cloud_api.CloudApi.get = get
        self.addCleanup(setattr, cloud_api.CloudApi, "get", self.real_get)

    def unpatch_api(self):
        from ..tools import cloud_api

        cloud_api.CloudApi.get = self.real_get

    def test_flood_of_files(self):
        """More files in an hour than anybody has reason to send are not fetched."""
        for _index in range(PER_PHONE + 5):
            self.simulator.inbound(OWNER, type="image")
        self.deliver()
        self.apply()
        states = self.env["discom.whatsapp.file"].search([]).mapped("state")
        self.assertEqual((states.count("waiting"), states.count("refused")), (PER_PHONE, 5))

    def test_every_kind_is_readable(self):
        """Sound, film, card, sticker, place: each shows something, none breaks."""
        payloads = {
            "audio": {"id": "1", "mime_type": "audio/ogg; codecs=opus", "voice": True},
            "video": {"id": "2", "mime_type": "video/mp4", "caption": "खंभा"},
            "sticker": {"id": "3", "mime_type": "image/webp"},
            "contacts": [
                {"name": {"formatted_name": "राम"}, "phones": [{"phone": "+91 94150 00001"}]}
            ],
            "location": {"latitude": 24.2, "longitude": 83.03, "name": "पिपरी"},
            "reaction": {"message_id": "wamid.x", "emoji": "👍"},
            "unsupported": {},
        }  # fmt: skip
        for kind, content in payloads.items():
            payload = self.inbound(kind, type=kind, **{kind: content})
            payload["entry"][0]["changes"][0]["value"]["messages"][0]["from"] = OWNER
            self.post(payload)
        self.apply()
        messages = self.env["discom.whatsapp.message"].search(
            [("phone", "=", f"+{OWNER}"), ("direction", "=", "in")]
        )
        self.assertEqual({m.kind for m in messages}, set(payloads))
        bodies = " ".join(messages.mapped("body"))
        for text in ("खंभा", "राम +91 94150 00001", "पिपरी", "👍", "[audio]"):
            self.assertIn(text, bodies)
        self.assertEqual(len(messages.file_ids), 3)
