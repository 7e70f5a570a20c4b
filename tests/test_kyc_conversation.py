import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.whatsapp_conversation import ANSWERS_PER_HOUR, REPEATS
from ..tools.kyc_dialogue import TRIES
from .common_whatsapp import WebhookCommon

PHONE = "919415300001"
#: Twelve digits with a right check digit that nobody has.
AADHAAR = "499118665246"
LOGGERS = (
    "odoo.addons.discom.models.kyc_conversation",
    "odoo.addons.discom.models.whatsapp_conversation",
)


class KycConversationCommon(WebhookCommon):
    """A consumer without a number, with two bills and a payment, and a phone nobody knows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_consumer(discom_whatsapp_number=False, lang="hi_IN")
        cls.bill = cls.create_bill(cls.consumer)
        cls.code = cls.bill._proof_codes()[cls.bill.id]
        cls.wrong_code = f"{(int(cls.code) + 1) % 10**6:06}"
        cls.env["discom.payment"].create({"partner_id": cls.consumer.id, "amount": 1250.5})

    def setUp(self):
        super().setUp()
        self.clock = int(time.time()) - 600

    def send(self, text, phone=PHONE, **message):
        """A consumer writes, a second after the last text; nothing is applied yet."""
        self.clock += 1
        self.simulator.inbound(phone, timestamp=self.clock, **({"text": text} | message))

    def ask(self, *texts, phone=PHONE):
        """Write texts, each applied before the next; return the last new answer, or empty."""
        for text in texts:
            before = self.answers(phone)
            self.send(text, phone)
            self.deliver()
            self.apply()
        return (self.answers(phone) - before).body or ""

    def press(self, title, phone=PHONE):
        """Press a reply button under the newest answer on the phone; return what comes back."""
        self.run_lane()
        before = self.answers(phone)
        shown = self.shown(phone)
        buttons = {button["text"]: button["id"] for button in shown["buttons"]}
        self.send("", phone, type="interactive", id=buttons[title])
        self.deliver()
        self.apply()
        return (self.answers(phone) - before).body or ""

    def inbound(self, text, **message):
        return {
            "entry": [
                {
                    "id": self.account.waba_id,
                    "changes": [
                        {
                            "field": "messages",
                            "value": {
                                "metadata": {"phone_number_id": self.account.phone_number_id},
                                "messages": [
                                    {
                                        "from": PHONE,
                                        "id": f"wamid.{text}{self.clock}",
                                        "timestamp": str(int(time.time())),
                                        "type": "text",
                                        "text": {"body": text},
                                        **message,
                                    }
                                ],
                            },
                        }
                    ],
                }
            ]
        }

    def answers(self, phone=PHONE):
        return self.env["discom.whatsapp.message"].search(
            [("direction", "=", "out"), ("phone", "=", f"+{phone}")], order="id"
        )

    def shown(self, phone=PHONE):
        """Return the newest answer as the phone shows it."""
        return self.simulator.messages(to=phone, key=self.answers(phone)[-1].key)[0]

    def conversation(self, phone=PHONE):
        return self.env["discom.whatsapp.conversation"].search([("phone", "=", f"+{phone}")])

    def consents(self, partner=None):
        partner = partner or self.consumer
        return [partner[f"discom_consent_{p}"] for p in ("bills", "outages", "dues", "other")]

    def assert_untouched(self, partner=None):
        partner = partner or self.consumer
        self.assertFalse(partner.discom_whatsapp_number)
        self.assertEqual(self.consents(partner), [False] * 4)


@tagged("post_install", "-at_install")
class TestKycConversation(KycConversationCommon):
    # === THE WAY THROUGH === #

    def test_hindi_with_the_code_of_the_bill(self):
        """From केवाईसी to the consent, in Hindi, with Devanagari digits and the buttons."""
        self.assertIn("खाता नंबर", self.ask("केवाईसी"))
        digits = str.maketrans("0123456789", "०१२३४५६७८९")
        asked = self.ask(self.consumer.discom_account_no.translate(digits))
        self.assertIn(f"…{self.consumer.discom_account_no[-4:]}", asked)
        self.assertIn("कोड", asked)
        self.assert_untouched()
        notice = self.ask(self.code.translate(digits))
        self.assertIn("आपका मोबाइल नंबर केवल बिजली के काम", notice)
        self.assertEqual(self.consents(), [False] * 4)
        self.assertRecordValues(
            self.consumer,
            [
                {
                    "discom_whatsapp_number": f"+{PHONE}",
                    "discom_kyc_state": "verified",
                    "discom_kyc_source": "whatsapp",
                }
            ],
        )
        thanks = self.press("हाँ, सहमत हूँ")
        self.assertIn("धन्यवाद", thanks)
        self.assertEqual(self.consents(), ["given"] * 3 + [False])
        entry = self.env["discom.consent"].search([("partner_id", "=", self.consumer.id)], limit=1)
        self.assertEqual(
            (entry.method, entry.notice_version, entry.notice_lang), ("whatsapp", "1", "hi_IN")
        )
        self.assertFalse(self.conversation().step)
        history = self.consumer.discom_kyc_event_ids.filtered(
            lambda event: event.field == "discom_whatsapp_number"
        )
        self.assertEqual(
            (history.new, history.source, history.evidence),
            (f"+{PHONE}", "whatsapp", "Code of the bill"),
        )

    def test_english_with_the_last_amount(self):
        """Latin letters are answered in English; the amount counts however it is written."""
        for number, amount in enumerate(("Rs. 1250.50", "₹ 1,250.5/-", "1,250.50")):
            with self.subTest(amount):
                consumer = self.create_consumer(discom_whatsapp_number=False)
                self.create_bill(consumer)
                self.env["discom.payment"].create({"partner_id": consumer.id, "amount": 1250.5})
                phone = f"91941530010{number}"
                self.assertIn("account number", self.ask("add account", phone=phone))
                notice = self.ask(consumer.discom_account_no, amount, phone=phone)
                self.assertIn("Your mobile number is taken", notice)
                self.assertEqual(consumer.discom_whatsapp_number, f"+{phone}")
                self.assertIn("Thank you", self.ask("Yes", phone=phone))
                self.assertEqual(self.consents(consumer)[0], "given")

    def test_account_number_alone_begins(self):
        """Without a keyword, with blanks, with the keyword before it, and by the old number."""
        self.consumer.discom_old_account_no = "300912345678"
        number = self.consumer.discom_account_no
        for index, text in enumerate(
            (f"{number[:4]} {number[4:]}", f"kyc {number}", "300912345678")
        ):
            with self.subTest(text):
                self.assertIn(number[-4:], self.ask(text, phone=f"91941530020{index}"))

    def test_no_is_an_answer(self):
        """Who says no keeps the number on the account and gets no messages."""
        self.ask("KYC", self.consumer.discom_account_no, self.code)
        self.assertIn("नहीं भेजे जाएँगे", self.ask("नहीं"))
        self.assertEqual(self.consents(), ["withdrawn"] * 3 + [False])
        self.assertEqual(self.consumer.discom_whatsapp_number, f"+{PHONE}")
        self.assertIn("सहमत", self.ask("KYC", self.consumer.discom_account_no))
        self.ask("हाँ")
        self.assertEqual(self.consents(), ["given"] * 3 + [False])

    def test_two_connections_on_one_phone(self):
        """The second account is added by the button; each consent is of its own account."""
        other = self.create_consumer(discom_whatsapp_number=False)
        bill = self.create_bill(other)
        self.ask("KYC", self.consumer.discom_account_no, self.code, "हाँ")
        self.assertIn("खाता नंबर", self.press("एक और खाता जोड़ें"))
        self.ask(other.discom_account_no, bill._proof_codes()[bill.id], "नहीं")
        self.assertEqual(
            (self.consumer | other).mapped("discom_whatsapp_number"), [f"+{PHONE}"] * 2
        )
        self.assertEqual(self.consents(), ["given"] * 3 + [False])
        self.assertEqual(self.consents(other), ["withdrawn"] * 3 + [False])
        self.assertIn("पहले से दर्ज", self.ask(f"KYC {self.consumer.discom_account_no}"))

    def test_number_on_file_needs_no_other_proof(self):
        """The number that staff took writes itself, with its account: that proves it."""
        self.consumer.discom_whatsapp_number = f"+{PHONE}"
        self.assertEqual(self.consumer.discom_kyc_state, "captured")
        self.assertIn("सहमत", self.ask("KYC", self.consumer.discom_account_no))
        self.assertEqual(self.consumer.discom_kyc_state, "verified")

    # === WRONG PROOFS === #

    def test_nothing_is_told_before_the_proof(self):
        """No name, address, amount or number of anybody stands in an answer before the proof."""
        self.consumer.write({"street": "गली 7", "discom_village": "रामगढ़", "phone": "9415388888"})
        for text in ("KYC", self.consumer.discom_account_no, self.wrong_code, "KYC", "x", "y"):
            answer = self.ask(text)
            self.assertNotIn(self.consumer.discom_account_no, answer)
            for secret in (self.consumer.name, self.consumer.discom_name_hi, "गली", "रामगढ़",
                           "500", "1250", "88888", self.code):  # fmt: skip
                self.assertNotIn(secret, answer)
        messages = self.answers()
        self.assertFalse(messages.partner_id)
        self.assertFalse(self.consumer.message_ids.filtered(lambda m: "KYC" in (m.body or "")))

    @mute_logger(*LOGGERS)
    def test_phone_is_locked_after_five_wrong_proofs(self):
        """The sixth try is not even looked at, right or wrong; a day later it is again."""
        self.ask("KYC", self.consumer.discom_account_no)
        for left in range(TRIES - 1, 0, -1):
            self.assertIn(f"{left} प्रयास", self.ask(self.wrong_code))
        self.assertIn("काउंटर", self.ask(self.wrong_code))
        for text in (self.code, "KYC", self.consumer.discom_account_no):
            answer = self.ask(text)
            self.assertIn(
                "1912", answer or "1912", "the help once, else that the tries are used up"
            )
        self.assert_untouched()
        attempts = self.env["discom.kyc.attempt"].search([("phone", "=", f"+{PHONE}")])
        self.assertEqual(attempts.mapped("kind"), ["code"] * TRIES)
        self.assertEqual(attempts.partner_id, self.consumer)
        self.assertEqual(attempts.office_id, self.consumer.discom_office_id)
        attempts.write({"date": fields.Datetime.now() - timedelta(hours=25)})
        self.ask("KYC", self.consumer.discom_account_no, self.code)
        self.assertEqual(self.consumer.discom_whatsapp_number, f"+{PHONE}")

    @mute_logger(*LOGGERS)
    def test_account_is_locked_whoever_tries(self):
        """Five phones with one wrong try each lock the account, within one batch too."""
        phones = [f"91941530030{index}" for index in range(TRIES + 2)]
        for text in ("KYC", self.consumer.discom_account_no, self.wrong_code):
            for phone in phones:
                self.send(text, phone)
        self.deliver()
        self.apply()
        wrong = self.env["discom.kyc.attempt"].search_count(
            [("partner_id", "=", self.consumer.id), ("right", "=", False)]
        )
        self.assertEqual(wrong, TRIES)
        self.assertIn("काउंटर", self.ask(f"KYC {self.consumer.discom_account_no}"))
        self.ask(self.code)
        self.assert_untouched()

    @mute_logger(*LOGGERS)
    def test_account_numbers_cannot_be_searched(self):
        """Numbers nobody has count as wrong tries."""
        self.ask("KYC")
        for index in range(TRIES):
            answer = self.ask(f"999999999{index}")
        self.assertIn("प्रयास पूरे", answer)
        self.assertIn("प्रयास पूरे", self.ask("KYC"))

    def test_which_proofs_count(self):
        """Codes of the last two bills, amounts of the newest payments and the newest bill."""
        consumer = self.create_consumer(discom_whatsapp_number=False)
        today = fields.Date.context_today(self.env.user).replace(day=1)
        bills = self.env["discom.bill"]
        for arrears, month in ((0, 3), (500, 2), (1000, 1)):
            period = fields.Date.subtract(today, months=month)
            bills |= self.create_bill(
                consumer, period=period, bill_date=period, amount_arrears=arrears,
                amount_total=500 + arrears, amount_after_due=510 + arrears,
                last_payment_date=period, last_payment_amount=70 + month,
            )  # fmt: skip
        for days, amount in ((40, 111), (20, 222), (20, 333)):
            date = fields.Date.subtract(today, days=days)
            self.env["discom.payment"].create(
                {"partner_id": consumer.id, "amount": amount, "date": date}
            )
        codes = bills._proof_codes()
        proofs = consumer._discom_proofs()[consumer.id]
        self.assertEqual(set(proofs["codes"]), {codes[bill.id] for bill in bills[1:]})
        self.assertEqual(set(map(int, proofs["amounts"])), {71, 222, 333})

    def test_amount_does_not_take_a_proved_number_away(self):
        """An amount is easily guessed: it does not even ask for another number."""
        self.consumer.discom_whatsapp_number = "+919415399999"
        self.consumer._discom_prove_number("test")
        asked = self.ask("KYC", self.consumer.discom_account_no)
        self.assertNotIn("रकम", asked)
        self.assertIn("मेल नहीं", self.ask("1250.50"))
        self.assertEqual(self.consumer.discom_whatsapp_number, "+919415399999")
        self.assertFalse(
            self.env["discom.complaint"].search([("partner_id", "=", self.consumer.id)])
        )

    def test_code_does_not_take_a_proved_number_away(self):
        """Many see the paper: the office asks the consumer, and decides; nothing changes before."""
        self.consumer.discom_whatsapp_number = "+919415399999"
        self.consumer._discom_prove_number("test")
        said = self.ask("KYC", self.consumer.discom_account_no, self.code)
        self.assertIn("नहीं बदला गया", said)
        self.ask("हाँ")
        self.assertEqual(self.consumer.discom_whatsapp_number, "+919415399999")
        self.assertFalse(any(self.consents()))
        request = self.env["discom.complaint"].search([("partner_id", "=", self.consumer.id)])
        self.assertRecordValues(
            request,
            [
                {
                    "kind": "connection",
                    "source": "whatsapp",
                    "phone": f"+{PHONE}",
                    "office_id": self.subdivision_a1.id,
                    "state": "new",
                }
            ],
        )
        self.assertIn(request.name, said)
        self.assertEqual(request.activity_ids.user_id, self.counter)
        # Once more is the same request.
        self.assertIn(request.name, self.ask("KYC", self.consumer.discom_account_no, self.code))
        # The clerk has asked the consumer; who asked is told on the new number.
        self.consumer.with_user(self.counter).discom_whatsapp_number = f"+{PHONE}"
        request.with_user(self.counter).action_resolve()
        self.assertEqual(request.told, "text")
        self.assertIn("सहमत", self.ask("KYC", self.consumer.discom_account_no))

    def test_number_that_is_given_up_is_replaced_by_the_code(self):
        """Who has really changed the number waits for nobody, once the old one is known as such."""
        self.consumer.discom_whatsapp_number = "+919415399999"
        self.consumer._discom_prove_number("test")
        self.consumer.action_discom_kyc_stale()
        self.ask("KYC", self.consumer.discom_account_no, self.code)
        self.assertEqual(self.consumer.discom_whatsapp_number, f"+{PHONE}")

    def test_two_phones_at_the_same_moment(self):
        """The first that proves the account has it."""
        other = "919415300002"
        for phone in (PHONE, other):
            self.ask("KYC", self.consumer.discom_account_no, phone=phone)
        for phone in (PHONE, other):
            self.send(self.code, phone)
        self.deliver()
        self.apply()
        self.assertEqual(self.consumer.discom_whatsapp_number, f"+{PHONE}")
        self.assertIn("नहीं जोड़ा जा सकता", self.answers(other)[-1].body)

    def test_account_without_any_paper(self):
        """Where there is nothing to prove with, the counter is the way."""
        consumer = self.create_consumer(discom_whatsapp_number=False)
        self.assertIn("काउंटर", self.ask("KYC", consumer.discom_account_no))
        self.ask("0", "000000")
        self.assert_untouched(consumer)

    def test_number_of_an_agent(self):
        """A number known as an agent's is put on no account, and blocks nobody else's batch."""
        self.env["discom.kyc.number"].create({"number": f"+{PHONE}", "verdict": "agent"})
        self.ask("KYC", self.consumer.discom_account_no)
        self.assertIn("नहीं जोड़ा जा सकता", self.ask(self.code))
        self.assert_untouched()
        self.assertFalse(self.env["discom.whatsapp.event"].search_count([("state", "=", "error")]))

    def test_foreign_phone(self):
        self.assertIn("नहीं जोड़ा जा सकता", self.ask("KYC", phone="14155550123"))

    # === NOT MINE === #

    def test_not_my_account(self):
        """The owner of a number that stands on a stranger's account is rid of it, at once."""
        self.consumer.discom_whatsapp_number = f"+{PHONE}"
        waiting = self.env["discom.whatsapp.message"].create(
            {
                "account_id": self.account.id,
                "partner_id": self.consumer.id,
                "phone": f"+{PHONE}",
                "body": "Bill",
            }
        )
        self.assertIn(self.consumer.discom_account_no[-4:], self.ask("यह मेरा खाता नहीं है।"))
        self.assertRecordValues(
            self.consumer, [{"discom_whatsapp_number": False, "discom_kyc_state": "none"}]
        )
        self.assertEqual(waiting.state, "cancelled")
        event = self.consumer.discom_kyc_event_ids.filtered(
            lambda event: event.field == "discom_whatsapp_number"
        )[0]
        self.assertEqual((event.old, event.source), (f"+{PHONE}", "whatsapp"))
        self.assertFalse(event.new)
        self.assertIn("किसी खाते पर दर्ज नहीं", self.ask("मेरा खाता नहीं"))

    def test_not_my_account_among_several(self):
        """The last four digits choose; others stay; an answer to a message needs no choice."""
        family = self.consumer
        for _index in range(2):
            family |= self.create_consumer(discom_whatsapp_number=False)
        family.discom_whatsapp_number = f"+{PHONE}"
        first, second, third = family
        self.assertIn(f"…{second.discom_account_no[-4:]}", self.ask("not my account"))
        self.assertIn("last four", self.ask("0000"))
        self.ask(f"…{second.discom_account_no[-4:]}")
        self.assertEqual(family.mapped("discom_whatsapp_number"), [f"+{PHONE}", False, f"+{PHONE}"])
        self.env["discom.whatsapp.message"].create(
            {
                "account_id": self.account.id,
                "phone": f"+{PHONE}",
                "partner_id": third.id,
                "wamid": "wamid.ABOUT",
                "state": "read",
            }
        )
        self.post(self.inbound("मेरा खाता नहीं", context={"id": "wamid.ABOUT"}))
        self.apply()
        self.assertFalse(third.discom_whatsapp_number)
        self.assertEqual(first.discom_whatsapp_number, f"+{PHONE}")

    def test_not_my_account_of_a_mistyped_number(self):
        """Said while a proof is asked for, it is about that account: nothing is taken away."""
        other = self.create_consumer(discom_whatsapp_number=f"+{PHONE}")
        self.ask("KYC", self.consumer.discom_account_no)
        self.assertIn("10 अंक", self.ask("यह मेरा खाता नहीं"))
        self.assertEqual(other.discom_whatsapp_number, f"+{PHONE}")
        self.assertEqual(self.conversation().step, "account")

    # === STOP, TIME, LOOPS === #

    def test_stop_in_the_middle(self):
        """STOP ends the dialogue, and after the proof it withdraws, in the same batch too."""
        self.ask("KYC", self.consumer.discom_account_no)
        self.ask("STOP")
        self.assertFalse(self.conversation().step)
        self.ask(self.code)
        self.assert_untouched()
        for text in ("KYC", self.consumer.discom_account_no, self.code, "हाँ", "STOP", "हाँ"):
            self.send(text)
        self.deliver()
        self.apply()
        self.assertEqual(self.consumer.discom_whatsapp_number, f"+{PHONE}")
        self.assertEqual(self.consents(), ["withdrawn"] * 4)

    def test_question_waits_half_an_hour(self):
        """A proof that comes later is told so once, and proves nothing."""
        self.ask("KYC", self.consumer.discom_account_no)
        self.conversation().expires_at -= timedelta(minutes=31)
        self.assertIn("समय पूरा", self.ask(self.code))
        self.assertIn("KYC", self.ask(self.code), "the help, once")
        self.assertFalse(self.ask(self.code))
        self.assert_untouched()

    def test_old_button(self):
        """The button of consent counts later too, while the number is on the account."""
        self.ask("KYC", self.consumer.discom_account_no, self.code)
        self.run_lane()
        self.conversation().expires_at -= timedelta(hours=2)
        button = self.shown()["buttons"][0]
        self.send("", type="interactive", id=button["id"])
        self.deliver()
        self.apply()
        self.assertEqual(self.consents()[0], "given")
        self.consumer.discom_whatsapp_number = False
        other = self.create_consumer()
        for payload in (button["id"], f"kyc:yes:{other.id}:1", "kyc:yes", "kyc:yes:x:y", "kyc:",
                        "kyc:notmine:99999999999999999999", ":", "kyc:yes:0",
                        "nosuch:start"):  # fmt: skip
            with self.subTest(payload):
                reply = {"type": "button_reply", "button_reply": {"id": payload, "title": "हाँ"}}
                self.clock += 1
                self.post(self.inbound("b", type="interactive", interactive=reply, id=payload))
                self.apply()
        self.assertFalse(self.consents(other)[0])
        self.assertFalse(self.env["discom.whatsapp.event"].search_count([("state", "=", "error")]))

    @mute_logger(*LOGGERS)
    def test_no_loop_with_a_machine(self):
        """A machine that echoes is answered once; one that repeats, or varies KYC, some times."""
        answer, count = "KYC", 0
        while answer and count < 30:
            answer = self.ask(answer)
            count += bool(answer)
        self.assertEqual(count, 1)
        for _repeat in range(15):
            self.send("KYC", "919415300402")
        self.deliver()
        self.apply()
        self.assertEqual(len(self.answers("919415300402")), REPEATS)
        for index in range(3):
            for repeat in range(15):
                self.send(f"KYC {index}{repeat}", "919415300400")
            self.deliver()
            self.apply()
        self.assertEqual(len(self.answers("919415300400")), ANSWERS_PER_HOUR)
        conversation = self.conversation("919415300400")
        conversation.answers_since -= timedelta(hours=1)
        self.assertTrue(self.ask("KYC", phone="919415300400"), "another hour")

    def test_help_once_a_day(self):
        """What is not understood gets the help, once a day; a smile or an edit gets nothing."""
        self.assertIn("1912", self.ask("मेरा मीटर जल गया"))
        self.assertFalse(self.ask("मेरा मीटर जल गया", "क्या हुआ"))
        self.conversation().helped_at -= timedelta(hours=25)
        self.assertIn("1912", self.ask("कोई है"))
        self.run_lane()
        shown = self.shown()
        self.assertIn("खाता जोड़ें (KYC)", [button["text"] for button in shown["buttons"]])
        self.send("", "919415300401", type="reaction", emoji="👍", message=shown["id"])
        self.deliver()
        self.apply()
        self.assertFalse(self.answers("919415300401"))

    # === BATCHES, HOSTILE TEXT === #

    def test_interleaved_batch(self):
        """Ten dialogues in one delivery, their texts mixed: each ends as if it were alone."""
        people = []
        for index in range(10):
            consumer = self.create_consumer(discom_whatsapp_number=False)
            bill = self.create_bill(consumer)
            code = bill._proof_codes()[bill.id]
            people.append((f"91941530050{index}", consumer, code))
        for step in range(4):
            for phone, consumer, code in people:
                self.send(("KYC", consumer.discom_account_no, code, "हाँ")[step], phone)
        self.deliver()
        self.apply()
        for phone, consumer, _code in people:
            self.assertEqual(consumer.discom_whatsapp_number, f"+{phone}")
            self.assertEqual(self.consents(consumer)[0], "given")
            self.assertEqual(len(self.answers(phone)), 4)

    def test_queries_do_not_grow_with_the_batch(self):
        """Fifty people who begin cost as many queries as one."""

        def queries(count, first):
            for index in range(count):
                self.send(self.consumer.discom_account_no, f"9194154{first + index:05}")
            self.deliver()
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.apply()
            return self.cr.sql_log_count - before

        queries(2, 0)
        one, fifty = queries(1, 100), queries(50, 200)
        self.assertLessEqual(fifty - one, 5, f"{one} queries for one, {fifty} for fifty")

    def test_aadhaar_is_crossed_out(self):
        """A full number is kept nowhere, and the writer is told why."""
        self.consumer.discom_whatsapp_number = f"+{PHONE}"
        grouped = "4991 1866 5246"
        for text in (AADHAAR, f"मेरा आधार {grouped} है", AADHAAR.translate(
            str.maketrans("0123456789", "०१२३४५६७८९"))):  # fmt: skip
            with self.subTest(text):
                self.assertIn("आधार", self.ask("KYC", text))
                stored = self.env["discom.whatsapp.message"].search(
                    [("direction", "=", "in"), ("phone", "=", f"+{PHONE}")], limit=1
                )
                self.assertIn("XXXX XXXX 5246", stored.body)
                event = self.env["discom.whatsapp.event"].search([], limit=1)
                self.assertIn("XXXX XXXX 5246", event.payload)
                for kept in (stored.body, event.payload, *self.consumer.message_ids.mapped("body")):
                    for number in (AADHAAR, grouped, text):
                        self.assertNotIn(number, str(kept or ""))
        self.assertEqual(self.conversation().step, "account")

    def test_old_account_number_with_a_check_digit(self):
        """An account number may look like Aadhaar; it is one all the same."""
        self.consumer.discom_old_account_no = AADHAAR
        self.assertIn(self.consumer.discom_account_no[-4:], self.ask(AADHAAR))
        event = self.env["discom.whatsapp.event"].search([], limit=1)
        self.assertIn(AADHAAR, event.payload)

    def test_hostile_texts(self):
        """Nothing that can be typed breaks the dialogue at any step."""
        texts = ["\u202e\u0000 KYC", "{notice} {0.__class__}", "%(x)s", "' OR 1=1 --", "٣٤٥", "𝟙𝟚𝟛",
                 "²³", "9" * 4000, "1," * 2000, "1.111 " * 600, "﷽" * 500, "<script>", "kyc:yes:1",
                 "123456 500", "-1250.50", "1e3", "NaN", "०" * 10]  # fmt: skip
        account = self.consumer.discom_account_no
        for index, start in enumerate(((), ("KYC",), (account,), (account, self.code))):
            for number, text in enumerate(texts):
                phone = f"91941{550000 + index * 100 + number:06}"[:12]
                for opening in start:
                    self.send(opening, phone)
                self.send(text, phone)
        with mute_logger(*LOGGERS):
            self.deliver()
            self.apply()
        events = self.env["discom.whatsapp.event"].search([("state", "!=", "applied")])
        self.assertFalse(events.mapped("error"))

    # === ACCESS === #

    def test_access(self):
        """Staff read conversations and tries of their offices and write none."""
        self.ask("KYC", self.consumer.discom_account_no, self.wrong_code)
        attempt = self.env["discom.kyc.attempt"].search([("phone", "=", f"+{PHONE}")])
        for record in (self.conversation(), attempt):
            with self.subTest(record._name):
                for user in (self.clerk, self.manager, self.auditor):
                    self.assertTrue(record.with_user(user).has_access("read"))
                self.assertFalse(record.with_user(self.clerk_b).has_access("read"))
                for user in (self.clerk, self.manager, self.administrator):
                    for operation in ("write", "create", "unlink"):
                        self.assertFalse(record.with_user(user).has_access(operation))
        action = self.conversation().with_user(self.clerk).action_open_messages()
        messages = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(len(messages), 6)

    def test_old_records_are_deleted(self):
        self.ask("KYC", self.consumer.discom_account_no, self.wrong_code)
        conversation = self.conversation()
        attempt = self.env["discom.kyc.attempt"].search([("phone", "=", f"+{PHONE}")])
        conversation._gc_conversations()
        attempt._gc_attempts()
        self.assertTrue(conversation.exists() and attempt.exists())
        self.cr.execute("UPDATE discom_whatsapp_conversation SET write_date = '2020-01-01'")
        attempt.date = "2020-01-01"
        self.env.flush_all()
        conversation._gc_conversations()
        attempt._gc_attempts()
        self.assertFalse(conversation.exists() or attempt.exists())
