"""What Odoo's log says about a test run."""

import re
from dataclasses import dataclass, field

_RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>[A-Z]+) \S+ (?P<logger>[\w.\-]+): (?P<text>.*)"
)
_FAILED = re.compile(r"^(?:FAIL|ERROR): (?:Subtest )?(?P<test>[^\n]+)")
_STARTED = re.compile(r"^Starting (?P<test>\S+) \.\.\.")
_SKIPPED = re.compile(r"^skipped (?P<test>.+?) : (?P<reason>.*)")
_RESULT = re.compile(r"^(\d+) failed, (\d+) error\(s\) of (\d+) tests")
# Lines above INFO that say nothing about the add-on.
ALLOWED = (
    # Containers and CI machines run as root.
    re.compile(r"Running as user 'root' is a security risk"),
    # The summary of a run with failures, which are counted one by one.
    re.compile(r"^\d+ failed, \d+ error\(s\) of \d+ tests"),
    re.compile(r"^Module \w+: \d+ failures, \d+ errors of \d+ tests"),
    re.compile(r"^At least one test failed when loading the modules"),
    # A busy machine is slow to end the browser of a tour that has succeeded.
    re.compile(r"^Killing chrome headless with pid \d+: still alive"),
    re.compile(r"^Error during browser shutdown"),
)


@dataclass
class Outcome:
    """Tests of a run by name; `failed` and `skipped` map to the text that goes with them."""

    started: set = field(default_factory=set)
    failed: dict = field(default_factory=dict)
    skipped: dict = field(default_factory=dict)
    noise: list = field(default_factory=list)
    finished: bool = False

    @property
    def passed(self):
        """Names of the tests that ran to their end without complaint."""
        return self.started - set(self.failed) - set(self.skipped)


def records(text):
    """Yield (level, logger, message) of the log `text`; lines that follow belong to a message."""
    current = None
    for line in text.splitlines():
        match = _RECORD.match(line)
        if match:
            if current:
                yield current[0], current[1], "\n".join(current[2])
            current = (match["level"], match["logger"], [match["text"]])
        elif current:
            current[2].append(line)
    if current:
        yield current[0], current[1], "\n".join(current[2])


def read(text):
    """Return the :class:`Outcome` that the log `text` of a test run tells."""
    outcome, noise = Outcome(), []
    for level, logger, message in records(text):
        message, source = message.rstrip(), logger.rpartition(".")[2]
        started, skipped = _STARTED.match(message), _SKIPPED.match(message)
        failed = _FAILED.match(message)
        if logger == "odoo.tests.result" and _RESULT.match(message):
            outcome.finished = True
        if started:
            outcome.started.add(f"{source}.{started['test']}")
        elif skipped:
            outcome.skipped[f"{source}.{skipped['test']}"] = skipped["reason"]
        elif level == "ERROR" and failed:
            # A subtest is named after its test: "TestBill.test_total (case='x')".
            test = failed["test"]
            name = test if "(odoo.addons." in test else f"{source}.{test.split(' ', 1)[0]}"
            outcome.failed[name] = f"{outcome.failed.get(name, '')}{message}\n"
        elif level in ("WARNING", "ERROR", "CRITICAL") and not any(
            pattern.search(message) for pattern in ALLOWED
        ):
            noise.append((level, logger, message))
    # What a failed test logs on its way is part of that failure.
    outcome.noise = [
        f"{level} {logger}: {message}"
        for level, logger, message in noise
        if not any(name in logger for name in outcome.failed)
    ]
    return outcome
