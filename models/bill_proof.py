from collections import defaultdict
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from .bill import LIVE_STATES

#: The newest bill may still be on its way to the consumer, so the one before counts too.
PROOF_BILLS = 2


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _discom_proofs(self):
        """Add the codes on the newest bills and the last amounts paid."""
        proofs = super()._discom_proofs()
        codes, amounts = self._discom_bill_proofs()
        for partner_id in self.ids:
            proof = proofs[partner_id]
            proof["codes"] += codes.get(partner_id, ())
            proof["amounts"] += amounts.get(partner_id, ())
        return proofs

    def _discom_bill_proofs(self):
        """Return ({consumer id: codes}, {consumer id: amounts in rupees}), in two queries.

        The last amount paid is what the last receipts of the consumer say, and what the newest
        bill prints, which may be older.
        """
        codes, amounts = defaultdict(tuple), defaultdict(tuple)
        if not self.ids:
            return codes, amounts
        bills = self.env["discom.bill"]
        bills.flush_model()
        self.env["discom.payment"].flush_model()
        newest = self.env.execute_query(
            SQL(
                """
                SELECT bill.id, bill.partner_id, bill.last_payment_amount, bill.place
                  FROM (SELECT id, partner_id, last_payment_amount,
                               row_number() OVER (PARTITION BY partner_id
                                                  ORDER BY period DESC, id DESC) AS place
                          FROM discom_bill
                         WHERE partner_id = ANY(%s) AND state IN %s) bill
                 WHERE bill.place <= %s
                """,
                self.ids,
                LIVE_STATES,
                PROOF_BILLS,
            )
        )
        code_of = bills.browse(row[0] for row in newest)._proof_codes()
        for bill_id, partner_id, paid, place in newest:
            codes[partner_id] += (code_of[bill_id],)
            if place == 1 and paid and paid > 0:
                amounts[partner_id] += (Decimal(str(paid)),)
        for partner_id, paid in self.env.execute_query(
            SQL(
                """
                SELECT partner_id, amount
                  FROM (SELECT partner_id, amount,
                               rank() OVER (PARTITION BY partner_id ORDER BY date DESC) AS place
                          FROM discom_payment
                         WHERE partner_id = ANY(%s) AND state = 'posted') payment
                 WHERE place = 1
                """,
                self.ids,
            )
        ):
            amounts[partner_id] += (Decimal(str(paid)),)
        return codes, amounts
