from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .outage_audience import TIMEZONE
from .outage_reason import PLANNED_KINDS


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
        "Hours cannot be negative, and an amount is above zero.",
    )
    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "It ends before it begins."
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


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    compensation_amount = fields.Monetary(
        "Compensation due",
        compute="_compute_compensation",
        help="By the regulator's table, for all consumers together.",
    )
    compensation_consumers = fields.Integer(
        "Consumers to compensate", compute="_compute_compensation"
    )
    compensation_verified = fields.Boolean(compute="_compute_compensation")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")

    def _compute_currency_id(self):
        self.currency_id = self.env.ref("base.INR")

    def _compute_compensation(self):
        rows = {row[0]: row[1:] for row in self._compensation_rows()}
        for outage in self:
            amount, consumers, verified = rows.get(outage._origin.id, (0, 0, True))
            outage.compensation_amount = amount
            outage.compensation_consumers = consumers
            outage.compensation_verified = verified

    def _compensation_rows(self):
        """Rows (outage id, rupees, consumers, whether every rule used was verified)."""
        if not self.ids:
            return []
        self.env["discom.outage.interruption"].flush_model()
        self.env["discom.outage.compensation"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT hit.outage_id,
                       SUM(hit.consumers * rule.amount * CASE
                               WHEN rule.period_hours > 0
                               THEN CEIL((hit.minutes / 60.0 - rule.hours) / rule.period_hours)
                               ELSE 1 END)::float8,
                       SUM(hit.consumers)::int,
                       bool_and(COALESCE(rule.verified, FALSE))
                  FROM discom_outage_interruption hit
                  JOIN discom_outage outage ON outage.id = hit.outage_id
            CROSS JOIN LATERAL (
                           -- Rules change at midnight in India.
                           SELECT (outage.date_start AT TIME ZONE 'UTC'
                                   AT TIME ZONE %(tz)s)::date AS day) began
                  JOIN LATERAL (
                           SELECT asset.kind
                             FROM discom_outage_asset_rel rel
                             JOIN discom_asset asset ON asset.id = rel.asset_id
                            WHERE rel.outage_id = outage.id
                            ORDER BY length(asset.parent_path) LIMIT 1) failed ON TRUE
                  JOIN LATERAL (
                           SELECT rule.*
                             FROM discom_outage_compensation rule
                            WHERE rule.active
                              AND began.day BETWEEN rule.date_from
                                                AND COALESCE(rule.date_to, 'infinity')
                              AND COALESCE(rule.planned, FALSE) = (outage.kind = ANY(%(planned)s))
                              AND (rule.area IS NULL OR rule.area = hit.area)
                              AND (rule.asset_kind IS NULL OR rule.asset_kind = failed.kind)
                            ORDER BY rule.area IS NULL, rule.asset_kind IS NULL
                            LIMIT 1) rule ON hit.minutes > rule.hours * 60
                 WHERE hit.outage_id = ANY(%(ids)s)
                 GROUP BY hit.outage_id
                """,
                planned=list(PLANNED_KINDS),
                tz=TIMEZONE,
                ids=self.ids,
            )
        )
