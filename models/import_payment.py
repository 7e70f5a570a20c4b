import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import convert
from .bill_payment_whatsapp import PURPOSE
from .import_column import Column

# What a file may say of a payment, as ``_word_key`` writes it. Bounced and failed money never came.
STATUS_WORDS = {
    **dict.fromkeys(
        ("posted", "success", "successful", "paid", "ok", "cleared", "settled"), "posted"
    ),
    **dict.fromkeys(
        (
            "cancelled",
            "canceled",
            "bounced",
            "chequebounced",
            "dishonoured",
            "dishonored",
            "failed",
            "reversed",
            "refunded",
            "returned",
        ),
        "cancelled",
    ),
}


def _word_key(text):
    """Words compare without case and without what is neither letter nor digit."""
    return re.sub(r"[\W_]+", "", (text or "").casefold())


class DiscomPayment(models.Model):
    _inherit = "discom.payment"

    import_id = fields.Many2one(
        "discom.import", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )

    # What a clerk took at the own counter, a few among a million of the files.
    _counter_idx = models.Index("(create_uid, date) WHERE import_id IS NULL")


class DiscomPaymentWord(models.Model):
    """A word by which a billing system names where a payment was made, and what it means here."""

    _name = "discom.payment.word"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Word for a Payment Mode"
    _order = "mode, name"
    _no_aadhaar = ("name",)

    name = fields.Char("Word in the File", required=True)
    key = fields.Char(compute="_compute_key", store=True, precompute=True)
    mode = fields.Selection(
        lambda self: self.env["discom.payment"]._fields["mode"]._description_selection(self.env),
        required=True,
    )

    _key_uniq = models.UniqueIndex(
        "(key)", "This word stands for a payment mode already. Change that line."
    )

    @api.depends("name")
    def _compute_key(self):
        for word in self:
            word.key = _word_key(word.name)

    @api.model
    def _meanings(self):
        """``{key of a word: mode}``, the modes' own names included."""
        modes = self.env["discom.payment"]._fields["mode"].selection
        meanings = {_word_key(text): mode for mode, label in modes for text in (mode, label)}
        return {**meanings, **{word.key: word.mode for word in self.search([])}}


class DiscomImport(models.Model):
    _inherit = "discom.import"

    send_receipts = fields.Boolean(
        "Send receipts on WhatsApp",
        help="Confirm the payments of this file to their consumers. Payments older than the "
        "payment rule says are left out, and so are those without consent.",
    )
    payment_count = fields.Integer("Payments", compute="_compute_payment_count")

    def _compute_payment_count(self):
        counts = dict(
            self.env["discom.payment"]._read_group(
                [("import_id", "in", self.ids)], ["import_id"], ["__count"]
            )
        )
        for record in self:
            record.payment_count = counts.get(record, 0)

    def action_open_payments(self):
        """Show the payments of this import."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_payment_action")
        action["domain"] = [("import_id", "=", self.id)]
        action["context"] = {}
        return action

    def _columns_payment(self):
        meanings = self.env["discom.payment.word"]._meanings()
        mode = convert.choice(meanings)
        status = convert.choice(STATUS_WORDS)
        return [
            Column(
                "reference",
                convert.code,
                required=True,
                aliases=("receipt_no", "receipt", "transaction_id"),
            ),
            Column("account_no", convert.account, required=True, aliases=("account", "account_id")),
            Column("date", convert.date, "date", required=True, aliases=("payment_date",)),
            Column("amount", convert.amount, "numeric", required=True, aliases=("paid_amount",)),
            Column(
                "mode",
                lambda value: mode(_word_key(value)),
                aliases=("payment_mode", "channel", "collection_mode"),
            ),
            Column(
                "means_no",
                convert.text,
                aliases=("cheque_no", "utr", "instrument_no", "bank_reference"),
            ),
            Column("status", lambda value: status(_word_key(value)), aliases=("payment_status",)),
        ]

    def _plan_payment(self, stage):
        """A payment is known by its receipt number. It may be taken back by a later file, which is
        the only change of a payment there is."""
        return SQL(
            """
            SELECT s.row_no, payment.id AS record_id, partner.id AS partner_id,
                   partner.discom_office_id AS office_id,
                   concat_ws('|', s.account_no, s.date, s.amount::numeric(16, 2),
                             COALESCE(s.status, payment.state, 'posted')) AS hash,
                   concat_ws('|', payment.account_no, payment.date,
                             payment.amount::numeric(16, 2), payment.state) AS old_hash,
                   COALESCE(s.reason, CASE
                       WHEN s.nth > 1 THEN %(duplicate)s
                       WHEN partner.id IS NULL THEN %(unknown)s
                       WHEN NOT partner.discom_office_id = ANY(%(scope)s) THEN %(foreign)s
                       WHEN s.amount <= 0 THEN %(not_positive)s
                       WHEN s.date > %(today)s THEN %(future)s
                       WHEN payment.id IS NOT NULL AND (payment.account_no, payment.date,
                                payment.amount) IS DISTINCT FROM (s.account_no, s.date, s.amount)
                            THEN %(used)s
                       WHEN payment.state = 'cancelled' AND s.status = 'posted' THEN %(back)s
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
            back=self._refusal("taken_back", "reference", SQL("s.reference")),
        )

    def _apply_payment(self, rows):
        """Insert the payments of a batch, take back those that the file cancels, and settle the
        bills of their consumers. Rows that were cancelled before they were known are kept too."""
        parameters = {
            "rows": rows,
            "company": self.company_id.id,
            "currency": self.env.ref("base.INR").id,
            "uid": self.env.uid,
            "import": self.id,
        }
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_payment (reference, partner_id, account_no, office_id, date,
                                            amount, mode, means_no, state, cancel_reason,
                                            cancel_user_id, cancel_date, company_id, currency_id,
                                            import_id, create_uid, create_date, write_uid,
                                            write_date)
                SELECT r.reference, r.partner_id, r.account_no, r.office_id, r.date,
                       r.amount, COALESCE(r.mode, 'file'), r.means_no,
                       COALESCE(r.status, 'posted'),
                       CASE WHEN r.status = 'cancelled' THEN 'file' END,
                       CASE WHEN r.status = 'cancelled' THEN %(uid)s END,
                       CASE WHEN r.status = 'cancelled' THEN NOW() AT TIME ZONE 'UTC' END,
                       %(company)s, %(currency)s, %(import)s, %(uid)s,
                       NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC'
                  FROM (%(rows)s) r
                 WHERE r.verdict = 'new'
                """,
                **parameters,
            )
        )
        if self.changed_count:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE discom_payment payment
                       SET state = 'cancelled', cancel_reason = 'file', cancel_user_id = %(uid)s,
                           cancel_date = NOW() AT TIME ZONE 'UTC', write_uid = %(uid)s,
                           write_date = NOW() AT TIME ZONE 'UTC'
                      FROM (%(rows)s) r
                     WHERE r.verdict = 'changed' AND payment.id = r.record_id
                       AND payment.state = 'posted' AND r.status = 'cancelled'
                    """,
                    **parameters,
                )
            )
        self.env["discom.payment"].invalidate_model()
        self.env["discom.bill"]._settle(SQL("SELECT r.partner_id FROM (%s) r", rows))

    def _finish(self):
        result = super()._finish()
        if self.kind == "payment" and self.send_receipts:
            self._send_receipts()
        return result

    def _send_receipts(self):
        """Hand the payments of this import to a broadcast, which says who gets no receipt and why.

        Where nothing can be sent, the import says so and ends as well as ever.
        """
        domain = [("import_id", "=", self.id), ("state", "=", "posted")]
        if not self.env["discom.payment"].search_count(domain, limit=1):
            return
        composers = self.env["discom.whatsapp.composer"]
        try:
            composer = composers.browse(
                composers._open("discom.payment", domain, PURPOSE)["res_id"]
            )
            composer.action_send()
        except UserError as error:
            self._write_progress(
                message=self.env._("No receipts were sent. %(problem)s", problem=error)
            )
