from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..tools.words import amount_in_words

FROZEN_FIELDS = {
    "partner_id",
    "account_no",
    "date",
    "amount",
    "reference",
    "company_id",
    "state",
    "mode",
    "means",
    "means_no",
    "cancel_reason",
    "cancel_note",
    "cancel_user_id",
    "cancel_date",
}
CANCEL_REASONS = [
    ("bounced", "Cheque bounced"),
    ("mistake", "Entered by mistake"),
    ("account", "Wrong account"),
    ("double", "Entered twice"),
    ("failed", "Online payment failed"),
    ("file", "Cancelled in the payment file"),
    ("other", "Another reason"),
]
# Rupees; what has ten digits is an account number in the wrong field.
MAX_AMOUNT = 1_000_000_000


class DiscomPayment(models.Model):
    """Payment of a consumer, taken at a counter or reported by a payment channel, in rupees.

    A payment settles the oldest dues first, head by head as the payment rule says. Since every bill
    carries the arrears of the earlier ones, this needs no allocation table: what a consumer pays
    after a bill was made lowers what is still due on that bill (see ``discom.bill._settle``), and
    ``models/bill_ledger.py`` tells which months and heads that leaves unpaid.
    """

    _name = "discom.payment"
    _inherit = ["discom.aadhaar.mixin", "discom.number.search", "discom.office.page.mixin"]
    _search_numbers = ("reference", "account_no")
    _description = "Consumer Payment"
    _order = "date desc, id desc"
    _rec_name = "reference"
    _rec_names_search = ["reference", "account_no", "partner_id"]
    _check_company_auto = True
    _page_fields = frozenset({"date"})
    _no_aadhaar = ("means_no", "cancel_note")

    reference = fields.Char("Receipt Number", required=True, copy=False, default="/")
    partner_id = fields.Many2one(
        "res.partner",
        "Consumer",
        required=True,
        ondelete="restrict",
        domain=[("discom_consumer", "=", True)],
    )
    account_no = fields.Char(
        "Account Number", compute="_compute_from_consumer", store=True, precompute=True
    )
    office_id = fields.Many2one(
        "discom.office",
        compute="_compute_from_consumer",
        store=True,
        precompute=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    date = fields.Date(required=True, default=lambda self: self.env["discom.bill"]._today())
    amount = fields.Monetary(required=True)
    mode = fields.Selection(
        [
            ("counter", "Counter"),
            ("online", "Online"),
            ("kiosk", "Kiosk"),
            ("sakhi", "Bijli Sakhi"),
            ("bank", "Bank"),
            ("file", "Other (payment file)"),
        ],
        required=True,
        default="counter",
    )
    means = fields.Selection(
        [
            ("cash", "Cash"),
            ("cheque", "Cheque"),
            ("draft", "Demand draft"),
            ("upi", "UPI"),
            ("card", "Card"),
            ("transfer", "Bank transfer"),
        ],
        "Paid by",
    )
    means_no = fields.Char(
        "Cheque or Transaction Number", help="Cheque, draft, UTR or UPI transaction."
    )
    bill_id = fields.Many2one(
        "discom.bill",
        "Bill in Hand",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Newest bill issued when the payment was made.",
    )
    state = fields.Selection(
        [("posted", "Posted"), ("cancelled", "Taken back")],
        default="posted",
        required=True,
        readonly=True,
        copy=False,
    )
    cancel_reason = fields.Selection(CANCEL_REASONS, "Why Taken Back", readonly=True, copy=False)
    cancel_note = fields.Char("Remark on Taking Back", readonly=True, copy=False)
    cancel_user_id = fields.Many2one(
        "res.users", "Taken Back by", readonly=True, copy=False, ondelete="restrict"
    )
    cancel_date = fields.Datetime("Taken Back on", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.ref("base.INR")
    )

    amount_words = fields.Char("In Words", compute="_compute_amount_words")

    _reference_uniq = models.UniqueIndex(
        "(company_id, reference) WHERE reference <> '/'",
        "Another payment has this receipt number. Look whether the payment was entered already.",
    )
    _partner_date_idx = models.Index("(partner_id, date)")
    _date_office_idx = models.Index("(date, office_id)")
    _office_date_idx = models.Index("(office_id, date DESC, id DESC)")
    # Few among a million.
    _cancelled_idx = models.Index("(cancel_reason) WHERE state = 'cancelled'")
    _account_prefix_idx = models.Index("(lower(account_no) text_pattern_ops)")
    _reference_prefix_idx = models.Index("(lower(reference) text_pattern_ops)")
    _amount_positive = models.Constraint(
        "CHECK (amount > 0)",
        "The amount of a payment must be above zero. To undo a payment, choose Take back on it.",
    )

    @api.depends("partner_id")
    def _compute_from_consumer(self):
        """Copy account and office as they were when the payment was made."""
        for payment in self:
            payment.account_no = payment.partner_id.discom_account_no
            payment.office_id = payment.partner_id.discom_office_id

    @api.depends("amount")
    @api.depends_context("lang")
    def _compute_amount_words(self):
        for payment in self:
            payment.amount_words = (
                amount_in_words(Decimal(str(payment.amount)), self.env.lang or "en_IN")
                if 0 < payment.amount < MAX_AMOUNT
                else False
            )

    @api.constrains("amount")
    def _check_amount(self):
        for payment in self:
            if payment.amount >= MAX_AMOUNT:
                raise ValidationError(
                    self.env._(
                        "%(amount)s is too large for a payment. Was an account number entered "
                        "as the amount?",
                        amount=payment.currency_id.format(payment.amount),
                    )
                )

    @api.constrains("means", "means_no")
    def _check_means_no(self):
        for payment in self:
            if payment.means in ("cheque", "draft") and not payment.means_no:
                raise ValidationError(
                    self.env._(
                        "Enter the number of the cheque or draft. It is needed if it bounces."
                    )
                )

    @api.constrains("date")
    def _check_date(self):
        today = self.env["discom.bill"]._today()
        for payment in self:
            # It would count for every bill until that day.
            if payment.date > today:
                raise ValidationError(
                    self.env._(
                        "The date of the payment, %(date)s, lies in the future. Enter the day "
                        "on which it was paid.",
                        date=format_date(self.env, payment.date),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        # A default in the context becomes a value as well, and the context comes from the client.
        state = self.env.context.get("default_state", "posted")
        for vals in vals_list:
            if vals.get("state", state) != "posted":
                raise UserError(
                    self.env._(
                        "A new payment counts from the start; it is taken back later, by its "
                        "button."
                    )
                )
            if not vals.get("reference") or vals["reference"] == "/":
                vals["reference"] = self.env["ir.sequence"].next_by_code("discom.payment") or "/"
            if set(vals) & {"cancel_reason", "cancel_note", "cancel_user_id", "cancel_date"}:
                raise UserError(
                    self.env._(
                        "A new payment counts from the start; it is taken back later, by its "
                        "button."
                    )
                )
        payments = super().create(vals_list)
        self.env["discom.bill"]._settle(payments.partner_id.ids)
        payments._queue_receipts()
        return payments

    def write(self, vals):
        if FROZEN_FIELDS & vals.keys():
            raise UserError(
                self.env._(
                    "Payment %(payment)s cannot be changed. Take it back and enter it anew.",
                    payment=self[:1].reference,
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ledger(self):
        raise UserError(
            self.env._(
                "Payment %(payment)s cannot be deleted: payments are kept. Take it back instead.",
                payment=self[:1].reference,
            )
        )

    # === ACTION METHODS === #

    def action_cancel(self):
        """Ask why these payments are taken back."""
        self.check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Take back payment"),
            "res_model": "discom.payment.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_payment_ids": self.ids},
        }

    def action_open_ledger(self):
        """Open the statement of account of the consumer."""
        self.ensure_one()
        return self.partner_id.action_open_discom_ledger()

    # === BUSINESS METHODS === #

    def _cancel(self, reason, note=False):
        """Take payments back; their bills are due again. Who did it, when and why is kept.

        :param str reason: one of ``CANCEL_REASONS``
        :raise UserError: when one of them is taken back already
        """
        self.check_access("write")
        # Two people at the same time must not both take it back.
        self.lock_for_update()
        if taken := self.filtered(lambda payment: payment.state == "cancelled"):
            raise UserError(
                self.env._(
                    "Payment %(reference)s was taken back already, so nothing is left to do.",
                    reference=taken[0].reference,
                )
            )
        # Past the guard of write.
        models.Model.write(
            self,
            {
                "state": "cancelled",
                "cancel_reason": reason,
                "cancel_note": note,
                "cancel_user_id": self.env.uid,
                "cancel_date": fields.Datetime.now(),
            },
        )
        self.env["discom.bill"]._settle(self.partner_id.ids)
