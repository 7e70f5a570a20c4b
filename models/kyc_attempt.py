from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Wrong tries are counted over this time.
DAY = timedelta(hours=24)
#: Tries are kept for a year, as the log that rule 8(3) of the Digital Personal Data Protection
#: Rules 2025 asks for.
GC_BATCH = 10000


class DiscomKycAttempt(models.Model):
    """A try to prove an account number by WhatsApp: what bounds guessing, and shows it."""

    _name = "discom.kyc.attempt"
    _description = "KYC try"
    _order = "id desc"
    _rec_name = "phone"

    phone = fields.Char(required=True, readonly=True, index=True, personal="phone")
    partner_id = fields.Many2one(
        "res.partner",
        "Account",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="Empty where no account has the number that was written.",
    )
    office_id = fields.Many2one(
        "discom.office", readonly=True, index="btree_not_null", ondelete="set null"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(
        [
            ("account", "Account number"),
            ("code", "Code of the bill"),
            ("amount", "Last amount paid"),
        ],
        "What Was Written",
        required=True,
        readonly=True,
    )
    right = fields.Boolean(readonly=True)
    date = fields.Datetime(required=True, readonly=True, index=True)

    @api.depends("phone")
    @api.depends_context("uid")
    def _compute_display_name(self):
        phones = self._personal_values("phone")
        for attempt in self:
            attempt.display_name = phones[attempt.id]

    @api.model
    def _wrong_tries(self, now, phones, partner_ids):
        """Count the wrong tries of the 24 hours before ``now``.

        :return: ({(phone, company id): number}, {consumer id: number})
        """
        recent = [("right", "=", False), ("date", ">", now - DAY)]
        by_phone = self._read_group(
            [*recent, ("phone", "in", list(phones))], ["phone", "company_id"], ["__count"]
        )
        by_partner = self._read_group(
            [*recent, ("partner_id", "in", list(partner_ids))], ["partner_id"], ["__count"]
        )
        return (
            {(phone, company.id): count for phone, company, count in by_phone},
            {partner.id: count for partner, count in by_partner},
        )

    @api.model
    def _gc_attempts(self):
        """Delete a batch of tries older than the retention rule says.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("kyc_attempt")
        if before is None:
            return 0, False
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM discom_kyc_attempt
                 WHERE id IN (SELECT id FROM discom_kyc_attempt WHERE date < %s LIMIT %s)
                """,
                before,
                GC_BATCH,
            )
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == GC_BATCH
