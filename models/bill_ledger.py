"""What a consumer owes, since when and for what: one truth for the bill, the counter and reports.

Each bill carries what was unpaid before it, so the dues are those of the newest bill less what was
paid since. A payment *since* a bill is one that the billing system cannot have known when it made
the bill: of the bill's day or later, and later than the last payment the bill itself names. Oldest
dues are settled first, hence what is unpaid are the newest charges: going back from the newest
bill, its charges are taken until the dues are reached. What then remains is older than the bills
known.

Nothing of this is stored, so corrections, cancelled payments and late files need no repair.
"""

from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from .bill import LIVE_STATES


def rupees(amount):
    """A float of the database as rupees and paise."""
    return Decimal(str(amount)).quantize(Decimal("0.01"))


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    @api.model
    def _ledger_own_sql(self, rule, alias="bill"):
        """SQL of what a bill charges for its own months, in rupees, below zero for a credit."""
        bill = SQL.identifier(alias)
        return SQL(
            "(%(bill)s.amount_total - COALESCE(%(bill)s.amount_arrears, 0) - %(carried)s)",
            bill=bill,
            carried=self._ledger_carried_sql(rule, alias),
        )

    @api.model
    def _ledger_carried_sql(self, rule, alias="bill"):
        """SQL of the surcharge that a bill shows apart from its arrears and carries on."""
        if rule.lpsc_meaning == "bill":
            return SQL("0::numeric")
        return SQL("COALESCE(%s, 0)", SQL.identifier(alias, "amount_lpsc"))

    @api.model
    def _ledger_surcharge_left_sql(self, rule, carried, total, paid):
        """SQL of what is left of the surcharge ``carried`` within ``total`` after ``paid``."""
        if rule._surcharge_first():
            return SQL("GREATEST(%s - %s, 0)", carried, paid)
        return SQL("LEAST(%s, GREATEST(%s - %s, 0))", carried, total, paid)

    @api.model
    def _ledger_chain_sql(self, rule, condition=None):
        """SELECT of the live bills with their place in the account and the payments after each.

        ``cutoff`` is the last day of the payments that a bill knows. Where a later bill knows less,
        its day counts for the earlier ones as well: the newest bill decides what is due.

        :param SQL condition: on the table alias ``bill``
        """
        return SQL(
            """
            SELECT bounded.*,
                   COALESCE((SELECT SUM(payment.amount) FROM discom_payment payment
                              WHERE payment.partner_id = bounded.partner_id
                                AND payment.state = 'posted' AND payment.date > bounded.cutoff
                                AND (bounded.next_cutoff IS NULL
                                     OR payment.date <= bounded.next_cutoff)), 0) AS paid
              FROM (
                    SELECT placed.*,
                           LEAD(placed.cutoff) OVER (PARTITION BY placed.partner_id
                                                     ORDER BY placed.period, placed.id)
                               AS next_cutoff
                      FROM (
                            SELECT bill.id, bill.partner_id, bill.office_id, bill.company_id,
                                   bill.currency_id, bill.name, bill.period, bill.bill_date,
                                   bill.amount_total, COALESCE(bill.amount_arrears, 0) AS arrears,
                                   COALESCE(bill.amount_lpsc, 0) AS lpsc, %(own)s AS own,
                                   %(carried)s AS carried,
                                   ROW_NUMBER() OVER (PARTITION BY bill.partner_id
                                                      ORDER BY bill.period, bill.id) AS place,
                                   MIN(GREATEST(bill.bill_date - 1, bill.last_payment_date))
                                       OVER (PARTITION BY bill.partner_id
                                             ORDER BY bill.period DESC, bill.id DESC) AS cutoff
                              FROM discom_bill bill
                             WHERE bill.state IN %(live)s AND %(condition)s
                           ) placed
                   ) bounded
            """,
            own=self._ledger_own_sql(rule),
            carried=self._ledger_carried_sql(rule),
            live=LIVE_STATES,
            condition=condition or SQL("TRUE"),
        )

    @api.model
    def _ledger_links_sql(self, rule, condition=None):
        """SELECT of the chain in which each bill is compared with what the one before left.

        ``surcharge`` is the surcharge new in the bill, ``difference`` what its arrears say more
        than the account knows; both are below zero where they say less. ``opening`` holds, on the
        first bill of an account, all that was due before. Arrears that are all that was left, to
        the paisa, hold the old surcharge, whatever the rule says of other bills.
        """
        return SQL(
            """
            SELECT linked.*,
                   CASE WHEN linked.place = 1 THEN linked.lpsc - linked.carried
                        WHEN linked.arrears = linked.left_total THEN linked.lpsc
                        ELSE linked.lpsc - linked.left_lpsc END AS surcharge,
                   CASE WHEN linked.place = 1 OR linked.arrears = linked.left_total THEN 0
                        ELSE linked.arrears - (linked.left_total - linked.left_lpsc)
                        END AS difference,
                   CASE WHEN linked.place = 1 THEN linked.arrears + linked.carried END AS opening
              FROM (
                    SELECT chain.*,
                           LAG(chain.amount_total - chain.paid) OVER account AS left_total,
                           LAG(%(left)s) OVER account AS left_lpsc
                      FROM (%(chain)s) chain
                    WINDOW account AS (PARTITION BY chain.partner_id
                                       ORDER BY chain.place)
                   ) linked
            """,
            left=self._ledger_surcharge_left_sql(
                rule, SQL("chain.carried"), SQL("chain.amount_total"), SQL("chain.paid")
            ),
            chain=self._ledger_chain_sql(rule, condition),
        )

    def _ledger_differences(self):
        """What the arrears of bills say more than the account knows, also of bills not issued yet.

        :return: ``{bill id: rupees}`` of those that have a bill before them; below zero where the
            arrears say less
        """
        if not self.ids:
            return {}
        self.env["discom.bill"].flush_model()
        self.env["discom.payment"].flush_model()
        rule = self.env["discom.payment.rule"]._current()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT bill.id,
                           CASE WHEN COALESCE(bill.amount_arrears, 0)
                                     = past.amount_total - paid.amount THEN 0
                                ELSE COALESCE(bill.amount_arrears, 0)
                                     - (past.amount_total - paid.amount - %(left)s) END
                      FROM discom_bill bill
                      JOIN LATERAL (
                               SELECT past.amount_total, %(carried)s AS carried,
                                      GREATEST(past.bill_date - 1, past.last_payment_date) AS cutoff
                                 FROM discom_bill past
                                WHERE past.partner_id = bill.partner_id
                                  AND past.period < bill.period AND past.state IN %(live)s
                             ORDER BY past.period DESC, past.id DESC
                                LIMIT 1
                           ) past ON TRUE
                      JOIN LATERAL (
                               SELECT COALESCE(SUM(payment.amount), 0) AS amount
                                 FROM discom_payment payment
                                WHERE payment.partner_id = bill.partner_id
                                  AND payment.state = 'posted' AND payment.date > past.cutoff
                                  AND payment.date
                                      <= GREATEST(bill.bill_date - 1, bill.last_payment_date)
                           ) paid ON TRUE
                     WHERE bill.id = ANY(%(ids)s)
                    """,
                    carried=self._ledger_carried_sql(rule, "past"),
                    left=self._ledger_surcharge_left_sql(
                        rule, SQL("past.carried"), SQL("past.amount_total"), SQL("paid.amount")
                    ),
                    live=LIVE_STATES,
                    ids=list(self.ids),
                )
            )
        )

    @api.model
    def _unpaid_months_sql(self, rule, target):
        """SELECT of what is unpaid of each bill's own charges: ``id`` of the target, ``bill_id``,
        ``period``, ``due_date``, ``amount``.

        :param target: SELECT of ``id``, ``partner_id``, ``amount`` to be explained and ``before``,
            the first period that does not count any more (NULL: all count)
        """
        return SQL(
            """
            SELECT target.id, target.partner_id, charged.bill_id, charged.period, charged.due_date,
                   LEAST(charged.own, target.amount - charged.newer) AS amount
              FROM (%(target)s) target
              JOIN LATERAL (
                       SELECT past.id AS bill_id, past.period, past.due_date,
                              GREATEST(%(own)s, 0) AS own,
                              COALESCE(SUM(GREATEST(%(own)s, 0))
                                       OVER (ORDER BY past.period DESC, past.id DESC
                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
                                  AS newer
                         FROM discom_bill past
                        WHERE past.partner_id = target.partner_id
                          AND (target.before IS NULL OR past.period < target.before)
                          AND past.state IN %(live)s
                   ) charged ON charged.newer < target.amount AND charged.own > 0
             WHERE target.amount > 0
            """,
            target=target,
            own=self._ledger_own_sql(rule, "past"),
            live=LIVE_STATES,
        )

    def _arrears_by_month(self):
        """What the arrears of each bill are made of, by the months in which they were charged.

        :return: ``{bill id: [(first day of month or None for older, rupees), ...]}``, newest first
        """
        bills = self.filtered(lambda bill: bill.amount_arrears > 0)
        if not bills:
            return {}
        self.env["discom.bill"].flush_model()
        rule = self.env["discom.payment.rule"]._current()
        target = SQL(
            "SELECT id, partner_id, amount_arrears AS amount, period AS before"
            " FROM discom_bill WHERE id = ANY(%s)",
            list(bills.ids),
        )
        result = {bill.id: [] for bill in bills}
        for bill_id, month, amount in self.env.execute_query(
            SQL(
                "SELECT id, period, amount FROM (%s) unpaid ORDER BY id, period DESC",
                self._unpaid_months_sql(rule, target),
            )
        ):
            result[bill_id].append((month, amount))
        for bill in bills:
            known = sum(amount for _month, amount in result[bill.id])
            rest = rupees(bill.amount_arrears) - rupees(known)
            if rest > 0:
                result[bill.id].append((None, rest))
        return result
