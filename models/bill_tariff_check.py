from datetime import timedelta
from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..tools.tariff import HUNDRED, Usage, charge
from ..tools.tariff_book import ZERO, Supply, TariffError

# Heads that a tariff says the amount of.
CHECKED_HEADS = ("energy", "fixed", "minimum", "fppas", "duty", "excess_demand")


class DiscomBillCheck(models.Model):
    _inherit = "discom.bill.check"

    @api.model
    def _rule_limits(self):
        return {**super()._rule_limits(), "tariff": ("limit_percent",)}

    def _rule_tariff(self, bill_ids):
        """The charges are not those that the tariff gives for the units of the bill."""
        limit = self.limit_percent
        differences = self.env["discom.bill"].browse(bill_ids)._tariff_difference()
        return [
            (bill_id, round(percent, 2), limit, None)
            for bill_id, percent in differences.items()
            if percent is not None and abs(percent) > limit
        ]


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    def _tariff_difference(self):
        """How far the charges of bills lie from what the tariff says for their units.

        Units, months and basis are taken as the bill has them. Heads for which no rate covers the
        period, such as the FPPAS of a month not recorded, are left out on both sides, and so is a
        subsidy that no rate tells. Costs two queries and a calculation per bill, whatever the
        number of bills; give some thousands at a time.

        :return: ``{bill id: per cent of the tariff's amount, above it positive; None where no
            tariff applies}``
        """
        self.env["discom.bill"].flush_model()
        self.env["discom.bill.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bill.id, bill.company_id, bill.category_id,
                       COALESCE(bill.area, partner.discom_area),
                       COALESCE(bill.lifeline, partner.discom_lifeline),
                       COALESCE(bill.unmetered, partner.discom_unmetered), basis.method,
                       COALESCE(NULLIF(bill.sanctioned_load, 0),
                                partner.discom_sanctioned_load)::text,
                       COALESCE(bill.load_unit, partner.discom_load_unit),
                       bill.charge_from, bill.charge_to, bill.reading_previous_date,
                       bill.reading_current_date, bill.period, bill.months, bill.units::text,
                       NULLIF(bill.units_kvah, 0)::text, bill.demand::text
                  FROM discom_bill bill
                  JOIN res_partner partner ON partner.id = bill.partner_id
             LEFT JOIN discom_bill_basis basis ON basis.id = bill.basis_id
                 WHERE bill.id = ANY(%s)
                """,
                list(self.ids),
            )
        )
        sums = self._charge_line_sums(set(self.ids))
        books = {}
        result = {}
        for bill_id, company_id, *row in rows:
            if company_id not in books:
                company = self.env["res.company"].browse(company_id)
                books[company_id] = self.env["discom.tariff"]._book(company)
            result[bill_id] = _difference(books[company_id], row, sums[bill_id])
        return result


def _difference(book, row, sums):
    category, area, lifeline, unmetered, method, load, load_unit = row[:7]
    start, end = _days(*row[7:13])
    months, units, kvah, demand = row[12:]
    metered = method != "unmetered" if method else not unmetered
    supply = Supply(category, area, bool(lifeline), metered, Decimal(load or 0), load_unit or "kw")
    usage = Usage(
        start, end, months, Decimal(units or 0), kvah and Decimal(kvah), Decimal(demand or 0)
    )
    try:
        charges = charge(book, supply, usage)
    except TariffError:
        return None
    subsidised = any(line.head == "subsidy" for line in charges.lines)
    heads = {*CHECKED_HEADS, *(["subsidy"] if subsidised else [])} - charges.unknown
    expected = sum((line.amount for line in charges.lines if line.head in heads), ZERO)
    if expected <= 0:
        return None
    billed = sum((sums.get(head, ZERO) for head in heads), ZERO)
    return float((billed - expected) * HUNDRED / expected)


def _days(charge_from, charge_to, read_from, read_to, period, months):
    """First and last day that a bill charges for."""
    if charge_from and charge_to:
        return charge_from, charge_to
    if read_from and read_to and read_from < read_to:
        return read_from + timedelta(days=1), read_to
    first = period.year * 12 + period.month - months
    following = period.year * 12 + period.month
    return (
        period.replace(year=first // 12, month=first % 12 + 1),
        period.replace(year=following // 12, month=following % 12 + 1) - timedelta(days=1),
    )
