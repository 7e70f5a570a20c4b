"""What an outage cost, frozen when it ends: consumers and minutes by feeder, office and month."""

from odoo import api, fields, models
from odoo.tools import SQL

from .outage_audience import TIMEZONE
from .outage_reason import KINDS, PLANNED_KINDS


class DiscomOutageInterruption(models.Model):
    """Interruption of the consumers of one asset and one office by one outage.

    Written when supply is back, with the network as it was then, and never after: figures of a
    month that was reported stay. Where two outages overlap (a transformer fails while its feeder is
    off), the minutes in common count once, for the one that was closed first,
    and it is one interruption.
    """

    _name = "discom.outage.interruption"
    _description = "Interruption of supply"
    _order = "date_start desc, id desc"
    _rec_name = "outage_id"

    outage_id = fields.Many2one("discom.outage", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(KINDS, readonly=True)
    planned = fields.Boolean(readonly=True, help="Told ahead; counted apart by the regulator.")
    asset_id = fields.Many2one(
        "discom.asset",
        readonly=True,
        ondelete="restrict",
        help="Where the consumers are connected.",
    )
    feeder_id = fields.Many2one(
        "discom.asset",
        readonly=True,
        ondelete="restrict",
        help="Feeder of the asset, the substation where no feeder is on record.",
    )
    office_id = fields.Many2one("discom.office", readonly=True, ondelete="restrict")
    area = fields.Selection([("urban", "Urban"), ("rural", "Rural")], readonly=True)
    month = fields.Date(readonly=True, help="Month of the start, in Indian time, as its first day.")
    date_start = fields.Datetime("Start", readonly=True)
    date_end = fields.Datetime("End", readonly=True)
    minutes = fields.Float(
        readonly=True,
        digits=(12, 1),
        aggregator="max",
        help="Without those in which another outage had these consumers off already.",
    )
    consumers = fields.Integer(readonly=True)
    interruptions = fields.Integer(
        readonly=True,
        help="Consumers for whom it was an interruption of its own; 0 where an outage on record "
        "had them off already when it began or ended.",
    )
    consumer_minutes = fields.Float(
        "Consumer-minutes", readonly=True, digits=(16, 1), help="Consumers times minutes."
    )

    _outage_idx = models.Index("(outage_id)")
    _asset_time_idx = models.Index("(asset_id, date_end)")
    _month_idx = models.Index("(month, office_id, feeder_id)")

    @api.model
    def _freeze(self, outages):
        """Write what these outages cost; those frozen already are left alone.

        Three statements for any number of outages. Of outages that end together and overlap the one
        that began first has the minutes in common.

        :param outages: restored ones
        """
        Served = self.env["discom.outage.served"]
        outages.flush_recordset()
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                WITH ended AS MATERIALIZED (
                    SELECT outage.id, outage.kind, outage.date_start, outage.date_end
                      FROM discom_outage outage
                     WHERE outage.id = ANY(%(outages)s) AND outage.state = 'restored'
                       AND outage.date_end IS NOT NULL
                       AND NOT EXISTS (SELECT FROM discom_outage_interruption done
                                        WHERE done.outage_id = outage.id)
                ), hit AS MATERIALIZED (
                    SELECT affected.outage_id, affected.asset_id,
                           partner.discom_office_id AS office_id,
                           partner.discom_area AS area, count(*) AS consumers
                      FROM (%(affected)s) AS affected
                      JOIN res_partner partner ON partner.id = affected.partner_id
                     GROUP BY 1, 2, 3, 4
                )
                INSERT INTO discom_outage_interruption (
                    outage_id, kind, planned, asset_id, feeder_id, office_id, area, month,
                    date_start, date_end, consumers, interruptions, minutes, consumer_minutes,
                    create_uid, create_date, write_uid, write_date)
                SELECT outage.id, outage.kind, outage.kind = ANY(%(planned)s),
                       hit.asset_id, %(feeder)s, hit.office_id, hit.area,
                       date_trunc('month', outage.date_start AT TIME ZONE 'UTC'
                                                             AT TIME ZONE %(tz)s)::date,
                       outage.date_start, outage.date_end, hit.consumers,
                       CASE WHEN earlier.off IS NULL THEN hit.consumers ELSE 0 END,
                       own.minutes, own.minutes * hit.consumers,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM ended outage
                  JOIN hit ON hit.outage_id = outage.id
            CROSS JOIN LATERAL (
                           SELECT range_agg(tsrange(past.date_start, past.date_end)) AS off
                             FROM (SELECT date_start, date_end
                                     FROM discom_outage_interruption
                                    WHERE asset_id = hit.asset_id
                                      AND date_end > outage.date_start
                                      AND date_start < outage.date_end
                                    UNION ALL
                                   SELECT sooner.date_start, sooner.date_end
                                     FROM ended sooner
                                    WHERE (sooner.date_start, sooner.id)
                                          < (outage.date_start, outage.id)
                                      AND sooner.date_end > outage.date_start
                                      AND sooner.id IN (SELECT other.outage_id FROM hit other
                                                         WHERE other.asset_id = hit.asset_id)
                                  ) past) earlier
            CROSS JOIN LATERAL (
                           SELECT COALESCE(
                                      SUM(EXTRACT(epoch FROM upper(part) - lower(part))), 0
                                  ) / 60.0 AS minutes
                             FROM unnest(
                                      tsmultirange(tsrange(outage.date_start, outage.date_end))
                                      - COALESCE(earlier.off, '{}')) AS part) own
             LEFT JOIN discom_asset asset ON asset.id = hit.asset_id
                """,
                planned=list(PLANNED_KINDS),
                feeder=Served._sql_feeder("asset"),
                tz=TIMEZONE,
                uid=self.env.uid,
                affected=outages._sql_affected(),
                outages=outages.ids,
            )
        )
        self.invalidate_model()
        months = self.search([("outage_id", "in", outages.ids)]).mapped("month")
        Served._take(set(months))
        Served._complete(outages)


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    interruption_ids = fields.One2many("discom.outage.interruption", "outage_id", readonly=True)
    consumer_minutes = fields.Float(
        "Consumer-minutes",
        compute="_compute_cost",
        digits=(16, 0),
        help="Minutes without supply, summed over the consumers.",
    )
    interrupted_count = fields.Integer(
        "Consumers interrupted", compute="_compute_cost", help="When supply came back."
    )

    @api.depends("interruption_ids")
    def _compute_cost(self):
        sums = {
            outage.id: (consumers, minutes)
            for outage, consumers, minutes in self.env["discom.outage.interruption"]._read_group(
                [("outage_id", "in", self.ids)],
                ["outage_id"],
                ["consumers:sum", "consumer_minutes:sum"],
            )
        }
        for outage in self:
            outage.interrupted_count, outage.consumer_minutes = sums.get(outage._origin.id, (0, 0))

    @api.model_create_multi
    def create(self, vals_list):
        outages = super().create(vals_list)
        outages._freeze_restored()
        return outages

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "restored":
            self._freeze_restored()
        return result

    def _freeze_restored(self):
        """Write down what those of these outages cost that are over."""
        restored = self.filtered(lambda outage: outage.state == "restored" and outage.date_end)
        if restored:
            # The figures are the system's; nobody writes them.
            self.env["discom.outage.interruption"].sudo()._freeze(restored.sudo())
