"""Days as the law and the office count them: clear days, working days, days without cutting.

Clear days (Electricity Act 2003, section 56: "not less than fifteen clear days' notice in writing")
exclude the day of service and the day of the act; that is the common-law reading, and the law names
no other.
"""

from datetime import timedelta

SUNDAY = 6


def day_after_clear(served_on, days):
    """Return the first day on which may be done what needs ``days`` clear days of notice.

    Served on the 1st, fifteen clear days are the 2nd to the 16th, and the 17th is the first day.
    """
    return served_on + timedelta(days=days + 1)


def last_clear_day(served_on, days):
    """Return the last of the clear days: until its end the consumer may pay."""
    return served_on + timedelta(days=days)


def is_second_saturday(day):
    """Tell whether ``day`` is the second Saturday of its month, on which offices are closed."""
    return day.weekday() == 5 and 8 <= day.day <= 14


def is_closed(day, holidays=(), sundays=True, second_saturdays=True):
    """Tell whether nothing is sent or cut on ``day``.

    :param holidays: set of dates
    """
    return (
        day in holidays
        or (sundays and day.weekday() == SUNDAY)
        or (second_saturdays and is_second_saturday(day))
    )


def next_open(day, closed):
    """Return ``day``, or the first after it that is not closed.

    :param closed: function that tells of a date whether it is
    :raise ValueError: when a year holds no open day
    """
    for offset in range(366):
        candidate = day + timedelta(days=offset)
        if not closed(candidate):
            return candidate
    raise ValueError("There is no open day within a year.")


def open_days_before(day, count, closed):
    """Return the day from which ``count`` open days have passed until ``day``.

    An act due n working days after a date is due on ``day`` for that date and all before it.

    :param int count: of open days, above zero; ``day`` itself counts when it is open
    """
    found = day
    while count > 0:
        if not closed(found):
            count -= 1
        found -= timedelta(days=1)
    return found


def open_days_after(day, count, closed):
    """Return the day that lies ``count`` open days after ``day``."""
    found = day
    while count > 0:
        found += timedelta(days=1)
        if not closed(found):
            count -= 1
    return found
