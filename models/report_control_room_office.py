from dateutil.relativedelta import relativedelta

from odoo import models

from ..tools import formats
from .bill import LIVE_STATES
from .bill_ageing import BUCKET_SELECTION

#: States of KYC from the best to the worst, as the bar shows them.
KYC_ORDER = ("verified", "captured", "stale", "bounced", "refused", "none")
#: How a consumer is reachable, as the report of KYC has it.
REACHABLE = [
    ("discom_whatsapp_number", "!=", False),
    ("discom_kyc_state", "in", ("captured", "verified")),
]


class DiscomControlRoom(models.AbstractModel):
    """Figures of consumers, bills and money, from what ``discom.figure`` keeps."""

    _inherit = "discom.control.room"

    def _section_kyc(self):
        partners = self.env["res.partner"]
        counts = self._kept("kyc", ["key", "state"])
        labels = dict(partners._fields["discom_kyc_state"]._description_selection(self.env))
        areas = dict(partners._fields["discom_area"]._description_selection(self.env))
        base = [
            ("discom_consumer", "=", True),
            ("discom_status", "!=", "permanent"),
            *self._office_domain("discom_office_id"),
        ]

        def row(key, label, domain, of):
            chosen = {group: row for group, row in counts.items() if of(group[0])}
            total = sum(number for number, _part, _amount in chosen.values())
            reachable = sum(part for _number, part, _amount in chosen.values())
            states = []
            for state in KYC_ORDER:
                value = sum(row[0] for group, row in chosen.items() if group[1] == state)
                leaf = ("discom_kyc_state", "in", [False, "none"] if state == "none" else [state])
                title = f"{label} · {labels[state]}"
                states.append(
                    {
                        "key": state,
                        "label": labels[state],
                        "figure": self._figure(value, "res.partner", [*domain, leaf], title),
                    }
                )
            return {
                "key": key,
                "label": label,
                "total": self._figure(total, "res.partner", domain, label),
                "reachable": self._figure(
                    reachable,
                    "res.partner",
                    [*domain, *REACHABLE],
                    f"{label} · {self.env._('Reachable on WhatsApp')}",
                ),
                "share": 100 * reachable / total if total else 0,
                "states": states,
            }

        return {
            "rows": [
                row("all", self.env._("All consumers"), base, lambda _area: True),
                *(
                    row(
                        key,
                        label,
                        [*base, ("discom_area", "=", key)],
                        lambda area, key=key: area == key,
                    )
                    for key, label in areas.items()
                ),
            ]
        }

    def _section_bills(self):
        month = self.env["discom.bill"]._today().replace(day=1)
        before = month - relativedelta(months=1)
        counts = self._kept("bill", ["day", "state"])
        labels = dict(self.env["discom.bill"]._fields["state"]._description_selection(self.env))

        def figure(period, states, title):
            rows = [counts.get((period, state), (0, 0, 0)) for state in states]
            if states == ("held",):
                leaf = [("is_held", "=", True)]
            else:
                leaf = [("state", "in", states), ("is_held", "=", False)]
            return self._figure(
                sum(row[0] for row in rows),
                "discom.bill",
                [("period", "=", str(period)), *leaf, *self._office_domain()],
                title,
                amount=round(float(sum(row[2] for row in rows)), 2),
                field="amount_total",
            )

        name = formats.month(month, self.env.lang)
        issued = self.env._("Issued, %(month)s", month=name)
        left = [
            ("draft", self.env._("To check")),
            ("held", self.env._("Held back")),
            ("checked", self.env._("To issue")),
        ]
        return {
            "month": name,
            "issued": figure(month, LIVE_STATES, issued),
            "last": figure(
                before,
                LIVE_STATES,
                self.env._("Issued, %(month)s", month=formats.month(before, self.env.lang)),
            ),
            "left": [
                {"key": key, "label": label, "figure": figure(month, (key,), label)}
                for key, label in left
            ],
            "states": [
                {"key": key, "label": labels[key], "figure": figure(month, (key,), labels[key])}
                for key in ("paid", "partial", "issued", "overdue")
            ],
        }

    def _section_collection(self):
        today = self.env["discom.bill"]._today()
        month = today.replace(day=1)
        before = month - relativedelta(months=1)
        days = {day: row for (day,), row in self._kept("payment", ["day"]).items()}

        def figure(first, last, title):
            rows = [row for day, row in days.items() if first <= day <= last]
            return self._figure(
                sum(row[0] for row in rows),
                "discom.payment",
                [
                    ("state", "=", "posted"),
                    ("date", ">=", str(first)),
                    ("date", "<=", str(last)),
                    *self._office_domain(),
                ],
                title,
                amount=round(float(sum(row[2] for row in rows)), 2),
                field="amount",
            )

        def series(first):
            """Rupees collected up to each day of the month, as far as it has come."""
            last = min(first + relativedelta(months=1, days=-1), today)
            total, points = 0.0, []
            for place in range((last - first).days + 1):
                row = days.get(first + relativedelta(days=place))
                total += float(row[2]) if row else 0
                points.append(round(total, 2))
            return points

        return {
            "month": formats.month(month, self.env.lang),
            "last_month": formats.month(before, self.env.lang),
            "this": figure(month, today, self.env._("Collected this month")),
            "today": figure(today, today, self.env._("Collected today")),
            # Of the 31st of March compared with February, all of February.
            "same": figure(
                before,
                before + relativedelta(day=today.day),
                self.env._("Last month to the same day"),
            ),
            "last": figure(before, month - relativedelta(days=1), self.env._("Last month")),
            "series": series(month),
            "series_last": series(before),
        }

    def _section_dues(self):
        counts = {bucket: row for (bucket,), row in self._kept("dues", ["key"]).items()}
        labels = self.env["discom.ageing"]._fields["bucket"]._description_selection(self.env)

        def figure(keys, title, *leaf):
            rows = [counts.get(key, (0, 0, 0)) for key in keys]
            return self._figure(
                int(sum(row[1] for row in rows)),
                "discom.ageing",
                [("amount_due", ">", 0), *leaf, *self._office_domain()],
                title,
                amount=round(float(sum(row[2] for row in rows)), 2),
                field="amount_due",
            )

        keys = [key for key, _label in BUCKET_SELECTION if key != "0_none"]
        return {
            "total": figure(counts, self.env._("Dues")),
            "buckets": [
                {
                    "key": key,
                    "label": label,
                    "figure": figure([key], label, ("bucket", "=", key)),
                }
                for key, label in labels
                if key in keys
            ],
        }
