from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.xlsx import Column
from ..tools.xlsx_summary import Chart, Measure, Table

#: Positions in a row of the data sheet.
ASSIGNED, FEEDER, VILLAGE, AMOUNT = 1, 3, 4, 10


class DiscomNoticeFieldList(models.TransientModel):
    """Who is listed for disconnection, as a workbook to carry along: largest dues first."""

    _name = "discom.notice.field.list"
    _description = "Field list"
    _inherit = ["discom.notice.report"]

    _report_kinds = ("address",)
    _report_scheduled = True

    user_id = fields.Many2one(
        "res.users",
        "Assigned to",
        domain=lambda self: [("all_group_ids", "in", self.env.ref("discom.group_staff").ids)],
        help="Empty: all.",
    )
    feeder_id = fields.Many2one(
        "discom.asset", domain=[("kind", "=", "feeder")], help="Empty: all."
    )

    def _report_params(self):
        return {
            **super()._report_params(),
            "user_id": self.user_id.id,
            "feeder_id": self.feeder_id.id,
        }

    def _report_title(self):
        return self.env._("List for disconnection")

    def _report_facts(self):
        facts = super()._report_facts()
        if self.user_id:
            facts.append((self.env._("Assigned to"), self.user_id.name))
        if self.feeder_id:
            facts.append((self.env._("Feeder"), self.feeder_id.name))
        return facts

    def _report_domain(self):
        domain = super()._report_domain() & Domain("state", "=", "listed")
        domain &= Domain("kind", "=", "disconnection")
        for name in ("user_id", "feeder_id"):
            if self[name]:
                domain &= Domain(name, "=", self[name].id)
        return self._not_stopped(domain)

    def _report_query(self):
        return SQL(
            """
            SELECT notice.office_id, assigned.name, p.discom_book_no, %(feeder)s,
                   %(village)s,
                   notice.account_no, %(name)s, p.discom_guardian_name,
                   %(address)s,
                   p.discom_meter_no, COALESCE(bill.amount_due, 0), formal.name,
                   formal.served_on, notice.cut_from, notice.deferred_until, NULL, NULL, NULL
              FROM discom_notice notice
              JOIN res_partner p ON p.id = notice.partner_id
         LEFT JOIN discom_bill bill ON bill.partner_id = p.id AND bill.is_latest
         LEFT JOIN discom_notice formal ON formal.id = notice.notice_id
         LEFT JOIN discom_asset feeder ON feeder.id = notice.feeder_id
         LEFT JOIN (SELECT users.id, person.name FROM res_users users
                      JOIN res_partner person ON person.id = users.partner_id) assigned
                ON assigned.id = notice.user_id
             WHERE notice.id IN %(notices)s
          ORDER BY bill.amount_due DESC NULLS LAST, notice.id
            """,
            address=self._report_address("p"),
            feeder=self._sql_name("feeder"),
            name=self._sql_consumer("p"),
            village=self._sql_notice_village("p"),
            notices=self.env["discom.notice"]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self):
        return [
            Column(self.env._("Office"), width=13, labels=self._office_labels(), empty="–"),
            Column(self.env._("Assigned to"), width=13, empty="–"),
            Column(self.env._("Book"), width=8),
            Column(self.env._("Feeder"), width=12, empty="–"),
            Column(self.env._("Village"), width=14, empty="–"),
            Column(self.env._("Account number"), width=12),
            Column(self.env._("Consumer"), width=15),
            Column(self.env._("Guardian"), width=13),
            Column(self.env._("Address"), width=16),
            Column(self.env._("Meter"), width=12),
            Column(self.env._("Dues (₹)"), "money", 12, total=True),
            Column(self.env._("Notice"), width=15),
            Column(self.env._("Served on"), "date", 10.5),
            Column(self.env._("Cut from"), "date", 10.5),
            Column(self.env._("Put off until"), "date", 10.5),
            # Filled in with a pen where there is no network.
            Column(self.env._("Result"), width=12, pen=True),
            Column(self.env._("Reading"), width=9, pen=True),
            Column(self.env._("Date and signature"), width=15, pen=True),
        ]

    def _report_tables(self):
        measures = (
            Measure(self.env._("Consumers")),
            Measure(self.env._("Dues (₹)"), summed=AMOUNT),
        )
        return [
            Table(title, (place,), (header,), measures, Chart((1,), "bar", 15), order=1)
            for place, title, header in (
                (FEEDER, self.env._("By feeder"), self.env._("Feeder")),
                (VILLAGE, self.env._("By village"), self.env._("Village")),
                (ASSIGNED, self.env._("By person"), self.env._("Assigned to")),
            )
        ]
