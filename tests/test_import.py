import base64
import csv
import io
from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .test_bill import BillCommon

CONSUMERS = (
    "account_no,name,name_hi,mobile,category,load,load_unit,office_code,asset_code,never_paid"
)
BILLS = (
    "bill_no,account_no,period,bill_date,due_date,basis,units,energy,fixed,fppas,duty,arrears,lpsc,"
    "total,total_after_due,history"
)


class ImportCommon(BillCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.office_code = cls.subdivision_a1.code
        cls.asset_code = cls.transformer_a11.code

    @classmethod
    def upload(cls, kind, content, user=None, filename=None, office=None):
        """Upload a file in the form, as ``user`` (the manager by default), unchecked."""
        if isinstance(content, list):
            content = "\n".join(content) + "\n"
        if isinstance(content, str):
            content = content.encode()
        imports = cls.env["discom.import"].with_user(user or cls.manager)
        with Form(imports) as form:
            form.kind = kind
            form.file = base64.b64encode(content)
            if office:
                form.office_id = office
        # The upload widget sets it beside the file.
        form.record.filename = filename or f"{kind}.csv"
        return form.record

    @classmethod
    def run_import(cls, kind, content, **kw):
        """Upload, check and carry out; return the import."""
        job = cls.upload(kind, content, **kw)
        job.action_check()
        if job.new_count or job.changed_count:
            job.action_run()
        return job

    def assert_counts(self, job, new=0, changed=0, same=0, refused=0):
        self.assertEqual(
            (job.new_count, job.changed_count, job.same_count, job.refused_count),
            (new, changed, same, refused),
            job.findings,
        )

    def refused_rows(self, job):
        """Rows of the refused file as dicts, without its byte order mark."""
        text = base64.b64decode(job.refused_file).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def partner(self, account_no):
        return self.env["res.partner"].search([("discom_account_no", "=", account_no)])


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestImport(ImportCommon):
    def test_check_changes_nothing(self):
        job = self.upload(
            "consumer",
            [CONSUMERS, f"8800000001,Asha,आशा,,LMV-1,1,kw,{self.office_code},,0"],
        )
        job.action_check()
        self.assertEqual(job.state, "checked")
        self.assert_counts(job, new=1)
        self.assertFalse(self.partner("8800000001"))

    def test_consumers(self):
        rows = [
            CONSUMERS,
            f"८८००००००0१,  Asha   Devi ,आशा,०९४१५०१२३४५,LMV-1,1.5,kW,{self.office_code},"
            f"{self.asset_code},1",
            f"0800000002,Ravi,,05444-222222,,,,{self.office_code},,0",
        ]
        job = self.run_import("consumer", rows)
        self.assert_counts(job, new=2)
        self.assertEqual(job.state, "done")
        self.assertEqual(job.progress, 100)
        asha, ravi = self.partner("8800000001"), self.partner("0800000002")
        self.assertRecordValues(
            asha | ravi,
            [
                {
                    "name": "Asha Devi",
                    "complete_name": "Asha Devi",
                    "discom_name_hi": "आशा",
                    "phone": "०९४१५०१२३४५",
                    "phone_sanitized": "+919415012345",
                    "discom_category_id": self.category.id,
                    "discom_sanctioned_load": 1.5,
                    "discom_load_unit": "kw",
                    "discom_office_id": self.subdivision_a1.id,
                    "discom_asset_id": self.transformer_a11.id,
                    "discom_never_paid": True,
                    "commercial_partner_id": asha.id,
                    "discom_status": "live",
                    "discom_kyc_state": "none",
                },
                {
                    "name": "Ravi",
                    "complete_name": "Ravi",
                    "discom_name_hi": False,
                    "phone": "05444-222222",
                    "phone_sanitized": "+915444222222",
                    "discom_category_id": False,
                    "discom_sanctioned_load": 0,
                    "discom_load_unit": "kw",
                    "discom_office_id": self.subdivision_a1.id,
                    "discom_asset_id": False,
                    "discom_never_paid": False,
                    "commercial_partner_id": ravi.id,
                    "discom_status": "live",
                    "discom_kyc_state": "none",
                },
            ],
        )
        again = self.run_import("consumer", rows)
        self.assert_counts(again, same=2)
        self.assertEqual(again.state, "checked", "there is nothing to import")

    def test_villages_in_both_scripts(self):
        self.run_import(
            "consumer",
            [
                "account_no,name,village,village_hi,office_code",
                f"8800000001,Asha,Churk,चुर्क,{self.office_code}",
                f"8800000002,Ravi,,सलखन,{self.office_code}",
            ],
        )
        self.assertRecordValues(
            self.partner("8800000001") | self.partner("8800000002"),
            [
                {"discom_village": "Churk", "discom_village_hi": "चुर्क"},
                {"discom_village": "सलखन", "discom_village_hi": "सलखन"},
            ],
        )

    def test_consumer_is_what_the_orm_makes(self):
        """Every stored column of an imported consumer equals that of one created by the ORM."""
        self.run_import(
            "consumer",
            [
                CONSUMERS,
                f"8800000001,Asha Devi,आशा,9415012345,LMV-1,2,kw,{self.office_code},"
                f"{self.asset_code},1",
            ],
        )
        created = (
            self.env["res.partner"]
            .with_user(self.manager)
            .create(
                {
                    "discom_consumer": True,
                    "discom_account_no": "8800000002",
                    "name": "Asha Devi",
                    "discom_name_hi": "आशा",
                    "phone": "9415012345",
                    "discom_category_id": self.category.id,
                    "discom_sanctioned_load": 2,
                    "discom_load_unit": "kw",
                    "discom_office_id": self.subdivision_a1.id,
                    "discom_asset_id": self.transformer_a11.id,
                    "discom_never_paid": True,
                }
            )
        )
        self.env.flush_all()
        imported = self.partner("8800000001")
        self.env.cr.execute(
            "SELECT to_jsonb(p) FROM res_partner p WHERE id IN %s ORDER BY discom_account_no",
            [(imported.id, created.id)],
        )
        first, second = (row[0] for row in self.env.cr.fetchall())
        self.assertEqual(first["commercial_partner_id"], imported.id)
        for own in (
            "id",
            "commercial_partner_id",
            "discom_account_no",
            "discom_import_hash",
            "create_date",
            "write_date",
            "write_uid",  # the ORM stores computed fields in the name of whoever flushes
        ):
            first.pop(own)
            second.pop(own)
        self.assertEqual(first, second)

    def test_changed_consumer(self):
        """Only columns of the file with a value change; what staff corrected since stays."""
        self.run_import(
            "consumer",
            [CONSUMERS, f"8800000001,Asha,आशा,9415012345,LMV-1,1,kw,{self.office_code},,0"],
        )
        asha = self.partner("8800000001")
        asha.street = "House 4"
        file = ["account_no,name,mobile,load", "8800000001,Asha Singh,,3"]
        self.assert_counts(self.run_import("consumer", file), changed=1)
        self.assertEqual(
            (asha.name, asha.complete_name, asha.phone, asha.discom_sanctioned_load, asha.street),
            ("Asha Singh", "Asha Singh", "9415012345", 3, "House 4"),
        )
        asha.name = "Asha Kumari"
        self.assert_counts(self.run_import("consumer", file), same=1)
        self.assertEqual(asha.name, "Asha Kumari")

    def test_connection_below_a_person(self):
        person = self.env["res.partner"].create({"name": "Person"})
        self.consumer.parent_id = person
        account = self.consumer.discom_account_no
        self.run_import("consumer", ["account_no,name", f"{account},Shop"])
        self.assertEqual(self.consumer.complete_name, "Person, Shop")

    def test_all_numbers_of_a_consumer(self):
        job = self.run_import(
            "consumer",
            [
                "account_no,name,office_code,mobile,book_no,sc_no,kno,contract_demand,email",
                f"8800000001,Asha,{self.office_code},9415012345,0421,५६,K12 0099,7.5,",
                f"8800000002,Book,{self.office_code},,2341 2341 2346,,,,",
                f"8800000003,SC,{self.office_code},,,234123412346,,,",
            ],
        )
        self.assert_counts(job, new=1, refused=2)
        self.assertEqual(
            {row["Reason"] for row in self.refused_rows(job)},
            {
                f"{column} holds a full Aadhaar number. The law allows only its last four digits"
                " to be kept."
                for column in ("book_no", "sc_no")
            },
        )
        asha = self.partner("8800000001")
        self.assertRecordValues(
            asha,
            [
                {
                    "discom_book_no": "0421",
                    "discom_sc_no": "56",
                    "discom_kno": "K120099",
                    "discom_contract_demand": 7.5,
                }
            ],
        )
        # The mobile is contact data: where it came from is kept from the first day.
        event = asha.discom_kyc_event_ids
        self.assertEqual(
            (event.field, event.old, event.new, event.source),
            ("phone", False, "9415012345", "file"),
        )
        self.assertTrue(event.evidence)

    def test_refused_consumers(self):
        office = self.office_code
        other = self.subdivision_b1.code
        rows = [
            CONSUMERS,
            f"8800000001,Asha,,,LMV-1,1,kw,{office},,0",
            f"8800000001,Twice,,,,,,{office},,",
            f"88000001,Short,,,,,,{office},,",
            f"8800000003,Load,,,,many,,{office},,",
            "8800000004,Office,,,,,,NOWHERE,,",
            f"8800000005,Other,,,,,,{other},,",
            f"8800000006,=1+1,,,,,,{office},,",
            f"8800000007,Aadhaar 234123412346,,,,,,{office},,",
            f"8800000008,Category,,,LMV-99,,,{office},,",
            f"8800000009,Asset,,,,,,{office},NOASSET,",
            "8800000010,No office,,,,,,,,",
            f"8800000011,,,,,,,{office},,",
            f"8800000012,Flag,,,,,,{office},,maybe",
            f"8800000013,Many,,,,,,{office},,,,more cells",
        ]
        job = self.run_import("consumer", rows)
        self.assert_counts(job, new=1, refused=13)
        refused = self.refused_rows(job)
        self.assertEqual([int(row["Row"]) for row in refused], list(range(3, 16)))
        for row, word in zip(
            refused,
            (
                "above already",
                "10 digits",
                "not a number",
                "no office",
                "outside",
                "formula",
                "Aadhaar",
                "tariff category",
                "transformer",
                "needs office_code",
                "needs name",
                "1 or 0",
                "more cells",
            ),
            strict=True,
        ):
            self.assertIn(word, row["Reason"])
        text = base64.b64decode(job.refused_file).decode()
        self.assertNotIn("234123412346", text, "an Aadhaar number is not handed on")
        self.assertIn("'=1+1", text, "a formula is defused")

    def test_refused_file_can_be_corrected_and_imported(self):
        job = self.run_import(
            "consumer", [CONSUMERS, f"88,Asha,,,LMV-1,1,kw,{self.office_code},,0"]
        )
        text = base64.b64decode(job.refused_file).decode().replace(",88,", ",8800000001,")
        self.assert_counts(self.run_import("consumer", text), new=1)

    def test_all_refused_rows_come_back(self):
        """A wrong template may have every row of lakhs refused."""
        count = 100_001
        job = self.upload("kyc", "account_no\n" + "1\n" * count)
        job.action_check()
        self.assert_counts(job, refused=count)
        refused = base64.b64decode(job.refused_file).decode("utf-8-sig").splitlines()
        self.assertEqual(len(refused), 1 + count)
        self.assertEqual(refused[-1].split(",")[-2:], [str(count + 1), "1"])

    def test_control_characters(self):
        rows = [CONSUMERS, f"8800000001,Asha\x01 De\x7fvi\x02,,,,,,{self.office_code},,"]
        self.assert_counts(self.run_import("consumer", rows), new=1)
        self.assertEqual(self.partner("8800000001").name, "Asha De vi")

    def test_masked_values_do_not_come_back(self):
        """What was masked in an export overwrites neither the number nor the address."""
        consumer = self.create_consumer(phone="+919415277302", street="House 7")
        account = consumer.discom_account_no
        for column, value in (("mobile", "+91 ••••• •7302"), ("street", "•••••")):
            with self.subTest(column):
                job = self.run_import("consumer", [f"account_no,{column}", f"{account},{value}"])
                self.assert_counts(job, refused=1)
                self.assertIn("masked", self.refused_rows(job)[0]["Reason"])
        job = self.run_import("kyc", ["account_no,email", f"{account},r•••••@example.org"])
        self.assert_counts(job, refused=1)
        self.assertEqual((consumer.phone, consumer.street), ("+919415277302", "House 7"))

    def test_phone_is_no_aadhaar(self):
        """919415012349 has the check digit of an Aadhaar number, as one phone in ten."""
        job = self.run_import(
            "consumer", [CONSUMERS, f"8800000001,Asha,,919415012345,,,,{self.office_code},,0"]
        )
        self.assert_counts(job, new=1)
        self.assertEqual(self.partner("8800000001").phone_sanitized, "+919415012345")

    def test_aadhaar_in_a_refused_row(self):
        """In the wrong column, in one that is not read, in a row that is refused as a whole: what
        is kept of the row and given back has the last four digits only."""
        consumer = self.create_consumer(discom_old_account_no="234123412346")
        account = consumer.discom_account_no
        job = self.run_import(
            "kyc",
            [
                "account_no,whatsapp_number,email,remarks,card",
                f"{account},2341 2341 2346,,,",
                "1,9415260001,,,2341-2341-2346",
                f"{account},=1+1,,2341 2341 2346,",
                f"2341.2341.2346,9415260001,,,{account}",
            ],
        )
        self.assert_counts(job, refused=4)
        kept = str(job.findings) + base64.b64decode(job.refused_file).decode()
        self.assertNotRegex(kept, "2341[ .-]?2341")
        self.assertIn("2346", kept)
        self.assertIn(account, kept)
        # An old account number is one, whatever its check digit.
        job = self.run_import(
            "consumer", ["account_no,old_account_no,load", f"{account},234123412346,much"]
        )
        self.assertIn("234123412346", base64.b64decode(job.refused_file).decode())

    def test_other_division(self):
        """A file of the whole discom leaves other divisions alone, whoever imports it."""
        other = self.create_consumer(
            discom_office_id=self.subdivision_b1.id, discom_asset_id=self.transformer_b11.id
        )
        job = self.run_import("consumer", ["account_no,name", f"{other.discom_account_no},Stolen"])
        self.assert_counts(job, refused=1)
        with self.assertRaisesRegex(ValidationError, "is not among your offices"):
            self.upload(
                "consumer",
                ["account_no,name", f"{other.discom_account_no},Stolen"],
                office=self.division_b,
            )
        job = self.run_import(
            "consumer",
            ["account_no,name", f"{other.discom_account_no},Moved"],
            user=self.administrator,
            office=self.division_a,
        )
        self.assert_counts(job, refused=1)
        job = self.run_import(
            "consumer",
            ["account_no,name", f"{other.discom_account_no},Right"],
            user=self.administrator,
            office=self.discom,
        )
        self.assert_counts(job, changed=1)

    def test_kyc(self):
        account = self.consumer.discom_account_no
        self.consumer.discom_whatsapp_number = False
        rows = [
            "account_no,whatsapp_number,mobile,email,language,consent_bills,consent_outages,"
            "consent_dues,source,taken_on,taken_by,aadhaar_last4",
            f"{account},९४१५० १२३४५,9415012346,Asha@Example.in,hi,1,1,0,sakhi,2026-11-01,"
            f"test_surveyor,1234",
            "9999999990,9415012345,,,,,,,,,,",
            f"{self.create_consumer().discom_account_no},9999999999,,,,,,,,,,",
            f"{self.create_consumer().discom_account_no},,,,,,,,,,,234123412346",
            f"{self.create_consumer().discom_account_no},9415012345,,,,,,,field,2026-12-01,,",
        ]
        job = self.run_import("kyc", rows, user=self.clerk)
        self.assert_counts(job, changed=1, refused=4)
        self.assertRecordValues(
            self.consumer,
            [
                {
                    "discom_whatsapp_number": "+919415012345",
                    "discom_kyc_state": "captured",
                    "discom_kyc_source": "sakhi",
                    "discom_kyc_date": date(2026, 11, 1),
                    "discom_kyc_user_id": self.surveyor.id,
                    "phone_sanitized": "+919415012346",
                    "email_normalized": "asha@example.in",
                    "discom_consent_bills": "given",
                    "discom_consent_outages": "given",
                    "discom_consent_dues": "withdrawn",
                    "discom_id_kind": "aadhaar",
                    "discom_id_last4": "1234",
                }
            ],
        )
        self.assertEqual(
            sorted(self.consumer.discom_consent_ids.mapped(lambda c: (c.purpose, c.action))),
            [("bills", "given"), ("dues", "withdrawn"), ("outages", "given")],
        )
        self.assertEqual(
            self.consumer.discom_consent_ids.mapped("date"), [datetime(2026, 11, 1)] * 3
        )
        again = self.run_import("kyc", rows, user=self.clerk)
        self.assert_counts(again, same=1, refused=4)
        self.assertEqual(len(self.consumer.discom_consent_ids), 3)

    def test_stop_is_not_undone_by_an_older_file(self):
        self.consumer.discom_whatsapp_number = False
        self.consumer._discom_record_consent("withdrawn", ["bills"], "whatsapp")
        job = self.run_import(
            "kyc",
            [
                "account_no,consent_bills,taken_on",
                f"{self.consumer.discom_account_no},1,2026-11-01",
            ],
        )
        self.assert_counts(job, changed=1)
        self.assertEqual(self.consumer.discom_consent_bills, "withdrawn")

    def test_stop_is_not_undone_by_a_file_without_days(self):
        account = self.consumer.discom_account_no
        given = ["account_no,consent_bills", f"{account},1"]
        self.assert_counts(self.run_import("kyc", given), changed=1)
        self.consumer._discom_record_consent("withdrawn", ["bills"], "whatsapp")
        job = self.run_import("kyc", ["account_no,consent_bills,email", f"{account},1,a@b.in"])
        self.assert_counts(job, refused=1)
        self.assertIn("withdrawn", self.refused_rows(job)[0]["Reason"])
        self.assertEqual(self.consumer.discom_consent_bills, "withdrawn")
        today = self.env["res.partner"]._discom_today()
        again = ["account_no,consent_bills,taken_on", f"{account},1,{today}"]
        self.assert_counts(self.run_import("kyc", again), changed=1)

    def test_no_of_a_day_outlives_its_yes(self):
        """A sheet knows the day and not the hour: of a yes and a no on one day the no holds."""
        account = self.consumer.discom_account_no
        head = "account_no,consent_bills,taken_on,email"
        self.consumer.discom_whatsapp_number = False
        self.consumer._discom_record_consent(
            "given",
            ["bills"],
            "counter",
            notice_version="1",
            notice_lang="hi_IN",
            date=datetime(2026, 11, 9, 17),
        )
        self.run_import("kyc", [head, f"{account},0,2026-11-08,"])
        self.assertEqual(self.consumer.discom_consent_bills, "given", "said the day after")
        self.run_import("kyc", [head, f"{account},0,2026-11-09,"])
        self.assertEqual(self.consumer.discom_consent_bills, "withdrawn")
        no, yes = self.consumer.discom_consent_ids
        self.assertEqual((no.action, no.date), ("withdrawn", yes.date), "in their order")
        self.run_import("kyc", [head, f"{account},1,2026-11-09,a@example.com"])
        self.assertEqual(self.consumer.email, "a@example.com")
        self.assertEqual(self.consumer.discom_consent_bills, "withdrawn")

    def test_notice_of_a_file(self):
        account = self.consumer.discom_account_no
        head = "account_no,consent_bills,notice_version,notice_language"
        job = self.run_import("kyc", [head, f"{account},1,99,hi"])
        self.assert_counts(job, refused=1)
        self.assertIn("99", self.refused_rows(job)[0]["Reason"])
        self.assert_counts(self.run_import("kyc", [head, f"{account},1,1,hi"]), changed=1)
        self.assertRecordValues(
            self.consumer.discom_consent_ids[0],
            [{"purpose": "bills", "notice_version": "1", "notice_lang": "hi_IN"}],
        )

    def test_every_consent_of_a_file_stands_on_a_notice(self):
        """What a file leaves out is the notice of the day, in the consumer's language."""
        notices = self.env["discom.consent.notice"]
        for version, lang, day in (
            ("2", "hi_IN", "2026-10-01"),
            ("3", "hi_IN", "2026-12-01"),
            ("T1", "hi_IN", "2020-01-01"),
        ):
            notices.create({"version": version, "lang": lang, "date_from": day, "body": "सूचना"})
        archived = {"version": "A", "lang": "hi_IN", "date_from": "2026-11-02", "body": "सूचना"}
        notices.create({**archived, "active": False})
        notices.search([("version", "=", "T1")]).active = False
        head = "account_no,consent_bills,taken_on,language,notice_version,notice_language"
        for values, noted in (
            ("2026-11-05,,,", ("2", "hi_IN")),
            (",,,", ("2", "hi_IN")),
            ("2026-09-30,,,", ("1", "hi_IN")),
            ("2026-11-05,en,,", ("1", "en_IN")),
            ("2026-11-05,,,en", ("1", "en_IN")),
            ("2026-11-05,en,,hi", ("2", "hi_IN")),
            ("2026-11-05,,1,", ("1", "hi_IN")),
            ("2026-11-05,en,1,", ("1", "en_IN")),
            ("2026-11-05,en,2,", ("2", "hi_IN")),
            ("2025-11-05,,T1,", ("T1", "hi_IN")),
        ):
            with self.subTest(values):
                consumer = self.create_consumer(lang="hi_IN", discom_whatsapp_number=False)
                account = consumer.discom_account_no
                job = self.run_import("kyc", [head, f"{account},1,{values}"])
                self.assert_counts(job, changed=1)
                entry = consumer.discom_consent_ids
                self.assertEqual((entry.notice_version, entry.notice_lang), noted)
        consumer = self.create_consumer(discom_whatsapp_number=False)
        consumer.lang = False
        account = consumer.discom_account_no
        for values, reason in (
            ("2025-11-05,,,", "in use on the day of the consent (2025-11-05)"),
            ("2026-11-05,,9,", "is no version"),
            ("2026-11-05,,2,en", "is no version"),
            ("2026-11-05,,1,", "as notice_language"),
        ):
            with self.subTest(values):
                job = self.run_import("kyc", [head, f"{account},1,{values}"])
                self.assert_counts(job, refused=1)
                self.assertIn(reason, self.refused_rows(job)[0]["Reason"])
                # A no stands on no notice.
                if "no version" not in reason:
                    job = self.upload("kyc", [head, f"{account},0,{values}"])
                    job.action_check()
                    self.assert_counts(job, changed=1)
        self.assertFalse(consumer.discom_consent_ids)

    def test_older_kyc_does_not_replace_newer(self):
        self.consumer.discom_whatsapp_number = "9415012345"
        job = self.run_import(
            "kyc",
            [
                "account_no,whatsapp_number,taken_on",
                f"{self.consumer.discom_account_no},9415012399,2026-01-01",
            ],
        )
        self.assert_counts(job, refused=1)
        self.assertEqual(self.consumer.discom_whatsapp_number, "+919415012345")

    def _bill_row(self, number="F1", account=None, total="1042.52", fppas="-13.98"):
        return (
            f"{number},{account or self.consumer.discom_account_no},2026-10,2026-11-02,2026-11-17,"
            f"MU,180,677.50,180.00,{fppas},24.00,150.00,25.00,{total},1060.00,10|20||180"
        )

    def test_bills(self):
        rows = [BILLS, self._bill_row()]
        job = self.run_import("bill", rows, user=self.clerk)
        self.assert_counts(job, new=1)
        bill = self.env["discom.bill"].search([("name", "=", "F1")])
        self.assertRecordValues(
            bill,
            [
                {
                    "partner_id": self.consumer.id,
                    "account_no": self.consumer.discom_account_no,
                    "office_id": self.subdivision_a1.id,
                    "period": date(2026, 10, 1),
                    "months": 1,
                    "due_date": date(2026, 11, 17),
                    "basis_id": self.basis_mu.id,
                    "units": 180,
                    "amount_current": 867.52,
                    "amount_arrears": 150,
                    "amount_lpsc": 25,
                    "amount_total": 1042.52,
                    "amount_due": 1042.52,
                    "amount_difference": 0,
                    "amount_after_due": 1060,
                    "state": "checked",
                    "import_id": job.id,
                }
            ],
        )
        self.assertEqual(
            bill.line_ids.mapped(lambda line: (line.head, line.amount)),
            [("energy", 677.5), ("fixed", 180), ("fppas", -13.98), ("duty", 24)],
        )
        self.assertEqual(
            bill.history,
            [
                {"month": "2026-07", "units": 10},
                {"month": "2026-08", "units": 20},
                {"month": "2026-09", "units": None},
                {"month": "2026-10", "units": 180},
            ],
        )
        self.assertIn("width: 100%", bill.history_html)
        self.assert_counts(self.run_import("bill", rows), same=1)
        job.action_issue_bills()
        self.assertEqual((bill.state, bill.is_latest), ("issued", True))
        self.assert_counts(self.run_import("bill", rows), same=1)
        self.assert_counts(
            self.run_import("bill", [BILLS, self._bill_row(total="1042.53")]), refused=1
        )
        self.assertEqual(bill.amount_total, 1042.52)

    def test_bill_that_does_not_add_up_stays_a_draft_until_a_new_file(self):
        job = self.run_import("bill", [BILLS, self._bill_row(total="999.00")])
        bill = self.env["discom.bill"].search([("name", "=", "F1")])
        self.assertEqual((bill.state, bill.amount_difference), ("draft", -43.52))
        with self.assertRaisesRegex(UserError, "waits to be issued"):
            job.action_issue_bills()
        self.assert_counts(self.run_import("bill", [BILLS, self._bill_row()]), changed=1)
        self.assertEqual((bill.state, bill.amount_difference), ("checked", 0))
        self.assertEqual(len(bill.line_ids), 4)

    def test_refused_bills(self):
        other = self.create_consumer().discom_account_no
        third = self.create_consumer().discom_account_no
        rows = [
            BILLS,
            self._bill_row(),
            self._bill_row("F2"),
            self._bill_row("F1", other),
            self._bill_row("F4", "9999999990"),
            self._bill_row("F5", third, total="ten"),
            self._bill_row("F6", third).replace("2026-11-17", "2026-11-01"),
            self._bill_row("F7", third).replace(",MU,", ",XX,"),
            self._bill_row("F8", third).replace("2026-11-02", "2026-02-30"),
        ]
        job = self.run_import("bill", rows)
        self.assert_counts(job, new=1, refused=7)
        job = self.run_import("bill", [BILLS, self._bill_row("F1", other)])
        self.assertIn("belongs to another bill", self.refused_rows(job)[0]["Reason"])

    def test_payments(self):
        bill = self.create_bill()
        account = self.consumer.discom_account_no
        rows = [
            "reference,account_no,date,amount,mode",
            f"P1,{account},2026-11-06,60.00,online",
            f'P2,{account},07/11/2026,"₹ 1,040",kiosk',
            f"P3,{account},2026-11-07,-5,kiosk",
            f"P4,{account},2026-12-01,5,kiosk",
            f"P5,{account},2026-11-07,5,pigeon post",
            "P6,9999999990,2026-11-07,5,kiosk",
            f"P1,{account},2026-11-06,60.00,online",
        ]
        job = self.run_import("payment", rows, user=self.clerk)
        self.assert_counts(job, new=2, refused=5)
        self.assertEqual((bill.state, bill.amount_paid), ("paid", 100))
        payments = self.env["discom.payment"].search([("import_id", "=", job.id)])
        self.assertEqual(sum(payments.mapped("amount")), 1100)
        self.assertEqual(payments.bill_id, bill)
        self.assert_counts(self.run_import("payment", rows), same=2, refused=5)
        changed = self.run_import("payment", [rows[0], f"P1,{account},2026-11-06,61.00,online"])
        self.assert_counts(changed, refused=1)

    def test_payment_words_cheques_and_rows_taken_back(self):
        """The billing system's own words, bounced cheques, and what was taken back here."""
        bill = self.create_bill()
        account = self.consumer.discom_account_no
        rows = [
            "receipt no,account_no,payment date,amount,collection mode,cheque_no,payment_status",
            f"Q1,{account},2026-11-06,30,Net Banking,,SUCCESS",
            f"Q2,{account},2026-11-06,20,Cheque,004711,Cleared",
            f"Q3,{account},2026-11-06,5,,,",
            f"Q4,{account},2026-11-06,7,cash,,Bounced",
            f"Q5,{account},2026-11-06,7,cash,,perhaps",
        ]
        job = self.run_import("payment", rows, user=self.clerk)
        self.assert_counts(job, new=4, refused=1)
        payments = self.env["discom.payment"].search(
            [("import_id", "=", job.id)], order="reference"
        )
        self.assertEqual(payments.mapped("mode"), ["online", "bank", "file", "counter"])
        self.assertEqual(payments[1].means_no, "004711")
        self.assertEqual((payments[3].state, payments[3].cancel_reason), ("cancelled", "file"))
        self.assertEqual((bill.amount_paid, bill.amount_due), (55, 45))

        rows[2] = rows[2].replace("Cleared", "Dishonoured")
        checked = self.upload("payment", rows, user=self.clerk)
        checked.action_check()
        self.assert_counts(checked, changed=1, same=3, refused=1)
        self.assertEqual(payments[1].state, "posted", "a check changes nothing")
        checked.action_run()
        self.assertEqual((payments[1].state, payments[1].cancel_user_id), ("cancelled", self.clerk))
        self.assertEqual(bill.amount_due, 65)
        self.assert_counts(self.run_import("payment", rows, user=self.clerk), same=4, refused=1)

        self.take_back(payments[0])
        job = self.run_import("payment", rows, user=self.clerk)
        self.assert_counts(job, same=3, refused=2)
        self.assertIn("taken back here", self.refused_rows(job)[0]["Reason"])
        self.assertEqual(bill.amount_due, 95)

    def test_a_word_for_a_mode_is_added_by_the_administrator(self):
        account = self.consumer.discom_account_no
        rows = ["reference,account_no,date,amount,mode", f"W1,{account},2026-11-06,30,E-Suvidha"]
        self.assert_counts(self.run_import("payment", rows), refused=1)
        self.env["discom.payment.word"].with_user(self.administrator).create(
            {"name": "e suvidha", "mode": "kiosk"}
        )
        job = self.run_import("payment", rows)
        self.assert_counts(job, new=1)
        payment = self.env["discom.payment"].search([("import_id", "=", job.id)])
        self.assertEqual(payment.mode, "kiosk")

    def test_offices_and_assets(self):
        rows = [
            "code,name,name_hi,level,parent_code,officer_name,officer_title,phone",
            "N2,North section,उत्तर,section,N1,Ram,JE,05444-1",
            f"N1,North,,subdivision,{self.division_a.code},,,",
            "N3,Lost,,section,N9,,,",
            "N4,Upside down,,division,N1,,,",
        ]
        job = self.run_import("office", rows, user=self.administrator)
        self.assertEqual((job.new_count, job.refused_count), (2, 2))
        section = self.env["discom.office"].search([("code", "=", "N2")])
        self.assertEqual(section.parent_id.parent_id, self.division_a)
        self.assertTrue(section.parent_path.startswith(self.division_a.parent_path))
        rows[1] = rows[1].replace("Ram", "Shyam")
        job = self.run_import("office", rows, user=self.administrator)
        self.assertEqual((job.changed_count, job.same_count), (1, 1))
        self.assertEqual(section.officer_name, "Shyam")

        assets = [
            "code,name,kind,voltage,parent_code,office_code",
            "NT,T 1,transformer,,NF,N2",
            "NF,F 1,feeder,11 kV,NS,N2",
            "NS,S 1,substation,33/11 kV,,N1",
            "NX,Wrong,substation,,NT,N1",
        ]
        job = self.run_import("asset", assets)
        self.assertEqual((job.new_count, job.refused_count), (3, 1))
        transformer = self.env["discom.asset"].search([("code", "=", "NT")])
        self.assertEqual(transformer.parent_id.parent_id.code, "NS")
        self.assert_counts(self.run_import("asset", assets[:-1]), same=3)

    def test_roles(self):
        for kind, user in (("consumer", self.clerk), ("office", self.manager)):
            with self.subTest(kind=kind), self.assertRaises(AccessError):
                self.upload(kind, [CONSUMERS], user=user)
        for user in (self.counter, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["discom.import"].with_user(user).create(
                    {"kind": "bill", "file": base64.b64encode(b"x")}
                )
        with self.assertRaises(ValidationError):
            self.env["discom.import"].with_user(self.manager).create(
                {"kind": "bill", "file": base64.b64encode(b"x"), "office_id": False}
            )

    def test_imports_of_other_offices(self):
        job = self.upload("bill", [BILLS], user=self.clerk)
        self.assertTrue(
            self.env["discom.import"].with_user(self.manager).search([("id", "=", job.id)])
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            job.with_user(self.clerk_b).read(["file"])
        with self.assertRaises(AccessError):
            job.with_user(self.clerk_b).action_check()

    def test_nobody_imports_in_the_name_of_another(self):
        imports = self.env["discom.import"].with_user(self.clerk)
        vals = {"kind": "bill", "file": base64.b64encode(b"x")}
        for own in ({"user_id": self.administrator.id}, {"state": "running"}):
            with self.subTest(own=own), self.assertRaises(UserError):
                imports.create({**vals, **own})
        job = self.upload("bill", [BILLS, self._bill_row()], user=self.clerk)
        for vals in ({"state": "checked"}, {"state": "draft"}, {"applied_count": 0}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                job.write(vals)
        with self.assertRaises(UserError):
            job.action_run()

    def test_plan_is_made_anew(self):
        """What happened between check and import counts."""
        job = self.upload("consumer", [CONSUMERS, f"8800000001,Asha,,,,,,{self.office_code},,0"])
        job.action_check()
        self.assert_counts(job, new=1)
        self.create_consumer(discom_account_no="8800000001")
        job.action_run()
        self.assert_counts(job, changed=1)
        self.assertEqual(self.partner("8800000001").name, "Asha")

    def test_new_file_starts_over(self):
        job = self.upload("payment", ["reference,account_no,date,amount"])
        job.action_check()
        self.assertEqual(job.state, "checked")
        job.file = base64.b64encode(b"x")
        self.assertEqual((job.state, job.row_count), ("draft", 0))

    def test_large_file_in_the_background(self):
        """The cron checks and imports a large file in batches, as the user who started it."""
        rows = [CONSUMERS] + [
            f"88000000{i:02},Consumer {i},,,,,,{self.office_code},,0" for i in range(25)
        ]
        rows.append(f"8800000099,Other,,,,,,{self.subdivision_b1.code},,0")
        job = self.upload("consumer", rows)
        cron = self.env.ref("discom.import_cron_run")
        self.patch(self.env.registry["discom.import"], "_is_large", lambda job: True)
        with patch("odoo.addons.discom.models.import_engine.APPLY_ROWS", 10):
            job.action_check()
            self.assertEqual(job.state, "checking")
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
            job.invalidate_recordset()
            self.assertEqual(job.state, "checked")
            self.assert_counts(job, new=25, refused=1)
            job.action_run()
            self.assertFalse(self.partner("8800000001"))
            with self.assertRaises(UserError):
                job.action_run()
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual((job.state, job.applied_count), ("done", 25))
        self.assertEqual(self.partner("8800000024").create_uid, self.manager)

    def test_staging_lost_in_a_crash(self):
        """Unlogged tables are empty after a crash of the database; the import starts over."""
        job = self.upload("consumer", [CONSUMERS, f"8800000001,Asha,,,,,,{self.office_code},,0"])
        job.action_check()
        self.patch(self.env.registry["discom.import"], "_is_large", lambda job: True)
        job.action_run()
        self.env.cr.execute(f"TRUNCATE discom_import_stage_{job.id}, discom_import_plan_{job.id}")
        with self.enter_registry_test_mode():
            self.env.ref("discom.import_cron_run").method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual(job.state, "done")
        self.assertTrue(self.partner("8800000001"))

    def test_failure_in_the_background(self):
        job = self.upload("payment", ["reference,account_no", "1,2"])
        self.patch(self.env.registry["discom.import"], "_is_large", lambda job: True)
        job.action_check()
        with self.enter_registry_test_mode():
            self.env.ref("discom.import_cron_run").method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual(job.state, "failed")
        self.assertIn("lacks the columns: date, amount", job.message)

    def test_race_in_the_background(self):
        """A consumer that somebody saves in the same moment stops no import."""
        job = self.upload("consumer", [CONSUMERS, f"8800000001,Asha,,,,,,{self.office_code},,0"])
        job.action_check()
        self.patch(self.env.registry["discom.import"], "_is_large", lambda job: True)
        job.action_run()
        cron = self.env.ref("discom.import_cron_run")
        raced = patch.object(
            self.env.registry["discom.import"], "_apply_next", side_effect=SerializationFailure
        )
        with raced, self.enter_registry_test_mode():
            cron.method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual((job.state, job.message), ("running", False))
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual((job.state, job.applied_count), ("done", 1))

    def test_background_speaks_the_language_of_who_started_it(self):
        """A scheduled action has none of its own; the clerk reads what it writes."""
        self.manager.lang = "hi_IN"
        self.patch(self.env.registry["discom.import"], "_is_large", lambda job: True)
        broken = self.upload("payment", ["reference,account_no", "1,2"])
        refused = self.upload("consumer", [CONSUMERS, "8800000001,Asha,,,,,,NONE,,0"])
        for job in (broken, refused):
            job.action_check()
        with self.enter_registry_test_mode():
            self.env.ref("discom.import_cron_run").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((broken.state, refused.state), ("failed", "checked"))
        self.assertIn("फाइल में ये स्तंभ नहीं हैं", broken.message)
        self.assertIn("कार्यालय", str(refused.findings))
        told = base64.b64decode(refused.refused_file).decode("utf-8-sig")
        self.assertTrue(told.startswith("कारण,"), told)

    def test_issue_in_the_background(self):
        accounts = [self.create_consumer().discom_account_no for _i in range(3)]
        job = self.run_import(
            "bill",
            [BILLS] + [self._bill_row(f"G{i}", account) for i, account in enumerate(accounts)],
        )
        with (
            patch("odoo.addons.discom.models.import_bill_issue.DIRECT_BILLS", 1),
            patch("odoo.addons.discom.models.import_bill_issue.ISSUE_BATCH", 2),
        ):
            job.action_issue_bills()
            self.assertTrue(job.issue_waiting)
            with self.enter_registry_test_mode():
                self.env.ref("discom.import_cron_run").method_direct_trigger()
        job.invalidate_recordset()
        self.assertEqual((job.issue_waiting, job.bill_ready_count), (False, 0))
        bills = self.env["discom.bill"].search([("import_id", "=", job.id)])
        self.assertEqual(set(bills.mapped("state")), {"issued"})

    def test_old_files_are_deleted(self):
        job = self.upload("bill", [BILLS, self._bill_row()])
        job.action_check()
        self.env.flush_all()
        job.invalidate_recordset()
        # The database notes its own time, which nothing freezes.
        written = job.write_date
        for days, kept in ((89, True), (91, False)):
            with freeze_time(written + timedelta(days=days)):
                self.env["discom.import"]._gc_files()
            job.invalidate_recordset()
            self.assertEqual(bool(job.file), kept)
        self.assertFalse(job._is_staged())
