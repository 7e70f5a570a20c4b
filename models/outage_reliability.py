"""Reliability of supply in the indices of IEEE 1366: SAIFI, SAIDI, CAIDI."""

from odoo import fields, models
from odoo.tools import SQL

#: Each index and how it follows from sums; ``served`` is the mean of the months in the group.
_INDICES = {
    "saifi": "SUM(%(t)s.interruptions) / NULLIF(%(served)s, 0)",
    "saidi": "SUM(%(t)s.minutes) / NULLIF(%(served)s, 0)",
    "caidi": "SUM(%(t)s.minutes) / NULLIF(SUM(%(t)s.interruptions), 0)",
    "saifi_planned": "SUM(%(t)s.interruptions_planned) / NULLIF(%(served)s, 0)",
    "saidi_planned": "SUM(%(t)s.minutes_planned) / NULLIF(%(served)s, 0)",
    "caidi_planned": "SUM(%(t)s.minutes_planned) / NULLIF(SUM(%(t)s.interruptions_planned), 0)",
}


class DiscomOutageReliability(models.Model):
    """Interruptions of one feeder's consumers in one office and month, and the indices of them.

    SAIFI is interruptions a consumer served, SAIDI minutes a consumer served, CAIDI minutes an
    interruption. Only interruptions longer than a number of minutes count (setting
    ``discom_outage_sustained_minutes`` of the company). Of a group the indices are computed from
    its sums, not averaged; over several months the consumers served are their mean.
    """

    _name = "discom.outage.reliability"
    _description = "Reliability of supply"
    _auto = False
    _order = "month desc, saidi desc, id"
    _rec_name = "feeder_id"
    _depends = {
        "res.company": ["discom_outage_sustained_minutes"],
        "discom.outage.served": ["consumers", "feeder_id", "month", "office_id"],
        "discom.outage.interruption": [
            "consumer_minutes",
            "date_end",
            "date_start",
            "feeder_id",
            "interruptions",
            "month",
            "office_id",
            "planned",
        ],
    }

    month = fields.Date(readonly=True)
    feeder_id = fields.Many2one("discom.asset", readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    consumers = fields.Integer(
        "Consumers served",
        readonly=True,
        aggregator="avg",
        help="At the count of the month; over several months their mean.",
    )
    interruptions = fields.Float(
        "Interruptions (unplanned)", digits=(16, 0), readonly=True, help="Consumers interrupted."
    )
    minutes = fields.Float("Consumer-minutes (unplanned)", digits=(16, 0), readonly=True)
    interruptions_planned = fields.Float(
        "Interruptions (planned)", digits=(16, 0), readonly=True, help="Consumers interrupted."
    )
    minutes_planned = fields.Float("Consumer-minutes (planned)", digits=(16, 0), readonly=True)
    saifi = fields.Float("SAIFI (unplanned)", digits=(16, 3), readonly=True)
    saidi = fields.Float("SAIDI (unplanned, min)", digits=(16, 1), readonly=True)
    caidi = fields.Float("CAIDI (unplanned, min)", digits=(16, 1), readonly=True)
    saifi_planned = fields.Float("SAIFI (planned)", digits=(16, 3), readonly=True)
    saidi_planned = fields.Float("SAIDI (planned, min)", digits=(16, 1), readonly=True)
    caidi_planned = fields.Float("CAIDI (planned, min)", digits=(16, 1), readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT served.id, served.month, served.feeder_id, served.office_id, served.company_id,
                   served.consumers,
                   sums.interruptions, sums.minutes,
                   sums.interruptions_planned, sums.minutes_planned,
                   sums.interruptions / NULLIF(served.consumers, 0) AS saifi,
                   sums.minutes / NULLIF(served.consumers, 0) AS saidi,
                   sums.minutes / NULLIF(sums.interruptions, 0) AS caidi,
                   sums.interruptions_planned / NULLIF(served.consumers, 0) AS saifi_planned,
                   sums.minutes_planned / NULLIF(served.consumers, 0) AS saidi_planned,
                   sums.minutes_planned / NULLIF(sums.interruptions_planned, 0) AS caidi_planned
              FROM discom_outage_served served
              JOIN res_company company ON company.id = served.company_id
              JOIN LATERAL (
                       SELECT COALESCE(SUM(hit.interruptions)
                                           FILTER (WHERE NOT hit.planned), 0)::float8
                                  AS interruptions,
                              COALESCE(SUM(hit.consumer_minutes)
                                           FILTER (WHERE NOT hit.planned), 0)::float8 AS minutes,
                              COALESCE(SUM(hit.interruptions) FILTER (WHERE hit.planned), 0)::float8
                                  AS interruptions_planned,
                              COALESCE(SUM(hit.consumer_minutes)
                                           FILTER (WHERE hit.planned), 0)::float8
                                  AS minutes_planned
                         FROM discom_outage_interruption hit
                        WHERE hit.month = served.month
                          AND hit.office_id = served.office_id
                          AND hit.feeder_id IS NOT DISTINCT FROM served.feeder_id
                          AND hit.date_end - hit.date_start
                              > company.discom_outage_sustained_minutes * interval '1 minute'
                   ) sums ON TRUE
            """
        )

    def _read_group_select(self, aggregate_spec, query):
        """An index of a group follows from the sums of the group; it is no sum or mean of indices.

        Consumers of a group are those of all its feeders, taken over its months on average.
        """
        name, _colon, function = aggregate_spec.partition(":")
        table = SQL.identifier(self._table)
        served = SQL("(SUM(%(t)s.consumers)::float8 / COUNT(DISTINCT %(t)s.month))", t=table)
        if name == "consumers" and function:
            return served
        if name in _INDICES and function:
            return SQL(_INDICES[name], t=table, served=served)
        return super()._read_group_select(aggregate_spec, query)
