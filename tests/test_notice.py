from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from .test_bill import BillCommon

STEPS = (
    ("reminder", 5, 10, 0),
    ("due_day", 0, 20, 0),
    ("overdue", 3, 30, 0),
    ("formal", 20, 40, 50),
    ("disconnection", 0, 50, 50),
)


def create_ladder(office):
    """A policy of the steps of ``STEPS`` for ``office``."""
    return office.env["discom.notice.policy"].create(
        {
            "name": "Ladder",
            "office_id": office.id,
            "step_ids": [
                Command.create(
                    {
                        "kind": kind,
                        "days": days,
                        "sequence": sequence,
                        "amount_min": amount,
                        "channel": "both" if kind == "formal" else "whatsapp",
                    }
                )
                for kind, days, sequence, amount in STEPS
            ],
        }
    )


class NoticeCommon(BillCommon):
    """Division A has a ladder of five steps; bills are due on the 20th of November 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Those of demonstration data.
        cls.env["discom.holiday"].search([]).unlink()
        cls.company.write({"discom_closed_sundays": True, "discom_closed_second_saturdays": True})
        cls.policy = create_ladder(cls.division_a)

    @classmethod
    def owing(cls, amount=100.0, **vals):
        """A consumer with an unpaid bill due on the 20th."""
        consumer = cls.create_consumer(**vals)
        consumer._discom_record_consent("given", ["dues"], "counter")
        cls.create_bill(consumer, amount=amount)
        return consumer

    def bill_of(self, consumer):
        return self.env["discom.bill"].search([("partner_id", "=", consumer.id)], limit=1)

    def propose(self, day, office=None):
        """A run of ``day`` as the clerk proposes it."""
        with freeze_time(f"{day} 06:00:00"):
            run = self.env["discom.notice.run"].with_user(self.clerk)
            run = run.create({"office_id": (office or self.division_a).id, "date": day})
            run.action_propose()
        return run

    def approve(self, run, day=None):
        with freeze_time(f"{day or run.date} 06:00:00"):
            run.action_submit()
            run.with_user(self.manager).action_approve()
        return run

    def steps(self, run):
        """{consumer: (kind, state, stop reason)} of a run."""
        return {
            notice.partner_id: (notice.kind, notice.state, notice.stop_reason)
            for notice in run.sudo().notice_ids
        }

    def formal(self, day="2026-12-12"):
        """An issued formal notice of a consumer who owes."""
        consumer = self.owing()
        run = self.approve(self.propose(day))
        return run.notice_ids.filtered(lambda notice: notice.partner_id == consumer)

    def serve(self, notices, day, mode="hand"):
        """Record service through the dialog."""
        with freeze_time(f"{day} 06:00:00"):
            action = notices.with_user(self.clerk).action_serve()
            wizard = Form(
                self.env[action["res_model"]]
                .with_user(self.clerk)
                .with_context(**action["context"])
            )
            wizard.mode = mode
            wizard.save().action_apply()


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestNotice(NoticeCommon):
    """Who gets which step, who does not and why."""

    def test_each_step_on_its_day(self):
        consumer = self.owing()
        for day, kind in (
            ("2026-11-14", None),
            ("2026-11-15", "reminder"),
            ("2026-11-19", "reminder"),
            ("2026-11-20", "due_day"),
            ("2026-11-22", None),
            ("2026-11-23", "overdue"),
            ("2026-12-09", "overdue"),
            ("2026-12-10", "formal"),
        ):
            with self.subTest(day=day):
                run = self.propose(day)
                self.assertEqual(self.steps(run).get(consumer, (None,))[0], kind)
                run.action_cancel()

    def test_large_office_in_the_background(self):
        """The clerk, who may edit no scheduled action, starts one, and it writes the same steps."""
        consumer, other = self.owing(), self.owing()
        ageing = self.env["discom.ageing"]
        ageing._refresh(SQL("SELECT unnest(%s)", (consumer + other).ids))
        cron = self.env.ref("discom.ir_cron_notice_propose")
        self.assertFalse(cron.with_user(self.clerk).has_access("read"))
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        triggers.unlink()
        with patch("odoo.addons.discom.models.notice_run.DIRECT_CONSUMERS", 1):
            run = self.propose("2026-11-15")
        self.assertEqual((run.state, self.steps(run)), ("proposing", {}))
        self.assertEqual(len(triggers.search([("cron_id", "=", cron.id)])), 1)
        with self.assertRaisesRegex(UserError, "Being proposed"), self.env.cr.savepoint():
            run.action_propose()
        with freeze_time("2026-11-15 06:00:00"):
            self.run_cron(cron)
        run.invalidate_recordset()
        self.assertEqual(run.state, "proposed")
        steps = self.steps(run)
        self.assertEqual([steps[who][0] for who in (consumer, other)], ["reminder"] * 2)

    def test_working_days(self):
        """Three working days after Friday the 20th, one a holiday: the 21st, 23rd and 25th."""
        consumer = self.owing()
        self.policy.step_ids.filtered(lambda step: step.kind == "overdue").day_kind = "working"
        self.env["discom.holiday"].create({"name": "Guru Nanak Jayanti", "date": "2026-11-24"})
        for day, kind in (("2026-11-23", None), ("2026-11-24", None), ("2026-11-25", "overdue")):
            run = self.propose(day)
            self.assertEqual(self.steps(run).get(consumer, (None,))[0], kind, day)
            run.action_cancel()

    def test_minimum_amount(self):
        """Below the minimum of a formal notice the overdue step remains."""
        consumer = self.owing(amount=49)
        self.assertEqual(self.steps(self.propose("2026-12-15"))[consumer][0], "overdue")

    def test_not_again_for_the_same_bill_nor_within_the_gap(self):
        consumer = self.owing()
        self.approve(self.propose("2026-11-18"))
        self.assertNotIn(consumer, self.steps(self.propose("2026-11-19")), "same bill, same step")
        self.assertNotIn(consumer, self.steps(self.propose("2026-11-20")), "two days after")
        self.assertEqual(self.steps(self.propose("2026-11-23"))[consumer][0], "overdue")

    def test_every_reason_that_stops(self):
        holds = {}
        for reason in ("deceased", "court", "own_staff", "disputed", "other"):
            consumer = holds[reason] = self.owing()
            self.env["discom.notice.hold"].with_user(self.clerk).create(
                {"partner_id": consumer.id, "reason": reason, "note": "Letter 12"}
            )
        life = self.owing(discom_priority="life_support")
        problem = self.owing()
        self.env["discom.bill.problem"].create(
            {"bill_id": self.bill_of(problem).id, "kind": "reading"}
        )
        name_only = self.owing()
        self.env["discom.bill.problem"].create(
            {"bill_id": self.bill_of(name_only).id, "kind": "name"}
        )
        steps = self.steps(self.propose("2026-11-23"))
        for reason, consumer in holds.items():
            self.assertEqual(steps[consumer], ("overdue", "stopped", reason))
        self.assertEqual(steps[life][1:], ("stopped", "life_support"))
        self.assertEqual(steps[problem][1:], ("stopped", "disputed"))
        self.assertEqual(steps[name_only][1:], ("proposed", False))

    def test_registered_for_a_scheme(self):
        consumer = self.owing()
        scheme = self.env["discom.scheme"].create(
            {
                "name": "One time settlement",
                "name_hi": "एकमुश्त समाधान",
                "source": "Test order",
                "date_from": "2026-11-01",
                "date_to": "2027-01-31",
                "phase_ids": [
                    Command.create(
                        {"name": "Only", "date_from": "2026-11-01", "date_to": "2027-01-31"}
                    )
                ],
            }
        )
        self.env["discom.scheme.registration"].create(
            {"scheme_id": scheme.id, "partner_id": consumer.id}
        )
        self.assertEqual(
            self.steps(self.propose("2026-11-23"))[consumer][1:], ("stopped", "scheme")
        )

    def test_ended_hold_stops_nothing(self):
        consumer = self.owing()
        hold = self.env["discom.notice.hold"].create(
            {
                "partner_id": consumer.id,
                "reason": "court",
                "note": "WP 1",
                "date_from": "2026-11-01",
            }
        )
        hold.with_user(self.clerk).action_end()
        self.assertEqual(
            self.steps(self.propose("2026-11-23"))[consumer], ("overdue", "proposed", False)
        )
        with self.assertRaises(ValidationError):
            self.env["discom.notice.hold"].create(
                {
                    "partner_id": consumer.id,
                    "reason": "court",
                    "note": "WP 1",
                    "date_from": "2026-11-05",
                }
            )

    def test_protected_consumers_have_their_own_ladder(self):
        life = self.owing(discom_priority="hospital")
        ordinary = self.owing()
        gentle = self.policy.copy({"name": "Gentle", "protected": True})
        gentle.step_ids.filtered(lambda step: step.kind != "reminder").unlink()
        steps = self.steps(self.propose("2026-11-23"))
        self.assertNotIn(life, steps)
        self.assertEqual(steps[ordinary][0], "overdue")
        self.assertEqual(
            self.steps(self.propose("2026-11-18"))[life], ("reminder", "proposed", False)
        )

    def test_nearest_policy_and_category_count(self):
        other = self.env["discom.category"].create({"code": "T-9", "name": "Test"})
        consumer, special = self.owing(), self.owing(discom_category_id=other.id)
        near = self.policy.copy({"name": "Near", "office_id": self.subdivision_a1.id})
        named = self.policy.copy({"name": "Named", "category_ids": [Command.set(other.ids)]})
        named.office_id = self.subdivision_a1
        notices = {n.partner_id: n for n in self.propose("2026-11-23").sudo().notice_ids}
        self.assertEqual(notices[consumer].policy_id, near)
        self.assertEqual(notices[special].policy_id, named)

    def test_only_own_consumers_with_dues(self):
        paid = self.owing()
        self.pay(100, "2026-11-09", paid)
        gone = self.owing(discom_status="permanent")
        elsewhere = self.owing(
            discom_office_id=self.subdivision_b1.id, discom_asset_id=self.transformer_b11.id
        )
        steps = self.steps(self.propose("2026-11-23"))
        self.assertFalse({paid, gone, elsewhere} & steps.keys())

    # === THE RUN === #

    def test_taken_out_with_a_reason(self):
        consumer, other = self.owing(), self.owing()
        run = self.propose("2026-11-23")
        notice = run.notice_ids.filtered(lambda n: n.partner_id == consumer)
        action = notice.with_user(self.clerk).action_exclude()
        wizard = self.env[action["res_model"]].with_user(self.clerk)
        wizard = wizard.with_context(**action["context"])
        with self.assertRaises(UserError):
            wizard.create({"reason": "  "}).action_apply()
        wizard.create({"reason": "promised for Monday"}).action_apply()
        self.assertEqual(
            (notice.state, notice.exclude_user_id, notice.exclude_reason),
            ("excluded", self.clerk, "promised for Monday"),
        )
        # Proposed anew, who was taken out stays out.
        run.action_propose()
        self.assertEqual(self.steps(run)[consumer][1], "excluded")
        self.approve(run)
        self.assertEqual(self.steps(run)[consumer][1], "excluded")
        self.assertEqual(self.steps(run)[other][1], "approved")
        with self.assertRaises(UserError):
            notice.with_user(self.clerk).action_include()

    def test_counts_and_amounts(self):
        for amount in (100, 250):
            self.owing(amount=amount)
        self.owing(discom_priority="life_support")
        run = self.propose("2026-11-23")
        self.assertEqual((run.proposed_count, run.proposed_amount, run.stopped_count), (2, 350, 1))
        rows = [
            (row.office_id, row.kind, row.state, row.count, row.amount) for row in run.summary_ids
        ]
        self.assertIn((self.subdivision_a1, "overdue", "proposed", 2, 350), rows)
        # As a grouped list asks for it.
        group = self.env["discom.notice"].formatted_read_group(
            [("run_id", "=", run.id)], ["state"], ["amount:sum_currency"]
        )
        self.assertEqual(len(group), 2)
        self.assertIn((self.subdivision_a1, "overdue", "stopped", 1, 100), rows)

    def test_four_eyes(self):
        self.owing()
        run = self.env["discom.notice.run"].with_user(self.manager)
        run = run.create({"office_id": self.division_a.id, "date": "2026-11-23"})
        run.action_propose()
        run.action_submit()
        with self.assertRaisesRegex(AccessError, "your own proposal"):
            run.action_approve()
        with self.assertRaises(AccessError):
            run.with_user(self.clerk).action_approve()
        second = self.create_user("test_manager2", "group_division_manager")
        run.with_user(second).action_approve()
        self.assertEqual((run.state, run.approver_id), ("approved", second))
        made = self.env["discom.audit.entry"].search(
            [("model", "=", "discom.notice.run"), ("res_id", "=", run.id)], order="id"
        )
        self.assertEqual(
            made.mapped(lambda entry: (entry.kind, entry.user_id)),
            [("asked", self.manager), ("approval", second)],
        )
        self.assertEqual(made[1].number, 1)

    def test_nobody_writes_states(self):
        self.owing()
        run = self.propose("2026-11-23")
        notice = run.notice_ids[:1]
        for user in (self.counter, self.auditor, self.surveyor):
            with self.assertRaises(AccessError):
                run.with_user(user).action_propose()
            with self.assertRaises(UserError):
                notice.with_user(user).write({"state": "approved"})
        for record, values in (
            (run, {"state": "approved"}),
            (notice, {"state": "listed"}),
            (notice, {"served_on": "2026-11-01", "state": "served"}),
            (notice, {"amount": 1}),
        ):
            with self.assertRaises(UserError):
                record.with_user(self.clerk).write(values)
        with self.assertRaises(UserError):
            self.env["discom.notice.run"].with_user(self.clerk).create(
                {"office_id": self.division_a.id, "date": "2026-11-25", "state": "approved"}
            )
        self.assertFalse(self.env["discom.notice"].with_user(self.clerk_b).search([]))

    # === PAYMENT === #

    def test_payment_takes_a_step_back(self):
        consumer = self.owing()
        run = self.approve(self.propose("2026-11-23"))
        notice = run.notice_ids.filtered(lambda n: n.partner_id == consumer)
        self.assertEqual(notice.state, "approved")
        self.pay(60, "2026-11-09", consumer)
        self.assertEqual(notice.state, "approved", "40 are still due")
        self.pay(40, "2026-11-10", consumer)
        self.assertEqual(notice.state, "paid")
        self.assertFalse(consumer.with_user(self.clerk).discom_notice_step)

    # === FORMAL NOTICE === #

    def test_numbered_and_served(self):
        notice = self.formal()
        self.assertRegex(notice.name, r"^N/2026/\d{6}$")
        self.assertEqual((notice.state, notice.officer_id), ("issued", self.manager))
        self.serve(notice, "2026-12-15")
        self.assertEqual(
            (notice.state, notice.served_on, notice.served_by_id),
            ("served", date(2026, 12, 15), self.clerk),
        )
        # Served on the 15th, clear days are the 16th to the 30th.
        self.assertEqual(
            (notice.last_day, notice.cut_from), (date(2026, 12, 30), date(2026, 12, 31))
        )
        self.assertEqual(notice.partner_id.with_user(self.clerk).discom_notice_step, "formal")

    def test_cut_from_is_an_open_day(self):
        self.env["discom.holiday"].create(
            {"name": "Test", "date": "2026-12-31", "office_id": self.division_a.id}
        )
        notice = self.formal()
        self.serve(notice, "2026-12-15")
        self.assertEqual(notice.cut_from, date(2027, 1, 1))

    def test_service_that_cannot_be(self):
        notice = self.formal()
        with freeze_time("2026-12-13 06:00:00"), self.assertRaisesRegex(ValidationError, "issued"):
            notice.with_user(self.clerk)._serve(date(2026, 12, 11), "hand")
        with freeze_time("2026-12-13 06:00:00"), self.assertRaisesRegex(ValidationError, "to come"):
            notice.with_user(self.clerk)._serve(date(2026, 12, 14), "hand")
        with self.assertRaisesRegex(ValidationError, "no service"):
            self.serve(notice, "2026-12-14", "whatsapp")
        self.company.discom_notice_whatsapp_serves = True
        self.serve(notice, "2026-12-14", "whatsapp")
        with self.assertRaises(UserError):
            self.serve(notice, "2026-12-15")

    def test_whatsapp_alone_is_no_step(self):
        step = self.policy.step_ids.filtered(lambda step: step.kind == "formal")
        with self.assertRaisesRegex(ValidationError, "paper"):
            step.channel = "whatsapp"

    def test_listed_only_after_the_clear_days(self):
        notice = self.formal()
        consumer = notice.partner_id
        self.assertNotIn(consumer, self.steps(self.propose("2026-12-29")), "not served")
        self.serve(notice, "2026-12-15")
        self.assertNotIn(consumer, self.steps(self.propose("2026-12-30")), "the last clear day")
        run = self.propose("2026-12-31")
        self.assertEqual(self.steps(run)[consumer], ("disconnection", "proposed", False))
        self.approve(run)
        listed = run.notice_ids.filtered(lambda n: n.partner_id == consumer)
        self.assertEqual((listed.state, listed.notice_id), ("listed", notice))
        self.assertEqual(run.listed_count, 1)

    def test_disconnected_already_is_not_listed(self):
        notice = self.formal()
        self.serve(notice, "2026-12-15")
        notice.partner_id.discom_status = "temporary"
        self.assertNotIn(notice.partner_id, self.steps(self.propose("2026-12-31")))

    def old_debt(self, months, shown=True, lpsc=0):
        """A consumer whose dues are older than two years, shown on every bill or not."""
        consumer = self.create_consumer()
        bills = self.env["discom.bill"]
        first = date(2024, 1, 1)
        for place in months:
            period = date(2024 + place // 12, place % 12 + 1, 1)
            due = period + timedelta(days=19)
            bills |= self.env["discom.bill"].create(
                {
                    "partner_id": consumer.id,
                    "period": period,
                    "bill_date": period + timedelta(days=4),
                    "due_date": due,
                    "basis_id": self.basis_mu.id,
                    "line_ids": [Command.create({"head": "energy", "amount": 10})],
                    "amount_arrears": 1000 if shown or period == first else 0,
                    "amount_lpsc": lpsc,
                }
            )
        self.force_issue(bills)
        return consumer

    def test_old_dues_shown_continuously_are_recoverable(self):
        shown = self.old_debt(range(0, 35))
        gap = self.old_debt([*range(0, 20), *range(28, 35)])
        run = self.propose("2026-12-15")
        notices = {n.partner_id: n for n in run.sudo().notice_ids}
        self.assertEqual(notices[shown].kind, "formal")
        self.assertEqual(notices[shown].amount_recoverable, notices[shown].amount)
        self.assertGreater(notices[gap].amount, 900)
        self.assertLess(notices[gap].amount_recoverable, notices[gap].amount)

    def test_newest_months_older_dues_and_surcharge_on_paper(self):
        debtor = self.old_debt(range(0, 35), lpsc=50)
        run = self.approve(self.propose("2026-12-15"))
        notice = run.sudo().notice_ids.filtered(lambda n: n.partner_id == debtor)
        months = notice._document_data()[notice.id]["months"]
        self.assertEqual([line["month"] for line in months[:2]], ["नवंबर 2026", "अक्टूबर 2026"])
        self.assertEqual([line["month"] for line in months[15:]], ["पहले का", "विलंब अधिभार"])
        amounts = [float(line["amount"].replace(",", "").strip("₹ ")) for line in months]
        self.assertAlmostEqual(sum(amounts), notice.amount, 2)

    def lines(self, notice):
        months = notice._document_data()[notice.id]["months"]
        return {line["month"]: float(line["amount"].replace(",", "")) for line in months}

    def test_months_lead_to_the_amount_of_the_notice(self):
        """Dues that may not be recovered by cutting, and payments since, stand in the table."""
        debtor = self.old_debt([*range(0, 20), *range(28, 35)])
        run = self.approve(self.propose("2026-12-15"))
        notice = run.sudo().notice_ids.filtered(lambda n: n.partner_id == debtor)
        barred = notice.amount - notice.amount_recoverable
        lines = self.lines(notice)
        self.assertAlmostEqual(lines["दो वर्ष से पुराना, इसमें नहीं"], -barred, 2)
        self.assertAlmostEqual(sum(lines.values()), notice.amount_recoverable, 2)
        with freeze_time("2026-12-20 06:00:00"):
            self.pay(30, "2026-12-20", debtor)
            lines = self.lines(notice)
        self.assertEqual(lines["सूचना के बाद जमा"], 30)
        self.assertAlmostEqual(sum(lines.values()), notice.amount_recoverable, 2)

    def test_one_amount_on_paper_in_its_code_and_in_the_message(self):
        """The bill asks for more after its due date; the notice is about what was unpaid."""
        self.company.discom_upi_address = "division@bank"
        consumer = self.create_consumer()
        self.create_bill(consumer, amount=100, amount_after_due=112)
        run = self.approve(self.propose("2026-12-14"))
        notice = run.sudo().notice_ids
        with freeze_time("2026-12-14 06:00:00"):
            self.assertEqual(notice.bill_id.amount_payable, 112)
            data = notice._document_data()[notice.id]
            self.assertEqual(data["notice"]["amount"], "100.00")
            self.assertIn("am=100.00", data["upi"]["uri"])
            self.assertEqual(
                notice._whatsapp_values("hi_IN", "notice")[notice.id]["amount"], "₹100.00"
            )
            self.pay(40, "2026-12-14", consumer)
            # What is left of it; other messages ask for what is payable.
            self.assertEqual(
                notice._whatsapp_values("hi_IN", "notice")[notice.id]["amount"], "₹60.00"
            )
            self.assertEqual(
                notice._whatsapp_values("hi_IN", "overdue")[notice.id]["amount"], "₹72.00"
            )

    def test_pdf(self):
        notice = self.formal()
        content, kind = (
            self.env["ir.actions.report"]
            .with_user(self.clerk)
            ._render_qweb_pdf("discom.notice_report", notice.ids)
        )
        self.assertEqual(kind, "pdf")
        self.assertTrue(content.startswith(b"%PDF"))
        draft = self.propose("2026-11-23").notice_ids[:1]
        self.owing()
        draft = self.propose("2026-11-24").notice_ids[:1]
        with self.assertRaisesRegex(UserError, "nothing to print"):
            self.env["ir.actions.report"]._render_qweb_pdf("discom.notice_report", draft.ids)
