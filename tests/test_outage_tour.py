from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .outage_common import OutageCommon


@tagged("post_install", "-at_install")
class TestOutagePhone(HttpCase, OutageCommon):
    """A breakdown announced from a phone, in a browser."""

    browser_size = "390x844"
    touch_enabled = True

    def test_breakdown_from_a_phone(self):
        self.feeder_a1.write({"name": "Tour feeder", "name_hi": "टूर फीडर"})
        self.create_told(discom_village="Belhatthi")
        self.create_told(discom_village="Belhatthi")
        self.create_told(discom_whatsapp_number=False)
        self.start_tour("/odoo/discom-report-outage", "discom_outage_phone", login="test_operator")
        outage = self.env["discom.outage"].search([("asset_ids", "=", self.feeder_a1.id)])
        self.assertEqual((outage.state, outage.officer_id), ("ongoing", self.operator))
        messages = self.messages(outage)
        self.assertEqual(sorted(messages.mapped("state")), ["queued", "queued", "skipped"])
        queued = messages.filtered(lambda message: message.state == "queued")
        self.assertEqual({m.values["area"] for m in queued}, {"टूर फीडर, Belhatthi"})

    def test_two_clicks_on_a_phone(self):
        self.feeder_a1.name = "Tour feeder"
        self.create_told()
        self.create_told()
        self.start_tour(
            "/odoo/discom-report-outage", "discom_outage_phone_two_clicks", login="test_operator"
        )
        outage = self.env["discom.outage"].search([("asset_ids", "=", self.feeder_a1.id)])
        self.assertEqual((outage.state, outage.kind), ("ongoing", "breakdown"))
        self.assertEqual(self.messages(outage).mapped("state"), ["queued", "queued"])


@tagged("post_install", "-at_install")
class TestOutageDesk(HttpCase, OutageCommon):
    """Planned shutdowns and likely breakdowns at a desk, in a browser."""

    def test_what_is_missing_is_named(self):
        self.start_tour("/odoo/discom-outages/new", "discom_missing", login="test_operator")

    def test_planned_shutdown_from_announcement_to_end(self):
        self.feeder_a1.name = "Tour feeder"
        for _number in range(2):
            self.create_told(discom_village="Belhatthi")
        self.create_told(discom_whatsapp_number=False)
        self.start_tour("/odoo/discom-outages", "discom_outage_desk_planned", login="test_operator")
        outage = self.env["discom.outage"].search([("asset_ids", "=", self.feeder_a1.id)])
        self.assertEqual((outage.state, outage.kind), ("announced", "planned"))
        self.assertGreater(outage.date_start, self.now)
        queued = self.messages(outage, "outage_planned").filtered(lambda m: m.state == "queued")
        self.assertEqual(len(queued), 2)
        # The messages arrive, and the day comes.
        queued.write({"state": "delivered"})
        start = self.now - timedelta(hours=1)
        outage.write({"date_start": start, "date_end_expected": start + timedelta(hours=4)})
        self.env["discom.outage"]._cron_start()
        self.start_tour(
            "/odoo/discom-outages", "discom_outage_desk_follow_up", login="test_operator"
        )
        outage.invalidate_recordset()
        self.assertEqual(outage.state, "restored")
        for purpose in ("outage_changed", "outage_restored"):
            self.assertEqual(self.messages(outage, purpose).partner_id, queued.partner_id, purpose)
        self.assertEqual(outage.interrupted_count, 3)

    def test_likely_breakdown(self):
        self.feeder_a1.name = "Tour feeder"
        callers = self.env["res.partner"]
        for number in range(5):
            asset = self.transformer_a11 if number % 2 else self.transformer_a12
            callers |= self.create_told(discom_asset_id=asset.id)
        self.env["discom.outage.call"]._report(callers, "whatsapp")
        self.env["discom.outage.suggestion"]._cron_suggest()
        self.start_tour(
            "/odoo/discom-likely-breakdowns", "discom_outage_desk_likely", login="test_operator"
        )
        outage = self.env["discom.outage"].search([("asset_ids", "=", self.feeder_a1.id)])
        self.assertEqual((outage.state, len(outage.call_ids)), ("ongoing", 5))
        self.assertEqual(self.messages(outage).partner_id, callers)
