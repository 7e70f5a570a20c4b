"""What the rows work with: files, a database filled from them, Odoo, the simulator."""

import base64
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dev.generate.__main__ import generate
from dev.stack.paths import CHECKOUT_KEY, STATE
from dev.stack.process import free_port
from dev.stack.stack import LAUNCHER

from . import process, settings

SUPERUSER_ID = 1  # Odoo's own; it cannot be imported before Odoo is configured
ADDONS = Path(__file__).parent / "addons"
MODULES = "discom,discom_bench"
START_SECONDS = 90
# Files in the order in which one refers to the others.
FILES = ("office", "asset", "consumer", "kyc", "bill", "payment")


class Unavailable(Exception):
    """A row cannot be measured here; the text says what is missing."""


@dataclass(frozen=True)
class ImportCost:
    """What an import took: rows of the file, refused ones, seconds, MiB of memory added, and
    processor seconds of Odoo and PostgreSQL."""

    rows: int
    refused: int
    check_seconds: float
    run_seconds: float
    memory: float
    cpu: float

    @property
    def seconds(self):
        """Seconds of the dry run and of the import itself."""
        return self.check_seconds + self.run_seconds

    def __str__(self):
        return (
            f"{self.rows} rows, {self.refused} refused, checked in {self.check_seconds:.1f} s,"
            f" imported in {self.run_seconds:.1f} s, +{max(0, self.memory):.0f} MiB"
        )


class Server:
    """A running Odoo of the benchmark's database."""

    def __init__(self, url, pid):
        self.url = url
        self.pid = pid

    def cpu_seconds(self):
        """Processor seconds used so far, its worker processes included."""
        return process.cpu_seconds(self.pid)


class Workbench:
    """Files for a number of consumers and a database, each made when the first row asks for it.

    :param consumers: in the files, and in the database once it is filled
    :param keep: leave the database behind, and use the one that was left behind
    :param report: function that says what is being done
    :param group: rows that share the database; others of as many consumers have another
    """

    def __init__(self, consumers, keep=False, report=print, group=""):
        self.consumers = consumers
        self.keep = keep
        self.report = report
        name = f"{consumers}_{group}" if group else str(consumers)
        self.folder = STATE / "bench" / name
        self.database = f"discom_bench_{CHECKOUT_KEY}_{name}"
        self._imported = set()
        self._copied = False
        self._server_peaks = []

    # Files

    @cached_property
    def files(self):
        """{kind: path} of the generated CSV files."""
        self.report(f"Generating files for {self.consumers} consumers")
        generate(self.folder / "files", self.consumers)
        names = {
            "office": "offices",
            "asset": "assets",
            "consumer": "consumers",
            "kyc": "kyc",
            "bill": "bills",
            "payment": "payments",
        }
        return {kind: self.folder / "files" / f"{names[kind]}.csv" for kind in FILES}

    # Odoo in this process

    @cached_property
    def _config(self):
        from odoo.tools import config

        rc = os.environ.get("ODOO_RC")
        if not rc:
            raise Unavailable("ODOO_RC names no configuration; run it by `make bench`")
        config.parse_config(["-c", rc, "--log-level=warn"])
        paths = [str(path) for path in (*config["addons_path"], ADDONS)]
        options = [
            "-c",
            rc,
            f"--addons-path={','.join(paths)}",
            f"--data-dir={self.folder / 'data'}",
        ]
        config.parse_config([*options, "--log-level=warn", f"--database={self.database}"])
        return options

    @cached_property
    def registry(self):
        """Odoo's registry of the database, which is made first where it is missing."""
        options = self._config
        from odoo import sql_db
        from odoo.modules.registry import Registry

        if self._copied:
            return Registry(self.database)
        with sql_db.db_connect("postgres").cursor() as cr:
            cr.execute("SELECT FROM pg_database WHERE datname = %s", [self.database])
            exists = bool(cr.rowcount)
        if exists and not self.keep:
            self._drop()
        self.report(f"{'Updating' if exists and self.keep else 'Installing'} {self.database}")
        action = "--update" if exists and self.keep else "--init"
        self._odoo(*options, f"{action}={MODULES}", "--stop-after-init")
        with sql_db.db_connect("postgres").cursor() as cr:
            settings.apply(cr, self.database)
        return Registry(self.database)

    def start_from(self, other):
        """Begin with what is in the database of ``other``, unless there is one already to keep.

        :param Workbench other: has been filled; its connections are closed meanwhile
        """
        from odoo import sql_db

        with sql_db.db_connect("postgres").cursor() as cr:
            cr.execute("SELECT FROM pg_database WHERE datname = %s", [self.database])
            exists = bool(cr.rowcount)
        if exists and self.keep:
            return
        if exists:
            self._drop()
        self.report(f"Copying {other.database} to {self.database}")
        sql_db.close_db(other.database)
        with sql_db.db_connect("postgres").cursor() as cr:
            cr._cnx.autocommit = True
            cr.execute(f'CREATE DATABASE "{self.database}" TEMPLATE "{other.database}"')
            settings.apply(cr, self.database)
        shutil.copytree(other.folder, self.folder, dirs_exist_ok=True)
        self._imported = set(other._imported)
        self._copied = True

    def _odoo(self, *options):
        command = [sys.executable, "-m", "odoo", "server", *options]
        command += [f"--database={self.database}", "--http-interface=127.0.0.1"]
        command += [f"--http-port={free_port()}", "--max-cron-threads=0", "--without-demo"]
        log = self.folder / "odoo.log"
        with log.open("wb") as output:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        if done.returncode:
            raise Unavailable(f"Odoo ended with status {done.returncode}; its log is {log}")

    def _installed(self):
        """Options of every Odoo on the database, once that is there."""
        return self.registry and self._config

    @contextmanager
    def env(self):
        """The administrator's environment in a transaction that is committed at the end."""
        from odoo import api

        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            yield env(user=env.ref("base.user_admin"))

    def cpu_seconds(self):
        """Processor seconds that this process and its connections to the database have used.

        Unlike time on a clock they stay the same when others work on the machine, too.
        """
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend'"
            )
            backends = [pid for [pid] in cr.fetchall()]
        return time.process_time() + sum(map(process.cpu_seconds, backends))

    @cached_property
    def _postgres(self):
        """Process of the PostgreSQL server, on this machine."""
        with self.registry.cursor() as cr:
            cr.execute("SELECT pg_backend_pid()")
            return process.parent(cr.fetchone()[0])

    def database_cpu_seconds(self):
        """Processor seconds that PostgreSQL has used, for all its connections and by itself."""
        return process.cpu_seconds_ever(self._postgres)

    def forget_peak(self):
        """Let :meth:`peak_memory` begin anew."""
        process.forget_peak()
        self._server_peaks.clear()

    def peak_memory(self):
        """Peak memory in MiB of the largest Odoo process: of the servers where some have run and
        ended, or of this one."""
        return max(self._server_peaks, default=process.peak_memory())

    # Data

    def seed(self, *kinds):
        """Import the files of ``kinds`` and all before them, those that are not in yet."""
        last = max(FILES.index(kind) for kind in kinds)
        for kind in FILES[: last + 1]:
            if kind not in self._imported:
                self.import_file(kind)

    def import_file(self, kind, path=None):
        """Import a file through the add-on; return an :class:`ImportCost`.

        :param path: the generated file of the kind without it
        :raise Unavailable: when the import does not end as done
        """
        with self.env() as env:
            imports = env["discom.import"]
            if self.keep and imports.search_count([("kind", "=", kind), ("state", "=", "done")]):
                self._imported.add(kind)
                return None
            path = path or self.files[kind]
            self.report(f"Importing {path.name}")
            # The generated bills are of a fixed month, whose due date may lie in the past.
            env.ref("discom.bill_check_due_soon").active = False
            file = base64.b64encode(path.read_bytes())
            found = imports.create({"kind": kind, "file": file, "filename": path.name})
            del file
            env.cr.commit()
            env.invalidate_all()
            process.forget_peak()
            before, used = process.memory(), self.cpu_seconds()
            begun = time.perf_counter()
            found.action_check()
            self._in_background(env, found)
            checked = time.perf_counter()
            found.action_run()
            self._in_background(env, found)
            ended = time.perf_counter()
            cost = ImportCost(
                found.row_count,
                found.refused_count,
                checked - begun,
                ended - checked,
                process.peak_memory() - before,
                self.cpu_seconds() - used,
            )
            if found.state != "done":
                raise Unavailable(f"{path.name} ended as {found.state}: {found.message}")
            if kind == "bill":
                held = env["discom.bill"].search_count([("is_held", "=", True)])
                self.report(f"{held} bills are held back by the checks")
                found.action_issue_bills()
                self._in_background(env, found)
        self.report(f"{path.name}: {cost}")
        self._imported.add(kind)
        with self.registry.cursor() as cr:
            cr.execute("ANALYZE")
        # A row that needs the data does not pay for its import.
        process.forget_peak()
        return cost

    def _in_background(self, env, import_):
        """Do what the scheduled action does for a file too large to wait for."""
        env.cr.commit()
        while import_.state in ("checking", "running") or import_.issue_waiting:
            env["discom.import"].with_user(SUPERUSER_ID)._cron_run()
            env.cr.commit()
            env.invalidate_all()

    def _drop(self):
        from odoo import sql_db

        sql_db.close_db(self.database)
        with sql_db.db_connect("postgres").cursor() as cr:
            cr._cnx.autocommit = True
            cr.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    # Programs

    @contextmanager
    def server(self, *options, workers=0, cron_threads=0):
        """A running Odoo of the database, as a :class:`Server`.

        :param workers: HTTP worker processes; 0 is one process with threads
        :param cron_threads: threads or processes for scheduled actions
        """
        options_of_all = self._installed()
        port = free_port()
        command = [sys.executable, str(LAUNCHER), "server", *options_of_all, *options]
        # No --db-filter: Odoo would ask PostgreSQL for all databases, by a new connection, at each
        # call that has no session, as those of the webhook.
        command += [f"--database={self.database}"]
        command += ["--http-interface=127.0.0.1", f"--http-port={port}"]
        command += [f"--gevent-port={free_port()}", "--log-level=warn"]
        command += [f"--workers={workers}", f"--max-cron-threads={cron_threads}"]
        log = self.folder / "server.log"
        with log.open("wb") as output:
            running = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        url = f"http://127.0.0.1:{port}"
        try:
            self._wait_for(f"{url}/web/health", running, log)
            yield Server(url, running.pid)
            self._server_peaks.append(process.peak_of_family(running.pid))
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()

    def _wait_for(self, url, running, log):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and running.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise Unavailable(f"Odoo does not answer; its log is {log}")

    @cached_property
    def simulator(self):
        """The simulator of this bench, started when the first row asks for it."""
        from dev.simulator.testing import SimulatorProcess

        return SimulatorProcess(settings={"template_review_ms": 0, "statuses": []}).start()

    def close(self):
        """Stop the simulator; drop the database, unless it is to be kept, and the files."""
        if "simulator" in self.__dict__:
            self.simulator.stop()
        if not self.keep:
            if "registry" in self.__dict__:
                self._drop()
            shutil.rmtree(self.folder, ignore_errors=True)
        elif "registry" in self.__dict__:
            self.report(f"Database {self.database} is kept")
