import io
import zipfile
from contextlib import suppress
from datetime import date

import openpyxl
import xlsxwriter

from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged

from ..tools import tabular
from ..tools.tabular import RowError, TabularError, open_table
from .test_import import ImportCommon

HEADER = "reference,account_no,date,amount"


def workbook(rows, **sheets):
    """XLSX file of the rows in bytes, as a user's Excel would save it."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@tagged("post_install", "-at_install")
class TestTabular(BaseCase):
    def read_all(self, content, **kw):
        return list(open_table(io.BytesIO(content), **kw))

    def assert_refused(self, code, content, **kw):
        with self.assertRaises(TabularError) as caught:
            self.read_all(content, **kw)
        self.assertEqual(caught.exception.code, code)
        return caught.exception.params

    def test_csv(self):
        content = 'a;b;c\n 1 ;"x;y";\n\n;;\nआ;é;3\n'.encode("utf-8-sig")
        table = open_table(io.BytesIO(content))
        self.assertEqual((table.header, table.delimiter), (["a", "b", "c"], ";"))
        self.assertEqual(list(table), [(2, ["1", "x;y", ""]), (5, ["आ", "é", "3"])])

    def test_short_and_long_rows(self):
        rows = self.read_all(b"a,b\n1\n1,2,\n1,2,3\n")
        self.assertEqual(rows[0], (2, ["1", ""]))
        self.assertEqual(rows[1], (3, ["1", "2"]))
        self.assertIsInstance(rows[2][1], RowError)

    def test_xlsx(self):
        content = workbook(
            [["a", "b", "c", None], ["0012", 1234567890, 677.5], [None], [date(2026, 11, 2), True]]
        )
        self.assertEqual(
            self.read_all(content),
            [(2, ["0012", "1234567890", "677.5"]), (4, ["2026-11-02", "1", ""])],
        )

    def test_xlsx_written_with_inline_strings(self):
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["a", "b"])
            sheet.write_row(1, 0, ["क", 2])
        self.assertEqual(self.read_all(buffer.getvalue()), [(2, ["क", "2"])])

    def test_formulas(self):
        for row in (b"=1+1", b"@SUM(A1)", b"+cmd|x", b"-A1"):
            with self.subTest(row=row):
                self.assertEqual(self.read_all(b"a\n" + row + b"\n")[0][1].code, "formula")
        for row in (b"-5.00", b"+919415012345", b"-.5", b"-"):
            with self.subTest(row=row):
                self.assertEqual(self.read_all(b"a\n" + row + b"\n"), [(2, [row.decode()])])
        self.assertEqual(self.read_all(workbook([["a"], ["=1+1"]]))[0][1].code, "formula")

    def test_hostile_files(self):
        huge = b"a,b\n" + b'1,"' + b"x" * (tabular.MAX_ROW_BYTES + 1)
        self.assert_refused("empty", b"")
        self.assert_refused("no_header", b"\n\n")
        self.assert_refused("no_header", b",,\n1,2,3\n")
        self.assert_refused("duplicate_column", b"a,A\n1,2\n")
        self.assert_refused("encoding", "a\nनाम\n".encode("utf-16"))
        self.assert_refused("encoding", b"a\n" + "caf\xe9\n".encode("latin-1"))
        self.assert_refused("binary", b"a\n1\x00\n")
        self.assert_refused("foreign", b"%PDF-1.7 ...")
        self.assert_refused("foreign", b"\xd0\xcf\x11\xe0 old excel")
        self.assert_refused("cell_too_long", huge)
        broken = self.assert_refused("cell_too_long", b'a\n"' + b"x\n" * tabular.MAX_ROW_BYTES)
        self.assertEqual(broken["row"], 2)
        self.assert_refused("csv", b'a\n"x"y\n')
        # What is wrong is where the row begins.
        broken = self.assert_refused("csv", b'a\nb\n"never closed\n1\n2\n')
        self.assertEqual(broken["row"], 3)
        self.assert_refused("csv", b"a\r1\r2\r")
        self.assert_refused("too_many_columns", b",".join(b"c%d" % i for i in range(300)))
        self.assert_refused("too_large", b"a\n1\n", max_bytes=2)
        self.assert_refused("too_many_rows", b"a\n" + b"1\n" * 11, max_rows=10)
        self.assert_refused("too_many_rows", workbook([["a"]] + [["1"]] * 11), max_rows=10)
        self.assertEqual(self.read_all(b"a\nb" + b"x" * 3000 + b"\n")[0][1].code, "cell_too_long")

    def test_hostile_archives(self):
        good = workbook([["a"], ["1"]])
        self.assert_refused("xlsx", good[: len(good) // 2])
        self.assert_refused("foreign", self._repack(good, drop="xl/workbook.xml"))
        self.assert_refused("macros", self._repack(good, **{"xl/vbaProject.bin": b"x"}))
        sheet = "xl/worksheets/sheet1.xml"
        bomb = b"<worksheet>" + b" " * (tabular.MAX_SHARED_STRINGS + 1)
        self.assert_refused("zip_bomb", self._repack(good, **{sheet: bomb}))
        entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>'
        self.assert_refused("xlsx", self._repack(good, **{sheet: entity}))
        self.assert_refused("xlsx", self._repack(good, **{sheet: b"<worksheet><sheetData><row>"}))
        self.assert_refused("xlsx", self._repack(good, **{"xl/workbook.xml": b"no xml"}))

    def test_damaged_archives(self):
        """A file that was damaged on its way is refused wherever the damage lies; in the head of a
        table a formula is the text that it is."""
        good = workbook([["a", "b"], *([str(number), number] for number in range(300))])
        for place in range(40, len(good) - 40, 97):
            content = bytearray(good)
            content[place : place + 6] = b"\xff\x00\xff\x00\xff\x00"
            with self.subTest(place), suppress(TabularError):
                self.read_all(bytes(content))
        table = open_table(io.BytesIO(workbook([["=1+1", "#N/A"], ["1", "2"]])))
        self.assertEqual(table.header, ["=1+1", "#N/A"])

    def _repack(self, content, drop=None, **parts):
        """The archive with some parts replaced or added, and one left out."""
        buffer = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(content)) as old,
            zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in old.namelist():
                if name != drop and name not in parts:
                    new.writestr(name, old.read(name))
            for name, data in parts.items():
                new.writestr(name, data)
        return buffer.getvalue()

    def test_rows_come_as_a_stream(self):
        """The first row is there before the last is read."""

        class Endless(io.RawIOBase):
            sent = 0

            def readable(self):
                return True

            def seekable(self):
                return True

            def seek(self, offset, whence=0):
                if whence == io.SEEK_END:
                    return 10**6
                self.sent = offset
                return offset

            def readinto(self, buffer):
                line = (b"a,b\n" + b"1,2\n" * len(buffer))[: len(buffer)]
                buffer[:] = line
                self.sent += len(buffer)
                return len(buffer)

        table = open_table(io.BufferedReader(Endless()))
        rows = iter(table)
        self.assertEqual([next(rows)[1] for _i in range(1000)], [["1", "2"]] * 1000)


@tagged("post_install", "-at_install")
class TestImportFiles(ImportCommon):
    def test_same_rows_as_xlsx(self):
        """Numbers and dates as Excel keeps them, header in other words and order."""
        consumer = self.create_consumer(discom_account_no="4512345678")
        job = self.run_import(
            "payment",
            workbook(
                [
                    ["Amount", "Payment Date", "ACCOUNT ID", "Receipt No", "Remark"],
                    [1040.5, date(2026, 1, 5), 4512345678, "X1", "extra"],
                ]
            ),
            filename="payments.xlsx",
        )
        self.assert_counts(job, new=1)
        payment = self.env["discom.payment"].search([("reference", "=", "X1")])
        self.assertEqual((payment.partner_id, payment.amount), (consumer, 1040.5))
        self.assertEqual(payment.date, date(2026, 1, 5))
        self.assertEqual(job.columns_ignored, "Remark")

    def test_files_are_not_copied_as_text(self):
        """Odoo keeps the words of a text file in the database; names and numbers are not for it."""
        job = self.run_import(
            "kyc",
            ["account_no,whatsapp_number,remarks", "1,9415260001,of 2341 2341 2346"],
        )
        self.assertTrue(job.refused_file)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", job._name), ("res_field", "in", ("file", "refused_file"))]
        )
        self.assertEqual(len(files), 2)
        self.assertEqual(set(files.mapped("index_content")), {False})
        note = self.env["ir.attachment"].create({"name": "note.txt", "raw": b"of another app"})
        self.assertEqual(note.index_content, "of another app")

    def test_clear_messages(self):
        for content, message in (
            (b"\xef\xbb\xbf", "names of the columns"),
            ("reference\nर\n".encode("utf-16"), "CSV UTF-8"),
            (b"%PDF-1.7", "neither CSV nor XLSX"),
            (b"reference,amount\n", "lacks the columns: account_no, date"),
            (b"1,2,3\n", "lacks the columns"),
            (HEADER.encode() + b"\n" + b"\xff\xfe", "Row 2 is not in UTF-8"),
            (HEADER.encode() + b"\n" + b" " * 70_000 + b"\x00", "not a text file"),
        ):
            with self.subTest(message=message):
                job = self.upload("payment", content)
                with self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
                    job.action_check()
                job.invalidate_recordset()
                self.assertEqual(job.state, "draft")

    def test_too_many_rows(self):
        self.patch(tabular, "MAX_ROWS", 5)
        self.patch(tabular.open_table, "__defaults__", (5, *tabular.open_table.__defaults__[1:]))
        job = self.upload("payment", [HEADER] + [",,,x"] * 6)
        with self.assertRaisesRegex(UserError, "more than 5 rows"):
            job.action_check()

    def test_quoted_line_breaks(self):
        self.create_consumer(discom_account_no="4512345678")
        job = self.run_import(
            "payment", [HEADER, '"Y\n1",4512345678,2026-01-05,10', "Y2,4512345678,2026-01-05,ten"]
        )
        self.assert_counts(job, new=1, refused=1)
        self.assertEqual(job.findings[0][0], 4, "the line in the file, for whoever opens it")
