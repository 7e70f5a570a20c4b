from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.whatsapp_conversation import ANSWERS_PER_HOUR
from ..tools import webhook_payload
from .common_whatsapp import WhatsappCommon
from .test_whatsapp_service import OWNER, STRANGER, ServiceCommon

OTHER = "919415310077"


@tagged("post_install", "-at_install")
class TestWhatsappHidden(ServiceCommon):
    """Self-service for people who hide their number behind a user name."""

    def hear(self, text="", phone=STRANGER, **vals):
        """Have somebody write without showing the number; return the text of the answer."""
        before = len(self.heard(phone))
        self.simulator.inbound(phone, **{"text": text} if text else {}, hidden=True, **vals)
        return self.answer(phone, before)

    def answer(self, phone, before):
        """Take in what was written and send what answers it."""
        self.deliver()
        self.apply()
        self.run_lane()
        self.deliver()
        self.apply()
        return "\n".join(message["body"] for message in self.heard(phone)[before:])

    def heard(self, phone=STRANGER):
        return [m for m in self.simulator.messages(to=phone) if m["direction"] == "out"]

    def share(self, phone=STRANGER, **vals):
        """Tap the button that shares the number."""
        before = len(self.heard(phone))
        self.simulator.inbound(phone, type="contacts", share=True, **vals)
        return self.answer(phone, before)

    def chat(self, phone):
        return self.env["discom.whatsapp.conversation"].search(
            [("phone", "like", phone), ("account_id", "=", self.account.id)]
        )

    # === WITHOUT A NUMBER === #

    def test_menu_once(self):
        """What is not understood gets the menu, once; a machine at the other end gets no more."""
        self.assertIn("नमस्ते", self.hear("मेरा मीटर जल गया"))
        shown = self.heard()[-1]
        self.assertTrue(shown["list"])
        self.assertEqual(self.hear("कोई है क्या"), "")
        self.assertIn("Hello", self.hear("hello"))
        for _again in range(ANSWERS_PER_HOUR + 5):
            self.hear(self.heard()[-1]["body"])
            self.hear("menu")
        self.assertLessEqual(len(self.heard()), ANSWERS_PER_HOUR)

    def test_what_needs_no_account(self):
        """Language, office and a danger that is reported need no number."""
        self.assertIn("in English from now on", self.hear("English"))
        self.hear("complaint")
        choice = {button["text"]: button["id"] for button in self.heard()[-1]["buttons"]}
        self.hear(type="interactive", id=choice["Danger: wire or pole"])
        self.assertIn("Keep away", self.heard()[-1]["body"])
        told = self.hear("wire on the road at Pipri bazar")
        complaint = self.env["discom.complaint"].search([], order="id desc", limit=1)
        self.assertIn(complaint.name, told)
        conversation = self.chat("IN.")
        self.assertRecordValues(
            complaint,
            [{"kind": "danger", "phone": False, "conversation_id": conversation.id}],
        )
        self.assertIn(f"put with complaint {complaint.name}", self.hear(type="image"))
        for _step in range(2):
            self.hear("complaint")
        self.hear(type="interactive", id=choice["Danger: wire or pole"])
        self.assertIn("recorded already", self.hear("wire on the road"))
        complaint.resolution = "Wire put up"
        complaint.action_resolve()
        self.run_lane()
        self.assertIn("Wire put up", self.heard()[-1]["body"])
        self.assertIn("staff of", self.hear("office"))
        self.assertEqual(self.hear("bill"), "", "the machine is silent")

    def test_number_is_asked_for(self):
        """An account and KYC need the number: WhatsApp's own button asks for it."""
        for text in ("बिल", "बकाया", "रसीद", "KYC", "बिजली नहीं है", "मेरा खाता नहीं",
                     self.owner.discom_account_no):  # fmt: skip
            answer = self.hear(text)
            self.assertIn("मोबाइल नंबर हमें नहीं दिखाता", answer, text)
            self.assertEqual(self.heard()[-1]["buttons"][0]["type"], "share")
            for secret in (self.owner.name, self.owner.discom_name_hi, "500.00"):
                self.assertNotIn(secret, answer)
        self.assertFalse(self.env["discom.kyc.attempt"].search([("phone", "in", [False, ""])]))

    @mute_logger("odoo.addons.discom.models.whatsapp_lane_settle")
    def test_button_that_is_refused(self):
        """Where WhatsApp does not take the button, the answer comes without it, told either way."""
        for via in ("sync", "webhook"):
            self.simulator.set_faults([{"code": 131009, "via": via, "count": 1}])
            self.hear("बिल")
            self.run_lane()
            plain = self.heard()[-1]
            self.assertEqual((plain["type"], plain["failed"]), ("text", None))
            self.assertIn("कार्यालय आएँ", plain["body"])

    def test_who_cannot_be_reached(self):
        """A code about the number of somebody who hides it stops nothing."""
        self.hear("नमस्ते")
        for via in ("sync", "webhook"):
            self.simulator.set_faults([{"code": 131026, "via": via, "count": 1}])
            self.hear("menu")
            message = self.env["discom.whatsapp.message"].search(
                [("wa_user_id", "!=", False), ("direction", "=", "out")], order="id desc", limit=1
            )
            self.assertEqual((message.state, message.error_code), ("failed", 131026), via)

    def test_stop_waits_for_a_person(self):
        """Whose consent it is nobody knows: the number is asked for, and the staff see it."""
        self.assertIn("संदेश बंद", self.hear("STOP"))
        self.assertRecordValues(self.chat("IN."), [{"state": "open", "unread_count": 1}])

    # === THE NUMBER IS GIVEN === #

    def test_share_then_bill(self):
        """After one tap the proved account is served, in the same conversation."""
        self.hear("मेरा बिल भेजो", phone=OWNER)
        conversation = self.chat("IN.")
        self.assertIn("आपका नंबर मिल गया", self.share(OWNER))
        self.assertTrue(self.heard(OWNER)[-1]["list"])
        before = len(self.heard(OWNER))
        self.simulator.inbound(OWNER, text="बिल")
        self.assertIn("500.00", self.answer(OWNER, before))
        self.assertEqual(self.chat(OWNER), conversation)
        self.assertFalse(self.chat("IN."))
        thread = conversation.with_user(self.administrator).thread()["messages"]
        self.assertIn("मेरा बिल भेजो", thread[0]["text"])
        self.assertEqual(len(thread), 6)
        self.assertEqual(conversation.title, self.owner.discom_name_hi)

    def test_known_by_the_report_alone(self):
        """WhatsApp goes on hiding the number; its report on the answer has told who it is."""
        self.hear("बिल", phone=OWNER)
        self.share(OWNER)
        self.assertIn("500.00", self.hear("बिल", phone=OWNER))

    def test_stop_after_sharing(self):
        self.hear("STOP", phone=OWNER)
        self.share(OWNER)
        self.hear("STOP", phone=OWNER)
        self.assertEqual(self.owner.discom_consent_bills, "withdrawn")

    def test_somebody_elses_number(self):
        """A forged card opens nothing: the answer goes to the number, and proves nothing."""
        self.hear("बिल")
        before = len(self.heard(OWNER))
        self.assertEqual(self.share(contact_phone=f"+{OWNER}"), "", "nothing to who forged it")
        sent = self.heard(OWNER)[before:]
        self.assertTrue(all(message["failed"] for message in sent), "no window, no message")
        for text in ("बिल", "बकाया", "STOP", "मेरा खाता नहीं"):
            answer = self.hear(text)
            self.assertNotIn("500.00", answer)
            self.assertNotIn(self.owner.discom_account_no[-4:], answer)
        self.assertEqual(self.owner.discom_consent_bills, "given")
        self.assertEqual(self.owner.discom_whatsapp_number, f"+{OWNER}")

    def test_card_that_was_not_asked_for(self):
        """A card of somebody from the address book is a card, and says nothing of the writer."""
        self.hear("बिल")
        self.hear(type="contacts", contact_phone=f"+{OWNER}")
        self.assertEqual(len(self.heard(OWNER)), 0)
        self.assertIn("मोबाइल नंबर हमें नहीं दिखाता", self.hear("बकाया"))

    def test_number_of_no_use(self):
        self.hear("बिल")
        for number in ("+442071838750", "12", "9999999999"):
            self.simulator.inbound(STRANGER, type="contacts", share=True, contact_phone=number)
            self.deliver()
            self.apply()
            self.run_lane()
        self.assertIn("भारत का मोबाइल नंबर नहीं", self.heard()[-1]["body"])

    def test_reply_to_our_message_shows_the_number(self):
        """STOP in reply to a message counts for the number to which it went."""
        message = self.messages(WhatsappCommon.send(self, self.own_bill))
        self.run_lane()
        wamid = self.heard(OWNER)[-1]["id"]
        self.assertEqual(message.wamid, wamid)
        self.hear("STOP", phone=OWNER, message=wamid)
        self.assertEqual(self.owner.discom_consent_bills, "withdrawn")

    def test_malformed_cards(self):
        """Whatever stands on a card: no fault, and no number where there is none."""
        for contacts in (
            None, [], {}, [None], [{"origin": "contact_request"}],
            [{"origin": "contact_request", "phones": {}}],
            [{"origin": "contact_request", "phones": [None, {}, {"wa_id": ["x"]}, {"phone": "x"}]}],
        ):  # fmt: skip
            with self.subTest(contacts):
                self.assertEqual(webhook_payload._shared_phone({"contacts": contacts}), "")
        for card in (
            {"origin": "contact_request", "phones": [{"phone": "+91 94153-10077"}]},
            {"origin": "contact_request", "phones": [{"phone": "x", "wa_id": OTHER}]},
        ):
            row = webhook_payload._read_message(
                {"id": "wamid.1", "type": "contacts", "contacts": [card]}, 1_800_000_000
            )
            self.assertEqual(row["shared_phone"], f"+{OTHER}")
