from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from .report_mixin import TIMEZONE


class DiscomReportPeriod(models.AbstractModel):
    """A report wizard that asks from which day to which."""

    _name = "discom.report.period"
    _inherit = ["discom.report.mixin"]
    _description = "Report of a period"

    _report_selected_days = False  # what is chosen in a list is narrowed by the period as well

    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: self.env["discom.bill"]._today().replace(day=1),
    )
    date_to = fields.Date(
        "Until", required=True, default=lambda self: self.env["discom.bill"]._today()
    )

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for report in self:
            if report.date_from > report.date_to:
                raise ValidationError(
                    self.env._("The last day lies before the first. Correct one of the two.")
                )

    def _has_period(self):
        """Whether what the workbook holds depends on the period."""
        return self._report_selected_days or self._selected_domain() is None

    def _report_params(self):
        return {
            **super()._report_params(),
            "date_from": fields.Date.to_string(self.date_from),
            "date_to": fields.Date.to_string(self.date_to),
        }

    def _report_filename(self):
        if not self._has_period():
            return super()._report_filename()
        return f"{super()._report_filename()} {self.date_from} {self.date_to}"

    def _report_facts(self):
        facts = super()._report_facts()
        if self._has_period():
            period = f"{self.date_from:%d/%m/%Y} – {self.date_to:%d/%m/%Y}"
            facts.append((self.env._("Period"), period))
        return facts

    def _report_months(self):
        """First days of the months that the period touches."""
        month, months = self.date_from.replace(day=1), []
        while month <= self.date_to:
            months.append(month)
            month = (month + timedelta(days=31)).replace(day=1)
        return months

    def _report_bounds(self):
        """Begin of the period and of the day after it, in UTC as the database keeps it."""
        return tuple(
            datetime.combine(day, time.min, tzinfo=ZoneInfo(TIMEZONE))
            .astimezone(ZoneInfo("UTC"))
            .replace(tzinfo=None)
            for day in (self.date_from, self.date_to + timedelta(days=1))
        )

    @api.model
    def _schedule_values(self, date_from, date_to, filters):
        """Values of a scheduled report of these days."""
        return {"date_from": date_from, "date_to": date_to}


class DiscomReportMonth(models.AbstractModel):
    """A report wizard that asks for a billing month."""

    _name = "discom.report.month"
    _inherit = ["discom.report.mixin"]
    _description = "Report of a billing month"

    period = fields.Date(
        "Billing month",
        required=True,
        default=lambda self: self.env["discom.bill"]._today().replace(day=1),
        help="Any day of the month.",
    )

    def _report_params(self):
        return {**super()._report_params(), "period": fields.Date.to_string(self._month())}

    def _report_filename(self):
        if self._selected_domain() is not None:
            return super()._report_filename()
        return f"{super()._report_filename()} {self._month():%Y-%m}"

    def _report_facts(self):
        facts = super()._report_facts()
        if self._selected_domain() is None:
            month = format_date(self.env, self._month(), date_format="MMMM y")
            facts.append((self.env._("Billing month"), month))
        return facts

    def _month_domain(self):
        """Bills chosen in the list, else those of the month; of the office."""
        domain = self._selected_domain()
        if domain is None:
            domain = Domain("period", "=", self._month())
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.ids)
        return domain

    def _month(self):
        return self.period.replace(day=1)

    @api.model
    def _schedule_values(self, date_from, date_to, filters):
        """Values of a scheduled report of the month in which these days begin."""
        return {"period": date_from.replace(day=1)}
