"""Telephone numbers as billing systems hold them: right, oddly written, or useless.

Numbers are drawn from the ranges of Indian mobile numbers at random, so they may exist: a database
filled from these files must never be connected to a real WhatsApp number.
"""

from .deck import deck, pick

# First four digits in use in Uttar Pradesh (East), all of mobile ranges.
PREFIXES = (
    "9415 9450 9451 9452 9454 9455 9473 9506 9532 9559 9598 9616 9621 9648 9651 9670 9695 "
    "9721 9792 9793 9794 9795 9838 9839 9918 9919 9935 9936 9956 9984 7052 7380 7388 7408 "
    "7897 8004 8081 8090 8127 8318 8601 8795 8808 8874 8887 8896 8953 8957 8960 9005 9026 "
    "9044 9118 9120 9125 9140 9161 9170 9198 9235 9236 9305 9307 9335 6386 6387 6388 6390 "
    "6391 6392 6393 6394"
).split()
CAPACITY = len(PREFIXES) * 10**6
# Coprime to CAPACITY (no multiple of 2, 3 or 5), so that steps visit every number once.
_STRIDE = 48_271_397

_DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
_LETTERS = str.maketrans("105", "lOS")


# Where the indexes of offices begin: behind those of consumers, before those of agents.
_OFFICES = CAPACITY // 2


def mobile(index, seed):
    """Ten digits of invented mobile number ``index``; no two indexes below CAPACITY share one."""
    place = (index * _STRIDE + seed * 7_919) % CAPACITY
    return f"{PREFIXES[place % len(PREFIXES)]}{place // len(PREFIXES):06d}"


def office_mobile(index, seed):
    """Ten digits of the mobile number at which office ``index`` is called."""
    return mobile(_OFFICES + index, seed)


def _other(number):
    """Another number near ``number``, as a second one in the same field."""
    return number[:6] + f"{(int(number[6:]) * 7 + 13) % 10_000:04d}"


# name: (weight, writing of a good ten-digit number). The first group still means that number, the
# second is no usable number any more.
READABLE = {
    "plain": (640, lambda n: n),
    "zero": (70, lambda n: "0" + n),
    "country": (60, lambda n: "91" + n),
    "plus": (60, lambda n: "+91" + n),
    "grouped": (25, lambda n: f"+91 {n[:5]}-{n[5:]}"),
    "spaced": (15, lambda n: f" {n[:5]} {n[5:]} "),
    "invisible": (4, lambda n: f"\u202a{n}\u202c"),
    "double_zero": (8, lambda n: "0091 " + n),
    "plus_zero": (4, lambda n: "+910" + n),
    "devanagari": (18, lambda n: n.translate(_DEVANAGARI)),
}
USELESS = {
    "nines": (18, lambda n: "9999999999"),
    "zeros": (6, lambda n: "0000000000"),
    "same": (6, lambda n: n[-1] * 10),
    "run": (6, lambda n: "1234567890"),
    "short": (18, lambda n: n[:9]),
    "long": (8, lambda n: n + n[-1]),
    "twelve": (4, lambda n: "44" + n),
    # Numbers of the plan that no consumer has: banks and offices call from 1600, sellers from 140.
    "service": (3, lambda n: "1600" + n[4:]),
    "seller": (3, lambda n: "140" + n[3:]),
    "letters": (8, lambda n: n[:5] + "l" + n[6:].translate(_LETTERS)),
    "two": (12, lambda n: f"{n}, {_other(n)}"),
    "two_slash": (6, lambda n: f"{n}/{_other(n)}"),
    "landline": (10, lambda n: f"05444-2{n[-5:]}"),
    "old_series": (5, lambda n: "5" + n[1:]),
    "spreadsheet": (4, lambda n: f"{n[0]}.{n[1:6]}E+09"),
    "word": (5, lambda n: "NA"),
}
_WRITINGS = {name: writing for name, (_weight, writing) in (READABLE | USELESS).items()}
_DECK = deck({name: weight for name, (weight, _writing) in (READABLE | USELESS).items()})


def written(number, random):
    """``number`` (ten digits) as some clerk once typed it."""
    return _WRITINGS[pick(_DECK, random)](number)
