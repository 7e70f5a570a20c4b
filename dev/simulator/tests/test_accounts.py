"""Business numbers and accounts: fields, profile, subscription."""

from .common import Receiver, SimulatorCase, plain


class TestAccounts(SimulatorCase):
    def test_phone_fields(self):
        phone = self.simulator.phone_number_id
        _status, node = self.simulator.graph("GET", phone)
        self.assertEqual(node["id"], phone)
        self.assertEqual(node["quality_rating"], "GREEN")
        _status, node = self.simulator.graph(
            "GET", f"{phone}?fields=throughput,whatsapp_business_manager_messaging_limit,status"
        )
        self.assertEqual(
            node,
            {
                "throughput": {"level": "HIGH"},
                "status": "CONNECTED",
                "id": phone,
                "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
            },
        )
        self.simulator.settings(daily_limit=2000, throughput=80)
        _status, node = self.simulator.graph(
            "GET", f"{phone}?fields=throughput,whatsapp_business_manager_messaging_limit"
        )
        self.assertEqual(node["whatsapp_business_manager_messaging_limit"], "TIER_2K")
        self.assertEqual(node["throughput"], {"level": "STANDARD"})
        self.assertRefused(100, self.simulator.graph("GET", f"{phone}?fields=nothing"))

    def test_phone_numbers_of_an_account(self):
        _status, answer = self.simulator.graph("GET", f"{self.simulator.waba_id}/phone_numbers")
        self.assertIn(self.simulator.phone_number_id, [phone["id"] for phone in answer["data"]])
        self.assertEqual(self.simulator.graph("GET", self.simulator.waba_id)[1]["currency"], "INR")

    def test_unknown_ids_and_paths(self):
        for method, path in (
            ("GET", "5"),
            ("GET", "abc"),
            ("DELETE", "5"),
            ("POST", "5"),
            ("GET", "5/phone_numbers"),
            ("GET", "5/message_templates"),
        ):
            with self.subTest(path=path):
                self.assertRefused(100, self.simulator.graph(method, path))
        status, answer = self.simulator.call("GET", "/nowhere/at/all")
        self.assertEqual((status, answer["error"]["code"]), (404, 100))

    def test_profile(self):
        path = f"{self.simulator.phone_number_id}/whatsapp_business_profile"
        self.assertRefused(100, self.simulator.graph("POST", path, {"about": "x"}))
        self.simulator.graph("POST", path, {"messaging_product": "whatsapp", "about": "Pipri"})
        _status, answer = self.simulator.graph("GET", path + "?fields=about,email")
        self.assertEqual(answer, {"data": [{"about": "Pipri", "messaging_product": "whatsapp"}]})


class TestSubscription(SimulatorCase):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver(verify_token="mine")
        self.addCleanup(self.receiver.close)
        self.path = f"{self.simulator.waba_id}/subscribed_apps"
        self.override = {"override_callback_uri": self.receiver.url, "verify_token": "mine"}

    def test_handshake_on_subscription(self):
        error = self.assertRefused(
            2200,
            self.simulator.graph("POST", self.path, {**self.override, "verify_token": "wrong"}),
        )
        self.assertIn("403", error["message"])
        self.assertRefused(
            2200,
            self.simulator.graph(
                "POST", self.path, {**self.override, "override_callback_uri": "http://127.0.0.1:9/"}
            ),
        )
        self.assertRefused(
            100,
            self.simulator.graph(
                "POST", self.path, {**self.override, "override_callback_uri": "nonsense"}
            ),
        )
        status, answer = self.simulator.graph("POST", self.path, self.override)
        self.assertEqual((status, answer["success"]), (200, True))
        _status, answer = self.simulator.graph("GET", self.path)
        self.assertEqual(answer["data"][0]["override_callback_uri"], self.receiver.url)
        self.sent(plain())
        self.simulator.drain()
        self.assertEqual(len(self.receiver.payloads()), 3)

    def test_number_overrides_account(self):
        self.simulator.settings(webhook_url="http://127.0.0.1:9/")
        status, _answer = self.simulator.graph(
            "POST", self.simulator.phone_number_id, {"webhook_configuration": self.override}
        )
        self.assertEqual(status, 200)
        self.sent(plain())
        self.until(lambda: len(self.receiver.received) == 3, "callbacks did not come")

    def test_template_callbacks_go_to_the_app(self):
        self.simulator.graph("POST", self.path, self.override)
        self.simulator.add_templates(
            [{"name": "restored", "language": "hi", "status": "PAUSED", "notify": True}]
        )
        self.simulator.drain()
        self.assertEqual(self.receiver.received, [])
        self.assertEqual([record["url"] for record in self.simulator.webhooks()], [""])

    def test_unsubscribed_account_is_silent(self):
        self.simulator.graph("DELETE", self.path)
        self.assertEqual(self.simulator.graph("GET", self.path)[1], {"data": []})
        self.sent(plain())
        self.simulator.drain()
        self.assertEqual(self.simulator.webhooks(), [])
        self.assertEqual(self.simulator.graph("POST", self.path, {}), (200, {"success": True}))
        self.simulator.inbound("919400000001", text="hi")
        self.simulator.drain()
        self.assertEqual(len(self.simulator.webhooks()), 1)

    def test_handshake_by_admin(self):
        found = self.simulator.verify(self.receiver.url, "mine")
        self.assertTrue(found["ok"])
        self.assertEqual(self.simulator.verify(self.receiver.url, "wrong")["status"], 403)
