"""What becomes of an outage while another one has the same consumers off."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .outage_audience import ANNOUNCEMENTS, REACHED_STATES

#: News that would be untrue for whom another outage has off: states of such another.
KEPT_BACK = {
    "outage_restored": ("ongoing",),
    "outage_cancelled": ("announced", "ongoing"),
}
#: What those hear as well who were not told of an outage because another one had told them.
TOLD_BY_ANOTHER = ("outage_reminder", "outage_restored")


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    @api.model
    def _whatsapp_audience(self, domain, purpose):
        """See `discom.whatsapp.mixin`; supply is not back for whom another outage has off still.

        They hear it with the end of that one.
        """
        people = super()._whatsapp_audience(domain, purpose)
        if purpose not in KEPT_BACK:
            return people
        others = self.search(domain)._off_as_well(KEPT_BACK[purpose])
        if not others:
            return people
        return SQL(
            """
            SELECT people.res_id, people.partner_id,
                   CASE WHEN people.partner_id IN (
                                 SELECT partner_id FROM (%(affected)s) AS affected)
                        THEN 'not_applicable' ELSE people.skip_reason END AS skip_reason
              FROM (%(people)s) AS people
            """,
            affected=others._sql_affected(),
            people=people,
        )

    def _off_as_well(self, states):
        """Return the other outages above, at or below the same assets in the same hours.

        :param states: of these others
        """
        assets = self.asset_ids.ids
        if not assets:
            return self.browse()
        now = fields.Datetime.now()
        begin = min(self.mapped("date_start"))
        end = max(now, *(outage.date_end_expected or now for outage in self))
        # sudo: an outage that another office has recorded keeps these consumers off as well.
        return self.sudo().search(
            Domain("id", "not in", self.ids)
            & Domain("state", "in", states)
            & Domain("date_start", "<", end)
            & (
                Domain("state", "=", "ongoing")
                | Domain("date_end_expected", "=", False)
                | Domain("date_end_expected", ">", begin)
            )
            & (Domain("asset_ids", "child_of", assets) | Domain("asset_ids", "parent_of", assets))
        )

    @api.model
    def _sql_follow_up(self, outages, purpose=None):
        """See above; of the end, and before the start, those hear as well who were not told of the
        outage because another one had told them of these hours."""
        people = super()._sql_follow_up(outages, purpose)
        if purpose not in TOLD_BY_ANOTHER:
            return people
        return SQL(
            """
            %(people)s
             UNION
            SELECT skipped.res_id, skipped.partner_id, NULL
              FROM discom_whatsapp_message skipped
              JOIN discom_outage mine ON mine.id = skipped.res_id
             WHERE skipped.res_model = 'discom.outage'
               AND skipped.res_id IN %(outages)s
               AND skipped.purpose IN %(announcements)s
               AND skipped.skip_reason = 'duplicate'
               AND EXISTS (
                       SELECT FROM discom_whatsapp_message told
                         JOIN discom_outage other ON other.id = told.res_id
                        WHERE told.partner_id = skipped.partner_id
                          AND told.res_model = 'discom.outage'
                          AND told.res_id NOT IN %(outages)s
                          AND told.purpose IN %(announcements)s
                          AND told.state IN %(reached)s
                          AND other.date_start < %(mine_end)s
                          AND mine.date_start < %(other_end)s)
            """,
            people=people,
            outages=outages,
            announcements=ANNOUNCEMENTS,
            reached=REACHED_STATES,
            mine_end=self._sql_end("mine"),
            other_end=self._sql_end("other"),
        )


class DiscomOutageCall(models.Model):
    _inherit = "discom.outage.call"

    def _move_to_others(self):
        """Tie these calls to outages that have their consumers off still; return those calls."""
        known = self.env["discom.outage"]._known_for(self.partner_id)
        rows = [
            (call.id, outage.id)
            for call in self
            for outage in known[call.partner_id.id].filtered(lambda o: o.state == "ongoing")[:1]
        ]
        moved = self._by_outage(rows)
        for outage_id, calls in moved.items():
            calls.outage_id = outage_id
        return self.browse().concat(*moved.values())
