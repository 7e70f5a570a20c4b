"""The reckoned part of docs/capacity.md."""

from . import grounds, needs
from .assumed import LIMITS, value
from .bears import outages, parts
from .company import companies
from .database import ODOO
from .markdown import duration, indian, lakhs, room, table


def capacity(costs):
    """What stands between the marks of docs/capacity.md."""
    every = companies(costs)
    return "\n\n".join(
        [
            "## In short",
            _short(costs, every),
            "## What breaks first, and what takes its place",
            _bears(costs),
            _breaks(every),
            "## One database",
            needs.database(costs),
            "## The companies",
            needs.companies(every),
            "## An outage",
            _outages(costs, every[0]),
            "## Money",
            needs.money(every),
            "## Room",
            grounds.room_text(costs),
            "## From what it is reckoned",
            grounds.measured(costs),
            grounds.assumed(),
        ]
    )


def _short(costs, every):
    def state(figure):
        return sum(map(figure, every))

    odoo, postgresql = (state(lambda one, host=host: one.hosts()[host]) for host in needs.HOSTS)
    bills = [one.rupees() for one in every]
    meta = sum(bill[name] for bill in bills for name in bill if name.startswith("Meta"))
    whole = sum(sum(bill.values()) for bill in bills)
    return "\n".join(
        [
            f"For {lakhs(state(lambda one: one.consumers))} consumers, "
            f"{lakhs(state(lambda one: one.load.reached))} of them reached on WhatsApp:",
            "",
            f"- {state(lambda one: one.databases)} databases, one for each circle, with "
            f"{state(lambda one: one.numbers)} sending numbers.",
            f"- {odoo} hosts for Odoo, {postgresql} for PostgreSQL and "
            f"{postgresql * (value('standby') - 1):.0f} standing by, "
            f"{room(state(lambda one: one.load.bytes(1)))} of data after a year.",
            f"- ₹ {lakhs(whole)} a month, of it ₹ {lakhs(meta)} to Meta. No price is confirmed.",
            f"- Days until all bills have left: {max(one.sending_days for one in every)}, outside "
            f"quiet hours; the night before, a database works {duration(every[0].database.night)}.",
            "- What breaks first when consumers are added to one database: "
            f"**{parts(costs)[0].name}**, at {lakhs(parts(costs)[0].consumers)}.",
        ]
    )


def _bears(costs):
    found = parts(costs)
    size = value("database_consumers")
    below = [part.name for part in found if part.consumers < size]
    return "\n\n".join(
        [
            "What each part bears when all consumers are in *one* database with one of each; the "
            "first to break stands first.",
            table(
                ["Part", "bears consumers", "then"],
                [[part.name, lakhs(part.consumers), part.instead] for part in found],
            ),
            f"So the cut is a database for each circle, {lakhs(size)} consumers at most; little of "
            "a circle refers to another (*What the cut costs*, below). Of the parts above these "
            "bear less, so that what stands beside them is needed within a circle: "
            f"{'; '.join(below) or 'none'}. A circle is "
            f"{size / value('division_consumers'):.1f} times the consumers that were measured: let "
            "the first circle run before the second is set up.",
        ]
    )


def _breaks(every):
    """What breaks however the consumers are cut."""
    company = every[0]
    one = company.database
    blackout, planned = company.blackout_cores()[ODOO], company.cores()[ODOO]
    sending, _postgresql = one.cores(others=one.rate)["sending"]
    fast, _postgresql = one.total(one.cores(others=value("number_rate_high"))).values()
    people = one.messages["bill"] / one.numbers
    enough = "enough" if people >= value("rise_people") else "not enough"
    return "\n".join(
        [
            "Whichever way they are cut:",
            "",
            "1. **The limit of people a day, at the beginning.** A verified business may write to "
            f"{indian(LIMITS[0])} people in 24 hours. The limit rises by being used, to "
            f"{', '.join(map(indian, LIMITS[1:-1]))} and no limit, so all of {company.name} have "
            f"had a message after {company.days_to_reach()} days at best; until then a circle's "
            f"{lakhs(one.reached)} people cannot all be told of an outage. Nothing in the software "
            "helps: have each company's portfolio verified a quarter before.",
            "2. **Throughput, where a circle's outage is announced once.** A broadcast leaves from "
            f"one number. At {value('number_rate'):.0f}/s that takes "
            f"{duration(one.reached / value('number_rate'))}; such a message lives "
            f"{duration(value('outage_life'))}. Announced for the offices of each of "
            f"{one.numbers} numbers it takes {duration(one.reached / one.rate)}.",
            f"3. **Reports, in a blackout of all of {company.name}.** {company.numbers} numbers at "
            f"once want {blackout:.0f} cores of Odoo; {planned:.0f} are planned. Sending takes "
            f"{company.databases * sending:.0f}, so people are told in time. The proxy turns away "
            "what is too much of the webhook, and Meta brings it again later.",
            f"4. **The webhook, at {indian(value('number_rate_high'))} messages a second.** One "
            f"such number wants {fast:.0f} cores of Odoo. A small receiver in front has to check "
            "signatures then and write the calls in batches; the add-on has none. Meta raises a "
            f"number by itself from {indian(value('rise_people'))} people in 24 hours; all bills "
            f"of a circle on one day are {lakhs(people)} people for each of its numbers, {enough}.",
        ]
    )


def _outages(costs, company):
    fast, slow = value("number_rate_high"), value("number_rate")
    found = outages(costs, company)
    rows = [
        [
            one.name,
            lakhs(one.people),
            _told(one.seconds(slow)),
            one.databases * one.numbers,
            _told(one.seconds(slow, one.numbers)),
            indian(one.calls(slow, one.numbers)),
            _told(one.seconds(fast)),
        ]
        for one in found
    ]
    return "\n\n".join(
        [
            table(
                ["outage of", "told", "one number", "planned", "all of these", "calls/s",
                 f"one at {indian(fast)}/s"],
                rows,
            ),
            f"An outage message lives {duration(value('outage_life'))}; planned are numbers to "
            f"tell everybody in {duration(value('outage_seconds'))}. **Bold** takes longer than "
            "that, **!** longer than the message lives. *One number* is one in each database. "
            f"Queueing takes {max(one.queueing for one in found):.0f} s at most, and sending does "
            "not wait for its end. *calls/s* is what the webhook gets from the numbers planned.",
        ]
    )  # fmt: skip


def _told(seconds):
    text = duration(seconds)
    if seconds > value("outage_life"):
        return f"**{text} !**"
    return f"**{text}**" if seconds > value("outage_seconds") else text
