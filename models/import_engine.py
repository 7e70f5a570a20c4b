import csv
import io
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.convert import ConvertError
from ..tools.tabular import RowError, TabularError, open_table

_logger = logging.getLogger(__name__)

# Rows per COPY and per applied batch: some megabytes of memory, some seconds of work.
COPY_ROWS = 20_000
APPLY_ROWS = 20_000
SHOWN_FINDINGS = 20


@dataclass(frozen=True)
class Column:
    """A column that an import understands.

    :ivar name: of the file and of the staging table
    :ivar convert: text to text, see ``tools/convert.py``
    :ivar type: PostgreSQL type in the staging table
    :ivar required: the file is refused without the column, a row without the value
    :ivar aliases: other names that billing systems give it
    :ivar source: name of the column of the file it is read from, when another than ``name``
    :ivar group: names of a column of the file that fills several columns at once
    """

    name: str
    convert: Callable
    type: str = "text"
    required: bool = False
    aliases: tuple = ()
    source: str = ""
    group: tuple = ()

    @property
    def target(self):
        """What the column of the file is called."""
        return self.source or self.name


def header_key(name):
    """Column names compare without case, blanks, dots, dashes and underscores."""
    return "".join(char for char in name.casefold() if char.isalnum())


class DiscomImport(models.Model):
    """How every kind of file is imported; the kinds add what differs.

    ``_columns_<kind>()`` lists the columns. ``_plan_<kind>()`` is a query on the staging table
    (alias ``s``) that finds the record of each row and what speaks against it.
    ``_apply_<kind>(rows)`` carries out a batch in a fixed number of statements, ``rows`` being its
    query.
    """

    _inherit = "discom.import"

    @api.model
    def _cron_run(self):
        """Work on the imports that wait in the background, oldest first, in committed batches."""
        jobs = self.search(self._background_domain(), order="id")
        for job in jobs:
            job = job.with_user(job.user_id).with_company(job.company_id)
            try:
                if not job._work():
                    # Out of time: the lane goes on in another run at once.
                    self.env.ref("discom.import_cron_run")._trigger()
                    self.env["ir.cron"]._commit_progress(remaining=1)
                    return
            except TabularError as error:
                self.env.cr.rollback()
                job._fail(job._file_error_text(error))
            except Exception as error:
                self.env.cr.rollback()
                # Only the class: messages of the database quote personal data.
                _logger.error("Import %s failed: %s", job.id, type(error).__name__)
                job._fail(job._failure_text(error))
            self.env["ir.cron"]._commit_progress(1)

    def _fail(self, message):
        """End an import that broke off, with what the user reads about it."""
        return self._write_progress(state="failed", message=message)

    def _background_domain(self):
        """Domain of the imports that the background has work for."""
        return Domain("state", "in", ("checking", "running"))

    def _work(self):
        """Check or import as far as the cron's time allows.

        :return: whether this import has ended
        """
        if self.state == "checking":
            self._stage()
            self._plan()
            return True
        if not self._is_staged():
            # The database crashed and started anew. What is imported already counts as unchanged.
            self._stage()
            self._plan()
        elif not self.last_row:
            self._plan()
        while self._apply_next():
            if not self.env["ir.cron"]._commit_progress(1, remaining=1):
                return False
        self._finish()
        return True

    # === STAGING === #

    def _stage_name(self):
        return f"discom_import_stage_{self.id}"

    def _plan_name(self):
        return f"discom_import_plan_{self.id}"

    def _drop_stage(self):
        for name in (self._stage_name(), self._plan_name()):
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier(name)))

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

    def _columns(self):
        return getattr(self, f"_columns_{self.kind}")()

    def _match_columns(self, header):
        """Find the columns of the kind in the header of the file.

        :return: list of (index in the file, Column)
        :raise TabularError: ``columns_missing``
        """
        positions = self._match_targets(header)
        found = []
        missing = []
        for column in self._columns():
            index = positions.get(column.target)
            if index is None and column.group:
                index = positions.get(column.group[0])
            if index is not None:
                found.append((index, column))
            elif column.required:
                missing.append(column.name)
        if missing:
            raise TabularError("columns_missing", columns=", ".join(missing))
        used = {index for index, _column in found}
        self._write_progress(
            columns_used=",".join(column.name for _index, column in found),
            columns_ignored=", ".join(
                name for index, name in enumerate(header) if name and index not in used
            ),
        )
        return found

    def _match_targets(self, header):
        """Which column of the file holds what.

        :return: dict of names of :meth:`_targets` to indexes in the file
        """
        return self._assign_columns(header)

    def _targets(self):
        """What the columns of the kind are called in a file: dict of name to all its names."""
        targets = {}
        for column in self._columns():
            targets.setdefault(column.target, (column.target, *column.aliases))
            if column.group:
                targets.setdefault(column.group[0], column.group)
        return targets

    def _assign_columns(self, header):
        """Find the columns of the kind by their names.

        :return: as :meth:`_match_targets`
        """
        positions = {header_key(name): index for index, name in enumerate(header) if name}
        assigned = {}
        for target, names in self._targets().items():
            keys = [header_key(name) for name in names]
            index = next((positions[key] for key in keys if key in positions), None)
            if index is not None and index not in assigned.values():
                assigned[target] = index
        return assigned

    def _stage(self):
        """Read the file into an unlogged table with a typed column for each column of the kind.

        A row that cannot be read is kept with its reason as JSON ``[[code, column, value], ...]``.

        :raise TabularError: when the file as a whole cannot be read
        """
        self._drop_stage()
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
            for row in self._staged_rows(table, found):
                writer.writerow(row)
                count += 1
                if count % COPY_ROWS == 0:
                    self._copy(copy, buffer)
                    buffer = io.StringIO()
                    writer = csv.writer(buffer)
            self._copy(copy, buffer)
        self.env.cr.execute(SQL("CREATE INDEX ON %s (row_no); ANALYZE %s", stage, stage))
        self._write_progress(row_count=count)

    def _copy(self, statement, buffer):
        buffer.seek(0)
        self.env.cr.copy_expert(statement, buffer)

    def _staged_rows(self, table, found):
        """Yield the converted rows: number, reason or None, values in the order of ``found``."""
        plan = [(index, column.convert, column.name, column.required) for index, column in found]
        blank = [None] * len(found)
        complete = getattr(self, f"_complete_row_{self.kind}", None)
        places = {column.name: at for at, (_index, column) in enumerate(found)}
        for number, cells in table:
            if isinstance(cells, RowError):
                yield [number, json.dumps([[cells.code, "", ""]]), *blank]
                continue
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
                # Identity numbers must not lie about in a staging table or a result either.
                problems = [
                    [code, name, "" if code == "aadhaar" else cell] for code, name, cell in problems
                ]
                yield [number, json.dumps(problems), *blank]
                continue
            if complete:
                complete(values, places)
            yield [number, None, *values]

    # === PLANNING === #

    def _plan(self):
        """Decide for each staged row what an import would do, and count.

        Planned again at each start, so that what happened since the check counts.
        """
        self.env.flush_all()
        stage = SQL.identifier(self._stage_name())
        plan = SQL.identifier(self._plan_name())
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", plan))
        self.env.cr.execute(
            SQL(
                """
                CREATE UNLOGGED TABLE %s AS
                SELECT planned.*,
                       CASE WHEN planned.reason IS NOT NULL THEN 'refused'
                            WHEN planned.record_id IS NULL THEN 'new'
                            WHEN planned.hash IS NOT DISTINCT FROM planned.old_hash THEN 'same'
                            ELSE 'changed' END AS verdict
                  FROM (%s) planned
                """,
                plan,
                getattr(self, f"_plan_{self.kind}")(stage),
            )
        )
        self.env.cr.execute(SQL("CREATE INDEX ON %s (row_no); ANALYZE %s", plan, plan))
        self._count_plan()
        if self.state == "checking":
            self._write_progress(state="checked")

    def _count_plan(self):
        """Write the counts and the refused rows of the plan to the import."""
        counts = dict(
            self.env.execute_query(
                SQL(
                    "SELECT verdict, count(*) FROM %s GROUP BY verdict",
                    SQL.identifier(self._plan_name()),
                )
            )
        )
        first = self.env.execute_query(
            SQL(
                """
                SELECT row_no, reason FROM %s
                 WHERE verdict = 'refused' ORDER BY row_no LIMIT %s
                """,
                SQL.identifier(self._plan_name()),
                SHOWN_FINDINGS,
            )
        )
        texts = self._refusal_texts()
        self._write_progress(
            new_count=counts.get("new", 0),
            changed_count=counts.get("changed", 0),
            same_count=counts.get("same", 0),
            refused_count=counts.get("refused", 0),
            findings=[[number, self._reason_text(reason, texts)] for number, reason in first]
            or False,
        )
        self._write_refused_file()

    # === APPLYING === #

    def _apply_next(self):
        """Import the next batch of new and changed rows.

        :return: number of rows, 0 at the end
        """
        plan = SQL.identifier(self._plan_name())
        upper, count = self.env.execute_query(
            SQL(
                """
                SELECT max(row_no), count(*)
                  FROM (SELECT row_no FROM %s
                         WHERE verdict IN ('new', 'changed') AND row_no > %s
                      ORDER BY row_no LIMIT %s) batch
                """,
                plan,
                self.last_row,
                getattr(self, f"_batch_{self.kind}", APPLY_ROWS),
            )
        )[0]
        if not count:
            return 0
        self.env.flush_all()
        getattr(self, f"_apply_{self.kind}")(
            SQL(
                """
                SELECT p.*, %s
                  FROM %s p
                  JOIN %s s USING (row_no)
                 WHERE p.verdict IN ('new', 'changed') AND p.row_no > %s AND p.row_no <= %s
                """,
                SQL(", ").join(SQL.identifier("s", column.name) for column in self._columns()),
                plan,
                SQL.identifier(self._stage_name()),
                self.last_row,
                upper,
            )
        )
        self._write_progress(last_row=upper, applied_count=self.applied_count + count)
        return count

    def _finish(self):
        """Close the import: results stay, the staging tables go."""
        self._drop_stage()
        self._write_progress(state="done", finished_at=fields.Datetime.now())

    # === HELPERS OF THE KINDS === #

    def _scope_sql(self):
        """Ids of the offices whose consumers this import may touch, archived ones included."""
        offices = self.env["discom.office"].with_context(active_test=False)
        roots = self.env.user.discom_scope_ids.ids
        domain = [("company_id", "=", self.company_id.id)]
        if not self.env.su:
            domain.append(("id", "child_of", roots))
        if self.office_id:
            domain.append(("id", "child_of", self.office_id.id))
        return SQL("%s::integer[]", offices.search(domain).ids)

    def _uses(self, name):
        """Whether the file has the column."""
        return name in (self.columns_used or "").split(",")

    @api.model
    def _refusal(self, code, column, value=None):
        """SQL of a reason: ``code`` about ``column``, whose value is the SQL ``value``."""
        return SQL(
            "json_build_array(json_build_array(%s::text, %s::text, COALESCE(%s::text, '')))::text",
            code,
            column,
            value or SQL("NULL"),
        )

    def _row_hash(self, alias="s"):
        """SQL of the fingerprint of a staged row: what the file says, and which columns it has."""
        used = [name for name in (self.columns_used or "").split(",") if name]
        return SQL(
            "left(md5(%s::text || ROW(%s)::text), 16)",
            ",".join(used),
            SQL(", ").join(SQL.identifier(alias, name) for name in used),
        )
