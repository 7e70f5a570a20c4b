from odoo import api, models
from odoo.tools import SQL

from .bill import LIVE_STATES

CRON_BATCH = 50_000


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    @api.model
    def _today(self):
        """Today in India: a due date ends at midnight there, wherever the server stands."""
        return self.env["res.partner"]._discom_today()

    @api.model
    def _settle(self, partner_ids):
        """Bring payments, states and newest flags of the consumers' bills up to date.

        Oldest dues are settled first. As ``amount_total`` of a bill holds all that was unpaid
        before it, this amounts to: a bill is paid by everything paid since it was made, up to its
        total. Payments that the billing system had counted already (up to ``last_payment_date``)
        do not count again.

        :param partner_ids: ids of consumers, or an SQL subselect of them
        """
        if not isinstance(partner_ids, SQL):
            if not partner_ids:
                return
            partner_ids = SQL("SELECT UNNEST(%s)", list(partner_ids))
        consumers, partner_ids = partner_ids, SQL("(%s)", partner_ids)
        self.env["discom.bill"].flush_model()
        self.env["discom.payment"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                WITH live AS (
                    SELECT bill.id, bill.amount_total, bill.due_date,
                           ROW_NUMBER() OVER (
                               PARTITION BY bill.partner_id ORDER BY bill.period DESC, bill.id DESC
                           ) = 1 AS is_latest,
                           LEAST(GREATEST(bill.amount_total, 0), COALESCE(paid.amount, 0)) AS paid
                      FROM discom_bill bill
                 LEFT JOIN LATERAL (
                               SELECT SUM(payment.amount) AS amount
                                 FROM discom_payment payment
                                WHERE payment.partner_id = bill.partner_id
                                  AND payment.state = 'posted'
                                  AND payment.date >= bill.bill_date
                                  AND payment.date > COALESCE(
                                          bill.last_payment_date, '-infinity'::date)
                           ) paid ON TRUE
                     WHERE bill.partner_id IN %(partners)s
                       AND bill.state IN %(live)s
                ), settled AS (
                    SELECT id, is_latest, paid, GREATEST(amount_total - paid, 0) AS due,
                           CASE WHEN amount_total <= paid THEN 'paid'
                                WHEN due_date < %(today)s THEN 'overdue'
                                WHEN paid > 0 THEN 'partial'
                                ELSE 'issued' END AS state
                      FROM live
                )
                UPDATE discom_bill bill
                   SET amount_paid = settled.paid, amount_due = settled.due,
                       state = settled.state, is_latest = settled.is_latest,
                       write_uid = %(uid)s, write_date = NOW() AT TIME ZONE 'UTC'
                  FROM settled
                 WHERE bill.id = settled.id
                   AND (bill.amount_paid, bill.amount_due, bill.state, bill.is_latest)
                       IS DISTINCT FROM
                       (settled.paid, settled.due, settled.state, settled.is_latest)
                """,
                partners=partner_ids,
                live=LIVE_STATES,
                today=self._today(),
                uid=self.env.uid,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_payment payment
                   SET bill_id = hand.bill_id
                  FROM (SELECT payment.id, (
                                   SELECT bill.id
                                     FROM discom_bill bill
                                    WHERE bill.partner_id = payment.partner_id
                                      AND bill.state IN %(live)s
                                      AND bill.bill_date <= payment.date
                                 ORDER BY bill.period DESC, bill.id DESC
                                    LIMIT 1
                               ) AS bill_id
                          FROM discom_payment payment
                         WHERE payment.partner_id IN %(partners)s) hand
                 WHERE payment.id = hand.id
                   AND payment.bill_id IS DISTINCT FROM hand.bill_id
                """,
                partners=partner_ids,
                live=LIVE_STATES,
            )
        )
        self.env["discom.bill"].invalidate_model(
            [
                "amount_paid",
                "amount_due",
                "amount_payable",
                "state",
                "is_latest",
                "write_date",
                "write_uid",
            ]
        )
        self.env["discom.payment"].invalidate_model(["bill_id"])
        # Nobody writes the ageing; it follows from what the caller was allowed to change.
        self.env["discom.ageing"].sudo()._refresh(consumers)

    @api.model
    def _cron_overdue(self):
        """Mark the bills whose due date has passed, in batches."""
        while True:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE discom_bill
                       SET state = 'overdue', write_date = NOW() AT TIME ZONE 'UTC'
                     WHERE id IN (
                               SELECT id FROM discom_bill
                                WHERE state IN ('issued', 'partial') AND due_date < %s
                             ORDER BY due_date LIMIT %s)
                    """,
                    self._today(),
                    CRON_BATCH,
                )
            )
            done = self.env.cr.rowcount
            self.env["discom.bill"].invalidate_model(["state"])
            remaining_time = self.env["ir.cron"]._commit_progress(
                done, remaining=1 if done == CRON_BATCH else 0
            )
            if done < CRON_BATCH or not remaining_time:
                return
