from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools import formats

#: What a schedule has fields of its own for, or what only a list on the screen can choose.
NOT_FILTERS = {"office_id", "lang", "selected_ids", "selected_domain"}


class DiscomReportSchedule(models.Model):
    """The filters that were chosen in the report's dialog, kept for each time it is made.

    Days are no filter: they follow from when the report is made.
    """

    _inherit = "discom.report.schedule"

    filters = fields.Json(
        "Values of the filters",
        compute="_compute_filters",
        store=True,
        readonly=False,
        precompute=True,
    )
    filter_text = fields.Char("Filters", compute="_compute_filter_text")

    @api.depends("report")
    def _compute_filters(self):
        # Another report knows other filters.
        self.filters = False

    @api.depends("filters", "report")
    @api.depends_context("lang")
    def _compute_filter_text(self):
        for schedule in self:
            schedule.filter_text = schedule._describe_filters()

    @api.constrains("filters", "report")
    def _check_filters(self):
        for schedule in self.filtered("filters"):
            if not isinstance(schedule.filters, dict) or schedule.filters.keys() - set(
                self._filter_names(schedule.report)
            ):
                raise ValidationError(
                    self.env._(
                        "This report does not know these filters. Set it up anew from its dialog."
                    )
                )
            try:
                schedule._filter_values()
            except (ValueError, TypeError) as error:
                raise ValidationError(
                    self.env._(
                        "A filter of this report has a value that does not exist. Set the "
                        "report up anew from its dialog."
                    )
                ) from error

    @api.model
    def _filter_names(self, report):
        """Names of the fields by which the dialog of ``report`` narrows it down."""
        model = self.env[report]
        today = fields.Date.context_today(self)
        days = model._schedule_values(today, today, {})
        return [
            name for name in model.new({})._report_params() if name not in NOT_FILTERS | set(days)
        ]

    @api.model
    def _filters_of(self, report):
        """Filters chosen in ``report``, the dialog; JSON."""
        params = report._report_params()
        return {name: params[name] for name in self._filter_names(report._name) if params[name]}

    def _filter_values(self):
        """Values of the dialog's fields for the filters.

        :raise ValueError: where a value is none of the field's
        :raise UserError: where a record that was chosen has been deleted
        """
        model, values = self.env[self.report], {}
        for name, value in (self.filters or {}).items():
            field = model._fields[name]
            values[name] = field.convert_to_write(field.convert_to_cache(value, model), model)
            if field.type == "many2one" and not self.env[field.comodel_name].browse(value).exists():
                raise UserError(
                    self.env._(
                        "What was chosen as %(filter)s has been deleted. Set the report up anew.",
                        filter=field._description_string(self.env),
                    )
                )
        return values

    def _describe_filters(self):
        """What the filters say, such as "Tariff category: LMV-1, Only who never paid"."""
        if not self.filters or not self.report:
            return False
        model, texts = self.env[self.report], []
        for name, value in self.filters.items():
            field = model._fields[name]
            label = field._description_string(self.env)
            if field.type == "boolean":
                texts.append(label)
                continue
            if field.type == "selection":
                value = dict(field._description_selection(self.env)).get(value, value)
            elif field.type == "many2one":
                value = self.env[field.comodel_name].browse(value).exists().display_name or "–"
            elif field.type in ("integer", "float"):
                value = formats.number(value)
            texts.append(f"{label}: {value}")
        return ", ".join(texts)
