from datetime import timedelta

from odoo import fields, models


class DiscomWhatsappAccount(models.Model):
    """When a lane has to wait, and what it does about messages without an outcome."""

    _inherit = "discom.whatsapp.account"

    limit_until = fields.Datetime(
        "Daily Limit Reached Until",
        readonly=True,
        copy=False,
        help="No new recipients before this time: the limit of the last 24 hours is used up.",
    )

    # === LIMITS === #

    def _daily_budget(self):
        """Return how many messages may still be claimed under the limit of unique recipients."""
        if not self.daily_limit:
            return 2**31
        self.env.cr.execute(
            """
            SELECT count(DISTINCT phone) FROM discom_whatsapp_message
             WHERE account_id = %s AND claimed_at > %s
               AND direction = 'out' AND state <> 'cancelled'
            """,
            [self.id, fields.Datetime.now() - timedelta(hours=24)],
        )
        return max(0, self.daily_limit - self.env.cr.fetchone()[0])

    def _wait_for_budget(self):
        """Note when the oldest recipient leaves the 24-hour window and wake the lane then."""
        self.env.cr.execute(
            """
            SELECT min(claimed_at) FROM discom_whatsapp_message
             WHERE account_id = %s AND claimed_at > %s
            """,
            [self.id, fields.Datetime.now() - timedelta(hours=24)],
        )
        oldest = self.env.cr.fetchone()[0] or fields.Datetime.now()
        until = oldest + timedelta(hours=24, minutes=1)
        # Same reason as in _halt.
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
             WHERE account_id = %(account)s AND state = 'queued'
               AND (retry_at > %(now)s OR %(at_least)s > 0)
            """,
            {"account": self.id, "now": fields.Datetime.now(), "at_least": at_least},
        )
        first = self.env.cr.fetchone()[0]
        if first and self.state == "connected":
            earliest = fields.Datetime.now() + timedelta(seconds=at_least)
            # Same reason as in _trigger_lane.
            self.sudo().cron_id._trigger(max(first, earliest))
            self._commit()

    # === AFTER A CRASH === #

    def _recover(self):
        """Settle what an earlier run of this lane left without an outcome.

        Only one worker runs a lane, so at its start every message still *in flight* was left by
        a worker that died: it may have been accepted. Meta reports every message it accepted, with
        our key, so a message about which nothing came for ``settle_minutes``, while the webhook
        worked, was never accepted and is queued again. Where the whole server was down, reports got
        lost, and Meta repeats them at growing intervals: as long as it was down, so long is waited.
        """
        self.ensure_one()

        now = fields.Datetime.now()

        def recover():
            self.env.cr.execute(
                """
                UPDATE discom_whatsapp_message SET state = 'unknown', write_date = %s
                 WHERE account_id = %s AND state = 'in_flight'
                """,
                [now, self.id],
            )
            self.env.cr.execute(
                """
                UPDATE discom_whatsapp_message m
                   SET state = 'queued', retry_at = NULL, claimed_at = NULL
                  FROM discom_whatsapp_account a
                 WHERE a.id = m.account_id AND m.account_id = %s AND m.state = 'unknown'
                   AND m.wamid IS NULL
                   AND m.write_date <= %s - GREATEST(
                           make_interval(mins => a.settle_minutes), m.write_date - m.claimed_at)
                   AND a.webhook_last_seen >= m.write_date
                   AND NOT EXISTS (SELECT FROM discom_whatsapp_event WHERE state = 'new')
                """,
                [self.id, now],
            )

        self._committed(recover)
