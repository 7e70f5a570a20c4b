from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .test_import import ImportCommon

READINGS = "account_no,reading_date,reading,basis,previous_reading,previous_reading_date,remark"


class ReadingCommon(ImportCommon):
    """Rural homes of 2 kW, a bill of October (150 units, 707.50, due on the 20th), and readings of
    5 November. Duty of the seeded tariff: 5 %, no FPPAS is recorded for 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_home()
        cls.tariff = cls.env.ref("discom.tariff_2022")
        cls.rural = cls.env.ref("discom.tariff_rate_rural")

    @classmethod
    def create_home(cls, **vals):
        return cls.create_consumer(
            **{"discom_sanctioned_load": 2, "discom_load_unit": "kw", **vals}
        )

    @classmethod
    def bill_october(cls, consumer=None, **vals):
        return cls.create_bill(
            consumer,
            month=10,
            line_ids=[
                Command.create({"head": "energy", "amount": 527.50}),
                Command.create({"head": "fixed", "amount": 180}),
            ],
            units=150,
            reading_current=1000,
            reading_current_date=date(2026, 10, 5),
            sanctioned_load=2,
            **vals,
        )

    @classmethod
    def draft(cls, consumer=None, **vals):
        """A draft of November with the reading 1,180 of the 5th."""
        return cls.create_bill(
            consumer,
            issue=False,
            line_ids=[],
            **{
                "reading_current": 1180,
                "reading_current_date": date(2026, 11, 5),
                "basis_id": False,
                **vals,
            },
        )

    def lines(self, bill):
        return [(line.head, line.quantity, line.rate, line.amount) for line in bill.line_ids]

    def notes(self, bill):
        return [code for code, _params in bill.tariff_notes or ()]


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestBillReading(ReadingCommon):
    def test_form(self):
        """A clerk enters the readings and presses the button.

        180 units: 335.00 + 192.50 + 150.00, fixed 180.00: 857.50; duty 5 % 42.875 → 42.88; 900.38.
        After the due date 1.25 % of 900.38 = 11.25475 → 11.25 more: 911.63.
        """
        with Form(self.env["discom.bill"].with_user(self.clerk)) as form:
            form.partner_id = self.consumer
            form.bill_date = "2026-11-05"
            form.due_date = "2026-11-20"
            form.reading_previous = 1000
            form.reading_previous_date = "2026-10-05"
            form.reading_current = 1180
            form.reading_current_date = "2026-11-05"
        bill = form.record
        self.assertEqual((bill.sanctioned_load, bill.area), (2, "rural"))
        bill.action_charge()
        self.assertEqual(
            self.lines(bill),
            [
                ("energy", 100, 3.35, 335),
                ("energy", 50, 3.85, 192.5),
                ("energy", 30, 5, 150),
                ("fixed", 2, 90, 180),
                ("duty", 0, 0, 42.88),
            ],
        )
        self.assertRecordValues(
            bill,
            [
                {
                    "basis_id": self.basis_mu.id,
                    "units": 180,
                    "months": 1,
                    "charge_from": date(2026, 10, 6),
                    "charge_to": date(2026, 11, 5),
                    "amount_current": 900.38,
                    "amount_total": 900.38,
                    "amount_after_due": 911.63,
                    "amount_due": 900.38,
                    "tariff_id": self.tariff.id,
                    "tariff_unverified": True,
                    "history": [{"month": "2026-11", "units": 180.0}],
                }
            ],
        )
        self.assertEqual(bill.line_ids[0].name, "Energy charge, 0–100 units")
        self.assertIn("not verified", bill.tariff_note)
        bill.action_check()
        self.assertEqual(bill.state, "checked")

    def test_computed_again(self):
        """A second time gives the same; a corrected reading gives its own."""
        self.bill_october()
        bill = self.draft()
        bill.action_charge()
        self.assertEqual((bill.reading_previous, bill.amount_current), (1000, 900.38))
        bill.action_charge()
        self.assertEqual((bill.amount_current, len(bill.line_ids)), (900.38, 5))
        bill.reading_current = 1100
        bill.action_charge()
        # 100 × 3.35 + 180 = 515.00; 5 % = 25.75.
        self.assertEqual(bill.amount_current, 540.75)

    def test_unpaid(self):
        """707.50 unpaid, due on 20 October: 16 days to 5 November, 707.50 × 1.25 % × 16/30 =
        4.7167 → 4.72. Total 900.38 + 707.50 + 4.72 = 1612.60."""
        self.bill_october()
        bill = self.draft()
        bill.action_charge()
        self.assertEqual((bill.amount_arrears, bill.amount_lpsc), (707.50, 4.72))
        self.assertEqual(bill.amount_total, 1612.60)
        self.assertIn("lpsc", self.notes(bill))
        bill.action_check()
        self.assertFalse(bill.is_held, bill.finding_text)

    def test_paid_in_time(self):
        """The rebate of 1 % of energy and fixed charge, 7.075 → 7.08: 900.38 − 7.08 = 893.30."""
        self.bill_october()
        self.pay(707.50, "2026-10-20")
        bill = self.draft()
        bill.action_charge()
        self.assertEqual((bill.amount_arrears, bill.amount_lpsc), (0, 0))
        self.assertEqual(bill.amount_total, 893.30)

    def test_paid_late(self):
        """No rebate the day after the due date; nor surcharge, as nothing is unpaid."""
        self.bill_october()
        self.pay(707.50, "2026-10-21")
        bill = self.draft()
        bill.action_charge()
        self.assertEqual((bill.amount_total, bill.amount_lpsc), (900.38, 0))

    def test_credit_balance(self):
        """2,000.00 paid late for 707.50: credit 1292.50; 900.38 − 1292.50 = −392.12."""
        self.bill_october()
        self.pay(2000, "2026-10-25")
        bill = self.draft()
        bill.action_charge()
        self.assertEqual((bill.amount_arrears, bill.amount_total), (-1292.50, -392.12))
        self.assertEqual((bill.amount_due, bill.amount_after_due), (0, -392.12))

    def test_surcharge_of_an_imported_bill_is_carried(self):
        """Its 40.00 stay what they are; what grows is the surcharge on principal: 4.72 as above."""
        self.bill_october(amount_lpsc=40)
        bill = self.draft()
        bill.action_charge()
        self.assertEqual((bill.amount_arrears, bill.amount_lpsc), (707.50, 44.72))
        self.assertEqual(bill._ledger_differences(), {bill.id: 0})

    def test_provisional_bill_is_credited(self):
        """October without a reading was billed 500.00; the reading of November counts for 61 days.

        Two months, 250 units: 200 × 3.35 = 670.00, 50 × 3.85 = 192.50, fixed 360.00: 1222.50;
        duty 61.125 → 61.13; less 500.00: 783.63.
        """
        self.create_bill(
            month=9, units=150, reading_current=1000, reading_current_date=date(2026, 9, 5)
        )
        provisional = self.create_bill(
            month=10,
            amount=500,
            amount_arrears=100,
            basis_id=self.env.ref("discom.bill_basis_prov").id,
        )
        self.assertEqual(provisional.state, "overdue")
        bill = self.draft(reading_current=1250)
        bill.action_charge()
        self.assertEqual((bill.months, bill.units), (2, 250))
        self.assertEqual(self.lines(bill)[-1], ("adjustment", 0, 0, -500))
        self.assertEqual(bill.amount_current, 783.63)

    def test_negative_difference(self):
        """Below the last reading: RDF, by the average of the one month known, 150 units; a changed
        meter is entered and made out anew."""
        self.bill_october()
        bill = self.draft(reading_current=60)
        bill.action_charge()
        self.assertEqual((bill.basis_id.code, bill.units), ("RDF", 150))
        self.assertIn("below the previous one", bill.tariff_note)
        with Form(bill) as form:
            form.meter_changed = True
            form.reading_final = 1030
        bill.action_charge()
        self.assertEqual((bill.basis_id.code, bill.units), ("MU", 90))

    def test_minimum_sets_the_basis(self):
        self.rural.minimum_rate = 200
        bill = self.draft(
            reading_previous=1180, reading_previous_date=date(2026, 10, 5), reading_current=1180
        )
        bill.action_charge()
        # 0 units, fixed 180, minimum 2 × 200 = 400: 220 are missing; duty 5 % of 400 = 20.
        self.assertEqual(bill.basis_id.code, "MIN")
        self.assertEqual(
            self.lines(bill),
            [("fixed", 2, 90, 180), ("minimum", 0, 0, 220), ("duty", 0, 0, 20)],
        )

    def test_impossible_bills_say_why(self):
        """One bill: an error. Many: those that can be are made out, the others keep the reason."""
        for text, vals in (
            ("no earlier bill with a reading", {}),
            ("sanctioned load is missing", {"sanctioned_load": 0, "basis_id": self.basis("UM")}),
            ("does not come after", {"reading_previous_date": date(2026, 11, 5)}),
            ("says neither", {"area": False, "basis_id": self.basis("UM")}),
            ("no tariff category", {"category_id": False, "basis_id": self.basis("UM")}),
            (
                "No tariff in force",
                {
                    "category_id": self.env.ref("discom.category_hv_1").id,
                    "basis_id": self.basis("UM"),
                },
            ),
        ):
            with self.subTest(text), self.assertRaisesRegex(UserError, text):
                self.draft(self.create_home(), **vals).action_charge()
        good, bad = (
            self.draft(self.consumer, basis_id=self.basis("UM")),
            self.draft(self.create_home()),
        )
        outcome = (good | bad).action_charge()
        self.assertIn("Bills made out: 1. Not made out: 1", outcome["params"]["message"])
        self.assertEqual(good.amount_current, 1050)
        self.assertFalse(bad.line_ids)
        self.assertIn("no earlier bill", bad.tariff_note)

    def basis(self, code):
        return self.env["discom.bill.basis"].search([("code", "=", code)]).id

    def test_earlier_draft(self):
        """Units since the last issued bill are charged once: a draft between is settled first."""
        self.bill_october()
        november, december = (
            self.draft(),
            self.draft(month=12, reading_current=1300, reading_current_date=date(2026, 12, 5)),
        )
        outcome = (november | december).action_charge()
        self.assertIn("Bills made out: 1. Not made out: 1", outcome["params"]["message"])
        self.assertIn("still a draft", december.tariff_note)
        self.assertEqual((november.units, len(december.line_ids)), (180, 0))
        november.action_check()
        november.action_issue()
        self.assertEqual(november.state, "issued")
        december.action_charge()
        self.assertEqual(december.units, 120)

    def test_correction(self):
        """A corrected reading is made out anew, with the same arrears as the bill it replaces."""
        self.bill_october()
        bill = self.draft()
        bill.action_charge()
        bill.action_check()
        bill.action_issue()
        correction = self.env["discom.bill"].browse(bill.action_correct()["res_id"])
        correction.reading_current = 1100
        correction.action_charge()
        self.assertEqual(
            (correction.units, correction.amount_current, correction.amount_arrears),
            (100, 540.75, 707.50),
        )

    def test_kvah(self):
        """12 kW at home: from kVAh 500 to 700, 200 of them count, not 180 kWh. Without an earlier
        kVAh reading kWh count, whatever the counter shows."""
        home = self.create_home(discom_sanctioned_load=12)
        vals = {"reading_previous": 1000, "reading_previous_date": date(2026, 10, 5)}
        bill = self.draft(home, reading_kvah_previous=500, reading_kvah_current=700, **vals)
        bill.action_charge()
        # 335.00 + 192.50 + 50 × 5.00 = 777.50; fixed 12 × 90 = 1080.00; duty of 1857.50: 92.88.
        self.assertEqual((bill.units_kvah, bill.amount_current), (200, 1950.38))
        rows = bill._document_readings()
        self.assertEqual([row["units"] for row in rows[:2]], ["180", "200"])
        bill.reading_kvah_previous = 0
        bill.action_charge()
        self.assertEqual(bill.units_kvah, 0)
        self.assertIn("no_kvah", self.notes(bill))

    def test_extremes(self):
        """Zero units, thirteen months, a backdated bill and a negative factor."""
        zero = self.draft(
            self.create_home(), reading_previous=1180, reading_previous_date=date(2026, 10, 5)
        )
        zero.action_charge()
        # Fixed 180.00, duty 9.00.
        self.assertEqual((zero.units, zero.amount_current), (0, 189))
        year = self.draft(
            self.create_home(), reading_previous=0, reading_previous_date=date(2025, 10, 5)
        )
        year.action_charge()
        # 396 days: 13 months. 1,180 units × 3.35 = 3953.00; 2 × 13 × 90 = 2340.00; no duty but on
        # 6293.00: 314.65. FPPAS is recorded for November 2025 alone, 30 of 396 days:
        # 26 days of October −1.63 %, 30 of November 1.83 %.
        # 6293 × 26/396 = 413.1768 → 413.18 × −1.63 % = −6.73; 6293 × 30/396 = 476.7424 → 476.74 ×
        # 1.83 % = 8.72.
        self.assertEqual(year.months, 13)
        self.assertIn("long", self.notes(year))
        self.assertEqual(year.amount_current, 6609.64)
        self.bill_october()
        early = self.draft(bill_date=date(2026, 10, 1))
        early.action_charge()
        self.assertEqual(early.amount_lpsc, 0)
        odd = self.draft(
            self.create_home(),
            meter_multiplier=-1,
            reading_previous=1000,
            reading_previous_date=date(2026, 10, 5),
        )
        with self.assertRaisesRegex(UserError, "negative"):
            odd.action_charge()

    def test_only_drafts(self):
        bill = self.bill_october()
        with self.assertRaisesRegex(UserError, "only drafts"):
            bill.action_charge()

    def test_rights(self):
        draft = self.draft(basis_id=self.basis("UM"))
        for user in (self.clerk_b, self.auditor, self.counter):
            with self.subTest(user.login), self.assertRaises(AccessError):
                draft.with_user(user).action_charge()
        draft.with_user(self.clerk).action_charge()
        self.assertEqual((draft.amount_current, draft.author_id), (1050, self.clerk))

    def test_queries_do_not_grow(self):
        """Twenty bills cost as many statements as two."""
        homes = [self.create_home() for _i in range(22)]
        for home in homes:
            self.bill_october(home)
        drafts = self.env["discom.bill"].browse([self.draft(home).id for home in homes])
        self.env.flush_all()
        counts = []
        for bills in (drafts[:2], drafts[2:]):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            bills._recharge_from_readings()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(set(drafts.mapped("amount_current")), {900.38})


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestImportReading(ReadingCommon):
    def account(self, **vals):
        return self.create_home(**vals).discom_account_no

    def test_file(self):
        """From a file to drafts.

        read: as on paper, 900.38 and 712.22 carried (707.50 + 4.72).
        new: 50 × 3.35 = 167.50 + 180.00 = 347.50; duty 17.375 → 17.38; 364.88.
        provisional: 2 × 155 = 310 units: 335.00 + 192.50 + 750.00 + 10 × 5.50 = 1332.50; fixed
        180.00; 1512.50; duty 75.625 → 75.63; 1588.13.
        un-metered: 2 × 500 = 1000.00; duty 50.00; 1050.00.
        """
        self.bill_october()
        read, new, prov = self.consumer.discom_account_no, self.account(), self.account()
        unmetered = self.account(discom_unmetered=True)
        rows = [
            READINGS,
            f"{read},05/11/2026,1180,MU,,,OK",
            f"{new},2026-11-05,50,,0,2026-10-05,",
            f"{prov},2026-11-05,,PROV,,,door locked",
            f"{unmetered},2026-11-05,,,,,",
        ]
        job = self.run_import("reading", rows, user=self.clerk, office=self.division_a)
        self.assert_counts(job, new=4)
        bills = {
            bill.account_no: bill
            for bill in self.env["discom.bill"].search([("import_id", "=", job.id)])
        }
        self.assertEqual(bills[read].amount_current, 900.38)
        # The surcharge runs until the date of the bill, today: 21 days, 707.50 × 0.875 % = 6.19.
        self.assertEqual(bills[read].amount_lpsc, 6.19)
        self.assertEqual(bills[new].amount_total, 364.88)
        self.assertEqual((bills[prov].units, bills[prov].amount_total), (310, 1588.13))
        self.assertFalse(bills[prov].reading_current_date)
        self.assertEqual(bills[unmetered].basis_id.code, "UM")
        self.assertEqual(bills[unmetered].amount_total, 1050)
        self.assertRecordValues(
            bills[read],
            [
                {
                    "state": "draft",
                    "period": date(2026, 11, 1),
                    "bill_date": date(2026, 11, 10),
                    # 15 days to pay, a dated figure.
                    "due_date": date(2026, 11, 25),
                    "reading_remark": "OK",
                    "author_id": self.clerk.id,
                    "office_id": self.subdivision_a1.id,
                    "sanctioned_load": 2,
                    "amount_difference": 0,
                }
            ],
        )
        self.assertEqual(
            len(set(self.env["discom.bill"].search([]).mapped("name"))),
            self.env["discom.bill"].search_count([]),
        )
        again = self.run_import("reading", rows, user=self.clerk, office=self.division_a)
        self.assert_counts(again, same=4)
        rows[2] = f"{new},2026-11-05,150,,0,2026-10-05,"
        changed = self.run_import("reading", rows, user=self.clerk, office=self.division_a)
        self.assert_counts(changed, changed=1, same=3)
        # 527.50 + 180.00 = 707.50; duty 35.375 → 35.38.
        self.assertEqual(bills[new].amount_total, 742.88)
        self.assertEqual(len(bills[new].line_ids), 4)

    def test_refused(self):
        read = self.bill_october().account_no
        issued = self.create_home()
        self.create_bill(issued, month=11)
        without = self.account(discom_category_id=False)
        outside = self.account(discom_office_id=self.subdivision_b1.id, discom_asset_id=False)
        rows = {
            "no consumer": "8899999999,2026-11-05,5,,,,",
            "“MX”": f"{self.account()},2026-11-05,5,MX,0,2026-10-05,",
            "no earlier bill": f"{self.account()},2026-11-05,5,,,,",
            "tariff category": f"{without},2026-11-05,5,,0,2026-10-05,",
            "future": f"{self.account()},2026-12-05,5,,0,2026-10-05,",
            "was read": f"{self.account()},2026-11-05,,MU,0,2026-10-05,",
            "come after": f"{self.account()},2026-11-05,5,,0,2026-11-05,",
            "of 2026-10-05": f"{read},2026-10-05,5,,,,",
            "issued bill": f"{issued.discom_account_no},2026-11-05,5,,0,2026-10-05,",
            "outside": f"{outside},2026-11-05,5,,0,2026-10-05,",
            "not a number": f"{self.account()},2026-11-05,-5,,0,2026-10-05,",
        }
        content = [READINGS + ",period", *(f"{row},2026-11" for row in rows.values())]
        job = self.run_import("reading", content, office=self.division_a)
        self.assert_counts(job, refused=len(rows))
        for reason, row in zip(rows, self.refused_rows(job), strict=True):
            with self.subTest(reason):
                self.assertIn(reason, row["Reason"])

    def test_draft_that_cannot_be_made_out(self):
        """A load missing is said at the draft, which the checks hold back; it is not lost."""
        account = self.account(discom_sanctioned_load=0)
        job = self.run_import(
            "reading", [READINGS, f"{account},2026-11-05,50,,0,2026-10-05,"], office=self.division_a
        )
        bill = self.env["discom.bill"].search([("import_id", "=", job.id)])
        self.assertIn("sanctioned load", bill.tariff_note)
        bill.action_check()
        self.assertTrue(bill.is_held)

    def test_bills_of_a_run(self):
        """A run of a month takes the readings of its month and no others."""
        run = (
            self.env["discom.bill.run"]
            .with_user(self.clerk)
            .create({"office_id": self.division_a.id, "period": "2026-11-01"})
        )
        mine, other = self.account(), self.account()
        job = self.upload(
            "reading",
            [
                READINGS,
                f"{mine},2026-11-05,50,,0,2026-10-05,",
                f"{other},2026-10-05,50,,0,2026-09-05,",
            ],
            user=self.clerk,
            office=self.division_a,
        )
        job.run_id = run
        job.action_check()
        self.assert_counts(job, new=1, refused=1)
        job.action_run()
        bill = self.env["discom.bill"].search([("run_id", "=", run.id)])
        self.assertEqual((bill.account_no, bill.amount_total), (mine, 364.88))
        self.assertEqual(run.state, "taken")

    def test_billing_system_s_bill_replaces_the_draft(self):
        account = self.account()
        self.run_import(
            "reading", [READINGS, f"{account},2026-11-05,50,,0,2026-10-05,"], office=self.division_a
        )
        self.run_import(
            "bill",
            [
                "bill_no,account_no,period,bill_date,due_date,basis,units,energy,total",
                f"X1,{account},2026-11,2026-11-05,2026-11-20,MU,50,100,100",
            ],
            office=self.division_a,
        )
        bill = self.env["discom.bill"].search([("account_no", "=", account)])
        self.assertEqual((bill.name, bill.amount_total), ("X1", 100))
        self.assertFalse(bill.tariff_id)
        self.assertEqual((bill.sanctioned_load, bill.area), (2, "rural"))


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestTariffCheck(ReadingCommon):
    def test_difference(self):
        """857.50 for 180 units by the tariff, with duty 900.38. Billed 990.38: 90.00 / 900.38 =
        9.996 %. Other bills: exact, lower by half, and none where no rate is recorded."""
        expected = {}
        for amount, percent in ((720.38, 0), (810.38, 9.9958), (270.19, -50)):
            bill = self.create_bill(
                self.create_home(),
                issue=False,
                units=180,
                line_ids=[
                    Command.create({"head": "energy", "amount": amount}),
                    Command.create({"head": "fixed", "amount": 180}),
                    Command.create({"head": "adjustment", "amount": -0.38}),
                ],
            )
            expected[bill] = percent
        unknown = self.create_bill(
            self.create_home(discom_category_id=self.env.ref("discom.category_hv_1").id),
            issue=False,
        )
        bills = self.env["discom.bill"].union(*expected, unknown)
        found = bills._tariff_difference()
        for bill, percent in expected.items():
            self.assertAlmostEqual(found[bill.id], percent, 3)
        self.assertIsNone(found[unknown.id])

    def test_finding(self):
        bill = self.create_bill(self.create_home(), issue=False, units=180, amount=2000)
        self.env.ref("discom.bill_check_tariff").level = "error"
        bill.action_check()
        self.assertTrue(bill.is_held)
        self.assertIn("from the tariff", bill.finding_text)
        self.env.ref("discom.bill_check_tariff").limit_percent = 200
        bill.action_check()
        self.assertFalse(bill.is_held)

    def test_own_bill_agrees(self):
        self.bill_october()
        bill = self.draft()
        bill.action_charge()
        self.assertEqual(bill._tariff_difference(), {bill.id: 0.0})


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestTariffRecords(ReadingCommon):
    def issue_by_tariff(self):
        bill = self.draft(basis_id=self.env.ref("discom.bill_basis_um").id)
        bill.action_charge()
        bill.action_check()
        bill.action_issue()
        self.assertEqual(bill.state, "issued")
        return bill

    def test_only_administrators_edit(self):
        duty = self.env.ref("discom.tariff_duty_lmv_1")
        for user in (self.manager, self.clerk, self.auditor):
            for record, vals in (
                (self.rural, {"fixed_rate": 1}),
                (self.rural.slab_ids[0], {"price": 1}),
                (self.tariff, {"name": "x"}),
                (duty, {"value": 1}),
            ):
                with self.subTest(user=user.login, model=record._name):
                    self.assertTrue(record.with_user(user).display_name)
                    with self.assertRaises(AccessError):
                        record.with_user(user).write(vals)
        self.rural.with_user(self.administrator).fixed_rate = 95

    def test_change_stands_in_the_history(self):
        slab = self.rural.slab_ids.filtered(lambda rec: rec.upto == 100)
        admin = self.env(
            user=self.administrator, context=dict(self.env.context, tracking_disable=False)
        )
        slab.with_env(admin).price = 3.5
        self.rural.with_env(admin).fixed_rate = 95
        messages = self.tariff.message_ids.filtered(
            lambda message: message.author_id == self.administrator.partner_id
        )
        text = " ".join(messages.mapped("body"))
        self.assertIn("3.35 per unit", text)
        self.assertIn("fixed 95 kw", text)

    def test_used_rates_are_frozen(self):
        """A bill was issued by them: what it rests on stays; source and verification may be added,
        and the schedule may end after the last day billed."""
        admin = self.administrator
        bill = self.issue_by_tariff()
        self.assertEqual(bill.charge_to, date(2026, 11, 30))
        duty = self.env.ref("discom.tariff_duty_lmv_1")
        unused = self.env.ref("discom.tariff_norm_lmv_2")
        for record, vals in (
            (self.rural, {"fixed_rate": 95}),
            (self.rural.slab_ids[0], {"price": 4}),
            (self.tariff, {"date_from": "2022-09-01"}),
            (self.tariff, {"active": False}),
            (duty, {"value": 6}),
        ):
            with self.subTest(record), self.assertRaisesRegex(UserError, "30 *[/ ]?|issued"):
                record.with_user(admin).write(vals)
        for record in (duty, self.rural, self.rural.slab_ids[0]):
            with self.subTest(record), self.assertRaises(UserError):
                record.with_user(admin).unlink()
        with self.assertRaisesRegex(UserError, "issued"):
            self.env["discom.tariff.slab"].with_user(admin).create(
                {"rate_id": self.rural.id, "upto": 50, "price": 1}
            )
        self.rural.with_user(admin).write({"verified": True, "source": "Order, page 12"})
        unused.with_user(admin).value = 250
        with self.assertRaisesRegex(UserError, "cannot end"):
            self.tariff.with_user(admin).date_to = "2026-11-29"
        self.tariff.with_user(admin).date_to = "2026-11-30"

    def test_supersede(self):
        """The next schedule begins as a copy to be verified, and ends this one when in force; bills
        of the new days are made out by it."""
        action = self.tariff.with_user(self.administrator).action_supersede()
        following = self.env["discom.tariff"].browse(action["res_id"])
        self.assertEqual(following.date_from, date(2026, 12, 1))
        self.assertEqual(len(following.rate_ids), len(self.tariff.rate_ids))
        self.assertFalse(any(following.rate_ids.slab_ids.mapped("verified")))
        # A draft holds for no bill.
        draft = self.draft(basis_id=self.env.ref("discom.bill_basis_um").id)
        draft.action_charge()
        self.assertEqual(draft.tariff_id, self.tariff)
        following.date_from = "2026-11-21"
        unmetered = following.rate_ids.filtered(lambda rate: not rate.metered)
        unmetered.fixed_rate = 800
        following.action_confirm()
        self.assertEqual(self.tariff.date_to, date(2026, 11, 20))
        draft.action_charge()
        # 20 of 30 days: 2 × 20/30 = 1.33 × 500 = 665.00, 0.67 × 800 = 536.00; 1201.00; duty 60.05.
        self.assertEqual(draft.amount_current, 1261.05)
        self.assertEqual(draft.tariff_id, following)

    def test_two_schedules_at_once(self):
        twin = self.tariff.copy({"date_from": "2026-01-01"})
        with self.assertRaisesRegex(ValidationError, "both hold"):
            twin.action_confirm()

    def test_incomplete_schedule(self):
        empty = self.env["discom.tariff"].create(
            {"name": "Order", "date_from": "2020-01-01", "date_to": "2020-12-31"}
        )
        with self.assertRaisesRegex(UserError, "Add the rates"):
            empty.action_confirm()
        rate = self.env["discom.tariff.rate"].create(
            {"tariff_id": empty.id, "category_id": self.category.id}
        )
        rate.slab_ids = [Command.create({"upto": 100, "price": 1})]
        with self.assertRaisesRegex(UserError, "without upper limit"):
            empty.action_confirm()

    def test_later_figure_ends_the_former(self):
        former = self.env.ref("discom.tariff_duty_lmv_1")
        vals = {"kind": "duty", "category_id": self.category.id, "value": 6}
        later = self.env["discom.tariff.value"].create({**vals, "date_from": "2026-11-16"})
        self.assertEqual((former.date_to, later.date_to), (date(2026, 11, 15), False))
        with self.assertRaisesRegex(ValidationError, "same days"):
            self.env["discom.tariff.value"].create({**vals, "date_from": "2026-11-16"})
        bill = self.draft(basis_id=self.env.ref("discom.bill_basis_um").id)
        bill.action_charge()
        # Half the days each: 500.00 × 5 % + 500.00 × 6 % = 55.00.
        self.assertEqual(bill.amount_current, 1055)

    def test_fppas_is_of_a_month(self):
        with Form(
            self.env["discom.tariff.value"].with_context(default_kind="fppas"),
            view="discom.discom_tariff_value_view_form",
        ) as form:
            form.date_from = "2026-11-17"
            form.value = -1.63
        fppas = form.record
        self.assertEqual((fppas.date_from, fppas.date_to), (date(2026, 11, 1), date(2026, 11, 30)))
        bill = self.draft(basis_id=self.env.ref("discom.bill_basis_um").id)
        bill.action_charge()
        # 1000.00 − 16.30 + 50.00.
        self.assertEqual(bill.amount_current, 1033.70)
        with self.assertRaisesRegex(ValidationError, "cannot be negative"):
            self.env.ref("discom.tariff_duty").value = -1

    def test_seed_says_what_is_verified(self):
        """The fixed charge of rural homes was found nowhere, its slabs were."""
        self.assertFalse(self.rural.verified)
        self.assertTrue(all(self.rural.slab_ids.mapped("verified")))
        self.assertTrue(self.env.ref("discom.tariff_rate_urban").all_verified)
        self.assertEqual(self.tariff.unverified_count, 2)
        records = self.env["discom.tariff.value"].search([]) | self.env["discom.tariff.value"]
        self.assertTrue(all(records.mapped("source")))

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other discom"})
        self.tariff.company_id = company
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.tariff.with_user(self.clerk).read(["name"])
        self.assertFalse(
            self.env["discom.tariff.rate"]
            .with_user(self.clerk)
            .search([("tariff_id", "=", self.tariff.id)])
        )
