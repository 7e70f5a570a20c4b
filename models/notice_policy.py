from odoo import api, fields, models
from odoo.exceptions import ValidationError

STEP_KINDS = [
    ("reminder", "Reminder before the due date"),
    ("due_day", "On the due day"),
    ("overdue", "Overdue"),
    ("formal", "Formal notice"),
    ("disconnection", "Listed for disconnection"),
]
#: Kind of step -> message purpose; a listing is no message.
PURPOSES = {
    "reminder": "due_reminder",
    "due_day": "due_reminder",
    "overdue": "overdue",
    "formal": "notice",
}
#: The ladder that most divisions want: kind, days, least dues, channel. Reminders five days before
#: and on the due day, overdue three days after, the formal notice, the list for disconnection.
USUAL_STEPS = (
    ("reminder", 5, 100, "whatsapp"),
    ("due_day", 0, 100, "whatsapp"),
    ("overdue", 3, 100, "whatsapp"),
    ("formal", 15, 1000, "both"),
    ("disconnection", 0, 1000, "print"),
)
#: Consumers who depend on supply are reminded, and told in person what is due.
PROTECTED_KINDS = ("reminder", "due_day", "overdue")
#: Kinds that tell of the law, not of forgetfulness: they do not wait for a gap.
LEGAL_KINDS = ("formal", "disconnection")


class DiscomNoticePolicy(models.Model):
    """Who is reminded of dues when and how: a ladder of steps for offices and categories.

    For a consumer the policy of the nearest office above counts, one that names the category before
    one for all. Consumers who depend on supply (life support, hospitals) follow protected policies
    alone, and without one nothing is proposed for them.
    """

    _name = "discom.notice.policy"
    _description = "Arrears Policy"
    _inherit = ["mail.thread", "discom.aadhaar.mixin"]
    _order = "sequence, id"
    _check_company_auto = True
    _no_aadhaar = ("name",)

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    office_id = fields.Many2one(
        "discom.office", required=True, ondelete="restrict", check_company=True, tracking=True
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.ref("base.INR")
    )
    category_ids = fields.Many2many(
        "discom.category",
        "discom_notice_policy_category_rel",
        "policy_id",
        "category_id",
        "Tariff Categories",
        help="Empty: all.",
    )
    protected = fields.Boolean(
        "For Consumers Who Depend on Supply",
        tracking=True,
        help="Life support, hospitals, water works. They follow these policies only.",
    )
    gap_days = fields.Integer(
        "Days between Messages",
        default=3,
        tracking=True,
        help="Nobody gets two reminders within as many days. Formal notices do not wait.",
    )
    bill_gap_months = fields.Integer(
        "Months between Bills at Most",
        default=3,
        help="Dues older than two years are recoverable by cutting only where they were shown "
        "continuously as arrears (Electricity Act 2003, section 56(2)): on every bill, with no "
        "longer gap between two bills.",
    )
    step_ids = fields.One2many("discom.notice.step", "policy_id", "Steps", copy=True)
    active = fields.Boolean(default=True)

    def action_create_usual(self):
        """Make the usual ladder, and that of protected consumers, where a division has none.

        A beginning to be looked at and changed: amounts and days are the division's to decide.
        """
        self.check_access("create")
        divisions = self.env["discom.office"].search([("level", "=", "division")])
        policies = self.with_context(active_test=False).search([("office_id", "in", divisions.ids)])
        for protected in (False, True):
            have = policies.filtered(
                lambda policy, protected=protected: policy.protected == protected
            ).office_id
            self.create([office._discom_usual_policy(protected) for office in divisions - have])
        return True

    _gaps_positive = models.Constraint(
        "CHECK (gap_days >= 0 AND bill_gap_months > 0)",
        "Days between messages: enter 0 or more. Months between bills: enter 1 or more.",
    )


class DiscomNoticeStep(models.Model):
    """One rung of the ladder."""

    _name = "discom.notice.step"
    _description = "Step of an Arrears Policy"
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one(
        "discom.notice.policy", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    kind = fields.Selection(STEP_KINDS, required=True, default="overdue")
    days = fields.Integer(
        help="Before the due date for a reminder, after it for the others; for the list of "
        "disconnection after the last day of the served notice."
    )
    day_kind = fields.Selection(
        [("calendar", "Calendar days"), ("working", "Working days")],
        "Count",
        required=True,
        default="calendar",
    )
    amount_min = fields.Monetary("Dues of at Least")
    currency_id = fields.Many2one(related="policy_id.currency_id")
    channel = fields.Selection(
        [("whatsapp", "WhatsApp"), ("both", "WhatsApp and paper"), ("print", "Paper")],
        required=True,
        default="whatsapp",
    )
    needs_approval = fields.Boolean(
        "Approved by the Manager", default=True, help="By somebody else than who proposed it."
    )
    repeat_days = fields.Integer(
        "Not Again within Days",
        default=25,
        help="The same step for the same consumer. A step is never repeated for the same bill.",
    )

    _days_positive = models.Constraint(
        "CHECK (days >= 0 AND amount_min >= 0 AND repeat_days >= 0)",
        "Days and amounts cannot be negative.",
    )
    _kind_once = models.UniqueIndex(
        "(policy_id, kind, days)",
        "This policy has a step of this kind after as many days already. Change that one.",
    )

    @api.depends("kind", "days")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for step in self:
            step.display_name = (
                f"{kinds.get(step.kind, '')} ({step.days})" if step.days else kinds.get(step.kind)
            )

    @api.constrains("kind", "channel", "days")
    def _check_kind(self):
        for step in self:
            if step.kind == "due_day" and step.days:
                raise ValidationError(
                    self.env._(
                        "A step “On the due day” has no days before or after it. Leave the "
                        "days at 0."
                    )
                )
            if step.kind == "reminder" and not step.days:
                raise ValidationError(
                    self.env._("Give the days before the due date, or choose “On the due day”.")
                )
            if step.kind == "formal" and step.channel == "whatsapp":
                company = step.policy_id.company_id
                if not company.discom_notice_whatsapp_serves:
                    raise ValidationError(
                        self.env._(
                            "A formal notice has to be served on paper as well: choose WhatsApp "
                            "and paper. Whether WhatsApp alone is service is a setting of the "
                            "company."
                        )
                    )


class DiscomOffice(models.Model):
    _inherit = "discom.office"

    def _discom_usual_policy(self, protected):
        """Values of the usual policy of this office."""
        self.ensure_one()
        name = self.env._("%(office)s, usual ladder", office=self.name)
        if protected:
            name = self.env._("%(office)s, who depend on supply", office=self.name)
        return {
            "name": name,
            "office_id": self.id,
            "protected": protected,
            "step_ids": [
                fields.Command.create(
                    {
                        "kind": kind,
                        "days": days,
                        "sequence": place * 10,
                        "amount_min": amount,
                        "channel": channel,
                    }
                )
                for place, (kind, days, amount, channel) in enumerate(USUAL_STEPS, 1)
                if not protected or kind in PROTECTED_KINDS
            ],
        }
