from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from .whatsapp_message import (
    PRIORITY_ARREARS,
    PRIORITY_BILL,
    PRIORITY_OTHER,
    PRIORITY_OUTAGE,
    PRIORITY_RECEIPT,
    PRIORITY_REPLY,
    REACHED,
    TEST_PURPOSE,
    WAITING,
)

#: Seconds over which the pace is measured.
PACE_SECONDS = 60
#: What became of the messages of today, each with its states.
OUTCOMES = (
    ("sent", REACHED),
    ("delivered", ("delivered", "read")),
    ("read", ("read",)),
    ("failed", ("failed",)),
)


class DiscomControlRoom(models.AbstractModel):
    """Messages of today, the queue of this moment, and how the sending numbers are."""

    _inherit = "discom.control.room"

    def _section_messages(self):
        figures = self.env["discom.figure"]
        today = self.env["discom.bill"]._today()
        begin, end = map(fields.Datetime.to_string, figures._day_bounds(today))
        counts = self._kept("message", ["key", "state"], SQL("day = %s", today))
        labels = dict(
            self.env["discom.whatsapp.message"]._fields["purpose"]._description_selection(self.env)
        )
        base = [
            ("direction", "=", "out"),
            ("claimed_at", ">=", begin),
            ("claimed_at", "<", end),
            ("purpose", "!=", TEST_PURPOSE),
            *self._office_domain(),
        ]
        outcomes = {
            "sent": self.env._("Sent"),
            "delivered": self.env._("Delivered"),
            "read": self.env._("Read"),
            "failed": self.env._("Failed"),
        }

        def row(key, label, purposes=None):
            domain = [*base, ("purpose", "in", purposes)] if purposes else base
            return {
                "key": key,
                "label": label,
                "outcomes": [
                    {
                        "key": outcome,
                        "label": outcomes[outcome],
                        "figure": self._figure(
                            sum(
                                number
                                for (purpose, state), (number, *_rest) in counts.items()
                                if state in states
                                and (not purposes or (purpose or False) in purposes)
                            ),
                            "discom.whatsapp.message",
                            [*domain, ("state", "in", states)],
                            f"{label} · {outcomes[outcome]}",
                        ),
                    }
                    for outcome, states in OUTCOMES
                ],
            }

        purposes = {purpose for purpose, _state in counts}
        rows = [
            row(purpose or "none", labels.get(purpose) or self.env._("Answers"), [purpose or False])
            for purpose in purposes
        ]
        rows.sort(key=lambda one: -one["outcomes"][0]["figure"]["value"])
        hours = self._kept("hour", ["hour"], SQL("day = %s", today))
        return {
            "total": row("all", self.env._("Messages today")),
            "rows": rows,
            "hours": [
                {"hour": hour, "sent": number - part, "failed": part}
                for (hour,), (number, part, _amount) in sorted(hours.items())
            ],
            "rate": self._rate(),
        }

    def _rate(self):
        """Messages that have left in the last minute."""
        now = fields.Datetime.now()
        domain = [
            ("direction", "=", "out"),
            ("account_id", "in", self._accounts().ids),
            ("claimed_at", ">=", fields.Datetime.to_string(now - timedelta(seconds=PACE_SECONDS))),
            ("claimed_at", "<", fields.Datetime.to_string(now)),
            *self._office_domain(),
        ]
        messages = self.env["discom.whatsapp.message"]
        return self._figure(
            messages.search_count(domain),
            messages._name,
            domain,
            self.env._("Handed over within a minute"),
        )

    # === NUMBERS === #

    def _accounts(self):
        """Sending numbers that serve one of the offices looked at."""
        offices = self.env["discom.office"].browse(self.env.context["discom_offices"])
        return self.env["discom.whatsapp.account"].search(
            ["|", ("office_ids", "=", False), ("office_ids", "parent_of", offices.ids)]
        )

    def _section_numbers(self):
        accounts = self._accounts()
        # sudo: the counts are the number's, and its level is shown to all staff anyway.
        traffic, people = self.env["discom.figure"].sudo()._traffic(accounts)
        sections = accounts._health_sections(traffic, people)
        labels = dict(accounts._fields["health_level"]._description_selection(self.env))
        queue = self._queue(accounts)
        pace = self._pace(accounts)
        numbers = []
        for account in accounts:
            wrong = [part for part in sections[account.id] if part["level"] != "green"]
            wrong.sort(key=lambda part: part["level"] != "red")
            worst = account._worst_section(sections[account.id])
            lanes = queue.get(account.id, {})
            numbers.append(
                {
                    "id": account.id,
                    "name": account.name,
                    "phone": account.phone_number or "",
                    "level": worst["level"],
                    "label": labels[worst["level"]],
                    "advice": [
                        {key: part[key] for key in ("key", "label", "level", "value", "advice")}
                        for part in wrong
                    ],
                    **self._queue_of(account, lanes, pace.get(account.id, 0)),
                }
            )
        return {"numbers": numbers}

    def _queue(self, accounts):
        """Return {account id: {lane: (of the offices looked at, of all)}} of what waits."""
        self.env["discom.whatsapp.message"].flush_model()
        queue = {}
        for account, priority, own, everybody in self.env.execute_query(
            SQL(
                """
                SELECT account_id, priority,
                       count(*) FILTER (WHERE office_id = ANY(%s)), count(*)
                  FROM discom_whatsapp_message
                 WHERE account_id = ANY(%s) AND open_state IN %s
                 GROUP BY account_id, priority
                """,
                self.env.context["discom_offices"],
                accounts.ids,
                WAITING,
            )
        ):
            lanes = queue.setdefault(account, {})
            for lane, (_label, first, last) in self._lanes().items():
                if first < priority <= last:
                    before = lanes.get(lane, (0, 0))
                    lanes[lane] = (before[0] + own, before[1] + everybody)
        return queue

    def _lanes(self):
        """Return {lane: (label, priority of the lane before, its own)} in order of leaving."""
        names = {
            PRIORITY_REPLY: self.env._("Answers"),
            PRIORITY_OUTAGE: self.env._("Outages"),
            PRIORITY_RECEIPT: self.env._("Receipts"),
            PRIORITY_ARREARS: self.env._("Arrears"),
            PRIORITY_BILL: self.env._("Bills"),
            PRIORITY_OTHER: self.env._("Others"),
        }
        ends = [*names]
        begins = [-1, *ends[:-1]]
        return {
            end: (names[end], begin, end if end != PRIORITY_OTHER else 2**31 - 1)
            for begin, end in zip(begins, ends, strict=True)
        }

    def _pace(self, accounts):
        """Return {account id: messages of all offices that left in the last minute}."""
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT account_id, count(*) FROM discom_whatsapp_message
                     WHERE account_id = ANY(%s) AND claimed_at > %s
                     GROUP BY account_id
                    """,
                    accounts.ids,
                    fields.Datetime.now() - timedelta(seconds=PACE_SECONDS),
                )
            )
        )

    def _queue_of(self, account, lanes, pace):
        """What waits for one number, lane by lane, and how long that takes."""
        waiting = [("waiting", "=", True), ("account_id", "=", account.id), *self._office_domain()]

        def figure(value, title, *leaf):
            return self._figure(value, "discom.whatsapp.message", [*waiting, *leaf], title)

        everybody = sum(count for _own, count in lanes.values())
        urgent = bool(lanes) and max(lanes) <= PRIORITY_OUTAGE
        # Who sees the number may know why it stands still.
        reason = everybody and account.sudo()._waiting_because(urgent, bool(pace))
        left = False
        if everybody and not reason:
            # Before the first has left, at the rate that Meta allows the number.
            seconds = everybody / ((pace / PACE_SECONDS) or account.rate_limit or 1)
            left = self.env["discom.whatsapp.audience"]._spoken_duration(seconds)
        title = self.env._("Waiting at %(number)s", number=account.name)
        return {
            "queue": figure(sum(own for own, _all in lanes.values()), title),
            "lanes": [
                {
                    "key": str(lane),
                    "label": label,
                    "figure": figure(
                        lanes[lane][0],
                        f"{title} · {label}",
                        ("priority", ">", first),
                        ("priority", "<=", last),
                    ),
                }
                for lane, (label, first, last) in self._lanes().items()
                if lanes.get(lane, (0, 0))[0]
            ],
            "pace": pace,
            "left": left,
            "reason": reason or False,
        }
