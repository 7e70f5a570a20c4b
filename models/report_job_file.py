"""A finished workbook is opened by who still sees as much as it holds."""

from odoo import api, fields, models
from odoo.exceptions import AccessError


class DiscomReportJob(models.Model):
    _inherit = "discom.report.job"

    held = fields.Json(
        "What the File Holds",
        readonly=True,
        copy=False,
        help="Offices that the file is of, and kinds of personal data that it holds in full.",
    )

    @api.model
    def _held_by(self, report):
        """Return what the file of ``report``, made by its user, holds; see ``held``."""
        offices = report.office_id or report.env.user.discom_scope_ids
        return {"offices": offices.ids, "kinds": report._report_held()}

    def _opened_to(self, user):
        """Return those of these jobs whose files hold no more than ``user`` sees today."""
        # sudo: what a file holds and where offices lie is asked to decide who may read it.
        jobs = self.sudo().exists()
        offices = self.env["discom.office"].sudo().with_context(active_test=False)
        known = {
            office.id: office.parent_path
            for office in offices.browse(
                {office_id for job in jobs for office_id in (job.held or {}).get("offices", ())}
            ).exists()
        }
        roots = tuple(user.sudo().discom_scope_ids.mapped("parent_path"))

        def is_open(job):
            held = job.held or {}
            return all(
                known[office_id].startswith(roots)
                for office_id in held.get("offices", ())
                if office_id in known
            ) and all(map(user._discom_has_duty, held.get("kinds", ())))

        return self.browse(jobs.filtered(is_open).ids)


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su:
            return result
        # sudo: where the file belongs is asked to decide who may read it.
        files = self.sudo().filtered(lambda file: file.res_model == "discom.report.job")
        if not files:
            return result
        jobs = self.env["discom.report.job"].browse(files.mapped("res_id"))
        opened = jobs._opened_to(self.env.user)
        closed = self.browse(file.id for file in files if file.res_id not in opened._ids)
        if not closed:
            return result
        text = self.env._(
            "This report was made with more rights than you have today: your role or your offices "
            "have changed. Make it again."
        )
        return closed | (result[0] if result else closed), lambda: AccessError(text)
