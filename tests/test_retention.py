from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..models import whatsapp_retention
from .common_whatsapp import WhatsappCommon

#: What ends by time and is no matter of retention: of use for hours, or only closed.
BY_THEMSELVES = {"_gc_recipients", "_gc_media", "_gc_expire", "_gc_asked"}


@tagged("post_install", "-at_install")
class TestRetention(WhatsappCommon):
    """What is over its time goes, by rules that say on what ground, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rules = cls.env["discom.retention.rule"]
        cls.consumer = cls.create_ready_consumer()
        cls.message = cls.env["discom.whatsapp.message"].create(
            {
                "account_id": cls.account.id,
                "partner_id": cls.consumer.id,
                "phone": cls.consumer.discom_whatsapp_number,
                "state": "delivered",
                "body": "Pay at the counter",
                "values": {"name": "x"},
            }
        )

    def age(self, record, days, column="create_date"):
        self.env.flush_all()
        self.cr.execute(
            f"UPDATE {record._table} SET {column} = %s WHERE id = %s",  # noqa: S608
            [fields.Datetime.now() - timedelta(days=days), record.id],
        )
        record.invalidate_recordset()

    def run_rules(self):
        self.run_cron(self.env.ref("discom.ir_cron_retention"))

    def test_texts_of_messages_go_and_what_became_of_them_stays(self):
        self.age(self.message, 1094)
        self.run_rules()
        self.assertEqual(self.message.text, "Pay at the counter")
        self.age(self.message, 1096)
        self.run_rules()
        self.assertRecordValues(
            self.message,
            [
                {
                    "body": False,
                    "values": False,
                    "state": "delivered",
                    "partner_id": self.consumer.id,
                }
            ],
        )
        self.assertEqual(self.message.text, "The text was deleted.")
        run = self.env["discom.retention.run"].search([], limit=1)
        self.assertRecordValues(
            run,
            [{"number": 1, "dry": False, "rule_id": self.env.ref("discom.retention_message").id}],
        )
        entry = self.env["discom.audit.entry"].search([("kind", "=", "retention")], limit=1)
        self.assertEqual((entry.number, entry.model), (1, "discom.whatsapp.message"))

    def test_dry_run_counts_and_deletes_nothing(self):
        self.age(self.message, 1200)
        note = self.consumer.message_post(body="Rang twice")
        self.age(note, 4000, "date")
        self.env.ref("discom.retention_chatter").enabled = True
        action = self.rules.with_user(self.administrator).action_dry_run()
        runs = self.env["discom.retention.run"].search(action["domain"])
        counts = {run.rule_id.what: run.number for run in runs}
        self.assertEqual(set(counts), set(self.rules._purges()))
        self.assertEqual((counts["message"], counts["chatter"]), (1, 1))
        self.assertEqual(set(runs.mapped("dry")), {True})
        self.assertTrue(self.message.body)
        self.assertTrue(note.exists())
        one = self.env.ref("discom.retention_message").with_user(self.administrator)
        self.assertEqual(
            self.env["discom.retention.run"].search(one.action_dry_run()["domain"]).rule_id, one
        )

    def test_batches(self):
        """A run goes on until nothing is left, in batches that are committed."""
        messages = self.message.browse()
        for _count in range(3):
            messages |= self.message.copy({"state": "read"})
        for message in messages:
            self.age(message, 1200)
        self.patch(whatsapp_retention, "GC_BATCH", 2)
        self.run_rules()
        self.assertEqual(set(messages.mapped("text_deleted")), {True})
        self.assertEqual(self.env["discom.retention.run"].search([], limit=1).number, 3)

    def test_dated_rules(self):
        """The newest rule that has begun counts; switched off, nothing goes."""
        self.age(self.message, 800)
        today = fields.Date.context_today(self.rules)
        values = {"what": "message", "basis": "Order 12", "keep_days": 700}
        later = self.rules.create({**values, "date_from": today + timedelta(days=1)})
        self.run_rules()
        self.assertTrue(self.message.body)
        later.date_from = today
        later.enabled = False
        self.run_rules()
        self.assertTrue(self.message.body)
        later.enabled = True
        self.run_rules()
        self.assertFalse(self.message.body)
        self.assertTrue(later.is_current)
        self.assertFalse(self.env.ref("discom.retention_message").is_current)

    def test_no_rule_keeps_less_than_the_law(self):
        for name in ("audit", "event", "message"):
            with self.subTest(name), self.assertRaisesRegex(ValidationError, "365"):
                self.env.ref(f"discom.retention_{name}").keep_days = 364

    def test_notes_below_consumers(self):
        note, fresh = self.consumer.message_post(body="Old"), self.consumer.message_post(body="New")
        other = self.env.user.partner_id.message_post(body="Of a colleague")
        for message in (note, other):
            self.age(message, 4000, "date")
        self.run_rules()
        self.assertTrue(note.exists(), "the rule is off until the company decides")
        self.env.ref("discom.retention_chatter").enabled = True
        self.run_rules()
        self.assertEqual((note | fresh | other).exists(), fresh | other)

    def test_files_that_consumers_sent(self):
        attachment = self.env["ir.attachment"].create({"name": "meter.jpg", "raw": b"picture"})
        file = self.env["discom.whatsapp.file"].create(
            {
                "message_id": self.message.id,
                "account_id": self.account.id,
                "state": "done",
                "attachment_id": attachment.id,
            }
        )
        self.age(file, 364)
        self.run_rules()
        self.assertTrue(attachment.exists())
        self.age(file, 366)
        self.run_rules()
        self.assertFalse(attachment.exists())
        self.assertTrue(file.exists(), "that something was sent stays")

    def test_what_cannot_be_deleted_does_not_stop_the_rest(self):
        self.age(self.message, 1200)

        def broken(model):
            raise ValueError("disk")

        self.patch(self.env.registry["discom.audit.entry"], "_gc_entries", broken)
        with self.assertLogs("odoo.addons.discom.models.audit_retention", "ERROR"):
            self.run_rules()
        self.message.invalidate_recordset()
        self.assertFalse(self.message.body)

    def test_every_purge_is_under_a_rule(self):
        """Nothing of ours is deleted by time beside the rules, and each has its ground."""
        purges = self.rules._purges()
        known = {purge.method for purge in purges.values()} | BY_THEMSELVES
        for name, model in self.env.registry.items():
            for method in dir(model):
                if not method.startswith(("_gc_", "_discom_gc_")) or method.endswith("_domain"):
                    continue
                for each in model.__mro__:
                    if method in vars(each) and each.__module__.startswith("odoo.addons.discom."):
                        with self.subTest(model=name, method=method):
                            self.assertIn(method, known)
        current = self.rules._current()
        self.assertEqual(set(current), set(purges))
        for rule in current.values():
            self.assertTrue(rule.basis)

    def test_who_may(self):
        rule = self.env.ref("discom.retention_message")
        for user in (self.manager, self.auditor):
            self.assertTrue(rule.with_user(user).has_access("read"))
            with self.assertRaises(AccessError):
                rule.with_user(user).action_dry_run()
            with self.assertRaises(AccessError):
                rule.with_user(user).keep_days = 5000
        self.assertFalse(rule.with_user(self.clerk).has_access("read"))
        rule.with_user(self.administrator).keep_days = 1200
        entry = self.env["discom.audit.entry"].search([("kind", "=", "settings")], limit=1)
        self.assertIn("1095 → 1200", entry.text)
