from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.report_job import FETCH_ROWS
from ..tools.xlsx import MAX_ROWS, Register

DIRECT_ROWS = 5000  # made while the user waits, about a second; more goes into the background
TIMEZONE = "Asia/Kolkata"


class DiscomReportMixin(models.AbstractModel):
    """A wizard that asks for office and language and makes a workbook.

    A model that inherits this says what it reports (``_report_model``, :meth:`_report_domain`,
    :meth:`_report_query`) and how (:meth:`_report_columns`, :meth:`_prepare_row`,
    :meth:`_write_summaries`).
    """

    _name = "discom.report.mixin"
    _description = "Report wizard"

    _report_model = None  # name of the model whose records are the rows
    _direct_rows = None  # instead of DIRECT_ROWS

    office_id = fields.Many2one(
        "discom.office",
        domain=lambda self: [("id", "child_of", self.env.user.discom_scope_ids.ids)],
        help="With all offices below it. Empty: all your offices.",
    )
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        required=True,
        default=lambda self: self.env.lang or "en_US",
    )
    selected_ids = fields.Json()
    selected_domain = fields.Json()
    selected_count = fields.Integer(compute="_compute_selected_count")

    @api.model
    def default_get(self, fields_list):
        """Take over the records selected in a list.

        The client passes at most ``web.active_ids_limit`` ids; where it hit the limit, all records
        of the list were selected, and its domain says which.
        """
        values = super().default_get(fields_list)
        context = self.env.context
        ids = context.get("active_ids") or []
        if context.get("active_model") == self._report_model and ids:
            # sudo: a setting of the web client.
            parameter = self.env["ir.config_parameter"].sudo().get_param("web.active_ids_limit")
            if len(ids) >= int(parameter or 20000) and context.get("active_domain"):
                values["selected_domain"] = context["active_domain"]
            else:
                values["selected_ids"] = ids
        return values

    @api.depends("selected_ids", "selected_domain")
    def _compute_selected_count(self):
        for report in self:
            domain = report._selected_domain()
            report.selected_count = (
                self.env[self._report_model].search_count(domain) if domain is not None else 0
            )

    def action_print(self):
        """Download the workbook, or have a large one made in the background.

        :raise UserError: when there is nothing, or more than a sheet can hold
        """
        self.ensure_one()
        count = self.env[self._report_model].search_count(self._report_domain(), limit=MAX_ROWS + 1)
        if not count:
            raise UserError(self._nothing_text())
        if count > MAX_ROWS:
            raise UserError(
                self.env._(
                    "More than %(limit)s rows do not fit into a sheet. Choose a smaller office.",
                    limit=MAX_ROWS,
                )
            )
        job = self.env["discom.report.job"]._request(self, count)
        direct = DIRECT_ROWS if self._direct_rows is None else self._direct_rows
        if job.state == "queued" and count <= direct:
            # sudo: the job belongs to the server; the report itself is made with the user's rights.
            job.sudo()._make()
            return job.action_download()
        if job.state == "queued":
            # sudo: users may not trigger crons.
            self.env.ref("discom.ir_cron_report_job").sudo()._trigger()
        return job.action_open()

    def _selected_domain(self):
        """Domain of the records selected in a list, None where none were."""
        self.ensure_one()
        if self.selected_domain:
            return Domain(self.selected_domain)
        if self.selected_ids:
            return Domain("id", "in", self.selected_ids)
        return None

    def _report_params(self):
        """Values from which the job makes this wizard again; JSON."""
        self.ensure_one()
        return {
            "office_id": self.office_id.id,
            "lang": self.lang,
            "selected_ids": self.selected_ids,
            "selected_domain": self.selected_domain,
        }

    def _report_title(self):
        raise NotImplementedError

    def _report_filename(self):
        return self._report_title().replace("/", "-")

    def _report_extension(self):
        """Kind of file that :meth:`_write_workbook` writes, a key of `report_job.MIMETYPES`."""
        return "xlsx"

    def _nothing_text(self):
        """What a user reads where there is nothing to report."""
        return self.env._("There is nothing to report. Choose another period or office.")

    def _report_domain(self):
        raise NotImplementedError

    def _report_facts(self):
        """List of (label, text) that says what the workbook holds; printed on it."""
        office = self.office_id or self.env.user.discom_scope_ids
        facts = [(self.env._("Office"), ", ".join(map(self._office_name, office)))]
        if self._selected_domain() is not None:
            facts.append((self.env._("Filter"), self.env._("Records chosen in the list")))
        return facts

    def _report_query(self):
        """SELECT of all rows, with the rights of the user."""
        raise NotImplementedError

    def _report_totals(self):
        """Tuple of the number of rows and further sums, for :meth:`_report_columns`."""
        raise NotImplementedError

    def _report_columns(self, totals):
        """List of `tools.xlsx.Column`."""
        raise NotImplementedError

    def _prepare_context(self):
        """What :meth:`_prepare_row` needs for every row, looked up once."""
        return {}

    def _prepare_row(self, row, context, groups):
        """Cells of one row of :meth:`_report_query`; counts it in the dict ``groups``."""
        raise NotImplementedError

    def _write_summaries(self, book, context, groups):
        """Write the tables and the chart of the first sheet."""
        raise NotImplementedError

    def _write_workbook(self, path, set_progress=None):
        """Write the workbook, reading row after row in one snapshot of the database.

        :param set_progress: function called with the number of rows written
        """
        report = self.with_context(lang=self.lang)
        totals = report._report_totals()
        context, groups = report._prepare_context(), {}
        with Register(
            path,
            title=report._report_title(),
            facts=report._report_facts(),
            printed=report._report_printed(),
            columns=report._report_columns(totals),
            rows=totals[0],
            texts={
                "summary": report.env._("Summary"),
                "data": report.env._("Data"),
                "total": report.env._("Total"),
                "page": report.env._("Page &P of &N"),
            },
        ) as book:
            for rows in report._stream(report._report_query()):
                for row in rows:
                    book.write_row(report._prepare_row(row, context, groups))
                if set_progress:
                    set_progress(book.count)
            report._write_summaries(book, context, groups)

    def _stream(self, query):
        """Lists of rows of ``query``, which the server keeps until they are read."""
        cr = self.env.cr
        cr.execute(SQL("DECLARE discom_report NO SCROLL CURSOR FOR %s", query))
        while True:
            cr.execute(SQL("FETCH %s FROM discom_report", FETCH_ROWS))
            rows = cr.fetchall()
            if not rows:
                break
            yield rows
        cr.execute("CLOSE discom_report")

    def _report_printed(self):
        now = datetime.now(ZoneInfo(TIMEZONE))
        return self.env._(
            "Printed by %(user)s on %(date)s",
            user=self.env.user.name,
            date=now.strftime("%d/%m/%Y %H:%M"),
        )

    def _office_name(self, office):
        hindi = self.env.context.get("lang", "").startswith("hi")
        return (hindi and office.name_hi) or office.name
