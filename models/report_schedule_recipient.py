"""Who may get a report that is made with the rights of somebody else."""

from odoo import api, models


class DiscomReportSchedule(models.Model):
    _inherit = "discom.report.schedule"

    def _refused_recipients(self):
        """Recipients who may not get this report, as it is made for the owner.

        :return: ``{user: why}``
        """
        self.ensure_one()
        owner = self.user_id
        # sudo: which offices a colleague works for is not for everybody to read.
        offices = self.office_id or owner.sudo().discom_scope_ids
        paths = [office.parent_path for office in offices]
        report = self.env[self.report]
        told = [
            kind for kind in report._report_kinds if report.with_user(owner)._report_shows(kind)
        ]
        refused = {}
        # sudo: as above.
        for user in self.recipient_ids.sudo():
            roots = tuple(user.discom_scope_ids.mapped("parent_path"))
            if not user.active:
                why = self.env._("has left")
            elif not roots or not all(path.startswith(roots) for path in paths):
                why = self.env._("works for other offices")
            elif not report.with_user(user).has_access("create"):
                why = self.env._("has no role that makes this report")
            # Rows are the owner's: field staff would read of others than they are sent to.
            elif user != owner and not user._discom_has_duty("dues"):
                why = self.env._("is field staff, who see only those they are sent to")
            elif user != owner and not all(map(user._discom_has_duty, told)):
                why = self.env._("sees addresses masked, and the report holds them in full")
            else:
                continue
            refused[user.sudo(self.env.su)] = why
        return refused

    @api.model
    def _with_reasons(self, refused):
        """Text of ``{user: why}``."""
        return ", ".join(f"{user.name} ({why})" for user, why in refused.items())
