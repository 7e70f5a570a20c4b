"""Workbooks that are printed and carried to meetings: summary and charts first, then the rows.

Rows are streamed to disk as they come (xlsxwriter's ``constant_memory``), so memory does not grow
with their number. Every text is written as a string cell: what a consumer's name holds is never
taken for a formula. Totals are formulas over the rows; the values shown until they are computed
anew are counted while the rows pass, so both agree with what is printed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_range_abs, xl_rowcol_to_cell

from .xlsx_first_sheet import HEAD_HEIGHT, LINE_HEIGHT, PADDING, ROW_HEIGHT, Summary
from .xlsx_summary import (
    EPOCH,
    NUMBER_FORMATS,
    Tally,
    broken,
    number_width,
    plain,
    short,
    text_lines,
    text_width,
)

MAX_ROWS = 1_000_000  # of data; a sheet holds 1,048,576 with its head
# On every Windows since 8, with Latin and Devanagari letters; elsewhere replaced by a Noto font.
FONT = "Nirmala UI"
A4 = 9
PEN_LINES = 2  # of a row that is written in by hand
MAX_LINES = 20  # of a text; Excel knows no higher rows


class Labels(dict):
    """Texts by the value of the database; what is not in it is written as it is."""

    def __missing__(self, value):
        return value


@dataclass(frozen=True)
class Column:
    """A column of a data sheet.

    ``kind`` is text, integer, money, decimal, month, date or datetime; ``width`` is in characters.
    A text that is longer takes several lines, so that many columns stay readable on a page.
    ``total`` puts the sum of the filtered rows above it. ``labels`` (a dict) or ``convert`` (a
    function) make the cell of the value; ``empty`` stands where there is none. What groups a table
    of the summary is never empty. ``pen`` is a column to write in by hand: its rows are higher.
    """

    header: str
    kind: str = "text"
    width: float = 14
    total: bool = False
    labels: dict | None = None
    convert: Callable | None = None
    empty: str | None = None
    pen: bool = False


class Book:
    """A workbook: the summary, then data sheets.

    :param target: path or binary file to write to
    :param title: name of the report, printed on each page
    :param facts: list of (label, text): office, period, filters
    :param printed: line that says who printed it and when
    :param texts: dict of words in the report's language: summary, total, others, page (with the
        codes ``&P`` and ``&N`` for page and number of pages)

    Use as a context manager: :meth:`add_sheet` for each sheet, and write its rows.
    """

    def __init__(self, target, title, facts, printed, texts):
        self.book = xlsxwriter.Workbook(
            target,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
        self.book.set_properties({"title": title, "comments": printed})
        self.title, self.facts, self.printed, self.texts = title, facts, printed, texts
        base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
        head = {"bold": True, "bg_color": "#E7EEF3", "border": 1, "text_wrap": True}
        line = {"border": 1, "border_color": "#BFC5CA"}
        self.formats = {
            "title": self.book.add_format({**base, "font_size": 16, "bold": True}),
            "plain": self.book.add_format(base),
            "heading": self.book.add_format({**base, "font_size": 12, "bold": True}),
            "label": self.book.add_format({**base, "font_color": "#5A6168"}),
            "head": self.book.add_format({**base, **head, "align": "center"}),
            "text": self.book.add_format({**base, **line, "indent": 1}),
            "lines": self.book.add_format({**base, **line, "indent": 1, "text_wrap": True}),
            "total text": self.book.add_format({**base, **line, "bold": True, "indent": 1}),
        }
        for kind, code in NUMBER_FORMATS.items():
            style = {**base, **line, "num_format": code}
            self.formats[kind] = self.book.add_format(style)
            self.formats[f"total {kind}"] = self.book.add_format({**style, "bold": True})
        self.sheets = []
        self.summary = self.book.add_worksheet(texts["summary"])
        self.set_page(self.summary)

    def __enter__(self):
        return self

    def __exit__(self, error_type, error, traceback):
        if error_type is None:
            Summary(self).write()
        self.book.close()
        if error_type is None:
            for sheet in self.sheets:
                if sheet.count != sheet.rows:
                    raise ValueError(f"{sheet.rows} rows were promised, {sheet.count} written.")

    def add_sheet(self, name, columns, rows, tables=(), totals=None):
        """Add a data sheet and return it as :class:`DataSheet`.

        :param rows: number of rows that will be written
        :param tables: list of `xlsx_summary.Table` and `xlsx_summary.Top` made of its rows
        :param totals: {index of a column with ``total``: sum}
        :raise ValueError: when a sheet cannot hold so many
        """
        if rows > MAX_ROWS:
            raise ValueError(f"A sheet holds at most {MAX_ROWS} rows.")
        sheet = DataSheet(self, name, columns, rows, tables, totals or {})
        self.sheets.append(sheet)
        return sheet

    def style(self, kind, value, total=False):
        """The format of a number: the grouping of the negative is a format of its own."""
        if kind in ("integer", "money", "decimal") and value < 0:
            kind = f"negative {kind}"
        return self.formats[f"total {kind}" if total else kind]

    def set_page(self, sheet):
        """Page of a sheet: A4 across, as wide as the page, title and page number below."""
        sheet.set_default_row(ROW_HEIGHT)
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.7)
        sheet.hide_gridlines(2)
        title = self.title.replace("&", "&&")
        printed = self.printed.replace("&", "&&")
        font = f'&"{FONT}"&8'
        sheet.set_footer(f"&L{font}{title}&C{font}{printed}&R{font}{self.texts['page']}")

    def write_head(self, sheet):
        """Write the title block and return the row below it."""
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, self.title, self.formats["title"])
        row = 1
        for label, text in self.facts:
            sheet.write_string(row, 0, f"{label}: {text}", self.formats["plain"])
            row += 1
        sheet.write_string(row, 0, self.printed, self.formats["label"])
        return row + 1


class DataSheet:
    """Rows under frozen headings, to be filtered and printed."""

    def __init__(self, book, name, columns, rows, tables, totals):
        self.book, self.columns, self.rows = book, columns, rows
        self.count = 0
        self.tallies = [Tally(table) for table in tables]
        self.sheet = book.book.add_worksheet(name)
        book.set_page(self.sheet)
        self._start(totals)
        self._converted = [
            (index, Labels(column.labels).__getitem__ if column.labels else column.convert)
            for index, column in enumerate(columns)
            if column.labels or column.convert
        ]
        grouping = {index for tally in self.tallies for index in tally.dims}
        self._converted += [
            (index, short) for index in sorted(grouping) if columns[index].kind == "text"
        ]
        self._filled = [
            (index, column.empty) for index, column in enumerate(columns) if column.empty
        ]

    def write_rows(self, rows):
        """Write rows, values in the order of the columns, None for empty."""
        sheet, formats, count = self.sheet, self.book.formats, self.count
        text, number, blank = sheet.write_string, sheet.write_number, sheet.write_blank
        text_format, lines_format = formats["text"], formats["lines"]
        cells = [
            (column.kind, formats[column.kind], formats.get(f"negative {column.kind}"), room)
            for column, room in zip(self.columns, self._rooms, strict=True)
        ]
        converted, filled = self._converted, self._filled
        tallies = [tally.add for tally in self.tallies]
        row = self.first_row + count
        at_least = PEN_LINES if self._pen else 1
        for values in rows:
            values = list(values)
            for index, convert in converted:
                values[index] = convert(values[index])
            for index, empty in filled:
                if values[index] is None or values[index] == "":
                    values[index] = empty
            for tally in tallies:
                tally(values)
            column, lines = 0, at_least
            for (kind, style, negative, room), value in zip(cells, values, strict=True):
                if value is None or value is False or value == "":
                    blank(row, column, None, text_format)
                elif kind == "text":
                    value = plain(value)
                    needed = text_lines(value, room) if len(value) > room else 1
                    text(row, column, value, lines_format if needed > 1 else text_format)
                    lines = max(lines, needed)
                elif kind in ("date", "month"):
                    number(row, column, value.toordinal() - EPOCH, style)
                elif kind == "datetime":
                    seconds = value.hour * 3600 + value.minute * 60 + value.second
                    number(row, column, value.toordinal() - EPOCH + seconds / 86400, style)
                else:
                    number(row, column, value, negative if negative and value < 0 else style)
                column += 1
            self._set_height(row, lines)
            row += 1
        self.count = row - self.first_row

    def _set_height(self, row, lines):
        """Make room for the lines of a row that is being written."""
        if self._high is not None:
            # xlsxwriter keeps the heights of all rows, though the row is on the disk by now.
            for kept in ("row_info", "row_sizes"):
                vars(self.sheet).get(kept, {}).pop(self._high, None)
            self._high = None
        if lines > 1:
            height = ROW_HEIGHT + LINE_HEIGHT * (min(lines, MAX_LINES) - 1)
            self.sheet.set_row(row, height)
            self._high = row

    def cells(self, index):
        """The cells of a column, absolute, with the name of the sheet."""
        column = xl_col_to_name(index)
        return f"{self.name}!${column}${self.first_row + 1}:${column}${self.last_row + 1}"

    def cell(self, place, index):
        """The cell of a column in the row at ``place``, with the name of the sheet."""
        return f"{self.name}!{xl_rowcol_to_cell(self.first_row + place, index)}"

    @property
    def name(self):
        return "'" + self.sheet.get_name().replace("'", "''") + "'"

    def _start(self, totals):
        sheet, formats = self.sheet, self.book.formats
        self._rooms, self._high, self._pen, head_lines = [], None, False, 1
        for index, column in enumerate(self.columns):
            # A sum of lakhs of rows is longer than each of them, a heading than what is below it.
            wanted = number_width(totals.get(index) or 0, column.kind) if column.total else 0
            word = max(map(text_width, column.header.split(" ")))
            width = max(column.width, wanted + 2, word + PADDING)
            sheet.set_column(index, index, width, formats["plain"])
            self._rooms.append(max(int(width) - PADDING, 1))
            head_lines = max(head_lines, text_lines(column.header, self._rooms[-1]))
            self._pen = self._pen or column.pen
        total_row = self.book.write_head(sheet)
        head_row = total_row + 1
        self.first_row = head_row + 1
        self.last_row = max(self.first_row + self.rows - 1, self.first_row)
        last_column = len(self.columns) - 1
        sheet.write_string(total_row, 0, self.book.texts["total"], formats["total text"])
        for index, column in enumerate(self.columns):
            if column.total:
                value = totals.get(index) or 0
                below = xl_range_abs(self.first_row, index, self.last_row, index)
                style = self.book.style(column.kind, value, total=True)
                sheet.write_formula(total_row, index, f"=SUBTOTAL(109,{below})", style, value)
        sheet.set_row(head_row, max(HEAD_HEIGHT, LINE_HEIGHT * (head_lines + 1)))
        for index, (column, room) in enumerate(zip(self.columns, self._rooms, strict=True)):
            # Left to itself a line is filled up to the borders.
            sheet.write_string(head_row, index, broken(column.header, room), formats["head"])
        sheet.freeze_panes(self.first_row, 0)
        sheet.repeat_rows(head_row)
        sheet.autofilter(head_row, 0, self.last_row, last_column)
        sheet.print_area(0, 0, self.last_row, last_column)
        # Account numbers are text on purpose: no green corners.
        last_cell = xl_rowcol_to_cell(self.last_row, last_column)
        sheet.ignore_errors({"number_stored_as_text": f"A1:{last_cell}"})
