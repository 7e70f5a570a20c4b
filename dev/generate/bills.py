"""Monthly bills of a consumer with readings, arrears and surcharge, and the payments on them."""

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from .charges import charges, energy, fppas_of, surcharge, tariff_of
from .deck import deck, pick

BILL_COLUMNS = (
    "bill_no account_no period months bill_date due_date disconnection_date basis meter_no "
    "previous_reading previous_reading_date current_reading current_reading_date units demand "
    "energy fixed minimum fppas duty excess_demand rebate subsidy adjustment arrears lpsc "
    "total total_after_due last_payment_date last_payment_amount last_payment_mode history"
).split()
PAYMENT_COLUMNS = "reference account_no date amount mode".split()

DAYS_TO_PAY = 15
# Fifteen clear days of notice lie between the due date and the day of disconnection.
DAYS_TO_DISCONNECTION = 16
CEILING = 800  # units per kW and month above which a reading is not believed

MODES = deck({"online": 46, "counter": 24, "kiosk": 14, "sakhi": 12, "bank": 4}, size=100)
_TROUBLES = deck(
    {"IDF": 26, "ASS": 14, "RDF": 14, "ADF": 18, "CDF": 6, "NA": 14, "NR": 8}, size=100
)
_PASSING = deck({"PROV": 45, "NA": 25, "NR": 15, "CEIL": 15}, size=100)
# Consumption of each calendar month against the year's average, in Sonbhadra's climate.
_SEASON = (0.82, 0.78, 0.85, 1.02, 1.22, 1.30, 1.24, 1.18, 1.10, 0.95, 0.78, 0.76)
# Median units per kW and month.
_USAGE = {
    "LMV-1": 78,
    "LMV-2": 95,
    "LMV-5": 90,
    "LMV-6": 130,
    "LMV-7": 170,
    "LMV-8": 150,
    "HV-2": 210,
}
_AVERAGE_BILL = 45_000  # paise for each kW and month, from which old arrears are built
# Of those who pay punctually: whose account begins with money paid ahead, and who pays ahead with a
# bill; as many as use theirs up.
_BEGAN_AHEAD = 0.02
_PAYS_AHEAD = 0.012


class Period(NamedTuple):
    """A billing month with what all its bills share."""

    first: date
    text: str
    compact: str
    fppas: int


def periods(until, count):
    """The ``count`` months up to and with ``until``, oldest first."""
    found = []
    for back in range(count - 1, -1, -1):
        year, month = divmod(until.year * 12 + until.month - 1 - back, 12)
        first = date(year, month + 1, 1)
        found.append(Period(first, f"{first:%Y-%m}", f"{first:%y%m}", fppas_of(first)))
    return found


def money(paise):
    """``12345`` -> ``"123.45"``."""
    return (
        f"{paise // 100}.{paise % 100:02d}"
        if paise >= 0
        else f"-{-paise // 100}.{-paise % 100:02d}"
    )


def _months_before(first, count):
    """First day of the month ``count`` months before ``first``."""
    year, month = divmod(first.year * 12 + first.month - 1 - count, 12)
    return date(year, month + 1, 1)


class Biller:
    """Bills consumers over the months up to a last one.

    :param seed: any whole number
    :param until: first day of the last month
    :param months: how many months are billed
    """

    def __init__(self, seed, until, months):
        self.random = Random(f"bills {seed}")
        self.periods = periods(until, months)
        self.bills = self.payments = 0

    def bills_of(self, consumer):
        """``(bill rows, payment rows)`` of one consumer, oldest first.

        A permanently disconnected connection has none.
        """
        if consumer.status == "permanent":
            return (), ()
        ledger = _Ledger(consumer, self.random, self.periods)
        bills, payments = [], []
        for nth, period in enumerate(self.periods):
            bill, payment = ledger.month(nth, period)
            if bill:
                bills.append(bill)
            if payment:
                payments.append(payment)
        return bills, payments


class _Ledger:
    """One consumer's meter and account while months go by."""

    def __init__(self, consumer, random, months):
        self.consumer = consumer
        self.random = random
        self.tariff = tariff_of(consumer.category, consumer.supply_type)
        self.last = len(months) - 1
        draw = random.random
        # A twentieth of the rural homes is read every second month; the last period is one of them.
        self.step = (
            2 if consumer.area == "rural" and consumer.category == "LMV-1" and draw() < 0.05 else 1
        )
        self.day = 1 + int(consumer.asset_code[2:4]) % 8
        self.usage = self._usage(months)
        self.reading = int(draw() * 40 * (self.usage[0] + 1)) + 100
        self.read_on = _months_before(months[0].first, self.step).replace(day=self.day)
        self.trouble = ""
        if not consumer.meter_no:
            self.trouble = "UM"
        elif draw() < 0.085:
            self.trouble = pick(_TROUBLES, draw)
        self.paid_on = self.paid = self.paid_mode = ""
        self._open_account(months[0].first)

    def _usage(self, months):
        """Units of the eleven months before the first period and of each period, oldest first."""
        consumer, gauss = self.consumer, self.random.lognormvariate
        first = months[0].first.month - 12
        count = len(months) + 11
        if consumer.status == "temporary":
            return [0] * count
        kilowatts = consumer.load * 0.746 if consumer.load_unit == "bhp" else consumer.load
        median = (
            kilowatts
            * _USAGE.get(consumer.category, 100)
            * (1.35 if consumer.area == "urban" else 1)
        )
        own = gauss(0, 0.45) * median
        ceiling = int(CEILING * kilowatts)
        factor = consumer.meter_multiplier
        draw = self.random.random
        # No consumption is known from before the connection.
        start = max(0, count - consumer.connected_months)
        return [0] * start + [
            min(
                ceiling,
                int(own * _SEASON[(first + nth) % 12] * (0.75 + 0.5 * draw())) // factor * factor,
            )
            for nth in range(start, count)
        ]

    def _open_account(self, first):
        """Arrears, surcharge and habit of payment at the first period."""
        consumer, draw = self.consumer, self.random.random
        since = max(0, consumer.connected_months - self.last - 1)
        if consumer.never_paid:
            self.habit = 0.0
            months = min(since, int(self.random.lognormvariate(3.45, 0.75)))
        elif consumer.long_unpaid:
            self.habit = 0.0
            months = min(since, 12 + int(self.random.lognormvariate(2.6, 0.8)))
        else:
            self.habit = 0.93 if draw() < 0.5 else 0.4
            months = (
                0
                if draw() < self.habit
                else min(since, 1 + int(self.random.lognormvariate(0.4, 0.8)))
            )
        self.overdue = months
        # A bill paid in full before the first period earns its rebate in it.
        before = self.usage[10] * self.step
        self.rebate_base = (
            energy(self.tariff, before, self.step) if self.habit and not months else 0
        )
        spread = self.random.lognormvariate(0, 0.35)
        self.arrears = (
            int(months * _AVERAGE_BILL * min(consumer.load, 40) * spread) if months else 0
        )
        if self.habit > 0.9 and not months and draw() < _BEGAN_AHEAD:
            self.arrears = -self._ahead()
        # Simple surcharge over the growth of the arrears: on average half of them stood for half of
        # the time.
        mean = months / 2
        rate = 125 * min(mean, 3) + 200 * max(mean - 3, 0)
        self.lpsc = int(max(0, self.arrears) * rate * 0.6 / 10_000)
        if not consumer.never_paid and since > months:
            self._note_payment(
                _months_before(first, months + 1) + timedelta(days=8 + int(draw() * 18)),
                (1 + int(draw() * 24)) * 5000,
                pick(MODES, draw),
            )

    def _ahead(self):
        """Paise that somebody pays ahead: of some days up to two months."""
        return int(_AVERAGE_BILL * self.consumer.load * (0.2 + 2 * self.random.random()))

    def _note_payment(self, day, paise, mode):
        self.paid_on, self.paid, self.paid_mode = day.isoformat(), money(paise), mode

    def _basis(self):
        """The basis of this month's bill."""
        if self.trouble:
            return self.trouble
        draw = self.random.random
        return pick(_PASSING, draw) if draw() < 0.045 else "MU"

    def _measure(self, basis, used, history):
        """``(units billed, current reading or None, whether it was read)``.

        :param used: units really consumed
        :param history: units of the last months, the current one last
        """
        factor, load = self.consumer.meter_multiplier, self.consumer.load
        average = sum(history[-3:]) // 3 * self.step // factor * factor
        if basis == "MU":
            return used, self.reading + used // factor, True
        if basis == "UM":
            return 0, None, False
        if basis == "ADF":
            return 0, self.reading, True
        if basis == "RDF":
            return (
                average,
                max(0, self.reading - 1 - int(self.random.random() * self.reading * 0.5)),
                True,
            )
        if basis in ("CEIL", "CDF"):
            over = int(CEILING * load * self.step * (1.05 + 3 * self.random.random()))
            return average, self.reading + over // factor, True
        if basis == "IDF":
            return int(self.tariff.norm * max(1, load) * self.step), None, False
        if basis == "ASS":
            return average, None, False
        return average, self.reading + average // factor, False

    def month(self, nth, period):
        """``(bill row or None, payment row or None)`` of the ``nth`` period."""
        consumer, draw = self.consumer, self.random.random
        if (self.last - nth) % self.step or self.last - nth >= consumer.connected_months:
            return None, None
        place = nth + 11
        history = self.usage[place - 11 : place + 1]
        used = history[-1] + (history[-2] if self.step == 2 else 0)
        basis = self._basis()
        units, current, read = self._measure(basis, used, history)
        minimum = basis == "MU" and self.tariff.minimum > 0
        demand, excess = self._demand(basis)
        heads = charges(
            self.tariff,
            units,
            consumer.load,
            self.step,
            period.fppas,
            excess=excess,
            minimum=minimum,
            rebate_base=self.rebate_base,
        )
        if heads.minimum:
            basis = "MIN"
        if draw() < 0.006:
            heads = heads._replace(adjustment=self._correction(sum(heads)))
        current_demand = sum(heads)
        # The payable amount is in whole rupees; what rounding adds or takes stands under
        # adjustment.
        exact = current_demand + self.arrears + self.lpsc
        total = (exact + 50) // 100 * 100
        heads = heads._replace(adjustment=heads.adjustment + total - exact)
        current_demand += total - exact
        after_due = total
        if total > 0:
            after_due += (surcharge(current_demand, 1) + 50) // 100 * 100
        billed_on = period.first.replace(day=self.day)
        due = billed_on + timedelta(days=DAYS_TO_PAY)
        history[-1] = self.usage[place] = units // self.step
        row = (
            period.compact + consumer.account_no,
            consumer.account_no,
            period.text,
            self.step,
            billed_on.isoformat(),
            due.isoformat(),
            (due + timedelta(days=DAYS_TO_DISCONNECTION)).isoformat(),
            basis,
            consumer.meter_no,
            self.reading if consumer.meter_no else "",
            self.read_on.isoformat() if consumer.meter_no else "",
            "" if current is None else current,
            billed_on.isoformat() if read else "",
            units,
            demand,
            *map(money, heads),
            money(self.arrears),
            money(self.lpsc),
            money(total),
            money(after_due),
            self.paid_on,
            self.paid,
            self.paid_mode,
            "|".join(map(str, history)),
        )
        if current is not None and basis in ("MU", "MIN", "PROV", "NA", "NR"):
            self.reading, self.read_on = current, billed_on
        payment = self._pay(period, billed_on, total, current_demand, heads.energy)
        return row, payment

    def _correction(self, current_demand):
        """Paise added or, more often, taken off for an error in an earlier bill.

        What is taken off is never more than half of this bill.
        """
        draw = self.random.random
        if draw() < 0.3:
            return 100 + int(draw() * 40_000)
        return -min(100 + int(draw() * 40_000), max(0, current_demand) // 2)

    def _demand(self, basis):
        """Recorded demand as written, and how much of it lies above the load.

        Small meters record none.
        """
        load = self.consumer.load
        if load < 4 or basis != "MU":
            return "", 0.0
        draw = self.random.random
        demand = round(load * (0.3 + 0.65 * draw()), 1)
        if draw() < 0.04:
            demand = round(load * (1.05 + 0.4 * draw()), 1)
        return f"{demand:.1f}", max(0.0, demand - load)

    def _pay(self, period, billed_on, total, current_demand, energy_charge):
        """The payment row of the month, if any, and the account after it."""
        consumer, draw = self.consumer, self.random.random
        # Surcharge is borne by the amounts due before this bill, not by the bill itself.
        due_before = self.arrears
        self.arrears += current_demand
        if total <= 0:
            # It is paid by what was paid ahead.
            self.overdue = self.rebate_base = 0
            return None
        if draw() >= self.habit:
            self.overdue += 1
            self.lpsc += surcharge(max(0, due_before), self.overdue)
            self.rebate_base = 0
            return None
        paid, luck = total, draw()
        if luck < 0.15:
            paid = max(100, int(total * (0.25 + 0.5 * draw())) // 100 * 100)
        elif self.habit > 0.9 and luck >= 1 - _PAYS_AHEAD:
            paid += self._ahead() // 10_000 * 10_000 + 10_000
        towards_lpsc = min(self.lpsc, paid)
        self.lpsc -= towards_lpsc
        self.arrears -= paid - towards_lpsc
        if paid >= total:
            self.overdue = 0
            self.rebate_base = energy_charge
        day = billed_on + timedelta(days=1 + int(draw() * 12))
        mode = pick(MODES, draw)
        self._note_payment(day, paid, mode)
        reference = f"{mode[:2].upper()}{period.compact}{consumer.account_no}"
        return reference, consumer.account_no, day.isoformat(), money(paid), mode
