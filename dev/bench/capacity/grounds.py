"""Room on disk, and from what everything is reckoned."""

import math

from .assumed import ASSUMED, GB, LIMITS, value
from .database import ODOO, POSTGRESQL
from .load import Load
from .markdown import indian, lakhs, percent, room, table


def room_text(costs):
    """What two divisions take, and why it is more than what was measured."""
    measured = costs.database / GB
    division = Load(value("division_consumers"), costs)
    return "\n\n".join(
        [
            f"Two divisions ({indian(division.consumers)} consumers):",
            room_of_division(costs),
            f"Calls of the webhook are kept {value('event_days'):.0f} days and not less (rule 8(3) "
            "of the DPDP Rules), so a year of them is the most there is. "
            f"What was measured with a year in it (row `backup`: {measured:.1f} GB) "
            "holds bills and their reminders, freshly filled. It holds no outage messages, no "
            "receipts, no calls of the webhook, and no room that use leaves empty "
            f"({percent(value('bloat'))} here).",
        ]
    )


def room_of_division(costs):
    """Table of what the division's database holds after one year and after two."""
    division = Load(value("division_consumers"), costs)
    rows = {
        "bills and their charges": 12 * division.bills,
        "messages": 12 * division.rows,
        "calls of the webhook": 12 * division.calls,
        "payments": 12 * division.bills * value("receipts"),
        "consumers": division.consumers,
    }
    one, two = division.parts(1), division.parts(2)
    return table(
        ["", "rows in a year", "after one year", "after two"],
        [
            *(
                [name, lakhs(rows[name]), f"{one[name] / GB:.1f} GB", f"{two[name] / GB:.1f} GB"]
                for name in rows
            ),
            ["together", "", room(division.bytes(1)), room(division.bytes(2))],
        ],
    )


def disk_of_division(costs):
    """GB of disk for the division's first year and for two, with room for restoring beside."""
    division = Load(value("division_consumers"), costs)

    def disk(years):
        return math.ceil(division.bytes(years) * (1 + value("free_disk")) / GB / 10) * 10

    return f"{disk(1)} GB in the first year, {disk(2)} GB in two"


def measured(costs):
    """Table of what was measured."""
    worker = f"{costs.worker:.0f} MiB" if costs.worker else "in no row yet"
    return table(
        ["Measured", ""],
        [
            *(
                [f"{what}, {host}", f"{1000 * seconds:.2f} ms of a core"]
                for what, both in (
                    ("a message without document", (costs.send, costs.send_postgresql)),
                    ("a bill with its PDF", (costs.send_pdf, costs.send_pdf_postgresql)),
                    ("a call of the webhook taken in", (costs.webhook, costs.webhook_postgresql)),
                )
                for host, seconds in zip((ODOO, POSTGRESQL), both, strict=True)
            ),
            ["a report applied, Odoo and PostgreSQL", f"{1000 * costs.apply:.3f} ms"],
            ["a bill's message planned, both", f"{1000 * costs.queue:.3f} ms"],
            ["an outage's message planned, both", f"{1000 * costs.queue_outage:.3f} ms"],
            ["a bill imported, both", f"{1000 * costs.import_bill:.3f} ms"],
            ["consumers to whom a bill can be sent", percent(costs.reachable)],
            ["largest worker", worker],
            [f"restoring {room(costs.database)}", f"{costs.restore:.0f} s"],
            ["dump, of the database", percent(costs.dump / costs.database)],
            *(
                [f"bytes: {name.removesuffix('_bytes').replace('_', ' ')}", indian(size)]
                for name, size in costs.bytes.items()
            ),
        ],
    )


def assumed():
    """Table of what was not."""
    rows = [
        [
            indian(one.value) if one.value >= 1 and one.value % 1 == 0 else f"{one.value:g}",
            one.text,
            one.source,
            "" if one.verified else "(unverified)",
        ]
        for one in ASSUMED.values()
    ]
    levels = " → ".join(map(indian, LIMITS[:-1]))
    rows.append([levels, "people in 24 hours, then unlimited", "Meta, messaging limits", ""])
    return table(["Assumed", "", "Source", ""], rows)
