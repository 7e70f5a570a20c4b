import hashlib
import hmac
import json
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase

from ..dev.simulator.testing import SimulatorProcess
from ..models import whatsapp_lane
from ..tools.throttle import SlidingWindow
from .common import DiscomCommon

TEMPLATE_BODY = (
    "नमस्ते {{name}}, आपके खाते …{{account_last4}} का {{period}} का बिल {{amount}} है, देय तिथि "
    "{{due_date}}. कार्यालय {{office}}, टोल फ्री 1912।"
)


class WhatsappCommon(DiscomCommon):
    """A sending number connected to a simulator of WhatsApp, over real HTTP.

    ``settings`` of the simulator can be set per class in ``simulator_settings``.
    """

    simulator_settings = {"sent_ms": 0, "delivered_ms": 0, "read_ms": 0, "template_review_ms": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Tests look at what waits, before it leaves; times are kept without their fractions.
        cls.startClassPatcher(patch.object(whatsapp_lane, "NEAR_SECONDS", -10))
        cls.simulator = SimulatorProcess(settings=cls.simulator_settings)
        cls.simulator.__enter__()
        cls.addClassCleanup(cls.simulator.__exit__, None, None, None)
        cls.env["discom.whatsapp.account"].search([]).action_archive()
        cls.account = cls.env["discom.whatsapp.account"].create(
            {
                "name": "Test number",
                "base_url": cls.simulator.url,
                "phone_number_id": cls.simulator.phone_number_id,
                "waba_id": cls.simulator.waba_id,
                "access_token": cls.simulator.token,
                "app_secret": cls.simulator.app_secret,
                "rate_limit": 500,
                "pair_seconds": 0,
                # Tests run at any hour of the night.
                "quiet_from": 0,
                "quiet_to": 0,
                "state": "connected",
            }
        )
        # And on Sundays, on which messages about dues wait.
        cls.company.write({"discom_closed_sundays": False, "discom_closed_second_saturdays": False})
        cls.env["discom.holiday"].search([]).unlink()
        cls.template = cls.create_template("bill_test", "bill", TEMPLATE_BODY)

    def setUp(self):
        super().setUp()
        self.simulator.reset(keep=["templates"])

    @classmethod
    def create_template(cls, name, purpose, body, lang="hi_IN", **vals):
        """Create an approved template here and in the simulator."""
        template = cls.env["discom.whatsapp.template"].create(
            {
                "name": name,
                "account_id": cls.account.id,
                "lang": lang,
                "purpose": purpose,
                "body": body,
                "status": "approved",
                **vals,
            }
        )
        header = []
        if template.header_type in ("document", "image"):
            form = template.header_type.upper()
            header = [{"type": "HEADER", "format": form, "example": {"header_handle": ["x"]}}]
        cls.simulator.add_templates(
            [
                {
                    "name": name,
                    "language": template.wa_language,
                    "category": "UTILITY",
                    "parameter_format": "NAMED",
                    "components": [
                        *header,
                        {
                            "type": "BODY",
                            "text": body,
                            "example": {
                                "body_text_named_params": [
                                    {"param_name": variable, "example": "x"}
                                    for variable in template._variable_names()
                                ]
                            },
                        },
                    ],
                }
            ]
        )
        return template

    @classmethod
    def create_bill(cls, partner=None, **vals):
        """Create an issued bill of 500 rupees of this month."""
        today = fields.Date.context_today(cls.env.user)
        bill = cls.env["discom.bill"].create(
            {
                "partner_id": (partner or cls.create_ready_consumer()).id,
                "period": today.replace(day=1),
                "bill_date": today,
                "due_date": today + timedelta(days=15),
                "line_ids": [(0, 0, {"head": "energy", "name": "Energy", "amount": 500})],
                "amount_total": 500,
                "amount_after_due": 510,
                **vals,
            }
        )
        bill.action_check()
        bill.action_issue()
        bill.invalidate_recordset()
        return bill

    @classmethod
    def create_ready_consumer(cls, **vals):
        """Create a consumer with a number and all consents, who reads Hindi."""
        partner = cls.create_consumer(lang="hi_IN", **vals)
        partner._discom_record_consent("given", ["bills", "outages", "dues"], "counter")
        return partner

    def compose(self, records, purpose="bill", user=None, **vals):
        """Open the composer as a user does from a list, and return it."""
        action = records.with_user(user or self.clerk)._action_whatsapp_composer(purpose)
        composer = self.env["discom.whatsapp.composer"].with_user(user or self.clerk)
        composer = composer.browse(action["res_id"])
        if vals:
            composer.write(vals)
        return composer

    def send(self, records, purpose="bill", user=None, **vals):
        """Send records through the composer; return the broadcast."""
        action = self.compose(records, purpose, user, **vals).action_send()
        return self.env["discom.whatsapp.broadcast"].browse(action["res_id"])

    def run_lane(self):
        """Send what is queued on the account."""
        self.run_cron(self.account.cron_id)

    @contextmanager
    def departures(self):
        """Yield a list that gets the seconds, of some clock, at which each message is let go.

        When it arrives is another matter: a busy machine delays the first and not the last.
        """
        times, let_through = [], SlidingWindow.let_through

        def noted(window, now):
            times.append(now)
            let_through(window, now)

        with patch.object(SlidingWindow, "let_through", noted):
            yield times

    def messages(self, broadcast):
        """Return the messages of a broadcast, oldest first."""
        return self.env["discom.whatsapp.message"].search(
            [("broadcast_id", "=", broadcast.id)], order="id"
        )

    def statuses(self, messages, status, **vals):
        """Report a status of messages as the webhook does."""
        messages._apply_statuses(
            [{"key": m.key, "wamid": m.wamid, "status": status, "timestamp": 1_800_000_000, **vals}
             for m in messages]
        )  # fmt: skip


class WebhookCommon(WhatsappCommon, HttpCase):
    """Carries what the simulator calls back to the real webhook, and applies it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = f"/discom/whatsapp/webhook/{cls.account.webhook_key}"

    def setUp(self):
        super().setUp()
        self.last_webhook = max((row["seq"] for row in self.simulator.webhooks()), default=0)

    def sign(self, body, secret=None):
        secret = self.account.app_secret if secret is None else secret
        return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

    def post(self, body, signature=None, path=None):
        """Post ``body`` (bytes or something for JSON), signed unless a signature is given."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        signature = self.sign(body) if signature is None else signature
        if signature:
            headers["X-Hub-Signature-256"] = signature
        return self.url_open(path or self.path, data=body, headers=headers)

    def deliver(self):
        """Carry over what the simulator has called back since the last time, byte for byte."""
        self.assertTrue(self.simulator.drain(), "the simulator is in its own process")
        for row in self.simulator.webhooks(after=self.last_webhook):
            response = self.post(row["body"].encode(), row["signature"])
            self.assertEqual(response.status_code, 200)
            self.last_webhook = row["seq"]

    def apply(self):
        """Run the cron that applies events, as the scheduler does."""
        self.env.flush_all()
        self.env.ref("discom.ir_cron_whatsapp_apply").method_direct_trigger()
        self.env.invalidate_all()
