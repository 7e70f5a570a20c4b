"""A worker that dies while it sends: nothing is lost and nobody gets a message twice."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import psycopg2

from ..simulator.testing import SimulatorProcess

CHECKOUT = Path(__file__).parents[2]
COUNT = 200
TEMPLATE = {
    "name": "crash_bill",
    "language": "hi",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [
        {
            "type": "BODY",
            "text": "नमस्ते {{name}}, आपका बिल {{amount}} है। धन्यवाद।",
            "example": {
                "body_text_named_params": [
                    {"param_name": "name", "example": "राम"},
                    {"param_name": "amount", "example": "₹500"},
                ]
            },
        }
    ],
}


def free_port():
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds, what):
    """Wait until ``condition()`` is true and return its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {what}")


class CrashTest(unittest.TestCase):
    """Real Odoo processes, a real database and a real SIGKILL."""

    @classmethod
    def setUpClass(cls):
        cls.database = f"discom_crash_{os.getpid()}"
        cls.port = free_port()
        files = tempfile.TemporaryDirectory(prefix="discom-crash-")
        cls.addClassCleanup(files.cleanup)
        cls.folder = Path(files.name)
        addons = cls.folder / "addons"
        addons.mkdir()
        (addons / "discom").symlink_to(CHECKOUT)
        cls.options = [
            f"--database={cls.database}",
            f"--addons-path={addons}",
            f"--data-dir={cls.folder}/data",
            "--http-interface=127.0.0.1",
            f"--http-port={cls.port}",
        ]
        cls.addClassCleanup(cls.drop_database)
        cls.odoo("server", "--init=discom", "--stop-after-init")
        webhook_key = secrets.token_urlsafe(16)
        cls.simulator = SimulatorProcess(
            webhook_url=f"http://127.0.0.1:{cls.port}/discom/whatsapp/webhook/{webhook_key}",
            settings={"latency_ms": 300, "sent_ms": 500, "delivered_ms": 1000, "read_ms": 1500},
            templates=[TEMPLATE],
        )
        cls.simulator.start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.odoo(
            "shell",
            "--no-http",
            input=(Path(__file__).parent / "crash_setup.py").read_text(encoding="utf-8"),
            env={**os.environ, "DISCOM_CRASH": f"{cls.simulator.url} {webhook_key} {COUNT}"},
        )

    @classmethod
    def drop_database(cls):
        connection = psycopg2.connect(dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{cls.database}" WITH (FORCE)')
        connection.close()

    @classmethod
    def odoo(cls, command, *options, **kwargs):
        """Run an Odoo command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "odoo", command, *cls.options, *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **kwargs,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(done.stdout[-4000:])
        return done.stdout

    def start_server(self):
        """Start Odoo with prefork workers, in a process group of its own."""
        log = (self.folder / "server.log").open("ab")
        server = subprocess.Popen(
            [sys.executable, CHECKOUT / "dev" / "odoo_bin.py", "server", *self.options,
             "--workers=2", "--max-cron-threads=2", f"--gevent-port={free_port()}"],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()
        self.addCleanup(self.kill, server)
        return server

    @staticmethod
    def kill(server):
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    def states(self):
        """Return {state: number of messages} as the database has it."""
        connection = psycopg2.connect(dbname=self.database)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT state, count(*) FROM discom_whatsapp_message GROUP BY state")
            states = dict(cursor.fetchall())
        connection.close()
        return states

    def test_killed_while_sending(self):
        self.assertEqual(self.states(), {"queued": COUNT})
        server = self.start_server()
        wait_for(lambda: self.simulator.state()["accepted"] >= COUNT // 4, 90, "a quarter accepted")
        self.kill(server)
        accepted = self.simulator.state()["accepted"]
        states = self.states()
        self.assertLess(accepted, COUNT, "killed too late to prove anything")
        self.assertGreater(states.get("in_flight", 0), 0, "nothing was in doubt")

        self.start_server()
        wait_for(
            lambda: set(self.states()) == {"read"}, 240, f"all read, were {states}, {accepted}"
        )
        counts = self.simulator.key_counts()
        self.assertEqual(len(counts), COUNT)
        self.assertEqual(set(counts.values()), {1}, "each message exactly once")
