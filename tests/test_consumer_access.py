from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestConsumerAccess(DiscomCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer_a = cls.create_consumer()
        cls.consumer_b = cls.create_consumer(
            discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
        )
        cls.contact = cls.env["res.partner"].create({"name": "Ordinary contact"})

    def _seen_by(self, user):
        return (
            self.env["res.partner"]
            .with_user(user)
            .search([("id", "in", (self.consumer_a | self.consumer_b | self.contact).ids)])
        )

    def test_scope(self):
        for user in (
            self.clerk,
            self.counter,
            self.surveyor,
            self.operator,
            self.manager,
            self.auditor,
        ):
            with self.subTest(user=user.login):
                self.assertEqual(self._seen_by(user), self.consumer_a | self.contact)
        self.assertEqual(self._seen_by(self.clerk_b), self.consumer_b | self.contact)
        self.assertEqual(
            self._seen_by(self.administrator), self.consumer_a | self.consumer_b | self.contact
        )

    def test_scope_follows_the_offices_of_the_user(self):
        self.assertEqual(self._seen_by(self.clerk), self.consumer_a | self.contact)
        self.clerk.discom_office_ids = [Command.set(self.division_b.ids)]
        self.assertEqual(self._seen_by(self.clerk), self.consumer_b | self.contact)
        self.clerk.discom_office_ids = [Command.clear()]
        self.assertEqual(self._seen_by(self.clerk), self.contact)

    def test_scope_follows_the_tree(self):
        self.assertNotIn(self.consumer_b, self._seen_by(self.clerk))
        self.subdivision_b1.parent_id = self.division_a
        self.assertIn(self.consumer_b, self._seen_by(self.clerk))
        self.assertNotIn(self.consumer_b, self._seen_by(self.clerk_b))

    def test_write_consumers_only(self):
        for user in (self.clerk, self.counter, self.surveyor, self.manager):
            with self.subTest(user=user.login):
                self.consumer_a.with_user(user).discom_village = "Chopan"
                with self.assertRaises(AccessError):
                    self.consumer_b.with_user(user).discom_village = "Chopan"
                with self.assertRaises(AccessError):
                    self.contact.with_user(user).name = "Someone else"
                with self.assertRaises(AccessError):
                    self.administrator.partner_id.with_user(user).email = "a@example.com"
