"""`database`: how much room a bill, a message and a report take."""

from .. import fill, messaging
from ..registry import row
from ..result import Result, written
from .pages import year

#: A bill may take so many times its line in the file: rows of charges, indexes, what was computed.
TIMES = 15


@row("database", f"<={TIMES}x_file", 27_500, group="year")
def database(bench, size):
    """Bytes of a bill in the database, with its charges and all indexes; the yardstick is the bytes
    of its line in the file. Messages and webhook calls beside it, each with its indexes.
    """
    year(bench)
    file = bench.files["bill"]
    with file.open("rb") as source:
        lines = sum(1 for _line in source) - 1
    with bench.env() as env:
        cr = env.cr
        if not env["discom.whatsapp.event"].search_count([], limit=1):
            fill.events(cr, messaging.account(bench, env))

        def each(*tables):
            """Bytes of the tables together for one row of the first."""
            total = 0
            for table in tables:
                cr.execute("SELECT pg_total_relation_size(%s)", [table])
                total += cr.fetchone()[0]
            cr.execute(f"SELECT count(*) FROM {tables[0]}")
            return total / cr.fetchone()[0]

        bill = each("discom_bill", "discom_bill_line")
        result = Result(bill, file.stat().st_size / lines, "B", more_is_better=False)
        result.also = {
            "bill_bytes": written(bill, ""),
            "message_row_bytes": written(each("discom_whatsapp_message"), ""),
            "event_bytes": written(each("discom_whatsapp_event"), ""),
            "consumer_bytes": written(each("res_partner"), ""),
            "payment_bytes": written(each("discom_payment"), ""),
        }
    result.met = result.ours <= TIMES * result.yardstick
    return result
