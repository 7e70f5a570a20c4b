"""Where a single database ends, and how long an outage takes to be told."""

from dataclasses import dataclass

from .assumed import value
from .database import Database


@dataclass(frozen=True)
class Part:
    """A part that runs in one place: consumers that it bears, and what replaces it."""

    name: str
    consumers: float
    instead: str


def parts(costs):
    """The parts of one database, the first to break first.

    Everything grows with the consumers, so each is tried with one of them. Numbers come whole, so
    what depends on their rate is reckoned with the share of one that a consumer needs.
    """
    one = Database(1.0, costs)
    rate = one.reached / value("outage_seconds")
    shares = [
        (
            "one sending number: an outage told within its time",
            one.reached / (value("number_rate") * value("outage_seconds")),
            "a number for each division; 1,000/s",
        ),
        (
            "message table: a year's rows",
            12 * one.rows / value("table_rows"),
            "a database for each circle; cut by month",
        ),
        (
            "restoring what two years left",
            one.restoring / (3600 * value("restore_hours")),
            "a database for each circle; a standby",
        ),
        (
            "one host: PDFs and webhook at the peak",
            one.total(one.cores(bills=rate))["Odoo"] / value("host_cores"),
            "more hosts; a link in place of the PDF",
        ),
        (
            "applying reports, one scheduled action",
            rate * value("webhooks") * costs.apply,
            "a database for each circle",
        ),
        (
            "planning a month's bills, one scheduled action",
            one.bills * costs.queue / (60 * value("planning_minutes")),
            "a database for each circle",
        ),
        (
            "taking in a month's bills, one file at a time",
            one.bills * costs.import_bill / (3600 * value("night_hours")),
            "a database for each circle",
        ),
    ]
    found = [Part(name, 1 / share, instead) for name, share, instead in shares]
    return sorted(found, key=lambda part: part.consumers)


@dataclass(frozen=True)
class Outage:
    """An outage of all consumers of a database, or of fewer."""

    name: str
    database: Database
    numbers: int
    databases: int = 1

    @property
    def people(self):
        """People who are told, in all databases."""
        return self.databases * self.database.reached

    @property
    def queueing(self):
        """Seconds from *Send* until all messages are in the queue; databases work side by side."""
        return self.database.consumers * self.database.costs.queue_outage

    def seconds(self, rate, numbers=1):
        """Seconds from *Send* until the last message has left; sending goes on while they queue."""
        return max(self.queueing, self.database.reached / (rate * numbers))

    def calls(self, rate, numbers=1):
        """Calls of the webhook a second meanwhile."""
        return self.databases * rate * numbers * value("webhooks")


def outages(costs, company):
    """Outages from a substation to the whole of a company."""
    circle = company.database
    found = [
        Outage("132-kV substation", Database(value("substation_consumers"), costs), 1),
        Outage("two divisions", Database(value("division_consumers"), costs), 1),
        Outage("circle: one database", circle, circle.numbers),
        Outage(f"all of {company.name}", circle, circle.numbers, company.databases),
    ]
    return found
