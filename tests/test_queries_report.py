from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from ..tools import pdf
from .common_queries import QueriesCommon

#: Workbooks and values of their dialogs.
REPORTS = {
    "discom.bill.delivery.register": {"period": "2026-11-01"},
    "discom.door.list": {"period": "2026-11-01"},
    "discom.arrears.report": {},
    "discom.kyc.progress": {},
    "discom.reachability": {},
    "discom.message.cost": {"date_from": "2026-11-01", "date_to": "2026-11-30"},
    "discom.audit.extract": {"date_from": "2026-11-01", "date_to": "2027-12-31"},
}
#: Lists of big tables, by their action, and the domain of the rows of a group.
LISTS = {
    "discom_whatsapp_message_action": "[('office_id', '=', {office})]",
    "discom_kyc_event_action": "[('office_id', '=', {office})]",
    "discom_consent_action": "[('partner_id.discom_office_id', '=', {office})]",
    "discom_ageing_action": "[('office_id', '=', {office})]",
    "discom_ledger_entry_action": "[('partner_id.discom_office_id', '=', {office})]",
    "discom_notice_action": "[('office_id', '=', {office})]",
    "discom_notice_hold_action": "[('office_id', '=', {office})]",
    "discom_outage_call_action": "[('office_id', '=', {office})]",
    "discom_complaint_action": "[('office_id', '=', {office})]",
    "discom_whatsapp_conversation_action": "[('office_id', '=', {office})]",
    "discom_whatsapp_fallback_action": "[('office_id', '=', {office})]",
    "discom_audit_entry_action": "[('office_id', '=', {office})]",
    "discom_asset_action": "[('office_id', '=', {office})]",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestQueriesReport(QueriesCommon):
    """What is read: workbooks, made at once or by a schedule, and lists of all that gathers."""

    sizes = (3, 10, 60)
    filled = ("consumer", "kyc", "bill", "payment")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.cr.execute(
            """
            INSERT INTO discom_whatsapp_message (
                key, account_id, direction, partner_id, office_id, phone, res_model, res_id,
                purpose, priority, state, category, claimed_at, delivered_at, create_date)
            SELECT gen_random_uuid()::text, %s, 'out', partner_id, office_id,
                   '+91' || (7000000000 + id), 'discom.bill', id, 'bill', 40,
                   CASE WHEN mod(id, 2) = 0 THEN 'delivered' ELSE 'failed' END, 'utility',
                   '2026-11-10', CASE WHEN mod(id, 2) = 0 THEN '2026-11-10'::timestamp END,
                   '2026-11-10'
              FROM discom_bill WHERE office_id = ANY(%s)
            """,
            [cls.account.id, [group.office.id for group in cls.groups]],
        )

    def test_workbooks(self):
        for model in REPORTS:

            def write(group, model=model):
                self.write_workbook(model, office_id=group.office.id, **REPORTS[model])

            with self.subTest(model):
                self.assert_constant(write, model)

    def test_statement(self):
        """Of one account with few or many entries."""
        payments = self.env["discom.payment"]
        partners = self.each(lambda group: self.partners(group)[:1])
        for group, partner in partners.items():
            payments.create(
                [
                    {"partner_id": partner.id, "amount": 1, "date": date(2026, 11, 9)}
                    for _number in range(group.count)
                ]
            )

        def write(group):
            self.write_workbook("discom.ledger.statement", partner_id=partners[group].id)

        self.assert_steps(write)

    def test_sheet(self):
        """For a round with paper, as many as are left to visit."""
        for group in self.groups:
            self.set_rows(self.partners(group), discom_kyc_state="none")
        drive = self.create_drive(*({"office_id": group.office.id} for group in self.groups))

        def write(group):
            area = drive.area_ids.filtered(lambda area: area.office_id == group.office)
            sheet = self.write_workbook("discom.kyc.sheet", area_id=area.id)
            self.assertEqual(sheet._report_count(), group.count)

        self.assert_steps(write)

    def test_print(self):
        """Bills selected in their list, as one file: a batch costs the same whatever is in it."""
        self.patch(pdf, "BATCH", self.sizes[-1])
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)

        def print_(group):
            selected = {"active_model": "discom.bill", "active_ids": self.bills(group).ids}
            wizard = self.env["discom.bill.print"].with_user(self.manager)
            wizard = wizard.with_context(**selected).create({"report_name": "discom.report_bill"})
            self.assertEqual(wizard._report_count(), group.count)
            wizard._write_workbook(Path(folder.name) / "bills.pdf")

        self.assert_steps(print_)

    def test_control_room(self):
        """Its figures, counted anew for more offices and for more sending numbers."""
        figures = self.env["discom.figure"]
        offices = self.each(
            lambda group: self.env["discom.office"].create(
                [
                    {
                        "name": f"Queries {account}",
                        "code": f"O{account}",
                        "level": "section",
                        "parent_id": group.office.id,
                    }
                    for account in group.accounts
                ]
            )
        )

        def spread(group):
            """Each office has a bill; those of the other groups are there, too."""
            for bill, office in zip(self.bills(group), offices[group], strict=True):
                self.set_rows(bill, office_id=office.id)

        self.each(spread)

        def refresh(group):
            self.assertTrue(figures._refresh())
            found = figures.search_count(
                [("kind", "=", "bill"), ("office_id", "in", offices[group].ids)]
            )
            self.assertEqual(found, group.count)

        accounts = self.each(
            lambda group: self.env["discom.whatsapp.account"].create(
                [
                    {
                        "name": "Queries",
                        "phone_number_id": account,
                        "waba_id": account,
                        "active": False,
                    }
                    for account in group.accounts
                ]
            )
        )

        def numbers(group):
            self.set_rows(accounts[group], active=True)
            self.assertTrue(figures._refresh())
            found = figures.search([("account_id", "in", accounts[group].ids)])
            self.assertEqual(len(found), group.count)
            self.set_rows(accounts[group], active=False)

        self.assert_steps(refresh, numbers)

    def test_schedule(self):
        """Made in the background and sent, whatever is in it."""
        self.clerk.email = "clerk@example.com"
        schedules = self.each(
            lambda group: (
                self.env["discom.report.schedule"]
                .with_user(self.clerk)
                .create(
                    {
                        "report": "discom.reachability",
                        "period": "month",
                        "office_id": group.office.id,
                        "lang": "hi_IN",
                        "recipient_ids": [Command.set(self.clerk.ids)],
                    }
                )
            )
        )

        def run(group):
            schedules[group].action_run()
            self.run_cron(self.env.ref("discom.ir_cron_report_job"))
            job = schedules[group].job_ids
            self.assertEqual((job.state, job.rows_done), ("done", group.count))

        self.assert_steps(run)

    def test_lists(self):
        """A page reads with as many queries for sixty rows as for ten."""
        self.each(self.gather)
        for name, domain in LISTS.items():
            action = self.env.ref(f"discom.{name}")

            def show(group, action=action, domain=domain):
                shown = self.open(action, group, domain.format(office=group.office.id))
                groups = shown.get("groups")
                rows = shown["length"] if groups is None else sum(g["__count"] for g in groups)
                self.assertGreaterEqual(rows, group.count)

            with self.subTest(name):
                self.assert_constant(show, name)

    def gather(self, group):
        """Have a row of everything for each consumer of a group."""
        partners = self.partners(group)
        self.env["discom.notice.hold"].create(
            [
                {"partner_id": partner.id, "reason": "court", "note": "Case 1 of 2026"}
                for partner in partners
            ]
        )
        self.env["discom.outage.call"]._report(partners, "phone")
        self.env["discom.complaint"].with_context(mail_activity_automation_skip=True).create(
            [{"partner_id": partner.id, "text": "The pole leans"} for partner in partners]
        )
        self.env["discom.whatsapp.conversation"].create(
            [
                {
                    "account_id": self.account.id,
                    "phone": partner.discom_whatsapp_number,
                    "office_id": group.office.id,
                    "state": "open",
                }
                for partner in partners
            ]
        )
        messages = self.env["discom.whatsapp.message"].search([("partner_id", "in", partners.ids)])
        self.env["discom.whatsapp.fallback"].create(
            [
                {
                    "message_id": message.id,
                    "partner_id": message.partner_id.id,
                    "office_id": group.office.id,
                    "purpose": "bill",
                    "reason": "not_on_whatsapp",
                    "channel": "door",
                }
                for message in messages
            ]
        )
        self.env["discom.audit.entry"]._log_many(
            [{"kind": "send", "records": partner, "office": group.office} for partner in partners]
        )
        self.env["discom.asset"].create(
            [
                {
                    "name": partner.discom_account_no,
                    "code": partner.discom_account_no,
                    "kind": "transformer",
                    "office_id": group.office.id,
                    "parent_id": self.feeder_a1.id,
                }
                for partner in partners
            ]
        )
        run = self.env["discom.notice.run"].create({"office_id": group.office.id})
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO discom_notice (
                run_id, partner_id, bill_id, account_no, office_id, company_id, currency_id, kind,
                date, state, amount)
            SELECT %s, partner_id, id, account_no, office_id, company_id, currency_id, 'overdue',
                   '2026-11-10', 'issued', amount_due
              FROM discom_bill WHERE office_id = %s
            """,
            [run.id, group.office.id],
        )
