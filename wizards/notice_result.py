from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

#: The route from door to door, as the books list them.
ROUTE = "amount desc, id"
LISTED = [
    ("paid", "Shows a receipt"),
    ("promised", "Promises to pay"),
    ("closed", "Premises closed"),
    ("refused", "Refused entry"),
    ("disconnected", "Disconnected"),
    ("reconnected", "Reconnected"),
]
#: Values of the visit that belong to a result; others are left out.
VALUES = {
    "paid": ("receipt_no",),
    "promised": ("promised_on",),
    "disconnected": ("reading", "photo"),
    "reconnected": ("reading", "photo"),
}


class DiscomNoticeResult(models.TransientModel):
    """What was found at one door of the field list, in one screen of a phone."""

    _name = "discom.notice.result"
    _description = "Result at the door"
    _inherit = ["discom.door.mixin"]

    notice_id = fields.Many2one("discom.notice", required=True, readonly=True)
    partner_id = fields.Many2one(related="notice_id.partner_id")
    name = fields.Char(related="partner_id.name")
    name_hi = fields.Char(related="partner_id.discom_name_hi")
    guardian_name = fields.Char(related="partner_id.discom_guardian_name")
    account_no = fields.Char(related="notice_id.account_no")
    street = fields.Char(related="partner_id.street")
    village = fields.Char(related="notice_id.village")
    meter_no = fields.Char(related="partner_id.discom_meter_no")
    unmetered = fields.Boolean(related="partner_id.discom_unmetered")
    amount = fields.Monetary("Dues today", compute="_compute_amount")
    currency_id = fields.Many2one(related="notice_id.currency_id")
    cut_from = fields.Date(related="notice_id.cut_from")
    state = fields.Selection(related="notice_id.state")
    stop_now = fields.Selection(related="notice_id.stop_now")
    may_take_money = fields.Boolean(compute="_compute_may_take_money")
    outcome = fields.Selection(LISTED, "What happened", required=True)
    receipt_no = fields.Char("Number of the receipt shown")
    promised_on = fields.Date("Promises to pay on")
    taken = fields.Boolean("I took the money", help="Only counter clerks take money at the door.")
    paid_amount = fields.Monetary("Amount taken")
    means = fields.Selection(
        selection=lambda self: (
            self.env["discom.payment"]._fields["means"]._description_selection(self.env)
        ),
        string="Paid by",
        default="cash",
    )
    means_no = fields.Char("Cheque or transaction number")
    reading = fields.Float("Meter reading", digits=(12, 1))
    last_reading = fields.Float(
        "Last reading", digits=(12, 1), compute="_compute_amount", help="When cut, else as billed."
    )
    photo = fields.Image("Photo of the meter", max_width=1600, max_height=1600)
    note = fields.Char("Remark")
    left_count = fields.Integer("Left", compute="_compute_left_count")

    @api.depends("notice_id")
    def _compute_amount(self):
        for result in self:
            result.amount = result.notice_id._due_now()
            result.last_reading = result.notice_id._last_reading()

    @api.depends_context("uid")
    def _compute_may_take_money(self):
        self.may_take_money = self.env.user.has_group("discom.group_counter_clerk")

    @api.depends("notice_id")
    def _compute_left_count(self):
        self.left_count = self.env["discom.notice"].search_count(self._left_domain())

    @api.onchange("notice_id")
    def _onchange_notice_id(self):
        """Of a consumer to reconnect only that can be entered."""
        if self.notice_id.state == "reconnect":
            self.outcome = "reconnected"

    def _open_next(self):
        # Those put off come back on their day; this one is done with.
        following = self.env["discom.notice"].search(
            self._left_domain() & Domain("id", "!=", self.notice_id.id), order=ROUTE, limit=1
        )
        return following and following.action_result()

    def _apply(self):
        """
        :raise UserError: where something that the result needs is missing, or it cannot be
        """
        vals = {name: self[name] or False for name in VALUES.get(self.outcome, ())}
        note = " ".join((self.note or "").split())
        if self.outcome == "refused" and not note:
            raise UserError(self.env._("Write in a few words under Remark what happened."))
        if self.outcome == "paid" and self.taken:
            vals = {
                "payment": {
                    "amount": self.paid_amount,
                    "means": self.means,
                    "means_no": self.means_no,
                }
            }
        self.notice_id._record_visit(self.outcome, note=note or False, **vals)

    def _left_domain(self):
        """One's own list as of today: assigned to the user, or to nobody in the own offices."""
        today = self.env["discom.bill"]._today()
        return (
            Domain("kind", "=", "disconnection")
            & Domain("state", "in", ("listed", "reconnect"))
            & Domain("user_id", "in", (self.env.uid, False))
            & (Domain("deferred_until", "=", False) | Domain("deferred_until", "<=", today))
        )
