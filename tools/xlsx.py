"""Workbooks that are printed and carried to meetings: summary and chart first, then the rows.

Rows are streamed to disk as they come (xlsxwriter's ``constant_memory``), so memory does not grow
with their number. Every text is written as a string cell: what a consumer's name holds is never
taken for a formula. Totals are formulas over the rows, so they agree with what is printed.
"""

from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_range_abs, xl_rowcol_to_cell

MAX_ROWS = 1_000_000  # of data; a sheet holds 1,048,576 with its head
MAX_TEXT = 32_767  # characters in a cell
# On every Windows since 8, with Latin and Devanagari letters; elsewhere replaced by a Noto font.
FONT = "Nirmala UI"
A4 = 9
ROW_HEIGHT = 18  # points; vowel signs above and below Devanagari letters need more than Latin

# Lakh and crore: Excel groups by the system's region, so the grouping is spelt out. A format takes
# two conditions at most, hence one format for each sign.
NUMBER_FORMATS = {
    "integer": r"[>=10000000]##\,##\,##\,##0;[>=100000]##\,##\,##0;##,##0",
    "money": r"[>=10000000]##\,##\,##\,##0.00;[>=100000]##\,##\,##0.00;##,##0.00",
    "negative integer": r"[<=-10000000]-##\,##\,##\,##0;[<=-100000]-##\,##\,##0;##,##0",
    "negative money": r"[<=-10000000]-##\,##\,##\,##0.00;[<=-100000]-##\,##\,##0.00;##,##0.00",
    "percent": "0.0%",
    "date": "dd/mm/yyyy",
    "datetime": "dd/mm/yyyy hh:mm",
}
COLOURS = ("#1B7F5C", "#4FB286", "#A7D8C0", "#E6B34A", "#C8553D", "#8A8D91", "#C9CCD1", "#5B7DB1")


@dataclass(frozen=True)
class Column:
    """A column of the data sheet.

    ``kind`` is text, integer, money, date or datetime; ``width`` is in characters. ``total``, the
    sum of the column, puts the sum of the filtered rows above it.
    """

    header: str
    kind: str = "text"
    width: float = 14
    total: float | None = None


@dataclass(frozen=True)
class Measure:
    """A column of a summary: counts, or sums, the rows of a group.

    ``column`` and ``value`` (column index, text) narrow the rows; ``summed`` is the index of the
    column added up instead of counting; ``share`` (index of two measures of the table) makes it
    the quotient of the first by the second.
    """

    header: str
    column: int | None = None
    value: str | None = None
    summed: int | None = None
    share: tuple[tuple[int, ...], int] | None = None


class Register:
    """A workbook of one data sheet with a summary before it.

    :param target: path or binary file to write to
    :param title: name of the report, printed on each page
    :param facts: list of (label, text): office, period, filters
    :param printed: line that says who printed it and when
    :param columns: list of :class:`Column`
    :param rows: number of rows that will be written
    :param texts: dict of words in the report's language: summary, data, total, page (with the
        codes ``&P`` and ``&N`` for page and number of pages)

    Use as a context manager: :meth:`write_row` for each row, then :meth:`add_summary`.
    """

    def __init__(self, target, title, facts, printed, columns, rows, texts):
        if rows > MAX_ROWS:
            raise ValueError(f"A sheet holds at most {MAX_ROWS} rows.")
        self.book = xlsxwriter.Workbook(
            target,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
        self.book.set_properties({"title": title, "comments": printed})
        self.title, self.facts, self.printed = title, facts, printed
        self.columns, self.rows, self.texts = columns, rows, texts
        base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
        head = {"bold": True, "bg_color": "#E7EEF3", "border": 1, "text_wrap": True}
        line = {"border": 1, "border_color": "#BFC5CA"}
        self.formats = {
            "title": self.book.add_format({**base, "font_size": 16, "bold": True}),
            "plain": self.book.add_format(base),
            "heading": self.book.add_format({**base, "bold": True}),
            "label": self.book.add_format({**base, "font_color": "#5A6168"}),
            "head": self.book.add_format({**base, **head, "align": "center"}),
            "text": self.book.add_format({**base, **line, "indent": 1}),
            "total text": self.book.add_format({**base, **line, "bold": True}),
        }
        for kind, code in NUMBER_FORMATS.items():
            style = {**base, **line, "num_format": code}
            self.formats[kind] = self.book.add_format(style)
            self.formats[f"total {kind}"] = self.book.add_format({**style, "bold": True})
        self.summary = self.book.add_worksheet(texts["summary"])
        self.data = self.book.add_worksheet(texts["data"])
        self.count = 0
        self._charts = []
        self._start_summary()
        self._start_data()

    def __enter__(self):
        return self

    def __exit__(self, error_type, error, traceback):
        # Below all tables, so that none is torn from its heading by a page's end.
        for chart in self._charts:
            self._add_chart(*chart)
        self.book.close()
        if error_type is None and self.count != self.rows:
            raise ValueError(f"{self.rows} rows were promised and {self.count} written.")

    def write_row(self, values):
        """Write one row of the data sheet, values in the order of the columns, None for empty."""
        row = self.first_row + self.count
        self.count += 1
        data, formats = self.data, self.formats
        for index, (column, value) in enumerate(zip(self.columns, values, strict=True)):
            kind = column.kind
            if value is None or value is False or value == "":
                data.write_blank(row, index, None, formats["text"])
            elif kind == "text":
                data.write_string(row, index, str(value)[:MAX_TEXT], formats["text"])
            elif kind in ("date", "datetime"):
                data.write_datetime(row, index, value, formats[kind])
            else:
                style = f"negative {kind}" if value < 0 else kind
                data.write_number(row, index, value, formats[style])

    def add_summary(self, title, key, key_header, groups, measures, chart=None):
        """Write a table of the groups of column ``key``, with totals as formulas over the data.

        :param title: heading of the table and its chart
        :param key: index of the data column that holds the group
        :param groups: dict of group text -> list of values of the measures, shown until the
            formulas are computed anew
        :param measures: list of :class:`Measure`
        :param chart: indexes of the measures to draw as a stacked column for each group
        """
        sheet, formats = self.summary, self.formats
        head = self.next_row + 1
        sheet.write_string(head - 1, 0, title, formats["heading"])
        sheet.set_row(head, 45)
        for index, text in enumerate([key_header, *(measure.header for measure in measures)]):
            sheet.write_string(head, index, text, formats["head"])
        first = row = head + 1
        for group, values in groups.items():
            sheet.write_string(row, 0, group, formats["text"])
            for index, (measure, value) in enumerate(zip(measures, values, strict=True)):
                formula = self._formula(measure, key, group, row)
                sheet.write_formula(row, index + 1, formula, formats[self._kind(measure)], value)
            row += 1
        sheet.write_string(row, 0, self.texts["total"], formats["total text"])
        for index, measure in enumerate(measures):
            if measure.share:
                formula = self._formula(measure, key, None, row)
                parts, whole = measure.share
                totals = [sum(values[i] for values in groups.values()) for i in (*parts, whole)]
                value = sum(totals[:-1]) / totals[-1] if totals[-1] else 0
            else:
                formula = f"=SUM({xl_range_abs(first, index + 1, row - 1, index + 1)})"
                value = sum(values[index] for values in groups.values())
            style = formats[f"total {self._kind(measure)}"]
            sheet.write_formula(row, index + 1, formula, style, value)
        self.next_row = row + 2
        if chart and groups:
            self._charts.append((title, head, first, row - 1, chart))

    def _start_summary(self):
        sheet = self.summary
        self._set_page(sheet)
        sheet.set_column(0, 0, 30, self.formats["plain"])
        sheet.set_column(1, 12, 11, self.formats["plain"])
        self.next_row = self._write_head(sheet) + 1

    def _start_data(self):
        sheet = self.data
        self._set_page(sheet)
        for index, column in enumerate(self.columns):
            sheet.set_column(index, index, column.width, self.formats["plain"])
        self.total_row = self._write_head(sheet)
        self.head_row = self.total_row + 1
        self.first_row = self.head_row + 1
        self.last_row = max(self.first_row + self.rows - 1, self.first_row)
        sheet.write_string(self.total_row, 0, self.texts["total"], self.formats["total text"])
        for index, column in enumerate(self.columns):
            if column.total is not None:
                below = xl_range_abs(self.first_row, index, self.last_row, index)
                style = self.formats[f"total {column.kind}"]
                formula = f"=SUBTOTAL(109,{below})"
                sheet.write_formula(self.total_row, index, formula, style, column.total)
        sheet.set_row(self.head_row, 32)
        for index, column in enumerate(self.columns):
            sheet.write_string(self.head_row, index, column.header, self.formats["head"])
        sheet.freeze_panes(self.first_row, 0)
        sheet.repeat_rows(self.head_row)
        last_column = len(self.columns) - 1
        sheet.autofilter(self.head_row, 0, self.last_row, last_column)
        sheet.print_area(0, 0, self.last_row, last_column)
        # Account numbers are text on purpose: no green corners.
        last_cell = xl_rowcol_to_cell(self.last_row, last_column)
        sheet.ignore_errors({"number_stored_as_text": f"A1:{last_cell}"})

    def _set_page(self, sheet):
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

    def _write_head(self, sheet):
        """Write the title block and return the row below it."""
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, self.title, self.formats["title"])
        row = 1
        for label, text in self.facts:
            sheet.write_string(row, 0, f"{label}: {text}", self.formats["plain"])
            row += 1
        sheet.write_string(row, 0, self.printed, self.formats["label"])
        return row + 1

    def _range(self, index):
        """The cells of a data column, absolute, with the name of the sheet."""
        sheet = self.data.get_name().replace("'", "''")
        column = xl_col_to_name(index)
        return f"'{sheet}'!${column}${self.first_row + 1}:${column}${self.last_row + 1}"

    def _formula(self, measure, key, group, row):
        if measure.share:
            parts, whole = measure.share
            total = "+".join(xl_rowcol_to_cell(row, index + 1) for index in parts)
            whole = xl_rowcol_to_cell(row, whole + 1)
            return f"=IF({whole}=0,0,({total})/{whole})"
        criteria = [self._range(key), _criterion(group)]
        if measure.column is not None:
            criteria += [self._range(measure.column), _criterion(measure.value)]
        if measure.summed is not None:
            return f"=SUMIFS({','.join([self._range(measure.summed), *criteria])})"
        return f"=COUNTIFS({','.join(criteria)})"

    def _kind(self, measure):
        if measure.share:
            return "percent"
        return "integer" if measure.summed is None else self.columns[measure.summed].kind

    def _add_chart(self, title, head, first, last, measures):
        name = self.summary.get_name()
        chart = self.book.add_chart({"type": "column", "subtype": "stacked"})
        for number, index in enumerate(measures):
            chart.add_series(
                {
                    "name": [name, head, index + 1],
                    "categories": [name, first, 0, last, 0],
                    "values": [name, first, index + 1, last, index + 1],
                    "fill": {"color": COLOURS[number % len(COLOURS)]},
                    "gap": 60,
                }
            )
        font = {"name": FONT, "size": 9}
        chart.set_title({"name": title, "name_font": {**font, "size": 12}, "overlay": False})
        chart.set_x_axis({"num_font": font})
        chart.set_y_axis(
            {
                "num_font": font,
                "num_format": NUMBER_FORMATS["integer"],
                "major_gridlines": {"visible": True, "line": {"color": "#E1E4E7"}},
            }
        )
        chart.set_legend({"position": "bottom", "font": font})
        chart.set_size({"width": 960, "height": 340})
        self.summary.insert_chart(self.next_row, 0, chart, {"object_position": 1})
        self.next_row += 1 + 340 // 24  # 18 points are 24 pixels


def _criterion(text):
    """A text as criterion of COUNTIFS: equal to it, without wildcards."""
    for special in "~*?":
        text = text.replace(special, f"~{special}")
    return '"=' + text.replace('"', '""') + '"'
