"""What a month's electricity costs: whole paise in, whole paise out.

LMV-1 follows the slabs of the state's order of July 2022, continued by that of 22 November 2025;
the rates of the other categories are only of the right size, to give bills of every shape, and no
statement of the tariff in force.
"""

from typing import NamedTuple


class Tariff(NamedTuple):
    """Rates of one supply.

    ``slabs``: (units of a month up to and including, or None for the rest; paise per unit).
    ``fixed`` and ``minimum``: paise per kW (kVA, BHP) and month. ``duty``: per mille of energy and
    fixed charge. ``penalty``: multiplier of the fixed charge on demand over the sanctioned load.
    ``subsidy``: per cent of the energy charge that the state pays. ``norm``: units per kW and month
    assessed for a defective meter.
    """

    slabs: tuple
    fixed: int
    duty: int = 75
    minimum: int = 0
    penalty: int = 2
    subsidy: int = 0
    norm: int = 260


_RURAL = ((100, 335), (150, 385), (300, 500), (None, 550))
_URBAN = ((150, 550), (300, 600), (None, 650))
TARIFFS = {
    "Lifeline": Tariff(((100, 300), *_RURAL[1:]), 5000, duty=50, penalty=1, subsidy=10, norm=155),
    "Rural metered": Tariff(_RURAL, 9000, duty=50, penalty=1, norm=155),
    "Rural un-metered": Tariff(((None, 0),), 50_000, duty=50, penalty=1, norm=155),
    "Urban metered": Tariff(_URBAN, 11_000, duty=50, penalty=1, norm=155),
    "LMV-2": Tariff(((300, 750), (None, 840)), 33_000, minimum=57_500),
    "LMV-3": Tariff(((None, 750),), 20_000),
    "LMV-4": Tariff(((None, 825),), 30_000),
    "LMV-5": Tariff(((None, 200),), 7000, penalty=1, subsidy=50),
    "LMV-6": Tariff(((None, 730),), 29_000, minimum=60_000),
    "LMV-7": Tariff(((None, 850),), 37_500),
    "LMV-8": Tariff(((None, 830),), 33_000),
    "LMV-9": Tariff(((None, 900),), 20_000),
    "LMV-10": Tariff(_URBAN, 11_000, duty=50, norm=155),
    "LMV-11": Tariff(((None, 770),), 0),
    "HV-1": Tariff(((None, 832),), 43_000),
    "HV-2": Tariff(((None, 710),), 30_000),
    "HV-4": Tariff(((None, 710),), 35_000),
}

# Fuel and power purchase adjustment in hundredths of a per cent by (year, month); published ones.
# Other months take an invented one of the same size, from the list beside it.
FPPAS = {(2025, 4): 124, (2025, 8): 24, (2025, 10): -163, (2025, 11): 183}
_FPPAS_ELSE = (56, -87, 144, 0, 210, -42, 98, 175, -120, 31, 66, -15)

_SURCHARGE = (125, 200)  # hundredths of a per cent a month: the first three months, then


class Charges(NamedTuple):
    """The heads of one bill in paise, signed as they count: their sum is the current demand.

    ``adjustment`` carries corrections of earlier bills and the rounding to whole rupees.
    """

    energy: int
    fixed: int
    minimum: int
    fppas: int
    duty: int
    excess_demand: int
    rebate: int
    subsidy: int
    adjustment: int


def tariff_of(category, supply_type):
    """The :class:`Tariff` of a consumer."""
    return TARIFFS.get(supply_type) or TARIFFS[category]


def fppas_of(period):
    """Surcharge of the month ``period`` in hundredths of a per cent; may be negative."""
    return FPPAS.get(
        (period.year, period.month), _FPPAS_ELSE[(period.year * 12 + period.month) % 12]
    )


def part(amount, hundredths):
    """``hundredths`` of a per cent of ``amount``, in whole paise, halves up."""
    return (amount * hundredths + 5000) // 10_000


def surcharge(principal, months_overdue):
    """Late payment surcharge of one month on ``principal``."""
    return part(principal, _SURCHARGE[months_overdue > 3])


def energy(tariff, units, months):
    """Energy charge; the slabs grow with the months of the bill."""
    amount = below = 0
    for limit, rate in tariff.slabs:
        if limit is None or units <= limit * months:
            return amount + (units - below) * rate
        amount += (limit * months - below) * rate
        below = limit * months
    return amount


def charges(tariff, units, load, months, fppas, *, excess=0.0, minimum=False, rebate_base=0):
    """The :class:`Charges` of a bill, its adjustment left at 0.

    :param load: sanctioned load; a fraction counts as the next whole unit
    :param fppas: hundredths of a per cent on energy and fixed charge
    :param excess: recorded demand above the load, in its unit
    :param minimum: raise energy to the tariff's minimum
    :param rebate_base: amount of which 1 % is given back for the last payment in time
    """
    whole_load = -int(-load // 1)
    used = energy(tariff, units, months)
    fixed = tariff.fixed * whole_load * months
    short = max(0, tariff.minimum * whole_load * months - used - fixed) if minimum else 0
    base = used + fixed + short
    return Charges(
        used,
        fixed,
        short,
        part(base, fppas),
        part(base, tariff.duty * 10),
        round(excess * 10) * tariff.fixed * tariff.penalty // 10,
        -part(rebate_base, 100),
        -part(used, tariff.subsidy * 100),
        0,
    )
