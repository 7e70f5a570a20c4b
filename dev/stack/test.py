"""`make test`: Odoo's own test runner on a fresh database, then the tests of `dev/`."""

import re
import shutil
import subprocess
import time

from . import i18n, odoo_log, system
from .console import say, step
from .paths import CHECKOUT, CHECKOUT_KEY, LOGS, MODULE, STATE, alone, prepare_state
from .process import free_port, tail
from .stack import Stack

PREFIX = f"discom_test_{CHECKOUT_KEY}_"
# `.ci/run` has 15 minutes for everything.
SECONDS = 780


class Score:
    """Counts what passed and failed, and shows failures as they become known."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, title, problem=""):
        """Count one check: failed when there is a `problem`, which is shown."""
        if problem:
            self.failed += 1
            say(f"\nFAILED: {title}\n{problem.rstrip()}\n")
        else:
            self.passed += 1


def main(tags=""):
    """Run the tests and print `N passed, N failed`; return the exit status.

    :param str tags: Odoo's test tags; all tests of the add-on, and the other checks, without it
    """
    score = Score()
    prepare_state()
    with alone("test"):
        stack = Stack(system.CHROMIUM, system.FONTS, system.POPPLER)
        try:
            _run(stack, tags, score)
        finally:
            stack.close()
    say(f"{score.passed} passed, {score.failed} failed")
    return 1 if score.failed else 0


def _run(stack, tags, score):
    for stale in stack.database.databases(PREFIX):
        stack.database.drop(stale)
    database = f"{PREFIX}{time.strftime('%Y%m%d_%H%M%S')}"
    data = STATE / "test-data"
    shutil.rmtree(data, ignore_errors=True)
    try:
        _odoo_tests(stack, database, data, tags or f"/{MODULE}", score)
        if not tags:
            _pot(stack, database, score)
            _demo_data(stack, f"{database}_demo", data, score)
            _plain_tests(stack, score)
    finally:
        for used in (database, f"{database}_demo"):
            stack.database.drop(used)
        shutil.rmtree(data, ignore_errors=True)


def _odoo(stack, database, data, *arguments):
    return stack.command(
        "server",
        f"--database={database}",
        f"--data-dir={data}",
        f"--http-port={free_port()}",
        "--workers=0",
        "--max-cron-threads=0",
        "--stop-after-init",
        *arguments,
    )


def _logged(command, stack, log):
    """Run `command` with its output in `log`; return its exit status, None when out of time."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=stack.env,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            return process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def _odoo_tests(stack, database, data, tags, score):
    log = LOGS / "test.log"
    command = _odoo(
        stack, database, data, f"--init={MODULE}", f"--test-tags={tags}", "--without-demo"
    )
    with step(f"Odoo's test runner, tags {tags}, database {database}") as current:
        status = _logged(command, stack, log)
        outcome = odoo_log.read(log.read_text(errors="replace"))
        current.note = f"{len(outcome.started)} tests"
    for name, text in sorted(outcome.failed.items()):
        score.check(name, text)
    for name, reason in sorted(outcome.skipped.items()):
        score.check(name, f"Skipped: {reason}. Nothing in this suite may be skipped.")
    score.passed += len(outcome.passed)
    if status is None:
        score.check("run to the end", f"Stopped after {SECONDS} s.\n{tail(log)}\nLog: {log}")
    elif not outcome.finished:
        score.check("run to the end", f"Odoo ended before the tests did.\n{tail(log, 40)}")
    elif not outcome.started:
        score.check("tests found", f"No test has the tags {tags}.")
    elif status and not score.failed:
        score.check("exit status", f"Odoo ended with status {status}. Log: {log}")
    score.check("no warning or error in Odoo's log", "\n".join(outcome.noise))
    if score.failed:
        say(f"Odoo's log: {log}")


def _pot(stack, database, score):
    committed = CHECKOUT / "i18n" / f"{MODULE}.pot"
    if not committed.exists():
        return
    with step("Template of translations"):
        difference = i18n.difference(stack, database)
    score.check(f"i18n/{MODULE}.pot is up to date", difference and f"{difference}\nRun: make pot")


def _demo_data(stack, database, data, score):
    """The add-on installs with demo data, and an update of it right after changes nothing."""
    for title, log, arguments in (
        ("Installing with demo data", LOGS / "demo-install.log", ("--init", MODULE, "--with-demo")),
        ("Updating", LOGS / "demo-update.log", ("--update", MODULE)),
    ):
        with step(title):
            status = _logged(_odoo(stack, database, data, *arguments), stack, log)
        outcome = odoo_log.read(log.read_text(errors="replace"))
        problem = "\n".join(outcome.noise)
        if status:
            problem = f"Odoo ended with status {status}.\n{problem or tail(log)}"
        score.check(title.lower(), problem and f"{problem}\nLog: {log}")
        if status:
            return


def _plain_tests(stack, score):
    folder = CHECKOUT / "dev"
    if not any(folder.rglob("test_*.py")):
        return
    log = LOGS / "test-dev.log"
    command = [
        stack.python,
        "-m",
        "unittest",
        "discover",
        "-v",
        "-s",
        folder,
        "-t",
        CHECKOUT,
        "-p",
        "test_*.py",
    ]
    with step("Tests of dev/") as current:
        status = _logged(command, stack, log)
        text = log.read_text(errors="replace")
        ran = re.search(r"^Ran (\d+) tests? in", text, re.M)
        current.note = f"{ran[1] if ran else 0} tests"
    if not ran:
        score.check("tests of dev/", f"They did not run to the end.\n{tail(log)}\nLog: {log}")
        return
    counts = dict(re.findall(r"(failures|errors|skipped)=(\d+)", text.splitlines()[-1]))
    bad = sum(map(int, counts.values()))
    score.passed += int(ran[1]) - bad
    score.failed += bad
    if bad or status:
        start = text.find("=" * 70)
        say(text[start:] if start >= 0 else tail(log))
    if status and not bad:
        score.check("tests of dev/", f"Exit status {status}. Log: {log}")
