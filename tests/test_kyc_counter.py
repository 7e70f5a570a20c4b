from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common_whatsapp import WhatsappCommon


class KycCounterCommon(WhatsappCommon):
    """A counter whose sending number has the templates that KYC needs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        blueprints = cls.env["discom.whatsapp.template"].search(
            [("account_id", "=", False), ("purpose", "in", ("kyc_code", "welcome"))]
        )
        cls.templates = blueprints.copy({"account_id": cls.account.id})
        cls.templates.status = "approved"
        cls.counter.partner_id.tz = "Asia/Kolkata"
        cls.sita = cls.create_consumer(
            name="Sita Devi",
            discom_name_hi="सीता देवी",
            discom_account_no="7788990011",
            discom_whatsapp_number=False,
            lang="hi_IN",
        )
        cls.create_bill(cls.sita)


@tagged("post_install", "-at_install")
class TestKycCounter(KycCounterCommon):
    """What the screen asks the server, with what a screen would not send too."""

    def setUp(self):
        super().setUp()
        self.desk = self.env["discom.kyc.counter"].with_user(self.counter)
        self.notice = self.env["discom.consent.notice"]._current("hi_IN")

    def _save(self, consumer=None, **values):
        values = {
            "number": "94152 61299",
            "lang": "hi_IN",
            "notice_id": self.notice.id,
            "consents": ["bills", "outages"],
            "send": True,
            **values,
        }
        return self.desk.save((consumer or self.sita).id, values)

    def test_only_a_notice_in_use_was_read_out(self):
        ahead = self.notice.copy({"version": "2099-1", "date_from": "2099-01-01"})
        gone = self.notice.copy({"version": "1999-1", "active": False})
        for notice_id in (ahead.id, gone.id, 0, 999_999_999):
            with self.subTest(notice_id=notice_id), self.assertRaises(UserError):
                self._save(notice_id=notice_id)
        self.assertFalse(self.env["discom.consent"].search([("partner_id", "=", self.sita.id)]))

    def test_find(self):
        for text in ("7788990011", " ७७८८ ९९० ०११ ", "सीता", "Sitaa Devi"):
            with self.subTest(text=text):
                card = self.desk.find(text)["card"]
                self.assertEqual(card["id"], self.sita.id)
        self.assertTrue(card["has_dues"])
        self.assertIn("500", card["dues"])
        self.assertIn("बिजली", card["notice"]["body"])
        # Read aloud in ten seconds, at 150 words a minute.
        self.assertIn("STOP", card["notice"]["spoken"])
        self.assertLessEqual(len(card["notice"]["spoken"].split()), 25)
        for text in ("", None, "%", "0000000000"):
            with self.subTest(text=text):
                self.assertEqual(self.desk.find(text), {"rows": [], "more": False, "card": False})
        for _number in range(10):
            self.create_consumer(name="Kamla", discom_guardian_name="Ram")
        found = self.desk.find("Kamla")
        self.assertEqual((len(found["rows"]), found["more"], found["card"]), (9, True, False))

    def test_number_is_looked_at_first(self):
        self.assertEqual(self.desk.number("+91 94152-61299"), "9415261299")
        self.assertEqual(self.desk.number("९४१५२६१२९९"), "9415261299")
        for text in ("", None, "12345", "5444222002", "9999999999"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.desk.number(text)
        with self.assertRaises(AccessError):
            self.desk.with_user(self.auditor).number("9415261299")

    def test_languages(self):
        """One English is enough: both read the same messages."""
        codes = {language["code"] for language in self.desk.start()["languages"]}
        self.assertLessEqual({"hi_IN", "en_IN"}, codes)
        self.assertNotIn("en_US", codes)

    def test_language_that_is_none(self):
        for lang in ("xx_XX", "hi_IN\n", "'"):
            with self.subTest(lang=lang), self.assertRaisesRegex(ValidationError, "language"):
                self._save(lang=lang)

    def test_back_within_the_minute(self):
        """Whoever left the screen by mistake comes back to the code that was sent."""
        self._save()
        answer = self._save()
        self.assertEqual((answer["sent"], answer["problem"]), (True, ""))
        code = self.env["discom.kyc.code"].search([("partner_id", "=", self.sita.id)])
        self.assertEqual(self.desk.confirm(self.sita.id, code._code())["result"], "proved")
        # Another number has a code of its own.
        other = self.create_consumer(discom_whatsapp_number=False)
        self._save(other, number="9415261277")
        self.assertIn("Wait a minute", self._save(other, number="9415261276")["problem"])

    def test_queue_of_two(self):
        answer = self._save()
        self.assertEqual((answer["sent"], answer["problem"]), (True, ""))
        self.assertNotIn("6129", answer["phone"])
        self.assertRecordValues(
            self.sita,
            [
                {
                    "discom_whatsapp_number": "+919415261299",
                    "discom_kyc_state": "captured",
                    "discom_kyc_source": "counter",
                    "discom_kyc_user_id": self.counter.id,
                    "discom_consent_bills": "given",
                    "discom_consent_outages": "given",
                    "discom_consent_dues": False,
                }
            ],
        )
        entry = self.sita.discom_consent_ids[0]
        self.assertEqual((entry.notice_version, entry.notice_lang), ("1", "hi_IN"))
        self.assertEqual(self.desk.code_state(self.sita.id)["state"], "queued")
        code = self.env["discom.kyc.code"].search([("partner_id", "=", self.sita.id)])._code()
        self.assertEqual(self.desk.confirm(self.sita.id, "")["result"], "wrong")
        answer = self.desk.confirm(self.sita.id, code)
        self.assertEqual((answer["result"], answer["today"]), ("proved", {"taken": 1, "proved": 1}))
        messages = self.env["discom.whatsapp.message"].search([("partner_id", "=", self.sita.id)])
        self.assertEqual(set(messages.mapped("purpose")), {"kyc_code", "welcome"})
        # The next one has no template to be sent with: the number is kept all the same.
        self.templates.status = "paused"
        ram = self.create_consumer(discom_whatsapp_number=False)
        answer = self._save(ram, number="9415261298", consents=[])
        self.assertFalse(answer["sent"])
        self.assertIn("template", answer["problem"])
        self.assertEqual(answer["today"], {"taken": 2, "proved": 1})
        self.assertEqual(ram.discom_kyc_state, "captured")

    def test_welcome_waits_for_the_code(self):
        self._save()
        domain = [("partner_id", "=", self.sita.id), ("purpose", "=", "welcome")]
        self.assertFalse(self.env["discom.whatsapp.message"].search(domain))
        self.desk.skip(self.sita.id)
        self.assertEqual(len(self.env["discom.whatsapp.message"].search(domain)), 1)

    def test_proved_before(self):
        self._save()
        self.sita.discom_kyc_state = "verified"
        answer = self._save()
        self.assertEqual((answer["proved"], answer["sent"]), (True, False))
        self.assertEqual(self.sita.discom_kyc_state, "verified")

    def test_bounced_number_given_again(self):
        self._save()
        self.sita.discom_kyc_state = "bounced"
        self.assertIn("minute", self._save()["problem"])
        self.assertEqual(self.sita.discom_kyc_state, "captured")

    def test_taken_back(self):
        self._save()
        self._save(consents=["bills"])
        self.assertEqual(self.sita.discom_consent_outages, "withdrawn")
        self.assertEqual(self.sita.discom_consent_bills, "given")

    def test_refuse(self):
        self.desk.refuse(self.sita.id)
        self.assertEqual(self.sita.discom_kyc_state, "refused")
        self._save()
        self.assertEqual(self.sita.discom_kyc_state, "captured")
        with self.assertRaises(UserError):
            self.desk.refuse(self.sita.id)

    def test_bad_input(self):
        for number in ("", None, "12345", "9999999999", "05446222333", "9415261299 9415261298"):
            with self.subTest(number=number), self.assertRaises(ValidationError):
                self._save(number=number)
        with self.assertRaisesRegex(ValidationError, "^Enter the WhatsApp number"):
            self._save(number=" ")
        self.assertFalse(self.sita.discom_whatsapp_number)
        self._save(consents=["everything", "other", None], notice_id="0")
        self.assertFalse(self.sita.discom_consent_other)
        contact = self.env["res.partner"].create({"name": "Contact"})
        stranger = self.create_consumer(
            discom_office_id=self.subdivision_b1.id, discom_asset_id=self.transformer_b11.id
        )
        for partner in (contact, stranger):
            for method in (self.desk.card, self.desk.code_state, self.desk.skip, self.desk.resend):
                with self.subTest(partner=partner), self.assertRaises(UserError):
                    method(partner.id)
        with self.assertRaises(UserError):
            self.desk.card(0)

    def test_who_may(self):
        for user in (self.auditor, self.operator, self.clerk, self.surveyor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["discom.kyc.counter"].with_user(user).find("7788990011")
        self.env["discom.kyc.counter"].with_user(self.manager).find("7788990011")


@tagged("post_install", "-at_install")
class TestKycCounterTour(HttpCase, KycCounterCommon):
    """The screen itself, in a browser, with the keyboard alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number in (2, 3):
            cls.create_consumer(
                name="Savitri Bai",
                discom_account_no=f"778899001{number}",
                discom_whatsapp_number=False,
            )

    def _run_tour(self):
        code = type(self.env["discom.kyc.code"])
        # A wrong number is typed on purpose, and its refusal is logged.
        with patch.object(code, "_code", return_value="123456"), mute_logger("odoo.http"):
            self.start_tour("/odoo/kyc-counter", "discom_kyc_counter", login="test_counter")
        self.assertRecordValues(
            self.sita,
            [
                {
                    "discom_whatsapp_number": "+919415261299",
                    "discom_kyc_state": "verified",
                    "discom_consent_bills": "given",
                    "discom_consent_outages": "given",
                    "discom_consent_dues": False,
                }
            ],
        )

    def test_keyboard_only(self):
        self._run_tour()


@tagged("post_install", "-at_install")
class TestKycCounterPhone(TestKycCounterTour):
    """The same on a phone of 390 pixels."""

    browser_size = "390x844"
