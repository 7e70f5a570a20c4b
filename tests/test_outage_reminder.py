from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .outage_common import OutageCommon

INDIA = timedelta(hours=5, minutes=30)
# A shutdown on 20 January 2031 from 10:00 in India.
START = datetime(2031, 1, 20, 10) - INDIA


@tagged("post_install", "-at_install")
class TestOutageReminder(OutageCommon):
    """Planned shutdowns are remembered, villages without WhatsApp are told by a person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        bodies = {
            "outage_reminder": ("discom.outage", "{{area}} {{date_start}} {{reason}}"),
            "outage_contact": (
                "discom.outage.village",
                "{{office}} {{village}} {{consumers}} {{unreached}} {{date_start}}",
            ),
        }
        cls.env["discom.whatsapp.template"].create(
            [
                {
                    "name": f"test_{purpose}",
                    "account_id": cls.account.id,
                    "lang": "hi_IN",
                    "purpose": purpose,
                    "model": model,
                    "body": f"Test: {body}.",
                    "status": "approved",
                }
                for purpose, (model, body) in bodies.items()
            ]
        )

    def planned(self, announced=datetime(2031, 1, 15)):
        """A planned shutdown that was announced some days ahead."""
        outage = self.env["discom.outage"].create(
            {
                "kind": "planned",
                "asset_ids": [Command.set(self.feeder_a1.ids)],
                "date_start": START,
                "date_end_expected": START + timedelta(hours=4),
                "officer_id": self.operator.id,
            }
        )
        with patch.object(fields.Datetime, "now", lambda: datetime(2031, 1, 15)):
            self.announce(outage)
        outage.date_announced = announced
        return outage

    def at(self, moment):
        """Run the scheduled action at a moment given in Indian time."""
        with (
            patch.object(fields.Datetime, "now", lambda: moment - INDIA),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("discom.ir_cron_outage_remind").method_direct_trigger()

    def test_nobody_says_when_people_were_told(self):
        """By RPC neither the time of the announcement nor a reminder is made up, on creation or
        later; a start that is moved sets the reminders anew all the same."""
        outage = self.create_outage(self.feeder_a1).with_user(self.operator)
        for vals in (
            {"date_announced": "2020-01-01 10:00:00"},
            {"reminded_evening": True},
            {"reminded_hour": True},
        ):
            with self.subTest(vals):
                with self.assertRaisesRegex(UserError, "software alone"):
                    outage.write(vals)
                with self.assertRaisesRegex(UserError, "software alone"):
                    outage.create({"asset_ids": self.feeder_a2.ids, **vals})
        outage._set_announced()
        self.assertTrue(outage.date_announced)
        outage.sudo().reminded_evening = True
        later = fields.Datetime.now() + timedelta(days=3)
        outage.write({"date_start": later, "date_end_expected": later + timedelta(hours=2)})
        self.assertFalse(outage.reminded_evening)

    def test_evening_before_and_an_hour_before(self):
        self.create_told()
        self.create_consumer()
        outage = self.planned()
        self.at(datetime(2031, 1, 19, 17, 59))
        self.assertFalse(self.messages(outage, "outage_reminder"))
        self.at(datetime(2031, 1, 19, 18, 1))
        self.assertEqual(len(self.messages(outage, "outage_reminder")), 1)
        self.at(datetime(2031, 1, 19, 19))
        self.at(datetime(2031, 1, 20, 8, 59))
        self.assertEqual(len(self.messages(outage, "outage_reminder")), 1, "once each")
        self.at(datetime(2031, 1, 20, 9, 1))
        self.assertEqual(len(self.messages(outage, "outage_reminder")), 2)
        message = self.messages(outage, "outage_reminder")[0]
        self.assertEqual(message.expires_at, outage.date_start)

    def test_fresh_news_is_not_repeated(self):
        self.create_told()
        outage = self.planned(announced=datetime(2031, 1, 19, 17) - INDIA)
        self.at(datetime(2031, 1, 19, 18, 1))
        self.assertFalse(self.messages(outage, "outage_reminder"))

    def test_not_wanted_or_not_planned_any_more(self):
        self.create_told()
        silent = self.planned()
        silent.remind = False
        self.at(datetime(2031, 1, 19, 18, 1))
        self.assertFalse(self.messages(silent, "outage_reminder"))
        silent.write({"remind": True, "state": "cancelled"})
        self.at(datetime(2031, 1, 20, 9, 1))
        self.assertFalse(self.messages(silent, "outage_reminder"))

    def test_what_stands_in_the_way_is_said(self):
        self.create_told()
        outage = self.planned()
        self.env["discom.whatsapp.template"].search(
            [("name", "=", "test_outage_reminder")]
        ).status = "rejected"
        with self.assertLogs("odoo.addons.discom.models.whatsapp_mixin", "WARNING"):
            self.at(datetime(2031, 1, 19, 18, 1))
        self.assertFalse(self.messages(outage, "outage_reminder"))

    # === VILLAGES === #

    def test_contact_person_gets_one_message(self):
        with Form(
            self.env["discom.outage.contact"].with_user(self.manager),
            view="discom.discom_outage_contact_view_list",
        ) as form:
            form.village = "churk"
            form.office_id = self.division_a
            form.name = "Sita Devi"
            form.whatsapp_number = "9415099001"
        person = form.record.partner_id
        self.create_told(discom_village="Churk")
        self.create_consumer(discom_village="Churk")
        self.create_consumer(discom_village="Churk", discom_whatsapp_number=False)
        self.create_told(discom_village="Salkhan")
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        rows = {row.village: row for row in outage.village_ids}
        self.assertEqual((rows["Churk"].consumers, rows["Churk"].unreached), (3, 2))
        self.assertEqual(rows["Churk"].partner_id, person)
        self.assertFalse(rows["Salkhan"].partner_id)
        message = self.env["discom.whatsapp.message"].search(
            [("res_model", "=", "discom.outage.village"), ("res_id", "=", rows["Churk"].id)]
        )
        self.assertEqual((message.phone, message.state), ("+919415099001", "queued"))
        self.assertEqual((message.values["consumers"], message.values["unreached"]), ("3", "2"))
        self.assertIn(message.values["office"], (self.division_a.name, self.division_a.name_hi))
        self.create_told(discom_village="Salkhan")
        self.send(outage.with_user(self.operator).action_announce())
        self.assertEqual(rows["Churk"].whatsapp_message_count, 1, "not again")

    def test_contact_person_with_nobody_to_tell_is_left_in_peace(self):
        contact = self.env["discom.outage.contact"].create(
            {
                "village": "Churk",
                "office_id": self.division_a.id,
                "name": "Sita Devi",
                "whatsapp_number": "9415099001",
            }
        )
        self.create_told(discom_village="Churk")
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        self.assertEqual(outage.village_ids.partner_id, contact.partner_id)
        self.assertFalse(outage.village_ids.whatsapp_message_count)

    def test_who_has_to_be_told_by_word_of_mouth(self):
        self.create_told(discom_village="Churk")
        left = self.create_consumer(discom_village="Churk", discom_whatsapp_number=False)
        outage = self.create_outage(self.feeder_a1)
        self.announce(outage)
        self.assertEqual(outage.unreached_count, 1)
        row = outage.village_ids.with_user(self.operator)
        found = self.env["res.partner"].search(row.action_open_unreached()["domain"])
        self.assertEqual(found, left)

    def test_number_that_is_none_is_refused(self):
        with self.assertRefused(UserError):
            self.env["discom.outage.contact"].create(
                {
                    "village": "Churk",
                    "office_id": self.division_a.id,
                    "name": "Nobody",
                    "whatsapp_number": "12345",
                }
            )

    def test_new_number_reaches_the_card(self):
        contact = self.env["discom.outage.contact"].create(
            {
                "village": "Churk",
                "office_id": self.division_a.id,
                "name": "Sita Devi",
                "whatsapp_number": "९४१५०९९००१",
            }
        )
        contact.with_user(self.manager).whatsapp_number = "09415099002"
        self.assertEqual(contact.partner_id.discom_whatsapp_number, "+919415099002")

    def test_rights(self):
        with self.assertRaises(AccessError):
            self.env["discom.outage.contact"].with_user(self.auditor).create({})

    # === VILLAGES BY HAND === #

    def test_villages_named_by_hand(self):
        below = self.create_told(discom_village="Churk")
        beside = self.create_told(discom_village="Salkhan", discom_asset_id=self.feeder_a2.id)
        self.create_told(
            discom_village="Salkhan",
            discom_office_id=self.subdivision_b1.id,
            discom_asset_id=self.transformer_b11.id,
        )
        with Form(self.env["discom.outage"].with_user(self.operator)) as form:
            form.asset_ids.add(self.feeder_a1)
            self.assertEqual(form.partner_count, 1)
            form.extra_villages = "salkhan ,Churk"
            self.assertEqual(form.partner_count, 2)
        outage = form.record
        self.announce(outage)
        self.assertEqual(self.messages(outage, "outage_unplanned").partner_id, below | beside)

    def test_unknown_village_is_refused(self):
        outage = self.create_outage(self.feeder_a1)
        with self.assertRefused(ValidationError, "Nowhere"):
            outage.extra_villages = "Nowhere"
        with self.assertRefused(ValidationError, "%"):
            outage.extra_villages = "%"
