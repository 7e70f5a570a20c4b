from datetime import timedelta

from odoo import fields, models

from .whatsapp_lane_gate import Gate

#: A minute's worth of recipients is waited for together.
LIMIT_SLACK = timedelta(minutes=1)


class DiscomWhatsappAccount(models.Model):
    """When a lane has to wait, and what it does about messages without an outcome."""

    _inherit = "discom.whatsapp.account"

    portfolio_id = fields.Char(
        "Business portfolio ID",
        help="Business Settings > Business Info. Numbers of one portfolio share Meta's limit of "
        "recipients per 24 hours. Empty: those of one WhatsApp Business account.",
    )
    pair_seconds = fields.Float(
        "Seconds between messages to one person",
        default=6.0,
        help="Meta allows one message every 6 seconds to one person. Answers may follow faster.",
    )
    limit_until = fields.Datetime(
        "Daily Limit Reached Until",
        readonly=True,
        copy=False,
        help="No new recipients before this time: the limit of the last 24 hours is used up.",
    )
    paused_until = fields.Datetime(
        "Paused by WhatsApp Until",
        readonly=True,
        copy=False,
        help="WhatsApp found the number too fast and named this time.",
    )

    doubt_until = fields.Datetime(
        "Reports May Be Late Until",
        readonly=True,
        copy=False,
        help="No report came for a while. Messages without an answer are not sent again before.",
    )

    _pair_seconds_range = models.Constraint(
        "CHECK(pair_seconds BETWEEN 0 AND 3600)", "Wait between 0 and 3,600 seconds."
    )

    # === LIMITS === #

    def _portfolio(self):
        """Return the name under which recipients of this number are counted."""
        self.ensure_one()
        return self.portfolio_id or self.waba_id

    def _siblings(self):
        """Return the numbers that share the limit of recipients with this one, itself included."""
        self.ensure_one()
        # sudo: the limit is Meta's, whoever may see the other numbers.
        accounts = self.sudo().search([])  # pylint: disable=no-search-all
        return accounts.filtered(lambda account: account._portfolio() == self._portfolio())

    def _shares_limit(self):
        return len(self._siblings()) > 1

    def _daily_limit(self):
        """Return the people who may be written to in 24 hours, 0 for as many as one likes."""
        return min(filter(None, self._siblings().mapped("daily_limit")), default=0)

    def _daily_budget(self):
        """Return how many more people may be written to now, whatever is queued."""
        limit = self._daily_limit()
        if not limit:
            return 2**31
        return self.env["discom.whatsapp.recipient"]._left(self._portfolio(), limit)

    def _free_at(self, moment):
        """Return how many of the people per day a sending that begins at ``moment`` finds free.

        What waits already, on any number of the portfolio, goes first.
        """
        siblings = self._siblings()
        # Nothing tells the cache that something has been queued.
        siblings.invalidate_recordset(["queued_count"])
        waiting = sum(siblings.mapped("queued_count"))
        left = self.env["discom.whatsapp.recipient"]._left(
            self._portfolio(), self._daily_limit(), moment
        )
        return max(0, left - waiting)

    def _gate(self):
        """Return what decides in one run which messages may go."""
        return Gate(self)

    def _waiting_because(self, urgent, moving):
        """Say why nothing leaves from this number at this moment, False where nothing stops it.

        :param bool urgent: of messages that quiet hours do not hold up
        :param bool moving: whether some have just left
        """
        self.ensure_one()
        if self.state != "connected":
            return self.env._(
                "%(account)s has stopped: %(reason)s",
                account=self.name,
                reason=self.halt_note or self.env._("not tested"),
            )
        if moving:
            return False
        if self.trouble:
            return self.trouble
        now = fields.Datetime.now()
        if self.paused_until and self.paused_until > now:
            return self.env._("WhatsApp asked for a pause; it goes on by itself.")
        if not urgent and self._quiet_until():
            return self.env._("Quiet hours: it goes on at %(time)s.", time=_clock(self.quiet_to))
        if self.limit_until and self.limit_until > now:
            return self.env._("The daily limit of recipients is used up.")
        return False

    def _wake_for_budget(self, gate):
        """Note when the oldest recipient leaves the 24-hour window and wake the lane then."""
        if not gate.closed:
            return
        until = self.env["discom.whatsapp.recipient"]._first_free(gate.portfolio) + LIMIT_SLACK
        # The lane acts for the administrators, who alone may write accounts.
        self.sudo().limit_until = until
        self.sudo().cron_id._trigger(until)
        self._commit()

    def _wake_for_retry(self, at_least):
        """Wake the lane for the first message that waits for its next try.

        :param int at_least: seconds before which it makes no sense
        """
        self.env.cr.execute(
            """
            SELECT min(COALESCE(retry_at, %(now)s)) FROM discom_whatsapp_message
             WHERE account_id = %(account)s AND open_state = 'queued'
               AND (retry_at > %(now)s OR %(at_least)s > 0)
            """,
            {"account": self.id, "now": fields.Datetime.now(), "at_least": at_least},
        )
        first = self.env.cr.fetchone()[0]
        if first and self.state == "connected":
            earliest = fields.Datetime.now() + timedelta(seconds=at_least)
            # Whoever runs the lane may wake it, but not read what it is.
            self.sudo().cron_id._trigger(max(first, earliest))
            self._commit()

    # === AFTER A CRASH === #

    def _recover(self):
        """Settle what an earlier run of this lane left without an outcome.

        Only one worker runs a lane, so at its start every message still *in flight* was left by
        a worker that died: it may have been accepted. Meta reports every message it accepted, with
        our key, so a message about which nothing came for ``settle_minutes``, while the webhook
        worked, was never accepted and is queued again. Where the whole server was down, reports got
        lost, and Meta repeats them at growing intervals: as long as it was down, or no report came,
        so long is waited.
        """
        self.ensure_one()

        now = fields.Datetime.now()

        def recover():
            self.env.cr.execute(
                """
                UPDATE discom_whatsapp_message SET state = 'unknown', write_date = %s
                 WHERE account_id = %s AND open_state = 'in_flight'
                """,
                [now, self.id],
            )
            self.env.cr.execute(
                """
                UPDATE discom_whatsapp_message m
                   SET state = 'queued', retry_at = NULL, claimed_at = NULL
                  FROM discom_whatsapp_account a
                 WHERE a.id = m.account_id AND m.account_id = %s AND m.open_state = 'unknown'
                   AND m.wamid IS NULL
                   AND m.write_date <= %s - GREATEST(
                           make_interval(mins => a.settle_minutes), m.write_date - m.claimed_at)
                   AND a.webhook_last_seen >= m.write_date
                   AND (a.doubt_until IS NULL OR a.doubt_until < %s)
                   AND NOT EXISTS (SELECT FROM discom_whatsapp_event WHERE state = 'new')
                """,
                [self.id, now, now],
            )

        self._committed(recover)


def _clock(hours):
    """Return 8.5 as 08:30."""
    minutes = round(hours * 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
