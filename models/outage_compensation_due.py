"""What is due to consumers by the regulator's table, by outage, and by month and office."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import formats
from .network_asset import KINDS as ASSET_KINDS
from .outage_audience import TIMEZONE
from .outage_reason import PLANNED_KINDS


class DiscomOutageCompensationDue(models.Model):
    """Compensation due for the interruption of one asset's consumers, by the rule in force.

    Each outage is looked at by itself. Interruptions within the time of the rule, and those that no
    rule speaks of, are absent.
    """

    _name = "discom.outage.compensation.due"
    _description = "Compensation due"
    _auto = False
    _order = "month desc, amount desc, id"
    _rec_name = "outage_id"
    _depends = {
        "discom.asset": ["kind", "parent_path"],
        "discom.office": ["company_id"],
        "discom.outage": ["asset_ids"],
        "discom.outage.compensation": [
            *("active", "amount", "area", "asset_kind", "currency_id", "date_from", "date_to"),
            *("hours", "period_hours", "planned", "verified"),
        ],
        "discom.outage.interruption": [
            *("area", "consumers", "date_start", "feeder_id", "kind", "minutes", "month"),
            *("office_id", "outage_id"),
        ],
    }

    outage_id = fields.Many2one("discom.outage", readonly=True)
    month = fields.Date(readonly=True, help="Month of the start, in Indian time, as its first day.")
    month_name = fields.Char("Name of the Month", compute="_compute_month_name")
    office_id = fields.Many2one("discom.office", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    feeder_id = fields.Many2one("discom.asset", readonly=True)
    area = fields.Selection([("urban", "Urban"), ("rural", "Rural")], readonly=True)
    asset_kind = fields.Selection(
        ASSET_KINDS, "What failed", readonly=True, help="The highest asset of the outage."
    )
    planned = fields.Boolean(readonly=True)
    hours = fields.Float("Hours off", readonly=True, aggregator="max")
    consumers = fields.Integer("Consumers to compensate", readonly=True)
    amount = fields.Monetary("Compensation due", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    rule_id = fields.Many2one("discom.outage.compensation", readonly=True)
    verified = fields.Boolean(
        "Rule verified",
        readonly=True,
        aggregator="bool_and",
        help="Somebody has read the original.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT hit.id, hit.outage_id, hit.month, hit.office_id, office.company_id,
                   hit.feeder_id, hit.area, failed.kind AS asset_kind,
                   hit.kind = ANY(%(planned)s) AS planned,
                   (hit.minutes / 60.0)::float8 AS hours, hit.consumers,
                   ROUND(hit.consumers * rule.amount * CASE
                       WHEN rule.period_hours > 0
                       THEN CEIL(ROUND(
                                ((hit.minutes / 60.0 - rule.hours) / rule.period_hours)::numeric,
                                6))
                       ELSE 1 END, 2) AS amount,
                   rule.currency_id, rule.id AS rule_id,
                   COALESCE(rule.verified, FALSE) AS verified
              FROM discom_outage_interruption hit
              JOIN discom_office office ON office.id = hit.office_id
        CROSS JOIN LATERAL (
                       -- Rules change at midnight in India.
                       SELECT (hit.date_start AT TIME ZONE 'UTC'
                               AT TIME ZONE %(tz)s)::date AS day) began
              JOIN LATERAL (
                       SELECT asset.kind
                         FROM discom_outage_asset_rel rel
                         JOIN discom_asset asset ON asset.id = rel.asset_id
                        WHERE rel.outage_id = hit.outage_id
                        ORDER BY array_position(%(kinds)s::text[], asset.kind::text)
                        LIMIT 1) failed ON TRUE
              JOIN LATERAL (
                       SELECT rule.*
                         FROM discom_outage_compensation rule
                        WHERE rule.active
                          AND began.day BETWEEN rule.date_from
                                            AND COALESCE(rule.date_to, 'infinity')
                          AND COALESCE(rule.planned, FALSE) = (hit.kind = ANY(%(planned)s))
                          AND (rule.area IS NULL OR rule.area = hit.area)
                          AND (rule.asset_kind IS NULL OR rule.asset_kind = failed.kind)
                        ORDER BY rule.area IS NULL, rule.asset_kind IS NULL
                        LIMIT 1) rule ON hit.minutes > rule.hours * 60
            """,
            planned=list(PLANNED_KINDS),
            kinds=[kind for kind, _label in ASSET_KINDS],
            tz=TIMEZONE,
        )

    @api.depends("month")
    @api.depends_context("lang")
    def _compute_month_name(self):
        for due in self:
            due.month_name = due.month and formats.month(due.month, self.env.lang)

    def action_open_outage(self):
        """Open the outage for which it is due."""
        self.ensure_one()
        return self.outage_id._get_records_action()


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
        # sudo: whoever sees the outage sees what it costs, other offices on its feeders included.
        rows = {
            outage.id: sums
            for outage, *sums in self.env["discom.outage.compensation.due"]
            .sudo()
            ._read_group(
                [("outage_id", "in", self.ids)],
                ["outage_id"],
                ["amount:sum", "consumers:sum", "verified:bool_and"],
            )
        }
        for outage in self:
            amount, consumers, verified = rows.get(outage._origin.id, (0, 0, True))
            outage.compensation_amount = amount
            outage.compensation_consumers = consumers
            outage.compensation_verified = verified
