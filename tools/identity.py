"""Recognise identity numbers that may not be kept."""

import re

from stdnum.in_ import aadhaar

from .phone import to_latin_digits

# Twelve digits, alone or in groups of four as printed on the card, not part of a longer number.
_CANDIDATE = re.compile(r"(?<![\d+])\d{4}([ -]?)\d{4}\1\d{4}(?!\d)")


def find_aadhaar(text):
    """Return the first full Aadhaar number in ``text``, as written there, or None.

    A number counts when its check digit (Verhoeff) is right; UIDAI allows only its last four
    digits to be shown and kept.
    """
    if not text:
        return None
    for candidate in _CANDIDATE.finditer(to_latin_digits(text)):
        if aadhaar.is_valid(candidate.group()):
            return candidate.group()
    return None
