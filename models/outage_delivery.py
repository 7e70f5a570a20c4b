"""How fast the news of an outage reached people."""

from odoo import fields, models
from odoo.tools import SQL

from .outage_audience import ANNOUNCEMENTS
from .whatsapp_message import LIVE


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    minutes_to_announce = fields.Float(
        "Minutes to announcement",
        compute="_compute_delivery",
        digits=(12, 1),
        help="From the start to the first announcement; negative where it was told ahead.",
    )
    minutes_to_half = fields.Float(
        "Minutes until 50 % delivered",
        compute="_compute_delivery",
        digits=(12, 1),
        help="From the announcement; of all messages that were to be sent. 0: not reached.",
    )
    minutes_to_most = fields.Float(
        "Minutes until 95 % delivered",
        compute="_compute_delivery",
        digits=(12, 1),
        help="From the announcement; of all messages that were to be sent. 0: not reached.",
    )

    def _compute_delivery(self):
        rows = {row[0]: row[1:] for row in self._delivery_rows()}
        for outage in self:
            announced = outage.date_announced
            half, most = rows.get(outage._origin.id, (None, None))
            outage.minutes_to_announce = _minutes(outage.date_start, announced)
            outage.minutes_to_half = _minutes(announced, half)
            outage.minutes_to_most = _minutes(announced, most)

    def _delivery_rows(self):
        """Rows (outage id, moment at which half was delivered, the same for 95 %); NULL: never."""
        if not self.ids:
            return []
        self.env["discom.whatsapp.message"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT res_id, NULLIF(half, 'infinity'), NULLIF(most, 'infinity')
                  FROM (SELECT res_id,
                               percentile_disc(0.5) WITHIN GROUP (ORDER BY moment) AS half,
                               percentile_disc(0.95) WITHIN GROUP (ORDER BY moment) AS most
                          FROM (SELECT res_id, COALESCE(delivered_at, read_at, 'infinity') AS moment
                                  FROM discom_whatsapp_message
                                 WHERE res_model = 'discom.outage' AND res_id = ANY(%s)
                                   AND direction = 'out' AND purpose IN %s AND state IN %s
                               ) message
                         GROUP BY res_id) reached
                """,
                self.ids,
                ANNOUNCEMENTS,
                (*LIVE, "failed"),
            )
        )


def _minutes(begin, end):
    """Minutes between two moments, 0 where one is missing."""
    return (end - begin).total_seconds() / 60 if begin and end else 0.0
