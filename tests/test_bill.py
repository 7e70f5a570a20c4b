from concurrent.futures import ThreadPoolExecutor
from datetime import date

from freezegun import freeze_time
from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import DiscomCommon


class BillCommon(DiscomCommon):
    """Bills and payments of consumers of the test discom, dated around November 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_consumer()
        cls.basis_mu = cls.env.ref("discom.bill_basis_mu")

    @classmethod
    def create_bill(cls, consumer=None, month=11, issue=True, amount=100.0, **vals):
        """Create a bill of a month of 2026 with one charge, dated the 5th and due the 20th."""
        bill = cls.env["discom.bill"].create(
            {
                "partner_id": (consumer or cls.consumer).id,
                "period": date(2026, month, 1),
                "bill_date": date(2026, month, 5),
                "due_date": date(2026, month, 20),
                "basis_id": cls.basis_mu.id,
                "line_ids": [Command.create({"head": "energy", "amount": amount})],
                **vals,
            }
        )
        if issue:
            bill.action_check()
            bill.action_issue()
        return bill

    @classmethod
    def pay(cls, amount, day, consumer=None, **vals):
        return cls.env["discom.payment"].create(
            {"partner_id": (consumer or cls.consumer).id, "amount": amount, "date": day, **vals}
        )

    @classmethod
    def force_issue(cls, bills):
        """Issue bills whatever the checks find, as released ones are."""
        bills._set_state("issued")
        cls.env["discom.bill"]._settle(bills.partner_id.ids)

    @classmethod
    def cancel_issued(cls, bills, user=None, reason="Billed twice, letter 12"):
        """Cancel issued bills through the dialog, as the manager does."""
        action = bills.with_user(user or cls.manager).action_cancel()
        wizard = cls.env[action["res_model"]].with_user(user or cls.manager)
        wizard = wizard.browse(action["res_id"])
        wizard.reason = reason
        wizard.action_apply()

    @classmethod
    def take_back(cls, payments, reason="mistake", user=None, **vals):
        """Take payments back through the dialog."""
        action = payments.with_user(user or cls.manager).action_cancel()
        wizard = cls.env[action["res_model"]].with_user(user or cls.manager)
        wizard.with_context(**action["context"]).create({"reason": reason, **vals}).action_apply()


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestBill(BillCommon):
    def test_list_shows_the_name_alone(self):
        """Beside the column of the account number; the name is found and grouped as ever."""
        self.create_bill()
        bills = self.env["discom.bill"].with_user(self.clerk)
        number = self.consumer.discom_account_no
        for view in ("discom_bill_view_list", "discom_bill_view_list_held"):
            with self.subTest(view=view):
                arch = etree.fromstring(
                    bills.get_view(self.env.ref(f"discom.{view}").id, "list")["arch"]
                )
                self.assertTrue(arch.xpath("//field[@name='account_no']"))
                [field] = arch.xpath("//field[@name='partner_id']")
                spec = {
                    "fields": {"display_name": {}},
                    "context": safe_eval(field.get("context")),
                }
                [row] = bills.web_search_read(
                    [("partner_id", "ilike", number)], {"partner_id": spec, "account_no": {}}
                )["records"]
                self.assertEqual(row["partner_id"]["display_name"], self.consumer.name)
                self.assertEqual(row["account_no"], number)
        [group] = bills.formatted_read_group(
            [("partner_id", "=", self.consumer.id)], ["partner_id"], ["__count"]
        )
        self.assertEqual(group["partner_id"][1], f"{self.consumer.name} ({number})")

    def test_enter_bill(self):
        """A clerk enters a bill with signed charges in the form; it takes the consumer's data."""
        with Form(self.env["discom.bill"].with_user(self.clerk)) as form:
            form.partner_id = self.consumer
            form.due_date = "2026-11-25"
            form.basis_id = self.basis_mu
            for head, amount in (("energy", 677.50), ("fixed", 180), ("fppas", -13.98)):
                with form.line_ids.new() as line:
                    line.head = head
                    line.amount = amount
            form.amount_arrears = 1200
            form.amount_lpsc = 15
        bill = form.record
        self.assertRecordValues(
            bill,
            [
                {
                    "account_no": self.consumer.discom_account_no,
                    "office_id": self.subdivision_a1.id,
                    "category_id": self.category.id,
                    "period": date(2026, 11, 1),
                    "bill_date": date(2026, 11, 10),
                    "amount_current": 843.52,
                    "amount_total": 2058.52,
                    "amount_difference": 0.0,
                    "amount_due": 2058.52,
                    "currency_id": self.env.ref("base.INR").id,
                    "state": "draft",
                }
            ],
        )
        self.assertEqual(bill.amount_words_hi, "दो हज़ार अट्ठावन रुपये बावन पैसे मात्र")
        self.assertIn("two thousand and fifty-eight rupees", bill.amount_words_en.lower())
        self.assertRegex(bill.name, r"^B2026-\d{7}$")
        # No day can be meant by it, as by "Nov 26".
        self.assertEqual(bill.with_context(lang="en_IN").period_name, "Nov 2026")

    def test_consumer_changes_leave_the_bill(self):
        bill = self.create_bill()
        self.consumer.write({"discom_account_no": "7999999999", "discom_meter_no": "NEW1"})
        self.assertNotEqual(bill.account_no, "7999999999")
        self.assertFalse(bill.meter_no)

    def test_total_that_does_not_add_up_is_held_back(self):
        bill = self.create_bill(issue=False, amount_total=150)
        self.assertEqual(bill.amount_difference, 50)
        outcome = bill.action_check()
        self.assertIn("together are", outcome["params"]["message"])
        good = self.create_bill(self.create_consumer(), issue=False)
        outcome = (bill | good).action_check()
        self.assertEqual((bill.state, good.state), ("draft", "checked"))
        self.assertIn("Bills checked: 1. Held back as drafts: 1", outcome["params"]["message"])
        self.assertTrue(bill.is_held)
        bill.with_user(self.manager)._release("Rounding agreed with the billing agency")
        self.assertEqual((bill.state, bill.is_held), ("checked", False))

    def test_only_checked_bills_are_issued(self):
        bill = self.create_bill(issue=False)
        with self.assertRaisesRegex(UserError, "checked"):
            bill.action_issue()
        self.assertEqual(bill.state, "draft")

    def test_frozen(self):
        bill = self.create_bill()
        self.assertEqual(bill.state, "issued")
        for vals in ({"units": 9}, {"due_date": "2026-12-01"}, {"amount_total": 1}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "cannot be changed"):
                bill.with_user(self.manager).write(vals)
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            bill.line_ids.amount = 1
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            bill.line_ids.unlink()
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            self.env["discom.bill.line"].create({"bill_id": bill.id, "head": "duty", "amount": 1})
        with self.assertRaisesRegex(UserError, "Only drafts"):
            bill.with_user(self.administrator).unlink()

    def test_state_and_payments_are_no_ones_to_write(self):
        bill = self.create_bill(issue=False)
        for vals in ({"state": "paid"}, {"amount_paid": 100}, {"is_latest": True}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "are not typed in"):
                bill.with_user(self.administrator).write(vals)
        with self.assertRaisesRegex(UserError, "starts as a draft"):
            self.create_bill(self.create_consumer(), issue=False, state="issued")

    def test_charge_cannot_move_to_another_bill(self):
        draft = self.create_bill(issue=False)
        issued = self.create_bill(self.create_consumer())
        with self.assertRaisesRegex(UserError, "cannot be moved"):
            draft.line_ids.bill_id = issued

    @mute_logger("odoo.sql_db")
    def test_one_live_bill_per_account_and_period(self):
        bill = self.create_bill()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.create_bill(issue=False)
        self.cancel_issued(bill)
        self.assertEqual(self.create_bill().state, "issued")

    @mute_logger("odoo.sql_db")
    def test_dates(self):
        for vals in (
            {"period": date(2026, 11, 2)},
            {"due_date": date(2026, 11, 1)},
            {"months": 0},
        ):
            with (
                self.subTest(vals=vals),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.create_bill(issue=False, **vals)

    def test_account_of_another_consumer(self):
        with self.assertRaises(ValidationError):
            self.create_bill(issue=False, account_no="7700000999")

    def test_correction(self):
        """A correction repeats the bill, replaces it when issued, and keeps its payments."""
        bill = self.create_bill(amount_arrears=40, history=[{"month": "2026-11", "units": 12.0}])
        self.pay(30, "2026-11-07")
        correction = self.env["discom.bill"].browse(bill.action_correct()["res_id"])
        self.assertEqual(correction.state, "draft")
        self.assertEqual(correction.correction_of_id, bill)
        self.assertEqual(correction.amount_total, 140)
        self.assertEqual(correction.history, bill.history)
        self.assertNotEqual(correction.name, bill.name)
        self.assertEqual(bill.state, "partial", "the bill stands until the correction is issued")
        correction.line_ids.amount = 60
        self.assertEqual(correction.amount_total, 100)
        correction.action_check()
        correction._release("Reading of the neighbour, letter 12")
        correction.action_issue()
        self.assertEqual(bill.state, "cancelled")
        self.assertFalse(bill.is_latest)
        self.assertTrue(correction.is_latest)
        self.assertEqual(correction.state, "partial")
        self.assertEqual(correction.amount_due, 70)
        self.assertEqual(self.consumer.discom_amount_due, 70)
        self.assertEqual(self.consumer.discom_bill_count, 1)

    @mute_logger("odoo.sql_db")
    def test_one_correction_at_a_time(self):
        bill = self.create_bill()
        bill.action_correct()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            bill.action_correct()

    def test_roles(self):
        bill = self.create_bill()
        draft = self.create_bill(month=12, issue=False)
        for user in (self.auditor, self.counter, self.operator):
            with self.subTest(user=user.login):
                self.assertEqual(bill.with_user(user).amount_total, 100)
                with self.assertRaises(AccessError):
                    draft.with_user(user).write({"units": 1})
                with self.assertRaises(AccessError):
                    draft.with_user(user).action_issue()
        with self.assertRaises(AccessError):
            draft.with_user(self.clerk).unlink()

    def test_offices(self):
        bill = self.create_bill()
        draft = self.create_bill(month=12, issue=False)
        bills = self.env["discom.bill"].with_user(self.clerk_b)
        self.assertFalse(bills.search([("partner_id", "=", self.consumer.id)]))
        with self.assertRaises(AccessError):
            bill.with_user(self.clerk_b).read(["amount_total"])
        with self.assertRaises(AccessError):
            bill.line_ids.with_user(self.clerk_b).read(["amount"])
        for action in ("action_check", "action_issue", "action_cancel"):
            with self.subTest(action=action), self.assertRaises(AccessError):
                getattr(draft.with_user(self.clerk_b), action)()
        vals = {"partner_id": self.consumer.id, "due_date": "2026-12-20", "period": "2026-10-01"}
        with self.assertRaises(AccessError):
            bills.create(vals)
        with self.assertRaises(ValidationError):
            bills.create({**vals, "office_id": self.subdivision_b1.id})

    def test_selecting_all_means_all(self):
        """The web client hands over no more ids than a limit; the domain of the list counts."""
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", "1")
        bills = self.create_bill(issue=False) | self.create_bill(
            self.create_consumer(), issue=False
        )
        domain = [("id", "in", bills.ids)]
        bills[0].with_context(active_model="discom.bill", active_domain=domain).action_check()
        self.assertEqual(bills.mapped("state"), ["checked", "checked"])

    def test_whatsapp_audience(self):
        """Only the newest live bill is sent, reminders before and notices after the due date."""
        old = self.create_bill(month=9)
        new = self.create_bill(month=11, amount_arrears=100)
        paid = self.create_bill(self.create_consumer())
        self.pay(100, "2026-11-08", paid.partner_id)
        draft = self.create_bill(self.create_consumer(), issue=False)
        late = self.create_bill(self.create_consumer(), month=10)
        bills = old | new | paid | draft | late
        expected = {
            "bill": new | paid | late,
            "due_reminder": new,
            "overdue": late,
        }
        for purpose, applicable in expected.items():
            with self.subTest(purpose=purpose):
                rows = self.env.execute_query(
                    self.env["discom.bill"]._whatsapp_audience([("id", "in", bills.ids)], purpose)
                )
                self.assertEqual({row[0] for row in rows}, set(bills.ids))
                self.assertEqual({row[0] for row in rows if not row[2]}, set(applicable.ids))
                self.assertEqual(
                    {row[2] for row in rows if row[0] not in applicable.ids}, {"not_applicable"}
                )

    def test_whatsapp_values(self):
        bill = self.create_bill(amount=123456.5, amount_after_due=125000)
        hindi = bill._whatsapp_values("hi_IN", "bill")[bill.id]
        english = bill._whatsapp_values("en_IN", "bill")[bill.id]
        self.assertEqual(hindi["amount"], "₹1,23,456.50")
        self.assertEqual(hindi["amount_after_due"], "₹1,25,000.00")
        self.assertEqual(hindi["period"], "नवंबर 2026")
        self.assertEqual(english["period"], "November 2026")
        self.assertEqual(english["due_date"], "20/11/2026")
        self.pay(23456.5, "2026-11-08")
        self.assertEqual(
            bill._whatsapp_values("en_IN", "overdue")[bill.id]["amount"], "₹1,00,000.00"
        )
        self.pay(100000, "2026-11-09")
        paid = bill._whatsapp_values("en_IN", "bill")[bill.id]
        self.assertEqual((paid["amount"], paid["amount_after_due"]), ("₹0.00", "₹0.00"))

    def test_document_data(self):
        """The PDF's data: both languages, arrears month by month newest first, proof code."""
        self.create_bill(month=9, amount=500)
        self.create_bill(month=10, amount=300, amount_arrears=500)
        self.env.company.discom_upi_address = "discom@test"
        bill = self.create_bill(
            amount=200, amount_arrears=1000, basis_id=self.env.ref("discom.bill_basis_prov").id
        )
        self.force_issue(bill)
        data = bill._document_data("en_IN")[bill.id]
        self.assertEqual(
            data["arrears"],
            [
                {"month": "October 2026", "amount": "300.00"},
                {"month": "September 2026", "amount": "500.00"},
                {"month": "Earlier", "amount": "200.00"},
            ],
        )
        self.assertEqual(data["totals"]["total"], "1,200.00")
        self.assertEqual(data["totals"]["words_hi"], "एक हज़ार दो सौ रुपये मात्र")
        self.assertEqual(data["lines"][0]["name_hi"], "ऊर्जा शुल्क")
        self.assertFalse(data["bill"]["basis_actual"])
        self.assertIn("मीटर का फोटो", data["bill"]["basis_note_hi"])
        self.assertIn("am=1200.00", data["upi"]["uri"])
        self.assertRegex(data["proof_code"], r"^\d{6}$")
        self.assertEqual(bill._document_data("hi_IN")[bill.id]["proof_code"], data["proof_code"])
        other = self.create_bill(self.create_consumer())
        self.assertNotEqual(
            other._document_data("hi_IN")[other.id]["proof_code"], data["proof_code"]
        )

    def test_whatsapp_document(self):
        bill = self.create_bill()
        filename, make, _digest = bill._whatsapp_document("hi_IN")[bill.id]
        self.assertEqual(filename, f"{bill.account_no}_2026-11.pdf")
        # It is called in a thread that has no database.
        with ThreadPoolExecutor(1) as pool:
            self.assertTrue(pool.submit(make).result().startswith(b"%PDF"))

    def test_document_data_is_set_based(self):
        bills = self.env["discom.bill"]
        for _i in range(5):
            consumer = self.create_consumer()
            self.create_bill(consumer, month=10)
            bills |= self.create_bill(consumer, amount_arrears=100)
        bills[0]._document_data("hi_IN")
        self.env.invalidate_all()
        with self.assertQueryCount(25):
            bills._document_data("hi_IN")

    def test_upi_address(self):
        with self.assertRaises(ValidationError):
            self.env.company.discom_upi_address = "not an address"
