from psycopg2.errors import IntegrityConstraintViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestConsent(DiscomCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_consumer()
        cls.neighbour = cls.create_consumer()
        cls.stranger = cls.create_consumer(
            discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
        )

    def _journal(self, consumer):
        entries = self.env["discom.consent"].search([("partner_id", "=", consumer.id)], order="id")
        return entries.mapped(lambda entry: (entry.purpose, entry.action))

    def test_recorded_with_the_buttons(self):
        wizard = Form(
            self.env["discom.consent.ask"]
            .with_user(self.counter)
            .with_context(default_partner_ids=self.consumer.ids, default_action="given")
        )
        self.assertIn("बिजली", wizard.notice_body)
        self.assertIn("STOP", wizard.notice_spoken)
        wizard.purpose_dues = False
        wizard.evidence = "Form 12"
        wizard.save().action_confirm()
        self.assertEqual(self._journal(self.consumer), [("bills", "given"), ("outages", "given")])
        entry = self.env["discom.consent"].search([("partner_id", "=", self.consumer.id)], limit=1)
        self.assertRecordValues(
            entry,
            [
                {
                    "user_id": self.counter.id,
                    "method": "counter",
                    "notice_version": "1",
                    "notice_lang": "hi_IN",
                    "evidence": "Form 12",
                    "company_id": self.company.id,
                }
            ],
        )
        self.assertEqual(self.consumer.discom_consent_bills, "given")
        self.assertFalse(self.consumer.discom_consent_dues)

        wizard = Form(
            self.env["discom.consent.ask"]
            .with_user(self.counter)
            .with_context(default_partner_ids=self.consumer.ids, default_action="withdrawn")
        )
        self.assertTrue(wizard.purpose_other)
        wizard.save().action_confirm()
        for purpose in ("bills", "outages", "dues", "other"):
            self.assertEqual(self.consumer[f"discom_consent_{purpose}"], "withdrawn")

    def test_ways_that_leave_their_own_entry(self):
        """What came by WhatsApp or in a file was not heard by a clerk."""
        asked = self.env["discom.consent.ask"].with_user(self.counter)
        for method in ("whatsapp", "online", "file"):
            with self.subTest(method=method), self.assertRaises(ValueError):
                asked.create({"partner_ids": [(6, 0, self.consumer.ids)], "method": method})
        for method in ("counter", "field", "paper"):
            asked.create({"partner_ids": [(6, 0, self.consumer.ids)], "method": method})

    def test_wizard_needs_a_purpose(self):
        wizard = self.env["discom.consent.ask"].create(
            {
                "partner_ids": self.consumer.ids,
                "purpose_bills": False,
                "purpose_outages": False,
                "purpose_dues": False,
            }
        )
        with self.assertRaisesRegex(UserError, "what the answer is about"):
            wizard.action_confirm()

    def test_repeating_changes_nothing(self):
        consumers = (self.consumer | self.neighbour).with_user(self.clerk)
        given = {"notice_version": "1", "notice_lang": "hi_IN"}
        added = consumers._discom_record_consent("given", ["bills", "dues"], "file", **given)
        self.assertEqual(added, 4)
        self.assertEqual(
            consumers._discom_record_consent("given", ["bills", "dues"], "file", **given), 0
        )
        self.assertEqual(
            consumers._discom_record_consent("given", ["bills"], "file", notice_version="2"), 2
        )
        withdrawn = self.consumer._discom_record_consent(
            "withdrawn", ["bills", "bills"], "whatsapp"
        )
        self.assertEqual(withdrawn, 1)
        self.assertEqual(
            self.consumer._discom_record_consent("withdrawn", ["bills"], "whatsapp"), 0
        )
        self.assertEqual(self.consumer.discom_consent_bills, "withdrawn")
        self.assertEqual(self.neighbour.discom_consent_bills, "given")

    def test_recording_costs_the_same_for_many(self):
        many = self.env["res.partner"].union(*(self.create_consumer() for _index in range(30)))
        self.env.flush_all()
        few = self._queries(self.consumer)
        self.assertEqual(self._queries(many), few)

    def _queries(self, consumers):
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        consumers.sudo()._discom_record_consent("given", ["bills"], "file")
        return self.cr.sql_log_count - before

    def test_bad_input_refused(self):
        for arguments in (
            ("maybe", ["bills"], "file"),
            ("given", ["everything"], "file"),
            ("given", ["bills"], "rumour"),
        ):
            with self.subTest(arguments=arguments), self.assertRaises(ValidationError):
                self.consumer._discom_record_consent(*arguments)
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            self.consumer._discom_record_consent(
                "given", ["bills"], "paper", evidence="2341 2341 2346"
            )
        self.assertFalse(self._journal(self.consumer))

    def test_only_for_consumers_one_may_change(self):
        for user, consumer in (
            (self.clerk, self.stranger),
            (self.auditor, self.consumer),
            (self.operator, self.consumer),
            (self.clerk, self.clerk.partner_id),
        ):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                consumer.with_user(user)._discom_record_consent("given", ["bills"], "counter")

    def test_orm_refuses_changes_even_by_the_superuser(self):
        self.consumer._discom_record_consent("given", ["bills"], "counter")
        entry = self.env["discom.consent"].search([("partner_id", "=", self.consumer.id)])
        values = {
            "partner_id": self.consumer.id,
            "purpose": "bills",
            "action": "given",
            "method": "counter",
            "user_id": self.env.uid,
            "date": "2026-01-01 00:00:00",
        }
        with self.assertRaises(UserError):
            entry.sudo().action = "withdrawn"
        with self.assertRaises(UserError):
            entry.sudo().unlink()
        with self.assertRaises(UserError):
            entry.sudo().create(values)
        with self.assertRaises(UserError):
            entry.sudo().copy()
        with self.assertRaises(UserError):
            self.consumer.sudo().discom_consent_bills = "withdrawn"
        with self.assertRaises(UserError):
            self.create_consumer(discom_consent_bills="given")
        with self.assertRaises(UserError):
            self.consumer.sudo().write({"discom_consent_ids": [(2, entry.id)]})

    def test_database_refuses_changes(self):
        self.consumer._discom_record_consent("given", ["bills"], "counter")
        for statement in (
            "UPDATE discom_consent SET action = 'withdrawn' WHERE partner_id = %s",
            "DELETE FROM discom_consent WHERE partner_id = %s",
            "TRUNCATE discom_consent",
            "DELETE FROM res_partner WHERE id = %s",
        ):
            with (
                self.subTest(statement=statement),
                mute_logger("odoo.sql_db"),
                self.assertRaises(
                    IntegrityConstraintViolation if "consent" in statement else Exception
                ),
                self.cr.savepoint(),
            ):
                self.cr.execute(statement, (self.consumer.id,) if "%s" in statement else None)
        self.assertEqual(self._journal(self.consumer), [("bills", "given")])

    def test_rpc_refuses_changes(self):
        self.consumer._discom_record_consent("given", ["bills"], "counter")
        entry = self.env["discom.consent"].search([("partner_id", "=", self.consumer.id)])
        for user in (self.clerk, self.manager, self.administrator):
            self.authenticate(user.login, user.login)
            for model, method, args in (
                ("discom.consent", "write", [entry.ids, {"action": "withdrawn"}]),
                ("discom.consent", "unlink", [entry.ids]),
                ("discom.consent", "copy", [entry.ids]),
                ("discom.consent", "create", [{"partner_id": self.consumer.id, "purpose": "dues"}]),
                ("discom.consent", "_append", [self.consumer.ids, "given", ["dues"], "file", {}]),
                ("res.partner", "write", [self.consumer.ids, {"discom_consent_dues": "given"}]),
                (
                    "res.partner",
                    "_discom_record_consent",
                    [self.consumer.ids, "given", ["dues"], "file"],
                ),
            ):
                with (
                    self.subTest(user=user.login, model=model, method=method),
                    mute_logger("odoo.http", "odoo.addons.base.models.ir_model"),
                    self.assertRaises(JsonRpcException),
                ):
                    self.make_jsonrpc_request(
                        f"/web/dataset/call_kw/{model}/{method}",
                        {"model": model, "method": method, "args": args, "kwargs": {}},
                    )
        self.env.invalidate_all()
        self.assertEqual(self._journal(self.consumer), [("bills", "given")])
        self.assertFalse(self.consumer.discom_consent_dues)

    def test_a_notice_someone_heard_stays(self):
        notice = self.env["discom.consent.notice"].create(
            {"version": "2", "lang": "hi_IN", "body": "नई सूचना", "date_from": "2026-02-01"}
        )
        self.assertEqual(self.env["discom.consent.notice"]._current("hi_IN"), notice)
        notice.body = "और नई सूचना"
        self.consumer._discom_record_consent(
            "given", ["bills"], "counter", notice_version="2", notice_lang="hi_IN"
        )
        for name in ("spoken", "body"):
            with self.assertRaisesRegex(UserError, "stays as it is"):
                notice[name] = "कुछ और"
        with self.assertRaisesRegex(UserError, "stays as it is"):
            notice.unlink()
        notice.active = False
