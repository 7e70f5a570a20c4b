from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestConsumerAccess(DiscomCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer_a = cls.create_consumer()
        cls.consumer_b = cls.create_consumer(
            discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
        )
        cls.contact = cls.env["res.partner"].create({"name": "Ordinary contact"})

    def _seen_by(self, user):
        return (
            self.env["res.partner"]
            .with_user(user)
            .search([("id", "in", (self.consumer_a | self.consumer_b | self.contact).ids)])
        )

    def test_scope(self):
        for user in (
            self.clerk,
            self.counter,
            self.surveyor,
            self.operator,
            self.manager,
            self.auditor,
        ):
            with self.subTest(user=user.login):
                self.assertEqual(self._seen_by(user), self.consumer_a | self.contact)
        self.assertEqual(self._seen_by(self.clerk_b), self.consumer_b | self.contact)
        self.assertEqual(
            self._seen_by(self.administrator), self.consumer_a | self.consumer_b | self.contact
        )

    def test_scope_follows_the_offices_of_the_user(self):
        self.assertEqual(self._seen_by(self.clerk), self.consumer_a | self.contact)
        self.clerk.discom_office_ids = [Command.set(self.division_b.ids)]
        self.assertEqual(self._seen_by(self.clerk), self.consumer_b | self.contact)
        self.clerk.discom_office_ids = [Command.clear()]
        self.assertEqual(self._seen_by(self.clerk), self.contact)

    def test_scope_follows_the_tree(self):
        self.assertNotIn(self.consumer_b, self._seen_by(self.clerk))
        self.subdivision_b1.parent_id = self.division_a
        self.assertIn(self.consumer_b, self._seen_by(self.clerk))
        self.assertNotIn(self.consumer_b, self._seen_by(self.clerk_b))

    def test_write_consumers_only(self):
        self.create_drive({"user_id": self.surveyor.id})
        for user in (self.clerk, self.counter, self.surveyor, self.manager):
            with self.subTest(user=user.login):
                self.consumer_a.with_user(user).discom_village = "Chopan"
                with self.assertRaises(AccessError):
                    self.consumer_b.with_user(user).discom_village = "Chopan"
                with self.assertRaises(AccessError):
                    self.contact.with_user(user).name = "Someone else"
                with self.assertRaises(AccessError):
                    self.administrator.partner_id.with_user(user).email = "a@example.com"

    def test_read_only_roles(self):
        for user in (self.auditor, self.operator):
            with self.subTest(user=user.login):
                consumer = self.consumer_a.with_user(user)
                self.assertTrue(consumer.discom_account_no)
                with self.assertRaises(AccessError):
                    consumer.discom_village = "Chopan"
                with self.assertRaises(AccessError):
                    consumer.create({"name": "New"})

    def test_create_in_own_offices_only(self):
        def create(user, office):
            values = self.consumer_a.copy_data({"discom_account_no": "4419000001"})[0]
            values.update(discom_consumer=True, discom_office_id=office.id, discom_asset_id=False)
            return self.env["res.partner"].with_user(user).create(values)

        with self.assertRaises(AccessError):
            create(self.surveyor, self.subdivision_a1)
        with self.assertRaises(AccessError):
            create(self.counter, self.subdivision_b1)
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(self.counter).create({"name": "Ordinary"})
        self.assertTrue(create(self.counter, self.subdivision_a2))

    def test_no_consumer_is_moved_out_of_reach(self):
        consumer = self.consumer_a.with_user(self.clerk)
        consumer.discom_office_id = self.subdivision_a2
        with self.assertRaises(AccessError), self.cr.savepoint():
            consumer.discom_office_id = self.subdivision_b1
        with self.assertRaises(UserError):
            consumer.discom_consumer = False

    def test_archive(self):
        """A clerk takes no consumer out of sight, on the form or by RPC, and brings none back."""
        consumer = self.create_consumer()
        archived = self.create_consumer(active=False)
        for user in (self.counter, self.clerk):
            for method in (
                consumer.with_user(user).action_archive,
                lambda user=user: consumer.with_user(user).write({"active": False}),
                archived.with_user(user).action_unarchive,
            ):
                with (
                    self.subTest(user=user.login),
                    self.assertRaisesRegex(UserError, "division manager"),
                ):
                    method()
        # A form may send what it has not changed.
        consumer.with_user(self.counter).write({"active": True, "email": "a@example.org"})
        for user in (self.manager, self.administrator):
            consumer.with_user(user).action_archive()
            self.assertFalse(consumer.active)
            consumer.with_user(user).action_unarchive()

    def test_delete(self):
        for user in (self.clerk, self.manager):
            with self.assertRaises(AccessError):
                self.consumer_a.with_user(user).unlink()
        with self.assertRaises(AccessError):
            self.contact.with_user(self.administrator).unlink()
        mistaken = self.create_consumer(discom_whatsapp_number=False)
        mistaken.with_user(self.administrator).unlink()
        self.assertFalse(mistaken.exists())
        # Who has given a number has a history, which is kept.
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self.consumer_b.with_user(self.administrator).unlink()

    def test_without_a_role_no_consumer_is_seen(self):
        employee = new_test_user(self.env, "test_employee", discom_office_ids=self.division_a.ids)
        contacts = new_test_user(self.env, "test_contacts", groups="base.group_partner_manager")
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        public = self.env.ref("base.public_user")
        for user in (employee, contacts, portal, public):
            with self.subTest(user=user.login):
                self.assertFalse(self._seen_by(user) & (self.consumer_a | self.consumer_b))
                with self.assertRaises(AccessError):
                    self.consumer_a.with_user(user).read(["name"])
        self.assertEqual(self._seen_by(employee), self.contact)
        # Whoever manages contacts goes on as before.
        self.contact.with_user(contacts).name = "Renamed"
        self.env["res.partner"].with_user(contacts).create({"name": "One more"}).unlink()

    def test_roles_add_to_other_rights(self):
        self.manager.group_ids += self.env.ref("base.group_partner_manager")
        self.contact.with_user(self.manager).name = "Renamed"
        self.consumer_a.with_user(self.manager).discom_village = "Chopan"
        self.assertEqual(self._seen_by(self.manager), self.consumer_a | self.contact)
        with self.assertRaises(AccessError):
            self.consumer_b.with_user(self.manager).name = "Renamed"

    def test_users_are_managed_as_before(self):
        system = new_test_user(
            self.env, "test_system", groups="base.group_system,discom.group_administrator"
        )
        with Form(self.clerk.with_user(system), "base.view_users_form") as form:
            form.name = "Renamed"
            form.discom_office_ids.add(self.division_b)
        self.assertEqual(self.clerk.partner_id.name, "Renamed")
        self.assertEqual(
            self._seen_by(self.clerk), self.consumer_a | self.consumer_b | self.contact
        )
        with self.assertRaises(AccessError):
            self.clerk.with_user(self.clerk).discom_office_ids = self.discom

    def test_colleague_is_no_consumer(self):
        with self.assertRaises(ValidationError):
            self.clerk.partner_id.write(
                {
                    "discom_consumer": True,
                    "discom_account_no": "4419000002",
                    "discom_office_id": self.subdivision_a1.id,
                }
            )
        with self.assertRaises(ValidationError):
            self.env["res.users"].create({"login": "x", "partner_id": self.consumer_a.id})

    def test_consumer_with_portal_access_sees_itself(self):
        portal = new_test_user(
            self.env, "test_self", groups="base.group_portal", partner_id=self.consumer_a.id
        )
        self.assertEqual(self._seen_by(portal), self.consumer_a)
        self.assertTrue(portal.with_user(portal).name)

    def test_nobody_signs_up_in_the_name_of_a_consumer(self):
        """Odoo gives every colleague a token for every contact where people sign up themselves."""
        if not hasattr(self.env["res.partner"], "signup_get_auth_param"):
            self.skipTest("auth_signup is not installed")
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        employee = new_test_user(self.env, "test_employee")
        for user in (employee, self.auditor, self.clerk, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.consumer_a.with_user(user).signup_get_auth_param()
        self.assertTrue(self.contact.with_user(employee).signup_get_auth_param()[self.contact.id])
        system = new_test_user(
            self.env, "test_system", groups="base.group_erp_manager,discom.group_administrator"
        )
        token = self.consumer_a.with_user(system).signup_get_auth_param()[self.consumer_a.id]
        self.assertTrue(token["auth_signup_token"])
        # Who has an account gets a new password as ever.
        new_test_user(
            self.env, "test_self", groups="base.group_portal", partner_id=self.consumer_a.id
        )
        self.consumer_a.signup_prepare(signup_type="reset")
        public = self.consumer_a.with_user(self.env.ref("base.public_user")).sudo()
        self.assertTrue(public._generate_signup_token())

    def test_no_letters_by_post(self):
        """Every colleague reads them, with name and address."""
        if "snailmail.letter" not in self.env:
            self.skipTest("snailmail is not installed")
        values = {
            "model": "res.partner",
            "res_id": self.consumer_a.id,
            "partner_id": self.consumer_a.id,
            "company_id": self.company.id,
            "user_id": self.counter.id,
        }
        letters = self.env["snailmail.letter"]
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            letters.with_user(self.counter).create(values)
        self.assertFalse(letters.search([("partner_id", "=", self.consumer_a.id)]))

    def test_chatter(self):
        consumer = self.consumer_a.with_user(self.counter)
        consumer.message_post(body="Called, will come tomorrow", message_type="comment")
        self.assertIn("tomorrow", self.consumer_a.with_user(self.auditor).message_ids[0].body)
        message = self.consumer_a.message_ids[0]
        with self.assertRaises(AccessError):
            message.with_user(self.clerk_b).read(["body"])
        with self.assertRaises(AccessError):
            self.consumer_b.with_user(self.counter).message_post(body="x")

    def test_companies_are_apart(self):
        other = self.env["res.company"].create({"name": "Other discom"})
        office = self.create_office("Other", "discom", company_id=other.id)
        consumer = self.create_consumer(discom_office_id=office.id, discom_asset_id=False)
        for model, record in (("res.partner", consumer), ("discom.office", office)):
            seen = self.env[model].with_user(self.administrator)
            self.assertFalse(seen.search([("id", "=", record.id)]))
        with self.assertRaises(ValidationError):
            consumer.discom_asset_id = self.transformer_a11

    def test_rpc(self):
        read = {"model": "res.partner", "kwargs": {}}
        out_of_reach = (
            ("read", [self.consumer_b.ids, ["name"]]),
            ("write", [self.consumer_b.ids, {"name": "x"}]),
            ("write", [self.contact.ids, {"name": "x"}]),
            ("write", [self.consumer_a.ids, {"active": False}]),
            ("write", [self.consumer_a.ids, {"discom_office_id": self.subdivision_b1.id}]),
            ("unlink", [self.consumer_a.ids]),
            ("create", [{"name": "x"}]),
        )
        for user in (self.clerk, self.counter, self.surveyor, self.operator, self.auditor):
            self.authenticate(user.login, user.login)
            found = self._call(**read, method="search", args=[[("discom_consumer", "=", True)]])
            self.assertIn(self.consumer_a.id, found)
            self.assertNotIn(self.consumer_b.id, found)
            groups = self._call(
                **read,
                method="formatted_read_group",
                args=[[("id", "in", (self.consumer_a | self.consumer_b).ids)], [], ["__count"]],
            )
            self.assertEqual(groups[0]["__count"], 1)
            for method, args in out_of_reach:
                with (
                    self.subTest(user=user.login, method=method),
                    mute_logger("odoo.http", "odoo.addons.base.models.ir_rule"),
                    mute_logger("odoo.addons.base.models.ir_model"),
                    self.assertRaises(JsonRpcException),
                ):
                    self._call(**read, method=method, args=args)
            with (
                self.subTest(user=user.login),
                mute_logger("odoo.http", "odoo.addons.base.models.ir_model"),
                self.assertRaises(JsonRpcException),
            ):
                self._call(
                    model="res.users",
                    method="write",
                    args=[user.ids, {"discom_office_ids": [(6, 0, self.discom.ids)]}],
                    kwargs={},
                )

    def _call(self, model, method, args, kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )
