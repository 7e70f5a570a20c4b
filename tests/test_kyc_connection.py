from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.modules import load_script
from odoo.tests import new_test_user, tagged
from odoo.tools.misc import file_path

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestKycConnection(DiscomCommon):
    """A person with several connections gives KYC once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        person = {"name": "Ram Kumar", "discom_guardian_name": "Shyam Kumar"}
        cls.house = cls.create_consumer(
            **person, discom_whatsapp_number="9415300011", street="House 1"
        )
        cls.shop = cls.create_consumer(
            name="RAM  KUMAR",
            discom_guardian_name="shyam kumar",
            discom_whatsapp_number="9415300011",
            street="Shop 2",
        )
        cls.namesake = cls.create_consumer(
            name="Ram Kumar",
            discom_guardian_name="Mohan",
            discom_whatsapp_number="9415300011",
        )
        cls.stranger = cls.create_consumer(**person)

    def test_proposed_and_joined(self):
        self.assertEqual(self.house.discom_same_person_ids, self.shop)
        self.house.with_user(self.counter).action_discom_join()
        person = self.house.parent_id
        self.assertEqual(self.shop.parent_id, person)
        self.assertFalse(person.discom_consumer)
        self.assertEqual(
            self.house.display_name, f"{self.house.name} ({self.house.discom_account_no})"
        )
        self.assertEqual(self.house.discom_connection_ids, self.shop)
        self.assertEqual(self.house.discom_connection_count, 1)
        self.assertFalse(self.house.discom_same_person_ids)
        self.assertEqual((self.house.street, self.shop.street), ("House 1", "Shop 2"))
        action = self.house.action_discom_connections()
        self.assertEqual(self.env["res.partner"].search(action["domain"]), self.shop)
        # A third one is joined to the same person.
        self.namesake.discom_guardian_name = "Shyam Kumar"
        self.namesake.with_user(self.counter).action_discom_join()
        self.assertEqual(self.namesake.parent_id, person)
        self.assertEqual(self.house.discom_connection_ids, self.shop | self.namesake)

    def test_who_belongs_to_a_person_is_no_free_choice(self):
        """Else a clerk would spread one proof and one consent over the accounts of strangers."""
        self.house.with_user(self.counter).action_discom_join()
        person = self.house.parent_id
        consumers = self.env["res.partner"].with_user(self.counter)
        stranger = self.stranger.with_user(self.counter)
        new = {
            "name": "New",
            "discom_consumer": True,
            "discom_account_no": "4410999778",
            "discom_office_id": self.subdivision_a1.id,
        }
        attempts = (
            lambda: stranger.write({"parent_id": person.id}),
            lambda: stranger.write({"parent_id": self.house.id}),
            lambda: self.house.with_user(self.counter).write({"child_ids": [(4, stranger.id)]}),
            lambda: self.shop.with_user(self.counter).write({"parent_id": False}),
            lambda: consumers.create({**new, "parent_id": person.id}),
            lambda: consumers.create({**new, "child_ids": [(4, stranger.id)]}),
            lambda: consumers.with_context(default_parent_id=person.id).create(new),
        )
        for number, attempt in enumerate(attempts):
            with (
                self.subTest(attempt=number),
                self.assertRaisesRegex(UserError, "joined with the button"),
            ):
                attempt()
            self.env.invalidate_all()
        self.assertFalse(self.stranger.parent_id)
        self.house.with_user(self.administrator).parent_id = False
        self.assertFalse(self.house.parent_id)

    def test_person_is_seen_where_a_connection_is(self):
        """The name of a consumer is not read by every colleague in the contacts."""
        self.house.with_user(self.counter).action_discom_join()
        person = self.house.parent_id
        self.shop.write(
            {
                "discom_office_id": self.subdivision_b1.id,
                "discom_asset_id": self.transformer_b11.id,
            }
        )
        division_c = self.create_office("Division C", "division", self.discom)
        elsewhere = self.create_user("test_clerk_c", "group_billing_clerk", division_c)
        colleague = new_test_user(self.env, "test_colleague", groups="base.group_partner_manager")
        self.env.flush_all()

        def sees(user):
            self.env.invalidate_all()
            contacts = self.env["res.partner"].with_user(user).search([("name", "=", "Ram Kumar")])
            seen = person in contacts
            self.assertEqual(person.with_user(user).has_access("read"), seen)
            return seen

        for user in (self.counter, self.clerk_b, self.manager, self.administrator):
            with self.subTest(user=user.login):
                self.assertTrue(sees(user))
        for user in (elsewhere, colleague):
            with self.subTest(user=user.login):
                self.assertFalse(sees(user))
        # Also where the connection lies in the archive, or none is left.
        self.shop.active = False
        self.assertTrue(sees(self.clerk_b))
        self.shop.parent_id = False
        self.assertFalse(sees(self.clerk_b))
        self.house.parent_id = False
        self.assertFalse(sees(colleague))

    def test_who_is_no_person(self):
        """Companies and colleagues are seen as ever, and so is a contact without connections."""
        company = self.env["res.partner"].create({"name": "Mill", "is_company": True})
        self.house.parent_id = company
        self.shop.parent_id = self.clerk.partner_id
        self.stranger.parent_id = False
        colleague = new_test_user(self.env, "test_colleague", groups="base.group_partner_manager")
        for contact in (company, self.clerk.partner_id):
            self.assertFalse(contact.discom_person)
            self.assertTrue(contact.with_user(colleague).has_access("read"))

    def test_update_marks_persons(self):
        self.house.with_user(self.counter).action_discom_join()
        person = self.house.parent_id
        person.discom_person = False
        self.env.flush_all()
        path = file_path("discom/migrations/19.0.1.1.0/post-migrate.py")
        load_script(path, "discom_post_migrate")._mark_persons(self.env)
        self.env.invalidate_all()
        self.assertTrue(person.discom_person)
        self.assertFalse(self.house.discom_person or self.stranger.discom_person)

    def test_nothing_to_join(self):
        with self.assertRaises(UserError):
            self.stranger.with_user(self.counter).action_discom_join()
        with self.assertRaises(AccessError):
            self.house.with_user(self.auditor).action_discom_join()

    def test_kyc_is_copied(self):
        self.house.with_user(self.counter).action_discom_join()
        self.house.write({"discom_whatsapp_number": "9415300012", "email": "ram@example.org"})
        self.house.write({"discom_kyc_state": "verified", "discom_kyc_source": "whatsapp"})
        self.house._discom_record_consent(
            "given", ["bills", "dues"], "counter", notice_version="1", notice_lang="hi_IN"
        )
        self.house._discom_record_consent("withdrawn", ["other"], "whatsapp")
        self.house.with_user(self.counter).action_discom_copy_kyc()
        self.assertRecordValues(
            self.shop,
            [
                {
                    "discom_whatsapp_number": "+919415300012",
                    "email": "ram@example.org",
                    "discom_kyc_state": "verified",
                    "discom_kyc_source": "whatsapp",
                    "discom_consent_bills": "given",
                    "discom_consent_dues": "given",
                    "discom_consent_outages": False,
                    "discom_consent_other": "withdrawn",
                    "street": "Shop 2",
                }
            ],
        )
        evidence = f"Copied from account {self.house.discom_account_no}"
        event = self.shop.discom_kyc_event_ids.filtered(
            lambda event: event.field == "discom_whatsapp_number"
        )[0]
        self.assertEqual(
            (event.new, event.evidence, event.user_id), ("+919415300012", evidence, self.counter)
        )
        entry = self.env["discom.consent"].search(
            [("partner_id", "=", self.shop.id), ("purpose", "=", "bills")]
        )
        self.assertEqual((entry.notice_version, entry.evidence), ("1", evidence))

    def test_copied_within_reach_only(self):
        self.house.with_user(self.counter).action_discom_join()
        self.shop.write(
            {
                "discom_office_id": self.subdivision_b1.id,
                "discom_asset_id": self.transformer_b11.id,
                "discom_whatsapp_number": False,
            }
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "no other connection"):
            self.house.with_user(self.counter).action_discom_copy_kyc()
        self.shop.write(
            {
                "discom_office_id": self.subdivision_a1.id,
                "discom_asset_id": self.transformer_a11.id,
            }
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.house.with_user(self.auditor).action_discom_copy_kyc()
        self.assertFalse(self.shop.discom_whatsapp_number)

    def test_bad_number_is_not_copied(self):
        self.house.with_user(self.counter).action_discom_join()
        self.shop.discom_kyc_state = "verified"
        number = self.shop.discom_whatsapp_number
        for state in ("bounced", "stale"):
            self.house.discom_kyc_state = state
            with (
                self.subTest(state=state),
                self.assertRaisesRegex(UserError, f"not in use.*{self.shop.discom_account_no}"),
            ):
                self.house.with_user(self.counter).action_discom_copy_kyc()
        # A number merely taken down takes the place of no verified one.
        self.house.write({"discom_whatsapp_number": "9415300013"})
        self.assertEqual(self.house.discom_kyc_state, "captured")
        with self.assertRaisesRegex(UserError, self.shop.discom_account_no):
            self.house.with_user(self.counter).action_discom_copy_kyc()
        self.assertRecordValues(
            self.shop, [{"discom_whatsapp_number": number, "discom_kyc_state": "verified"}]
        )
        self.house.discom_kyc_state = "verified"
        self.house.with_user(self.counter).action_discom_copy_kyc()
        self.assertRecordValues(
            self.shop,
            [{"discom_whatsapp_number": "+919415300013", "discom_kyc_state": "verified"}],
        )

    def test_button_of_a_bad_number_is_hidden(self):
        self.house.with_user(self.counter).action_discom_join()
        view = self.house.get_view(self.env.ref("discom.discom_consumer_view_form").id, "form")
        [button] = etree.fromstring(view["arch"]).xpath("//button[@name='action_discom_copy_kyc']")
        self.assertIn("discom_kyc_state not in ('captured', 'verified')", button.get("invisible"))

    def test_nothing_to_copy(self):
        with self.assertRaises(UserError):
            self.stranger.with_user(self.counter).action_discom_copy_kyc()
        self.house.with_user(self.counter).action_discom_join()
        self.house.discom_whatsapp_number = False
        with self.assertRaises(UserError):
            self.house.with_user(self.counter).action_discom_copy_kyc()
