"""What leaves without an export: rows about people that a client reads, at once or in portions."""

from odoo import api, models

from ..tools.rate_limit import Tally
from .mask_export import IDS_LIMIT

#: Rows that the web client reads at once: a list shows 80, a kanban opens ten columns of as many.
SCREEN_ROWS = 1000
#: Rows that one user reads in an hour in smaller portions: sixty pages of a list.
READ = Tally(5000, 3600)


class DiscomExportRequest(models.Model):
    _inherit = "discom.export.request"

    @api.model
    def _note_reading(self, model, rows, names, records=None):
        """Put on record that somebody has read more rows about people than a screen shows, by RPC
        or with a limit of his own, at once or little by little; they count as exported.

        :param names: what was read of them
        :param records: which they are, where that is known
        """
        if (
            not rows
            or self.env.su
            or not self.env.user.has_group("discom.group_staff")
            or not self._is_about_people(model)
        ):
            return
        log, read = self.env["discom.audit.entry"]._log, ", ".join(names)
        if rows > SCREEN_ROWS:
            known = records is not None and len(records) <= IDS_LIMIT
            text = self.env._("Read at once: %(fields)s", fields=read)
            log("export", records if known else model, text, number=rows)
            return
        key = (self.env.cr.dbname, self.env.uid)
        if total := READ.add(key, rows):
            text = self.env._("Read in portions within an hour, at last: %(fields)s", fields=read)
            log("export", model, text, number=total)
            # Not before it is written: Odoo repeats a call that may only read.
            self.env.cr.postcommit.add(lambda: READ.forget(key))


class Base(models.AbstractModel):
    _inherit = "base"

    def _read_format(self, fnames, load="_classic_read"):
        rows = super()._read_format(fnames, load)
        self._discom_note_reading(len(rows), fnames, self)
        return rows

    def copy_data(self, default=None):
        rows = super().copy_data(default)
        self._discom_note_reading(len(rows), ["copy_data"], self)
        return rows

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        rows = super().name_search(name, domain, operator, limit)
        self._discom_note_reading(len(rows), ["display_name"])
        return rows

    @api.model
    def read_group(self, domain, fields, groupby, *args, **kwargs):
        groups = super().read_group(domain, fields, groupby, *args, **kwargs)
        specs = [groupby] if isinstance(groupby, str) else groupby
        self._discom_note_groups(specs, fields, groups)
        return groups

    @api.model
    def formatted_read_group(self, domain, groupby=(), aggregates=(), *args, **kwargs):
        groups = super().formatted_read_group(domain, groupby, aggregates, *args, **kwargs)
        self._discom_note_groups(groupby, aggregates, groups)
        return groups

    @api.model
    def formatted_read_grouping_sets(self, domain, grouping_sets, aggregates=(), **kwargs):
        result = super().formatted_read_grouping_sets(domain, grouping_sets, aggregates, **kwargs)
        for groupby, groups in zip(grouping_sets, result, strict=True):
            self._discom_note_groups(groupby, aggregates, groups)
        return result

    @api.model
    def _discom_note_reading(self, rows, names, records=None):
        # Asked of each record that is read, so of most of them nothing more than this.
        if self._name == "res.partner" or self._name.startswith("discom."):
            self.env["discom.export.request"]._note_reading(self._name, rows, names, records)

    @api.model
    def _discom_note_groups(self, groupby, aggregates, groups):
        """Count groups that tell of single people, and values that were gathered in lists."""
        listed = sum(
            len(value)
            for group in groups
            for name, value in group.items()
            if isinstance(value, list) and not name.startswith("__")
        )
        specs = [*groupby, *aggregates]
        single = len(groups) if any(map(self._discom_tells_people, specs)) else 0
        self._discom_note_reading(max(listed, single), specs)

    @api.model
    def _discom_tells_people(self, spec):
        """Whether a group or a figure of it belongs to one person: a text, a number, a consumer."""
        model, field = self, None
        for name in spec.partition(":")[0].split("."):
            field = model._fields.get(name) if model is not None else None
            model = self.env.get(field.comodel_name) if field and field.comodel_name else None
        if field is None:
            return False
        about = self.env["discom.export.request"]._is_about_people
        return (
            field.type in ("char", "text", "many2one_reference")
            or field.name == "id"
            or bool(getattr(field, "personal", None))
            or (model is not None and about(model._name))
        )
