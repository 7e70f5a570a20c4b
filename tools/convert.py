"""Convert the texts of import files to the one written form that the database takes.

Each converter takes a text that is not empty and returns a text, or raises ConvertError with a
code. Devanagari digits are understood everywhere a number is expected. Values that repeat, such as
dates, are worked out once.
"""

import datetime
import json
import re
import unicodedata
from functools import lru_cache

from .identity import CROSSED_OUT, find_aadhaar
from .personal import HIDDEN
from .phone import PhoneError, is_number, normalise_mobile, to_latin_digits

CACHE_SIZE = 8_192
HISTORY_MONTHS = 12

_ACCOUNT = re.compile(r"\d{10}")
_OLD_ACCOUNT = re.compile(r"\d{10}|\d{12}")
_LAST4 = re.compile(r"\d{4}")
_AMOUNT = re.compile(r"-?\d{1,11}(\.\d{1,2})?")
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,4})?")
_INTEGER = re.compile(r"\d{1,6}")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?")
_INDIAN_DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_INDIAN_MONTH = re.compile(r"(\d{1,2})[./-](\d{4})")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_TRUE = {"1", "y", "yes", "true", "t", "हाँ", "हां"}
_FALSE = {"0", "n", "no", "false", "f", "नहीं"}
# Years outside are typing errors: nobody's bill is older than the company, none lies far ahead.
_YEARS = range(1950, 2101)


class ConvertError(ValueError):
    """A value that cannot be used; ``code`` is the name of its converter, or says more."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def text(value):
    """One line of text in NFC without control characters; full Aadhaar numbers are refused, and
    what was masked in an export."""
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    # Control characters of old systems are seen by nobody and end an Excel file.
    value = " ".join(_CONTROL.sub(" ", value).split())
    # Of a number that was crossed out the last four digits are left; a text it is not.
    if CROSSED_OUT in value or find_aadhaar(value):
        raise ConvertError("aadhaar")
    if HIDDEN in value:
        raise ConvertError("masked")
    return value


def phone(value):
    """A phone as it was written down. What is no number of any phone may be an Aadhaar number that
    came into the wrong column, or a number masked in an export."""
    value = " ".join(value.split())
    if HIDDEN in value:
        raise ConvertError("masked")
    if find_aadhaar(value) and not is_number(value):
        raise ConvertError("aadhaar")
    return value


def code(value):
    """A number or code kept as text: Latin digits, no blanks."""
    value = "".join(to_latin_digits(value).split())
    if len(value) > 64:
        raise ConvertError("code")
    return value


def short_code(value):
    """A code that is no account number, such as that of a book or a meter: as :func:`code`, a full
    Aadhaar number refused."""
    value = code(value)
    if find_aadhaar(value):
        raise ConvertError("aadhaar")
    return value


def node_code(value):
    """Code of an office or asset: as :func:`code`, but blanks within it are part of it."""
    value = " ".join(to_latin_digits(value).split())
    if len(value) > 64:
        raise ConvertError("code")
    return value


def account(value):
    """Account number: ten digits, leading zeros kept."""
    value = code(value)
    if not _ACCOUNT.fullmatch(value):
        raise ConvertError("account")
    return value


def old_account(value):
    """Account number of the former system: ten or twelve digits."""
    value = code(value)
    if not _OLD_ACCOUNT.fullmatch(value):
        raise ConvertError("old_account")
    return value


def last4(value):
    """Last four digits of an identity number; the full number is refused by name."""
    value = code(value)
    if len(value) >= 12 and value[-12:].isdigit():
        raise ConvertError("aadhaar")
    if not _LAST4.fullmatch(value):
        raise ConvertError("last4")
    return value


def amount(value):
    """Rupees with at most two decimals; a rupee sign and grouping commas are taken off."""
    if not _AMOUNT.fullmatch(value):
        value = to_latin_digits(value).replace(",", "").replace("₹", "").replace(" ", "")
        if not _AMOUNT.fullmatch(value):
            raise ConvertError("amount")
    return value


def number(value):
    """Reading, units or load: at most nine digits and four decimals."""
    if not _NUMBER.fullmatch(value):
        value = to_latin_digits(value).replace(",", "").replace(" ", "")
        if not _NUMBER.fullmatch(value):
            raise ConvertError("number")
    return value


def quantity(value):
    """Load, factor or reading: a number that is not negative."""
    value = number(value)
    if value.startswith("-"):
        raise ConvertError("number")
    return value


def integer(value):
    """Whole number from 0 to 9,99,999."""
    value = to_latin_digits(value)
    if not _INTEGER.fullmatch(value):
        raise ConvertError("integer")
    return value


@lru_cache(maxsize=CACHE_SIZE)
def date(value):
    """YYYY-MM-DD or the Indian DD/MM/YYYY, as YYYY-MM-DD."""
    value = to_latin_digits(value)
    if match := _DATE.fullmatch(value):
        year, month, day = match.groups()
    elif match := _INDIAN_DATE.fullmatch(value):
        day, month, year = match.groups()
    else:
        raise ConvertError("date")
    try:
        result = datetime.date(int(year), int(month), int(day))
    except ValueError as error:
        raise ConvertError("date") from error
    if result.year not in _YEARS:
        raise ConvertError("date")
    return result.isoformat()


@lru_cache(maxsize=CACHE_SIZE)
def month(value):
    """YYYY-MM, MM/YYYY or a date, as the first day of the month."""
    value = to_latin_digits(value)
    if match := _MONTH.fullmatch(value):
        year, number_of_month = match.groups()
    elif match := _INDIAN_MONTH.fullmatch(value):
        number_of_month, year = match.groups()
    else:
        try:
            return f"{date(value)[:7]}-01"
        except ConvertError as error:
            raise ConvertError("month") from error
    if int(number_of_month) not in range(1, 13) or int(year) not in _YEARS:
        raise ConvertError("month")
    return f"{year}-{int(number_of_month):02}-01"


@lru_cache(maxsize=CACHE_SIZE)
def flag(value):
    """Yes or no, as PostgreSQL writes it."""
    value = to_latin_digits(value).lower()
    if value in _TRUE:
        return "t"
    if value in _FALSE:
        return "f"
    raise ConvertError("flag")


@lru_cache(maxsize=CACHE_SIZE)
def mobile(value):
    """Indian mobile number in E.164 form; the code of a refusal is ``mobile_<reason>``."""
    try:
        return normalise_mobile(value)
    except PhoneError as error:
        raise ConvertError(f"mobile_{error.code}") from error


def email(value):
    """One e-mail address in small letters."""
    value = value.lower()
    if HIDDEN in value:
        raise ConvertError("masked")
    if not _EMAIL.fullmatch(value):
        raise ConvertError("email")
    if find_aadhaar(value):
        raise ConvertError("aadhaar")
    return value


def choice(values):
    """Return a converter that takes the keys of ``values`` in any case and gives its values.

    :param values: dict of what a file may hold to what the database keeps, or a list of both in one
    """
    known = dict(values) if isinstance(values, dict) else {value: value for value in values}

    def convert(value):
        try:
            return known[value.strip().lower()]
        except KeyError as error:
            raise ConvertError("choice") from error

    return convert


def history(value):
    """Units of up to twelve months joined by ``|``, oldest first; unknown months are empty."""
    units = [part.strip() for part in to_latin_digits(value).split("|")]
    if len(units) > HISTORY_MONTHS or any(part and not _NUMBER.fullmatch(part) for part in units):
        raise ConvertError("history")
    return "|".join(units)


def history_json(units, period):
    """Consumption history as the bill keeps it.

    :param units: as :func:`history` returns it; the last entry is the month of the bill
    :param period: first day of that month, YYYY-MM-DD
    :return: JSON text, a list of ``{"month": "YYYY-MM", "units": number or null}``
    """
    parts = units.split("|")
    months = _months_until(period, len(parts))
    return json.dumps(
        [
            {"month": month_name, "units": float(part) if part else None}
            for month_name, part in zip(months, parts, strict=True)
        ],
        separators=(",", ":"),
    )


@lru_cache(maxsize=CACHE_SIZE)
def _months_until(period, count):
    last = int(period[:4]) * 12 + int(period[5:7]) - 1
    return tuple(f"{at // 12:04}-{at % 12 + 1:02}" for at in range(last - count + 1, last + 1))
