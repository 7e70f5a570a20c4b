from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Reports of a delivery at the last moment may come so much later.
SLACK = timedelta(minutes=10)
#: How long after its time a message is looked for; the action runs every half hour.
LOOK_BACK = timedelta(days=2)
BATCH = 5000


class DiscomWhatsappMessage(models.Model):
    """Messages that WhatsApp gave up because their template's time to live was over.

    WhatsApp tells nothing about them: without a report of delivery they are taken for dropped.
    https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates#ttl
    """

    _inherit = "discom.whatsapp.message"

    @api.model
    def _cron_expire(self):
        """Settle what was not delivered within the time to live; a late delivery still counts."""
        commit = self.env["ir.cron"]._commit_progress
        while (count := self._expire_batch()) == BATCH:
            if not commit(count, remaining=1):
                break

    @api.model
    def _expire_batch(self):
        now = fields.Datetime.now()
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_message m
                   SET state = 'failed', failed_at = %(now)s, write_date = %(now)s,
                       error_text = %(text)s
                 WHERE m.id IN (
                       SELECT late.id
                         FROM discom_whatsapp_template t
                         JOIN discom_whatsapp_message late
                           ON late.account_id = t.account_id AND late.template_id = t.id
                        WHERE t.ttl_seconds > 0
                          AND late.state IN ('accepted', 'held', 'sent')
                          AND late.claimed_at
                              BETWEEN %(now)s - make_interval(secs => t.ttl_seconds) - %(back)s
                                  AND %(now)s - make_interval(secs => t.ttl_seconds) - %(slack)s
                        ORDER BY late.id LIMIT %(batch)s)
             RETURNING m.id
                """,
                now=now,
                text=self.env._("WhatsApp could not deliver it in time."),
                back=LOOK_BACK,
                slack=SLACK,
                batch=BATCH,
            )
        )
        expired = self.browse(row[0] for row in self.env.cr.fetchall())
        self.invalidate_model()
        if expired:
            expired._fallback("expired")
        return len(expired)
