import ast

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import DiscomCommon

NUMBER = "+919415300001"


@tagged("post_install", "-at_install")
class TestKycNumber(DiscomCommon):
    """Numbers that stand out are kept in a list until somebody has decided."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.discom_shared_number_limit = 2

    def _share(self, count, **vals):
        return self.env["res.partner"].union(
            *[self.create_consumer(discom_whatsapp_number=NUMBER, **vals) for _n in range(count)]
        )

    def _to_review(self, user=None):
        domain = ast.literal_eval(self.env.ref("discom.discom_number_action").domain)
        partners = self.env["res.partner"].with_user(user or self.counter)
        return partners.search([*domain, ("discom_whatsapp_number", "=", NUMBER)])

    def test_a_family_is_normal(self):
        self.assertFalse(any(self._share(2).mapped("discom_number_flag")))

    def test_too_many_accounts(self):
        consumers = self._share(3)
        self.assertEqual(set(consumers.mapped("discom_number_flag")), {"shared"})
        self.assertEqual(self._to_review(), consumers)
        self.assertFalse(self._to_review(self.clerk_b))
        # One fewer, and the others are a family again.
        consumers[0].with_user(self.counter).discom_whatsapp_number = "9415300002"
        self.assertFalse(any(consumers.mapped("discom_number_flag")))

    def test_limit_of_the_company(self):
        consumers = self._share(3)
        self.company.discom_shared_number_limit = 3
        self.assertFalse(any(consumers.mapped("discom_number_flag")))

    def test_number_of_the_office(self):
        consumer = self._share(1)
        self.subdivision_a2.phone = "94153 00001"
        self.assertEqual(consumer.discom_number_flag, "office")
        self.subdivision_a2.phone = "05446 222333"
        self.assertFalse(consumer.discom_number_flag)

    def test_number_of_a_colleague(self):
        self.clerk.partner_id.write({"phone": "94153 00001", "country_id": self.env.ref("base.in")})
        self.assertEqual(self._share(1).discom_number_flag, "office")

    def test_mobile_that_nobody_has(self):
        consumer = self.create_consumer(phone="9999999999", discom_whatsapp_number=False)
        self.assertEqual(consumer.discom_number_flag, "junk")
        consumer.with_user(self.counter).action_discom_number_clear()
        self.assertRecordValues(consumer, [{"phone": False, "discom_number_flag": False}])

    def test_mobile_that_is_no_number(self):
        consumer = self.create_consumer(discom_whatsapp_number=False)
        for text, flag in (("12345", "junk"), ("ask the son", "junk"), ("05446 222333", False)):
            with self.subTest(text=text):
                consumer.with_user(self.counter).phone = text
                self.assertEqual(consumer.discom_number_flag, flag)

    def test_accepted_as_a_family(self):
        consumers = self._share(3)
        consumers[0].with_user(self.counter).action_discom_number_family()
        self.assertFalse(any(consumers.mapped("discom_number_flag")))
        self.assertFalse(self._share(1).discom_number_flag)
        self.env["discom.kyc.number"].search([("number", "=", NUMBER)]).unlink()
        self.assertEqual(set(consumers.mapped("discom_number_flag")), {"shared"})

    def test_taken_away(self):
        consumers = self._share(3)
        consumers[:2].with_user(self.counter).action_discom_number_clear()
        self.assertEqual(consumers.mapped("discom_kyc_state"), ["none", "none", "captured"])
        self.assertFalse(any(consumers.mapped("discom_number_flag")))
        event = consumers[0].discom_kyc_event_ids[:1]
        self.assertEqual((event.user_id, event.evidence), (self.counter, "Review of numbers"))

    def test_number_of_an_agent(self):
        consumers = self._share(3)
        elsewhere = self._share(
            1, discom_office_id=self.subdivision_b1.id, discom_asset_id=self.transformer_b11.id
        )
        with self.assertRaises(UserError):
            consumers[0].with_user(self.counter).action_discom_number_agent()
        consumers[0].with_user(self.manager).action_discom_number_agent()
        self.assertEqual(set(consumers.mapped("discom_whatsapp_number")), {False})
        self.assertEqual(set(consumers.mapped("discom_kyc_state")), {"none"})
        self.assertRecordValues(
            elsewhere, [{"discom_whatsapp_number": NUMBER, "discom_number_flag": "agent"}]
        )
        with self.assertRaisesRegex(ValidationError, "agent"):
            form = Form(consumers[0].with_user(self.counter), "discom.discom_consumer_view_form")
            form.discom_whatsapp_number = "9415300001"
            form.save()
        with self.assertRaisesRegex(ValidationError, "agent"):
            self.create_consumer(discom_whatsapp_number=NUMBER)

    def _share_mobile(self, count):
        return self.env["res.partner"].union(
            *[
                self.create_consumer(phone="94153 00001", discom_whatsapp_number=False)
                for _n in range(count)
            ]
        )

    def test_mobile_on_too_many_accounts(self):
        """An agent's number that came as the mobile stands out as one taken for WhatsApp does."""
        consumers = self._share_mobile(2)
        self.assertFalse(any(consumers.mapped("discom_number_flag")))
        # Those who have it for WhatsApp, as the mobile or as both are counted together, once each.
        both = self.create_consumer(phone="9415300001", discom_whatsapp_number=NUMBER)
        self.assertEqual(set((consumers | both).mapped("discom_number_flag")), {"shared"})
        consumers[0].with_user(self.counter).phone = "9415300002"
        self.assertFalse(any((consumers | both).mapped("discom_number_flag")))
        self.subdivision_a2.phone = NUMBER
        self.assertEqual(
            (consumers | both).mapped("discom_number_flag"), [False, "office", "office"]
        )

    def test_landline_is_nobody_to_review(self):
        consumers = self.env["res.partner"].union(
            *[
                self.create_consumer(phone="05446 222333", discom_whatsapp_number=False)
                for _n in range(3)
            ]
        )
        self.assertFalse(any(consumers.mapped("discom_number_flag")))

    def test_number_taken_away_does_not_come_back(self):
        """It stood in the place of the mobile, too, from where it would be proposed again."""
        consumers = self.env["res.partner"].union(
            *[self.create_consumer(phone=NUMBER, discom_whatsapp_number=NUMBER) for _n in range(3)]
        )
        own = self.create_consumer(phone=NUMBER)
        consumers[0].with_user(self.counter).action_discom_number_clear()
        self.assertRecordValues(
            consumers[0],
            [{"phone": False, "discom_whatsapp_number": False, "discom_number_flag": False}],
        )
        # The own number for WhatsApp stays where the mobile is what stands out.
        number = own.discom_whatsapp_number
        self.assertEqual(own.discom_number_flag, "shared")
        own.with_user(self.counter).action_discom_number_clear()
        self.assertRecordValues(own, [{"phone": False, "discom_whatsapp_number": number}])

    def test_mobile_of_an_agent(self):
        consumers = self._share_mobile(3)
        consumers[0].with_user(self.manager).action_discom_number_agent()
        self.assertEqual(set(consumers.mapped("phone")), {False})
        late = self._share_mobile(1)
        self.assertEqual(late.discom_number_flag, "agent")
        with self.assertRaisesRegex(ValidationError, "agent"):
            late.discom_whatsapp_number = NUMBER

    def test_mobile_that_stands_out_is_not_proposed(self):
        self.create_drive({})
        consumers = self._share_mobile(2)

        def proposed(consumer):
            card = self.env["discom.kyc.counter"].with_user(self.counter).card(consumer.id)
            action = consumer.with_user(self.surveyor).action_discom_kyc_door()
            doors = self.env["discom.kyc.door"].with_user(self.surveyor)
            return card["mobile"], Form(doors.with_context(**action["context"])).number

        self.assertEqual(proposed(consumers[0]), (NUMBER, NUMBER))
        self._share_mobile(1)
        self.assertEqual(proposed(consumers[0]), ("", False))
        consumers[0].with_user(self.counter).action_discom_number_family()
        self.assertEqual(proposed(consumers[0]), (NUMBER, NUMBER))

    def test_numbers_are_looked_up_in_a_few_statements(self):
        """However many consumers change, and whoever else has their numbers."""

        def queries(consumers):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["res.partner"]._discom_flag_numbers(consumers.ids, [NUMBER])
            return self.env.cr.sql_log_count - before

        consumers = self._share_mobile(12)
        queries(consumers)
        self.assertEqual(queries(consumers), queries(consumers[:1]))

    def test_who_may_decide(self):
        consumers = self._share(3)
        for user in (self.auditor, self.clerk_b, self.operator):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                consumers.with_user(user).action_discom_number_family()
        with self.assertRaises(AccessError):
            self.env["discom.kyc.number"].with_user(self.counter).create(
                {"number": NUMBER, "verdict": "family"}
            )
        with self.assertRaises(UserError):
            self.create_consumer(discom_whatsapp_number=False).with_user(
                self.counter
            ).action_discom_number_family()
