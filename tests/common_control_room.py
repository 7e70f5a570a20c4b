from datetime import date

from odoo import Command, fields

from .test_bill import BillCommon

#: The moment of these tests, 11:30 in India.
NOW = "2026-11-10 06:00:00"


class ControlRoomBase(BillCommon):
    """A sending number, and what makes people, messages and outages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.room = cls.env["discom.control.room"]
        cls.env["discom.whatsapp.account"].search([]).action_archive()
        cls.account = cls.env["discom.whatsapp.account"].create(
            {
                "name": "Test number",
                "phone_number_id": "1001",
                "waba_id": "2001",
                "state": "connected",
                "quality": "green",
                "quiet_from": 0,
                "quiet_to": 0,
            }
        )

    @classmethod
    def people(cls, count, **vals):
        return cls.env["res.partner"].union(
            *(cls.create_consumer(**vals) for _place in range(count))
        )

    @classmethod
    def kyc(cls, consumer, state):
        cls.env["discom.whatsapp.message"]._set_kyc_state(
            [consumer.discom_whatsapp_number], ("captured",), state, "Test"
        )
        consumer.invalidate_recordset()

    @classmethod
    def message(cls, consumer, state, **vals):
        return cls.env["discom.whatsapp.message"].create(
            {
                "account_id": cls.account.id,
                "partner_id": consumer.id,
                "office_id": consumer.discom_office_id.id,
                "phone": consumer.discom_whatsapp_number,
                "purpose": "bill",
                "state": state,
                "claimed_at": fields.Datetime.to_datetime("2026-11-09 18:30:00"),
                **vals,
            }
        )

    @classmethod
    def outage(cls, asset, **vals):
        return cls.env["discom.outage"].create(
            {
                "asset_ids": [Command.set(asset.ids)],
                "date_start": "2026-11-10 05:00:00",
                "date_end_expected": "2026-11-10 08:00:00",
                "state": "ongoing",
                **vals,
            }
        )


class ControlRoomCommon(ControlRoomBase):
    """A month of which every number is known: division A has sub-divisions A1 and A2, and what
    belongs to division B must appear nowhere."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consumer.active = False
        cls.a1 = cls.people(3, discom_area="urban", discom_village="Salkhan")
        cls.a2 = cls.people(4, discom_office_id=cls.subdivision_a2.id)
        cls.b1 = cls.people(
            2, discom_office_id=cls.subdivision_b1.id, discom_asset_id=cls.transformer_b11.id
        )
        cls.kyc(cls.a1[0], "verified")
        cls.kyc(cls.a1[1], "bounced")
        cls.kyc(cls.a2[0], "verified")
        cls.a2[3].discom_whatsapp_number = False
        # Of October A1 has three bills, of November A1 three and A2 two; one is held back.
        bills = cls.env["discom.bill"]
        for consumer in cls.a1:
            bills |= cls.create_bill(consumer, 10, issue=False)
        cls.force_issue(bills)
        for consumer in cls.a1 | cls.a2[:2] | cls.b1:
            bills |= cls.create_bill(consumer, 11, issue=False, amount=250.5)
        cls.force_issue(bills.filtered(lambda bill: bill.state == "draft"))
        held = cls.create_bill(cls.a2[2], 11, issue=False, amount_total=9999)
        held.action_check()
        cls.held = held
        # Of last month 100 by this day and 300 after it, 50 and 75.25 this month, 75.25 of today.
        cls.pay(100, date(2026, 10, 9), cls.a1[0])
        cls.pay(300, date(2026, 10, 20), cls.a1[1])
        cls.pay(50, date(2026, 11, 9), cls.a1[0])
        cls.pay(75.25, date(2026, 11, 10), cls.a2[0])
        cls.take_back(cls.pay(1000, date(2026, 11, 10), cls.a2[1]))
        cls.pay(5000, date(2026, 11, 10), cls.b1[0])
        cls.message(cls.a1[0], "read", **cls.about(cls.a1[0]))
        cls.message(cls.a1[1], "failed", error_code=131026, **cls.about(cls.a1[1]))
        cls.message(cls.a1[2], "sent", claimed_at="2026-11-10 05:59:30", **cls.about(cls.a1[2]))
        cls.message(cls.a2[0], "delivered", purpose="receipt")
        # Of yesterday in India, of another office, a test, an answer of the consumer.
        cls.message(cls.a1[0], "read", claimed_at="2026-11-09 18:29:59")
        cls.message(cls.b1[0], "read")
        cls.message(cls.a1[0], "read", purpose="test")
        cls.message(cls.a1[0], "received", direction="in", claimed_at=False)
        cls.message(cls.a1[0], "queued", claimed_at=False, priority=40)
        cls.message(cls.a2[1], "queued", claimed_at=False, priority=9, purpose="outage_unplanned")
        cls.message(cls.b1[0], "queued", claimed_at=False, priority=40)
        cls.env["discom.figure"]._refresh()

    @classmethod
    def about(cls, consumer):
        """The bill of this month, as what a message is about."""
        bill = cls.env["discom.bill"].search(
            [("partner_id", "=", consumer.id), ("period", "=", "2026-11-01")]
        )
        return {"res_model": bill._name, "res_id": bill.id}

    def figures(self, user=None, office=False, **options):
        """What the screen of ``user`` gets."""
        return self.room.with_user(user or self.manager).figures(office and office.id, **options)

    def walk(self, value):
        """All figures in an answer."""
        if isinstance(value, dict):
            if "domain" in value:
                yield value
            for part in value.values():
                yield from self.walk(part)
        elif isinstance(value, list):
            for part in value:
                yield from self.walk(part)
