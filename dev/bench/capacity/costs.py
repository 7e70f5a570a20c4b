"""What one of each costs, read from docs/benchmarks.md."""

from dataclasses import dataclass, field

from .. import report
from .assumed import FALLBACK

MIB = 2**20
#: Rows that run an Odoo server: the peak of its largest process is what a worker needs.
SERVERS = ("send_80", "send_80_pdf", "webhook_accept")


@dataclass(frozen=True)
class Costs:
    """What one of each costs, measured.

    ``send``, ``send_pdf`` and ``webhook`` are seconds of a core in Odoo's processes, those with
    ``_postgresql`` behind in PostgreSQL's; the others are seconds of the clock in one process, in
    which the two take turns.
    """

    send: float
    send_pdf: float
    webhook: float
    apply: float
    queue: float
    queue_outage: float
    import_bill: float
    reachable: float
    database: float  # bytes of the database that was dumped
    dump: float  # bytes of its dump
    restore: float  # seconds to restore it
    send_postgresql: float
    send_pdf_postgresql: float
    webhook_postgresql: float
    worker: float = 0.0  # MiB of the largest worker, 0 where no row says it
    bytes: dict = field(default_factory=dict)


def number(text):
    """``"6.63ms"`` -> 0.00663, ``"2911rows/s"`` -> 2911.0, ``"+53MiB"`` -> 53.0."""
    digits = text.strip().lstrip("+")
    kept = ""
    for character in digits:
        if not (character.isdigit() or character == "."):
            break
        kept += character
    unit = digits[len(kept) :]
    return float(kept) * (0.001 if unit.startswith("ms") else 1)


def measured(text):
    """The :class:`Costs` of the table in the text of docs/benchmarks.md.

    Of several sizes of a row the largest counts that was measured on a machine of its own.

    :raise KeyError: naming a row that is missing
    """
    rows = {}
    for line in report.lines(text):
        size = int(line["size"].split()[0])
        busy = f"{report.LOAD} " in line["also"]
        # Bytes and counts are the same on a busy machine.
        order = (not busy or line["row"] == "database", size)
        if order >= rows.get(line["row"], ((False, 0), None))[0]:
            rows[line["row"]] = order, line

    def ours(row):
        return number(rows[row][1]["ours"])

    def beside(row):
        return dict(part.strip().split(" ", 1) for part in rows[row][1]["also"].split(","))

    def also(row, name):
        found = beside(row)
        if name not in found:
            raise KeyError(f"{row}: {name}")
        return number(found[name])

    def size(name):
        try:
            return also("database", name)
        except KeyError:
            return FALLBACK[name]

    def peak(row):
        # With a sign it is what the work added, without one the whole process.
        found = beside(row).get("memory", "+")
        return 0 if found.startswith("+") else number(found)

    [_alone, consumers], _line = rows["queue"]
    return Costs(
        send=also("send_80", "cpu") / ours("send_80"),
        send_pdf=also("send_80_pdf", "cpu") / ours("send_80_pdf"),
        webhook=also("webhook_accept", "cpu"),
        apply=1 / ours("webhook_apply"),
        queue=ours("queue") / also("queue", "rows"),
        queue_outage=1 / also("outage_audience", "per_second"),
        import_bill=1 / ours("import_bills"),
        reachable=also("queue", "queued") / consumers,
        database=also("backup", "database") * MIB,
        dump=also("backup", "dump") * MIB,
        restore=also("backup", "restore"),
        send_postgresql=also("send_80", "pg_cpu") / ours("send_80"),
        send_pdf_postgresql=also("send_80_pdf", "pg_cpu") / ours("send_80_pdf"),
        webhook_postgresql=also("webhook_accept", "pg_cpu"),
        worker=max(map(peak, SERVERS)),
        bytes={name: size(name) for name in FALLBACK},
    )
