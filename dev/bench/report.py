"""The table of results in ``docs/benchmarks.md``.

One line per row and size: a new measurement replaces the old one of the same row and size, since
the file's own history keeps those. Everything outside the two marks is left as it is.
"""

import os
import platform
import subprocess
from datetime import date
from pathlib import Path

BEGIN, END = "<!-- results -->", "<!-- end of results -->"
#: Name of the load of the machine beside the results of a row, where others worked on it, too.
LOAD = "load"
COLUMNS = "row size ours yardstick ratio goal verdict also machine date commit".split()


def machine():
    """The machine in a few words: cores, processor, memory, system."""
    processor = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for text in cpuinfo.read_text().splitlines():
            if text.startswith("model name"):
                processor = text.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} × {processor}, {memory:.0f} GiB"


def commit(checkout):
    """Short id of the commit measured, with ``+`` behind it when files differ from it."""

    def git(*arguments):
        done = subprocess.run(["git", *arguments], cwd=checkout, capture_output=True, text=True)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def entry(row, size, result, checkout):
    """The cells of a line of the table."""
    return {
        "row": row.name,
        "size": f"{size} {row.of}",
        **result.cells(),
        "goal": row.goal,
        "verdict": "met" if result.met else "**missed**",
        "also": ", ".join(f"{key} {text}" for key, text in result.also.items()),
        "machine": machine(),
        "date": date.today().isoformat(),
        "commit": commit(checkout),
    }


def record(path, cells):
    """Put one line into the table of the file ``path``.

    :raise ValueError: when the file has no table of results
    """
    path = Path(path)
    text = path.read_text(encoding="utf-8")
    before, mark, rest = text.partition(BEGIN)
    table, end_mark, after = rest.partition(END)
    if not mark or not end_mark:
        raise ValueError(f"{path} has no {BEGIN} with {END} after it")
    lines = {}
    for old in _parse(table):
        lines[old["row"], old["size"]] = old
    lines[cells["row"], cells["size"]] = {
        name: text.replace("|", "/") for name, text in cells.items()
    }
    ordered = sorted(lines.values(), key=lambda line: (line["row"], int(line["size"].split()[0])))
    path.write_text(f"{before}{BEGIN}\n{_table(ordered)}{END}{after}", encoding="utf-8")


def lines(text):
    """The lines of the table in ``text``, each as {column: cell}.

    :raise ValueError: when there is no table of results
    """
    _before, mark, rest = text.partition(BEGIN)
    table, end, _after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"There is no {BEGIN} with {END} after it")
    return list(_parse(table))


def _parse(table):
    for text in table.strip().splitlines()[2:]:
        cells = [cell.strip() for cell in text.strip().strip("|").split("|")]
        yield dict(zip(COLUMNS, cells, strict=True))


def _table(lines):
    rows = [COLUMNS, ["---"] * len(COLUMNS)]
    rows += [[line[name] for name in COLUMNS] for line in lines]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
