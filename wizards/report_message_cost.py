from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.whatsapp_rate import RECIPIENT_COUNTRY
from ..tools.xlsx import Column
from ..tools.xlsx_summary import Chart, Measure, Table

# Positions in a row of the data sheet.
DAY, OFFICE, PURPOSE, CATEGORY, NUMBER, MESSAGES, NET, TAX, COST = range(9)


class DiscomMessageCost(models.TransientModel):
    """What the messages delivered in a period cost: Meta's reports at the rates of the day."""

    _name = "discom.message.cost"
    _inherit = ["discom.report.period"]
    _description = "Message costs"

    _report_model = "discom.whatsapp.message"
    _report_sums = True
    _report_scheduled = True

    account_id = fields.Many2one("discom.whatsapp.account", "Sending number", help="Empty: all.")

    def _report_params(self):
        return {**super()._report_params(), "account_id": self.account_id.id}

    def _report_title(self):
        return self.env._("Message costs")

    def _report_facts(self):
        facts = super()._report_facts()
        if self.account_id:
            facts.append((self.env._("Sending number"), self.account_id.display_name))
        return facts

    def _report_domain(self):
        domain = self._selected_domain()
        if domain is None:
            begin, end = self._report_bounds()
            domain = Domain("delivered_at", ">=", begin) & Domain("delivered_at", "<", end)
        domain &= Domain("state", "in", ("delivered", "read")) & Domain("category", "!=", False)
        if self.account_id:
            domain &= Domain("account_id", "=", self.account_id.id)
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.ids)
        return domain

    def _report_query(self):
        """What Meta bills: delivered, in the category of its report, at the rate of that day."""
        return SQL(
            """
            SELECT line.day, line.office_id, line.purpose, line.category, account.name,
                   SUM(line.messages), SUM(line.messages * rate.price),
                   SUM(line.messages * rate.price * rate.tax_percent / 100),
                   SUM(line.messages * rate.price * (1 + rate.tax_percent / 100))
              FROM (
                    SELECT (delivered_at AT TIME ZONE 'UTC'
                                         AT TIME ZONE 'Asia/Kolkata')::date AS day,
                           delivered_at::date AS rate_day, office_id, purpose, category, account_id,
                           count(*) AS messages
                      FROM (%(messages)s) message
                  GROUP BY 1, 2, 3, 4, 5, 6
                   ) line
         LEFT JOIN LATERAL (
                    SELECT price, COALESCE(tax_percent, 0) AS tax_percent
                      FROM discom_whatsapp_rate
                     WHERE country_id = %(country)s AND category = line.category
                       AND valid_from <= line.rate_day
                       AND (valid_to IS NULL OR valid_to >= line.rate_day)
                  ORDER BY valid_from DESC
                     LIMIT 1) rate ON TRUE
         LEFT JOIN discom_whatsapp_account account ON account.id = line.account_id
         LEFT JOIN discom_office office ON office.id = line.office_id
          GROUP BY line.day, line.office_id, office.parent_path, line.purpose, line.category,
                   account.id, account.name
          ORDER BY line.day, office.parent_path, line.purpose, line.category
            """,
            messages=self._select_all("discom.whatsapp.message", self._report_domain()),
            country=self.env.ref(RECIPIENT_COUNTRY).id,
        )

    def _report_columns(self):
        return [
            Column(self.env._("Day"), "date", 12),
            Column(self.env._("Office"), width=24, labels=self._office_labels(), empty="–"),
            Column(
                self.env._("Purpose"),
                width=22,
                labels=self._field_labels("discom.whatsapp.message", "purpose"),
                empty="–",
            ),
            Column(
                self.env._("Billed as"),
                width=16,
                labels=self._field_labels("discom.whatsapp.rate", "category"),
            ),
            Column(self.env._("Sending number"), width=22, empty="–"),
            Column(self.env._("Messages"), "integer", 12, total=True),
            Column(self.env._("Before tax (₹)"), "money", 14, total=True),
            Column(self.env._("GST (₹)"), "money", 14, total=True),
            Column(self.env._("Cost with tax (₹)"), "money", 16, total=True),
        ]

    def _report_tables(self):
        measures = (
            Measure(self.env._("Messages"), summed=MESSAGES),
            Measure(self.env._("Before tax (₹)"), summed=NET),
            Measure(self.env._("GST (₹)"), summed=TAX),
            Measure(self.env._("Cost with tax (₹)"), summed=COST),
            Measure(self.env._("For one message (₹)"), share=((3,), 0), kind="money"),
        )
        return [
            Table(
                self.env._("Cost by purpose"),
                (PURPOSE, CATEGORY),
                (self.env._("Purpose"), self.env._("Billed as")),
                measures,
                Chart((3,), "bar", 12, key=0),
                order=3,
            ),
            Table(
                self.env._("Cost by office"),
                (OFFICE,),
                (self.env._("Office"),),
                measures,
                Chart((3,), "column"),
                order=3,
            ),
            Table(
                self.env._("Cost by sending number"),
                (NUMBER,),
                (self.env._("Sending number"),),
                measures,
                order=3,
            ),
            Table(
                self.env._("Cost by day"),
                (DAY,),
                (self.env._("Day"),),
                measures,
                Chart((0,), "column", 31),
                order="name",
            ),
        ]
