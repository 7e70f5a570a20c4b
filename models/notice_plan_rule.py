from odoo import fields, models


class DiscomPaymentRule(models.Model):
    """What a payment plan may look like, dated with the other rules of payment."""

    _inherit = "discom.payment.rule"

    plan_instalments = fields.Integer(
        "Instalments of a Plan at Most",
        default=10,
        required=True,
        help="Ten instalments were given in 2026 for dues before 30-Apr-2026, as reported by minor "
        "sites; nothing was compared with an original.",
    )
    plan_grace_days = fields.Integer(
        "Days of Grace of a Plan",
        default=7,
        help="Days after an instalment's date before the plan counts as defaulted. Assumed.",
    )
    plan_remind_days = fields.Integer(
        "Remind of Instalments Days before",
        default=3,
        help="Days before an instalment's date on which the consumer is reminded.",
    )

    _plan_positive = models.Constraint(
        "CHECK (plan_instalments BETWEEN 1 AND 60 AND plan_grace_days >= 0"
        " AND plan_remind_days >= 0)",
        "A plan has 1 to 60 instalments, and numbers of days cannot be negative.",
    )
