from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_bill import BillCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestPayment(BillCommon):
    def test_counter_takes_a_payment(self):
        bill = self.create_bill()
        with Form(self.env["discom.payment"].with_user(self.counter)) as form:
            form.partner_id = self.consumer
            form.amount = 40
        payment = form.record
        self.assertRegex(payment.reference, r"^R2026-\d{7}$")
        self.assertEqual(payment.office_id, self.subdivision_a1)
        self.assertEqual(payment.bill_id, bill)
        self.assertEqual((bill.state, bill.amount_paid, bill.amount_due), ("partial", 40, 60))
        self.assertEqual(bill.payment_count, 1)
        self.assertEqual(self.env["discom.payment"].search(bill._payment_domain()), payment)
        self.pay(60, "2026-11-10")
        self.assertEqual((bill.state, bill.amount_due), ("paid", 0))

    def test_oldest_dues_first(self):
        """120 of 100 + 80 (which carry over): the first bill is settled, 60 stay on the second."""
        first = self.create_bill(month=9)
        second = self.create_bill(month=10, amount=80, amount_arrears=100)
        self.assertEqual((first.is_latest, second.is_latest), (False, True))
        self.assertEqual((first.state, second.state), ("overdue", "overdue"))
        self.pay(120, "2026-10-25")
        self.assertEqual((first.state, first.amount_due), ("paid", 0))
        self.assertEqual((second.state, second.amount_due), ("overdue", 60))
        self.assertEqual(self.consumer.discom_amount_due, 60)

    def test_order_does_not_matter(self):
        """Payments known before the bill is issued, and bills issued in any order, end the same."""
        self.pay(120, "2026-10-25")
        second = self.create_bill(month=10, amount=80, amount_arrears=100)
        first = self.create_bill(month=9)
        self.assertEqual((first.state, first.amount_due), ("paid", 0))
        self.assertEqual((second.amount_due, second.is_latest), (60, True))

    def test_payment_known_to_the_billing_system_counts_once(self):
        """What the bill already took into account lowers the earlier bill only."""
        first = self.create_bill(month=10)
        self.pay(30, "2026-11-05")
        second = self.create_bill(
            month=11, amount=80, amount_arrears=70, last_payment_date="2026-11-05"
        )
        self.assertEqual(first.amount_due, 70)
        self.assertEqual(second.amount_due, 150)
        self.assertEqual(second.payment_count, 0)
        self.pay(50, "2026-11-06")
        self.assertEqual(first.amount_due, 20)
        self.assertEqual(second.amount_due, 100)

    def test_advance_and_credit(self):
        bill = self.create_bill()
        self.pay(250, "2026-11-08")
        self.assertEqual((bill.state, bill.amount_paid, bill.amount_due), ("paid", 100, 0))
        credit = self.create_bill(self.create_consumer(), amount_arrears=-300)
        self.assertEqual((credit.amount_total, credit.amount_due, credit.state), (-200, 0, "paid"))

    def test_cancel(self):
        bill = self.create_bill()
        payment = self.pay(100, "2026-11-08")
        self.assertEqual(bill.state, "paid")
        with self.assertRaises(AccessError):
            payment.with_user(self.counter).action_cancel()
        self.take_back(payment)
        self.assertEqual((bill.state, bill.amount_due), ("issued", 100))

    def test_frozen(self):
        payment = self.pay(10, "2026-11-08")
        for vals in ({"amount": 5}, {"date": "2026-11-01"}, {"state": "cancelled"}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                payment.with_user(self.administrator).write(vals)
        with self.assertRaises(AccessError):
            payment.with_user(self.administrator).unlink()
        with self.assertRaisesRegex(UserError, "payments are kept"):
            payment.unlink()
        with self.assertRaisesRegex(UserError, "counts from the start"):
            self.pay(10, "2026-11-08", state="cancelled")

    @mute_logger("odoo.sql_db")
    def test_bad_amounts_and_references(self):
        for amount in (0, -5):
            with (
                self.subTest(amount=amount),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.pay(amount, "2026-11-08")
        self.pay(1, "2026-11-08", reference="R77")
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.pay(1, "2026-11-08", reference="R77")

    def test_offices_and_roles(self):
        payment = self.pay(10, "2026-11-08")
        payments = self.env["discom.payment"].with_user(self.clerk_b)
        self.assertFalse(payments.search([("id", "=", payment.id)]))
        with self.assertRaises(AccessError):
            payments.create({"partner_id": self.consumer.id, "amount": 5})
        with self.assertRaises(AccessError):
            self.env["discom.payment"].with_user(self.auditor).create(
                {"partner_id": self.consumer.id, "amount": 5}
            )

    def test_overdue_cron(self):
        """A bill is overdue from the first Indian midnight after its due date."""
        bill = self.create_bill()
        paid = self.create_bill(self.create_consumer())
        self.pay(100, "2026-11-08", paid.partner_id)
        cron = self.env.ref("discom.bill_cron_overdue")
        for now, state in (
            ("2026-11-20 18:29:00", "issued"),
            ("2026-11-20 18:31:00", "overdue"),
        ):
            with freeze_time(now), self.enter_registry_test_mode():
                cron.method_direct_trigger()
            bill.invalidate_recordset()
            self.assertEqual(bill.state, state)
        self.assertEqual(paid.state, "paid")
        with freeze_time("2026-11-22 06:00:00"):
            self.pay(100, "2026-11-22")
        self.assertEqual(bill.state, "paid")
