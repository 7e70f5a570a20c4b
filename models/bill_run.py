from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import formats
from ..tools.reader import read_by

# States in which files are taken and bills checked, before the manager has approved.
OPEN_STATES = ("draft", "taken", "checked")
# Who approved what, and when.
APPROVAL_FIELDS = {"approved_by_id", "approved_date", "approved_count", "approved_amount"}


class DiscomBillRun(models.Model):
    """The bills of one office and month on their way from the file to the consumers.

    draft -> taken -> checked -> approved -> issuing -> issued -> sending -> done; cancelled before
    anything is issued. Bills that are held back do not stop the others: released or corrected
    later, they are approved and issued in the same run. What takes long is done in the background
    (see ``bill_run_work.py``); ``bill_run_counts.py`` says how many bills stand where.
    """

    _name = "discom.bill.run"
    _description = "Bill Run"
    _inherit = ["discom.guarded.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "period desc, id desc"
    _check_company_auto = True
    _mail_post_access = "read"
    _guarded = {
        "state": "draft",
        **dict.fromkeys(
            (
                *APPROVAL_FIELDS,
                *("work", "work_user_id", "work_total", "work_done", "work_error", "last_bill_id"),
            ),
            False,
        ),
    }
    _guarded_always = True

    def _default_office_id(self):
        return self.env.user.discom_scope_ids[:1]

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    office_id = fields.Many2one(
        "discom.office",
        required=True,
        default=lambda self: self._default_office_id(),
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="The run holds the bills of this office and of those below it.",
    )
    period = fields.Date(
        required=True,
        default=lambda self: self.env["discom.bill"]._today().replace(day=1),
        help="Billing month, as its first day.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("taken", "Files taken"),
            ("checked", "Checked"),
            ("approved", "Approved"),
            ("issuing", "Issuing"),
            ("issued", "Issued"),
            ("sending", "Sending"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        required=True,
        default=lambda self: self.env.user,
        tracking=True,
        help="Takes the files, has the bills checked, issued and sent.",
    )
    manager_id = fields.Many2one(
        "res.users",
        "Approver",
        compute="_compute_manager_id",
        store=True,
        readonly=False,
        precompute=True,
        domain=lambda self: [
            ("all_group_ids", "in", self.env.ref("discom.group_division_manager").ids)
        ],
        help="Division manager who is asked to release held bills and to approve the run.",
    )
    work = fields.Selection(
        [
            ("check", "Being checked"),
            ("issue", "Being issued"),
            ("cancel", "Being cancelled"),
        ],
        "In the Background",
        readonly=True,
        copy=False,
    )
    work_user_id = fields.Many2one("res.users", readonly=True, copy=False)
    work_total = fields.Integer("Bills to Work On", readonly=True, copy=False, aggregator=None)
    work_done = fields.Integer("Bills Worked On", readonly=True, copy=False, aggregator=None)
    work_error = fields.Text("Interrupted", readonly=True, copy=False)
    work_progress = fields.Float("Progress (%)", compute="_compute_work_progress")
    last_bill_id = fields.Integer(readonly=True, copy=False, aggregator=None)

    bill_ids = fields.One2many("discom.bill", "run_id", "Bills of the Run")

    _office_period_uniq = models.UniqueIndex(
        "(office_id, period) WHERE state <> 'cancelled'",
        "This office has a bill run for this month already. Open that one, or cancel it first.",
    )
    _period_first_day = models.Constraint(
        "CHECK (EXTRACT(day FROM period) = 1)",
        "The period is a month: enter its first day, such as 1 November.",
    )
    _work_idx = models.Index("(id) WHERE work IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends("office_id", "period")
    def _compute_name(self):
        for run in self:
            month = run.period and formats.medium_month(run.period, "en_IN")
            run.name = f"{run.office_id.name or ''} · {month or ''}"

    @api.depends("office_id.name", "office_id.name_hi", "period")
    @api.depends_context("lang")
    def _compute_display_name(self):
        hindi = (self.env.lang or "").startswith("hi")
        for run in self:
            office = (hindi and run.office_id.name_hi) or run.office_id.name or ""
            month = run.period and formats.medium_month(run.period, self.env.lang)
            run.display_name = f"{office} · {month or ''}"

    def _compute_currency_id(self):
        self.currency_id = self.env.ref("base.INR")

    @api.depends("office_id")
    def _compute_manager_id(self):
        """The division manager nearest above the office."""
        group = self.env.ref("discom.group_division_manager")
        for run in self:
            above = [int(part) for part in (run.office_id.parent_path or "").split("/") if part]
            # Everybody may know who the manager of an office is.
            managers = (
                self.env["res.users"]
                .sudo()
                .search([("all_group_ids", "in", group.ids), ("discom_office_ids", "in", above)])
            )
            run.manager_id = max(
                managers,
                key=lambda user: max(
                    above.index(office.id)
                    for office in user.discom_office_ids
                    if office.id in above
                ),
                default=False,
            )

    @api.depends("work_done", "work_total")
    def _compute_work_progress(self):
        for run in self:
            run.work_progress = 100 * run.work_done / run.work_total if run.work_total else 0

    # === CRUD METHODS === #

    def write(self, vals):
        if {"office_id", "period", "company_id"} & vals.keys() and any(
            run.state != "draft" or run.bill_count for run in self
        ):
            raise UserError(
                self.env._(
                    "%(run)s holds bills already, so office and month stay. Cancel it and "
                    "begin another run.",
                    run=self[:1].display_name,
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if any(run.state != "draft" or run.bill_count for run in self):
            raise UserError(
                self.env._(
                    "Only a bill run without bills can be deleted. Cancel %(run)s instead.",
                    run=self[:1].display_name,
                )
            )

    @api.model
    def _guarded_text(self):
        return self.env._("State and approval of a bill run are changed by its buttons alone.")

    # === ACTION METHODS === #

    def action_check(self):
        """Take in the bills of this office and month, and check all that may still change."""
        self.ensure_one()
        self._begin(OPEN_STATES)
        if not self._count_left("check"):
            raise UserError(
                self.env._(
                    "There are no bills of %(office)s for this month. Add the bill file of the "
                    "billing system first.",
                    office=self.office_id.display_name,
                )
            )
        return self._start_work("check")

    def action_issue(self):
        """Issue the approved bills, in batches in the background where they are many."""
        self.ensure_one()
        self._begin(("approved", "issuing", "issued", "sending", "done"))
        if not self._next_ids("issue", 1):
            raise UserError(
                self.env._("No approved bill waits to be issued. Changed bills are approved anew.")
            )
        if self.state == "approved":
            self._set(state="issuing")
        return self._start_work("issue")

    def action_send(self):
        """Open the composer on the bills of this run; who has a bill already is skipped."""
        self.ensure_one()
        self._begin(("issued", "sending", "done"))
        return self.env["discom.whatsapp.composer"]._open(
            "discom.bill", [("run_id", "=", self.id)], "bill"
        )

    def action_cancel(self):
        """Cancel the run and its bills, as long as none is issued."""
        self.ensure_one()
        self._begin((*OPEN_STATES, "approved"))
        if self.issued_count:
            raise UserError(
                self.env._(
                    "Bills of %(run)s are issued already (%(count)s), so it cannot be "
                    "cancelled. Correct or cancel these bills one by one.",
                    count=self.issued_count,
                    run=self.display_name,
                )
            )
        return self._start_work("cancel")

    def action_done(self):
        """Close a run whose bills are issued; what is held back stays where it is."""
        self.ensure_one()
        self._begin(("issued", "sending"))
        self._set(state="done")
        self._close_activities()
        return True

    def action_resume(self):
        """Go on with work in the background that was interrupted."""
        self.ensure_one()
        self.check_access("write")
        self._set(work_error=False, work_user_id=self.env.uid)
        self._wake()
        return True

    def action_refresh(self):
        """Show the progress of this moment."""
        return True

    # === BUSINESS METHODS === #

    def _begin(self, states):
        """Lock the run for an action of the current user.

        :raise UserError: when it is in none of ``states``, or something is under way
        """
        self.check_access("write")
        self.lock_for_update()
        labels = dict(self._fields["state"]._description_selection(self.env))
        if self.work:
            raise UserError(
                self.env._(
                    "%(run)s is being worked on in the background. Wait until that has "
                    "ended; this page shows it.",
                    run=self.display_name,
                )
            )
        if self.state not in states:
            raise UserError(
                self.env._(
                    "%(run)s is “%(state)s”, so this cannot be done with it. Reload the page.",
                    run=self.display_name,
                    state=labels[self.state],
                )
            )

    def _sql_collectable(self):
        """SQL condition: ``bill`` is of the office and month, and belongs to no run yet."""
        return SQL(
            """
            bill.run_id IS NULL AND bill.period = %s AND bill.state IN ('draft', 'checked')
            AND bill.correction_of_id IS NULL
            AND bill.office_id IN (SELECT id FROM discom_office WHERE parent_path LIKE %s)
            """,
            self.period,
            f"{self.office_id.parent_path}%",
        )

    def _collect(self, limit):
        """Take in bills of the office and month that belong to no run yet.

        :return: number of bills
        """
        self.env["discom.bill"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_bill SET run_id = %s
                 WHERE id IN (SELECT bill.id FROM discom_bill bill WHERE %s LIMIT %s)
                """,
                self.id,
                self._sql_collectable(),
                limit,
            )
        )
        self.env["discom.bill"].invalidate_model(["run_id"])
        self.invalidate_recordset(["bill_ids"])
        return self.env.cr.rowcount

    def _hand_over(self, user, summary):
        """Replace what was to be done for this run by what is to be done now.

        :param summary: gives the text in the language of the environment it is called with
        """
        self._close_activities()
        if user:
            # No e-mail: the list of things to do says it.
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "discom.mail_activity_type_bill_run",
                user_id=user.id,
                summary=summary(read_by(self, user).env),
            )

    def _close_activities(self):
        self.activity_feedback(["discom.mail_activity_type_bill_run"])
