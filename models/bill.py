from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import formats

# From `draft` and `checked` a bill may still be corrected in place; the others are history.
EDITABLE_STATES = ("draft", "checked")
# States in which the bill has gone out to the consumer and stands in the ledger.
LIVE_STATES = ("issued", "partial", "overdue", "paid")
# What follows from actions, payments, checks and later bills, and nobody writes.
MUTABLE_FIELDS = {
    *("amount_paid", "amount_due"),
    *("is_latest", "state", "is_held"),
    "author_id",
    "run_id",
    "issued_date",
    *("cancel_reason", "cancel_user_id", "cancel_date"),
}


class DiscomBill(models.Model):
    """Electricity bill of one connection for one billing period.

    A bill comes from the billing system's file or is entered by a clerk. Once issued it is
    frozen: a correction is a new bill that refers to it. There is no chatter here: a division of
    2,75,000 consumers makes 33 lakh bills a year, and what people say about a bill belongs to
    the consumer.

    Amounts are rupees. ``amount_total`` is what the consumer pays by the due date; it includes
    the arrears of earlier bills, so the dues of a consumer are those of the newest bill
    (``is_latest``), never the sum over bills.
    """

    _name = "discom.bill"
    _inherit = ["discom.aadhaar.mixin", "discom.number.search", "discom.office.page.mixin"]
    _search_numbers = ("name", "account_no")
    _description = "Electricity Bill"
    _order = "period desc, id desc"
    _rec_names_search = ["name", "account_no", "partner_id"]
    _check_company_auto = True
    _page_fields = frozenset({"period"})
    _page_bound = "is_latest"
    _page_bound_fields = frozenset({"state", "whatsapp_state"})
    _no_aadhaar = ("meter_no", "reading_remark", "last_payment_mode", "cancel_reason")

    def _default_currency_id(self):
        return self.env.ref("base.INR")

    name = fields.Char("Bill Number", required=True, copy=False, default="/")
    partner_id = fields.Many2one(
        "res.partner",
        "Consumer",
        required=True,
        ondelete="restrict",
        domain=[("discom_consumer", "=", True)],
    )
    account_no = fields.Char(
        "Account Number",
        compute="_compute_from_consumer",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    office_id = fields.Many2one(
        "discom.office",
        compute="_compute_from_consumer",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        check_company=True,
    )
    category_id = fields.Many2one(
        "discom.category",
        "Tariff Category",
        compute="_compute_from_consumer",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self._default_currency_id()
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("checked", "Checked"),
            ("issued", "Issued"),
            ("partial", "Part paid"),
            ("paid", "Paid"),
            ("overdue", "Overdue"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )

    issued_date = fields.Datetime(
        "Issued On",
        readonly=True,
        copy=False,
        help="When the bill went into the ledger; it stays where the bill is cancelled later.",
    )

    period = fields.Date(
        required=True,
        default=lambda self: self._today().replace(day=1),
        help="Billing month, as its first day.",
    )
    period_name = fields.Char("Month", compute="_compute_period_name")
    months = fields.Integer(
        "Months Billed",
        default=1,
        required=True,
        aggregator=None,
        help="Months between the two readings; slabs and fixed charges scale with it.",
    )
    bill_date = fields.Date(required=True, default=lambda self: self._today())
    due_date = fields.Date(required=True)
    disconnection_date = fields.Date(
        help="The supply may be cut for dues from this day on, after due notice."
    )
    basis_id = fields.Many2one("discom.bill.basis", ondelete="restrict")
    basis_is_actual = fields.Boolean(
        related="basis_id.is_actual", string="Basis Needs No Correction"
    )
    basis_explanation = fields.Text(related="basis_id.explanation")
    meter_no = fields.Char(
        "Meter Number",
        compute="_compute_from_consumer",
        store=True,
        readonly=False,
        precompute=True,
    )
    reading_previous = fields.Float("Previous Reading", digits=(12, 2), aggregator=None)
    reading_previous_date = fields.Date("Previous Reading Date")
    reading_current = fields.Float("Present Reading", digits=(12, 2), aggregator=None)
    reading_current_date = fields.Date("Present Reading Date")
    units = fields.Float(
        "Units (kWh)",
        digits=(12, 2),
        help="Units billed. They differ from the readings where a multiplying factor applies "
        "or the basis is not a reading.",
    )
    demand = fields.Float("Maximum Demand", digits=(12, 2), aggregator="max")
    history = fields.Json(
        "Consumption of the Last Months",
        help='Up to twelve entries {"month": "YYYY-MM", "units": kWh}, oldest first.',
    )

    line_ids = fields.One2many("discom.bill.line", "bill_id", "Charges")
    amount_current = fields.Monetary(
        "Current Charges",
        compute="_compute_amount_current",
        store=True,
        readonly=False,
        help="Charges of this period; as a rule the sum of the lines.",
    )
    amount_arrears = fields.Monetary("Arrears", help="Unpaid amounts of earlier bills.")
    amount_lpsc = fields.Monetary(
        "Late Payment Surcharge",
        help="Carried from the billing system and never computed anew.",
    )
    amount_total = fields.Monetary(
        "Payable by Due Date", compute="_compute_amount_total", store=True, readonly=False
    )
    amount_after_due = fields.Monetary("Payable after Due Date", aggregator=None)
    amount_difference = fields.Monetary(
        "Unexplained Difference",
        compute="_compute_amount_difference",
        help="Total less the sum of charges, arrears and surcharge. The check of the total holds "
        "the bill back for it.",
    )
    amount_paid = fields.Monetary(
        "Paid", readonly=True, copy=False, help="Payments taken since the bill was made."
    )
    amount_due = fields.Monetary("Still Due", compute="_compute_amount_due", store=True, copy=False)
    last_payment_date = fields.Date(
        help="Last payment that the billing system had taken into account in this bill."
    )
    last_payment_amount = fields.Monetary(aggregator=None)
    last_payment_mode = fields.Char()

    is_latest = fields.Boolean(
        "Newest of the Account",
        readonly=True,
        copy=False,
        help="No later bill of this account has been issued; its dues are the consumer's dues.",
    )
    correction_of_id = fields.Many2one(
        "discom.bill",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    correction_ids = fields.One2many("discom.bill", "correction_of_id", "Corrections")
    payment_count = fields.Integer(compute="_compute_payment_count")

    _account_period_uniq = models.UniqueIndex(
        "(company_id, account_no, period) WHERE state <> 'cancelled' AND correction_of_id IS NULL",
        "This account has a bill for this period already. Cancel or correct that one.",
    )
    _correction_uniq = models.UniqueIndex(
        "(correction_of_id) WHERE state <> 'cancelled' AND correction_of_id IS NOT NULL",
        "This bill has a correction already. Open that one and go on with it, or cancel it first.",
    )
    _name_uniq = models.UniqueIndex(
        "(company_id, name) WHERE name <> '/'",
        "Another bill has this number already. Check the number with the billing system.",
    )
    # These two also serve look-ups by consumer or office alone.
    _partner_period_idx = models.Index("(partner_id, period DESC, id DESC)")
    _office_period_idx = models.Index("(office_id, period DESC, id DESC)")
    _open_due_idx = models.Index("(due_date) WHERE state IN ('issued', 'partial')")
    # Pages of the lists, newest first; filters that few bills pass have an index of their own.
    # (PostgreSQL takes IS TRUE, as the ORM asks, for something else than the bare column.)
    _period_idx = models.Index("(period DESC, id DESC)")
    _latest_idx = models.Index("(period DESC, id DESC) WHERE is_latest IS TRUE")
    _office_latest_idx = models.Index("(office_id, period DESC, id DESC) WHERE is_latest IS TRUE")
    _unissued_idx = models.Index("(period DESC, id DESC) WHERE state IN ('draft', 'checked')")
    _category_idx = models.Index("(category_id, period DESC, id DESC)")
    _basis_idx = models.Index("(basis_id, period DESC, id DESC)")
    _due_date_idx = models.Index("(due_date)")
    # What somebody types is the beginning of a number, in any case.
    _account_prefix_idx = models.Index("(lower(account_no) text_pattern_ops)")
    _name_prefix_idx = models.Index("(lower(name) text_pattern_ops)")
    _period_first_day = models.Constraint(
        "CHECK (EXTRACT(day FROM period) = 1)",
        "The period is a month: enter its first day, such as 1 November.",
    )
    _months_positive = models.Constraint(
        "CHECK (months > 0)", "A bill covers at least one month. Enter 1 or more."
    )
    _due_after_bill = models.Constraint(
        "CHECK (due_date >= bill_date)",
        "The due date lies before the bill date. Correct one of the two.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_from_consumer(self):
        """Copy what the bill keeps of its consumer. Later changes of the consumer leave the bill
        as it was printed, and do not touch millions of rows."""
        for bill in self:
            consumer = bill.partner_id
            bill.account_no = consumer.discom_account_no
            bill.office_id = consumer.discom_office_id
            bill.category_id = consumer.discom_category_id
            bill.meter_no = consumer.discom_meter_no

    @api.depends("period")
    @api.depends_context("lang")
    def _compute_period_name(self):
        for bill in self:
            bill.period_name = bill.period and formats.medium_month(bill.period, self.env.lang)

    @api.depends("line_ids.amount")
    def _compute_amount_current(self):
        for bill in self:
            bill.amount_current = sum(bill.line_ids.mapped("amount"))

    @api.depends("amount_current", "amount_arrears", "amount_lpsc")
    def _compute_amount_total(self):
        for bill in self:
            bill.amount_total = bill.amount_current + bill.amount_arrears + bill.amount_lpsc

    @api.depends("amount_total", "amount_arrears", "amount_lpsc", "line_ids.amount")
    def _compute_amount_difference(self):
        for bill in self:
            explained = sum(bill.line_ids.mapped("amount")) + bill.amount_arrears + bill.amount_lpsc
            bill.amount_difference = bill.amount_total - explained

    @api.depends("amount_total", "amount_paid")
    def _compute_amount_due(self):
        for bill in self:
            bill.amount_due = max(bill.amount_total - bill.amount_paid, 0.0)

    @api.depends("partner_id", "bill_date", "last_payment_date")
    def _compute_payment_count(self):
        dates = dict(
            self.env["discom.payment"]._read_group(
                [("partner_id", "in", self.partner_id.ids), ("state", "=", "posted")],
                ["partner_id"],
                ["date:array_agg"],
            )
        )
        for bill in self:
            bill.payment_count = sum(
                date >= bill.bill_date
                and (not bill.last_payment_date or date > bill.last_payment_date)
                for date in dates.get(bill.partner_id, ())
                if bill.bill_date
            )

    @api.depends("name", "account_no")
    def _compute_display_name(self):
        for bill in self:
            bill.display_name = (
                bill.name
                if bill.name and bill.name != "/"
                else self.env._("Draft bill of %(account)s", account=bill.account_no or "")
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # Defaults in the context become values as well, and the context comes from the client.
        defaults = {name: self.env.context.get(f"default_{name}") for name in MUTABLE_FIELDS}
        for vals in vals_list:
            given = {vals.get(name, defaults[name]) for name in MUTABLE_FIELDS}
            if given - {None, False, "draft"}:
                raise UserError(
                    self.env._("A bill starts as a draft, and payments are recorded apart from it.")
                )
            if not vals.get("name") or vals["name"] == "/":
                vals["name"] = self.env["ir.sequence"].next_by_code("discom.bill") or "/"
        return super().create(vals_list)

    def write(self, vals):
        if MUTABLE_FIELDS & vals.keys():
            raise UserError(
                self.env._(
                    "State and payments of a bill are not typed in. Use the buttons of the "
                    "bill, and enter payments as payments."
                )
            )
        self._check_editable()
        return super().write({**vals, "author_id": self.env.uid})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        if kept := self.filtered(lambda bill: bill.state != "draft"):
            raise UserError(
                self.env._(
                    "Only drafts can be deleted. Cancel instead: %(bills)s.",
                    bills=kept._discom_names(),
                )
            )

    def _check_editable(self):
        """Refuse to change the content of bills that have left the office.

        :raise UserError: when a bill is neither draft nor checked
        """
        frozen = self.filtered(lambda bill: bill.state not in EDITABLE_STATES)
        if frozen:
            raise UserError(
                self.env._(
                    "Bill %(number)s is issued and cannot be changed. Use Correct to make a new "
                    "bill that replaces it.",
                    number=frozen[0].name,
                )
            )

    def _set_author(self):
        """Remember who changed the bill last, past the guard of :meth:`write`."""
        models.Model.write(self, {"author_id": self.env.uid})

    def _set_state(self, state):
        """Write the state past the guard of :meth:`write`; the actions decide when."""
        vals = {"state": state}
        if state == "cancelled":
            vals["is_held"] = False
        return models.Model.write(self, vals)
