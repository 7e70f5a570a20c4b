"""Everything goes wrong at once: nothing is lost and nobody gets a message twice.

``DISCOM_FAULT_MESSAGES=20000 python -m unittest dev.tests.fault_run`` is the full run, which takes
some ten minutes; ``test_crash.py`` is what ``make test`` has time for.
"""

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import psutil

from ..stack.postgres import Cluster
from .odoo_case import OdooCase, wait_for

COUNT = int(os.environ.get("DISCOM_FAULT_MESSAGES", 1500))
#: What the simulator does to one request in so many.
FAULTS = [
    {"kind": "drop", "rate": 0.01},
    {"kind": "refuse", "rate": 0.01},
    {"kind": "garbage", "rate": 0.005},
    {"kind": "http", "status": 502, "rate": 0.005},
    {"kind": "http", "status": 503, "rate": 0.005},
    {"kind": "error", "code": 131016, "rate": 0.01},
    {"kind": "error", "code": 130429, "rate": 0.002},
    {"kind": "error", "code": 131056, "rate": 0.005},
    {"kind": "error", "code": 131000, "via": "webhook", "rate": 0.01},
    {"kind": "slow", "delay_ms": 2000, "rate": 0.005},
]


class TemporaryCluster(Cluster):
    """A PostgreSQL of the test alone, which it may tear down."""

    def __init__(self, folder):
        self._folder = Path(folder)
        super().__init__()
        self.passwords = self._folder.with_suffix(".pgpass")
        self.env["PGPASSFILE"] = str(self.passwords)

    def _home(self):
        return self._folder

    def crash(self):
        """End the server as a failure does, and start it again; what was committed is there."""
        log = self.home / "server.log"
        # Without a log of its own it would hold on to the pipe of pg_ctl, which never ends then.
        self._run("pg_ctl", "restart", "-D", self.data, "-l", log, "-m", "immediate", "-w", "-s")


class FaultRun(OdooCase):
    """Workers killed, database restarted, answers dropped, webhooks doubled and out of order."""

    settings = {
        "latency_ms": 100,
        "sent_ms": 200,
        "delivered_ms": 800,
        "read_ms": 2000,
        "jitter": 0.9,
        "order": "shuffled",
        "duplicate_rate": 0.2,
        "batch": 20,
        "throughput": 1000,
        "retry_max_s": 10,
    }
    setup = "fault_setup.py"
    count = COUNT
    #: Times the server is killed, a worker is killed, the database is torn down.
    rounds = 3

    @classmethod
    def setUpClass(cls):
        cls.cluster = TemporaryCluster(f"/var/tmp/discom-faults-{os.getpid()}")
        cls.addClassCleanup(cls.cluster.remove, ())
        cls.cluster.start()
        # A cluster for tests does not wait for its commits; here that is what is tested.
        cls.cluster.query("ALTER SYSTEM SET synchronous_commit = on")
        cls.cluster.query("SELECT pg_reload_conf()")
        cls.environ = {**os.environ, **cls.cluster.env}
        super().setUpClass()

    def accepted(self):
        return self.simulator.state()["accepted"]

    def kill_a_cron_worker(self, server):
        """End the worker that sends, as the kernel does when memory is short."""
        workers = psutil.Process(server.pid).children()
        busiest = max(workers, key=lambda worker: sum(worker.cpu_times()[:2]))
        busiest.send_signal(signal.SIGKILL)

    def test_nothing_lost_nothing_twice(self):
        chance = random.Random(5)
        self.simulator.set_faults(FAULTS)
        begun = time.monotonic()
        self.server = self.start_server()
        done = Counter()
        steps = ["worker", "database", "server"] * self.rounds
        for number, step in enumerate(steps, 1):
            share = number * self.count * 0.9 / len(steps)
            wait_for(lambda share=share: self.has_accepted(share), 240, f"{share:.0f} accepted")
            match step:
                case "worker":
                    self.kill_a_cron_worker(self.server)
                case "database":
                    self.cluster.crash()
                case "server":
                    self.kill(self.server)
                    time.sleep(chance.uniform(0, 5))
                    self.server = self.start_server()
            done[step] += 1
        # What is in doubt waits for reports; then the rest goes without faults.
        wait_for(self.queue_is_empty, 400, "the queue empty")
        self.simulator.set_faults([])
        wait_for(self.all_read, 600, f"all read, are {self.states()}")
        self.assertEqual(self.states(), {"read": self.count}, "nothing lost")

        keys = self.simulator.key_counts()
        self.assertEqual({key: n for key, n in keys.items() if n > 1}, {}, "no key twice")
        sent = self.simulator.messages(limit=10 * self.count)
        arrived = Counter(m["to"] for m in sent if m["status"] != "failed")
        self.assertEqual(len(arrived), self.count, "everybody got one")
        self.assertEqual({to: n for to, n in arrived.items() if n > 1}, {}, "nobody got two")
        hooks = self.simulator.state()["webhooks"]
        print(
            f"{self.count} messages, {len(sent)} accepted, {dict(done)} killed or restarted,"
            f" {hooks['posted']} callbacks of which {hooks['failed']} failed,"
            f" {time.monotonic() - begun:.0f} s"
        )

    def supervise(self):
        """Start the server again when it has ended by itself, as a service manager does.

        Odoo's parent process ends when the database is away at the moment it replaces a worker.
        """
        if self.server.poll() is not None:
            self.server = self.start_server()

    def has_accepted(self, share):
        self.supervise()
        return self.accepted() >= share

    def queue_is_empty(self):
        self.supervise()
        return not self.open_states().get("queued")

    def all_read(self):
        """Whether everything is read; meanwhile other reports come, as they do all day.

        Without any report since, nothing tells whether a message in doubt would have been reported.
        """
        self.supervise()
        self.simulator.webhook("account_alerts", {"alert_type": "FAULT_RUN"})
        time.sleep(5)
        return set(self.open_states()) == {"read"}

    def open_states(self):
        try:
            return self.states()
        except Exception:  # noqa: BLE001 the database may be on its way up
            return {"queued": 1}
