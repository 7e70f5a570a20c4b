from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class DiscomOutageCompensation(models.Model):
    """What the regulator's table gives a consumer whose supply was off too long.

    Rows are dated and name their source, since the regulator changes them; the row in force when
    the outage began applies. Amounts are rupees a consumer.
    """

    _name = "discom.outage.compensation"
    _description = "Compensation for outages"
    _order = "date_from desc, area, hours"
    _rec_name = "source"

    area = fields.Selection(
        [("urban", "Urban"), ("rural", "Rural")], help="Empty: wherever no row names the area."
    )
    asset_kind = fields.Selection(
        [("substation", "Substation"), ("feeder", "Feeder"), ("transformer", "Transformer")],
        "What failed",
        help="Empty: whatever failed. The highest asset of the outage counts.",
    )
    planned = fields.Boolean("Planned shutdowns", help="Otherwise it is for unplanned outages.")
    hours = fields.Float(
        "Longer than (hours)", required=True, help="Supply has to be back within this time."
    )
    amount = fields.Monetary(required=True, help="Rupees a consumer for each period begun.")
    period_hours = fields.Float(
        "For every (hours)", default=24, required=True, help="0: once, however long it takes."
    )
    date_from = fields.Date("In force from", required=True)
    date_to = fields.Date("Until", help="Empty: still in force.")
    source = fields.Char(required=True, help="Order or regulation, with its clause.")
    verified = fields.Boolean(help="Somebody has read the original.")
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.ref("base.INR")
    )
    active = fields.Boolean(default=True)

    _positive = models.Constraint(
        "CHECK (hours >= 0 AND amount > 0 AND period_hours >= 0)",
        "Hours cannot be negative, and the amount must be above zero.",
    )
    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "The last day lies before the first. Correct one of the two.",
    )

    @api.constrains("area", "asset_kind", "planned", "date_from", "date_to", "active")
    def _check_overlap(self):
        for rule in self.filtered("active"):
            same = Domain("id", "!=", rule.id)
            for name in ("area", "asset_kind", "planned"):
                same &= Domain(name, "=", rule[name])
            same &= Domain("date_to", "=", False) | Domain("date_to", ">=", rule.date_from)
            if rule.date_to:
                same &= Domain("date_from", "<=", rule.date_to)
            if other := self.search(same, limit=1):
                raise ValidationError(
                    self.env._(
                        "“%(other)s” applies to the same outages in the same time. End it the day "
                        "before this one begins.",
                        other=other.source,
                    )
                )
