from odoo import fields, models
from odoo.tools import SQL

from ..tools import convert
from ..tools.identity import mask_aadhaar
from .consumer_consent import METHODS, NOTICE_PURPOSES
from .consumer_kyc_event import KYC_SOURCES
from .import_column import Column
from .import_consumer import sanitize_phone

CONSENT_COLUMNS = {f"consent_{purpose}": purpose for purpose in NOTICE_PURPOSES}
MOBILE_NAMES = ("mobile_no", "phone", "मोबाइल नंबर", "मोबाइल (यदि अलग)")
# Whether a row ``s`` agrees to anything: then it stands on a notice.
_GIVES = SQL("(%s)", SQL(" OR ").join(SQL.identifier("s", name) for name in CONSENT_COLUMNS))
OUTCOME_WORDS = {
    "refused": "refused",
    "closed": "closed",
    "shifted": "shifted",
    "मना किया": "refused",
    "बंद मिला": "closed",
    "चले गए": "shifted",
}


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_kyc_hash = fields.Char(
        readonly=True,
        copy=False,
        # Who could write it would keep the row of a later file out.
        groups=fields.NO_ACCESS,
        help="Fingerprint of the row of the last KYC file.",
    )


class DiscomImport(models.Model):
    _inherit = "discom.import"

    def _columns_kyc(self):
        installed = dict(self.env["res.lang"].get_installed())
        english = "en_IN" if "en_IN" in installed else "en_US"
        hindi = "hi_IN" if "hi_IN" in installed else None
        languages = {"hi": hindi, "हिन्दी": hindi, "en": english, "english": english}
        return [
            Column(
                "account_no",
                convert.account,
                required=True,
                aliases=("account", "account_id", "खाता संख्या"),
            ),
            Column(
                "whatsapp_number",
                convert.mobile,
                aliases=("whatsapp", "whatsapp_no", "व्हाट्सऐप नंबर"),
            ),
            Column("mobile", convert.phone, aliases=MOBILE_NAMES),
            Column("phone_sanitized", sanitize_phone, source="mobile", aliases=MOBILE_NAMES),
            Column("email", convert.email),
            Column("language", convert.choice(languages), aliases=("भाषा",)),
            *(
                Column(name, convert.flag, "boolean", group=("consent", "सहमति"))
                for name in CONSENT_COLUMNS
            ),
            # Of the notice that was read out before; empty means the one in use on the day.
            Column("notice_version", convert.text),
            Column("notice_language", convert.choice(languages)),
            Column("source", convert.choice([source for source, _label in KYC_SOURCES])),
            Column("taken_on", convert.date, "date", aliases=("दिनांक",)),
            Column("taken_by", convert.text),
            Column("aadhaar_last4", convert.last4),
            # Of the sheets of a drive.
            Column("area_id", convert.integer, "integer"),
            Column("outcome", convert.choice(OUTCOME_WORDS), aliases=("result", "परिणाम")),
            Column("remarks", convert.text, aliases=("remark", "टिप्पणी")),
        ]

    def _plan_kyc(self, stage):
        return SQL(
            """
            SELECT s.row_no, partner.id AS record_id, taker.id AS taker_id,
                   shown.version AS shown_version, shown.lang AS shown_lang,
                   %(hash)s AS hash, partner.discom_kyc_hash AS old_hash,
                   partner.discom_whatsapp_number AS known_number,
                   COALESCE(s.reason, CASE
                       WHEN s.nth > 1 THEN %(duplicate)s
                       WHEN partner.id IS NULL THEN %(unknown)s
                       WHEN NOT partner.discom_office_id = ANY(%(scope)s) THEN %(foreign)s
                       WHEN s.taken_on > %(today)s THEN %(future)s
                       WHEN s.taken_by IS NOT NULL AND taker.id IS NULL THEN %(no_taker)s
                       WHEN agent.id IS NOT NULL THEN %(agent)s
                   END, %(conflict)s, CASE
                       WHEN s.notice_version IS NOT NULL AND NOT EXISTS (
                            SELECT FROM discom_consent_notice notice
                             WHERE notice.version = s.notice_version
                               AND notice.lang = COALESCE(s.notice_language, notice.lang))
                       THEN %(no_notice)s
                       WHEN %(gives)s AND shown.version IS NULL
                       THEN CASE WHEN s.notice_version IS NULL THEN %(none_in_use)s
                                 ELSE %(which_language)s END
                   END) AS reason
              FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY account_no ORDER BY row_no) AS nth
                      FROM %(stage)s) s
         LEFT JOIN res_partner partner
                ON partner.discom_account_no = s.account_no AND partner.company_id = %(company)s
               AND partner.discom_consumer
         LEFT JOIN res_users taker ON taker.login = s.taken_by
         LEFT JOIN discom_kyc_number agent
                ON agent.number = s.whatsapp_number AND agent.company_id = %(company)s
               AND agent.verdict = 'agent'
 LEFT JOIN LATERAL (%(shown)s) shown ON TRUE
            """,
            stage=stage,
            hash=self._row_hash(),
            company=self.company_id.id,
            scope=self._scope_sql(),
            today=self.env["discom.bill"]._today(),
            duplicate=self._refusal("duplicate", "account_no", SQL("s.account_no")),
            unknown=self._refusal("unknown_consumer", "account_no", SQL("s.account_no")),
            foreign=self._refusal("other_office", "account_no", SQL("s.account_no")),
            agent=self._refusal("agent_number", "whatsapp_number", SQL("s.whatsapp_number")),
            future=self._refusal("future", "taken_on", SQL("s.taken_on")),
            no_taker=self._refusal("unknown_taker", "taken_by", SQL("s.taken_by")),
            conflict=self._kyc_conflict(self._row_hash()),
            no_notice=self._refusal("unknown_notice", "notice_version", SQL("s.notice_version")),
            gives=_GIVES,
            shown=self._shown_notice_sql(),
            none_in_use=self._refusal("no_notice_in_use", "notice_version", SQL("s.taken_on")),
            which_language=self._refusal("which_notice_language", "notice_language"),
        )

    def _kyc_conflict(self, digest):
        """SQL of the reason why what is known of ``partner`` is better than the row ``s``, or NULL.

        :param SQL digest: fingerprint of the row; what was read before comes again without harm
        """
        return SQL(
            """
            CASE WHEN partner.discom_kyc_hash IS NOT DISTINCT FROM %(digest)s THEN NULL
                 WHEN partner.discom_kyc_date > s.taken_on THEN %(older)s
                 WHEN s.taken_on IS NULL AND s.whatsapp_number <> partner.discom_whatsapp_number
                      AND (partner.discom_kyc_state = 'verified'
                           OR partner.discom_kyc_date IS NOT NULL) THEN %(undated)s
                 WHEN s.taken_on IS NULL AND (%(regained)s) THEN %(withdrawn)s END
            """,
            digest=digest,
            older=self._refusal("older_kyc", "taken_on", SQL("partner.discom_kyc_date")),
            # Without a day nobody knows which of two numbers is the newer one, nor whether a yes
            # came before the STOP or after it.
            undated=self._refusal("undated_kyc", "taken_on"),
            regained=SQL(" OR ").join(
                SQL(
                    "s.%s AND partner.%s = 'withdrawn'",
                    SQL.identifier(name),
                    SQL.identifier(f"discom_consent_{purpose}"),
                )
                for name, purpose in CONSENT_COLUMNS.items()
            ),
            withdrawn=self._refusal("withdrawn", "taken_on"),
        )

    def _late_kyc(self, rows):
        """What was taken while the import runs is the newer, whatever day the row has."""
        return SQL(
            """
            SELECT s.row_no, COALESCE(%(conflict)s, CASE
                       WHEN partner.discom_whatsapp_number IS DISTINCT FROM s.known_number
                            AND partner.discom_whatsapp_number <> s.whatsapp_number
                       THEN %(older)s END) AS reason
              FROM (%(rows)s) s
              JOIN res_partner partner ON partner.id = s.record_id
            """,
            conflict=self._kyc_conflict(SQL("s.hash")),
            older=self._refusal("older_kyc", "taken_on", SQL("partner.discom_kyc_date")),
            rows=rows,
        )

    def _shown_notice_sql(self):
        """SELECT of version and language of the notice on which the row ``s`` gives consent.

        A file that names none says that of the day was read out, chosen as for a person (see
        ``discom.consent.notice._current``). A version without a language is the one that the
        consumer understands, or the only one there is.
        """
        return SQL(
            """
            SELECT notice.version, notice.lang
              FROM discom_consent_notice notice
             WHERE %(gives)s AND notice.lang = COALESCE(s.notice_language, notice.lang)
               AND CASE WHEN s.notice_version IS NULL
                        THEN notice.active AND notice.date_from <= COALESCE(s.taken_on, %(today)s)
                        ELSE notice.version = s.notice_version
                             AND (notice.lang = COALESCE(s.notice_language, %(lang)s)
                                  OR NOT EXISTS (SELECT FROM discom_consent_notice other
                                                  WHERE other.version = notice.version
                                                    AND other.lang <> notice.lang)) END
          ORDER BY notice.lang = %(lang)s DESC NULLS LAST, notice.lang = 'hi_IN' DESC,
                   notice.date_from DESC, notice.id DESC
             LIMIT 1
            """,
            gives=_GIVES,
            lang=SQL("COALESCE(s.language, partner.lang)"),
            today=self.env["discom.bill"]._today(),
        )

    def _kyc_evidence(self):
        """Return what the history of a consumer says of a change by this import."""
        return f"{mask_aadhaar(self.filename or '')} #{self.id}".strip()

    def _taking_values(self):
        """Columns of the consumer that say by which way, when and by whom KYC was taken, each with
        its SQL on the rows ``r``."""
        return {
            "discom_kyc_source": SQL("COALESCE(r.source, 'file')"),
            "discom_kyc_date": SQL("COALESCE(r.taken_on, %s)", self.env["discom.bill"]._today()),
            "discom_kyc_user_id": SQL("COALESCE(r.taker_id, %s)", self.env.uid),
        }

    def _apply_kyc(self, rows):
        """Append the consents of a batch to the journal, and write what the file says of the
        consumers: one statement, because every update of a consumer touches all indexes.
        """
        partners = self.env["res.partner"]
        # Who had the numbers that are about to change: their flags may change too.
        self.env.cr.execute(
            SQL(
                "SELECT array_agg(DISTINCT had.number) FROM res_partner p"
                " JOIN (%s) r ON p.id = r.record_id CROSS JOIN LATERAL"
                " (VALUES (p.discom_whatsapp_number), (p.phone_sanitized)) had(number)"
                " WHERE had.number IS NOT NULL",
                rows,
            )
        )
        numbers = self.env.cr.fetchone()[0] or []
        replaced = self._replaced_numbers(rows)
        self.env["discom.kyc.event"]._update(
            SQL(
                """
                UPDATE res_partner partner
                   SET discom_whatsapp_number =
                           COALESCE(r.whatsapp_number, partner.discom_whatsapp_number),
                       discom_kyc_state = CASE
                           WHEN r.whatsapp_number IS NULL OR %(stays)s
                           THEN partner.discom_kyc_state
                           ELSE 'captured' END,
                       discom_kyc_state_date = CASE
                           WHEN r.whatsapp_number IS NULL OR %(stays)s
                           THEN partner.discom_kyc_state_date
                           ELSE COALESCE(r.taken_on, %(today)s) END,
                       %(taking)s,
                       phone = COALESCE(r.mobile, partner.phone),
                       phone_sanitized = CASE WHEN r.mobile IS NULL THEN partner.phone_sanitized
                                              ELSE r.phone_sanitized END,
                       email = COALESCE(r.email, partner.email),
                       email_normalized = COALESCE(r.email, partner.email_normalized),
                       lang = COALESCE(r.language, partner.lang),
                       %(assignments)s,
                       discom_id_kind = CASE WHEN r.aadhaar_last4 IS NULL
                                             THEN partner.discom_id_kind ELSE 'aadhaar' END,
                       discom_id_last4 = COALESCE(r.aadhaar_last4, partner.discom_id_last4),
                       discom_kyc_hash = r.hash, write_uid = %(uid)s,
                       write_date = NOW() AT TIME ZONE 'UTC'
                  FROM r LEFT JOIN now ON now.partner_id = r.record_id
                 WHERE partner.id = r.record_id
                """,
                # A mobile, an address or a consent is no taking of the WhatsApp number: it neither
                # counts for a taker nor confirms the number.
                taking=SQL(", ").join(
                    SQL(
                        "%s = CASE WHEN r.whatsapp_number IS NULL THEN %s ELSE %s END",
                        SQL.identifier(name),
                        SQL.identifier("partner", name),
                        value,
                    )
                    for name, value in self._taking_values().items()
                ),
                assignments=SQL(", ").join(
                    SQL(
                        "%s = COALESCE(now.%s, %s)",
                        SQL.identifier(f"discom_consent_{purpose}"),
                        SQL.identifier(purpose),
                        SQL.identifier("partner", f"discom_consent_{purpose}"),
                    )
                    for purpose in CONSENT_COLUMNS.values()
                ),
                # A number that bounced or grew old after it was taken does not come back.
                stays=SQL(
                    """
                    r.whatsapp_number = partner.discom_whatsapp_number
                    AND (partner.discom_kyc_state IN ('verified', 'captured')
                         OR partner.discom_kyc_state IN ('bounced', 'stale')
                            AND partner.discom_kyc_state_date >= COALESCE(r.taken_on, %s))
                    """,
                    self.env["discom.bill"]._today(),
                ),
                today=self.env["discom.bill"]._today(),
                uid=self.env.uid,
            ),
            SQL("COALESCE(r.source, 'file')"),
            user=SQL("COALESCE(r.taker_id, %s)", self.env.uid),
            evidence=self._kyc_evidence(),
            ctes=SQL(
                """
                r AS MATERIALIZED (%(rows)s),
                added AS (%(consents)s),
                now AS (SELECT partner_id, %(pivot)s FROM added GROUP BY partner_id)
                """,
                rows=rows,
                consents=self._consents_sql(),
                pivot=SQL(", ").join(
                    SQL(
                        "max(action) FILTER (WHERE purpose = %s) AS %s",
                        purpose,
                        SQL.identifier(purpose),
                    )
                    for purpose in CONSENT_COLUMNS.values()
                ),
            ),
        )
        partners._discom_flag_numbers(SQL("SELECT record_id FROM (%s) r", rows), numbers)
        partners.invalidate_model()
        self.env["discom.consent"].invalidate_model()
        partners._discom_tell_replaced(replaced)

    def _replaced_numbers(self, rows):
        """Return {consumer id: (number, state of KYC)} of those to whom a batch gives another."""
        self.env["res.partner"].flush_model(["discom_whatsapp_number", "discom_kyc_state"])
        found = self.env.execute_query(
            SQL(
                "SELECT p.id, p.discom_whatsapp_number, p.discom_kyc_state FROM res_partner p"
                " JOIN (%s) r ON p.id = r.record_id"
                " WHERE p.discom_whatsapp_number <> r.whatsapp_number",
                rows,
            )
        )
        return {partner_id: (number, state) for partner_id, number, state in found}

    def _consents_sql(self):
        """INSERT of the consents of the rows ``r``, dated as they were taken.

        Like ``discom.consent._append``: what is in force already is not repeated. What was said
        later than the file, such as a STOP on WhatsApp, stays in force. A day has no hour: a yes
        counts from its beginning, a no to its end, so that of both on one day the no holds.
        """
        return SQL(
            """
            INSERT INTO discom_consent (partner_id, company_id, purpose, action, method, user_id,
                                        date, notice_version, notice_lang)
            SELECT said.record_id, partner.company_id, said.purpose, said.action,
                   CASE WHEN said.source IN %(methods)s THEN said.source ELSE 'file' END,
                   COALESCE(said.taker_id, %(uid)s),
                   -- In the order in which they count.
                   CASE said.action WHEN 'withdrawn' THEN GREATEST(said.date, newest.date)
                                    ELSE said.date END,
                   said.notice_version, said.notice_language
              FROM (SELECT r.record_id, r.taker_id, r.source, consent.purpose,
                           CASE WHEN consent.flag THEN r.shown_version END AS notice_version,
                           CASE WHEN consent.flag THEN r.shown_lang END AS notice_language,
                           CASE WHEN consent.flag THEN 'given' ELSE 'withdrawn' END AS action,
                           COALESCE(r.taken_on::timestamp, NOW() AT TIME ZONE 'UTC') AS date,
                           COALESCE((r.taken_on + 1)::timestamp AT TIME ZONE 'Asia/Kolkata',
                                    NOW()) AT TIME ZONE 'UTC' AS day_end
                      FROM r
        CROSS JOIN LATERAL (VALUES %(consents)s) consent (purpose, flag)
                     WHERE consent.flag IS NOT NULL) said
              JOIN res_partner partner ON partner.id = said.record_id
         LEFT JOIN (%(newest)s) newest
                ON newest.partner_id = said.record_id AND newest.purpose = said.purpose
             WHERE newest.action IS NULL
                OR newest.date <= CASE said.action WHEN 'withdrawn' THEN said.day_end
                                                   ELSE said.date END
                   AND (newest.action <> said.action
                        OR said.notice_version <> COALESCE(newest.notice_version, ''))
          ORDER BY said.record_id
         RETURNING partner_id, purpose, action
            """,
            methods=tuple(method for method, _label in METHODS),
            uid=self.env.uid,
            newest=self.env["discom.consent"]._newest_sql(SQL("ARRAY(SELECT record_id FROM r)")),
            consents=SQL(", ").join(
                SQL("(%s, r.%s)", purpose, SQL.identifier(name))
                for name, purpose in CONSENT_COLUMNS.items()
            ),
        )
