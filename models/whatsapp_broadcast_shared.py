"""A large broadcast about a few records: what they say is worked out once, not for each person."""

import json
import sys
import unicodedata

from odoo import fields, models
from odoo.tools import SQL

from . import whatsapp_broadcast

#: Records that may be as few; each may have its own values for a language and an office.
MOST_RECORDS = 50
#: The database makes these messages by itself, so a batch holds more of them.
TIMES = 3
#: Stand for the person in values that are made for all.
NAME, LAST4 = "\ue000", "\ue001" * 4

_DIGITS = "".join(
    chr(code) for code in range(sys.maxunicode) if unicodedata.decimal(chr(code), None) is not None
)
#: As many digits as an Aadhaar number has, however they are parted: a person looks at such names.
_TWELVE_DIGITS = f"([{_DIGITS}][^[:alpha:]]*){{12}}"


class DiscomWhatsappBroadcast(models.Model):
    """Plans in one statement of the database what differs by name and account number alone.

    An outage of a substation says the same to 60,000 consumers. Its text is made once for each
    language and office by the same code as that of any message, with marks in the place of the
    person; the database puts in name and account number.
    """

    _inherit = "discom.whatsapp.broadcast"

    def _plan_next(self, size):
        said = self._is_large() and self._shared_values()
        if not said:
            return super()._plan_next(size)
        if size == whatsapp_broadcast.PLAN_SIZE:
            size *= TIMES
        batch = self._next_sql(size)
        [[count, first, last]] = self.env.execute_query(
            SQL(
                "SELECT count(*), min(ARRAY[res_id, partner_id]), max(ARRAY[res_id, partner_id])"
                " FROM (%s) batch",
                batch,
            )
        )
        if count:
            self.env.cr.execute(self._sql_insert_shared(batch, *said))
            self._mask_names(batch)
            self.env["discom.whatsapp.message"].invalidate_model()
            self._note_skipped(self._not_on_whatsapp(batch, first, last))
        if count < size:
            self._forget_audiences()
        return count, last, count == size

    def _shared_values(self):
        """Return what is said, as (rows, names of the variables that hold the name of the person,
        names of those that hold the account number), or None where it is not the same for many.

        A row is (record, language, office, template, version, language of the template, values,
        until when it is worth sending).
        """
        documents = self._documents_model(self.user_id)
        records = documents.search_count(self._records_domain(), limit=MOST_RECORDS + 1)
        few = records <= MOST_RECORDS and records * TIMES < self.total_count
        if not few or self._combines():
            return None
        rows = [
            {
                "res_id": res_id, "lang": lang, "office_id": office_id,
                "name": NAME, "name_hi": NAME, "account_no": LAST4,
            }
            for res_id, lang, office_id in self.env.execute_query(
                SQL(
                    "SELECT DISTINCT res_id, lang, office_id FROM %s WHERE reason IS NULL",
                    self._audience_table(),
                )
            )
        ]  # fmt: skip
        templates = self._row_templates(rows)
        self.env["discom.whatsapp.template"].union(*templates)._keep_version()
        about = self.env[self.res_model].browse({row["res_id"] for row in rows})
        expiry = about._whatsapp_expiry(self.purpose)
        said, personal = [], set()
        for row, template, values in zip(rows, templates, self._message_values(rows), strict=True):
            names, numbers = (
                tuple(sorted(key for key, text in values.items() if text == mark))
                for mark in (NAME, LAST4)
            )
            personal.add((names, numbers))
            values = {key: text for key, text in values.items() if key not in names + numbers}
            if any(NAME in text or LAST4[0] in text for text in values.values()):
                return None
            said.append(
                (
                    row["res_id"], row["lang"], row["office_id"], template.id,
                    template.version_id.id, template.lang,
                    json.dumps(values, ensure_ascii=False), expiry.get(row["res_id"]) or None,
                )
            )  # fmt: skip
        return (said, *personal.pop()) if len(personal) == 1 else None

    def _sql_insert_shared(self, batch, said, names, numbers):
        """INSERT of one message for each row of ``batch``, as :meth:`_insert_messages` makes them.

        :param SQL batch: rows of the audience
        :param said: as the others of :meth:`_shared_values`
        """
        personal = [SQL("%s::text, %s", key, _NAME_SQL) for key in names]
        personal += [SQL("%s::text, %s", key, _LAST4_SQL) for key in numbers]
        columns = zip(*said, strict=True)
        types = ("int4", "text", "int4", "int4", "int4", "text", "jsonb", "timestamp")
        return SQL(
            """
            INSERT INTO discom_whatsapp_message (
                key, direction, account_id, broadcast_id, template_id, version_id, partner_id,
                office_id, phone, lang, res_model, res_id, purpose, priority, values, state,
                skip_reason, expires_at, attempts, create_uid, create_date, write_uid, write_date)
            SELECT gen_random_uuid()::text, 'out', %(account)s, %(broadcast)s, said.template_id,
                   said.version_id, a.partner_id, a.office_id, a.phone,
                   COALESCE(said.template_lang, a.lang), %(model)s, a.res_id, %(purpose)s,
                   %(priority)s - a.first::int, said.values || jsonb_build_object(%(personal)s),
                   CASE WHEN a.reason IS NULL THEN 'queued' ELSE 'skipped' END, a.reason,
                   worth.expires_at, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM (%(batch)s) a
         LEFT JOIN unnest(%(said)s) AS said(
                       res_id, lang, office_id, template_id, version_id, template_lang, values,
                       expires_at)
                ON a.reason IS NULL AND said.res_id = a.res_id AND said.lang = a.lang
               AND said.office_id IS NOT DISTINCT FROM a.office_id
         LEFT JOIN unnest(%(ids)s::int[], %(expiry)s::timestamp[]) AS worth(res_id, expires_at)
                ON worth.res_id = a.res_id
             ORDER BY a.res_id, a.partner_id
                ON CONFLICT DO NOTHING
            """,
            account=self.account_id.id,
            broadcast=self.id,
            model=self.res_model,
            purpose=self.purpose,
            priority=self.priority,
            personal=SQL(", ").join(personal),
            batch=batch,
            said=SQL(", ").join(
                SQL("%s::%s[]", list(column), SQL.identifier(kind))
                for column, kind in zip(columns, types, strict=True)
            ),
            ids=list({row[0]: row for row in said}),
            expiry=[row[-1] for row in {row[0]: row for row in said}.values()],
            uid=self.user_id.id,
            now=fields.Datetime.now(),
        )

    def _mask_names(self, batch):
        """Cross out Aadhaar numbers in names, as in the values of any message."""
        self.env.cr.execute(
            SQL(
                "SELECT * FROM (%s) a WHERE reason IS NULL AND concat_ws(' ', name, name_hi) ~ %s",
                batch,
                _TWELVE_DIGITS,
            )
        )
        rows = self.env.cr.dictfetchall()
        if not rows:
            return
        values = [json.dumps(each, ensure_ascii=False) for each in self._message_values(rows)]
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_message m SET values = v.values
                  FROM unnest(%s::int[], %s::int[], %s::jsonb[]) AS v(res_id, partner_id, values)
                 WHERE m.broadcast_id = %s AND m.res_id = v.res_id AND m.partner_id = v.partner_id
                """,
                [row["res_id"] for row in rows],
                [row["partner_id"] for row in rows],
                values,
                self.id,
            )
        )

    def _not_on_whatsapp(self, batch, first, last):
        """Return the rows of :meth:`_note_skipped`: the first, those not on WhatsApp, the last."""
        self.env.cr.execute(SQL("SELECT * FROM (%s) a WHERE reason = 'not_on_whatsapp'", batch))
        ends = [
            {"res_id": res_id, "partner_id": partner_id, "reason": None}
            for res_id, partner_id in (first, last)
        ]
        return [ends[0], *self.env.cr.dictfetchall(), ends[1]]


_NAME_SQL = SQL(
    "COALESCE(CASE WHEN a.lang LIKE 'hi%%' THEN NULLIF(a.name_hi, '') END, NULLIF(a.name, ''),"
    " NULLIF(a.name_hi, ''), '-')"
)
_LAST4_SQL = SQL("COALESCE(NULLIF(right(a.account_no, 4), ''), '-')")
