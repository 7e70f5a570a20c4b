from odoo import models
from odoo.tools import SQL

from .consumer_kyc import TAKEN_STATES
from .import_kyc import CONSENT_COLUMNS

# What a row may say of a consumer; a row with none of it was not filled in.
ANSWERS = (
    "whatsapp_number",
    "mobile",
    "email",
    "language",
    "aadhaar_last4",
    *CONSENT_COLUMNS,
)


class DiscomImport(models.Model):
    """KYC sheets that field staff bring back (see ``wizards/discom_kyc_sheet.py``).

    A row that was left empty changes nothing, so the same sheet may come every evening. A door that
    gave no number leaves a visit.
    """

    _inherit = "discom.import"

    def _plan_kyc(self, stage):
        answered, remark = self._kyc_conditions("s")
        return SQL(
            """
            SELECT planned.row_no, planned.record_id, planned.taker_id,
                   planned.shown_version, planned.shown_lang, planned.known_number,
                   CASE WHEN %(answered)s OR s.outcome IS NOT NULL OR %(remark)s
                        THEN planned.hash ELSE planned.old_hash END AS hash,
                   planned.old_hash,
                   COALESCE(planned.reason, CASE
                       WHEN s.outcome IS NOT NULL AND s.whatsapp_number IS NOT NULL THEN %(both)s
                       WHEN %(remark)s AND s.outcome IS NULL AND NOT %(answered)s THEN %(bare)s
                   END) AS reason
              FROM (%(planned)s) planned
              JOIN %(stage)s s ON s.row_no = planned.row_no
            """,
            answered=answered,
            remark=remark,
            both=self._refusal("number_and_outcome", "outcome"),
            bare=self._refusal("bare_remark", "remarks"),
            planned=super()._plan_kyc(stage),
            stage=stage,
        )

    def _apply_kyc(self, rows):  # pylint: disable=missing-return
        answered, _remark = self._kyc_conditions("r")
        super()._apply_kyc(SQL("SELECT * FROM (%s) r WHERE %s", rows, answered))
        self._apply_outcomes(SQL("SELECT * FROM (%s) r WHERE r.outcome IS NOT NULL", rows))
        self._insert_visits(rows)

    def _apply_outcomes(self, rows):
        """Note who refused; a number that somebody has given meanwhile stays, one that bounced or
        is out of date is used no more."""
        self.env["discom.kyc.event"]._update(
            SQL(
                """
                UPDATE res_partner partner
                   SET discom_kyc_hash = r.hash,
                       discom_kyc_state = 'refused',
                       discom_whatsapp_number = NULL,
                       discom_kyc_state_date = COALESCE(r.taken_on, %(today)s),
                       discom_kyc_source = COALESCE(r.source, 'file'),
                       discom_kyc_date = COALESCE(r.taken_on, %(today)s),
                       discom_kyc_user_id = COALESCE(r.taker_id, %(uid)s),
                       write_uid = %(uid)s, write_date = NOW() AT TIME ZONE 'UTC'
                  FROM (%(rows)s) r
                 WHERE partner.id = r.record_id AND r.outcome = 'refused'
                   AND partner.discom_kyc_state NOT IN %(taken)s
                """,
                today=self.env["discom.bill"]._today(),
                uid=self.env.uid,
                rows=rows,
                taken=TAKEN_STATES,
            ),
            SQL("COALESCE(r.source, 'file')"),
            user=SQL("COALESCE(r.taker_id, %s)", self.env.uid),
            evidence=self._kyc_evidence(),
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_partner partner SET discom_kyc_hash = r.hash
                  FROM (%s) r
                 WHERE partner.id = r.record_id
                   AND partner.discom_kyc_hash IS DISTINCT FROM r.hash
                """,
                rows,
            )
        )
        self.env["res.partner"].invalidate_model()

    def _insert_visits(self, rows):
        """Record the doors of the sheets of a drive, as the form for the door does."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_kyc_visit (partner_id, office_id, area_id, drive_id, user_id,
                                              date, outcome, note,
                                              create_uid, create_date, write_uid, write_date)
                SELECT partner.id, partner.discom_office_id, area.id, area.drive_id,
                       COALESCE(r.taker_id, %(uid)s), COALESCE(r.taken_on, %(today)s),
                       COALESCE(r.outcome, 'taken'), r.remarks,
                       %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC'
                  FROM (%(rows)s) r
                  JOIN res_partner partner ON partner.id = r.record_id
             LEFT JOIN discom_kyc_drive_area area
                    ON area.id = r.area_id AND area.company_id = partner.company_id
                 WHERE r.outcome IS NOT NULL
                    OR r.area_id IS NOT NULL AND r.whatsapp_number IS NOT NULL
              ORDER BY r.row_no
                """,
                uid=self.env.uid,
                today=self.env["discom.bill"]._today(),
                rows=rows,
            )
        )
        self.env["discom.kyc.visit"].invalidate_model()

    def _kyc_conditions(self, alias):
        """SQL of whether a row answers anything, and of whether it has a remark."""
        answers = SQL(", ").join(SQL("%s::text", SQL.identifier(alias, name)) for name in ANSWERS)
        return (
            SQL("(COALESCE(%s) IS NOT NULL)", answers),
            SQL("(%s IS NOT NULL)", SQL.identifier(alias, "remarks")),
        )

    def _refusal_texts(self):
        return {
            **super()._refusal_texts(),
            "number_and_outcome": self.env._(
                "The row holds a number and says that none was given. Keep one of both."
            ),
            "bare_remark": self.env._(
                "The row holds a remark only. Choose the result of the visit, or give the number."
            ),
        }
