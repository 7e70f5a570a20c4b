from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .outage_common import OutageCommon


@tagged("post_install", "-at_install")
class TestOutageCall(OutageCommon):
    """Consumers say that there is no supply; many of them point to a breakdown."""

    def call(self, **vals):
        """A consumer on transformer A11 (or as told) calls; return the call."""
        consumer = self.create_told(**vals)
        with Form(self.env["discom.outage.call"].with_user(self.counter)) as form:
            form.partner_id = consumer.with_user(self.counter)
        return form.record.with_user(self.operator)

    def suggest(self):
        """Let the scheduled action look, and return what is suggested."""
        self.env["discom.outage.suggestion"]._cron_suggest()
        return self.env["discom.outage.suggestion"].search(
            [("state", "=", "new"), ("asset_id", "child_of", self.substation_a.id)]
        )

    def test_entered_at_the_counter(self):
        call = self.call(discom_village="Churk")
        self.assertEqual(
            (call.state, call.asset_id, call.office_id, call.village, call.source),
            ("open", self.transformer_a11, self.subdivision_a1, "Churk", "phone"),
        )

    def test_known_outage_is_found(self):
        self.create_told()
        outage = self.create_outage(self.substation_a)
        self.announce(outage)
        call = self.call()
        self.assertEqual((call.state, call.outage_id), ("known", outage))

    def test_announcing_takes_up_open_calls(self):
        call = self.call()
        elsewhere = self.call(discom_asset_id=self.feeder_a2.id)
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        self.assertEqual((call.state, call.outage_id), ("known", outage))
        self.assertEqual(elsewhere.state, "open")
        self.assertEqual(outage.call_count, 1)

    def test_told_when_supply_is_back(self):
        """Also who called and was not told of the outage, for want of a message then."""
        outage = self.create_outage(self.feeder_a1)
        outage.state = "ongoing"
        call = self.call()
        self.assertEqual(call.outage_id, outage)
        action = self.update(outage.with_user(self.operator).action_restored())
        self.assertEqual(action["type"], "ir.actions.act_window_close", "nobody else was told")
        self.assertEqual(self.messages(outage, "outage_restored").partner_id, call.partner_id)
        self.assertEqual((call.state, call.outcome), ("closed", "restored"))

    def closed_messages(self, calls):
        return self.env["discom.whatsapp.message"].search(
            [("res_model", "=", "discom.outage.call"), ("res_id", "in", calls.ids)]
        )

    def closing_template(self):
        for lang in ("hi_IN", "en_IN"):
            self.env["discom.whatsapp.template"].create(
                {
                    "name": "test_outage_call_closed",
                    "account_id": self.account.id,
                    "lang": lang,
                    "purpose": "outage_call_closed",
                    "body": "Test: {{account_last4}} {{result}}.",
                    "status": "approved",
                }
            )

    def test_who_telephoned_is_told_when_the_call_is_closed(self):
        """There is no outage on record and no chat to answer in."""
        self.closing_template()
        for action, result in (
            ("action_close_restored", "चालू हो गई है"),
            ("action_close_premises", "केवल आपके कनेक्शन में"),
            ("action_close_none", "कोई खराबी नहीं मिली"),
        ):
            with self.subTest(action):
                call = self.call(lang="hi_IN")
                getattr(call, action)()
                message = self.closed_messages(call)
                self.assertEqual(
                    (message.state, message.partner_id, message.purpose),
                    ("queued", call.partner_id, "outage_call_closed"),
                )
                self.assertIn(result, message.values["result"])
                self.assertEqual(message.values["account_last4"], call.account_no[-4:])
                self.assertEqual(call.whatsapp_state, "queued")

    def test_buttons_are_the_only_way(self):
        """Nobody closes a call by RPC or an import, without who called being told."""
        call = self.call()
        for user in (self.counter, self.surveyor, self.operator):
            calls = self.env["discom.outage.call"].with_user(user)
            for vals in (
                {"state": "closed"},
                {"state": "open", "outcome": "none"},
                {"outcome": "restored"},
                {"source": "whatsapp"},
            ):
                with self.subTest(user.login, vals=vals):
                    with self.assertRaisesRegex(UserError, "buttons"):
                        call.with_user(user).write(vals)
                    with self.assertRaisesRegex(UserError, "buttons"):
                        calls.create({"partner_id": self.create_consumer().id, **vals})
            with mute_logger("odoo.models"):
                loaded = calls.load([".id", "state"], [[str(call.id), "closed"]])
            self.assertFalse(loaded["ids"])
        call.with_user(self.counter).note = "The whole village"
        # Reopening one that is closed would be the same.
        call.action_close_none()
        for state in ("known", "open"):
            with self.assertRaisesRegex(UserError, "buttons"):
                call.with_user(self.operator).write({"state": state})
        calls = self.env["discom.outage.call"].with_user(self.operator)
        with self.assertRaisesRegex(UserError, "buttons"):
            calls.with_context(default_state="closed").create(
                {"partner_id": self.create_consumer().id}
            )
        self.assertEqual((call.state, call.outcome), ("closed", "none"))

    def test_closed_from_the_list_in_one_sending(self):
        self.closing_template()
        calls = self.call() | self.call() | self.call(discom_whatsapp_number=False)
        self.create_consumer()
        calls.action_close_none()
        messages = self.closed_messages(calls)
        self.assertEqual(sorted(messages.mapped("state")), ["queued", "queued", "skipped"])
        self.assertEqual(len(messages.broadcast_id), 1)

    def test_closed_call_of_who_did_not_agree(self):
        self.closing_template()
        with Form(self.env["discom.outage.call"].with_user(self.counter)) as form:
            form.partner_id = self.create_consumer().with_user(self.counter)
        form.record.with_user(self.operator).action_close_none()
        self.assertEqual(self.closed_messages(form.record).skip_reason, "no_consent")

    def test_closed_without_a_template_says_so(self):
        call = self.call()
        call.action_close_none()
        self.assertEqual(call.state, "closed")
        self.assertFalse(self.closed_messages(call))
        self.assertIn("was not told", str(call.message_ids[0].body))

    def test_preview_with_an_open_call(self):
        """Whoever writes the template may look at it with a call that came to nothing yet."""
        self.closing_template()
        template = self.env["discom.whatsapp.template"].search(
            [("name", "=", "test_outage_call_closed"), ("lang", "=", "hi_IN")]
        )
        call = self.call()
        self.assertFalse(call.outcome)
        template.preview_ref = call
        self.assertIn("कोई खराबी नहीं", template.preview_html)

    def test_open_calls_are_not_told_of(self):
        """Not even by RPC: there is nothing to tell yet."""
        self.closing_template()
        call = self.call()
        composer = self.env["discom.whatsapp.composer"].with_user(self.operator)
        action = composer._open("discom.outage.call", [("id", "=", call.id)], "outage_call_closed")
        composer = composer.browse(action["res_id"])
        self.assertEqual(composer.total_count, 0)
        with self.assertRefused(UserError, "Nobody would receive"):
            composer.action_send()

    def test_cancelled_outage_gives_calls_back(self):
        outage = self.create_outage(self.feeder_a1)
        outage.state = "ongoing"
        call = self.call()
        self.update(outage.with_user(self.operator).action_cancel(), inform=False)
        self.assertEqual((call.state, call.outage_id.id), ("open", False))

    def test_calling_twice_is_one_call(self):
        consumer = self.create_told()
        calls = self.env["discom.outage.call"]
        first = calls._report(consumer, "whatsapp")
        self.assertEqual(calls._report(consumer, "whatsapp"), first)
        first.with_user(self.operator).action_close_none()
        self.assertNotEqual(calls._report(consumer, "whatsapp"), first)

    def test_several_at_one_transformer(self):
        for _number in range(2):
            self.call()
        self.assertFalse(self.suggest(), "two are no breakdown")
        self.call()
        suggestion = self.suggest()
        self.assertEqual(suggestion.asset_id, self.transformer_a11)
        self.assertEqual((suggestion.call_count, suggestion.consumer_count), (3, 3))
        told = suggestion.activity_ids.user_id
        self.assertIn(self.operator, told)
        self.assertNotIn(self.clerk_b, told)

    def test_several_transformers_point_to_the_feeder(self):
        for _number in range(3):
            self.call()
        self.assertEqual(self.suggest().asset_id, self.transformer_a11)
        for _number in range(2):
            self.call(discom_asset_id=self.transformer_a12.id)
        suggestion = self.suggest()
        self.assertEqual(suggestion.asset_id, self.feeder_a1, "the transformer's is superseded")
        self.assertEqual(suggestion.call_count, 5)

    def test_many_at_one_transformer_are_not_the_feeder(self):
        for _number in range(6):
            self.call()
        self.assertEqual(self.suggest().asset_id, self.transformer_a11)

    def test_old_calls_suggest_nothing(self):
        calls = [self.call() for _number in range(3)]
        self.env.cr.execute(
            "UPDATE discom_outage_call SET create_date = create_date - interval '2 hours'"
            " WHERE id = ANY(%s)",
            [[call.id for call in calls]],
        )
        self.env.invalidate_all()
        self.assertFalse(self.suggest())

    def test_one_click_announces(self):
        calls = [self.call() for _number in range(3)]
        suggestion = self.suggest().with_user(self.operator)
        action = suggestion.action_announce()
        composer = self.send(action)
        self.assertEqual(composer.send_count, 3)
        outage = suggestion.outage_id
        self.assertEqual((outage.state, outage.officer_id), ("ongoing", self.operator))
        self.assertEqual({call.outage_id for call in calls}, {outage})
        self.assertFalse(suggestion.activity_ids)
        with self.assertRaisesRegex(UserError, "already"):
            suggestion.action_announce()

    def test_one_click_though_it_has_been_off_for_hours(self):
        calls = self.env["discom.outage.call"]
        for call in [self.call() for _number in range(3)]:
            calls |= call
        calls.date = fields.Datetime.now() - timedelta(hours=6)
        self.assertTrue(self.suggest().with_user(self.operator).action_announce())

    def test_dismissed_stays_dismissed(self):
        for _number in range(3):
            self.call()
        self.suggest().with_user(self.operator).action_dismiss()
        self.assertFalse(self.suggest())

    def test_report_outage_from_selected_calls(self):
        calls = self.call() | self.call(discom_asset_id=self.transformer_a12.id)
        action = calls.action_report_outage()
        self.assertEqual(action["context"]["default_asset_ids"], self.feeder_a1.ids)

    def test_bad_input(self):
        stranger = self.env["res.partner"].create({"name": "Not a consumer"})
        calls = self.env["discom.outage.call"]
        with self.assertRefused(ValidationError, "no consumer"):
            calls.create({"partner_id": stranger.id})
        with self.assertRefused(ValidationError, "lies in the future"):
            calls.create(
                {
                    "partner_id": self.create_told().id,
                    "date": fields.Datetime.now() + timedelta(hours=1),
                }
            )
        call = self.call()
        call.action_close_premises()
        with self.assertRefused(UserError, "Closed already"):
            call.action_close_none()

    def test_rights(self):
        call = self.call()
        with self.assertRaises(AccessError):
            call.with_user(self.clerk_b).read(["state"])
        with self.assertRaises(AccessError):
            call.with_user(self.auditor).action_close_none()
        for _number in range(2):
            self.call()
        with self.assertRaises(AccessError):
            self.suggest().with_user(self.auditor).action_announce()
