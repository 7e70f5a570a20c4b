"""Bills computed by hand. Every expected value below was worked out with pencil and paper from the
arithmetic written beside it, never by running the code."""

from datetime import date
from decimal import Decimal as D

from odoo.tests import BaseCase, tagged

from ..tools.dues import late_surcharge, unpaid_principal
from ..tools.reading import (
    Earlier,
    Reading,
    assessed_units,
    consumption_history,
    measure,
    months_between,
)
from ..tools.tariff import Usage, charge
from ..tools.tariff_book import Book, Rate, Slab, Supply, TariffError, Value

OPEN = date(2022, 8, 1)
RURAL = (
    Slab(D(100), D("3.35")),
    Slab(D(150), D("3.85")),
    Slab(D(300), D("5.00")),
    Slab(None, D("5.50")),
)
URBAN = (
    Slab(D(100), D("5.50")),
    Slab(D(150), D("5.50")),
    Slab(D(300), D("6.00")),
    Slab(None, D("6.50")),
)
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


def rate(slabs=(), fixed="90", **kw):
    values = {"tariff": 1, "start": OPEN, "end": None, "slabs": slabs, "fixed": D(fixed), **kw}
    return Rate(**values)


def figure(kind, value, category=None, start=OPEN, end=None, base="charges", verified=True):
    return kind, category, Value(start, end, D(value), base, verified)


FIGURES = (
    figure("bhp_kw", "0.746"),
    figure("power_factor", "0.9"),
    figure("kvah_from", "10"),
    figure("excess_demand", "2"),
    figure("excess_demand", "1", "LMV-1"),
    figure("norm", "155", "LMV-1"),
    figure("norm", "260", "LMV-2"),
    figure("ceiling", "800"),
    figure("average_months", "3"),
    figure("lpsc_first", "1.25"),
    figure("lpsc_first_months", "3"),
    figure("lpsc_after", "2"),
)
RATES = (
    (
        ("LMV-1", None, True, True),
        rate((Slab(None, D("3.00")),), "50", max_units=D(100), max_load=D(1)),
    ),
    (("LMV-1", "rural", False, True), rate(RURAL)),
    (("LMV-1", "rural", False, False), rate((), "500")),
    (("LMV-1", "urban", False, True), rate(URBAN, "110")),
    # Invented rates, to have a minimum charge, kVAh, BHP and a subsidy at all.
    (("LMV-2", None, False, True), rate((Slab(None, D("8.00")),), "300", minimum=D(600))),
    (
        ("LMV-5", None, False, True),
        rate(
            (Slab(None, D("2.00")),),
            "70",
            fixed_unit="bhp",
            subsidy_unit=D("0.50"),
            subsidy_percent=D(10),
        ),
    ),
    (("LMV-6", None, False, True), rate((Slab(None, D("7.00")),), "290", fixed_unit="kva")),
    (("LMV-9", None, False, True), rate((Slab(None, D("9.00")),), "20", fixed_unit="connection")),
)


def supply(category="LMV-1", area="rural", load="2", unit="kw", lifeline=False, metered=True):
    return Supply(category, area, lifeline, metered, D(load), unit)


class TariffCase(BaseCase):
    def bill(self, units, *figures, of=None, months=1, days=NOVEMBER, rates=RATES, **usage):
        book = Book(rates, [*FIGURES, *figures])
        usage = {name: value and D(value) for name, value in usage.items()}
        return charge(book, of or supply(), Usage(*days, months, D(units), **usage))

    def assert_lines(self, charges, *lines):
        """``lines``: (head, quantity, rate, amount)."""
        self.assertEqual(
            [(line.head, line.quantity, line.rate, line.amount) for line in charges.lines],
            [(head, D(quantity), D(price), D(amount)) for head, quantity, price, amount in lines],
        )

    def assert_heads(self, charges, **heads):
        found = {}
        for line in charges.lines:
            found[line.head] = found.get(line.head, D(0)) + line.amount
        self.assertEqual(found, {head: D(amount) for head, amount in heads.items()})


@tagged("post_install", "-at_install")
class TestTariffByHand(TariffCase):
    def test_01_vector_of_the_order(self):
        """Rural, 2 kW, 180 units, one month.

        100 × 3.35 = 335.00; 50 × 3.85 = 192.50; 30 × 5.00 = 150.00; energy 677.50.
        2 kW × 90 = 180.00. Together 857.50.
        """
        bill = self.bill("180")
        self.assert_lines(
            bill,
            ("energy", "100", "3.35", "335.00"),
            ("energy", "50", "3.85", "192.50"),
            ("energy", "30", "5.00", "150.00"),
            ("fixed", "2", "90", "180.00"),
        )
        self.assertEqual(bill.total, D("857.50"))
        self.assertTrue(bill.verified)

    def test_02_edges_of_rural_slabs(self):
        """Energy charge only; 2 kW × 90 = 180 on top.

        units  0–100 @3.35  101–150 @3.85  151–300 @5.00  >300 @5.50   energy   with fixed
          0       0                                                      0.00      180.00
        100    335.00                                                  335.00      515.00
        101    335.00         3.85                                     338.85      518.85
        150    335.00       192.50                                     527.50      707.50
        151    335.00       192.50           5.00                      532.50      712.50
        300    335.00       192.50         750.00                     1277.50     1457.50
        301    335.00       192.50         750.00          5.50       1283.00     1463.00
        """
        for units, total in (
            ("0", "180.00"),
            ("100", "515.00"),
            ("101", "518.85"),
            ("150", "707.50"),
            ("151", "712.50"),
            ("300", "1457.50"),
            ("301", "1463.00"),
        ):
            with self.subTest(units=units):
                self.assertEqual(self.bill(units).total, D(total))

    def test_03_edges_of_urban_slabs(self):
        """Urban, 3 kW: fixed 3 × 110 = 330.

        units  0–150 @5.50   151–300 @6.00  >300 @6.50   energy   with fixed
        100      550.00                                  550.00      880.00
        150      825.00                                  825.00     1155.00
        151      825.00         6.00                     831.00     1161.00
        300      825.00       900.00                    1725.00     2055.00
        301      825.00       900.00         6.50       1731.50     2061.50
        """
        for units, total in (
            ("100", "880.00"),
            ("150", "1155.00"),
            ("151", "1161.00"),
            ("300", "2055.00"),
            ("301", "2061.50"),
        ):
            with self.subTest(units=units):
                bill = self.bill(units, of=supply(area="urban", load="3"))
                self.assertEqual(bill.total, D(total))

    def test_04_two_months(self):
        """Rural, 2 kW, two months, 350 units: slabs 0–200, 201–300, 301–600.

        200 × 3.35 = 670.00; 100 × 3.85 = 385.00; 50 × 5.00 = 250.00; energy 1305.00.
        Fixed 2 kW × 2 months × 90 = 360.00. Together 1665.00.
        """
        bill = self.bill("350", months=2, days=(date(2026, 10, 1), date(2026, 11, 30)))
        self.assert_lines(
            bill,
            ("energy", "200", "3.35", "670.00"),
            ("energy", "100", "3.85", "385.00"),
            ("energy", "50", "5.00", "250.00"),
            ("fixed", "4", "90", "360.00"),
        )

    def test_05_thirteen_months(self):
        """Rural, 1 kW, 13 months, 1,400 units: slabs 0–1300, 1301–1950.

        1300 × 3.35 = 4355.00; 100 × 3.85 = 385.00; fixed 1 × 13 × 90 = 1170.00; 5910.00.
        """
        days = (date(2025, 11, 1), date(2026, 11, 30))
        bill = self.bill("1400", of=supply(load="1"), months=13, days=days)
        self.assertEqual(bill.total, D("5910.00"))

    def test_06_lifeline(self):
        """Lifeline, 1 kW: up to 100 units 3.00 each, fixed 50.

        100 units: 300.00 + 50.00 = 350.00, in either area.
        101 units are beyond it: rural 100 × 3.35 + 1 × 3.85 = 338.85, fixed 90.00; 428.85.
        80 units at 2 kW are beyond it too: 80 × 3.35 = 268.00, fixed 180.00; 448.00.
        Two months, 200 units: 600.00 + 2 × 50.00 = 700.00.
        """
        for area in ("rural", "urban"):
            bill = self.bill("100", of=supply(area=area, load="1", lifeline=True))
            self.assertEqual(bill.total, D("350.00"))
        poor = supply(load="1", lifeline=True)
        self.assertEqual(self.bill("101", of=poor).total, D("428.85"))
        self.assertEqual(self.bill("80", of=supply(lifeline=True)).total, D("448.00"))
        days = (date(2026, 10, 1), date(2026, 11, 30))
        self.assertEqual(self.bill("200", of=poor, months=2, days=days).total, D("700.00"))

    def test_07_unmetered(self):
        """Rural un-metered, 2 kW, two months: 2 × 2 × 500 = 2000.00, no energy charge."""
        days = (date(2026, 10, 1), date(2026, 11, 30))
        bill = self.bill("0", of=supply(metered=False), months=2, days=days)
        self.assert_lines(bill, ("fixed", "4", "500", "2000.00"))

    def test_08_fractions_of_load(self):
        """Fractions count as the next higher kW; 50 units × 3.35 = 167.50.

        0.25 kW → 1: 90.00, 257.50.   1.01 kW → 2: 180.00, 347.50.   2.00 kW → 2: 180.00, 347.50.
        """
        for load, total in (("0.25", "257.50"), ("1.01", "347.50"), ("2.00", "347.50")):
            with self.subTest(load=load):
                self.assertEqual(self.bill("50", of=supply(load=load)).total, D(total))

    def test_09_horse_power(self):
        """5 BHP at home: 5 × 0.746 = 3.73 kW → 4 kW × 90 = 360.00; 50 × 3.35 = 167.50; 527.50.

        A well charged by BHP: 7.5 BHP → 8 × 70 = 560.00; 400 × 2.00 = 800.00; 1360.00 before the
        subsidy of 0.50 × 400 = 200.00 and 10 % of 1360.00 = 136.00: 1024.00.
        """
        home = self.bill("50", of=supply(load="5", unit="bhp"))
        self.assertEqual(home.total, D("527.50"))
        well = self.bill("400", of=supply("LMV-5", load="7.5", unit="bhp"))
        self.assert_heads(well, energy="800.00", fixed="560.00", subsidy="-336.00")
        self.assertEqual(well.total, D("1024.00"))

    def test_10_kvah(self):
        """Load 18 kW: 18 / 0.90 = 20 kVA × 290 = 5800.00. 1,000 kVAh × 7.00 = 7000.00, although
        only 900 kWh were used. Without a kVAh reading 900 × 7.00 = 6300.00, and the bill says so.
        At 9.99 kW kWh count: 900 × 7.00 = 6300.00; 9.99 / 0.90 = 11.1 → 12 kVA × 290 = 3480.00.
        """
        large = supply("LMV-6", load="18")
        bill = self.bill("900", of=large, kvah="1000")
        self.assert_heads(bill, energy="7000.00", fixed="5800.00")
        bill = self.bill("900", of=large)
        self.assert_heads(bill, energy="6300.00", fixed="5800.00")
        self.assertIn("no_kvah", bill.notes)
        bill = self.bill("900", of=supply("LMV-6", load="9.99"), kvah="1000")
        self.assert_heads(bill, energy="6300.00", fixed="3480.00")

    def test_11_minimum(self):
        """Shop, 2 kW: minimum 2 × 600 = 1200.00.

        50 units: 400.00 + fixed 600.00 = 1000.00, so 200.00 are missing.
        75 units: 600.00 + 600.00 = 1200.00, nothing is missing.
        0 units: fixed 600.00, 600.00 are missing.
        """
        shop = supply("LMV-2")
        self.assert_heads(self.bill("50", of=shop), energy="400", fixed="600", minimum="200")
        self.assert_heads(self.bill("75", of=shop), energy="600", fixed="600")
        self.assert_heads(self.bill("0", of=shop), fixed="600", minimum="600")

    def test_12_percentages(self):
        """The vector of 857.50 with FPPAS +1.83 % and duty 5 %.

        FPPAS 857.50 × 1.83 % = 15.69225 → 15.69. Duty 857.50 × 5 % = 42.875 → 42.88 (half up).
        857.50 + 15.69 + 42.88 = 916.07.
        Duty of the charges with FPPAS: 873.19 × 5 % = 43.6595 → 43.66; of energy alone
        677.50 × 5 % = 33.875 → 33.88.
        """
        fppas = figure("fppas", "1.83", None, *NOVEMBER)
        bill = self.bill("180", fppas, figure("duty", "5"))
        self.assert_heads(bill, energy="677.50", fixed="180", fppas="15.69", duty="42.88")
        self.assertEqual(bill.total, D("916.07"))
        bill = self.bill("180", fppas, figure("duty", "5", base="charges_fppas"))
        self.assert_heads(bill, energy="677.50", fixed="180", fppas="15.69", duty="43.66")
        bill = self.bill("180", figure("duty", "5", base="energy"))
        self.assert_heads(bill, energy="677.50", fixed="180", duty="33.88")
        self.assertEqual(bill.unknown, {"fppas"})

    def test_13_negative_fppas(self):
        """857.50 × −1.63 % = −13.97725 → −13.98; 843.52. The duty of 7.5 % is that of the category:
        5 % of 857.50 = 42.88; 886.40."""
        bill = self.bill(
            "180",
            figure("fppas", "-1.63", None, *NOVEMBER),
            figure("duty", "7.5"),
            figure("duty", "5", "LMV-1"),
        )
        self.assert_heads(bill, energy="677.50", fixed="180", fppas="-13.98", duty="42.88")
        self.assertEqual(bill.total, D("886.40"))

    def test_14_fppas_of_two_months(self):
        """16 October to 15 November: 16 days at −1.63 %, 15 at +1.83 %; base 857.50.

        857.50 × 16/31 = 442.5806 → 442.58; the rest is 414.92.
        442.58 × −1.63 % = −7.214 → −7.21; 414.92 × 1.83 % = 7.593 → 7.59; together 0.38.
        """
        bill = self.bill(
            "180",
            figure("fppas", "-1.63", None, date(2025, 10, 1), date(2025, 10, 31)),
            figure("fppas", "1.83", None, date(2025, 11, 1), date(2025, 11, 30)),
            days=(date(2025, 10, 16), date(2025, 11, 15)),
        )
        amounts = [line.amount for line in bill.lines if line.head == "fppas"]
        self.assertEqual(amounts, [D("-7.21"), D("7.59")])

    def test_15_duty_changes_within_the_period(self):
        """Duty 5 % until 10 November, 6 % from the 11th; base 857.50.

        10 of 30 days: 285.8333 → 285.83 × 5 % = 14.2915 → 14.29.
        Rest 571.67 × 6 % = 34.3002 → 34.30. Together 48.59.
        """
        bill = self.bill(
            "180",
            figure("duty", "5", end=date(2026, 11, 10)),
            figure("duty", "6", start=date(2026, 11, 11)),
        )
        self.assert_heads(bill, energy="677.50", fixed="180", duty="48.59")

    def test_16_tariff_changes_within_the_period(self):
        """Rural, 2 kW, 180 units in November; from the 11th each slab costs 1.00 more, fixed 120.

        First 10 of 30 days: 60 units; slabs end at 33.33, 50, 100:
          33.33 × 3.35 = 111.6555 → 111.66; 16.67 × 3.85 = 64.1795 → 64.18; 10 × 5.00 = 50.00
          fixed: 2 × 10/30 = 0.6667 → 0.67 × 90 = 60.30
        Last 20 days: 120 units; slabs end at 66.67, 100, 200:
          66.67 × 4.35 = 290.0145 → 290.01; 33.33 × 4.85 = 161.6505 → 161.65; 20 × 6.00 = 120.00
          fixed: rest 1.33 × 120 = 159.60
        Energy 225.84 + 571.66 = 797.50; fixed 219.90; together 1017.40.
        """
        dearer = tuple(Slab(slab.upto, slab.rate + 1) for slab in RURAL)
        key = ("LMV-1", "rural", False, True)
        rates = (
            (key, rate(RURAL, end=date(2026, 11, 10))),
            (key, rate(dearer, "120", start=date(2026, 11, 11), tariff=2)),
        )
        bill = self.bill("180", rates=rates)
        self.assert_lines(
            bill,
            ("energy", "33.33", "3.35", "111.66"),
            ("energy", "16.67", "3.85", "64.18"),
            ("energy", "10", "5", "50"),
            ("energy", "66.67", "4.35", "290.01"),
            ("energy", "33.33", "4.85", "161.65"),
            ("energy", "20", "6", "120"),
            ("fixed", "0.67", "90", "60.30"),
            ("fixed", "1.33", "120", "159.60"),
        )
        self.assertEqual(bill.total, D("1017.40"))
        self.assertEqual(bill.tariff, 2)

    def test_17_excess_demand(self):
        """Home, 2 kW, demand 3.4: 1.4 × 90 × 1 = 126.00. Shop, 2 kW, demand 3.4: 1.4 × 300 × 2 =
        840.00. At or below the load nothing. A load of 2 BHP is 1.492 kW: demand 3 is 1.508 over,
        1.51 × 90 = 135.90."""
        home = self.bill("100", demand="3.4")
        self.assert_heads(home, energy="335", fixed="180", excess_demand="126.00")
        shop = self.bill("100", of=supply("LMV-2"), demand="3.4")
        self.assert_heads(shop, energy="800", fixed="600", excess_demand="840.00")
        self.assert_heads(self.bill("100", demand="2"), energy="335", fixed="180")
        bhp = self.bill("100", of=supply(load="2", unit="bhp"), demand="3")
        self.assert_heads(bhp, energy="335", fixed="180", excess_demand="135.90")

    def test_18_by_connection(self):
        """Temporary supply: 20 for each connection whatever its load; 10 × 9 = 90; 110."""
        self.assertEqual(self.bill("10", of=supply("LMV-9", load="0")).total, D("110"))

    def test_19_fractions_of_units(self):
        """Half a paisa is rounded up: 0.1 × 3.35 = 0.335 → 0.34; with fixed 180.34."""
        self.assertEqual(self.bill("0.1").total, D("180.34"))

    def test_20_unverified(self):
        """One rate that is not verified marks the bill."""
        self.assertTrue(self.bill("180", figure("duty", "5")).verified)
        bill = self.bill("180", figure("duty", "5", verified=False))
        self.assertFalse(bill.verified)
        self.assertIn("unverified", bill.notes)

    def test_21_cannot_be_made_out(self):
        """A gap between schedules, a missing category, area, load or factor is named, and nothing
        is guessed."""
        key = ("LMV-1", "rural", False, True)
        gap = (
            (key, rate(RURAL, end=date(2026, 11, 10))),
            (key, rate(RURAL, start=date(2026, 11, 15))),
        )
        with self.assertRaises(TariffError) as caught:
            self.bill("180", rates=gap)
        self.assertEqual(caught.exception.code, "no_rate")
        self.assertEqual(
            (caught.exception.params["start"], caught.exception.params["end"]),
            (date(2026, 11, 11), date(2026, 11, 14)),
        )
        for code, of in (
            ("no_category", supply(None)),
            ("no_area", supply(area=None)),
            ("no_load", supply(load="0")),
            ("no_rate", supply("HV-9")),
        ):
            with self.subTest(code), self.assertRaises(TariffError) as caught:
                self.bill("10", of=of)
            self.assertEqual(caught.exception.code, code)
        for code, kw in (
            ("units", {"units": "-1"}),
            ("dates", {"units": "1", "days": NOVEMBER[::-1]}),
            ("dates", {"units": "1", "months": 0}),
        ):
            with self.subTest(code), self.assertRaises(TariffError) as caught:
                self.bill(**kw)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(TariffError) as caught:
            charge(Book(RATES, []), supply(unit="bhp"), Usage(*NOVEMBER, 1, D(1)))
        self.assertEqual(caught.exception.code, "no_factor")


def earlier(month, units, method="reading", kwh="0", months=1, total="500", current=None, **kw):
    """A bill of 2026: read on the 5th of its month, due on the 20th."""
    values = {
        "id": month,
        "period": date(2026, month, 1),
        "bill_date": date(2026, month, 5),
        "due_date": date(2026, month, 20),
        "months": months,
        "method": method,
        "units": D(units),
        "kwh": D(kwh),
        "kvah": None,
        "read_on": date(2026, month, 5) if method != "assessed" else None,
        "until": date(2026, month, 5) if method != "assessed" else date(2026, month, 28),
        "total": D(total),
        "surcharge": D(0),
        "current": D(total if current is None else current),
        "history": [],
    }
    return Earlier(**{**values, **kw})


@tagged("post_install", "-at_install")
class TestReading(TariffCase):
    book = Book(RATES, FIGURES)

    def measure(self, *before, of=None, **kw):
        values = {
            "supply": of or supply(),
            "period": date(2026, 11, 1),
            "current_on": date(2026, 11, 5),
            **kw,
        }
        for name in ("current", "previous", "final", "initial", "multiplier"):
            if name in values:
                values[name] = D(values[name])
        return measure(self.book, Reading(**values), list(before))

    def test_from_the_last_bill(self):
        """1,180 − 1,000 = 180 units from 6 October to 5 November, 31 days: one month."""
        found = self.measure(earlier(10, "150", kwh="1000"), current="1180")
        self.assertEqual((found.usage.units, found.usage.months), (D(180), 1))
        self.assertEqual(
            (found.usage.start, found.usage.end), (date(2026, 10, 6), date(2026, 11, 5))
        )
        self.assertEqual((found.previous, found.basis), (D(1000), "MU"))

    def test_multiplying_factor(self):
        """20 × 15.5 = 310."""
        found = self.measure(
            earlier(10, "9", kwh="1000"), of=supply(load="20"), current="1020", multiplier="15.5"
        )
        self.assertEqual(found.usage.units, D(310))

    def test_months(self):
        """Days / 30.4375, to the nearest whole number: 45 days 1.48, 46 days 1.51, 395 12.98."""
        for days, months in ((1, 1), (31, 1), (45, 1), (46, 2), (61, 2), (365, 12), (395, 13)):
            with self.subTest(days=days):
                start = date(2026, 1, 1)
                end = date.fromordinal(start.toordinal() + days)
                self.assertEqual(months_between(start, end), months)

    def test_below_the_last_reading(self):
        """Present below previous: RDF, billed by the average of (150 + 120 + 180) / 3 = 150."""
        found = self.measure(
            earlier(10, "150", kwh="1000"),
            earlier(9, "120"),
            earlier(8, "180"),
            current="900",
        )
        self.assertEqual((found.basis, found.method), ("RDF", "assessed"))
        self.assertEqual(found.usage.units, D(150))
        self.assertEqual(found.notes, ["below", "average"])

    def test_meter_changed(self):
        """Old meter 1,000 → 1,040, new one 5 → 65: 40 + 60 = 100 units. Over the last digit of
        five: 99,950 → 1,00,000 and 0 → 30: 50 + 30 = 80."""
        found = self.measure(
            earlier(10, "150", kwh="1000"), changed=True, final="1040", initial="5", current="65"
        )
        self.assertEqual((found.usage.units, found.basis), (D(100), "MU"))
        found = self.measure(
            earlier(10, "150", kwh="99950"), changed=True, final="100000", current="30"
        )
        self.assertEqual(found.usage.units, D(80))

    def test_new_meter_after_a_defective_one(self):
        """What was assessed stands: only the new meter counts, 0 → 70, from the day after."""
        found = self.measure(
            earlier(10, "155", "assessed"),
            earlier(9, "120", kwh="1000"),
            changed=True,
            current="70",
        )
        self.assertEqual((found.usage.units, found.credited), (D(70), []))
        self.assertEqual(found.usage.start, date(2026, 10, 29))

    def test_reading_after_bills_without_one(self):
        """1,000 in September, none in October, 1,300 in November: 300 units of two months (61 days
        from 5 September), and the bill of October is credited."""
        october = earlier(10, "155", "assessed")
        found = self.measure(october, earlier(9, "120", kwh="1000"), current="1300")
        self.assertEqual((found.usage.units, found.usage.months), (D(300), 2))
        self.assertEqual(found.credited, [october])
        self.assertIn("credited", found.notes)

    def test_average_then_norm(self):
        """Read months 150, 120, 180 (average 150), 2 kW: norm 2 × 155 = 310 a month.

        months without reading before   this bill      units
        0                               1 month        150
        2                               1 month        150
        2                               2 months       1 × 150 + 1 × 310 = 460
        3                               1 month        310
        no read month at all            1 month        310
        """
        read = [(D(150), 1, True), (D(120), 1, True), (D(180), 1, True), (D(999), 1, True)]
        unread = (D(150), 1, False)
        for before, months, units, how in (
            (read, 1, "150", "average"),
            ([unread] * 2 + read, 1, "150", "average"),
            ([unread] * 2 + read, 2, "460", "mixed"),
            ([unread] * 3 + read, 1, "310", "normative"),
            ([], 1, "310", "normative"),
        ):
            with self.subTest(how=how, months=months):
                found = assessed_units(self.book, supply(), months, date(2026, 11, 30), before)
                self.assertEqual(found, (D(units), how))
        shop = supply("LMV-2", load="1.5")
        # 1.5 kW counts as 2: 2 × 260 = 520.
        self.assertEqual(
            assessed_units(self.book, shop, 1, date(2026, 11, 30), []), (D(520), "normative")
        )
        with self.assertRaises(TariffError) as caught:
            assessed_units(self.book, supply("LMV-6"), 1, date(2026, 11, 30), [])
        self.assertEqual(caught.exception.code, "no_norm")

    def test_ceiling(self):
        """2 kW × 800 = 1,600 a month. 1,600 units are believed, 1,601 are billed as 1,600 CEIL."""
        for current, units, basis in (("2600", "1600", "MU"), ("2601", "1600", "CEIL")):
            found = self.measure(earlier(10, "150", kwh="1000"), current=current)
            self.assertEqual((found.usage.units, found.basis), (D(units), basis))

    def test_every_basis(self):
        """What each method bills; without a basis it follows from what is there."""
        before = earlier(10, "150", kwh="1000")
        for method, kw, basis, units in (
            ("reading", {"current": "1090"}, None, "90"),
            ("ceiling", {"current": "1090"}, None, "90"),
            ("assessed", {"current_on": None}, None, "150"),
            ("unmetered", {"current_on": None}, None, "0"),
            (None, {"current": "1090"}, "MU", "90"),
            (None, {"current_on": None}, "PROV", "150"),
            (None, {"current_on": None, "of": supply(metered=False)}, "UM", "0"),
        ):
            with self.subTest(method=method, basis=basis):
                found = self.measure(before, method=method, **kw)
                self.assertEqual((found.basis, found.usage.units), (basis, D(units)))
                self.assertEqual(found.supply.metered, basis != "UM" and method != "unmetered")

    def test_months_without_a_reading(self):
        """The last bill was of September: un-metered supply is billed for October and November."""
        found = self.measure(
            earlier(9, "0", "unmetered", until=date(2026, 9, 30)),
            current_on=None,
            of=supply(metered=False),
        )
        self.assertEqual(found.usage.months, 2)
        self.assertEqual(
            (found.usage.start, found.usage.end), (date(2026, 10, 1), date(2026, 11, 30))
        )

    def test_impossible(self):
        before = earlier(10, "150", kwh="1000")
        for code, bills, kw in (
            ("no_previous", [], {"current": "5"}),
            ("no_reading", [before], {"method": "reading", "current_on": None}),
            ("reading_dates", [before], {"current": "1100", "current_on": date(2026, 10, 5)}),
        ):
            with self.subTest(code), self.assertRaises(TariffError) as caught:
                self.measure(*bills, **kw)
            self.assertEqual(caught.exception.code, code)

    def test_history(self):
        """Thirteen months of 130 units give 10 a month, the last twelve of them."""
        known = [{"month": "2025-10", "units": 7.0}]
        before = earlier(10, "1", history=known)
        rows = consumption_history([before], date(2026, 11, 1), 1, D(33))
        self.assertEqual(rows, [*known, {"month": "2026-11", "units": 33.0}])
        rows = consumption_history([], date(2026, 11, 1), 13, D(130))
        self.assertEqual((len(rows), rows[0]["month"]), (12, "2025-12"))
        self.assertEqual({row["units"] for row in rows}, {10.0})


@tagged("post_install", "-at_install")
class TestLateSurcharge(TariffCase):
    book = Book(RATES, FIGURES)

    def test_by_days(self):
        """1,000 due on 1 June; months of 30 days, 1.25 % for three of them, then 2 %.

        until       days   months     per cent           surcharge
        1 June        0      0            0                 0.00
        1 July       30      1            1.25             12.50
        16 July      45      1.5          1.875            18.75
        30 August    90      3            3.75             37.50
        29 October  150      5            3.75 + 4.00      77.50
        """
        due = date(2026, 6, 1)
        for until, amount in (
            (date(2026, 5, 20), "0"),
            (date(2026, 6, 1), "0"),
            (date(2026, 7, 1), "12.50"),
            (date(2026, 7, 16), "18.75"),
            (date(2026, 8, 30), "37.50"),
            (date(2026, 10, 29), "77.50"),
        ):
            with self.subTest(until=until):
                found = late_surcharge(self.book, [(D(1000), due)], due, until)
                self.assertEqual(found, D(amount))
        # What stood in the bill of 30 August is not charged twice: 77.50 − 37.50.
        found = late_surcharge(self.book, [(D(1000), due)], date(2026, 8, 30), date(2026, 10, 29))
        self.assertEqual(found, D("40.00"))

    def test_on_principal_only(self):
        """700 unpaid: the newest bill's 500 and 200 of the one before; surcharge is no principal,
        and credit has none."""
        bills = [earlier(10, "1", current="500"), earlier(9, "1", current="300")]
        self.assertEqual(
            unpaid_principal(bills, D(700)),
            [(D(500), date(2026, 10, 20)), (D(200), date(2026, 9, 20))],
        )
        self.assertEqual(unpaid_principal(bills, D(-5)), [])
        # 1,000 are unpaid, the bills known explain 800: the rest is older.
        self.assertEqual(unpaid_principal(bills, D(1000))[-1], (D(200), date(2026, 9, 20)))
