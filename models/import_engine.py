import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..tools.reader import in_name_of
from ..tools.tabular import TabularError

_logger = logging.getLogger(__name__)

#: Rows per applied batch: some seconds of work.
APPLY_ROWS = 20_000
SHOWN_FINDINGS = 20

#: Rows taken in, above which the tables concerned are looked at by PostgreSQL at once.
ANALYZE_ABOVE = 1_000
FILLED_TABLES = {
    "consumer": ("res_partner",),
    "kyc": ("res_partner", "discom_consent"),
    "bill": ("discom_bill", "discom_bill_line"),
    "reading": ("discom_bill", "discom_bill_line"),
    "payment": ("discom_payment",),
}


class DiscomImport(models.Model):
    """How every kind of file is imported; the kinds add what differs.

    ``_columns_<kind>()`` lists the columns. ``_plan_<kind>()`` is a query on the staging table
    (alias ``s``) that finds the record of each row and what speaks against it.
    ``_apply_<kind>(rows)`` carries out a batch in a fixed number of statements, ``rows`` being its
    query. ``_late_<kind>(rows)``, where there is one, is a query of row_no and of what has come to
    speak against the row since the plan, or NULL.
    """

    _inherit = "discom.import"

    @api.model
    def _cron_run(self):
        """Work on the imports that wait in the background, oldest first, in committed batches."""
        jobs = self.search(self._background_domain(), order="id")
        for job in jobs:
            job = in_name_of(job, job.user_id).with_company(job.company_id)
            try:
                if not job._work():
                    # Out of time: the lane goes on in another run at once.
                    self.env.ref("discom.import_cron_run")._trigger()
                    self.env["ir.cron"]._commit_progress(remaining=1)
                    return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody saved a consumer of this batch in the same moment; it is taken again.
                self.env.cr.rollback()
                self.env.ref("discom.import_cron_run")._trigger(
                    fields.Datetime.now() + timedelta(minutes=1)
                )
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
        rows = SQL(
            """
            SELECT p.*, %s
              FROM %s p
              JOIN %s s ON s.row_no = p.row_no
             WHERE p.verdict IN ('new', 'changed') AND p.row_no > %s AND p.row_no <= %s
            -- Said again of the other table, which would be read whole for each batch.
               AND s.row_no > %s AND s.row_no <= %s
            """,
            SQL(", ").join(SQL.identifier("s", column.name) for column in self._columns()),
            plan,
            SQL.identifier(self._stage_name()),
            *(self.last_row, upper) * 2,
        )
        late = self._refuse_late(rows)
        getattr(self, f"_apply_{self.kind}")(rows)
        self._write_progress(last_row=upper, applied_count=self.applied_count + count - late)
        return count

    def _refuse_late(self, rows):
        """Refuse the rows of a batch against which something speaks that came after the plan.

        :return: how many
        """
        reasons = getattr(self, f"_late_{self.kind}", None)
        if not reasons:
            return 0
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s p SET verdict = 'late', reason = late.reason FROM (%s) late
                 WHERE p.row_no = late.row_no AND late.reason IS NOT NULL
                """,
                SQL.identifier(self._plan_name()),
                reasons(rows),
            )
        )
        late = self.env.cr.rowcount
        if late:
            self._write_progress(
                changed_count=self.changed_count - late, refused_count=self.refused_count + late
            )
        return late

    def _give_late_back(self):
        """Add what was refused while importing to what the user is told."""
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET verdict = 'refused' WHERE verdict = 'late'",
                SQL.identifier(self._plan_name()),
            )
        )
        if self.env.cr.rowcount:
            self._count_plan()

    def _finish(self):
        """Close the import: results stay, the staging tables go."""
        self._give_late_back()
        self._drop_stage()
        if self.applied_count > ANALYZE_ABOVE:
            # PostgreSQL plans by what it knew of a table: a month of bills in one that it takes for
            # empty costs minutes a statement, until it happens to look again.
            for table in FILLED_TABLES.get(self.kind, ()):
                self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))
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
