"""Offices, substations, feeders and villages of district Sonbhadra.

Names of places are real; how villages hang on feeders is a plausible arrangement, not the company's
own list. Every name is a pair (Latin, Devanagari).
"""

from typing import NamedTuple

from .tables import table


class Substation(NamedTuple):
    """A 33/11 kV substation, which is also the seat of a section, with its place in the offices.

    ``division`` is (code, Latin, Devanagari). ``feeders``: 11 kV feeders as (name, is urban).
    ``weight``: its share of the rural consumers, relative to the others'.
    """

    division: tuple
    subdivision: tuple
    name: tuple
    pin: str
    weight: int
    feeders: tuple
    villages: tuple


# (code, Latin, Devanagari, level, parent's code, officer's title)
COMPANY = (
    (
        "PUVVNL",
        "Purvanchal Vidyut Vitran Nigam",
        "पूर्वांचल विद्युत वितरण निगम",
        "discom",
        "",
        "Managing Director",
    ),
    ("MZP", "Mirzapur Zone", "मिर्ज़ापुर क्षेत्र", "zone", "PUVVNL", "Chief Engineer"),
    ("SNB", "Sonbhadra Circle", "सोनभद्र मण्डल", "circle", "MZP", "Superintending Engineer"),
)


def _pair(row, name):
    return row[name], row[f"{name}_hi"]


def _by_substation(name, value):
    found = {}
    for row in table(name):
        found.setdefault(row["substation"], []).append(value(row))
    return found


def _substations():
    feeders = _by_substation("feeders", lambda row: (_pair(row, "feeder"), row["area"] == "urban"))
    villages = _by_substation("villages", lambda row: _pair(row, "village"))
    for row in table("substations"):
        yield Substation(
            (row["division_code"], *_pair(row, "division")),
            _pair(row, "subdivision"),
            _pair(row, "substation"),
            row["pin"],
            int(row["weight"]),
            tuple(feeders[row["substation"]]),
            tuple(villages[row["substation"]]),
        )


# Ordered by division and sub-division.
SUBSTATIONS = tuple(_substations())
# Hamlets of a village and quarters of a town, by area.
HAMLETS = {
    area: tuple(_pair(row, "hamlet") for row in table("hamlets") if row["area"] == area)
    for area in ("rural", "urban")
}
