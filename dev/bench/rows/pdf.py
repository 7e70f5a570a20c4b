"""`pdf`: bills made by typst against wkhtmltopdf on an equal page."""

import csv
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from dev.stack import system

from .. import process
from ..bill_page import bill_data, html
from ..registry import row
from ..result import Result, interleaved, written

RATIO = 15
REPEATS = 3
# Files by wkhtmltopdf in one turn.
SLOW_SHARE = 10
# Bills in one HTML page, for the figure of wkhtmltopdf's own batch.
BATCH = 50


def _read(path):
    with path.open(encoding="utf-8", newline="") as source:
        yield from csv.DictReader(source)


def bills(bench, count):
    """Data of ``count`` bills made from meter readings, out of the generated files."""
    masters = {}
    found = []
    consumers = _read(bench.files["consumer"])
    for bill in _read(bench.files["bill"]):
        while bill["account_no"] not in masters:
            consumer = next(consumers)
            masters[consumer["account_no"]] = consumer
        consumer = masters[bill["account_no"]]
        if bill["basis"] == "MU":
            found.append(bill_data(consumer, bill))
        masters = {}
        masters[bill["account_no"]] = consumer
        if len(found) == count:
            return found
    return found


def _wkhtmltopdf(folder, pages):
    """Make one PDF of ``pages`` by a process of its own, with wkhtmltopdf's own defaults."""
    source, target = folder / "bill.html", folder / "bill.pdf"
    source.write_text(html(pages), encoding="utf-8")
    subprocess.run(
        ["wkhtmltopdf", "--quiet", "--page-size", "A5", "--disable-javascript", source, target],
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )


def _cost(function, batch):
    """``(wall seconds, processor seconds)`` for each of ``batch``, child processes included."""

    def processor():
        return sum(
            used.ru_utime + used.ru_stime
            for used in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN))
        )

    begun, used = time.perf_counter(), processor()
    for data in batch:
        function(data)
    count = len(batch)
    return (time.perf_counter() - begun) / count, (processor() - used) / count


@contextmanager
def _one_core():
    """Keep this process and its children on one core."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@row("pdf", f"ratio>={RATIO}", 300, of="bills")
def pdf(bench, size):
    """Files per second and core, one for each recipient, on one core.

    wkhtmltopdf starts anew for each file, and its start includes waiting; so the ratio of processor
    time alone, and what it does with many bills in one file, are named beside it.
    """
    system.ensure(system.WKHTMLTOPDF, system.FONTS)
    from tools.pdf import bill_pdf
    from tools.qr import qr_svg

    found = bills(bench, size)
    pages = [{**data, "qr": qr_svg(data["upi"]["uri"])} for data in found if data["upi"]["uri"]]
    bill_pdf(found[0])  # fonts are loaded once in the life of a process
    process.forget_peak()
    before = process.memory()
    share = max(1, len(found) // REPEATS)
    ours, theirs = iter(found), iter(pages)
    with tempfile.TemporaryDirectory() as name, _one_core():

        def by_typst():
            return _cost(bill_pdf, list(islice(ours, share)))

        def by_wkhtmltopdf():
            batch = list(islice(theirs, min(share, SLOW_SHARE)))
            return _cost(lambda page: _wkhtmltopdf(Path(name), [page]), batch)

        (our_wall, our_cpu), (their_wall, their_cpu) = interleaved(
            REPEATS, by_typst, by_wkhtmltopdf
        )
        grown = process.peak_memory() - before
        batch = pages[:BATCH]
        many = _cost(lambda pages: _wkhtmltopdf(Path(name), pages), [batch])[0] / len(batch)
    result = Result(1 / our_wall, 1 / their_wall, "/s")
    result.also = {
        "cpu_ratio": written(their_cpu / our_cpu, ""),
        "wkhtmltopdf_batch": written(1 / many, "/s"),
        "memory": f"+{grown:.0f}MiB",
    }
    result.met = result.ratio >= RATIO
    return result
