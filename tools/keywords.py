"""Reading short texts that people type on a phone: words, numbers, the script they write in."""

import re
import unicodedata

from .phone import to_latin_digits

_DEVANAGARI = re.compile(r"[\u0900-\u0963\u0970-\u097f]")
_LATIN = re.compile(r"[A-Za-z]{2}")


def fold(text):
    """Return ``text`` for comparison with words: one spelling, lower case, no punctuation.

    Digits of every script become 0 to 9. Marks (category M) stay: they are part of Devanagari
    words.
    """
    text = to_latin_digits(unicodedata.normalize("NFC", text)).casefold()
    return " ".join(
        "".join(
            char if char.isspace() or unicodedata.category(char)[0] in "LMN" else " "
            for char in text
        ).split()
    )


def without_numbers(words):
    """Return folded ``words`` without those that are numbers."""
    return " ".join(word for word in words.split() if not word.isdigit())


def script(text):
    """Return ``hi`` for Devanagari, ``en`` for Latin letters, None where neither is written."""
    if _DEVANAGARI.search(text):
        return "hi"
    return "en" if _LATIN.search(text) else None


#: Words that change nothing in what is asked for: "please send me my bill" is "bill".
FILLERS = frozenset(
    """
    मेरा मेरी मेरे मुझे हमारा हमारे हमें कृपया प्लीज सर जी का की के को है हैं हूँ भेजो भेजें भेजिए भेज दो दें दे दीजिए
    बताओ बताइए बताएं बताएँ चाहिए दिखाओ दिखाइए देखना देखें करो करें करना जानना नमस्ते
    please pls plz my me i the a an want need send show give get to of for sir hello hi is
    mera meri mere mujhe bhejo bhej do de den dikhao batao bataiye chahiye ka ki ke hai ji namaste
    """.split()
)


def essence(words):
    """Return folded ``words`` without numbers and without those that ask for nothing."""
    return " ".join(word for word in words.split() if not word.isdigit() and word not in FILLERS)


#: What people write in Latin letters though they speak Hindi.
EITHER_LANGUAGE = frozenset(
    {"kyc", "help", "menu", "ok", "ha", "hi", "bill", "bil", "stop", "start"}
)
#: Hindi words in Latin letters: who writes them does not ask for English.
HINGLISH = frozenset(
    """
    haan han nahi nahin mera meri mere mujhe bhejo bhej dikhao batao bataiye chahiye hai ka ki ke
    bijli bijlee bakaya rasid raseed shikayat kab kya aayegi gayi namaste karna
    """.split()
)


def language(words):
    """Return ``hi`` or ``en``, as folded ``words`` are written; None where they tell neither."""
    if words in EITHER_LANGUAGE or not HINGLISH.isdisjoint(words.split()):
        return None
    return script(words)
