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
