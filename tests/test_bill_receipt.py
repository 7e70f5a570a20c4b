import base64
import io
from unittest.mock import patch

import openpyxl
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common_whatsapp import WhatsappCommon
from .test_bill import BillCommon
from .test_pdf import flat, printed

RECEIPT_BODY = (
    "नमस्ते {{name}}, खाते …{{account_last4}} में {{amount}} दिनांक {{date}} को {{mode}} पर मिले। रसीद "
    "{{receipt_no}}, बकाया {{balance}}. कार्यालय {{office}}, टोल फ्री 1912।"
)


def text_of(pdf):
    """All text of a PDF in one line."""
    return flat(printed(pdf))


class ReceiptCommon(WhatsappCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receipt = cls.create_template("receipt_test", "receipt", RECEIPT_BODY)
        cls.reader = cls.create_ready_consumer()

    def pay(self, partner=None, amount=40, user=None, **vals):
        return (
            self.env["discom.payment"]
            .with_user(user or self.counter)
            .create({"partner_id": (partner or self.reader).id, "amount": amount, **vals})
        )

    def about(self, payments):
        return self.env["discom.whatsapp.message"].search(
            [("res_model", "=", "discom.payment"), ("res_id", "in", payments.ids)], order="id"
        )


@tagged("post_install", "-at_install")
class TestReceiptMessage(ReceiptCommon):
    def test_payment_sends_its_receipt(self):
        """Queued with the payment, before bills, sent by the lane, never twice."""
        self.create_bill(self.reader)
        payment = self.pay(amount=120, mode="sakhi")
        message = self.about(payment)
        self.assertRecordValues(
            message,
            [
                {
                    "state": "queued",
                    "purpose": "receipt",
                    "priority": 20,
                    "partner_id": self.reader.id,
                    "template_id": self.receipt.id,
                }
            ],
        )
        self.assertIn("₹120.00", message.text)
        self.assertIn("बिजली सखी", message.text)
        self.assertIn("बकाया ₹380.00", message.text)
        self.assertEqual(payment.whatsapp_state, "queued")
        self.run_lane()
        self.assertIn(message.state, ("accepted", "sent", "delivered", "read"))
        again = self.compose(payment, "receipt", user=self.counter)
        self.assertEqual((again.send_count, again.skip_ids.mapped("reason")), (0, ["duplicate"]))

    def test_advance_is_told(self):
        message = self.about(self.pay(amount=75))
        self.assertIn("अग्रिम ₹75.00", message.text)

    def test_who_gets_none_and_why(self):
        silent = self.create_consumer()
        stopped = self.create_ready_consumer()
        stopped._discom_record_consent("withdrawn", ["bills"], "counter")
        nobody = self.create_consumer(discom_whatsapp_number=False)
        for partner, reason in (
            (silent, "no_consent"),
            (stopped, "opted_out"),
            (nobody, "no_number"),
        ):
            payment = self.pay(partner)
            with self.subTest(reason=reason):
                self.assertEqual(self.about(payment).skip_reason, reason)
                self.assertEqual(self.about(payment).state, "skipped")

    def test_old_payments_are_not_confirmed(self):
        today = self.env["discom.bill"]._today()
        for days, state in ((3, "queued"), (4, "skipped")):
            payment = self.pay(date=fields.Date.subtract(today, days=days))
            self.assertEqual(self.about(payment).state, state)
        self.env["discom.payment.rule"]._current().receipt_days = 10
        payment = self.pay(date=fields.Date.subtract(today, days=10))
        self.assertEqual(self.about(payment).state, "queued")

    def test_a_message_never_fails_a_payment(self):
        with (
            patch.object(
                type(self.env["discom.payment"]), "_whatsapp_values", side_effect=KeyError("x")
            ),
            mute_logger("odoo.addons.discom.models.bill_payment_whatsapp"),
        ):
            payment = self.pay()
        self.assertTrue(payment.exists())
        self.assertFalse(self.about(payment))
        self.receipt.status = "paused"
        self.assertFalse(self.about(self.pay()))
        self.account.state = "draft"
        self.assertFalse(self.about(self.pay()))

    def test_taken_back_before_it_left(self):
        payment = self.pay()
        payment.with_user(self.manager)._cancel("mistake")
        self.run_lane()
        self.assertEqual(self.about(payment).state, "cancelled")

    def test_auditor_sends_none(self):
        payment = self.pay()
        with self.assertRaises(AccessError):
            payment.with_user(self.auditor).action_send_receipt()

    def test_imported_history_is_silent_unless_asked(self):
        today = fields.Date.to_string(self.env["discom.bill"]._today())
        account = self.reader.discom_account_no

        def run(reference, **vals):
            rows = f"reference,account_no,date,amount\n{reference},{account},{today},12\n"
            job = (
                self.env["discom.import"]
                .with_user(self.clerk)
                .create(
                    {
                        "kind": "payment",
                        "filename": "payments.csv",
                        "file": base64.b64encode(rows.encode()),
                        **vals,
                    }
                )
            )
            job.action_check()
            job.action_run()
            return job, self.env["discom.payment"].search([("import_id", "=", job.id)])

        job, payments = run("H1")
        self.assertEqual(len(payments), 1)
        self.assertFalse(self.about(payments))
        job, payments = run("H2", send_receipts=True)
        self.assertEqual(self.about(payments).state, "queued")
        self.assertEqual(self.about(payments).broadcast_id.purpose, "receipt")
        self.assertEqual((job.state, job.message), ("done", False))
        self.receipt.status = "paused"
        job, payments = run("H3", send_receipts=True)
        self.assertEqual(job.state, "done")
        self.assertIn("No receipts were sent", job.message)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestReceiptPaper(BillCommon):
    def test_receipt(self):
        self.create_bill(month=10)
        payment = self.pay(40, "2026-11-09", means="cheque", means_no="004711")
        self.pay(25, "2026-11-10")
        report = self.env["ir.actions.report"].with_user(self.counter)
        pdf, kind = report._render_qweb_pdf("discom.discom_payment_report", payment.ids)
        self.assertEqual(kind, "pdf")
        text = text_of(pdf)
        for part in (
            payment.reference,
            self.consumer.discom_account_no,
            "40.00",
            "चालीस रुपये मात्र",
            "Forty rupees only",
            "004711",
            # What was due after this payment, whatever came later.
            "60.00",
            "09/11/2026",
        ):
            self.assertIn(part, text)
        self.assertNotIn("Taken back", text)
        self.take_back(payment, "bounced")
        text = text_of(report._render_qweb_pdf("discom.discom_payment_report", payment.ids)[0])
        self.assertIn("Cheque bounced", text)
        with self.assertRaises(AccessError):
            report.with_user(self.clerk_b)._render_qweb_pdf(
                "discom.discom_payment_report", payment.ids
            )

    def test_statement(self):
        self.create_bill(month=9, amount_arrears=300)
        self.pay(120, "2026-09-25", mode="kiosk")
        self.create_bill(month=10, amount=80, amount_arrears=280)
        report = self.env["ir.actions.report"].with_user(self.clerk)
        texts = {}
        for lang in ("hi_IN", "en_IN"):
            self.consumer.lang = lang
            texts[lang] = text_of(
                report._render_qweb_pdf("discom.discom_ledger_report", self.consumer.ids)[0]
            )
            self.assertIn(self.consumer.discom_account_no, texts[lang])
            self.assertIn("360.00", texts[lang])
            self.assertIn("तीन सौ साठ रुपये मात्र", texts[lang])
        self.assertIn("पिछला शेष", texts["hi_IN"])
        self.assertIn("Brought forward", texts["en_IN"])
        with self.assertRaises(AccessError):
            report.with_user(self.clerk_b)._render_qweb_pdf(
                "discom.discom_ledger_report", self.consumer.ids
            )

    def test_workbook(self):
        self.create_bill(month=9, amount_arrears=300)
        self.pay(120, "2026-09-25", mode="kiosk")
        wizard = (
            self.env["discom.ledger.statement"]
            .with_user(self.auditor)
            .create({"partner_id": self.consumer.id, "lang": "en_IN"})
        )
        job = self.env["discom.report.job"].browse(
            int(wizard.action_print()["url"].split("/")[-1].split("?")[0])
        )
        content = self.env["ir.attachment"].browse(job.ids).raw
        book = openpyxl.load_workbook(io.BytesIO(content))
        rows = [[cell.value for cell in row] for row in book.worksheets[1].iter_rows()]
        start = next(i for i, row in enumerate(rows) if row[0] == "Date")
        data = rows[start + 1 :]
        self.assertEqual(
            [(row[1], row[5], row[6], row[8]) for row in data],
            [
                ("Brought forward", 300, None, 300),
                ("Bill", 100, None, 400),
                ("Payment", None, 120, 280),
            ],
        )
        empty = self.env["discom.ledger.statement"].with_user(self.auditor)
        empty = empty.create({"partner_id": self.consumer.id, "date_from": "2027-01-01"})
        with self.assertRaisesRegex(UserError, "nothing to report"):
            empty.action_print()


class PaymentCounterCommon(BillCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sita = cls.create_consumer(
            name="Sita Devi", discom_account_no="7788990021", discom_meter_no="MTR778899"
        )
        cls.desk = cls.env["discom.payment.counter"].with_user(cls.counter)

    def take(self, amount, consumer=None, **vals):
        return self.desk.take((consumer or self.sita).id, {"amount": amount, **vals})


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestPaymentCounter(PaymentCounterCommon):
    def test_find_and_card(self):
        self.create_bill(self.sita, month=10, amount=3000)
        for text in ("7788990021", "MTR778899", "Sita Devi"):
            card = self.desk.find(text)["card"]
            self.assertEqual(card["id"], self.sita.id)
        self.assertEqual(
            (card["due"], card["amount"], card["least"]), ("3,000.00", "3000.00", "1,000.00")
        )
        self.assertEqual(len(card["months"]), 1)
        self.assertEqual(self.desk.find("nobody at all")["rows"], [])

    def test_take(self):
        self.create_bill(self.sita, month=10)
        taken = self.take("१,०40.50", means="upi", means_no="UTR1")
        payment = self.env["discom.payment"].browse(taken["id"])
        self.assertRecordValues(
            payment,
            [{"amount": 1040.5, "mode": "counter", "means": "upi", "means_no": "UTR1"}],
        )
        self.assertEqual((taken["balance"], taken["advance"]), ("0.00", "940.50"))
        self.assertEqual(taken["today"], {"count": 1, "amount": "1,040.50"})

    def test_request_sent_twice_is_one_payment(self):
        first = self.take("10", token="abc")
        second = self.take("10", token="abc")
        self.assertEqual(first["id"], second["id"])
        self.assertNotEqual(self.take("10", token="abd")["id"], first["id"])

    def test_bad_amounts(self):
        for amount in ("", "0", "-5", "ten", "1.005", "NaN", "Infinity", None, "7788990021000"):
            with self.subTest(amount=amount), self.assertRaises(UserError):
                self.take(amount)
        with self.assertRaisesRegex(UserError, "cheque or draft"), self.env.cr.savepoint():
            self.take("10", means="cheque")
        self.assertFalse(self.env["discom.payment"].search([("partner_id", "=", self.sita.id)]))

    def test_warnings(self):
        self.create_bill(self.sita, month=10, amount=3000)

        def warnings(amount, **vals):
            return " ".join(self.desk.warnings(self.sita.id, {"amount": amount, **vals}))

        self.assertEqual(warnings("3000"), "")
        self.assertEqual(warnings("1000"), "")
        self.assertIn("₹1,000.00", warnings("999"))
        self.assertIn("advance", warnings("3001"))
        self.take("1200")
        self.assertIn("already", warnings("1000"))
        self.assertIn("same amount", warnings("1200"))
        payment = self.env["discom.payment"].search([("partner_id", "=", self.sita.id)])
        self.take_back(payment, "bounced")
        self.assertIn("bounced", warnings("3000", means="cheque"))
        self.assertEqual(warnings("3000"), "")

    def test_lifeline_may_pay_less(self):
        rule = self.env["discom.payment.rule"]._current()
        for field, yes, no in (
            ("discom_supply_type", "Lifeline", False),
            ("discom_lifeline", True, False),
        ):
            with self.subTest(field=field):
                self.sita[field] = yes
                part = rule._part_of(self.sita)
                self.assertEqual([part._least(due) for due in (3000, 1000, 200)], [300, 250, 200])
                self.sita[field] = no
                self.assertEqual(rule._part_of(self.sita)._least(3000), 1000)

    def test_who_may(self):
        for user in (self.auditor, self.operator, self.clerk, self.surveyor):
            desk = self.env["discom.payment.counter"].with_user(user)
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                desk.take(self.sita.id, {"amount": "5"})
        other = self.create_consumer(discom_office_id=self.subdivision_b1.id,
                                     discom_asset_id=self.transformer_b11.id)  # fmt: skip
        with self.assertRaises(AccessError):
            self.desk.card(other.id)
        with self.assertRaises(UserError):
            self.desk.card(self.company.partner_id.id)

    def test_taking_back_keeps_who_when_and_why(self):
        payment = self.env["discom.payment"].browse(self.take("10")["id"])
        with self.assertRaises(AccessError):
            payment.with_user(self.counter)._cancel("mistake")
        with self.assertRaisesRegex(UserError, "remark"):
            self.take_back(payment, "other")
        self.take_back(payment, "bounced", note="Memo 7")
        self.assertRecordValues(
            payment,
            [
                {
                    "state": "cancelled",
                    "cancel_reason": "bounced",
                    "cancel_note": "Memo 7",
                    "cancel_user_id": self.manager.id,
                }
            ],
        )
        self.assertTrue(payment.cancel_date)
        with self.assertRaisesRegex(UserError, "already"):
            payment.with_user(self.manager)._cancel("mistake")
        with self.assertRaises(UserError):
            payment.with_user(self.manager).write({"cancel_reason": "mistake"})


@tagged("post_install", "-at_install")
class TestPaymentCounterTour(HttpCase, PaymentCounterCommon):
    """The screen itself, in a browser, with the keyboard alone."""

    def test_keyboard_only(self):
        today = self.env["discom.bill"]._today()
        bill = self.env["discom.bill"].create(
            {
                "partner_id": self.sita.id,
                "period": today.replace(day=1),
                "bill_date": today,
                "due_date": today,
                "line_ids": [fields.Command.create({"head": "energy", "amount": 500})],
            }
        )
        self.force_issue(bill)
        # A cheque without a number is refused on purpose, and a refusal is logged.
        with mute_logger("odoo.http"):
            self.start_tour("/odoo/payment-counter", "discom_payment_counter", login="test_counter")
        payment = self.env["discom.payment"].search([("partner_id", "=", self.sita.id)])
        self.assertRecordValues(
            payment, [{"amount": 510, "means": "cheque", "means_no": "004711", "mode": "counter"}]
        )


@tagged("post_install", "-at_install")
class TestPaymentCounterPhone(TestPaymentCounterTour):
    """The same on a phone of 390 pixels."""

    browser_size = "390x844"
