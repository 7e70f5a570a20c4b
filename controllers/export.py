"""Odoo's own files of lists and pivots: names in them stay text, and pivots are put on record."""

import json
import re

from werkzeug.datastructures import FileStorage

from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.export import (
    CSVExport,
    ExcelExport,
    ExportXlsxWriter,
    GroupExportXlsxWriter,
)
from odoo.addons.web.controllers.pivot import TableExporter

#: Texts of which the writer of pivots makes a formula or a link.
_ACTIVE = re.compile(r"\{?=|(?:ftp|http)s?://|mailto:|(?:in|ex)ternal:|file://")
#: Beginnings of a formula that Odoo does not mark in CSV.
_BEGINNING = re.compile(r"[@\t\r]")


class _Texts:
    """Writes what people have typed as text: xlsxwriter makes formulas and links of it."""

    def write(self, row, column, cell_value, style=None):
        """Extend: a text is a text."""
        if isinstance(cell_value, str) and cell_value:
            return self.worksheet.write_string(row, column, cell_value, style)
        return super().write(row, column, cell_value, style)


class _List(_Texts, ExportXlsxWriter):
    pass


class _GroupedList(_Texts, GroupExportXlsxWriter):
    pass


class DiscomExcelExport(ExcelExport):
    """A consumer's name that begins like a formula is none in the workbook of a list."""

    def from_data(self, fields, columns_headers, rows):
        """See Odoo; with a writer of texts."""
        with _List(fields, columns_headers, len(rows)) as writer:
            for place, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    writer.write_cell(place, column, value)
        return writer.value

    def from_group_data(self, fields, columns_headers, groups):
        """See Odoo; with a writer of texts."""
        with _GroupedList(fields, columns_headers, groups.count) as writer:
            row, column = 1, 0
            for name, group in groups.children.items():
                row, column = writer.write_group(row, column, name, group)
        return writer.value


class DiscomCSVExport(CSVExport):
    """As above; Odoo marks texts that begin with ``=``, ``+`` and ``-`` itself."""

    def from_data(self, fields, columns_headers, rows):
        """Extend: mark the other beginnings that make a formula, too."""
        rows = [[_as_text(value, _BEGINNING) for value in row] for row in rows]
        return super().from_data(fields, columns_headers, rows)


class DiscomTableExporter(TableExporter):
    """The workbook of a pivot, which Odoo makes of what the browser sends."""

    def _only_reads(self, rule, args):
        """Whether the call writes nothing: that of a role is put on record."""
        return False

    @http.route(readonly=_only_reads)
    def export_xlsx(self, data, **kw):
        """Extend: put the download on record, and let names be texts.

        The rows are those that were read as groups, which have counted as read; the browser does
        not say which of them are people, so they do not count as exported a second time.
        """
        table = json.load(data) if isinstance(data, FileStorage) else json.loads(data)
        if table and request.env.user.has_group("discom.group_staff"):
            model = str(table.get("model"))
            if model == "res.partner" or model.startswith("discom."):
                text = request.env._("Workbook of a pivot: %(rows)s rows", rows=len(table["rows"]))
                known = model if model in request.env else None
                request.env["discom.audit.entry"]._log("export", known, text, number=0)
            table = _as_texts(table)
        return super().export_xlsx(json.dumps(table), **kw)


def _as_texts(value):
    """Return what JSON holds, with a mark before each text that would become active."""
    if isinstance(value, dict):
        return {key: _as_texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_texts(part) for part in value]
    return _as_text(value, _ACTIVE)


def _as_text(value, active):
    """Return a value, with a mark before a text that ``active`` matches."""
    return f"'{value}" if isinstance(value, str) and active.match(value) else value
