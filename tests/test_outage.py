from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .outage_common import OutageCommon


@tagged("post_install", "-at_install")
class TestOutage(OutageCommon):
    """Recording, changing and closing outages, and what cannot be."""

    def test_breakdown_from_the_asset(self):
        self.create_told()
        self.create_told(discom_asset_id=self.transformer_a12.id)
        action = self.feeder_a1.with_user(self.operator).action_report_outage()
        model = self.env["discom.outage"].with_user(self.operator)
        form = Form(model.with_context(**action["context"]))
        self.assertEqual(form.asset_ids.ids, self.feeder_a1.ids)
        self.assertEqual(form.partner_count, 2)
        self.assertEqual(form.kind, "breakdown")
        self.assertEqual(form.reason_id, self.reason)
        self.assertTrue(form.date_end_expected, "the reason proposes the expected end")
        outage = form.save()
        self.assertRegex(outage.name, r"^OUT/\d{4}/\d{4,}$")
        self.assertEqual(outage.office_id, self.subdivision_a1)
        self.assertEqual(outage.officer_id, self.operator)
        composer = self.send(outage.action_announce())
        self.assertEqual(composer.send_count, 2)
        self.assertEqual(outage.state, "ongoing")
        self.assertEqual(set(self.messages(outage).mapped("purpose")), {"outage_unplanned"})
        self.assertEqual(set(self.messages(outage).mapped("priority")), {10})

    def test_only_own_assets_are_offered(self):
        action = self.env["discom.asset"].with_user(self.operator).action_choose_for_outage()
        assets = self.env["discom.asset"].with_user(self.operator).search(action["domain"])
        self.assertIn(self.feeder_a1, assets)
        self.assertNotIn(self.feeder_b1, assets)

    def test_outage_stays_in_own_offices(self):
        outage = self.create_outage(self.feeder_a1).with_user(self.operator)
        with self.assertRaises(ValidationError):
            outage.office_id = self.subdivision_b1
        outage.office_id = self.subdivision_a2

    def test_report_from_the_list(self):
        assets = (self.transformer_a11 | self.transformer_a12).with_user(self.operator)
        action = assets.action_report_outage()
        model = self.env["discom.outage"].with_user(self.operator)
        outage = Form(model.with_context(**action["context"])).save()
        self.assertEqual(outage.asset_ids, assets)

    def test_count_lives_with_the_choice(self):
        self.create_told()
        self.create_told(discom_asset_id=self.feeder_a2.id)
        form = Form(self.env["discom.outage"].with_user(self.operator))
        form.asset_ids.add(self.transformer_a11)
        self.assertEqual(form.partner_count, 1)
        # The feeder holds the transformer: nobody counts twice.
        form.asset_ids.add(self.feeder_a1)
        self.assertEqual(form.partner_count, 1)
        form.asset_ids.add(self.feeder_a2)
        self.assertEqual(form.partner_count, 2)

    def test_count_of_many_in_one_query(self):
        outages = self.create_outage(self.feeder_a1) | self.create_outage(self.feeder_a2)
        outages |= self.create_outage(self.substation_b)
        self.create_told()
        self.env.flush_all()
        outages.mapped("asset_ids.name")
        outages.invalidate_recordset(["partner_count"])
        with self.assertQueryCount(1):
            counts = outages.mapped("partner_count")
        self.assertEqual(counts, [1, 0, 0])

    def test_discarded_composer_announces_nothing(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1)
        outage.with_user(self.operator).action_announce()
        self.assertEqual(outage.state, "draft")

    def test_planned_is_ongoing_from_its_start(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, kind="planned", start=24)
        self.announce(outage)
        self.assertEqual(outage.state, "announced")
        self.assertEqual(set(self.messages(outage).mapped("purpose")), {"outage_planned"})
        cron = self.env.ref("discom.ir_cron_outage_start")
        trigger = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertIn(outage.date_start, trigger.mapped("call_at"))
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(outage.state, "announced")
        outage.date_start = self.now - timedelta(minutes=1)
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(outage.state, "ongoing")

    def test_change_time_keeps_history(self):
        self.env = self.env(context=dict(self.env.context, tracking_disable=False))
        self.create_told()
        outage = self.create_outage(self.feeder_a1, kind="planned", start=24)
        self.announce(outage)
        self.cr.flush()
        end = outage.date_end_expected + timedelta(hours=3)
        action = self.update(
            outage.with_user(self.operator).action_change_time(), date_end_expected=end
        )
        self.cr.flush()
        outage.invalidate_recordset()
        self.assertEqual(outage.date_end_expected, end)
        tracked = outage.message_ids.tracking_value_ids.filtered(
            lambda value: value.field_id.name == "date_end_expected"
        )
        self.assertEqual(tracked.new_value_datetime, end)
        self.assertEqual(tracked.old_value_datetime, end - timedelta(hours=3))
        composer = self.send(action)
        self.assertEqual((composer.purpose, composer.send_count), ("outage_changed", 1))

    def test_who_waits_in_the_queue_reads_the_new_time(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, kind="planned", start=24)
        waiting = self.announce(outage, state="queued")
        before = dict(waiting.values)
        end = outage.date_end_expected + timedelta(hours=3)
        action = self.update(
            outage.with_user(self.operator).action_change_time(), date_end_expected=end
        )
        self.assertEqual(action["type"], "ir.actions.act_window_close", "nobody was told yet")
        waiting.invalidate_recordset()
        self.assertNotEqual(waiting.values["date_end_expected"], before["date_end_expected"])
        self.assertEqual(waiting.values["name"], before["name"])
        self.assertEqual(waiting.expires_at, end)

    def test_changed_twice_is_told_twice(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        for hours in (1, 2):
            end = outage.date_end_expected + timedelta(hours=hours)
            action = outage.with_user(self.operator).action_change_time()
            composer = self.send(self.update(action, date_end_expected=end))
            self.assertEqual(composer.send_count, 1)

    def test_moved_start_is_ahead_again(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, kind="planned")
        self.announce(outage)
        self.assertEqual(outage.state, "ongoing")
        start = self.now + timedelta(days=1)
        self.update(
            outage.with_user(self.operator).action_change_time(),
            date_start=start,
            date_end_expected=start + timedelta(hours=2),
        )
        self.assertEqual(outage.state, "announced")

    def test_restored_asks_the_real_end(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-1)
        self.announce(outage)
        end = self.now - timedelta(minutes=5)
        action = self.update(outage.with_user(self.operator).action_restored(), date_end=end)
        self.assertEqual((outage.state, outage.date_end), ("restored", end))
        self.assertEqual(self.send(action).send_count, 1)

    def test_restored_several_from_the_list(self):
        self.create_told()
        self.create_told(discom_asset_id=self.feeder_a2.id)
        outages = self.create_outage(self.feeder_a1) | self.create_outage(self.feeder_a2)
        self.announce(outages)
        action = self.update(outages.with_user(self.operator).action_restored())
        self.assertEqual(set(outages.mapped("state")), {"restored"})
        self.assertEqual(self.send(action).send_count, 2)

    def test_cancel_tells_who_was_told(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, kind="planned", start=24)
        self.announce(outage)
        action = self.update(outage.with_user(self.operator).action_cancel())
        self.assertEqual(outage.state, "cancelled")
        composer = self.send(action)
        self.assertEqual((composer.purpose, composer.send_count), ("outage_cancelled", 1))

    def test_cancel_before_anyone_was_told_tells_nobody(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, kind="planned", start=24)
        action = self.update(outage.with_user(self.operator).action_cancel())
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        self.assertEqual(outage.state, "cancelled")

    def test_over_empties_the_queue(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1)
        waiting = self.announce(outage, state="queued")
        self.update(outage.with_user(self.operator).action_restored())
        self.assertEqual(waiting.state, "cancelled")

    def test_planned_while_it_was_closed(self):
        """What was queued in that moment does not hold up, claim by claim, what follows."""
        for _number in range(4):
            self.create_told()
        self.create_told(discom_asset_id=self.feeder_a2.id)
        outage, other = self.create_outage(self.feeder_a1), self.create_outage(self.feeder_a2)
        waiting = self.announce(outage, state="queued")
        behind = self.announce(other, state="queued")
        self.env.cr.execute(
            "UPDATE discom_outage SET state = 'cancelled' WHERE id = %s", [outage.id]
        )
        self.env.invalidate_all()
        self.assertEqual(waiting[:2]._drop_stale(), waiting[:2])
        self.assertEqual(waiting.mapped("state"), ["cancelled"] * 4)
        self.assertEqual(set(waiting.mapped("skip_reason")), {"not_applicable"})
        self.assertEqual(behind.state, "queued")

    def test_announce_kinds_separately(self):
        self.create_told()
        planned = self.create_outage(self.feeder_a1, kind="planned", start=24)
        breakdown = self.create_outage(self.substation_a)
        with self.assertRefused(UserError, "different texts"):
            (planned | breakdown).with_user(self.operator).action_announce()

    def test_office_is_the_lowest_common_one(self):
        other = self.create_asset("Feeder A3", "feeder", self.subdivision_a2, self.substation_a)
        form = Form(self.env["discom.outage"].with_user(self.operator))
        form.asset_ids.add(self.feeder_a1)
        self.assertEqual(form.office_id, self.subdivision_a1)
        form.asset_ids.add(other)
        self.assertEqual(form.office_id, self.division_a)

    def test_office_within_the_scope(self):
        other = self.create_asset("Feeder A3", "feeder", self.subdivision_a2, self.substation_a)
        self.operator.discom_office_ids = self.subdivision_a1 | self.subdivision_a2
        form = Form(self.env["discom.outage"].with_user(self.operator))
        form.asset_ids.add(self.feeder_a1)
        form.asset_ids.add(other)
        self.assertEqual(form.office_id, self.subdivision_a1)
        form.save()

    # Bad input

    def test_end_before_start(self):
        with self.assertRefused(ValidationError, "after the start"):
            self.create_outage(self.feeder_a1, hours=-1)

    def test_no_asset(self):
        with self.assertRefused(ValidationError, "Choose what is off"):
            self.env["discom.outage"].create({"office_id": self.subdivision_a1.id})
        outage = self.create_outage(self.feeder_a1)
        with self.assertRefused(ValidationError, "Choose what is off"):
            outage.asset_ids = False

    def test_asset_outside_the_offices(self):
        model = self.env["discom.outage"].with_user(self.operator)
        with self.assertRefused(ValidationError, "Outside your offices: .*Feeder B1"):
            model.create(
                {
                    "asset_ids": [Command.set((self.feeder_a1 | self.feeder_b1).ids)],
                    "office_id": self.subdivision_a1.id,
                }
            )
        outage = self.create_outage(self.feeder_a1).with_user(self.operator)
        with self.assertRefused(ValidationError, "Outside your offices"):
            outage.asset_ids |= self.feeder_b1

    def test_announce_what_is_over(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-5, hours=2)
        with self.assertRefused(UserError, "expected end is past"):
            outage.with_user(self.operator).action_announce()
        self.assertFalse(self.messages(outage))
        self.update(outage.with_user(self.operator).action_restored())
        with self.assertRefused(UserError, "already restored"):
            outage.with_user(self.operator).action_announce()
        with self.assertRefused(UserError, "Restored or cancelled already"):
            outage.with_user(self.operator).action_restored()

    def test_announce_to_nobody(self):
        outage = self.create_outage(self.feeder_a2)
        with self.assertRefused(UserError, "no live consumer"):
            outage.with_user(self.operator).action_announce()

    def test_planned_needs_an_end(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, kind="planned", start=1)
        outage.date_end_expected = False
        with self.assertRefused(UserError, "expected end"):
            outage.with_user(self.operator).action_announce()

    def test_same_outage_twice(self):
        first = self.create_outage(self.feeder_a1)
        with self.assertRefused(ValidationError, f"Feeder A1 is already off in {first.name}"):
            self.create_outage(self.feeder_a1, start=1)
        later = self.create_outage(self.feeder_a1, start=2)
        with self.assertRefused(ValidationError, "already off"):
            later.date_start = self.now + timedelta(hours=1)
        below = self.create_outage(self.transformer_a11)
        self.assertIn(first.name, below.overlap_text)
        self.assertFalse(later.overlap_text)

    def test_restored_or_cancelled_may_follow(self):
        self.create_told()
        first = self.create_outage(self.feeder_a1)
        self.update(first.with_user(self.operator).action_cancel())
        second = self.create_outage(self.feeder_a1, start=-1, hours=3)
        self.update(second.with_user(self.operator).action_restored(), date_end=self.now)
        self.create_outage(self.feeder_a1, start=1)

    def test_overrun_blocks_the_same_hour(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-3, hours=4)
        self.announce(outage)
        outage.date_end_expected = self.now - timedelta(hours=1)
        with self.assertRefused(ValidationError, "already off"):
            self.create_outage(self.feeder_a1, start=-0.5)

    def test_wrong_times_of_the_dialogs(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1, start=-1)
        operator = outage.with_user(self.operator)
        with self.assertRefused(UserError, "in the future"):
            self.update(operator.action_restored(), date_end=self.now + timedelta(hours=1))
        with self.assertRefused(ValidationError, "back before"):
            self.update(operator.action_restored(), date_end=self.now - timedelta(days=1))
        with self.assertRefused(UserError, "expected end is past"):
            self.update(
                operator.action_change_time(), date_end_expected=self.now - timedelta(minutes=1)
            )

    # Rights

    def test_rights(self):
        outage = self.create_outage(self.feeder_a1)
        for user in (self.auditor, self.clerk, self.surveyor):
            with self.subTest(user=user.login):
                self.assertEqual(outage.with_user(user).read(["name"])[0]["name"], outage.name)
                with self.assertRefused(AccessError):
                    outage.with_user(user).write({"reason_note": "x"})
                with self.assertRefused(AccessError):
                    self.env["discom.outage.update"].with_user(user).create(
                        {"outage_ids": [Command.set(outage.ids)], "operation": "cancelled"}
                    )
        with self.assertRefused(AccessError):
            outage.with_user(self.clerk_b).read(["name"])
        self.assertFalse(
            self.env["discom.outage"].with_user(self.clerk_b).search([("id", "=", outage.id)])
        )
        outage.with_user(self.manager).write({"reason_note": "x"})
        with self.assertRefused(AccessError):
            outage.with_user(self.manager).unlink()

    def test_announced_is_never_deleted(self):
        self.create_told()
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        with self.assertRefused(UserError, "Cancel instead of deleting"):
            outage.with_user(self.administrator).unlink()
        draft = self.create_outage(self.feeder_a2)
        draft.with_user(self.administrator).unlink()

    # Smart buttons

    def test_counts_on_consumer_and_asset(self):
        consumer = self.create_told()
        other = self.create_told(discom_asset_id=self.feeder_a2.id)
        self.create_outage(self.feeder_a1)
        self.create_outage(self.transformer_a11, start=5)
        cancelled = self.create_outage(self.substation_a, start=10)
        cancelled.state = "cancelled"
        partners = (consumer | other).with_user(self.operator)
        self.assertEqual(partners.mapped("discom_outage_count"), [2, 0])
        action = consumer.with_user(self.operator).action_discom_outages()
        self.assertEqual(
            self.env["discom.outage"].search_count(action["domain"]), 3, "the list has all"
        )
        assets = (self.substation_a | self.transformer_a11 | self.feeder_a2).with_user(
            self.operator
        )
        self.assertEqual(assets.mapped("outage_count"), [2, 2, 0])

    def test_expected_end_is_kept_when_given(self):
        form = Form(self.env["discom.outage"].with_user(self.operator))
        form.asset_ids.add(self.feeder_a1)
        end = fields.Datetime.now().replace(microsecond=0) + timedelta(hours=9)
        form.date_end_expected = end
        form.reason_id = self.env.ref("discom.outage_reason_storm")
        self.assertEqual(form.save().date_end_expected, end)
