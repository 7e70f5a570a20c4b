from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .outage_common import OutageCommon

DOUBTFUL = ("in_flight", "unknown", "held")


@tagged("post_install", "-at_install")
class TestOutageLate(OutageCommon):
    """Who hears of the end of an outage at another moment than the others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumers = cls.env["res.partner"].union(*[cls.create_told() for _n in range(4)])
        cls.outage = cls.create_outage(cls.feeder_a1, start=-1, hours=3)

    def announced(self, states):
        """Announce; the messages are in ``states``, one each, in the order of the consumers."""
        messages = self.announce(self.outage).sorted("partner_id")
        for message, state in zip(messages, states, strict=True):
            message.state = state
        return messages

    def report(self, messages, status="delivered"):
        """WhatsApp reports about these messages, as the webhook brings it."""
        self.env["discom.whatsapp.message"]._apply_statuses(
            [
                {"key": message.key, "status": status, "timestamp": 1_900_000_000}
                for message in messages
            ]
        )
        messages.invalidate_recordset()

    def tell_late(self):
        """Run the scheduled action."""
        self.run_cron(self.env.ref("discom.ir_cron_outage_late"))

    def news(self, purpose="outage_restored"):
        """Consumers who are told it."""
        sent = self.messages(self.outage, purpose).filtered(lambda m: m.state == "queued")
        self.assertEqual(len(sent), len(sent.partner_id), "nobody twice")
        return sent.partner_id

    def restore(self):
        return self.update(self.outage.with_user(self.operator).action_restored())

    # === LATE REPORTS === #

    def test_in_doubt_when_supply_is_back(self):
        messages = self.announced(("delivered", *DOUBTFUL))
        self.send(self.restore())
        self.assertEqual(self.news(), self.consumers[0])
        self.report(messages[2])
        messages[1].state = "accepted"
        self.tell_late()
        self.assertEqual(self.news(), self.consumers[:3])
        self.tell_late()
        self.assertEqual(self.news(), self.consumers[:3], "once")
        self.report(messages[3], "sent")
        self.tell_late()
        self.assertEqual(self.news(), self.consumers)

    def test_report_wakes_the_action(self):
        messages = self.announced(("delivered", *DOUBTFUL))
        self.send(self.restore())
        cron = self.env.ref("discom.ir_cron_outage_late")
        woken = [("cron_id", "=", cron.id)]
        triggers = self.env["ir.cron.trigger"].search(woken)
        self.assertTrue(triggers, "the calls under way have ended in a minute")
        triggers.unlink()
        self.report(messages[0], "read")
        self.assertFalse(triggers.search(woken))
        self.report(messages[2])
        self.assertTrue(triggers.search(woken))

    def test_all_in_doubt(self):
        """Nobody is there to be told yet, but the officer's decision is asked for and kept."""
        messages = self.announced(("unknown",) * 4)
        action = self.outage.with_user(self.operator).action_restored()
        wizard = Form(self.env[action["res_model"]].with_user(self.operator).with_context(
            **action["context"]
        )).save()  # fmt: skip
        self.assertEqual((wizard.informed_count, wizard.waiting_count), (0, 4))
        composer = self.send(wizard.action_apply())
        self.assertEqual(composer.send_count, 0)
        self.assertIn("4", composer.warning)
        self.assertFalse(self.news())
        self.report(messages[:3])
        self.report(messages[3], "failed")
        self.tell_late()
        self.assertEqual(self.news(), self.consumers[:3])

    def test_not_confirmed_is_not_told_late(self):
        messages = self.announced(("delivered", *DOUBTFUL))
        self.restore()
        self.report(messages[1:])
        self.tell_late()
        self.assertFalse(self.news())
        self.assertTrue(self.outage.with_user(self.operator).has_untold)

    def test_failed_and_reported_delivered_after_all(self):
        messages = self.announced(("delivered", "failed", "failed", "failed"))
        self.send(self.restore())
        self.report(messages[1])
        self.tell_late()
        self.assertEqual(self.news(), self.consumers[:2])

    def test_changed_time(self):
        messages = self.announced(("delivered", "unknown", "unknown", "failed"))
        end = self.outage.date_end_expected + timedelta(hours=1)
        action = self.outage.with_user(self.operator).action_change_time()
        self.send(self.update(action, date_end_expected=end))
        self.report(messages[1])
        # Who is told after the change reads the new time at once.
        self.env.cr.execute(
            "UPDATE discom_whatsapp_message SET claimed_at = %s WHERE id = %s",
            [fields.Datetime.now() + timedelta(minutes=3), messages[3].id],
        )
        self.report(messages[3])
        self.tell_late()
        self.assertEqual(self.news("outage_changed"), self.consumers[:2])
        # Of what is over only the end is told.
        self.send(self.restore())
        self.report(messages[2])
        self.tell_late()
        self.assertFalse(self.news("outage_changed"))
        self.assertEqual(self.news(), self.consumers)

    def test_long_over(self):
        messages = self.announced(("delivered", "unknown", "unknown", "unknown"))
        self.send(self.restore())
        self.env["discom.whatsapp.broadcast"].search(
            [("purpose", "=", "outage_restored"), ("res_model", "=", "discom.outage")]
        ).date = self.now - timedelta(days=2)
        self.report(messages[1:])
        self.tell_late()
        self.assertEqual(self.news(), self.consumers[0])

    # === WHO CALLED === #

    def call(self, consumers, source="phone"):
        calls = self.env["discom.outage.call"]._report(consumers, source)
        self.assertEqual(calls.mapped("state"), ["known"] * len(calls))
        return calls

    def test_who_called_is_told_by_itself(self):
        """Also where the officer tells nobody; and once, where he does."""
        self.announced(("delivered", "delivered", "failed", "failed"))
        self.call(self.consumers[1:3])
        self.update(self.outage.with_user(self.operator).action_restored(), inform=False)
        self.assertEqual(self.news(), self.consumers[1:3])
        broadcast = self.messages(self.outage, "outage_restored").broadcast_id
        self.assertEqual((broadcast.user_id, broadcast.state), (self.operator, "sending"))
        self.send(self.outage.with_user(self.operator).action_tell_over())
        self.assertEqual(self.news(), self.consumers[:3])

    def test_who_called_and_told_in_one_go(self):
        self.announced(("delivered", "delivered", "failed", "failed"))
        self.call(self.consumers[1:3])
        self.assertEqual(self.send(self.restore()).send_count, 1)
        self.assertEqual(self.news(), self.consumers[:3])

    def test_one_phone_is_told_once(self):
        """The call came for another connection on the phone that got the announcement."""
        family = self.create_told(discom_whatsapp_number=self.consumers[0].discom_whatsapp_number)
        self.announced(("delivered", "failed", "failed", "failed"))
        self.call(family)
        action = self.restore()
        self.assertEqual(self.news(), family)
        self.assertEqual(self.send_counted(action), 0)

    def send_counted(self, action):
        """How many the composer of ``action`` would tell."""
        composer = self.env[action["res_model"]].browse(action["res_id"])
        return composer.with_user(self.operator).send_count

    def test_who_called_without_consent(self):
        stranger = self.create_consumer()
        self.announced(("failed",) * 4)
        self.call(stranger)
        action = self.restore()
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        self.assertEqual(self.messages(self.outage, "outage_restored").skip_reason, "no_consent")
        self.assertFalse(self.outage.with_user(self.operator).has_untold)

    def test_no_template(self):
        """The outage is closed all the same, and the officer is asked to tell later."""
        self.announced(("delivered", "failed", "failed", "failed"))
        self.call(self.consumers[1])
        self.env["discom.whatsapp.template"].search(
            [("account_id", "=", self.account.id), ("purpose", "=", "outage_restored")]
        ).status = "pending"
        self.restore()
        self.assertEqual(self.outage.state, "restored")
        self.assertFalse(self.news())
        self.assertTrue(self.outage.with_user(self.operator).has_untold)

    # === THE BUTTON === #

    def test_button_until_all_are_told(self):
        self.announced(("delivered", "delivered", "failed", "failed"))
        operator = self.outage.with_user(self.operator)
        self.assertFalse(operator.has_untold)
        self.restore()
        with Form(operator) as form:
            self.assertTrue(form.has_untold)
        self.send(operator.action_tell_over())
        operator.invalidate_recordset()
        with Form(operator) as form:
            self.assertFalse(form.has_untold)

    def test_button_while_somebody_above_is_telling(self):
        """Also where the sending belongs to an office whose broadcasts the operator does not see,
        and whether it waits for its hour or for the background."""
        head = self.create_user("test_head", "group_outage_operator", self.discom)
        self.announced(("delivered", "delivered", "failed", "failed"))
        self.update(self.outage.with_user(self.operator).action_restored(), inform=False)
        operator = self.outage.with_user(self.operator)
        at = fields.Datetime.now() + timedelta(hours=1)
        for values, at_once, state in (({"send_at": at}, 2000, "scheduled"), ({}, 0, "planning")):
            with self.subTest(state=state):
                operator.invalidate_recordset()
                with Form(operator) as form:
                    self.assertTrue(form.has_untold)
                action = self.outage.with_user(head).action_tell_over()
                self.env[action["res_model"]].browse(action["res_id"]).with_user(head).write(values)
                with patch("odoo.addons.discom.models.whatsapp_broadcast.PLAN_AT_ONCE", at_once):
                    self.send(action, head)
                broadcast = self.env["discom.whatsapp.broadcast"].search(
                    [("purpose", "=", "outage_restored"), ("user_id", "=", head.id)], limit=1
                )
                self.assertEqual(broadcast.state, state)
                self.assertFalse(broadcast.with_user(self.operator).search([]) & broadcast)
                operator.invalidate_recordset()
                with Form(operator) as form:
                    self.assertFalse(form.has_untold)
                broadcast.with_user(head).action_cancel()

    # === AT THE SAME MOMENT === #

    def test_assets_moved_while_it_lasts(self):
        """Who was told hears the end, wherever the connection hangs by then."""
        self.announced(("delivered", "delivered", "failed", "failed"))
        self.transformer_a11.parent_id = self.feeder_a2
        moved_in = self.create_told(discom_asset_id=self.transformer_a12.id)
        end = self.outage.date_end_expected + timedelta(hours=1)
        action = self.outage.with_user(self.operator).action_change_time()
        self.send(self.update(action, date_end_expected=end))
        self.assertEqual(self.news("outage_changed"), self.consumers[:2])
        self.send(self.restore())
        self.assertEqual(self.news(), self.consumers[:2])
        self.assertNotIn(moved_in, self.news())

    def suggestion(self):
        """A breakdown of transformer A12 that three calls suggest."""
        callers = [self.create_told(discom_asset_id=self.transformer_a12.id) for _n in range(3)]
        self.env["discom.outage.call"]._report(self.env["res.partner"].union(*callers), "phone")
        self.env["discom.outage.suggestion"]._cron_suggest()
        return self.env["discom.outage.suggestion"].search(
            [("state", "=", "new"), ("asset_id", "=", self.transformer_a12.id)]
        )

    def test_call_while_it_is_announced(self):
        """Neither transaction sees the other: the next look finds it, and suggests nothing."""
        suggestion = self.suggestion().with_user(self.operator)
        self.send(suggestion.action_announce())
        calls = suggestion.call_ids
        self.assertEqual(set(calls.mapped("state")), {"known"})
        self.env.cr.execute(
            "UPDATE discom_outage_call SET state = 'open', outage_id = NULL, suggestion_id = NULL"
            " WHERE id = ANY(%s)",
            [calls.ids],
        )
        self.env.invalidate_all()
        self.env["discom.outage.suggestion"]._cron_suggest()
        self.assertEqual(set(calls.mapped("state")), {"known"})
        self.assertFalse(suggestion.search([("state", "=", "new")]))

    def test_calls_while_the_preview_is_open(self):
        """They join the suggestion, which stands until the announcement is sent."""
        first = self.suggestion().with_user(self.operator)
        preview = first.action_announce()
        second = self.suggestion().with_user(self.operator)
        self.assertEqual((second, second.call_count), (first, 6))
        self.send(preview)
        self.assertEqual(len(first.outage_id.call_ids), 6)
        self.assertEqual(first.state, "announced")

    def test_discarded_preview_leaves_the_suggestion(self):
        """It can be announced anew, with the same outage, corrected meanwhile or not."""
        suggestion = self.suggestion().with_user(self.operator)
        self.assertTrue(suggestion.action_announce())
        outage = suggestion.outage_id
        self.assertEqual((suggestion.state, outage.state), ("new", "draft"))
        self.assertTrue(suggestion.activity_ids)
        self.assertEqual(suggestion.call_ids.mapped("state"), ["open"] * 3)
        outage.asset_ids |= self.transformer_a11
        self.assertEqual(suggestion.action_record()["res_id"], outage.id)
        self.send(suggestion.action_announce())
        self.assertEqual((suggestion.state, outage.state), ("announced", "ongoing"))
        self.assertFalse(suggestion.activity_ids)
        self.assertEqual(suggestion.call_ids.outage_id, outage)

    def test_draft_that_was_thrown_away(self):
        """The suggestion makes another one."""
        suggestion = self.suggestion().with_user(self.operator)
        suggestion.action_announce()
        first = suggestion.outage_id
        self.update(first.action_cancel())
        self.assertEqual(suggestion.state, "new")
        self.send(suggestion.action_announce())
        self.assertNotEqual(suggestion.outage_id, first)
        self.assertEqual(suggestion.state, "announced")

    def test_two_operators(self):
        """Both look at the preview; who sends second learns it, and nobody is told twice."""
        suggestion = self.suggestion()
        first = suggestion.with_user(self.operator).action_announce()
        second = suggestion.with_user(self.manager).action_announce()
        self.send(first)
        with self.assertRefused(UserError, "sent meanwhile"):
            self.send(second, self.manager)
        for action in ("action_announce", "action_dismiss"):
            with self.assertRefused(UserError, "dealt with this suggestion already"):
                getattr(suggestion.with_user(self.manager), action)()
        self.assertEqual(len(self.messages(suggestion.outage_id)), 3)

    def test_announced_another_way(self):
        """Its suggestion is done with."""
        suggestion = self.suggestion()
        self.send(self.transformer_a12.with_user(self.operator).action_announce_breakdown())
        self.assertEqual((suggestion.state, suggestion.outage_id.state), ("announced", "ongoing"))
        self.assertFalse(suggestion.activity_ids)
