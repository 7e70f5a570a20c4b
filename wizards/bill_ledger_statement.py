from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.bill_payment_document import KINDS_HINDI, MODES_HINDI
from ..tools import formats
from ..tools.xlsx import Column, Labels
from ..tools.xlsx_summary import Chart, Measure, Table

ENTRY = 1


class DiscomLedgerStatement(models.TransientModel):
    """Statement of account of one consumer as a workbook: bills, payments, running balance."""

    _name = "discom.ledger.statement"
    _description = "Statement of account"
    _inherit = ["discom.report.mixin"]

    _report_model = "discom.ledger.entry"

    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, domain=[("discom_consumer", "=", True)]
    )
    date_from = fields.Date("From", help="Empty: from the first entry on.")
    date_to = fields.Date("Until")

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for statement in self:
            if (
                statement.date_from
                and statement.date_to
                and (statement.date_to < statement.date_from)
            ):
                raise UserError(
                    self.env._("The last day lies before the first. Correct one of the two.")
                )

    def _report_params(self):
        return {
            **super()._report_params(),
            "partner_id": self.partner_id.id,
            "date_from": fields.Date.to_string(self.date_from) or False,
            "date_to": fields.Date.to_string(self.date_to) or False,
        }

    def _report_personal(self):
        """One consumer's, however many lines."""
        return False

    def _report_title(self):
        return self.env._("Statement of account")

    def _report_filename(self):
        return f"{self._report_title()} {self.partner_id.discom_account_no}"

    def _report_domain(self):
        domain = Domain("partner_id", "=", self.partner_id.id)
        if self.date_from:
            domain &= Domain("date", ">=", self.date_from)
        if self.date_to:
            domain &= Domain("date", "<=", self.date_to)
        return domain

    def _report_facts(self):
        consumer = self.partner_id
        name = (self.lang.startswith("hi") and consumer.discom_name_hi) or consumer.name
        dues = consumer._discom_dues()[consumer.id]
        return [
            (self.env._("Account number"), consumer.discom_account_no),
            (self.env._("Consumer"), name),
            (self.env._("Office"), self._office_name(consumer.discom_office_id)),
            (self.env._("Dues"), f"₹{formats.rupees(dues['due'])}"),
            (self.env._("Advance"), f"₹{formats.rupees(dues['advance'])}"),
        ]

    def _report_query(self):
        entries = self.env["discom.ledger.entry"]
        query = entries._search(self._report_domain(), order="place, sort, date, id")
        names = "date kind name period mode debit credit taken_back balance".split()
        nothing = ("debit", "credit", "taken_back")
        return query.select(
            *(
                SQL("NULLIF(%s, 0)" if name in nothing else "%s", SQL.identifier(query.table, name))
                for name in names
            )
        )

    def _report_columns(self):
        kinds, modes = self._entry_labels()
        return [
            Column(self.env._("Date"), "date", 11),
            Column(self.env._("Entry"), width=26, labels=kinds),
            Column(self.env._("Number"), width=16),
            Column(self.env._("Month"), width=12, convert=self._month_text),
            Column(self.env._("Paid at"), width=16, labels=modes),
            Column(self.env._("Charged (₹)"), "money", 14, total=True),
            Column(self.env._("Paid (₹)"), "money", 14, total=True),
            Column(self.env._("Taken back (₹)"), "money", 14),
            Column(self.env._("Balance (₹)"), "money", 14),
        ]

    def _entry_labels(self):
        if self.lang.startswith("hi"):
            return Labels(KINDS_HINDI), Labels(MODES_HINDI)
        return (
            self._field_labels("discom.ledger.entry", "kind"),
            self._field_labels("discom.payment", "mode"),
        )

    def _month_text(self, period):
        return period and formats.medium_month(period, self.lang)

    def _report_tables(self):
        return [
            Table(
                self.env._("By entry"),
                (ENTRY,),
                (self.env._("Entry"),),
                (
                    Measure(self.env._("Entries")),
                    Measure(self.env._("Charged (₹)"), summed=5),
                    Measure(self.env._("Paid (₹)"), summed=6),
                ),
                Chart((1, 2), "column"),
            )
        ]
