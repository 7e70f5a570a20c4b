import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.tabular import TabularError, open_table
from .import_column import header_key


class DiscomImportField(models.Model):
    """What a column of a file may hold, for each kind of file; follows from the code."""

    _name = "discom.import.field"
    _description = "Field of an import"
    _order = "kind, id"

    kind = fields.Char(required=True)
    name = fields.Char(required=True)

    _name_uniq = models.UniqueIndex(
        "(kind, name)", "This kind of file has a field of this name already."
    )

    @api.model
    def _of_kind(self, kind, names):
        """The records of the fields ``names``, in this order, made where they are missing.

        :return: dict of name to record
        """
        # sudo: the list follows from the code; nobody maintains it.
        known = self.sudo().search([("kind", "=", kind)])
        missing = [name for name in names if name not in set(known.mapped("name"))]
        known += self.sudo().create([{"kind": kind, "name": name} for name in missing])
        return {record.name: record.sudo(False) for record in known}


class DiscomImportSource(models.Model):
    """Columns of a file as somebody assigned them, remembered for files with the same header."""

    _name = "discom.import.source"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Import source"
    _order = "kind, name"
    _no_aadhaar = ("name",)

    name = fields.Char(required=True)
    kind = fields.Selection(
        lambda self: self.env["discom.import"]._fields["kind"]._description_selection(self.env),
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    signature = fields.Char(required=True, readonly=True, help="Fingerprint of the header.")
    assignments = fields.Json(required=True, readonly=True)
    columns = fields.Text(compute="_compute_columns")

    _signature_uniq = models.UniqueIndex(
        "(company_id, kind, signature)", "Files with this header are known already."
    )

    @api.depends("assignments")
    def _compute_columns(self):
        for source in self:
            source.columns = "\n".join(
                f"{header} → {name}" for header, name in source.assignments or [] if name
            )


class DiscomImportColumn(models.Model):
    """A column of the file of an import, and what it holds."""

    _name = "discom.import.column"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Column of an import"
    _order = "import_id, sequence, id"
    _rec_name = "header"
    _no_aadhaar = ("header",)

    import_id = fields.Many2one("discom.import", required=True, index=True, ondelete="cascade")
    kind = fields.Selection(related="import_id.kind")
    sequence = fields.Integer()
    header = fields.Char("Column of the file", required=True, readonly=True)
    field_id = fields.Many2one(
        "discom.import.field",
        "Holds",
        ondelete="restrict",
        domain="[('kind', '=', kind)]",
        help="Empty: the column is not used.",
    )

    @api.constrains("field_id")
    def _check_field(self):
        for column in self:
            if column.field_id and column.field_id.kind != column.kind:
                raise ValidationError(
                    self.env._(
                        "A file of this kind holds no “%(name)s”. Choose another field for the "
                        "column, or none.",
                        name=column.field_id.name,
                    )
                )
        for record in self.import_id:
            used = record.column_ids.field_id
            if len(used) != len(record.column_ids.filtered("field_id")):
                raise ValidationError(self.env._("Two columns cannot hold the same."))

    def write(self, vals):
        """Another assignment makes what was read of the file void."""
        changed = self.browse()
        if "field_id" in vals:
            changed = self.filtered(lambda column: column.field_id.id != vals["field_id"])
        if any(record.state not in ("draft", "checked", "failed") for record in changed.import_id):
            raise UserError(
                self.env._(
                    "This import has started, so its columns stay. Make a new import for "
                    "another choice."
                )
            )
        result = super().write(vals)
        changed.import_id.filtered(lambda record: record.state != "draft")._reset()
        return result


class DiscomImport(models.Model):
    """Which column of a file holds what: proposed from the names that are known, corrected by the
    user before the check, and remembered for the next file of the same source."""

    _inherit = "discom.import"

    source_id = fields.Many2one(
        "discom.import.source",
        "Columns as for",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="Files with the same header were imported before; their columns are assigned alike.",
    )
    column_ids = fields.One2many("discom.import.column", "import_id", "Columns")

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._propose_columns()
        return records

    def write(self, vals):
        result = super().write(vals)
        if {"file", "kind", "company_id"} & vals.keys():
            self._propose_columns()
        return result

    def action_check(self):
        result = super().action_check()
        self._remember_columns()
        return result

    # === MAPPING === #

    def _propose_columns(self):
        """Assign the columns of the file: as remembered, else by the names that are known.

        A file that cannot be read gets none: the check says what is wrong with it.
        """
        for record in self:
            header = record._read_header()
            source = record._find_source(header)
            if source:
                assigned = dict(source.assignments)
            else:
                targets = record._assign_columns(header)
                assigned = {header[index]: target for target, index in targets.items()}
            known = self.env["discom.import.field"]._of_kind(record.kind, record._targets())
            record.column_ids.unlink()
            self.env["discom.import.column"].create(
                [
                    {
                        "import_id": record.id,
                        "sequence": index,
                        "header": name,
                        "field_id": known[assigned[name]].id
                        if assigned.get(name) in known
                        else False,
                    }
                    for index, name in enumerate(header)
                    if name
                ]
            )
            record._write_progress(source_id=source.id)

    def _remember_columns(self):
        """Keep the assignment for the next file with this header, unless it is what would be
        proposed anyway."""
        header = [column.header for column in self.column_ids]
        assignments = [[column.header, column.field_id.name or ""] for column in self.column_ids]
        source = self._find_source(header)
        proposed = {header[index]: name for name, index in self._assign_columns(header).items()}
        if source:
            if source.assignments != assignments:
                source.assignments = assignments
        elif {name: target for name, target in assignments if target} != proposed:
            source = source.create(
                {
                    "name": self.name,
                    "kind": self.kind,
                    "company_id": self.company_id.id,
                    "signature": self._signature(header),
                    "assignments": assignments,
                }
            )
        self._write_progress(source_id=source.id)

    def _match_targets(self, header):
        if [column.header for column in self.column_ids] != [name for name in header if name]:
            return super()._match_targets(header)
        places = {name: index for index, name in enumerate(header)}
        return {
            column.field_id.name: places[column.header]
            for column in self.column_ids
            if column.field_id
        }

    def _read_header(self):
        if not self._attachment():
            return []
        try:
            with self._open_file() as file:
                return open_table(file).header
        except TabularError:
            return []

    def _find_source(self, header):
        sources = self.env["discom.import.source"]
        return sources.search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", self.kind),
                ("signature", "=", self._signature(header)),
            ],
            limit=1,
        )

    @api.model
    def _signature(self, header):
        """Fingerprint of the columns of a file, whatever their order."""
        keys = sorted(header_key(name) for name in header if name)
        return hashlib.sha256(json.dumps(keys).encode()).hexdigest()[:32]
