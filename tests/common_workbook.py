"""Workbooks read back as a person reads them, and their formulas computed a second time."""

import io
import re
from datetime import datetime

import openpyxl
from openpyxl.utils import range_boundaries

from odoo.tests import Form

from ..tools.xlsx_first_sheet import LINE_HEIGHT, PAGE_WIDTH, ROW_HEIGHT
from ..tools.xlsx_summary import text_width

LEGIBLE = 5.5  # points of print
FUNCTION = re.compile(r"^(COUNTIFS|SUMIFS|SUM|ROWS|SUBTOTAL|SUMPRODUCT)\((.*)\)$")


class WorkbookMixin:
    """Helpers for tests of a `discom.report.mixin`."""

    def fill(self, model, user, lang="en_US", **vals):
        """The dialog of a report, filled as a person does."""
        form = Form(self.env[model].with_user(user))
        form.lang = lang
        for name, value in vals.items():
            form[name] = value
        return form.save()

    def print_book(self, model, user, **vals):
        """Press Excel in the dialog; return the workbook as a :class:`ReadBook`."""
        return self.read_action(self.fill(model, user, **vals).action_print())

    def read_action(self, action):
        """The workbook behind a download."""
        self.assertEqual(action["type"], "ir.actions.act_url")
        attachment_id = int(action["url"].split("/")[3].split("?")[0])
        return ReadBook(self.env["ir.attachment"].browse(attachment_id).raw)

    def assert_sound(self, book):
        """What holds for each workbook: page set-up, headings, texts, totals that agree."""
        self.assertEqual(book.values.active, book.values.worksheets[0], "the summary comes first")
        for sheet in book.values.worksheets:
            self.assertEqual(sheet.page_setup.paperSize, 9)
            self.assertEqual(sheet.page_setup.orientation, "landscape")
            self.assertTrue(sheet.sheet_properties.pageSetUpPr.fitToPage)
            self.assertEqual(sheet.page_setup.fitToHeight, 0)
            self.assertIn("&P", str(sheet.oddFooter.right.text))
        for sheet in book.values.worksheets[1:]:
            head = book.head(sheet)
            self.assertEqual(sheet.print_title_rows, f"${head}:${head}")
            self.assertEqual(sheet.freeze_panes, f"A{head + 1}")
            self.assertTrue(sheet.auto_filter.ref.startswith(f"A{head}:"))
            self.assertGreater(book.type_size(sheet), LEGIBLE, sheet.title)
            self.assert_readable(book, sheet)
        for sheet in book.formulas.worksheets[1:]:
            for row in sheet.iter_rows(min_row=book.head(sheet) + 1):
                self.assertFalse([cell.value for cell in row if cell.data_type == "f"])
        self.assertTrue(book.formulas.worksheets[0]._charts)
        computed = book.compute()
        self.assertTrue(computed)
        for place, (formula, shown, found) in computed.items():
            if isinstance(found, str):
                self.assertEqual(shown or "", found, f"{place}: {formula}")
            else:
                self.assertAlmostEqual(shown, found, 4, f"{place}: {formula}")

    def assert_readable(self, book, sheet):
        """Each text of a data sheet has the room it needs."""
        for row in sheet.iter_rows(min_row=book.head(sheet)):
            height = sheet.row_dimensions[row[0].row].height or ROW_HEIGHT
            for cell in row:
                if isinstance(cell.value, str):
                    letters = text_width(cell.value) * 7 + 10
                    pixels = sheet.column_dimensions[book.column(sheet, cell)].width * 7
                    lines = 1 + (height - ROW_HEIGHT) // LINE_HEIGHT
                    self.assertLessEqual(letters, pixels * lines, f"{cell.value} in {height}")
                    if letters > pixels:
                        self.assertTrue(cell.alignment.wrap_text, cell.value)


class ReadBook:
    """A workbook with formulas and with the values shown until they are computed."""

    def __init__(self, raw):
        self.raw = raw
        self.formulas = openpyxl.load_workbook(io.BytesIO(raw))
        self.values = openpyxl.load_workbook(io.BytesIO(raw), data_only=True)

    def head(self, sheet):
        """Number of the row with the headings of a data sheet."""
        return int(re.match(r"[A-Z]+(\d+):", sheet.auto_filter.ref)[1])

    def column(self, sheet, cell):
        """Letters under which the width of the column of a cell is kept."""
        for name, found in sheet.column_dimensions.items():
            if found.min <= cell.column <= found.max:
                return name
        raise AssertionError(f"{cell.coordinate} has no width")

    def type_size(self, sheet):
        """Points of the type as it is printed, with all columns on the page."""
        widths = sheet.column_dimensions.values()
        pixels = sum(7 * found.width * (found.max - found.min + 1) for found in widths)
        return 10 * min(1, PAGE_WIDTH / pixels)

    def rows(self, sheet=1):
        """Rows of a data sheet as dicts by heading."""
        sheet = self.values.worksheets[sheet]
        head, *rows = list(sheet.iter_rows(min_row=self.head(sheet), values_only=True))
        head = [text.replace("\n", " ") for text in head]
        return [dict(zip(head, row, strict=True)) for row in rows if any(row)]

    def table(self, title):
        """A table of the summary: {key or tuple of keys: {heading: value}}."""
        lines = list(self.values.worksheets[0].iter_rows(values_only=True))
        start = next(n for n, line in enumerate(lines) if line[0] == title)
        head = [text for text in lines[start + 1] if text is not None]
        found = {}
        for line in lines[start + 2 :]:
            if line[0] is None and line[1] is None:
                break
            values = dict(zip(head, line, strict=False))
            keys = [line[0]]
            for text in line[1 : len(head)]:
                if not isinstance(text, str):
                    break
                keys.append(text)
            found[tuple(keys) if len(keys) > 1 else keys[0]] = values
        return found

    def compute(self):
        """Each formula anew from the cells: {place: (formula, value shown, value computed)}."""
        self._known = {}
        found = {}
        for sheet in self.formulas.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        shown = _serial(self.values[sheet.title][cell.coordinate].value)
                        found[f"{sheet.title}!{cell.coordinate}"] = (
                            cell.value,
                            shown,
                            self._value(sheet.title, cell.coordinate),
                        )
        return found

    def _value(self, sheet, place):
        value = self.formulas[sheet][place].value
        if not (isinstance(value, str) and value.startswith("=")):
            return value
        if (sheet, place) not in self._known:
            self._known[sheet, place] = self._compute(sheet, value[1:])
        return self._known[sheet, place]

    def _compute(self, sheet, text):
        if text == "0":
            return 0
        if text.endswith('&""'):
            return str(self._cells(sheet, text[:-3])[0] or "")
        quotient = re.match(r"^IF\((\w+)=0,0,\(([\w+]+)\)/(\w+)\)$", text)
        if quotient:
            below = self._value(sheet, quotient[1])
            above = sum(self._value(sheet, place) for place in quotient[2].split("+"))
            return above / below if below else 0
        rest = re.match(r"^(\w+)-SUM\((\w+:\w+)\)$", text)
        if rest:
            return self._value(sheet, rest[1]) - sum(self._cells(sheet, rest[2]))
        divided = re.match(r"^(.*\))/(\d+)$", text)
        if divided:
            return self._compute(sheet, divided[1]) / int(divided[2])
        function = FUNCTION.match(text)
        if not function:
            [value] = self._cells(sheet, text)
            return _serial(value)
        return self._function(sheet, function[1], _arguments(function[2]))

    def _function(self, sheet, name, arguments):
        if name == "ROWS":
            return len(self._cells(sheet, arguments[0]))
        summed = None
        if name == "SUMPRODUCT":
            if len(arguments) > 1:
                summed = self._cells(sheet, arguments.pop())
            # Exact texts, where COUNTIFS would see numbers.
            arguments = [
                part
                for cells, text in re.findall(r"\(('[^=]*?\d)=(\"[^\"]*\"|\d+)\)", arguments[0])
                for part in (cells, text if text[0] != '"' else '"=' + text[1:])
            ]
        elif name in ("SUM", "SUMIFS"):
            summed = self._cells(sheet, arguments.pop(0))
        elif name == "SUBTOTAL":
            summed = self._cells(sheet, arguments[1])
            arguments = []
        pairs = list(zip(arguments[::2], arguments[1::2], strict=True))
        columns = [self._cells(sheet, cells) for cells, _criterion in pairs]
        wanted = [_wanted(criterion) for _cells, criterion in pairs]
        size = len(summed if summed is not None else columns[0])
        hits = [
            row
            for row in range(size)
            if all(_same(column[row], text) for column, text in zip(columns, wanted, strict=True))
        ]
        return len(hits) if summed is None else sum(summed[row] or 0 for row in hits)

    def _cells(self, sheet, reference):
        if "!" in reference:
            sheet, reference = reference.rsplit("!", 1)
            sheet = sheet.strip("'").replace("''", "'")
        left, top, right, bottom = range_boundaries(reference.replace("$", ""))
        rows = self.formulas[sheet].iter_rows(top, bottom, left, right)
        return [
            self._value(sheet, cell.coordinate) if cell.data_type == "f" else cell.value
            for row in rows
            for cell in row
        ]


def _serial(value):
    """A day as the number that stands in the sheet."""
    return (value - datetime(1899, 12, 30)).days if isinstance(value, datetime) else value


def _arguments(text):
    """Arguments of a function, split at the commas outside of texts."""
    return re.findall(r"(?:'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[^,])+", text)


def _wanted(criterion):
    if not criterion.startswith('"'):
        return float(criterion)
    text = criterion[2:-1].replace('""', '"')
    return re.sub(r"~([~*?])", r"\1", text)


def _same(value, wanted):
    if isinstance(value, datetime):
        return _serial(value) == wanted
    if isinstance(wanted, str):
        return (value or "").casefold() == wanted.casefold()
    return value == wanted
