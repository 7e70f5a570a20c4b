"""What a bill asks for today: the same on paper, page, QR code, message and at the counter."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from odoo.fields import Command
from odoo.tests import tagged

from ..tools import pdf
from .test_bill_page import BillPageCommon
from .test_pdf import flat, printed


@tagged("post_install", "-at_install")
class TestBillPayable(BillPageCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer_a2 = cls.create_consumer()
        cls.late = cls.create_bill(
            cls.consumer_a2,
            ago=1,
            amount=1000,
            due_date=cls.today - timedelta(days=3),
            amount_after_due=1025,
        )
        cls.today_due = cls.create_bill(
            cls.create_consumer(), amount=1000, due_date=cls.today, amount_after_due=1025
        )

    def paper(self, bill):
        return flat(printed(pdf.bill_pdf(bill._document_data("hi_IN")[bill.id]), "-raw"))

    def asked(self, bill):
        """What each place asks for, which has to be one amount."""
        uri = bill._document_data("hi_IN")[bill.id]["upi"]["uri"]
        on_page = re.search(r'class="amount">₹ ([\d,.]+)<', self.open(self.path(bill)).text)[1]
        return {
            parse_qs(urlsplit(uri).query)["am"][0],
            on_page.replace(",", ""),
            *(
                bill._whatsapp_values("hi_IN", purpose)[bill.id]["amount"][1:].replace(",", "")
                for purpose in ("bill", "overdue")
            ),
            f"{bill._whatsapp_amounts('overdue')[bill.id]:.2f}",
            self.env["discom.payment.counter"].card(bill.partner_id.id)["amount"],
            re.search(r"₹ ([\d,.]+)", self.paper(bill))[1].replace(",", ""),
        }

    def test_one_amount_everywhere(self):
        self.assertEqual(self.asked(self.today_due), {"1000.00"})
        self.assertIn("₹ 1,025.00", self.paper(self.today_due))
        self.assertEqual(self.asked(self.late), {"1025.00"})
        paper = self.paper(self.late)
        for words in ("Was due by", "एक हज़ार पच्चीस रुपये मात्र", "Bill ₹ 1,000.00"):
            self.assertIn(words, paper)
        self.assertNotIn("Pay by", paper)
        page = self.open(f"{self.path(self.late)}?lang=en").text
        self.assertIn("Was due by", page)
        self.assertNotIn("After this date", page)

    def test_part_paid(self):
        self.pay(400, self.today, consumer=self.consumer_a2)
        self.assertEqual(self.late.state, "overdue")
        self.assertEqual(self.asked(self.late), {"625.00"})
        paper = self.paper(self.late)
        self.assertIn("छह सौ पच्चीस रुपये मात्र", paper)
        self.assertIn("Paid ₹ 400.00", paper)

    def test_total_settles_a_late_bill(self):
        """What is charged for paying late comes with the next bill, and is never made here."""
        self.pay(1000, self.today, consumer=self.consumer_a2)
        self.assertEqual(self.late.state, "paid")
        self.assertEqual(self.late.amount_payable, 0)
        self.assertIn("जमा हो चुका है Paid", self.paper(self.late))

    def test_counter_takes_the_late_amount_without_a_warning(self):
        desk = self.env["discom.payment.counter"]
        card = desk.card(self.consumer_a2.id)
        self.assertEqual((card["due"], card["late"]), ("1,000.00", "1,025.00"))
        self.assertFalse(desk.warnings(self.consumer_a2.id, {"amount": "1025"}))
        self.assertIn("5.00", desk.warnings(self.consumer_a2.id, {"amount": "1030"})[0])
        self.assertFalse(desk.card(self.today_due.partner_id.id)["late"])

    def test_scheme_stands_beside_what_is_payable_today(self):
        scheme = self.env["discom.scheme"].create(
            {
                "name": "Relief",
                "name_hi": "राहत योजना",
                "date_from": self.today,
                "date_to": self.today + timedelta(days=30),
                "source": "Invented for this test",
                "phase_ids": [
                    Command.create(
                        {
                            "name": "First",
                            "date_from": self.today,
                            "date_to": self.today + timedelta(days=30),
                            "percent": 20,
                        }
                    )
                ],
            }
        )
        for bill, asked in ((self.late, "1,025.00"), (self.today_due, "1,000.00")):
            with self.subTest(asked=asked):
                self.assertIn(f"pay ₹800.00 instead of ₹{asked}", bill.scheme_offer)
                self.assertIn(f"₹{asked} के स्थान पर", bill.with_context(lang="hi_IN").scheme_offer)
                self.assertIn(f"₹{asked} के स्थान पर", self.paper(bill))
        # What the scheme does not cover is paid in full, so it stands on both sides.
        scheme.dues_until = self.late.due_date
        newer = self.create_bill(self.consumer_a2, amount=100, amount_arrears=1000)
        self.assertIn("pay ₹900.00 instead of ₹1,100.00", newer.scheme_offer)

    def test_void_bills_ask_for_nothing(self):
        """No QR code and no amount to pay on a draft, a cancelled or an older bill."""
        draft = self.create_bill(self.create_consumer(), amount=77, issue=False)
        self.assertIn("Draft: this bill is not issued yet", self.paper(draft))
        cancelled = self.create_bill(self.create_consumer(), amount=77)
        cancelled._set_state("cancelled")
        self.create_bill(self.consumer_a2, amount=99)
        self.assertFalse(self.late.is_latest)
        for bill, words in (
            (draft, "Amount to pay"),
            (cancelled, "This bill is cancelled"),
            (self.late, "There is a newer bill"),
        ):
            self.assertEqual(bill._document_data("hi_IN")[bill.id]["upi"]["uri"], "")
            paper = self.paper(bill)
            self.assertIn(words, paper)
            self.assertNotIn("Scan to pay", paper)
            if bill != draft:
                self.assertNotIn("Amount to pay", paper)
