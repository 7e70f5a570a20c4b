import zipfile

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import split_every

# Bills in one file: what a printer takes, and what is kept in memory at once (3 MB).
PART = 250
# What two threads make before the worker of the scheduled actions reaches its 120 seconds.
PRINT_LATER_LIMIT = 10_000


class DiscomBillPrint(models.TransientModel):
    """Many bills as PDF, made in the background: one file up to ``PART`` of them, above that a ZIP
    of such files. The web client asks for it where a selection is too long to wait for."""

    _name = "discom.bill.print"
    _inherit = ["discom.report.mixin"]
    _description = "Print of many bills"

    _report_model = "discom.bill"
    _direct_rows = 0

    report_name = fields.Char(required=True)

    @api.model
    def print_selection(self, report_name):
        """Have the bills selected in a list printed in the background.

        :param str report_name: technical name of the report
        :return: action that shows the progress
        """
        return self.create({"report_name": report_name}).action_print()

    def action_print(self):
        """See :meth:`discom.report.mixin.action_print`; fewer bills than rows of a sheet."""
        domain = self._report_domain()
        if self.env["discom.bill"].search_count(domain, limit=PRINT_LATER_LIMIT + 1) > (
            PRINT_LATER_LIMIT
        ):
            raise UserError(
                self.env._(
                    "More than %(limit)s bills are too many for one print. Filter the list by "
                    "office or book first.",
                    limit=PRINT_LATER_LIMIT,
                )
            )
        return super().action_print()

    def _report_params(self):
        return {**super()._report_params(), "report_name": self.report_name}

    def _report_title(self):
        return self.env._("Bills (PDF)")

    def _report_domain(self):
        domain = self._selected_domain()
        if domain is None:
            raise UserError(self.env._("Nothing is selected. Tick the bills to print first."))
        return domain

    def _report_held(self):
        # The code on a bill is as private as the phone that it may put on the account.
        return list(filter(self.env.user._discom_has_duty, ("dues", "phone", "address")))

    def _report_extension(self):
        many = self.env["discom.bill"].search_count(self._report_domain(), limit=PART + 1) > PART
        return "zip" if many else "pdf"

    def _write_workbook(self, path, set_progress=None):
        """Write the PDF or ZIP; see :meth:`discom.report.mixin._write_workbook`."""
        found = self.env["discom.bill"].search(self._report_domain()).ids
        if self.selected_ids:
            known = set(found)
            found = [bill_id for bill_id in self.selected_ids if bill_id in known]
        reports = self.env["ir.actions.report"]
        layout = reports._get_report(self.report_name).report_file

        def parts():
            for ids in split_every(PART, found, list):
                yield reports._render_typst("discom.bill", layout, ids)

        if len(found) <= PART:
            with open(path, "wb") as file:
                file.writelines(parts())
            return
        done = 0
        with zipfile.ZipFile(path, "w") as archive:
            for content in parts():
                last = min(done + PART, len(found))
                archive.writestr(f"bills_{done + 1:05}-{last:05}.pdf", content)
                done = last
                if set_progress:
                    set_progress(done)
