"""`make test`: Odoo's own test runner on a fresh database, then the tests of `dev/`."""

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager

from . import axe, i18n, odoo_log, system, versions
from .console import say, step
from .paths import CHECKOUT, CHECKOUT_KEY, LOGS, MODULE, STATE, alone, prepare_state
from .process import free_port, tail
from .stack import Stack

PREFIX = f"discom_test_{CHECKOUT_KEY}_"
# A quiet machine of two cores needs 23 minutes; after this a run counts as hung.
SECONDS = 2400
# Odoo runs its tests one after the other, so as many runs of it go side by side.
RUNS = 2
PLAIN_LOG = LOGS / "test-dev.log"
# For a program to end by itself before it is killed.
GRACE_SECONDS = 20


def main(tags=""):
    """Run the tests and print `N passed, N failed`; return the exit status.

    :param str tags: Odoo's test tags; all tests of the add-on, and the other checks, without it
    """
    prepare_state()
    with alone("test"):
        stack = Stack(system.CHROMIUM, system.FONTS, system.POPPLER)
        axe.ensure()
        try:
            run = TestRun(stack)
            run.everything(tags)
        finally:
            stack.close()
    say(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


class TestRun:
    """Databases, time limit and score of one `make test`; shows failures as they become known."""

    def __init__(self, stack):
        self.stack = stack
        self.passed = self.failed = 0
        self.deadline = time.monotonic() + SECONDS
        self.database = f"{PREFIX}{time.strftime('%Y%m%d_%H%M%S')}"
        self.databases = [self.database, *(f"{self.database}_{n}" for n in range(2, RUNS + 1))]
        self.demo_database = f"{self.database}_demo"
        self.old_database = f"{self.database}_old"
        self.data = STATE / "test-data"

    def everything(self, tags):
        """Run it all, and leave no database behind; those of a killed run go first."""
        for stale in self.stack.database.databases(PREFIX):
            self.stack.database.drop(stale)
        shutil.rmtree(self.data, ignore_errors=True)
        try:
            if tags:
                self.odoo_tests(tags)
            else:
                with self._running(self._plain_command(), PLAIN_LOG) as plain:
                    self.odoo_tests(*shares(CHECKOUT / "tests", RUNS))
                    self.pot()
                    self.demo_data()
                    self.earlier_versions()
                    self.plain_tests(plain)
        finally:
            for database in (*self.databases, self.demo_database, self.old_database):
                self.stack.database.drop(database)
            shutil.rmtree(self.data, ignore_errors=True)

    def check(self, title, problem=""):
        """Count one check: failed when there is a `problem`, which is shown."""
        if problem:
            self.failed += 1
            say(f"\nFAILED: {title}\n{problem.rstrip()}\n")
        else:
            self.passed += 1

    def odoo_tests(self, *tags):
        """Run the tests of each of `tags`, on as many fresh databases, side by side."""
        logs = [LOGS / f"test{number or ''}.log" for number in range(len(tags))]
        with step(f"Odoo's test runner, database {self.database}") as current, ExitStack() as runs:
            processes = [
                runs.enter_context(
                    self._running(
                        self._odoo(
                            database, f"--init={MODULE}", f"--test-tags={one}", "--without-demo"
                        ),
                        log,
                    )
                )
                for database, one, log in zip(self.databases, tags, logs, strict=False)
            ]
            ended = [self._ended(*one) for one in zip(processes, logs, strict=True)]
            outcomes = [odoo_log.read(text) for _status, text in ended]
            current.note = f"{sum(len(outcome.started) for outcome in outcomes)} tests"
        for one, (status, _text), outcome, log in zip(tags, ended, outcomes, logs, strict=True):
            self._count(one, status, outcome, log)

    def _count(self, tags, status, outcome, log):
        """Count what a run of Odoo's test runner found that ended with `status`."""
        failed = self.failed
        for name, text in sorted(outcome.failed.items()):
            self.check(name, text)
        for name, reason in sorted(outcome.skipped.items()):
            self.check(name, f"Skipped: {reason}. Nothing in this suite may be skipped.")
        self.passed += len(outcome.passed)
        if not outcome.finished:
            self.check("run to the end", self._unfinished(status, log))
        elif not outcome.started:
            self.check("tests found", f"No test has the tags {tags}.")
        elif status and self.failed == failed:
            self.check("exit status", f"Odoo ended with status {status}. Log: {log}")
        self.check("no warning or error in Odoo's log", "\n".join(outcome.noise))
        if self.failed > failed:
            say(f"Odoo's log: {log}")

    def pot(self):
        """The template of translations is what Odoo exports."""
        if not i18n.POT.exists():
            return
        with step("Template of translations"):
            difference = i18n.difference(self.stack, self.database)
        self.check(
            f"i18n/{MODULE}.pot is up to date", difference and f"{difference}\nRun: make pot"
        )

    def demo_data(self):
        """The add-on installs with demo data."""
        arguments = ("--init", MODULE, "--with-demo")
        with step("Installing with demo data"):
            problem = self._quiet(self.demo_database, *arguments, log=LOGS / "demo-install.log")
        self.check("installing with demo data", problem)

    def earlier_versions(self):
        """A database of each earlier version is updated to this one, and nothing in it is lost."""
        server = self.stack.database
        for path in versions.dumps():
            old, database = versions.version(path), self.old_database
            with step(f"Updating a database of {old}"):
                versions.restore(server, path, database)
                before = versions.content(server, database, versions.columns(server, database))
                log = LOGS / f"update-{old}.log"
                problem = self._quiet(database, "--update", MODULE, log=log)
                problem = problem or versions.problems(
                    server, path, database, before, fresh=self.database
                )
                server.drop(database)
            self.check(f"updating a database of {old}", problem)

    def _quiet(self, database, *arguments, log):
        """Run Odoo to its end; return what it complains of, empty when all is well."""
        status, text = self._logged(self._odoo(database, *arguments), log)
        problem = "\n".join(odoo_log.read(text).noise)
        if status != 0:
            problem = f"{problem}\n{self._unfinished(status, log)}"
        return problem

    def plain_tests(self, process):
        """The tests of the simulator, the generator and this package, which `process` runs."""
        with step("Tests of dev/, beside the others") as current:
            status, text = self._ended(process, PLAIN_LOG)
            ran = re.search(r"^Ran (\d+) tests? in", text, re.MULTILINE)
            current.note = f"{ran[1] if ran else 0} tests"
        if not ran:
            self.check("tests of dev/", self._unfinished(status, PLAIN_LOG))
            return
        counts = dict(re.findall(r"(failures|errors|skipped)=(\d+)", text.splitlines()[-1]))
        bad = sum(map(int, counts.values()))
        self.passed += int(ran[1]) - bad
        self.failed += bad
        if bad:
            failures = text.find("=" * 70)
            say(text[failures:] if failures >= 0 else tail(PLAIN_LOG))
            say(f"Log: {PLAIN_LOG}")
        elif status:
            self.check("tests of dev/", f"They ended with status {status}. Log: {PLAIN_LOG}")

    def _odoo(self, database, *arguments):
        return self.stack.command(
            "server",
            f"--database={database}",
            f"--data-dir={self.data}",
            f"--http-port={free_port()}",
            "--workers=0",
            "--max-cron-threads=0",
            "--stop-after-init",
            *arguments,
        )

    def _plain_command(self):
        folder = CHECKOUT / "dev"
        command = [self.stack.python, "-m", "unittest", "discover", "-v"]
        return [*command, "-s", folder, "-t", CHECKOUT, "-p", "test_*.py"]

    def _logged(self, command, log):
        """Run `command` with its output in the file `log`; return what :meth:`_ended` does."""
        with self._running(command, log) as process:
            return self._ended(process, log)

    @contextmanager
    def _running(self, command, log):
        """Have `command` run, with its output in the file `log`, while the body does."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                env=self.stack.env,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                _end(process)

    def _ended(self, process, log):
        """Wait for `process` to end.

        :return: its exit status, None when time was up, and what stands in the file `log`
        """
        try:
            status = process.wait(max(1, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            status = None
            _end(process)
        return status, log.read_text(errors="replace")

    @staticmethod
    def _unfinished(status, log):
        reason = f"Ended with status {status} before its time."
        if status is None:
            reason = f"Stopped: `make test` may take {SECONDS} s."
        return f"{reason}\n{tail(log, 40)}\nLog: {log}"


def shares(folder, number):
    """Return Odoo's test tags of `number` parts of the tests in `folder`, each file in one.

    Dealt out by size, so that the parts take about as long as each other.
    """
    files = sorted(folder.glob("test_*.py"), key=lambda path: (-path.stat().st_size, path.name))
    return [
        ",".join(f"/{MODULE}/{folder.name}/{path.name}" for path in files[first::number])
        for first in range(number)
    ]


def _end(process):
    """End a program that still runs: asked first, so that it can end what it started itself."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
