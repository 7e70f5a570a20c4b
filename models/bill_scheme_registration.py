from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

#: Days after an instalment's date before its registration counts as defaulted.
GRACE_DAYS = 7


class DiscomSchemeRegistration(models.Model):
    """A consumer who takes part in a scheme: what was offered, and whether it was paid.

    The offer is frozen on the day of registration. ``paid`` follows from the payments since, the
    state from both and from the dates of the instalments.
    """

    _name = "discom.scheme.registration"
    _description = "Scheme Registration"
    _inherit = ["mail.thread", "discom.follow.mixin"]
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    scheme_id = fields.Many2one("discom.scheme", required=True, ondelete="restrict", index=True)
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
    company_id = fields.Many2one(related="scheme_id.company_id", store=True)
    currency_id = fields.Many2one(related="scheme_id.currency_id")
    date = fields.Date(
        "Registered on", required=True, default=lambda self: self.env["discom.bill"]._today()
    )
    state = fields.Selection(
        [
            ("running", "Paying"),
            ("completed", "Completed"),
            ("defaulted", "Defaulted"),
            ("cancelled", "Cancelled"),
        ],
        default="running",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    due = fields.Monetary("Dues Settled", readonly=True, copy=False)
    lpsc = fields.Monetary("Surcharge within", readonly=True, copy=False)
    amount = fields.Monetary("To Pay", readonly=True, copy=False)
    deposit = fields.Monetary("Registration Deposit", readonly=True, copy=False)
    instalment_count = fields.Integer("Instalments", default=1, aggregator=None)
    last_date = fields.Date("Pay Everything by", readonly=True, copy=False)
    paid = fields.Monetary(compute="_compute_paid")
    left = fields.Monetary("Left to Pay", compute="_compute_paid")
    next_amount = fields.Monetary("Due by Now", compute="_compute_paid")

    _scheme_partner_uniq = models.UniqueIndex(
        "(scheme_id, partner_id) WHERE state <> 'cancelled'",
        "This consumer is registered for the scheme already.",
    )

    def _compute_paid(self):
        paid = self._paid()
        today = self.env["discom.bill"]._today()
        for registration in self:
            registration.paid = paid.get(registration.id, 0)
            registration.left = max(registration.amount - registration.paid, 0)
            registration.next_amount = max(registration._amount_until(today) - registration.paid, 0)

    @api.model_create_multi
    def create(self, vals_list):
        """Freeze the offer of the day.

        :raise UserError: when the consumer is not eligible, owes nothing or the scheme does not run
        """
        for vals in vals_list:
            if vals.get("state", "running") != "running":
                raise UserError(self.env._("A registration begins as running."))
            draft = self.new(vals)
            draft.date = draft.date or self.env["discom.bill"]._today()
            vals.update(draft._prepare_offer())
        # One that was cancelled a moment ago must not stand in the way of the new one.
        self.flush_model(["state"])
        registrations = super().create(vals_list)
        registrations._follow()
        return registrations

    def write(self, vals):
        frozen = {"scheme_id", "partner_id", "date", "due", "lpsc", "amount", "deposit", "state"}
        if frozen & vals.keys():
            raise UserError(
                self.env._("A registration is kept as it was made. Cancel it and register anew.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        raise UserError(
            self.env._(
                "The registration of %(consumer)s is kept. Cancel it instead.",
                consumer=self[:1].partner_id.display_name,
            )
        )

    # === ACTION METHODS === #

    def action_cancel(self):
        """Take the registration back."""
        self.filtered(lambda r: r.state != "cancelled")._set_state("cancelled")
        return True

    # === BUSINESS METHODS === #

    def _set_state(self, state):
        """Write the state past the guard of :meth:`write`."""
        models.Model.write(self, {"state": state})

    def _prepare_offer(self):
        """Values of what the consumer was offered on the day of registration.

        :raise UserError: when the scheme offers the consumer nothing, with the reason
        """
        self.ensure_one()
        scheme = self.scheme_id
        phase = scheme._phase(self.date)
        if not phase:
            raise UserError(
                self.env._(
                    "%(scheme)s has no phase on %(day)s. Choose a day within one of its phases.",
                    day=format_date(self.env, self.date),
                    scheme=scheme.name,
                )
            )
        if not self.partner_id._origin.filtered_domain(scheme._consumer_domain()):
            raise UserError(
                self.env._(
                    "%(consumer)s is not eligible for %(scheme)s: category, load, area or"
                    " connection do not fit.",
                    consumer=self.partner_id.display_name,
                    scheme=scheme.name,
                )
            )
        consumer = self.partner_id._origin
        offer = scheme._offer_of(consumer._discom_dues()[consumer.id], phase)
        if not offer:
            raise UserError(
                self.env._(
                    "%(consumer)s owes nothing that %(scheme)s settles.",
                    consumer=self.partner_id.display_name,
                    scheme=scheme.name,
                )
            )
        if not 1 <= self.instalment_count <= scheme.instalment_count:
            raise UserError(
                self.env._(
                    "%(scheme)s allows 1 to %(count)s instalments.",
                    scheme=scheme.name,
                    count=scheme.instalment_count,
                )
            )
        last = phase.date_to
        if self.instalment_count > 1:
            last = max(last, self.date + relativedelta(months=self.instalment_count - 1))
        return {
            "due": float(offer["due"]),
            "lpsc": float(offer["lpsc"]),
            "amount": float(offer["amount"]),
            "deposit": min(scheme.deposit, float(offer["amount"])),
            "last_date": last,
        }

    def _amount_until(self, day):
        """What has to be paid by ``day``: the deposit at once, the rest in equal instalments."""
        self.ensure_one()
        if not self.last_date or day >= self.last_date:
            return self.amount
        if day < self.date:
            return 0.0
        passed = relativedelta(day, self.date)
        months = passed.years * 12 + passed.months
        part = (self.amount - self.deposit) * months / max(self.instalment_count, 1)
        return min(self.amount, self.deposit + part)

    def _paid(self):
        """Payments since each registration: ``{id: rupees}``."""
        if not self.ids:
            return {}
        self.env["discom.payment"].flush_model()
        self.flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT registration.id, SUM(payment.amount)
                      FROM discom_scheme_registration registration
                      JOIN discom_payment payment ON payment.partner_id = registration.partner_id
                       AND payment.state = 'posted' AND payment.date >= registration.date
                       AND payment.date <= registration.last_date + %s
                     WHERE registration.id = ANY(%s)
                  GROUP BY registration.id
                    """,
                    GRACE_DAYS,
                    list(self.ids),
                )
            )
        )

    def _follow(self):
        """Set the states that follow from payments and dates."""
        today = self.env["discom.bill"]._today()
        paid = self._paid()
        completed, defaulted, running = self.browse(), self.browse(), self.browse()
        for registration in self.filtered(lambda r: r.state != "cancelled"):
            got = paid.get(registration.id, 0)
            if got >= registration.amount:
                completed |= registration
            elif got < registration._amount_until(today - timedelta(days=GRACE_DAYS)):
                defaulted |= registration
            else:
                running |= registration
        for state, group in (
            ("completed", completed),
            ("defaulted", defaulted),
            ("running", running),
        ):
            # The state follows from payments, whoever takes them.
            group.sudo().filtered(lambda r, state=state: r.state != state)._set_state(state)
