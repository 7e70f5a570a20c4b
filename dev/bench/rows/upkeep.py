"""`retention`: deleting what is over its time from a table that holds a year.
`autovacuum`: what clearing after 2 % of changes is worth against PostgreSQL's own 20 %.
"""

import time
from contextlib import closing

from dateutil.relativedelta import relativedelta
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from .. import fill, messaging, process
from ..registry import row
from ..result import Result, written
from ..workbench import Unavailable
from .pages import MONTHS, year

#: A batch holds the rows it deletes for so long at most.
BATCH_SECONDS = 2
#: Calls of a day at 2,75,000 consumers, outages and receipts included (docs/capacity.md), and how
#: long deleting them may take.
DAY, DAY_SECONDS = 110_000, 10
EVENTS = "discom_whatsapp_event"
MESSAGES = "discom_whatsapp_message"
#: Messages of the copies, at most.
COPIED = 1_000_000
#: Shares of a table after which it is cleared: as the add-on sets it, and PostgreSQL's own.
OURS, DEFAULT = 0.02, 0.2
#: WhatsApp reports a message as sent, delivered and read.
TIMES_WRITTEN = 3
WRITTEN_AT_ONCE = 500
ENOUGH = 0.5


def _timed(function, *arguments):
    begun = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begun


def _autocommit(bench):
    """A connection of its own, for what PostgreSQL does outside of transactions."""
    from odoo import sql_db

    connection = sql_db.db_connect(bench.database).cursor()
    connection._cnx.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
    return connection


def _oldest_months(cr, count):
    """First days of the ``count`` oldest months of the events, and of the one after them."""
    cr.execute(
        f"SELECT DISTINCT date_trunc('month', received_at) FROM {EVENTS} ORDER BY 1 LIMIT %s",
        [count + 1],
    )
    return [month for [month] in cr.fetchall()]


@row("retention", f"day<={DAY_SECONDS}s,batch<={BATCH_SECONDS}s", 275_000, group="year")
def retention(bench, size):
    """Raw calls of the webhook deleted in a second by the batches of the add-on, those about a
    month's bills out of a year; the yardstick is one DELETE of the next month. ``day`` is what
    that makes of a day's calls of all kinds, ``dropped`` what dropping a partition with the third
    month in it takes: what partitioning would save.
    """
    year(bench)
    with bench.env() as env:
        cr = env.cr
        cr.execute(f"TRUNCATE {EVENTS}")
        bench.report("Filling a year's calls of the webhook")
        fill.events(cr, messaging.account(bench, env), MONTHS)
        first, second, third, rest = _oldest_months(cr, 3)
        # The law wants them kept for a year, so those to be deleted become as old.
        cr.execute(
            f"UPDATE {EVENTS} SET received_at = received_at - interval '1 year'"
            " WHERE received_at < %s",
            [second],
        )
        before = env["discom.retention.rule"]._before("event")
        if not second - relativedelta(years=1) <= before <= second:
            raise Unavailable(f"The year begins with {first:%B %Y}: generate the files anew")
        cr.execute(f"SELECT count(*) FROM {EVENTS}")
        [total] = cr.fetchone()
    with closing(_autocommit(bench)) as cr:
        cr.execute(f"VACUUM ANALYZE {EVENTS}")
    process.forget_peak()
    before, deleted, batches = process.memory(), 0, []
    with bench.env() as env:
        events = env["discom.whatsapp.event"].sudo()
        more = True
        while more:
            begun = time.perf_counter()
            number, more = events._gc_events()
            env.cr.commit()
            batches.append(time.perf_counter() - begun)
            deleted += number
    grown = process.peak_memory() - before
    with closing(_autocommit(bench)) as cr:
        cleared = _timed(cr.execute, f"VACUUM {EVENTS}")
        cr.execute(
            f"CREATE TABLE discom_bench_part (LIKE {EVENTS} INCLUDING DEFAULTS INCLUDING INDEXES)"
        )
        cr.execute(
            f"INSERT INTO discom_bench_part SELECT * FROM {EVENTS}"
            " WHERE received_at >= %s AND received_at < %s",
            [third, rest],
        )
        dropped = _timed(cr.execute, "DROP TABLE discom_bench_part")
        begun = time.perf_counter()
        cr.execute(f"DELETE FROM {EVENTS} WHERE received_at < %s AND state <> 'new'", [third])
        bare = cr.rowcount / (time.perf_counter() - begun)
        cr.execute(f"TRUNCATE {EVENTS}")
    if not deleted or not bare:
        raise Unavailable(f"No calls were older than {first:%B %Y}")
    result = Result(deleted / sum(batches), bare, "/s")
    result.also = {
        "rows": str(total),
        "deleted": str(deleted),
        "took": written(sum(batches), "s"),
        "day": written(DAY / result.ours, "s"),
        "longest_batch": written(max(batches), "s"),
        "vacuum": written(cleared, "s"),
        "dropped": written(dropped, "s"),
        "memory": f"+{max(0, grown):.0f}MiB",
    }
    result.met = DAY <= DAY_SECONDS * result.ours and max(batches) <= BATCH_SECONDS
    return result


def _copy(cr, name):
    """A copy of the newest messages with all indexes, as full as the table itself; their ids."""
    cr.execute(f"SELECT reloptions FROM pg_class WHERE oid = '{MESSAGES}'::regclass")
    full = [option for option in cr.fetchone()[0] if option.startswith("fillfactor")]
    cr.execute(f"CREATE TABLE {name} (LIKE {MESSAGES} INCLUDING DEFAULTS INCLUDING INDEXES)")
    cr.execute(f"ALTER TABLE {name} SET ({', '.join([*full, 'autovacuum_enabled = false'])})")
    cr.execute(f"INSERT INTO {name} SELECT * FROM {MESSAGES} ORDER BY id DESC LIMIT %s", [COPIED])
    cr.execute(f"VACUUM ANALYZE {name}")
    cr.execute(f"SELECT array_agg(id ORDER BY id) FROM {name} WHERE direction = 'out'")
    return cr.fetchone()[0]


def _written(cr, name, ids, share):
    """Write what becomes of a fifth of the messages, as the webhook does, and clear the table each
    time ``share`` of it has changed; return what it grew by, and seconds of clearing and of the
    longest count of a page before it."""
    cr.execute("SELECT pg_total_relation_size(%s)", [name])
    before = cr.fetchone()[0]
    vacuum, count, dirty = 0.0, 0.0, 0
    changed = ids[: round(len(ids) * DEFAULT)]
    for start in range(0, len(changed), WRITTEN_AT_ONCE):
        some = changed[start : start + WRITTEN_AT_ONCE]
        for _time in range(TIMES_WRITTEN):
            cr.execute(
                f"UPDATE {name} SET state = state, sent_at = sent_at, delivered_at = delivered_at,"
                " read_at = read_at, write_date = write_date WHERE id = ANY(%s)",
                [some],
            )
        dirty += len(some)
        if dirty >= share * len(ids) or start + WRITTEN_AT_ONCE >= len(changed):
            count = max(
                count,
                _timed(cr.execute, f"SELECT count(office_id) FROM {name} WHERE office_id > 0"),
            )
            vacuum += _timed(cr.execute, f"VACUUM {name}")
            dirty = 0
    cr.execute("SELECT pg_total_relation_size(%s)", [name])
    return cr.fetchone()[0] - before, vacuum, count


@row("autovacuum", f"<={ENOUGH}x_default", 275_000, group="year")
def autovacuum(bench, size):
    """MiB by which a million messages grow while what became of a fifth of them is written, cleared
    each time 2 % have changed; the yardstick is the same cleared once at 20 %, as PostgreSQL
    does by itself. ``vacuum`` is all clearing, ``count`` the longest count before it.
    """
    year(bench)
    found = {}
    with closing(_autocommit(bench)) as cr:
        for share in (OURS, DEFAULT):
            name = f"discom_bench_{round(100 * share)}"
            cr.execute(f"DROP TABLE IF EXISTS {name}")
            bench.report(f"Copying messages, to be cleared after {share:.0%}")
            ids = _copy(cr, name)
            found[share] = _written(cr, name, ids, share)
            cr.execute(
                "SELECT n_tup_hot_upd::float / n_tup_upd FROM pg_stat_user_tables"
                " WHERE relname = %s",
                [name],
            )
            found[share] += (cr.fetchone()[0],)
            cr.execute(f"DROP TABLE {name}")
    (grown, vacuum, count, hot), (bare, bare_vacuum, bare_count, _hot) = (
        found[OURS],
        found[DEFAULT],
    )
    result = Result(grown / 2**20, bare / 2**20, "MiB", more_is_better=False)
    result.also = {
        "messages": str(len(ids)),
        "in_place": f"{hot:.0%}",
        "vacuum": f"{written(vacuum, 's')}/{written(bare_vacuum, 's')}",
        "count": f"{written(count, 's')}/{written(bare_count, 's')}",
    }
    result.met = grown <= ENOUGH * bare
    return result
