"""Rows of CSV and XLSX files, streamed with constant memory, hostile files refused.

Every cell comes as text: dates as YYYY-MM-DD, whole numbers without a decimal point, formulas not
at all. What can be seen of a file before its first row is read is refused at opening; the rest
while reading, with the number of the row.
"""

import codecs
import csv
import datetime
import io
import zipfile
import zlib
from decimal import Decimal

import openpyxl

# A cell longer than this holds no name, address or number: an unclosed quote, or an attack.
MAX_CELL = 2_000
MAX_COLUMNS = 200
# All columns full of three-byte letters.
MAX_ROW_BYTES = 3 * MAX_CELL * MAX_COLUMNS
MAX_ROWS = 1_000_000
MAX_BYTES = 512 * 1024 * 1024
# Unpacked size of an XLSX file: 10,00,000 rows of 30 columns are about 1.5 GB of XML.
MAX_UNPACKED = 2 * 1024 * 1024 * 1024
# Sheets compress about 1:10 to 1:30; a bomb 1:1000.
MAX_RATIO = 200
# Excel keeps texts in one part that is read into memory whole, at about four times its size.
MAX_SHARED_STRINGS = 64 * 1024 * 1024
MAX_PARTS = 2_000

DELIMITERS = (",", ";", "\t", "|")
ZIP_MAGIC = b"PK\x03\x04"
# Executables, PDF, old Excel (OLE), gzip, images: a renamed file says so instead of "bad encoding".
FOREIGN_MAGIC = (
    b"%PDF",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"MZ",
    b"\x7fELF",
)


# What openpyxl and zipfile raise for files that are broken.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    TypeError,
    OSError,
    SyntaxError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)


class TabularError(ValueError):
    """A file that cannot be read as a table.

    ``code`` is one of ``empty``, ``too_large``, ``too_many_rows``, ``too_many_columns``,
    ``cell_too_long``, ``encoding``, ``binary``, ``foreign``, ``no_header``, ``duplicate_column``,
    ``csv``, ``xlsx``, ``zip_bomb``, ``macros``, ``encrypted``; ``params`` what its message names.
    """

    def __init__(self, code, **params):
        super().__init__(code)
        self.code = code
        self.params = params


class Table:
    """Header and rows of one file.

    :ivar header: names of the columns, as written
    :ivar delimiter: of a CSV file, None for XLSX
    :ivar has_more: whether the file holds sheets that are not read
    """

    def __init__(self, header, rows, delimiter=None, has_more=False):
        self.header = header
        self.delimiter = delimiter
        self.has_more = has_more
        self._rows = rows

    def __iter__(self):
        """Yield ``(number, cells)``: the row's number in the file and its texts, as many as the
        header has columns. Rows without any text are left out. A row that is broken in itself
        yields ``(number, RowError)`` instead; what breaks the whole file raises TabularError."""
        return self._rows


class RowError(ValueError):
    """A row that cannot be used; ``code`` is ``formula``, ``columns``, ``cell_too_long`` or
    ``error_cell``. ``cells`` holds what could be read."""

    def __init__(self, code, cells):
        super().__init__(code)
        self.code = code
        self.cells = cells


def open_table(file, max_rows=MAX_ROWS, max_bytes=MAX_BYTES, delimiter=None):
    """Open a CSV or XLSX file; which one it is, its first bytes tell and not its name.

    :param file: seekable binary file
    :param delimiter: of a CSV file, found from its header when None
    :return: Table; its rows are read from ``file`` while it is iterated
    :raise TabularError: see there
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if not size:
        raise TabularError("empty")
    if size > max_bytes:
        raise TabularError("too_large", size=size, limit=max_bytes)
    magic = file.read(8)
    file.seek(0)
    if magic.startswith(ZIP_MAGIC):
        return _open_xlsx(file, max_rows)
    if magic.startswith(FOREIGN_MAGIC):
        raise TabularError("foreign")
    return _open_csv(file, max_rows, delimiter)


def is_formula(text):
    """Whether a spreadsheet would take the text for a formula. Signed numbers are none."""
    if text[0] in "=@":
        return True
    if text[0] not in "+-" or len(text) == 1:
        return False
    return not (text[1].isdigit() or text[1] in ". (")


# === CSV === #


def _open_csv(file, max_rows, delimiter):
    head = file.read(64 * 1024)
    file.seek(0)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TabularError("encoding", row=1)
    if b"\x00" in head:
        raise TabularError("binary")
    if delimiter is None:
        line = head.split(b"\n", 1)[0]
        delimiter = max(DELIMITERS, key=lambda sign: line.count(sign.encode()))
    lines = _Lines(file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header = _check_header(_next_csv(reader, lines))
    return Table(header, _csv_rows(reader, lines, len(header), max_rows), delimiter)


class _Lines:
    """Lines of a file as text. A row may span several, but not without end: the limit of Python's
    csv on a cell is the process's, and Odoo lifts it to 500 MB.

    :ivar number: of the last line read
    :ivar begin: of the first line of the row: a quotation mark that never closes stands there, not
        at the end of the file
    """

    def __init__(self, file):
        self._file = file
        self._size = 0
        self.number = 0
        self.begin = 1

    def __iter__(self):
        return self

    def __next__(self):
        line = self._file.readline(MAX_ROW_BYTES)
        if not line:
            raise StopIteration
        if not self.number:
            line = line.removeprefix(codecs.BOM_UTF8)
        self.number += 1
        self._size += len(line)
        if self._size >= MAX_ROW_BYTES:
            raise TabularError("cell_too_long", row=self.begin)
        if b"\x00" in line:
            raise TabularError("binary")
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            raise TabularError("encoding", row=self.number) from error

    def end_row(self):
        """Start counting the bytes of the next row."""
        self._size = 0
        self.begin = self.number + 1


def _next_csv(reader, lines):
    try:
        cells = next(reader, None)
    except csv.Error as error:
        raise TabularError("csv", row=lines.begin) from error
    lines.end_row()
    return cells


def _csv_rows(reader, lines, width, max_rows):
    count = 0
    while (cells := _next_csv(reader, lines)) is not None:
        if not any(cells):
            continue
        count += 1
        if count > max_rows:
            raise TabularError("too_many_rows", limit=max_rows)
        yield lines.number, _check_row([cell.strip() for cell in cells], width)


# === XLSX === #


def _open_xlsx(file, max_rows):
    _check_archive(file)
    file.seek(0)
    try:
        # Formulas and not their last results: a cached result need not be what the formula gives.
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except BROKEN as error:
        raise TabularError("xlsx") from error
    if not book.worksheets:
        raise TabularError("empty")
    sheet = book.worksheets[0]
    # The dimension a file claims may be wrong or absurd.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=max_rows + 2, max_col=MAX_COLUMNS + 1)
    try:
        first = next(rows, None)
    except BROKEN as error:
        raise TabularError("xlsx") from error
    # A formula in the head is the text that it is.
    cells = [_plain(cell.value) for cell in first] if first else None
    while cells and not cells[-1]:
        cells.pop()
    header = _check_header(cells)
    rows = _xlsx_rows(book, rows, len(header), max_rows)
    return Table(header, rows, has_more=len(book.sheetnames) > 1)


def _check_archive(file):
    """Judge an archive by its directory and the first bytes of its parts; unpack nothing else."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if any(part.flag_bits & 0x1 for part in parts):
                raise TabularError("encrypted")
            if "xl/workbook.xml" not in names:
                raise TabularError("foreign")
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise TabularError("macros")
            unpacked = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts) or 1
            if (
                len(parts) > MAX_PARTS
                or unpacked > MAX_UNPACKED
                or (unpacked > MAX_SHARED_STRINGS and unpacked / packed > MAX_RATIO)
            ):
                raise TabularError("zip_bomb", size=unpacked, limit=MAX_UNPACKED)
            for part in parts:
                if part.filename.endswith("sharedStrings.xml"):
                    if part.file_size > MAX_SHARED_STRINGS:
                        raise TabularError(
                            "too_large", size=part.file_size, limit=MAX_SHARED_STRINGS
                        )
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        # No office program writes a document type; entity attacks need one.
                        if b"<!DOCTYPE" in stream.read(1024):
                            raise TabularError("xlsx")
    except TabularError:
        raise
    except BROKEN as error:
        raise TabularError("xlsx") from error


def _xlsx_rows(book, rows, width, max_rows):
    number = 1
    count = 0
    try:
        for row in rows:
            number += 1
            try:
                cells = [_cell_text(cell) for cell in row]
            except RowError as error:
                error.cells = [_plain(cell.value) for cell in row][:width]
                yield number, error
                continue
            if not any(cells):
                continue
            count += 1
            if count > max_rows:
                raise TabularError("too_many_rows", limit=max_rows)
            while len(cells) > width and not cells[-1]:
                cells.pop()
            yield number, _check_row(cells, width)
        if number > max_rows + 1:
            raise TabularError("too_many_rows", limit=max_rows)
    except TabularError:
        raise
    except BROKEN as error:
        raise TabularError("xlsx") from error
    finally:
        book.close()


def _cell_text(cell):
    if cell.data_type == "f":
        raise RowError("formula", None)
    if cell.data_type == "e":
        raise RowError("error_cell", None)
    return _plain(cell.value)


def _plain(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        # repr gives the shortest text that means the same number: 677.5, never 677.50000000000001.
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)


# === Checks of both === #


def _check_header(cells):
    if not cells or not any(cell.strip() for cell in cells):
        raise TabularError("no_header")
    if len(cells) > MAX_COLUMNS:
        raise TabularError("too_many_columns", limit=MAX_COLUMNS)
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if any(len(name) > MAX_CELL for name in header):
        raise TabularError("cell_too_long", row=1)
    lowered = [name.lower() for name in header if name]
    for name in lowered:
        if lowered.count(name) > 1:
            raise TabularError("duplicate_column", column=name)
    return header


def _check_row(cells, width):
    if len(cells) > width:
        if any(cells[width:]):
            return RowError("columns", cells[:width])
        del cells[width:]
    elif len(cells) < width:
        cells.extend([""] * (width - len(cells)))
    for cell in cells:
        if cell and cell[0] in "=@+-" and is_formula(cell):
            return RowError("formula", cells)
        if len(cell) > MAX_CELL:
            return RowError("cell_too_long", [text[:MAX_CELL] for text in cells])
    return cells
