"""Recognise identity numbers that may not be kept."""

import re

from stdnum.in_ import aadhaar

from .phone import to_latin_digits

# Twelve digits, alone or in groups of four as printed on the card, not part of a longer number.
# Between the groups stands what people type and what a copied text brings along: blanks of any
# kind, hyphens and dashes, dots, slashes, characters that nobody sees.
_BETWEEN = r"[\s.\-_/\u00ad\u200b-\u200f\u2010-\u2015\u2060\ufeff]{0,3}"
# Looked for at every place: what stands before a number, such as a year, is no part of it.
_CANDIDATE = re.compile(rf"(?<![\d+])(?=(\d{{4}}{_BETWEEN}\d{{4}}{_BETWEEN}\d{{4}})(?!\d))")
# A mobile number with its country code has twelve digits too, and is not grouped by fours.
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
    for candidate in _CANDIDATE.finditer(to_latin_digits(text)) if text else ():
        found = candidate.group(1)
        digits = re.sub(r"\D", "", found)
        if found not in exempt and not _MOBILE.fullmatch(found) and aadhaar.is_valid(digits):
            return found
    return None


def mask_aadhaar(text, exempt=()):
    """Return ``text`` with all full Aadhaar numbers crossed out but for the last four digits."""
    while found := find_aadhaar(text, exempt):
        text = to_latin_digits(text).replace(found, f"{CROSSED_OUT} {found[-4:]}")
    return text


def without_minutes(filename):
    """Return the name of a file without the minute that a camera or scanner has put into it."""
    return _MINUTE.sub(" ", filename or "")
