import errno
import hashlib
import json
import logging
import tempfile

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.indian_time import indian_time
from ..tools.reader import in_name_of, read_by

_logger = logging.getLogger(__name__)

FETCH_ROWS = 2000  # rows read from the database, and reported as progress, at once
GC_BATCH = 1000  # reports deleted at once
MIMETYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
MAX_ATTEMPTS = 3  # of a report whose worker was stopped
OPEN = ("queued", "running")


class DiscomReportJob(models.Model):
    """One workbook, or print of many bills, that somebody asked for: small ones at once, large ones
    in the background.

    queued -> running -> done | failed. The workbook is made with the rights and in the time zone
    of who asked, is theirs alone, and is deleted after a week.
    """

    _name = "discom.report.job"
    _description = "Report"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    model = fields.Char(required=True, readonly=True, help="Model that writes the workbook.")
    params = fields.Json(required=True, readonly=True)
    key = fields.Char(required=True, readonly=True, help="The same for the same question.")
    user_id = fields.Many2one(
        "res.users", "Asked by", required=True, readonly=True, default=lambda self: self.env.user
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    state = fields.Selection(
        [
            ("queued", "Waiting"),
            ("running", "Being made"),
            ("done", "Ready"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="queued",
    )
    rows_total = fields.Integer("Rows", readonly=True, aggregator=None)
    rows_done = fields.Integer("Rows written", readonly=True, aggregator=None)
    progress = fields.Float(compute="_compute_progress")
    attempts = fields.Integer(readonly=True, aggregator=None)
    date_done = fields.Datetime("Ready at", readonly=True)
    attachment_id = fields.Many2one("ir.attachment", "Workbook", readonly=True)
    schedule_id = fields.Many2one(
        "discom.report.schedule",
        "Sent regularly",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    recipient_ids = fields.Many2many(
        "res.users",
        "discom_report_job_recipient_rel",
        string="Sent to",
        readonly=True,
        help="Who may open it beside who asked.",
    )
    error = fields.Char(readonly=True)

    _open_uniq = models.UniqueIndex(
        "(user_id, key) WHERE state IN ('queued', 'running')",
        "This report is being made already.",
    )

    @api.depends("rows_done", "rows_total", "state")
    def _compute_progress(self):
        for job in self:
            share = job.rows_done / job.rows_total if job.rows_total else 0
            job.progress = 100 if job.state == "done" else min(100 * share, 99)

    @api.model
    def _request(self, report, rows_total, schedule=None):
        """The job of ``report`` (a record of a `discom.report.mixin`), or the one under way.

        :param schedule: the `discom.report.schedule` that sends it when it is ready
        """
        params = report._report_params()
        question = [report._name, params, *(schedule.ids if schedule else [])]
        key = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
        under_way = self.search(
            [
                ("user_id", "=", self.env.uid),
                ("key", "=", key),
                ("state", "in", OPEN),
            ]
        )
        # sudo: users ask for reports, they do not write the records that keep them.
        return under_way or self.sudo().create(
            {
                "name": report._report_title(),
                "model": report._name,
                "params": params,
                "key": key,
                "user_id": self.env.uid,
                "rows_total": rows_total,
                "schedule_id": schedule.id if schedule else False,
            }
        ).sudo(self.env.su)

    def action_download(self):
        """Download the workbook.

        :raise UserError: when it is not ready
        """
        self.ensure_one()
        if not self.attachment_id:
            raise UserError(
                self.env._(
                    "“%(report)s” is not ready yet. Wait until its state is “Ready”; this "
                    "page shows it.",
                    report=self.display_name,
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.attachment_id.id}?download=true",
            "target": "download",
        }

    def action_retry(self):
        """Make a failed report once more, with the rights that who asked has now.

        :raise UserError: when it has not failed
        """
        self.ensure_one()
        if self.user_id != self.env.user:
            raise AccessError(
                self.env._(
                    "“%(report)s” was asked for by %(user)s, who alone has it made again. "
                    "Ask for a report of your own.",
                    report=self.display_name,
                    user=self.user_id.name,
                )
            )
        if self.state != "failed":
            raise UserError(
                self.env._(
                    "“%(report)s” has not failed, so it is not made again. Reload the page.",
                    report=self.display_name,
                )
            )
        under_way = self.search(
            [("user_id", "=", self.env.uid), ("key", "=", self.key), ("state", "in", OPEN)]
        )
        if under_way:
            return under_way.action_open()
        # sudo: users ask for reports, they do not write the records that keep them.
        self.sudo().write({"state": "queued", "attempts": 0, "rows_done": 0, "error": False})
        self.env.ref("discom.ir_cron_report_job")._trigger()
        return True

    def action_open(self):
        """Open the job, to watch its progress."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            # The web client asks for a print by a call, which adds no views as a button does.
            "views": [(False, "form")],
            "target": "current",
        }

    @api.model
    def _cron_run(self):
        """Make the reports that wait, and again those whose worker was stopped."""
        commit = self.env["ir.cron"]._commit_progress
        # This cron runs once at a time, so what is running here was interrupted.
        jobs = self.search([("state", "in", OPEN)], order="id")
        commit(remaining=len(jobs))
        for job in jobs:
            # Whoever asked reads what becomes of it.
            job = read_by(job, job.user_id)
            if job.attempts >= MAX_ATTEMPTS:
                job._fail(
                    job.env._(
                        "The server stopped the report %(n)s times: it was restarted, or the "
                        "report took too long or too much memory. Choose a smaller office or a "
                        "shorter period.",
                        n=job.attempts,
                    )
                )
            else:
                job.write({"state": "running", "rows_done": 0, "attempts": job.attempts + 1})
                commit(0)
                try:
                    job._make(report_progress=True)
                # Whatever goes wrong is told to who asked, and the next report goes on.
                except Exception as error:
                    self.env.cr.rollback()
                    _logger.exception("Report job %s failed", job.id)
                    job._fail(job._failure_text(error))
            if not commit(1):
                break

    def _make(self, report_progress=False):
        """Write the workbook and attach it to the job.

        :param report_progress: show the rows written while working; only for background work
        """
        self.ensure_one()
        model = in_name_of(self.env[self.model], self.user_id).with_company(self.company_id)
        report = model.new(self.params)
        # Now: the snapshot, and with it a record that is stored nowhere, ends below.
        extension, held = report._report_extension(), self._held_by(report)
        name = f"{report._report_filename()}.{extension}"
        with tempfile.NamedTemporaryFile(suffix=f".{extension}") as file:
            report._write_workbook(file.name, self._set_progress if report_progress else None)
            data = file.read()
        if report_progress:
            # Ends the snapshot in which the rows were read; the progress was written beside it.
            self.env["ir.cron"]._commit_progress(0)
            self.env.invalidate_all()
        attachment = self.env["ir.attachment"].create(
            {
                "name": name,
                "raw": data,
                "mimetype": MIMETYPES[extension],
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self.write(
            {
                "state": "done",
                "rows_done": self.rows_total,
                "attachment_id": attachment.id,
                "held": held,
                "date_done": fields.Datetime.now(),
            }
        )
        if self.schedule_id:
            self.schedule_id._deliver(self)
        elif report_progress:
            self._notify("success", self.env._("Your report is ready"))

    def _set_progress(self, rows):
        """Store the number of rows written, in a transaction of its own that others see at once."""
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL("UPDATE discom_report_job SET rows_done = %s WHERE id = %s", rows, self.id)
            )

    @api.model
    def _failure_text(self, error):
        """What happened and what to do about it, for who asked.

        An unknown error is told by its kind alone: its text may hold data of people.
        """
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, psycopg2.errors.DiskFull) or (
            isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        ):
            return self.env._(
                "The disk of the server is full. Tell the administrator, and try again when there "
                "is room."
            )
        if isinstance(error, psycopg2.errors.QueryCanceled):
            return self.env._(
                "The database stopped the report because it took too long. Choose a smaller office "
                "or a shorter period, or try again in a quiet hour."
            )
        if isinstance(error, MemoryError | psycopg2.errors.OutOfMemory):
            return self.env._(
                "The report does not fit into the memory of the server. Choose a smaller office or "
                "a shorter period."
            )
        if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
            return self.env._(
                "The database was busy or could not be reached. Try again in some minutes."
            )
        return self.env._(
            "The report stopped at a fault in the program (%(error)s, %(time)s). Try again; if it "
            "stops again, send this text to the administrator, whose log says more.",
            error=type(error).__name__,
            time=indian_time(fields.Datetime.now()),
        )

    def _fail(self, message):
        self.write({"state": "failed", "error": message})
        if self.schedule_id:
            self.schedule_id._failed(message)
            return
        self._notify("danger", self.env._("Your report could not be made"))

    def _notify(self, kind, title):
        """Tell who asked: at once where they are online, and in their list of things to do."""
        self.user_id._bus_send(
            "simple_notification",
            {"type": kind, "title": title, "message": self.name, "sticky": True},
        )
        # No e-mail: the list of things to do says it.
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.user_id.id, summary=title
        )

    @api.model
    def _gc_workbooks(self):
        """Delete a batch of finished reports, and their workbooks, full of personal data.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("report")
        if before is None:
            return 0, False
        old = self.search(
            [("state", "in", ("done", "failed")), ("create_date", "<", before)], limit=GC_BATCH
        )
        count = len(old)
        old.attachment_id.unlink()
        old.unlink()
        return count, count == GC_BATCH
