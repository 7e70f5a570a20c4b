from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_bill import BillCommon

SCHEME = "odoo.addons.discom.models.bill_scheme"


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestScheme(BillCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer.discom_sanctioned_load = 2
        cls.scheme = cls.env["discom.scheme"].create(cls.scheme_vals())

    @classmethod
    def scheme_vals(cls, **vals):
        return {
            "name": "Relief",
            "name_hi": "राहत योजना",
            "date_from": "2026-11-01",
            "date_to": "2026-12-31",
            "source": "Invented for this test",
            "domain": "[('discom_category_id.code', '=', 'LMV-1'),"
            " ('discom_sanctioned_load', '<=', 2), ('discom_area', '=', 'rural')]",
            "surcharge_percent": 100,
            "deposit": 200,
            "instalment_count": 3,
            "phase_ids": [
                Command.create(
                    {
                        "name": "First",
                        "date_from": "2026-11-01",
                        "date_to": "2026-11-30",
                        "percent": 25,
                    }
                ),
                Command.create(
                    {
                        "name": "Second",
                        "date_from": "2026-12-01",
                        "date_to": "2026-12-31",
                        "percent": 15,
                    }
                ),
            ],
            **vals,
        }

    def owe(self, consumer=None, **vals):
        """A bill of 1,000 with 500 of arrears and a surcharge of 300, due on 20 October."""
        bill = self.create_bill(
            consumer,
            month=10,
            amount=1000,
            amount_arrears=500,
            amount_lpsc=300,
            issue=False,
            **vals,
        )
        self.force_issue(bill)
        return bill

    def register(self, user=None, **vals):
        return (
            self.env["discom.scheme.registration"]
            .with_user(user or self.counter)
            .create({"scheme_id": self.scheme.id, "partner_id": self.consumer.id, **vals})
        )

    def test_offer_by_phase(self):
        """The surcharge is waived, and of the rest 25, later 15 per cent."""
        bill = self.owe()
        offer = self.env["discom.scheme"]._offer(self.consumer)[self.consumer.id]
        self.assertEqual(
            {key: offer[key] for key in ("due", "principal", "lpsc", "amount", "saving", "until")},
            {
                "due": 1800,
                "principal": 1500,
                "lpsc": 300,
                "amount": 1125,
                "saving": 675,
                "until": date(2026, 11, 30),
            },
        )
        self.assertEqual(bill._scheme_offer()[bill.id]["amount"], 1125)
        notes = bill._document_data("hi_IN")[bill.id]["notes"]
        self.assertIn("₹1,125.00", notes[-1]["hi"])
        self.assertIn("30/11/2026", notes[-1]["en"])
        self.assertIn("Relief", bill.with_context(lang="en_IN").scheme_offer)
        with freeze_time("2026-12-01 06:00:00"):
            self.assertEqual(bill._scheme_offer()[bill.id]["amount"], 1275)
        for day in ("2026-10-31 06:00:00", "2026-12-31 18:31:00"):
            with self.subTest(day=day), freeze_time(day):
                self.assertEqual(bill._scheme_offer(), {})

    def test_best_of_two_schemes(self):
        bill = self.owe()
        self.env["discom.scheme"].create(
            self.scheme_vals(name="Less", surcharge_percent=0, domain="[]")
        )
        self.assertEqual(bill._scheme_offer()[bill.id]["scheme"], "Relief")

    def test_who_is_not_eligible(self):
        bill = self.owe()
        for name, value in (("discom_area", "urban"), ("discom_sanctioned_load", 2.5)):
            with self.subTest(field=name):
                old = self.consumer[name]
                self.consumer[name] = value
                self.assertEqual(bill._scheme_offer(), {})
                self.consumer[name] = old
        self.scheme.minimum_due = 1801
        self.assertEqual(bill._scheme_offer(), {})
        self.scheme.minimum_due = 1800
        self.assertTrue(bill._scheme_offer())
        self.pay(1800, "2026-11-09")
        self.assertEqual(bill._scheme_offer(), {})

    def test_dues_up_to_a_day(self):
        """Newer bills are paid in full, outside the scheme."""
        self.owe()
        later = self.create_bill(month=11, amount=90, amount_arrears=1500, amount_lpsc=300)
        self.scheme.dues_until = "2026-10-31"
        offer = self.env["discom.scheme"]._offer(self.consumer)[self.consumer.id]
        self.assertEqual((offer["due"], offer["amount"]), (1800, 1125))
        self.assertIn(later.id, later._scheme_offer())

    def test_surcharge_within_arrears(self):
        """Where a bill names its own surcharge only, the one within its arrears is waived too."""
        self.env["discom.payment.rule"]._current().lpsc_meaning = "bill"
        self.owe()
        self.create_bill(month=11, amount=90, amount_arrears=1800, amount_lpsc=40)
        offer = self.env["discom.scheme"]._offer(self.consumer)[self.consumer.id]
        self.assertEqual((offer["due"], offer["lpsc"], offer["amount"]), (1930, 340, 1192.5))
        self.scheme.dues_until = "2026-10-31"
        offer = self.env["discom.scheme"]._offer(self.consumer)[self.consumer.id]
        self.assertEqual((offer["due"], offer["lpsc"], offer["amount"]), (1800, 300, 1125))

    def test_state_follows_from_dates(self):
        schemes = self.env["discom.scheme"]
        for day, state in (
            ("2026-10-31 06:00:00", "planned"),
            ("2026-11-01 06:00:00", "running"),
            ("2026-12-31 06:00:00", "running"),
            ("2027-01-01 06:00:00", "ended"),
        ):
            with self.subTest(day=day), freeze_time(day):
                self.scheme.invalidate_recordset(["state"])
                self.assertEqual(self.scheme.state, state)
                self.assertIn(self.scheme, schemes.search([("state", "=", state)]))

    def test_preview(self):
        self.owe()
        self.owe(self.create_consumer(discom_sanctioned_load=1))
        self.owe(self.create_consumer(discom_sanctioned_load=9))
        scheme = self.scheme.with_user(self.manager)
        self.assertRecordValues(
            scheme,
            [
                {
                    "eligible_count": 2,
                    "eligible_due": 3600,
                    "eligible_lpsc": 600,
                    "eligible_offer": 2250,
                }
            ],
        )
        action = scheme.action_open_eligible()
        rows = self.env[action["res_model"]].with_user(self.manager).search(action["domain"])
        self.assertEqual(len(rows), 2)

    def test_preview_is_the_sum_of_the_offers(self):
        """However the surcharge is printed, and where newer dues do not count."""
        others = [self.create_consumer(discom_sanctioned_load=load) for load in (1, 2)]
        everybody = self.consumer.union(*others)
        for consumer in everybody:
            self.owe(consumer)
            self.force_issue(
                self.create_bill(
                    consumer, month=11, amount=90, amount_arrears=1800, amount_lpsc=40, issue=False
                )
            )
        self.pay(1000, "2026-11-09", others[0])
        rule = self.env["discom.payment.rule"]._current()
        for meaning in ("total", "bill"):
            for until in (False, "2026-10-31"):
                rule.lpsc_meaning = meaning
                self.scheme.dues_until = until
                self.env["discom.bill"]._settle(everybody.ids)
                offers = self.env["discom.scheme"]._offer(everybody).values()
                with self.subTest(meaning=meaning, until=until):
                    self.scheme.invalidate_recordset()
                    self.assertEqual(self.scheme.eligible_count, 3)
                    for name, key in (("due", "due"), ("lpsc", "lpsc"), ("offer", "amount")):
                        self.assertAlmostEqual(
                            self.scheme[f"eligible_{name}"],
                            float(sum(offer[key] for offer in offers)),
                        )
                    with patch(f"{SCHEME}.EXACT_CONSUMERS", 2):
                        self.scheme.invalidate_recordset()
                        self.assertEqual(
                            self.scheme.eligible_estimated, meaning == "bill" or bool(until)
                        )

    @mute_logger("odoo.sql_db")
    def test_bad_schemes(self):
        schemes = self.env["discom.scheme"]
        phase = {"name": "P", "date_from": "2026-11-01", "date_to": "2026-11-30", "percent": 5}
        for vals in (
            {"domain": "[('no_such_field', '=', 1)]"},
            {"domain": "rubbish"},
            {"phase_ids": [Command.create({**phase, "date_to": "2027-02-01"})]},
            {"phase_ids": [Command.create(phase), Command.create(phase)]},
        ):
            with self.subTest(vals=vals), self.assertRaises(ValidationError):
                schemes.create(self.scheme_vals(**vals))
        for vals in ({"date_to": "2026-10-01", "phase_ids": []}, {"surcharge_percent": 101}):
            with (
                self.subTest(vals=vals),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                schemes.create(self.scheme_vals(**vals))

    def test_registration(self):
        """The offer of the day is kept; payments complete it, a bounced cheque undoes that."""
        self.owe()
        with Form(self.env["discom.scheme.registration"].with_user(self.counter)) as form:
            form.scheme_id = self.scheme
            form.partner_id = self.consumer
            form.instalment_count = 3
        registration = form.record
        self.assertRecordValues(
            registration,
            [
                {
                    "due": 1800,
                    "amount": 1125,
                    "deposit": 200,
                    "state": "running",
                    "last_date": date(2027, 1, 10),
                    "next_amount": 200,
                    "office_id": self.subdivision_a1.id,
                }
            ],
        )
        self.scheme.surcharge_percent = 0
        self.assertEqual(registration.amount, 1125)
        self.pay(200, "2026-11-10")
        registration.invalidate_recordset()
        self.assertEqual((registration.paid, registration.left), (200, 925))
        payment = self.pay(925, "2026-11-10")
        self.assertEqual(registration.state, "completed")
        self.take_back(payment, "bounced")
        self.assertEqual(registration.state, "running")
        cron = self.env.ref("discom.bill_cron_scheme")
        with freeze_time("2026-12-20 06:00:00"), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        registration.invalidate_recordset()
        self.assertEqual(registration.state, "defaulted")

    def test_registration_is_refused_with_the_reason(self):
        with self.assertRaisesRegex(UserError, "owes nothing"):
            self.register()
        self.owe()
        with self.assertRaisesRegex(UserError, "1 to 3 instalments"):
            self.register(instalment_count=4)
        self.consumer.discom_area = "urban"
        with self.assertRaisesRegex(UserError, "not eligible"):
            self.register()
        self.consumer.discom_area = "rural"
        with freeze_time("2027-01-02 06:00:00"), self.assertRaisesRegex(UserError, "no phase"):
            self.register()
        registration = self.register()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.register()
        with self.assertRaises(UserError):
            registration.with_user(self.clerk).write({"amount": 1})
        registration.with_user(self.clerk).action_cancel()
        self.assertEqual(registration.state, "cancelled")
        self.register()

    def test_rights(self):
        self.owe()
        with self.assertRaises(AccessError):
            self.register(user=self.auditor)
        registration = self.register()
        found = self.env["discom.scheme.registration"].with_user(self.clerk_b).search([])
        self.assertNotIn(registration, found)
        with self.assertRaises(AccessError):
            self.scheme.with_user(self.clerk).write({"surcharge_percent": 1})
