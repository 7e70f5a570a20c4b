"""What an account owes when a bill is made out from readings: arrears, surcharge, credit, rebate.

Plain data in, plain data out; imports nothing of Odoo.
"""

from decimal import Decimal
from typing import NamedTuple

from .tariff import BASES, HUNDRED, Line
from .tariff_book import ZERO, money, plain

# Days that the surcharge counts a month with.
SURCHARGE_DAYS = Decimal(30)


class Account(NamedTuple):
    """What the account owes beside the charges of the period, in rupees."""

    arrears: Decimal
    lpsc: Decimal


def credit_lines(credited, sums):
    """Lines that take back the bills which a reading replaces.

    :param credited: those bills as :class:`~.reading.Earlier`
    :param sums: ``{bill id: {head: rupees}}``
    """
    for past in credited:
        amount = sum(
            (amount for head, amount in sums[past.id].items() if head != "adjustment"), ZERO
        )
        if amount:
            name = f"Credit of the bill without a reading, {past.period:%m/%Y}"
            yield Line("adjustment", name, ZERO, ZERO, -amount)


def rebate_line(book, day, category, last, payments, sums):
    """Rebate that the payment of the last bill by its due date has earned, else None.

    :param day: date of the bill that grants it
    :param last: that last bill as :class:`~.reading.Earlier`
    :param payments: ``(day, rupees)`` since it was made
    :param sums: its charges, ``{head: rupees}``
    """
    in_time = sum((amount for paid, amount in payments if paid <= last.due_date), ZERO)
    if last.total <= 0 or in_time < last.total:
        return None
    rebate = book.number("rebate", day, category, ZERO)
    base = sum((sums.get(head, ZERO) for head in BASES["charges"]), ZERO)
    amount = money(base * rebate / HUNDRED)
    if amount <= 0:
        return None
    name = f"Rebate for payment in time, {plain(rebate)} % of {base:.2f}"
    return Line("rebate", name, ZERO, ZERO, -amount)


def brought_forward(total, surcharge, paid, surcharge_first):
    """What the last bill leaves unpaid.

    :param total: of that bill
    :param surcharge: within it that is carried apart from the arrears
    :param paid: since it was made
    :param surcharge_first: whether payments settle the surcharge before anything else
    :return: (balance without surcharge, below zero an advance; surcharge)
    """
    left = max(total - paid, ZERO)
    unpaid = min(left, max(surcharge - paid, ZERO) if surcharge_first else surcharge)
    return total - paid - unpaid, unpaid


def open_account(book, day, earlier, balance, surcharge):
    """Arrears and surcharge of a bill: what was brought forward, and the surcharge grown since.

    :param day: date of the bill
    :param earlier: bills of the account before it, newest first, at least one
    :param balance: rupees unpaid without the surcharge; negative is credit
    :param surcharge: unpaid surcharge of the earlier bills
    """
    grown = late_surcharge(book, unpaid_principal(earlier, balance), earlier[0].bill_date, day)
    return Account(balance, surcharge + grown)


def late_surcharge(book, parts, since, until):
    """Late payment surcharge that grew from ``since`` to ``until``: simple, on unpaid principal,
    at one rate for the first months after the due date and another for those that follow, by days.

    :param parts: ``(principal, due date)`` of each unpaid bill
    :param since: up to here it stands in earlier bills
    """
    first = book.number("lpsc_first", until)
    if first is None:
        return ZERO
    limit = book.number("lpsc_first_months", until, default=ZERO)
    after = book.number("lpsc_after", until, default=first)

    def percent(due, day):
        months = Decimal(max(0, (day - due).days)) / SURCHARGE_DAYS
        return first * min(months, limit) + after * max(ZERO, months - limit)

    return sum(
        (
            money(principal * (percent(due, until) - percent(due, since)) / HUNDRED)
            for principal, due in parts
            if principal > 0 and until > since
        ),
        ZERO,
    )


def unpaid_principal(earlier, unpaid):
    """What unpaid arrears consist of. Payments settle the oldest dues first, so what is unpaid are
    the newest charges.

    :param earlier: bills of the account, newest first
    :param unpaid: rupees without surcharge
    :return: list of (principal, due date); arrears older than the bills known fall due with the
        oldest of them
    """
    parts = []
    for bill in earlier:
        if unpaid <= 0:
            return parts
        portion = min(max(bill.current, ZERO), unpaid)
        parts.append((portion, bill.due_date))
        unpaid -= portion
    if unpaid > 0 and earlier:
        parts.append((unpaid, earlier[-1].due_date))
    return parts
