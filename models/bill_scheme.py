import ast
from decimal import ROUND_HALF_UP, Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools import formats
from .bill_payment_rule import SURCHARGE

PAISA = Decimal("0.01")
#: Consumers whose offers are added up while a form opens: about a second.
EXACT_CONSUMERS = 2_000


class DiscomScheme(models.Model):
    """One-time settlement: who pays within a phase pays less of the surcharge and of the dues.

    Amounts are rupees. A scheme is a dated record with its source; whether it runs follows from the
    dates. What a consumer would pay is an offer (:meth:`_offer`), never a change of the ledger: the
    billing system waives, and its next bill says so.
    """

    _name = "discom.scheme"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Settlement Scheme"
    _order = "date_from desc, id desc"
    _rec_names_search = ["name", "name_hi"]
    _no_aadhaar = ("name", "name_hi", "source")

    name = fields.Char(required=True)
    name_hi = fields.Char("Name in Hindi", required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one("res.currency", default=lambda self: self.env.ref("base.INR"))
    active = fields.Boolean(default=True)
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("Until", required=True)
    state = fields.Selection(
        [("planned", "Planned"), ("running", "Running"), ("ended", "Ended")],
        compute="_compute_state",
        search="_search_state",
    )
    source = fields.Text(required=True, help="Order or press report that it was taken from.")
    verified = fields.Boolean(help="Someone compared this with the original order.")
    domain = fields.Char(
        "Who May Take Part",
        required=True,
        default="[('discom_consumer', '=', True)]",
        help="Tariff category, load, area, never paid, long unpaid, connection.",
    )
    dues_until = fields.Date(
        "Dues up to", help="Only dues charged in bills up to this day are settled. Empty: all dues."
    )
    minimum_due = fields.Monetary("Dues of at Least")
    surcharge_percent = fields.Float(
        "Surcharge Waived (%)", digits=(5, 2), default=100, aggregator=None
    )
    deposit = fields.Monetary("Registration Deposit", help="Paid at registration, part of the sum.")
    instalment_count = fields.Integer(
        "Instalments", default=1, aggregator=None, help="At most so many monthly instalments."
    )
    phase_ids = fields.One2many("discom.scheme.phase", "scheme_id", "Phases", copy=True)
    registration_ids = fields.One2many("discom.scheme.registration", "scheme_id", "Registrations")
    registration_count = fields.Integer(compute="_compute_registration_count")
    eligible_count = fields.Integer("Eligible Consumers", compute="_compute_eligible")
    eligible_due = fields.Monetary("Their Dues", compute="_compute_eligible")
    eligible_lpsc = fields.Monetary("Surcharge within", compute="_compute_eligible")
    eligible_offer = fields.Monetary("They Would Pay", compute="_compute_eligible")
    eligible_estimated = fields.Boolean(compute="_compute_eligible")

    _dates_order = models.Constraint(
        "CHECK (date_to >= date_from)",
        "The last day lies before the first. Correct one of the two.",
    )
    _values_range = models.Constraint(
        "CHECK (surcharge_percent BETWEEN 0 AND 100 AND deposit >= 0 AND minimum_due >= 0"
        " AND instalment_count >= 1)",
        "Enter percentages from 0 to 100, amounts of 0 or more, and at least 1 instalment.",
    )

    @api.depends("name", "name_hi")
    @api.depends_context("lang")
    def _compute_display_name(self):
        hindi = (self.env.lang or "").startswith("hi")
        for scheme in self:
            scheme.display_name = (scheme.name_hi if hindi else None) or scheme.name

    @api.depends("date_from", "date_to")
    def _compute_state(self):
        today = self.env["discom.bill"]._today()
        for scheme in self:
            if not scheme.date_from or not scheme.date_to or today < scheme.date_from:
                scheme.state = "planned"
            else:
                scheme.state = "running" if today <= scheme.date_to else "ended"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env["discom.bill"]._today()
        domains = {
            "planned": Domain("date_from", ">", today),
            "running": Domain("date_from", "<=", today) & Domain("date_to", ">=", today),
            "ended": Domain("date_to", "<", today),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    def _compute_registration_count(self):
        counts = dict(
            self.env["discom.scheme.registration"]._read_group(
                [("scheme_id", "in", self.ids)], ["scheme_id"], ["__count"]
            )
        )
        for scheme in self:
            scheme.registration_count = counts.get(scheme, 0)

    @api.depends("domain", "minimum_due", "surcharge_percent", "dues_until", "phase_ids.percent")
    def _compute_eligible(self):
        """Figures of the own offices, of today's dues, as in the phase of today or the first.

        The sums of the ageing are those of the ledger. Only which dues are old enough, and the
        surcharge that arrears hold, it does not tell: then the offers are added up, of many
        consumers the sums stand as an estimate.
        """
        rule = self.env["discom.payment.rule"]._current()
        for scheme in self:
            phase = scheme._phase() or scheme.phase_ids.sorted("date_from")[:1]
            count, due, lpsc = 0, 0.0, 0.0
            if scheme.id:
                count, due, lpsc = self.env["discom.ageing"]._read_group(
                    scheme._ageing_domain(), [], ["__count", "amount_due:sum", "amount_lpsc:sum"]
                )[0]
            due, lpsc = due or 0.0, lpsc or 0.0
            offer = (due - lpsc) * (1 - phase.percent / 100) + lpsc * (
                1 - scheme.surcharge_percent / 100
            )
            told_apart = scheme.dues_until or rule.lpsc_meaning == "bill"
            scheme.eligible_estimated = told_apart and count > EXACT_CONSUMERS
            if told_apart and not scheme.eligible_estimated:
                count, due, lpsc, offer = scheme._sum_of_offers(phase)
            scheme.eligible_count, scheme.eligible_due = count, due
            scheme.eligible_lpsc, scheme.eligible_offer = lpsc, offer

    def _sum_of_offers(self, phase):
        """Number of consumers with an offer in ``phase``, and the sums of dues, surcharge, offers.

        :return: tuple of a number and rupees as floats
        """
        partners = self.env["discom.ageing"].search(self._ageing_domain()).partner_id
        offers = [self._offer_of(dues, phase) for dues in partners._discom_dues().values()]
        offers = [offer for offer in offers if offer]
        return len(offers), *(
            float(sum(offer[key] for offer in offers)) for key in ("due", "lpsc", "amount")
        )

    @api.constrains("domain")
    def _check_domain(self):
        for scheme in self:
            scheme.env["res.partner"]._discom_check_domain(scheme.domain, scheme.name)

    # === ACTION METHODS === #

    def action_open_eligible(self):
        """Show the eligible consumers with their dues."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_ageing_action")
        action.update(
            name=self.env._("Eligible for %(scheme)s", scheme=self.name),
            domain=list(self._ageing_domain()),
            context={},
            view_mode="list,pivot",
            views=[(False, "list"), (False, "pivot")],
        )
        return action

    def action_open_registrations(self):
        """Show the registrations of this scheme."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_scheme_registration_action"
        )
        action["domain"] = [("scheme_id", "=", self.id)]
        action["context"] = {"default_scheme_id": self.id}
        return action

    # === BUSINESS METHODS === #

    def _phase(self, date=None):
        """The phase of a day, today by default; empty where the scheme does not run."""
        self.ensure_one()
        date = date or self.env["discom.bill"]._today()
        if not self.date_from or not self.date_from <= date <= self.date_to:
            return self.phase_ids.browse()
        return self.phase_ids.filtered(lambda phase: phase.date_from <= date <= phase.date_to)[:1]

    def _consumer_domain(self):
        """Domain of the consumers that may take part, whatever they owe."""
        return (
            Domain(ast.literal_eval(self.domain or "[]"))
            & Domain("discom_consumer", "=", True)
            & Domain("company_id", "=", self.company_id.id)
        )

    def _ageing_domain(self):
        """Domain of ``discom.ageing`` of those who may take part and owe enough."""
        return (
            Domain("partner_id", "any", self._consumer_domain())
            & Domain("amount_due", ">", 0)
            & Domain("amount_due", ">=", self.minimum_due)
        )

    @api.model
    def _offer(self, partners):
        """What consumers would pay now to be rid of their dues, by the scheme best for them.

        :param partners: consumers, any number; archived schemes and phases of other days do not
            count
        :return: ``{consumer id: dict}`` with ``scheme`` (record), ``due``, ``principal``, ``lpsc``
            (what the scheme covers), ``amount`` (to pay, rupees), ``saving``, ``deposit``,
            ``instalments``, ``until`` (last day of the phase) and ``outside`` (dues that the scheme
            does not cover, to be paid in full)
        """
        schemes = self.search([("state", "in", ["running"])])
        offers = {}
        if not schemes or not partners:
            return offers
        dues = None
        for scheme in schemes:
            phase = scheme._phase()
            if not phase:
                continue
            eligible = partners.filtered_domain(scheme._consumer_domain())
            if dues is None:
                dues = partners._discom_dues()
            for partner in eligible:
                offer = scheme._offer_of(dues[partner.id], phase)
                if offer and offer["saving"] > offers.get(partner.id, {"saving": 0})["saving"]:
                    offers[partner.id] = offer
        return offers

    def _offer_of(self, dues, phase):
        """The offer for dues as of ``_discom_dues``; None where there is nothing to settle."""
        due = dues["due"]
        # Where a bill's surcharge is its own alone, the older one is a head of the months unpaid.
        within = [
            (month, amount)
            for month in dues["months"]
            for head, amount in month["heads"]
            if head == SURCHARGE
        ]
        lpsc = dues["lpsc"] + sum(amount for _month, amount in within)
        principal = due - lpsc
        if self.dues_until:
            newer = [
                month
                for month in dues["months"]
                if month["month"] and month["due_date"] > self.dues_until
            ]
            surcharge = sum(amount for month, amount in within if month in newer)
            lpsc -= surcharge
            principal -= sum(month["amount"] for month in newer) - surcharge
        covered = principal + lpsc
        if due <= 0 or due < Decimal(str(self.minimum_due)) or covered <= 0:
            return None
        amount = principal * (100 - Decimal(str(phase.percent))) / 100
        amount += lpsc * (100 - Decimal(str(self.surcharge_percent))) / 100
        amount = amount.quantize(PAISA, rounding=ROUND_HALF_UP)
        return {
            "scheme": self,
            "due": covered,
            "principal": principal,
            "lpsc": lpsc,
            "amount": amount,
            "saving": covered - amount,
            "outside": due - covered,
            "deposit": self.deposit,
            "instalments": self.instalment_count,
            "until": phase.date_to,
        }


class DiscomSchemePhase(models.Model):
    """Days of a scheme within which paying lowers the dues by so many per cent."""

    _name = "discom.scheme.phase"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Scheme Phase"
    _order = "scheme_id, date_from"
    _no_aadhaar = ("name",)

    scheme_id = fields.Many2one("discom.scheme", required=True, ondelete="cascade", index=True)
    name = fields.Char(required=True)
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("Until", required=True)
    percent = fields.Float("Dues Waived (%)", digits=(5, 2), aggregator=None)

    _percent_range = models.Constraint(
        "CHECK (percent BETWEEN 0 AND 100)", "A waiver must be from 0 to 100 %."
    )

    @api.constrains("date_from", "date_to", "scheme_id")
    def _check_dates(self):
        for scheme in self.scheme_id:
            phases = scheme.phase_ids.sorted("date_from")
            before = None
            for phase in phases:
                if not scheme.date_from <= phase.date_from <= phase.date_to <= scheme.date_to:
                    raise ValidationError(
                        self.env._(
                            "The days of phase “%(phase)s” are not within the scheme. They must "
                            "lie from %(first)s to %(last)s.",
                            first=format_date(self.env, scheme.date_from),
                            last=format_date(self.env, scheme.date_to),
                            phase=phase.name,
                        )
                    )
                if before and phase.date_from <= before.date_to:
                    raise ValidationError(
                        self.env._(
                            "Phases “%(first)s” and “%(second)s” have days in common. End the "
                            "first before the second begins.",
                            first=before.name,
                            second=phase.name,
                        )
                    )
                before = phase


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    scheme_offer = fields.Char("Settlement Scheme", compute="_compute_scheme_offer")

    @api.depends_context("lang")
    def _compute_scheme_offer(self):
        offers = self._scheme_offer() if self.ids else {}
        key = "hi" if (self.env.lang or "").startswith("hi") else "en"
        for bill in self:
            bill.scheme_offer = offers[bill.id]["note"][key] if bill.id in offers else False

    def _scheme_offer(self):
        """What the consumer would pay by a scheme that runs today, for newest bills with dues.

        :return: ``{bill id: dict}`` with ``amount``, ``saving``, ``until``, ``scheme``,
            ``scheme_hi`` and ``note`` ({"hi": text, "en": text}, ready to print)
        """
        open_bills = self.filtered(lambda bill: bill.is_latest and bill.amount_due > 0)
        # Whoever reads a bill reads what its consumer is offered.
        offers = self.env["discom.scheme"].sudo()._offer(open_bills.partner_id)
        result = {}
        for bill in open_bills:
            offer = offers.get(bill.partner_id.id)
            if not offer:
                continue
            # All that is to be paid with the scheme, beside what the bill asks for today.
            amount, payable = offer["amount"] + offer["outside"], bill._payable()
            values = {
                "amount": formats.rupees(amount),
                "due": formats.rupees(payable),
                "until": formats.day(offer["until"]),
            }
            result[bill.id] = {
                "amount": amount,
                "saving": payable - amount,
                "until": offer["until"],
                "scheme": offer["scheme"].name,
                "scheme_hi": offer["scheme"].name_hi,
                "note": {
                    "hi": "{scheme}: ₹{due} के स्थान पर {until} तक ₹{amount} दें।".format(
                        scheme=offer["scheme"].name_hi, **values
                    ),
                    "en": "{scheme}: pay ₹{amount} instead of ₹{due} by {until}.".format(
                        scheme=offer["scheme"].name, **values
                    ),
                },
            }
        return result
