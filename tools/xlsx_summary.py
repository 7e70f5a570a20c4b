"""What the first sheet of a workbook shows: declared as tables, counted while the rows pass."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter

MAX_GROUPS = 500  # of a table; what is more is summed up as others
MAX_TEXT = 32_767  # characters in a cell
MAX_KEY = 120  # of a text that groups: a formula holds texts of 255, and some signs count twice
EPOCH = datetime(1899, 12, 30).toordinal()  # day 0 of a sheet
# Lakh and crore: Excel groups by the system's region, so the grouping is spelt out. A format takes
# two conditions at most, hence one format for each sign.
MONEY = r"[>=10000000]##\,##\,##\,##0.00;[>=100000]##\,##\,##0.00;##,##0.00"
NEGATIVE_MONEY = r"[<=-10000000]-##\,##\,##\,##0.00;[<=-100000]-##\,##\,##0.00;##,##0.00"
NUMBER_FORMATS = {
    "integer": r"[>=10000000]##\,##\,##\,##0;[>=100000]##\,##\,##0;##,##0",
    "negative integer": r"[<=-10000000]-##\,##\,##\,##0;[<=-100000]-##\,##\,##0;##,##0",
    "money": MONEY,
    "negative money": NEGATIVE_MONEY,
    "decimal": MONEY,
    "negative decimal": NEGATIVE_MONEY,
    "percent": "0.0%",
    "month": "mm/yyyy",
    "date": "dd/mm/yyyy",
    "datetime": "dd/mm/yyyy hh:mm",
}
# Vowel signs and the like above and below a letter take no room of their own.
SIGNS = re.compile(
    "[\u0900-\u0902\u093a\u093c\u0941-\u0948\u094d\u0951-\u0957\u0962\u0963\u200c\u200d]"
)


@dataclass(frozen=True)
class Measure:
    """A column of a table: counts, or sums, the rows of a group.

    ``where`` (tuple of column index and text) narrows the rows; ``summed`` is the index of the
    column added up instead of counting, ``divided`` what the sum is divided by; ``share`` (indexes
    of measures of the table, index of another) makes it the quotient of the first by the second,
    shown as ``kind``.
    """

    header: str
    where: tuple[tuple[int, str], ...] = ()
    summed: int | None = None
    divided: float = 1
    share: tuple[tuple[int, ...], int] | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Chart:
    """A chart of a table: ``kind`` column, stacked, bar, line or pie, of some measures.

    ``key`` is the place of the key that names its groups, None where all do: beside lying bars
    there is room for one.
    """

    measures: tuple[int, ...]
    kind: str = "stacked"
    limit: int = 20
    key: int | None = None


@dataclass(frozen=True)
class Table:
    """A table of the groups that rows form by the texts, or days, of one column or of several.

    ``order`` is None for the order of the rows, ``name``, a list of texts of the first key, or the
    index of a measure, largest first. ``sparse`` leaves measures out that are nothing everywhere.
    """

    title: str
    keys: tuple[int, ...]
    headers: tuple[str, ...]
    measures: tuple[Measure, ...]
    chart: Chart | None = None
    order: object = None
    limit: int = MAX_GROUPS
    sparse: bool = False


@dataclass(frozen=True)
class Top:
    """The first rows of a sheet once more, as far as some columns."""

    title: str
    columns: tuple[int, ...]
    limit: int = 25


class Tally:
    """Counts the rows of a data sheet for one table while they pass."""

    def __init__(self, table):
        self.table, self.rows = table, []
        self.groups = {}
        self.dims = ()
        if isinstance(table, Top):
            self.add = self._keep
            return
        conditions = {index for measure in table.measures for index, _text in measure.where}
        self.dims = (*table.keys, *sorted(conditions - set(table.keys)))
        self.sums = sorted({m.summed for m in table.measures if m.summed is not None})
        key = itemgetter(*self.dims)
        self._key = key if len(self.dims) > 1 else lambda values: (key(values),)
        self._places = list(enumerate(self.sums, 1))

    def add(self, values):
        """Count one row."""
        key = self._key(values)
        found = self.groups.get(key)
        if found is None:
            found = self.groups[key] = [0] * (1 + len(self._places))
        found[0] += 1
        for place, index in self._places:
            value = values[index]
            if value:
                found[place] += value

    def _keep(self, values):
        if len(self.rows) < self.table.limit:
            self.rows.append([values[index] for index in self.table.columns])

    def results(self):
        """``({key: values of the measures}, values of all rows)``, keys in the table's order."""
        size = len(self.table.keys)
        groups = {}
        spelt = {}
        for dims, found in self.groups.items():
            key = tuple("" if text is None else text for text in dims[:size])
            # Formulas do not tell capital letters from small ones; the first spelling stands.
            same = tuple(text.casefold() if isinstance(text, str) else text for text in key)
            key = spelt.setdefault(same, key)
            groups.setdefault(key, []).append((dims, found))
        values = {key: self._measure(parts) for key, parts in groups.items()}
        total = self._measure(list(self.groups.items()))
        return {key: values[key] for key in self._ordered(values)}, total

    def _ordered(self, values):
        order = self.table.order
        if isinstance(order, int):
            return sorted(values, key=lambda key: -values[key][order])
        if isinstance(order, list | tuple):
            places = {text: place for place, text in enumerate(order)}
            return sorted(values, key=lambda key: (places.get(key[0], len(places)), key))
        return sorted(values) if order == "name" else list(values)

    def _measure(self, parts):
        """Values of the measures for [(dims, counts)]."""
        values = []
        for measure in self.table.measures:
            if measure.share:
                above, below = measure.share
                whole = values[below]
                values.append(sum(values[index] for index in above) / whole if whole else 0)
                continue
            wanted = [(self.dims.index(index), text) for index, text in measure.where]
            place = 0 if measure.summed is None else 1 + self.sums.index(measure.summed)
            found = sum(
                counts[place]
                for dims, counts in parts
                if all(dims[index] == text for index, text in wanted)
            )
            values.append(found / measure.divided if measure.divided != 1 else found)
        return values


def number_width(value, kind):
    """Characters that a number of this kind takes, grouped by lakh and crore."""
    digits = f"{value:.2f}" if kind in ("money", "decimal") else f"{value:.0f}"
    # After the first three a comma for each two.
    commas = max(len(digits.split(".")[0]) - 2, 0) // 2
    return len(digits) + commas + 2 * (kind == "percent")


def text_width(text):
    """Characters whose room a text takes."""
    return len(SIGNS.sub("", text))


def text_lines(text, width):
    """Lines that a text takes in a column of so many characters."""
    lines = broken(text, width).split("\n")
    return sum(max(-(-text_width(line) // width), 1) for line in lines)


def broken(text, width):
    """A text with its lines broken between words, as far as words are no longer than ``width``."""
    lines = []
    for paragraph in text.split("\n"):
        line, *words = paragraph.split(" ")
        for word in words:
            if text_width(line) + 1 + text_width(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}"
        lines.append(line)
    return "\n".join(lines)


def plain(value):
    """A value as text that stands in a cell as it is.

    xlsxwriter takes ``<r>…</r>`` for formatted text and writes it raw into the file.
    """
    value = str(value)[:MAX_TEXT]
    return f" {value}" if value.startswith("<r>") else value


def short(value):
    """A text as far as a formula may hold it, if it may be searched for."""
    return value if value is None or len(value) <= MAX_KEY else f"{value[: MAX_KEY - 1]}…"


def looks_like_number(text):
    """Whether a spreadsheet may take the text for a number or a day."""
    return isinstance(text, str) and any(map(str.isdigit, text)) and not any(map(str.isalpha, text))


def literal(text):
    """A text or day in a formula."""
    if isinstance(text, date):
        return str(text.toordinal() - EPOCH)
    return '"' + text.replace('"', '""') + '"'


def criterion(text):
    """A text or day as criterion of COUNTIFS: equal to it, without wildcards."""
    if isinstance(text, date):
        return str(text.toordinal() - EPOCH)
    for special in "~*?":
        text = text.replace(special, f"~{special}")
    return '"=' + text.replace('"', '""') + '"'
