"""What one database needs: numbers, workers, cores, memory, line."""

import math
from dataclasses import dataclass

from .assumed import GB, value
from .costs import MIB
from .load import Load

ODOO, POSTGRESQL = "Odoo", "PostgreSQL"


@dataclass(frozen=True)
class Database(Load):
    """One database with its own sending numbers, workers and people."""

    @property
    def numbers(self):
        """Sending numbers that tell everybody of an outage in time, each its own offices."""
        return math.ceil(self.reached / (value("number_rate") * value("outage_seconds")))

    @property
    def rate(self):
        """Messages a second when all numbers send: the peak."""
        return value("number_rate") * self.numbers

    @property
    def even(self):
        """Messages a second of a month's bills if they trickled over all hours of their days."""
        return self.messages["bill"] / (value("bill_days") * value("bill_hours") * 3600)

    @property
    def sending(self):
        """Seconds in which a month's bills leave at the peak."""
        return self.messages["bill"] / self.rate

    @property
    def clerks(self):
        """Clerks who work at the same time."""
        return self.consumers / value("clerk_consumers")

    def cores(self, bills=0.0, others=0.0):
        """{part: (cores of Odoo, cores of PostgreSQL)} for so many messages a second.

        Of reports that are applied and of clerks PostgreSQL's part was not measured: it is a share
        of Odoo's.
        """
        costs, calls = self.costs, (bills + others) * value("webhooks")
        share = value("database_cores")
        apply = calls * costs.apply / (1 + share)
        clerks = self.clerks * value("clerk_cores")
        needed = {
            "sending": (
                bills * costs.send_pdf + others * costs.send,
                bills * costs.send_pdf_postgresql + others * costs.send_postgresql,
            ),
            "webhook, taken in": (calls * costs.webhook, calls * costs.webhook_postgresql),
            "webhook, applied": (apply, apply * share),
            "clerks": (clerks, clerks * share),
        }
        return {
            name: tuple(cores / value("busy") for cores in both) for name, both in needed.items()
        }

    def peak(self):
        """{part: cores} while bills leave from all numbers."""
        return self.cores(bills=self.rate)

    def total(self, cores):
        """{host: cores} of what :meth:`cores` returns."""
        odoo, postgresql = (sum(each) for each in zip(*cores.values(), strict=True))
        return {ODOO: odoo, POSTGRESQL: postgresql}

    @property
    def http_workers(self):
        """HTTP workers for the webhook at the peak and for the clerks."""
        webhook, _postgresql = self.peak()["webhook, taken in"]
        # A worker may be busy all the time, the core below it has others to serve.
        workers = math.ceil(webhook * value("busy"))
        return workers + math.ceil(self.clerks / value("worker_clerks"))

    @property
    def cron_workers(self):
        """Cron workers: a lane for each number, and the rest."""
        return self.numbers + int(value("other_crons"))

    @property
    def worker(self):
        """MiB of a worker: what was measured, never less than at its soft limit."""
        return max(self.costs.worker, value("worker_mib"))

    def memory(self):
        """{host: GB of memory}."""
        return {
            ODOO: (self.http_workers + self.cron_workers) * self.worker * MIB / GB,
            POSTGRESQL: max(value("database_least"), value("database_memory") * self.bytes(2) / GB),
        }

    def megabits(self, rate):
        """Megabits a second (out, in) for so many bills a second."""
        out = rate * (value("pdf_bytes") + value("message_bytes"))
        into = rate * (value("message_bytes") + value("webhooks") * value("webhook_bytes"))
        return 8 * out / 1e6, 8 * into / 1e6
