from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from odoo import models
from odoo.tools import SQL

from ..tools.reading import Earlier, Reading
from ..tools.tariff_book import ZERO, Supply
from .bill import EDITABLE_STATES, LIVE_STATES

# Earlier bills that are looked at: a year, and the month before it.
EARLIER_BILLS = 13
# Bases that follow from a reading, and are found anew where there is one.
FOUND_BASES = ("MIN", "CEIL", "PROV", "RDF")


class Draft(NamedTuple):
    """A bill to be made out, as the database has it.

    :ivar open_since: period of the first bill before it that is not issued
    """

    id: int
    company_id: int
    bill_date: date
    basis_id: int | None
    arrears: Decimal
    lpsc: Decimal
    reading: Reading
    open_since: date | None


class DiscomBill(models.Model):
    """Reads what bills are made out from: a statement each, plain data out."""

    _inherit = "discom.bill"

    def _charge_drafts(self, table):
        """What is to be made out, as ``{bill id: Draft}``."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bill.id, bill.company_id, bill.bill_date, bill.basis_id,
                       bill.amount_arrears::text, bill.amount_lpsc::text, bill.category_id,
                       bill.area, bill.lifeline, bill.unmetered, bill.sanctioned_load::text,
                       bill.load_unit, bill.period, bill.months,
                       CASE WHEN basis.code IN %s AND bill.reading_current_date IS NOT NULL
                            THEN NULL ELSE basis.method END, bill.meter_multiplier::text,
                       bill.reading_previous::text, bill.reading_previous_date,
                       bill.reading_current::text, bill.reading_current_date,
                       NULLIF(bill.reading_kvah_previous, 0)::text,
                       NULLIF(bill.reading_kvah_current, 0)::text, bill.demand::text,
                       bill.meter_changed, bill.reading_final::text, bill.reading_initial::text,
                       LEAST(
                           (SELECT MIN(other.period)
                              FROM discom_bill other
                             WHERE other.partner_id = bill.partner_id
                               AND other.period < bill.period AND other.state IN %s
                               AND other.correction_of_id IS NULL),
                           NULLIF(MIN(bill.period) OVER (PARTITION BY bill.partner_id),
                                  bill.period))
                  FROM %s bill
             LEFT JOIN discom_bill_basis basis ON basis.id = bill.basis_id
                 WHERE bill.id = ANY(%s)
                """,
                FOUND_BASES,
                EDITABLE_STATES,
                table,
                list(self.ids),
            )
        )
        drafts = {}
        for row in rows:
            head, row = row[:4], row[1:]
            supply = Supply(
                row[5], row[6], bool(row[7]), not row[8], _decimal(row[9]), row[10] or "kw"
            )
            reading = Reading(
                supply,
                row[11],
                row[12],
                row[13],
                _decimal(row[14]) or Decimal(1),
                _decimal(row[15]),
                row[16],
                _decimal(row[17]),
                row[18],
                row[19] and Decimal(row[19]),
                row[20] and Decimal(row[20]),
                _decimal(row[21]),
                bool(row[22]),
                _decimal(row[23]),
                _decimal(row[24]),
            )
            drafts[head[0]] = Draft(*head, _decimal(row[3]), _decimal(row[4]), reading, row[-1])
        return drafts

    def _charge_earlier(self, table):
        """The earlier bills of the accounts that are in force, newest first.

        :return: ``{bill id: [Earlier, ...]}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bill.id, past.id, past.period, past.bill_date, past.due_date, past.months,
                       COALESCE(basis.method, CASE WHEN past.reading_current_date IS NULL
                                                   THEN 'assessed' ELSE 'reading' END),
                       past.units::text, past.reading_current::text,
                       NULLIF(past.reading_kvah_current, 0)::text, past.reading_current_date,
                       COALESCE(past.charge_to, past.reading_current_date,
                                (past.period + INTERVAL '1 month' - INTERVAL '1 day')::date),
                       past.amount_total::text, past.amount_lpsc::text,
                       past.amount_current::text,
                       CASE WHEN past.nth = 1 THEN past.history END
                  FROM %s bill
                  JOIN LATERAL (
                           SELECT *, ROW_NUMBER() OVER (ORDER BY period DESC, id DESC) AS nth
                             FROM discom_bill
                            WHERE partner_id = bill.partner_id AND period < bill.period
                              AND state IN %s
                         ORDER BY period DESC, id DESC
                            LIMIT %s
                       ) past ON TRUE
             LEFT JOIN discom_bill_basis basis ON basis.id = past.basis_id
                 WHERE bill.id = ANY(%s)
              ORDER BY bill.id, past.nth
                """,
                table,
                LIVE_STATES,
                EARLIER_BILLS,
                list(self.ids),
            )
        )
        earlier = {bill_id: [] for bill_id in self.ids}
        for row in rows:
            earlier[row[0]].append(
                Earlier(
                    *row[1:7],
                    _decimal(row[7]),
                    _decimal(row[8]),
                    row[9] and Decimal(row[9]),
                    *row[10:12],
                    *map(_decimal, row[12:15]),
                    row[15],
                )
            )
        return earlier

    def _charge_payments(self, table, previous):
        """Payments made from the previous bill of each account until the bill to be made out.

        :param previous: ``{bill id: Earlier}``
        :return: ``{bill id: [(date, rupees), ...]}``
        """
        payments = defaultdict(list)
        if not previous:
            return payments
        self.env["discom.payment"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bill.id, payment.date, payment.amount::text
                  FROM UNNEST(%s, %s) pair (bill_id, past_id)
                  JOIN %s bill ON bill.id = pair.bill_id
                  JOIN discom_bill past ON past.id = pair.past_id
                  JOIN discom_payment payment
                    ON payment.partner_id = bill.partner_id AND payment.state = 'posted'
                   AND payment.date >= past.bill_date AND payment.date < bill.bill_date
                   AND payment.date > COALESCE(past.last_payment_date, '-infinity'::date)
                """,
                list(previous),
                [past.id for past in previous.values()],
                table,
            )
        )
        for bill_id, day, amount in rows:
            payments[bill_id].append((day, Decimal(amount)))
        return payments

    def _charge_line_sums(self, bill_ids):
        """Sums of the charges of bills.

        :return: ``{bill id: {head: rupees}}``
        """
        sums = defaultdict(dict)
        if not bill_ids:
            return sums
        for bill_id, head, amount in self.env.execute_query(
            SQL(
                """
                SELECT bill_id, head, SUM(amount)::text FROM discom_bill_line
                 WHERE bill_id = ANY(%s) GROUP BY bill_id, head
                """,
                list(bill_ids),
            )
        ):
            sums[bill_id][head] = Decimal(amount)
        return sums


def _decimal(text):
    return Decimal(text) if text else ZERO
