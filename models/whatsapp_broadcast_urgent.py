"""The first of an urgent broadcast leave while the rest of it is being planned."""

from odoo import models
from odoo.tools import SQL

from . import whatsapp_broadcast
from .whatsapp_message import PRIORITY_OUTAGE

#: As many are planned at first, while the person waits: they keep a number busy for seconds.
PLAN_FIRST = 1000


class DiscomWhatsappBroadcast(models.Model):
    """Who goes before the others is planned first, then the first of the others, in the transaction
    of *Send*. They stand out of the order in which the rest is planned."""

    _inherit = "discom.whatsapp.broadcast"

    def _start(self):
        result = super()._start()
        for broadcast in self:
            if broadcast._first_to_plan() and not broadcast._waits_for_others():
                broadcast._plan_batch()
        return result

    def _first_to_plan(self):
        """Return whether the first batch of a large urgent broadcast is still to be planned."""
        self.ensure_one()
        return (
            self.state == "planning"
            and self.priority <= PRIORITY_OUTAGE
            and not self.planned_count
            and self.total_count > whatsapp_broadcast.PLAN_AT_ONCE
        )

    def _plan_next(self, size):
        if not self._first_to_plan():
            return super()._plan_next(size)
        # One look at the audience says who is first and how many all of them are.
        self.env.cr.execute(
            SQL(
                """
                SELECT *, count(*) OVER () AS total,
                       count(*) FILTER (WHERE reason IS NULL) OVER () AS sendable
                  FROM (%s) audience
                 ORDER BY reason IS NOT NULL, NOT first, res_id, partner_id LIMIT %s
                """,
                self._audience_sql(self.user_id),
                PLAN_FIRST,
            )
        )
        rows = self.env.cr.dictfetchall()
        counts = rows[0] if rows else {"total": 0, "sendable": 0}
        self.write({"total_count": counts["total"], "send_count": counts["sendable"]})
        rows = [row for row in rows if not row["reason"]]
        if not rows:
            return super()._plan_next(size)
        self._insert_messages(rows)
        return len(rows), (self.plan_res_id, self.plan_partner_id), True

    def _audience_sql(self, user=None, partner_ids=None):
        """See `discom.whatsapp.audience`; without those who were planned out of their order."""
        query = super()._audience_sql(user, partner_ids)
        if self.priority > PRIORITY_OUTAGE or not self.planned_count:
            return query
        # NOT IN, for which PostgreSQL hashes them; as a join it may compare everybody with each.
        return SQL(
            """
            SELECT * FROM (%s) everybody
             WHERE (res_id, partner_id) NOT IN (
                       SELECT m.res_id, m.partner_id FROM discom_whatsapp_message m
                        WHERE m.broadcast_id = %s AND m.partner_id IS NOT NULL)
            """,
            query,
            self.id,
        )
