from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import tagged

from .test_notice_field import FieldCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestNoticeAttacks(FieldCommon):
    """What a client may ask for by RPC and does not get."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager_b = cls.create_user("test_manager_b", "group_division_manager", cls.division_b)

    def rows(self):
        """{model: a record of Division A}."""
        notice = self.listed(amount=8000)
        self.result(notice, "closed")
        consumer = self.owing(amount=8000)
        self.env["discom.bill"]._settle(consumer.ids)
        hold = self.env["discom.notice.hold"].create(
            {"partner_id": self.owing().id, "reason": "court", "note": "WP 1"}
        )
        plan = self.env["discom.payment.plan"].with_user(self.clerk)
        plan = plan.create({"partner_id": consumer.id, "reason": "Crop failure"})
        plan.action_divide()
        return {
            "discom.notice": notice,
            "discom.notice.run": notice.run_id,
            "discom.notice.hold": hold,
            "discom.notice.visit": notice.visit_ids,
            "discom.payment.plan": plan.sudo(),
            "discom.payment.plan.line": plan.sudo().line_ids[:1],
        }

    def test_another_office(self):
        """Nothing of another division is found, read, written or acted on."""
        for model, record in self.rows().items():
            for user in (self.clerk_b, self.manager_b):
                theirs = record.with_user(user)
                with self.subTest(model=model, user=user.login):
                    self.assertTrue(record)
                    self.assertFalse(theirs.search([("id", "in", record.ids)]))
                    with self.assertRaises(AccessError):
                        theirs.read(["display_name"])
                    with self.assertRaises(UserError):
                        theirs.write({"create_date": "2026-01-01"})
                    with self.assertRaises(UserError):
                        theirs.unlink()
        for model in ("discom.notice.run.summary", "discom.notice.effect"):
            records = self.env[model].with_user(self.clerk_b).search([])
            self.assertFalse(records, model)

    def test_actions_of_another_office(self):
        """Every public action of a run, a notice and a plan, by its name, as RPC calls it."""
        records = self.rows()
        for model in ("discom.notice.run", "discom.notice", "discom.payment.plan"):
            record = records[model]
            before = record.read(["state", "write_date"])
            for user in (self.clerk_b, self.manager_b):
                theirs = record.with_user(user)
                for name in dir(type(record)):
                    # Odoo's own (un)archiving needs a field that these models lack.
                    if not name.startswith("action_") or "archive" in name:
                        continue
                    with self.subTest(method=name, user=user.login):
                        method = get_public_method(theirs, name)
                        with self.assertRaises(UserError):
                            method(theirs)
                            # An action may only open something: reading it is refused then.
                            theirs.read(["display_name"])
            record.invalidate_recordset()
            self.assertEqual(record.read(["state", "write_date"]), before)

    def test_surveyor_calls_what_a_manager_does(self):
        """Approving, rejecting, cancelling, closing, serving, taking out: refused, unchanged."""
        self.owing()
        run = self.propose("2026-11-23")
        run.action_submit()
        for user in (self.surveyor, self.counter, self.auditor, self.operator):
            for name in (
                "action_propose", "action_submit", "action_approve", "action_reject",
                "action_done", "action_cancel", "action_send_overdue",
            ):  # fmt: skip
                with self.subTest(user=user.login, method=name), self.assertRaises(AccessError):
                    getattr(run.with_user(user), name)()
        notice = run.notice_ids[:1]
        for name in ("action_exclude",):
            with self.assertRaises(AccessError):
                getattr(notice.with_user(self.surveyor), name)()
        for model in ("discom.notice.exclude", "discom.notice.serve", "discom.notice.undo"):
            with self.subTest(model), self.assertRaises(AccessError):
                self.env[model].with_user(self.surveyor).create({})
        self.assertEqual((run.state, notice.state), ("submitted", "proposed"))

    def test_clerk_does_not_cancel_issued_notices(self):
        """What the manager approved only a manager takes back, by the form or by RPC."""
        notice = self.formal()
        for user in (self.clerk, self.surveyor, self.operator):
            with self.subTest(user.login), self.assertRaises(AccessError):
                notice.with_user(user).action_cancel()
        self.assertEqual(notice.state, "issued")
        notice.with_user(self.manager).action_cancel()
        self.assertEqual(notice.state, "cancelled")

    def test_internal_methods_are_not_callable(self):
        """What skips the actions has no public name."""
        for model, names in (
            ("discom.notice", ("_set", "_serve", "_exclude", "_stop_paid", "_record_visit")),
            ("discom.notice.run", ("_set", "_approve", "_propose", "_mark_sent")),
        ):
            for name in names:
                with self.subTest(name), self.assertRaises(AccessError):
                    get_public_method(self.env[model].with_user(self.manager), name)

    def test_smuggled_values(self):
        """Neither defaults in the context nor values on creation set what actions set."""
        run = self.env["discom.notice.run"].with_user(self.clerk)
        for extra in ({"state": "approved"}, {"user_id": self.manager.id},
                      {"approver_id": self.manager.id}):  # fmt: skip
            with self.subTest(extra), self.assertRaises(UserError):
                run.create({"office_id": self.division_a.id, "date": "2026-11-25", **extra})
        context = {f"default_{name}": value for name, value in (
            ("state", "approved"), ("approver_id", self.manager.id),
            ("user_id", self.manager.id))}  # fmt: skip
        made = run.with_context(**context).create(
            {"office_id": self.division_a.id, "date": "2026-11-26"}
        )
        self.assertEqual(
            (made.state, made.user_id, made.approver_id.ids), ("draft", self.clerk, [])
        )
        with self.assertRaises(UserError):
            self.env["discom.notice"].with_user(self.clerk).create(
                {"run_id": made.id, "partner_id": self.owing().id, "state": "listed"}
            )
        with self.assertRaises(UserError):
            run.create({"office_id": self.division_b.id, "date": "2026-11-25"})

    def test_smuggled_values_of_a_plan(self):
        consumer = self.owing(amount=8000)
        self.env["discom.bill"]._settle(consumer.ids)
        plans = self.env["discom.payment.plan"].with_user(self.clerk)
        plan = plans.with_context(
            default_state="running", default_approver_id=self.manager.id,
            default_user_id=self.manager.id,
        ).create({"partner_id": consumer.id, "reason": "Crop failure"})  # fmt: skip
        self.assertEqual(
            (plan.state, plan.user_id, plan.approver_id.ids), ("draft", self.clerk, [])
        )
