"""Writes rows as they come, into CSV files and, if wanted, the same again as Excel workbooks."""

import csv
from datetime import date
from pathlib import Path

XLSX_ROWS = 1_048_575  # rows of a sheet below the header
# Columns that a spreadsheet holds as numbers or as dates; all others are text, so that no zero in
# front is lost.
_NUMBERS = set(
    "load phase meter_multiplier security_deposit never_paid long_unpaid lifeline unmetered months "
    "previous_reading current_reading units demand energy fixed minimum fppas duty "
    "excess_demand rebate subsidy adjustment arrears lpsc total total_after_due "
    "last_payment_amount amount".split()
)
_DATES = set(
    "connection_date temporary_date permanent_date taken_on bill_date due_date disconnection_date "
    "previous_reading_date current_reading_date last_payment_date date".split()
)


class CsvFile:
    """A CSV file (UTF-8, comma, header row) open for writing; counts its rows."""

    def __init__(self, folder, name, columns):
        self.path = Path(folder) / f"{name}.csv"
        self.rows = 0
        self._file = self.path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(columns)

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self._file.close()

    def write(self, row):
        self._writer.writerow(row)
        self.rows += 1

    def write_all(self, rows):
        self._writer.writerows(rows)
        self.rows += len(rows)


def to_xlsx(path, rows_per_book=XLSX_ROWS):
    """Write the CSV file ``path`` again beside it as ``.xlsx``, ``rows_per_book`` rows a workbook.

    :return: paths written; the second workbook is ``name-2.xlsx`` and so on
    """
    import xlsxwriter

    path = Path(path)
    written = []
    with path.open(encoding="utf-8", newline="") as source:
        reader = csv.reader(source)
        columns = next(reader)
        kinds = [("n" if c in _NUMBERS else "d" if c in _DATES else "s") for c in columns]
        book = None
        for nth, row in enumerate(reader):
            line = nth % rows_per_book + 1
            if line == 1:
                if book:
                    book.close()
                number = nth // rows_per_book + 1
                name = path.stem if number == 1 else f"{path.stem}-{number}"
                written.append(path.with_name(f"{name}.xlsx"))
                book, sheet, day = _workbook(xlsxwriter, written[-1], path.stem, columns)
            for place, (kind, text) in enumerate(zip(kinds, row, strict=True)):
                if not text:
                    continue
                if kind == "n":
                    sheet.write_number(line, place, float(text))
                elif kind == "d":
                    sheet.write_datetime(line, place, date.fromisoformat(text), day)
                else:
                    sheet.write_string(line, place, text)
        if book is None:
            written.append(path.with_suffix(".xlsx"))
            book, _sheet, _day = _workbook(xlsxwriter, written[-1], path.stem, columns)
        book.close()
    return written


def _workbook(xlsxwriter, path, title, columns):
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet(title)
    bold = book.add_format({"bold": True})
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column, bold)
    return book, sheet, book.add_format({"num_format": "yyyy-mm-dd"})
