from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_date
from odoo.tools.translate import LazyTranslate

from ..tools import formats

_lt = LazyTranslate(__name__)

# kind: label, unit
KINDS = {
    "fppas": ("FPPAS", "%"),
    "duty": ("Electricity duty", "%"),
    "rebate": ("Rebate for payment in time", "%"),
    "excess_demand": ("Multiplier for excess demand", "×"),
    "norm": ("Norm for a defective meter", _lt("units/kW/month")),
    "ceiling": ("Ceiling of consumption", _lt("units/kW/month")),
    "average_months": ("Months billed by the average", _lt("months")),
    "lpsc_first": ("Late payment surcharge, first months", _lt("%/month")),
    "lpsc_first_months": ("Months of the first surcharge", _lt("months")),
    "lpsc_after": ("Late payment surcharge, after them", _lt("%/month")),
    "bhp_kw": ("kW of one BHP", "kW"),
    "power_factor": ("kW of one kVA", "kW"),
    "kvah_from": ("kVAh billing from a load of", "kW"),
    "due_days": ("Days to pay", _lt("days")),
}
# Figures that differ by category; the others hold for every connection.
BY_CATEGORY = ("fppas", "duty", "rebate", "excess_demand", "norm", "ceiling")
SIGNED = ("fppas",)


class DiscomTariffValue(models.Model):
    """A dated figure of the tariff that is no rate: a percentage, factor, norm or period.

    A figure without a category holds for all that have none of their own. Recording a later one
    ends the one before it. The FPPAS is given month by month, with its sign, and holds for its
    month only.
    """

    _name = "discom.tariff.value"
    _description = "Dated Tariff Figure"
    _inherit = ["discom.tariff.dated"]
    _order = "kind, date_from desc, id desc"

    kind = fields.Selection(
        [(kind, label) for kind, (label, _unit) in KINDS.items()], required=True, tracking=True
    )
    category_id = fields.Many2one(
        "discom.category", ondelete="restrict", tracking=True, help="Empty: all others."
    )
    value = fields.Float(digits=(12, 4), required=True, aggregator=None, tracking=True)
    unit = fields.Char(compute="_compute_unit")
    base = fields.Selection(
        [
            ("charges", "Energy, fixed and minimum charge"),
            ("energy", "Energy charge"),
            ("charges_fppas", "The charges with FPPAS"),
        ],
        "Taken of",
        required=True,
        default="charges",
        tracking=True,
        help="What a percentage is taken of.",
    )
    month_name = fields.Char("Month", compute="_compute_month_name")
    verified = fields.Boolean(tracking=True, help="Compared with the order itself.")

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_unit(self):
        for record in self:
            record.unit = self.env._(KINDS[record.kind][1]) if record.kind else False

    @api.depends("date_from")
    @api.depends_context("lang")
    def _compute_month_name(self):
        for record in self:
            record.month_name = record.date_from and formats.medium_month(
                record.date_from, self.env.lang
            )

    @api.depends("kind", "category_id", "date_from", "value")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            parts = [labels.get(record.kind), record.category_id.code]
            if record.date_from:
                parts.append(format_date(self.env, record.date_from))
            record.display_name = " · ".join(part for part in parts if part)

    @api.constrains("kind", "category_id", "value")
    def _check_value(self):
        for record in self:
            if record.value < 0 and record.kind not in SIGNED:
                raise ValidationError(
                    self.env._("%(name)s cannot be negative.", name=record.display_name)
                )
            if record.category_id and record.kind not in BY_CATEGORY:
                raise ValidationError(
                    self.env._(
                        "%(name)s holds for all categories. Leave the category empty.",
                        name=record.display_name,
                    )
                )

    @api.constrains("kind", "category_id", "date_from", "date_to", "company_id")
    def _check_overlap(self):
        for record in self:
            twin = self.search(
                [("id", "!=", record.id), *record._overlap_domain()],
                limit=1,
            )
            if twin:
                raise ValidationError(
                    self.env._(
                        "“%(mine)s” and “%(other)s” would hold on the same days. End one of them.",
                        mine=record.display_name,
                        other=twin.display_name,
                    )
                )

    def _overlap_domain(self):
        domain = [
            ("kind", "=", self.kind),
            ("category_id", "=", self.category_id.id),
            ("company_id", "in", [self.company_id.id, False]) if self.company_id else (1, "=", 1),
            "|",
            ("date_to", "=", False),
            ("date_to", ">=", self.date_from),
        ]
        if self.date_to:
            domain.append(("date_from", "<=", self.date_to))
        return domain

    @api.model
    def _bill_uses(self):
        return SQL("(rule.category_id IS NULL OR rule.category_id = bill.category_id)")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._set_month(vals, vals.get("kind", self.env.context.get("default_kind")))
            self._end_former(vals)
        return super().create(vals_list)

    def write(self, vals):
        if "date_from" in vals:
            for record in self:
                self._set_month(vals, vals.get("kind", record.kind))
        return super().write(vals)

    @api.model
    def _set_month(self, vals, kind):
        """Widen the days of an FPPAS to its whole month, in place."""
        if kind == "fppas" and vals.get("date_from"):
            first = fields.Date.to_date(vals["date_from"]).replace(day=1)
            vals["date_from"] = first
            vals["date_to"] = first + relativedelta(day=31)

    @api.model
    def _end_former(self, vals):
        """A figure ends the open one of its kind that began before it."""
        kind = vals.get("kind", self.env.context.get("default_kind"))
        if not vals.get("date_from") or not kind or kind == "fppas":
            return
        first = fields.Date.to_date(vals["date_from"])
        former = self.search(
            [
                ("kind", "=", kind),
                ("category_id", "=", vals.get("category_id") or False),
                ("company_id", "=", vals.get("company_id") or False),
                ("date_from", "<", first),
                ("date_to", "=", False),
            ]
        )
        if former:
            former.date_to = first - relativedelta(days=1)
