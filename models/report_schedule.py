import logging

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..tools.indian_time import indian_time, next_turn, period_over
from ..tools.reader import in_name_of, read_by

_logger = logging.getLogger(__name__)

#: Larger workbooks go as a link: mail servers refuse larger letters.
MAX_ATTACHMENT = 8 * 1024 * 1024
PERIODS = [
    ("yesterday", "Every day: yesterday"),
    ("week", "Every Monday: last week"),
    ("month", "On the first: last month"),
]


class DiscomReportSchedule(models.Model):
    """A report that is made again and again and sent to the mailboxes of colleagues.

    It is made with the rights its owner has at that time, so only the owner sets it up; those get
    it who may make this report of this office themselves and would find no less masked in it.
    """

    _name = "discom.report.schedule"
    _description = "Scheduled report"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "state desc, next_run, id"

    name = fields.Char(compute="_compute_name")
    report = fields.Selection(selection="_selection_report", required=True, tracking=True)
    office_id = fields.Many2one(
        "discom.office",
        domain=lambda self: [("id", "child_of", self.env.user.discom_scope_ids.ids)],
        ondelete="cascade",
        tracking=True,
        help="With all offices below it. Empty: all offices of the owner.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    period = fields.Selection(PERIODS, "When", required=True, default="week", tracking=True)
    hour = fields.Integer("At (hour)", required=True, default=7, help="0 to 23, Indian time.")
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        required=True,
        default=lambda self: self.env.lang or "en_US",
    )
    user_id = fields.Many2one(
        "res.users",
        "Owner",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        help="The report holds what the owner may see on the day it is made.",
    )
    recipient_ids = fields.Many2many(
        "res.users",
        "discom_report_schedule_recipient_rel",
        string="Recipients",
        required=True,
        domain=lambda self: [("all_group_ids", "in", self.env.ref("discom.group_staff").ids)],
        default=lambda self: self.env.user,
    )
    delivery = fields.Selection(
        [("link", "Link to the report"), ("attachment", "File in the mail")],
        required=True,
        default="link",
        help="A link asks for the login, so it is safer. Large files always go as a link.",
    )
    state = fields.Selection(
        [("running", "Running"), ("paused", "Paused")],
        required=True,
        readonly=True,
        default="running",
        copy=False,
        tracking=True,
    )
    next_run = fields.Datetime(
        compute="_compute_next_run", store=True, readonly=False, precompute=True, copy=False
    )
    last_run = fields.Datetime(readonly=True, copy=False)
    last_result = fields.Char(readonly=True, copy=False)
    last_failed = fields.Boolean(readonly=True, copy=False)
    job_ids = fields.One2many("discom.report.job", "schedule_id", "Reports made")
    job_count = fields.Integer(compute="_compute_job_count")

    _due_idx = models.Index("(next_run) WHERE state = 'running'")
    _hour_range = models.Constraint("CHECK (hour BETWEEN 0 AND 23)", "The hour is from 0 to 23.")

    @api.model
    def _selection_report(self):
        """Reports that may be scheduled, as far as the user may make them."""
        names = self.env.registry.descendants(["discom.report.mixin"], "_inherit")
        return sorted(
            (
                (model._name, self.env["ir.model"]._get(model._name).name)
                for model in map(self.env.__getitem__, names)
                if model._report_scheduled and (self.env.su or model.has_access("create"))
            ),
            key=lambda choice: choice[1],
        )

    @api.depends("report", "office_id")
    @api.depends_context("lang")
    def _compute_name(self):
        for schedule in self:
            label = schedule.report and self.env["ir.model"]._get(schedule.report).name
            office = schedule.office_id.name
            schedule.name = ", ".join(filter(None, (label, office))) or self.env._("New")

    @api.depends("period", "hour")
    def _compute_next_run(self):
        for schedule in self:
            schedule.next_run = schedule._next_after(fields.Datetime.now())

    @api.depends("job_ids")
    def _compute_job_count(self):
        counts = dict(
            self.env["discom.report.job"]._read_group(
                [("schedule_id", "in", self.ids)], ["schedule_id"], ["__count"]
            )
        )
        for schedule in self:
            schedule.job_count = counts.get(schedule._origin, 0)

    @api.constrains("recipient_ids", "report", "office_id", "user_id")
    def _check_recipients(self):
        for schedule in self:
            if not schedule.recipient_ids:
                raise ValidationError(self.env._("Choose at least one user who gets the report."))
            refused = schedule._refused_recipients()
            if refused:
                raise ValidationError(
                    self.env._(
                        "These may not see this report of %(office)s: %(users)s. Take them off "
                        "the list, or choose an office of theirs.",
                        office=schedule.office_id.display_name or self.env._("all offices"),
                        users=self._with_reasons(refused),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        schedules = super().create(vals_list)
        schedules._check_owner()
        return schedules

    def write(self, vals):
        if "user_id" in vals and not self.env.su:
            raise AccessError(
                self.env._(
                    "The owner of a scheduled report does not change. The other person "
                    "sets up one of his or her own."
                )
            )
        return super().write(vals)

    # === ACTIONS === #

    def action_pause(self):
        """Send no more until it is resumed."""
        self.state = "paused"

    def action_resume(self):
        """Send again, for the first time at the next turn."""
        for schedule in self:
            schedule.write(
                {"state": "running", "next_run": schedule._next_after(fields.Datetime.now())}
            )

    def action_run(self):
        """Make and send it once more now, for the period that is over."""
        self.ensure_one()
        self.check_access("write")
        # sudo: the result is written by the system alone; the report has the rights of its owner.
        schedule = self.sudo()
        started = schedule._start()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if started else "warning",
                "message": schedule.last_result,
                "sticky": not started,
            },
        }

    def action_open_jobs(self):
        """Open the reports that were made."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_report_job_action")
        action["domain"] = [("schedule_id", "=", self.id)]
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _cron_run(self):
        """Start the reports that are due; they are made and sent by the action for reports."""
        commit = self.env["ir.cron"]._commit_progress
        now = fields.Datetime.now()
        due = self.search([("state", "=", "running"), ("next_run", "<=", now)])
        commit(remaining=len(due))
        for schedule in due:
            schedule = read_by(schedule, schedule.user_id)
            # First, so that one that breaks everything is not started again at once.
            schedule.next_run = schedule._next_after(now)
            commit(0)
            try:
                schedule._start()
            # Whatever goes wrong is told to the owner, and the next report goes on.
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Scheduled report %s failed", schedule.id)
                schedule._failed(schedule.env["discom.report.job"]._failure_text(error))
            if not commit(1):
                break
        self._tell_undelivered()

    @api.model
    def _tell_undelivered(self):
        """Tell the owners of mails that could not be sent."""
        mails = self.env["mail.mail"].search(
            [("model", "=", self._name), ("state", "=", "exception")]
        )
        for schedule_id, failed in mails.grouped("res_id").items():
            schedule = self.browse(schedule_id).exists()
            if schedule:
                schedule = read_by(schedule, schedule.user_id)
                message = schedule.env._(
                    "The mail to %(users)s could not be sent: %(reason)s",
                    users=", ".join(failed.recipient_ids.mapped("name")),
                    reason=", ".join(filter(None, failed.mapped("failure_reason"))) or "–",
                )
                schedule.write({"last_result": message, "last_failed": True})
                # A mail about it would fail as well.
                schedule._tell_owner(message, by_mail=False)
        mails.state = "cancel"

    def _start(self):
        """Have the report made; return whether there is something to make."""
        self.ensure_one()
        owner = self.user_id
        if not owner.active:
            self.state = "paused"
            self._failed(self.env._("The owner has left; somebody else has to set it up."))
            return False
        model = in_name_of(self.env[self.report], owner).with_company(self.company_id)
        first, last = period_over(self.period, fields.Datetime.now())
        filters = self._filter_values()
        days = model._schedule_values(first, last, filters)
        report = model.create(
            {"office_id": self.office_id.id, "lang": self.lang, **filters, **days}
        )
        count = report._report_count()
        result = self.env._(
            "Nothing to report from %(first)s to %(last)s.",
            first=days.get("date_from", first),
            last=days.get("date_to", last),
        )
        if count:
            requests = self.env["discom.export.request"].with_user(owner)
            approval, ask = requests._check_report(report, count)
            if ask:
                requests._ask_by(ask, self.env._("Scheduled: %(name)s", name=self.name))
                self._failed(
                    self.env._(
                        "%(count)s rows about people need an approval, which a division manager "
                        "was asked for. Then make the report from Reports › Exports.",
                        count=count,
                    )
                )
                return False
            requests._record_report(report, count, approval)
            jobs = self.env["discom.report.job"].with_user(owner)
            jobs._request(report, count, schedule=self)
            self.env.ref("discom.ir_cron_report_job")._trigger()
            begun = indian_time(fields.Datetime.now())
            result = self.env._("Being made since %(time)s.", time=begun)
        self.write({"last_run": fields.Datetime.now(), "last_result": result, "last_failed": False})
        return bool(count)

    def _deliver(self, job):
        """Send the finished report to those who may still see it."""
        self.ensure_one()
        refused = self._refused_recipients()
        allowed = self.recipient_ids.filtered(lambda user: user not in refused)
        recipients = allowed.filtered("email")
        left_out = {user: self.env._("has no e-mail address") for user in allowed - recipients}
        left_out.update(refused)
        large = len(job.attachment_id.raw or b"") > MAX_ATTACHMENT
        attached = self.delivery == "attachment" and not large
        job.recipient_ids = allowed
        if recipients:
            self.env["mail.mail"].create(
                {
                    "subject": job.name,
                    "body_html": self._mail_body(job, attached),
                    "recipient_ids": [(6, 0, recipients.partner_id.ids)],
                    "attachment_ids": [(6, 0, job.attachment_id.ids if attached else [])],
                    "email_from": self.user_id.email_formatted or self.company_id.email_formatted,
                    "auto_delete": True,
                    # By these it is known whose mail failed.
                    "model": self._name,
                    "res_id": self.id,
                }
            )
        result = self.env._(
            "Sent to %(n)s on %(time)s.", n=len(recipients), time=indian_time(fields.Datetime.now())
        )
        if left_out:
            result += " " + self.env._(
                "Not to: %(users)s.",
                users=self._with_reasons(left_out),
            )
        self.write({"last_result": result, "last_failed": bool(left_out)})
        if left_out:
            self._tell_owner(result)

    def _mail_body(self, job, attached):
        link = f"{self.get_base_url()}/odoo/discom-reports/{job.id}"
        text = self.env._("The report is in this mail.")
        if not attached:
            text = self.env._("Open the report here; it is kept for a week:")
        return Markup("<p>%s</p><p>%s</p><p><a href='%s'>%s</a></p>") % (
            self.name,
            text,
            link,
            job.name,
        )

    def _failed(self, message):
        """Keep why it failed, and tell the owner by activity and mail."""
        self.write({"last_run": fields.Datetime.now(), "last_result": message, "last_failed": True})
        self._tell_owner(message)

    def _tell_owner(self, message, by_mail=True):
        summary = self.env._("Scheduled report: %(name)s", name=self.name)
        if self.user_id.active:
            # The mail below says it, in words of its own.
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=self.user_id.id,
                summary=summary,
                note=message,
            )
        if by_mail and self.user_id.email:
            self.env["mail.mail"].create(
                {
                    "subject": summary,
                    "body_html": Markup("<p>%s</p>") % message,
                    "recipient_ids": [(6, 0, self.user_id.partner_id.ids)],
                    "auto_delete": True,
                }
            )

    def _check_owner(self):
        if not self.env.su and any(schedule.user_id != self.env.user for schedule in self):
            raise AccessError(self.env._("A scheduled report belongs to who sets it up."))

    def _next_after(self, now):
        """Return the next time, in UTC, after ``now`` (UTC)."""
        return next_turn(self.period or "week", self.hour or 0, now)
