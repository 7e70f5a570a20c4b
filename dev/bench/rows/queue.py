"""`queue`: planning a bill run and queueing it, against a bare INSERT of the same rows."""

import time

from psycopg2.extras import execute_values

from .. import messaging, process
from ..fill import columns
from ..registry import row
from ..result import Result, written

TIMES = 4
SECONDS, AT = 60, 275_000
BATCH = 2_000


def _bare_insert(bench):
    """Seconds to insert the rows of the message table, as they stand, into an equal table.

    Batches of one statement and one commit each; reading them does not count.
    """
    seconds = 0.0
    with bench.registry.cursor() as source, bench.registry.cursor() as target:
        target.execute(
            "CREATE TABLE discom_bench_message (LIKE discom_whatsapp_message INCLUDING ALL)"
        )
        target.commit()
        try:
            # Not those that PostgreSQL makes itself.
            names = [f'"{name}"' for name in columns(source, "discom_whatsapp_message")]
            columns_text = ", ".join(names)
            reader = source._cnx.cursor("discom_bench")
            reader.itersize = BATCH
            values = columns_text.replace('"values"', '"values"::text')
            reader.execute(f"SELECT {values} FROM discom_whatsapp_message")
            while rows := reader.fetchmany(BATCH):
                begun = time.perf_counter()
                execute_values(
                    target._obj,
                    f"INSERT INTO discom_bench_message ({columns_text}) VALUES %s",
                    rows,
                    page_size=BATCH,
                )
                target.commit()
                seconds += time.perf_counter() - begun
        finally:
            target.rollback()
            target.execute("DROP TABLE discom_bench_message")
            target.commit()
    return seconds


@row("queue", f"<={TIMES}x_INSERT,<={SECONDS}s_at_{AT}", 27_500)
def queue(bench, size):
    """Seconds from *Send* in the composer to the last message in the queue, for all bills.

    People who are skipped have rows too, with the reason, so they count on both sides.
    """
    bench.seed("bill")
    with messaging.no_traces(bench):
        with bench.env() as env:
            composer = messaging.compose(env, messaging.account(bench, env), messaging.TEXT)
            env.cr.commit()
            process.forget_peak()
            before = process.memory()
            begun = time.perf_counter()
            broadcast = messaging.send(env, composer)
            ours = time.perf_counter() - begun
            grown = process.peak_memory() - before
            count, queued = broadcast.planned_count, broadcast.queued_count
        bare = _bare_insert(bench)
    result = Result(ours, bare, "s", more_is_better=False)
    result.also = {
        "rows": str(count),
        "queued": str(queued),
        "per_second": written(count / ours, ""),
        "memory": f"+{grown:.0f}MiB",
    }
    result.met = ours <= TIMES * bare and ours <= SECONDS * max(1, size / AT)
    return result
