from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import DiscomCommon

FORM = "discom.discom_consumer_view_form"


@tagged("post_install", "-at_install")
class TestConsumer(DiscomCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ramesh = cls.create_consumer(
            name="Ramesh Yadav",
            discom_name_hi="रमेश यादव",
            discom_account_no="4410123456",
            discom_old_account_no="780112345678",
            discom_book_no="B0417",
            discom_sc_no="SC90817",
            discom_kno="K5566778",
            discom_meter_no="GE3344556",
            discom_whatsapp_number="9415261234",
            phone="05446 222333",
        )
        cls.geeta = cls.create_consumer(name="Geeta Devi", discom_name_hi="गीता देवी")

    def _found(self, text, user=None):
        consumers = self.env["res.partner"].with_user(user or self.clerk)
        return consumers.search([("discom_consumer", "=", True), ("discom_search", "ilike", text)])

    def test_codes_are_found_as_they_are_printed(self):
        """Whatever signs are stored, and whatever is typed: with them, without, with blanks."""
        stored = {
            "discom_sc_no": "12/345",
            "discom_book_no": "SC 90/17",
            "discom_kno": "K-5566/7788",
            "discom_meter_no": "GE.33 44-991",
        }
        typed = (
            *("12/345", "12-345", "12345", "12 345", "12 / 345", "१२/३४५", "2/345"),
            *("SC 90/17", "sc9017", "SC-90/17", "SC 90 17", "90/17", "SC 9017"),
            *("K-5566/7788", "K 5566 7788", "k55667788", "5566/7788", "55667788"),
            *("GE.33 44-991", "GE 3344991", "ge3344991", "3344991", "GE-33-44-991"),
        )
        consumer = self.create_consumer(name="Anita", discom_name_hi="अनीता")
        # Whose name has the letters before a number.
        self.create_consumer(name="Scindia", discom_sc_no="9017555")
        consumer.write(stored)
        for text in typed:
            with self.subTest(text=text):
                self.assertIn(consumer, self._found(text))
        consumer.write({"discom_sc_no": "1/23", "discom_book_no": "A-7"})
        for text in ("1/23", "123", "1 / 23", "A-7", "A 7", "a7"):
            with self.subTest(text=text):
                self.assertIn(consumer, self._found(text))
        for text in ("12/346", "SC 99999", "K 7788 5566", "% 345", "Anita 12399"):
            with self.subTest(text=text):
                self.assertFalse(self._found(text) & consumer)
        self.assertIn(consumer, self._found("Anita 5566/7788"))

    def _new_form(self, **values):
        action = self.env.ref("discom.discom_consumer_action")
        context = {"default_discom_consumer": True, "default_discom_status": "live"}
        self.assertIn("'default_discom_consumer': True", action.context)
        form = Form(self.env["res.partner"].with_user(self.counter).with_context(**context), FORM)
        form.name = "Sumitra Devi"
        form.discom_account_no = "4410999001"
        form.discom_office_id = self.subdivision_a1
        for name, value in values.items():
            form[name] = value
        return form

    def test_new_from_the_form(self):
        form = self._new_form(discom_account_no=" ४४१० ९९९ ००१ ")
        form.discom_whatsapp_number = "094152 61299"
        self.assertEqual(form.discom_whatsapp_number, "+919415261299")
        consumer = form.save()
        self.assertRecordValues(
            consumer,
            [
                {
                    "discom_consumer": True,
                    "discom_account_no": "4410999001",
                    "discom_kyc_state": "captured",
                    "discom_kyc_source": "counter",
                    "discom_kyc_user_id": self.counter.id,
                    "company_id": self.company.id,
                    "lang": "hi_IN",
                    "country_code": "IN",
                }
            ],
        )
        self.assertTrue(consumer.discom_kyc_date)

    def test_form_refuses_bad_numbers_with_the_reason(self):
        for text, reason in (
            ("12345", "complete Indian number"),
            ("9999999999", "Nobody has"),
            ("05446 222333", "mobile number"),
            ("9415261234 / 9415261235", "more than one"),
        ):
            with self.subTest(text=text), self.assertRaisesRegex(ValidationError, reason):
                self._new_form().discom_whatsapp_number = text

    def test_bad_values_refused(self):
        for name, value in (
            ("discom_account_no", "441012345"),
            ("discom_account_no", "44101234567"),
            ("discom_account_no", "44101234AB"),
            ("discom_account_no", False),
            ("discom_office_id", False),
            ("discom_old_account_no", "12345678901"),
            ("discom_id_last4", "234123412346"),
            ("discom_sanctioned_load", -1),
        ):
            with (
                self.subTest(name=name, value=value),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.cr.savepoint(),
            ):
                self.ramesh.write({name: value})
                self.env.flush_all()

    def test_account_number_is_unique_per_company(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self.create_consumer(discom_account_no="४४१०१२३४५६")
        other = self.env["res.company"].create({"name": "Other discom"})
        office = self.create_office("Other", "discom", company_id=other.id)
        twin = self.create_consumer(
            discom_account_no="4410123456", discom_office_id=office.id, discom_asset_id=False
        )
        self.assertEqual(twin.company_id, other)

    def test_import_reports_bad_rows(self):
        result = (
            self.env["res.partner"]
            .with_user(self.clerk)
            .load(
                [
                    "name",
                    "discom_consumer",
                    "discom_account_no",
                    "discom_office_id/.id",
                    "discom_whatsapp_number",
                ],
                [
                    ["One", "1", "4410777001", str(self.subdivision_a1.id), "9415261201"],
                    ["Two", "1", "4410777002", str(self.subdivision_a1.id), "9999999999"],
                ],
            )
        )
        self.assertFalse(result["ids"])
        message = result["messages"][-1]
        self.assertEqual(message["record"], 1)
        self.assertIn("Nobody has such a number", message["message"])

    def test_full_aadhaar_refused(self):
        for name in ("name", "discom_guardian_name", "discom_village", "street", "comment"):
            with self.subTest(name=name), self.assertRaisesRegex(ValidationError, "full Aadhaar"):
                self.ramesh.write({name: "Card २३४१ 2341 2346"})
        # Numbers that may have twelve digits, and contacts that are no consumers, are left alone.
        self.ramesh.discom_old_account_no = "234123412346"
        self.env["res.partner"].create({"name": "Order 234123412346"})

    def test_devanagari_is_kept_in_one_form(self):
        self.ramesh.discom_name_hi = "सड\u093cक"
        composed = self.ramesh.discom_name_hi
        self.ramesh.discom_name_hi = "स\u095cक"
        self.assertEqual(self.ramesh.discom_name_hi, composed)

    def test_one_box_finds_everything(self):
        for text in (
            "4410123456",
            "४४१०१२३४५६",
            "4410 123 456",
            "780112345678",
            "B0417",
            "SC90817",
            "k5566778",
            "GE3344556",
            "9415261234",
            "+91 94152 61234",
            "09415261234",
            "०९४१५२६१२३४",
            "05446 222333",
            "Ramesh",
            "yadav ram",
            "रमेश",
            "यादव रमेश",
        ):
            with self.subTest(text=text):
                self.assertEqual(self._found(text), self.ramesh)

    def test_one_letter_may_be_wrong(self):
        for text in ("Rmesh", "Rameesh", "Ramish", "Yadev", "Raemsh", "rmesh yadav", "रमेष"):
            with self.subTest(text=text):
                self.assertEqual(self._found(text), self.ramesh)
        for text in ("Rmsh", "4410123457", "9415261235", "%", "_", "\\", "ra.*", "(((", "Rames%h",
                     "x" * 5000, "word " * 500, "Ramesh\0Nobody"):  # fmt: skip
            with self.subTest(text=text):
                self.assertFalse(self._found(text))

    def test_misspelt_words_are_near(self):
        """Words a letter away come before those that only begin so."""
        kumar = self.create_consumer(name="Ajay Kumar Kol", discom_name_hi="अजय कुमार कोल")
        kharwar = self.create_consumer(name="Kharwar Lal", discom_name_hi="खरवार लाल")
        for text in ("Kmar", "kumra kol", "Ajey Kmar", "कूमार", "कुमर कोल"):
            with self.subTest(text=text):
                self.assertEqual(self._found(text) & (kumar | kharwar), kumar)
        self.assertFalse(self._found("SC9"))
        kumar.discom_sc_no = "007"
        self.assertEqual(self._found("००७"), kumar)
        self.assertFalse(self._found("07") & kumar)

    def test_many_found(self):
        """What finds more than a page of ids finds the same, in the scope of the user."""
        texts = ("Ramesh", "4410123456", "94152 61234", "Rmesh", "यादव रमेश", "Yadev 4410123456")
        few = [self._found(text) for text in texts]
        everybody = self.env["res.partner"].search([("discom_consumer", "=", True)])
        some = self._found("a")
        with patch("odoo.addons.discom.models.consumer_partner_search.FEW", 0):
            self.assertEqual([self._found(text) for text in texts], few)
            self.assertEqual(self._found("a"), some)
            self.assertFalse(self._found("Ramesh", self.clerk_b))
        self.assertTrue(some < everybody)

    def test_archived_are_found_where_asked_for(self):
        self.ramesh.active = False
        self.assertFalse(self._found("Ramesh"))
        partners = self.env["res.partner"].with_context(active_test=False)
        self.assertIn(self.ramesh, partners.search([("discom_search", "ilike", "Rmesh")]))

    def test_search_stays_in_scope(self):
        self.assertFalse(self._found("Ramesh", self.clerk_b))
        self.assertFalse(self._found("4410123456", self.clerk_b))

    def test_list_looks_once_for_what_it_shows_and_counts(self):
        """Few are found by their ids, many by a condition; the pages and the count are the same."""
        partners = self.env["res.partner"].with_user(self.clerk)
        domain = [("discom_consumer", "=", True), ("discom_search", "ilike", "ra")]
        found = partners.search(domain)
        self.assertTrue(found)
        model = type(partners)
        for few in (1_000, 0):
            with (
                patch("odoo.addons.discom.models.consumer_partner_search.FEW", few),
                patch.object(
                    model,
                    "_search_discom_search",
                    autospec=True,
                    side_effect=model._search_discom_search,
                ) as look,
            ):
                page = partners.web_search_read(domain, {"name": {}}, limit=1, count_limit=1000)
            with self.subTest(few=few):
                self.assertEqual(look.call_count, 1)
                self.assertEqual(page["length"], len(found))
                self.assertEqual(page["records"][0]["id"], found[0].id)
        for kept in (["!", *domain[1:]], domain[:1], [("discom_search", "not ilike", "ra")]):
            self.assertEqual(
                partners.web_search_read([*domain[:1], *kept], {"name": {}})["length"],
                partners.search_count([*domain[:1], *kept]),
            )

    def test_name_search(self):
        partners = self.env["res.partner"].with_user(self.clerk)
        label = (self.ramesh.id, "Ramesh Yadav (4410123456)")
        domain = [("discom_consumer", "=", True)]
        for text in ("4410123456", "९४१५२६१२३४", "रमेश", "Rmesh"):
            with self.subTest(text=text):
                self.assertEqual(partners.name_search(text, domain), [label])
                self.assertIn(label, partners.name_search(text))
                self.assertFalse(partners.with_user(self.clerk_b).name_search(text, domain))
        contact = self.env["res.partner"].create({"name": "Ramesh Contact"})
        either = ["|", *domain, ("id", "=", contact.id)]
        self.assertEqual(len(partners.name_search("Ramesh", either)), 2)
        others = [*domain, ("id", "not in", [self.geeta.id, contact.id])]
        self.assertEqual(partners.name_search("4410123456", others), [label])

    def test_kyc_follows_the_number(self):
        self.create_drive({"user_id": self.surveyor.id})
        consumer = self.create_consumer(discom_whatsapp_number=False)
        self.assertEqual(consumer.discom_kyc_state, "none")
        consumer.with_user(self.surveyor).discom_whatsapp_number = "94152 61288"
        self.assertEqual(consumer.discom_kyc_state, "captured")
        self.assertEqual(consumer.discom_kyc_user_id, self.surveyor)
        consumer.discom_kyc_state = "verified"
        consumer.with_user(self.counter).discom_whatsapp_number = "+919415261288"
        self.assertEqual(consumer.discom_kyc_state, "verified", "the same number in other words")
        consumer.with_user(self.counter).discom_whatsapp_number = "9415261277"
        self.assertEqual(consumer.discom_kyc_state, "captured", "another number is not proved")
        consumer.discom_whatsapp_number = False
        self.assertEqual(consumer.discom_kyc_state, "none")

    def test_a_family_may_share_a_number(self):
        son = self.create_consumer(discom_whatsapp_number="9415261234")
        self.assertEqual(self.ramesh.discom_same_number_count, 1)
        action = self.ramesh.action_discom_same_number()
        self.assertEqual(self.env["res.partner"].search(action["domain"]), son)
        self.assertEqual(
            self.create_consumer(discom_whatsapp_number=False).discom_same_number_count, 0
        )

    def test_opens_in_its_own_form(self):
        view = self.env.ref(FORM)
        self.assertEqual(self.ramesh.get_formview_id(), view.id)
        contact = self.env["res.partner"].create({"name": "Contact"})
        self.assertNotEqual(contact.get_formview_id(), view.id)
