"""Reminders of planned shutdowns: the evening before and an hour before the start."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models

from ..tools.indian_time import INDIA
from ..tools.reader import in_name_of
from .outage_reason import PLANNED_KINDS

#: Who was told within these hours needs no reminder yet.
FRESH_HOURS = 3


class DiscomOutage(models.Model):
    _inherit = "discom.outage"
    # When people were told, which the law asks for: nobody says it by hand.
    _guarded = dict.fromkeys(("date_announced", "reminded_evening", "reminded_hour"), False)

    remind = fields.Boolean(
        "Remind before the start",
        default=True,
        help="Those who were told of a planned shutdown are reminded the evening before and an "
        "hour before it begins.",
    )
    reminded_evening = fields.Boolean(readonly=True, copy=False)
    reminded_hour = fields.Boolean(readonly=True, copy=False)
    date_announced = fields.Datetime(
        "Announced",
        readonly=True,
        copy=False,
        help="When the first announcement was confirmed.",
    )

    @api.model
    def _cron_remind(self):
        """Send the reminders that are due, each once."""
        now = fields.Datetime.now()
        for outage in self.search(
            [
                ("state", "=", "announced"),
                ("kind", "in", PLANNED_KINDS),
                ("remind", "=", True),
                ("reminded_hour", "=", False),
                ("date_start", ">", now),
                ("date_start", "<", now + timedelta(days=2)),
            ]
        ):
            field = outage._reminder_due(now)
            if not field:
                continue
            # The hour before supersedes an evening that was missed.
            outage._set(**{field: True, "reminded_evening": True})
            outage._send_reminder(now)
            self.env["ir.cron"]._commit_progress(1)

    def _reminder_due(self, now):
        """Return the field that says whether the reminder due at ``now`` was sent, else None.

        :param datetime now: UTC, without zone
        """
        self.ensure_one()
        evening, hour = self._reminder_times()
        if now >= hour:
            return "reminded_hour"
        return "reminded_evening" if evening <= now and not self.reminded_evening else None

    def _send_reminder(self, now):
        """Send a reminder in the name of the issuing officer, unless the news is fresh.

        What stands in the way is said on the outage: nobody watches a scheduled action.
        """
        self.ensure_one()
        if self.date_announced and self.date_announced > now - timedelta(hours=FRESH_HOURS):
            return
        self._send_quietly("outage_reminder", in_name_of(self, self.officer_id))

    def _send_quietly(self, purpose, documents):
        """Send a message without showing the composer; what stands in the way is said here.

        :param str purpose: of the message
        :param documents: its records, as the user in whose name it is sent
        """
        reason = documents._whatsapp_send_quietly(purpose)
        if reason:
            purposes = dict(
                self.env["discom.whatsapp.template"]
                ._fields["purpose"]
                ._description_selection(self.env)
            )
            for outage in self:
                outage.message_post(
                    body=self.env._(
                        "“%(purpose)s” was not sent: %(reason)s",
                        purpose=purposes.get(purpose, purpose),
                        reason=reason,
                    )
                )

    def _reminder_times(self):
        """Return the evening before and the time shortly before the start, both UTC."""
        company = self.company_id
        start = self.date_start.replace(tzinfo=ZoneInfo("UTC")).astimezone(INDIA)
        evening = datetime.combine(
            start.date() - timedelta(days=1),
            time(company.discom_outage_reminder_hour),
            tzinfo=INDIA,
        )
        hour = self.date_start - timedelta(minutes=company.discom_outage_reminder_minutes)
        return evening.astimezone(ZoneInfo("UTC")).replace(tzinfo=None), hour

    def write(self, vals):
        """A start that is moved is remembered anew, except what has passed by the new time."""
        moved = self.filtered(lambda outage: outage.date_announced) if "date_start" in vals else []
        before = {outage: outage.date_start for outage in moved}
        result = super().write(vals)
        now = fields.Datetime.now()
        for outage, start in before.items():
            if outage.date_start != start:
                evening, hour = outage._reminder_times()
                outage._set(reminded_evening=evening <= now, reminded_hour=hour <= now)
        return result

    @api.model
    def _guarded_text(self):
        return self.env._(
            "When an outage was announced, and whether it was reminded of, is noted by the "
            "software alone. Use Announce."
        )

    def _set_announced(self):
        """Note the moment, and wake the reminders in time."""
        result = super()._set_announced()
        now = fields.Datetime.now()
        self.filtered(lambda outage: not outage.date_announced)._set(date_announced=now)
        ahead = self.filtered(
            lambda outage: outage.kind in PLANNED_KINDS and outage.date_start > now
        )
        times = {moment for outage in ahead for moment in outage._reminder_times() if moment > now}
        if times:
            self.env.ref("discom.ir_cron_outage_remind")._trigger(at=sorted(times))
        return result
