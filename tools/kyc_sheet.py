"""The sheet on which field staff take KYC without network: an Excel workbook, also to be printed.

The first sheet is a table that the import reads back as it is: its header stands in row 1, the key
columns are hidden. Only the cells to fill in can be changed, and they take nothing but what the
import takes. The second sheet holds the notice to read out. Rows are streamed to disk.
"""

from dataclasses import dataclass

import xlsxwriter

from .xlsx import A4, FONT

MAX_TEXT = 200  # characters printed of a name
ROW_HEIGHT = 30  # points: two lines of print, or one of handwriting


@dataclass(frozen=True)
class SheetColumn:
    """A column of the sheet.

    :ivar header: text in row 1
    :ivar width: in characters, 0 hides the column
    :ivar fill: None for what is printed, else what may be filled in: ``mobile``, ``date``, ``text``
        or ``choice``
    :ivar choices: of a ``choice``
    :ivar hint: shown beside the cell while it is filled in
    :ivar error: shown when something else is typed
    """

    header: str
    width: float = 12
    fill: str | None = None
    choices: tuple = ()
    hint: str = ""
    error: str = ""


def write_sheet(target, title, columns, rows, count, notice, texts):
    """Write the workbook.

    :param target: path or binary file
    :param title: printed at the top of each page
    :param columns: list of :class:`SheetColumn`
    :param rows: iterable of lists of texts, one for each column, empty where there is none
    :param count: number of rows
    :param notice: paragraphs of the second sheet
    :param texts: dict of words: data, notice (names of the sheets), page (``&P`` and ``&N``)
    """
    book = xlsxwriter.Workbook(
        target,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    book.set_properties({"title": title})
    formats = _formats(book)
    sheet = book.add_worksheet(texts["data"])
    _set_page(sheet, title, texts["page"])
    for index, column in enumerate(columns):
        style = formats["fill" if column.fill else "text"]
        options = {} if column.width else {"hidden": True}
        sheet.set_column(index, index, column.width or 8, style, options)
    for index, column in enumerate(columns):
        if column.fill and count:
            sheet.data_validation(1, index, count, index, _validation(column, index))
    sheet.set_row(0, 32)
    for index, column in enumerate(columns):
        sheet.write_string(0, index, column.header, formats["head"])
    for number, row in enumerate(rows, start=1):
        sheet.set_row(number, ROW_HEIGHT)
        for index, (column, value) in enumerate(zip(columns, row, strict=True)):
            style = formats["fill" if column.fill else "text"]
            if value:
                sheet.write_string(number, index, _printable(value), style)
            else:
                sheet.write_blank(number, index, None, style)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, max(count, 1), len(columns) - 1)
    # Without a password: it keeps from slips, and who must may lift it.
    sheet.protect(options={"autofilter": True, "sort": True, "format_columns": True})
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{count + 1}"})
    _write_notice(book, formats, title, notice, texts)
    book.close()


def _formats(book):
    base = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
    line = {"border": 1, "border_color": "#8A9299", "text_wrap": True}
    return {
        "head": book.add_format(
            {**base, **line, "bold": True, "bg_color": "#E7EEF3", "align": "center"}
        ),
        "text": book.add_format({**base, **line}),
        # Text, so that no number loses digits or turns into 9.4E+09.
        "fill": book.add_format(
            {**base, **line, "locked": False, "num_format": "@", "bg_color": "#FFFBE6"}
        ),
        "title": book.add_format({**base, "font_size": 14, "bold": True}),
        "notice": book.add_format({**base, "font_size": 12, "text_wrap": True, "valign": "top"}),
    }


def _set_page(sheet, title, page):
    sheet.set_paper(A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    font = f'&"{FONT}"'
    sheet.set_header(f"&L{font}&12&B{title.replace('&', '&&')}")
    sheet.set_footer(f"&R{font}&8{page}")


def _validation(column, index):
    cell = f"{xlsxwriter.utility.xl_col_to_name(index)}2"
    rule = {
        "ignore_blank": True,
        "input_message": column.hint[:255],
        "error_message": column.error[:255],
        "show_input": bool(column.hint),
    }
    if column.fill == "choice":
        return {**rule, "validate": "list", "source": list(column.choices)}
    if column.fill == "mobile":
        formula = f'=AND(LEN({cell})=10,ISNUMBER(VALUE({cell})),LEFT({cell},1)>="6")'
        return {**rule, "validate": "custom", "value": formula}
    if column.fill == "date":
        formula = f'=AND(LEN({cell})=10,MID({cell},3,1)="/",MID({cell},6,1)="/")'
        return {**rule, "validate": "custom", "value": formula}
    return {**rule, "validate": "length", "criteria": "<=", "value": MAX_TEXT}


def _printable(text):
    """A text that the import takes for a text: none begins like a formula."""
    return str(text).strip().lstrip("=@")[:MAX_TEXT]


def _write_notice(book, formats, title, notice, texts):
    sheet = book.add_worksheet(texts["notice"])
    _set_page(sheet, title, texts["page"])
    sheet.set_portrait()
    sheet.set_column(0, 0, 90)
    sheet.write_string(0, 0, title, formats["title"])
    for number, paragraph in enumerate(notice, start=1):
        sheet.set_row(number, 20 * (1 + len(paragraph) // 80))
        sheet.write_string(number, 0, paragraph, formats["notice"])
    sheet.protect()
