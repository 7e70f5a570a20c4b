from datetime import timedelta

from odoo.tests import tagged

from ..models import import_engine
from .test_import import ImportCommon

# The minute has the check digit.
MINUTE_NAMED = "export_20261126_0913.csv"


@tagged("post_install", "-at_install")
class TestKycImport(ImportCommon):
    """Files leave history and flags as every other door does, and obey the list of agents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.discom_shared_number_limit = 2
        cls.members = cls.env["res.partner"].union(
            *[cls.create_consumer(discom_whatsapp_number=False) for _number in range(3)]
        )

    def _events(self, consumer):
        return self.env["discom.kyc.event"].search([("partner_id", "=", consumer.id)])

    def _file(self, numbers, **kw):
        today = self.members._discom_today()
        rows = ["account_no,whatsapp_number,source,taken_by,taken_on"]
        rows += [
            f"{consumer.discom_account_no},{number},sakhi,test_surveyor,{today}"
            for consumer, number in zip(self.members, numbers, strict=False)
        ]
        return self.run_import("kyc", rows, **kw)

    def test_history_of_a_file(self):
        job = self._file(["9415300021"])
        self.assert_counts(job, changed=1)
        self.assertEqual(
            sorted(self._events(self.members[0]).mapped(lambda e: (e.field, e.old, e.new))),
            [
                ("discom_kyc_date", False, str(self.members[0].discom_kyc_date)),
                ("discom_kyc_state", "none", "captured"),
                ("discom_whatsapp_number", False, "+919415300021"),
            ],
        )
        event = self._events(self.members[0])[0]
        self.assertEqual(
            (event.source, event.user_id, event.evidence),
            ("sakhi", self.surveyor, f"kyc.csv #{job.id}"),
        )
        self.assertTrue(self.members[0].discom_kyc_state_date)
        before = len(self._events(self.members[0]))
        self._file(["9415300021"])
        self.assertEqual(len(self._events(self.members[0])), before)
        self._file(["9415300022"], filename=MINUTE_NAMED)
        event = self._events(self.members[0])[0]
        self.assertEqual((event.old, event.new), ("+919415300021", "+919415300022"))
        self.assertIn("XXXX XXXX 0913", event.evidence)

    def test_refused_values_are_masked(self):
        """The first refused rows name the values: to who does not see files they are hidden."""
        job = self._file(["9415300021", "94153"], user=self.clerk, office=self.division_a)
        self.assertIn("94153", str(job.findings))
        names = ["findings", "findings_html", "refused_count"]
        [row] = job.with_user(self.auditor).read(names)
        self.assertNotIn("94153", str(row))
        self.assertEqual(row["refused_count"], 1)
        [row] = job.with_user(self.clerk).read(names)
        self.assertIn("94153", row["findings_html"])

    def test_number_that_bounced_after_it_was_taken(self):
        consumer = self.members[0]
        today = consumer._discom_today()

        def bring(taken_on, email):
            account = consumer.discom_account_no
            row = f"{account},9415300021,{taken_on},{email}"
            self.run_import("kyc", ["account_no,whatsapp_number,taken_on,email", row])

        bring(today - timedelta(days=9), "a@example.com")
        for state in ("bounced", "stale"):
            with self.subTest(state=state):
                day = today - timedelta(days=3)
                consumer.write({"discom_kyc_state": state, "discom_kyc_state_date": day})
                # The file of before once more, with more in it.
                bring(today - timedelta(days=9), f"{state}@example.com")
                self.assertEqual(consumer.email, f"{state}@example.com")
                self.assertEqual(consumer.discom_kyc_state, state)
                self.assertEqual(consumer.discom_kyc_state_date, day)
        bring(today, "b@example.com")
        self.assertEqual(consumer.discom_kyc_state, "captured", "asked for again since")
        self.assertEqual(consumer.discom_kyc_state_date, today)

    def test_row_without_a_number_is_no_taking(self):
        """A mobile, an address or a consent alone counts for nobody and renews no number."""
        known, unknown, _third = self.members
        today = known._discom_today()
        long_ago = today - timedelta(days=300)
        self.run_import(
            "kyc",
            [
                "account_no,whatsapp_number,source,taken_on,taken_by",
                f"{known.discom_account_no},9415300021,sakhi,{long_ago},test_surveyor",
            ],
        )
        takings = self.env["discom.kyc.taking"]
        members = [("partner_id", "in", self.members.ids)]
        before = takings.search(members)
        rows = ["account_no,mobile,email,consent_bills,source,taken_on"]
        rows += [
            f"{known.discom_account_no},9415300031,,,field,{today}",
            f"{unknown.discom_account_no},,a@example.com,1,counter,{today}",
        ]
        self.assert_counts(self.run_import("kyc", rows, user=self.clerk), changed=2)
        self.assertRecordValues(
            known | unknown,
            [
                {
                    "phone_sanitized": "+919415300031",
                    "discom_consent_bills": False,
                    "discom_kyc_date": long_ago,
                    "discom_kyc_user_id": self.surveyor.id,
                    "discom_kyc_source": "sakhi",
                },
                {
                    "phone_sanitized": False,
                    "discom_consent_bills": "given",
                    "discom_kyc_date": False,
                    "discom_kyc_user_id": False,
                    "discom_kyc_source": False,
                },
            ],
        )
        self.assertEqual(takings.search(members), before)
        event = self._events(known)[0]
        self.assertEqual((event.field, event.source, event.user_id), ("phone", "field", self.clerk))

    def test_unknown_taker_is_refused(self):
        rows = ["account_no,whatsapp_number,source,taken_by"]
        rows += [
            f"{consumer.discom_account_no},941530002{place},sakhi,{taker}"
            for place, (consumer, taker) in enumerate(
                zip(self.members, ("test_surveyer", "", "test_surveyor"), strict=True)
            )
        ]
        job = self.run_import("kyc", rows, user=self.clerk)
        self.assert_counts(job, changed=2, refused=1)
        [refused] = self.refused_rows(job)
        self.assertIn("no user with the login “test_surveyer”", refused["Reason"])
        self.assertEqual(
            self.members.mapped("discom_kyc_user_id.login"), ["test_clerk", "test_surveyor"]
        )

    def test_undated_number_replaces_none_that_was_taken(self):
        taken, proved, fresh = self.members
        taken.discom_whatsapp_number = "9415300021"
        proved.discom_whatsapp_number = "9415300022"
        proved.sudo().write({"discom_kyc_state": "verified", "discom_kyc_date": False})
        head = "account_no,whatsapp_number,email"
        rows = [head] + [
            f"{consumer.discom_account_no},9415300031,a@example.com" for consumer in self.members
        ]
        job = self.run_import("kyc", rows)
        self.assert_counts(job, changed=1, refused=2)
        for row in self.refused_rows(job):
            self.assertIn("Another number is on record. Give the day", row["Reason"])
        self.assertEqual(
            self.members.mapped("discom_whatsapp_number"),
            ["+919415300021", "+919415300022", "+919415300031"],
        )
        # The same number, or none, contradicts nothing.
        rows = [
            head,
            f"{taken.discom_account_no},9415300021,b@example.com",
            f"{proved.discom_account_no},,b@example.com",
        ]
        self.assert_counts(self.run_import("kyc", rows), changed=2)
        self.assertEqual(proved.discom_kyc_state, "verified")
        self.assert_counts(self.run_import("kyc", rows), same=2)

    def test_number_typed_while_the_file_is_imported(self):
        """What the counter takes between two batches stays, and the row comes back."""
        first, second, third = self.members
        today = first._discom_today()
        rows = ["account_no,whatsapp_number,taken_on"]
        rows += [
            f"{first.discom_account_no},9415300031,{today}",
            f"{second.discom_account_no},9415300032,{today}",
            f"{third.discom_account_no},9415300033,",
        ]
        job = self.upload("kyc", rows, user=self.clerk)
        job.action_check()
        self.assert_counts(job, changed=3)
        imports = self.env.registry["discom.import"]
        apply_next = imports._apply_next

        def apply_and_type(job):
            count = apply_next(job)
            if job.applied_count == 1:
                for consumer, number in ((second, "9415300042"), (third, "9415300043")):
                    consumer.with_user(self.counter).write({"discom_whatsapp_number": number})
            return count

        self.patch(imports, "_apply_next", apply_and_type)
        self.patch(import_engine, "APPLY_ROWS", 1)
        job.action_run()
        self.assertEqual(
            self.members.mapped("discom_whatsapp_number"),
            ["+919415300031", "+919415300042", "+919415300043"],
        )
        self.assertEqual((second + third).discom_kyc_user_id, self.counter)
        self.assert_counts(job, changed=1, refused=2)
        self.assertEqual((job.state, job.applied_count), ("done", 1))
        refused = self.refused_rows(job)
        self.assertEqual([row["Row"] for row in refused], ["3", "4"])
        self.assertIn(f"taken later, on {today}", refused[0]["Reason"])
        self.assertIn("Another number is on record", refused[1]["Reason"])
        self.assertEqual([number for number, _reason in job.findings], [3, 4])

    def test_flags_of_a_file(self):
        self._file(["9415300021"] * 3)
        self.assertEqual([c.discom_number_flag for c in self.members], ["shared"] * 3)
        self._file(["9415300022"])
        self.assertEqual([c.discom_number_flag for c in self.members], [False] * 3)

    def test_number_of_an_agent_is_refused(self):
        self.env["discom.kyc.number"].create({"number": "9415300021", "verdict": "agent"})
        job = self._file(["9415300021", "9415300022"])
        self.assert_counts(job, changed=1, refused=1)
        [refused] = self.refused_rows(job)
        self.assertIn("agent", refused["Reason"])

    def test_mobile_of_the_master(self):
        account = self.members[0].discom_account_no
        self.run_import("consumer", ["account_no,mobile", f"{account},9999999999"])
        event = self._events(self.members[0])
        self.assertEqual((event.field, event.new, event.source), ("phone", "9999999999", "file"))
        self.assertEqual(self.members[0].discom_number_flag, "junk")

    def test_mobile_of_kyc_outlives_the_master(self):
        """Masters repeat an old mobile with each change of anything else."""
        master = "account_no,mobile,name,office_code"
        accounts = [f"441055500{place}" for place in range(1, 5)]

        def bring(name, mobile="9415300051"):
            rows = [f"{account},{mobile},{name},{self.office_code}" for account in accounts]
            return self.run_import("consumer", [master, *rows])

        self.assert_counts(bring("Asha"), new=4)
        counter, file, sheet, _untouched = consumers = self.env["res.partner"].union(
            *map(self.partner, accounts)
        )
        counter.with_user(self.counter).write({"phone": "9415300061"})
        for consumer, source in ((file, ""), (sheet, "field")):
            account = consumer.discom_account_no
            rows = ["account_no,mobile,source", f"{account},9415300061,{source}"]
            self.assert_counts(self.run_import("kyc", rows), changed=1)
        self.assert_counts(bring("Asha Devi"), changed=4)
        self.assertEqual(set(consumers.mapped("name")), {"Asha Devi"})
        kept = ["9415300061"] * 3
        self.assertEqual(consumers.mapped("phone"), [*kept, "9415300051"])
        self.assertEqual(
            consumers.mapped("phone_sanitized"), ["+919415300061"] * 3 + ["+919415300051"]
        )
        # Where nobody else said anything, the master may change its mind.
        self.assert_counts(bring("Asha Devi", "9415300052"), changed=4)
        self.assertEqual(consumers.mapped("phone"), [*kept, "9415300052"])
        # Nor does a mobile that was taken away come back.
        counter.with_user(self.counter).write({"phone": False})
        self.assert_counts(bring("Asha"), changed=4)
        self.assertFalse(counter.phone or counter.phone_sanitized)

    def test_new_names_are_found_misspelt(self):
        rows = ["account_no,name,office_code", f"4410555001,Ghanshyam Baiga,{self.office_code}"]
        self.assert_counts(self.run_import("consumer", rows), new=1)
        found = self.env["res.partner"].search([("discom_search", "ilike", "Ghanshym")])
        self.assertEqual(found.discom_account_no, "4410555001")
