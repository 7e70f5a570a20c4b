from datetime import timedelta

from psycopg2.errors import IntegrityConstraintViolation

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .common import DiscomCommon
from .common_whatsapp import WhatsappCommon
from .test_bill import BillCommon

QUIET = ("odoo.http", "odoo.addons.base.models.ir_model", "odoo.addons.base.models.res_users")


class AuditCase(DiscomCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journal = cls.env["discom.audit.entry"]

    def entries(self, kind, **facts):
        """Entries of a kind, the oldest first, without those of other tests' data."""
        domain = [("kind", "=", kind), *((name, "=", value) for name, value in facts.items())]
        return self.journal.search(domain, order="id")


@tagged("post_install", "-at_install")
class TestAudit(AuditCase, HttpCase):
    # === NOBODY CHANGES IT === #

    def test_orm_refuses_changes_even_by_the_superuser(self):
        self.journal._log("export", "res.partner", "All", number=5)
        entry = self.entries("export")
        values = {"at": fields.Datetime.now(), "user_id": self.env.uid, "kind": "export"}
        for attempt in (
            lambda: self.journal.sudo().create(values),
            lambda: entry.sudo().write({"text": "Nothing"}),
            lambda: entry.sudo().unlink(),
            lambda: entry.sudo().copy(),
        ):
            with self.assertRaises(UserError):
                attempt()
        result = self.journal.load(["kind", "user_id/.id"], [["export", str(self.env.uid)]])
        self.assertFalse(result["ids"])
        self.assertEqual(self.entries("export"), entry)

    def test_rpc_refuses_changes(self):
        self.journal._log("export", self.create_consumer(), "One")
        entry = self.entries("export")
        model = self.journal._name
        for user in (self.manager, self.administrator):
            self.authenticate(user.login, user.login)
            for method, args in (
                ("create", [{"kind": "export", "user_id": user.id}]),
                ("write", [entry.ids, {"text": "Nothing"}]),
                ("unlink", [entry.ids]),
                ("copy", [entry.ids]),
                ("load", [["kind"], [["export"]]]),
                ("_log", ["export", None, "Made up"]),
                ("_gc_entries", []),
            ):
                with self.subTest(user=user.login, method=method), mute_logger(*QUIET):
                    if method == "load":
                        self.assertFalse(self.call(model, method, args)["ids"])
                        continue
                    with self.assertRaises(JsonRpcException):
                        self.call(model, method, args)
        self.assertEqual(self.entries("export").mapped("text"), ["One"])

    def call(self, model, method, args):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": {}},
        )

    def test_database_refuses_changes(self):
        self.journal._log("export", "res.partner", "All", number=5)
        for statement in (
            "UPDATE discom_audit_entry SET text = 'Nothing'",
            "DELETE FROM discom_audit_entry",
            "TRUNCATE discom_audit_entry",
        ):
            with (
                self.subTest(statement=statement),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityConstraintViolation),
                self.cr.savepoint(),
            ):
                self.cr.execute(statement)

    def test_purged_after_its_time_and_never_before_the_law_says(self):
        rule = self.env.ref("discom.retention_audit")
        for days in (364, 400, 800):
            at = fields.Datetime.now() - timedelta(days=days)
            self.journal._log("export", text=f"{days}", at=at)
        rule.keep_days = 500
        self.journal._gc_entries()
        self.assertEqual(self.entries("export").mapped("text"), ["364", "400"])
        with self.assertRaisesRegex(ValidationError, "365"):
            rule.keep_days = 30
        rule.keep_days = 365
        self.journal._gc_entries()
        self.assertEqual(self.entries("export").mapped("text"), ["364"])
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityConstraintViolation):
            with self.cr.savepoint():
                self.cr.execute("DELETE FROM discom_audit_entry")

    # === WHO SEES WHAT === #

    def test_office_of_an_entry(self):
        """The lowest office above all records; that of the user, where there are none."""
        a1, a2 = (
            self.create_consumer(discom_office_id=office.id)
            for office in (self.subdivision_a1, self.subdivision_a2)
        )
        b1 = self.create_consumer(discom_office_id=self.subdivision_b1.id)
        journal = self.journal.with_user(self.clerk)
        with self.assertQueryCount(20):
            for records in (a1, a1 | a2, a1 | b1, None):
                journal._log("export", records, "x")
        self.assertEqual(
            self.entries("export").mapped(lambda e: (e.office_id, e.number, e.res_id)),
            [
                (self.subdivision_a1, 1, a1.id),
                (self.division_a, 2, 0),
                (self.discom, 2, 0),
                (self.division_a, 0, 0),
            ],
        )

    def test_seen_in_the_own_offices(self):
        manager_b = self.create_user("test_manager_b", "group_division_manager", self.division_b)
        nobody = self.env.ref("base.user_admin")
        nobody.discom_office_ids = False
        for user in (self.clerk, self.clerk_b, nobody):
            self.journal.with_user(user)._log("data_file", text=user.login)
        seen = {
            user: set(self.journal.with_user(user).search([("kind", "=", "data_file")]).user_id.ids)
            for user in (self.manager, self.auditor, manager_b, self.administrator)
        }
        self.assertEqual(seen[self.manager], {self.clerk.id})
        self.assertEqual(seen[self.auditor], {self.clerk.id})
        self.assertEqual(seen[manager_b], {self.clerk_b.id})
        self.assertEqual(seen[self.administrator], {self.clerk.id, self.clerk_b.id, nobody.id})
        self.assertFalse(self.journal.with_user(self.clerk).has_access("read"))

    def test_opens_the_record_with_the_own_rights(self):
        consumer = self.create_consumer(discom_office_id=self.subdivision_b1.id)
        self.journal.with_user(self.clerk)._log("export", consumer, office=self.division_a)
        entry = self.entries("export").with_user(self.manager)
        with self.assertRaises(UserError):
            entry.action_open_record()
        consumer.discom_office_id = self.subdivision_a1
        self.assertEqual(entry.action_open_record()["res_id"], consumer.id)

    def test_aadhaar_is_crossed_out(self):
        self.journal._log("export", text="x", reason="of 2341 2341 2346")
        self.assertEqual(self.entries("export").reason, "of XXXX XXXX 2346")

    # === SIGN-INS === #

    def test_sign_in_on_the_login_page(self):
        """Right and wrong passwords leave an entry, who has no role leaves none."""
        new_test_user(self.env, "test_outsider", password="test_outsider")
        for login, password in (
            ("test_clerk", "test_clerk"),
            ("test_clerk", "Wr0ng-Passw0rd"),
            ("test_outsider", "test_outsider"),
            ("test_outsider", "Wr0ng-Passw0rd"),
            ("nobody-at-all", "Wr0ng-Passw0rd"),
        ):
            self.url_open("/web/session/logout")
            page = self.url_open("/web/login").text
            token = page.split('name="csrf_token" value="')[1].split('"')[0]
            with mute_logger(*QUIET):
                self.url_open(
                    "/web/login", data={"login": login, "password": password, "csrf_token": token}
                )
        good, bad = self.entries("sign_in"), self.entries("sign_in_failed")
        self.assertEqual((good.user_id, bad.user_id), (self.clerk, self.clerk))
        self.assertEqual((good.office_id, good.ip), (self.division_a, "127.0.0.1"))
        self.assertIn("login page", good.text)
        self.assertNotIn("Wr0ng", str((good | bad).read()))

    @mute_logger("odoo.addons.rpc.controllers.xmlrpc")
    def test_sign_in_by_rpc(self):
        database = self.env.cr.dbname
        for password in ("test_clerk", "Wr0ng-Passw0rd"):
            with mute_logger(*QUIET):
                self.xmlrpc_common.authenticate(database, "test_clerk", password, {})
        good, bad = self.entries("sign_in"), self.entries("sign_in_failed")
        self.assertEqual((good.user_id, bad.user_id), (self.clerk, self.clerk))
        self.assertIn("RPC", good.text)

    # === RIGHTS AND SETTINGS === #

    def test_roles(self):
        """Groups and offices of a user, given in the form of the user or of the group."""
        self.administrator.group_ids += self.env.ref("base.group_erp_manager")
        env = self.env(user=self.administrator)
        before = self.entries("role")
        with Form(self.clerk.with_env(env), "base.view_users_form") as form:
            form.discom_office_ids.add(self.subdivision_b1)
        self.clerk.with_env(env).group_ids += self.env.ref("discom.group_auditor")
        env.ref("discom.group_administrator").write({"user_ids": [Command.link(self.clerk.id)]})
        self.clerk.with_env(env).active = False
        made = self.entries("role") - before
        self.assertEqual(made.user_id, self.administrator)
        texts = made.mapped("text")
        self.assertEqual(len(texts), 4, texts)
        for text, expected in zip(
            texts,
            ("Sub-division B1", "Auditor", "Administrator", "test_clerk: Active: ✓ → –"),
            strict=True,
        ):
            self.assertIn(expected, text)
            self.assertNotIn(self.clerk.name, text.replace("test_clerk", ""))

    def test_context_does_not_evade(self):
        """What keeps the module's own data out is nothing that a client can say."""
        count = len(self.entries("rule"))
        rule = self.env.ref("discom.discom_asset_rule_office")
        rule.with_context(install_mode=True, module="discom").domain_force = "[(1, '=', 1)]"
        self.assertEqual(len(self.entries("rule")), count + 1)

    def test_rules(self):
        rule = self.env.ref("discom.discom_asset_rule_office")
        access = self.env.ref("discom.access_discom_office_staff")
        count = len(self.entries("rule"))
        rule.domain_force = "[(1, '=', 1)]"
        rule.active = False
        access.perm_unlink = True
        rule.domain_force = "[(1, '=', 1)]"
        extra = access.copy({"perm_read": True})
        extra.unlink()
        texts = self.entries("rule").mapped("text")[count:]
        self.assertEqual(len(texts), 5, "what changes nothing leaves no entry")
        self.assertIn("child_of", texts[0])
        self.assertIn("→ [(1, '=', 1)]", texts[0])
        self.assertIn("Created", texts[3])
        self.assertIn("Deleted", texts[4])

    def test_settings(self):
        """Of the company, the parameters, and the records by which work is ruled."""
        count = len(self.entries("settings"))
        user = self.administrator
        user.group_ids += self.env.ref("base.group_system")
        env = self.env(user=user)
        self.company.with_env(env).write({"discom_bill_link_days": 61, "name": "Renamed"})
        parameters = env["ir.config_parameter"]
        parameters.set_param("discom.official_hosts", "evil.example")
        parameters.set_param("some.thing", "else")
        parameters.set_param("discom.metrics_token", "s3cret-of-the-monitoring")
        env["discom.bill.check"].search([], limit=1).limit_amount += 5
        env["discom.payment.rule"].search([], limit=1).receipt_days += 1
        self.subdivision_a1.with_env(env).parent_id = self.division_b
        made = self.entries("settings")[count:]
        self.assertEqual(made.user_id, user)
        self.assertEqual(len(made), 6, made.mapped("text"))
        self.assertNotIn("s3cret", " ".join(made.mapped("text")))
        self.assertIn("60 → 61", made[0].text)
        self.assertNotIn("Company Name", made[0].text)
        self.assertIn("evil.example", made[1].text)
        self.assertIn("Division A → ", made[5].text)


@tagged("post_install", "-at_install")
class TestAuditSending(WhatsappCommon):
    """Who sent, who agreed, and who changed what is sent with."""

    def entries(self, kind):
        return self.env["discom.audit.entry"].search([("kind", "=", kind)], order="id")

    def test_broadcast(self):
        bills = self.create_bill() | self.create_bill() | self.create_bill()
        self.account.approve_above = 2
        before = self.env["discom.audit.entry"].search([])
        approved, refused = self.send(bills), self.send(bills)
        approved.with_user(self.manager).action_approve()
        refused.with_user(self.manager).action_reject("Wrong month")
        made = (self.env["discom.audit.entry"].search([]) - before).sorted("id")
        self.assertEqual(
            made.mapped(lambda e: (e.kind, e.user_id, e.res_id, e.number, e.reason)),
            [
                ("asked", self.clerk, approved.id, 3, False),
                ("asked", self.clerk, refused.id, 3, False),
                ("send", self.clerk, approved.id, 3, False),
                ("approval", self.manager, approved.id, 3, False),
                ("refusal", self.manager, refused.id, 3, "Wrong month"),
            ],
        )
        self.assertEqual(made.office_id, self.division_a)
        for text in made.mapped("text"):
            self.assertNotIn(bills[0].partner_id.name, text)

    def test_one_bill_to_one_person(self):
        """The name of a broadcast may be that of its only document: it is not written down."""
        bill = self.create_bill()
        broadcast = self.send(bill)
        entry = self.entries("send")[-1:]
        self.assertEqual((entry.res_id, entry.number), (broadcast.id, 1))
        self.assertNotIn(bill.partner_id.name, entry.text)

    def test_sending_number_without_its_secrets(self):
        count = len(self.entries("account"))
        self.account.with_user(self.administrator).write(
            {"access_token": "EAAB-new-secret", "rate_limit": 20}
        )
        text = " ".join(self.entries("account")[count:].mapped("text"))
        self.assertIn("500 → 20", text)
        self.assertIn("Access Token changed", text)
        self.assertNotIn("EAAB", text)
        self.assertNotIn(self.simulator.token, text)

    def test_template_submission(self):
        template = self.template.copy({"name": "bill_again", "account_id": self.account.id})
        for variable in template.variable_ids:
            variable.example = f"sample {variable.name}"
        template.with_user(self.administrator).action_submit()
        entry = self.entries("template")[-1:]
        self.assertEqual((entry.res_id, entry.user_id), (template.id, self.administrator))
        self.assertIn("Submitted", entry.text)


@tagged("post_install", "-at_install")
class TestAuditBills(BillCommon):
    def test_release_of_held_bills(self):
        bills = self.env["discom.bill"]
        for _count in range(2):
            bills |= self.create_bill(self.create_consumer(), issue=False, amount_total=101)
        bills.action_check()
        bills.with_user(self.manager)._release("Seen in the ledger, agreed with the agency")
        entry = self.env["discom.audit.entry"].search([("kind", "=", "approval")], limit=1)
        self.assertEqual((entry.user_id, entry.number), (self.manager, 2))
        self.assertEqual(entry.reason, "Seen in the ledger, agreed with the agency")
        self.assertEqual(entry.office_id, self.subdivision_a1)
