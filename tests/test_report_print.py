import io
import json
import zipfile
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import HttpCase, tagged

from ..models import report_ir_actions_report
from ..tools import pdf
from ..wizards import bill_print
from .common import DiscomCommon
from .test_pdf import flat, printed

REPORT = "discom.report_bill"


class BillPrintCommon(DiscomCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The list opens with the bills of this month.
        period = fields.Date.today().replace(day=1)
        cls.bills = cls.env["discom.bill"].create(
            [
                {
                    "name": f"TESTBILL{number}",
                    "partner_id": cls.create_consumer().id,
                    "period": period,
                    "bill_date": period,
                    "due_date": period + timedelta(days=22),
                    "units": 180,
                    "line_ids": [
                        (0, 0, {"head": "energy", "quantity": 100, "rate": 3.35, "amount": 335}),
                        (0, 0, {"head": "fppas", "amount": -13.98}),
                    ],
                }
                for number in range(3)
            ]
        )
        cls.bill_b = cls.env["discom.bill"].create(
            {
                "name": "TESTBILLB",
                "partner_id": cls.create_consumer(
                    discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
                ).id,
                "period": period,
                "bill_date": period,
                "due_date": period,
            }
        )

    def render(self, bills, user):
        report = self.env["ir.actions.report"].with_user(user)
        content, kind = report._render_qweb_pdf(REPORT, bills.ids)
        self.assertEqual(kind, "pdf")
        return content


@tagged("-at_install", "post_install")
class TestBillPrint(BillPrintCommon):
    def test_one_bill(self):
        text = flat(printed(self.render(self.bills[0], self.clerk), "-raw"))
        self.assertIn(self.bills[0].account_no, text)
        self.assertIn(self.bills[0].partner_id.name, text)
        self.assertIn(self.bills[0].due_date.strftime("%d/%m/%Y"), text)
        self.assertIn("-13.98", text)
        self.assertIn("तीन सौ इक्कीस रुपये दो पैसे मात्र", text)

    def test_many_bills_keep_their_order(self):
        bills = self.bills[::-1]
        with patch.object(pdf, "BATCH", 2):
            content = self.render(bills, self.clerk)
        pages = printed(content, "-raw").split("\f")[:-1]
        self.assertEqual(len(pages), 3)
        for bill, page in zip(bills, pages, strict=True):
            self.assertIn(bill.account_no, page)

    def test_bills_of_others_are_refused(self):
        with self.assertRaises(AccessError):
            self.render(self.bills[0] + self.bill_b, self.clerk)
        with self.assertRaises(AccessError):
            self.render(self.bills[0], self.clerk_b)

    def test_too_many_or_none(self):
        with self.assertRaises(UserError):
            self.render(self.bills[:0], self.clerk)
        with patch.object(report_ir_actions_report, "PRINT_LIMIT", 2):
            self.render(self.bills[:2], self.clerk)
            with self.assertRaises(UserError):
                self.render(self.bills, self.clerk)

    def test_layout_of_one_s_own(self):
        report = self.env.ref("discom.discom_bill_report")
        for file in ("discom/reports/missing.typ", "/etc/passwd.typ", "discom/../secret.typ"):
            report.report_file = file
            with self.subTest(file=file), self.assertRaises(UserError):
                self.render(self.bills[0], self.clerk)

    def test_other_reports_stay_with_qweb(self):
        report = self.env.ref("discom.discom_bill_report")
        with patch.object(pdf, "render_many") as render:
            content, _kind = self.env["ir.actions.report"]._render_qweb_pdf(
                "base.report_irmodeloverview", self.env.ref("base.model_res_partner").ids
            )
            render.assert_not_called()
        self.assertTrue(content)
        self.assertEqual(report.report_type, "qweb-pdf")


@tagged("-at_install", "post_install")
class TestBillPrintLater(BillPrintCommon):
    """A selection too long to wait for."""

    def ask(self, bills, user=None, **context):
        model = self.env["discom.bill.print"].with_user(user or self.clerk)
        context = {"active_model": "discom.bill", "active_ids": bills.ids, **context}
        action = model.with_context(**context).print_selection(REPORT)
        self.assertEqual(action["views"], [(False, "form")], "the web client cannot open it")
        return self.env["discom.report.job"].browse(action["res_id"])

    def make(self, job):
        with self.enter_registry_test_mode():
            self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
        self.assertEqual(job.state, "done", job.error)
        return job.attachment_id

    def test_one_file(self):
        bills = self.bills[::-1]
        job = self.ask(bills)
        self.assertEqual((job.state, job.rows_total, job.user_id), ("queued", 3, self.clerk))
        file = self.make(job)
        self.assertEqual((file.name[-4:], file.mimetype), (".pdf", "application/pdf"))
        pages = printed(file.raw, "-raw").split("\f")[:-1]
        self.assertEqual(len(pages), 3)
        for bill, page in zip(bills, pages, strict=True):
            self.assertIn(bill.account_no, page)

    def test_parts(self):
        with patch.object(bill_print, "PART", 2):
            file = self.make(self.ask(self.bills))
        with zipfile.ZipFile(io.BytesIO(file.raw)) as archive:
            self.assertEqual(archive.namelist(), ["bills_00001-00002.pdf", "bills_00003-00003.pdf"])
            text = printed(archive.read("bills_00003-00003.pdf"), "-raw")
        self.assertIn(self.bills[2].account_no, text)

    def test_bills_of_others_and_too_many(self):
        job = self.ask(self.bills | self.bill_b)
        self.assertEqual(job.rows_total, 3)
        self.assertNotIn(self.bill_b.account_no, printed(self.make(job).raw))
        with self.assertRaises(UserError):
            self.ask(self.bills, self.clerk_b)
        with self.assertRaises(UserError):
            self.ask(self.bills[:0])
        with patch.object(bill_print, "PRINT_LATER_LIMIT", 2), self.assertRaises(UserError):
            self.ask(self.bills)

    def test_all_of_the_list(self):
        """The client names at most as many ids as it may; its domain means all."""
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", "2")
        domain = [("id", "in", self.bills.ids)]
        self.assertEqual(self.ask(self.bills[:2], active_domain=domain).rows_total, 3)


@tagged("-at_install", "post_install")
class TestBillPrintHttp(BillPrintCommon, HttpCase):
    def download(self, bills):
        url = f"/report/pdf/{REPORT}/{','.join(map(str, bills.ids))}"
        return self.url_open(
            "/report/download",
            data={
                "data": json.dumps([url, "qweb-pdf"]),
                "context": json.dumps({"active_ids": bills.ids}),
                "csrf_token": Request.csrf_token(self),
            },
        )

    def test_download(self):
        self.authenticate("test_clerk", "test_clerk")
        response = self.download(self.bills[0])
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn("TESTBILL0.pdf", response.headers["Content-Disposition"])
        self.assertIn(self.bills[0].account_no, printed(response.content))
        response = self.download(self.bills)
        self.assertEqual(len(printed(response.content).split("\f")), 4)

    def test_download_of_others(self):
        self.authenticate("test_clerk_b", "test_clerk_b")
        with self.assertLogs("odoo.addons.web.controllers.report", "WARNING"):
            response = self.download(self.bills[0])
        self.assertNotIn("Content-Disposition", response.headers)
        self.assertNotIn(b"%PDF", response.content)
        self.assertIn("AccessError", response.text)

    def test_print_menu(self):
        """The Print menu of list and form downloads the PDF, without wkhtmltopdf."""
        printed_ids = []
        render = type(self.env["ir.actions.report"])._render_typst

        def recording(report, model, layout, bill_ids):
            printed_ids.append(bill_ids)
            return render(report, model, layout, bill_ids)

        with patch.object(type(self.env["ir.actions.report"]), "_render_typst", recording):
            self.start_tour(
                "/odoo/action-discom.discom_bill_action",
                "discom_bill_print",
                login="test_clerk",
            )
        self.assertEqual(len(printed_ids), 2)
        self.assertEqual(sorted(printed_ids[0]), self.bills.ids)
        self.assertEqual(len(printed_ids[1]), 1)

    def test_print_later(self):
        """A long selection leads to the progress of its print, and the list may be left for it."""
        self.start_tour(
            "/odoo/action-discom.discom_bill_action", "discom_bill_print_later", login="test_clerk"
        )
        job = self.env["discom.report.job"].search([], order="id desc", limit=1)
        self.assertEqual((job.user_id, job.rows_total), (self.clerk, len(self.bills)))
