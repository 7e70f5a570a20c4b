import json
from datetime import date
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from ..tools.dues import Account, brought_forward, credit_lines, open_account, rebate_line
from ..tools.reading import consumption_history, measure
from ..tools.tariff import HUNDRED, charge
from ..tools.tariff_book import ZERO, TariffError, money

BILLS = SQL.identifier("discom_bill")
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


class DiscomBill(models.Model):
    """Makes out bills from readings: a fixed number of statements for a batch, plain data in
    between."""

    _inherit = "discom.bill"

    def _charge_from_readings(self, table=BILLS):
        """Make out the drafts in ``self``; those that cannot be keep their amounts and the reason.

        The caller has checked that the user may write them and that they are drafts.

        :param table: where they are, in SQL: an import makes bills out before it inserts them
        :return: ``{bill id: (code, params)}`` of those that cannot be made out, and the lines of
            the others as dicts, which an import inserts
        """
        self.env["discom.bill"].flush_model()
        self.env["discom.bill.line"].flush_model()
        drafts = self._charge_drafts(table)
        earlier = self._charge_earlier(table)
        payments = self._charge_payments(
            table, {bill: rows[0] for bill, rows in earlier.items() if rows}
        )
        basis_ids = {
            basis.code: basis.id
            for basis in self.env["discom.bill.basis"].with_context(active_test=False).search([])
        }
        books = {
            company_id: self.env["discom.tariff"]._book(self.env["res.company"].browse(company_id))
            for company_id in {draft.company_id for draft in drafts.values()}
        }
        rule = self.env["discom.payment.rule"]._current()
        surcharge_first = rule._surcharge_first()
        measured, rows, lines, failed = {}, [], [], {}
        for draft in drafts.values():
            book = books[draft.company_id]
            try:
                if draft.open_since:
                    raise TariffError("earlier_draft", day=draft.open_since)
                found = measure(book, draft.reading, earlier[draft.id])
                measured[draft.id] = found, charge(book, found.supply, found.usage)
            except TariffError as error:
                failed[draft.id] = error.code, _json_params(error.params)
        sums = self._charge_line_sums(
            {
                past.id
                for bill_id, (found, _charges) in measured.items()
                for past in (*found.credited, *earlier[bill_id][:1])
            }
        )
        for bill_id, (found, charges) in measured.items():
            draft, past = drafts[bill_id], earlier[bill_id]
            book = books[draft.company_id]
            own = [*charges.lines, *credit_lines(found.credited, sums)]
            account = Account(draft.arrears, draft.lpsc)
            if past:
                last, paid = past[0], payments[bill_id]
                forward = brought_forward(
                    last.total,
                    last.surcharge if rule.lpsc_meaning != "bill" else ZERO,
                    sum((amount for _day, amount in paid), ZERO),
                    surcharge_first,
                )
                account = open_account(book, draft.bill_date, past, *forward)
                category = found.supply.category
                rebate = rebate_line(book, draft.bill_date, category, last, paid, sums[last.id])
                own += [rebate] if rebate else []
            rows.append(_bill_row(book, draft, found, charges, own, account, past, basis_ids))
            lines.extend(_line_rows(bill_id, own))
        self._write_charges(table, rows)
        self._write_failed(table, failed)
        return failed, lines

    def _recharge_from_readings(self):
        """Make out the drafts in ``self`` and replace their charges.

        :return: ``{bill id: (code, params)}`` of those that cannot be made out
        """
        failed, lines = self._charge_from_readings()
        self.env.cr.execute(
            SQL(
                "DELETE FROM discom_bill_line WHERE bill_id = ANY(%s)",
                [bill_id for bill_id in self.ids if bill_id not in failed],
            )
        )
        self._insert_lines(lines)
        return failed

    # === WRITING === #

    def _write_charges(self, table, rows):
        """Write what was made out, past the ORM: the bills were checked to be drafts that the user
        may write."""
        if not rows:
            return
        columns = [SQL.identifier(name) for name in WRITTEN]
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s bill
                   SET (%s) = ROW(%s), author_id = %s, write_uid = %s,
                       write_date = NOW() AT TIME ZONE 'UTC'
                  FROM json_populate_recordset(NULL::discom_bill, %s) new
                 WHERE bill.id = new.id AND bill.state = 'draft'
                """,
                table,
                SQL(", ").join(columns),
                SQL(", ").join(SQL.identifier("new", name) for name in WRITTEN),
                self.env.uid,
                self.env.uid,
                json.dumps(rows),
            )
        )
        self.env["discom.bill"].invalidate_model()

    def _insert_lines(self, lines):
        """Insert charges, given as dicts."""
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
        self.env["discom.bill.line"].invalidate_model()

    def _write_failed(self, table, failed):
        """Keep at the bills why they could not be made out."""
        if not failed:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s bill SET tariff_notes = new.tariff_notes
                  FROM json_populate_recordset(NULL::discom_bill, %s) new
                 WHERE bill.id = new.id
                """,
                table,
                json.dumps(
                    [
                        {"id": bill_id, "tariff_notes": [reason]}
                        for bill_id, reason in failed.items()
                    ]
                ),
            )
        )
        self.env["discom.bill"].invalidate_model(["tariff_notes"])


def _line_rows(bill_id, lines):
    """Charges of a bill ready for JSON."""
    return [
        {
            "bill_id": bill_id,
            "sequence": at,
            "head": line.head,
            "name": line.name,
            "quantity": str(line.quantity),
            "rate": str(line.rate),
            "amount": str(line.amount),
        }
        for at, line in enumerate(lines, 1)
    ]


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
