"""Recognise identity numbers that may not be kept."""

import re

from stdnum.in_ import aadhaar

from .phone import to_latin_digits

# Twelve digits, not part of a longer number, alone or in groups of four as printed on the card.
# Between the groups stands what people type and what a copied text brings along: blanks of any
# kind, hyphens and dashes, dots, slashes, characters that nobody sees.
_SIGN = r"[\s.\-_/\u00ad\u200b-\u200f\u2010-\u2015\u2060\ufeff]"
_BETWEEN = rf"{_SIGN}{{0,3}}"
# Looked for at every place: what stands before a number, such as a year, is no part of it.
_FOURS = re.compile(rf"(?<![\d+])(?=(?P<number>\d{{4}}{_BETWEEN}\d{{4}}{_BETWEEN}\d{{4}})(?!\d))")
# Signs of a list, too, unless the list goes on before or behind, or is one of a program, such as
# the records of a filter. Amounts have no groups of four.
_LIST = r"[,;:|]"
_LISTED = re.compile(
    rf"(?<![\d+\[])(?<!\d{_LIST})(?<!\d{_LIST}\s)"
    rf"(?P<number>\d{{4}}(?P<sign>\s?{_LIST}\s?)\d{{4}}(?P=sign)\d{{4}})(?!\s?{_LIST}\s?\d)(?!\d)"
)
# In pairs or digit by digit, as from the boxes of a form: exactly so many, the same sign between
# all. Two signs make a date and a time, or two dates.
_PAIRS = re.compile(
    rf"(?<![\d+])(?P<number>\d\d(?P<sign>{_SIGN}{{1,3}})\d\d(?:(?P=sign)\d\d)*)(?!\d)"
)
_SINGLES = re.compile(rf"(?<![\d+])(?P<number>\d(?P<sign>{_SIGN}{{1,3}})\d(?:(?P=sign)\d)*)(?!\d)")
# Few texts hold so many digits, and nothing else has to be looked at closely.
_TWELVE_DIGITS = re.compile(r"\d(?:\D{0,3}\d){11}")
# A mobile number with its country code has twelve digits too.
_MOBILE = re.compile(r"91[6-9]\d{9}")

# Cameras and scanners name files by the minute; every tenth minute has the check digit.
_MINUTE = re.compile(
    r"(?<!\d)20\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])[ _-]?(?:[01]\d|2[0-3])[0-5]\d(?!\d)"
)
#: How the digits that may not be kept are crossed out.
CROSSED_OUT = "XXXX XXXX"


def find_aadhaar(text, exempt=()):
    """Return the first full Aadhaar number in ``text``, as written there, or None.

    A number counts when its check digit (Verhoeff) is right; UIDAI allows only its last four
    digits to be shown and kept. Mobile numbers written with 91 in front are exempt.

    :param exempt: further numbers of twelve digits that are known to be something else, such as
        the old account number of the consumer
    """
    if not text or not _TWELVE_DIGITS.search(text):
        return None
    text = to_latin_digits(text)
    for pattern in (_FOURS, _LISTED, _PAIRS, _SINGLES):
        for candidate in pattern.finditer(text):
            found = candidate["number"]
            digits = _digits(found)
            # A mobile number is not grouped by fours.
            mobile = _MOBILE.fullmatch(digits if pattern in (_PAIRS, _SINGLES) else found)
            if found not in exempt and not mobile and aadhaar.is_valid(digits):
                return found
    return None


def mask_aadhaar(text, exempt=()):
    """Return ``text`` with all full Aadhaar numbers crossed out but for the last four digits."""
    while found := find_aadhaar(text, exempt):
        text = to_latin_digits(text).replace(found, f"{CROSSED_OUT} {_digits(found)[-4:]}")
    return text


def _digits(text):
    return re.sub(r"\D", "", text)


def without_minutes(filename):
    """Return the name of a file without the minute that a camera or scanner has put into it."""
    return _MINUTE.sub(" ", filename or "")
