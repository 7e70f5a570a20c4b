import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..controllers import metrics as controller
from ..models.whatsapp_metrics import TOKEN_PARAMETER
from ..tools.prometheus import CONTENT_TYPE, Metric, render
from .common_whatsapp import WebhookCommon

TOKEN = "0123456789abcdef0123456789abcdef"
PATH = "/discom/metrics"
LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (-?[0-9.e+-]+)')


@tagged("post_install", "-at_install")
class TestPrometheus(BaseCase):
    def test_format(self):
        """Help, type and samples stand in lines of their own; labels and help are escaped."""
        depth = Metric("depth", "How deep.\nReally \\ deep")
        depth.add(3, lane='a "b"\\\n', number="1")
        depth.add(0.5)
        big = Metric("big", "x")
        big.add(12_345_678)
        self.assertEqual(
            render([depth, Metric("none", "left out"), big]).splitlines(),
            [
                "# HELP depth How deep.\\nReally \\\\ deep",
                "# TYPE depth gauge",
                'depth{lane="a \\"b\\"\\\\\\n",number="1"} 3',
                "depth 0.5",
                "# HELP big x",
                "# TYPE big gauge",
                "big 12345678",
            ],
        )


@tagged("post_install", "-at_install")
class TestMetrics(WebhookCommon):
    def setUp(self):
        super().setUp()
        for limit in (controller.GUESSES, controller.SCRAPES):
            limit.clear()
            self.addCleanup(limit.clear)
        self.env["ir.config_parameter"].set_param(TOKEN_PARAMETER, TOKEN)
        self.number = self.labels(self.account)

    def labels(self, account):
        """Labels of a sending number."""
        return f'number="{account.name}",phone_number_id="{account.phone_number_id}"'

    def make_older(self, message, **age):
        """Let a message have been made earlier."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE discom_whatsapp_message SET create_date = create_date - %s WHERE id = %s",
            [timedelta(**age), message.id],
        )

    def get(self, token=TOKEN, **headers):
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.env.flush_all()
        return self.url_open(PATH, headers=headers)

    def scrape(self):
        """{(name, labels as the text has them): value} as a monitoring system reads them."""
        response = self.get()
        self.assertEqual(response.status_code, 200)
        found = {}
        for line in response.text.splitlines():
            if not line.startswith("#"):
                match = LINE.fullmatch(line)
                self.assertTrue(match, line)
                found[match[1], match[2] or ""] = float(match[3])
        return found

    # === WHO MAY === #

    def test_only_with_the_token(self):
        """Nothing is told without the token of the settings; without one, to nobody."""
        self.assertEqual(self.get().status_code, 200)
        for name, token in {
            "none": None,
            "empty": "",
            "wrong": TOKEN[:-1] + "0",
            "longer": TOKEN + "0",
            "not ASCII": "टोकन".encode().decode("latin-1"),
        }.items():
            with self.subTest(name):
                response = self.get(token)
                self.assertEqual(response.status_code, 403)
                self.assertNotIn("discom_", response.text)
        with self.subTest("other scheme"):
            self.assertEqual(self.get(None, Authorization=f"Basic {TOKEN}").status_code, 403)
        with self.subTest("in the address"):
            self.assertEqual(self.url_open(f"{PATH}?token={TOKEN}").status_code, 403)
        self.env["ir.config_parameter"].set_param(TOKEN_PARAMETER, False)
        for token in ("", TOKEN, None):
            with self.subTest("disabled", token=token):
                self.assertEqual(self.get(token).status_code, 403)

    def test_guesses_and_floods_end(self):
        """After some wrong tokens an address is not listened to, with the right one either."""
        with patch.object(controller.GUESSES, "limit", 3):
            self.assertEqual([self.get("x").status_code for _n in range(4)], [403] * 3 + [429])
            self.assertEqual(self.get().status_code, 429)
        controller.GUESSES.clear()
        with patch.object(controller.SCRAPES, "limit", 2):
            self.assertEqual([self.get().status_code for _n in range(3)], [200, 200, 429])

    def test_no_session_no_cache(self):
        """The answer is plain text that nobody keeps, and plants no session."""
        response = self.get()
        self.assertEqual(response.headers["Content-Type"], CONTENT_TYPE)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertNotIn("Set-Cookie", response.headers)

    def test_setting(self):
        """Odoo's own administrator sets the token; one that could be guessed is refused."""
        settings = self.env["res.config.settings"]
        settings.create({"discom_metrics_token": TOKEN[::-1]}).execute()
        parameters = self.env["ir.config_parameter"]
        self.assertEqual(parameters.get_param(TOKEN_PARAMETER), TOKEN[::-1])
        with self.assertRaisesRegex(ValidationError, "has 5 characters"):
            settings.create({"discom_metrics_token": "short"}).execute()
        with self.assertRaises(AccessError):
            parameters.with_user(self.manager).search_read([("key", "=", TOKEN_PARAMETER)])

    # === WHAT === #

    def test_queue_by_lane(self):
        """What waits is counted by number, lane and state, with the age of the oldest."""
        bills = self.create_bill() | self.create_bill()
        messages = self.messages(self.send(bills))
        self.make_older(messages[0], minutes=10)
        messages[1].copy({"priority": 9, "key": messages._new_key(), "broadcast_id": False})
        found = self.scrape()
        labels = self.number + ',lane="%s",state="queued"'
        self.assertEqual(found["discom_queue_messages", labels % "bill"], 2)
        self.assertEqual(found["discom_queue_messages", labels % "outage"], 1)
        self.assertGreaterEqual(found["discom_queue_oldest_seconds", labels % "bill"], 600)
        self.assertLess(found["discom_queue_oldest_seconds", labels % "outage"], 60)
        self.assertEqual(found["discom_number_connected", self.number], 1)
        self.assertEqual(found["discom_messages_handed_over_per_second", self.number], 0)

        self.run_lane()
        found = self.scrape()
        self.assertNotIn(("discom_queue_messages", labels % "bill"), found)
        self.assertAlmostEqual(
            found["discom_messages_handed_over_per_second", self.number], 3 / 60, places=6
        )

    def test_age_is_of_the_oldest(self):
        """Neither tries of the oldest message nor a younger, more urgent one hide its age."""
        messages = self.messages(self.send(self.create_bill() | self.create_bill()))
        self.make_older(messages[0], minutes=20)
        messages[1].copy(
            {
                "key": messages._new_key(),
                "broadcast_id": False,
                "priority": messages[1].priority - 1,
            }
        )
        label = self.number + ',lane="bill",state="queued"'
        found = self.scrape()
        self.assertEqual(found["discom_queue_messages", label], 3)
        self.assertGreaterEqual(found["discom_queue_oldest_seconds", label], 1200)
        self.env.cr.execute(
            "UPDATE discom_whatsapp_message SET state = 'in_flight' WHERE id = %s",
            [messages[0].id],
        )
        now = fields.Datetime.now()
        self.account._write_outcomes(
            [(messages[0].id, "queued", None, 131000, "Something went wrong", now, True, None)]
        )
        self.assertGreaterEqual(self.scrape()["discom_queue_oldest_seconds", label], 1200)

    def test_numbers_of_one_name(self):
        """Two sending numbers may be called alike: no sample stands twice, lanes neither."""
        other = self.account.copy({"phone_number_id": "109876543210987", "state": "connected"})
        other.name = self.account.name
        messages = self.messages(self.send(self.create_bill() | self.create_bill()))
        messages[0].account_id = other
        (self.account | other).webhook_last_seen = fields.Datetime.now()
        lines = [line for line in self.get().text.splitlines() if not line.startswith("#")]
        samples = [line.rpartition(" ")[0] for line in lines]
        self.assertEqual(len(samples), len(set(samples)), sorted(samples))
        found = self.scrape()
        for account in self.account | other:
            label = self.labels(account) + ',lane="bill",state="queued"'
            self.assertEqual(found["discom_queue_messages", label], 1)
        lanes = [labels for name, labels in found if name == "discom_cron_late_seconds"]
        self.assertEqual(sum(other.cron_id.name in labels for labels in lanes), 2)

    @mute_logger("odoo.addons.discom.models.whatsapp_lane_settle")
    def test_halted_number(self):
        self.account._halt(190, "token expired")
        self.assertEqual(self.scrape()["discom_number_connected", self.number], 0)

    def test_failures_by_class(self):
        """Failures of the last hour are counted by the class and the code of the error table."""
        messages = self.messages(self.send(self.create_bill() | self.create_bill()))
        self.run_lane()
        now = int(fields.Datetime.now().timestamp())
        messages._apply_statuses(
            [
                {"key": message.key, "wamid": message.wamid, "status": "failed",
                 "timestamp": now, "error_code": 131026, "error_text": "Message undeliverable"}
                for message in messages
            ]
        )  # fmt: skip
        label = 'class="recipient",code="131026"'
        self.assertEqual(self.scrape()["discom_messages_failed", label], 2)
        self.env.cr.execute(
            "UPDATE discom_whatsapp_message SET failed_at = failed_at - interval '2 hours'"
        )
        self.assertNotIn(("discom_messages_failed", label), self.scrape())

    def test_webhook_lag(self):
        """Calls that wait are counted with the age of the oldest, until they are applied."""
        before = self.scrape()
        self.assertEqual(before["discom_webhook_waiting", ""], 0)
        self.assertEqual(before["discom_webhook_lag_seconds", ""], 0)
        self.assertEqual(self.post({"object": "whatsapp_business_account"}).status_code, 200)
        self.env.cr.execute(
            "UPDATE discom_whatsapp_event SET received_at = received_at - interval '5 minutes'"
            " WHERE state = 'new'"
        )
        found = self.scrape()
        self.assertEqual(found["discom_webhook_waiting", ""], 1)
        self.assertGreaterEqual(found["discom_webhook_lag_seconds", ""], 300)
        self.apply()
        self.assertEqual(self.scrape()["discom_webhook_waiting", ""], 0)

    def test_scheduled_actions(self):
        """An action that should have run long ago shows, and one that is switched off does not."""
        cron = self.env.ref("discom.ir_cron_whatsapp_apply")
        cron.write({"nextcall": fields.Datetime.now() - timedelta(hours=1)})
        label = f'action="WhatsApp: apply webhook events",cron_id="{cron.id}"'
        self.assertGreaterEqual(self.scrape()["discom_cron_late_seconds", label], 3600)
        cron.active = False
        self.assertNotIn(("discom_cron_late_seconds", label), self.scrape())

    def test_costs_the_same_for_many(self):
        """The number of queries is the same for one message and for many, and they use indexes."""
        metrics = self.env["discom.metrics"]
        metrics._render()
        self.env.flush_all()
        with self.assertQueryCount(5):
            metrics._render()
        self.send(self.create_bill() | self.create_bill() | self.create_bill())
        self.env.flush_all()
        with self.assertQueryCount(5):
            metrics._render()

    def test_tells_of_nobody(self):
        """No phone, no name and no account number of a consumer is among the figures."""
        bill = self.create_bill()
        self.send(bill)
        text = self.get().text
        partner = bill.partner_id
        for secret in (
            partner.name,
            partner.discom_whatsapp_number,
            partner.discom_whatsapp_number[1:],
            partner.discom_account_no,
            self.account.access_token,
            TOKEN,
        ):
            self.assertNotIn(secret, text)
