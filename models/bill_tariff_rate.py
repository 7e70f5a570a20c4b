from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import formats
from ..tools.tariff_book import LOAD_UNITS, Rate, Slab, decimal_of


class DiscomTariffRate(models.Model):
    """What one kind of supply costs: by category, area, lifeline or not, metered or not."""

    _name = "discom.tariff.rate"
    _description = "Tariff Rate"
    _inherit = ["discom.tariff.part"]
    _order = "tariff_id, sequence, id"

    tariff_id = fields.Many2one("discom.tariff", required=True, index=True, ondelete="cascade")
    state = fields.Selection(related="tariff_id.state")
    sequence = fields.Integer(default=10)
    category_id = fields.Many2one("discom.category", required=True, ondelete="restrict")
    area = fields.Selection(
        [("urban", "Urban"), ("rural", "Rural")], help="Empty: urban and rural alike."
    )
    lifeline = fields.Boolean(help="For poor households, within the limits given.")
    metered = fields.Boolean(default=True)
    max_units = fields.Float(
        "Lifeline Units", digits=(12, 2), help="Holds up to so many units a month. 0: no limit."
    )
    max_load = fields.Float(
        "Lifeline Load", digits=(12, 2), help="Holds up to so many kW. 0: no limit."
    )
    slab_ids = fields.One2many("discom.tariff.slab", "rate_id", "Energy charge", copy=True)
    slab_text = fields.Char("Energy (₹/unit)", compute="_compute_slab_text")
    fixed_rate = fields.Float("Fixed Charge", digits=(12, 4), help="Rupees a month.")
    fixed_unit = fields.Selection(
        [*((key, f"per {name}") for key, name in LOAD_UNITS.items()), ("connection", "each")],
        "Per",
        required=True,
        default="kw",
        help="Fractions of a load count as the next higher unit.",
    )
    minimum_rate = fields.Float(
        "Minimum Charge",
        digits=(12, 4),
        help="Least that energy and fixed charge come to, in rupees a month for the same unit.",
    )
    subsidy_unit = fields.Float(
        "Subsidy per Unit", digits=(12, 4), help="Rupees a unit that the state pays."
    )
    subsidy_percent = fields.Float(
        "Subsidy (%)", digits=(12, 4), help="Share of the charges that the state pays."
    )
    source = fields.Text(help="Order or text that the fixed and minimum charge were taken from.")
    verified = fields.Boolean(
        help="Fixed charge, minimum and limits were compared with the order itself."
    )
    all_verified = fields.Boolean("Verified Throughout", compute="_compute_all_verified")

    _supply_uniq = models.UniqueIndex(
        "(tariff_id, category_id, COALESCE(area, ''), COALESCE(lifeline, FALSE),"
        " COALESCE(metered, FALSE))",
        "This schedule has a rate for the same category, area and kind of "
        "supply already. Change that one.",
    )
    _amounts_positive = models.Constraint(
        "CHECK (fixed_rate >= 0 AND minimum_rate >= 0 AND subsidy_unit >= 0"
        " AND subsidy_percent BETWEEN 0 AND 100 AND max_units >= 0 AND max_load >= 0)",
        "Rates and limits cannot be negative, and a subsidy is at most 100 %.",
    )

    @api.depends("category_id", "area", "lifeline", "metered")
    def _compute_display_name(self):
        areas = dict(self._fields["area"]._description_selection(self.env))
        for rate in self:
            parts = [
                rate.category_id.code,
                areas.get(rate.area),
                rate.lifeline and self.env._("lifeline"),
                not rate.metered and self.env._("un-metered"),
            ]
            rate.display_name = ", ".join(part for part in parts if part)

    @api.depends("slab_ids.upto", "slab_ids.price")
    def _compute_slab_text(self):
        for rate in self:
            below = 0
            texts = []
            slabs = rate._sorted_slabs()
            if len(slabs) == 1 and not slabs.upto:
                rate.slab_text = f"{slabs.price:.2f}"
                continue
            for slab in slabs:
                limit = (
                    f"{formats.number(below)}–{formats.number(slab.upto)}"
                    if slab.upto
                    else f"> {formats.number(below)}"
                )
                texts.append(f"{limit}: {slab.price:.2f}")
                below = slab.upto
            rate.slab_text = " · ".join(texts)

    @api.depends("verified", "slab_ids.verified")
    def _compute_all_verified(self):
        for rate in self:
            rate.all_verified = rate.verified and all(rate.slab_ids.mapped("verified"))

    @api.constrains("lifeline", "max_units", "max_load")
    def _check_limits(self):
        for rate in self:
            if not rate.lifeline and (rate.max_units or rate.max_load):
                raise ValidationError(
                    self.env._("Limits of units and load belong to lifeline rates only.")
                )

    def _sorted_slabs(self):
        """Slabs by their limit, the one without a limit last."""
        return self.slab_ids.sorted(lambda slab: slab.upto or float("inf"))

    def _tariffs(self):
        return self.tariff_id

    def _summary(self):
        return self.env._(
            "fixed %(fixed)s, minimum %(minimum)s, subsidy %(subsidy)s and %(percent)s %%, limits "
            "%(units)s units and %(load)s kW, verified %(verified)s",
            fixed=f"{self.fixed_rate:g} {self.fixed_unit}",
            minimum=f"{self.minimum_rate:g}",
            subsidy=f"{self.subsidy_unit:g}",
            percent=f"{self.subsidy_percent:g}",
            units=f"{self.max_units:g}",
            load=f"{self.max_load:g}",
            verified=self.verified,
        )

    def _plain(self):
        """The rate as the calculation takes it, with the days of its schedule."""
        self.ensure_one()
        return Rate(
            self.tariff_id.id,
            self.tariff_id.date_from,
            self.tariff_id.date_to or None,
            tuple(
                Slab(
                    decimal_of(slab.upto) if slab.upto else None,
                    decimal_of(slab.price),
                    slab.verified,
                )
                for slab in self._sorted_slabs()
            ),
            decimal_of(self.fixed_rate),
            self.fixed_unit,
            decimal_of(self.minimum_rate),
            decimal_of(self.subsidy_unit),
            decimal_of(self.subsidy_percent),
            decimal_of(self.max_units) or None,
            decimal_of(self.max_load) or None,
            self.verified,
        )
