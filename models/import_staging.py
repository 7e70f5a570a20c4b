import csv
import io
import json

from odoo import models
from odoo.tools import SQL

from ..tools.convert import ConvertError
from ..tools.identity import mask_aadhaar
from ..tools.tabular import RowError, open_table
from .import_aadhaar import may_hold_aadhaar

#: Rows per COPY: some megabytes of memory.
COPY_ROWS = 20_000


class DiscomImport(models.Model):
    """Reading a file into a table of typed values, a row that cannot be read with its reason."""

    _inherit = "discom.import"

    def _stage_name(self):
        return f"discom_import_stage_{self.id}"

    def _plan_name(self):
        return f"discom_import_plan_{self.id}"

    def _drop_stage(self):
        names = [name for job in self for name in (job._stage_name(), job._plan_name())]
        if names:
            tables = SQL(", ").join(map(SQL.identifier, names))
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", tables))

    def _is_staged(self):
        """Whether the staging tables are there and filled: a crash empties unlogged tables."""
        exists = self.env.execute_query(
            SQL("SELECT to_regclass(%s), to_regclass(%s)", self._stage_name(), self._plan_name())
        )[0]
        return all(exists) and (
            self.env.execute_query(
                SQL("SELECT count(*) FROM %s", SQL.identifier(self._stage_name()))
            )[0][0]
            == self.row_count
        )

    def _stage(self):
        """Read the file into an unlogged table with a typed column for each column of the kind.

        A row that cannot be read is kept with its reason as JSON ``[[code, column, value], ...]``.

        :raise TabularError: when the file as a whole cannot be read
        """
        self._drop_stage()
        suspect = set()
        stage = SQL.identifier(self._stage_name())
        self.env.cr.execute(
            SQL(
                "CREATE UNLOGGED TABLE %s (row_no integer NOT NULL, reason text, %s)",
                stage,
                SQL(", ").join(
                    SQL("%s %s", SQL.identifier(column.name), SQL(column.type))
                    for column in self._columns()
                ),
            )
        )
        count = 0
        with self._open_file() as file:
            table = open_table(file)
            found = self._match_columns(table.header)
            names = ["row_no", "reason", *(column.name for _index, column in found)]
            copy = SQL(
                "COPY %s (%s) FROM STDIN WITH (FORMAT csv)",
                stage,
                SQL(", ").join(map(SQL.identifier, names)),
            ).code
            buffer = io.StringIO()
            writer = csv.writer(buffer)
            for row in self._staged_rows(table, found, suspect):
                writer.writerow(row)
                count += 1
                if count % COPY_ROWS == 0:
                    self._copy(copy, buffer)
                    buffer = io.StringIO()
                    writer = csv.writer(buffer)
            self._copy(copy, buffer)
        self.env.cr.execute(SQL("CREATE INDEX ON %s (row_no); ANALYZE %s", stage, stage))
        self._write_progress(row_count=count)
        if suspect or table.has_more:
            self._cross_out(found)

    def _copy(self, statement, buffer):
        buffer.seek(0)
        self.env.cr.copy_expert(statement, buffer)

    def _staged_rows(self, table, found, suspect):
        """Yield the converted rows: number, reason or None, values in the order of ``found``.

        :param set suspect: receives ``aadhaar`` where a number that was not read may be one
        """
        used = {index for index, _column in found}
        unread = [index for index in range(len(table.header)) if index not in used]
        plan = [(index, column.convert, column.name, column.required) for index, column in found]
        blank = [None] * len(found)
        complete = getattr(self, f"_complete_row_{self.kind}", None)
        places = {column.name: at for at, (_index, column) in enumerate(found)}
        for number, cells in table:
            if isinstance(cells, RowError):
                if any(map(may_hold_aadhaar, cells.cells)):
                    suspect.add("aadhaar")
                yield [number, json.dumps([[cells.code, "", ""]]), *blank]
                continue
            if any(may_hold_aadhaar(cells[index]) for index in unread):
                suspect.add("aadhaar")
            problems = []
            values = []
            for index, convert, name, required in plan:
                cell = cells[index]
                value = None
                if cell:
                    try:
                        value = convert(cell)
                    except ConvertError as error:
                        problems.append([error.code, name, cell[:60]])
                elif required:
                    problems.append(["empty", name, ""])
                values.append(value)
            if problems:
                if any(map(may_hold_aadhaar, cells)):
                    suspect.add("aadhaar")
                # Identity numbers must not lie about in a staging table or a result either.
                problems = [
                    [code, name, "" if code == "aadhaar" else mask_aadhaar(cell)]
                    for code, name, cell in problems
                ]
                yield [number, json.dumps(problems), *blank]
                continue
            if complete:
                complete(values, places)
            yield [number, None, *values]
