"""Instalments, and their reminders."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import formats
from ..tools.indian_time import INDIA
from .whatsapp_message import PRIORITY_ARREARS

UTC = ZoneInfo("UTC")
#: Instalments that are looked at in one go by the scheduled action.
BATCH = 2000


class DiscomPaymentPlanLine(models.Model):
    """One instalment of a payment plan."""

    _name = "discom.payment.plan.line"
    _description = "Instalment"
    _inherit = ["discom.whatsapp.mixin"]
    _order = "plan_id, date, id"

    plan_id = fields.Many2one("discom.payment.plan", required=True, ondelete="cascade", index=True)
    partner_id = fields.Many2one(related="plan_id.partner_id", store=True, index=True)
    office_id = fields.Many2one(related="plan_id.office_id", store=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    date = fields.Date("Due on", required=True, index=True)
    amount = fields.Monetary(required=True)
    state = fields.Selection(
        [("open", "To come"), ("due", "Due"), ("late", "Late"), ("paid", "Paid")],
        compute="_compute_state",
    )
    reminded_on = fields.Date(readonly=True, copy=False)

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "The amount of an instalment must be above zero."
    )

    @api.depends("date", "amount", "plan_id.state")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{formats.day(line.date)} · ₹{formats.rupees(line.amount)}"

    @api.depends("date", "amount")
    def _compute_state(self):
        unpaid, today = self._unpaid(), self.env["discom.bill"]._today()
        for line in self:
            if line.id not in unpaid:
                line.state = "paid" if line.plan_id.state not in ("draft", "submitted") else "open"
            elif line.date > today:
                line.state = "open"
            else:
                line.state = "due" if line.date == today else "late"

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        if not self.env.su:
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_draft(self):
        self._check_draft()

    def _check_draft(self):
        if not self.env.su:
            self.plan_id._check_states(("draft",))

    def _unpaid(self):
        """Of these instalments what is unpaid: ``{id: rupees}``; payments settle what had to be
        paid first, new bills included."""
        if not self.ids:
            return {}
        plans = self.plan_id
        paid = plans._paid()
        expected = plans._expected_on((line.plan_id.id, line.date) for line in self)
        left = {}
        for line in self:
            plan_id = line.plan_id.id
            missing = expected.get((plan_id, line.date), 0) - paid.get(plan_id, 0)
            if missing > 0:
                left[line.id] = min(missing, line.amount)
        return left

    # === REMINDERS === #

    @api.model
    def _cron_remind(self):
        """Remind of instalments some days before; never on a closed day, each once."""
        today = self.env["discom.bill"]._today()
        days = self.env["discom.payment.rule"]._current(today).plan_remind_days
        last_id = 0
        while lines := self.search(
            [
                ("plan_id.state", "=", "running"),
                ("date", ">=", today),
                ("date", "<=", today + timedelta(days=days)),
                ("reminded_on", "=", False),
                ("id", ">", last_id),
            ],
            order="id",
            limit=BATCH,
        ):
            last_id = lines[-1].id
            lines._remind(today)
            if not self.env["ir.cron"]._commit_progress(
                len(lines), remaining=1 if len(lines) == BATCH else 0
            ):
                break

    def _remind(self, today):
        """Remind of those that are not paid, in the name of who approved their plan."""
        unpaid = self._unpaid()
        lines = self.filtered(lambda line: line.id in unpaid)
        for (sender, office), group in lines.grouped(
            lambda line: (line.plan_id.approver_id, line.office_id)
        ).items():
            if self.env["discom.holiday"]._closed(office, today, today)(today):
                continue
            if not group.with_user(sender)._whatsapp_send_quietly("instalment"):
                # sudo: reminders of a scheduled action; nobody writes this by hand.
                group.sudo().write({"reminded_on": today})

    @api.model
    def _whatsapp_purposes(self):
        return {"instalment": {"consent": "dues", "priority": PRIORITY_ARREARS}}

    @api.model
    def _whatsapp_variables(self):
        return {
            **super()._whatsapp_variables(),
            "amount": self.env._("Amount of the instalment"),
            "due_date": self.env._("Day of the instalment"),
            "number": self.env._("Which instalment of how many"),
        }

    def _whatsapp_check_send(self, purpose):
        """Who may work with plans may send."""
        self.env["discom.payment.plan"].check_access("write")

    @api.model
    def _whatsapp_is_approved(self, domain):
        """A plan was approved with its instalments."""
        return not self.search_count([*domain, ("plan_id.state", "!=", "running")], limit=1)

    @api.model
    def _whatsapp_audience(self, domain, purpose):
        self.flush_model()
        self.env["discom.payment.plan"].flush_model()
        return SQL(
            """
            SELECT line.id AS res_id, line.partner_id,
                   CASE WHEN plan.state = 'running' THEN NULL ELSE 'not_applicable' END
                   AS skip_reason
              FROM discom_payment_plan_line line
              JOIN discom_payment_plan plan ON plan.id = line.plan_id
             WHERE line.id IN %s
            """,
            self._search(domain).subselect(),
        )

    def _whatsapp_stale(self, purpose):
        """What was paid meanwhile, or belongs to a plan that ended, is not asked for."""
        unpaid = self._unpaid()
        return self.filtered(lambda line: line.id not in unpaid or line.plan_id.state != "running")

    def _whatsapp_values(self, lang, purpose):
        values = {}
        for plan, lines in self.grouped("plan_id").items():
            places = {line.id: place for place, line in enumerate(plan.line_ids, 1)}
            for line in lines:
                values[line.id] = {
                    "amount": f"₹{formats.rupees(line.amount)}",
                    "due_date": formats.day(line.date),
                    "number": f"{places[line.id]}/{len(places)}",
                }
        return values

    def _whatsapp_amounts(self, purpose):
        return {line.id: line.amount for line in self}

    def _whatsapp_expiry(self, purpose):
        """Worth sending until the day of the instalment is over."""
        today = self.env["discom.bill"]._today()
        expiry = {}
        for line in self:
            end = datetime.combine(max(line.date, today), time.max, tzinfo=INDIA)
            expiry[line.id] = end.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        return expiry
