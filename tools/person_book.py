"""A workbook with a sheet for each kind of data that is kept of one person."""

import re
from datetime import date, datetime

import xlsxwriter

from .xlsx_summary import MAX_TEXT

MAX_TITLE = 31  # letters in the name of a sheet
MAX_WIDTH = 60  # characters of a column
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")


def sheet_name(title, used):
    """Return a name that Excel takes and that is not in ``used``, which gets it."""
    name = base = _FORBIDDEN.sub(" ", title).strip()[:MAX_TITLE] or "-"
    number = 1
    while name.lower() in used:
        number += 1
        name = f"{base[: MAX_TITLE - 4]} {number}"
    used.add(name.lower())
    return name


def write(path, sheets):
    """Write the workbook.

    Every text is written as text: nothing that a person wrote is taken for a formula.

    :param sheets: iterable of (title, headers, rows); a cell is text, number, date, datetime, None
    """
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        plain = book.add_format({"text_wrap": True, "valign": "top"})
        formats = {
            datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm", "valign": "top"}),
            date: book.add_format({"num_format": "dd/mm/yyyy", "valign": "top"}),
        }
        used = set()
        for title, headers, rows in sheets:
            sheet = book.add_worksheet(sheet_name(title, used))
            sheet.freeze_panes(1, 0)
            for column, header in enumerate(headers):
                width = max(len(header), *(len(str(row[column] or "")) for row in rows), 8)
                sheet.set_column(column, column, min(width + 2, MAX_WIDTH))
                sheet.write_string(0, column, header, head)
            for place, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    if value is None or value == "":
                        continue
                    if type(value) in formats:
                        sheet.write_datetime(place, column, value, formats[type(value)])
                    elif isinstance(value, int | float):
                        sheet.write_number(place, column, value, plain)
                    else:
                        sheet.write_string(place, column, str(value)[:MAX_TEXT], plain)
