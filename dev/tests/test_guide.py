"""What administrators copy out of docs/deployment.md is taken as it stands, and holds together."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from contextlib import closing
from pathlib import Path

import psycopg2
import yaml

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
        "dbfilter": "",
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


class TestPostgreSQL(unittest.TestCase):
    def test_postgresql_knows_it(self):
        """No setting is misspelt; those of an extension are known once it is loaded."""
        names = {name for name in settings.recommended() if "." not in name}
        with closing(psycopg2.connect(dbname="postgres")) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT name FROM pg_settings WHERE name = ANY (%s)", [list(names)])
            self.assertEqual({name for [name] in cursor.fetchall()}, names)

    def test_log_holds_no_values(self):
        """Statements hold people's data: psycopg2 writes values into them."""
        found = settings.recommended()
        expected = {
            "log_statement": "none",
            "log_min_duration_statement": "-1",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "shared_preload_libraries": "'pg_stat_statements'",
            "pg_stat_statements.track_utility": "off",
        }
        self.assertEqual({name: found.get(name) for name in expected}, expected)

    def test_memory(self):
        """What PostgreSQL takes at most beside the files that are cached: half of the machine."""
        found = settings.recommended()
        megabytes = {
            name: int(value[:-2]) * {"MB": 1, "GB": 1024}[value[-2:]]
            for name, value in found.items()
            if re.fullmatch(r"\d+[MG]B", value)
        }
        odoo = odoo_config(block("Odoo", "ini"), "workers", "max_cron_threads")
        sorting = 2 * (odoo["workers"] + odoo["max_cron_threads"])
        total = (
            megabytes["shared_buffers"]
            + megabytes["work_mem"] * sorting
            + megabytes["autovacuum_work_mem"] * int(found["autovacuum_max_workers"])
            + megabytes["maintenance_work_mem"]
        )
        self.assertLessEqual(total, 8 * 1024)


class TestMonitoring(unittest.TestCase):
    def setUp(self):
        found = re.search(r"^## Monitoring$.*?^## ", GUIDE, re.MULTILINE | re.DOTALL)[0]
        self.metrics = set(re.findall(r"`(discom_\w+)`", found))
        blocks = re.findall(r"^```yaml\n(.*?)^```$", found, re.MULTILINE | re.DOTALL)
        self.config, self.rules = map(yaml.safe_load, blocks)
        self.alerts = self.rules["groups"][0]["rules"]

    def test_figures_exist(self):
        """Each figure that the chapter names is one of the add-on's, and the other way round."""
        source = (CHECKOUT / "models" / "whatsapp_metrics.py").read_text(encoding="utf-8")
        known = set(re.findall(r"Metric\(\s*\"(discom_\w+)\"", source))
        self.assertEqual(self.metrics, known)
        used = set(re.findall(r"discom_\w+", " ".join(alert["expr"] for alert in self.alerts)))
        self.assertLessEqual(used, known)

    def test_job(self):
        """The alert that asks whether figures come at all names the job that is set up."""
        [job] = self.config["scrape_configs"]
        [silent] = [alert for alert in self.alerts if alert["alert"] == "NoFigures"]
        self.assertIn(f'up{{job="{job["job_name"]}"}}', silent["expr"])

    def test_queue_alert_keeps_the_quiet_hours(self):
        """Minutes of the day in UTC, of the hours that a sending number has by default."""
        source = (CHECKOUT / "models" / "whatsapp_account_rules.py").read_text(encoding="utf-8")
        india = 330
        begin, end = (
            int(float(re.search(rf"{name} = .*?default=([\d.]+)", source, re.DOTALL)[1]) * 60)
            for name in ("quiet_from", "quiet_to")
        )
        [stands] = [alert for alert in self.alerts if alert["alert"] == "QueueStands"]
        self.assertIn(
            f"(hour() * 60 + minute() >= {end - india} "
            f"and hour() * 60 + minute() < {begin - india})",
            stands["expr"],
        )


class TestProxy(unittest.TestCase):
    def test_rate_of_the_webhook(self):
        """Three reports for each message of four numbers at 80 a second, and a half more."""
        nginx = block("Proxy", "nginx")
        self.assertEqual(
            int(re.search(r"zone=webhook:\w+ +rate=(\d+)r/s", nginx)[1]), 3 * 4 * 80 * 1.5
        )

    def test_location_that_sets_headers_sets_all(self):
        """nginx lets a location with a `proxy_set_header` of its own inherit none."""
        server = block("Proxy", "nginx").rpartition("\nserver {")[2]
        server, *locations = re.split(r"^    location ", server, flags=re.MULTILINE)
        headers = set(re.findall(r"proxy_set_header (\S+)", server))
        self.assertIn("X-Forwarded-For", headers)
        for location in locations:
            own = set(re.findall(r"proxy_set_header (\S+)", location))
            self.assertFalse(own and headers - own, location)

    def test_proxy_does_not_log_bills(self):
        """Neither calls nor, with their path, those that are refused or fail."""
        [bill] = re.findall(r"location /bill/ {(.*?)^    }", block("Proxy", "nginx"), re.M | re.S)
        self.assertIn("access_log off;", bill)
        self.assertRegex(bill, r"error_log \S+ crit;")


class TestScripts(unittest.TestCase):
    def test_scripts(self):
        """What is run by hand or at night is what a shell reads."""
        found = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
        self.assertGreater(len(found), 4)
        for text in found:
            done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True)
            self.assertFalse(done.returncode, f"{text}\n{done.stderr}")
