import base64
from datetime import timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from .common_whatsapp import WhatsappCommon
from .test_import import BILLS, ImportCommon

REASON = "Seen in the ledger, agreed with the agency"
WORK = "odoo.addons.discom.models.bill_run_work"


class RunCommon(WhatsappCommon, ImportCommon):
    """A bill run of division A for the current month, whatever that is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["discom.bill"]._today()
        cls.month = cls.today.replace(day=1)
        cls.manager_2 = cls.create_user("test_manager_2", "group_division_manager")

    def create_run(self, user=None, **vals):
        with Form(self.env["discom.bill.run"].with_user(user or self.clerk)) as form:
            form.office_id = vals.pop("office_id", self.division_a)
            form.manager_id = vals.pop("manager_id", self.manager)
            for name, value in vals.items():
                form[name] = value
        return form.record

    def row(self, number, consumer, total=857.5, period=None, due=15, energy=677.5):
        day = self.today
        return (
            f"{number},{consumer.discom_account_no},{period or f'{self.month:%Y-%m}'},{day},"
            f"{day + timedelta(days=due)},MU,180,{energy},180.00,0,0,0,0,{total},{total},"
        )

    def add_file(self, run, rows, user=None, **vals):
        """Add a bill file by the run's button; return the import, checked and carried out."""
        user = user or self.clerk
        action = run.with_user(user).action_add_file()
        imports = self.env["discom.import"].with_user(user).with_context(**action["context"])
        with Form(imports) as form:
            form.file = base64.b64encode("\n".join([BILLS, *rows, ""]).encode())
            for name, value in vals.items():
                form[name] = value
        job = form.record
        job.filename = "bills.csv"
        job.action_check()
        if job.new_count or job.changed_count:
            job.action_run()
        run.invalidate_recordset()
        return job

    def filled_run(self, good=2, bad=1):
        """A checked run with good bills and bad ones, whose totals do not add up."""
        run = self.create_run()
        consumers = [self.create_ready_consumer() for _i in range(good + bad)]
        totals = [857.5] * good + [900] * bad
        self.add_file(
            run,
            [self.row(f"R{c.id}", c, t) for c, t in zip(consumers, totals, strict=True)],
        )
        run.action_check()
        return run

    def counts(self, run):
        """What the run says, beside what SQL counts."""
        run.invalidate_recordset()
        said = {
            "draft": run.draft_count,
            "held": run.held_count,
            "checked": run.checked_count,
            "issued": run.issued_count,
            "cancelled": run.cancelled_count,
        }
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT CASE WHEN is_held THEN 'held'
                        WHEN state IN ('issued', 'partial', 'paid', 'overdue') THEN 'issued'
                        ELSE state END, count(*), sum(amount_total)
              FROM discom_bill WHERE run_id = %s GROUP BY 1
            """,
            [run.id],
        )
        rows = {key: (count, amount) for key, count, amount in self.env.cr.fetchall()}
        self.assertEqual(
            {key: count for key, count in said.items() if count},
            {key: count for key, (count, _amount) in rows.items()},
        )
        self.assertEqual(run.bill_count, sum(said.values()))
        self.assertAlmostEqual(
            run.amount_total,
            sum(float(amount) for key, (_n, amount) in rows.items() if key != "cancelled"),
        )
        return {key: count for key, count in said.items() if count}

    def background(self):
        """Have the next steps done by the scheduled action, in batches of two bills."""
        return (
            patch(f"{WORK}.DIRECT_BILLS", 0),
            patch(f"{WORK}.WORK_BATCH", 2),
        )


@tagged("post_install", "-at_install")
class TestBillRun(RunCommon):
    def test_from_the_file_to_the_consumer(self):
        """The month as its people do it: file, check, release, approval, issue, sending."""
        run = self.create_run()
        self.assertEqual((run.state, run.manager_id), ("draft", self.manager))
        with self.assertRaisesRegex(UserError, "no bills"):
            run.action_check()
        good, bad, mute = (self.create_ready_consumer() for _i in range(3))
        mute.discom_whatsapp_number = False
        job = self.add_file(
            run, [self.row("R1", good), self.row("R2", bad, 900), self.row("R3", mute)]
        )
        self.assert_counts(job, new=3)
        self.assertEqual(run.state, "taken")
        self.assertEqual(run.activity_ids.user_id, self.clerk)
        self.assertEqual(self.counts(run), {"held": 1, "checked": 2})

        self.manager.lang = "hi_IN"
        run.action_check()
        self.assertEqual(run.state, "checked")
        self.assertEqual(run.activity_ids.mapped("user_id"), self.manager)
        self.assertRegex(run.activity_ids.summary, "बिल", "in the language of who reads it")
        self.assertIn("does not add up", run.finding_html)

        with self.assertRaisesRegex(UserError, "division manager"):
            run.action_approve()
        run.with_user(self.manager).action_approve()
        self.assertRecordValues(
            run,
            [{"state": "approved", "approved_by_id": self.manager.id, "approved_count": 2,
              "approved_amount": 1715, "unapproved_count": 0}],
        )  # fmt: skip
        self.assertEqual(run.activity_ids.user_id, self.clerk)
        with self.assertRaisesRegex(UserError, "so this cannot"):
            self.add_file(run, [self.row("R4", self.create_ready_consumer())])

        run.action_issue()
        self.assertEqual(run.state, "issued")
        self.assertEqual(self.counts(run), {"held": 1, "issued": 2})

        composer = self.env["discom.whatsapp.composer"].with_user(self.clerk)
        composer = composer.browse(run.action_send()["res_id"])
        self.assertEqual((composer.send_count, composer.skip_count), (1, 2))
        broadcast = self.env["discom.whatsapp.broadcast"].browse(composer.action_send()["res_id"])
        self.assertEqual(broadcast.run_id, run)
        self.assertEqual(run.state, "sending")
        self.run_lane()
        self.statuses(self.messages(broadcast).filtered("wamid"), "delivered")
        self.assertRecordValues(
            run,
            [{"broadcast_count": 1, "delivered_count": 1, "skipped_count": 2, "failed_count": 0,
              "delivered_share": 100}],
        )  # fmt: skip
        action = run.with_context(message_states=["delivered"]).action_open_messages()
        self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), 1)

        self.run_cron(self.env.ref("discom.bill_run_cron"))
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.assertEqual((broadcast.state, run.state), ("done", "sending"), "one is held back")

        # The held bill follows: released, approved and issued in the same run.
        held = run.bill_ids.filtered("is_held")
        held.with_user(self.manager)._release(REASON)
        # What is released in one transaction with the approval counts as seen.
        self._approved_before(run)
        self.assertEqual(run.unapproved_count, 1)
        with self.assertRaisesRegex(UserError, "approved"):
            run.action_issue()
        run.with_user(self.manager).action_approve()
        run.action_issue()
        self.assertEqual(self.counts(run), {"issued": 3})
        self.assertEqual((run.state, run.approved_count), ("sending", 3))
        composer = composer.browse(run.action_send()["res_id"])
        self.assertEqual(composer.send_count, 1, "who has the bill does not get it again")
        composer.action_send()
        self.run_lane()
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))
        self.statuses(self.messages(composer.broadcast_id).filtered("wamid"), "delivered")
        self.run_cron(self.env.ref("discom.bill_run_cron"))
        self.assertEqual((run.state, run.delivered_count), ("done", 2))
        self.assertEqual(run.skipped_count, 1, "only who has no number did not get a bill")
        action = run.with_context(message_states=["skipped", "cancelled"]).action_open_messages()
        self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), 1)
        self.assertFalse(run.activity_ids)

    def _approved_before(self, run):
        """Put the approval before what this test, one transaction, has done since."""
        run._set(approved_date=run.approved_date - timedelta(seconds=1))
        run.invalidate_recordset()

    def test_counts_click_through(self):
        run = self.filled_run(good=3, bad=2)
        for wanted, count in (("held", 2), ("checked", 3), ("issued", 0), (None, 5)):
            with self.subTest(wanted=wanted):
                action = run.with_context(bill_filter=wanted).action_open_bills()
                self.assertEqual(self.env["discom.bill"].search_count(action["domain"]), count)
        findings = run.action_open_findings()
        self.assertEqual(self.env["discom.bill.finding"].search_count(findings["domain"]), 2)

    def test_counts_of_many_runs_are_one_query(self):
        """One grouped query for all, beside what reads the runs and the rules."""
        runs = self.filled_run()
        for month in (1, 2, 3):
            runs |= self.create_run(period=self.month - relativedelta(months=month))
        runs.invalidate_recordset()
        runs.mapped("name")
        self.assertEqual(runs[1].held_count, 0)
        with self.assertQueryCount(3):
            self.assertEqual(runs.mapped("held_count"), [1, 0, 0, 0])

    def test_who_took_the_files_does_not_approve(self):
        run = self.create_run(user=self.manager)
        self.add_file(run, [self.row("R1", self.create_ready_consumer())], user=self.manager)
        run.action_check()
        with self.assertRaisesRegex(UserError, "Another manager"):
            run.action_approve()
        self.env.company.discom_run_four_eyes = False
        run.action_approve()
        self.assertEqual(run.state, "approved")
        entry = self.env["discom.audit.entry"].search([("kind", "=", "approval")], limit=1)
        self.assertEqual(
            (entry.user_id, entry.model, entry.res_id, entry.number),
            (self.manager, "discom.bill.run", run.id, 1),
        )

    def test_who_took_a_later_file_does_not_approve(self):
        run = self.create_run()
        self.add_file(run, [self.row("R1", self.create_ready_consumer())], user=self.manager)
        run.with_user(self.clerk).action_check()
        with self.assertRaisesRegex(UserError, "Another manager"):
            run.with_user(self.manager).action_approve()
        run.with_user(self.manager_2).action_approve()

    def test_changed_after_the_approval(self):
        """What was not approved is not issued: a bill that changed afterwards stays."""
        run = self.filled_run(good=2, bad=0)
        run.with_user(self.manager).action_approve()
        self._approved_before(run)
        run.bill_ids[0].with_user(self.clerk).write({"units": 170})
        self.env.flush_all()
        # Only the changed bill is newer than the approval.
        self.env.cr.execute(
            "UPDATE discom_bill SET write_date = write_date - interval '1 hour' WHERE id = %s",
            [run.bill_ids[1].id],
        )
        run.invalidate_recordset()
        self.assertEqual(run.unapproved_count, 1)
        run.action_issue()
        self.assertEqual(run.bill_ids.mapped("state"), ["checked", "issued"])

    def test_bills_of_a_run_are_issued_by_it(self):
        run = self.filled_run(good=1, bad=0)
        with self.assertRaisesRegex(UserError, "Bills of the run"):
            run.bill_ids.with_user(self.manager).action_issue()
        with self.assertRaisesRegex(UserError, "belong to the run"):
            run.import_ids.with_user(self.manager).action_issue_bills()
        with self.assertRaisesRegex(UserError, "are not typed in"):
            run.bill_ids.with_user(self.manager).write({"run_id": False})

    def test_bills_entered_by_hand_are_taken_in(self):
        consumer = self.create_ready_consumer()
        other_office = self.create_ready_consumer(
            discom_office_id=self.subdivision_b1.id, discom_asset_id=self.transformer_b11.id
        )
        vals = {
            "period": self.month,
            "due_date": self.today + timedelta(days=15),
            "line_ids": [(0, 0, {"head": "energy", "amount": 100})],
        }
        mine, before, elsewhere = self.env["discom.bill"].create(
            [
                {**vals, "partner_id": consumer.id},
                {
                    **vals,
                    "partner_id": consumer.id,
                    "period": self.month - relativedelta(months=1),
                    "bill_date": self.today - timedelta(days=31),
                },
                {**vals, "partner_id": other_office.id},
            ]
        )
        run = self.create_run()
        run.action_check()
        self.assertEqual(run.bill_ids, mine)
        self.assertEqual(mine.state, "checked")
        self.assertFalse(before.run_id | elsewhere.run_id)

    def test_in_the_background(self):
        run = self.filled_run(good=5, bad=2)
        direct, batch = self.background()
        cron = self.env.ref("discom.bill_run_cron")
        with direct, batch:
            run.action_check()
            self.assertEqual((run.work, run.work_total), ("check", 7))
            with self.assertRaisesRegex(UserError, "worked on in the background"):
                run.with_user(self.manager).action_approve()
            self.run_cron(cron)
            self.assertEqual((run.work, run.state, run.work_progress), (False, "checked", 100))
            run.with_user(self.manager).action_approve()
            run.with_user(self.clerk).action_issue()
            self.assertEqual((run.state, run.issued_count), ("issuing", 0))
            self.run_cron(cron)
        self.assertEqual(run.state, "issued")
        self.assertEqual(self.counts(run), {"held": 2, "issued": 5})

    @mute_logger("odoo.addons.discom.models.bill_run_work")
    def test_issuing_goes_on_after_a_crash(self):
        """What was issued before stays issued, nothing is issued twice, the rest follows."""
        run = self.filled_run(good=5, bad=0)
        run.with_user(self.manager).action_approve()
        direct, batch = self.background()
        bills = self.env.registry["discom.bill"]
        issue, done = bills._issue, []

        def crash(recordset):
            if done:
                raise RuntimeError("power cut")
            done.extend(recordset.ids)
            return issue(recordset)

        with direct, batch:
            run.action_issue()
            with patch.object(bills, "_issue", crash):
                self.run_cron(self.env.ref("discom.bill_run_cron"))
            self.assertEqual(len(done), 2)
            self.assertIn("RuntimeError", run.work_error)
            self.assertNotIn("power cut", run.work_error)
            self.assertEqual((run.work, run.state), ("issue", "issuing"))
            # Odoo's test cursor undoes on rollback what a committed batch would have kept.
            issued = run.bill_ids.filtered(lambda bill: bill.state == "issued")
            self.assertLessEqual(set(issued.ids), set(done))
            run.with_user(self.clerk).action_resume()
            self.run_cron(self.env.ref("discom.bill_run_cron"))
        self.assertEqual((run.work, run.work_error, run.state), (False, False, "issued"))
        self.assertEqual(self.counts(run), {"issued": 5})

    def test_cancel_and_begin_anew(self):
        """A cancelled run leaves its bills on record, and a corrected file takes their place."""
        run = self.filled_run(good=1, bad=1)
        consumers = run.bill_ids.partner_id
        run.action_cancel()
        self.assertEqual(run.state, "cancelled")
        self.assertEqual(self.counts(run), {"cancelled": 2})
        with self.assertRaisesRegex(UserError, "so this cannot"):
            run.action_check()
        again = self.create_run()
        job = self.add_file(again, [self.row(f"R{c.id}", c) for c in consumers])
        self.assert_counts(job, new=2)
        names = {f"R{c.id}/2" for c in consumers}
        self.assertEqual(set(again.bill_ids.mapped("name")), names)
        # The same file once more changes nothing.
        self.assert_counts(
            self.add_file(again, [self.row(f"R{c.id}", c) for c in consumers]), same=2
        )
        self.assert_counts(
            self.add_file(again, [self.row(f"R{c.id}", c, 860) for c in consumers]), changed=2
        )
        self.assertEqual(set(again.bill_ids.mapped("name")), names)

    def test_issued_run_is_not_cancelled(self):
        run = self.filled_run()
        run.with_user(self.manager).action_approve()
        run.action_issue()
        with self.assertRaisesRegex(UserError, "so this cannot"):
            run.action_cancel()
        with self.assertRaisesRegex(UserError, "without bills can be deleted"):
            run.unlink()
        self.create_run(period=self.month - relativedelta(months=1)).unlink()

    def test_rows_of_other_months_are_refused(self):
        run = self.create_run()
        job = self.add_file(
            run,
            [
                self.row("R1", self.create_ready_consumer()),
                self.row("R2", self.create_ready_consumer(), period="2020-01"),
            ],
        )
        self.assert_counts(job, new=1, refused=1)
        self.assertIn("2020-01", self.refused_rows(job)[0]["Reason"])

    def test_files_of_other_offices(self):
        run = self.create_run()
        imports = self.env["discom.import"].with_user(self.administrator)
        vals = {"kind": "bill", "file": base64.b64encode(b"x"), "run_id": run.id}
        for office in (self.division_b, self.discom):
            with self.subTest(office=office.name), self.assertRaises(ValidationError):
                imports.create({**vals, "office_id": office.id})
        with self.assertRaises(ValidationError):
            imports.create({**vals, "office_id": self.division_a.id, "kind": "payment"})
        job = imports.create({**vals, "office_id": self.subdivision_a1.id})
        self.assertEqual(run.import_ids, job)

    @mute_logger("odoo.sql_db")
    def test_one_run_for_each_office_and_month(self):
        self.create_run()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.create_run()
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.create_run(period=self.month + timedelta(days=3))

    def test_rights(self):
        run = self.filled_run()
        for user in (self.auditor, self.counter, self.operator):
            with self.subTest(user=user.login):
                self.assertEqual(run.with_user(user).held_count, 1)
                for action in ("action_check", "action_cancel", "action_add_file"):
                    with self.assertRaises(AccessError):
                        getattr(run.with_user(user), action)()
        with self.assertRaises(AccessError):
            run.with_user(self.clerk_b).read(["state"])
        self.assertFalse(self.env["discom.bill.run"].with_user(self.clerk_b).search([]) & run)
        with self.assertRaises(AccessError):
            self.create_run(user=self.clerk_b, period=self.month - relativedelta(months=1))
        for vals in ({"state": "approved"}, {"approved_by_id": self.clerk.id}, {"work": "issue"}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "by its buttons"):
                run.with_user(self.manager).write(vals)
        run.with_user(self.manager).action_approve()
        self.assertNotEqual(run.state, "draft")
        # Nor is an approval taken back as if the run were a new one.
        for vals in ({"state": "draft"}, {"approved_by_id": False}, {"approved_amount": 0}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "by its buttons"):
                run.with_user(self.manager).write(vals)
        with self.assertRaisesRegex(UserError, "holds bills already"):
            run.period = "2020-01-01"

    def test_changed_row_of_an_issued_bill_becomes_a_correction(self):
        run = self.filled_run(good=1, bad=0)
        run.with_user(self.manager).action_approve()
        run.action_issue()
        bill = run.bill_ids
        consumer = bill.partner_id
        rows = [BILLS, self.row(bill.name, consumer, 800, energy=620)]
        refused = self.run_import("bill", rows, user=self.clerk)
        self.assert_counts(refused, refused=1)
        job = self.upload("bill", rows, user=self.clerk)
        job.correct_issued = True
        job.action_check()
        self.assert_counts(job, changed=1)
        job.action_run()
        correction = bill.correction_ids
        self.assertRecordValues(
            correction,
            [{"state": "draft", "amount_total": 800, "name": f"{bill.name}/2", "run_id": False}],
        )
        self.assertTrue(correction.is_held, "it asks for less than what was approved")
        correction.with_user(self.manager)._release(REASON)
        self.assertEqual((bill.state, bill.amount_total), ("issued", 857.5), "it stands as it was")
        again = self.upload("bill", rows, user=self.clerk)
        again.correct_issued = True
        again.action_check()
        self.assert_counts(again, same=1)
        job.action_issue_bills()
        self.assertEqual((bill.state, correction.state), ("cancelled", "issued"))
        # Issued, it is history again, which the next file corrects or leaves alone.
        self.assert_counts(self.run_import("bill", rows, user=self.clerk), same=1)

    def test_correction_asking_for_another_amount_needs_another_person(self):
        run = self.filled_run(good=3, bad=0)
        run.with_user(self.manager).action_approve()
        run.action_issue()
        bills = self.env["discom.bill"].with_user(self.clerk)
        more, less, same = (
            bills.browse(bill.with_user(self.clerk).action_correct()["res_id"])
            for bill in run.bill_ids
        )
        approved = more.correction_of_id
        # What is corrected stays within the other checks.
        for bill, amount in ((more, 30), (less, -30)):
            bill.line_ids[0].amount += amount
        (more | less | same).action_check()
        self.assertEqual((more.is_held, less.is_held, same.is_held), (True, True, False))
        self.assertIn(approved.name, more.finding_text)
        same.action_issue()
        self.assertEqual(same.state, "issued")
        with self.assertRaisesRegex(UserError, "Somebody else"):
            less._release(REASON)
        less.with_user(self.manager)._release(REASON)
        less.action_issue()
        self.assertEqual(less.state, "issued")
        more.action_issue()
        self.assertEqual((more.state, approved.state), ("draft", "issued"))
        with self.assertRaisesRegex(UserError, "Somebody else"):
            more._release(REASON)
        more.with_user(self.manager)._release(REASON)
        # Raised once more, it is held once more.
        more.line_ids[0].amount += 1
        more.action_issue()
        self.assertEqual((more.state, more.is_held), ("draft", True))
        more.with_user(self.manager)._release(REASON)
        more.action_issue()
        self.assertEqual((more.state, approved.state), ("issued", "cancelled"))

    def test_new_bill_after_a_cancelled_one_counts_as_its_correction(self):
        """Cancelling an issued bill and entering another is no way past the second person."""
        run = self.filled_run(good=2, bad=0)
        run.with_user(self.manager).action_approve()
        run.action_issue()
        former, other = run.bill_ids.with_user(self.clerk)
        self.assertTrue(former.issued_date)
        with self.assertRaises(UserError):
            former.issued_date = False
        self.cancel_issued(former)
        self.assertTrue(former.issued_date, "that it had been issued is not forgotten")
        new = former.create(
            {**former._prepare_correction_vals(), "correction_of_id": False, "name": "/"}
        )
        new.line_ids[0].amount += 30
        new.action_check()
        self.assertEqual((new.state, new.is_held), ("draft", True))
        self.assertIn(former.name, new.finding_text)
        with self.assertRaisesRegex(UserError, "Somebody else"):
            new._release(REASON)
        # A draft of it that is cancelled in between is not what was approved.
        new.action_cancel()
        row = self.row("N2", former.partner_id, 957.5, energy=777.5)
        self.run_import("bill", [BILLS, row], user=self.clerk)
        again = former.search([("name", "=", "N2")])
        self.assertEqual((again.state, again.is_held), ("draft", True))
        self.assertIn(former.name, again.finding_text)
        again.with_user(self.manager)._release(REASON)
        again.action_issue()
        self.assertEqual(again.state, "issued")
        # As much as before needs nobody.
        self.cancel_issued(other)
        same = other.create(
            {**other._prepare_correction_vals(), "correction_of_id": False, "name": "/"}
        )
        same.action_check()
        self.assertEqual(same.state, "checked")

    def test_one_live_bill_stays_whatever_was_cancelled(self):
        """No correction of a cancelled bill stands beside the one that took its place."""
        run = self.filled_run(good=1, bad=0)
        run.with_user(self.manager).action_approve()
        run.action_issue()
        former = run.bill_ids.with_user(self.clerk)
        correction = former.browse(former.action_correct()["res_id"])
        self.cancel_issued(former)
        self.assertFalse(correction.correction_of_id, "it is the bill of the period itself now")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            with self.env.cr.savepoint():
                former.create(
                    {
                        **former._prepare_correction_vals(),
                        "correction_of_id": False,
                        "name": "/",
                    }
                )
        with self.assertRaises(ValidationError):
            former.create({**former._prepare_correction_vals(), "name": "/"})
        with self.assertRaises(ValidationError):
            correction.correction_of_id = former
        correction.line_ids[0].amount += 30
        correction.action_check()
        self.assertTrue(correction.is_held, "it still asks for another amount than was approved")

    def test_many_bills_are_not_issued_past_the_approval(self):
        """From a list a clerk issues as many as the company allows; the manager is who approves."""
        self.company.discom_issue_without_run = 1
        job = self.run_import(
            "bill", [BILLS, *(self.row(f"W{i}", self.create_ready_consumer()) for i in range(2))]
        )
        bills = self.env["discom.bill"].search([("import_id", "=", job.id)])
        self.assertEqual(len(bills), 2)
        with self.assertRaisesRegex(UserError, "bill run"):
            job.with_user(self.clerk).action_issue_bills()
        bills.with_user(self.clerk).action_check()
        with self.assertRaisesRegex(UserError, "bill run"):
            bills.with_user(self.clerk).action_issue()
        self.assertEqual(set(bills.mapped("state")), {"checked"})
        bills[:1].with_user(self.clerk).action_issue()
        bills.with_user(self.manager).action_issue()
        self.assertNotIn("checked", bills.mapped("state"))


@tagged("post_install", "-at_install")
class TestBillRunTour(HttpCase, RunCommon):
    def test_run_tour(self):
        """A clerk checks the month's run, the manager releases and approves, the clerk issues and
        sends."""
        run = self.create_run()
        self.add_file(
            run,
            [
                self.row("R1", self.create_ready_consumer()),
                self.row("R2", self.create_ready_consumer()),
                self.row("R3", self.create_ready_consumer(), 900),
            ],
        )
        self.start_tour("/odoo/discom-bill-runs", "discom_bill_run_check", login="test_clerk")
        self.assertEqual(run.state, "checked")
        self.start_tour("/odoo/discom-bill-runs", "discom_bill_run_approve", login="test_manager")
        self.assertEqual((run.state, run.held_count), ("approved", 0))
        self.start_tour("/odoo/discom-bill-runs", "discom_bill_run_send", login="test_clerk")
        run.invalidate_recordset()
        self.assertEqual((run.state, run.issued_count), ("sending", 3))
