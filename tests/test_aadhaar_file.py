import base64
import io
from datetime import timedelta

import openpyxl

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .test_import import ImportCommon

AADHAAR = "2341 2341 2346"
HEADER = "account_no,name,mobile,card,office_code"


@tagged("post_install", "-at_install")
class TestAadhaarFile(ImportCommon):
    """No full Aadhaar number is kept in an uploaded file, wherever in it one stands."""

    def stored(self, job):
        job.invalidate_recordset()
        return base64.b64decode(job.file).decode()

    def row(self, number, name="Asha", mobile="", card=""):
        return f"88000000{number:02},{name},{mobile},{card},{self.office_code}"

    def test_column_that_is_not_read(self):
        content = [HEADER, self.row(1, card=AADHAAR), "", self.row(2, mobile="919415012349")]
        job = self.upload("consumer", content)
        job.action_check()
        self.assert_counts(job, new=2)
        kept = self.stored(job)
        self.assertNotIn("2341 2341", kept)
        self.assertIn("XXXX XXXX 2346", kept)
        # One phone in ten has the check digit; it was read as a phone.
        self.assertIn("919415012349", kept)
        self.assertIn("card (row 2)", job.message)
        # The attachment of before is gone, and the rows have kept their numbers.
        files = self.env["ir.attachment"].search(
            [("res_model", "=", job._name), ("res_id", "=", job.id), ("res_field", "=", "file")]
        )
        self.assertEqual(len(files), 1)
        job.action_check()
        self.assert_counts(job, new=2)
        self.assertFalse(job.message)
        job.action_run()
        self.assertTrue(self.partner("8800000002"))

    def test_refused_rows(self):
        content = [
            HEADER,
            self.row(1, name=AADHAAR),
            self.row(2, name="=1+1", mobile=AADHAAR),
            self.row(3, card="4") + f",{AADHAAR}",
            self.row(4, name="x" * 2001, card=AADHAAR),
            '8800000005,"Line\nbreak",,,' + self.office_code,
        ]
        job = self.upload("consumer", content)
        job.action_check()
        self.assert_counts(job, new=1, refused=4)
        findings = job.findings
        self.assertNotIn("2341 2341", self.stored(job))
        # What was refused is refused again, for the same reason, in the same row.
        job.action_check()
        self.assert_counts(job, new=1, refused=4)
        self.assertEqual(job.findings, findings)

    def test_sheets_that_are_not_read(self):
        book = openpyxl.Workbook()
        book.active.append(HEADER.split(","))
        book.active.append([*self.row(1).split(",")[:4], self.office_code])
        book.create_sheet("Cards").append([AADHAAR])
        target = io.BytesIO()
        book.save(target)
        job = self.upload("consumer", target.getvalue(), filename="master.xlsx")
        job.action_check()
        self.assert_counts(job, new=1)
        self.assertEqual(job.filename, "master.csv")
        self.assertEqual(len(self.stored(job).splitlines()), 2)
        job.action_check()
        self.assert_counts(job, new=1)

    def test_file_without_one_stays_as_it_is(self):
        content = [HEADER, self.row(1, card="2341 2341 2347"), self.row(2, mobile="much")]
        job = self.upload("consumer", content)
        before = self.stored(job)
        job.action_check()
        self.assertEqual(self.stored(job), before)

    def test_names(self):
        content = [HEADER, self.row(1)]
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            self.upload("consumer", content, filename="2341-2341-2346.csv")
        # The minute in the name of an export may have the check digit.
        self.upload("consumer", content, filename="export_20261126_0913.csv")
        with self.assertRaisesRegex(ValidationError, "Aadhaar"):
            self.upload("consumer", [f"account_no,name,{AADHAAR}", "8800000001,Asha,"])

    def test_codes_of_the_master(self):
        header = "account_no,name,office_code,kno,meter_no"
        row = f"8800000001,Asha,{self.office_code}"
        job = self.run_import("consumer", [header, f"{row},234123412346,", f"{row},,234123412346"])
        self.assert_counts(job, refused=2)
        self.assertIn("Aadhaar", str(job.findings))

    def test_files_that_were_not_read_go_soon(self):
        unread = self.upload("consumer", [HEADER, self.row(1)])
        checked = self.upload("consumer", [HEADER, self.row(2)])
        checked.action_check()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE discom_import SET write_date = %s WHERE id = ANY(%s)",
            [fields.Datetime.now() - timedelta(days=8), (unread | checked).ids],
        )
        self.env.invalidate_all()
        self.env["discom.import"]._gc_files()
        self.env["discom.import"]._gc_unread()
        (unread | checked).invalidate_recordset()
        self.assertFalse(unread.file)
        self.assertTrue(checked.file)
