"""What the state's plan assumes: figures that were not measured here, each with its source."""

from dataclasses import dataclass

CRORE, LAKH = 10**7, 10**5


@dataclass(frozen=True)
class Constant:
    """A figure that was not measured here: its value, what it is, and who says so."""

    value: float
    text: str
    source: str
    verified: bool = False


ASSUMED = {
    "consumers": Constant(
        3.7 * CRORE, "consumers of the state", "Hindustan Times, September 2025", True
    ),
    "share_puvvnl": Constant(0.29, "of them Purvanchal", "83 lakh in 2020 (infralive.com), grown"),
    "share_mvvnl": Constant(0.28, "of them Madhyanchal", "estimate"),
    "share_dvvnl": Constant(0.22, "of them Dakshinanchal", "estimate"),
    "share_pvvnl": Constant(0.19, "of them Pashchimanchal", "estimate"),
    "share_kesco": Constant(0.02, "of them Kanpur (KESCo)", "estimate"),
    "billed": Constant(
        0.95, "of the consumers get a bill each month", "generator: not cut for good"
    ),
    "arrears": Constant(0.5, "of the bills are followed by a reminder of dues", "half never paid"),
    "receipts": Constant(0.3, "of the bills are paid, with a receipt", "estimate"),
    "outages": Constant(4, "outage messages a month for each consumer reached", "estimate"),
    "replies": Constant(0.02, "of the messages are answered", "estimate"),
    "bill_days": Constant(10, "days in which the month's bills go out", "bills by the 10th (2026)"),
    "bill_hours": Constant(12, "hours a day in which bills leave", "quiet hours 20:00-08:00", True),
    "number_rate": Constant(80, "messages a second of a number", "Meta, throughput", True),
    "number_rate_high": Constant(
        1000, "after a lakh of people a day at good quality", "Meta, throughput", True
    ),
    "webhooks": Constant(3, "calls of the webhook for a message", "Meta, webhooks", True),
    "limit_first": Constant(2_000, "people a day after business verification", "Meta", True),
    "limit_days": Constant(
        1, "days on which half a limit is used before Meta raises it", "Meta: within six hours"
    ),
    "price": Constant(0.115, "rupees for a utility message delivered", "rate lists agree; no card"),
    "tax": Constant(0.18, "GST on it", "tax", True),
    "volume_from": Constant(25_000_001, "messages a month from which Meta gives rebates", "Meta"),
    "pdf_bytes": Constant(56_000, "bytes of a bill as PDF", "measured: 55 KB a document", True),
    "message_bytes": Constant(1_500, "bytes of a call and its answer", "estimate"),
    "webhook_bytes": Constant(1_200, "bytes of a call of the webhook", "estimate"),
    "event_more": Constant(
        450,
        "bytes of it that the text of the benchmark leaves out: names, prices",
        "Meta, webhooks",
    ),
    "busy": Constant(0.6, "of a core is used before another is needed", "habit"),
}
#: Bytes that are used as long as docs/benchmarks.md has no row `database`.
FALLBACK = {"bill_bytes": 1_900.0, "message_row_bytes": 1_020.0, "event_bytes": 450.0}
COMPANIES = ("puvvnl", "mvvnl", "dvvnl", "pvvnl", "kesco")
NAMES = {
    "puvvnl": "PuVVNL Varanasi",
    "mvvnl": "MVVNL Lucknow",
    "dvvnl": "DVVNL Agra",
    "pvvnl": "PVVNL Meerut",
    "kesco": "KESCo Kanpur",
}
#: Limits of people in any 24 hours, each reached by using the one before; 0 is unlimited.
LIMITS = (2_000, 10_000, 100_000, 0)


def value(name):
    """The assumed figure of this name."""
    return ASSUMED[name].value
