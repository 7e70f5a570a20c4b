"""What a database, the companies and the state need, as text."""

import math

from .assumed import LAKH, LIMITS, value
from .database import ODOO, POSTGRESQL, Database
from .markdown import duration, indian, lakhs, percent, room, table

HOSTS = ODOO, POSTGRESQL


def database(costs):
    """One database: of the first two divisions, and of a circle."""
    division, circle = (
        Database(value(f"{name}_consumers"), costs) for name in ("division", "database")
    )

    def row(title, text):
        return [title, text(division), text(circle)]

    def both(title, figures):
        return [
            row(f"{title}, {host}", lambda one, host=host: math.ceil(figures(one)[host]))
            for host in HOSTS
        ]

    return "\n\n".join(
        [
            table(
                ["", "two divisions", "a circle"],
                [
                    row("consumers", lambda one: lakhs(one.consumers)),
                    row("reached on WhatsApp", lambda one: lakhs(one.reached)),
                    row("messages a month", lambda one: lakhs(sum(one.messages.values()))),
                    row("calls of the webhook a month", lambda one: lakhs(one.calls)),
                    row("sending numbers", lambda one: one.numbers),
                    row("limit of people a day, all bills on one day", _limit),
                    row("a month's bills leave in", lambda one: duration(one.sending)),
                    row("night before: import and planning", lambda one: duration(one.night)),
                    row("HTTP workers", lambda one: one.http_workers),
                    row("cron workers: lanes + others", _crons),
                    *both("cores at the peak", lambda one: one.total(one.peak())),
                    *both("GB of memory", lambda one: one.memory()),
                    row("Mbit/s out at the peak", lambda one: math.ceil(one.megabits(one.rate)[0])),
                    row("database after one year", lambda one: room(one.bytes(1))),
                    row("database after two years", lambda one: room(one.bytes(2))),
                    row("restoring that", lambda one: duration(one.restoring)),
                    row("months to a message table that wants to be cut", _months),
                ],
            ),
            "*Peak*: bills with PDF leave from all numbers of the database at "
            f"{value('number_rate'):.0f} a second each, as lanes do when quiet hours end. Fewer "
            "cores make it slower, not wrong: the guide's one machine of "
            f"{value('guide_cores'):.0f} cores sends the bills of the two divisions in about "
            f"{duration(_on_guide(division))}.",
            "The processor time of PostgreSQL is measured for sending and for taking in the "
            "webhook; for clerks and for applying reports it is assumed as "
            f"{percent(value('database_cores'))} of Odoo's.",
            table(
                ["cores at the peak", *(f"{name}: {host}" for name in ("two divisions", "a circle")
                                        for host in HOSTS)],
                [
                    [name, *(f"{cores:.1f}" for one in (division, circle)
                             for cores in one.peak()[name])]
                    for name in division.peak()
                ],
            ),
        ]
    )  # fmt: skip


def companies(every):
    """The companies, and as their sum the state."""

    def row(title, figure, text=indian, state=sum):
        figures = [figure(one) for one in every]
        return [title, *map(text, figures), text(state(figures))]

    def hosts(title, figures):
        return [
            row(f"{title}, {host}", lambda one, host=host: math.ceil(figures(one)[host]))
            for host in HOSTS
        ]

    def rows(*found):
        return table(["", *(one.name for one in every), "State"], found)

    return "\n\n".join(
        [
            "The last column is the sum of the companies, of days the longest.",
            rows(
                row("consumers", lambda one: one.consumers, lakhs),
                row("reached on WhatsApp", lambda one: one.load.reached, lakhs),
                row("messages a month", lambda one: sum(one.load.messages.values()), lakhs),
                row("**databases**", lambda one: one.databases),
                row("**sending numbers**", lambda one: one.numbers),
                row("days until all were reached once", lambda one: one.days_to_reach(), state=max),
                row("days to send all bills", lambda one: one.sending_days, state=max),
                row("data after one year", lambda one: one.load.bytes(1), room),
                row("data after two years", lambda one: one.load.bytes(2), room),
            ),
            "Machines, for the peak:",
            rows(
                row("HTTP workers", lambda one: one.http_workers),
                row("cron workers", lambda one: one.cron_workers),
                *hosts("cores", lambda one: one.cores()),
                *hosts("GB of memory", lambda one: one.memory()),
                *hosts("hosts", lambda one: one.hosts()),
                row("Mbit/s out", lambda one: math.ceil(one.megabits()[0])),
                row("Mbit/s in", lambda one: math.ceil(one.megabits()[1])),
            ),
            "The same if bills trickled:",
            rows(
                *hosts("cores", lambda one: one.even_cores()),
                row("Mbit/s out", lambda one: math.ceil(one.even_megabits()[0])),
            ),
            "**Days to send, cores, hosts and Mbit/s of the peak belong together**: "
            f"{value('together'):.0f} databases of a company send bills at a time from all their "
            "numbers, the next when their quiet hours end; clerks work in all. *Trickled* is the "
            "other end, and no plan: bills leave evenly in "
            f"{value('bill_days'):.0f} days of {value('bill_hours'):.0f} hours. Nothing leaves at "
            f"night. A host has {value('host_cores'):.0f} cores and {value('host_memory'):.0f} GB; "
            f"for each PostgreSQL host {value('standby') - 1:.0f} more stands by, which the table "
            "leaves out and the money counts.",
        ]
    )


def money(every):
    """Rupees a month."""
    bills = [one.rupees() for one in every]
    above = [max(0, one.load.templates - value("volume_from") + 1) for one in every]

    def row(title, figures):
        return [title, *(f"{figure / LAKH:.1f}" for figure in (*figures, sum(figures)))]

    return "\n\n".join(
        [
            "Lakh ₹ a month in the second year, Meta's with GST. **All prices are assumed and "
            "unverified; nobody has made an offer.**",
            table(
                ["", *(one.name for one in every), "State"],
                [
                    *(row(name, [bill[name] for bill in bills]) for name in bills[0]),
                    row("**together**", [sum(bill.values()) for bill in bills]),
                    row("lakh messages above Meta's first step", above),
                ],
            ),
            f"Above {lakhs(value('volume_from') - 1)} messages a month Meta gives rebates, which "
            "are not deducted. Answers are charged from the "
            f"{indian(value('free_service') + 1)}st of a number in a month.",
        ]
    )


def _on_guide(one):
    """Seconds in which a month's bills leave on the guide's machine, beside its clerks."""
    peak, idle = (sum(one.total(cores).values()) for cores in (one.peak(), one.cores()))
    free = max(value("guide_cores") - idle, 0.1)
    return one.sending * max(1, (peak - idle) / free)


def _crons(one):
    return f"{one.numbers} + {one.cron_workers - one.numbers}"


def _months(one):
    return f"{value('table_rows') / one.rows:.0f}"


def _limit(one):
    people = one.messages["bill"]
    return next((indian(limit) for limit in LIMITS[:-1] if limit >= people), "unlimited")
