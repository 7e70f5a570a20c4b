from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.outage import OPEN_STATES
from ..models.outage_audience import ANNOUNCEMENTS
from ..models.outage_reason import PLANNED_KINDS
from ..tools.xlsx import Column
from ..tools.xlsx_summary import Chart, Measure, Table
from .report_mixin import TIMEZONE, Sheet

# Positions in a row of the data sheet.
OFFICE, KIND, REASON, CONSUMERS, MINUTES, TOLD, DUE = 0, 2, 3, 8, 9, 11, 13


class DiscomOutageRegister(models.TransientModel):
    """Outages of a period with the indices of reliability, or planned shutdowns of the month ahead,
    as a workbook to print."""

    _name = "discom.outage.register"
    _description = "Outage register"
    _inherit = ["discom.report.period"]

    _report_model = "discom.outage"
    _report_scheduled = True

    what = fields.Selection(
        [("past", "Outages of a period"), ("ahead", "Planned shutdowns ahead")],
        "Register",
        required=True,
        default="past",
    )
    date_from = fields.Date(
        default=None, compute="_compute_dates", store=True, readonly=False, precompute=True
    )
    date_to = fields.Date(
        default=None, compute="_compute_dates", store=True, readonly=False, precompute=True
    )

    @api.depends("what")
    def _compute_dates(self):
        today = self.env["discom.bill"]._today()
        for register in self:
            if register.what == "ahead":
                register.date_from = today
                register.date_to = today + timedelta(days=30)
            else:
                register.date_from = today.replace(day=1)
                register.date_to = today

    def _report_params(self):
        return {**super()._report_params(), "what": self.what}

    @api.model
    def _schedule_values(self, date_from, date_to, filters):
        if filters.get("what") == "ahead":
            # As many days again, from the morning on which it is sent.
            ahead = date_to - date_from + timedelta(days=1)
            date_from, date_to = date_from + ahead, date_to + ahead
        return super()._schedule_values(date_from, date_to, filters)

    def _report_title(self):
        if self.what == "ahead":
            return self.env._("Planned shutdowns")
        return self.env._("Outage register")

    def _report_domain(self):
        domain = self._selected_domain()
        if domain is None:
            begin, end = self._report_bounds()
            domain = (
                Domain("date_start", ">=", begin)
                & Domain("date_start", "<", end)
                & Domain("state", "!=", "cancelled")
            )
            if self.what == "ahead":
                domain &= Domain("kind", "in", PLANNED_KINDS)
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.id)
        return domain

    def _open_outages(self):
        """Outages of the report whose cost is not written yet."""
        return self.env["discom.outage"].search(
            Domain(self._report_domain()) & Domain("state", "in", OPEN_STATES)
        )

    def _report_query(self):
        return SQL(
            """
            SELECT outage.office_id, outage.name, outage.kind, %(reason)s,
                   (SELECT string_agg(%(asset)s, ', ' ORDER BY asset.parent_path)
                      FROM discom_outage_asset_rel rel
                      JOIN discom_asset asset ON asset.id = rel.asset_id
                     WHERE rel.outage_id = outage.id),
                   outage.date_start AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s,
                   outage.date_end_expected AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s,
                   outage.date_end AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s,
                   COALESCE(hit.consumers, waiting.consumers), hit.consumer_minutes,
                   (EXTRACT(epoch FROM outage.date_announced - outage.date_start) / 60)::int,
                   told.delivered, due.consumers, due.amount, outage.officer_title
              FROM discom_outage outage
              JOIN discom_outage_reason reason ON reason.id = outage.reason_id
         LEFT JOIN LATERAL (
                       SELECT SUM(consumers) AS consumers, SUM(consumer_minutes) AS consumer_minutes
                         FROM discom_outage_interruption WHERE outage_id = outage.id) hit ON TRUE
         LEFT JOIN (SELECT outage_id, count(*) AS consumers
                      FROM (%(affected)s) AS affected
                     GROUP BY outage_id) waiting ON waiting.outage_id = outage.id
         LEFT JOIN LATERAL (
                       SELECT count(*) AS delivered FROM discom_whatsapp_message message
                        WHERE message.res_model = 'discom.outage' AND message.res_id = outage.id
                          AND message.purpose IN %(announcements)s
                          AND message.state IN ('delivered', 'read')) told ON TRUE
         LEFT JOIN LATERAL (
                       SELECT SUM(hit.consumers) AS consumers, SUM(hit.amount) AS amount
                         FROM (%(due)s) hit WHERE hit.outage_id = outage.id) due ON TRUE
             WHERE outage.id IN %(outages)s
          ORDER BY outage.date_start, outage.id
            """,
            reason=self._sql_name("reason"),
            asset=self._sql_name("asset"),
            tz=TIMEZONE,
            announcements=ANNOUNCEMENTS,
            affected=self._open_outages()._sql_affected(),
            due=self._sql_due(),
            outages=self.env["discom.outage"]._search(self._report_domain()).subselect(),
        )

    def _report_columns(self):
        return [
            Column(self.env._("Office"), width=13, labels=self._office_labels(), empty="–"),
            Column(self.env._("Outage"), width=15),
            Column(
                self.env._("Kind"), width=12, labels=self._field_labels("discom.outage", "kind")
            ),
            Column(self.env._("Reason"), width=15, empty="–"),
            Column(self.env._("Assets"), width=18),
            Column(self.env._("Start"), "datetime", 16),
            Column(self.env._("Expected end"), "datetime", 16),
            Column(self.env._("Supply back at"), "datetime", 16),
            Column(self.env._("Consumers"), "integer", 10, total=True),
            Column(self.env._("Consumer-minutes"), "integer", 11, total=True),
            Column(self.env._("Minutes to announcement"), "integer", 10),
            Column(self.env._("Consumers told"), "integer", 9, total=True),
            Column(self.env._("Consumers to compensate"), "integer", 11, total=True),
            Column(self.env._("Compensation due (₹)"), "money", 12, total=True),
            Column(self.env._("Officer"), width=12),
        ]

    def _report_tables(self):
        kinds = self._field_labels("discom.outage", "kind").values()
        outages = Measure(self.env._("Outages"))
        sums = (
            Measure(self.env._("Consumers"), summed=CONSUMERS),
            Measure(self.env._("Consumer-minutes"), summed=MINUTES),
            Measure(self.env._("Consumers told"), summed=TOLD),
            Measure(self.env._("Compensation due (₹)"), summed=DUE),
        )
        return [
            Table(
                self.env._("Outages by office"),
                (OFFICE,),
                (self.env._("Office"),),
                (outages, *(Measure(kind, ((KIND, kind),)) for kind in kinds), *sums),
                Chart(tuple(range(1, 1 + len(kinds)))),
                order="name",
            ),
            Table(
                self.env._("Outages by reason"),
                (REASON,),
                (self.env._("Reason"),),
                (outages, *sums),
                Chart((0,), "bar"),
                order=0,
            ),
        ]

    def _report_sheets(self):
        sheets = super()._report_sheets()
        if self.what == "past" and self._selected_domain() is None:
            sheets += [self._indices_sheet(), self._compensation_sheet()]
        return sheets

    def _sql_due(self):
        """SELECT of what is due for the outages of the report, by outage, office, hours and rule.

        As all figures of an outage it counts the consumers of every office below its assets.
        """
        # sudo: consumers of every office below count; the user's rights have chosen the outages.
        everybody = self.with_env(self.env(su=True))
        return SQL(
            """
            SELECT line.outage_id, line.month, line.office_id, line.hours, line.rule_id,
                   SUM(line.consumers) AS consumers, SUM(line.amount) AS amount
              FROM (%(lines)s) line
             WHERE line.outage_id IN %(outages)s
             GROUP BY 1, 2, 3, 4, 5
            """,
            lines=everybody._select_all("discom.outage.compensation.due", Domain.TRUE),
            outages=self.env["discom.outage"]._search(self._report_domain()).subselect(),
        )

    def _compensation_sheet(self):
        """What the regulator's table gives, by month, office and outage."""
        query = SQL(
            """
            SELECT due.month, due.office_id, outage.name, due.hours, due.consumers, due.amount,
                   rule.source, COALESCE(rule.verified, FALSE)
              FROM (%(due)s) due
              JOIN discom_outage outage ON outage.id = due.outage_id
              JOIN discom_outage_compensation rule ON rule.id = due.rule_id
         LEFT JOIN discom_office office ON office.id = due.office_id
          ORDER BY due.month, office.parent_path, outage.date_start, outage.id, due.hours
            """,
            due=self._sql_due(),
        )
        measures = (
            Measure(self.env._("Consumers to compensate"), summed=4),
            Measure(self.env._("Compensation due (₹)"), summed=5),
        )
        month, office = self.env._("Month"), self.env._("Office")
        return Sheet(
            self.env._("Compensation"),
            query,
            [
                Column(month, "month", 10),
                Column(office, width=20, labels=self._office_labels(), empty="–"),
                Column(self.env._("Outage"), width=15),
                Column(self.env._("Hours off"), "decimal", 10),
                Column(self.env._("Consumers to compensate"), "integer", 13, total=True),
                Column(self.env._("Compensation due (₹)"), "money", 14, total=True),
                Column(self.env._("Rule"), width=32),
                Column(self.env._("Rule verified"), width=8, labels=self._yes_no()),
            ],
            [
                Table(
                    self.env._("Compensation by month and office"),
                    (0, 1),
                    (month, office),
                    measures,
                )
            ],
        )

    def _indices_sheet(self):
        """SAIFI, SAIDI and CAIDI of the months that the period touches, by feeder."""
        domain = Domain("month", "in", self._report_months())
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.id)
        query = SQL(
            """
            SELECT line.office_id, %(feeder)s, line.month, line.consumers,
                   line.interruptions, line.minutes, line.saifi, line.saidi, line.caidi,
                   line.interruptions_planned, line.minutes_planned
              FROM (%(lines)s) line
         LEFT JOIN discom_asset feeder ON feeder.id = line.feeder_id
         LEFT JOIN discom_office office ON office.id = line.office_id
          ORDER BY office.parent_path, line.month, feeder.name
            """,
            feeder=self._sql_name("feeder"),
            lines=self._select_all("discom.outage.reliability", domain),
        )
        # Over several months the consumers served are their mean, as in the view.
        [(months,)] = self.env["discom.outage.reliability"]._read_group(
            domain, [], ["month:count_distinct"]
        )
        consumers = Measure(self.env._("Consumers served"), summed=3, divided=months or 1)
        measures = (
            consumers,
            Measure(self.env._("Interruptions (unplanned)"), summed=4),
            Measure(self.env._("Consumer-minutes (unplanned)"), summed=5),
            Measure(self.env._("SAIFI (unplanned)"), share=((1,), 0), kind="decimal"),
            Measure(self.env._("SAIDI (unplanned, min)"), share=((2,), 0), kind="decimal"),
            Measure(self.env._("CAIDI (unplanned, min)"), share=((2,), 1), kind="decimal"),
            Measure(self.env._("Interruptions (planned)"), summed=9),
            Measure(self.env._("Consumer-minutes (planned)"), summed=10),
            Measure(self.env._("SAIFI (planned)"), share=((6,), 0), kind="decimal"),
            Measure(self.env._("SAIDI (planned, min)"), share=((7,), 0), kind="decimal"),
        )
        return Sheet(
            self.env._("Indices"),
            query,
            [
                Column(self.env._("Office"), width=20, labels=self._office_labels(), empty="–"),
                Column(self.env._("Feeder"), width=22, empty="–"),
                Column(self.env._("Month"), "month", 10),
                *(
                    Column(header, kind, 13, total=total)
                    for header, kind, total in (
                        (self.env._("Consumers served"), "integer", False),
                        (self.env._("Interruptions (unplanned)"), "integer", True),
                        (self.env._("Consumer-minutes (unplanned)"), "integer", True),
                        (self.env._("SAIFI (unplanned)"), "decimal", False),
                        (self.env._("SAIDI (unplanned, min)"), "decimal", False),
                        (self.env._("CAIDI (unplanned, min)"), "decimal", False),
                        (self.env._("Interruptions (planned)"), "integer", True),
                        (self.env._("Consumer-minutes (planned)"), "integer", True),
                    )
                ),
            ],
            [
                Table(
                    self.env._("Reliability by office"),
                    (0,),
                    (self.env._("Office"),),
                    measures,
                    Chart((4,), "column"),
                ),
                Table(
                    self.env._("Reliability by feeder"),
                    (1,),
                    (self.env._("Feeder"),),
                    measures,
                    order=4,
                    limit=50,
                ),
            ],
        )
