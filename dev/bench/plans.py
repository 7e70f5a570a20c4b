"""What PostgreSQL does for the queries of a page: which tables it reads, and how much of them."""

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

#: A table of so many rows is a big one: reading all of it is what a page must not do.
BIG = 100_000
#: Rows that a page may read without an index. A count stops at 10,001; what it has to leave
#: aside before is on top of that.
FREE = 25_000

_READS = re.compile(r"\s*(SELECT|WITH)\b", re.I)


@dataclass(frozen=True)
class Scan:
    """A table (or index of it) that a query reads: rows looked at, those left aside included."""

    table: str
    node: str
    index: str
    rows: int
    filter: str = ""


@contextmanager
def recorded(cr):
    """Collect the SELECT statements of an Odoo cursor, as texts with their values."""
    statements = []
    execute = type(cr).execute

    def record(self, query, params=None, log_exceptions=True):
        result = execute(self, query, params, log_exceptions)
        if self is cr and self._obj.query and _READS.match(text := self._obj.query.decode()):
            statements.append(text)
        return result

    with patch.object(type(cr), "execute", record):
        yield statements


def scans(cr, statement, analyze=True):
    """Return the :class:`Scan` of each table that ``statement`` reads.

    :param analyze: carry it out and count the rows; without it they are PostgreSQL's estimate
    """
    options = "ANALYZE, TIMING OFF, FORMAT JSON" if analyze else "FORMAT JSON"
    cr._obj.execute(f"EXPLAIN ({options}) {statement}")
    plan = cr._obj.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return list(_walk(plan[0]["Plan"]))


def _walk(node):
    table = node.get("Relation Name")
    if table:
        loops = node.get("Actual Loops", 1)
        rows = node.get("Actual Rows", node.get("Plan Rows", 0))
        aside = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        yield Scan(
            table,
            node["Node Type"],
            node.get("Index Name", ""),
            round((rows + aside) * loops),
            node.get("Filter", ""),
        )
    for below in node.get("Plans", ()):
        yield from _walk(below)


def sizes(cr):
    """{table: rows} by PostgreSQL's own statistics."""
    cr._obj.execute("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r'")
    return dict(cr._obj.fetchall())


def wasteful(cr, statement, big, free=FREE):
    """Return the scans of ``statement`` that read more than ``free`` rows of a table in ``big``."""
    return [scan for scan in scans(cr, statement) if scan.table in big and scan.rows > free]
