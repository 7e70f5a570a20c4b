from odoo import fields, models
from odoo.tools import SQL

from ..tools import formats

#: Characters of the list of connections; a template's body holds 1,024 in all.
ACCOUNTS_LENGTH = 400
AND_MORE = {"hi": "और {} अन्य", "en": "and {} more"}


class DiscomWhatsappAudience(models.AbstractModel):
    """One message about all connections that share a number, in place of one for each.

    The first of them carries the message, from a template made for it; the others are skipped with
    the reason *combined*, so each of them still knows what became of it.
    """

    _inherit = "discom.whatsapp.audience"

    combine = fields.Boolean(
        "One Message per Number",
        help="Who has several connections on one number gets one message that lists them with the"
        " total, instead of one message for each.",
    )

    def _combined_templates(self):
        """Return {language: approved template} made for several connections on one number."""
        self.ensure_one()
        return {
            template.lang: template
            for template in self.env["discom.whatsapp.template"].search(
                [
                    ("account_id", "=", self.account_id.id),
                    ("purpose", "=", self.purpose),
                    ("combined", "=", True),
                    ("status", "=", "approved"),
                    ("category_drifted", "=", False),
                ],
                # Of several of a language the oldest, as in the composer.
                order="id desc",
            )
        }

    def _combines(self):
        """Whether connections on one number are told together."""
        self.ensure_one()
        return bool(
            self.combine and self._purpose_spec().get("combine") and self._combined_templates()
        )

    def _audience_sql(self, user=None, partner_ids=None):
        """See above; ``about`` holds the records of a message about several, else NULL."""
        query = super()._audience_sql(user, partner_ids)
        if not self._combines():
            return query
        return SQL(
            """
            SELECT c.res_id, c.partner_id, c.phone, c.office_id, c.name, c.name_hi, c.account_no,
                   c.family, c.lang, c.first,
                   CASE WHEN c.reason IS NULL AND c.place > 1 THEN 'combined'
                        ELSE c.reason END AS reason,
                   CASE WHEN c.reason IS NULL AND c.place = 1 AND c.size > 1
                        THEN c.together END AS about
              FROM (SELECT a.*, row_number() OVER (PARTITION BY phone, reason
                                                       ORDER BY res_id, partner_id) AS place,
                           count(*) OVER (PARTITION BY phone, reason) AS size,
                           CASE WHEN reason IS NULL
                                THEN array_agg(res_id) OVER (PARTITION BY phone, reason)
                           END AS together
                      FROM (%s) a) c
            """,
            query,
        )

    def _row_templates(self, rows):
        """Return the template of each of ``rows``; a message about several has its own."""
        templates = super()._row_templates(rows)
        if not any(row.get("about") for row in rows):
            return templates
        combined = self._combined_templates()
        return [
            (combined.get(row["lang"]) or next(iter(combined.values())))
            if row.get("about")
            else template
            for row, template in zip(rows, templates, strict=True)
        ]

    def _document_values(self, rows):
        """Add ``accounts``, ``account_count`` and ``total`` where a message is about several."""
        values = super()._document_values(rows)
        about = {res_id for row in rows for res_id in row.get("about") or ()}
        if not about:
            return values
        documents = self.env[self.res_model].browse(about)
        amounts = documents._whatsapp_amounts(self.purpose)
        numbers = {
            document.id: (document.partner_id.discom_account_no or "")[-4:]
            for document in documents
        }
        for row, found in zip(rows, values, strict=True):
            if not row.get("about"):
                continue
            ids = sorted(row["about"])
            found.update(
                accounts=_list_accounts(
                    [f"…{numbers[i]} ₹{formats.rupees(amounts[i])}" for i in ids], row["lang"]
                ),
                account_count=str(len(ids)),
                total=f"₹{formats.rupees(sum(amounts[i] for i in ids))}",
            )
        return values


def _list_accounts(parts, lang):
    """Join ``parts`` by semicolons; those for which there is no room are counted."""
    text, more = "", AND_MORE["hi" if lang.startswith("hi") else "en"]
    for place, part in enumerate(parts):
        longer = f"{text}; {part}" if text else part
        if len(longer) > ACCOUNTS_LENGTH:
            return f"{text} {more.format(len(parts) - place)}"
        text = longer
    return text
