"""What administrators copy out of docs/deployment.md is taken as it stands, and holds together."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
GUIDE = (CHECKOUT / "docs" / "deployment.md").read_text(encoding="utf-8")
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
