from datetime import datetime, timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .outage_common import OutageCommon


@tagged("post_install", "-at_install")
class TestOutageDoors(OutageCommon):
    """What careless and late people do with outages, by form and by RPC."""

    def form(self):
        """A new outage on feeder A1, not saved yet."""
        form = Form(self.env["discom.outage"].with_user(self.operator))
        form.asset_ids.add(self.feeder_a1)
        return form

    # === TIMES === #

    def test_end_follows_the_start(self):
        form = self.form()
        form.date_start = fields.Datetime.now() + timedelta(days=1)
        self.assertEqual(form.date_end_expected, form.date_start + timedelta(hours=2))
        form.save()

    def test_heard_of_late(self):
        """Its usual end is past, but it is still off: it can be announced."""
        form = self.form()
        form.date_end_expected = False
        form.date_start = fields.Datetime.now() - timedelta(hours=5)
        self.assertGreater(form.date_end_expected, fields.Datetime.now())
        self.create_told()
        self.assertTrue(form.save().action_announce())

    def test_extended_shutdown_needs_an_end(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, kind="extended", start=1)
        outage.date_end_expected = False
        with self.assertRefused(UserError, "expected end"):
            outage.with_user(self.operator).action_announce()

    def test_overrun_is_a_conflict(self):
        self.create_told()
        late = self.create_outage(self.feeder_a1, start=-3, hours=4)
        self.announce(late)
        late.date_end_expected = self.now - timedelta(hours=1)
        below = self.create_outage(self.transformer_a11, start=-0.5)
        self.assertIn(late.name, below.overlap_text)

    def test_forgotten_is_asked_for_once(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-3, hours=4)
        self.announce(outage)
        kind = self.env.ref("discom.mail_activity_outage_overrun")
        self.remind(self.now + timedelta(minutes=50))
        self.assertFalse(outage.activity_ids)
        for minutes in (70, 100):
            self.remind(self.now + timedelta(minutes=minutes))
            self.assertEqual(outage.activity_ids.activity_type_id, kind)
            self.assertEqual(outage.activity_ids.user_id, self.operator)
        self.update(
            outage.with_user(self.operator).action_change_time(),
            date_end_expected=self.now + timedelta(hours=9),
        )
        self.assertFalse(outage.activity_ids)

    # === CLOSED TWICE, CLOSED BY RPC === #

    def test_dialog_that_stood_open(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-1)
        self.announce(outage)
        operator = outage.with_user(self.operator)
        first, second = operator.action_restored(), operator.action_cancel()
        self.update(first)
        with self.assertRefused(UserError, "Restored or cancelled already"):
            self.update(second)
        self.assertEqual(outage.state, "restored")

    def test_never_announced_is_closed(self):
        outage = self.create_outage(self.feeder_a1, start=-3)
        self.update(outage.with_user(self.operator).action_restored())
        self.assertEqual(outage.state, "restored")

    def test_rpc_closes_with_a_time_only(self):
        outage = self.create_outage(self.feeder_a1, start=-3).with_user(self.operator)
        now = fields.Datetime.now()
        for vals in (
            {"state": "restored"},
            {"date_end": now},
            {"state": "restored", "date_end": now + timedelta(hours=1)},
        ):
            with self.subTest(vals), self.assertRefused(UserError):
                outage.write(vals)
            with self.subTest(vals), self.assertRefused(UserError):
                outage.create({"asset_ids": [Command.set(self.feeder_a2.ids)], **vals})

    def test_rpc_makes_no_draft_of_what_was_announced(self):
        """It could be deleted then."""
        self.create_told()
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        with self.assertRefused(UserError, "Cancel it instead"):
            outage.with_user(self.operator).state = "draft"

    def test_rpc_leaves_what_is_over(self):
        outage = self.create_outage(self.feeder_a1, start=-3)
        operator = outage.with_user(self.operator)
        self.update(operator.action_restored())
        for vals in (
            {"state": "draft"},
            {"date_start": self.now - timedelta(hours=9)},
            {"asset_ids": [Command.set(self.feeder_a2.ids)]},
            {"kind": "planned"},
        ):
            with self.subTest(vals), self.assertRefused(UserError, "Restored or cancelled already"):
                operator.write(vals)
        operator.reason_note = "found later"

    # === SLIPS OF THE PEN === #

    def test_breakdown_ahead_is_a_shutdown(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=3)
        with self.assertRefused(UserError, "has begun already"):
            outage.with_user(self.operator).action_announce()
        outage.kind = "load_shedding"
        self.assertTrue(outage.with_user(self.operator).action_announce())

    def test_dates_of_another_year(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1)
        outage.date_start -= timedelta(days=365)
        with self.assertRefused(UserError, "Correct the start"):
            outage.with_user(self.operator).action_announce()
        outage.write({"date_start": self.now, "date_end_expected": self.now + timedelta(days=365)})
        with self.assertRefused(UserError, "Correct the expected end"):
            outage.with_user(self.operator).action_announce()
        outage.kind = "planned"
        outage.write(
            {
                "date_end_expected": self.now + timedelta(days=730, hours=2),
                "date_start": self.now + timedelta(days=730),
            }
        )
        with self.assertRefused(UserError, "Correct the start"):
            outage.with_user(self.operator).action_announce()

    def test_changed_to_the_same_times(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        with self.assertRefused(UserError, "the times already"):
            self.update(outage.with_user(self.operator).action_change_time())

    def test_preview_that_stood_open(self):
        """Meanwhile another one has sent it, or supply is back."""
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-1)
        first, second, third = (
            outage.with_user(user).action_announce()
            for user in (self.operator, self.manager, self.manager)
        )
        self.send(first)
        self.send(first)
        with self.assertRefused(UserError, "sent meanwhile"):
            self.send(second, self.manager)
        self.assertEqual(len(self.messages(outage)), 1)
        self.update(outage.with_user(self.operator).action_restored())
        with self.assertRefused(UserError, "already restored"):
            self.send(third, self.manager)
        self.assertEqual(outage.state, "restored")

    def test_rpc_announces_nothing_that_is_over(self):
        """The composer is a door of its own."""
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-5, hours=2)
        composer = self.env["discom.whatsapp.composer"].with_user(self.operator)
        composer = composer.create(
            {
                "res_model": "discom.outage",
                "res_domain": repr([("id", "=", outage.id)]),
                "purpose": "outage_unplanned",
            }
        )
        with self.assertRefused(UserError, "expected end is past"):
            composer.action_send()
        self.assertFalse(self.messages(outage))
        self.assertEqual(outage.state, "draft")

    # === TWO CLICKS === #

    def test_two_clicks_on_an_asset(self):
        self.create_told()
        feeder = self.feeder_a1.with_user(self.operator)
        closed = feeder.action_announce_breakdown()
        self.assertTrue(closed)
        composer = self.send(feeder.action_announce_breakdown())
        outages = self.env["discom.outage"].search([("asset_ids", "in", feeder.ids)])
        self.assertEqual(outages.mapped("state"), ["ongoing"], "the draft was used again")
        self.assertEqual((composer.send_count, outages.officer_id), (1, self.operator))
        with self.assertRefused(ValidationError, "already off"):
            feeder.action_announce_breakdown()

    def test_two_clicks_stay_in_own_offices(self):
        self.create_told()
        with self.assertRefused(ValidationError, "Outside your offices"):
            self.feeder_b1.with_user(self.operator).action_announce_breakdown()

    # === MOVED SHUTDOWN === #

    def test_moved_shutdown_is_remembered_anew(self):
        self.env["discom.whatsapp.template"].create(
            {
                "name": "test_outage_reminder",
                "account_id": self.account.id,
                "lang": "hi_IN",
                "purpose": "outage_reminder",
                "model": "discom.outage",
                "body": "Test: {{area}} {{date_start}} {{reason}}.",
                "status": "approved",
            }
        )
        self.create_told()
        start = datetime(2031, 1, 20, 4, 30)
        outage = self.env["discom.outage"].create(
            {
                "kind": "extended",
                "asset_ids": [Command.set(self.feeder_a1.ids)],
                "date_start": start,
                "date_end_expected": start + timedelta(hours=4),
                "officer_id": self.operator.id,
            }
        )
        with patch.object(fields.Datetime, "now", lambda: datetime(2031, 1, 15)):
            self.announce(outage)
        outage.date_announced = datetime(2031, 1, 15)
        self.remind(datetime(2031, 1, 19, 12, 31))
        self.assertEqual(len(self.messages(outage, "outage_reminder")), 1)
        with patch.object(fields.Datetime, "now", lambda: datetime(2031, 1, 19, 14)):
            self.update(
                outage.with_user(self.operator).action_change_time(),
                date_start=start + timedelta(days=2),
                date_end_expected=start + timedelta(days=2, hours=4),
            )
        self.remind(datetime(2031, 1, 20, 4))
        self.assertEqual(len(self.messages(outage, "outage_reminder")), 1)
        self.remind(datetime(2031, 1, 21, 12, 31))
        self.assertEqual(len(self.messages(outage, "outage_reminder")), 2)

    def remind(self, moment):
        """Run the reminders at a moment in UTC."""
        with (
            patch.object(fields.Datetime, "now", lambda: moment),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("discom.ir_cron_outage_remind").method_direct_trigger()

    # === VILLAGES BY HAND === #

    def test_call_from_a_village_named_by_hand(self):
        consumer = self.create_told(discom_village="Churk", discom_asset_id=self.feeder_a2.id)
        other = self.create_told(discom_village="Salkhan", discom_asset_id=self.feeder_a2.id)
        calls = self.env["discom.outage.call"]
        early = calls._report(consumer, "phone")
        outage = self.create_outage(self.feeder_a1, extra_villages=" churk ")
        self.announce(outage)
        self.assertEqual((early.state, early.outage_id), ("known", outage))
        early.with_user(self.operator).action_close_none()
        self.assertEqual(calls._report(consumer, "phone").outage_id, outage)
        self.assertFalse(calls._report(other, "phone").outage_id)
        self.assertEqual(self.env["discom.outage"]._known_for(consumer)[consumer.id], outage)

    # === SETTINGS === #

    def test_settings(self):
        """Thresholds stand in the settings, each within its limits."""
        with Form(self.env["res.config.settings"]) as form:
            form.discom_outage_calls_transformer = 2
            form.discom_outage_sustained_minutes = 5
        form.record.execute()
        for _number in range(2):
            self.env["discom.outage.call"]._report(self.create_told(), "phone")
        self.env["discom.outage.suggestion"]._cron_suggest()
        found = self.env["discom.outage.suggestion"].search(
            [("state", "=", "new"), ("asset_id", "child_of", self.substation_a.id)]
        )
        self.assertEqual(found.asset_id, self.transformer_a11)
        company = self.env.company
        for name, value in (("calls_feeder", 1), ("reminder_hour", 24), ("calls_minutes", 0)):
            with (
                self.subTest(name),
                mute_logger("odoo.sql_db"),
                self.assertRefused(CheckViolation),
            ):
                company[f"discom_outage_{name}"] = value
                company.flush_recordset()
