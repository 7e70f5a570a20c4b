from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..models.notice_effect import REACHED, WINDOWS
from ..tools.xlsx import Column
from ..tools.xlsx_summary import Chart, Measure, Table
from .report_mixin import TIMEZONE

# Positions in a row of the data sheet; four columns for each window begin at FIRST_WINDOW.
OFFICE, STEP, MESSAGE, DUES, FIRST_WINDOW = 0, 4, 6, 7, 8


class DiscomEffectReport(models.TransientModel):
    """Who paid within some days after a message, held against those whom no message reached."""

    _name = "discom.effect.report"
    _inherit = ["discom.report.period"]
    _description = "Effect of messages on payment"

    _report_model = "discom.notice.effect"
    _report_lists = {"discom.notice": "notice_id"}
    _report_scheduled = True

    def _report_title(self):
        return self.env._("Effect of messages on payment")

    def _report_count(self):
        self.env["discom.notice.effect"]._catch_up()
        return super()._report_count()

    def _report_facts(self):
        # Few figures are of this moment, many of the last time they were worked out.
        moment = self.env["discom.notice.effect"]._catch_up()
        as_of = moment and format_datetime(
            self.env, moment, tz=TIMEZONE, dt_format="dd/MM/yyyy HH:mm"
        )
        return [*super()._report_facts(), (self.env._("As of"), as_of or "–")]

    def _report_domain(self):
        domain = self._selected_domain()
        if domain is None:
            domain = Domain("day", ">=", self.date_from) & Domain("day", "<=", self.date_to)
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.ids)
        return domain

    def _report_query(self):
        windows = SQL(", ").join(
            SQL(
                "(%(paid)s IS NOT NULL)::int, %(paid)s, %(amount)s",
                paid=SQL.identifier("line", f"paid_{days}"),
                amount=SQL.identifier("line", f"amount_{days}"),
            )
            for days in WINDOWS
        )
        return SQL(
            """
            SELECT line.office_id, %(village)s, p.discom_account_no, %(name)s, line.kind,
                   line.day, line.reached, line.amount, %(windows)s
              FROM (%(lines)s) line
              JOIN res_partner p ON p.id = line.partner_id
         LEFT JOIN discom_office office ON office.id = line.office_id
          ORDER BY line.day, office.parent_path, p.discom_account_no, line.id
            """,
            name=self._sql_consumer("p"),
            village=self._sql_village("p"),
            windows=windows,
            lines=self._select_all("discom.notice.effect", self._report_domain()),
        )

    def _report_columns(self):
        windows = []
        for days in WINDOWS:
            windows += [
                Column(self.env._("%(n)s days are over", n=days), "integer", 9, total=True),
                Column(self.env._("Paid within %(n)s days", n=days), "integer", 9, total=True),
                Column(self.env._("Amount within %(n)s days (₹)", n=days), "money", 12, total=True),
            ]
        return [
            Column(self.env._("Office"), width=13, labels=self._office_labels(), empty="–"),
            Column(self.env._("Village or ward"), width=14),
            Column(self.env._("Account number"), width=12),
            Column(self.env._("Consumer"), width=16),
            Column(
                self.env._("Step"), width=14, labels=self._field_labels("discom.notice", "kind")
            ),
            Column(self.env._("Day of the message"), "date", 10.5),
            Column(
                self.env._("Message"),
                width=14,
                labels=self._field_labels("discom.notice.effect", "reached"),
            ),
            Column(self.env._("Dues (₹)"), "money", 13, total=True),
            *windows,
        ]

    def _report_tables(self):
        messages = self._field_labels("discom.notice.effect", "reached")
        message = self.env._("Message")
        measures = [
            Measure(self.env._("Consumers")),
            Measure(self.env._("Dues (₹)"), summed=DUES),
        ]
        for place, days in enumerate(WINDOWS):
            over, paid = FIRST_WINDOW + 3 * place, FIRST_WINDOW + 3 * place + 1
            measures += [
                Measure(self.env._("%(n)s days are over", n=days), summed=over),
                Measure(self.env._("Paid within %(n)s days", n=days), summed=paid),
                Measure(
                    self.env._("Paid within %(n)s days (%%)", n=days),
                    share=((len(measures) + 1,), len(measures)),
                ),
                Measure(self.env._("Amount within %(n)s days (₹)", n=days), summed=paid + 1),
            ]
        shares = Chart(
            tuple(place for place, measure in enumerate(measures) if measure.share), "column"
        )
        order = [messages[key] for key, _label in REACHED]
        return [
            Table(
                self.env._("Paid, by what became of the message"),
                (MESSAGE,),
                (message,),
                tuple(measures),
                shares,
                order=order,
            ),
            Table(
                self.env._("Paid, by step and message"),
                (STEP, MESSAGE),
                (self.env._("Step"), message),
                tuple(measures),
                order="name",
            ),
            Table(
                self.env._("Paid, by office"),
                (OFFICE,),
                (self.env._("Office"),),
                tuple(measures),
                shares,
            ),
        ]
