"""What the state's plan assumes: figures that were not measured here, each with its source."""

from dataclasses import dataclass

CRORE, LAKH = 10**7, 10**5
GB = 10**9


@dataclass(frozen=True)
class Constant:
    """A figure that was not measured here: its value, what it is, and who says so."""

    value: float
    text: str
    source: str
    verified: bool = False


ASSUMED = {
    # People
    "consumers": Constant(
        3.7 * CRORE, "consumers of the state", "Hindustan Times, September 2025", True
    ),
    "share_puvvnl": Constant(0.29, "of them PuVVNL", "83 lakh in 2020 (infralive.com), grown"),
    "share_mvvnl": Constant(0.28, "of them MVVNL", "estimate"),
    "share_dvvnl": Constant(0.22, "of them DVVNL", "estimate"),
    "share_pvvnl": Constant(0.19, "of them PVVNL", "estimate"),
    "share_kesco": Constant(0.02, "of them KESCo", "estimate"),
    "database_consumers": Constant(
        1_000_000, "consumers in one database at most", "a circle; see what one bears"
    ),
    "division_consumers": Constant(
        275_000, "consumers of the first two divisions", "Sonbhadra", True
    ),
    "substation_consumers": Constant(100_000, "consumers below a substation of 132 kV", "estimate"),
    "clerk_consumers": Constant(25_000, "consumers for each clerk at work", "estimate"),
    # Messages
    "billed": Constant(
        0.95, "of the consumers get a bill each month", "generator: not cut for good"
    ),
    "arrears": Constant(0.5, "of the bills are followed by a reminder of dues", "half never paid"),
    "receipts": Constant(0.3, "of the bills are paid, with a receipt", "estimate"),
    "outages": Constant(4, "outage messages a month for each consumer", "estimate"),
    "replies": Constant(0.02, "of the messages are answered, and the answer too", "estimate"),
    "bill_days": Constant(10, "days in which the month's bills come", "bills by the 10th (2026)"),
    "bill_hours": Constant(12, "hours a day in which bills leave", "quiet hours 20:00-08:00", True),
    "together": Constant(
        2, "databases of a company send bills at a time", "plan: quiet hours end at different times"
    ),
    "outage_seconds": Constant(
        3_600, "seconds until all are told of an outage", "plan: half its life"
    ),
    "outage_life": Constant(
        7_200, "seconds that an outage message lives", "data/outage_templates.xml", True
    ),
    # WhatsApp
    "number_rate": Constant(80, "messages a second of a number", "Meta, throughput", True),
    "number_rate_high": Constant(1_000, "messages a second after Meta's rise", "Meta", True),
    "rise_people": Constant(
        100_000, "people in 24 hours from which it rises, at good quality", "Meta", True
    ),
    "webhooks": Constant(3, "calls of the webhook for a message", "Meta, webhooks", True),
    "limit_days": Constant(
        1, "days on which half a limit is used before Meta raises it", "Meta: within six hours"
    ),
    "price": Constant(0.115, "₹ for a utility message delivered", "rate lists agree; no card"),
    "price_service": Constant(0.115, "₹ for a service message", "rate lists, October 2026"),
    "free_service": Constant(
        1_000, "service messages a month of a number cost nothing", "reported"
    ),
    "tax": Constant(0.18, "GST on both", "tax", True),
    "volume_from": Constant(25_000_001, "utility messages a month from which Meta rebates", "Meta"),
    # Bytes
    "pdf_bytes": Constant(56_000, "bytes of a bill as PDF", "measured: 55 KB a document", True),
    "message_bytes": Constant(1_500, "bytes of a call to Meta and its answer", "estimate"),
    "webhook_bytes": Constant(1_200, "bytes of a call of the webhook on the line", "estimate"),
    "event_more": Constant(
        450, "bytes of a stored call that the benchmark leaves out: names, prices", "Meta, webhooks"
    ),
    "event_days": Constant(
        365, "days that calls of the webhook are kept", "data/audit_retention_data.xml", True
    ),
    "bloat": Constant(0.2, "more room in use than freshly filled", "habit"),
    "free_disk": Constant(0.5, "more disk than data, for imports and restoring", "habit"),
    "table_rows": Constant(
        10 * CRORE, "messages in one table before it is cut by month", "deployment.md: look again"
    ),
    # Machines
    "busy": Constant(0.6, "of a core is used before another is needed", "habit"),
    "database_cores": Constant(
        0.5, "of a core of PostgreSQL for each of Odoo, for clerks and reports", "estimate"
    ),
    "clerk_cores": Constant(0.02, "of a core for a clerk at work", "a page of 0.2 s in 10 s"),
    "worker_clerks": Constant(6, "clerks at work for an HTTP worker", "Odoo, deployment", True),
    "other_crons": Constant(
        3, "cron workers beside the lanes", "deployment.md: two, and one to spare", True
    ),
    "worker_mib": Constant(
        800, "MiB of a worker, where no row says more", "deployment.md: at its soft limit"
    ),
    "database_memory": Constant(0.08, "of the data in the memory of PostgreSQL", "habit"),
    "database_least": Constant(8, "GB of memory of PostgreSQL at least", "habit"),
    "night_hours": Constant(10, "hours of a night for importing bills", "22:00-08:00"),
    "planning_minutes": Constant(30, "minutes for planning a night's bills", "before 08:00"),
    "restore_hours": Constant(4, "hours that restoring may take", "estimate: half a working day"),
    # Money
    "guide_cores": Constant(4, "cores of the one machine for two divisions", "deployment.md", True),
    "host_cores": Constant(16, "cores of a host", "choice"),
    "host_memory": Constant(64, "GB of memory of a host", "choice"),
    "host_least": Constant(2, "hosts for Odoo at least, so that one may fail", "choice"),
    "standby": Constant(2, "PostgreSQL hosts and disks for each that works", "one stands by"),
    "host_price": Constant(50_000, "₹ a month for a host", "price of clouds; no offer"),
    "disk_price": Constant(8, "₹ a month for a GB of SSD", "price of clouds; no offer"),
    "backup_price": Constant(2, "₹ a month for a GB of backup", "price of clouds; no offer"),
    "backups": Constant(14, "nightly dumps kept", "choice"),
    "network_price": Constant(9, "₹ for a GB that leaves", "price of clouds; no offer"),
}
#: Bytes that are used as long as docs/benchmarks.md has no row `database`.
FALLBACK = {
    "bill_bytes": 1_900.0,
    "message_row_bytes": 1_020.0,
    "event_bytes": 450.0,
    "consumer_bytes": 1_800.0,
    "payment_bytes": 340.0,
}
#: Companies of the state, in the order of the tables.
NAMES = {
    "puvvnl": "PuVVNL",
    "mvvnl": "MVVNL",
    "dvvnl": "DVVNL",
    "pvvnl": "PVVNL",
    "kesco": "KESCo",
}
#: Limits of people in any 24 hours after business verification, each reached by using the one
#: before; 0 is unlimited. https://developers.facebook.com/docs/whatsapp/messaging-limits
LIMITS = (2_000, 10_000, 100_000, 0)


def value(name):
    """The assumed figure of this name."""
    return ASSUMED[name].value
