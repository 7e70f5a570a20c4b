"""Indian mobile numbers: normalise, refuse junk, mask.

A number is accepted when the numbering plan allows it (``phonenumbers``) and it is a mobile number
of ten digits starting with 6 to 9. The plan also allows numbers nobody has, such as 9999999999, so
repeated digits and runs are refused as junk.
"""

import re
import unicodedata

import phonenumbers

REGION = "IN"
COUNTRY_CODE = 91
# As many equal or consecutive digits in a row do not occur by chance among issued numbers.
JUNK_RUN = 8
# Eight equal, rising or falling digits, 0 following 9; PostgreSQL reads the pattern the same way.
JUNK_PATTERN = "|".join(
    "".join(str((first + step * place) % 10) for place in range(JUNK_RUN))
    for step in (0, 1, -1)
    for first in range(10)
)

#: A number in E.164 form, for PostgreSQL.
MOBILE_PATTERN = r"^\+91[6-9][0-9]{9}$"

_MOBILE = re.compile(r"[6-9]\d{9}")
_JUNK = re.compile(JUNK_PATTERN)
# A decimal digit that is not 0 to 9.
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_SEPARATOR = re.compile(r"[,;/|\n&]|\b(?:or|and)\b", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


class PhoneError(ValueError):
    """A number that cannot be used.

    ``code`` is one of ``empty``, ``invalid``, ``not_mobile``, ``junk``, ``several``.
    """

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def to_latin_digits(text):
    """Return ``text`` with every decimal digit of any script, such as ९, written as 0 to 9."""
    # Every value of every message passes here: the expression looks at the characters, not we.
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)


def normalise_mobile(text):
    """Return the Indian mobile number in ``text`` in E.164 form, ``+91`` and ten digits.

    Understands Devanagari digits, blanks, hyphens, brackets and the prefixes 0, 91, +91, 0091.

    :raise PhoneError: with the reason in ``code``.
    """
    cleaned = _INVISIBLE.sub("", to_latin_digits(text or "")).strip()
    if not cleaned:
        raise PhoneError("empty")
    parts = [part for part in _SEPARATOR.split(cleaned) if sum(map(str.isdigit, part)) >= 10]
    if len(parts) > 1 or sum(map(str.isdigit, cleaned)) >= 20:
        raise PhoneError("several")
    if any(char.isalpha() for char in cleaned):
        raise PhoneError("invalid")
    try:
        number = phonenumbers.parse(cleaned, REGION)
    except phonenumbers.NumberParseException as error:
        raise PhoneError("invalid") from error
    national = str(number.national_number)
    if len(national) == 10 and _JUNK.search(national):
        raise PhoneError("junk")
    if not phonenumbers.is_valid_number(number):
        raise PhoneError("invalid")
    if number.country_code != COUNTRY_CODE or not _MOBILE.fullmatch(national):
        raise PhoneError("not_mobile")
    return f"+{COUNTRY_CODE}{national}"


def is_number(text):
    """Tell whether ``text`` is a number of the plan, of a mobile or a landline."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, REGION))
    except phonenumbers.NumberParseException:
        return False


def mask(number):
    """Return an E.164 Indian number with all but its last four digits hidden; empty stays empty."""
    return f"+{COUNTRY_CODE} ••••• •{number[-4:]}" if number else ""
