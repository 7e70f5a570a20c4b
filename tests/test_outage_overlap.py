from odoo.tests import tagged

from .outage_common import OutageCommon


@tagged("post_install", "-at_install")
class TestOutageOverlap(OutageCommon):
    """A transformer fails while its feeder is off: nobody is told twice, or wrongly."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.below = cls.create_told()
        cls.beside = cls.create_told(discom_asset_id=cls.transformer_a12.id)

    def setUp(self):
        super().setUp()
        self.transformer = self.create_outage(self.transformer_a11, start=-1)
        self.announce(self.transformer)
        self.feeder = self.create_outage(self.feeder_a1, start=-0.5)
        self.announce(self.feeder)

    def news(self, outage, purpose="outage_restored"):
        """Who was told: {consumer: times}."""
        sent = self.messages(outage, purpose).filtered(lambda m: m.state != "skipped")
        return sorted(sent.partner_id.ids)

    def close(self, outages):
        action = self.update(outages.with_user(self.operator).action_restored())
        if action["type"] != "ir.actions.act_window_close":
            composer = self.env[action["res_model"]].browse(action["res_id"])
            if composer.with_user(self.operator).send_count:
                self.send(action)

    def test_supply_is_not_back_while_the_feeder_is_off(self):
        self.assertEqual(self.news(self.feeder, "outage_unplanned"), self.beside.ids)
        self.close(self.transformer)
        self.assertFalse(self.news(self.transformer))
        self.close(self.feeder)
        self.assertEqual(self.news(self.feeder), sorted((self.below | self.beside).ids))

    def test_supply_is_not_back_while_the_transformer_is_off(self):
        self.close(self.feeder)
        self.assertEqual(self.news(self.feeder), self.beside.ids)
        self.close(self.transformer)
        self.assertEqual(self.news(self.transformer), self.below.ids)

    def test_both_at_once(self):
        self.close(self.transformer | self.feeder)
        self.assertEqual(self.news(self.transformer), self.below.ids)
        self.assertEqual(self.news(self.feeder), self.beside.ids)

    def test_recorded_by_mistake(self):
        """It is no news for whom supply is off all the same; the end of the other is."""
        action = self.update(self.transformer.with_user(self.operator).action_cancel())
        composer = self.env[action["res_model"]].browse(action["res_id"])
        self.assertFalse(composer.with_user(self.operator).send_count)
        self.close(self.feeder)
        self.assertEqual(self.news(self.feeder), sorted((self.below | self.beside).ids))

    def test_family_on_one_phone_is_no_other_outage(self):
        """Whose announcement failed is not told of the end by way of a neighbour's number."""
        first = self.create_told(discom_asset_id=self.feeder_a2.id)
        self.create_told(
            discom_asset_id=self.feeder_a2.id,
            discom_whatsapp_number=first.discom_whatsapp_number,
        )
        outage = self.create_outage(self.feeder_a2)
        self.announce(outage, state="failed")
        self.assertEqual(set(self.messages(outage).mapped("skip_reason")), {"duplicate", False})
        self.close(outage)
        self.assertFalse(self.news(outage))

    def test_calls_follow_the_outage_that_is_left(self):
        stranger = self.create_consumer()
        call = self.env["discom.outage.call"]._report(stranger, "phone")
        call.outage_id = self.transformer
        self.close(self.transformer)
        self.assertEqual((call.state, call.outage_id), ("known", self.feeder))
        self.close(self.feeder)
        self.assertEqual((call.state, call.outcome), ("closed", "restored"))

    def test_elsewhere_is_no_matter(self):
        self.create_told(discom_asset_id=self.feeder_a2.id)
        self.announce(self.create_outage(self.feeder_a2, start=-1), state="sent")
        self.close(self.feeder)
        self.assertEqual(self.news(self.feeder), self.beside.ids)
