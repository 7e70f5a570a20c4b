import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from odoo import models
from odoo.tools import SQL

from ..tools.dues import Account, credit_lines, open_account, rebate_line
from ..tools.reading import Earlier, Reading, consumption_history, measure
from ..tools.tariff import HUNDRED, charge
from ..tools.tariff_book import ZERO, Supply, TariffError, money
from .bill import LIVE_STATES

# Earlier bills that are looked at: a year, and the month before it.
EARLIER_BILLS = 13
# Bases that follow from a reading, and are found anew where there is one.
FOUND_BASES = ("MIN", "CEIL", "PROV", "RDF")
# Columns of a bill that making it out fills.
WRITTEN = (
    "months",
    "basis_id",
    "reading_previous",
    "reading_previous_date",
    "reading_kvah_previous",
    "units",
    "units_kvah",
    "charge_from",
    "charge_to",
    "history",
    "amount_current",
    "amount_arrears",
    "amount_lpsc",
    "amount_total",
    "amount_after_due",
    "amount_due",
    "tariff_id",
    "tariff_unverified",
    "tariff_notes",
)


class Draft(NamedTuple):
    """A bill to be made out, as the database has it."""

    id: int
    bill_date: date
    basis_id: int | None
    arrears: Decimal
    lpsc: Decimal
    reading: Reading


class DiscomBill(models.Model):
    """Makes out bills from readings: a fixed number of statements for a batch, plain data in
    between."""

    _inherit = "discom.bill"

    def _charge_from_readings(self):
        """Make out the drafts in ``self``; those that cannot be keep their amounts and the reason.

        The caller has checked that the user may write them and that they are drafts.

        :return: ``{bill id: (code, params)}`` of those that cannot be made out
        """
        self.env["discom.bill"].flush_model()
        self.env["discom.bill.line"].flush_model()
        drafts = self._charge_drafts()
        earlier = self._charge_earlier()
        payments = self._charge_payments({bill: rows[0] for bill, rows in earlier.items() if rows})
        basis_ids = {
            basis.code: basis.id
            for basis in self.env["discom.bill.basis"].with_context(active_test=False).search([])
        }
        rows, lines, failed = [], [], {}
        for company, bills in self.grouped("company_id").items():
            book = self.env["discom.tariff"]._book(company)
            measured = {}
            for bill in bills:
                draft = drafts[bill.id]
                try:
                    found = measure(book, draft.reading, earlier[bill.id])
                    measured[bill.id] = found, charge(book, found.supply, found.usage)
                except TariffError as error:
                    failed[bill.id] = error.code, _json_params(error.params)
            sums = self._charge_line_sums(
                {
                    past.id
                    for bill_id, (found, _charges) in measured.items()
                    for past in (*found.credited, *earlier[bill_id][:1])
                }
            )
            for bill_id, (found, charges) in measured.items():
                draft, past = drafts[bill_id], earlier[bill_id]
                own = [*charges.lines, *credit_lines(found.credited, sums)]
                account = Account(draft.arrears, draft.lpsc)
                if past:
                    paid = payments[bill_id]
                    account = open_account(
                        book, draft.bill_date, past, *_brought_forward(past[0], paid)
                    )
                    rebate = rebate_line(
                        book,
                        draft.bill_date,
                        found.supply.category,
                        past[0],
                        paid,
                        sums[past[0].id],
                    )
                    own += [rebate] if rebate else []
                row = _bill_row(book, draft, found, charges, own, account, past, basis_ids)
                rows.append(row)
                lines.extend(
                    {
                        "bill_id": bill_id,
                        "sequence": at,
                        "head": line.head,
                        "name": line.name,
                        "quantity": str(line.quantity),
                        "rate": str(line.rate),
                        "amount": str(line.amount),
                    }
                    for at, line in enumerate(own, 1)
                )
        rows.extend({"id": bill_id, "tariff_notes": [reason]} for bill_id, reason in failed.items())
        self._write_charges([row for row in rows if "months" in row], lines)
        self._write_failed([row for row in rows if "months" not in row])
        return failed

    # === READING === #

    def _charge_drafts(self):
        """What is to be made out, as ``{bill id: Draft}``."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bill.id, bill.bill_date, bill.basis_id, bill.amount_arrears::text,
                       bill.amount_lpsc::text, bill.category_id, bill.area, bill.lifeline,
                       bill.unmetered, bill.sanctioned_load::text, bill.load_unit, bill.period,
                       bill.months,
                       CASE WHEN basis.code IN %s AND bill.reading_current_date IS NOT NULL
                            THEN NULL ELSE basis.method END, bill.meter_multiplier::text,
                       bill.reading_previous::text, bill.reading_previous_date,
                       bill.reading_current::text, bill.reading_current_date,
                       NULLIF(bill.reading_kvah_previous, 0)::text,
                       NULLIF(bill.reading_kvah_current, 0)::text, bill.demand::text,
                       bill.meter_changed, bill.reading_final::text, bill.reading_initial::text
                  FROM discom_bill bill
             LEFT JOIN discom_bill_basis basis ON basis.id = bill.basis_id
                 WHERE bill.id = ANY(%s)
                """,
                FOUND_BASES,
                list(self.ids),
            )
        )
        drafts = {}
        for row in rows:
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
            drafts[row[0]] = Draft(*row[:3], _decimal(row[3]), _decimal(row[4]), reading)
        return drafts

    def _charge_earlier(self):
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
                  FROM discom_bill bill
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

    def _charge_payments(self, previous):
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
                  JOIN discom_bill bill ON bill.id = pair.bill_id
                  JOIN discom_bill past ON past.id = pair.past_id
                  JOIN discom_payment payment
                    ON payment.partner_id = bill.partner_id AND payment.state = 'posted'
                   AND payment.date >= past.bill_date AND payment.date < bill.bill_date
                   AND payment.date > COALESCE(past.last_payment_date, '-infinity'::date)
                """,
                list(previous),
                [past.id for past in previous.values()],
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

    # === WRITING === #

    def _write_charges(self, rows, lines):
        """Replace amounts and lines of bills that were made out, past the ORM: three statements."""
        if not rows:
            return
        ids = [row["id"] for row in rows]
        columns = [SQL.identifier(name) for name in WRITTEN]
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_bill bill
                   SET (%s) = ROW(%s), author_id = %s, write_uid = %s,
                       write_date = NOW() AT TIME ZONE 'UTC'
                  FROM json_populate_recordset(NULL::discom_bill, %s) new
                 WHERE bill.id = new.id AND bill.state = 'draft'
                """,
                SQL(", ").join(columns),
                SQL(", ").join(SQL.identifier("new", name) for name in WRITTEN),
                self.env.uid,
                self.env.uid,
                json.dumps(rows),
            )
        )
        self.env.cr.execute(SQL("DELETE FROM discom_bill_line WHERE bill_id = ANY(%s)", ids))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_bill_line (bill_id, sequence, head, name, quantity, rate, amount)
                SELECT bill_id, sequence, head, name, quantity, rate, amount
                  FROM json_populate_recordset(NULL::discom_bill_line, %s)
                """,
                json.dumps(lines),
            )
        )
        self.env["discom.bill"].invalidate_model()
        self.env["discom.bill.line"].invalidate_model()

    def _write_failed(self, rows):
        """Keep at the bills why they could not be made out."""
        if not rows:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_bill bill SET tariff_notes = new.tariff_notes
                  FROM json_populate_recordset(NULL::discom_bill, %s) new
                 WHERE bill.id = new.id
                """,
                json.dumps(rows),
            )
        )
        self.env["discom.bill"].invalidate_model(["tariff_notes"])


def _decimal(text):
    return Decimal(text) if text else ZERO


def _brought_forward(last, paid):
    """Balance without surcharge, and surcharge, that the last bill leaves unpaid; payments settle
    its surcharge first."""
    amount = sum((amount for _day, amount in paid), ZERO)
    surcharge = max(last.surcharge - amount, ZERO)
    return last.total - amount - surcharge, surcharge


def _json_params(params):
    return {
        name: value.isoformat()
        if isinstance(value, date)
        else float(value)
        if isinstance(value, Decimal)
        else value
        for name, value in params.items()
    }


def _bill_row(book, draft, found, charges, own, account, past, basis_ids):
    """Columns of a bill that was made out, ready for JSON."""
    current = sum((line.amount for line in own), ZERO)
    total = current + account.arrears + account.lpsc
    # What a first month of surcharge would add.
    late = book.number("lpsc_first", draft.bill_date, default=ZERO) * max(current, ZERO) / HUNDRED
    minimum = any(line.head == "minimum" for line in own)
    basis = "MIN" if minimum and found.method == "reading" else found.basis
    notes = [*found.notes, *charges.notes]
    notes += ["minimum"] if minimum else []
    notes += ["lpsc"] if account.lpsc and past else []
    usage = found.usage
    return {
        "id": draft.id,
        "months": usage.months,
        "basis_id": basis_ids.get(basis) or draft.basis_id,
        "reading_previous": str(found.previous),
        "reading_previous_date": found.previous_on and found.previous_on.isoformat(),
        "reading_kvah_previous": str(found.kvah_previous or ZERO),
        "units": str(usage.units),
        "units_kvah": str(usage.kvah or ZERO),
        "charge_from": usage.start.isoformat(),
        "charge_to": usage.end.isoformat(),
        "history": consumption_history(past, draft.reading.period, usage.months, usage.units),
        "amount_current": str(current),
        "amount_arrears": str(account.arrears),
        "amount_lpsc": str(account.lpsc),
        "amount_total": str(total),
        "amount_after_due": str(total + money(late) if total > 0 else total),
        "amount_due": str(max(total, ZERO)),
        "tariff_id": charges.tariff,
        "tariff_unverified": not charges.verified,
        "tariff_notes": [[note, {}] for note in notes],
    }
