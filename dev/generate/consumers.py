"""The consumer master: one connection, one account, one row."""

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from . import phones
from .deck import deck, pick
from .people import SURNAMES, person

# Shares of a thousand of the master.
CATEGORIES = deck(
    {
        "LMV-1": 9200,
        "LMV-2": 420,
        "LMV-5": 190,
        "LMV-4": 60,
        "LMV-6": 50,
        "LMV-7": 20,
        "LMV-3": 15,
        "LMV-9": 15,
        "LMV-10": 14,
        "LMV-8": 10,
        "LMV-11": 2,
        "HV-2": 2,
        "HV-1": 1,
        "HV-4": 1,
    },
    size=10_000,
)
WITH_MOBILE = 0.30
SAME_HOUSEHOLD = 0.18
AGENT_NUMBER = 0.04
# A clerk who had to write something wrote the number of his own office.
OFFICE_NUMBER = 0.01
NEVER_PAID = {"rural": 0.5614, "urban": 0.12, "other": 0.20}
LONG_UNPAID = {"rural": 0.14, "urban": 0.06, "other": 0.07}

_STATUS = deck({"live": 930, "temporary": 45, "permanent": 25})
_RURAL_LOADS = deck({1: 620, 2: 290, 3: 50, 4: 22, 5: 14, 7: 4})
_URBAN_LOADS = deck({1: 210, 2: 430, 3: 160, 4: 90, 5: 70, 7: 25, 10: 15})
_LOADS = {
    "LMV-2": ("kw", deck({1: 420, 2: 320, 3: 110, 5: 90, 8: 40, 15: 20})),
    "LMV-3": ("kw", deck({1: 30, 2: 40, 5: 30})),
    "LMV-4": ("kw", deck({1: 40, 2: 40, 5: 15, 10: 5})),
    "LMV-5": ("bhp", deck({3: 20, 5: 40, 7.5: 30, 10: 10})),
    "LMV-6": ("kw", deck({5: 30, 7.5: 20, 10: 25, 20: 20, 50: 5})),
    "LMV-7": ("bhp", deck({10: 40, 15: 30, 20: 20, 30: 10})),
    "LMV-8": ("bhp", deck({15: 50, 20: 50})),
    "LMV-9": ("kw", deck({2: 50, 5: 50})),
    "LMV-10": ("kw", deck({2: 40, 4: 60})),
    "LMV-11": ("kw", deck({30: 50, 60: 50})),
    "HV-1": ("kva", deck({100: 50, 250: 50})),
    "HV-2": ("kva", deck({100: 40, 250: 40, 1000: 20})),
    "HV-4": ("kva", deck({250: 100})),
}
_INSTITUTIONS = {
    "LMV-3": ("Street Light, Gram Panchayat {}", "पथ प्रकाश, ग्राम पंचायत {}"),
    "LMV-4": ("Primary School {}", "प्राथमिक विद्यालय {}"),
    "LMV-7": ("Jal Nigam Water Works {}", "जल निगम पेयजल योजना {}"),
    "LMV-8": ("State Tube Well {}", "राजकीय नलकूप {}"),
    "LMV-11": ("EV Charging Station {}", "ईवी चार्जिंग स्टेशन {}"),
    "HV-1": ("Community Hospital {}", "सामुदायिक चिकित्सालय {}"),
    "HV-2": ("Stone Crusher {}", "स्टोन क्रशर {}"),
    "HV-4": ("Lift Canal {}", "लिफ्ट नहर {}"),
}
_SHOPS = (
    ("Kirana Store", "किराना स्टोर"),
    ("Cloth House", "क्लॉथ हाउस"),
    ("Medical Store", "मेडिकल स्टोर"),
    ("Mobile Centre", "मोबाइल सेन्टर"),
    ("Sweets", "मिष्ठान भण्डार"),
    ("Hardware", "हार्डवेयर"),
)
_MAKES = ("Genus", "HPL", "Secure", "L&T", "Landis+Gyr", "Avon", "Allied", "Bentec")
# Years of connection: first campaign-less growth, the household electrification of 2017-2019, then
# new ones.
_SINCE = deck(
    {(1975, 2009): 110, (2010, 2016): 240, (2017, 2019): 460, (2020, 2026): 190}, size=100
)
_EPOCH = date(1970, 1, 1)

_ACCOUNTS = 10**8
_ACCOUNT_STRIDE = 61_803_399  # Coprime to _ACCOUNTS, so that no two sequence numbers meet.
# First two digits per division; one begins with a zero, as old numbers do.
_DIVISION_DIGITS = ("38", "07")


class Consumer(NamedTuple):
    """A row of ``consumers.csv``, fields up to ``long_unpaid``, and what bills and KYC need."""

    account_no: str
    old_account_no: str
    book_no: str
    sc_no: str
    name: str
    name_hi: str
    guardian_name: str
    mobile: str
    category: str
    supply_type: str
    load: float
    load_unit: str
    phase: int
    meter_no: str
    meter_make: str
    meter_multiplier: int
    connection_date: str
    status: str
    temporary_date: str
    permanent_date: str
    area: str
    lifeline: int
    unmetered: int
    village: str
    village_hi: str
    street: str
    pin: str
    office_code: str
    asset_code: str
    security_deposit: str
    never_paid: int
    long_unpaid: int
    # Not in the file:
    index: int
    number: str  # the household's own mobile, given or not
    agent_number: str
    connected_months: int  # whole months from the connection to the last period

    @property
    def row(self):
        """The values of ``consumers.csv`` in the order of its columns."""
        return self[: self._fields.index("index")]


COLUMNS = Consumer._fields[: Consumer._fields.index("index")]


def account_number(sequence, division, seed):
    """Ten digits, unique for each ``sequence`` below a hundred million."""
    place = (sequence * _ACCOUNT_STRIDE + seed * 104_729) % _ACCOUNTS
    return f"{_DIVISION_DIGITS[division]}{place:08d}"


def consumers(transformers, seed, until):
    """Yield a :class:`Consumer` for each place on each transformer.

    :param transformers: iterable of :class:`dev.generate.network.Transformer`
    :param until: first day of the last period billed; connections are two months older at least
    """
    random = Random(f"consumers {seed}").random
    last_day = (until - timedelta(days=60) - _EPOCH).days
    index = 0
    for nth, transformer in enumerate(transformers):
        household, surname = index, pick(SURNAMES, random)
        book_no = f"{1000 + nth % 9000:04d}"
        for place in range(transformer.consumers):
            if random() >= SAME_HOUSEHOLD:
                household, surname = index, None
            consumer, surname = _consumer(
                random,
                seed,
                transformer,
                index,
                household,
                surname,
                book_no,
                place,
                last_day,
                until,
            )
            yield consumer
            index += 1


def _consumer(
    random, seed, transformer, index, household, surname, book_no, place, last_day, until
):
    """The consumer and the (Latin, Devanagari) surname that the next one of the household bears."""
    category = pick(CATEGORIES, random)
    urban = transformer.urban
    area = "urban" if urban else "rural"
    account_no = account_number(index, transformer.division, seed)
    name, name_hi, guardian, surname = _names(random, category, transformer.village, surname)
    years = pick(_SINCE, random)
    day = int(365.25 * (years[0] - 1970 + random() * (years[1] + 1 - years[0])))
    connected = _EPOCH + timedelta(days=min(day, last_day - int(random() * 30)))
    connected_months = (until.year - connected.year) * 12 + until.month - connected.month
    status = pick(_STATUS, random)
    cut = {"temporary": "", "permanent": ""}
    if status != "live":
        days = int((last_day - (connected - _EPOCH).days) * (0.6 + 0.4 * random()))
        cut[status] = (connected + timedelta(days=days)).isoformat()
    load, load_unit, supply_type = _connection(random, category, urban)
    metered = supply_type != "Rural un-metered"
    number = phones.mobile(household, seed)
    agent_number = phones.mobile(phones.CAPACITY - 1 - transformer.agent, seed)
    mobile = ""
    if random() < WITH_MOBILE:
        luck, given = random(), number
        if luck < AGENT_NUMBER:
            given = agent_number
        elif luck < AGENT_NUMBER + OFFICE_NUMBER:
            given = transformer.office_phone
        mobile = phones.written(given, random)
    kind = area if category == "LMV-1" else "other"
    luck = random()
    never_paid = luck < NEVER_PAID[kind]
    long_unpaid = not never_paid and luck < NEVER_PAID[kind] + LONG_UNPAID[kind]
    has_old_number = connected_months > 60
    old = int(random() * 10**10)
    consumer = Consumer(
        account_no,
        (f"{old:010d}" if urban else f"{old:010d}{index % 97:02d}") if has_old_number else "",
        book_no,
        f"{place + 1:04d}{int(random() * 100):02d}",
        name,
        name_hi,
        guardian,
        mobile,
        category,
        supply_type,
        load,
        load_unit,
        3 if load > 5 or category in ("LMV-5", "LMV-6", "HV-1", "HV-2", "HV-4") else 1,
        f"{'GHSLANB'[index % 7]}{10_000_000 + int(random() * 89_999_999)}" if metered else "",
        _MAKES[int(random() * len(_MAKES))] if metered else "",
        10 if load_unit == "kva" else 1,
        connected.isoformat(),
        status,
        cut["temporary"],
        cut["permanent"],
        area,
        int(supply_type == "Lifeline"),
        int(not metered),
        transformer.village[0],
        transformer.village[1],
        f"House {place + 1}, {transformer.hamlet[0]}",
        transformer.pin,
        transformer.asset.office_code,
        transformer.asset.code,
        f"{int(load * (300 if category == 'LMV-1' else 1000))}.00",
        int(never_paid),
        int(long_unpaid),
        index,
        number,
        agent_number,
        connected_months,
    )
    return consumer, surname


def _names(random, category, village, surname):
    """``(name, Devanagari name, guardian, surname)``, the surname as (Latin, Devanagari).

    An institution leaves the surname as it is.
    """
    if category in _INSTITUTIONS:
        latin, hindi = _INSTITUTIONS[category]
        return latin.format(village[0]), hindi.format(village[1]), "", surname
    someone, surname = person(random, surname)
    name, name_hi = someone.name, someone.name_hi
    if category == "LMV-2" and random() < 0.6:
        shop = _SHOPS[int(random() * len(_SHOPS))]
        name, name_hi = f"{surname[0]} {shop[0]}", f"{surname[1]} {shop[1]}"
    return name, name_hi, someone.guardian, surname


def _connection(random, category, urban):
    """Load, its unit and the supply type."""
    if category == "LMV-1":
        if urban:
            return pick(_URBAN_LOADS, random), "kw", "Urban metered"
        load = pick(_RURAL_LOADS, random)
        luck = random()
        if luck < 0.02:
            return load, "kw", "Rural un-metered"
        if load == 1 and luck < 0.30:
            return load, "kw", "Lifeline"
        return load, "kw", "Rural metered"
    unit, loads = _LOADS[category]
    supply_type = "ST41" if category == "LMV-4" else "Urban" if urban else "Rural"
    return pick(loads, random), unit, supply_type
