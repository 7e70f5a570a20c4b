from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.xlsx import Column, Labels
from ..tools.xlsx_summary import Chart, Measure, Table

#: Positions in a row of the data sheet.
VILLAGE, AMOUNT, MODE = 5, 9, 12
#: States of a notice that has a number and was not cancelled.
ISSUED = ("issued", "served", "acted", "paid")


class DiscomNoticeServiceRecord(models.TransientModel):
    """Formal notices with the record of their service, as a workbook to print and to sign."""

    _name = "discom.notice.service.record"
    _description = "List of notices with service record"
    _inherit = ["discom.notice.report"]

    _report_kinds = ("address",)

    date_from = fields.Date("Issued from", help="Empty: from the first notice.")
    date_to = fields.Date("Issued until", help="Empty: until today.")
    unserved = fields.Boolean(
        "Not served yet", help="Only notices that wait for service: the list to go out with."
    )

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for report in self:
            if report.date_from and report.date_to and report.date_from > report.date_to:
                raise ValidationError(
                    self.env._("The last day lies before the first. Correct one of the two.")
                )

    def _report_params(self):
        return {
            **super()._report_params(),
            "date_from": self.date_from and self.date_from.isoformat(),
            "date_to": self.date_to and self.date_to.isoformat(),
            "unserved": self.unserved,
        }

    def _report_title(self):
        return self.env._("List of notices with service record")

    def _report_facts(self):
        facts = super()._report_facts()
        for name in ("date_from", "date_to"):
            if self[name]:
                label = self._fields[name]._description_string(self.env)
                facts.append((label, self[name].strftime("%d/%m/%Y")))
        if self.unserved:
            facts.append((self.env._("Filter"), self.env._("Not served yet")))
        return facts

    def _report_domain(self):
        domain = super()._report_domain() & Domain("kind", "=", "formal")
        domain &= Domain("name", "!=", False)
        domain &= Domain("state", "in", ("issued",) if self.unserved else ISSUED)
        if self.date_from:
            domain &= Domain("date_issued", ">=", self.date_from)
        if self.date_to:
            domain &= Domain("date_issued", "<=", self.date_to)
        return self._not_stopped(domain) if self.unserved else domain

    def _report_query(self):
        return SQL(
            """
            SELECT notice.office_id, notice.name, notice.date_issued, p.discom_book_no,
                   notice.account_no, %(village)s, %(name)s, p.discom_guardian_name,
                   %(address)s,
                   -- As printed on the notice.
                   COALESCE(NULLIF(notice.amount_recoverable, 0), notice.amount),
                   notice.last_day, notice.served_on,
                   CASE WHEN notice.served_on IS NULL THEN 'not_served'
                        ELSE notice.served_mode END,
                   server.name,
                   CASE WHEN notice.served_on IS NOT NULL THEN CASE WHEN EXISTS (
                             SELECT FROM ir_attachment file
                              WHERE file.res_model = 'discom.notice' AND file.res_id = notice.id
                                AND file.res_field = 'acknowledgement')
                        THEN 'yes' ELSE 'no' END END,
                   NULL
              FROM discom_notice notice
              JOIN res_partner p ON p.id = notice.partner_id
         LEFT JOIN (SELECT users.id, person.name FROM res_users users
                      JOIN res_partner person ON person.id = users.partner_id) server
                ON server.id = notice.served_by_id
             WHERE notice.id IN %(notices)s
          ORDER BY notice.village NULLS LAST, p.discom_book_no NULLS LAST, notice.name
            """,
            address=self._report_address("p"),
            name=self._sql_consumer("p"),
            village=self._sql_notice_village("p"),
            notices=self.env["discom.notice"]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self):
        return [
            Column(self.env._("Office"), width=13, labels=self._office_labels(), empty="–"),
            Column(self.env._("Notice Number"), width=15),
            Column(self.env._("Issued on"), "date", 10.5),
            Column(self.env._("Book"), width=8),
            Column(self.env._("Account number"), width=12),
            Column(self.env._("Village"), width=14, empty="–"),
            Column(self.env._("Consumer"), width=15),
            Column(self.env._("Guardian"), width=13),
            Column(self.env._("Address"), width=17),
            Column(self.env._("Amount of the notice (₹)"), "money", 12, total=True),
            Column(self.env._("Pay by"), "date", 10.5),
            Column(self.env._("Served on"), "date", 10.5),
            Column(self.env._("Mode of service"), width=13, labels=self._mode_labels(), empty="–"),
            Column(self.env._("Recorded by"), width=13),
            Column(
                self.env._("Acknowledged"),
                width=8,
                labels=Labels(yes=self.env._("Yes"), no=self.env._("No")),
            ),
            # Filled in with a pen at the door.
            Column(self.env._("Date and signature"), width=16, pen=True),
        ]

    def _report_tables(self):
        measures = (
            Measure(self.env._("Notices")),
            Measure(self.env._("Amount of the notice (₹)"), summed=AMOUNT),
        )
        return [
            Table(
                self.env._("By mode of service"),
                (MODE,),
                (self.env._("Mode of service"),),
                measures,
                Chart((0,), "bar"),
                order=list(self._mode_labels().values()),
            ),
            Table(
                self.env._("By village"),
                (VILLAGE,),
                (self.env._("Village"),),
                measures,
                Chart((0,), "bar", 15),
                order="name",
            ),
        ]

    def _mode_labels(self):
        modes = self._field_labels("discom.notice", "served_mode")
        return Labels({**modes, "not_served": self.env._("Not served")})
