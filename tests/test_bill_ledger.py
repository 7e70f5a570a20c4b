import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .test_bill import BillCommon

MONTHS = 8
HISTORIES = 40


def cents(value):
    return Decimal(str(value)).quantize(Decimal("0.01"))


class History:
    """What a billing system would have made of one consumer, reckoned without the add-on.

    Surcharge is settled first, then the oldest charges. ``broken`` histories also have bills whose
    arrears are wrong, and payments that are taken back later.
    """

    def __init__(self, seed, meaning, broken):
        self.random = random.Random(seed)
        self.meaning, self.broken = meaning, broken
        self.bills, self.payments, self.errors = [], [], defaultdict(Decimal)
        self.arrears = Decimal(self.random.randrange(0, 500_000)) / 100
        self.lpsc = Decimal(self.random.randrange(0, 50_000)) / 100
        if self.random.random() < 0.2:
            self.arrears, self.lpsc = -self.arrears, Decimal(0)
        day = date(2025, 1, 5)
        for _month in range(MONTHS):
            self._bill(day)
            day += relativedelta(months=1)
            if self.random.random() < 0.1:  # a month without a bill
                day += relativedelta(months=1)
        self._pay(date(2025, 1, 1) - timedelta(days=self.random.randrange(1, 40)))

    def _amount(self, limit):
        return Decimal(self.random.randrange(1, limit)) / 100

    def _bill(self, day):
        new_lpsc = Decimal(0)
        if self.bills:
            # What came since the last bill, on its day as well, but before the day of this one.
            for _time in range(self.random.choice((0, 0, 1, 1, 2))):
                past = self.bills[-1]["bill_date"]
                span = (day - past).days
                paid = self._pay(past + timedelta(days=self.random.randrange(span)))
                off = min(paid, self.lpsc)
                self.lpsc -= off
                self.arrears -= paid - off
            if self.arrears + self.lpsc > 0 and self.random.random() < 0.7:
                new_lpsc = self._amount(5_000)
                self.lpsc += new_lpsc
        error = Decimal(0)
        if self.broken and self.bills and self.random.random() < 0.3:
            error = self._amount(30_000) * self.random.choice((1, -1))
            self.arrears += error
        charges = [("energy", self._amount(90_000)), ("fixed", self._amount(20_000))]
        if self.random.random() < 0.5:
            charges.append(("rebate", -self._amount(8_000)))
        current = sum(amount for _head, amount in charges)
        shown_lpsc = self.lpsc if self.meaning == "total" else new_lpsc
        total = current + self.arrears + self.lpsc
        self.bills.append(
            {
                "period": day.replace(day=1),
                "bill_date": day,
                "due_date": day + timedelta(days=15),
                "line_ids": [
                    Command.create({"head": head, "amount": float(amount)})
                    for head, amount in charges
                ],
                "amount_arrears": float(self.arrears + self.lpsc - shown_lpsc),
                "amount_lpsc": float(shown_lpsc),
                "amount_total": float(total),
            }
        )
        self.errors[day.replace(day=1)] += error
        self.arrears += current
        self.due = total

    def _pay(self, day):
        amount = self._amount(150_000)
        taken_back = self.broken and self.random.random() < 0.2
        self.payments.append((day, amount, taken_back))
        return amount


@tagged("post_install", "-at_install")
@freeze_time("2026-01-10 06:00:00")
class TestLedgerInvariant(BillCommon):
    """Charges less payments are the dues, for any history; made with a fixed seed."""

    def _load(self, meaning, broken):
        rule = self.env["discom.payment.rule"]._current()
        rule.lpsc_meaning = meaning
        histories = {}
        for seed in range(HISTORIES):
            consumer = self.create_consumer()
            history = histories[consumer] = History(seed, meaning, broken)
            self.env["discom.bill"].create(
                [{"partner_id": consumer.id, **bill} for bill in history.bills]
            )
        partners = self.env["res.partner"].union(*histories)
        bills = self.env["discom.bill"].search([("partner_id", "in", partners.ids)])
        self.force_issue(bills)
        payments = self.env["discom.payment"].create(
            [
                {"partner_id": consumer.id, "date": day, "amount": float(amount)}
                for consumer, history in histories.items()
                for day, amount, _taken_back in history.payments
            ]
        )
        taken_back = [
            taken for history in histories.values() for _day, _amount, taken in history.payments
        ]
        back = payments.browse(
            payment.id for payment, taken in zip(payments, taken_back, strict=True) if taken
        )
        if back:
            back._cancel("bounced")
        return histories, partners

    def _expected(self, history):
        """Dues by the definition alone: the newest bill less what was paid since its day."""
        last = history.bills[-1]
        return cents(last["amount_total"]) - sum(
            amount
            for day, amount, taken in history.payments
            if not taken and day >= last["bill_date"]
        )

    def _check(self, meaning, broken):
        histories, partners = self._load(meaning, broken)
        dues = partners._discom_dues()
        entries = defaultdict(list)
        for entry in self.env["discom.ledger.entry"].search([("partner_id", "in", partners.ids)]):
            entries[entry.partner_id].append(entry)
        ageing = {row.partner_id: row for row in self.env["discom.ageing"].search(
            [("partner_id", "in", partners.ids)]
        )}  # fmt: skip
        for consumer, history in histories.items():
            with self.subTest(seed=list(histories).index(consumer)):
                expected = self._expected(history)
                entry = dues[consumer.id]
                self.assertEqual(entry["balance"], expected)
                lines = entries[consumer]
                charged = sum(cents(line.debit) for line in lines)
                paid = sum(cents(line.credit) for line in lines)
                self.assertEqual(charged - paid, expected, "charges less payments are the dues")
                self.assertEqual(cents(lines[-1].balance), expected)
                self.assertEqual(
                    sum(cents(line.credit) for line in lines if line.kind == "payment"),
                    sum(amount for _day, amount, taken in history.payments if not taken),
                )
                differences = defaultdict(Decimal)
                for line in lines:
                    if line.kind == "difference":
                        differences[line.period] += cents(line.debit) - cents(line.credit)
                if not broken:
                    self.assertFalse(differences)
                elif not any(taken for _day, _amount, taken in history.payments):
                    self.assertEqual(
                        differences,
                        {month: error for month, error in history.errors.items() if error},
                    )
                self._check_parts(consumer, entry, ageing[consumer], expected)
                if not broken and expected > 0:
                    self.assertEqual(
                        cents(lines[-1].balance),
                        sum(m["amount"] for m in entry["months"]) + entry["lpsc"],
                    )

    def _check_parts(self, consumer, entry, row, expected):
        """Months, heads and ages are parts of the same sum, whatever the history."""
        due = max(expected, Decimal(0))
        self.assertEqual(entry["due"], due)
        self.assertEqual(entry["advance"], max(-expected, Decimal(0)))
        self.assertEqual(sum(month["amount"] for month in entry["months"]) + entry["lpsc"], due)
        for month in entry["months"]:
            self.assertEqual(sum(amount for _head, amount in month["heads"]), month["amount"])
            self.assertTrue(all(amount > 0 for _head, amount in month["heads"]))
        months = [month["month"] for month in entry["months"] if month["month"]]
        self.assertEqual(months, sorted(months))
        self.assertEqual(cents(row.amount_due), due)
        self.assertEqual(cents(row.amount_lpsc), entry["lpsc"])
        self.assertEqual(cents(row.amount_advance), entry["advance"])
        parts = ("not_due", "d30", "d90", "d180", "d365", "y2", "over", "older", "lpsc")
        self.assertEqual(sum(cents(row[f"amount_{part}"]) for part in parts), due)
        self.assertEqual(cents(consumer.discom_amount_due), due)

    def test_accumulated_surcharge(self):
        self._check("total", broken=False)

    def test_surcharge_of_the_bill(self):
        self._check("bill", broken=False)

    def test_wrong_arrears_and_payments_taken_back(self):
        self._check("total", broken=True)

    def test_wrong_arrears_with_surcharge_of_the_bill(self):
        self._check("bill", broken=True)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestLedger(BillCommon):
    def entries(self, consumer=None):
        return self.env["discom.ledger.entry"].search(
            [("partner_id", "=", (consumer or self.consumer).id)]
        )

    def rows(self, consumer=None):
        return [
            (entry.kind, entry.debit, entry.credit, entry.balance)
            for entry in self.entries(consumer)
        ]

    def test_statement(self):
        """Brought forward, bills, payments and what is due, as on a statement of a bank."""
        self.pay(50, "2026-08-20")
        self.create_bill(month=9, amount_arrears=300)
        self.pay(120, "2026-09-25")
        self.create_bill(month=10, amount=80, amount_arrears=280)
        self.assertEqual(
            self.rows(),
            [
                ("opening", 350, 0, 350),
                ("payment", 0, 50, 300),
                ("bill", 100, 0, 400),
                ("payment", 0, 120, 280),
                ("bill", 80, 0, 360),
            ],
        )
        action = self.consumer.with_user(self.clerk).action_open_discom_ledger()
        self.assertEqual(
            self.env["discom.ledger.entry"].with_user(self.clerk).search(action["domain"]),
            self.entries(),
        )
        source = self.entries()[1].with_user(self.clerk).action_open_source()
        self.assertEqual(source["res_model"], "discom.payment")

    def test_payments_before_any_bill_are_an_advance(self):
        self.pay(75, "2026-11-01")
        dues = self.consumer._discom_dues()[self.consumer.id]
        self.assertEqual((dues["balance"], dues["advance"], dues["due"]), (-75, 75, 0))
        self.assertEqual(self.consumer.discom_amount_advance, 75)
        self.assertEqual(self.rows(), [("payment", 0, 75, -75)])
        self.assertEqual(
            self.consumer._discom_brought_forward(date(2026, 11, 5)), {self.consumer.id: (-75, 0)}
        )
        self.create_bill(month=11, amount_arrears=-75)
        self.assertEqual(self.consumer._discom_dues()[self.consumer.id]["due"], 25)
        self.assertFalse(self.consumer.discom_amount_advance)

    def test_advance_is_applied_by_the_next_bill(self):
        self.create_bill(month=9)
        self.pay(130, "2026-09-30")
        self.assertEqual(self.consumer.discom_amount_advance, 30)
        # A payment of the day of the next bill counts for that one.
        self.pay(10, "2026-10-05")
        brought = self.consumer._discom_brought_forward(date(2026, 10, 5))
        self.assertEqual(brought, {self.consumer.id: (-30, 0)})
        self.create_bill(month=10, amount=80, amount_arrears=-30)
        self.assertEqual(self.consumer._discom_dues()[self.consumer.id]["due"], 40)
        self.assertNotIn("difference", [row[0] for row in self.rows()])

    def test_oldest_month_and_first_heads_are_settled_first(self):
        lines = [
            Command.create({"head": head, "amount": amount})
            for head, amount in (("duty", 10), ("energy", 100), ("fixed", 40), ("rebate", -20))
        ]
        for month, arrears in ((8, 0), (9, 130), (10, 260)):
            self.create_bill(
                month=month,
                line_ids=lines,
                amount_arrears=arrears,
                amount_lpsc=5 if month == 10 else 0,
            )
        self.pay(160, "2026-11-01")
        dues = self.consumer._discom_dues()[self.consumer.id]
        # 395 less 160: the surcharge of 5, August (130) and 25 of September are settled, and
        # September's rebate with them.
        self.assertEqual(dues["due"], 235)
        self.assertEqual(dues["lpsc"], 0)
        self.assertEqual(
            [(m["month"].month, m["amount"], m["heads"]) for m in dues["months"]],
            [
                (9, 105, [("energy", 55), ("fixed", 40), ("duty", 10)]),
                (10, 130, [("energy", 80), ("fixed", 40), ("duty", 10)]),
            ],
        )
        self.assertIn("Sept", self.consumer.with_context(lang="en_IN").discom_dues_html)

    def test_order_of_heads_is_dated_configuration(self):
        self.create_bill(
            line_ids=[
                Command.create({"head": "energy", "amount": 100}),
                Command.create({"head": "duty", "amount": 10}),
            ],
            amount_lpsc=30,
        )
        self.pay(10, "2026-11-08")

        def state():
            dues = self.consumer._discom_dues()[self.consumer.id]
            return dues["lpsc"], dues["months"][0]["heads"]

        self.assertEqual(state(), (20, [("energy", 100), ("duty", 10)]))
        self.env["discom.payment.rule"].with_user(self.administrator).create(
            {
                "name": "Duty first, surcharge last",
                "date_from": "2026-11-01",
                "source": "Invented",
                "never_paid_since": "2017-04-01",
                "head_ids": [
                    Command.create({"sequence": number, "head": head})
                    for number, head in enumerate(("duty", "energy", "lpsc"))
                ],
            }
        )
        self.assertEqual(state(), (30, [("energy", 100)]))

    def test_arrears_on_the_bill_are_those_of_the_ledger(self):
        self.create_bill(month=8)
        self.create_bill(month=9, amount=70, amount_arrears=100)
        self.pay(110, "2026-09-20")
        bill = self.create_bill(month=10, amount=50, amount_arrears=60)
        self.assertEqual(bill._arrears_by_month(), {bill.id: [(date(2026, 9, 1), 60)]})
        months = self.consumer._discom_dues()[self.consumer.id]["months"]
        self.assertEqual(
            [(month["month"], month["amount"]) for month in months],
            [(date(2026, 9, 1), 60), (date(2026, 10, 1), 50)],
        )

    def test_arrears_that_differ_stand_in_the_ledger(self):
        self.create_bill(month=9)
        bill = self.create_bill(month=10, issue=False, amount=80, amount_arrears=145)
        self.assertEqual(bill._ledger_differences(), {bill.id: 45})
        self.force_issue(bill)
        self.assertEqual(
            self.rows(),
            [("bill", 100, 0, 100), ("difference", 45, 0, 145), ("bill", 80, 0, 225)],
        )
        good = self.create_bill(month=11, amount=1, amount_arrears=225, issue=False)
        self.assertEqual(good._ledger_differences(), {good.id: 0})

    def test_arrears_that_hold_the_surcharge(self):
        """Some bills show all surcharge apart, others only their own: neither is a difference."""
        self.create_bill(month=8, amount_lpsc=30)
        for month, arrears, lpsc in ((9, 130, 7), (10, 230, 12)):
            bill = self.create_bill(
                month=month, issue=False, amount_arrears=arrears, amount_lpsc=lpsc
            )
            self.assertEqual(bill._ledger_differences(), {bill.id: 0})
            self.force_issue(bill)
        self.assertEqual(
            self.rows(),
            [
                ("opening", 30, 0, 30),
                ("bill", 100, 0, 130),
                ("surcharge", 7, 0, 137),
                ("bill", 100, 0, 237),
                ("surcharge", 5, 0, 242),
                ("bill", 100, 0, 342),
            ],
        )

    def test_corrected_bill_leaves_no_trace_in_the_sum(self):
        bill = self.create_bill(month=10)
        correction = self.env["discom.bill"].browse(bill.action_correct()["res_id"])
        correction.line_ids.amount = 60
        correction.amount_current = correction.amount_total = 60
        correction.action_check()
        correction._release("Reading of the neighbour, letter 12")
        correction.action_issue()
        self.assertEqual(self.rows(), [("bill", 60, 0, 60)])

    def test_payment_taken_back_is_shown_and_counts_no_more(self):
        self.create_bill(month=10)
        payment = self.pay(40, "2026-10-10", means="cheque", means_no="004711")
        self.take_back(payment, "bounced", note="Memo 12")
        self.assertEqual(self.rows(), [("bill", 100, 0, 100), ("reversed", 0, 0, 100)])
        entry = self.entries()[-1]
        self.assertEqual((entry.taken_back, entry.cancel_reason), (40, "bounced"))

    def test_rights(self):
        self.create_bill(month=10)
        self.assertTrue(self.env["discom.ledger.entry"].with_user(self.auditor).search(
            [("partner_id", "=", self.consumer.id)]
        ))  # fmt: skip
        for model in ("discom.ledger.entry", "discom.ageing"):
            records = self.env[model].with_user(self.clerk_b)
            self.assertFalse(records.search([("partner_id", "=", self.consumer.id)]))
            mine = self.env[model].with_user(self.manager)
            row = mine.search([("partner_id", "=", self.consumer.id)], limit=1)
            with self.assertRaises(AccessError):
                row.write({"office_id": self.division_b.id})

    def test_reading_costs_the_same_for_many(self):
        consumers = self.consumer | self.create_consumer() | self.create_consumer()
        for consumer in consumers:
            self.create_bill(consumer, month=10)
        self.env.flush_all()
        self.consumer._discom_dues()
        with self.assertQueryCount(6):
            consumers._discom_dues()


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestAgeing(BillCommon):
    def row(self, consumer=None):
        return self.env["discom.ageing"].search(
            [("partner_id", "=", (consumer or self.consumer).id)]
        )

    def test_buckets(self):
        """Each charge by the days past the due date of the bill that charged it."""
        total = 0
        for month in (3, 6, 9, 10, 11):
            self.create_bill(month=month, amount=100, amount_arrears=total + 40, issue=False)
            total += 100
        bills = self.env["discom.bill"].search([("partner_id", "=", self.consumer.id)])
        self.force_issue(bills)
        row = self.row()
        # Due on the 20th; on 10 November that is 235, 143, 51, 21 days ago and in 10 days.
        self.assertRecordValues(
            row,
            [
                {
                    "amount_due": 540,
                    "amount_not_due": 100,
                    "amount_d30": 100,
                    "amount_d90": 100,
                    "amount_d180": 100,
                    "amount_d365": 100,
                    "amount_y2": 0,
                    "amount_older": 40,
                    "bucket": "8_older",
                    "oldest_date": date(2026, 3, 20),
                    "office_id": self.subdivision_a1.id,
                    "category_id": self.category.id,
                    "area": "rural",
                }
            ],
        )
        self.pay(200, "2026-11-09")
        self.assertEqual((row.bucket, row.amount_d180, row.amount_d365), ("4_d180", 40, 0))
        self.pay(340, "2026-11-09")
        self.assertEqual((row.bucket, row.amount_due, row.owing_count), ("0_none", 0, 0))

    def test_borders(self):
        for days, bucket in (
            (-1, "not_due"), (0, "d30"), (30, "d30"), (31, "d90"), (90, "d90"), (91, "d180"),
            (180, "d180"), (181, "d365"), (365, "d365"), (366, "y2"), (730, "y2"), (731, "over"),
        ):  # fmt: skip
            due = date(2026, 11, 10) - timedelta(days=days)
            consumer = self.create_consumer(discom_connection_date="2010-01-01")
            bill = self.create_bill(
                consumer, issue=False, period=due.replace(day=1), bill_date=due, due_date=due
            )
            self.force_issue(bill)
            row = self.row(consumer)
            with self.subTest(days=days):
                self.assertEqual(row.bucket[2:], bucket)
                self.assertEqual(row[f"amount_{bucket}"], 100)

    def test_the_night_moves_ages_on(self):
        self.create_bill(month=11)
        self.assertEqual(self.row().bucket, "1_not_due")
        cron = self.env.ref("discom.bill_cron_ageing")
        with freeze_time("2026-11-21 06:00:00"), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((self.row().bucket, self.row().date), ("2_d30", date(2026, 11, 21)))

    def test_consumers_move_along(self):
        self.create_bill(month=11)
        self.consumer.discom_office_id = self.subdivision_a2
        self.assertEqual(self.row().office_id, self.subdivision_a2)

    def test_never_paid(self):
        """Proved where the bills reach back to the connection, and ended by the first payment."""
        new = self.create_consumer(discom_connection_date="2026-08-20")
        old = self.create_consumer(discom_connection_date="2001-01-01")
        for consumer in (new, old):
            self.create_bill(consumer, month=9)
        self.assertTrue(new.discom_never_paid)
        self.assertEqual(self.row(new).bucket, "9_never")
        # Who knows what was before the first bill known here.
        self.assertFalse(old.discom_never_paid)
        self.pay(10, "2026-10-01", new)
        self.assertFalse(new.discom_never_paid)
        self.assertEqual(self.row(new).bucket, "3_d90")

    def test_never_paid_by_the_master_stands_until_disproved(self):
        consumer = self.create_consumer(discom_never_paid=True)
        self.create_bill(consumer, month=9)
        self.assertTrue(self.row(consumer).never_paid)
        told = self.create_consumer(discom_never_paid=True)
        self.create_bill(told, month=9, last_payment_date="2026-08-02", last_payment_amount=20)
        self.assertFalse(told.discom_never_paid)
        before = self.create_consumer()
        self.create_bill(before, month=9, last_payment_date="2016-08-02", last_payment_amount=20)
        self.assertTrue(before.discom_never_paid)

    def test_long_unpaid(self):
        cases = (
            ({"last_payment_date": "2025-11-09"}, True),
            ({"last_payment_date": "2025-11-10"}, False),
        )
        for vals, expected in cases:
            consumer = self.create_consumer()
            self.create_bill(consumer, month=10, last_payment_amount=5, **vals)
            with self.subTest(vals=vals):
                self.assertEqual(consumer.discom_long_unpaid, expected)
        consumer = self.create_consumer()
        self.create_bill(consumer, month=10, last_payment_date="2024-01-01", last_payment_amount=5)
        self.assertTrue(consumer.discom_long_unpaid)
        self.pay(100, "2026-11-09", consumer)
        self.assertFalse(consumer.discom_long_unpaid)

    def test_pivot_by_office_and_age(self):
        self.create_bill(month=10)
        rows = (
            self.env["discom.ageing"]
            .with_user(self.manager)
            .formatted_read_group(
                [("partner_id", "=", self.consumer.id)],
                ["office_id", "bucket"],
                ["amount_due:sum", "owing_count:sum"],
            )
        )
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0]["amount_due:sum"], rows[0]["owing_count:sum"]), (100, 1))
