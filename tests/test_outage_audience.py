from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .outage_common import OutageCommon


@tagged("post_install", "-at_install")
class TestOutageAudience(OutageCommon):
    """Who is told, who is not, and in which words."""

    def audience(self, outages, purpose="outage_unplanned"):
        """Rows {partner: skip reason} of the hook, as the officer sees it."""
        model = self.env["discom.outage"].with_user(self.operator)
        query = model._whatsapp_audience([("id", "in", outages.ids)], purpose)
        rows = self.env.execute_query(query)
        self.assertEqual(len(rows), len({row[:2] for row in rows}), "nobody twice")
        return {self.env["res.partner"].browse(row[1]): row[2] for row in rows}

    def test_subtree_and_only_live(self):
        inside = self.create_told()
        on_feeder = self.create_told(discom_asset_id=self.feeder_a1.id)
        self.create_told(discom_asset_id=self.feeder_a2.id)
        self.create_told(discom_asset_id=self.substation_a.id)
        self.create_told(discom_status="temporary")
        self.create_told(discom_status="permanent")
        self.create_told(active=False)
        self.create_told(discom_asset_id=False)
        outage = self.create_outage(self.feeder_a1)
        self.assertEqual(self.audience(outage), {inside: None, on_feeder: None})
        self.assertEqual(outage.partner_count, 2)

    def test_nested_assets_count_once(self):
        consumer = self.create_told()
        outage = self.create_outage(self.feeder_a1 | self.transformer_a11 | self.substation_a)
        self.assertEqual(self.audience(outage), {consumer: None})
        self.assertEqual(outage.partner_count, 1)

    def test_reparenting_counts_at_that_moment(self):
        consumer = self.create_told()
        outage = self.create_outage(self.feeder_a2)
        self.assertFalse(self.audience(outage))
        self.transformer_a11.parent_id = self.feeder_a2
        outage.invalidate_recordset()
        self.assertEqual(self.audience(outage), {consumer: None})
        self.assertEqual(outage.partner_count, 1)
        self.assertEqual(outage.office_id, self.subdivision_a1)

    def test_asset_moved_to_another_office_keeps_the_register(self):
        outage = self.create_outage(self.feeder_a1)
        self.feeder_a1.office_id = self.subdivision_a2
        self.assertEqual(outage.office_id, self.subdivision_a1)

    def test_consumers_of_another_office_on_the_feeder(self):
        consumer = self.create_told(discom_office_id=self.subdivision_b1.id)
        outage = self.create_outage(self.feeder_a1)
        self.assertEqual(self.audience(outage), {consumer: None})

    def test_skips_are_said(self):
        told = self.create_told()
        opted_out = self.create_told()
        opted_out._discom_record_consent("withdrawn", ["outages"], "counter")
        self.create_told(discom_whatsapp_number=False)
        self.create_consumer()
        outage = self.create_outage(self.feeder_a1)
        composer = self.send(outage.with_user(self.operator).action_announce())
        self.assertEqual((composer.send_count, composer.skip_count), (1, 3))
        messages = {m.partner_id: m for m in self.messages(outage)}
        self.assertEqual(messages[told].state, "queued")
        self.assertEqual(messages[opted_out].skip_reason, "opted_out")

    def test_first_messages_leave_while_the_rest_is_planned(self):
        """Whoever goes before the others is among them, and nobody is planned twice."""
        self.create_told(discom_whatsapp_number=False)
        ordinary = [self.create_told() for _number in range(4)]
        urgent = self.create_told(discom_priority="hospital")
        unreachable = self.create_told(discom_priority="hospital", discom_whatsapp_number=False)
        outage = self.create_outage(self.feeder_a1)
        models = "odoo.addons.discom.models"
        with (
            patch(f"{models}.whatsapp_broadcast.PLAN_AT_ONCE", 0),
            patch(f"{models}.whatsapp_broadcast_urgent.PLAN_FIRST", 3),
        ):
            for size in (2, 100):
                with self.subTest(size), self.cr.savepoint() as savepoint:
                    self.announce_in_batches(outage, size, urgent, ordinary, unreachable)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def announce_in_batches(self, outage, size, urgent, ordinary, unreachable):
        """Announce with batches of ``size``, some of which are large enough for a table."""
        with patch("odoo.addons.discom.models.whatsapp_broadcast.PLAN_SIZE", size):
            composer = self.send(outage.with_user(self.operator).action_announce())
            broadcast = composer.broadcast_id.sudo()
            self.assertEqual((broadcast.planned_count, broadcast.state), (3, "planning"))
            self.assertEqual(outage.state, "ongoing")
            first = self.messages(outage)
            self.assertEqual(set(first.mapped("state")), {"queued"})
            self.assertEqual(first.partner_id, urgent | ordinary[0] | ordinary[1])
            self.assertFalse(broadcast._audiences(), "nothing is left on the connection")
            while broadcast._plan_batch():
                pass
        self.assertEqual((broadcast.planned_count, broadcast.total_count), (7, 7))
        self.assertEqual(broadcast.state, "sending")
        messages = self.messages(outage)
        self.assertEqual(len(messages), 7)
        self.assertEqual(sorted(messages.mapped("state")), ["queued"] * 5 + ["skipped"] * 2)
        self.assertIn(unreachable, messages.partner_id)

    def test_first_messages_wait_for_another_announcement(self):
        """That is being planned and may be about the same people."""
        for _number in range(3):
            self.create_told()
        feeder, transformer = (
            self.create_outage(self.feeder_a1),
            self.create_outage(self.transformer_a11),
        )
        models = "odoo.addons.discom.models"
        with (
            patch(f"{models}.whatsapp_broadcast.PLAN_AT_ONCE", 0),
            patch(f"{models}.whatsapp_broadcast_urgent.PLAN_FIRST", 1),
        ):
            self.send(feeder.with_user(self.operator).action_announce())
            self.send(transformer.with_user(self.operator).action_announce())
            self.assertEqual(len(self.messages(feeder)), 1)
            self.assertFalse(self.messages(transformer))
            broadcasts = self.env["discom.whatsapp.broadcast"].search(
                [("res_model", "=", "discom.outage")], order="id"
            )
            for broadcast in broadcasts:
                while broadcast._plan_batch():
                    pass
        self.assertEqual(self.messages(feeder).mapped("state"), ["queued"] * 3)
        self.assertEqual(set(self.messages(transformer).mapped("skip_reason")), {"duplicate"})

    def test_life_support_is_told_first(self):
        ordinary = self.create_told()
        urgent = self.create_told(discom_priority="life_support")
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage, state="queued")
        order = self.messages(outage).sorted(lambda m: (m.priority, m.id)).partner_id
        self.assertEqual(list(order), [urgent, ordinary])

    def test_one_phone_one_message(self):
        first = self.create_told()
        self.create_told(discom_whatsapp_number=first.discom_whatsapp_number)
        outage = self.create_outage(self.feeder_a1)
        composer = self.send(outage.with_user(self.operator).action_announce())
        self.assertEqual((composer.send_count, composer.skip_count), (1, 1))

    def test_restored_goes_to_who_got_the_announcement(self):
        states = ("accepted", "sent", "delivered", "read", "failed", "unknown", "held")
        consumers = [self.create_told() for _state in states]
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        for consumer, state in zip(consumers, states, strict=True):
            message = self.messages(outage).filtered(lambda m, c=consumer: m.partner_id == c)
            message.state = state
        newcomer = self.create_told()
        told = self.audience(outage, "outage_restored")
        self.assertEqual(set(told), set(consumers[:4]))
        self.assertNotIn(newcomer, told)
        self.assertEqual(outage.with_user(self.operator).informed_count, 4)
        # Of another outage nothing follows for this one.
        other = self.create_outage(self.feeder_a2)
        self.assertFalse(self.audience(other, "outage_restored"))

    def test_told_once_for_the_same_hours(self):
        below = self.create_told()
        beside = self.create_told(discom_asset_id=self.transformer_a12.id)
        transformer = self.create_outage(self.transformer_a11)
        self.announce(transformer)
        feeder = self.create_outage(self.feeder_a1)
        self.assertEqual(self.audience(feeder), {below: "duplicate", beside: None})
        tomorrow = self.create_outage(self.feeder_a1, start=24, kind="planned")
        self.assertEqual(self.audience(tomorrow, "outage_planned"), {below: None, beside: None})

    def test_told_once_when_announced_together(self):
        consumer = self.create_told()
        transformer = self.create_outage(self.transformer_a11)
        feeder = self.create_outage(self.feeder_a1)
        model = self.env["discom.outage"].with_user(self.operator)
        rows = self.env.execute_query(
            model._whatsapp_audience([("id", "in", (transformer | feeder).ids)], "outage_unplanned")
        )
        self.assertEqual(
            sorted(rows),
            [(transformer.id, consumer.id, None), (feeder.id, consumer.id, "duplicate")],
        )

    def test_failed_is_announced_again(self):
        consumer = self.create_told()
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage, state="failed")
        composer = self.send(outage.with_user(self.operator).action_announce())
        self.assertEqual(composer.send_count, 1)
        self.messages(outage).filtered(lambda m: m.state == "queued").state = "sent"
        composer = self.send_counted(outage)
        self.assertEqual(composer.send_count, 0)
        self.assertEqual(self.audience(outage, "outage_restored"), {consumer: None})

    def send_counted(self, outage):
        """The composer of a repeated announcement, not confirmed."""
        action = outage.with_user(self.operator).action_announce()
        return self.env[action["res_model"]].browse(action["res_id"]).with_user(self.operator)

    def test_rules_of_the_officer_apply(self):
        self.create_told(
            discom_asset_id=self.transformer_b11.id, discom_office_id=self.subdivision_b1.id
        )
        outage = self.create_outage(self.feeder_b1)
        self.assertEqual(outage.office_id, self.subdivision_b1)
        self.assertFalse(self.audience(outage))

    def test_values_by_language(self):
        self.feeder_a1.name_hi = "फीडर ए1"
        self.create_told(discom_village="Salkhan")
        self.create_told(discom_village="Churk", discom_village_hi="चुर्क")
        self.create_told(discom_village="Churk")
        outage = self.create_outage(
            self.feeder_a1,
            kind="planned",
            reason_id=self.env.ref("discom.outage_reason_trees").id,
            reason_note="33 kV line",
            note_hi="33 केवी लाइन",
            officer_title="SDO",
        )
        # 10:00 and 16:00 in India.
        outage.write(
            {
                "date_start": datetime(2030, 11, 27, 4, 30),
                "date_end_expected": datetime(2030, 11, 27, 10, 30),
            }
        )
        hindi = outage._whatsapp_values("hi_IN", "outage_planned")[outage.id]
        english = outage._whatsapp_values("en_IN", "outage_planned")[outage.id]
        self.assertEqual(
            hindi,
            {
                "area": "फीडर ए1, चुर्क, Salkhan",
                "date_start": "बुधवार 27 नवंबर, सुबह 10:00 बजे",
                "date_end_expected": "बुधवार 27 नवंबर, शाम 4:00 बजे",
                "date_end": "बुधवार 27 नवंबर, शाम 4:00 बजे",
                "reason": "लाइन के पास पेड़ों की छँटाई – 33 केवी लाइन",
                "kind": "नियोजित शटडाउन",
                "officer": f"{self.operator.name}, SDO",
            },
        )
        self.assertEqual(english["area"], "Feeder A1, Churk, Salkhan")
        self.assertEqual(english["date_start"], "Wednesday 27 November, 10:00 am")
        self.assertEqual(english["reason"], "Cutting of trees near the line – 33 kV line")
        self.assertEqual(english["kind"], "Planned shutdown")

    def test_values_are_never_empty_nor_broken(self):
        self.create_told(discom_village="Long  village\nname")
        outage = self.create_outage(self.feeder_a1, reason_note="a\nb\tc     d")
        outage.date_end_expected = False
        outage.officer_title = False
        for lang in ("hi_IN", "en_IN"):
            for name, text in outage._whatsapp_values(lang, "outage_unplanned")[outage.id].items():
                self.assertTrue(text, name)
                self.assertNotRegex(text, r"[\n\t]|    ", name)

    def test_long_areas_are_cut_between_names(self):
        for number in range(40):
            self.create_told(discom_village=f"Village number {number:02}")
        outage = self.create_outage(self.feeder_a1)
        area = outage._whatsapp_values("en_IN", "outage_unplanned")[outage.id]["area"]
        self.assertLess(len(area), 320)
        self.assertRegex(area, r"Village number \d\d and others$")

    def test_expiry(self):
        outage = self.create_outage(self.feeder_a1)
        self.assertEqual(
            outage._whatsapp_expiry("outage_unplanned"), {outage.id: outage.date_end_expected}
        )
        restored = outage._whatsapp_expiry("outage_restored")[outage.id]
        self.assertLess(restored, self.now + timedelta(hours=2, minutes=5))
