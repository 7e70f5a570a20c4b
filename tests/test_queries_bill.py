from datetime import date

from freezegun import freeze_time

from odoo.tests import tagged

from .common_queries import QueriesCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestQueriesBill(QueriesCommon):
    """What the lists of bills and payments, readings and the nightly work do for many at once."""

    sizes = (3, 10, 60)
    filled = ("consumer", "kyc")

    @classmethod
    def reading_rows(cls, group, reading):
        return [
            "account_no,reading_date,reading,previous_reading,previous_reading_date",
            *(f"{account},2026-11-05,{reading},1000,2026-10-05" for account in group.accounts),
        ]

    def test_readings(self):
        """From the meter reader's file to issued bills; a file with corrections renews drafts."""
        self.each(lambda group: self.set_rows(self.partners(group), discom_area="rural"))

        def take(group):
            job = self.run_import("reading", self.reading_rows(group, 1180))
            self.assertEqual(job.new_count, group.count, job.findings)

        def correct(group):
            job = self.run_import("reading", self.reading_rows(group, 1150))
            self.assertEqual(job.changed_count, group.count, job.findings)

        def charge(group):
            self.bills(group).with_user(self.clerk).action_charge()
            self.assertTrue(all(self.bills(group).mapped("amount_total")))

        def check(group):
            self.bills(group).with_user(self.clerk).action_check()

        def issue(group):
            self.bills(group).with_user(self.manager).action_issue()
            self.assertEqual(set(self.bills(group).mapped("state")), {"issued"})

        self.assert_steps(take, correct, charge, check, issue)

    def test_buttons(self):
        """All that is done with bills selected in their list."""
        self.create_template(
            "queries_reminder", "due_reminder", "नमस्ते {{name}}, आपका बिल {{amount}} देय है, धन्यवाद।"
        )
        self.each(lambda group: self.run_import("bill", self.bill_rows(group)))

        def check(group):
            self.bills(group).with_user(self.clerk).action_check()
            self.assertEqual(set(self.bills(group).mapped("state")), {"checked"})

        def back(group):
            self.bills(group).with_user(self.clerk).action_draft()

        def issue(group):
            bills = self.bills(group).with_user(self.manager)
            bills.action_check()
            bills.action_issue()
            self.assertEqual(set(bills.mapped("state")), {"issued"})

        def send(group):
            action = self.bills(group).with_user(self.clerk).action_send_bill()
            composer = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual(composer.send_count, group.count)

        def remind(group):
            action = self.bills(group).with_user(self.clerk).action_send_reminder()
            composer = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual(composer.send_count, group.count)

        def overdue(group):
            self.set_rows(self.bills(group), state="overdue", due_date=date(2026, 11, 6))
            action = self.bills(group).with_user(self.clerk).action_send_overdue()
            composer = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual(composer.send_count, group.count)
            self.set_rows(self.bills(group), state="issued", due_date=date(2026, 11, 20))

        def revoke(group):
            action = self.bills(group).with_user(self.clerk).action_ask_revoke_links()
            self.dialog(action, self.clerk)
            self.assertEqual(set(self.bills(group).mapped("link_generation")), {1})

        def cancel(group):
            action = self.bills(group).with_user(self.manager).action_cancel()
            self.dialog(action, self.manager, reason="Billed twice, letter 12")
            self.assertEqual(set(self.bills(group).mapped("state")), {"cancelled"})

        self.assert_steps(check, back, issue, send, remind, overdue, revoke, cancel)

    def test_drafts_given_up(self):
        self.each(lambda group: self.run_import("bill", self.bill_rows(group)))

        def cancel(group):
            self.bills(group).with_user(self.clerk).action_cancel()
            self.assertEqual(set(self.bills(group).mapped("state")), {"cancelled"})

        self.assert_steps(cancel)

    def test_payments(self):
        """Receipts, printed and sent, and payments that are taken back."""
        self.create_template(
            "queries_receipt", "receipt", "नमस्ते {{name}}, आपके {{amount}} मिल गए हैं, धन्यवाद।"
        )
        self.fill("bill", "payment")
        payments = self.each(
            lambda group: self.env["discom.payment"].search([("office_id", "=", group.office.id)])
        )

        def send(group):
            action = payments[group].with_user(self.clerk).action_send_receipt()
            composer = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual(composer.total_count, group.count)

        def print_(group):
            data = payments[group]._document_data("hi_IN")
            self.assertEqual(len(data), group.count)

        def take_back(group):
            action = payments[group].with_user(self.manager).action_cancel()
            self.dialog(action, self.manager, reason="mistake")
            self.assertEqual(set(payments[group].mapped("state")), {"cancelled"})

        self.assert_steps(send, print_, take_back)

    def test_nightly_work(self):
        """Bills fall overdue, dues grow older, registrations for a scheme are followed."""
        self.fill("bill")
        scheme = self.env["discom.scheme"].create(
            {
                "name": "Queries",
                "name_hi": "योजना",
                "date_from": "2026-11-01",
                "date_to": "2026-12-31",
                "dues_until": "2026-10-31",
                "source": "Invented for this test",
            }
        )
        # All at once, as offers are made one by one: the day differs for each.
        self.env.cr.execute(
            """
            INSERT INTO discom_scheme_registration (
                scheme_id, partner_id, office_id, company_id, date, state, due, amount, deposit,
                instalment_count, last_date)
            SELECT %s, id, discom_office_id, company_id, '2026-10-31'::date - mod(id, 90),
                   'running', 1000, 800, 100, 1, '2026-12-31'
              FROM res_partner WHERE discom_office_id = ANY(%s)
            """,
            [scheme.id, [group.office.id for group in self.groups]],
        )
        registrations = self.each(
            lambda group: self.env["discom.scheme.registration"].search(
                [("office_id", "=", group.office.id)]
            )
        )
        self.set_rows(scheme.registration_ids, state="cancelled")

        def overdue(group):
            bills = self.bills(group)
            self.set_rows(bills, due_date=date(2026, 11, 6))
            self.run_cron(self.env.ref("discom.bill_cron_overdue"))
            self.assertEqual(set(bills.mapped("state")), {"overdue"})

        def grow_older(group):
            ageing = self.env["discom.ageing"].search([("office_id", "=", group.office.id)])
            self.set_rows(ageing, date=date(2026, 11, 9))
            self.run_cron(self.env.ref("discom.bill_cron_ageing"))
            self.assertEqual(set(ageing.mapped("date")), {date(2026, 11, 10)})

        def follow(group):
            self.set_rows(registrations[group], state="running")
            self.run_cron(self.env.ref("discom.bill_cron_scheme"))
            self.assertEqual(set(registrations[group].mapped("state")), {"defaulted"})

        self.assert_steps(overdue, grow_older, follow)
