from odoo import api, fields, models
from odoo.exceptions import UserError

OUTCOMES = [
    ("paid", "Shows a receipt, or paid"),
    ("promised", "Promises to pay"),
    ("closed", "Premises closed"),
    ("refused", "Refused entry"),
    ("disconnected", "Disconnected"),
    ("reconnected", "Reconnected"),
    ("undone", "Undone"),
]


class DiscomNoticeVisit(models.Model):
    """What field staff met with at a door on the list for disconnection.

    Kept as it was: a correction is another record that undoes it. Field staff take no money unless
    they are counter clerks as well: they write down the receipt number that the consumer shows, and
    the counter's payment ends the listing.
    """

    _name = "discom.notice.visit"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Result of an Arrears Visit"
    _order = "id desc"
    _rec_name = "partner_id"
    _no_aadhaar = ("note", "receipt_no")

    notice_id = fields.Many2one(
        "discom.notice", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    account_no = fields.Char("Account Number", readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True, index=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", "Visited by", required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True)
    outcome = fields.Selection(OUTCOMES, "Result", required=True, readonly=True)
    promised_on = fields.Date("Promised for", readonly=True)
    receipt_no = fields.Char("Receipt Shown", readonly=True)
    payment_id = fields.Many2one(
        "discom.payment",
        "Payment Taken",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    reading = fields.Float("Meter Reading", digits=(12, 1), readonly=True, aggregator=None)
    note = fields.Char("Remark", readonly=True)
    photo = fields.Image(max_width=1600, max_height=1600, readonly=True)
    undone_id = fields.Many2one(
        "discom.notice.visit", "Undoes", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    undone = fields.Boolean(compute="_compute_undone")
    notice_state = fields.Selection(related="notice_id.state", string="State of the Listing")

    _undone_once = models.UniqueIndex(
        "(undone_id) WHERE undone_id IS NOT NULL", "This result was undone already."
    )

    def _compute_undone(self):
        undone = self.search([("undone_id", "in", self.ids)]).undone_id
        undone.undone = True
        (self - undone).undone = False

    @api.model_create_multi
    def create(self, vals_list):
        """A visit is recorded now, at the consumer of its notice."""
        if not self.env.su:
            raise UserError(
                self.env._(
                    "Results are entered on the list for disconnection, with its button Result."
                )
            )
        for vals in vals_list:
            notice = self.env["discom.notice"].browse(vals["notice_id"])
            vals.update(
                partner_id=notice.partner_id.id,
                account_no=notice.account_no,
                office_id=notice.office_id.id,
                date=fields.Datetime.now(),
            )
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._(
                "The result at %(consumer)s stays as it was entered. The division "
                "manager can undo it.",
                consumer=self[:1].partner_id.display_name,
            )
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        raise UserError(
            self.env._(
                "The result at %(consumer)s is kept. The division manager can undo it.",
                consumer=self[:1].partner_id.display_name,
            )
        )

    def action_open_notice(self):
        """Open the listing that the result belongs to."""
        self.ensure_one()
        return self.notice_id._get_records_action()


class ResCompany(models.Model):
    _inherit = "res.company"

    discom_promise_days = fields.Integer(
        "Days of a Promise",
        default=7,
        help="For so many days at most a promise at the door puts a disconnection off.",
    )
    discom_promise_times = fields.Integer(
        "Promises",
        default=1,
        help="So many times a promise puts a disconnection off.",
    )
    discom_claim_days = fields.Integer(
        "Days to Confirm a Receipt",
        default=2,
        help="Who shows a receipt is not visited for so many days; by then the counter has entered "
        "the payment.",
    )
    discom_reconnect_on_part = fields.Boolean(
        "Reconnect on Part Payment",
        default=True,
        help="The least part payment of the payment rule is enough for reconnection. Source: order "
        "of 7-Nov-2024 as reported in the press, not compared with the original.",
    )

    _discom_field_days = models.Constraint(
        "CHECK (discom_promise_days BETWEEN 0 AND 60 AND discom_claim_days BETWEEN 0 AND 30"
        " AND discom_promise_times >= 0)",
        "A promise holds 60 days at most, a receipt is confirmed within 30.",
    )
