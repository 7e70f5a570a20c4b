from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.phone import JUNK_PATTERN, MOBILE_PATTERN, PhoneError, normalise_mobile

#: The gravest first: it is shown where the numbers of a consumer stand out for several reasons.
FLAGS = [
    ("agent", "Number of an agent"),
    ("office", "Number of the office"),
    ("shared", "On many accounts"),
    ("junk", "Nobody's number"),
]
#: Consumers judged at once, above which PostgreSQL looks at their numbers first.
ANALYZE_ABOVE = 1_000


class ResPartner(models.Model):
    """Which numbers stand out, worked out in the database for any number of consumers."""

    _inherit = "res.partner"

    discom_number_flag = fields.Selection(
        FLAGS, "To review", copy=False, readonly=True, index="btree_not_null"
    )

    @api.model
    def _discom_flag_numbers(self, partners=None, numbers=None):
        """Set or clear the flag of consumers, in one statement.

        :param partners: ids, or SQL that selects them; all who have one of their numbers are looked
            at, too
        :param numbers: numbers that consumers had, or SQL that selects them; likewise. Where both
            are left out, all consumers are looked at
        """
        self._discom_flush_numbers()
        everyone = partners is None and numbers is None
        if everyone or isinstance(partners, SQL) or len(partners or ()) > ANALYZE_ABOVE:
            self._discom_analyze_numbers()
        named = concerned = None
        if not everyone:
            partners, numbers = (
                part if isinstance(part, SQL) else SQL("SELECT unnest(%s::%s[])", part, SQL(kind))
                for part, kind in ((partners or [], "integer"), (numbers or [], "varchar"))
            )
            # A number that is nobody's may be on thousands; how many does not matter.
            named = SQL(
                """
                named AS MATERIALIZED (
                    SELECT p.id, p.discom_whatsapp_number, p.phone_sanitized
                      FROM res_partner p WHERE p.id IN (%(partners)s)
                ), looked_at AS MATERIALIZED (
                    SELECT number
                      FROM (%(numbers)s UNION SELECT discom_whatsapp_number FROM named
                                        UNION SELECT phone_sanitized FROM named) n(number)
                     -- CASE: of a pattern alone PostgreSQL believes that hardly a number fits it.
                     WHERE CASE WHEN number ~ %(mobile)s
                                THEN right(number, 10) !~ %(junk)s ELSE FALSE END
                ),
                """,
                partners=partners,
                numbers=numbers,
                mobile=MOBILE_PATTERN,
                junk=JUNK_PATTERN,
            )
            concerned = SQL(
                """
                p.id IN (SELECT id FROM named
                          UNION SELECT other.id FROM res_partner other
                                 WHERE other.discom_whatsapp_number IN
                                       (SELECT number FROM looked_at)
                          UNION SELECT other.id FROM res_partner other
                                 WHERE other.phone_sanitized IN (SELECT number FROM looked_at))
                """
            )
        self.env.cr.execute(
            SQL(
                """
                WITH %(named)s %(judged)s, flagged AS (
                    SELECT c.id, c.discom_number_flag,
                           (%(flags)s::varchar[])[min(array_position(%(flags)s::varchar[], j.flag))]
                           AS flag
                      FROM concerned c
                 LEFT JOIN judged j ON j.id = c.id
                  GROUP BY c.id, c.discom_number_flag
                )
                UPDATE res_partner p
                   SET discom_number_flag = flagged.flag
                  FROM flagged
                 WHERE p.id = flagged.id
                   AND flagged.discom_number_flag IS DISTINCT FROM flagged.flag
                """,
                named=named or SQL(),
                judged=self._discom_judged_sql(concerned or SQL("TRUE")),
                flags=[flag for flag, _label in FLAGS],
            )
        )
        self.invalidate_model(["discom_number_flag"])

    @api.model
    def _discom_analyze_numbers(self):
        """Have PostgreSQL look at what is in the columns of the numbers, before many are judged.

        An import has just filled them: by the statistics of before there are no consumers, and each
        number would be compared with each. A small sample will do; the import ends with a full one.
        """
        self.env.cr.execute(
            """
            SET LOCAL default_statistics_target = 10;
            ANALYZE res_partner (discom_consumer, active, company_id, discom_whatsapp_number,
                                 phone_sanitized);
            RESET default_statistics_target
            """
        )

    def _discom_judge_numbers(self):
        """Return (consumer id, number, flag) of the numbers of these consumers that stand out."""
        self._discom_flush_numbers()
        return self.env.execute_query(
            SQL(
                "WITH %s SELECT id, number, flag FROM judged WHERE flag IS NOT NULL",
                self._discom_judged_sql(SQL("p.id = ANY(%s)", self.ids)),
            )
        )

    @api.model
    def _discom_flush_numbers(self):
        self.flush_model(
            ["discom_whatsapp_number", "phone", "phone_sanitized", "discom_number_flag"]
            + ["company_id", "active", "discom_consumer"]
        )

    @api.model
    def _discom_judged_sql(self, concerned):
        """Return CTEs: ``concerned`` consumers, and ``judged``, what is thought of their numbers.

        :param concerned: SQL of the consumers looked at, on the partners ``p``
        """
        return SQL(
            """
            concerned AS MATERIALIZED (
                SELECT p.id, p.company_id, p.discom_whatsapp_number, p.phone, p.phone_sanitized,
                       p.discom_number_flag, right(p.phone_sanitized, 10) ~ %(junk)s AS is_junk
                  FROM res_partner p
                 WHERE p.discom_consumer AND %(concerned)s
            ), held AS MATERIALIZED (
                SELECT id, company_id, discom_whatsapp_number AS number
                  FROM concerned WHERE discom_whatsapp_number IS NOT NULL
                 UNION
                SELECT id, company_id, phone_sanitized
                  FROM concerned
                 WHERE CASE WHEN phone_sanitized ~ %(mobile)s THEN NOT is_junk ELSE FALSE END
            ), counted AS (
                SELECT company_id, number, count(*) AS accounts
                  FROM (SELECT p.id, p.company_id, p.discom_whatsapp_number AS number
                          FROM res_partner p
                         WHERE p.discom_whatsapp_number IN (SELECT number FROM held)
                           AND p.discom_consumer AND p.active
                         UNION
                        SELECT p.id, p.company_id, p.phone_sanitized
                          FROM res_partner p
                         WHERE p.phone_sanitized IN (SELECT number FROM held)
                           AND p.discom_consumer AND p.active) holder
              GROUP BY company_id, number
            ), staff AS (
                SELECT p.phone_sanitized AS number
                  FROM res_users u
                  JOIN res_partner p ON p.id = u.partner_id
                 WHERE NOT u.share AND u.active AND p.phone_sanitized IS NOT NULL
                 UNION
                SELECT unnest(%(office)s::varchar[])
            ), judged AS (
                SELECT held.id, held.number, CASE
                       WHEN decision.verdict = 'agent' THEN 'agent'
                       WHEN staff.number IS NOT NULL THEN 'office'
                       WHEN decision.verdict IS NULL
                            AND counted.accounts > company.discom_shared_number_limit
                       THEN 'shared' END AS flag
                  FROM held
                  JOIN res_company company ON company.id = held.company_id
             LEFT JOIN counted
                    ON counted.number = held.number AND counted.company_id = held.company_id
             LEFT JOIN discom_kyc_number decision
                    ON decision.number = held.number AND decision.company_id = held.company_id
             LEFT JOIN staff ON staff.number = held.number
             UNION ALL
                SELECT id, phone, 'junk'
                  FROM concerned
                 WHERE is_junk
                    OR phone <> '' AND phone_sanitized IS NULL
            )
            """,
            concerned=concerned,
            office=self._discom_office_numbers(),
            mobile=MOBILE_PATTERN,
            junk=JUNK_PATTERN,
        )

    @api.model
    def _discom_office_numbers(self):
        """Return the mobile numbers of all offices."""
        # sudo: whether a number is an office's does not depend on where the user works.
        offices = self.env["discom.office"].sudo().with_context(active_test=False)
        numbers = set()
        for office in offices.search_fetch(
            ["|", ("phone", "!=", False), ("grievance_phone", "!=", False)],
            ["phone", "grievance_phone"],
        ):
            for text in (office.phone, office.grievance_phone):
                try:
                    numbers.add(normalise_mobile(text))
                except PhoneError:
                    # A landline or a short number is nobody's WhatsApp number.
                    continue
        return sorted(numbers)
