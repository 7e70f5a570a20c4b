from odoo import api, models
from odoo.tools import SQL

from .bill import LIVE_STATES

# A bill older than this when it is checked is history taken over: its due date is past by nature.
HISTORY_DAYS = 31


class DiscomBillCheck(models.Model):
    """The rules of the checks.

    ``_rule_<code>(bill_ids)`` answers for many bills at once, either with SQL of four columns
    (bill id, found, expected, detail) on the rows ``bill``: those of ``discom_bill`` with
    ``charges`` (sum of the lines), ``line_count``, ``monthly`` (units a month), and ``arrears``,
    ``lpsc``, ``total``, ``after_due`` where NULL is zero; or with a list of such tuples, where
    the work cannot be done in SQL. Values that a finding does not have are NULL. ``self`` is the
    check with its tolerances.
    """

    _inherit = "discom.bill.check"

    @api.model
    def _rule_limits(self):
        return {
            **super()._rule_limits(),
            "total": ("limit_amount",),
            "not_positive": ("limit_amount",),
            "consumption": ("limit_ratio", "limit_ratio_low", "limit_units", "limit_months"),
            "basis": ("limit_months",),
            "due_soon": ("limit_days",),
            "arrears": ("limit_amount", "limit_percent"),
            "correction": ("limit_amount",),
        }

    @api.model
    def _rules_by_day(self):
        """Codes of the rules whose ``found`` changes from day to day though the bill does not; what
        a finding of theirs is about stands in its detail."""
        return {"due_soon"}

    def _rule_total(self, bill_ids):
        """The total is not charges, arrears and surcharge together."""
        return SQL(
            """
            SELECT bill.id, bill.total,
                   bill.charges + bill.arrears + bill.lpsc, NULL::text
              FROM bill
             WHERE abs(bill.total - bill.charges - bill.arrears - bill.lpsc)
                   > %s::numeric
            """,
            self.limit_amount,
        )

    def _rule_no_lines(self, bill_ids):
        """There is no charge."""
        return SQL(
            "SELECT bill.id, NULL::numeric, NULL::numeric, NULL::text FROM bill"
            " WHERE bill.line_count = 0"
        )

    def _rule_after_due(self, bill_ids):
        """Who pays late would pay less."""
        return SQL(
            """
            SELECT bill.id, bill.after_due, bill.total, NULL::text
              FROM bill
             WHERE bill.after_due <> 0 AND bill.after_due < bill.total
            """
        )

    def _rule_not_positive(self, bill_ids):
        """Nothing to pay, and no credit was brought forward that explains it."""
        return SQL(
            """
            SELECT bill.id, bill.total, NULL::numeric, NULL::text
              FROM bill
             WHERE bill.total <= %s
               AND NOT (bill.arrears < 0 AND bill.charges > 0)
            """,
            self.limit_amount,
        )

    def _rule_consumption(self, bill_ids):
        """Units a month far from the average of the account's own last months: those printed on
        the bill, or those of its earlier bills."""
        return SQL(
            """
            SELECT bill.id, bill.monthly, own.units, NULL::text
              FROM bill
        CROSS JOIN LATERAL (
                       SELECT avg(past.units) AS units, count(past.units) AS months
                         FROM (SELECT entry.units
                                 FROM jsonb_to_recordset(
                                          CASE WHEN jsonb_typeof(bill.history) = 'array'
                                               THEN bill.history ELSE '[]'::jsonb END
                                      ) entry (month text, units numeric)
                                WHERE entry.month < to_char(bill.period, 'YYYY-MM')
                            UNION ALL
                               SELECT COALESCE(former.units, 0) / former.months
                                 FROM discom_bill former
                                WHERE jsonb_typeof(bill.history) IS DISTINCT FROM 'array'
                                  AND former.partner_id = bill.partner_id
                                  AND former.period < bill.period
                                  AND former.period >= bill.period - interval '12 months'
                                  AND former.state IN %(live)s) past
                   ) own
             WHERE own.months >= %(months)s
               AND abs(bill.monthly - own.units) >= %(units)s
               AND ((%(high)s > 0 AND bill.monthly > own.units * %(high)s)
                    OR bill.monthly < own.units * %(low)s)
            """,
            live=LIVE_STATES,
            months=self.limit_months,
            units=self.limit_units,
            high=self.limit_ratio,
            low=self.limit_ratio_low,
        )

    def _rule_basis(self, bill_ids):
        """Months in a row, this bill's included, that were billed without a reading."""
        return SQL(
            """
            SELECT bill.id, bill.months + past.months, %(months)s, basis.code
              FROM bill
              JOIN discom_bill_basis basis ON basis.id = bill.basis_id
               AND basis.is_actual IS NOT TRUE
        CROSS JOIN LATERAL (
                       SELECT COALESCE(sum(former.months), 0) AS months
                         FROM discom_bill former
                        WHERE former.partner_id = bill.partner_id AND former.period < bill.period
                          AND former.state IN %(live)s
                          AND former.period > COALESCE(
                                  (SELECT max(read.period)
                                     FROM discom_bill read
                                LEFT JOIN discom_bill_basis good ON good.id = read.basis_id
                                    WHERE read.partner_id = bill.partner_id
                                      AND read.period < bill.period AND read.state IN %(live)s
                                      AND (good.is_actual OR good.id IS NULL)),
                                  '-infinity'::date)
                   ) past
             WHERE bill.months + past.months >= %(months)s
            """,
            months=self.limit_months,
            live=LIVE_STATES,
        )

    def _rule_due_soon(self, bill_ids):
        """Fewer days left to pay than the consumer should have, counted from today where the bill
        is about to go out.

        The finding is about the due date, which it names: days go by, and a release of it holds
        until that day is over.
        """
        left = SQL(
            "(bill.due_date - CASE WHEN bill.bill_date > %(today)s - %(old)s"
            " THEN GREATEST(bill.bill_date, %(today)s) ELSE bill.bill_date END)",
            today=SQL("%s::date", self.env["discom.bill"]._today()),
            old=HISTORY_DAYS,
        )
        return SQL(
            "SELECT bill.id, %(left)s, %(days)s, CASE WHEN %(left)s < 0 THEN '> ' ELSE '' END"
            " || bill.due_date FROM bill WHERE %(left)s < %(days)s",
            left=left,
            days=self.limit_days,
        )

    def _rule_arrears(self, bill_ids):
        """Arrears and surcharge are not what the last bill left unpaid.

        The payments that count are those made after the last bill that do not count for this one
        (see ``discom.bill._settle``). What is carried may have grown by a surcharge of
        ``limit_percent`` a month.
        """
        return SQL(
            """
            SELECT bill.id, bill.arrears + bill.lpsc, ledger.due, last.name
              FROM bill
        CROSS JOIN LATERAL (
                       SELECT former.*
                         FROM discom_bill former
                        WHERE former.partner_id = bill.partner_id AND former.period < bill.period
                          AND former.state IN %(live)s
                     ORDER BY former.period DESC, former.id DESC
                        LIMIT 1
                   ) last
        CROSS JOIN LATERAL (
                       SELECT COALESCE(last.amount_total, 0)
                              - COALESCE(sum(payment.amount), 0) AS due
                         FROM discom_payment payment
                        WHERE payment.partner_id = bill.partner_id AND payment.state = 'posted'
                          AND payment.date >= last.bill_date
                          AND payment.date > COALESCE(last.last_payment_date, '-infinity'::date)
                          AND NOT (payment.date >= bill.bill_date AND payment.date > COALESCE(
                                       bill.last_payment_date, '-infinity'::date))
                   ) ledger
             WHERE bill.arrears + bill.lpsc < ledger.due - %(amount)s
                OR bill.arrears + bill.lpsc
                   > ledger.due + GREATEST(ledger.due, 0) * %(percent)s * bill.months / 100
                     + %(amount)s
            """,
            live=LIVE_STATES,
            amount=self.limit_amount,
            percent=self.limit_percent,
        )

    def _rule_correction(self, bill_ids):
        """The bill asks for more or less than the issued bill whose place it takes, as its
        correction or as a new bill after that one was cancelled: that was approved, this is not."""
        return SQL(
            """
            SELECT bill.id, bill.total, COALESCE(former.amount_total, 0), former.name
              FROM bill
        CROSS JOIN LATERAL (
                       SELECT replaced.name, replaced.amount_total
                         FROM discom_bill replaced
                        WHERE replaced.partner_id = bill.partner_id
                          AND replaced.period = bill.period
                          AND CASE WHEN bill.correction_of_id IS NULL
                                   THEN replaced.state = 'cancelled'
                                        AND replaced.issued_date IS NOT NULL
                                   ELSE replaced.id = bill.correction_of_id END
                     ORDER BY replaced.issued_date DESC, replaced.id DESC
                        LIMIT 1
                   ) former
             WHERE abs(bill.total - COALESCE(former.amount_total, 0)) > %s
            """,
            self.limit_amount,
        )

    def _rule_duplicate(self, bill_ids):
        """The same readings, or the same charges on the same day, stand in a bill of another
        period."""
        return SQL(
            """
            SELECT bill.id, NULL::numeric, NULL::numeric, twin.name
              FROM bill
        CROSS JOIN LATERAL (
                       SELECT other.name
                         FROM discom_bill other
                        WHERE other.partner_id = bill.partner_id
                          AND other.period <> bill.period AND other.state <> 'cancelled'
                          AND ((other.bill_date = bill.bill_date AND bill.charges <> 0
                                AND other.amount_current = bill.amount_current)
                               OR (other.reading_current_date = bill.reading_current_date
                                   AND bill.monthly <> 0
                                   AND (other.reading_previous, other.reading_current, other.units)
                                     = (bill.reading_previous, bill.reading_current, bill.units)))
                     ORDER BY other.period DESC
                        LIMIT 1
                   ) twin
            """
        )
