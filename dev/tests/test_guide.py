"""What administrators copy out of docs/deployment.md is taken as it stands, and holds together."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from ..bench import settings

CHECKOUT = Path(__file__).parents[2]
GUIDE = (CHECKOUT / "docs" / "deployment.md").read_text(encoding="utf-8")
LIMITS = ("limit_memory_soft", "limit_memory_hard")
#: Bytes of its address space that a worker does not hold in memory, at least.
ADDRESS_SPACE = 200 * 2**20
READ = """
import json, sys
from odoo.tools.config import configmanager
config = configmanager()
config._parse_config(["-c", sys.argv[1]])
unknown = [entry[2][0] for entry in config._log_entries if entry[1].startswith("unknown option")]
print(json.dumps({"unknown": unknown, **{name: config[name] for name in sys.argv[2:]}}))
"""


def block(chapter, language):
    """The first block in ``language`` of a chapter of the guide."""
    found = re.search(
        rf"^## {chapter}$.*?^```{language}$\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL
    )
    return found[1]


def odoo_config(text, *names):
    """{name: value} of what Odoo itself reads in a configuration file, and `unknown` options."""
    foreign = ("PG", "ODOO")  # variables that Odoo takes before its file
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-c", READ, file.name, *names], env=env, capture_output=True, text=True
        )
    if done.returncode:
        raise AssertionError(f"Odoo does not read it:\n{done.stderr[-1500:]}")
    return json.loads(done.stdout)


class TestOdoo(unittest.TestCase):
    expected = {
        "data_dir": "/srv/odoo",
        "db_host": "10.0.0.5",
        "db_name": ["discom"],
        "list_db": False,
        "proxy_mode": True,
        "http_interface": "10.0.0.11",
        "workers": 4,
        "max_cron_threads": 4,
        "limit_time_cpu": 300,
        "limit_time_real": 300,
        "limit_time_real_cron": 300,
        "db_maxconn": 8,
        "db_maxconn_gevent": 16,
    }

    def test_odoo_reads_it(self):
        """Values arrive with their types, none with a remark, no option is misspelt."""
        found = odoo_config(block("Odoo", "ini"), *self.expected)
        self.assertEqual(found, {**self.expected, "unknown": []})

    def test_paths_that_open_a_bill_are_not_logged(self):
        handlers = odoo_config(block("Odoo", "ini"), "log_handler")["log_handler"]
        self.assertIn("werkzeug:WARNING", handlers)

    def test_memory_of_the_host(self):
        """All processes at the soft limit fit into the memory that the chapter speaks of."""
        found = odoo_config(
            block("Odoo", "ini"), "workers", "max_cron_threads", *LIMITS, "limit_memory_soft_gevent"
        )
        gigabytes = int(re.search(r"host with 4 cores and (\d+) GB for Odoo", GUIDE)[1])
        processes = found["workers"] + found["max_cron_threads"] + 1
        resident = found["limit_memory_soft"] - ADDRESS_SPACE
        self.assertLessEqual(processes * resident, gigabytes * 2**30)
        self.assertLess(found["limit_memory_soft"], found["limit_memory_hard"])
        self.assertIsNone(found["limit_memory_soft_gevent"])

    def test_connections(self):
        """PostgreSQL bears all that the host may open, and the table says so for more hosts."""
        names = ("workers", "max_cron_threads", "db_maxconn", "db_maxconn_gevent")
        found = odoo_config(block("Odoo", "ini"), *names)

        def most(hosts, workers):
            one = workers * found["db_maxconn"] + found["db_maxconn_gevent"]
            return hosts * one

        workers = found["workers"] + found["max_cron_threads"]
        spare = int(re.search(r"`db_maxconn_gevent`\) \+ (\d+)$", GUIDE, re.MULTILINE)[1])
        self.assertEqual(int(settings.recommended()["max_connections"]), most(1, workers) + spare)
        rows = re.findall(
            r"^\| (\w+) hosts?, (\d) \+ (\d) workers.* (\d+) \| (\d+) \|$", GUIDE, re.M
        )
        self.assertEqual(len(rows), 3)
        for hosts, http, cron, total, limit in rows:
            self.assertEqual(
                int(total), most(["one", "two"].index(hosts) + 1, int(http) + int(cron))
            )
            self.assertEqual(int(limit), int(total) + spare)
