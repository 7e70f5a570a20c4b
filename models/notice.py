from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..tools.clear_days import day_after_clear, last_clear_day, next_open
from .notice_hold import STOP_REASONS
from .notice_policy import PURPOSES, STEP_KINDS

STATES = [
    ("proposed", "Proposed"),
    ("stopped", "Stopped"),
    ("excluded", "Taken out"),
    ("approved", "Approved"),
    ("sent", "Sent"),
    ("issued", "Notice issued"),
    ("served", "Notice served"),
    ("acted", "Acted on"),
    ("listed", "Listed for disconnection"),
    ("disconnected", "Disconnected"),
    ("reconnect", "To reconnect"),
    ("reconnected", "Reconnected"),
    ("paid", "Paid"),
    ("cancelled", "Cancelled"),
]
#: States in which a step still waits for something to be done about it.
OPEN_STATES = ("proposed", "approved", "sent", "issued", "served", "listed")
#: States of a step that was taken: it is not taken again for the same bill.
TAKEN_STATES = (
    "approved",
    "sent",
    "issued",
    "served",
    "acted",
    "listed",
    "disconnected",
    "reconnect",
    "reconnected",
    "paid",
)
#: States that come back when the payment that ended them is taken back, as of a bounced cheque.
KEPT_STATES = ("issued", "served", "listed")
SERVICE_MODES = [
    ("hand", "By hand, signed"),
    ("registered", "Registered post"),
    ("affixed", "Affixed on the premises"),
    ("whatsapp", "WhatsApp"),
]


def _number_index(registry):
    """Return the definition of the index for a part of a number, which few steps have."""
    if not registry.has_trigram:
        return ""
    return "USING gin (name gin_trgm_ops) WHERE name IS NOT NULL"


class DiscomNotice(models.Model):
    """One step of the arrears ladder for one consumer: proposed, approved, sent, served, listed.

    ::

        proposed -> approved -> sent                          (reminders)
           |           |-----> issued -> served -> acted      (formal notice)
           |           '-----> listed -> disconnected -> reconnect -> reconnected
           |-> excluded (somebody took it out)       any -> paid | cancelled
        stopped (a reason stood against it)

    Amounts are rupees as on the day of the proposal. Written by SQL in bulk, so there is no
    chatter; what people do with a notice stands in its own fields and on the run.
    """

    _name = "discom.notice"
    _description = "Arrears Notice"
    _inherit = ["discom.whatsapp.mixin", "discom.aadhaar.mixin"]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "partner_id", "account_no"]
    _no_aadhaar = ("exclude_reason",)

    name = fields.Char("Notice Number", readonly=True, copy=False, index="btree_not_null")
    run_id = fields.Many2one("discom.notice.run", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, ondelete="restrict"
    )
    account_no = fields.Char("Account Number", readonly=True)
    bill_id = fields.Many2one(
        "discom.bill", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    office_id = fields.Many2one("discom.office", readonly=True, ondelete="restrict")
    asset_id = fields.Many2one(related="partner_id.discom_asset_id", string="Supplied from")
    village = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    # A column, as grouped lists add up amounts by currency.
    currency_id = fields.Many2one(
        "res.currency", readonly=True, default=lambda self: self.env.ref("base.INR")
    )
    policy_id = fields.Many2one("discom.notice.policy", readonly=True, ondelete="restrict")
    step_id = fields.Many2one("discom.notice.step", readonly=True, ondelete="restrict")
    kind = fields.Selection(STEP_KINDS, "Kind of Step", readonly=True)
    channel = fields.Selection(
        [("whatsapp", "WhatsApp"), ("both", "WhatsApp and paper"), ("print", "Paper")],
        readonly=True,
    )
    date = fields.Date("Proposed on", readonly=True)
    due_date = fields.Date(readonly=True)
    amount = fields.Monetary("Dues", readonly=True)
    amount_recoverable = fields.Monetary(
        "Recoverable by Cutting",
        readonly=True,
        help="Dues without those older than two years that were not shown continuously.",
    )
    state = fields.Selection(STATES, required=True, readonly=True, default="proposed")
    paid_from = fields.Char(readonly=True, help="State before the payment that ended the step.")
    stop_reason = fields.Selection(STOP_REASONS, "Stopped by", readonly=True)
    exclude_reason = fields.Char("Taken out because", readonly=True)
    exclude_user_id = fields.Many2one("res.users", "Taken out by", readonly=True)
    officer_id = fields.Many2one("res.users", "Issuing Officer", readonly=True)
    date_issued = fields.Date("Issued on", readonly=True)
    served_on = fields.Date(readonly=True)
    served_mode = fields.Selection(SERVICE_MODES, readonly=True)
    served_by_id = fields.Many2one("res.users", "Served by", readonly=True)
    acknowledgement = fields.Binary(attachment=True, readonly=True)
    last_day = fields.Date(
        "Pay by", readonly=True, help="Last of the clear days after service of the notice."
    )
    cut_from = fields.Date(
        "Cut from", readonly=True, help="First day on which supply may be cut, an open one."
    )
    notice_id = fields.Many2one(
        "discom.notice",
        "Formal Notice",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="The served notice on which the listing rests.",
    )

    _once_a_run = models.UniqueIndex(
        "(run_id, partner_id)", "A run proposes one step for a consumer."
    )
    _name_uniq = models.UniqueIndex(
        "(company_id, name) WHERE name IS NOT NULL", "Another notice has this number already."
    )
    _partner_idx = models.Index("(partner_id, date DESC, id DESC)")
    _run_state_idx = models.Index("(run_id, state, kind)")
    _office_open_idx = models.Index(
        "(office_id, kind, state) WHERE state IN ('issued', 'served', 'listed')"
    )
    _number_idx = models.Index(_number_index)
    # Of millions that were sent or paid, the few kinds and states that somebody works on.
    _legal_idx = models.Index("(date DESC, id DESC) WHERE kind IN ('formal', 'disconnection')")
    _waiting_idx = models.Index(
        "(date DESC, id DESC) WHERE state IN"
        " ('proposed', 'excluded', 'issued', 'served', 'listed', 'reconnect')"
    )

    @api.depends("name", "kind", "partner_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for notice in self:
            notice.display_name = notice.name or " · ".join(
                filter(None, (kinds.get(notice.kind), notice.account_no))
            )

    def write(self, vals):
        if not self.env.su:
            raise UserError(
                self.env._(
                    "A notice is changed by its buttons alone, so that it says what happened."
                )
            )
        return super().write(vals)

    # === ACTIONS === #

    def action_exclude(self):
        """Ask for the reason, then take these out of the run."""
        return self._dialog("discom.notice.exclude", self.env._("Take out"), ("proposed",))

    def action_include(self):
        """Put back what somebody took out by mistake."""
        self._check_states(("excluded",))
        self._check_run_open()
        self._set(state="proposed", exclude_reason=False, exclude_user_id=False)
        return True

    def action_serve(self):
        """Ask when and how the notices were served."""
        return self._dialog("discom.notice.serve", self.env._("Record service"), ("issued",))

    def action_cancel(self):
        """Cancel notices that should not have been issued; they stay on record."""
        self._check_states(("approved", "issued", "served", "listed"))
        self.check_access("write")
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(self.env._("The division manager cancels notices."))
        self._set(state="cancelled")
        return True

    def action_open_consumer(self):
        """Open the consumer."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(self.env.ref("discom.discom_consumer_view_form").id, "form")],
        }

    def action_open_bill(self):
        """Open the bill whose dues are asked for."""
        self.ensure_one()
        return self.bill_id._get_records_action()

    # === BUSINESS METHODS === #

    @api.model
    def _purpose_of(self, kind):
        """Message purpose of a kind of step, None where it is no message."""
        return PURPOSES.get(kind)

    def _dialog(self, model, title, states):
        self._check_states(states)
        self.check_access("write")
        return self._open_dialog(model, title)

    def _open_dialog(self, model, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_notice_ids": self.ids},
        }

    def _check_states(self, states):
        if not self:
            raise UserError(self.env._("Nothing is selected. Tick the notices first."))
        if wrong := self.filtered(lambda notice: notice.state not in states):
            labels = dict(self._fields["state"]._description_selection(self.env))
            state = wrong[0].state
            raise UserError(
                self.env._(
                    "This cannot be done with what is “%(state)s”: %(notices)s. Leave these out, "
                    "or reload the page.",
                    notices=wrong.filtered(lambda one: one.state == state)._discom_names(),
                    state=labels[state],
                )
            )

    def _check_run_open(self):
        if closed := self.run_id.filtered(lambda run: run.state not in ("proposed", "submitted")):
            raise UserError(
                self.env._("%(run)s has been approved already.", run=closed[0].display_name)
            )

    def _set(self, **vals):
        """Write what only the actions of a notice set, for users who may work with notices."""
        # sudo: the actions check the right; nobody writes notices by hand.
        return self.sudo().write(vals)

    def _exclude(self, reason):
        """Take these out of their run.

        :raise UserError: without a reason, or when the run was approved
        """
        reason = " ".join((reason or "").split())
        if not reason:
            raise UserError(
                self.env._("Write why these are taken out (%(count)s selected).", count=len(self))
            )
        self._check_states(("proposed",))
        self._check_run_open()
        self.check_access("write")
        self._set(state="excluded", exclude_reason=reason, exclude_user_id=self.env.uid)

    def _serve(self, served_on, mode, acknowledgement=None):
        """Record that these notices were served, and from when on supply may be cut.

        :raise ValidationError: when the day lies before the notice or ahead, or WhatsApp is no
            service here
        """
        self._check_states(("issued",))
        self.check_access("write")
        today = self.env["discom.bill"]._today()
        for company, notices in self.grouped("company_id").items():
            if mode == "whatsapp" and not company.discom_notice_whatsapp_serves:
                raise ValidationError(
                    self.env._(
                        "WhatsApp is no service of a notice here. An administrator decides that in "
                        "the settings of the company."
                    )
                )
            for notice in notices:
                if served_on > today or served_on < notice.date_issued:
                    raise ValidationError(
                        self.env._(
                            "%(notice)s was issued on %(date)s; it cannot have been served before "
                            "that or on a day to come.",
                            notice=notice.display_name,
                            date=format_date(self.env, notice.date_issued),
                        )
                    )
        self._set_served(served_on, mode)
        if acknowledgement:
            self._set(acknowledgement=acknowledgement)

    def _set_served(self, served_on, mode):
        for (company, office), notices in self.grouped(
            lambda notice: (notice.company_id, notice.office_id)
        ).items():
            days = company.discom_notice_clear_days
            first = day_after_clear(served_on, days)
            closed = self.env["discom.holiday"]._closed(
                office, first, fields.Date.add(first, years=1)
            )
            notices._set(
                state="served",
                served_on=served_on,
                served_mode=mode,
                served_by_id=self.env.uid,
                last_day=last_clear_day(served_on, days),
                cut_from=next_open(first, closed),
            )

    @api.model
    def _stop_paid(self, partner_ids):
        """What was paid is not asked for any more; called whenever an account is settled.

        A payment that is taken back brings back notices and listings for the same bill.

        :param partner_ids: SQL of consumer ids in parentheses
        """
        self.flush_model()
        # A policy may go on below the minimum of its steps; who owes nothing is never asked.
        owes = SQL(
            "(bill.amount_due >= GREATEST(CASE WHEN %s THEN step.amount_min END, 0.01))",
            self.env["discom.notice.run"]._sql_heeds("paid"),
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_notice notice
                   SET state = 'paid', paid_from = notice.state, write_uid = %(uid)s,
                       write_date = now() AT TIME ZONE 'UTC'
                  FROM discom_notice_step step, discom_notice_policy rules
                 WHERE notice.partner_id IN %(partners)s
                   AND notice.state = ANY(%(open)s)
                   AND step.id = notice.step_id AND rules.id = step.policy_id
                   -- Nor where the only bill was cancelled.
                   AND NOT EXISTS (SELECT FROM discom_bill bill
                                    WHERE bill.partner_id = notice.partner_id
                                      AND bill.is_latest AND %(owes)s)
                """,
                owes=owes,
                uid=self.env.uid,
                partners=partner_ids,
                open=list(OPEN_STATES),
            )
        )
        count = self.env.cr.rowcount
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_notice notice
                   SET state = notice.paid_from, paid_from = NULL, write_uid = %(uid)s,
                       write_date = now() AT TIME ZONE 'UTC'
                  FROM discom_bill bill, discom_notice_step step, discom_notice_policy rules
                 WHERE notice.partner_id IN %(partners)s
                   AND notice.state = 'paid' AND notice.paid_from = ANY(%(kept)s)
                   AND bill.id = notice.bill_id AND bill.is_latest
                   AND step.id = notice.step_id AND rules.id = step.policy_id
                   AND %(owes)s
                """,
                owes=owes,
                uid=self.env.uid,
                partners=partner_ids,
                kept=list(KEPT_STATES),
            )
        )
        if count + self.env.cr.rowcount:
            self.invalidate_model(["state", "paid_from"])


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    @api.model
    def _settle(self, partner_ids):
        """A payment that arrives stops what is still to be sent or done about the dues."""
        result = super()._settle(partner_ids)
        ids = partner_ids
        if not isinstance(ids, SQL):
            if not ids:
                return result
            ids = SQL("SELECT UNNEST(%s)", list(ids))
        # sudo: who takes a payment need not be one who sends notices.
        self.env["discom.notice"].sudo()._stop_paid(SQL("(%s)", ids))
        return result
