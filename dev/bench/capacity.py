"""What the state's consumers would need: ``python -m dev.bench.capacity``.

Simulates a month of five companies day by day from the costs that docs/benchmarks.md holds, and
writes the tables of docs/capacity.md. No chance and no clock is in it: the same benchmarks give the
same text. What is not measured here stands in :mod:`dev.bench.assumed` with its source.
"""

import argparse
import math
from dataclasses import dataclass, field

from dev.stack.paths import CHECKOUT

from . import report
from .assumed import ASSUMED, COMPANIES, CRORE, FALLBACK, LAKH, LIMITS, NAMES, value

BEGIN, END = "<!-- simulation -->", "<!-- end of simulation -->"


@dataclass(frozen=True)
class Costs:
    """What one of each costs, measured: seconds of a processor core, bytes of the database."""

    send: float
    send_pdf: float
    webhook: float
    apply: float
    queue: float
    import_bill: float
    import_consumer: float
    reachable: float
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

    def also(row, name):
        parts = dict(part.strip().split(" ", 1) for part in rows[row][1]["also"].split(","))
        return number(parts[name])

    sizes = {}
    for name in FALLBACK:
        try:
            sizes[name] = also("database", name)
        except KeyError:
            sizes[name] = FALLBACK[name]
    [_alone, consumers], _line = rows["queue"]
    return Costs(
        send=also("send_80", "cpu") / ours("send_80"),
        send_pdf=also("send_80_pdf", "cpu") / ours("send_80_pdf"),
        webhook=also("webhook_accept", "cpu"),
        apply=1 / ours("webhook_apply"),
        queue=ours("queue") / also("queue", "rows"),
        import_bill=1 / ours("import_bills"),
        import_consumer=1 / ours("import_consumers"),
        reachable=also("queue", "queued") / consumers,
        bytes=sizes,
    )


@dataclass
class Company:
    """One company in a month: what it sends and what that takes."""

    name: str
    consumers: float
    costs: Costs

    @property
    def reached(self):
        """Consumers with a number and consent."""
        return self.consumers * self.costs.reachable

    @property
    def bills(self):
        """Bills sent in a month."""
        return self.reached * value("billed")

    @property
    def messages(self):
        """Messages of a month by kind."""
        return {
            "bill": self.bills,
            "arrears": self.bills * value("arrears"),
            "receipt": self.bills * value("receipts"),
            "outage": self.reached * value("outages"),
        }

    @property
    def total(self):
        """Messages of a month."""
        return sum(self.messages.values())

    @property
    def bills_per_day(self):
        """Bills on each of the days in which bills go out."""
        return self.bills / value("bill_days")

    @property
    def seconds_a_day(self):
        """Seconds in which bills may leave on one day."""
        return value("bill_hours") * 3600

    @property
    def rate(self):
        """Messages a second while bills go out, the other kinds spread over the month."""
        others = (self.total - self.bills) / 30
        return (self.bills_per_day + others) / self.seconds_a_day

    @property
    def numbers(self):
        """Sending numbers at their first throughput, one more for outages."""
        return math.ceil(self.rate / value("number_rate")) + 1

    def cores(self):
        """Cores by part, while bills go out."""
        bills = self.bills_per_day / self.seconds_a_day
        others = self.rate - bills
        hooks = self.rate * value("webhooks")
        planned = self.consumers * value("billed") / value("bill_days") / self.seconds_a_day
        needed = {
            "sending, bills made as PDF": bills * self.costs.send_pdf + others * self.costs.send,
            "webhook, taken in": hooks * self.costs.webhook,
            "webhook, applied": hooks * self.costs.apply,
            "planning": planned * self.costs.queue,
            "import of bills": planned * self.costs.import_bill,
        }
        return {name: cores / value("busy") for name, cores in needed.items()}

    def single(self):
        """Share that the busiest second of each part takes of what it can do by itself.

        A part that runs in one place at a time (one process, one database) cannot be doubled by
        buying another machine: above 1 it has broken.
        """
        hooks = self.rate * value("webhooks")
        return {
            "applying reports (one scheduled action)": hooks * self.costs.apply,
            "planning a night's bills (one scheduled action)": (
                self.consumers * value("billed") / value("bill_days") * self.costs.queue / 3600 / 2
            ),
            "a month's bills in one database, at 4 TB in two years": (
                2 * self.bytes_a_year() / (4 * 2**40)
            ),
            "taking in bills (one file at a time, ten hours a night)": (
                self.consumers
                * value("billed")
                / value("bill_days")
                * self.costs.import_bill
                / 36_000
            ),
        }

    def bytes_a_year(self):
        """Bytes that the database grows by in a year."""
        bills = 12 * self.consumers * value("billed")
        rows = 12 * (self.total + self.consumers * value("billed") - self.bills)
        events = 12 * self.total * value("webhooks")
        size = self.costs.bytes
        return (
            bills * size["bill_bytes"]
            + rows * size["message_row_bytes"]
            + events * (size["event_bytes"] + value("event_more"))
        )

    def megabits(self):
        """Megabits a second out and in while bills go out."""
        bills = self.bills_per_day / self.seconds_a_day
        out = bills * value("pdf_bytes") + self.rate * value("message_bytes")
        into = self.rate * (value("message_bytes") + value("webhooks") * value("webhook_bytes"))
        return 8 * out / 1e6, 8 * into / 1e6

    def rupees(self):
        """Rupees to Meta in a month, with tax, by the list price."""
        return self.total * value("price") * (1 + value("tax"))

    def days_to_reach(self):
        """Days from the first message until everybody has had one, as Meta raises the limit.

        Simulated day by day: a limit half of which was used for some days is raised to the next.
        """
        left, day, level, used = self.reached, 0, 0, 0
        most = value("number_rate") * self.numbers * self.seconds_a_day
        while left > 0 and day < 3650:
            limit = LIMITS[level] or math.inf
            sent = min(limit, most, left)
            left -= sent
            day += 1
            used = used + 1 if sent >= limit / 2 else 0
            if used >= value("limit_days") and level + 1 < len(LIMITS):
                level, used = level + 1, 0
        return day


def companies(costs):
    """The five companies of the state."""
    return [
        Company(NAMES[key], value("consumers") * value(f"share_{key}"), costs) for key in COMPANIES
    ]


def lakhs(amount):
    """``12345678`` -> ``"123.5 lakh"``, a crore and more in crore."""
    if amount >= CRORE:
        return f"{amount / CRORE:.2f} crore"
    return f"{amount / LAKH:.1f} lakh"


def table(head, rows):
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)


def simulation(text):
    """The simulated part of docs/capacity.md, from the text of docs/benchmarks.md."""
    costs = measured(text)
    parts = companies(costs)
    state = Company("State", sum(one.consumers for one in parts), costs)
    everyone = [*parts, state]

    def row(title, function):
        return [title, *(function(one) for one in everyone)]

    head = ["", *(one.name for one in everyone)]
    needs = table(
        head,
        [
            row("consumers", lambda one: lakhs(one.consumers)),
            row("reached on WhatsApp", lambda one: lakhs(one.reached)),
            row("messages a month", lambda one: lakhs(one.total)),
            row("messages a second while bills go out", lambda one: f"{one.rate:.0f}"),
            row("sending numbers at 80/s", lambda one: one.numbers),
            row("people a day, limit needed", lambda one: _limit(one)),
            row("days from 2,000 a day until all were reached", Company.days_to_reach),
            row(
                "nights to send all bills at that many numbers",
                lambda one: math.ceil(
                    one.bills / (value("number_rate") * (one.numbers - 1) * one.seconds_a_day)
                ),
            ),
            row("cores for Odoo", lambda one: math.ceil(sum(one.cores().values()))),
            row("Mbit/s out / in", lambda one: "{:.0f} / {:.0f}".format(*one.megabits())),
            row("database growth a year", lambda one: f"{one.bytes_a_year() / 2**40:.2f} TiB"),
            row("to Meta a month", lambda one: f"₹ {lakhs(one.rupees())}"),
        ],
    )
    cores = table(
        head,
        [row(name, lambda one, name=name: f"{one.cores()[name]:.1f}") for name in state.cores()],
    )
    single = table(
        head,
        [row(name, lambda one, name=name: f"{one.single()[name]:.2f}") for name in state.single()],
    )
    first = max(state.single(), key=state.single().get)
    used = table(
        ["Cost", "measured"],
        [
            ["a message without document", f"{1000 * costs.send:.2f} ms of a core"],
            ["a bill with its PDF", f"{1000 * costs.send_pdf:.2f} ms of a core"],
            ["a call of the webhook taken in", f"{1000 * costs.webhook:.2f} ms of a core"],
            ["a report applied", f"{1000 * costs.apply:.3f} ms"],
            ["a message planned", f"{1000 * costs.queue:.3f} ms"],
            ["a bill imported", f"{1000 * costs.import_bill:.3f} ms"],
            ["consumers to whom a bill can be sent", f"{100 * costs.reachable:.0f} %"],
            *(
                [f"bytes of the database: {name.removesuffix('_bytes').replace('_', ' ')}",
                 f"{size:.0f}"]
                for name, size in costs.bytes.items()
            ),
        ],
    )  # fmt: skip
    assumed = table(
        ["Assumed", "", "Source", ""],
        [
            [
                f"{one.value:,.6g}",
                one.text,
                one.source,
                "" if one.verified else "(unverified)",
            ]
            for one in ASSUMED.values()
        ],
    )
    return "\n\n".join(
        [
            "### What each company needs",
            needs,
            "### Cores while bills go out",
            cores,
            "### What runs in one place",
            "Share of what one scheduled action or one database can do; above 1 it has broken.",
            single,
            f"First to break in one database for the whole state: **{first}**.",
            "### From what it is reckoned",
            used,
            assumed,
        ]
    )


def _limit(company):
    """The limit of people in 24 hours that the bills of a day need."""
    return next(
        (f"{limit:,}" for limit in LIMITS[:-1] if limit >= company.bills_per_day), "unlimited"
    )


def write(path, benchmarks):
    """Put the simulation into the file ``path``; return whether it differs from what was there."""
    text = path.read_text(encoding="utf-8")
    before, mark, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{path} has no {BEGIN} with {END} after it")
    simulated = simulation(benchmarks.read_text(encoding="utf-8"))
    new = f"{before}{BEGIN}\n{simulated}\n{END}{after}"
    path.write_text(new, encoding="utf-8")
    return new != text


def main(argv=None):
    """Write docs/capacity.md anew."""
    argparse.ArgumentParser(prog="python -m dev.bench.capacity", description=__doc__).parse_args(
        argv
    )
    path = CHECKOUT / "docs" / "capacity.md"
    changed = write(path, CHECKOUT / "docs" / "benchmarks.md")
    print(f"{path}: {'written anew' if changed else 'as it was'}")


if __name__ == "__main__":
    main()
