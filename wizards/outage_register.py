from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.outage import OPEN_STATES
from ..models.outage_audience import ANNOUNCEMENTS
from ..models.outage_reason import KINDS, PLANNED_KINDS
from ..tools.xlsx import Column, Measure
from .report_mixin import TIMEZONE

INDIA = ZoneInfo(TIMEZONE)
UTC = ZoneInfo("UTC")
# Positions in a row of the data sheet.
OFFICE, KIND, CONSUMERS, MINUTES = 0, 2, 8, 9


class DiscomOutageRegister(models.TransientModel):
    """Outages of a period, or planned shutdowns of the month ahead, as a workbook to print."""

    _name = "discom.outage.register"
    _description = "Outage register"
    _inherit = ["discom.report.mixin"]

    _report_model = "discom.outage"

    what = fields.Selection(
        [("past", "Outages of a period"), ("ahead", "Planned shutdowns ahead")],
        "Register",
        required=True,
        default="past",
    )
    date_from = fields.Date(
        "From", compute="_compute_dates", store=True, readonly=False, precompute=True, required=True
    )
    date_to = fields.Date(
        "Until",
        compute="_compute_dates",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
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

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for register in self:
            if register.date_from > register.date_to:
                raise ValidationError(self.env._("The period ends before it begins."))

    def _report_params(self):
        return {
            **super()._report_params(),
            "what": self.what,
            "date_from": fields.Date.to_string(self.date_from),
            "date_to": fields.Date.to_string(self.date_to),
        }

    def _report_title(self):
        if self.what == "ahead":
            return self.env._("Planned shutdowns")
        return self.env._("Outage register")

    def _report_filename(self):
        return f"{self._report_title()} {self.date_from} {self.date_to}"

    def _report_facts(self):
        period = f"{self.date_from:%d-%m-%Y} – {self.date_to:%d-%m-%Y}"
        return [*super()._report_facts(), (self.env._("Period"), period)]

    def _report_domain(self):
        domain = self._selected_domain()
        if domain is None:
            begin = datetime.combine(self.date_from, time.min, tzinfo=INDIA).astimezone(UTC)
            end = datetime.combine(self.date_to, time.max, tzinfo=INDIA).astimezone(UTC)
            domain = (
                Domain("date_start", ">=", begin.replace(tzinfo=None))
                & Domain("date_start", "<=", end.replace(tzinfo=None))
                & Domain("state", "!=", "cancelled")
            )
            if self.what == "ahead":
                domain &= Domain("kind", "in", PLANNED_KINDS)
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.id)
        return domain

    def _report_totals(self):
        # In one snapshot with the rows: the transaction sees the database as at its start.
        count = self.env["discom.outage"].search_count(self._report_domain())
        outages = self.env["discom.outage"]._search(self._report_domain())
        consumers, minutes = self.env["discom.outage.interruption"]._read_group(
            [("outage_id", "in", outages)], [], ["consumers:sum", "consumer_minutes:sum"]
        )[0]
        # What is not over concerns whom it concerns now.
        waiting = sum(self._open_outages()._count_affected().values())
        return count, (consumers or 0) + waiting, minutes or 0

    def _open_outages(self):
        """Outages of the report whose cost is not written yet."""
        return self.env["discom.outage"].search(
            Domain(self._report_domain()) & Domain("state", "in", OPEN_STATES)
        )

    def _report_query(self):
        self.env.flush_all()
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
                   told.delivered, outage.officer_title
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
             WHERE outage.id IN %(outages)s
          ORDER BY outage.date_start, outage.id
            """,
            reason=self._sql_name("reason"),
            asset=self._sql_name("asset"),
            tz=TIMEZONE,
            announcements=ANNOUNCEMENTS,
            affected=self._open_outages()._sql_affected(),
            outages=self.env["discom.outage"]._search(self._report_domain()).subselect(),
        )

    def _sql_name(self, alias):
        """SQL of the name in the language of the report."""
        if self.lang.startswith("hi"):
            return SQL("COALESCE(NULLIF(%(a)s.name_hi, ''), %(a)s.name)", a=SQL.identifier(alias))
        return SQL.identifier(alias, "name")

    def _report_columns(self, totals):
        _count, consumers, minutes = totals
        return [
            Column(self.env._("Office"), width=20),
            Column(self.env._("Outage"), width=14),
            Column(self.env._("Kind"), width=16),
            Column(self.env._("Reason"), width=24),
            Column(self.env._("Assets"), width=30),
            Column(self.env._("Start"), "datetime", 16),
            Column(self.env._("Expected end"), "datetime", 16),
            Column(self.env._("Supply back at"), "datetime", 16),
            Column(self.env._("Consumers"), "integer", 11, total=consumers),
            Column(self.env._("Consumer-minutes"), "integer", 14, total=minutes),
            Column(self.env._("Minutes to announcement"), "integer", 14),
            Column(self.env._("Consumers told"), "integer", 11),
            Column(self.env._("Officer"), width=18),
        ]

    def _prepare_context(self):
        offices = self.env["discom.outage"].search(self._report_domain()).office_id
        return {
            "kinds": dict(
                self.env["discom.outage"]._fields["kind"]._description_selection(self.env)
            ),
            "offices": {office.id: self._office_name(office) for office in offices},
        }

    def _prepare_row(self, row, context, groups):
        office_id, name, kind, reason, assets, start, expected, end, consumers, *rest = row
        minutes, announced, told, officer = rest
        office, kind = context["offices"].get(office_id, "–"), context["kinds"][kind]
        sums = groups.setdefault(office, {"outages": 0, "consumers": 0, "minutes": 0, "kinds": {}})
        sums["outages"] += 1
        sums["consumers"] += consumers or 0
        sums["minutes"] += minutes or 0
        sums["kinds"][kind] = sums["kinds"].get(kind, 0) + 1
        return [
            office,
            name,
            kind,
            reason,
            assets,
            start,
            expected,
            end,
            consumers,
            minutes,
            announced,
            told,
            officer,
        ]

    def _write_summaries(self, book, context, groups):
        kinds = [context["kinds"][kind] for kind, _label in KINDS]
        measures = [
            Measure(self.env._("Outages")),
            *(Measure(kind, column=KIND, value=kind) for kind in kinds),
            Measure(self.env._("Consumers"), summed=CONSUMERS),
            Measure(self.env._("Consumer-minutes"), summed=MINUTES),
        ]
        rows = {
            office: [
                sums["outages"],
                *(sums["kinds"].get(kind, 0) for kind in kinds),
                sums["consumers"],
                sums["minutes"],
            ]
            for office, sums in groups.items()
        }
        book.add_summary(
            self.env._("Outages by office"),
            OFFICE,
            self.env._("Office"),
            rows,
            measures,
            chart=range(1, 1 + len(kinds)),
        )
