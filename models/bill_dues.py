"""What consumers owe at this moment, by month and head; see ``bill_ledger.py`` for the rules."""

from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from .bill import LIVE_STATES
from .bill_ledger import rupees
from .bill_payment_rule import OTHER, SURCHARGE


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _discom_dues(self):
        """What these consumers owe at this moment, by month and head.

        :return: ``{consumer id: dict}`` with ``balance`` (rupees; below zero is an advance),
            ``due``, ``advance``, ``lpsc`` (surcharge within the dues), ``bill_id`` (newest bill or
            None) and ``months``: list of dict with ``bill_id``, ``month``, ``due_date``,
            ``amount`` and ``heads`` [(head, rupees)], oldest first. The first month is None where
            dues are older than the bills known.
        """
        result = {
            partner_id: {
                "balance": Decimal(0),
                "due": Decimal(0),
                "advance": Decimal(0),
                "lpsc": Decimal(0),
                "bill_id": None,
                "months": [],
            }
            for partner_id in self.ids
        }
        if not result:
            return result
        rule = self.env["discom.payment.rule"]._current()
        for partner_id, bill_id, *amounts in self._discom_balances(rule):
            balance, lpsc = map(rupees, amounts)
            due = max(balance, Decimal(0))
            result[partner_id].update(
                balance=balance,
                due=due,
                advance=max(-balance, Decimal(0)),
                lpsc=lpsc,
                bill_id=bill_id,
            )
        self._discom_add_months(rule, result)
        return result

    def _discom_brought_forward(self, date):
        """What a bill made on ``date`` has to carry on, in the meaning of the payment rule.

        Payments of that day and later are not in it: they will count for the new bill.

        :return: ``{consumer id: (arrears, surcharge)}`` in rupees; arrears below zero: an advance
        """
        rule = self.env["discom.payment.rule"]._current(date)
        result = dict.fromkeys(self.ids, (Decimal(0), Decimal(0)))
        if not result:
            return result
        for partner_id, _bill_id, *amounts in self._discom_balances(rule, before=date):
            balance, lpsc = map(rupees, amounts)
            result[partner_id] = (balance - lpsc, lpsc)
        return result

    def _discom_balances(self, rule, before=None):
        """Rows of (consumer id, newest bill, balance in rupees, surcharge within it).

        :param before: leaves out the payments of this day and later
        """
        bills = self.env["discom.bill"]
        bills.flush_model()
        self.env["discom.payment"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT account.partner_id, account.bill_id,
                       ROUND(account.total - account.paid, 2),
                       ROUND(LEAST(%(left)s, GREATEST(account.total - account.paid, 0)), 2)
                  FROM (
                        SELECT partner.id AS partner_id, bill.id AS bill_id,
                               COALESCE(bill.amount_total, 0) AS total,
                               COALESCE(bill.carried, 0) AS carried,
                               COALESCE((
                                   SELECT SUM(payment.amount) FROM discom_payment payment
                                    WHERE payment.partner_id = partner.id
                                      AND payment.state = 'posted'
                                      AND payment.date < COALESCE(%(before)s::date, 'infinity')
                                      AND payment.date > COALESCE(GREATEST(bill.bill_date - 1,
                                              bill.last_payment_date), '-infinity'::date)), 0)
                                   AS paid
                          FROM UNNEST(%(ids)s::integer[]) AS partner (id)
                     LEFT JOIN LATERAL (
                                   SELECT bill.*, %(carried)s AS carried
                                     FROM discom_bill bill
                                    WHERE bill.partner_id = partner.id AND bill.state IN %(live)s
                                 ORDER BY bill.period DESC, bill.id DESC
                                    LIMIT 1
                               ) bill ON TRUE
                       ) account
                """,
                left=bills._ledger_surcharge_left_sql(
                    rule, SQL("account.carried"), SQL("account.total"), SQL("account.paid")
                ),
                carried=bills._ledger_carried_sql(rule),
                live=LIVE_STATES,
                ids=list(self.ids),
                before=before,
            )
        )

    def _discom_add_months(self, rule, dues):
        """Divide the dues of :meth:`_discom_dues` into months and heads."""
        bills = self.env["discom.bill"]
        owing = [
            (partner_id, entry["due"] - entry["lpsc"])
            for partner_id, entry in dues.items()
            if entry["due"] > entry["lpsc"]
        ]
        target = SQL(
            "SELECT id, id AS partner_id, amount, NULL::date AS before"
            " FROM UNNEST(%s::integer[], %s::numeric[]) AS owing (id, amount)",
            [partner_id for partner_id, _amount in owing],
            [amount for _partner_id, amount in owing],
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT partner_id, bill_id, period, due_date, ROUND(amount, 2)"
                " FROM (%s) unpaid ORDER BY partner_id, period",
                bills._unpaid_months_sql(rule, target),
            )
        )
        rows = [(*row, rupees(amount)) for *row, amount in rows]
        heads = self._discom_heads(rule, {row[1]: row[4] for row in rows})
        for partner_id, bill_id, month, due_date, amount in rows:
            dues[partner_id]["months"].append(
                {
                    "bill_id": bill_id,
                    "month": month,
                    "due_date": due_date,
                    "amount": amount,
                    "heads": heads[bill_id],
                }
            )
        for partner_id, amount in owing:
            months = dues[partner_id]["months"]
            rest = amount - sum(month["amount"] for month in months)
            if rest > 0:
                older = {"bill_id": None, "month": None, "due_date": None, "amount": rest}
                months.insert(0, {**older, "heads": [(OTHER, rest)]})

    def _discom_heads(self, rule, unpaid):
        """Divide what is unpaid of each bill among its heads, those settled last first.

        Rebates and subsidies settle the heads of their bill in the same order as payments do.

        :param dict unpaid: bill id -> rupees
        :return: ``{bill id: [(head, rupees), ...]}`` in the order of the rule
        """
        charges = defaultdict(dict)
        lines = self.env["discom.bill.line"]._read_group(
            [("bill_id", "in", list(unpaid))], ["bill_id", "head"], ["amount:sum"]
        )
        for bill, head, amount in lines:
            charges[bill.id][head] = rupees(amount)
        if rule.lpsc_meaning == "bill":
            for bill in self.env["discom.bill"].browse(unpaid):
                charges[bill.id][SURCHARGE] = rupees(bill.amount_lpsc)
        rank = rule._head_rank()
        result = {}
        for bill_id, left in unpaid.items():
            heads = []
            for head in sorted(charges[bill_id], key=rank.get, reverse=True):
                amount = min(left, max(charges[bill_id][head], 0))
                if amount > 0:
                    heads.insert(0, (head, amount))
                    left -= amount
            if left > 0:
                heads.append((OTHER, left))
            result[bill_id] = heads
        return result
