from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_bill import BillCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestBillRights(BillCommon):
    """What a clerk may say over RPC that no form would say."""

    def draft(self, consumer=None, **vals):
        return (
            self.env["discom.bill"]
            .with_user(self.clerk)
            .create(
                {
                    "partner_id": (consumer or self.consumer).id,
                    "period": "2026-11-01",
                    "bill_date": "2026-11-05",
                    "due_date": "2026-11-20",
                    "line_ids": [(0, 0, {"head": "energy", "amount": 100})],
                    **vals,
                }
            )
        )

    def test_bill_starts_as_a_draft_without_payments(self):
        for vals in ({"state": "issued"}, {"amount_paid": 90}, {"is_latest": True}):
            with self.subTest(vals), self.assertRaises(UserError):
                self.draft(**vals)

    def test_context_sets_no_state(self):
        bills = self.env["discom.bill"].with_user(self.clerk)
        for name, value in (("state", "issued"), ("amount_paid", 90), ("is_latest", True)):
            forged = bills.with_context(**{f"default_{name}": value})
            with self.subTest(name), self.assertRaises(UserError):
                forged.create(
                    {
                        "partner_id": self.consumer.id,
                        "due_date": "2026-11-20",
                        "amount_current": 100,
                        "amount_total": 100,
                    }
                )
        payments = self.env["discom.payment"].with_user(self.counter)
        with self.assertRaises(UserError):
            payments.with_context(default_state="cancelled").create(
                {"partner_id": self.consumer.id, "amount": 5}
            )

    def test_correction_cancels_only_its_own_bill(self):
        """Issuing a correction cancels the bill it names, so it cannot name just any."""
        bill = self.create_bill(self.create_consumer())
        with self.assertRaises(ValidationError):
            self.draft(correction_of_id=bill.id)
        other_month = self.create_bill(month=10)
        with self.assertRaises(ValidationError):
            self.draft(correction_of_id=other_month.id)
        draft = self.draft()
        with self.assertRaises(ValidationError):
            draft.correction_of_id = bill
        self.assertEqual(bill.state, "issued")

    def test_payment_of_a_day_to_come(self):
        """A year mistyped would pay every bill until then."""
        with self.assertRaises(ValidationError):
            self.pay(100, "2036-11-10")
        self.pay(100, "2026-11-10")

    def test_account_number_as_amount(self):
        with self.assertRaises(ValidationError):
            self.pay(float(self.consumer.discom_account_no), "2026-11-10")
        self.pay(99_99_999, "2026-11-10")

    def test_bill_of_another_office(self):
        bill = self.create_bill().with_user(self.clerk_b)
        for attempt in (
            bill.action_check,
            bill.action_issue,
            bill.action_cancel,
            bill.action_correct,
            bill.action_open_payments,
            lambda: bill.read(["amount_total"]),
            lambda: bill.line_ids.read(["amount"]),
            lambda: bill.line_ids.write({"amount": 1}),
        ):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                attempt()
        self.clerk_b.group_ids += self.env.ref("base.group_allow_export")
        with self.assertRaises(AccessError):
            bill.export_data(["name", "partner_id/name"])

    # === CANCELLING === #

    def test_issued_bill_is_cancelled_by_the_manager_with_a_reason(self):
        bill = self.create_bill()
        named = f"{bill.name}. The division manager cancels"
        with self.assertRaisesRegex(AccessError, named):
            bill.with_user(self.clerk).action_cancel()
        with self.assertRaises(AccessError):
            bill.with_user(self.clerk)._cancel_issued("Billed twice, letter 12")
        for reason in (False, "  ", "mistake"):
            with self.subTest(reason), self.assertRaisesRegex(UserError, "at least 10 letters"):
                self.cancel_issued(bill, reason=reason)
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            self.cancel_issued(bill, reason="Aadhaar 2345 6789 0124 shown")
        self.assertEqual((bill.state, bill.is_latest), ("issued", True))
        self.cancel_issued(bill, reason=" Billed twice,  letter 12 ")
        self.assertEqual((bill.state, bill.is_latest), ("cancelled", False))
        self.assertEqual(
            (bill.cancel_reason, bill.cancel_user_id), ("Billed twice, letter 12", self.manager)
        )
        self.assertTrue(bill.cancel_date)
        self.assertIn("Billed twice, letter 12", self.consumer.message_ids[0].body)
        self.assertEqual(self.consumer.message_ids[0].author_id, self.manager.partner_id)
        entry = self.env["discom.audit.entry"].search([("model", "=", "discom.bill")], limit=1)
        self.assertEqual(
            (entry.res_id, entry.user_id, entry.reason),
            (bill.id, self.manager, "Billed twice, letter 12"),
        )

    def test_reason_is_nobodys_to_write(self):
        bill = self.create_bill(issue=False)
        for vals in ({"cancel_reason": "Billed twice"}, {"cancel_user_id": self.manager.id}):
            with self.subTest(vals), self.assertRaises(UserError):
                bill.with_user(self.manager).write(vals)

    def test_what_has_not_left_is_given_up_without_a_reason(self):
        draft = self.draft()
        self.assertTrue(draft.action_cancel())
        self.assertEqual((draft.state, draft.cancel_reason), ("cancelled", False))

    def test_many_at_once(self):
        """Drafts among issued ones: the reason is asked for all; a paid one stops it."""
        issued = self.create_bill(self.create_consumer())
        draft = self.draft()
        paid = self.create_bill(self.create_consumer())
        self.pay(100, "2026-11-10", paid.partner_id)
        with self.assertRaisesRegex(UserError, "paid bill"):
            self.cancel_issued(issued | draft | paid)
        self.cancel_issued(issued | draft)
        self.assertEqual((issued | draft).mapped("state"), ["cancelled"] * 2)
        self.assertEqual(set((issued | draft).mapped("cancel_reason")), {"Billed twice, letter 12"})
        # Cancelled or paid meanwhile, the dialog of another says so.
        with self.assertRaises(UserError):
            paid.with_user(self.manager)._cancel_issued("Billed twice, letter 12")
