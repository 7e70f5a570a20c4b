"""`excel`: a workbook of all consumers against a bare xlsxwriter script writing the same cells."""

import gc
import tempfile
import time
from datetime import date
from pathlib import Path

import xlsxwriter

from .. import process
from ..registry import row
from ..result import Result, interleaved, written

RATIO, MEMORY = 1.5, 150  # times the bare script; MiB
# Up to this size the two take turns and the median counts.
REPEATED, REPEATS = 50_000, 3


def _cells(report):
    """Cells of the data sheet of ``report`` as they stand in the workbook, rows as tuples."""
    sheet = report._report_sheets()[0]
    convert = [
        column.labels.__getitem__ if column.labels else column.convert for column in sheet.columns
    ]
    empty = [column.empty for column in sheet.columns]
    found = []
    for rows in report._stream(sheet.query):
        for values in rows:
            values = [
                change(value) if change else value
                for change, value in zip(convert, values, strict=True)
            ]
            found.append(tuple(v or e for v, e in zip(values, empty, strict=True)))
    return found


def _bare(path, cells):
    """What a person writes who needs the rows once: a border, dates as dates, nothing else."""
    book = xlsxwriter.Workbook(
        path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    plain = book.add_format({"border": 1})
    day = book.add_format({"border": 1, "num_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet()
    for number, values in enumerate(cells):
        for column, value in enumerate(values):
            sheet.write(number, column, value, day if isinstance(value, date) else plain)
    book.close()


@row("excel", f"<={RATIO}x_bare,memory<{MEMORY}MiB", 275_000)
def excel(bench, size):
    """Seconds for the workbook *Reachability and number quality*: a row of 20 cells for each
    consumer, read from the database, with summary, totals and charts. The yardstick has the same
    cells in memory and writes them by xlsxwriter. Memory is what the process grows by.
    """
    bench.seed("kyc")
    with bench.env() as env, tempfile.TemporaryDirectory() as name:
        wizard = env["discom.reachability"].create({"lang": "en_US"})
        report = wizard.with_context(lang=wizard.lang)
        ours_path, bare_path = Path(name) / "ours.xlsx", Path(name) / "bare.xlsx"

        def ours():
            begun = time.perf_counter()
            report._write_workbook(str(ours_path))
            return (time.perf_counter() - begun,)

        gc.collect()
        process.forget_peak()
        before = process.memory()
        first = ours()
        grown = process.peak_memory() - before
        cells = _cells(report)

        def bare():
            begun = time.perf_counter()
            _bare(str(bare_path), cells)
            return (time.perf_counter() - begun,)

        if size <= REPEATED:
            (our_seconds,), (bare_seconds,) = interleaved(REPEATS, ours, bare)
        else:
            (our_seconds,), (bare_seconds,) = first, bare()
        result = Result(our_seconds, bare_seconds, "s", more_is_better=False)
        result.also = {
            "rows": str(len(cells)),
            "columns": str(len(cells[0])),
            "memory": f"+{grown:.0f}MiB",
            "file": written(ours_path.stat().st_size / 2**20, "MiB"),
        }
        env.cr.rollback()
    result.met = our_seconds <= RATIO * bare_seconds and grown < MEMORY
    return result
