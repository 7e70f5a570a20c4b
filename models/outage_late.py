"""Whose announcement was still on its way when the others were told what became of the outage."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .outage_audience import ANNOUNCEMENTS, REACHED_STATES

#: What becomes of an outage: purpose of the message, and states of the outage in which it is true.
NEWS = {
    "outage_changed": ("announced", "ongoing"),
    "outage_restored": ("restored",),
    "outage_cancelled": ("cancelled",),
}
#: States of an announcement of which nobody knows yet whether it reaches the consumer.
DOUBTFUL_STATES = ("in_flight", "unknown", "held")
#: Reports that come later are about what nobody waits for any more.
LATE_HOURS = 24
#: A call to WhatsApp is settled within seconds; only then it is known who comes late.
LOOK_AGAIN = timedelta(minutes=1)


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    has_untold = fields.Boolean(
        compute="_compute_has_untold",
        help="Supply is back, and somebody who was told of the outage has not heard it.",
    )

    @api.depends("state")
    def _compute_has_untold(self):
        over = self.filtered(lambda outage: outage.state == "restored")
        untold = over._find_untold("outage_restored")
        for outage in self:
            outage.has_untold = outage in untold

    @api.model
    def _cron_tell_late(self):
        """Tell who got the announcement only after the others had heard what became of it.

        They join the broadcast that an officer confirmed, and only while its news is the newest.
        """
        broadcasts = self.env["discom.whatsapp.broadcast"].search(
            [
                ("res_model", "=", self._name),
                ("purpose", "in", list(NEWS)),
                ("state", "in", ("sending", "done")),
                ("partial", "=", False),
                ("date", ">", fields.Datetime.now() - timedelta(hours=LATE_HOURS)),
            ],
            order="id desc",
        )
        told, in_flight = self.browse(), False
        for broadcast in broadcasts:
            about = broadcast._documents_model(broadcast.user_id).search(
                Domain(broadcast._records_domain())
                & Domain("state", "in", NEWS[broadcast.purpose])
                & Domain("id", "not in", told.ids)
            )
            told += about
            if late := about._late_partner_ids(broadcast):
                broadcast._plan_more(late)
            in_flight = in_flight or about._count_doubtful(("in_flight",))
            self.env["ir.cron"]._commit_progress(1)
        if in_flight:
            self._look_for_late(fields.Datetime.now() + LOOK_AGAIN)

    def _late_partner_ids(self, broadcast):
        """Who got the announcement of these outages before ``broadcast`` was made and is not in it.

        Who was announced to later has read how things are now.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT first.partner_id
                  FROM discom_whatsapp_message first
                 WHERE first.res_model = 'discom.outage'
                   AND first.res_id = ANY(%(ids)s)
                   AND first.purpose IN %(announcements)s
                   AND first.state IN %(reached)s
                   AND COALESCE(first.claimed_at, first.create_date) <= %(date)s
                   AND NOT EXISTS (
                           SELECT FROM discom_whatsapp_message news
                            WHERE news.res_model = 'discom.outage'
                              AND news.res_id = first.res_id
                              AND news.partner_id = first.partner_id
                              AND (news.broadcast_id = %(broadcast)s
                                   OR news.purpose = %(purpose)s AND NOT %(repeat)s))
                """,
                ids=self.ids,
                announcements=ANNOUNCEMENTS,
                reached=REACHED_STATES,
                date=broadcast.date,
                broadcast=broadcast.id,
                purpose=broadcast.purpose,
                repeat=broadcast.purpose == "outage_changed",
            )
        )
        return [row[0] for row in rows]

    def _count_doubtful(self, states=DOUBTFUL_STATES):
        """How many announcements of these outages may still turn out to have arrived."""
        return self.env["discom.whatsapp.message"].search_count(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("purpose", "in", ANNOUNCEMENTS),
                ("state", "in", states),
            ]
        )

    def _find_untold(self, purpose):
        """Those of these outages of which somebody has not been told what became of them.

        Nobody is missing while a broadcast is being prepared.

        :param str purpose: of the message that tells it
        """
        if not self.ids:
            return self
        self.env["discom.whatsapp.message"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT outage.id
                  FROM discom_outage outage
                 WHERE outage.id = ANY(%(ids)s)
                   AND EXISTS (
                           SELECT FROM (%(people)s) AS people
                            WHERE people.res_id = outage.id
                              AND NOT EXISTS (
                                      SELECT FROM discom_whatsapp_message news
                                       WHERE news.res_model = 'discom.outage'
                                         AND news.res_id = people.res_id
                                         AND news.partner_id = people.partner_id
                                         AND news.purpose = %(purpose)s))
                """,
                ids=self.ids,
                people=self._sql_follow_up(SQL("%s", tuple(self.ids)), purpose),
                purpose=purpose,
            )
        )
        # sudo: whoever looks, another one may be sending, from an office above.
        coming = (
            self.env["discom.whatsapp.broadcast"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("purpose", "=", purpose),
                    ("state", "in", ("scheduled", "planning")),
                ]
            )
        )
        # sudo: what that one chose them by the user may not be able to read.
        about = self.browse().union(
            *[self.sudo().filtered_domain(broadcast._records_domain()) for broadcast in coming]
        )
        return self.browse(row[0] for row in rows) - about.with_env(self.env)

    def _is_news(self, purpose):
        """Whether somebody is there to tell what became of these outages.

        :param str purpose: of the message; times may be changed, and told, more than once
        """
        if purpose == "outage_changed":
            return bool(self._count_follow_up(purpose))
        return bool(self._find_untold(purpose))

    @api.model
    def _look_for_late(self, at=None):
        self.env.ref("discom.ir_cron_outage_late")._trigger(at)


class DiscomWhatsappBroadcast(models.Model):
    _inherit = "discom.whatsapp.broadcast"

    def _start(self):
        """Look once more for who comes late when the calls under way have ended."""
        result = super()._start()
        for broadcast in self:
            if broadcast.res_model == "discom.outage" and broadcast.purpose in NEWS:
                self.env["discom.outage"]._look_for_late(fields.Datetime.now() + LOOK_AGAIN)
        return result


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    def _note_reachability(self, changed):
        """A report may be the first word of an announcement whose outage is over meanwhile."""
        result = super()._note_reachability(changed)
        first = [row[0] for row in changed if row[5] in ANNOUNCEMENTS and row[1] in REACHED_STATES]
        if first and self.env.execute_query(
            SQL(
                """
                SELECT FROM discom_whatsapp_message first
                  JOIN discom_outage outage ON outage.id = first.res_id
                 WHERE first.id = ANY(%s) AND first.res_model = 'discom.outage'
                   AND outage.state IN ('restored', 'cancelled')
                   AND NOT EXISTS (
                           SELECT FROM discom_whatsapp_message news
                            WHERE news.res_model = 'discom.outage'
                              AND news.res_id = first.res_id
                              AND news.partner_id = first.partner_id
                              AND news.purpose = 'outage_' || outage.state)
                 LIMIT 1
                """,
                first,
            )
        ):
            self.env["discom.outage"]._look_for_late()
        return result
