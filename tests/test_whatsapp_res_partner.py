from odoo.tests import Form, tagged

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappResPartner(WhatsappCommon):
    def test_messages_of_a_consumer(self):
        """The button on the form counts and opens all messages of this consumer, none of others."""
        consumer, other = self.create_ready_consumer(), self.create_ready_consumer()
        sent = self.messages(self.send(self.create_bill(consumer)))
        self.send(self.create_bill(other))
        received = self.env["discom.whatsapp.message"].create(
            {
                "direction": "in",
                "account_id": self.account.id,
                "partner_id": consumer.id,
                "office_id": consumer.discom_office_id.id,
                "phone": consumer.discom_whatsapp_number,
                "body": "Where is my bill?",
                "state": "received",
            }
        )
        consumer = consumer.with_user(self.counter)
        form = Form(consumer, "discom.discom_consumer_view_form")
        self.assertEqual(form.discom_message_count, 2)
        action = consumer.action_discom_messages()
        self.assertEqual(
            self.env[action["res_model"]].with_user(self.counter).search(action["domain"]),
            sent | received,
        )
        # The list opens without the filters for today and for what was sent.
        self.assertFalse([key for key in action["context"] if key.startswith("search_default")])
