import ast

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .bill_line import HEADS

SURCHARGE = "lpsc"
OTHER = "other"
#: What a payment can settle: the charges of a bill, the surcharge, and what no charge explains.
DUES_HEADS = [(SURCHARGE, "Late payment surcharge"), *HEADS, (OTHER, "Other dues")]
DUES_HEADS_HINDI_OTHER = "अन्य बकाया"


class DiscomPaymentRule(models.Model):
    """How payments are taken and applied from a day on, each value with the text it comes from.

    Nothing here was confirmed against an original, so all of it is data: the newest rule that has
    begun holds.
    """

    _name = "discom.payment.rule"
    _description = "Payment Rule"
    _order = "date_from desc, id desc"

    name = fields.Char(required=True, translate=True)
    date_from = fields.Date("Valid From", required=True)
    source = fields.Text(required=True, help="Order or document that says so.")
    verified = fields.Boolean(help="Someone compared this with the original order.")
    active = fields.Boolean(default=True)
    lpsc_meaning = fields.Selection(
        [
            ("total", "All unpaid surcharge; arrears are without it"),
            ("bill", "Surcharge of this bill only; arrears hold the older one"),
        ],
        "Surcharge on a Bill Is",
        required=True,
        default="total",
        help="What the billing system prints as late payment surcharge.",
    )
    head_ids = fields.One2many("discom.payment.rule.head", "rule_id", "Order of Heads", copy=True)
    part_ids = fields.One2many("discom.payment.rule.part", "rule_id", "Part Payment", copy=True)
    part_days = fields.Integer(
        "Days between Part Payments",
        default=30,
        help="The counter warns of a second part payment within these days; 0: never.",
    )
    never_paid_since = fields.Date(
        required=True,
        help="Who has paid nothing since this day, or since the connection, has never paid.",
    )
    long_unpaid_days = fields.Integer(
        required=True,
        default=365,
        help="Who owes and has paid nothing for so many days is long unpaid.",
    )
    receipt_days = fields.Integer(
        "Receipt Message within Days",
        default=3,
        help="A payment that is older when it becomes known is not confirmed on WhatsApp.",
    )

    _days_positive = models.Constraint(
        "CHECK (long_unpaid_days > 0 AND receipt_days >= 0 AND part_days >= 0)",
        "Numbers of days cannot be negative, and “long unpaid” needs at least 1 day.",
    )

    @api.constrains("head_ids")
    def _check_heads(self):
        for rule in self:
            heads = rule.head_ids.mapped("head")
            if len(heads) != len(set(heads)):
                raise ValidationError(
                    self.env._(
                        "%(rule)s names a head of charges twice. Keep it once.", rule=rule.name
                    )
                )

    @api.model
    def _current(self, date=None):
        """The rule that holds on a day, today by default; empty where none has begun."""
        date = date or self.env["discom.bill"]._today()
        return self.search([("date_from", "<=", date)], limit=1)

    @api.model
    def _current_on(self, days):
        """The rules that hold on several days: ``{day: rule}``, in one query."""
        rules = self.search([("date_from", "<=", max(days))]) if days else self.browse()
        return {
            day: next((rule for rule in rules if rule.date_from <= day), self.browse())
            for day in days
        }

    def _head_rank(self):
        """``{head: place}`` in which a payment settles the heads of one month."""
        named = [line.head for line in self.head_ids.sorted("sequence")]
        heads = named + [head for head, _label in DUES_HEADS if head not in named]
        return {head: place for place, head in enumerate(heads)}

    def _surcharge_first(self):
        """Whether a payment settles the surcharge before, or after, all charges."""
        rank = self._head_rank()
        return rank[SURCHARGE] < rank["energy"]

    def _part_of(self, consumer):
        """The line of the part payment that is meant for a consumer; empty where there is none."""
        self.ensure_one()
        return next(
            (
                part
                for part in self.part_ids
                if consumer.filtered_domain(Domain(ast.literal_eval(part.domain or "[]")))
            ),
            self.part_ids.browse(),
        )


class DiscomPaymentRuleHead(models.Model):
    """Place of one head among those that a payment settles."""

    _name = "discom.payment.rule.head"
    _description = "Payment Rule: Head"
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one("discom.payment.rule", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    head = fields.Selection(DUES_HEADS, required=True)


class DiscomPaymentRulePart(models.Model):
    """Least part of the dues that certain consumers may pay, in rupees and per cent."""

    _name = "discom.payment.rule.part"
    _description = "Payment Rule: Part Payment"
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one("discom.payment.rule", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char("For Whom", required=True, translate=True)
    domain = fields.Char("Consumers", default="[]", required=True)
    percent = fields.Float("Least Part (%)", digits=(5, 2))
    minimum = fields.Monetary("But at Least")
    currency_id = fields.Many2one("res.currency", default=lambda self: self.env.ref("base.INR"))

    _percent_range = models.Constraint(
        "CHECK (percent >= 0 AND percent <= 100 AND minimum >= 0)",
        "The part of the dues must be from 0 to 100 %, and its least amount 0 or more.",
    )

    @api.constrains("domain")
    def _check_domain(self):
        for part in self:
            part.env["res.partner"]._discom_check_domain(part.domain, part.name)

    def _least(self, due):
        """Least amount in rupees that settles a part of ``due``; never more than all of it."""
        self.ensure_one()
        return min(due, max(self.minimum, round(due * self.percent / 100, 2)))


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _discom_check_domain(self, domain, name):
        """
        :raise ValidationError: when ``domain`` (text) does not select consumers
        """
        try:
            self.sudo()._search(Domain(ast.literal_eval(domain or "[]")))  # the form of it only
        except Exception as error:
            raise ValidationError(
                self.env._(
                    "The filter of “%(name)s” cannot be used; choose it anew. (%(error)s)",
                    name=name,
                    error=error,
                )
            ) from error
