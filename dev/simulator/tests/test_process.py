"""The process, its settings and its page."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from dev.simulator.testing import ROOT, SimulatorError, SimulatorProcess

from .common import NUMBER, PLAIN, SimulatorCase, plain


class TestProcess(unittest.TestCase):
    def test_odoo_is_not_imported(self):
        code = (
            "import sys, dev.simulator.app, dev.simulator.__main__, dev.simulator.testing\n"
            "bad = [m for m in sys.modules if m.split('.')[0] in ('odoo', 'discom')]\n"
            "assert not bad, bad"
        )
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)

    def test_starts_and_stops(self):
        with SimulatorProcess(settings={"token": "mine"}) as simulator:
            self.assertEqual(simulator.token, "mine")
            self.assertEqual(simulator.graph("GET", simulator.phone_number_id)[0], 200)
            pid = simulator.pid
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)
        simulator.stop()

    def test_says_why_it_does_not_start(self):
        for keywords in (
            {"settings": {"nothing": 1}},
            {"templates": [{"name": "x"}]},
            {"arguments": ["--port", "99999999"]},
        ):
            with self.subTest(keywords=keywords), self.assertRaises(SimulatorError) as caught:
                SimulatorProcess(**keywords).start()
            self.assertNotIn("Traceback", str(caught.exception))

    def test_port_in_use(self):
        with SimulatorProcess() as first:
            port = int(first.url.rsplit(":", 1)[1])
            with self.assertRaises(SimulatorError) as caught:
                SimulatorProcess(port=port).start()
        self.assertIn("address already in use", str(caught.exception).lower())

    def test_ends_with_its_parent(self):
        code = (
            "import time\nfrom dev.simulator.testing import SimulatorProcess\n"
            "print(SimulatorProcess().start().pid, flush=True)\ntime.sleep(60)"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, text=True, stdout=subprocess.PIPE
        )
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        # Reads to the end: the pipe closes once the orphan, which inherited it, is gone too.
        parent.stdout.close()
        SimulatorCase.until(self, lambda: _ended(pid), "the simulator outlived its parent")

    def test_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "templates.json")
            path.write_text(json.dumps([PLAIN]), encoding="utf-8")
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "dev.simulator",
                    "--port",
                    "0",
                    "--templates",
                    str(path),
                    "--phone-number-id",
                    "11:22:+91 5444 200000",
                    "--set",
                    "throughput=7",
                    "--app-secret",
                    "s",
                ],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.addCleanup(process.stdout.close)
            try:
                url = process.stdout.readline().split()[-1]
                client = SimulatorProcess()
                client.url = url
                self.assertEqual(client.settings()["throughput"], 7)
                self.assertEqual(client.settings()["app_secret"], "s")
                self.assertEqual(list(client.state()["numbers"]), ["11"])
                self.assertEqual(client.templates()[0]["waba_id"], "22")
                node = client.graph("GET", "11")[1]
                self.assertEqual(node["display_phone_number"], "+91 5444 200000")
            finally:
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(10), 0)


def _ended(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A process that ended but was not waited for by its new parent is a zombie.
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


class TestAdmin(SimulatorCase):
    def test_settings_all_or_none(self):
        before = self.simulator.settings()
        for values in (
            {"nothing": 1},
            {"throughput": -1},
            {"throughput": "fast"},
            {"order": "upwards"},
            {"read_rate": 2},
            {"batch": 0},
            {"batch": 1.5},
            {"window_check": 1},
            {"statuses": ["seen"]},
            {"template_reject": "x"},
            {"not_on_whatsapp": {"rate": "x"}},
            {"not_on_whatsapp": {"x": 1}},
        ):
            with self.subTest(values=values), self.assertRaises(SimulatorError):
                self.simulator.settings(latency_ms=1, **values)
        self.assertEqual(self.simulator.settings(), before)

    def test_reset_keeps_what_is_named(self):
        self.simulator.settings(latency_ms=1)
        self.simulator.set_faults([{"code": 1, "numbers": ["1"]}])
        self.simulator.add_templates([{**PLAIN, "name": "extra"}])
        media_id = self.upload()[1]["id"]
        self.sent(plain())
        self.simulator.reset(keep=["settings", "faults", "templates", "media"])
        state = self.simulator.state()
        self.assertEqual((state["accepted"], state["chats"], state["templates"]), (0, 0, 4))
        self.assertEqual(self.simulator.settings()["latency_ms"], 1)
        self.assertEqual(len(self.simulator.faults()), 1)
        self.assertEqual(self.simulator.graph("GET", media_id)[0], 200)
        self.simulator.reset()
        self.assertEqual(self.simulator.settings()["latency_ms"], 0)
        self.assertEqual(self.simulator.faults(), [])
        self.assertEqual(len(self.simulator.templates()), 3)
        with self.assertRaises(SimulatorError):
            self.simulator.reset(keep=["everything"])

    def test_bad_bodies(self):
        for path in (
            "settings",
            "faults",
            "reset",
            "inbound",
            "read",
            "status",
            "templates",
            "numbers",
            "verify",
            "webhook",
            "drain",
        ):
            for body in (b"[1]", b"5", b'"x"'):
                with self.subTest(path=path, body=body):
                    status, answer = self.simulator.call("POST", f"/simulator/{path}", body)
                    self.assertEqual(status, 400, answer)
                    self.assertTrue(answer["error"])

    def test_messages_and_chats(self):
        for number in ("919400000001", "919400000002"):
            self.sent(plain(number, biz_opaque_callback_data=number))
        self.assertEqual(
            [chat["number"] for chat in self.simulator.chats()], ["919400000002", "919400000001"]
        )
        self.assertEqual([chat["number"] for chat in self.simulator.chats(q="0001")], [NUMBER])
        self.assertEqual(len(self.simulator.messages()), 2)
        self.assertEqual(len(self.simulator.messages(key=NUMBER)), 1)
        self.assertEqual(self.simulator.messages(to="919400000003"), [])

    def test_page(self):
        status, content = self.simulator.call("GET", f"/?number={NUMBER}")
        self.assertEqual(status, 200)
        self.assertIn(b"/simulator/static/phone.js", content)
        for name in ("phone.css", "phone.js", "parts.js", "icon.svg"):
            self.assertEqual(self.simulator.call("GET", f"/simulator/static/{name}")[0], 200)
        self.assertEqual(self.simulator.call("GET", "/simulator/static/../app.py")[0], 404)
