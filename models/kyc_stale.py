from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Consumers looked at per transaction.
STALE_BATCH = 5_000


class ResCompany(models.Model):
    _inherit = "res.company"

    discom_stale_months = fields.Integer(
        "Numbers grow old after (months)",
        default=24,
        aggregator=None,
        help="A WhatsApp number is stale when for so long nobody took or confirmed it, no message "
        "arrived and none came from it; it is then asked for again. People give numbers up, and "
        "operators allot them to others. Two years are some twenty bills without a sign of life. "
        "0: numbers never grow old.",
    )

    _discom_stale_months_positive = models.Constraint(
        "CHECK (discom_stale_months >= 0)",
        "The number of months cannot be negative. 0 means never.",
    )


class ResPartner(models.Model):
    """Numbers grow old: who was not heard of for long is back on the lists of those to be asked."""

    _inherit = "res.partner"

    _discom_stale_idx = models.Index(
        "(company_id, id) WHERE discom_kyc_state IN ('captured', 'verified')"
    )

    @api.model
    def _cron_discom_stale(self):
        """Mark the numbers that have grown old, company by company, in committed batches."""
        companies = self.env["res.company"].search([("discom_stale_months", ">", 0)])
        for company in companies:
            done = 0
            while True:
                ids, done = self._discom_stale_batch(company, done)
                if not done:
                    break
                self._discom_grow_old(ids, company.discom_stale_months)
                if not self.env["ir.cron"]._commit_progress(len(ids), remaining=1):
                    return
        self.env["ir.cron"]._commit_progress(remaining=0)

    @api.model
    def _discom_stale_batch(self, company, after):
        """Look at the next ``STALE_BATCH`` consumers with a number, in the order of their ids.

        :param int after: id of the last consumer looked at
        :return: (ids of those whose number has grown old, id of the last looked at or 0)
        """
        self.flush_model()
        self.env["discom.whatsapp.message"].flush_model()
        limit = self._discom_today() - relativedelta(months=company.discom_stale_months)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id,
                       COALESCE(GREATEST(p.discom_kyc_date, p.discom_kyc_state_date),
                                p.create_date::date) < %(limit)s
                       AND p.discom_status IS DISTINCT FROM 'permanent'
                       AND NOT EXISTS (
                           SELECT FROM discom_whatsapp_message m
                            WHERE m.phone = p.discom_whatsapp_number
                              AND (m.delivered_at >= %(limit)s
                                   OR m.direction = 'in' AND m.create_date >= %(limit)s)) AS old
                  FROM res_partner p
                 WHERE p.discom_kyc_state IN ('captured', 'verified')
                   AND p.company_id = %(company)s AND p.id > %(after)s
                   AND p.discom_consumer AND p.active
              ORDER BY p.id
                 LIMIT %(batch)s
                """,
                limit=limit,
                company=company.id,
                after=after,
                batch=STALE_BATCH,
            )
        )
        return [row[0] for row in rows if row[1]], rows[-1][0] if rows else 0

    @api.model
    def _discom_grow_old(self, ids, months):
        """Mark the numbers of these consumers as stale."""
        if not ids:
            return
        self.env["discom.kyc.event"]._update(
            SQL(
                """
                UPDATE res_partner partner
                   SET discom_kyc_state = 'stale', discom_kyc_state_date = %s,
                       write_date = now() AT TIME ZONE 'UTC'
                 WHERE partner.id = ANY(%s)
                   AND partner.discom_kyc_state IN ('captured', 'verified')
                """,
                self._discom_today(),
                ids,
            ),
            "system",
            evidence=self.env._("Not confirmed for %(months)s months", months=months),
        )
