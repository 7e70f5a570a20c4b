from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.xlsx import Column, Labels
from ..tools.xlsx_summary import Chart, Measure, Table

# Positions in a row of the data sheet.
DAY, WHO, OFFICE, KIND, OF, NUMBER = 0, 2, 3, 4, 5, 7


class DiscomAuditExtract(models.TransientModel):
    """Entries of the audit journal of a period: who did what, to how many records, why."""

    _name = "discom.audit.extract"
    _inherit = ["discom.report.period"]
    _description = "Audit extract"

    _report_model = "discom.audit.entry"
    _report_scheduled = True

    user_id = fields.Many2one("res.users", "Who", help="Empty: all.")
    kind = fields.Selection(
        selection=lambda self: (
            self.env["discom.audit.entry"]._fields["kind"]._description_selection(self.env)
        ),
        string="What",
        help="Empty: all.",
    )

    def _report_params(self):
        return {**super()._report_params(), "user_id": self.user_id.id, "kind": self.kind}

    def _report_title(self):
        return self.env._("Audit extract")

    def _report_facts(self):
        facts = super()._report_facts()
        if self.user_id:
            facts.append((self.env._("Who"), self.user_id.name))
        if self.kind:
            kinds = self._field_labels("discom.audit.entry", "kind")
            facts.append((self.env._("What"), kinds[self.kind]))
        return facts

    def _report_domain(self):
        domain = self._selected_domain()
        if domain is None:
            begin, end = self._report_bounds()
            domain = Domain("at", ">=", begin) & Domain("at", "<", end)
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.ids)
        if self.user_id:
            domain &= Domain("user_id", "=", self.user_id.id)
        if self.kind:
            domain &= Domain("kind", "=", self.kind)
        return domain

    def _report_query(self):
        return SQL(
            """
            SELECT (entry.at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Kolkata')::date,
                   entry.at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Kolkata',
                   person.name, entry.office_id, entry.kind, entry.model, entry.res_id,
                   entry.number, entry.text, entry.reason, entry.ip
              FROM discom_audit_entry entry
              JOIN res_users account ON account.id = entry.user_id
              JOIN res_partner person ON person.id = account.partner_id
             WHERE entry.id IN %s
          ORDER BY entry.id
            """,
            self.env["discom.audit.entry"]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self):
        # sudo: names of models, which only administrators may read.
        names = self.env["ir.model"].sudo().search([("model", "in", list(self.env))])
        return [
            Column(self.env._("Day"), "date", 10.5),
            Column(self.env._("When"), "datetime", 16),
            Column(self.env._("Who"), width=15),
            Column(self.env._("Office"), width=15, labels=self._office_labels(), empty="–"),
            Column(
                self.env._("What"),
                width=15,
                labels=self._field_labels("discom.audit.entry", "kind"),
            ),
            Column(
                self.env._("Of"),
                width=15,
                labels=Labels({record.model: record.name for record in names}),
                empty="–",
            ),
            Column(self.env._("Record"), width=9),
            Column(self.env._("Records"), "integer", 9, total=True),
            Column(self.env._("Details"), width=38),
            Column(self.env._("Reason"), width=22),
            Column(self.env._("From address"), width=14),
        ]

    def _report_tables(self):
        entries = Measure(self.env._("Entries"))
        records = Measure(self.env._("Records"), summed=NUMBER)
        who, what = self.env._("Who"), self.env._("What")
        return [
            Table(
                self.env._("By what was done"),
                (KIND,),
                (what,),
                (entries, records),
                Chart((0,), "bar"),
                order=0,
            ),
            Table(
                self.env._("By person"),
                (WHO, KIND),
                (who, what),
                (entries, records),
                order="name",
            ),
            Table(
                self.env._("By office"),
                (OFFICE,),
                (self.env._("Office"),),
                (entries, records),
                order=0,
            ),
            Table(
                self.env._("By day"),
                (DAY,),
                (self.env._("Day"),),
                (entries, records),
                Chart((0,), "column", 31),
            ),
        ]
