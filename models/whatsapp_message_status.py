import re

from odoo import api, models
from odoo.tools import SQL

#: Later words win whatever the order of arrival: a message that was delivered did not fail.
STATUS_RANK = {"sent": 3, "failed": 4, "delivered": 5, "read": 6}
#: Rank of the states that a status has to beat.
#: What was queued again after a reported failure is beaten by a delivery only.
STATE_RANK = SQL("""CASE m.state
    WHEN 'sent' THEN 3 WHEN 'failed' THEN 4 WHEN 'delivered' THEN 5 WHEN 'read' THEN 6
    WHEN 'queued' THEN CASE WHEN m.wamid IS NULL THEN 0 ELSE 4 END
    ELSE 0 END""")

_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class DiscomWhatsappMessage(models.Model):
    """What WhatsApp reports about a message after it took it."""

    _inherit = "discom.whatsapp.message"

    @api.model
    def _apply_statuses(self, rows):
        """Apply reported statuses; any order and any repetition end in the same state.

        :param list[dict] rows: ``key`` or ``wamid`` of ours, ``status``
            (sent|delivered|read|failed), ``timestamp`` (seconds since 1970, UTC), ``error_code``,
            ``error_text``, ``category``
        :return: number of messages that changed
        """
        merged = {}
        for row in rows:
            if row["status"] not in STATUS_RANK:
                continue
            key = row.get("key") if _KEY.fullmatch(row.get("key") or "") else None
            wamid = row.get("wamid") or None
            if not (key or wamid):
                continue
            story = merged.setdefault((key, wamid), {"rank": 0})
            story["rank"] = max(story["rank"], STATUS_RANK[row["status"]])
            story[row["status"]] = int(row.get("timestamp") or 0) or None
            for field in ("error_code", "error_text", "category"):
                # The code 0 is one, too.
                given = row.get(field)
                story[field] = story.get(field) if given in (None, "") else given
        if not merged:
            return 0
        self.env.flush_all()
        stories = [
            (key, wamid, s["rank"], *map(s.get, ("sent", "delivered", "read", "failed")),
             *map(s.get, ("error_code", "error_text", "category")))
            for (key, wamid), s in merged.items()
        ]  # fmt: skip
        # One statement per way of being recognised; rows are taken in the order of their ids so
        # that the sending lane and this never wait for each other in a circle.
        changed = self._apply_stories([s for s in stories if s[0]], "key")
        changed += self._apply_stories([s for s in stories if not s[0]], "wamid")
        self.invalidate_model()
        self._note_reachability(changed)
        self._after_reported_failure({row[0]: row[2] for row in changed if row[1] == "failed"})
        return len(changed)

    def _apply_stories(self, stories, column):
        """Write the merged statuses of messages recognised by ``column`` ('key' or 'wamid')."""
        if not stories:
            return []
        types = ("text", "text", "int4", *["int8"] * 4, "int4", "text", "text")
        arrays = [
            SQL("%s::%s[]", list(values), SQL.identifier(kind))
            for values, kind in zip(zip(*stories, strict=True), types, strict=True)
        ]
        self.env.cr.execute(
            SQL(
                """
            WITH v AS (
                SELECT * FROM unnest(%(arrays)s)
                    AS v(key, wamid, rank, sent, delivered, read, failed, code, reason, category)
            ), locked AS (
                SELECT m.id, v.*, %(state_rank)s AS state_rank
                  FROM v JOIN discom_whatsapp_message m ON m.%(column)s = v.%(column)s
                 ORDER BY m.id FOR NO KEY UPDATE OF m
            ), best AS (
                SELECT DISTINCT ON (id) * FROM locked ORDER BY id, rank DESC
            )
            UPDATE discom_whatsapp_message m
               SET state = CASE WHEN b.rank <= b.state_rank THEN m.state
                                ELSE (ARRAY['sent', 'failed', 'delivered', 'read'])[b.rank - 2] END,
                   wamid = COALESCE(m.wamid, b.wamid),
                   category = COALESCE(b.category, m.category),
                   sent_at = COALESCE(to_timestamp(b.sent) AT TIME ZONE 'UTC', m.sent_at),
                   delivered_at = COALESCE(
                       to_timestamp(b.delivered) AT TIME ZONE 'UTC', m.delivered_at,
                       to_timestamp(b.read) AT TIME ZONE 'UTC'),
                   read_at = COALESCE(to_timestamp(b.read) AT TIME ZONE 'UTC', m.read_at),
                   failed_at = CASE WHEN b.rank >= 5 OR b.state_rank >= 5 THEN NULL
                       ELSE COALESCE(to_timestamp(b.failed) AT TIME ZONE 'UTC', m.failed_at) END,
                   error_code = CASE WHEN b.rank >= 5 OR b.state_rank >= 5 THEN NULL
                       ELSE COALESCE(b.code, m.error_code) END,
                   error_text = CASE WHEN b.rank >= 5 OR b.state_rank >= 5 THEN NULL
                       ELSE COALESCE(b.reason, m.error_text) END,
                   write_date = now() AT TIME ZONE 'UTC'
              FROM best b
             WHERE m.id = b.id AND m.direction = 'out'
               -- A call that was refused may be reported as well, when the next try is under way.
               AND NOT COALESCE(b.rank = 4 AND (m.wamid <> b.wamid OR m.state = 'in_flight'
                        AND to_timestamp(b.failed) AT TIME ZONE 'UTC'
                            < m.claimed_at - interval '1 second'), FALSE)
            RETURNING m.id, m.state, m.error_code, m.phone, b.rank > b.state_rank, m.purpose
            """,
                arrays=SQL(", ").join(arrays),
                state_rank=STATE_RANK,
                column=SQL.identifier(column),
            )
        )
        return [row for row in self.env.cr.fetchall() if row[4]]

    def _note_reachability(self, changed):
        """Carry what a delivery proves about a number over to the consumers who gave it.

        That a code has arrived proves nothing: it proves when it is told back.

        :param changed: tuples (message id, state, error code, phone, True, purpose)
        """
        proved = {
            row[3] for row in changed if row[1] in ("delivered", "read") and row[5] != "kyc_code"
        }
        self._set_kyc_state(
            proved, ("captured", "bounced", "stale"), "verified", self.env._("Message delivered")
        )

    def _note_bounced(self, phones):
        """Carry over to the consumers that their number is not on WhatsApp."""
        self._set_kyc_state(
            phones,
            ("captured", "verified", "stale"),
            "bounced",
            self.env._("Message undeliverable: not on WhatsApp"),
        )

    def _set_kyc_state(self, phones, states, state, evidence):
        """Set the KYC state of the consumers on ``phones`` that are in one of ``states``."""
        if not phones:
            return
        self.env["discom.kyc.event"]._update(
            SQL(
                """
                UPDATE res_partner partner
                   SET discom_kyc_state = %s, discom_kyc_state_date = %s,
                       write_date = now() AT TIME ZONE 'UTC'
                 WHERE partner.discom_whatsapp_number = ANY(%s) AND partner.discom_consumer
                   AND partner.discom_kyc_state = ANY(%s)
                """,
                state,
                self.env["res.partner"]._discom_today(),
                list(phones),
                list(states),
            ),
            "whatsapp",
            evidence=evidence,
        )
