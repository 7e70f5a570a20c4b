import random
import time

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..controllers import webhook
from .common_whatsapp import WebhookCommon

USER = "IN.13491208655302741918"


@tagged("post_install", "-at_install")
class TestWhatsappPerson(WebhookCommon):
    """Who wrote, when the number is hidden or has changed; and nonsense at the door."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.create_ready_consumer()
        cls.number = cls.partner.discom_whatsapp_number.lstrip("+")

    def call(self, contacts=(), **value):
        return {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": self.account.waba_id,
                    "changes": [
                        {
                            "field": "messages",
                            "value": {
                                "messaging_product": "whatsapp",
                                "metadata": {"phone_number_id": self.account.phone_number_id},
                                "contacts": list(contacts),
                                **value,
                            },
                        }
                    ],
                }
            ],
        }

    def message(self, wamid, **vals):
        return {
            "id": wamid,
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": "मेरा बिल कितना है?"},
            **vals,
        }

    def inbox(self):
        return self.env["discom.whatsapp.message"].search(
            [("direction", "=", "in"), ("account_id", "=", self.account.id)], order="id"
        )

    def test_hidden_number_is_known_from_before(self):
        """Written to once with the number in sight, he is found when only his id comes."""
        self.post(
            self.call(
                [{"wa_id": self.number, "user_id": USER}],
                messages=[self.message("wamid.1", **{"from": self.number})],
            )
        )
        self.post(self.call([{"user_id": USER}], messages=[self.message("wamid.2")]))
        self.apply()
        first, second = self.inbox()
        self.assertEqual(first.partner_id, self.partner)
        self.assertEqual((second.phone, second.wa_user_id), (f"+{self.number}", USER))
        self.assertEqual(second.partner_id, self.partner)

    def test_learned_from_a_status(self):
        message = self.messages(self.send(self.create_bill(self.partner)))
        self.run_lane()
        self.post(
            self.call(
                [{"wa_id": self.number, "user_id": USER}],
                statuses=[
                    {
                        "id": message.wamid,
                        "status": "delivered",
                        "timestamp": "1763880000",
                        "biz_opaque_callback_data": message.key,
                    }
                ],
            )
        )
        self.post(self.call(messages=[self.message("wamid.2", from_user_id=USER)]))
        self.apply()
        self.assertEqual(message.state, "delivered")
        self.assertEqual(self.inbox().partner_id, self.partner)

    def test_stranger_without_a_number_is_kept(self):
        self.post(self.call([{"user_id": USER}], messages=[self.message("wamid.2")]))
        self.apply()
        message = self.inbox()
        self.assertEqual((message.phone or "", message.wa_user_id), ("", USER))
        self.assertTrue(message.office_id)

    def test_changed_number_is_stale_and_not_replaced(self):
        self.partner.discom_kyc_state = "verified"
        event = self.message(
            "wamid.3",
            type="system",
            system={
                "type": "user_changed_number",
                "body": "changed",
                "wa_id": "919415377777",
            },
            **{"from": self.number},
        )
        for _again in range(2):
            self.post(self.call(messages=[event]))
        self.apply()
        self.env.invalidate_all()
        self.assertEqual(self.partner.discom_kyc_state, "stale")
        self.assertEqual(self.partner.discom_whatsapp_number, f"+{self.number}")
        journal = self.env["discom.kyc.event"].search([("partner_id", "=", self.partner.id)])
        told = [row for row in journal.mapped("evidence") if "+919415377777" in (row or "")]
        self.assertEqual(len(told), 1)
        # The clerk who asks reads the new number; who sees phones masked does not find it either.
        ground = journal.filtered(lambda row: "+9194" in (row.evidence or ""))
        for user, may in ((self.counter, True), (self.auditor, False)):
            seen = ground.with_user(user)
            self.assertEqual("+919415377777" in seen.read(["evidence"])[0]["evidence"], may)
            self.assertEqual("919415377777" in str(seen._export_rows([["evidence"]])), may)
            found = seen.search([("id", "=", ground.id), ("evidence", "ilike", "94153777")])
            self.assertEqual(bool(found), may)
        other = journal - ground
        self.assertEqual(
            other.with_user(self.auditor).read(["evidence"]),
            other.with_user(self.counter).read(["evidence"]),
        )

    @mute_logger("odoo.http")
    def test_nonsense_at_the_door(self):
        """Whatever comes, signed or not: 200, 403 or 413, never a fault of ours."""
        chance = random.Random(11)
        events = self.env["discom.whatsapp.event"]
        before = events.search_count([])
        signatures = [
            None,
            "",
            "sha256=",
            "sha256=zz",
            "\u00e9".encode(),
            "sha1=" + "0" * 40,
            "x" * 9000,
        ]
        signed = 0
        for _round in range(120):
            body = bytes(chance.randrange(256) for _byte in range(chance.randrange(400)))
            signature = chance.choice(signatures)
            signed += bool(signature is None and body)
            answer = self.post(body, signature)
            self.assertIn(answer.status_code, (200, 403, 413))
        self.assertEqual(events.search_count([]) - before, signed)
        webhook.HANDSHAKES.clear()
        self.addCleanup(webhook.HANDSHAKES.clear)
        for _round in range(60):
            query = {
                chance.choice(
                    ["hub.mode", "hub.challenge", "hub.verify_token", "x", "\0"]
                ): "".join(
                    chr(chance.choice([0, 9, 38, 61, 0x915, 0x1F4A1, chance.randrange(1, 0xD7FF)]))
                    for _char in range(chance.randrange(300))
                )
                for _name in range(4)
            }
            # Refused; after so many of them nobody is listened to.
            self.assertIn(self.url_open(self.path, params=query).status_code, (403, 429))
        for path in ("/discom/whatsapp/webhook/%00", "/discom/whatsapp/webhook/" + "a" * 3000):
            self.assertIn(self.post(b"{}", "sha256=0", path).status_code, (400, 403, 404))
        self.apply()
        self.assertFalse(events.search_count([("state", "=", "new")]))
