"""Faults on demand, and Meta's limits."""

import http.client
import time
import urllib.error

from dev.simulator.testing import SimulatorError

from .common import NUMBER, SimulatorCase, plain


class TestFaults(SimulatorCase):
    def test_error_for_the_first_requests(self):
        self.simulator.set_faults([{"code": 131000, "count": 2}])
        for _attempt in range(2):
            answered = self.simulator.send(plain())
            self.assertEqual(answered[0], 500)
            self.assertTrue(self.assertRefused(131000, answered)["is_transient"])
        self.sent(plain())
        self.assertEqual(self.simulator.faults()[0]["hits"], 2)
        state = self.simulator.state()
        self.assertEqual((state["accepted"], state["refused"]), (1, {"131000": 2}))

    def test_error_of_ones_own_words(self):
        self.simulator.set_faults(
            [
                {
                    "code": 999,
                    "title": "Odd",
                    "details": "really",
                    "status": 418,
                    "subcode": 7,
                    "is_transient": True,
                }
            ]
        )
        status, answer = self.simulator.send(plain())
        answer["error"].pop("fbtrace_id")
        self.assertEqual(
            (status, answer),
            (
                418,
                {
                    "error": {
                        "message": "(#999) Odd",
                        "type": "OAuthException",
                        "code": 999,
                        "error_subcode": 7,
                        "is_transient": True,
                        "error_data": {"messaging_product": "whatsapp", "details": "really"},
                    }
                },
            ),
        )

    def test_by_number_and_skip(self):
        self.simulator.set_faults([{"code": 130403, "numbers": [NUMBER], "skip": 1}])
        self.sent(plain())
        self.assertRefused(130403, self.simulator.send(plain()))
        self.sent(plain("919400000002"))

    def test_rate_follows_the_seed(self):
        def run():
            self.simulator.settings(seed=7)
            return [self.simulator.send(plain())[0] for _attempt in range(40)]

        self.simulator.set_faults([{"code": 131016, "rate": 0.5}])
        first = run()
        self.assertEqual(set(first), {200, 503})
        self.assertEqual(first, run())

    def test_error_by_webhook(self):
        self.simulator.set_faults([{"code": 131049, "via": "webhook", "details": "later"}])
        self.sent(plain(biz_opaque_callback_data="k"))
        [status] = self.statuses()
        self.assertEqual((status["status"], status["biz_opaque_callback_data"]), ("failed", "k"))
        self.assertEqual(status["errors"][0]["error_data"]["details"], "later")

    def test_answers_that_are_no_json(self):
        self.simulator.set_faults(
            [{"kind": "http", "status": 502, "count": 1}, {"kind": "garbage"}]
        )
        status, content = self.simulator.send(plain())
        self.assertEqual((status, content[:6]), (502, b"<html>"))
        status, content = self.simulator.send(plain())
        self.assertEqual((status, content[:6]), (200, b"<html>"))
        self.assertEqual(self.simulator.state()["accepted"], 0)

    def test_dropped_connections(self):
        for kind, accepted in (("drop", 1), ("refuse", 0), ("hang", 1)):
            with self.subTest(kind=kind):
                self.simulator.reset()
                self.simulator.set_faults([{"kind": kind, "delay_ms": 20}])
                with self.assertRaises(
                    (http.client.HTTPException, urllib.error.URLError, ConnectionError)
                ):
                    self.simulator.send(plain(biz_opaque_callback_data="k"))
                self.assertEqual(self.simulator.state()["accepted"], accepted)
                self.assertEqual(len(self.statuses()), 3 * accepted)

    def test_slow_answer(self):
        self.simulator.set_faults([{"kind": "slow", "delay_ms": 300}])
        before = time.monotonic()
        self.sent(plain())
        self.assertGreaterEqual(time.monotonic() - before, 0.3)

    def test_held(self):
        self.simulator.set_faults(
            [
                {"kind": "held", "delay_ms": 2000},
            ]
        )
        _status, answer = self.simulator.send(plain())
        self.assertEqual(answer["messages"][0]["message_status"], "held_for_quality_assessment")
        self.assertEqual(self.simulator.messages()[0]["status"], "accepted")
        self.assertEqual([s["status"] for s in self.statuses()], ["sent", "delivered", "read"])
        self.simulator.set_faults([{"kind": "held", "delay_ms": 1, "code": 132015}])
        self.sent(plain())
        self.assertEqual(self.statuses()[-1]["errors"][0]["code"], 132015)

    def test_other_endpoints(self):
        self.simulator.set_faults(
            [
                {"code": 2, "endpoint": "media"},
                {"code": 80007, "endpoint": "templates"},
                {"code": 4, "endpoint": "accounts", "retry_after": 3},
            ]
        )
        self.assertRefused(2, self.upload())
        self.assertRefused(
            80007, self.simulator.graph("GET", f"{self.simulator.waba_id}/message_templates")
        )
        self.assertRefused(4, self.simulator.graph("GET", self.simulator.phone_number_id))
        self.sent(plain())

    def test_one_business_number(self):
        other = "100000000000002"
        self.simulator.add_number(other)
        self.simulator.set_faults([{"code": 131031, "phone_number_id": other}])
        self.assertRefused(
            131031,
            self.simulator.graph(
                "POST", f"{other}/messages", {"messaging_product": "whatsapp", **plain()}
            ),
        )
        self.sent(plain())

    def test_add_and_remove_rules(self):
        self.simulator.call("POST", "/simulator/faults", {"code": 1})
        self.simulator.call("POST", "/simulator/faults", {"code": 2})
        first, second = self.simulator.faults()
        self.simulator.call("DELETE", f"/simulator/faults?id={first['id']}")
        self.assertEqual([rule["id"] for rule in self.simulator.faults()], [second["id"]])
        self.simulator.call("DELETE", "/simulator/faults")
        self.assertEqual(self.simulator.faults(), [])

    def test_rules_that_make_no_sense(self):
        self.simulator.set_faults([{"code": 1}])
        for rule in (
            {},
            {"kind": "x"},
            {"code": 1, "rate": "often"},
            {"code": 1, "nothing": 2},
            {"kind": "drop", "via": "webhook"},
            {"code": 1, "endpoint": "moon"},
            {"kind": "held", "endpoint": "media"},
            "x",
        ):
            with self.subTest(rule=rule), self.assertRaises(SimulatorError):
                self.simulator.set_faults([rule])
        self.assertEqual(len(self.simulator.faults()), 1)


class TestLimits(SimulatorCase):
    def test_throughput(self):
        self.simulator.settings(throughput=5)
        answers = self.within_a_second(
            lambda: [self.simulator.send(plain()) for _attempt in range(8)]
        )
        self.assertEqual([status for status, _answer in answers], [200] * 5 + [429] * 3)
        self.assertRefused(130429, answers[-1])
        state = self.simulator.state()
        self.assertEqual((state["rate"]["max_1s"], state["attempted"]["max_1s"]), (5, 8))
        self.until(lambda: self.simulator.send(plain())[0] == 200, "the second never passed")

    def test_throughput_is_of_each_number(self):
        other = "100000000000002"
        self.simulator.add_number(other, throughput=1)
        self.simulator.settings(throughput=2)
        body = {"messaging_product": "whatsapp", **plain()}
        found = self.within_a_second(
            lambda: [
                self.simulator.graph("POST", f"{phone}/messages", body)[0]
                for phone in (other, other, *([self.simulator.phone_number_id] * 3))
            ]
        )
        self.assertEqual(found, [200, 429, 200, 200, 429])

    def test_pair(self):
        self.simulator.settings(pair_interval_s=60, pair_burst=3)
        found = [self.simulator.send(plain())[0] for _attempt in range(4)]
        self.assertEqual(found, [200, 200, 200, 429])
        self.assertRefused(131056, self.simulator.send(plain()))
        self.sent(plain("919400000002"))

    def test_pair_budget_comes_back(self):
        self.simulator.settings(pair_interval_s=2, pair_burst=1)
        self.sent(plain())
        self.assertRefused(131056, self.simulator.send(plain()))
        self.until(lambda: self.simulator.send(plain())[0] == 200, "the budget never came back")

    def test_daily(self):
        self.simulator.settings(daily_limit=2)
        self.simulator.inbound("919400000009", text="hi")
        self.sent(plain("919400000009"))
        self.sent(plain("919400000001"))
        self.sent(plain("919400000002"))
        self.assertRefused(131048, self.simulator.send(plain("919400000003")))
        self.sent(plain("919400000001"))
        self.simulator.settings(daily_limit_via="webhook")
        self.sent(plain("919400000003"))
        failed = [s for s in self.statuses() if s["status"] == "failed"]
        self.assertEqual(failed[0]["errors"][0]["code"], 131048)

    def test_latency(self):
        self.simulator.settings(latency_ms=200)
        before = time.monotonic()
        self.sent(plain())
        self.assertRefused(131009, self.simulator.send(plain("x")))
        self.assertGreaterEqual(time.monotonic() - before, 0.4)
