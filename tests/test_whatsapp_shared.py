from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .outage_common import OutageCommon

PLAN = "odoo.addons.discom.models.whatsapp_broadcast"
FIRST = "odoo.addons.discom.models.whatsapp_broadcast_urgent"
#: What may differ between two messages to the same person.
OWN = ("id", "key", "broadcast_id", "create_date", "write_date", "open_state")


@tagged("post_install", "-at_install")
class TestWhatsappShared(OutageCommon):
    """A large broadcast about a few records is made by the database: the same messages, faster."""

    def planned(self, outage, shared):
        """Announce in batches; return the rows of the messages by consumer, and take them back."""
        model = type(self.env["discom.whatsapp.broadcast"])
        savepoint = self.env.cr.savepoint()
        try:
            with (
                patch(f"{PLAN}.PLAN_AT_ONCE", 0),
                patch(f"{FIRST}.PLAN_FIRST", 2),
                patch(f"{PLAN}.PLAN_SIZE", 3),
                patch.object(model, "_shared_values", model._shared_values if shared else _never),
                patch.object(
                    model, "_mask_names", autospec=True, side_effect=model._mask_names
                ) as made,
            ):
                composer = self.send(outage.with_user(self.operator).action_announce())
                broadcast = composer.broadcast_id.sudo()
                while broadcast._plan_batch():
                    pass
            self.assertEqual(bool(made.call_count), shared)
            self.assertEqual(broadcast.state, "sending")
            self.assertEqual(broadcast.planned_count, broadcast.total_count)
            self.env.cr.execute(
                "SELECT * FROM discom_whatsapp_message WHERE broadcast_id = %s", [broadcast.id]
            )
            return {
                row["partner_id"]: {name: row[name] for name in row if name not in OWN}
                for row in self.env.cr.dictfetchall()
            }
        finally:
            self.env.transaction.clear()
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def test_same_messages(self):
        number = self.create_told(discom_village="Churk").discom_whatsapp_number
        people = [
            {"name": "राम प्रसाद", "discom_name_hi": "राम", "lang": "hi_IN"},
            {"name": "Sita", "discom_name_hi": False, "lang": "hi_IN"},
            {"name": "Sita", "discom_name_hi": "सीता", "lang": "en_IN"},
            {"name": 'O\'Hara "%s" \\ {{x}}', "lang": "en_IN"},
            {"discom_priority": "life_support"},
            {"discom_whatsapp_number": False},
            {"discom_whatsapp_number": number},
            {"discom_office_id": self.subdivision_b1.id},
        ]
        for vals in people:
            self.create_told(**vals)
        self.create_consumer()
        hidden = self.create_told(discom_name_hi=False)
        # Past all checks, as in data that is older than they are: a valid number of the register.
        self.env.cr.execute(
            "UPDATE res_partner SET name = 'Ram 2341 2341 2346' WHERE id = %s", [hidden.id]
        )
        self.env.invalidate_all()
        self.account.office_ids = False
        outage = self.create_outage(self.feeder_a1, reason_note="50 % “off”")
        self.env["discom.whatsapp.template"].search(
            [("account_id", "=", self.account.id)]
        )._keep_version()
        with self.freeze():
            slow, fast = self.planned(outage, False), self.planned(outage, True)
        self.assertEqual(len(fast), 11)
        for partner_id, row in slow.items():
            self.assertEqual(fast[partner_id], row)
        self.assertEqual(fast[hidden.id]["values"]["name"], "Ram XXXX XXXX 2346")
        self.assertIn("skipped", {row["state"] for row in fast.values()})
        self.assertEqual({row["priority"] for row in fast.values()}, {9, 10})

    def freeze(self):
        """Time stands still, so that both ways write the same."""
        return patch.object(fields.Datetime, "now", return_value=fields.Datetime.now())


def _never(_broadcast):
    return None
