from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestKycField(HttpCase, DiscomCommon):
    """A surveyor with a phone, in a browser."""

    browser_size = "390x844"
    touch_enabled = True

    def test_doors_from_a_phone(self):
        values = {"discom_village": "Salkhan", "discom_whatsapp_number": False, "phone": False}
        first = self.create_consumer(name="Tour one", discom_book_no="1", **values)
        second = self.create_consumer(name="Tour two", discom_book_no="2", **values)
        drive = self.create_drive({"village": "Salkhan"})
        # A wrong number is typed on purpose, and its refusal is logged.
        with mute_logger("odoo.http"):
            self.start_tour("/odoo/discom-my-kyc", "discom_kyc_field", login="test_surveyor")
        self.assertEqual(first.discom_whatsapp_number, "+919415261288")
        self.assertEqual((first.discom_kyc_state, first.discom_kyc_source), ("captured", "field"))
        self.assertEqual(first.discom_consent_bills, "given")
        self.assertEqual(second.discom_kyc_state, "refused")
        self.assertEqual((drive.taken_count, drive.refused_count, drive.left_count), (1, 1, 0))
