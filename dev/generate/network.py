"""The office tree and the asset tree, with the number of consumers of each transformer."""

from itertools import count
from random import Random
from typing import NamedTuple

from . import phones, places
from .people import person

URBAN_SHARE = 22_000 / 275_000
# Consumers on one transformer: the average aimed at, and the bounds kept where there are enough
# consumers.
PER_TRANSFORMER = 59
SMALLEST, LARGEST = 40, 80

SUBDIVISION_NAMES = ("{} Sub-division", "उपखण्ड {}")
SECTION_NAMES = ("{} Section", "उपकेन्द्र {}")
DIVISION_NAMES = ("Electricity Distribution Division, {}", "विद्युत वितरण खण्ड, {}")
_CIRCLE = places.COMPANY[-1][0]
OFFICER_TITLES = {
    "division": "Executive Engineer",
    "subdivision": "Sub-Divisional Officer",
    "section": "Junior Engineer",
}


class Office(NamedTuple):
    """A row of ``offices.csv``."""

    code: str
    name: str
    name_hi: str
    level: str
    parent_code: str
    officer_name: str
    officer_title: str
    phone: str


class Asset(NamedTuple):
    """A row of ``assets.csv``."""

    code: str
    name: str
    name_hi: str
    kind: str
    voltage: str
    parent_code: str
    office_code: str


class Transformer(NamedTuple):
    """A distribution transformer and what its consumers have in common.

    ``village`` is the town in an urban area, ``hamlet`` then a quarter of it; both are (Latin,
    Devanagari). ``agent`` numbers the collecting agent of its sub-division; ``office_phone`` is the
    mobile number of its section.
    """

    asset: Asset
    division: int
    agent: int
    urban: bool
    village: tuple
    hamlet: tuple
    pin: str
    consumers: int
    office_phone: str


class _Site(NamedTuple):
    """A substation with its codes; ``division`` and ``agent`` count divisions and sub-divisions,
    ``number`` the substations.
    """

    number: int
    code: str
    substation: places.Substation
    office_code: str
    division: int
    agent: int


def _sites():
    """Yield ``(offices, site)`` for each substation.

    ``offices`` are those above it that no earlier substation had, from the division down, as tuples
    (code, name, name_hi, level, parent code).
    """
    division = subdivision = None
    divisions = agents = -1
    for number, substation in enumerate(places.SUBSTATIONS, 1):
        found = []
        if substation.division != division:
            division, nth = substation.division, 0
            divisions += 1
            found.append(_office(DIVISION_NAMES, division[0], division[1:], "division", _CIRCLE))
        if substation.subdivision != subdivision:
            subdivision, place = substation.subdivision, 0
            agents, nth = agents + 1, nth + 1
            sub_code = f"{division[0].rpartition('-')[2]}-{nth}"
            found.append(
                _office(SUBDIVISION_NAMES, sub_code, subdivision, "subdivision", division[0])
            )
        place += 1
        code = f"{sub_code}-{place}"
        found.append(_office(SECTION_NAMES, code, substation.name, "section", sub_code))
        yield found, _Site(number, f"SS{number:02d}", substation, code, divisions, agents)


def _office(patterns, code, names, level, parent_code):
    name, name_hi = (pattern.format(name) for pattern, name in zip(patterns, names, strict=True))
    return code, name, name_hi, level, parent_code


def offices(seed):
    """Yield every :class:`Office`, parents before children; officers are invented from ``seed``."""
    random = Random(f"offices {seed}").random

    def office(code, name, name_hi, level, parent_code, title, phone):
        return Office(code, name, name_hi, level, parent_code, person(random)[0].name, title, phone)

    for nth, (code, name, name_hi, level, parent_code, title) in enumerate(places.COMPANY):
        yield office(code, name, name_hi, level, parent_code, title, f"0542-23185{nth:02d}")
    nth = 0
    for rows, site in _sites():
        for row in rows:
            # The Junior Engineer of a section is called on his mobile.
            phone = phones.office_mobile(site.number, seed)
            if row[3] != "section":
                phone = f"05444-2525{nth:02d}"
            yield office(*row, OFFICER_TITLES[row[3]], phone)
            nth += 1


def _spread(total, weights):
    """``total`` as whole numbers in proportion to ``weights``, by largest remainders."""
    if not total:
        return [0] * len(weights)
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda n: -(total * weights[n] % whole))
    for n in by_remainder[: total - sum(shares)]:
        shares[n] += 1
    return shares


class _Load:
    """Shares out the consumers of one kind of area (urban or rural) over transformers."""

    def __init__(self, consumers, sites, urban):
        self.urban = urban
        transformers = max(1, round(consumers / PER_TRANSFORMER)) if consumers else 0
        feeders = [
            sum(is_urban == urban for _name, is_urban in site.substation.feeders) for site in sites
        ]
        # An urban feeder carries more or less the same number everywhere, a rural substation its
        # weight.
        weights = feeders if urban else [site.substation.weight for site in sites]
        self.per_site = dict(
            zip((site.code for site in sites), _spread(transformers, weights), strict=True)
        )
        self.base, self.extra = divmod(consumers, transformers or 1)
        self.reach = max(0, min(self.base - SMALLEST, LARGEST - 1 - self.base))

    def per_feeder(self, site):
        """Number of transformers of each feeder of the area at ``site``."""
        feeders = sum(is_urban == self.urban for _name, is_urban in site.substation.feeders)
        return _spread(self.per_site[site.code], [1] * feeders) if feeders else []

    def sizes(self, transformers, random):
        """Consumers of each of the next ``transformers``, in pairs above and below the base."""
        sizes = []
        for nth in range(transformers):
            extra = 1 if self.extra > 0 else 0
            self.extra -= extra
            if nth % 2 == 0:
                shift = 0 if nth == transformers - 1 else int(random() * (self.reach + 1))
            else:
                shift = -shift
            sizes.append(self.base + extra + shift)
        return sizes


def assets(size, seed):
    """Yield ``(asset, transformer or None)`` for the whole network, parents before children.

    :param size: number of consumers to share out; 8 % of them urban
    """
    random = Random(f"assets {seed}").random
    sites = [site for _offices, site in _sites()]
    urban = round(size * URBAN_SHARE)
    loads = {True: _Load(urban, sites, True), False: _Load(size - urban, sites, False)}
    for site in sites:
        station = Asset(
            site.code, *site.substation.name, "substation", "33/11 kV", "", site.office_code
        )
        yield station, None
        shares = {is_urban: iter(load.per_feeder(site)) for is_urban, load in loads.items()}
        places_taken = {True: count(), False: count()}
        for nth, (names, is_urban) in enumerate(site.substation.feeders, 1):
            feeder = Asset(
                f"{site.code}-F{nth}", *names, "feeder", "11 kV", site.code, site.office_code
            )
            yield feeder, None
            sizes = loads[is_urban].sizes(next(shares[is_urban]), random)
            for number, consumers in enumerate(sizes, 1):
                place = next(places_taken[is_urban])
                phone = phones.office_mobile(site.number, seed)
                yield _transformer(site, feeder, is_urban, place, number, consumers, phone)


def _transformer(site, feeder, urban, place, number, consumers, office_phone):
    """Transformer ``number`` of a feeder, at village or quarter ``place`` of its substation."""
    station = site.substation
    if urban:
        hamlets = places.HAMLETS["urban"]
        village = (station.name[0].removesuffix(" Town"), station.name[1].removesuffix(" टाउन"))
        hamlet = hamlets[place % len(hamlets)]
    else:
        hamlets = places.HAMLETS["rural"]
        village = station.villages[place % len(station.villages)]
        hamlet = hamlets[place // len(station.villages) % len(hamlets)]
    asset = Asset(
        f"{feeder.code}-T{number:03d}",
        f"{village[0]} {hamlet[0]} {number}",
        f"{village[1]} {hamlet[1]} {number}",
        "transformer",
        "11/0.4 kV",
        feeder.code,
        site.office_code,
    )
    return asset, Transformer(
        asset,
        site.division,
        site.agent,
        urban,
        village,
        hamlet,
        station.pin,
        consumers,
        office_phone,
    )
