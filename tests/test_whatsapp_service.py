import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from ..models.whatsapp_conversation import ANSWERS_PER_HOUR
from ..models.whatsapp_message_inbound import START_WORDS, STOP_WORDS
from ..models.whatsapp_turn import BUTTON_TITLE, ROW_ABOUT, ROW_TITLE, ROWS_MAX
from ..tools.keywords import essence, fold
from .test_kyc_conversation import LOGGERS, KycConversationCommon

OWNER = "919415310001"
STRANGER = "919415310099"


class ServiceCommon(KycConversationCommon):
    """A consumer whose number is proved, with a bill and a payment, and a stranger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.create_proven(OWNER, discom_village="रामगढ़")
        cls.own_bill = cls.create_bill(cls.owner)

    @classmethod
    def create_proven(cls, phone, **vals):
        """Create a consumer whose number is proved."""
        consumer = cls.create_ready_consumer(discom_whatsapp_number=f"+{phone}", **vals)
        consumer.discom_kyc_state = "verified"
        return consumer

    def rows(self, phone=OWNER):
        """Send what is queued and return the choices that the phone shows, {title: id}."""
        self.run_lane()
        return {button["text"]: button["id"] for button in self.shown(phone)["buttons"]}


@tagged("post_install", "-at_install")
class TestWhatsappService(ServiceCommon):
    # === MENU AND WORDS === #

    def test_menu_is_a_list(self):
        """The menu is WhatsApp's list message, in both languages, within Meta's lengths."""
        for text, expected in (("मेनू", "बिल (PDF)"), ("hello", "Bill (PDF)")):
            self.ask(text, phone=OWNER)
            rows = self.rows()
            self.assertIn(expected, rows)
            self.assertEqual(len(rows), ROWS_MAX)
            shown = self.shown(OWNER)
            self.assertTrue(shown["list"])
            self.assertLessEqual(len(shown["list"]), BUTTON_TITLE)
        for service in self.env["discom.whatsapp.conversation"]._services():
            for title, about in zip(service.title, service.about, strict=True):
                self.assertLessEqual(len(title), ROW_TITLE, title)
                self.assertLessEqual(len(about), ROW_ABOUT, about)

    def test_words_of_the_manual(self):
        """Each word that the manual names is understood, and no service is left out of it."""
        conversations = self.env["discom.whatsapp.conversation"]
        keywords = conversations._keywords()
        obeyed = STOP_WORDS | START_WORDS
        for lang in ("en", "hi"):
            named, obeys = set(), set()
            with file_open(f"discom/docs/manual/{lang}/billing_clerk.md") as page:
                rows = [line.split("|")[1:3] for line in page if line.startswith("| ")]
            self.assertGreater(len(rows), 10)
            for words in (
                text.strip() for row in rows[2:] for cell in row for text in cell.split(",")
            ):
                found = keywords.get(fold(words))
                self.assertTrue(found or fold(words) in obeyed, words)
                (named if found else obeys).add(found or fold(words) in STOP_WORDS)
            self.assertEqual(obeys, {True, False})
            targets = {
                service.target or f"service:{service.key}" for service in conversations._services()
            }
            self.assertEqual(named, targets | {"help:show"})

    def test_words(self):
        """What people really write is understood; a sentence about something else is not."""
        find = self.env["discom.whatsapp.conversation"]._keywords().get
        for text, target in (
            ("बिल", "service:bill"), ("मेरा बिल भेज दो", "service:bill"),
            ("BILL please", "service:bill"), ("mera bill bhejo", "service:bill"),
            ("बकाया बताइए", "service:dues"),
            ("लाइट नहीं है", "service:nosupply"), ("light nahi hai", "service:nosupply"),
            ("बिजली कब आएगी", "service:outage"), ("मुझे शिकायत करना है", "service:complaint"),
            ("बिल गलत है", "service:complaint"), ("रसीद चाहिए", "service:receipt"),
            ("कार्यालय", "service:office"), ("English", "service:language"), ("menu", "help:show"),
            ("मेरा मीटर जल गया", None), ("बिल मत भेजो", None), ("please do not stop my supply", None),
        ):  # fmt: skip
            with self.subTest(text):
                words = fold(text)
                self.assertEqual(find(words) or find(essence(words)), target)

    # === BILL, DUES, RECEIPT === #

    def test_bill_as_pdf(self):
        """The word brings the newest bill as PDF, with its amount, into the chat."""
        caption = self.ask("मेरा बिल भेजो", phone=OWNER)
        self.assertIn("500.00", caption)
        self.run_lane()
        shown = self.shown(OWNER)
        self.assertEqual(shown["type"], "document")
        token = self.own_bill._public_tokens()[self.own_bill.id]
        self.assertEqual(shown["body"], caption.replace("{{bill_token}}", token))
        self.assertTrue(shown["media"]["filename"].endswith(".pdf"))
        content = self.simulator.call("GET", f"/simulator/media/{shown['media']['id']}")[1]
        self.assertTrue(content.startswith(b"%PDF"))
        message = self.answers(OWNER)[-1]
        self.assertEqual(
            (message.partner_id, message.purpose, message.res_id),
            (self.owner, "reply", self.own_bill.id),
        )

    def test_bill_goes_to_who_stopped_messages(self):
        """Who wants no messages and asks for the bill gets it."""
        self.owner._discom_record_consent("withdrawn", ["bills", "dues"], "counter")
        self.ask("bill", phone=OWNER)
        self.run_lane()
        self.assertEqual(self.shown(OWNER)["type"], "document")

    def test_dues_and_pay_link(self):
        """The link is whole on the phone, and in no message that staff read."""
        token = self.own_bill._public_tokens()[self.own_bill.id]
        for words in ("बकाया", "बिल"):
            self.assertNotIn(token, self.ask(words, phone=OWNER))
            self.assertNotIn(token, str(self.answers(OWNER)[-1].read()))
            self.run_lane()
            self.assertIn(self.own_bill._public_url(), self.shown(OWNER)["body"])
        self.env["discom.payment"].create({"partner_id": self.owner.id, "amount": 500})
        paid = self.ask("dues please", phone=OWNER)
        self.assertIn("nothing is due", paid)

    def test_receipt_of_the_last_payment(self):
        self.assertIn("कोई भुगतान दर्ज नहीं", self.ask("रसीद", phone=OWNER))
        today = self.env["discom.bill"]._today()
        payments = self.env["discom.payment"]
        payments.create({"partner_id": self.owner.id, "amount": 111, "date": today})
        payments.create(
            {"partner_id": self.owner.id, "amount": 222, "date": today - timedelta(days=3)}
        )
        self.assertIn("111.00", self.ask("रसीद दो", phone=OWNER))
        self.run_lane()
        shown = self.shown(OWNER)
        self.assertEqual(shown["type"], "document")
        self.assertIn(self.owner.discom_account_no[-4:], shown["body"])

    # === WHOSE ACCOUNT === #

    def test_stranger_gets_nothing_about_anybody(self):
        """No word, no button of somebody else's and no account number opens an account."""
        number = self.owner.discom_account_no
        secrets = (self.owner.name, self.owner.discom_name_hi, "500.00", "रामगढ़", number)
        for text in ("बिल", "dues", "रसीद", "बिजली कब आएगी", "बिजली नहीं है", f"बिल {number}",
                     f"bill of {number}", f"service:bill:{self.owner.id}"):  # fmt: skip
            answer = self.ask(text, phone=STRANGER)
            for secret in secrets:
                self.assertNotIn(secret, answer, text)
        for key in ("bill", "dues", "receipt", "outage", "nosupply"):
            payload = f"service:{key}:{self.owner.id}"
            reply = {"type": "list_reply", "list_reply": {"id": payload, "title": "x"}}
            self.post(self.inbound_from(STRANGER, reply))
            self.apply()
            newest = self.answers(STRANGER)[-1:]
            self.assertFalse(newest.with_document)
            for secret in secrets:
                self.assertNotIn(secret, newest.body)
        self.assertFalse(self.answers(STRANGER).partner_id)
        self.assertFalse(self.env["discom.complaint"].search([("partner_id", "=", self.owner.id)]))

    def inbound_from(self, phone, interactive):
        payload = self.inbound(f"{interactive}", type="interactive", interactive=interactive)
        payload["entry"][0]["changes"][0]["value"]["messages"][0]["from"] = phone
        return payload

    def test_ids_in_forged_buttons(self):
        """They are anybody's: of people without an account, of nobody; and change nothing."""
        nobody = self.env["res.partner"].create({"name": "No consumer"})
        for partner_id in (nobody.id, self.env.company.partner_id.id, 999999999, self.owner.id):
            for command in ("yes", "no", "notmine"):
                reply = {"id": f"kyc:{command}:{partner_id}:1", "title": f"{command}{partner_id}"}
                self.post(
                    self.inbound_from(STRANGER, {"type": "button_reply", "button_reply": reply})
                )
        self.apply()
        self.assertFalse(self.env["discom.whatsapp.event"].search_count([("state", "=", "error")]))
        self.assertEqual(len(self.answers(STRANGER)), 12)
        self.assertEqual(self.owner.discom_whatsapp_number, f"+{OWNER}")
        self.assertEqual(self.owner.discom_consent_bills, "given")

    def test_number_on_file_has_to_be_proved(self):
        """A number that was only taken down hears of the account after it has proved it."""
        consumer = self.create_ready_consumer(discom_whatsapp_number=f"+{STRANGER}")
        self.create_bill(consumer)
        self.assertEqual(consumer.discom_kyc_state, "captured")
        self.assertIn("KYC", self.ask("बिल", phone=STRANGER))
        self.assertIn("खाता जोड़ें", self.rows(STRANGER))
        self.ask("KYC", consumer.discom_account_no, "हाँ", phone=STRANGER)
        self.assertIn("500.00", self.ask("बिल", phone=STRANGER))

    def test_number_given_to_somebody_else(self):
        """An old button says nothing once the account has another number."""
        second = self.create_proven(OWNER)
        self.create_bill(second)
        self.ask("बिल", phone=OWNER)
        row = next(
            key for title, key in self.rows().items() if second.discom_account_no[-4:] in title
        )
        second.discom_whatsapp_number = "+919415310055"
        self.send("", OWNER, type="interactive", id=row)
        self.deliver()
        self.apply()
        self.assertFalse(self.answers(OWNER)[-1].with_document)

    def test_several_connections(self):
        """A phone with several connections is asked which: by button or last four digits."""
        second = self.create_proven(OWNER, discom_name_hi="सीता देवी")
        self.create_bill(second, amount_total=777, amount_after_due=780, line_ids=[
            (0, 0, {"head": "energy", "name": "Energy", "amount": 777})])  # fmt: skip
        asked = self.ask("बिल", phone=OWNER)
        self.assertIn("किस खाते", asked)
        rows = self.rows()
        self.assertIn(f"…{second.discom_account_no[-4:]} (स)", rows)
        self.assertNotIn(second.discom_account_no, str(rows))
        self.assertIn("777.00", self.ask(second.discom_account_no[-4:], phone=OWNER))
        self.ask("बकाया", phone=OWNER)
        title = f"…{self.owner.discom_account_no[-4:]} ({self.owner.discom_name_hi[0]})"
        self.assertIn("500.00", self.press(title, phone=OWNER))
        self.ask("बिल", phone=OWNER)
        self.assertIn("किस खाते", self.ask("1111", phone=OWNER))
        self.assertIn("इस नंबर पर नहीं", self.ask("2222", phone=OWNER))
        self.assertFalse(self.conversation(OWNER).step)

    # === LANGUAGE, OFFICE === #

    def test_language_is_kept_on_the_consumer(self):
        self.ask("मेनू", phone=OWNER)
        self.assertIn("in English", self.press("English में", phone=OWNER))
        self.assertEqual(self.owner.lang, "en_IN")
        self.assertIn("Amount due", self.ask("bill", phone=OWNER))
        self.assertIn("हिंदी में", self.ask("हिंदी", phone=OWNER))
        self.assertEqual(self.owner.lang, "hi_IN")
        self.ask("English", phone=STRANGER)
        self.assertEqual(self.conversation(STRANGER).lang, "en")

    def test_office_silences_the_machine(self):
        """Who asks for a person is not answered by the machine until the staff have settled it."""
        self.assertIn("Division A", self.ask("office", phone=OWNER))
        conversation = self.conversation(OWNER)
        self.assertEqual((conversation.state, conversation.unread_count), ("open", 1))
        self.assertFalse(self.ask("बिल", phone=OWNER))
        self.assertEqual(conversation.unread_count, 2)
        self.ask("STOP", phone=OWNER)
        self.assertEqual(self.owner.discom_consent_bills, "withdrawn", "STOP is always obeyed")
        conversation.with_user(self.counter).action_close()
        self.assertTrue(self.ask("बिल", phone=OWNER))

    def test_office_that_never_answers(self):
        """After a day of silence the machine is back."""
        self.ask("office", phone=OWNER)
        conversation = self.conversation(OWNER)
        conversation.last_message_at -= timedelta(hours=25)
        self.assertTrue(self.ask("बिल", phone=OWNER))
        self.assertTrue(self.ask("बकाया", phone=OWNER))

    # === OUTAGES === #

    def outage(self, **vals):
        outage = self.env["discom.outage"].create(
            {
                "asset_ids": [(6, 0, self.feeder_a1.ids)],
                "date_start": fields.Datetime.now() - timedelta(hours=1),
                "date_end_expected": fields.Datetime.now() + timedelta(hours=2),
                **vals,
            }
        )
        outage.state = "ongoing"
        return outage

    def test_outage_status(self):
        """The outage of the connection's own assets, with the time it is expected back."""
        self.assertIn("बिजली बंद होने की कोई सूचना दर्ज नहीं", self.ask("बिजली कब आएगी", phone=OWNER))
        elsewhere = self.outage(asset_ids=[(6, 0, self.feeder_a2.ids)])
        self.assertIn("दर्ज नहीं", self.ask("light kab aayegi", phone=OWNER))
        self.outage()
        self.assertIn("अनुमानित समय", self.ask("बिजली की स्थिति", phone=OWNER))
        self.assertTrue(elsewhere)

    def test_no_supply(self):
        """A known outage is told and the call tied to it; what is insisted on is a complaint."""
        calls, complaints = self.env["discom.outage.call"], self.env["discom.complaint"]
        outage = self.outage()
        self.assertIn("अनुमानित समय", self.ask("लाइट नहीं है", phone=OWNER))
        self.assertRecordValues(
            calls.search([("partner_id", "=", self.owner.id)]),
            [{"source": "whatsapp", "state": "known", "outage_id": outage.id,
              "office_id": self.subdivision_a1.id}],
        )  # fmt: skip
        self.assertFalse(complaints.search([("partner_id", "=", self.owner.id)]))
        self.assertIn("दर्ज हो गई", self.press("फिर भी सूचना दें", phone=OWNER))
        self.assertEqual(
            complaints.search([("partner_id", "=", self.owner.id)]).mapped("kind"), ["no_supply"]
        )

    def test_no_supply_is_a_call_once(self):
        calls = self.env["discom.outage.call"]
        self.assertIn("दर्ज हो गई", self.ask("बिजली नहीं है", phone=OWNER))
        self.assertIn("दर्ज हो गई", self.ask("लाइट गई", phone=OWNER))
        self.assertEqual(
            calls.search([("partner_id", "=", self.owner.id)]).mapped("state"), ["open"]
        )

    def test_who_reported_is_told_when_supply_is_back(self):
        """Without consent to news of outages, too: it answers what was asked."""
        self.env.cr.execute(
            "UPDATE res_partner SET discom_consent_outages = NULL WHERE id = %s", [self.owner.id]
        )
        self.env.invalidate_all()
        outage = self.outage()
        self.ask("बिजली नहीं है", phone=OWNER)
        outage.write({"state": "restored", "date_end": fields.Datetime.now()})
        last = self.env["discom.whatsapp.message"].search(
            [("phone", "=", f"+{OWNER}"), ("direction", "=", "out")], limit=1
        )
        self.assertIn("चालू हो गई है", last.body)
        self.assertEqual(last.purpose, "reply")

    def test_who_reported_is_told_when_the_call_is_closed(self):
        """There was no outage on record: nobody else tells."""
        self.ask("बिजली नहीं है", phone=OWNER)
        call = self.env["discom.outage.call"].search([("partner_id", "=", self.owner.id)])
        call.with_user(self.operator).action_close_restored()
        last = self.env["discom.whatsapp.message"].search(
            [("phone", "=", f"+{OWNER}"), ("direction", "=", "out")], limit=1
        )
        self.assertIn("चालू हो गई है", last.body)

    def test_an_end_that_is_past_is_not_promised(self):
        outage = self.outage()
        outage.date_end_expected = fields.Datetime.now() - timedelta(minutes=5)
        self.assertIn("समय अभी ज्ञात नहीं", self.ask("बिजली की स्थिति", phone=OWNER))

    # === ATTACKS === #

    @mute_logger(*LOGGERS)
    def test_five_hundred_messages_from_one_number(self):
        """A flood is kept, answered a few times, and shown as one conversation and one note."""
        for index in range(500):
            self.post(self.flood(index))
        self.apply()
        messages = self.env["discom.whatsapp.message"].search([("phone", "=", f"+{OWNER}")])
        self.assertEqual(len(messages.filtered(lambda m: m.direction == "in")), 500)
        self.assertLessEqual(
            len(messages.filtered(lambda m: m.direction == "out")), ANSWERS_PER_HOUR
        )
        conversation = self.conversation(OWNER)
        self.assertEqual(len(conversation), 1)
        self.assertGreater(conversation.unread_count, 400)
        notes = self.owner.message_ids.filtered(lambda note: "flood" in (note.body or ""))
        self.assertEqual(len(notes), 1)
        self.assertLess(len(notes.body), 5000)

    def flood(self, index):
        payload = self.inbound(f"flood {index} x")
        message = payload["entry"][0]["changes"][0]["value"]["messages"][0]
        message.update({"from": OWNER, "timestamp": str(int(time.time()) - 600 + index)})
        return payload

    def test_hostile_buttons_and_texts(self):
        """Nothing that comes back from outside breaks a service or reaches another's data."""
        payloads = ("service:", "service::", "service:nosuch", "service:bill:x", "service:bill:0",
                    f"service:bill:{2**40}", "service:bill:-1", "service:complaint:0:nosuch",
                    "service:complaint:0:bill:extra", "help:", "help:show:1", "service:language:xx",
                    "service:complaint:' OR 1=1 --", "service:kyc", "service:office:9")  # fmt: skip
        for index, payload in enumerate(payloads):
            reply = {"type": "button_reply", "button_reply": {"id": payload, "title": "{0}%s"}}
            self.post(self.inbound_from(f"9194153200{index:02}", reply))
        texts = ("<script>alert(1)</script>", "{name.__class__}", "%(x)s", "\u202eबिल", "अ" * 60000,
                 "' OR 1=1 --", "बिल\u0000", "﷽" * 3000)  # fmt: skip
        for index, text in enumerate(texts):
            for opening in ("", "शिकायत", "service"):
                payload = self.inbound(opening + text)
                message = payload["entry"][0]["changes"][0]["value"]["messages"][0]
                message.update({"from": f"9194153300{index:02}", "id": f"wamid.h{index}{opening}"})
                self.post(payload)
        with mute_logger(*LOGGERS):
            self.apply()
        self.assertFalse(
            self.env["discom.whatsapp.event"].search([("state", "!=", "applied")]).mapped("error")
        )

    def test_queries_do_not_grow_with_the_batch(self):
        """Fifty people who ask for their bill cost as many queries as a few."""
        phones = [f"91941534{index:04}" for index in range(53)]
        for phone in phones:
            self.create_bill(self.create_proven(phone))

        def queries(numbers):
            for phone in numbers:
                self.send("बिल", phone)
            self.deliver()
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.apply()
            return self.cr.sql_log_count - before

        queries(phones[:2])
        one, fifty = queries(phones[2:3]), queries(phones[3:])
        self.assertEqual(self.answers(phones[-1]).res_model, "discom.bill")
        self.assertLessEqual(fifty - one, 12, f"{one} queries for one, {fifty} for fifty")
