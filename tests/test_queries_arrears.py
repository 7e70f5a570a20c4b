from datetime import date, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.tests import tagged

from .common_queries import QueriesCommon
from .test_notice import create_ladder


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestQueriesArrears(QueriesCommon):
    """Notices, the field list, stops and payment plans, for many consumers at once."""

    sizes = (3, 10, 60)
    filled = ("consumer", "kyc", "bill")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        create_ladder(cls.division_a)

    def propose(self, group):
        run = self.env["discom.notice.run"].create(
            {"office_id": group.office.id, "date": date(2026, 12, 20)}
        )
        run._propose()
        self.assertEqual(set(run.notice_ids.mapped("kind")), {"formal"})
        return run

    @freeze_time("2026-12-20 06:00:00")
    def test_notices(self):
        """From the list of a run to the field list: taken out, put back, printed, served,
        assigned, and who has paid is to be reconnected."""
        runs = self.each(self.propose)
        notices = self.each(lambda group: runs[group].notice_ids)

        def exclude(group):
            action = notices[group].with_user(self.clerk).action_exclude()
            self.dialog(action, self.clerk, reason="Letter of the village head")
            self.assertEqual(set(notices[group].mapped("state")), {"excluded"})

        def include(group):
            notices[group].with_user(self.clerk).action_include()

        self.assert_steps(exclude, include)
        for run in runs.values():
            run.action_submit()
            run.with_user(self.manager).action_approve()

        def print_(group):
            self.assertEqual(len(notices[group]._document_data()), group.count)

        def serve(group):
            action = notices[group].with_user(self.clerk).action_serve()
            self.dialog(action, self.clerk, served_on="2026-12-20", mode="hand")
            self.assertEqual(set(notices[group].mapped("state")), {"served"})

        def service_record(group):
            self.write_workbook("discom.notice.service.record", office_id=group.office.id)

        def withdraw(group):
            notices[group].with_user(self.manager).action_cancel()

        self.assert_steps(print_, serve, service_record, withdraw)
        for group in self.groups:
            self.set_rows(notices[group], state="listed", kind="disconnection")

        def assign(group):
            action = notices[group].with_user(self.clerk).action_assign()
            self.dialog(action, self.clerk, user_id=self.surveyor.id)
            self.assertEqual(notices[group].user_id, self.surveyor)

        def field_list(group):
            self.write_workbook("discom.notice.field.list", office_id=group.office.id)

        self.assert_steps(assign, field_list)
        for group in self.groups:
            self.set_rows(
                notices[group], state="disconnected", cut_on=date(2026, 12, 20), cut_amount=857.5
            )

        def pay(group):
            rows = ["reference,account_no,date,amount,mode"]
            rows += [f"R{each},{each},2026-12-20,857.50,online" for each in group.accounts]
            job = self.run_import("payment", rows)
            self.assertEqual(job.new_count, group.count, job.findings)
            self.assertEqual(set(notices[group].mapped("state")), {"reconnect"})

        self.assert_steps(pay)

    @freeze_time("2026-12-20 06:00:00")
    def test_effect(self):
        """What became of the messages is worked out for a whole day at once."""

        def refresh(group):
            run = self.propose(group)
            self.env.cr.execute(
                """
                INSERT INTO discom_whatsapp_message (
                    key, direction, partner_id, office_id, phone, res_model, res_id, purpose,
                    priority, state, claimed_at, create_date)
                SELECT gen_random_uuid()::text, 'out', partner_id, office_id, '+919415000000',
                       'discom.notice', id, 'notice', 30, 'read', '2026-12-20', '2026-12-20'
                  FROM discom_notice WHERE run_id = %s
                """,
                [run.id],
            )
            self.run_cron(self.env.ref("discom.ir_cron_notice_effect"))
            effect = self.env["discom.notice.effect"]
            self.assertEqual(
                effect.search_count([("notice_id", "in", run.notice_ids.ids)]), group.count
            )

        def report(group):
            self.write_workbook(
                "discom.effect.report",
                office_id=group.office.id,
                date_from=date(2026, 12, 1),
                date_to=date(2026, 12, 31),
            )

        self.assert_steps(refresh, report)

    @freeze_time("2026-12-20 06:00:00")
    def test_stops(self):
        """Stops that end, whenever they began and whoever else is held."""
        holds = self.each(
            lambda group: self.env["discom.notice.hold"].create(
                [
                    {
                        "partner_id": partner.id,
                        "reason": "court",
                        "note": f"Case {place} of 2026",
                        "date_from": date(2026, 12, 1) - timedelta(days=place),
                    }
                    for place, partner in enumerate(self.partners(group))
                ]
            )
        )

        def end(group):
            holds[group].with_user(self.clerk).action_end()
            self.assertEqual(set(holds[group].mapped("date_to")), {date(2026, 12, 20)})

        self.assert_steps(end)

    @freeze_time("2026-12-20 06:00:00")
    def test_payment_plans(self):
        """Each agreed on another day: the nightly run follows them, and reminds of instalments."""
        self.create_template(
            "queries_instalment",
            "instalment",
            "नमस्ते {{name}} जी, {{office}} की ओर से स्मरण: किस्त {{number}}, राशि {{amount}}, "
            "भुगतान की तिथि {{due_date}} तक है।",
            model="discom.payment.plan.line",
        )

        def agree(group):
            plans = self.env["discom.payment.plan"].create(
                [
                    {
                        "partner_id": partner.id,
                        "reason": "Crop failure",
                        "date": date(2026, 12, 1) - timedelta(days=place),
                        "down_payment": 300,
                        "line_ids": [
                            Command.create({"date": date(2026, 12, 22), "amount": 300}),
                            Command.create({"date": date(2027, 1, 20), "amount": 257.5}),
                        ],
                    }
                    for place, partner in enumerate(self.partners(group))
                ]
            )
            plans._set(approver_id=self.manager.id)
            return plans

        plans = self.each(agree)

        # Nothing changes: a new state is noted with its plan by Odoo, one by one.
        def follow(group):
            self.set_rows(plans[group], state="defaulted")
            self.run_cron(self.env.ref("discom.ir_cron_payment_plan_follow"))
            self.assertEqual(set(plans[group].mapped("state")), {"defaulted"})
            self.set_rows(plans[group], state="cancelled")

        def remind(group):
            self.set_rows(plans[group], state="running")
            self.run_cron(self.env.ref("discom.ir_cron_payment_plan_remind"))
            first = plans[group].line_ids.filtered(lambda line: line.date == date(2026, 12, 22))
            self.assertEqual(set(first.mapped("reminded_on")), {date(2026, 12, 20)})
            self.set_rows(plans[group], state="cancelled")

        self.assert_steps(follow, remind)
