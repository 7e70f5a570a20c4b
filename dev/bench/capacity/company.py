"""What the databases of a company need together, and what it pays in a month."""

import math
from dataclasses import dataclass

from .assumed import GB, LIMITS, NAMES, value
from .costs import Costs
from .database import ODOO, POSTGRESQL, Database
from .load import Load


@dataclass(frozen=True)
class Company:
    """A company whose consumers are cut into equal databases."""

    name: str
    consumers: float
    costs: Costs

    @property
    def load(self):
        """All of its consumers, however they are cut."""
        return Load(self.consumers, self.costs)

    @property
    def databases(self):
        """How many databases."""
        return math.ceil(self.consumers / value("database_consumers"))

    @property
    def database(self):
        """One of them."""
        return Database(self.consumers / self.databases, self.costs)

    @property
    def together(self):
        """Databases that send bills at the same time."""
        return min(self.databases, int(value("together")))

    @property
    def numbers(self):
        """Sending numbers of all databases."""
        return self.databases * self.database.numbers

    @property
    def http_workers(self):
        """HTTP workers of all databases."""
        return self.databases * self.database.http_workers

    @property
    def cron_workers(self):
        """Cron workers of all databases."""
        return self.databases * self.database.cron_workers

    def cores(self):
        """{host: cores} while as many databases send bills as may, and clerks work in all."""
        one = self.database
        peak, idle = one.total(one.peak()), one.total(one.cores())
        resting = self.databases - self.together
        return {host: self.together * peak[host] + resting * idle[host] for host in peak}

    def even_cores(self):
        """{host: cores} if the bills of all databases trickled over all hours of their days."""
        one = self.database
        return {
            host: self.databases * cores
            for host, cores in one.total(one.cores(bills=one.even)).items()
        }

    def blackout_cores(self):
        """{host: cores} while all numbers of all databases tell of an outage."""
        one = self.database
        return {
            host: self.databases * cores
            for host, cores in one.total(one.cores(others=one.rate)).items()
        }

    def memory(self):
        """{host: GB of memory} of all databases."""
        return {host: self.databases * size for host, size in self.database.memory().items()}

    def megabits(self):
        """Megabits a second (out, in) at the peak."""
        return [self.together * each for each in self.database.megabits(self.database.rate)]

    def even_megabits(self):
        """Megabits a second (out, in) if bills trickled."""
        return [self.databases * each for each in self.database.megabits(self.database.even)]

    @property
    def sending_days(self):
        """Days until a month's bills have left that all lie ready on one morning."""
        turns = math.ceil(self.databases / self.together)
        return math.ceil(turns * self.database.sending / (3600 * value("bill_hours")))

    def days_to_reach(self):
        """Days from the first message until everybody has had one, as Meta raises the limit.

        Simulated day by day: a limit half of which was used for some days is raised to the next.
        The databases share one portfolio, so what they have together is the limit.
        """
        left, day, level, used = self.load.reached, 0, 0, 0
        most = value("number_rate") * self.numbers * value("bill_hours") * 3600
        while left > 0 and day < 3650:
            limit = LIMITS[level] or math.inf
            sent = min(limit, most, left)
            left -= sent
            day += 1
            used = used + 1 if sent >= limit / 2 else 0
            if used >= value("limit_days") and level + 1 < len(LIMITS):
                level, used = level + 1, 0
        return day

    def hosts(self):
        """{host: machines that work}: the more of what cores and memory ask for."""
        cores, memory = self.cores(), self.memory()
        needed = {
            host: math.ceil(
                max(cores[host] / value("host_cores"), memory[host] / value("host_memory"))
            )
            for host in cores
        }
        return {**needed, ODOO: max(needed[ODOO], int(value("host_least")))}

    def disk(self):
        """GB of disk after two years, of the PostgreSQL hosts that work."""
        return self.load.bytes(2) * (1 + value("free_disk")) / GB

    def rupees(self):
        """{what: rupees a month} in the second year; Meta's with tax and by the list price."""
        hosts = self.hosts()
        copies = value("standby")
        served = max(0, self.load.messages["reply"] - self.numbers * value("free_service"))
        dump = self.load.bytes(2) / (1 + value("bloat")) * self.costs.dump / self.costs.database
        return {
            "Meta, templates": self.load.templates * value("price") * (1 + value("tax")),
            "Meta, answers": served * value("price_service") * (1 + value("tax")),
            "hosts": (hosts[ODOO] + copies * hosts[POSTGRESQL]) * value("host_price"),
            "disks": copies * self.disk() * value("disk_price"),
            "backup": value("backups") * dump / GB * value("backup_price"),
            "network": self.load.outgoing / GB * value("network_price"),
        }


def companies(costs):
    """The companies of the state."""
    return [
        Company(name, value("consumers") * value(f"share_{key}"), costs)
        for key, name in NAMES.items()
    ]
