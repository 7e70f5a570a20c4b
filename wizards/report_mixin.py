from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.report_job import FETCH_ROWS
from ..tools.indian_time import INDIA
from ..tools.personal import HIDDEN
from ..tools.xlsx import MAX_ROWS, Book, Labels

DIRECT_ROWS = 5000  # made while the user waits, about a second; more goes into the background
TIMEZONE = INDIA.key


@dataclass(frozen=True)
class Sheet:
    """A data sheet: its rows, columns and what the summary says of them.

    ``totals`` (SQL) gives number and sums of the rows where that is cheaper than over ``query``.
    """

    name: str
    query: SQL
    columns: list
    tables: list
    totals: SQL | None = None


class DiscomReportMixin(models.AbstractModel):
    """A wizard that asks for office and language and makes a workbook.

    A model that inherits this says what it reports (``_report_model``, :meth:`_report_domain`,
    :meth:`_report_query`) and how (:meth:`_report_columns`, :meth:`_report_tables`).
    """

    _name = "discom.report.mixin"
    _description = "Report wizard"

    _report_model = None  # name of the model whose records are reported
    _report_lists = {}  # other lists to choose from: model -> field of _report_model with its id
    _report_scheduled = False  # may be sent to a mailbox
    _report_kinds = ()  # personal data that it holds in full for whose duty it is
    _report_sums = False  # rows of the workbook are sums, so there are always few
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
        ids, model = context.get("active_ids") or [], context.get("active_model")
        if ids and (model == self._report_model or model in self._report_lists):
            # sudo: a setting of the web client.
            parameter = self.env["ir.config_parameter"].sudo().get_param("web.active_ids_limit")
            link = self._report_lists.get(model)
            if len(ids) >= int(parameter or 20000) and context.get("active_domain"):
                domain = context["active_domain"]
                values["selected_domain"] = [(link, "any", domain)] if link else domain
            elif link:
                values["selected_domain"] = [(link, "in", ids)]
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
        count = self._report_count()
        if not count:
            raise UserError(self._nothing_text())
        if count > MAX_ROWS:
            raise UserError(
                self.env._(
                    "The report has more than %(limit)s rows, which do not fit into a "
                    "sheet. Choose a smaller office.",
                    limit=MAX_ROWS,
                )
            )
        requests = self.env["discom.export.request"]
        approval, ask = requests._check_report(self, count)
        if ask:
            return ask
        requests._record_report(self, count, approval)
        job = self.env["discom.report.job"]._request(self, count)
        direct = DIRECT_ROWS if self._direct_rows is None else self._direct_rows
        if job.state == "queued" and count <= direct:
            # sudo: the job belongs to the server; the report itself is made with the user's rights.
            job.sudo()._make()
            return job.action_download()
        if job.state == "queued":
            self.env.ref("discom.ir_cron_report_job")._trigger()
        return job.action_open()

    def action_schedule(self):
        """Set up that this report is sent regularly."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send regularly"),
            "res_model": "discom.report.schedule",
            "views": [(False, "form")],
            "context": {
                "default_report": self._name,
                "default_office_id": self.office_id.id,
                "default_lang": self.lang,
                "default_filters": self.env["discom.report.schedule"]._filters_of(self),
            },
        }

    @api.model
    def _schedule_values(self, date_from, date_to, filters):
        """Values of a scheduled report of these days; none where it is as of today.

        :param filters: the other values of the dialog that were chosen
        """
        return {}

    def _report_count(self):
        """Number of rows, or of the records behind them, as far as a sheet holds them."""
        limit = MAX_ROWS if self._report_sums else MAX_ROWS + 1
        return self.env[self._report_model].search_count(self._report_domain(), limit=limit)

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

    def _report_personal(self):
        """Tell whether the rows are people, so that many need an approval before they leave."""
        requests = self.env["discom.export.request"]
        return not self._report_sums and requests._is_about_people(self._report_model)

    @api.model
    def _report_shows(self, kind):
        """Tell whether a column of personal data is written in full for the user: field staff get
        only rows of those they are sent to."""
        return kind in self._report_kinds and self.env.user._discom_has_duty(
            kind, ("discom.group_field_surveyor",)
        )

    def _report_held(self):
        """Kinds of personal data that the workbook holds in full because it is this user's duty:
        who has lost the duty since opens it no more. Of field staff it holds the own area alone."""
        return list(filter(self.env.user._discom_has_duty, ("dues", *self._report_kinds)))

    def _report_address(self, alias):
        """SQL of the address of a consumer, as far as the user may see it."""
        if not self._report_shows("address"):
            return SQL("%s", HIDDEN)
        street, street2 = (SQL.identifier(alias, name) for name in ("street", "street2"))
        return SQL("concat_ws(', ', NULLIF(%s, ''), NULLIF(%s, ''))", street, street2)

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
        """SELECT of all rows, with the rights of the user; values in the order of the columns."""
        raise NotImplementedError

    def _report_columns(self):
        """List of `tools.xlsx.Column`."""
        raise NotImplementedError

    def _report_tables(self):
        """List of `tools.xlsx_summary.Table` and `Top`: the first sheet."""
        raise NotImplementedError

    def _report_sheets(self):
        """List of :class:`Sheet`, for a workbook that has more than one beside the summary."""
        return [
            Sheet(
                self.env._("Data"),
                self._report_query(),
                self._report_columns(),
                self._report_tables(),
            )
        ]

    def _write_workbook(self, path, set_progress=None):
        """Write the workbook, reading row after row in one snapshot of the database.

        :param set_progress: function called with the number of rows written
        """
        report = self.with_context(lang=self.lang)
        report.env.flush_all()
        done = 0
        with Book(
            path,
            title=report._report_title(),
            facts=report._report_facts(),
            printed=report._report_printed(),
            texts={
                "summary": report.env._("Summary"),
                "total": report.env._("Total"),
                "others": report.env._("Others"),
                "page": report.env._("Page &P of &N"),
            },
        ) as book:
            for sheet in report._report_sheets():
                count, totals = report._count_rows(sheet)
                data = book.add_sheet(sheet.name, sheet.columns, count, sheet.tables, totals)
                for rows in report._stream(sheet.query):
                    data.write_rows(rows)
                    if set_progress:
                        set_progress(done + data.count)
                done += data.count

    def _count_rows(self, sheet):
        """``(number of rows, {index of a column with total: sum})`` of the rows to come.

        The sums stand above the rows, so they are needed first. In one snapshot with the rows: the
        transaction sees the database as at its start.
        """
        summed = [index for index, column in enumerate(sheet.columns) if column.total]
        query = sheet.totals or SQL(
            "SELECT count(*), %s FROM (%s) AS line (%s)",
            SQL(", ").join(
                [*(SQL("SUM(%s)", SQL.identifier(f"c{index}")) for index in summed), SQL("NULL")]
            ),
            sheet.query,
            SQL(", ").join(SQL.identifier(f"c{index}") for index in range(len(sheet.columns))),
        )
        count, *sums = self.env.execute_query(query)[0]
        return count, dict(zip(summed, sums, strict=False))

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

    def _select_all(self, model, domain):
        """SELECT of all columns of the records of ``domain`` that the user may see."""
        query = self.env[model]._search(domain)
        return query.select(SQL("%s.*", SQL.identifier(query.table)))

    def _office_labels(self, level=None):
        """Name of each office of the companies in the language of the report: ``{id: name}``.

        :param level: take the office of this level at or above it, where there is one
        """
        # sudo: names above the user's own offices.
        offices = self.env["discom.office"].sudo().with_context(active_test=False)
        offices = offices.search([("company_id", "in", self.env.user.company_ids.ids)])
        by_id = {office.id: office for office in offices}
        names = Labels()
        for office in offices:
            above = [by_id[id_] for id_ in office._path_ids(office.parent_path) if id_ in by_id]
            found = [node for node in above if node.level == level]
            names[office.id] = self._office_name(found[-1] if found else office)
        return names

    def _feeder_labels(self):
        """Name of the feeder at or above each asset, else of the asset: ``{id: name}``."""
        assets = self.env["discom.asset"].with_context(active_test=False)
        assets = assets.search([])  # pylint: disable=no-search-all
        by_id = {asset.id: asset for asset in assets}
        names = Labels()
        for asset in assets:
            above = [by_id[id_] for id_ in asset._path_ids(asset.parent_path) if id_ in by_id]
            feeders = [node for node in above if node.kind == "feeder"]
            names[asset.id] = self._office_name(feeders[-1] if feeders else asset)
        return names

    def _category_labels(self):
        """Code of each tariff category: ``{id: code}``."""
        categories = self.env["discom.category"].with_context(active_test=False)
        categories = categories.search([])  # pylint: disable=no-search-all
        return Labels({category.id: category.code for category in categories})

    def _yes_no(self):
        """Texts of what is so and what is not: ``{True: text, False: text}``."""
        return Labels({True: self.env._("Yes"), False: self.env._("No")})

    def _field_labels(self, model, name):
        """Texts of a selection field, in the language of the report: ``{value: text}``."""
        return Labels(self.env[model]._fields[name]._description_selection(self.env))

    def _sql_name(self, alias, name="name", name_hi="name_hi"):
        """SQL of the name in the language of the report, of a table with names in both."""
        if not (self.lang or "").startswith("hi"):
            return SQL.identifier(alias, name)
        return SQL(
            "COALESCE(NULLIF(%s, ''), %s)",
            SQL.identifier(alias, name_hi),
            SQL.identifier(alias, name),
        )

    def _sql_consumer(self, alias):
        """SQL of a consumer's name in the language of the report."""
        return self._sql_name(alias, "name", "discom_name_hi")

    def _sql_village(self, alias):
        """SQL of a consumer's village in the language of the report."""
        return self._sql_name(alias, "discom_village", "discom_village_hi")
