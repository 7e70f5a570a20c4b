"""Amounts, dates and months as an Indian bill writes them, in Hindi and in English."""

from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import parse_pattern

# Read once: a bill has two dozen amounts, and reading takes longer than writing one.
_INDIA = Locale.parse("en_IN")
_RUPEES = parse_pattern("#,##,##0.00")
_NUMBER = parse_pattern("#,##,##0.##")


def rupees(amount):
    """``1,23,456.50``: lakh grouping, two decimals, Latin digits, ``-`` in front when negative."""
    return _RUPEES.apply(amount, _INDIA)


def number(value):
    """``1,23,456`` or ``12.5``: lakh grouping, no decimals that say nothing."""
    return _NUMBER.apply(value, _INDIA)


def day(value):
    """``09/11/2026``, the order that India writes; empty for no date."""
    return value.strftime("%d/%m/%Y") if value else ""


@lru_cache(maxsize=1024)
def month(value, lang):
    """``नवंबर 2026`` or ``November 2026``.

    :param value: a date in the month
    :param lang: ``hi_IN`` or any other, which gives English
    """
    return format_date(value, "MMMM yyyy", locale=_locale(lang))


@lru_cache(maxsize=1024)
def short_month(value, lang):
    """``नव॰ 26`` or ``Nov 26``, for narrow columns."""
    return format_date(value, "MMM yy", locale=_locale(lang))


@lru_cache(maxsize=1024)
def medium_month(value, lang):
    """``नव॰ 2026`` or ``Nov 2026``, among dates where ``Nov 26`` would be taken for a day."""
    return format_date(value, "MMM yyyy", locale=_locale(lang))


def month_of(text):
    """First day of the month written ``YYYY-MM``."""
    return date(int(text[:4]), int(text[5:7]), 1)


def _locale(lang):
    return "hi_IN" if (lang or "").startswith("hi") else "en_IN"
