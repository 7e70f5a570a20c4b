from datetime import timedelta

from odoo.tests import tagged

from .test_whatsapp_service import OWNER, ServiceCommon

CONTACT = "Hello {{name}}, {{office}} has an answer about account …{{account_last4}}, please write."


class InboxTourCommon(ServiceCommon):
    """A consumer who has written two sentences that no machine understands."""

    def setUp(self):
        super().setUp()
        self.owner.write(
            {"name": "Tour consumer", "discom_name_hi": "Tour consumer", "lang": "en_IN"}
        )
        self.env["discom.whatsapp.answer"].create(
            {
                "name": "Tour answer",
                "sequence": 1,
                "body_hi": "हम आ रहे हैं",
                "body_en": "We are coming",
            }
        )
        self.ask("my meter burns", "where are you, my meter burns", phone=OWNER)


@tagged("post_install", "-at_install")
class TestInboxTour(InboxTourCommon):
    browser_size = "1280x800"

    def test_answer_in_the_browser(self):
        self.start_tour("/odoo/whatsapp-conversations", "discom_inbox", login="test_counter")
        conversation = self.conversation(OWNER)
        self.assertEqual((conversation.state, conversation.unread_count), ("closed", 0))
        self.assertEqual(self.answers(OWNER)[-1].body, "We come at once")


@tagged("post_install", "-at_install")
class TestInboxPhoneTour(InboxTourCommon):
    browser_size = "390x844"
    touch_enabled = True

    def test_template_from_a_phone(self):
        self.create_template("office_reply", "contact", CONTACT, lang="en_IN")
        self.conversation(OWNER).last_in_at -= timedelta(hours=25)
        self.start_tour("/odoo/whatsapp-conversations", "discom_inbox_phone", login="test_counter")
        self.assertIn("Tour consumer", self.answers(OWNER)[-1].text)
