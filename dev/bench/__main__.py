"""Command line of the benchmark: ``python -m dev.bench --help``, or ``make bench``."""

import argparse
import os
import sys
import time

from dev.stack.console import StackError
from dev.stack.paths import CHECKOUT

from . import registry, report
from .result import line
from .workbench import Unavailable, Workbench

TABLE = CHECKOUT / "docs" / "benchmarks.md"


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def main(argv=None):
    """Measure the rows asked for; return the exit status: 1 when one could not be measured."""
    rows = registry.discover()
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description=__doc__)
    parser.add_argument("--row", action="append", choices=sorted(rows), help="again for more rows")
    parser.add_argument("--size", type=_positive, help="instead of each row's own")
    parser.add_argument("--keep", action="store_true", help="keep the database for the next time")
    parser.add_argument("--dry", action="store_true", help=f"do not write {TABLE.name}")
    parser.add_argument("--list", action="store_true", help="show the rows and their goals")
    options = parser.parse_args(argv)
    if options.list:
        for row in rows.values():
            print(f"{row.name}: {row.goal}, {row.size} {row.of}")
        return 0
    # In the order of the registry: the imports come first and fill the database for the others.
    chosen = [row for name, row in rows.items() if not options.row or name in options.row]
    failed = 0
    # Rows that need the same number of consumers share a database.
    by_database = {}
    for row in chosen:
        size = options.size or row.size
        by_database.setdefault((row.consumers(size), row.group), []).append((row, size))
    for (consumers, group), rows in sorted(by_database.items()):
        bench = Workbench(consumers, options.keep, _say, group)
        try:
            for row, size in rows:
                failed += not _measure(row, bench, size, options.dry)
        finally:
            bench.close()
    return 1 if failed else 0


def _say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def _measure(row, bench, size, dry):
    begun = time.monotonic()
    before = os.getloadavg()[2]
    bench.forget_peak()
    try:
        result = row.run(bench, size)
    except (Unavailable, StackError) as error:
        _say(f"{row.name}: {error}")
        print(f"{row.name} not measured", flush=True)
        return False
    # Rows that look at memory say how much was added; of the others it is the process whole.
    result.also.setdefault("memory", f"{bench.peak_memory():.0f}MiB")
    # What others do on the machine, as well as it can be told: without them it is below the cores.
    load = max(before, os.getloadavg()[2])
    if load > 2 * os.cpu_count():
        result.also[report.LOAD] = f"{load:.0f}"
    print(line(row.name, result, row.goal), flush=True)
    _say(f"{row.name} took {time.monotonic() - begun:.0f} s")
    if not dry:
        report.record(TABLE, report.entry(row, size, result, CHECKOUT))
    return True


if __name__ == "__main__":
    sys.exit(main())
