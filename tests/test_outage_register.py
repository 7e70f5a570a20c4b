import io
from datetime import timedelta

import openpyxl

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .outage_common import OutageCommon


@tagged("post_install", "-at_install")
class TestOutageRegister(OutageCommon):
    """The workbook of outages, read back."""

    def print(self, user=None, lang="en_US", **vals):
        """Fill the dialog and press Excel; return the workbook, formulas and values."""
        form = Form(self.env["discom.outage.register"].with_user(user or self.operator))
        form.lang = lang
        for name, value in vals.items():
            form[name] = value
        action = form.save().action_print()
        attachment = self.env["ir.attachment"].browse(
            int(action["url"].split("/")[3].split("?")[0])
        )
        return [
            openpyxl.load_workbook(io.BytesIO(attachment.raw), data_only=values)
            for values in (False, True)
        ]

    def rows(self, book):
        """Cells of the data sheet as {name of the outage: row}."""
        sheet = book.worksheets[1]
        return {row[1]: row for row in sheet.iter_rows(values_only=True) if row[1]}

    def test_month_ahead(self):
        """How many are concerned stands there although nothing has happened yet."""
        for _number in range(3):
            self.create_told()
        planned = self.create_outage(self.feeder_a1, kind="planned", start=48)
        extended = self.create_outage(self.transformer_a12, kind="extended", start=24)
        self.create_outage(self.feeder_a2, start=30)
        self.create_outage(self.feeder_a1, kind="planned", start=24 * 40)
        _formulas, values = self.print(what="ahead")
        rows = self.rows(values)
        mine = [name for name in rows if str(name).startswith("OUT/")]
        self.assertEqual(mine, [extended.name, planned.name])
        self.assertEqual(rows[planned.name][8], 3)

    def test_period_with_totals(self):
        for _number in range(3):
            self.create_told()
        over = self.create_outage(self.feeder_a1, start=-5)
        over.write({"state": "restored", "date_end": over.date_start + timedelta(hours=1)})
        cancelled = self.create_outage(self.feeder_a2, start=-5)
        cancelled.state = "cancelled"
        day = (self.now - timedelta(days=1)).date()
        formulas, values = self.print(date_from=day)
        rows = self.rows(values)
        self.assertEqual(rows[over.name][8:10], (3, 180))
        self.assertNotIn(cancelled.name, rows)
        total = [row for row in values.worksheets[1].iter_rows(values_only=True) if 180 in row]
        self.assertGreater(len(total), 1, "the total")
        sums = [
            cell.value
            for row in formulas.worksheets[1].iter_rows()
            for cell in row
            if str(cell.value).startswith("=SUBTOTAL") or str(cell.value).startswith("=SUM")
        ]
        self.assertTrue(sums, "a total is a formula")

    def test_hindi(self):
        self.create_told()
        self.feeder_a1.name_hi = "फीडर क"
        outage = self.create_outage(self.feeder_a1, start=-1)
        _formulas, values = self.print(
            lang="hi_IN", date_from=(self.now - timedelta(days=1)).date()
        )
        row = self.rows(values)[outage.name]
        self.assertIn("फीडर क", row)
        self.assertIn(self.reason.name_hi, row)

    def test_rights(self):
        with self.assertRaises(AccessError):
            self.env["discom.outage.register"].with_user(self.clerk).create({})
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-1)
        day = (self.now - timedelta(days=1)).date()
        _formulas, values = self.print(self.auditor, date_from=day)
        self.assertIn(outage.name, self.rows(values))
