from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappApproval(WhatsappCommon):
    """A large broadcast leaves after another person has agreed, a scheduled one at its time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bills = cls.create_bill() | cls.create_bill() | cls.create_bill()
        cls.account.approve_above = 2
        cls.manager_b = cls.create_user("test_manager_b", "group_division_manager", cls.division_b)

    def work(self):
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_broadcast"))

    def test_large_broadcast_waits_for_the_manager(self):
        composer = self.compose(self.bills)
        self.assertTrue(composer.needs_approval)
        self.assertIn("division manager", composer.approval_note)
        broadcast = self.send(self.bills)
        self.assertEqual(broadcast.state, "to_approve")
        self.work()
        self.run_lane()
        self.assertFalse(self.messages(broadcast))
        asked = broadcast.activity_ids.user_id
        self.assertIn(self.manager, asked)
        self.assertNotIn(self.clerk, asked)
        self.assertNotIn(self.manager_b, asked)
        self.assertNotIn(self.administrator, asked, "the office has a manager")
        self.assertIn("₹500", broadcast.with_user(self.manager).sample)
        self.assertFalse(broadcast.with_user(self.auditor).sample)

        broadcast.with_user(self.manager).action_approve()
        self.assertRecordValues(
            broadcast, [{"state": "sending", "approver_id": self.manager.id, "send_count": 3}]
        )
        self.assertTrue(broadcast.approved_at)
        self.assertFalse(broadcast.activity_ids)
        self.run_lane()
        self.assertEqual(self.simulator.state()["accepted"], 3)
        # What was agreed to is what is sent: the rights of the sender decide who receives it.
        self.assertEqual(broadcast.user_id, self.clerk)

    def test_small_broadcast_leaves_at_once(self):
        self.assertEqual(self.send(self.bills[:2]).state, "sending")

    def test_splitting_does_not_evade_approval(self):
        """What one person sends in a day is one sending."""
        self.assertEqual(self.send(self.bills[:2]).state, "sending")
        composer = self.compose(self.bills[2])
        self.assertTrue(composer.needs_approval)
        self.assertIn("24", composer.approval_note)
        waiting = self.send(self.bills[2])
        self.assertEqual(waiting.state, "to_approve")
        waiting.with_user(self.manager).action_approve()
        more = self.create_bill() | self.create_bill()
        self.assertEqual(self.send(more[0], user=self.manager).state, "sending", "another person")
        old = self.env["discom.whatsapp.broadcast"].search([("user_id", "=", self.clerk.id)])
        old.date = fields.Datetime.now() - timedelta(hours=25)
        self.assertEqual(self.send(more[1]).state, "sending", "another day")

    def test_approved_work_does_not_count(self):
        """What was approved elsewhere, or needs nobody, leaves the day's measure alone."""
        self.patch(
            self.env.registry["discom.bill"], "_whatsapp_is_approved", lambda self, domain: True
        )
        self.assertEqual(self.send(self.bills).state, "sending")
        self.patch(
            self.env.registry["discom.bill"], "_whatsapp_is_approved", lambda self, domain: False
        )
        self.assertEqual(self.send(self.create_bill()).state, "sending")

    def test_outages_are_urgent(self):
        outages = self.env["discom.outage"]
        self.assertTrue(
            all(spec["urgent"] for spec in outages._whatsapp_purposes().values()),
        )
        self.assertFalse(self.bills._whatsapp_purposes()["bill"].get("urgent"))

    def test_nobody_approves_the_own(self):
        broadcast = self.send(self.bills, user=self.manager)
        self.assertEqual(broadcast.state, "to_approve")
        for user in (self.manager, self.clerk, self.clerk_b, self.manager_b, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                broadcast.with_user(user).action_approve()
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                broadcast.with_user(user).action_reject("no")
        self.assertFalse(broadcast.with_user(self.manager).may_approve)
        self.assertEqual(broadcast.state, "to_approve")
        chief = self.create_user("test_chief", "group_division_manager", self.discom)
        self.assertTrue(broadcast.with_user(chief).may_approve)
        broadcast.with_user(chief).action_approve()
        self.assertEqual(broadcast.state, "sending")

    def test_nobody_may_approve(self):
        """Without a second manager it says so in place of waiting for ever."""
        others = self.env.ref("discom.group_division_manager").all_user_ids - self.manager
        groups = ("discom.group_administrator", "discom.group_division_manager")
        others.write({"group_ids": [(3, self.env.ref(group).id) for group in groups]})
        with self.assertRaisesRegex(UserError, "none but you"):
            self.send(self.bills, user=self.manager)

    def test_refused_with_a_reason(self):
        broadcast = self.send(self.bills)
        action = broadcast.with_user(self.manager).action_open_reject()
        with self.assertRaises(UserError):
            broadcast.with_user(self.manager).action_reject("  ")
        wizard = Form(
            self.env["discom.whatsapp.broadcast.reject"]
            .with_user(self.manager)
            .with_context(**action["context"])
        )
        wizard.reason = "The due date is wrong"
        wizard.save().action_reject()
        self.assertRecordValues(
            broadcast,
            [
                {
                    "state": "rejected",
                    "reject_reason": "The due date is wrong",
                    "approver_id": self.manager.id,
                }
            ],
        )
        self.assertIn(self.clerk.partner_id, broadcast.message_ids.notified_partner_ids)
        self.assertFalse(broadcast.activity_ids)
        with self.assertRaisesRegex(UserError, "does not wait"):
            broadcast.with_user(self.manager).action_approve()
        self.work()
        self.assertFalse(self.messages(broadcast))

    def test_states_are_not_set_by_rpc(self):
        broadcast = self.send(self.bills)
        for vals in (
            {"state": "planning"},
            {"approver_id": self.manager.id},
            {"send_count": 1},
            {"user_id": self.clerk_b.id},
        ):
            for user in (self.clerk, self.manager, self.administrator):
                with self.subTest(vals=vals, user=user.login), self.assertRaises(AccessError):
                    broadcast.with_user(user).write(vals)
        with self.assertRaises(AccessError):
            self.env["discom.whatsapp.broadcast"].with_user(self.clerk).create(
                {
                    "name": "x",
                    "res_model": "discom.bill",
                    "res_domain": "[]",
                    "purpose": "bill",
                    "state": "planning",
                }
            )

    def test_counts_told_by_a_client_are_not_believed(self):
        composer = self.compose(self.bills)
        composer.write({"send_count": 1, "total_count": 1})
        broadcast = self.env["discom.whatsapp.broadcast"].browse(composer.action_send()["res_id"])
        self.assertRecordValues(broadcast, [{"state": "to_approve", "send_count": 3}])

    def test_cancelled_while_it_waits(self):
        broadcast = self.send(self.bills)
        broadcast.with_user(self.clerk).action_cancel()
        self.assertEqual(broadcast.state, "cancelled")
        self.assertFalse(broadcast.activity_ids)
        with self.assertRaises(UserError):
            broadcast.with_user(self.manager).action_approve()

    # === SCHEDULE === #

    def test_scheduled_broadcast_begins_at_its_time(self):
        at = fields.Datetime.now() + timedelta(hours=3)
        broadcast = self.send(self.bills[:2], send_at=at)
        self.assertEqual(broadcast.state, "scheduled")
        self.work()
        self.assertFalse(self.messages(broadcast))
        # Who has paid or changed meanwhile is looked at when it begins.
        self.bills[0].partner_id._discom_record_consent("withdrawn", ["bills"], "counter")
        broadcast.send_at = fields.Datetime.now() - timedelta(seconds=1)
        self.work()
        self.assertEqual(broadcast.state, "sending")
        self.assertEqual(set(self.messages(broadcast).mapped("state")), {"queued", "skipped"})

    def test_approved_for_later(self):
        at = fields.Datetime.now() + timedelta(hours=3)
        broadcast = self.send(self.bills, send_at=at)
        self.assertEqual(broadcast.state, "to_approve")
        broadcast.with_user(self.manager).action_approve()
        self.assertEqual(broadcast.state, "scheduled")
        broadcast.with_user(self.clerk).action_cancel()
        self.assertEqual(broadcast.state, "cancelled")

    def test_small_when_scheduled_large_when_due(self):
        """Putting a broadcast off does not get round the approval."""
        self.account.approve_above = 3
        composer = self.compose(self.bills[:1])
        composer.write(
            {
                "res_domain": repr(
                    [("office_id", "=", self.subdivision_a1.id), ("state", "=", "issued")]
                ),
                "send_at": fields.Datetime.now() + timedelta(hours=1),
            }
        )
        broadcast = self.env["discom.whatsapp.broadcast"].browse(composer.action_send()["res_id"])
        self.assertRecordValues(broadcast, [{"state": "scheduled", "send_count": 3}])
        self.create_bill()
        broadcast.send_at = fields.Datetime.now() - timedelta(seconds=1)
        self.work()
        self.assertRecordValues(broadcast, [{"state": "to_approve", "send_count": 4}])

    def test_approved_then_grown(self):
        """The approval holds for as many as were shown; for more it is asked for again."""
        composer = self.compose(self.bills)
        composer.write(
            {
                "res_domain": repr(
                    [("office_id", "=", self.subdivision_a1.id), ("state", "=", "issued")]
                ),
                "send_at": fields.Datetime.now() + timedelta(hours=1),
            }
        )
        broadcast = self.env["discom.whatsapp.broadcast"].browse(composer.action_send()["res_id"])
        self.create_bill()
        notice = broadcast.with_user(self.manager).action_approve()
        self.assertIn("(4)", notice["params"]["message"])
        self.assertRecordValues(broadcast, [{"state": "to_approve", "send_count": 4}])
        broadcast.with_user(self.manager).action_approve()
        self.assertEqual(broadcast.state, "scheduled")

        late = self.create_bill()
        broadcast.send_at = fields.Datetime.now() - timedelta(seconds=1)
        self.work()
        self.assertRecordValues(
            broadcast,
            [{"state": "to_approve", "send_count": 5, "approver_id": False, "approved_at": False}],
        )
        self.assertIn(self.manager, broadcast.activity_ids.user_id)
        self.assertIn("approved for 4", str(broadcast.activity_ids[0].note))
        self.assertFalse(self.messages(broadcast))
        broadcast.with_user(self.manager).action_approve()
        self.assertEqual(broadcast.state, "sending")
        self.assertIn(late.id, self.messages(broadcast).mapped("res_id"))

    def test_approved_then_shrunk(self):
        broadcast = self.send(self.bills, send_at=fields.Datetime.now() + timedelta(hours=1))
        broadcast.with_user(self.manager).action_approve()
        self.bills[0].partner_id._discom_record_consent("withdrawn", ["bills"], "counter")
        broadcast.send_at = fields.Datetime.now() - timedelta(seconds=1)
        self.work()
        self.assertRecordValues(
            broadcast, [{"state": "sending", "send_count": 2, "approver_id": self.manager.id}]
        )

    def test_times_that_make_no_sense(self):
        for delta in (timedelta(hours=-1), timedelta(days=31)):
            composer = self.compose(self.bills[:1])
            composer.send_at = fields.Datetime.now() + delta
            with self.subTest(delta), self.assertRaisesRegex(UserError, "next 30 days"):
                composer.action_send()
