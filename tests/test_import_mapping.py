from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .test_import import ImportCommon

# A file of a billing system with names of its own.
HEADER = "CA No,Rcpt,Paid On,Amt,Pay Mode,Cashier"
KNOWN = "reference,account_no,date,amount,mode,cashier"


@tagged("post_install", "-at_install")
class TestImportMapping(ImportCommon):
    """Columns assigned once and remembered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_consumer()
        cls.row = f"{cls.consumer.discom_account_no},R-1,2026-11-02,100.00,counter,Someone"

    def columns(self, job):
        """Header to field of an import."""
        return {column.header: column.field_id.name for column in job.column_ids}

    def assign(self, job, **fields):
        """Assign columns in the form, as a user does."""
        known = self.env["discom.import.field"]
        with Form(job) as form:
            for index, column in enumerate(job.column_ids):
                if column.header in fields:
                    with form.column_ids.edit(index) as line:
                        line.field_id = known.search(
                            [("kind", "=", job.kind), ("name", "=", fields[column.header])]
                        )

    def assign_all(self, job):
        self.assign(
            job,
            **{
                "CA No": "account_no",
                "Rcpt": "reference",
                "Paid On": "date",
                "Amt": "amount",
                "Pay Mode": "mode",
            },
        )

    def test_known_names_are_proposed(self):
        job = self.upload("payment", [KNOWN, "R-1,1,2026-11-02,1,counter,X"])
        self.assertEqual(
            self.columns(job),
            {**{name: name for name in KNOWN.split(",")}, "cashier": False},
        )
        job.action_check()
        self.assertFalse(job.source_id)
        self.assertEqual(job.columns_ignored, "cashier")

    def test_assigned_once_and_remembered(self):
        job = self.upload("payment", [HEADER, self.row], filename="cash desk.csv")
        self.assertFalse(any(self.columns(job).values()))
        with self.assertRaises(UserError) as refusal:
            job.action_check()
        self.assertIn("reference", str(refusal.exception))
        self.assign_all(job)
        job.action_check()
        self.assert_counts(job, new=1)
        self.assertEqual(job.source_id.name, "cash desk.csv")
        job.action_run()
        payment = self.env["discom.payment"].search([("reference", "=", "R-1")])
        self.assertEqual((payment.partner_id, payment.amount), (self.consumer, 100.0))
        # The next file of the desk, its columns in another order, by another clerk.
        account = self.consumer.discom_account_no
        following = self.upload(
            "payment",
            [
                "Cashier,RCPT,CA No,Amt,Pay Mode,Paid On".replace("RCPT", "Rcpt"),
                f"Someone,R-2,{account},50,online,2026-11-03",
            ],
            user=self.clerk,
        )
        self.assertEqual(following.source_id, job.source_id)
        following.action_check()
        self.assert_counts(following, new=1)
        following.action_run()
        self.assertEqual(
            self.env["discom.payment"].search([("reference", "=", "R-2")]).amount, 50.0
        )

    def test_a_correction_replaces_what_is_remembered(self):
        job = self.upload("payment", [HEADER, self.row])
        self.assign_all(job)
        job.action_check()
        again = self.upload("payment", [HEADER, self.row])
        self.assign(again, **{"Cashier": "mode", "Pay Mode": False})
        again.action_check()
        self.assertEqual(again.source_id, job.source_id)
        self.assertEqual(
            self.columns(self.upload("payment", [HEADER, self.row]))["Cashier"], "mode"
        )
        self.assertEqual(len(self.env["discom.import.source"].search([])), 1)

    def test_assignment_of_a_known_name_can_be_changed(self):
        """A column with a known name that holds something else is not used."""
        consumers = ["account_no,name,guardian_name,office_code", "8800000001,A,B,X"]
        job = self.upload("consumer", consumers)
        self.assign(job, guardian_name=False)
        job.action_check()
        self.assertIn("guardian_name", job.columns_ignored)
        self.assertTrue(job.source_id)

    def test_changed_assignment_asks_for_a_new_check(self):
        job = self.upload("payment", [KNOWN, f"R-1,{self.consumer.discom_account_no},"])
        job.action_check()
        self.assign(job, cashier=False)
        self.assertEqual(job.state, "checked", "nothing has changed")
        self.assign(job, mode=False)
        self.assertEqual(job.state, "draft")
        with self.assertRaises(UserError):
            job.action_run()

    def test_another_file_gets_its_own_columns(self):
        job = self.upload("payment", [HEADER, self.row])
        job.kind = "kyc"
        self.assertEqual(self.columns(job), dict.fromkeys(HEADER.split(","), False))
        job.file = self.upload("kyc", ["account,whatsapp", "1,2"]).file
        self.assertEqual(
            self.columns(job), {"account": "account_no", "whatsapp": "whatsapp_number"}
        )

    def test_bad_assignments_are_refused(self):
        job = self.upload("payment", [HEADER, self.row])
        fields = self.env["discom.import.field"]._of_kind("payment", ["amount"])
        with self.assertRaises(ValidationError):
            job.column_ids[:2].field_id = fields["amount"]
        foreign = self.env["discom.import.field"]._of_kind("bill", ["units"])["units"]
        with self.assertRaises(ValidationError):
            job.column_ids[:1].field_id = foreign
        self.assign_all(job)
        job.action_check()
        job.action_run()
        with self.assertRaises(UserError):
            job.column_ids[:1].field_id = False

    def test_unreadable_file_has_no_columns(self):
        job = self.upload("payment", b"\x00\x01\x02")
        self.assertFalse(job.column_ids)
        with self.assertRaises(UserError):
            job.action_check()

    def test_who_may_assign(self):
        job = self.upload("payment", [HEADER, self.row])
        for user in (self.counter, self.surveyor, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                job.column_ids.with_user(user).write({"field_id": False})
        self.assertFalse(
            self.env["discom.import.column"]
            .with_user(self.clerk_b)
            .search([("import_id", "=", job.id)])
        )
        self.assertEqual(len(job.with_user(self.auditor).column_ids), 6)
