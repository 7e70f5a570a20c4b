from odoo import fields, models
from odoo.tools import SQL

from ..tools import convert
from .import_engine import Column


class DiscomPayment(models.Model):
    _inherit = "discom.payment"

    import_id = fields.Many2one(
        "discom.import", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )


class DiscomImport(models.Model):
    _inherit = "discom.import"

    def _columns_payment(self):
        modes = [mode for mode, _label in self.env["discom.payment"]._fields["mode"].selection]
        return [
            Column("reference", convert.code, required=True, aliases=("receipt_no",)),
            Column("account_no", convert.account, required=True, aliases=("account", "account_id")),
            Column("date", convert.date, "date", required=True, aliases=("payment_date",)),
            Column("amount", convert.amount, "numeric", required=True),
            Column("mode", convert.choice(modes), aliases=("payment_mode",)),
        ]

    def _plan_payment(self, stage):
        return SQL(
            """
            SELECT s.row_no, payment.id AS record_id, partner.id AS partner_id,
                   partner.discom_office_id AS office_id,
                   concat_ws('|', s.account_no, s.date, s.amount::numeric(16, 2)) AS hash,
                   concat_ws('|', payment.account_no, payment.date,
                             payment.amount::numeric(16, 2)) AS old_hash,
                   COALESCE(s.reason, CASE
                       WHEN s.nth > 1 THEN %(duplicate)s
                       WHEN partner.id IS NULL THEN %(unknown)s
                       WHEN NOT partner.discom_office_id = ANY(%(scope)s) THEN %(foreign)s
                       WHEN s.amount <= 0 THEN %(not_positive)s
                       WHEN s.date > %(today)s THEN %(future)s
                       WHEN payment.id IS NOT NULL AND (payment.account_no, payment.date,
                                payment.amount) IS DISTINCT FROM (s.account_no, s.date, s.amount)
                            THEN %(used)s
                   END) AS reason
              FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY reference ORDER BY row_no) AS nth
                      FROM %(stage)s) s
         LEFT JOIN discom_payment payment
                ON payment.reference = s.reference AND payment.company_id = %(company)s
               AND payment.reference <> '/'
         LEFT JOIN res_partner partner
                ON partner.discom_account_no = s.account_no AND partner.company_id = %(company)s
               AND partner.discom_consumer
            """,
            stage=stage,
            company=self.company_id.id,
            scope=self._scope_sql(),
            today=self.env["discom.bill"]._today(),
            duplicate=self._refusal("duplicate", "reference", SQL("s.reference")),
            unknown=self._refusal("unknown_consumer", "account_no", SQL("s.account_no")),
            foreign=self._refusal("other_office", "account_no", SQL("s.account_no")),
            not_positive=self._refusal("not_positive", "amount", SQL("s.amount")),
            future=self._refusal("future", "date", SQL("s.date")),
            used=self._refusal("reference_used", "reference", SQL("s.reference")),
        )

    def _apply_payment(self, rows):
        """Insert the payments of a batch and settle the bills of their consumers."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_payment (reference, partner_id, account_no, office_id, date,
                                            amount, mode, state, company_id, currency_id, import_id,
                                            create_uid, create_date, write_uid, write_date)
                SELECT r.reference, r.partner_id, r.account_no, r.office_id, r.date,
                       r.amount, COALESCE(r.mode, 'counter'), 'posted', %(company)s, %(currency)s,
                       %(import)s, %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s,
                       NOW() AT TIME ZONE 'UTC'
                  FROM (%(rows)s) r
                """,
                rows=rows,
                company=self.company_id.id,
                currency=self.env.ref("base.INR").id,
                uid=self.env.uid,
                **{"import": self.id},
            )
        )
        self.env["discom.payment"].invalidate_model()
        self.env["discom.bill"]._settle(SQL("SELECT r.partner_id FROM (%s) r", rows))
