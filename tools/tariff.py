"""Charges of a bill by a dated tariff: plain data in, charge lines out. Imports nothing of Odoo.

Rounding, so that a reader can redo every line of a bill by hand:

* Quantities (units, units of a slab, kW-months, rupees that a percentage is taken of) are rounded
  to hundredths, half up. Where a quantity is divided over the days before and after a change of
  rates, the last part takes the rest, so that the parts add up to the whole.
* The amount of a line is its quantity times its rate, rounded to paise, half up.
* Percentages are taken of sums of lines already rounded.
* Nothing else is rounded; a total is the sum of its lines and has paise.

The rates themselves, and the days from which they hold, are those of ``tools/tariff_book.py``.
"""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .tariff_book import LOAD_UNITS, ZERO, TariffError, billed_load, load_in, money, plain, split

ONE = Decimal(1)
HUNDRED = Decimal(100)

# What a percentage is taken of, as heads of lines.
BASES = {
    "charges": frozenset(("energy", "fixed", "minimum")),
    "energy": frozenset(("energy",)),
    "charges_fppas": frozenset(("energy", "fixed", "minimum", "fppas")),
}


class Usage(NamedTuple):
    """What was used from ``start`` to ``end``: ``units`` in kWh, ``kvah`` where it was measured,
    ``demand`` the highest in kW (kVA where the fixed charge is by kVA)."""

    start: date
    end: date
    months: int
    units: Decimal
    kvah: Decimal | None = None
    demand: Decimal = ZERO


class Line(NamedTuple):
    """One charge, signed as it counts."""

    head: str
    name: str
    quantity: Decimal
    rate: Decimal
    amount: Decimal


class Charges(NamedTuple):
    """Result of :func:`charge`.

    :ivar tariff: key of the schedule in force on the last day
    :ivar verified: whether every rate used is confirmed by its source
    :ivar notes: codes of what the reader of the bill should know
    :ivar unknown: heads of percentages for which no rate covers a day of the period
    """

    lines: list
    tariff: int
    verified: bool
    notes: list
    unknown: frozenset

    @property
    def total(self):
        """Sum of the lines in rupees."""
        return sum((line.amount for line in self.lines), ZERO)


def charge(book, supply, usage):
    """Make out the charges of one bill.

    :param book: :class:`Book`
    :param supply: :class:`Supply`
    :param usage: :class:`Usage`
    :return: :class:`Charges`
    :raise TariffError: ``no_category``, ``no_rate`` (days without one), ``no_load``, ``no_factor``,
        ``dates``, ``units``
    """
    if not supply.category:
        raise TariffError("no_category")
    if usage.end < usage.start or usage.months < 1:
        raise TariffError("dates")
    if usage.units < 0 or (usage.kvah or ZERO) < 0:
        raise TariffError("units")
    parts = _rates(book, supply, usage)
    last = parts[-1].row
    notes = []
    units, unit_name = _billed_units(book, supply, usage, notes)
    lines = []
    _energy_and_fixed(book, supply, usage, parts, units, unit_name, lines)
    verified = all(
        part.row.verified and all(slab.verified for slab in part.row.slabs) for part in parts
    )
    unknown = set()
    for head in ("fppas", "duty"):
        verified &= _percentage(book, supply, usage, head, lines, unknown)
    verified &= _excess_demand(book, supply, usage, last, lines)
    _subsidy(parts, units, lines)
    if not verified:
        notes.append("unverified")
    return Charges(lines, last.tariff, verified, notes, frozenset(unknown))


def _rates(book, supply, usage):
    """Rates of the period; those of the lifeline while its limits are kept."""
    if supply.lifeline:
        parts = book.rates(supply, True, usage.start, usage.end)
        if all(part.row and _within(part.row, book, supply, usage) for part in parts):
            return parts
    parts = book.rates(supply, False, usage.start, usage.end)
    missing = next((part for part in parts if part.row is None), None)
    if missing:
        if not supply.area:
            raise TariffError("no_area")
        raise TariffError(
            "no_rate",
            start=missing.start,
            end=missing.end,
            area=supply.area,
            metered=supply.metered,
        )
    return parts


def _within(rate, book, supply, usage):
    if rate.max_units is not None and usage.units > rate.max_units * usage.months:
        return False
    if rate.max_load is None:
        return True
    return load_in("kw", supply.load, supply.load_unit, book, usage.start) <= rate.max_load


def _billed_units(book, supply, usage, notes):
    """Units that are charged: kVAh from a load on, where they were measured."""
    limit = book.number("kvah_from", usage.end)
    if supply.metered and limit is not None and supply.load > 0:
        if load_in("kw", supply.load, supply.load_unit, book, usage.end) >= limit:
            if usage.kvah is not None:
                return usage.kvah, "kVAh"
            notes.append("no_kvah")
    return usage.units, "units"


def _energy_and_fixed(book, supply, usage, parts, units, unit_name, lines):
    """Energy by slab, fixed charge, and what is missing to the minimum."""
    least = ZERO
    days = sum(part.days for part in parts)
    fixed_lines = []
    months = split(Decimal(usage.months), parts)
    loads = {}
    for at, (part, part_units) in enumerate(zip(parts, split(units, parts), strict=True)):
        rate = part.row
        dates = f", {part.start:%d/%m/%Y}–{part.end:%d/%m/%Y}" if len(parts) > 1 else ""
        if supply.metered:
            scale = Decimal(usage.months * part.days) / days
            lines.extend(_slab_lines(rate, part_units, scale, unit_name, dates))
        if not rate.fixed and not rate.minimum:
            continue
        unit = rate.fixed_unit
        if unit not in loads:
            load = ONE if unit == "connection" else billed_load(supply, unit, book, usage.end)
            loads[unit] = load, split(load * usage.months, parts)
        load, quantities = loads[unit]
        quantity = quantities[at]
        least += money(rate.minimum * quantity)
        if rate.fixed:
            what = "connection" if unit == "connection" else f"{plain(load)} {LOAD_UNITS[unit]}"
            count = plain(months[at])
            name = f"Fixed charge, {what} × {count} {'month' if count == '1' else 'months'}{dates}"
            amount = money(quantity * rate.fixed)
            fixed_lines.append(Line("fixed", name, quantity, rate.fixed, amount))
    lines.extend(fixed_lines)
    missing = least - sum((line.amount for line in lines), ZERO)
    if missing > 0:
        name = f"Difference to the minimum charge of {least:.2f}"
        lines.append(Line("minimum", name, ZERO, ZERO, missing))


def _slab_lines(rate, units, scale, unit_name, dates):
    """Energy charge of one part; ``scale`` is the number of months that its days stand for."""
    below = ZERO
    left = units
    for slab in rate.slabs:
        upto = None if slab.upto is None else money(slab.upto * scale)
        quantity = left if upto is None else min(left, upto - below)
        if quantity > 0:
            name = f"Energy charge, {_limits(below, upto)} {unit_name}{dates}"
            yield Line("energy", name, quantity, slab.rate, money(quantity * slab.rate))
            left -= quantity
        if left <= 0:
            return
        below = below if upto is None else upto
    if left > 0:
        raise TariffError("slabs", units=left)


def _limits(below, upto):
    """``0–100``, ``101–150``, ``over 300``, as tariff orders write slabs."""
    if upto is None:
        return f"over {plain(below)}" if below else "all"
    first = below + 1 if below and below == int(below) else below
    return f"{plain(first)}–{plain(upto)}"


def _percentage(book, supply, usage, head, lines, unknown):
    """Add the lines of a percentage, such as FPPAS, with its sign.

    :return: whether the rates are verified
    """
    label = {"fppas": "FPPAS", "duty": "Electricity duty"}[head]
    parts = book.parts(head, usage.start, usage.end, supply.category)
    if all(part.row is None for part in parts):
        unknown.add(head)
        return True
    bases = {part.row.base for part in parts if part.row}
    totals = {
        base: sum((line.amount for line in lines if line.head in BASES[base]), ZERO)
        for base in bases
    }
    shares = {base: split(total, parts) for base, total in totals.items()}
    for at, part in enumerate(parts):
        if part.row is None or not part.row.value:
            continue
        share, percent = shares[part.row.base][at], part.row.value
        sign = "+" if head == "fppas" and percent > 0 else ""
        name = f"{label}, {sign}{plain(percent)} % of {share:.2f}"
        amount = money(share * percent / HUNDRED)
        if amount:
            lines.append(Line(head, name, ZERO, ZERO, amount))
    return all(part.row.verified for part in parts if part.row)


def _excess_demand(book, supply, usage, rate, lines):
    """Demand above the sanctioned load times the fixed charge times the multiplier, once a bill.

    :return: whether the multiplier is verified
    """
    if not usage.demand or rate.fixed_unit == "connection" or not supply.load:
        return True
    unit = rate.fixed_unit
    measured = "kva" if unit == "kva" else "kw"
    excess = usage.demand - load_in(measured, supply.load, supply.load_unit, book, usage.end)
    if excess <= 0:
        return True
    multiplier = book.value("excess_demand", usage.end, supply.category)
    if multiplier is None:
        raise TariffError("no_multiplier")
    quantity = money(load_in(unit, excess, measured, book, usage.end))
    price = rate.fixed * multiplier.value
    name = f"Demand over the sanctioned load, {plain(quantity)} {LOAD_UNITS[unit]}"
    lines.append(Line("excess_demand", name, quantity, price, money(quantity * price)))
    return multiplier.verified


def _subsidy(parts, units, lines):
    """What the state pays, as negative lines."""
    charged = sum((line.amount for line in lines if line.head in BASES["charges"]), ZERO)
    for part, part_units, share in zip(
        parts, split(units, parts), split(charged, parts), strict=True
    ):
        rate = part.row
        if rate.subsidy_unit and part_units:
            amount = -money(part_units * rate.subsidy_unit)
            lines.append(Line("subsidy", "State subsidy", part_units, -rate.subsidy_unit, amount))
        if rate.subsidy_percent and share:
            name = f"State subsidy, {plain(rate.subsidy_percent)} % of {share:.2f}"
            amount = -money(share * rate.subsidy_percent / HUNDRED)
            lines.append(Line("subsidy", name, ZERO, ZERO, amount))
