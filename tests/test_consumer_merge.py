from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestConsumerMerge(DiscomCommon):
    """Odoo's tool against duplicate contacts, in the hands of an administrator."""

    def merge(self, partners, destination):
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(
            self.env.ref("base.user_admin")
        )
        wizard.create(
            {"partner_ids": partners.ids, "dst_partner_id": destination.id, "state": "option"}
        ).action_merge()

    def test_consumers_stay_apart(self):
        consumers = self.create_consumer() | self.create_consumer()
        contact = self.env["res.partner"].create({"name": "Contact"})
        for partners, destination in (
            (consumers, consumers[0]),
            (consumers[0] | contact, contact),
            (consumers[0] | contact, consumers[0]),
        ):
            with self.assertRaisesRegex(UserError, "cannot be merged"):
                self.merge(partners, destination)

    def test_contacts_are_merged_as_ever(self):
        first, second = self.env["res.partner"].create([{"name": "Same"}, {"name": "Same"}])
        self.merge(first | second, first)
        self.assertTrue(first.exists())
        self.assertFalse(second.exists())
