from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date, format_datetime

LEVELS = [("green", "In order"), ("amber", "Look at it"), ("red", "Act now")]
_ORDER = {"green": 0, "amber": 1, "red": 2}
#: Shares of failed messages from which the number needs a look, and help; below
#: ``ERRORS_COUNT`` messages a share says nothing.
ERROR_AMBER, ERROR_RED, ERRORS_COUNT = 0.03, 0.10, 20
#: Days before an end that is announced.
SOON_DAYS = 60
#: Minutes after which a message that left should have brought a report.
REPORT_MINUTES = 15
#: Setting: until when business accounts in India have to be billed in rupees.
#: https://developers.facebook.com/docs/whatsapp/pricing (INR billing)
INR_PARAMETER = "discom.whatsapp_inr_deadline"


class WhatsAppAccount(models.Model):
    """How a sending number is, section by section, and what to do about what is not in order.

    Each section costs one query whatever the number of accounts on the page.
    """

    _inherit = "discom.whatsapp.account"

    throughput_level = fields.Char("Throughput at Meta", readonly=True, copy=False)
    billing_currency = fields.Char(readonly=True, copy=False)
    halt_note = fields.Text("Stopped Because", compute="_compute_halt_note")
    tested_at = fields.Datetime("Connection tested", readonly=True, copy=False)
    health = fields.Json(compute="_compute_health")
    health_level = fields.Selection(LEVELS, compute="_compute_health")
    health_advice = fields.Char("What to do", compute="_compute_health")

    @api.depends("halt_reason")
    @api.depends_context("lang")
    def _compute_halt_note(self):
        errors = self.env["discom.whatsapp.error"]
        for account in self:
            account.halt_note = errors._explain_reason(account.halt_reason)

    @api.depends_context("uid", "lang")
    def _compute_health(self):
        sections = self._health_sections(self._health_traffic(), self._health_people())
        for account in self:
            worst = self._worst_section(sections[account.id])
            account.health = sections[account.id]
            account.health_level = worst["level"]
            account.health_advice = worst["advice"] if worst["level"] != "green" else False

    def _health_sections(self, traffic, people):
        """Judge these numbers by counts of messages that the caller has.

        :param dict traffic: as :meth:`_health_traffic` returns it
        :param dict people: as :meth:`_health_people` returns it
        :return: {account id: sections}
        """
        templates = self._health_templates()
        ends = self.env["discom.whatsapp.api.version"]._ends(self.mapped("api_version"))
        # Staff see how the number is without being able to read settings.
        deadline = self.env["ir.config_parameter"].sudo().get_param(INR_PARAMETER)
        sections = {}
        for account in self:
            numbers = traffic.get(account.id, {})
            sections[account.id] = [
                account._health_connection(),
                account._health_quality(),
                account._health_limit(people.get(account._portfolio(), 0)),
                account._health_throughput(numbers),
                account._health_webhook(numbers),
                account._health_of_templates(templates.get(account.id, {})),
                account._health_errors(numbers, "hour", self.env._("Errors, last hour")),
                account._health_errors(numbers, "day", self.env._("Errors, last 24 hours")),
                account._health_version(ends.get(account.api_version)),
                account._health_billing(fields.Date.to_date(deadline) if deadline else None),
            ]
        return sections

    @api.model
    def _worst_section(self, sections):
        return max(sections, key=lambda section: _ORDER[section["level"]])

    # === ONE QUERY EACH === #

    def _health_traffic(self):
        """Return {account id: counts of the last hour and day}."""
        if not self.ids:
            return {}
        self.env["discom.whatsapp.message"].flush_model()
        now = fields.Datetime.now()
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT account_id,
                       count(*) FILTER (WHERE claimed_at > %(hour)s) AS hour,
                       count(*) FILTER (WHERE claimed_at > %(hour)s AND state = 'failed')
                           AS hour_failed,
                       count(*) AS day,
                       count(*) FILTER (WHERE state = 'failed') AS day_failed,
                       max(claimed_at) FILTER (WHERE wamid IS NOT NULL) AS last_sent,
                       max(claimed_at) FILTER (WHERE wamid IS NOT NULL
                           AND claimed_at < %(report)s) AS last_due
                  FROM discom_whatsapp_message
                 WHERE account_id = ANY(%(accounts)s) AND claimed_at > %(day)s
                   AND direction = 'out' AND state <> 'cancelled'
                 GROUP BY account_id
                """,
                accounts=self.ids,
                hour=now - timedelta(hours=1),
                day=now - timedelta(hours=24),
                report=now - timedelta(minutes=REPORT_MINUTES),
            )
        )
        return {row["account_id"]: row for row in rows}

    def _health_people(self):
        """Return {portfolio: people written to in the last 24 hours}, whom its numbers share."""
        # Staff see how full the limit is without being able to read the ledger.
        recipients = self.env["discom.whatsapp.recipient"].sudo()
        return dict(
            recipients._read_group(
                [
                    ("portfolio", "in", [account._portfolio() for account in self]),
                    ("counted_at", ">", fields.Datetime.now() - timedelta(hours=24)),
                ],
                ["portfolio"],
                ["__count"],
            )
        )

    def _health_templates(self):
        """Return {account id: {kind: count}} of templates by what they need."""
        counts = {}
        for account, status, drifted, count in self.env["discom.whatsapp.template"]._read_group(
            [("account_id", "in", self.ids)],
            ["account_id", "status", "category_drifted"],
            ["__count"],
        ):
            kind = "drifted" if drifted else status
            by_kind = counts.setdefault(account.id, {})
            by_kind[kind] = by_kind.get(kind, 0) + count
        return counts

    # === SECTIONS === #

    @api.model
    def _health_section(self, key, label, level, value, advice=""):
        return {"key": key, "label": label, "level": level, "value": value, "advice": advice}

    def _health_connection(self):
        label = self.env._("Token and connection")
        if self.state == "halted":
            return self._health_section(
                "connection",
                label,
                "red",
                self.halt_note or self.env._("Halted"),
                self.env._("Put right what Meta names, then choose Resume sending."),
            )
        if self.state == "draft":
            return self._health_section(
                "connection",
                label,
                "amber",
                self.env._("Not tested"),
                self.env._("Choose Test connection."),
            )
        if self.trouble:
            return self._health_section(
                "connection",
                label,
                "amber",
                self.trouble,
                self.env._(
                    "Check the internet connection of the server; sending goes on by itself."
                ),
            )
        tested = self.env._("Connected")
        if self.tested_at:
            tested = self.env._(
                "Tested %(date)s",
                date=format_datetime(self.env, self.tested_at, dt_format="medium"),
            )
        return self._health_section("connection", label, "green", tested)

    def _health_quality(self):
        level = {"red": "red", "yellow": "amber", "unknown": "amber"}.get(self.quality, "green")
        advice = {
            "red": self.env._(
                "Consumers block or report this number. Send only what they asked for, and look at "
                "the templates of low quality."
            ),
            "yellow": self.env._("Some consumers report this number. Send less for some days."),
            "unknown": self.env._("Choose Test connection to read it from Meta."),
        }.get(self.quality, "")
        labels = dict(self._fields["quality"]._description_selection(self.env))
        return self._health_section(
            "quality", self.env._("Quality"), level, labels[self.quality], advice
        )

    def _health_limit(self, people):
        label = self.env._("Messaging limit")
        if not self.daily_limit:
            return self._health_section(
                "limit",
                label,
                "green",
                self.env._("%(people)s people in 24 hours, no limit", people=people),
            )
        value = self.env._(
            "%(people)s of %(limit)s people in 24 hours", people=people, limit=self.daily_limit
        )
        if people >= self.daily_limit:
            return self._health_section(
                "limit",
                label,
                "red",
                value,
                self.env._(
                    "Nobody new is written to until the oldest leave the 24 hours. Meta raises the "
                    "limit by itself while quality is good."
                ),
            )
        if people >= 0.8 * self.daily_limit:
            advice = self.env._("Leave room for outages: put off what can wait.")
            return self._health_section("limit", label, "amber", value, advice)
        return self._health_section("limit", label, "green", value)

    def _health_throughput(self, numbers):
        label = self.env._("Throughput")
        value = self.env._(
            "%(rate)s messages a second allowed, %(count)s sent in the last hour",
            rate=self.rate_limit,
            count=numbers.get("hour", 0),
        )
        if self.throughput_level == "STANDARD" and self.rate_limit > 80:
            return self._health_section(
                "throughput",
                label,
                "amber",
                value,
                self.env._("Meta allows this number 80 a second: lower Messages per second to 80."),
            )
        if self.throughput_level == "HIGH" and self.rate_limit == 80:
            return self._health_section(
                "throughput",
                label,
                "amber",
                value,
                self.env._(
                    "Meta allows this number 1,000 a second now: raise Messages per second, as far "
                    "as the server and its connection carry it."
                ),
            )
        return self._health_section("throughput", label, "green", value)

    def _health_webhook(self, numbers):
        label, seen = self.env._("Reports from Meta"), self.webhook_last_seen
        advice = self.env._(
            "Check webhook address, verify token and app secret in the App Dashboard, then choose "
            "Subscribe webhook."
        )
        if not seen:
            level = "red" if numbers.get("last_due") else "amber"
            return self._health_section("webhook", label, level, self.env._("None yet"), advice)
        value = self.env._(
            "Last one %(date)s", date=format_datetime(self.env, seen, dt_format="medium")
        )
        if numbers.get("last_due") and seen < numbers["last_due"]:
            return self._health_section("webhook", label, "red", value, advice)
        return self._health_section("webhook", label, "green", value)

    def _health_of_templates(self, counts):
        label = self.env._("Templates")
        stopped = sum(counts.get(kind, 0) for kind in ("rejected", "paused", "disabled"))
        drifted, pending = counts.get("drifted", 0), counts.get("pending", 0)
        approved = counts.get("approved", 0)
        if stopped or drifted:
            return self._health_section(
                "templates",
                label,
                "red",
                self.env._(
                    "%(stopped)s refused or stopped, %(drifted)s in a dearer category",
                    stopped=stopped,
                    drifted=drifted,
                ),
                self.env._("Open Templates: each says what Meta minds. Their messages wait."),
            )
        if pending or not approved:
            advice = self.env._("Meta answers within minutes to a day; choose Sync templates.")
            if not pending:
                advice = self.env._("Choose Create standard templates.")
            return self._health_section(
                "templates",
                label,
                "amber",
                self.env._(
                    "%(approved)s approved, %(pending)s in review",
                    approved=approved,
                    pending=pending,
                ),
                advice,
            )
        return self._health_section(
            "templates", label, "green", self.env._("%(approved)s approved", approved=approved)
        )

    def _health_errors(self, numbers, span, label):
        count, failed = numbers.get(span, 0), numbers.get(f"{span}_failed", 0)
        share = failed / count if count else 0
        value = self.env._(
            "%(failed)s of %(count)s (%(share)s %%)",
            failed=failed,
            count=count,
            share=round(100 * share, 1),
        )
        level, advice = "green", ""
        if count >= ERRORS_COUNT and share >= ERROR_AMBER:
            level = "red" if share >= ERROR_RED else "amber"
            advice = self.env._(
                "Open Messages, filter Failed, group by reason: each says what to do."
            )
        return self._health_section(f"errors_{span}", label, level, value, advice)

    def _health_version(self, end):
        label = self.env._("API version")
        if not end:
            return self._health_section(
                "version",
                label,
                "amber",
                self.api_version,
                self.env._(
                    "Its last day is not known here. Enter it under Configuration › API versions."
                ),
            )
        left = (end[0] - fields.Date.context_today(self)).days
        value = self.env._(
            "%(version)s, until %(date)s%(unverified)s",
            version=self.api_version,
            date=format_date(self.env, end[0]),
            unverified=self.env._(" (not confirmed)") if end[1] else "",
        )
        if left > SOON_DAYS:
            return self._health_section("version", label, "green", value)
        return self._health_section(
            "version",
            label,
            "red" if left <= 0 else "amber",
            value,
            self.env._("Enter a newer version, save, and choose Test connection."),
        )

    def _health_billing(self, deadline):
        label = self.env._("Billing in rupees")
        if self.billing_currency == "INR":
            return self._health_section("billing", label, "green", self.env._("Billed in INR"))
        value = self.billing_currency or self.env._("Currency not read yet")
        if not deadline:
            return self._health_section("billing", label, "green", value)
        days = (deadline - fields.Date.context_today(self)).days
        return self._health_section(
            "billing",
            label,
            "red" if self.billing_currency and days <= SOON_DAYS else "amber",
            value,
            self.env._(
                "After %(date)s Meta delivers only for Indian accounts billed in rupees. Move the "
                "account in Business Settings › Billing, then choose Test connection.",
                date=format_date(self.env, deadline),
            )
            if self.billing_currency
            else self.env._("Choose Test connection to read it from Meta."),
        )
