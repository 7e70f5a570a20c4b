from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from ..tools.cloud_api import Outcome, Verdict
from .common_queries import QueriesCommon
from .test_notice import create_ladder


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestQueries(QueriesCommon):
    """What is done for many at once costs as many queries for two hundred as for twenty."""

    # === FILES === #

    def test_files(self):
        """Consumer master, KYC, bills with their issue, payments: check and import."""
        for kind in ("consumer", "kyc", "bill", "payment"):
            with self.subTest(kind):
                self.assert_constant(lambda group, kind=kind: self.take_in(kind, group), kind)

    def test_files_again(self):
        """A file that brings nothing new costs no more for many, either."""
        self.fill("consumer", "kyc", "bill", "payment")
        for kind in ("consumer", "kyc", "bill", "payment"):
            with self.subTest(kind):
                self.assert_constant(
                    lambda group, kind=kind: self.run_import(
                        kind, getattr(self, f"{kind}_rows")(group)
                    ),
                    kind,
                )

    def test_offices(self):
        """New ones, such as get another place, and such as get another name and number.

        Each has, for a while, the number of a consumer.
        """
        self.fill("consumer", "kyc")

        def rows(group, name, phone, above):
            return [
                "code,name,level,parent_code,officer_name,phone",
                *(
                    f"O{account},{name} {account},section,{above.code},Asha {account},"
                    f"{phone}{int(account) % 10**8:08d}"
                    for account in group.accounts
                ),
            ]

        def flags(group):
            return set(self.partners(group).mapped("discom_number_flag"))

        def change(group, number, *row):
            job = self.run_import("office", rows(group, *row), user=self.administrator)
            self.assertEqual(job[number], group.count, job.findings)

        def take(group):
            change(group, "new_count", "Section", 94, group.office)
            self.assertEqual(flags(group), {"office"})

        def move(group):
            change(group, "changed_count", "Section", 94, self.subdivision_a1)

        def rename(group):
            change(group, "changed_count", "Office", 95, self.subdivision_a1)
            office = self.env["discom.office"].search([("code", "=", f"O{group.first}")])
            self.assertEqual(office.name, f"Office {group.first}")
            self.assertEqual(office.phone, f"95{group.first % 10**8:08d}")
            self.assertEqual(flags(group), {False})

        self.assert_steps(take, move)
        # Whether the user may, what bears its name, and an entry of the journal.
        self.assert_constant(rename, "rename", each=3)

    def test_network(self):
        """Assets, new ones and those that get another name and another feeder."""
        feeder = self.create_asset("Queries", "feeder", self.subdivision_a1, self.substation_a)

        def rows(group, above):
            return [
                "code,name,kind,parent_code,office_code",
                *(
                    f"Q{account},{above.name} {account},transformer,{above.code},"
                    f"{group.office.code}"
                    for account in group.accounts
                ),
            ]

        def take(group):
            job = self.run_import("asset", rows(group, self.feeder_a1), user=self.administrator)
            self.assertEqual(job.new_count, group.count, job.findings)

        def move(group):
            job = self.run_import("asset", rows(group, feeder), user=self.administrator)
            self.assertEqual(job.changed_count, group.count, job.findings)
            assets = self.env["discom.asset"].search([("code", "in", [f"Q{group.first}"])])
            self.assertEqual((assets.parent_id, assets.name), (feeder, f"Queries {group.first}"))

        self.assert_steps(take, move)

    # === MESSAGES === #

    def test_sending(self):
        """Audience in the composer, planning of the broadcast, claim, jobs and statuses."""
        self.fill("consumer", "kyc", "bill")
        composers, broadcasts, sent = {}, {}, {}
        domain = "[('office_id', '=', %s)]"

        def audience(group):
            composer = self.env["discom.whatsapp.composer"].create(
                {
                    "res_model": "discom.bill",
                    "res_domain": domain % group.office.id,
                    "purpose": "bill",
                    "account_id": self.account.id,
                    "template_id": self.template.id,
                }
            )
            self.assertEqual(composer.send_count, group.count)
            composers[group] = composer

        def plan(group):
            broadcast = self.env["discom.whatsapp.broadcast"].browse(
                composers[group].action_send()["res_id"]
            )
            self.assertEqual(broadcast.planned_count, group.count)
            broadcasts[group] = broadcast

        def jobs(group):
            messages = self.messages(broadcasts[group])
            ready, refused = messages._prepare_jobs()
            self.assertEqual((len(ready), refused), (group.count, []))
            sent[group] = [
                {"key": message.key, "wamid": f"wamid.{message.key}"} for message in messages
            ]

        def statuses(group):
            rows = [
                dict(row, status=status, timestamp=1_800_000_000)
                for row in sent[group]
                for status in ("sent", "delivered", "read")
            ]
            self.assertEqual(self.env["discom.whatsapp.message"]._apply_statuses(rows), group.count)

        def failures(group):
            rows = [
                dict(row, status="failed", timestamp=1_800_000_000, error_code=131026)
                for row in sent[group]
            ]
            self.env.cr.execute(
                "UPDATE discom_whatsapp_message SET state = 'sent' WHERE broadcast_id = %s",
                [broadcasts[group].id],
            )
            self.env["discom.whatsapp.message"]._apply_statuses(rows)

        self.assert_steps(audience, plan, jobs, statuses, failures)

    def test_lane(self):
        """What a lane does about each batch: claim, settle, whatever came of it, and recover what a
        worker that died has left."""
        self.fill("consumer", "kyc", "bill")
        lane = self.account
        # It may commit only outside of tests.
        self.patch(self.registry["discom.whatsapp.account"], "_commit", lambda account: None)
        lane.write({"daily_limit": 100_000, "pair_seconds": 6})
        messages = self.each(
            lambda group: self.messages(self.send(self.bills(group), user=self.env.user))
        )
        self.each(lambda group: self.set_rows(messages[group], state="cancelled"))
        rules = self.env["discom.whatsapp.error"]._rules()

        def claim(group):
            self.set_rows(messages[group], state="queued")
            claimed, exhausted = lane._claim(group.count + 1, lane._gate())
            self.assertEqual((claimed, exhausted), (messages[group], True))
            self.set_rows(messages[group], state="cancelled")

        def recover(group):
            self.set_rows(messages[group], state="in_flight", claimed_at=datetime(2026, 11, 10, 4))
            lane._recover()
            self.assertEqual(set(messages[group].mapped("state")), {"unknown"})
            self.set_rows(messages[group], write_date=datetime(2026, 11, 10, 4))
            self.set_rows(lane, webhook_last_seen=datetime(2026, 11, 10, 6))
            lane._recover()
            self.assertEqual(set(messages[group].mapped("state")), {"queued"})
            self.set_rows(messages[group], state="cancelled")

        self.assert_steps(claim, recover)
        for verdict, code, state in (
            (Verdict.ACCEPTED, None, "accepted"),
            (Verdict.UNKNOWN, None, "unknown"),
            (Verdict.RETRY, 131000, "queued"),
            (Verdict.THROTTLE, 130429, "queued"),
            (Verdict.PAIR, 131056, "queued"),
            (Verdict.FAILED, 131026, "failed"),
            (Verdict.PAUSE, 132015, "queued"),
        ):

            def settle(group, verdict=verdict, code=code, state=state):
                self.set_rows(messages[group], state="in_flight")
                outcomes = [
                    Outcome(
                        message.key,
                        verdict,
                        f"wamid.{message.key}" if code is None else None,
                        code,
                        "What WhatsApp says",
                    )
                    for message in messages[group]
                ]
                keys = {message.key: (message.id, 1) for message in messages[group]}
                lane._settle(outcomes, keys, rules)
                self.assertEqual((set(messages[group].mapped("state")), keys), ({state}, {}))
                self.set_rows(messages[group], state="cancelled")

            with self.subTest(verdict):
                self.assert_constant(settle, verdict.value)

    def test_replies(self):
        """What people write, from as many phones as there are people."""
        self.fill("consumer", "kyc")

        def receive(group):
            self.env["discom.whatsapp.message"]._receive(
                [
                    self.incoming(partner.discom_whatsapp_number, "धन्यवाद")
                    for partner in self.partners(group)
                ]
            )

        self.assert_constant(receive)

    def test_consent(self):
        self.fill("consumer", "kyc")
        self.assert_constant(
            lambda group: self.partners(group)._discom_record_consent(
                "withdrawn", ["bills", "dues"], "counter"
            )
        )

    # === ARREARS AND OUTAGES === #

    def test_arrears(self):
        """A run proposes, is approved and its messages are planned."""
        self.fill("consumer", "kyc", "bill")
        self.env["discom.holiday"].search([]).unlink()
        create_ladder(self.division_a)
        runs = {}

        def propose(group):
            run = self.env["discom.notice.run"].create(
                {"office_id": group.office.id, "date": date(2026, 12, 20)}
            )
            run._propose()
            self.assertEqual(len(run.notice_ids), group.count)
            runs[group] = run

        def submit(group):
            runs[group].action_submit()

        def approve(group):
            runs[group].with_user(self.manager).action_approve()

        with freeze_time("2026-12-20 06:00:00"):
            self.assert_steps(propose, submit, approve)

    def test_outage(self):
        """Those affected are counted, and told."""
        self.fill("consumer", "kyc")
        outages = {}

        def affected(group):
            outage = self.env["discom.outage"].create(
                {"kind": "breakdown", "asset_ids": [Command.set(group.transformer.ids)]}
            )
            self.assertEqual(outage.partner_count, group.count)
            outages[group] = outage

        def announce(group):
            composer = self.env["discom.whatsapp.composer"].browse(
                outages[group].with_user(self.operator).action_announce()["res_id"]
            )
            self.assertEqual(composer.send_count, group.count)
            composer.action_send()

        def restored(group):
            action = outages[group].with_user(self.operator).action_restored()
            dialogs = self.env[action["res_model"]].with_user(self.operator)
            dialogs.with_context(**action["context"]).create({}).action_apply()
            self.assertEqual(outages[group].state, "restored")

        self.assert_steps(affected, announce, restored)

    def test_bill_run(self):
        """A run takes its file, is checked, some bills released; it is approved and issued."""
        self.fill("consumer", "kyc")
        runs = {}

        def take(group):
            run = self.env["discom.bill.run"].create(
                {"office_id": group.office.id, "period": "2026-11-01"}
            )
            # Every second total is wrong by far, so the bill is held back.
            head, *rows = self.bill_rows(group)
            rows = [
                row.replace("857.50,857.50", "957.50,957.50") if number % 2 else row
                for number, row in enumerate(rows)
            ]
            job = self.upload("bill", [head, *rows], self.clerk, office=group.office)
            job.run_id = run
            job.action_check()
            job.action_run()
            self.assertEqual(job.new_count, group.count, job.findings)
            runs[group] = run.with_user(self.manager)

        def check(group):
            runs[group].action_check()
            self.assertEqual(runs[group].held_count, group.count // 2)

        def release(group):
            held = runs[group].bill_ids.filtered("is_held")
            action = held.action_release()
            dialog = self.env[action["res_model"]].with_user(self.manager).browse(action["res_id"])
            dialog.reason = "Seen in the ledger, agreed with the agency"
            dialog.action_release()

        def approve(group):
            runs[group].action_approve()

        def issue(group):
            runs[group].action_issue()
            self.assertEqual(set(self.bills(group).mapped("state")), {"issued"})

        self.assert_steps(take, check, release, approve, issue)

    # === REPORTS AND DOCUMENTS === #

    def test_reports(self):
        """Workbooks and the PDF of bills, whatever they hold."""
        self.fill("consumer", "kyc", "bill", "payment")
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)

        def register(group):
            report = self.env["discom.bill.delivery.register"].create(
                {"office_id": group.office.id, "period": "2026-11-01", "lang": "hi_IN"}
            )
            report._write_workbook(Path(folder.name) / f"{group.count}.xlsx")

        def documents(group):
            data = self.bills(group)._document_data("hi_IN")
            self.assertEqual(len(data), group.count)

        self.assert_steps(register, documents)

    def test_lists(self):
        """A list reads its page with as many queries for eighty rows as for twenty."""
        self.fill("consumer", "kyc", "bill", "payment")
        for action in (
            "discom.discom_bill_action",
            "discom.discom_consumer_action",
            "discom.discom_payment_action",
        ):
            action = self.env.ref(action)
            with self.subTest(action.name):
                self.assert_constant(lambda group, action=action: self.open(action, group))
