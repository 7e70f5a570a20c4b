"""Callbacks: shape, signature, order, batches, duplicates, retries."""

import json

from .common import NUMBER, Receiver, SimulatorCase, plain


class TestStatuses(SimulatorCase):
    def test_shape(self):
        wamid = self.sent(self.bill(biz_opaque_callback_data="q:1/खाता"))
        values = self.values()
        self.assertEqual(
            [value["statuses"][0]["status"] for value in values], ["sent", "delivered", "read"]
        )
        for value in values:
            self.assertEqual(value["messaging_product"], "whatsapp")
            self.assertEqual(
                value["metadata"],
                {
                    "display_phone_number": "915444210001",
                    "phone_number_id": self.simulator.phone_number_id,
                },
            )
            [status] = value["statuses"]
            self.assertEqual(status["id"], wamid)
            self.assertEqual(status["recipient_id"], NUMBER)
            self.assertEqual(status["biz_opaque_callback_data"], "q:1/खाता")
            self.assertRegex(status["timestamp"], r"^\d{10}$")
            self.assertNotIn("conversation", status)
        pricing = values[0]["statuses"][0]["pricing"]
        self.assertEqual(
            pricing,
            {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"},
        )
        self.assertNotIn("pricing", values[2]["statuses"][0])

    def test_service_message_is_free(self):
        self.simulator.inbound(NUMBER, text="hi")
        self.sent({"to": NUMBER, "type": "text", "text": {"body": "जी"}})
        self.assertEqual(self.statuses()[0]["pricing"]["category"], "service")

    def test_not_on_whatsapp(self):
        self.simulator.settings(not_on_whatsapp={"numbers": ["+" + NUMBER], "suffixes": ["99"]})
        self.sent(plain(biz_opaque_callback_data="k"))
        self.sent(plain("919400000099"))
        self.sent(plain("919400000002"))
        failed = [status for status in self.statuses() if status["status"] == "failed"]
        self.assertEqual([status["recipient_id"] for status in failed], [NUMBER, "919400000099"])
        error = failed[0]["errors"][0]
        self.assertEqual(error["code"], 131026)
        self.assertTrue(error["title"] and error["message"] and error["error_data"]["details"])
        self.assertEqual(failed[0]["biz_opaque_callback_data"], "k")
        self.assertEqual(len(self.statuses()), 5)

    def test_a_share_is_not_on_whatsapp(self):
        self.simulator.settings(not_on_whatsapp={"rate": 0.5}, batch=100)
        numbers = [f"9194000010{n:02}" for n in range(60)]
        for number in numbers * 2:
            self.sent(plain(number))
        failed = [s["recipient_id"] for s in self.statuses() if s["status"] == "failed"]
        self.assertTrue(15 < len(set(failed)) < 45)
        self.assertEqual(sorted(failed), sorted([*set(failed), *set(failed)]))

    def test_window_of_24_hours(self):
        message = {"to": NUMBER, "type": "text", "text": {"body": "जी"}}
        self.sent(message)
        self.simulator.drain()
        self.simulator.inbound(NUMBER, text="पुराना", timestamp=1_600_000_000)
        self.sent(message)
        self.simulator.drain()
        self.simulator.inbound(NUMBER, text="नया")
        self.sent(message)
        found = [(s["status"], s.get("errors", [{}])[0].get("code")) for s in self.statuses()]
        self.assertEqual(
            found,
            [
                ("failed", 131047),
                ("failed", 131047),
                ("sent", None),
                ("delivered", None),
                ("read", None),
            ],
        )

    def test_order(self):
        self.simulator.settings(order="reversed", sent_ms=0, delivered_ms=1500, read_ms=3000)
        self.sent(plain())
        found = self.statuses()
        self.assertEqual([status["status"] for status in found], ["read", "delivered", "sent"])
        times = [int(status["timestamp"]) for status in found]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertGreater(times[0], times[2])
        self.assertEqual(self.simulator.messages()[0]["status"], "read")

    def test_duplicates_and_losses(self):
        self.simulator.settings(duplicate_rate=1)
        self.sent(plain())
        self.assertEqual(len(self.statuses()), 6)
        self.simulator.reset()
        self.simulator.settings(lost_rate=1)
        self.sent(plain())
        self.assertEqual(self.statuses(), [])
        self.assertEqual(self.simulator.messages()[0]["status"], "read")

    def test_some_statuses_only(self):
        self.simulator.settings(statuses=["sent", "read"])
        self.sent(plain())
        self.assertEqual([s["status"] for s in self.statuses()], ["sent", "read"])
        self.simulator.settings(statuses=["sent", "delivered", "read"], delivered_rate=0)
        self.sent(plain())
        self.assertEqual([s["status"] for s in self.statuses()], ["sent", "read", "sent"])

    def test_manual_read(self):
        self.simulator.settings(read_mode="manual")
        self.sent(plain())
        self.assertEqual([s["status"] for s in self.statuses()], ["sent", "delivered"])
        self.assertEqual(self.simulator.chats()[0]["unread"], 1)
        self.assertEqual(self.simulator.open_chat(NUMBER), 1)
        self.assertEqual(self.statuses()[-1]["status"], "read")
        self.assertEqual(self.simulator.chats()[0]["unread"], 0)
        self.assertEqual(self.simulator.open_chat(NUMBER), 0)

    def test_status_by_hand(self):
        self.simulator.settings(statuses=[])
        self.sent(plain(biz_opaque_callback_data="k"))
        self.simulator.status("failed", key="k", code=131049)
        [status] = self.statuses()
        self.assertEqual(status["errors"][0]["code"], 131049)


class TestDelivery(SimulatorCase):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.simulator.settings(webhook_url=self.receiver.url)

    def test_signature_over_escaped_body(self):
        self.simulator.inbound(NUMBER, text="बिल / 100%", name="राम")
        self.simulator.drain()
        [(headers, body)] = self.receiver.received
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertTrue(body.isascii())
        self.assertIn(rb"\u092c\u093f\u0932 \/ 100%", body)
        [payload] = self.receiver.payloads()
        self.assertEqual(payload["object"], "whatsapp_business_account")
        [record] = self.simulator.webhooks()
        self.assertEqual(
            (record["body"].encode(), record["signature"], record["status"]),
            (body, headers["X-Hub-Signature-256"], 200),
        )

    def test_secret_can_change(self):
        self.receiver.app_secret = "another"
        self.simulator.settings(app_secret="another")
        self.simulator.inbound(NUMBER, text="x")
        self.simulator.drain()
        self.assertEqual(len(self.receiver.payloads()), 1)

    def test_batch(self):
        self.simulator.settings(
            batch=10, webhook_concurrency=1, sent_ms=300, delivered_ms=300, read_ms=300
        )
        for number in range(5):
            self.sent(plain(f"91940000000{number}"))
        self.simulator.drain()
        sizes = [len(value["statuses"]) for value in self.receiver.values()]
        self.assertEqual(sum(sizes), 15)
        self.assertLess(len(sizes), 15)
        self.assertLessEqual(max(sizes), 10)

    def test_retries_until_200(self):
        self.receiver.answers = [500, 302, 404]
        self.simulator.inbound(NUMBER, text="x")
        self.assertTrue(self.simulator.drain())
        bodies = {body for _headers, body in self.receiver.received}
        self.assertEqual((len(self.receiver.received), len(bodies)), (4, 1))
        counts = self.simulator.state()["webhooks"]
        self.assertEqual((counts["posted"], counts["ok"], counts["retries"]), (4, 1, 3))
        self.assertEqual(self.simulator.webhooks()[0]["attempts"], 4)

    def test_retries_while_nobody_listens(self):
        self.receiver.close()
        self.simulator.inbound(NUMBER, text="x")
        self.until(lambda: self.simulator.state()["webhooks"]["retries"] >= 2, "no retries")
        self.assertFalse(self.simulator.drain(timeout_s=0))
        self.assertTrue(self.simulator.webhooks()[0]["error"])
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def test_gives_up_after_the_set_time(self):
        self.simulator.settings(retry_for_s=0)
        self.receiver.answers = [500]
        self.simulator.inbound(NUMBER, text="x")
        self.assertTrue(self.simulator.drain())
        self.assertEqual(len(self.receiver.received), 1)

    def test_reset_drops_what_was_due(self):
        self.simulator.settings(sent_ms=60_000, delivered_ms=60_000, read_ms=60_000)
        self.sent(plain())
        self.assertEqual(self.simulator.state()["webhooks"]["scheduled"], 3)
        self.simulator.reset()
        self.assertEqual(self.simulator.state()["webhooks"]["scheduled"], 0)

    def test_other_callbacks(self):
        self.simulator.webhook("account_update", {"event": "ACCOUNT_RESTRICTION"})
        self.simulator.drain()
        [payload] = self.receiver.payloads()
        self.assertEqual(
            payload["entry"][0]["changes"],
            [{"field": "account_update", "value": {"event": "ACCOUNT_RESTRICTION"}}],
        )
        self.assertEqual(payload["entry"][0]["id"], self.simulator.waba_id)

    def test_recorded_without_url(self):
        self.simulator.settings(webhook_url="")
        self.simulator.inbound(NUMBER, text="x")
        self.assertTrue(self.simulator.drain())
        [record] = self.simulator.webhooks()
        self.assertEqual((record["url"], record["status"]), ("", None))
        self.assertEqual(json.loads(record["body"])["object"], "whatsapp_business_account")
