"""Turn what people type into a search box into words to look for."""

import re
import unicodedata

from .phone import PhoneError, normalise_mobile, to_latin_digits

_NUMBER = re.compile(r"\+?[\d\s()./-]+")
# A shorter word is within one letter of too many others.
MIN_MISSPELT = 4


def search_words(text):
    """Return the words of ``text``, all of which a record must hold.

    A number is one word, whatever blanks, hyphens or Devanagari digits it is written with; a mobile
    number is reduced to its ten digits, so that 0, 91 or +91 in front do not matter.
    """
    cleaned = to_latin_digits(unicodedata.normalize("NFC", text or "")).strip()
    digits = re.sub(r"\D", "", cleaned)
    if digits and _NUMBER.fullmatch(cleaned):
        try:
            return [normalise_mobile(cleaned)[-10:]]
        except PhoneError:
            return [digits]
    return cleaned.split()


def misspellings(word):
    """Return the patterns of SQL ``LIKE`` for ``word`` with one letter wrong, missing or too many.

    ``_`` stands for any letter. Empty for words too short, and for numbers, where one digit more or
    less means somebody else.
    """
    if len(word) < MIN_MISSPELT or any(char.isdigit() for char in word):
        return []
    patterns = {}
    for index in range(len(word)):
        before, after = word[:index], word[index + 1 :]
        patterns[escape_like(before) + "_" + escape_like(after)] = None
        patterns[escape_like(before + after)] = None
        if index:
            patterns[escape_like(before) + "_" + escape_like(word[index:])] = None
        if after:
            patterns[escape_like(before + after[0] + word[index] + after[1:])] = None
    return list(patterns)


def escape_like(text):
    """Return ``text`` with the wildcards of SQL ``LIKE`` taken literally."""
    return re.sub(r"([\\%_])", r"\\\1", text)
