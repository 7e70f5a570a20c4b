"""Showing a record in full: with a reason, on record, for a short while."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..tools.personal import SIGN
from .common_mask import MOBILE, STREET, MaskCommon


@tagged("post_install", "-at_install")
class TestUnmask(MaskCommon):
    def unmask(self, user, reason="Complains that the number is wrong", record=None):
        record = (record or self.consumer).with_user(user)
        action = record.action_discom_unmask()
        form = Form(self.env[action["res_model"]].with_user(user).with_context(**action["context"]))
        form.reason = reason
        form.save().action_unmask()

    def test_for_a_short_while(self):
        """With a reason, this record alone, for who asked alone, for some minutes."""
        record = self.consumer.with_user(self.auditor)
        self.assertTrue(record.discom_masked)
        self.unmask(self.auditor)
        self.env.invalidate_all()
        self.assertEqual(record.read(["phone", "street"])[0]["street"], STREET)
        self.assertTrue(record.discom_unmasked)
        self.assertFalse(record.discom_masked)
        self.assertIn(SIGN, self.other.with_user(self.auditor).read(["phone"])[0]["phone"])
        self.assertIn(SIGN, self.consumer.with_user(self.surveyor).read(["phone"])[0]["phone"])
        later = fields.Datetime.now() + timedelta(minutes=16)
        with patch.object(fields.Datetime, "now", return_value=later):
            self.env.invalidate_all()
            self.assertIn(SIGN, record.read(["phone"])[0]["phone"])

    def test_on_record(self):
        """Who, whom, why and when; the reason is needed."""
        for reason in ("", "why", " " * 30):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.unmask(self.auditor, reason)
        self.unmask(self.auditor, "Checks a complaint of the consumer")
        entry = self.env["discom.audit.entry"].search([("kind", "=", "unmasking")], limit=1)
        self.assertEqual(
            (entry.user_id, entry.model, entry.res_id, entry.reason, entry.office_id),
            (
                self.auditor,
                "res.partner",
                self.consumer.id,
                "Checks a complaint of the consumer",
                self.subdivision_a1,
            ),
        )
        unmasking = self.env["discom.unmasking"].with_user(self.manager).search([], limit=1)
        self.assertEqual(unmasking.account_no, self.consumer.discom_account_no)
        with self.assertRaises(UserError):
            unmasking.with_user(self.manager).write({"reason": "Something else entirely"})

    def test_only_what_is_seen(self):
        """Nobody unmasks a consumer of another office, nor makes an unmasking by hand."""
        foreign = self.create_consumer(discom_office_id=self.subdivision_b1.id)
        with self.assertRaises(AccessError):
            self.env["discom.unmask"].with_user(self.auditor).create(
                {"res_model": "res.partner", "res_id": foreign.id, "reason": "Just curious, really"}
            ).action_unmask()
        with self.assertRaises(UserError):
            self.env["discom.unmasking"].with_user(self.manager).create(
                {
                    "user_id": self.manager.id,
                    "res_model": "res.partner",
                    "res_id": foreign.id,
                    "reason": "By hand",
                    "until": "2099-01-01 00:00:00",
                }
            )
        with self.assertRaises(UserError):
            self.env["discom.unmask"].with_user(self.auditor).create(
                {"res_model": "discom.tariff", "res_id": 1, "reason": "There is nothing"}
            )

    def test_often_is_told_to_the_manager(self):
        """More than the setting allows a day: the manager gets one thing to do, once."""
        self.company.discom_unmask_daily = 2
        for _time in range(5):
            self.unmask(self.auditor)
        activities = self.env["mail.activity"].search([("res_model", "=", "discom.unmasking")])
        self.assertEqual(activities.user_id, self.manager)
        self.assertEqual(len(activities), 1)
        self.assertIn(self.auditor.name, activities.summary)

    def test_complaint(self):
        """Where a phone is needed beside the consumer's."""
        complaint = self.env["discom.complaint"].create(
            {"partner_id": self.consumer.id, "text": "No bill for months", "phone": MOBILE}
        )
        self.assertTrue(complaint.with_user(self.auditor).discom_masked)
        self.unmask(self.auditor, record=complaint)
        self.env.invalidate_all()
        self.assertEqual(complaint.with_user(self.auditor).read(["phone"])[0]["phone"], MOBILE)
        self.assertIn(SIGN, self.consumer.with_user(self.auditor).read(["phone"])[0]["phone"])
