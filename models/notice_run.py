from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import clean_context

from .notice import OPEN_STATES, TAKEN_STATES
from .notice_policy import PURPOSES

#: What only the actions of a run set.
OWN_FIELDS = {"state", "user_id", "approver_id", "approved_at"}
#: States of who has a step in a run, whatever became of it.
STEP_STATES = ("proposed", *TAKEN_STATES)
#: Consumers of an office that are looked at while somebody waits; more in the background.
DIRECT_CONSUMERS = 20_000


class DiscomNoticeRun(models.Model):
    """Who gets which step of the arrears ladder today: proposed, looked at, approved, sent.

    draft -> proposed -> submitted -> approved -> done; cancelled before anything has left.
    """

    _name = "discom.notice.run"
    _description = "Arrears Run"
    _inherit = ["mail.thread", "mail.activity.mixin", "discom.aadhaar.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True
    _no_aadhaar = ("name",)

    def _default_office_id(self):
        return self.env.user.discom_scope_ids[:1]

    name = fields.Char(compute="_compute_name", store=True)
    office_id = fields.Many2one(
        "discom.office",
        required=True,
        default=lambda self: self._default_office_id(),
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Consumers of this office and of those below it.",
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    date = fields.Date(
        required=True,
        default=lambda self: self.env["discom.bill"]._today(),
        help="Day for which the steps are due.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("proposing", "Being proposed"),
            ("proposed", "Proposed"),
            ("submitted", "Waits for approval"),
            ("approved", "Approved"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users", "Proposed by", required=True, readonly=True, default=lambda self: self.env.user
    )
    approver_id = fields.Many2one("res.users", "Approved by", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)
    notice_ids = fields.One2many("discom.notice", "run_id", "Steps", readonly=True)
    proposed_count = fields.Integer("Consumers with a Step", compute="_compute_counts")
    proposed_amount = fields.Monetary("Dues Asked for", compute="_compute_counts")
    excluded_count = fields.Integer("Taken Out", compute="_compute_counts")
    stopped_count = fields.Integer("Stopped", compute="_compute_counts")
    paid_count = fields.Integer("Paid Meanwhile", compute="_compute_counts")
    listed_count = fields.Integer("For Disconnection", compute="_compute_counts")
    formal_count = fields.Integer("Formal Notices", compute="_compute_counts")
    notice_authority = fields.Char(related="company_id.discom_notice_authority")
    reminder_unsent = fields.Integer(compute="_compute_counts")
    overdue_unsent = fields.Integer(compute="_compute_counts")
    notice_unsent = fields.Integer(compute="_compute_counts")
    summary_ids = fields.One2many(
        "discom.notice.run.summary", "run_id", "By Office and Step", readonly=True
    )

    _one_a_day = models.UniqueIndex(
        "(office_id, date) WHERE state NOT IN ('cancelled', 'done')",
        "There is an arrears run of this office for this day already. Open "
        "that one, or cancel it first.",
    )

    def _compute_currency_id(self):
        self.currency_id = self.env.ref("base.INR")

    @api.depends("office_id.name", "date")
    def _compute_name(self):
        for run in self:
            run.name = f"{run.office_id.name} {run.date:%d-%m-%Y}" if run.date else ""

    @api.depends("state")
    def _compute_counts(self):
        counts = {}
        for run, state, kind, count, amount in self.env["discom.notice"]._read_group(
            [("run_id", "in", self.ids)],
            ["run_id", "state", "kind"],
            ["__count", "amount:sum"],
        ):
            counts.setdefault(run.id, []).append((state, kind, count, amount))
        for run in self:
            rows = counts.get(run.id, [])

            def total(states, kinds=None, rows=rows):
                return sum(
                    count
                    for state, kind, count, _amount in rows
                    if state in states and (not kinds or kind in kinds)
                )

            run.proposed_count = total(STEP_STATES)
            run.proposed_amount = sum(
                amount for state, _kind, _count, amount in rows if state in STEP_STATES
            )
            run.excluded_count = total(("excluded",))
            run.stopped_count = total(("stopped",))
            run.paid_count = total(("paid",))
            run.listed_count = total(OPEN_STATES, ("disconnection",))
            run.formal_count = total(OPEN_STATES, ("formal",))
            run.reminder_unsent = total(("approved",), ("reminder", "due_day"))
            run.overdue_unsent = total(("approved",), ("overdue",))
            run.notice_unsent = run._count_unsent_notices()

    def _count_unsent_notices(self):
        """Formal notices issued whose copy on WhatsApp was not planned yet."""
        self.ensure_one()
        return self.env["discom.notice"].search_count(
            [
                ("run_id", "in", self.ids),
                ("kind", "=", "formal"),
                ("state", "in", ("issued", "served")),
                ("channel", "!=", "print"),
                ("whatsapp_state", "=", False),
            ]
        )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self._check_by_hand({name for vals in vals_list for name in vals})
            # Defaults in the context of a client would set what only the actions set.
            self = self.with_context(  # pylint: disable=context-overridden
                clean_context(self.env.context)
            )
        # One that was cancelled a moment ago must not stand in the way of the new one.
        self.flush_model(["state"])
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._check_by_hand(vals.keys())
            if {"office_id", "date"} & vals.keys() and any(run.state != "draft" for run in self):
                raise UserError(
                    self.env._(
                        "Office and day of %(run)s stay once it is proposed. Cancel it and "
                        "make a new one.",
                        run=self[:1].display_name,
                    )
                )
        return super().write(vals)

    def _check_by_hand(self, names):
        """States and approvals follow from the actions; nobody sets them."""
        if OWN_FIELDS & set(names):
            raise UserError(
                self.env._("The state of an arrears run is changed by its buttons alone.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        if begun := self.filtered(lambda run: run.state not in ("draft", "cancelled")):
            raise UserError(
                self.env._("%(run)s is kept. Cancel it instead.", run=begun[0].display_name)
            )

    # === ACTIONS === #

    def action_propose(self):
        """Find who gets which step; in the background where the office is large."""
        self.ensure_one()
        self._begin(("draft", "proposed"))
        if not self._policies():
            raise UserError(
                self.env._(
                    "No arrears policy applies to %(office)s. Make one under Configuration ›"
                    " Arrears policies.",
                    office=self.office_id.name,
                )
            )
        consumers = self.env["discom.ageing"].search_count(
            [("office_id", "child_of", self.office_id.id)], limit=DIRECT_CONSUMERS + 1
        )
        if consumers > DIRECT_CONSUMERS:
            self._set(state="proposing")
            self.env.ref("discom.ir_cron_notice_propose")._trigger()
            return True
        self._propose()
        return True

    def action_send_reminders(self):
        """Open the composer on the reminders before and on the due day."""
        return self._action_send("due_reminder")

    def action_send_overdue(self):
        """Open the composer on the overdue messages."""
        return self._action_send("overdue")

    def action_send_notices(self):
        """Open the composer on the copies of formal notices."""
        return self._action_send("notice")

    def action_print_notices(self):
        """Print the formal notices of this run that are to be served on paper."""
        self.ensure_one()
        notices = self.env["discom.notice"].search(
            [
                ("run_id", "=", self.id),
                ("kind", "=", "formal"),
                ("state", "in", ("issued", "served")),
            ]
        )
        # Whom a stop keeps from the list for disconnection gets no paper that threatens with it.
        notices -= notices.browse(notices._stops_now())
        if not notices:
            raise UserError(
                self.env._("%(run)s has no formal notice to print.", run=self.display_name)
            )
        return self.env.ref("discom.notice_report").report_action(notices)

    def action_done(self):
        """Close the run; what was not sent is not sent any more."""
        self.ensure_one()
        self._begin(("approved",))
        # Otherwise a step that nobody was told of would stand in the way of the next run.
        self.env["discom.notice"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE discom_notice SET state = 'cancelled'"
                " WHERE run_id = %s AND state = 'approved'",
                self.id,
            )
        )
        self.env["discom.notice"].invalidate_model(["state"])
        self._set(state="done")
        return True

    def action_cancel(self):
        """Cancel the run and what has not left of it."""
        self.ensure_one()
        self._begin(("draft", "proposed", "submitted", "approved"))
        self.env.cr.execute(
            SQL(
                "UPDATE discom_notice SET state = 'cancelled'"
                " WHERE run_id = %s AND state IN ('proposed', 'approved', 'excluded')",
                self.id,
            )
        )
        self.env["discom.notice"].invalidate_model(["state"])
        self._set(state="cancelled")
        self.activity_unlink(["mail.mail_activity_data_todo"])
        return True

    def action_open_notices(self):
        """Open the steps; the context's ``notice_states`` and ``notice_kinds`` narrow them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_notice_action")
        action["domain"] = [("run_id", "=", self.id)]
        for key, field in (("notice_states", "state"), ("notice_kinds", "kind")):
            if values := self.env.context.get(key):
                action["domain"].append((field, "in", values))
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    def _set(self, **vals):
        # sudo: states of a run follow from its actions, which check who takes them.
        return self.sudo().write(vals)

    def _begin(self, states):
        """See that the run may take a step that is for ``states``, and nobody else takes one."""
        self.check_access("write")
        if self.try_lock_for_update() != self:
            raise UserError(
                self.env._(
                    "Somebody else is working on %(run)s. Wait a moment and try again.",
                    run=self.display_name,
                )
            )
        if self.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(run)s is “%(state)s”, so this cannot be done with it. Reload the page.",
                    run=self.display_name,
                    state=labels[self.state],
                )
            )

    def _action_send(self, purpose):
        self.ensure_one()
        self._begin(("approved",))
        return self.env["discom.whatsapp.composer"]._open(
            "discom.notice", self._sending_domain(purpose), purpose
        )

    def _sending_domain(self, purpose):
        """Domain of the steps of this run that a message tells of."""
        self.ensure_one()
        kinds = [kind for kind, of in PURPOSES.items() if of == purpose]
        return [("run_id", "=", self.id), ("kind", "in", kinds)]

    def _mark_sent(self, purpose):
        """Reminders of these runs that were confirmed for sending count as sent."""
        kinds = [kind for kind, of in PURPOSES.items() if of == purpose]
        self.env["discom.notice"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE discom_notice SET state = 'sent'"
                " WHERE run_id = ANY(%s) AND kind = ANY(%s) AND state = 'approved'",
                self.ids,
                kinds,
            )
        )
        self.env["discom.notice"].invalidate_model(["state"])
