from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.bill import LIVE_STATES
from ..models.bill_ageing import BUCKETS
from ..tools import formats
from ..tools.xlsx import Column, Labels
from ..tools.xlsx_summary import Chart, Measure, Table, Top
from .report_mixin import Sheet

# Columns of the ageing, in its own order.
AGES = (*(f"amount_{name}" for name, *_rest in BUCKETS), "amount_older", "amount_lpsc")
# Positions in a row of the first data sheet; the ages begin at FIRST_AGE.
OFFICE, CATEGORY, AREA, STATUS, VILLAGE, ACCOUNT, NAME, BUCKET, DUES, FIRST_AGE = range(10)
LAST_PAID, NEVER = FIRST_AGE + len(AGES) + 1, FIRST_AGE + len(AGES) + 2
# Of the second.
MONEY_OFFICE, DAY, WHAT, COUNT, BILLED, COLLECTED = range(6)


class DiscomArrearsReport(models.TransientModel):
    """What was billed and collected in a period, and what consumers owe today: by age, category and
    area, the largest debtors, those who have never paid."""

    _name = "discom.arrears.report"
    _inherit = ["discom.report.area", "discom.report.period"]
    _description = "Collection and arrears"

    _report_model = "discom.ageing"
    _report_lists = {"res.partner": "partner_id"}
    _report_scheduled = True

    category_id = fields.Many2one("discom.category", "Tariff category", help="Empty: all.")
    minimum = fields.Float(
        "Dues from (₹)", digits=(16, 2), help="Consumers who owe less are left out."
    )
    never_paid = fields.Boolean("Only who never paid")

    def _report_params(self):
        return {
            **super()._report_params(),
            "category_id": self.category_id.id,
            "minimum": self.minimum,
            "never_paid": self.never_paid,
        }

    def _report_title(self):
        return self.env._("Collection and arrears")

    def _report_facts(self):
        facts = super()._report_facts()
        # The period is that of what was billed and collected.
        facts.append((self.env._("Dues as of"), formats.day(self.env["discom.bill"]._today())))
        if self.category_id:
            facts.append((self.env._("Tariff category"), self.category_id.code))
        if self.minimum:
            facts.append((self.env._("Dues from (₹)"), formats.rupees(self.minimum)))
        if self.never_paid:
            facts.append((self.env._("Filter"), self.env._("Only who never paid")))
        return facts

    def _nothing_text(self):
        return self.env._("Nobody owes anything here. Choose another office or other filters.")

    def _report_domain(self):
        domain = Domain("amount_due", ">", 0) & self._place_domain()
        selected = self._selected_domain()
        if selected is not None:
            domain &= selected
        if self.category_id:
            domain &= Domain("category_id", "=", self.category_id.id)
        if self.minimum:
            domain &= Domain("amount_due", ">=", self.minimum)
        if self.never_paid:
            domain &= Domain("never_paid", "=", True)
        return domain

    def _report_sheets(self):
        sheets = [self._arrears_sheet()]
        if self._selected_domain() is None:
            sheets.append(self._collection_sheet())
        return sheets

    def _arrears_sheet(self):
        query = SQL(
            """
            SELECT line.office_id, line.category_id, line.area, line.status, %(village)s,
                   p.discom_account_no, %(name)s, line.bucket, line.amount_due, %(ages)s,
                   line.oldest_date, line.last_payment_date, COALESCE(line.never_paid, FALSE)
              FROM discom_ageing line
              JOIN res_partner p ON p.id = line.partner_id
             WHERE line.id IN %(lines)s
          ORDER BY line.amount_due DESC, line.id
            """,
            name=self._sql_consumer("p"),
            village=self._sql_village("p"),
            ages=SQL(", ").join(SQL("NULLIF(%s, 0)", SQL.identifier("line", age)) for age in AGES),
            lines=self.env["discom.ageing"]._search(self._report_domain()).subselect(),
        )
        ageing = self.env["discom.ageing"]._fields
        ages = [ageing[age]._description_string(self.env) for age in AGES]
        columns = [
            Column(self.env._("Office"), width=13, labels=self._office_labels(), empty="–"),
            Column(
                self.env._("Tariff category"), width=8, labels=self._category_labels(), empty="–"
            ),
            Column(
                self.env._("Area"),
                width=8,
                labels=self._field_labels("res.partner", "discom_area"),
                empty="–",
            ),
            Column(
                self.env._("Connection"),
                width=9,
                labels=self._field_labels("res.partner", "discom_status"),
            ),
            Column(self.env._("Village or ward"), width=14),
            Column(self.env._("Account number"), width=12),
            Column(self.env._("Name"), width=15),
            Column(
                self.env._("Oldest dues"),
                width=12,
                labels=self._field_labels("discom.ageing", "bucket"),
            ),
            Column(self.env._("Dues (₹)"), "money", 12, total=True),
            *(Column(f"{age} (₹)", "money", 10, total=True) for age in ages),
            Column(self.env._("Oldest due date"), "date", 10.5),
            Column(self.env._("Last payment"), "date", 10.5),
            Column(self.env._("Never paid"), width=6, labels=self._yes_no()),
        ]
        return Sheet(self.env._("Arrears"), query, columns, self._arrears_tables(ages))

    def _arrears_tables(self, ages):
        yes = self._yes_no()[True]
        consumers = Measure(self.env._("Consumers with dues"))
        dues = Measure(self.env._("Dues (₹)"), summed=DUES)
        never = (
            Measure(self.env._("Never paid: consumers"), ((NEVER, yes),)),
            Measure(self.env._("Never paid: dues (₹)"), ((NEVER, yes),), summed=DUES),
        )
        by_age = tuple(Measure(f"{age} (₹)", summed=FIRST_AGE + n) for n, age in enumerate(ages))
        office, area = self.env._("Office"), self.env._("Area")
        buckets = [
            text for _key, text in sorted(self._field_labels("discom.ageing", "bucket").items())
        ]
        return [
            Table(
                self.env._("Arrears by office"),
                (OFFICE, AREA),
                (office, area),
                (consumers, dues, *never, Measure(self.env._("Never paid (%)"), share=((3,), 1))),
                Chart((1, 3), "column"),
                order="name",
            ),
            Table(
                self.env._("Arrears by category, area and age"),
                (CATEGORY, AREA),
                (self.env._("Tariff category"), area),
                (consumers, dues, *by_age),
                Chart(tuple(range(2, 2 + len(ages)))),
                order="name",
            ),
            Table(
                self.env._("Consumers by their oldest dues"),
                (BUCKET,),
                (self.env._("Oldest dues"),),
                (consumers, dues),
                Chart((1,), "column"),
                order=buckets,
            ),
            Top(
                self.env._("Largest debtors"),
                (NAME, ACCOUNT, VILLAGE, OFFICE, CATEGORY, DUES, LAST_PAID, NEVER),
            ),
        ]

    def _collection_sheet(self):
        """Payments by day and way, and beside them what was billed."""
        payments = Domain("date", ">=", self.date_from) & Domain("date", "<=", self.date_to)
        payments &= Domain("state", "=", "posted")
        bills = Domain("bill_date", ">=", self.date_from) & Domain("bill_date", "<=", self.date_to)
        bills &= Domain("state", "in", LIVE_STATES)
        for name, value in (
            ("discom_area", self.area),
            ("discom_category_id", self.category_id.id),
        ):
            if value:
                payments &= Domain(f"partner_id.{name}", "=", value)
                bills &= Domain(f"partner_id.{name}", "=", value)
        if self.office_id:
            payments &= Domain("office_id", "child_of", self.office_id.ids)
            bills &= Domain("office_id", "child_of", self.office_id.ids)
        query = SQL(
            """
            SELECT line.office_id, line.date, line.mode, line.number, line.billed, line.collected
              FROM (
                    SELECT office_id, date, mode, count(*) AS number, NULL::numeric AS billed,
                           SUM(amount) AS collected
                      FROM (%(payments)s) payment GROUP BY office_id, date, mode
                     UNION ALL
                    SELECT office_id, bill_date, 'billed', count(*), SUM(amount_current), NULL
                      FROM (%(bills)s) bill GROUP BY office_id, bill_date
                   ) line
         LEFT JOIN discom_office office ON office.id = line.office_id
          ORDER BY line.date, office.parent_path, line.mode
            """,
            payments=self._select_all("discom.payment", payments),
            bills=self._select_all("discom.bill", bills),
        )
        modes = {
            **self._field_labels("discom.payment", "mode"),
            "billed": self.env._("Billed"),
        }
        billed = Measure(self.env._("Billed (₹)"), summed=BILLED)
        collected = Measure(self.env._("Collected (₹)"), summed=COLLECTED)
        number = Measure(self.env._("Number"), summed=COUNT)
        return Sheet(
            self.env._("Collection"),
            query,
            [
                Column(self.env._("Office"), width=26, labels=self._office_labels(), empty="–"),
                Column(self.env._("Day"), "date", 12),
                Column(self.env._("Paid at"), width=22, labels=Labels(modes)),
                Column(self.env._("Number"), "integer", 12),
                Column(self.env._("Billed (₹)"), "money", 18, total=True),
                Column(self.env._("Collected (₹)"), "money", 18, total=True),
            ],
            [
                Table(
                    self.env._("Collection by office"),
                    (MONEY_OFFICE,),
                    (self.env._("Office"),),
                    (billed, collected, Measure(self.env._("Of what was billed"), share=((1,), 0))),
                    Chart((0, 1), "column"),
                    order="name",
                ),
                Table(
                    self.env._("Billed, and paid at"),
                    (WHAT,),
                    (self.env._("Paid at"),),
                    (number, billed, collected),
                    order=2,
                ),
                Table(
                    self.env._("Collection by day"),
                    (DAY,),
                    (self.env._("Day"),),
                    (billed, collected),
                    Chart((1,), "column", 31),
                    order="name",
                ),
            ],
        )
