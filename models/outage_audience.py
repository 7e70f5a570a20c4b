"""Whom an outage concerns and what they are told: the WhatsApp side of `discom.outage`."""

import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..tools.indian_time import INDIA
from .outage import OPEN_STATES
from .whatsapp_message import LIVE, PRIORITY_OUTAGE

ANNOUNCEMENTS = ("outage_planned", "outage_unplanned")
#: Told to who called by itself, before an officer tells everybody.
CALLERS_NEWS = "outage_restored"
FOLLOW_UPS = ("outage_reminder", "outage_changed", "outage_restored", "outage_cancelled")
# A message that WhatsApp holds back may never come.
REACHED_STATES = ("accepted", "sent", "delivered", "read")

# One legal time for the whole of India; messages are sent by crons that have no timezone.
TIMEZONE = INDIA.key
DATETIME_FORMATS = {"hi": "EEEE d MMMM, B h:mm 'बजे'", "en": "EEEE d MMMM, h:mm a"}
UNKNOWN_END = {"hi": "समय अभी ज्ञात नहीं", "en": "not yet known"}
AND_OTHERS = {"hi": "आदि", "en": "and others"}
AREA_LENGTH = 300  # characters; a template body holds 1,024 in all
NEWS_HOURS = 2  # after which "supply is back" is no news


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    @api.model
    def _whatsapp_purposes(self):
        return {
            purpose: {
                "consent": "outages",
                "priority": PRIORITY_OUTAGE,
                "once_per_phone": True,
                # Regulation wants it told at once; a signature would come after the lights.
                "urgent": True,
                # Hours may change more than once, and a shutdown is remembered twice.
                "repeat": purpose in ("outage_changed", "outage_reminder"),
            }
            for purpose in (*ANNOUNCEMENTS, *FOLLOW_UPS)
        }

    @api.model
    def _whatsapp_variables(self):
        return {
            **super()._whatsapp_variables(),
            "area": self.env._("Assets and villages"),
            "date_start": self.env._("Beginning"),
            "date_end_expected": self.env._("Expected end"),
            "date_end": self.env._("End"),
            "reason": self.env._("Reason"),
            "kind": self.env._("Kind of outage"),
            "officer": self.env._("Officer and designation"),
        }

    @api.model
    def _whatsapp_audience(self, domain, purpose):
        """See `discom.whatsapp.mixin`.

        An announcement goes to every live consumer below the assets as the network is now, except
        who was already told of these hours. Every later message goes to those who were told.
        Consumers of other offices below a shared feeder are concerned as well, whoever announces.
        """
        self.flush_model()
        self.env["discom.whatsapp.message"].flush_model()
        if purpose in FOLLOW_UPS:
            people = self._sql_follow_up(self._search(domain).subselect(), purpose)
            return self._sql_phones_told(people, purpose) if purpose == CALLERS_NEWS else people
        # What is over meanwhile is not announced to the rest.
        outages = self.search(Domain(domain) & Domain("state", "in", OPEN_STATES))
        return SQL(
            """
            WITH affected AS (%(affected)s), chosen AS (
                SELECT id, date_start, %(chosen_end)s AS date_end
                  FROM discom_outage chosen_outage
                 WHERE id = ANY(%(ids)s)
            ), told AS (
                SELECT DISTINCT chosen.id AS outage_id, message.partner_id
                  FROM chosen
                  JOIN discom_outage other
                       ON other.state != 'cancelled'
                      AND other.date_start < chosen.date_end
                      AND chosen.date_start < %(other_end)s
                  JOIN discom_whatsapp_message message
                       ON message.res_model = 'discom.outage'
                      AND message.res_id = other.id
                      -- The composer itself knows who has this very message.
                      AND (other.id != chosen.id OR message.purpose != %(purpose)s)
                      AND message.purpose IN %(announcements)s
                      AND message.state IN %(told_states)s
                 UNION %(repeated)s
            )
            SELECT affected.outage_id AS res_id, affected.partner_id,
                   CASE WHEN told.partner_id IS NOT NULL THEN 'duplicate' END AS skip_reason
              FROM affected
              LEFT JOIN told ON (told.outage_id, told.partner_id)
                              = (affected.outage_id, affected.partner_id)
            """,
            affected=outages._sql_affected(),
            chosen_end=self._sql_end("chosen_outage"),
            ids=outages.ids,
            other_end=self._sql_end("other"),
            purpose=purpose,
            announcements=ANNOUNCEMENTS,
            told_states=LIVE,
            repeated=self._sql_repeated(outages),
        )

    @api.model
    def _sql_repeated(self, outages):
        """SELECT outage_id, partner_id of who hears the same hours from an earlier one of several
        outages that are announced together."""
        if len(outages) < 2:
            return SQL("SELECT NULL::int, NULL::int WHERE FALSE")
        return SQL(
            """
            SELECT later.outage_id, later.partner_id
              FROM affected later
              JOIN affected earlier
                   ON earlier.partner_id = later.partner_id AND earlier.outage_id < later.outage_id
              JOIN chosen mine ON mine.id = later.outage_id
              JOIN chosen other ON other.id = earlier.outage_id
             WHERE other.date_start < mine.date_end AND mine.date_start < other.date_end
            """
        )

    @api.model
    def _whatsapp_first_sql(self, purpose):
        """Life support and hospitals hear of it before the others."""
        return SQL("p.discom_priority IS NOT NULL")

    def _whatsapp_values(self, lang, purpose):
        """Values of the templates: area, date_start, date_end_expected, date_end, reason, kind,
        officer. Areas name the assets and the villages below them."""
        short = lang.split("_")[0]
        short = short if short in DATETIME_FORMATS else "en"
        outages = self.with_context(lang=lang)
        kinds = dict(outages._fields["kind"]._description_selection(outages.env))
        villages = self._villages()

        def moment(value):
            if not value:
                return UNKNOWN_END[short]
            return format_datetime(
                self.env, value, tz=TIMEZONE, dt_format=DATETIME_FORMATS[short], lang_code=lang
            )

        def named(record):
            return (short == "hi" and record.name_hi) or record.name

        def places(outage):
            off = villages.get(outage.id, [])
            return [name_hi if short == "hi" and name_hi else name for name, name_hi in off]

        values = {}
        for outage in outages:
            note = outage.reason_note
            if short == "hi":
                note = outage.note_hi or note
            texts = {
                "area": self._join_area([*map(named, outage.asset_ids), *places(outage)], short),
                "date_start": moment(outage.date_start),
                "date_end_expected": moment(outage.date_end_expected),
                "date_end": moment(outage.date_end or outage.date_end_expected),
                "reason": " – ".join(filter(None, [named(outage.reason_id), note])),
                "kind": kinds[outage.kind],
                "officer": ", ".join(filter(None, [outage.officer_id.name, outage.officer_title])),
            }
            # WhatsApp refuses line breaks, tabs and runs of blanks.
            values[outage.id] = {name: " ".join(text.split()) for name, text in texts.items()}
        return values

    def _whatsapp_stale(self, purpose):
        """What is over is not announced any more."""
        if purpose not in (*ANNOUNCEMENTS, "outage_reminder"):
            return super()._whatsapp_stale(purpose)
        return self.filtered(lambda outage: outage.state in ("restored", "cancelled"))

    def _whatsapp_expiry(self, purpose):
        """An announcement is worth sending until the outage is expected to end."""
        soon = fields.Datetime.now() + timedelta(hours=NEWS_HOURS)
        if purpose in ("outage_restored", "outage_cancelled"):
            return dict.fromkeys(self.ids, soon)
        if purpose == "outage_reminder":
            return {outage.id: outage.date_start for outage in self}
        return {outage.id: outage.date_end_expected or soon for outage in self}

    def _cancel_queued(self):
        """What is over is not announced any more to those who are still in the queue."""
        self._queued_messages().write({"state": "cancelled"})

    def _refresh_queued(self):
        """Who is still in the queue reads the times as they are after a change."""
        messages = self._queued_messages()
        messages.flush_recordset()
        for (lang, purpose), group in messages.grouped(lambda m: (m.lang, m.purpose)).items():
            outages = self.browse(set(group.mapped("res_id")))
            values = outages._whatsapp_values(lang, purpose)
            expiry = outages._whatsapp_expiry(purpose)
            for outage_id, about in group.grouped("res_id").items():
                self.env.cr.execute(
                    SQL(
                        """
                        UPDATE discom_whatsapp_message
                           SET values = values || %s::jsonb, expires_at = %s
                         WHERE id = ANY(%s) AND state = 'queued'
                        """,
                        json.dumps(values[outage_id], ensure_ascii=False),
                        expiry[outage_id],
                        about.ids,
                    )
                )
        messages.invalidate_recordset()

    def _queued_messages(self):
        """What waits of how things were; that supply is back has perhaps been queued already."""
        # sudo: the queue belongs to the engine; officers do not write messages.
        return (
            self.env["discom.whatsapp.message"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("state", "=", "queued"),
                    ("purpose", "not in", ("outage_restored", "outage_cancelled")),
                ]
            )
        )

    @api.model
    def _join_area(self, names, short):
        """Names joined by commas, cut between two names at `AREA_LENGTH` characters."""
        text = ""
        for name in dict.fromkeys(names):
            longer = f"{text}, {name}" if text else name
            if len(longer) > AREA_LENGTH:
                return f"{text} {AND_OTHERS[short]}".strip()
            text = longer
        return text

    def _count_informed(self):
        """Consumers whose announcement was accepted: ``{outage id: count}``, zeros absent."""
        if not self.ids:
            return {}
        self.env["discom.whatsapp.message"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT res_id, count(*) FROM (%s) AS informed GROUP BY res_id",
                    self._sql_informed(SQL("%s", tuple(self.ids))),
                )
            )
        )

    def _count_follow_up(self, purpose):
        """How many people hear what becomes of these outages.

        :param str purpose: of the message
        """
        if not self.ids:
            return 0
        self.env["discom.whatsapp.message"].flush_model()
        ((count,),) = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM (%s) AS people",
                self._sql_follow_up(SQL("%s", tuple(self.ids)), purpose),
            )
        )
        return count

    @api.model
    def _sql_follow_up(self, outages, purpose=None):
        """SELECT res_id, partner_id, skip_reason of who hears what becomes of an outage: who got
        the announcement, and who called because of it.

        :param outages: SQL of outage ids, in parentheses
        :param str purpose: of the message
        """
        self.env["discom.outage.call"].flush_model()
        return SQL(
            """
            %(informed)s
             UNION
            SELECT outage_id, partner_id, NULL
              FROM discom_outage_call
             WHERE outage_id IN %(outages)s
            """,
            informed=self._sql_informed(outages),
            outages=outages,
        )

    @api.model
    def _sql_phones_told(self, people, purpose):
        """SELECT res_id, partner_id, skip_reason of ``people``, duplicates those on whose phone
        somebody who called has been told by itself."""
        return SQL(
            """
            SELECT people.res_id, people.partner_id,
                   CASE WHEN EXISTS (
                       SELECT FROM discom_whatsapp_broadcast broadcast
                         JOIN discom_whatsapp_message news ON news.broadcast_id = broadcast.id
                        WHERE broadcast.partial AND broadcast.res_model = 'discom.outage'
                          AND broadcast.purpose = %(purpose)s
                          AND news.res_id = people.res_id
                          AND news.partner_id <> people.partner_id
                          AND news.phone = partner.discom_whatsapp_number
                          AND news.state IN %(live)s)
                        THEN 'duplicate' END AS skip_reason
              FROM (%(people)s) AS people
              JOIN res_partner partner ON partner.id = people.partner_id
            """,
            people=people,
            purpose=purpose,
            live=LIVE,
        )

    @api.model
    def _sql_informed(self, outages):
        """SELECT res_id, partner_id, skip_reason of those who got the announcement.

        :param outages: SQL of outage ids, in parentheses
        """
        return SQL(
            """
            SELECT DISTINCT res_id, partner_id, NULL AS skip_reason
              FROM discom_whatsapp_message
             WHERE res_model = 'discom.outage'
               AND res_id IN %(outages)s
               AND partner_id IS NOT NULL
               AND purpose IN %(announcements)s
               AND state IN %(reached)s
            """,
            outages=outages,
            announcements=ANNOUNCEMENTS,
            reached=REACHED_STATES,
        )
