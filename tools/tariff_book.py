"""The dated tariff as plain data: rates, figures and the day from which each holds.

Imports nothing of Odoo. Days are counted with the first and the last, money is rupees, every number
a :class:`decimal.Decimal`. How charges are rounded stands in ``tools/tariff.py``.
"""

from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import NamedTuple

CENT = Decimal("0.01")
ZERO = Decimal(0)
LOAD_UNITS = {"kw": "kW", "kva": "kVA", "bhp": "BHP"}


class TariffError(ValueError):
    """No bill can be made out; ``code`` says why, ``params`` about what."""

    def __init__(self, code, **params):
        super().__init__(code)
        self.code = code
        self.params = params


class Slab(NamedTuple):
    """Price of the units of a month up to ``upto`` (None: all the rest), in rupees a unit."""

    upto: Decimal | None
    rate: Decimal
    verified: bool = True


class Rate(NamedTuple):
    """What one kind of supply costs from ``start`` to ``end`` (None: until further notice).

    :ivar tariff: key of the schedule it stands in
    :ivar fixed: rupees a month for each ``fixed_unit`` (kw, kva, bhp, connection)
    :ivar minimum: least that energy and fixed charge come to, for the same unit and month
    :ivar subsidy_unit: rupees a unit that the state pays
    :ivar subsidy_percent: share of energy, fixed and minimum charge that the state pays
    :ivar max_units: a lifeline rate holds up to so many units a month
    :ivar max_load: and up to so many kW
    """

    tariff: int
    start: date
    end: date | None
    slabs: tuple = ()
    fixed: Decimal = ZERO
    fixed_unit: str = "kw"
    minimum: Decimal = ZERO
    subsidy_unit: Decimal = ZERO
    subsidy_percent: Decimal = ZERO
    max_units: Decimal | None = None
    max_load: Decimal | None = None
    verified: bool = True


class Value(NamedTuple):
    """A dated figure such as a percentage, a factor or a norm; ``base`` names a key of BASES."""

    start: date
    end: date | None
    value: Decimal
    base: str = "charges"
    verified: bool = True


class Supply(NamedTuple):
    """The connection as it is billed; ``load_unit`` is kw, kva or bhp."""

    category: object
    area: str | None
    lifeline: bool
    metered: bool
    load: Decimal
    load_unit: str = "kw"


class Part(NamedTuple):
    """A run of days on which the same ``row`` (None: none) holds."""

    row: object
    start: date
    end: date

    @property
    def days(self):
        """Number of days, the first and the last included."""
        return (self.end - self.start).days + 1


class Book:
    """All rates and figures, ready to be asked for many bills.

    :param rates: iterable of ``((category, area or None, lifeline, metered), Rate)``
    :param values: iterable of ``(kind, category or None, Value)``
    """

    def __init__(self, rates, values):
        self._rates = {}
        for key, rate in rates:
            self._rates.setdefault(key, []).append(rate)
        self._values = {}
        for kind, category, value in values:
            self._values.setdefault((kind, category), []).append(value)
        # Bills of a round share their dates.
        self._parts = {}

    def value(self, kind, on, category=None):
        """The figure of a kind in force on a day, that of the category first; None without one."""
        return self.parts(kind, on, on, category)[0].row

    def number(self, kind, on, category=None, default=None):
        """As :meth:`value`, the bare number."""
        found = self.value(kind, on, category)
        return default if found is None else found.value

    def parts(self, kind, start, end, category=None):
        """The figures of a kind from ``start`` to ``end``, as a list of :class:`Part`."""
        key = (kind, category, start, end)
        if key not in self._parts:
            rows = [*self._values.get((kind, category), ())] if category is not None else []
            self._parts[key] = _timeline(rows, self._values.get((kind, None), ()), start, end)
        return self._parts[key]

    def rates(self, supply, lifeline, start, end):
        """The rates of a supply from ``start`` to ``end``, as a list of :class:`Part`."""
        key = (supply.category, supply.area, lifeline, supply.metered, start, end)
        if key not in self._parts:
            category, area, metered = supply.category, supply.area, supply.metered
            own = self._rates.get((category, area, lifeline, metered), ()) if area else ()
            general = self._rates.get((category, None, lifeline, metered), ())
            self._parts[key] = _timeline(own, general, start, end)
        return self._parts[key]


def _timeline(rows, others, start, end):
    """Runs of days on which the same row holds; ``others`` fill the days that ``rows`` leave."""
    rows, others = list(rows), list(others)
    cuts = {start}
    for row in (*rows, *others):
        if start < row.start <= end:
            cuts.add(row.start)
        if row.end is not None and start <= row.end < end:
            cuts.add(row.end + timedelta(days=1))
    cuts = sorted(cuts)
    parts = []
    for first, following in zip(cuts, [*cuts[1:], end + timedelta(days=1)], strict=True):
        row = _covering(rows, first) or _covering(others, first)
        last = following - timedelta(days=1)
        if parts and parts[-1].row is row:
            parts[-1] = parts[-1]._replace(end=last)
        else:
            parts.append(Part(row, first, last))
    return parts


def _covering(rows, day):
    """The row in force on a day. Rows do not overlap; should they, the later one holds."""
    found = None
    for row in rows:
        covers = row.start <= day and (row.end is None or day <= row.end)
        if covers and (found is None or row.start > found.start):
            found = row
    return found


def money(amount):
    """Rupees rounded to paise, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def decimal_of(number):
    """A float of at most four decimals as the decimal that was meant."""
    return Decimal(f"{number:.4f}").normalize() if number else ZERO


def split(quantity, parts):
    """Divide a quantity over parts by their days, in hundredths; the last takes the rest."""
    days = sum(part.days for part in parts)
    shares = [money(quantity * part.days / days) for part in parts[:-1]]
    return [*shares, quantity - sum(shares, ZERO)]


def plain(number):
    """``100``, ``1.5``: no zeros that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# === LOAD === #


def load_in(unit, load, load_unit, book, on):
    """Load in another unit, exact. kW = BHP x factor, kVA = kW / power factor, both dated figures.

    :raise TariffError: ``no_factor`` where the factor is not recorded
    """
    if unit == load_unit:
        return load
    if load_unit == "bhp":
        load *= _factor(book, "bhp_kw", on)
    elif load_unit == "kva":
        load *= _factor(book, "power_factor", on)
    if unit == "bhp":
        return load / _factor(book, "bhp_kw", on)
    if unit == "kva":
        return load / _factor(book, "power_factor", on)
    return load


def _factor(book, kind, on):
    factor = book.number(kind, on)
    if not factor:
        raise TariffError("no_factor", kind=kind, day=on)
    return factor


def billed_load(supply, unit, book, on):
    """Load that fixed charge and norms are taken of: fractions count as the next higher unit.

    :raise TariffError: ``no_load`` where the connection has none
    """
    if supply.load <= 0:
        raise TariffError("no_load")
    load = load_in(unit, supply.load, supply.load_unit, book, on)
    return load.to_integral_value(ROUND_CEILING)
