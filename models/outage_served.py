"""How many consumers each feeder served in a month: what reliability indices are divided by."""

from odoo import api, fields, models
from odoo.tools import SQL


class DiscomOutageServed(models.Model):
    """Live consumers of one office on one feeder in one month.

    Taken once a month, as at the first run in it; a month in which an outage ended has it in any
    case. What is counted later does not change figures that were reported.
    """

    _name = "discom.outage.served"
    _description = "Consumers served in a month"
    _order = "month desc, office_id, feeder_id"
    _rec_name = "feeder_id"

    month = fields.Date(required=True, readonly=True)
    feeder_id = fields.Many2one("discom.asset", readonly=True, ondelete="restrict")
    office_id = fields.Many2one("discom.office", readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", readonly=True)
    consumers = fields.Integer(readonly=True)

    _once = models.UniqueIndex(
        "(month, COALESCE(feeder_id, 0), office_id)", "This month was counted already."
    )

    @api.model
    def _cron_take(self):
        """Count the consumers served in the current month, unless that was done."""
        today = self.env["discom.bill"]._today()
        self._take({today.replace(day=1)})

    @api.model
    def _take(self, months):
        """Count who is served now for those of ``months`` that were not counted yet."""
        known = set(self.search([("month", "in", list(months))]).mapped("month"))
        missing = sorted(months - known)
        if not missing:
            return
        self.env["res.partner"].flush_model()
        self.env["discom.asset"].flush_model(["parent_path", "kind"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_outage_served (
                    month, feeder_id, office_id, company_id, consumers,
                    create_uid, create_date, write_uid, write_date)
                SELECT month, hit.feeder_id, hit.office_id, office.company_id, hit.consumers,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM unnest(%(months)s::date[]) AS month
            CROSS JOIN (
                       SELECT feeder_id, office_id, sum(consumers) AS consumers
                         FROM (SELECT %(feeder)s AS feeder_id, spot.office_id, spot.consumers
                                 FROM (SELECT partner.discom_asset_id AS asset_id,
                                              partner.discom_office_id AS office_id,
                                              count(*) AS consumers
                                         FROM res_partner partner
                                        WHERE %(live)s
                                        GROUP BY 1, 2) spot
                            LEFT JOIN discom_asset asset ON asset.id = spot.asset_id) fed
                        GROUP BY 1, 2) hit
                  JOIN discom_office office ON office.id = hit.office_id
                    ON CONFLICT DO NOTHING
                """,
                uid=self.env.uid,
                months=missing,
                feeder=self._sql_feeder("asset"),
                live=self.env["discom.outage"]._sql_live("partner"),
            )
        )
        self.invalidate_model()

    @api.model
    def _complete(self, outages):
        """Give the feeders of these outages that the count of the month does not know a row.

        A feeder that was built or took over consumers after the count served nobody at it; without
        a row its interruptions would be missing in the indices of its office.
        """
        self.env["discom.outage.interruption"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_outage_served (
                    month, feeder_id, office_id, company_id, consumers,
                    create_uid, create_date, write_uid, write_date)
                SELECT DISTINCT hit.month, hit.feeder_id, hit.office_id, office.company_id, 0,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM discom_outage_interruption hit
                  JOIN discom_office office ON office.id = hit.office_id
                 WHERE hit.outage_id = ANY(%(outages)s)
                    ON CONFLICT DO NOTHING
                """,
                uid=self.env.uid,
                outages=outages.ids,
            )
        )
        self.invalidate_model()

    @api.model
    def _sql_feeder(self, alias):
        """SQL of the nearest feeder at or above an asset, else the asset itself.

        :param str alias: table alias of ``discom_asset``; NULL where there is none
        """
        return SQL(
            """
            COALESCE(
                (SELECT feeder.id FROM discom_asset feeder
                  WHERE feeder.kind = 'feeder'
                    AND feeder.id = ANY(
                            string_to_array(trim('/' FROM %(a)s.parent_path), '/')::int[])
                  ORDER BY length(feeder.parent_path) DESC LIMIT 1),
                %(a)s.id)
            """,
            a=SQL.identifier(alias),
        )
