import errno
import io
from datetime import date, timedelta
from unittest.mock import patch

import openpyxl
import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..tools import xlsx, xlsx_summary
from ..wizards import report_mixin
from .common import DiscomCommon

HEAD = 6  # row of the data sheet that holds the headings, when office and month are printed


@tagged("post_install", "-at_install")
class TestBillDeliveryRegister(DiscomCommon):
    """The workbook as it is read back, and the two ways to get it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.month = date(2026, 10, 1)
        names = ['=HYPERLINK("http://x")', "राम प्रसाद", "Ramesh", "+cmd|' /C calc'!A0"]
        cls.consumers = cls.env["res.partner"]
        for name in names:
            cls.consumers |= cls.create_consumer(name=name, discom_village="Salkhan")
        cls.consumers |= cls.create_consumer(discom_office_id=cls.subdivision_a2.id)
        cls.consumers |= cls.create_consumer(
            discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
        )
        cls.bills = cls.env["discom.bill"].create(
            [
                {
                    "partner_id": consumer.id,
                    "period": cls.month,
                    "bill_date": date(2026, 11, 5),
                    "due_date": date(2026, 11, 20),
                    "line_ids": [
                        Command.create({"head": "energy", "name": "Energy", "amount": amount})
                    ],
                }
                for consumer, amount in zip(
                    cls.consumers,
                    [1234567.5, 857.5, 250, 12345678, 0, 99],
                    strict=True,
                )
            ]
        )
        cls.bills._set_state("issued")
        cls.env["discom.whatsapp.message"].create(
            [
                cls.message(cls.bills[0], "read"),
                cls.message(cls.bills[1], "failed", error_text="=1+1 Undeliverable"),
                cls.message(cls.bills[2], "delivered"),
                # Repeated later, so skipped: the bill was delivered all the same.
                cls.message(cls.bills[2], "skipped", skip_reason="duplicate"),
                cls.message(cls.bills[3], "skipped", skip_reason="opted_out"),
                # Of another purpose: says nothing about the delivery of the bill.
                cls.message(cls.bills[4], "read", purpose="overdue"),
            ]
        )

    @classmethod
    def message(cls, bill, state, **vals):
        return {
            "res_model": "discom.bill",
            "res_id": bill.id,
            "partner_id": bill.partner_id.id,
            "phone": bill.partner_id.discom_whatsapp_number,
            "purpose": "bill",
            "state": state,
            **vals,
        }

    def wizard(self, user=None, lang="en_US", **vals):
        """The dialog, filled as a person does."""
        form = Form(self.env["discom.bill.delivery.register"].with_user(user or self.clerk))
        form.period = self.month + timedelta(days=9)
        form.lang = lang
        for name, value in vals.items():
            form[name] = value
        return form.save()

    def workbook(self, action):
        """The workbook behind a download."""
        self.assertEqual(action["type"], "ir.actions.act_url")
        attachment_id = int(action["url"].split("/")[3].split("?")[0])
        return self.load(self.env["ir.attachment"].browse(attachment_id))

    def load(self, attachment):
        return openpyxl.load_workbook(io.BytesIO(attachment.raw))

    def data_rows(self, book):
        sheet = book.worksheets[1]
        rows = list(sheet.iter_rows(values_only=True))
        head = next(n for n, row in enumerate(rows) if row[1] and row[2])
        names = [text.replace("\n", " ") for text in rows[head]]
        return [dict(zip(names, row, strict=True)) for row in rows[head + 1 :]]

    def test_rows(self):
        rows = self.data_rows(self.workbook(self.wizard().action_print()))
        self.assertEqual(len(rows), 5, "the bills of the other division are not his")
        by_account = {row["Account number"]: row for row in rows}
        expected = {
            0: ("Read", None),
            1: ("Failed", "=1+1 Undeliverable"),
            2: ("Delivered, not read", None),
            3: ("Skipped", "Consent withdrawn"),
            4: ("Not sent", None),
        }
        for number, (state, reason) in expected.items():
            bill = self.bills[number]
            row = by_account[bill.account_no]
            self.assertEqual((row["Message"], row["Reason"]), (state, reason))
            self.assertEqual(row["Name"], bill.partner_id.name)
            self.assertEqual(row["Payable by due date (₹)"], bill.amount_total)
            self.assertEqual(row["Due date"].date(), bill.due_date)
            self.assertEqual(row["Bill number"], bill.name)
            self.assertEqual(
                row["WhatsApp number"][-4:], bill.partner_id.discom_whatsapp_number[-4:]
            )
            self.assertNotIn(bill.partner_id.discom_whatsapp_number[3:], row["WhatsApp number"])

    def test_texts_are_never_formulas(self):
        sheet = self.workbook(self.wizard().action_print()).worksheets[1]
        cells = [cell for row in sheet.iter_rows(min_row=HEAD + 1) for cell in row]
        risky = [cell for cell in cells if isinstance(cell.value, str) and cell.value[:1] in "=+-@"]
        self.assertIn('=HYPERLINK("http://x")', [cell.value for cell in risky])
        self.assertFalse([cell for cell in cells if cell.data_type == "f"])

    def test_totals_are_formulas_that_hold_their_value(self):
        action = self.wizard().action_print()
        attachment_id = int(action["url"].split("/")[3].split("?")[0])
        raw = self.env["ir.attachment"].browse(attachment_id).raw
        formulas = openpyxl.load_workbook(io.BytesIO(raw)).worksheets[0]
        values = openpyxl.load_workbook(io.BytesIO(raw), data_only=True).worksheets[0]
        tables = [row for row in values.iter_rows(values_only=True) if row[0]]
        start = next(n for n, row in enumerate(tables) if row[0] == "Sub-division")
        head, *rows = tables[start:]
        table = {}
        for row in rows:
            table.setdefault(row[0], dict(zip(head, row, strict=True)))
        first = table["Sub-division A1"]
        self.assertEqual(first["Bills"], 4)
        self.assertEqual((first["Read"], first["Delivered, not read"]), (1, 1))
        self.assertEqual((first["Failed"], first["Skipped"]), (1, 1))
        self.assertEqual(first["Reached"], 0.5)
        self.assertEqual((table["Sub-division A2"]["Bills"], table["Total"]["Bills"]), (1, 5))
        self.assertEqual(
            table["Total"]["Payable by due date (₹)"], sum(self.bills[:5].mapped("amount_total"))
        )
        cells = [cell for row in formulas.iter_rows() for cell in row if cell.data_type == "f"]
        self.assertTrue(any(cell.value.startswith("=COUNTIFS(") for cell in cells))
        self.assertTrue(any(cell.value.startswith("=SUMIFS(") for cell in cells))
        self.assertTrue(any(cell.value.startswith("=SUM(") for cell in cells))

    def test_layout_to_print(self):
        book = self.workbook(self.wizard().action_print())
        summary, data = book.worksheets
        self.assertEqual(book.active, summary)
        self.assertTrue(summary._charts)
        for sheet in book.worksheets:
            self.assertEqual(sheet.page_setup.paperSize, 9)
            self.assertTrue(sheet.sheet_properties.pageSetUpPr.fitToPage)
            self.assertEqual(sheet.page_setup.fitToHeight, 0)
            self.assertIn(
                "Page &[Page] of &N".replace("&[Page]", "&P"), str(sheet.oddFooter.right.text)
            )
        self.assertEqual(data.print_title_rows, f"${HEAD}:${HEAD}")
        self.assertEqual(data.freeze_panes, f"A{HEAD + 1}")
        self.assertEqual(data.auto_filter.ref, f"A{HEAD}:M{HEAD + 5}")
        text = " ".join(str(row[0].value) for row in data.iter_rows(max_row=4))
        self.assertIn("Office: Division A", text)
        self.assertIn("Billing month: October 2026", text)
        self.assertIn(f"Printed by {self.clerk.name}", text)

    def test_hindi(self):
        book = self.workbook(self.wizard(lang="hi_IN").action_print())
        self.assertEqual(book.sheetnames, ["सारांश", "विवरण"])
        rows = self.data_rows(book)
        self.assertIn("खाता संख्या", rows[0])
        self.assertEqual(rows[0]["नाम"], self.bills[0].partner_id.discom_name_hi)

    def test_office_narrows(self):
        action = self.wizard(office_id=self.subdivision_a2).action_print()
        self.assertEqual(len(self.data_rows(self.workbook(action))), 1)

    def test_selected_in_the_list(self):
        model = self.env["discom.bill.delivery.register"].with_user(self.clerk)
        model = model.with_context(
            active_model="discom.bill",
            active_ids=self.bills[:2].ids,
            active_domain=[("period", "=", "2026-10-01")],
        )
        form = Form(model)
        self.assertEqual(form.selected_count, 2)
        rows = self.data_rows(self.workbook(form.save().action_print()))
        self.assertEqual(len(rows), 2)

    def test_all_of_the_list_goes_by_its_domain(self):
        self.env["ir.config_parameter"].set_param("web.active_ids_limit", "2")
        model = self.env["discom.bill.delivery.register"].with_user(self.clerk)
        model = model.with_context(
            active_model="discom.bill",
            active_ids=self.bills[:2].ids,
            active_domain=[("period", "=", "2026-10-01")],
        )
        form = Form(model)
        self.assertEqual(form.selected_count, 5, "all but those of the other division")
        rows = self.data_rows(self.workbook(form.save().action_print()))
        self.assertEqual(len(rows), 5)

    def test_nothing_to_report(self):
        wizard = self.wizard()
        wizard.period = date(2020, 1, 1)
        with self.assertRaisesRegex(UserError, "nothing to report"):
            wizard.action_print()

    def test_others_see_neither_job_nor_workbook(self):
        self.wizard().action_print()
        job = self.env["discom.report.job"].search([("user_id", "=", self.clerk.id)])
        attachment = job.attachment_id
        self.assertEqual(attachment.with_user(self.clerk).raw[:2], b"PK")
        for user in (self.clerk_b, self.manager):
            with self.subTest(user=user.login):
                self.assertFalse(self.env["discom.report.job"].with_user(user).search([]))
                with self.assertRaises(AccessError):
                    attachment.with_user(user).read(["raw"])
        with self.assertRaises(AccessError):
            self.env["discom.bill.delivery.register"].with_user(self.counter).create({})

    def test_who_sees_less_by_now_opens_it_no_more(self):
        """Nor does the address of the file help: it holds what the role or the office showed."""
        self.wizard().action_print()
        job = self.env["discom.report.job"].search([("user_id", "=", self.clerk.id)])
        self.assertEqual(job.held["offices"], self.division_a.ids)
        self.assertIn("dues", job.held["kinds"])
        file = self.env["ir.attachment"].with_user(self.clerk).browse(job.attachment_id.id)
        role = self.env.ref("discom.group_billing_clerk")
        for lost, given_back in (
            (
                {"discom_office_ids": [Command.set(self.subdivision_a1.ids)]},
                {"discom_office_ids": [Command.set(self.division_a.ids)]},
            ),
            (
                {
                    "group_ids": [
                        Command.unlink(role.id),
                        Command.link(self.env.ref("discom.group_field_surveyor").id),
                    ]
                },
                {"group_ids": [Command.link(role.id)]},
            ),
        ):
            with self.subTest(lost):
                self.assertEqual(file.raw[:2], b"PK")
                self.clerk.write(lost)
                self.env.invalidate_all()
                with self.assertRaises(AccessError):
                    file.read(["raw"])
                with self.assertRaisesRegex(AccessError, "Make it again"):
                    file.check_access("read")
                self.clerk.write(given_back)
                self.env.invalidate_all()
        self.assertEqual(file.raw[:2], b"PK")

    def test_large_in_the_background(self):
        self.patch(report_mixin, "DIRECT_ROWS", 3)
        wizard = self.wizard()
        action = wizard.action_print()
        job = self.env["discom.report.job"].browse(action["res_id"])
        self.assertEqual((job.state, job.rows_total), ("queued", 5))
        again = self.wizard().action_print()
        self.assertEqual(again["res_id"], job.id, "a second click does not start a second one")
        job.state = "running"
        self.assertEqual(self.wizard().action_print()["res_id"], job.id, "nor while it is made")
        job.state = "queued"
        with self.assertRaisesRegex(UserError, "not ready"):
            job.with_user(self.clerk).action_download()
        with self.enter_registry_test_mode():
            self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual((job.state, job.progress, job.error), ("done", 100, False))
        self.assertEqual(len(self.data_rows(self.load(job.attachment_id))), 5)
        self.assertEqual(job.activity_ids.user_id, self.clerk)
        self.assertIn("download", job.with_user(self.clerk).action_download()["url"])
        self.assertNotEqual(self.wizard().action_print()["res_id"], job.id)

    def test_interrupted_is_made_again_but_not_for_ever(self):
        self.patch(report_mixin, "DIRECT_ROWS", 3)
        job = self.env["discom.report.job"].browse(self.wizard().action_print()["res_id"])
        job.write({"state": "running", "attempts": 2, "rows_done": 4})
        with self.enter_registry_test_mode():
            self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual(job.state, "done")
        job = self.env["discom.report.job"].browse(self.wizard().action_print()["res_id"])
        job.write({"state": "running", "attempts": 3})
        with self.enter_registry_test_mode():
            self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual(job.state, "failed")
        self.assertIn("3 times", job.error)
        self.assertIn("smaller office", job.error)

    def test_failure_says_what_to_do(self):
        self.patch(report_mixin, "DIRECT_ROWS", 3)
        errors = [
            (UserError("The month is closed."), "The month is closed."),
            (OSError(errno.ENOSPC, "No space left on device"), "disk of the server is full"),
            (psycopg2.errors.QueryCanceled("statement timeout"), "took too long"),
            (psycopg2.errors.OutOfMemory("out of memory"), "does not fit into the memory"),
            (MemoryError(), "does not fit into the memory"),
            (
                psycopg2.OperationalError("server closed the connection"),
                "Try again in some minutes",
            ),
            (ValueError("राम प्रसाद"), r"fault in the program \(ValueError, .*administrator"),
        ]
        jobs = self.env["discom.report.job"]
        for number, (error, text) in enumerate(errors):
            wizard = self.wizard()
            job = jobs.browse(wizard.action_print()["res_id"])
            with (
                self.subTest(error=error),
                patch.object(type(wizard), "_write_workbook", side_effect=error),
                mute_logger("odoo.addons.discom.models.report_job"),
                self.enter_registry_test_mode(),
            ):
                self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
            job.invalidate_recordset()
            self.assertEqual(job.state, "failed", number)
            self.assertRegex(job.error, text)
            self.assertNotIn("राम", job.error, "no data of people")

    def test_try_again(self):
        self.patch(report_mixin, "DIRECT_ROWS", 3)
        job = self.env["discom.report.job"].browse(self.wizard().action_print()["res_id"])
        with self.assertRaisesRegex(UserError, "has not failed"):
            job.with_user(self.clerk).action_retry()
        job._fail("Something")
        with self.assertRaises(AccessError):
            job.with_user(self.manager).action_retry()
        job.recipient_ids = self.auditor
        with self.assertRaises(AccessError):
            job.with_user(self.auditor).action_retry()
        other = self.env["discom.report.job"].browse(self.wizard().action_print()["res_id"])
        opened = job.with_user(self.clerk).action_retry()
        self.assertEqual(opened["res_id"], other.id, "it is being made already")
        other._fail("Something")
        job.with_user(self.clerk).action_retry()
        self.assertEqual((job.state, job.error, job.attempts), ("queued", False, 0))
        with self.enter_registry_test_mode():
            self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual(job.state, "done")

    def test_rights_are_those_of_who_asked_when_it_is_made(self):
        self.patch(report_mixin, "DIRECT_ROWS", 3)
        job = self.env["discom.report.job"].browse(self.wizard().action_print()["res_id"])
        self.clerk.discom_office_ids = self.subdivision_a2
        with self.enter_registry_test_mode():
            self.env.ref("discom.ir_cron_report_job").method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual(len(self.data_rows(self.load(job.attachment_id))), 1)

    def test_old_workbooks_go(self):
        self.wizard().action_print()
        job = self.env["discom.report.job"].search([])
        attachment = job.attachment_id
        self.env["discom.report.job"]._gc_workbooks()
        self.assertTrue(job.exists())
        self.env.cr.execute(
            "UPDATE discom_report_job SET create_date = %s",
            [fields.Datetime.now() - timedelta(days=8)],
        )
        job.invalidate_recordset()
        self.env["discom.report.job"]._gc_workbooks()
        self.assertFalse(job.exists() or attachment.exists())

    def test_more_than_a_sheet_holds(self):
        self.patch(report_mixin, "MAX_ROWS", 4)
        with self.assertRaisesRegex(UserError, "smaller office"):
            self.wizard().action_print()

    def test_promised_rows_are_written(self):
        texts = {"summary": "S", "total": "T", "others": "O", "page": "P"}
        with self.assertRaisesRegex(ValueError, "promised"):
            with xlsx.Book(io.BytesIO(), "t", [], "p", texts) as book:
                book.add_sheet("D", [xlsx.Column("A")], rows=2).write_rows([["x"]])

    def test_criteria_are_exact(self):
        self.assertEqual(xlsx_summary.criterion('a*b?~"c'), '"=a~*b~?~~""c"')
