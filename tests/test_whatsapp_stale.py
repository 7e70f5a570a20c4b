from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_whatsapp import WhatsappCommon

MODELS = "odoo.addons.discom.models"


@tagged("post_install", "-at_install")
class TestWhatsappStale(WhatsappCommon):
    """The world changes while messages wait: nobody is told what is no longer so, or twice."""

    def setUp(self):
        super().setUp()
        self.bills = self.create_bill() | self.create_bill()
        self.bill = self.bills[0]

    def queued(self, purpose="bill"):
        messages = self.messages(self.send(self.bills, purpose))
        self.assertEqual(messages.mapped("state"), ["queued", "queued"])
        return messages

    def assert_only_second_left(self, messages, reason):
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["cancelled", "accepted"])
        self.assertEqual(messages[0].skip_reason, reason)
        numbers = [message["to"] for message in self.simulator.messages()]
        self.assertEqual(numbers, [messages[1].phone.lstrip("+")])

    def test_bill_cancelled_while_queued(self):
        messages = self.queued()
        self.bill.with_user(self.manager)._cancel_issued("Billed twice, letter 12")
        self.assert_only_second_left(messages, "not_applicable")

    def test_bill_corrected_while_queued(self):
        messages = self.queued()
        action = self.bill.with_user(self.clerk).action_correct()
        correction = self.env["discom.bill"].with_user(self.clerk).browse(action["res_id"])
        correction.action_check()
        correction.action_issue()
        self.assert_only_second_left(messages, "not_applicable")

    def test_paid_while_the_reminder_is_queued(self):
        self.create_template("due_test", "due_reminder", self.template.body)
        messages = self.queued("due_reminder")
        self.env["discom.payment"].with_user(self.counter).create(
            {"partner_id": self.bill.partner_id.id, "amount": self.bill.amount_due}
        )
        self.assert_only_second_left(messages, "not_applicable")

    def test_number_removed_while_queued(self):
        messages = self.queued()
        self.bill.partner_id.discom_whatsapp_number = False
        self.assert_only_second_left(messages, "no_number")

    def test_number_changed_while_queued(self):
        """The bill goes to the consumer, not to who has the old number now."""
        messages = self.queued()
        self.bill.partner_id.discom_whatsapp_number = "+919415299999"
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"accepted"})
        self.assertEqual(messages[0].phone, "+919415299999")
        numbers = {message["to"] for message in self.simulator.messages()}
        self.assertEqual(numbers, {"919415299999", messages[1].phone.lstrip("+")})

    def test_stopped_while_it_was_being_tried(self):
        """In flight when STOP came, then put back by a passing error."""
        messages = self.queued()
        messages[0].state = "in_flight"
        self.bill.partner_id._discom_record_consent("withdrawn", ["bills"], "whatsapp")
        messages[0].state = "queued"
        self.assert_only_second_left(messages, "opted_out")

    def test_stopped_after_it_failed(self):
        messages = self.queued()
        messages.state = "failed"
        self.bill.partner_id._discom_record_consent("withdrawn", ["bills"], "whatsapp")
        messages.with_user(self.clerk).action_retry()
        self.assert_only_second_left(messages, "opted_out")

    def test_retry_after_it_was_sent_anew(self):
        failed = self.queued()
        failed.state = "failed"
        self.send(self.bill)
        failed.with_user(self.clerk).action_retry()
        self.assertEqual(failed.mapped("state"), ["failed", "queued"])
        with self.assertRaisesRegex(UserError, "none is repeated"):
            failed[0].with_user(self.clerk).action_retry()
        self.run_lane()
        self.assertEqual(len(self.simulator.messages()), 2)

    def test_retry_of_what_failed_twice(self):
        first = self.queued()
        first.state = "failed"
        second = self.queued()
        second.state = "failed"
        (first | second).with_user(self.clerk).action_retry()
        self.run_lane()
        self.assertEqual(set(first.mapped("state")), {"failed"})
        self.assertEqual(set(second.mapped("state")), {"accepted"})
        self.assertEqual(len(self.simulator.messages()), 2)

    @mute_logger(f"{MODELS}.whatsapp_message_job")
    def test_bill_of_which_no_document_can_be_made(self):
        self.create_template("pdf_test", "bill", self.template.body, header_type="document")
        template = self.env["discom.whatsapp.template"].search([("name", "=", "pdf_test")])
        messages = self.messages(self.send(self.bills, template_id=template.id))
        bills = type(self.env["discom.bill"])
        make = bills._document_data

        def broken(records, lang):
            if self.bill in records:
                raise ValueError("no reading")
            return make(records, lang)

        with patch.object(bills, "_document_data", broken):
            self.run_lane()
        self.assertEqual(messages.mapped("state"), ["failed", "accepted"])
        self.assertEqual(messages[0].error_text, "no reading")

    @mute_logger(f"{MODELS}.whatsapp_broadcast")
    def test_broadcast_that_cannot_be_prepared_blocks_no_other(self):
        """Its sender has lost his role; the others still want their messages."""
        with patch(f"{MODELS}.whatsapp_broadcast.PLAN_AT_ONCE", 0):
            broken = self.send(
                self.bill, user=self.create_user("test_leaver", "group_billing_clerk")
            )
            good = self.send(self.bills[1])
        self.assertEqual({broken.state, good.state}, {"planning"})
        broken.user_id.group_ids = self.env.ref("base.group_user")
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.assertEqual(broken.state, "paused")
        self.assertTrue(broken.pause_reason)
        self.assertEqual(len(self.messages(good)), 1)

    @mute_logger(f"{MODELS}.whatsapp_broadcast", "odoo.sql_db")
    def test_sender_who_has_left(self):
        """Nobody's rights are not everybody's."""
        leaver = self.create_user("test_leaver", "group_billing_clerk")
        with patch(f"{MODELS}.whatsapp_broadcast.PLAN_AT_ONCE", 0):
            broadcast = self.send(self.bills, user=leaver)
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            leaver.unlink()
        leaver.active = False
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.assertEqual(broadcast.state, "paused")
        self.assertIn("no access any more", broadcast.pause_reason)
        self.assertFalse(self.messages(broadcast))

    def test_small_broadcast_waits_for_a_large_one(self):
        """Planned at the same time, both would find that nobody has the bills yet."""
        with patch(f"{MODELS}.whatsapp_broadcast.PLAN_AT_ONCE", 0):
            large = self.send(self.bills)
        small = self.send(self.bill, user=self.manager)
        self.assertEqual({large.state, small.state}, {"planning"})
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.assertEqual(self.messages(large).mapped("state"), ["queued", "queued"])
        self.assertEqual(self.messages(small).skip_reason, "duplicate")

    def test_two_cannot_plan_the_same_kind_at_once(self):
        """What planning writes makes PostgreSQL fail the later of two transactions."""
        other = db_connect(self.env.cr.dbname).cursor()
        self.addCleanup(other.close)

        def is_free():
            # A blueprint that came with the installation, so every connection sees it.
            other.execute(
                "SELECT id FROM discom_whatsapp_template WHERE id = %s"
                " FOR NO KEY UPDATE SKIP LOCKED",
                [min(self.env["discom.whatsapp.template"].search([("purpose", "=", "bill")]).ids)],
            )
            free = bool(other.fetchall())
            other.rollback()
            return free

        self.assertTrue(is_free())
        self.send(self.bills)
        self.assertFalse(is_free())
