"""Turn what people type into a search box into words to look for."""

import re
import unicodedata

from .phone import PhoneError, normalise_mobile, to_latin_digits

_NUMBER = re.compile(r"\+?[\d\s()./-]+")
#: What is printed within a number of a book, connection or meter, and typed or left out.
SIGNS = " /\\-._,:;()#&+*"
_SIGNS = str.maketrans("", "", SIGNS)
#: As long as a code may be, see tools/convert.py.
MAX_CODE = 64
# A shorter word is within one letter of too many others; a longer one is no name.
MIN_MISSPELT = 4
MAX_MISSPELT = 40
# What is pasted into the box by mistake has more words; nobody types so many.
MAX_WORDS = 12


def search_words(text):
    """Return the words of ``text``, all of which a record must hold.

    A number is one word, whatever blanks, hyphens or Devanagari digits it is written with; a mobile
    number is reduced to its ten digits, so that 0, 91 or +91 in front do not matter.
    """
    cleaned = _cleaned(text)
    digits = re.sub(r"\D", "", cleaned)
    if digits and _NUMBER.fullmatch(cleaned):
        try:
            return [normalise_mobile(cleaned)[-10:]]
        except PhoneError:
            # Eleven digits are a landline with its trunk prefix; accounts have ten or twelve.
            return [digits[1:] if len(digits) == 11 and digits[0] == "0" else digits]
    return cleaned.split()[:MAX_WORDS]


def search_code(text):
    """Return what ``text`` is as one number of letters and digits, such as ``SC90817`` for SC
    90/817; empty where :func:`search_words` looks for it already, or it is none."""
    cleaned = _cleaned(text)
    code = without_signs("".join(cleaned.split()))
    several = len(cleaned.split()) > 1 and not _NUMBER.fullmatch(cleaned)
    return code if several and re.search(r"\d", code) and len(code) <= MAX_CODE else ""


def without_signs(word):
    """Return a number without the signs printed in it, as the indexes hold it."""
    return word.translate(_SIGNS)


def _cleaned(text):
    text = (text or "").replace("\0", " ")
    return to_latin_digits(unicodedata.normalize("NFC", text)).strip()


def misspelling(word):
    """Return what matches, in PostgreSQL, the words that ``word`` may have been meant for.

    One letter may be wrong, missing or too many; two letters that changed places count as one
    error. To be matched with single words, in small letters.

    :return: regular expression without anchors; None for a word too short, and for numbers, where
        another digit means somebody else
    """
    if not MIN_MISSPELT <= len(word) <= MAX_MISSPELT or not all(_is_letter(char) for char in word):
        return None
    word = word.lower()
    variants = [
        *(word[:index] + "." + word[index + 1 :] for index in range(len(word))),
        *(word[:index] + word[index + 1 :] for index in range(len(word))),
        *(word[:index] + "." + word[index:] for index in range(1, len(word))),
        *(
            word[:index] + word[index + 1] + word[index] + word[index + 2 :]
            for index in range(len(word) - 1)
        ),
    ]
    return "(" + "|".join(dict.fromkeys(variants)) + ")"


def _is_letter(char):
    """Tell whether ``char`` is a letter, or a sign on a letter as Devanagari has them."""
    return unicodedata.category(char)[0] in "LM"


def escape_like(text):
    """Return ``text`` with the wildcards of SQL ``LIKE`` taken literally."""
    return re.sub(r"([\\%_])", r"\\\1", text)
