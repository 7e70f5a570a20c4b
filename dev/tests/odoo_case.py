"""Real Odoo processes on a database of their own, against a simulator, for tests that kill them."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import psycopg2

from ..simulator.testing import SimulatorProcess
from ..stack.process import free_port

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
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


def wait_for(condition, seconds, what):
    """Wait until ``condition()`` is true and return its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {what}")


class OdooCase(unittest.TestCase):
    """An Odoo with the add-on installed, a sending number on a simulator, and messages queued.

    :cvar dict settings: of the simulator
    :cvar str setup: file in this folder that fills the database, fed to ``odoo shell``
    :cvar int count: messages it queues
    :cvar dict setup_environ: what else ``setup`` is told, as environment
    """

    settings = {}
    setup = ""
    setup_environ = {}
    count = 0
    # Environment that leads to the database.
    environ = os.environ

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
            settings=cls.settings,
            templates=[TEMPLATE],
        )
        cls.simulator.start()
        cls.addClassCleanup(cls.simulator.stop)
        cls.odoo(
            "shell",
            "--no-http",
            input=(HERE / cls.setup).read_text(encoding="utf-8"),
            env={
                **cls.environ,
                **cls.setup_environ,
                "DISCOM_CRASH": f"{cls.simulator.url} {webhook_key} {cls.count}",
            },
        )

    @classmethod
    def connect(cls, database=None):
        """Return a connection of psycopg2."""
        names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "passfile": "PGPASSFILE"}
        given = {name: cls.environ[key] for name, key in names.items() if cls.environ.get(key)}
        return psycopg2.connect(dbname=database or cls.database, **given)

    @classmethod
    def drop_database(cls):
        connection = cls.connect("postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{cls.database}" WITH (FORCE)')
        connection.close()

    @classmethod
    def odoo(cls, command, *options, **kwargs):
        """Run an Odoo command to its end."""
        kwargs.setdefault("env", dict(cls.environ))
        done = subprocess.run(
            [sys.executable, "-m", "odoo", command, *cls.options, *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **kwargs,
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(done.stdout[-4000:])
        return done.stdout

    def setUp(self):
        self.addCleanup(self.show_log)

    def show_log(self):
        """Show the end of the server's log where a test has failed."""
        outcome = getattr(self, "_outcome", None)
        log = self.folder / "server.log"
        if outcome and not outcome.success and log.exists():
            print(log.read_text(errors="replace")[-6000:])

    def start_server(self, *options):
        """Start Odoo with prefork workers, in a process group of its own.

        :param options: instead of the usual ones
        """
        usual = [*self.options, "--workers=2", "--max-cron-threads=2",
                 f"--gevent-port={free_port()}"]  # fmt: skip
        log = (self.folder / "server.log").open("ab")
        server = subprocess.Popen(
            [sys.executable, CHECKOUT / "dev" / "odoo_bin.py", "server", *(options or usual)],
            stdout=log, stderr=log, start_new_session=True, env=dict(self.environ),
        )  # fmt: skip
        log.close()
        self.addCleanup(self.kill, server)
        return server

    @staticmethod
    def kill(server):
        """End a server and its workers as a power cut does."""
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    def states(self):
        """Return {state: number of messages} as the database has it."""
        connection = self.connect()
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT state, count(*) FROM discom_whatsapp_message GROUP BY state")
            states = dict(cursor.fetchall())
        connection.close()
        return states
