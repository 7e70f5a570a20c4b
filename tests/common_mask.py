"""A consumer with all that is personal, and what must be in no answer."""

import json

from .common import DiscomCommon

PHONE = "+919415277301"
MOBILE = "+919415277302"
STREET = "House 7, Behind the temple"
EMAIL = "ramesh.kol@example.org"
LAST4 = "7391"
#: What must be in no answer to who has no duty; numbers also without the country.
SECRETS = (PHONE[3:], MOBILE[3:], STREET, EMAIL, LAST4)
PERSONAL = ["phone", "discom_whatsapp_number", "street", "email", "discom_id_last4"]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Erk"
    "Jggg=="
)


class MaskCommon(DiscomCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer = cls.create_consumer(
            discom_whatsapp_number=PHONE,
            phone=MOBILE,
            street=STREET,
            email=EMAIL,
            discom_village="Khadia",
            discom_id_kind="voter",
            discom_id_last4=LAST4,
            discom_kyc_form=PIXEL,
        )
        cls.other = cls.create_consumer(
            phone="+919415277444", street="House 8", discom_village="Bina"
        )
        cls.env.flush_all()
        cls.env.invalidate_all()

    def tell(self, *answers):
        """Fail where one of the answers holds what is masked."""
        text = json.dumps(answers, default=str, ensure_ascii=False)
        for secret in SECRETS:
            self.assertNotIn(secret, text)
        return text
