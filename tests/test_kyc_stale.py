from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import kyc_stale
from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestKycStale(WhatsappCommon):
    """Numbers that nobody has heard of for long are asked for again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.discom_stale_months = 12
        cls.today = cls.env["res.partner"]._discom_today()
        cls.old, cls.fresh, cls.proved = (
            cls.create_consumer(),
            cls.create_consumer(),
            cls.create_consumer(discom_kyc_state="verified"),
        )
        cls.age(cls.old, 13)
        cls.age(cls.fresh, 11)
        cls.age(cls.proved, 13)

    @classmethod
    def age(cls, consumer, months):
        day = cls.today - relativedelta(months=months)
        consumer.write({"discom_kyc_date": day, "discom_kyc_state_date": day})

    def grow_old(self):
        with self.enter_registry_test_mode():
            self.env.ref("discom.kyc_cron_stale").with_user(SUPERUSER_ID).method_direct_trigger()
        self.env.invalidate_all()

    def test_old_numbers_are_asked_for_again(self):
        self.grow_old()
        self.assertEqual(
            [c.discom_kyc_state for c in (self.old, self.fresh, self.proved)],
            ["stale", "captured", "stale"],
        )
        self.assertEqual(self.old.discom_kyc_state_date, self.today)
        event = self.old.discom_kyc_event_ids[0]
        self.assertEqual((event.new, event.source), ("stale", "system"))
        self.assertIn("12", event.evidence)
        # Back on the list of those to be visited, and captured anew where the number is confirmed.
        self.create_drive({"user_id": self.surveyor.id})
        left = self.env["res.partner"].with_user(self.surveyor)
        self.assertIn(
            self.old, left.search([("discom_kyc_own", "=", True), ("discom_kyc_left", "=", True)])
        )
        card = self.env["discom.kyc.counter"].with_user(self.counter).card(self.old.id)
        self.assertEqual(card["state"], "stale")
        self.env["discom.kyc.counter"].with_user(self.counter).save(
            self.old.id, {"number": card["number"], "send": False}
        )
        self.assertEqual(self.old.discom_kyc_state, "captured")
        self.grow_old()
        self.assertEqual(self.old.discom_kyc_state, "captured")

    def test_signs_of_life(self):
        """A message that arrived, for whichever account, or one that came keeps a number young."""
        values = {"account_id": self.account.id, "purpose": "bill", "state": "delivered"}
        self.env["discom.whatsapp.message"].create(
            [
                {
                    **values,
                    "partner_id": self.fresh.id,
                    "phone": self.old.discom_whatsapp_number,
                    "delivered_at": fields.Datetime.now() - relativedelta(months=2),
                },
                {
                    **values,
                    "direction": "in",
                    "state": "received",
                    "phone": self.proved.discom_whatsapp_number,
                },
            ]
        )
        self.grow_old()
        self.assertEqual(self.old.discom_kyc_state, "captured")
        self.assertEqual(self.proved.discom_kyc_state, "verified")
        self.env["discom.whatsapp.message"].search([]).delivered_at = (
            fields.Datetime.now() - relativedelta(months=14)
        )
        self.grow_old()
        self.assertEqual(self.old.discom_kyc_state, "stale")

    def test_in_batches(self):
        with patch.object(kyc_stale, "STALE_BATCH", 1):
            self.grow_old()
        self.assertEqual(
            [c.discom_kyc_state for c in (self.old, self.fresh, self.proved)],
            ["stale", "captured", "stale"],
        )

    def test_never(self):
        self.company.discom_stale_months = 0
        self.grow_old()
        self.assertEqual(self.old.discom_kyc_state, "captured")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.company.discom_stale_months = -1
            self.company.flush_recordset()

    def test_who_is_not_asked(self):
        self.old.discom_status = "permanent"
        self.proved.active = False
        self.grow_old()
        self.assertEqual(self.old.discom_kyc_state, "captured")
        self.assertEqual(self.proved.discom_kyc_state, "verified")
