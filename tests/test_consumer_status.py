from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_import import ImportCommon

FORM = "discom.discom_consumer_view_form"
HEADER = "account_no,name,office_code,connection_date,status,temporary_date,permanent_date"


@tagged("post_install", "-at_install")
class TestConsumerStatus(ImportCommon):
    """Connected, temporarily and permanently disconnected: each with its date."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_consumer(discom_connection_date="2020-05-05")
        cls.today = cls.consumer._discom_today()

    def dates(self, consumer):
        return tuple(
            str(consumer[name] or "")
            for name in (
                "discom_connection_date",
                "discom_temporary_date",
                "discom_permanent_date",
            )
        )

    def test_from_the_form(self):
        form = Form(self.consumer.with_user(self.manager), FORM)
        form.discom_status = "temporary"
        self.assertEqual(form.discom_temporary_date, self.today)
        form.discom_temporary_date = "2026-03-01"
        form.save()
        self.assertEqual(self.dates(self.consumer), ("2020-05-05", "2026-03-01", ""))
        form = Form(self.consumer.with_user(self.manager), FORM)
        form.discom_status = "permanent"
        form.save()
        self.assertEqual(self.dates(self.consumer), ("2020-05-05", "2026-03-01", str(self.today)))
        form = Form(self.consumer.with_user(self.manager), FORM)
        form.discom_status = "live"
        form.save()
        self.assertEqual(self.dates(self.consumer), ("2020-05-05", "", ""))

    def test_many_at_once(self):
        """Who is disconnected already keeps the date."""
        other = self.create_consumer(discom_status="temporary", discom_temporary_date="2025-01-01")
        (self.consumer | other).discom_status = "temporary"
        self.assertEqual(self.consumer.discom_temporary_date, self.today)
        self.assertEqual(str(other.discom_temporary_date), "2025-01-01")
        self.assertEqual(
            self.create_consumer(discom_status="permanent").discom_permanent_date, self.today
        )

    def test_impossible_dates(self):
        tomorrow = self.today + timedelta(days=1)
        ahead = [
            {"discom_status": "temporary", "discom_temporary_date": tomorrow},
            {"discom_connection_date": tomorrow},
        ]
        for vals in (
            *ahead,
            {"discom_temporary_date": "2026-01-01"},
            {"discom_status": "temporary", "discom_permanent_date": "2026-01-01"},
            {"discom_status": "temporary", "discom_temporary_date": "2020-05-04"},
            {"discom_status": "permanent", "discom_permanent_date": "2020-05-04"},
            {
                "discom_status": "permanent",
                "discom_temporary_date": "2026-02-01",
                "discom_permanent_date": "2026-01-01",
            },
        ):
            with (
                self.subTest(vals=vals),
                mute_logger("odoo.sql_db"),
                self.assertRaises(ValidationError if vals in ahead else IntegrityError),
                self.cr.savepoint(),
            ):
                self.consumer.write(vals)
                self.consumer.flush_recordset()

    def test_import(self):
        office = self.office_code
        rows = [
            HEADER,
            f"8800000001,Asha,{office},2020-01-01,TD,2026-02-03,",
            f"8800000002,Ravi,{office},2020-01-01,PD,2026-02-03,2026-08-03",
            f"8800000003,Sita,{office},2020-01-01,live,,",
            f"8800000004,Late,{office},2020-01-01,TD,2019-12-31,",
            f"8800000005,Turned,{office},2020-01-01,PD,2026-02-03,2026-02-02",
            f"8800000006,Ahead,{office},2020-01-01,PD,,2099-01-01",
            f"8800000007,Unborn,{office},2099-01-01,,,",
        ]
        job = self.run_import("consumer", rows)
        self.assert_counts(job, new=3, refused=4)
        reasons = [row["Reason"] for row in self.refused_rows(job)]
        for reason, word in zip(
            reasons, ("order", "order", "permanent_date", "connection_date"), strict=True
        ):
            self.assertIn(word, reason)
        self.assertEqual(self.dates(self.partner("8800000001")), ("2020-01-01", "2026-02-03", ""))
        self.assertEqual(
            self.dates(self.partner("8800000002")), ("2020-01-01", "2026-02-03", "2026-08-03")
        )
        # Live again, and disconnected for good: an empty cell leaves what is known.
        job = self.run_import(
            "consumer",
            [HEADER, "8800000002,,,,live,,", "8800000001,,,,permanent,,2026-09-09"],
        )
        self.assert_counts(job, changed=2)
        self.assertEqual(self.dates(self.partner("8800000002")), ("2020-01-01", "", ""))
        self.assertEqual(
            self.dates(self.partner("8800000001")), ("2020-01-01", "2026-02-03", "2026-09-09")
        )
        # The order holds with what is known already.
        job = self.run_import("consumer", ["account_no,connection_date", "8800000001,2026-03-03"])
        self.assert_counts(job, refused=1)

    def test_import_with_one_date(self):
        """Billing systems that know only since when the status holds."""
        rows = [
            "account_no,name,office_code,status,status_date",
            f"8800000001,Asha,{self.office_code},TD,2026-02-03",
            f"8800000002,Ravi,{self.office_code},PD,2026-02-04",
            f"8800000003,Sita,{self.office_code},live,2020-02-05",
        ]
        self.assert_counts(self.run_import("consumer", rows), new=3)
        self.assertEqual(
            [self.dates(self.partner(f"880000000{n}")) for n in (1, 2, 3)],
            [("", "2026-02-03", ""), ("", "", "2026-02-04"), ("", "", "")],
        )
