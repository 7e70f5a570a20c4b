from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

#: Why no step is proposed, in the order in which they are looked at.
STOP_REASONS = [
    ("deceased", "Consumer deceased"),
    ("court", "Stay of a court"),
    ("own_staff", "Own staff"),
    ("life_support", "Depends on supply, and no policy is for them"),
    ("disputed", "Bill disputed"),
    ("scheme", "Registered for a scheme"),
    ("plan", "Payment plan"),
    ("other", "Held for another reason"),
    ("paid", "Paid"),
    ("bill", "A newer bill took the place of this one"),
    ("step", "Another step came first"),
]
HELD = ("deceased", "court", "own_staff", "disputed", "other")


class DiscomNoticeHold(models.Model):
    """A consumer whom no reminder and no disconnection may reach for a time, and why.

    Kept when it ends: who was spared, by whom and on what ground, is asked later.
    """

    _name = "discom.notice.hold"
    _description = "Stop of Arrears Steps"
    _inherit = ["mail.thread", "discom.aadhaar.mixin"]
    _order = "date_from desc, id desc"
    _rec_name = "partner_id"
    _no_aadhaar = ("note",)

    partner_id = fields.Many2one(
        "res.partner",
        "Consumer",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("discom_consumer", "=", True)],
    )
    office_id = fields.Many2one(
        "discom.office", related="partner_id.discom_office_id", store=True, index=True
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    reason = fields.Selection(
        [entry for entry in STOP_REASONS if entry[0] in HELD], required=True, tracking=True
    )
    note = fields.Char(
        "Ground", required=True, tracking=True, help="Number of the case, letter, order."
    )
    date_from = fields.Date(
        "From", required=True, default=lambda self: self.env["discom.bill"]._today()
    )
    date_to = fields.Date("Until", tracking=True, help="Empty: until further notice.")

    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "The last day lies before the first. Correct one of the two.",
    )

    @api.constrains("partner_id", "reason", "date_from", "date_to")
    def _check_twice(self):
        others = self.search([("partner_id", "in", self.partner_id.ids)]).grouped(
            lambda hold: (hold.partner_id, hold.reason)
        )
        for hold in self:
            for same in others.get((hold.partner_id, hold.reason), self.browse()) - hold:
                begun = not hold.date_to or same.date_from <= hold.date_to
                if begun and (not same.date_to or same.date_to >= hold.date_from):
                    raise ValidationError(
                        self.env._(
                            "%(consumer)s is held for this reason since %(date)s already.",
                            consumer=hold.partner_id.display_name,
                            date=format_date(self.env, same.date_from),
                        )
                    )

    def action_end(self):
        """End the stop today."""
        today = self.env["discom.bill"]._today()
        for day, holds in self.grouped(lambda hold: max(today, hold.date_from)).items():
            holds.date_to = day
        return True
