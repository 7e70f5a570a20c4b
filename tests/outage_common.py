from contextlib import contextmanager
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import Form

from .common import DiscomCommon

BODIES = {
    "outage_planned": "{{area}} {{date_start}} {{date_end_expected}} {{reason}} {{officer}}.",
    "outage_unplanned": "{{area}} {{date_end_expected}} {{reason}}.",
    "outage_changed": "{{area}} {{date_start}} {{date_end_expected}}.",
    "outage_restored": "{{area}} {{date_end}}.",
    "outage_cancelled": "{{area}} {{date_start}}.",
}


class OutageCommon(DiscomCommon):
    """A sending number with approved outage templates, and consumers who agreed to be told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.now = fields.Datetime.now().replace(second=0)
        cls.account = cls.env["discom.whatsapp.account"].create(
            {
                "name": "Test number",
                "phone_number_id": "100000000000077",
                "waba_id": "200000000000077",
                "access_token": "test",
                "state": "connected",
                "office_ids": [Command.set(cls.division_a.ids)],
            }
        )
        cls.env["discom.whatsapp.template"].create(
            [
                {
                    "name": f"test_{purpose}",
                    "account_id": cls.account.id,
                    "lang": lang,
                    "purpose": purpose,
                    "model": "discom.outage",
                    "body": f"Test: {body}",
                    "status": "approved",
                }
                for purpose, body in BODIES.items()
                for lang in ("hi_IN", "en_IN")
            ]
        )
        cls.reason = cls.env.ref("discom.outage_reason_fault")

    @classmethod
    def create_told(cls, **vals):
        """Create a consumer who agreed to outage messages."""
        consumer = cls.create_consumer(**vals)
        consumer._discom_record_consent("given", ["outages"], "counter")
        return consumer

    @classmethod
    def create_outage(cls, assets, hours=2, start=0, **vals):
        """Create an outage of ``hours`` that starts ``start`` hours from now."""
        date_start = cls.now + timedelta(hours=start)
        return cls.env["discom.outage"].create(
            {
                "asset_ids": [Command.set(assets.ids)],
                "date_start": date_start,
                "date_end_expected": date_start + timedelta(hours=hours),
                "officer_id": cls.operator.id,
                **vals,
            }
        )

    @contextmanager
    def assertRefused(self, error, pattern=""):  # noqa: N802
        """The block raises ``error`` with a text like ``pattern``, and leaves nothing behind."""
        with self.assertRaisesRegex(error, pattern), self.env.cr.savepoint():
            yield

    def messages(self, outages, purpose=None):
        """Messages about the outages."""
        domain = [("res_model", "=", "discom.outage"), ("res_id", "in", outages.ids)]
        if purpose:
            domain.append(("purpose", "=", purpose))
        return self.env["discom.whatsapp.message"].search(domain)

    def send(self, action, user=None):
        """Confirm the composer that ``action`` opens, as a person would; return the composer."""
        composer = self.env[action["res_model"]].browse(action["res_id"])
        composer = composer.with_user(user or self.operator)
        composer.action_send()
        return composer

    def announce(self, outages, state="delivered"):
        """Announce, and let WhatsApp settle the messages as ``state``."""
        self.send(outages.with_user(self.operator).action_announce())
        queued = self.messages(outages).filtered(lambda message: message.state == "queued")
        queued.write({"state": state})
        return queued

    def update(self, action, **vals):
        """Fill and confirm the dialog that ``action`` opens; return the action that follows."""
        wizard = Form(
            self.env[action["res_model"]].with_user(self.operator).with_context(**action["context"])
        )
        for name, value in vals.items():
            wizard[name] = value
        return wizard.save().action_apply()
