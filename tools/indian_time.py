"""Days and weeks of India for what is done regularly; moments are naive and in UTC, as Odoo's."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
#: Period to the days on which it is over.
TURNS = {
    "yesterday": lambda day: True,
    "week": lambda day: day.weekday() == 0,
    "month": lambda day: day.day == 1,
}


def indian_day(moment):
    """Return the day in India at ``moment``."""
    return moment.replace(tzinfo=UTC).astimezone(INDIA).date()


def period_over(period, moment):
    """Return first and last day of the ``period`` that is over at ``moment``, a key of TURNS."""
    today = indian_day(moment)
    if period == "yesterday":
        day = today - timedelta(days=1)
        return day, day
    if period == "week":
        monday = today - timedelta(days=today.weekday())
        return monday - timedelta(days=7), monday - timedelta(days=1)
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def next_turn(period, hour, moment):
    """Return the first moment after ``moment`` at which a period is over and the hour has come."""
    day = indian_day(moment)
    while True:
        at = datetime.combine(day, time(hour), tzinfo=INDIA).astimezone(UTC).replace(tzinfo=None)
        if TURNS[period](day) and at > moment:
            return at
        day += timedelta(days=1)


def indian_time(moment):
    """Return ``moment`` as a person in India writes it."""
    return moment.replace(tzinfo=UTC).astimezone(INDIA).strftime("%d/%m/%Y %H:%M")
