from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .test_bill import BillCommon

REASON = "Seen in the ledger, agreed with the agency"


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestBillCheck(BillCommon):
    """Each check finds what it is for, and leaves alone what lies within its tolerance."""

    def found(self, bill):
        """Codes of the open findings of a bill that is checked now."""
        bill.action_check()
        return set(bill.finding_ids.filtered(lambda f: f.state == "open").check_id.mapped("code"))

    def draft(self, consumer=None, **vals):
        return self.create_bill(consumer or self.create_consumer(), issue=False, **vals)

    def check(self, code):
        return self.env.ref(f"discom.bill_check_{code}")

    def test_good_bill(self):
        bill = self.draft(units=40, history=[{"month": "2026-10", "units": 44}])
        self.assertEqual(self.found(bill), set())
        self.assertEqual((bill.state, bill.is_held), ("checked", False))

    def test_total(self):
        bill = self.draft(amount_total=101)
        self.assertEqual(self.found(bill), {"total"})
        self.assertEqual((bill.state, bill.is_held), ("draft", True))
        self.assertEqual((bill.finding_ids.found, bill.finding_ids.expected), (101, 100))
        self.check("total").limit_amount = 1
        self.assertEqual(self.found(bill), set())
        self.assertEqual(bill.finding_ids.state, "settled", "it is kept")
        self.assertEqual(bill.state, "checked")

    def test_total_counts_arrears_and_surcharge(self):
        self.assertEqual(self.found(self.draft(amount_arrears=50, amount_lpsc=5)), set())

    def test_no_lines(self):
        self.assertEqual(self.found(self.draft(line_ids=[], amount_arrears=70)), {"no_lines"})

    def test_after_due(self):
        self.assertEqual(self.found(self.draft(amount_after_due=99.99)), {"after_due"})
        self.assertEqual(self.found(self.draft(amount_after_due=100)), set())
        self.assertEqual(self.found(self.draft(amount_after_due=0)), set())

    def test_not_positive(self):
        self.assertEqual(self.found(self.draft(amount=-100)), {"not_positive"})
        zero = [Command.create({"head": "energy", "amount": a}) for a in (50, -50)]
        self.assertEqual(self.found(self.draft(line_ids=zero)), {"not_positive"})
        self.assertEqual(self.found(self.draft(amount_arrears=-300)), set(), "a credit explains it")

    def history(self, *units, last=10):
        return [
            {"month": f"2026-{last - len(units) + at:02}", "units": value}
            for at, value in enumerate(units, 1)
        ]

    def test_consumption(self):
        past = self.history(100, 120, 80, None)
        for units, months, expected in (
            (301, 1, {"consumption"}),
            (300, 1, set()),
            (601, 2, {"consumption"}),
            (600, 2, set()),
            (0, 1, {"consumption"}),
            (10, 1, set()),
        ):
            with self.subTest(units=units, months=months):
                bill = self.draft(units=units, months=months, history=past)
                self.assertEqual(self.found(bill), expected)

    def test_consumption_needs_history_and_a_difference_that_counts(self):
        few = self.history(10, 10)
        self.assertEqual(self.found(self.draft(units=900, history=few)), set())
        small = self.history(10, 10, 10)
        self.assertEqual(self.found(self.draft(units=109, history=small)), set())
        self.assertEqual(self.found(self.draft(units=110, history=small)), {"consumption"})
        # The bill's own month does not count as its past.
        own = [*small, {"month": "2026-11", "units": 900}]
        self.assertEqual(self.found(self.draft(units=900, history=own)), {"consumption"})

    def test_consumption_from_earlier_bills(self):
        for month in (8, 9, 10):
            self.create_bill(month=month, units=50, amount_arrears=100 * (month - 8))
        bill = self.create_bill(issue=False, units=400, amount_arrears=300)
        self.assertEqual(self.found(bill), {"consumption"})
        self.assertEqual(bill.finding_ids.expected, 50)

    def test_basis(self):
        provisional = self.env.ref("discom.bill_basis_prov").id
        for month in (8, 9):
            self.create_bill(month=month, basis_id=provisional, amount_arrears=100 * (month - 8))
        bill = self.create_bill(month=10, issue=False, basis_id=provisional, amount_arrears=200)
        self.assertEqual(self.found(bill), {"basis"})
        self.assertEqual(bill.finding_ids.found, 3)
        self.assertEqual((bill.state, bill.is_held), ("checked", False), "a warning only")
        self.check("basis").level = "error"
        bill.action_draft()
        self.found(bill)
        self.assertTrue(bill.is_held, "a graver level counts at the next check")

    def test_basis_counts_from_the_last_reading(self):
        provisional = self.env.ref("discom.bill_basis_prov").id
        self.create_bill(month=8, basis_id=provisional)
        self.create_bill(month=9, amount_arrears=100)
        self.create_bill(month=10, basis_id=provisional, amount_arrears=200)
        bill = self.create_bill(issue=False, basis_id=provisional, amount_arrears=300)
        self.assertEqual(self.found(bill), set())
        two_months = self.draft(basis_id=provisional, months=3)
        self.assertEqual(self.found(two_months), {"basis"})

    def test_due_soon(self):
        self.assertEqual(self.found(self.draft(due_date=date(2026, 11, 16))), {"due_soon"})
        self.assertEqual(self.found(self.draft(due_date=date(2026, 11, 17))), set())
        history = self.draft(month=9)
        self.assertEqual(self.found(history), set(), "taken over, not about to go out")

    def test_arrears(self):
        """100 of October unpaid: 100 is carried, 10 more or less and 2 % a month are tolerated."""
        for arrears, lpsc, months, expected in (
            (100, 0, 1, set()),
            (90, 0, 1, set()),
            (89.99, 0, 1, {"arrears"}),
            (110, 2, 1, set()),
            (110, 2.01, 1, {"arrears"}),
            (110, 4, 2, set()),
            (0, 0, 1, {"arrears"}),
        ):
            with self.subTest(arrears=arrears, lpsc=lpsc, months=months):
                consumer = self.create_consumer()
                self.create_bill(consumer, month=10)
                bill = self.draft(consumer, amount_arrears=arrears, amount_lpsc=lpsc, months=months)
                self.assertEqual(self.found(bill), expected)

    def test_arrears_less_payments(self):
        self.create_bill(month=10)
        self.pay(60, "2026-10-20")
        bill = self.create_bill(issue=False, amount_arrears=100)
        self.assertEqual(self.found(bill), {"arrears"})
        self.assertEqual((bill.finding_ids.found, bill.finding_ids.expected), (100, 40))
        bill.amount_arrears = 40
        self.assertEqual(self.found(bill), set())

    def test_arrears_without_payments_after_the_bill(self):
        """What was paid after the bill was made lowers this bill, not its arrears."""
        self.create_bill(month=10)
        self.pay(60, "2026-11-06")
        self.assertEqual(self.found(self.create_bill(issue=False, amount_arrears=100)), set())

    def test_arrears_overpaid(self):
        self.create_bill(month=10)
        self.pay(150, "2026-10-20")
        self.assertEqual(self.found(self.create_bill(issue=False, amount_arrears=0)), {"arrears"})

    def test_duplicate(self):
        readings = {
            "reading_previous": 100,
            "reading_current": 180,
            "reading_current_date": "2026-10-31",
            "units": 80,
        }
        old = self.create_bill(month=10, **readings)
        bill = self.create_bill(issue=False, amount_arrears=100, **readings)
        self.assertEqual(self.found(bill), {"duplicate"})
        self.assertEqual(bill.finding_ids.detail, old.name)
        bill.write({"reading_previous": 180, "reading_current": 260})
        self.assertEqual(self.found(bill), set())
        bill.bill_date = old.bill_date
        bill.due_date = "2026-11-20"
        bill.action_draft()
        self.assertEqual(self.found(bill), {"duplicate"}, "same charges on the same day")

    def test_switched_off(self):
        self.check("total").active = False
        self.assertEqual(self.found(self.draft(amount_total=150)), set())

    def test_texts(self):
        bill = self.draft(amount_total=150)
        bill.action_check()
        hindi = bill.with_context(lang="hi_IN")
        self.assertIn("₹", hindi.finding_text)
        self.assertIn("मेल नहीं", hindi.finding_ids.check_id.display_name)
        self.assertIn("शुल्क, बकाया और अधिभार", hindi.finding_text)
        self.assertIn("together are", bill.finding_text)

    def test_settings(self):
        with self.assertRaises(ValidationError):
            self.env["discom.bill.check"].create(
                {"code": "nothing", "name": "x", "name_hi": "x", "text": "x", "text_hi": "x"}
            )
        for text in ("{other}", "{found.__class__}", "{", "{0}"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.check("total").text = text
        with self.assertRaises(AccessError):
            self.check("total").with_user(self.manager).level = "info"
        self.check("total").with_user(self.administrator).level = "warning"
        self.assertEqual(self.draft(amount_total=150).action_check()["params"]["type"], "success")

    def test_checked_in_one_go(self):
        """Some hundred bills cost as many queries as a few."""
        bills = self.env["discom.bill"]
        for at in range(30):
            bills |= self.draft(amount_total=100 + at % 2)
        self.env.flush_all()
        bills[0]._evaluate_checks()
        with self.assertQueryCount(15):
            bills._evaluate_checks()
        self.assertEqual(len(bills.filtered("is_held")), 15)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestBillRelease(BillCommon):
    def held(self, user=None, **vals):
        bill = self.create_bill(self.create_consumer(), issue=False, amount_total=150, **vals)
        bills = bill.with_user(user or self.clerk)
        # As if this user had entered it.
        bills.write({"units": 1})
        bills.action_check()
        self.assertTrue(bill.is_held)
        return bill

    def ask(self, bills, user, reason=REASON):
        action = bills.with_user(user).action_release()
        wizard = self.env[action["res_model"]].with_user(user).browse(action["res_id"])
        with Form(wizard) as form:
            form.reason = reason
        return wizard

    def test_release_one(self):
        bill = self.held()
        outcome = self.ask(bill, self.manager).action_release()
        self.assertIn("Bills released: 1", outcome["params"]["message"])
        self.assertEqual((bill.state, bill.is_held), ("checked", False))
        finding = bill.finding_ids
        self.assertEqual(finding.state, "released")
        self.assertRecordValues(
            finding.release_id, [{"user_id": self.manager.id, "reason": REASON, "bill_count": 1}]
        )
        # Checked once more when it is issued, and still released.
        bill.with_user(self.clerk).action_issue()
        self.assertEqual(bill.state, "issued")

    def test_four_eyes(self):
        bill = self.held(self.clerk)
        wizard = self.ask(bill, self.clerk)
        self.assertEqual(wizard.own_count, 1)
        with self.assertRaisesRegex(UserError, "Somebody else"):
            wizard.action_release()
        self.assertTrue(bill.is_held)
        other = self.held(self.manager)
        outcome = self.ask(bill | other, self.clerk).action_release()
        self.assertIn("Bills released: 1. Still held back: 1", outcome["params"]["message"])
        self.assertEqual((bill.is_held, other.is_held), (True, False))
        self.env.company.discom_release_four_eyes = False
        self.ask(bill, self.clerk).action_release()
        self.assertFalse(bill.is_held)

    def test_who_changes_a_charge_is_the_author(self):
        bill = self.held(self.clerk)
        bill.line_ids.with_user(self.manager).write({"amount": 90})
        self.assertEqual(bill.author_id, self.manager)
        with self.assertRaisesRegex(UserError, "are not typed in"):
            bill.with_user(self.manager).write({"author_id": self.clerk.id})
        with self.assertRaisesRegex(UserError, "are not typed in"):
            bill.with_user(self.manager).write({"is_held": False})

    def test_reason_that_says_nothing(self):
        bill = self.held()
        for reason in ("ok", "          ", "   fine    "):
            with self.subTest(reason=reason), self.assertRaisesRegex(UserError, "letters"):
                self.ask(bill, self.manager, reason).action_release()

    def test_release_is_for_what_was_seen(self):
        """After a change that makes it worse the bill is held again."""
        bill = self.held()
        self.ask(bill, self.manager).action_release()
        bill.with_user(self.clerk).amount_total = 200
        bill.with_user(self.clerk).action_issue()
        self.assertEqual((bill.state, bill.is_held), ("draft", True))
        self.assertEqual(bill.finding_ids.mapped("state"), ["open", "settled"])

    def test_release_of_a_near_due_date_holds_while_days_go_by(self):
        bills = {
            day: self.create_bill(self.create_consumer(), issue=False, due_date=date(2026, 11, day))
            for day in (14, 15, 16)
        }
        every = self.env["discom.bill"].union(*bills.values())
        every.with_user(self.clerk).action_check()
        self.assertEqual(set(every.mapped("is_held")), {True})
        self.ask(every, self.manager).action_release()
        bills[14].with_user(self.clerk).due_date = date(2026, 11, 13)
        with freeze_time("2026-11-13 06:00:00"):
            bills[16].with_user(self.clerk).action_issue()
            self.assertEqual(bills[16].state, "issued")
            self.assertEqual(bills[16].finding_ids.state, "released")
            # Another due date is another finding, and so is one that has passed.
            bills[14].with_user(self.clerk).action_issue()
            self.assertTrue(bills[14].is_held)
        with freeze_time("2026-11-16 06:00:00"):
            bills[15].with_user(self.clerk).action_issue()
            self.assertTrue(bills[15].is_held)
            self.ask(bills[15], self.manager).action_release()
        with freeze_time("2026-11-18 06:00:00"):
            bills[15].with_user(self.clerk).action_issue()
            self.assertFalse(bills[15].is_held)
            self.assertEqual(bills[15].state, "overdue")

    def test_payment_between_check_and_issue(self):
        """Issuing checks once more: a payment has come in that the arrears do not know."""
        self.create_bill(month=10)
        bill = self.create_bill(issue=False, amount_arrears=100)
        good = self.create_bill(self.create_consumer(), issue=False)
        (bill | good).action_check()
        self.assertEqual(bill.state, "checked")
        self.pay(100, "2026-10-15")
        outcome = (bill | good).action_issue()
        self.assertEqual((bill.state, bill.is_held, good.state), ("draft", True, "issued"))
        self.assertIn("Bills issued: 1. Left as they were: 1", outcome["params"]["message"])

    def test_rights(self):
        bill = self.held()
        for user in (self.auditor, self.counter, self.operator, self.clerk_b):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                bill.with_user(user).action_release()
        self.assertEqual(len(bill.finding_ids.with_user(self.auditor).mapped("text")), 1)
        findings = self.env["discom.bill.finding"].with_user(self.clerk_b)
        self.assertFalse(findings.search([("bill_id", "=", bill.id)]))
        for user in (self.clerk, self.administrator):
            finding = bill.finding_ids.with_user(user)
            with self.assertRaises(UserError):
                finding.write({"state": "released"})
            with self.assertRaises(AccessError):
                finding.unlink()
        wizard = self.ask(bill, self.manager)
        with self.assertRaises(AccessError):
            wizard.with_user(self.clerk).action_release()

    def test_nothing_held(self):
        bill = self.create_bill(issue=False)
        with self.assertRaisesRegex(UserError, "held back"):
            bill.action_release()
