"""From the readings of an account and its earlier bills to what a bill charges for.

Plain data in, plain data out; imports nothing of Odoo. The methods of a basis of billing are:
``reading`` (the difference of two readings), ``ceiling`` (a reading, limited to a norm by load),
``unmetered`` and ``assessed`` (no usable reading: an average, later a norm).
"""

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from .tariff import Usage
from .tariff_book import ZERO, Supply, TariffError, billed_load, money

# Mean days of a month.
DAYS_OF_MONTH = Decimal("30.4375")
DAY = timedelta(days=1)
READ = ("reading", "ceiling")
HISTORY_MONTHS = 12


class Earlier(NamedTuple):
    """An earlier bill of the account that is in force.

    :ivar method: of its basis
    :ivar kwh: reading it ended with, taken on ``read_on`` (None: none)
    :ivar until: last day it charged for
    :ivar total: payable by the due date; ``surcharge`` of it is for late payment, ``current`` are
        its own charges
    :ivar history: units of the months until it, ``{"month": "YYYY-MM", "units": number}``
    """

    id: int
    period: date
    bill_date: date
    due_date: date
    months: int
    method: str
    units: Decimal
    kwh: Decimal
    kvah: Decimal | None
    read_on: date | None
    until: date
    total: Decimal
    surcharge: Decimal
    current: Decimal
    history: list


class Reading(NamedTuple):
    """What is known of the bill to be made.

    :ivar method: of its basis, None where none was given
    :ivar months: used where nothing tells how many
    :ivar previous_on: date of the previous reading; None: that of the last bill on a reading
    :ivar current_on: None without a reading
    :ivar changed: the meter was changed: ``final`` was the last reading of the old one, ``initial``
        the first of the new one. A meter that ran over its last digit is entered alike.
    """

    supply: Supply
    period: date
    months: int = 1
    method: str | None = None
    multiplier: Decimal = Decimal(1)
    previous: Decimal = ZERO
    previous_on: date | None = None
    current: Decimal = ZERO
    current_on: date | None = None
    kvah_previous: Decimal | None = None
    kvah_current: Decimal | None = None
    demand: Decimal = ZERO
    changed: bool = False
    final: Decimal = ZERO
    initial: Decimal = ZERO


class Measured(NamedTuple):
    """What the bill charges for.

    :ivar basis: code of the basis that holds instead of the given one, or None
    :ivar credited: earlier bills without a reading that this one replaces by its own reading
    :ivar notes: codes of what the reader of the bill should know
    """

    supply: Supply
    usage: Usage
    method: str
    basis: str | None
    previous: Decimal
    previous_on: date | None
    kvah_previous: Decimal | None
    credited: list
    notes: list


def measure(book, reading, earlier):
    """Find units, months and days of a bill.

    :param book: :class:`~.tariff_book.Book`
    :param reading: :class:`Reading`
    :param earlier: bills of the account before it as :class:`Earlier`, newest first
    :return: :class:`Measured`
    :raise TariffError: ``no_reading``, ``no_previous``, ``reading_dates``, ``no_norm``, ``no_load``
    """
    method, basis = reading.method, None
    if method is None:
        if not reading.supply.metered:
            method, basis = "unmetered", "UM"
        elif reading.current_on:
            method, basis = "reading", "MU"
        else:
            method, basis = "assessed", "PROV"
    if method in READ:
        measured = _measure_read(book, reading, earlier, method, basis)
        if measured:
            return measured
        method, basis = "assessed", "RDF"
    return _measure_unread(book, reading, earlier, method, basis)


def _measure_read(book, reading, earlier, method, basis):
    """As :func:`measure`; None where the reading is below the one before it."""
    if not reading.current_on:
        raise TariffError("no_reading")
    previous, previous_on, kvah_previous = (
        reading.previous,
        reading.previous_on,
        reading.kvah_previous,
    )
    stands = reading.changed and bool(earlier) and earlier[0].method == "assessed"
    if not previous_on:
        if stands:
            # What was assessed for the defective meter stands; the new one counts from then on.
            previous, previous_on = reading.initial, earlier[0].until
        else:
            anchor = next((bill for bill in earlier if bill.method in READ and bill.read_on), None)
            if anchor is None:
                raise TariffError("no_previous")
            previous, previous_on, kvah_previous = anchor.kwh, anchor.read_on, anchor.kvah
    if reading.current_on <= previous_on:
        raise TariffError("reading_dates", previous=previous_on, current=reading.current_on)
    if stands:
        used = reading.current - reading.initial
    elif reading.changed:
        used = _not_below(reading.final, previous)
        used = None if used is None else used + reading.current - reading.initial
    else:
        used = reading.current - previous
    if used is None or used < 0 or (reading.changed and reading.current < reading.initial):
        return None
    notes = []
    supply = reading.supply._replace(metered=True)
    months = months_between(previous_on, reading.current_on)
    if months > HISTORY_MONTHS:
        notes.append("long")
    units = money(used * reading.multiplier)
    kvah = None
    if reading.kvah_current is not None and not reading.changed:
        # A meter that has run already has a reading in kVAh, though nobody noted it.
        start = ZERO if kvah_previous is None and not previous else kvah_previous
        apparent = None if start is None else _not_below(reading.kvah_current, start)
        kvah = None if apparent is None else money(apparent * reading.multiplier)
    ceiling = ceiling_units(book, supply, months, reading.current_on)
    if ceiling is not None and units > ceiling:
        units, kvah = ceiling, None
        method, basis = "ceiling", "CEIL"
        notes.append("ceiling")
    credited = (
        []
        if stands
        else [bill for bill in earlier if bill.method == "assessed" and bill.until > previous_on]
    )
    if credited:
        notes.append("credited")
    usage = Usage(previous_on + DAY, reading.current_on, months, units, kvah, reading.demand)
    return Measured(
        supply, usage, method, basis, previous, previous_on, kvah_previous, credited, notes
    )


def _not_below(value, other):
    return value - other if value >= other else None


def _measure_unread(book, reading, earlier, method, basis):
    end = date(
        reading.period.year,
        reading.period.month,
        monthrange(reading.period.year, reading.period.month)[1],
    )
    months = reading.months
    first = _month_before(reading.period, months - 1)
    if earlier:
        last = earlier[0]
        months = max(1, _month_number(reading.period) - _month_number(last.period))
        first = last.until + DAY if last.until < end else reading.period
    notes = ["below"] if basis == "RDF" else []
    supply = reading.supply._replace(metered=method != "unmetered")
    units = ZERO
    if method == "assessed":
        units, how = assessed_units(
            book,
            supply,
            months,
            end,
            [(bill.units, bill.months, bill.method in READ) for bill in earlier],
        )
        notes.append(how)
    return Measured(
        supply,
        Usage(first, end, months, units, None, reading.demand),
        method,
        basis,
        reading.previous,
        reading.previous_on,
        reading.kvah_previous,
        [],
        notes,
    )


def _month_number(day):
    return day.year * 12 + day.month - 1


def _month_before(period, months):
    number = _month_number(period) - months
    return date(number // 12, number % 12 + 1, 1)


def consumption_history(earlier, period, months, units):
    """Units of up to twelve months until ``period``, those of a longer bill shared out evenly.

    :return: list of ``{"month": "YYYY-MM", "units": number}``, oldest first
    """
    known = {}
    if earlier:
        known.update((entry["month"], entry["units"]) for entry in earlier[0].history or ())
    each = float(money(units / months))
    known.update(
        (f"{_month_before(period, back):%Y-%m}", each)
        for back in range(min(months, HISTORY_MONTHS) - 1, -1, -1)
    )
    return [{"month": month, "units": known[month]} for month in sorted(known)[-HISTORY_MONTHS:]]


def months_between(start, end):
    """Months that a bill between two readings counts for: the nearest number, at least 1."""
    months = Decimal((end - start).days) / DAYS_OF_MONTH
    return max(1, int(months.to_integral_value(ROUND_HALF_UP)))


def ceiling_units(book, supply, months, on):
    """Units above which a reading is not believed, None where no ceiling is recorded."""
    ceiling = book.number("ceiling", on, supply.category)
    if ceiling is None or supply.load <= 0:
        return None
    return ceiling * billed_load(supply, "kw", book, on) * months


def assessed_units(book, supply, months, on, earlier):
    """Units of a bill without a usable reading: the average of the last read months, for as many
    months running as the rules allow; after them, and without a read month, the norm by load.

    :param earlier: ``(units, months, read)`` of the earlier bills, newest first
    :return: units, ``average``, ``normative`` or ``mixed``
    :raise TariffError: ``no_norm`` where the category has none
    """
    limit = int(book.number("average_months", on, default=ZERO))
    running = 0
    for _units, its_months, read in earlier:
        if read:
            break
        running += its_months
    total, counted = ZERO, 0
    for units, its_months, read in earlier:
        if read and counted < limit:
            total += units
            counted += its_months
    averaged = min(months, max(0, limit - running)) if counted else 0
    units = total * averaged / counted if averaged else ZERO
    if averaged == months:
        return money(units), "average"
    norm = book.number("norm", on, supply.category)
    if norm is None:
        raise TariffError("no_norm")
    units += norm * billed_load(supply, "kw", book, on) * (months - averaged)
    return money(units), "mixed" if averaged else "normative"
