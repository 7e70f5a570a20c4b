"""Invented people: a Latin name, the Devanagari name that corresponds to it, and a guardian."""

from typing import NamedTuple

from .deck import deck, pick
from .tables import table


class Person(NamedTuple):
    """``guardian``: the Latin name of the father or the husband."""

    name: str
    name_hi: str
    guardian: str


def _names():
    found = {}
    for row in table("names"):
        pairs = found.setdefault(row["kind"], [])
        pairs.extend([(row["name"], row["name_hi"])] * int(row["weight"]))
    return {kind: tuple(pairs) for kind, pairs in found.items()}


# (Latin, Devanagari) by kind; a name stands as often as its weight says.
NAMES = _names()
SURNAMES = NAMES["surname"]
_MUSLIM_SURNAMES = NAMES["muslim_surname"]
_DEVI, _BANO = ("Devi", "देवी"), ("Bano", "बानो")

_KINDS = deck({"man": 68, "woman": 25, "muslim_man": 5, "muslim_woman": 2}, size=100)


def person(random, surname=None):
    """An invented person with a guardian, and the (Latin, Devanagari) surname of the family.

    :param random: a function giving floats in [0, 1)
    :param surname: (Latin, Devanagari) to keep within a family; its community is then kept too
    """
    kind = pick(_KINDS, random)
    if surname is not None:
        kind = kind.removeprefix("muslim_")
        if surname in _MUSLIM_SURNAMES:
            kind = "muslim_" + kind
    if kind.startswith("muslim"):
        surname = surname or pick(_MUSLIM_SURNAMES, random)
        father = pick(NAMES["muslim_man"], random)[0]
        parts = (
            (pick(NAMES["muslim_man"], random), surname)
            if kind == "muslim_man"
            else (pick(NAMES["muslim_woman"], random), _BANO)
        )
    else:
        surname = surname or pick(SURNAMES, random)
        father = pick(NAMES["man"], random)[0]
        if kind == "woman":
            parts = (pick(NAMES["woman"], random), _DEVI if random() < 0.7 else surname)
        elif random() < 0.45:
            middle = pick(NAMES["middle"], random)
            given = pick(NAMES["man"], random)
            parts = (given, surname) if middle == surname else (given, middle, surname)
        else:
            parts = (pick(NAMES["man"], random), surname)
    someone = Person(
        " ".join(latin for latin, _hindi in parts),
        " ".join(hindi for _latin, hindi in parts),
        f"{father} {surname[0]}",
    )
    return someone, surname
