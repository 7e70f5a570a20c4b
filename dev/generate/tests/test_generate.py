"""The generated files: their formats, shares, sums and sameness."""

import csv
import hashlib
import io
import re
import tempfile
import unicodedata
import unittest
from collections import Counter
from contextlib import redirect_stderr
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

from dev.generate import __main__ as command
from dev.generate import bills, kyc, network, phones
from tools.phone import PhoneError, normalise_mobile

SIZE = 5500
HEADS = "energy fixed minimum fppas duty excess_demand rebate subsidy adjustment".split()
AMOUNT = re.compile(r"-?\d+\.\d\d")


def read(folder, name):
    with (Path(folder) / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def meaning(number):
    """The number in E.164 that the add-on reads in a phone field, None when it refuses it."""
    try:
        return normalise_mobile(number)
    except PhoneError:
        return None


class GeneratedCase(unittest.TestCase):
    """Files for 2 % of the district with three months of bills, made once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.counts = command.generate(cls.folder, SIZE, seed=7, months=3)
        for name in ("offices", "assets", "consumers", "kyc", "bills", "payments"):
            setattr(cls, name, read(cls.folder, name))

    def assertShare(self, found, expected, tolerance, whole=SIZE):
        self.assertAlmostEqual(found / whole, expected, delta=tolerance)


class TestFormats(GeneratedCase):
    def test_counts_are_those_of_the_files(self):
        for name, rows in self.counts.items():
            self.assertEqual(rows, len(getattr(self, name.removesuffix(".csv"))), name)
        self.assertEqual(len(self.consumers), SIZE)

    def test_trees_name_parents_before_children(self):
        for rows in (self.offices, self.assets):
            seen = {""}
            for row in rows:
                self.assertIn(row["parent_code"], seen)
                self.assertNotIn(row["code"], seen)
                seen.add(row["code"])
        offices = {row["code"] for row in self.offices}
        assets = {row["code"]: row for row in self.assets}
        self.assertLessEqual({row["office_code"] for row in self.assets}, offices)
        for consumer in self.consumers:
            asset = assets[consumer["asset_code"]]
            self.assertEqual(asset["kind"], "transformer")
            self.assertEqual(asset["office_code"], consumer["office_code"])

    def test_account_numbers(self):
        accounts = {row["account_no"] for row in self.consumers}
        self.assertEqual(len(accounts), SIZE)
        self.assertTrue(all(re.fullmatch(r"\d{10}", account) for account in accounts))
        self.assertTrue(any(account.startswith("0") for account in accounts))
        self.assertTrue(
            all(re.fullmatch(r"|\d{10}|\d{12}", row["old_account_no"]) for row in self.consumers)
        )
        for rows in (self.kyc, self.bills, self.payments):
            self.assertLessEqual({row["account_no"] for row in rows}, accounts)

    def test_dates_and_amounts(self):
        for bill in self.bills:
            billed, due, cut = (
                date.fromisoformat(bill[name])
                for name in ("bill_date", "due_date", "disconnection_date")
            )
            self.assertEqual(f"{billed:%Y-%m}", bill["period"])
            self.assertEqual((due - billed).days, 15)
            self.assertGreater((cut - due).days, 15)
            for name in (*HEADS, "arrears", "lpsc", "total", "total_after_due"):
                self.assertRegex(bill[name], AMOUNT)
            self.assertEqual(len(bill["history"].split("|")), 12)
        for payment in self.payments:
            date.fromisoformat(payment["date"])
            self.assertGreater(Decimal(payment["amount"]), 0)

    def test_numbers_of_bills_and_payments_are_unique(self):
        for rows, key in ((self.bills, "bill_no"), (self.payments, "reference")):
            self.assertEqual(len({row[key] for row in rows}), len(rows))
        self.assertEqual(len({(b["account_no"], b["period"]) for b in self.bills}), len(self.bills))

    def test_devanagari_is_normalised_and_corresponds(self):
        for row in (*self.offices, *self.assets, *self.consumers):
            self.assertTrue(unicodedata.is_normalized("NFC", row["name_hi"]))
            self.assertIsNone(re.search(r"[A-Za-z]", row["name_hi"]))
            self.assertIsNone(re.search(r"[\u0900-\u097f]", row["name"]))
        spelling = {}
        for row in self.consumers:
            latin, hindi = row["name"].split(), row["name_hi"].split()
            if row["category"] == "LMV-1":
                self.assertEqual(len(latin), len(hindi))
                for pair in zip(latin, hindi, strict=True):
                    self.assertEqual(spelling.setdefault(*pair), pair[1])


class TestShape(GeneratedCase):
    def test_shares(self):
        count = Counter()
        for row in self.consumers:
            count.update(
                {
                    row["area"]: 1,
                    row["category"]: 1,
                    "never_paid": row["never_paid"] == "1",
                    "mobile": row["mobile"] != "",
                }
            )
        self.assertEqual(count["urban"], round(SIZE * 0.08))
        self.assertShare(count["LMV-1"], 0.92, 0.01)
        self.assertShare(count["never_paid"], 0.50, 0.02)
        self.assertShare(count["mobile"], 0.30, 0.02)
        self.assertGreater(len({row["category"] for row in self.consumers}), 8)

    def test_kyc_makes_seven_in_ten_reachable(self):
        reachable = sum(
            row["consent_bills"] == "1" and meaning(row["whatsapp_number"]) is not None
            for row in self.kyc
        )
        self.assertShare(reachable, 0.70, 0.02)

    def test_consents_name_the_notice(self):
        """A consent in a file stands on a notice; and no login of a user is known here."""
        for row in self.kyc:
            agreed = "1" in (row["consent_bills"], row["consent_outages"], row["consent_dues"])
            notice = row["notice_version"], row["notice_language"]
            self.assertEqual(notice, ("1", row["language"]) if agreed else ("", ""))
            self.assertNotIn("taken_by", row)

    def test_transformers_carry_forty_to_eighty(self):
        loads = Counter(row["asset_code"] for row in self.consumers)
        self.assertTrue(all(40 <= load <= 80 for load in loads.values()), loads.most_common(3))

    def test_arrears_have_a_long_tail(self):
        last = [bill for bill in self.bills if bill["period"] == "2026-11"]
        totals = sorted(Decimal(bill["total"]) for bill in last)
        above = sum(total > 100_000 for total in totals)
        self.assertShare(above, 0.045, 0.02, len(totals))
        self.assertGreater(totals[-1], 20 * totals[len(totals) // 2])
        self.assertTrue(any(Decimal(bill["arrears"]) < 0 for bill in last))

    def test_some_pay_ahead_in_each_month(self):
        """Money paid ahead is used up, and others pay ahead: the last month has as many."""
        with tempfile.TemporaryDirectory() as folder:
            command.generate(folder, 4_000, months=12)
            ahead, all_ = Counter(), Counter()
            for bill in read(folder, "bills"):
                all_[bill["period"]] += 1
                ahead[bill["period"]] += Decimal(bill["arrears"]) < 0
        self.assertEqual(len(all_), 12)
        for period, number in all_.items():
            with self.subTest(period):
                self.assertShare(ahead[period], 0.005, 0.003, number)

    def test_phones_of_offices_stand_among_those_of_consumers(self):
        offices = {row["phone"] for row in self.offices if meaning(row["phone"])}
        self.assertEqual(len(offices), sum(row["level"] == "section" for row in self.offices))
        numbers = Counter(meaning(row["mobile"]) for row in self.consumers if row["mobile"])
        found = sum(numbers[meaning(phone)] for phone in offices)
        self.assertShare(found, 0.009, 0.004, sum(numbers.values()))
        self.assertFalse(offices & {row["mobile"] for row in self.kyc})

    def test_every_basis_occurs(self):
        found = Counter(bill["basis"] for bill in self.bills)
        expected = {
            "MU",
            "MIN",
            "UM",
            "ASS",
            "CEIL",
            "NA",
            "NR",
            "PROV",
            "IDF",
            "RDF",
            "ADF",
            "CDF",
        }
        self.assertEqual(set(found), expected)
        self.assertShare(found["MU"], 0.86, 0.03, len(self.bills))

    def test_phones_are_shared(self):
        numbers = Counter(row["mobile"] for row in self.kyc if meaning(row["mobile"]))
        agents = {phones.mobile(phones.CAPACITY - 1 - nth, 7) for nth in range(10)}
        self.assertGreater(sum(numbers[agent] for agent in agents), len(agents))
        self.assertGreater(sum(2 <= times <= 5 for times in numbers.values()), SIZE // 50)


class TestPhones(unittest.TestCase):
    def test_every_kind_of_the_facts_occurs(self):
        """What the list of facts names as found in billing systems stands among the numbers."""
        writings = {**phones.READABLE, **phones.USELESS}
        written = {name: writing("9415012345") for name, (_weight, writing) in writings.items()}
        for pattern in (
            r"09415012345", r"919415012345", r"0091 \d{10}", r"\+91 94150-12345", r"\+910\d{10}",
            r"[०-९]{10}", r"5\d{9}", r"\d{9}", r"44\d{10}", r"0{10}", r".*[a-zA-Z].*\d+",
            r"\d{10}, ?\d{10}", r"9{10}", r"1600\d{6}", r"1234567890", r"05444-\d{6}", r"140\d{7}",
        ):  # fmt: skip
            self.assertTrue(any(re.fullmatch(pattern, text) for text in written.values()), pattern)

    def test_all_same_digit_is_any_digit(self):
        random = Random(1).random
        written = [phones.written(phones.mobile(nth, 1), random) for nth in range(40_000)]
        same = Counter(text for text in written if re.fullmatch(r"([0-9])\1{9}", text))
        self.assertEqual(len(same), 10)
        self.assertEqual(same.most_common(1)[0][0], "9" * 10)

    def test_numbers_are_distinct_mobiles(self):
        numbers = {phones.mobile(nth, 3) for nth in range(20_000)}
        self.assertEqual(len(numbers), 20_000)
        self.assertTrue(all(meaning(number) for number in numbers))

    def test_readable_writings_still_mean_the_number(self):
        for nth in range(50):
            number = phones.mobile(nth, 1)
            for name, (_weight, writing) in phones.READABLE.items():
                with self.subTest(writing=name, number=number):
                    text = writing(number)
                    self.assertEqual(meaning(text), f"+91{number}", text)

    def test_useless_writings_mean_no_number(self):
        for nth in range(50):
            number = phones.mobile(nth, 1)
            for name, (_weight, writing) in phones.USELESS.items():
                with self.subTest(writing=name, number=number):
                    self.assertIsNone(meaning(writing(number)), writing(number))


class TestSums(GeneratedCase):
    def test_totals_add_up_to_whole_rupees(self):
        for bill in self.bills:
            parts = sum(Decimal(bill[name]) for name in (*HEADS, "arrears", "lpsc"))
            self.assertEqual(parts, Decimal(bill["total"]), bill["bill_no"])
            self.assertEqual(Decimal(bill["total"]) % 1, 0)
            self.assertGreaterEqual(Decimal(bill["total_after_due"]), Decimal(bill["total"]))

    def test_readings_explain_the_units(self):
        factor = {row["account_no"]: int(row["meter_multiplier"]) for row in self.consumers}
        for bill in self.bills:
            if bill["basis"] in ("MU", "MIN"):
                moved = int(bill["current_reading"]) - int(bill["previous_reading"])
                self.assertEqual(moved * factor[bill["account_no"]], int(bill["units"]))
            elif bill["basis"] == "RDF":
                self.assertLess(int(bill["current_reading"]), int(bill["previous_reading"]))
            elif bill["basis"] == "UM":
                self.assertEqual(bill["meter_no"] + bill["previous_reading"], "")

    def test_dues_go_on_to_the_next_bill(self):
        paid = Counter()
        for payment in self.payments:
            paid[payment["account_no"], payment["date"][:7]] += Decimal(payment["amount"])
        by_account = {}
        for bill in self.bills:
            by_account.setdefault(bill["account_no"], []).append(bill)
        followed = 0
        for account, found in by_account.items():
            for before, after in zip(found, found[1:], strict=False):
                self.assertLess(before["period"], after["period"])
                left = Decimal(before["total"]) - paid[account, before["period"]]
                brought = Decimal(after["arrears"]) + Decimal(after["lpsc"])
                # What is added is the surcharge, at most 2 % on what was due.
                self.assertGreaterEqual(brought, left)
                self.assertLessEqual(
                    brought, left + max(Decimal(before["arrears"]), Decimal(0)) / 50 + 1
                )
                followed += 1
        self.assertGreater(followed, SIZE)

    def test_those_who_never_paid_did_not_pay(self):
        never = {row["account_no"] for row in self.consumers if row["never_paid"] == "1"}
        self.assertFalse(never & {row["account_no"] for row in self.payments})
        self.assertFalse(
            never & {bill["account_no"] for bill in self.bills if bill["last_payment_date"]}
        )


class TestSameness(unittest.TestCase):
    def digests(self, **options):
        with tempfile.TemporaryDirectory() as folder:
            command.generate(folder, 300, **options)
            return {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in Path(folder).iterdir()
            }

    def test_the_seed_decides(self):
        first = self.digests(seed=5)
        self.assertEqual(first, self.digests(seed=5))
        other = self.digests(seed=6)
        for name in ("consumers.csv", "kyc.csv", "bills.csv", "payments.csv"):
            self.assertNotEqual(first[name], other[name], name)

    def test_months_change_bills_alone(self):
        one, three = self.digests(months=1), self.digests(months=3)
        for name in ("offices.csv", "assets.csv", "consumers.csv", "kyc.csv"):
            self.assertEqual(one[name], three[name], name)
        self.assertNotEqual(one["bills.csv"], three["bills.csv"])

    def test_a_file_for_each_month(self):
        """The same bills and payments, each month's in a file of its own."""
        with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as parts:
            command.generate(whole, 300, months=12)
            counts = command.generate(parts, 300, months=12, monthly=True)
            months = [f"2025-{month}" for month in ("12",)]
            months += [f"2026-{month:02d}" for month in range(1, 12)]
            for name, month in (
                ("bills", lambda row: row["period"]),
                ("payments", lambda row: row["date"][:7]),
            ):
                together = []
                for text in months:
                    rows = read(parts, f"{name}_{text}")
                    self.assertTrue(rows, text)
                    self.assertEqual({month(row) for row in rows}, {text})
                    self.assertEqual(counts[f"{name}_{text}.csv"], len(rows))
                    together += rows
                key = "bill_no" if name == "bills" else "reference"
                self.assertEqual(
                    sorted(together, key=lambda row: row[key]),
                    sorted(read(whole, name), key=lambda row: row[key]),
                )
                self.assertFalse(Path(parts, f"{name}.csv").exists())

    def test_history_of_a_year_is_that_of_the_bills(self):
        """The consumption printed on the last bill is what the bills before it charged."""
        with tempfile.TemporaryDirectory() as folder:
            command.generate(folder, 300, months=13)
            by_account = {}
            for bill in read(folder, "bills"):
                by_account.setdefault(bill["account_no"], []).append(bill)
        compared = 0
        for found in by_account.values():
            if len(found) == 13 and all(bill["months"] == "1" for bill in found):
                charged = [int(bill["units"]) for bill in found[-12:]]
                self.assertEqual([int(n) for n in found[-1]["history"].split("|")], charged)
                compared += 1
        self.assertGreater(compared, 200)

    def test_any_size(self):
        for size in (1, 2, 41, 1000):
            with self.subTest(size=size):
                placed = [found for _asset, found in network.assets(size, 1) if found]
                self.assertEqual(sum(found.consumers for found in placed), size)
                self.assertTrue(all(found.consumers > 0 for found in placed))


class TestCommand(unittest.TestCase):
    def run_command(self, *arguments):
        errors = io.StringIO()
        with redirect_stderr(errors), self.assertRaises(SystemExit) as stopped:
            command.main(arguments)
        self.assertEqual(stopped.exception.code, 2)
        return errors.getvalue()

    def test_bad_arguments_are_refused(self):
        for arguments, word in (
            (("--size", "0"), "below 1"),
            (("--size", "many"), "--size"),
            (("--months", "0"), "below 1"),
            (("--kyc-share", "2"), "between 0 and 1"),
            (("--until", "2026-13"), "no month"),
        ):
            with self.subTest(arguments=arguments):
                self.assertIn(word, self.run_command("--out", "/nowhere", *arguments))
        self.assertIn("--out", self.run_command("--size", "5"))


class TestWorkbooks(unittest.TestCase):
    def test_text_stays_text_and_books_are_split(self):
        from openpyxl import load_workbook

        from dev.generate.files import to_xlsx

        with tempfile.TemporaryDirectory() as folder:
            command.generate(folder, 500, xlsx=True)
            consumers = read(folder, "consumers")
            sheet = load_workbook(Path(folder) / "consumers.xlsx", read_only=True).active
            rows = list(sheet.values)
            self.assertEqual(list(rows[0]), list(consumers[0]))
            self.assertEqual(len(rows) - 1, len(consumers))
            place = {name: nth for nth, name in enumerate(rows[0])}
            for cells, row in zip(rows[1:], consumers, strict=True):
                self.assertEqual(cells[place["account_no"]], row["account_no"])
                self.assertEqual(cells[place["mobile"]] or "", row["mobile"])
                self.assertEqual(
                    cells[place["connection_date"]].date().isoformat(), row["connection_date"]
                )
                self.assertEqual(cells[place["load"]], float(row["load"]))
            parts = to_xlsx(Path(folder) / "assets.csv", rows_per_book=100)
            self.assertEqual([path.name for path in parts], ["assets.xlsx", "assets-2.xlsx"])
            total = sum(
                len(list(load_workbook(path, read_only=True).active.values)) - 1 for path in parts
            )
            self.assertEqual(total, len(read(folder, "assets")))


class TestRules(unittest.TestCase):
    def test_charges_of_the_published_slabs(self):
        from dev.generate.charges import charges, tariff_of

        # Rural, 2 kW, 180 units in one month: 335.00 + 192.50 + 150.00 and 180.00 fixed.
        heads = charges(tariff_of("LMV-1", "Rural metered"), 180, 2, 1, 0)
        self.assertEqual((heads.energy, heads.fixed), (67_750, 18_000))
        # Twice the units in twice the months cost twice as much.
        double = charges(tariff_of("LMV-1", "Rural metered"), 360, 2, 2, 0)
        self.assertEqual((double.energy, double.fixed), (135_500, 36_000))

    def test_money(self):
        for paise, text in ((0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-12_345, "-123.45")):
            self.assertEqual(bills.money(paise), text)

    def test_share_of_kyc(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(command.generate(folder, 200, kyc_share=0)["kyc.csv"], 0)
            self.assertEqual(command.generate(folder, 200, kyc_share=1)["kyc.csv"], 200)
        self.assertGreater(kyc.SHARE, 0.7)
