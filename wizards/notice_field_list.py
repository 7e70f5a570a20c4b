from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.xlsx import Column, Measure

#: Positions in a row of the data sheet.
FEEDER, VILLAGE, AMOUNT = 3, 4, 10


class DiscomNoticeFieldList(models.TransientModel):
    """Who is listed for disconnection, as a workbook to carry along: largest dues first."""

    _name = "discom.notice.field.list"
    _description = "Field list"
    _inherit = ["discom.report.mixin"]

    _report_model = "discom.notice"

    user_id = fields.Many2one(
        "res.users",
        "Assigned to",
        domain=lambda self: [("all_group_ids", "in", self.env.ref("discom.group_staff").ids)],
        help="Empty: all.",
    )
    feeder_id = fields.Many2one(
        "discom.asset", domain=[("kind", "=", "feeder")], help="Empty: all."
    )
    village = fields.Char(help="Empty: all.")

    def _report_params(self):
        return {
            **super()._report_params(),
            "user_id": self.user_id.id,
            "feeder_id": self.feeder_id.id,
            "village": self.village,
        }

    def _report_title(self):
        return self.env._("List for disconnection")

    def _report_filename(self):
        return f"{self._report_title()} {self.env['discom.bill']._today()}"

    def _report_facts(self):
        facts = super()._report_facts()
        if self.user_id:
            facts.append((self.env._("Assigned to"), self.user_id.name))
        if self.feeder_id:
            facts.append((self.env._("Feeder"), self.feeder_id.name))
        if self.village:
            facts.append((self.env._("Village"), self.village))
        return facts

    def _report_domain(self):
        domain = Domain("kind", "=", "disconnection") & Domain("state", "=", "listed")
        selected = self._selected_domain()
        if selected is not None:
            domain &= Domain(selected)
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.id)
        for name in ("user_id", "feeder_id"):
            if self[name]:
                domain &= Domain(name, "=", self[name].id)
        if self.village:
            domain &= Domain("village", "=ilike", self.village.strip())
        return domain

    def _report_totals(self):
        # The dues of today, as in the rows, and in one snapshot with them.
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                "SELECT count(*), COALESCE(SUM(bill.amount_due), 0) FROM discom_notice notice"
                " LEFT JOIN discom_bill bill ON bill.partner_id = notice.partner_id"
                " AND bill.is_latest WHERE notice.id IN %s",
                self.env["discom.notice"]._search(self._report_domain()).subselect(),
            )
        )[0]

    def _report_query(self):
        self.env.flush_all()
        hindi = (self.lang or "").startswith("hi")
        return SQL(
            """
            SELECT notice.office_id, assigned.name, p.discom_book_no, feeder.name,
                   notice.village,
                   notice.account_no, %(name)s, p.discom_guardian_name,
                   concat_ws(', ', NULLIF(p.street, ''), NULLIF(p.street2, '')),
                   p.discom_meter_no, bill.amount_due, formal.name, formal.served_on,
                   notice.cut_from, notice.deferred_until
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
            name=SQL("COALESCE(NULLIF(p.discom_name_hi, ''), p.name)") if hindi else SQL("p.name"),
            notices=self.env["discom.notice"]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self, totals):
        _count, amount = totals
        return [
            Column(self.env._("Office"), width=20),
            Column(self.env._("Assigned to"), width=18),
            Column(self.env._("Book"), width=10),
            Column(self.env._("Feeder"), width=20),
            Column(self.env._("Village"), width=18),
            Column(self.env._("Account number"), width=14),
            Column(self.env._("Consumer"), width=24),
            Column(self.env._("Guardian"), width=20),
            Column(self.env._("Address"), width=26),
            Column(self.env._("Meter"), width=14),
            Column(self.env._("Dues (₹)"), "money", 14, total=amount),
            Column(self.env._("Notice"), width=16),
            Column(self.env._("Served on"), "date", 12),
            Column(self.env._("Cut from"), "date", 12),
            Column(self.env._("Put off until"), "date", 12),
            # Filled in with a pen where there is no network.
            Column(self.env._("Result"), width=16),
            Column(self.env._("Reading"), width=12),
            Column(self.env._("Date and signature"), width=20),
        ]

    def _prepare_context(self):
        offices = self.env["discom.notice"].search(self._report_domain()).office_id
        return {"offices": {office.id: self._office_name(office) for office in offices}}

    def _prepare_row(self, row, context, groups):
        office_id, *rest = row
        cells = [context["offices"].get(office_id, "–"), *(value or "" for value in rest)]
        for place in (FEEDER, VILLAGE):
            cells[place] = cells[place] or "–"
            sums = groups.setdefault((place, cells[place]), [0, 0])
            sums[0] += 1
            sums[1] += float(row[AMOUNT] or 0)
        cells[AMOUNT] = row[AMOUNT] or 0
        for place in (12, 13, 14):
            cells[place] = row[place]
        return [*cells, "", "", ""]

    def _write_summaries(self, book, context, groups):
        measures = [
            Measure(self.env._("Consumers")),
            Measure(self.env._("Dues (₹)"), summed=AMOUNT),
        ]
        for place, title, header in (
            (FEEDER, self.env._("By feeder"), self.env._("Feeder")),
            (VILLAGE, self.env._("By village"), self.env._("Village")),
        ):
            rows = {
                name: sums
                for (column, name), sums in sorted(groups.items(), key=lambda group: -group[1][1])
                if column == place
            }
            book.add_summary(title, place, header, rows, measures)
