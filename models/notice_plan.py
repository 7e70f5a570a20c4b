from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.misc import clean_context

from ..tools.reader import read_by

#: What only the actions of a plan and payments set.
OWN_FIELDS = {"state", "dues", "least", "approver_id", "approved_at", "user_id"}
#: What stays as it was agreed.
AGREED_FIELDS = {"partner_id", "date", "down_payment", "instalment_count", "line_ids"}
OPEN_STATES = ("draft", "submitted", "running", "defaulted")


class DiscomPaymentPlan(models.Model):
    """Dues that a consumer pays in instalments, agreed with the office.

    draft -> submitted -> running -> completed | defaulted; cancelled by the manager. While it runs,
    no step of the arrears ladder is taken. What has to be paid by a day is the down payment, the
    instalments and the charges of the bills that fell due since; what was paid is every payment
    since the plan began.
    """

    _name = "discom.payment.plan"
    _description = "Payment Plan"
    _inherit = ["mail.thread", "mail.activity.mixin", "discom.aadhaar.mixin"]
    _order = "date desc, id desc"
    _rec_name = "partner_id"
    _no_aadhaar = ("reason",)

    partner_id = fields.Many2one(
        "res.partner",
        "Consumer",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("discom_consumer", "=", True)],
    )
    account_no = fields.Char(related="partner_id.discom_account_no", string="Account Number")
    office_id = fields.Many2one(
        "discom.office", related="partner_id.discom_office_id", store=True, index=True
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.ref("base.INR")
    )
    date = fields.Date(
        "From", required=True, default=lambda self: self.env["discom.bill"]._today(), tracking=True
    )
    dues = fields.Monetary(compute="_compute_dues", store=True, precompute=True, copy=False)
    least = fields.Monetary(
        "Least Down Payment",
        compute="_compute_dues",
        store=True,
        precompute=True,
        copy=False,
        help="Least part payment of the payment rule for this consumer.",
    )
    down_payment = fields.Monetary(
        compute="_compute_down_payment",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
    )
    instalment_count = fields.Integer("Number of Instalments", default=3, aggregator=None)
    line_ids = fields.One2many("discom.payment.plan.line", "plan_id", "Instalments")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Waits for approval"),
            ("running", "Paying"),
            ("completed", "Completed"),
            ("defaulted", "Defaulted"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    reason = fields.Char("Ground", required=True, help="Why the consumer cannot pay at once.")
    user_id = fields.Many2one(
        "res.users", "Proposed by", readonly=True, default=lambda self: self.env.user, copy=False
    )
    approver_id = fields.Many2one("res.users", "Approved by", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)
    last_date = fields.Date("Last Instalment", compute="_compute_last_date", store=True)
    paid = fields.Monetary(compute="_compute_paid", help="Everything paid since the plan began.")
    expected = fields.Monetary(
        "Due by Now",
        compute="_compute_paid",
        help="Down payment, instalments and new bills that had to be paid by today.",
    )
    behind = fields.Monetary(compute="_compute_paid")
    may_approve = fields.Boolean(compute="_compute_may_approve")

    _one_open = models.UniqueIndex(
        "(partner_id) WHERE state IN ('draft', 'submitted', 'running')",
        "This consumer has a payment plan already. Open that one, or cancel it first.",
    )
    _running_idx = models.Index("(partner_id) WHERE state = 'running'")
    _amounts = models.Constraint(
        "CHECK (down_payment >= 0 AND instalment_count > 0)",
        "The down payment cannot be negative, and a plan has at least 1 instalment.",
    )

    @api.depends("partner_id")
    def _compute_dues(self):
        """Dues and least down payment as of today; frozen when the plan is submitted."""
        drafts = self.filtered(lambda plan: plan.state == "draft")
        dues = drafts.partner_id._origin._discom_dues() if drafts.partner_id else {}
        rule = self.env["discom.payment.rule"]._current()
        for plan in drafts:
            entry = dues.get(plan.partner_id._origin.id)
            plan.dues = float(entry["due"]) if entry else 0
            part = rule and plan.partner_id and rule._part_of(plan.partner_id._origin)
            plan.least = part._least(plan.dues) if part else 0

    @api.depends("least")
    def _compute_down_payment(self):
        for plan in self.filtered(lambda plan: plan.state == "draft"):
            plan.down_payment = max(plan.down_payment, plan.least)

    @api.depends("line_ids.date")
    def _compute_last_date(self):
        for plan in self:
            plan.last_date = max(plan.line_ids.mapped("date"), default=False)

    def _compute_paid(self):
        today = self.env["discom.bill"]._today()
        paid, expected = self._paid(), self._expected(today)
        for plan in self:
            plan.paid = paid.get(plan.id, 0)
            plan.expected = expected.get(plan.id, 0)
            plan.behind = max(plan.expected - plan.paid, 0) if plan.state != "draft" else 0

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_may_approve(self):
        manager = self.env.user.has_group("discom.group_division_manager")
        for plan in self:
            plan.may_approve = (
                plan.state == "submitted" and manager and plan.user_id != self.env.user
            )

    @api.constrains("instalment_count", "date")
    def _check_count(self):
        for plan in self:
            most = self.env["discom.payment.rule"]._current(plan.date).plan_instalments
            if most and plan.instalment_count > most:
                raise ValidationError(
                    self.env._(
                        "A payment plan has at most %(count)s instalments, by the payment "
                        "rule. Enter fewer.",
                        count=most,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            if any(OWN_FIELDS & vals.keys() for vals in vals_list):
                raise UserError(
                    self.env._("The state of a payment plan is changed by its buttons alone.")
                )
            # Defaults in the context of a client would set what only the actions set.
            self = self.with_context(  # pylint: disable=context-overridden
                clean_context(self.env.context)
            )
        # One that was cancelled a moment ago must not stand in the way of the new one.
        self.flush_model(["state"])
        plans = super().create([{**vals, "state": "draft"} for vals in vals_list])
        for plan in plans.filtered(lambda plan: not plan.line_ids):
            plan._divide()
        return plans

    def write(self, vals):
        if not self.env.su:
            if OWN_FIELDS & vals.keys():
                raise UserError(
                    self.env._("The state of a payment plan is changed by its buttons alone.")
                )
            if AGREED_FIELDS & vals.keys() and any(plan.state != "draft" for plan in self):
                raise UserError(
                    self.env._(
                        "The payment plan of %(plan)s is kept as it was agreed. Cancel it and "
                        "make a new one.",
                        plan=self[:1].display_name,
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if kept := self.filtered(lambda plan: plan.state != "draft"):
            raise UserError(
                self.env._(
                    "The payment plan of %(plan)s is kept. Cancel it instead.",
                    plan=kept[0].display_name,
                )
            )

    # === ACTIONS === #

    def action_divide(self):
        """Write the instalments anew from the dues of today: equal ones, a month apart."""
        self._check_states(("draft",))
        self.check_access("write")
        # sudo: nobody sets the dues by hand.
        self.sudo()._compute_dues()
        for plan in self:
            plan.down_payment = max(plan.down_payment, plan.least)
            plan._divide()
        return True

    def action_submit(self):
        """Ask the manager to approve."""
        self.ensure_one()
        self._check_states(("draft",))
        self.check_access("write")
        self._check_agreement()
        self._set(state="submitted", user_id=self.env.uid)
        for manager in self._approvers():
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=manager.id,
                summary=read_by(self, manager).env._("Payment plan to approve"),
            )
        return True

    def action_approve(self):
        """Approve what somebody else proposed: from now on no step is taken."""
        self.ensure_one()
        self._check_states(("submitted",))
        self._check_manager()
        if self.user_id == self.env.user:
            raise AccessError(self.env._("This is your own proposal: another manager approves it."))
        self._check_agreement()
        self._set(state="running", approver_id=self.env.uid, approved_at=fields.Datetime.now())
        self.activity_unlink(["mail.mail_activity_data_todo"])
        self._follow()
        return True

    def action_reject(self):
        """Give it back to who proposed it."""
        self._check_states(("submitted",))
        self._check_manager()
        self._set(state="draft")
        self.activity_unlink(["mail.mail_activity_data_todo"])
        return True

    def action_cancel(self):
        """End a plan; steps are taken again."""
        self._check_states(OPEN_STATES)
        if any(plan.state not in ("draft", "submitted") for plan in self):
            self._check_manager()
        self.check_access("write")
        self._set(state="cancelled")
        self.activity_unlink(["mail.mail_activity_data_todo"])
        return True

    # === BUSINESS METHODS === #

    def _set(self, **vals):
        # sudo: states follow from the actions and from payments, which check who takes them.
        return self.sudo().write(vals)

    def _check_manager(self):
        self.check_access("write")
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(self.env._("The division manager decides on payment plans."))

    def _check_states(self, states):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for plan in self:
            if plan.state not in states:
                raise UserError(
                    self.env._(
                        "The payment plan of %(plan)s is “%(state)s”, so this cannot be done "
                        "with it. Reload the page.",
                        plan=plan.display_name,
                        state=labels[plan.state],
                    )
                )

    def _approvers(self):
        """Managers of the consumer's office, without who proposed it."""
        # sudo: who may decide does not depend on who asks.
        managers = self.env.ref("discom.group_division_manager").sudo().all_user_ids
        path = self.office_id.parent_path or ""
        return managers.filtered(
            lambda user: (
                user.active
                and user != self.user_id
                and any(path.startswith(office.parent_path) for office in user.discom_office_ids)
            )
        )

    def _divide(self):
        """Equal instalments in whole rupees a month apart; the last one takes the rest."""
        self.ensure_one()
        rest = max(self.dues - self.down_payment, 0)
        count = max(self.instalment_count, 1)
        each = float(int(rest / count))
        amounts = [each] * (count - 1) + [round(rest - each * (count - 1), 2)]
        self.line_ids = [
            fields.Command.clear(),
            *(
                fields.Command.create(
                    {"date": self.date + relativedelta(months=place + 1), "amount": amount}
                )
                for place, amount in enumerate(amounts)
                if amount > 0
            ),
        ]


class DiscomNoticeRun(models.Model):
    _inherit = "discom.notice.run"

    @api.model
    def _sql_stops(self, today):
        plan = SQL(
            """EXISTS (SELECT FROM discom_payment_plan plan
                        WHERE plan.partner_id = p.id AND plan.state = 'running')"""
        )
        return [*super()._sql_stops(today), ("plan", plan)]


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_plan_ids = fields.One2many("discom.payment.plan", "partner_id", "Payment Plans")
    discom_plan_count = fields.Integer("Plans", compute="_compute_discom_plan_count")

    @api.depends("discom_plan_ids")
    def _compute_discom_plan_count(self):
        counts = dict(
            self.env["discom.payment.plan"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.discom_plan_count = counts.get(partner, 0)

    def action_discom_plans(self):
        """Open the payment plans of this consumer, or a new one."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_payment_plan_action")
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {"default_partner_id": self.id}
        return action
