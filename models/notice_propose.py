"""Who gets which step: one query over the dues of all consumers."""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..tools.clear_days import open_days_after, open_days_before
from ..tools.reader import in_name_of, read_by
from .notice import TAKEN_STATES
from .notice_policy import LEGAL_KINDS

_logger = logging.getLogger(__name__)

#: No bill is that old; stands for "any due date before".
LONG_AGO = timedelta(days=36_500)
#: So many new steps change what PostgreSQL should know of the table.
ANALYZE_ABOVE = 1_000
#: Days of grace of a served notice: after them a new one is needed.
NOTICE_DAYS = 180


class DiscomNoticeRun(models.Model):
    _inherit = "discom.notice.run"

    @api.model
    def _cron_propose(self):
        """Propose the runs of large offices."""
        for run in self.search([("state", "=", "proposing")], order="id"):
            try:
                in_name_of(run, run.user_id)._propose()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                self.env.ref("discom.ir_cron_notice_propose")._trigger()
                return
            except Exception as error:
                self.env.cr.rollback()
                # Only the class: messages of the database quote personal data.
                _logger.error("Arrears run %s failed: %s", run.id, type(error).__name__)
                run.write({"state": "draft"})
                run.message_post(
                    body=read_by(run, run.user_id).env._(
                        "The proposal failed (%(error)s). Try again, or tell the administrator.",
                        error=type(error).__name__,
                    )
                )
            self.env["ir.cron"]._commit_progress(1)

    def _policies(self):
        """Policies that may count for the consumers of this run."""
        self.ensure_one()
        # sudo: policies of the offices above bind those below.
        policies = self.env["discom.notice.policy"].sudo().search([("step_ids", "!=", False)])
        mine = self.office_id.parent_path
        return policies.filtered(
            lambda policy: (
                policy.step_ids
                and (
                    mine.startswith(policy.office_id.parent_path)
                    or policy.office_id.parent_path.startswith(mine)
                )
            )
        )

    def _propose(self):
        """Write the steps of this run, in place of those proposed before.

        One step a consumer: of those that are due the last one. What stands against it is written
        as well, as a stopped step with its reason.
        """
        self.ensure_one()
        for model in ("discom.bill", "discom.ageing", "discom.notice", "discom.notice.hold"):
            self.env[model].flush_model()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM discom_notice WHERE run_id = %s AND state IN ('proposed', 'stopped')",
                self.id,
            )
        )
        rows = self._step_rows()
        if rows:
            self._write_steps(rows)
        self.env["discom.notice"].invalidate_model()
        self._set(state="proposed")
        self.invalidate_recordset()

    def _write_steps(self, rows):
        """Insert the steps of this run.

        They are found before the first is inserted: the search for earlier steps would read again
        and again through a table that grows with each of its own results.

        :param list rows: of :meth:`_step_rows`
        """
        self.env.cr.execute("DROP TABLE IF EXISTS discom_notice_found")
        self.env.cr.execute(self._sql_find(rows))
        self.env.cr.execute(
            """
            INSERT INTO discom_notice (
                run_id, partner_id, account_no, village, bill_id, office_id, company_id, policy_id,
                step_id, kind, channel, date, due_date, amount, amount_recoverable, state,
                stop_reason, notice_id, cut_from, currency_id, create_uid, create_date, write_uid,
                write_date)
            SELECT found.*, found.create_uid, found.create_date
              FROM discom_notice_found found
             ORDER BY found.office_id, found.village, found.account_no
                ON CONFLICT DO NOTHING
            """
        )
        if self.env.cr.rowcount > ANALYZE_ABOVE:
            # The next statements of this transaction plan by it.
            self.env.cr.execute("ANALYZE discom_notice")
        self.env.cr.execute("DROP TABLE discom_notice_found")

    def _step_rows(self):
        """Rows (step id, policy id, first and last due date for which the step is due today)."""
        today = self.date
        closed = self.env["discom.holiday"]._closed(
            self.office_id, today - timedelta(days=400), today + timedelta(days=400)
        )
        rows = []
        for step in self._policies().step_ids:
            working = step.day_kind == "working"
            if step.kind == "reminder":
                begin = today
                end = (
                    open_days_after(today, step.days, closed)
                    if working
                    else today + timedelta(days=step.days)
                )
            elif step.kind == "due_day":
                begin = end = today
            elif step.kind == "disconnection":
                # Follows from the served notice, not from the due date.
                begin, end = today - LONG_AGO, today - timedelta(days=1)
            else:
                begin = today - LONG_AGO
                end = (
                    open_days_before(today, step.days, closed)
                    if working
                    else today - timedelta(days=max(step.days, 1))
                )
            rows.append((step.id, step.policy_id.id, begin, end))
        return rows

    def _sql_find(self, rows):
        """Temporary table of the steps of this run, in the order of the columns of their INSERT.

        :param list rows: of :meth:`_step_rows`
        """
        return SQL(
            """
            CREATE TEMPORARY TABLE discom_notice_found ON COMMIT DROP AS
            WITH step AS (
                SELECT due.id, due.policy_id, due.due_from, due.due_to, step.sequence, step.kind,
                       step.days, step.day_kind, step.amount_min, step.channel, step.repeat_days,
                       policy.gap_days, policy.bill_gap_months
                  FROM unnest(%(ids)s, %(policies)s, %(begins)s::date[], %(ends)s::date[])
                       AS due(id, policy_id, due_from, due_to)
                  JOIN discom_notice_step step ON step.id = due.id
                  JOIN discom_notice_policy policy ON policy.id = due.policy_id
            -- MATERIALIZED: else the policy of each is looked up at every place that names it.
            ), candidate AS MATERIALIZED (
                SELECT p.id AS partner_id, p.discom_account_no AS account_no,
                       p.discom_office_id AS office_id, p.discom_priority, p.discom_status,
                       bill.id AS bill_id, bill.due_date, bill.amount_due AS amount,
                       ageing.amount_over + ageing.amount_older AS amount_old,
                       (SELECT policy.id
                          FROM discom_notice_policy policy
                          JOIN discom_office at ON at.id = policy.office_id
                         WHERE policy.id = ANY(%(policies)s)
                           AND office.parent_path LIKE at.parent_path || '%%'
                           AND (p.discom_priority IS NOT NULL
                                OR NOT COALESCE(policy.protected, FALSE))
                           AND (NOT EXISTS (SELECT FROM discom_notice_policy_category_rel rel
                                             WHERE rel.policy_id = policy.id)
                                OR EXISTS (SELECT FROM discom_notice_policy_category_rel rel
                                            WHERE rel.policy_id = policy.id
                                              AND rel.category_id = p.discom_category_id))
                         ORDER BY COALESCE(policy.protected, FALSE) DESC,
                                  length(at.parent_path) DESC,
                                  EXISTS (SELECT FROM discom_notice_policy_category_rel rel
                                           WHERE rel.policy_id = policy.id) DESC,
                                  policy.sequence, policy.id
                         LIMIT 1) AS policy_id
                  FROM discom_ageing ageing
                  JOIN discom_bill bill ON bill.id = ageing.bill_id AND bill.is_latest
                  JOIN res_partner p ON p.id = ageing.partner_id AND p.active
                  JOIN discom_office office ON office.id = p.discom_office_id
                 WHERE office.parent_path LIKE %(path)s
                   AND bill.amount_due > 0
                   AND bill.state IN ('issued', 'partial', 'overdue')
                   AND p.discom_status IS DISTINCT FROM 'permanent'
            )
            SELECT %(run)s AS run_id, candidate.partner_id, candidate.account_no,
                   p.discom_village AS village, candidate.bill_id, candidate.office_id,
                   %(company)s AS company_id, candidate.policy_id, chosen.id AS step_id,
                   chosen.kind, chosen.channel, %(today)s AS date, candidate.due_date,
                   candidate.amount, chosen.recoverable,
                   CASE WHEN stop.reason IS NULL THEN 'proposed' ELSE 'stopped' END AS state,
                   stop.reason, chosen.notice_id, chosen.cut_from, %(currency)s AS currency_id,
                   %(uid)s AS create_uid, now() AT TIME ZONE 'UTC' AS create_date
              FROM candidate
              JOIN res_partner p ON p.id = candidate.partner_id
              JOIN discom_bill bill ON bill.id = candidate.bill_id
        CROSS JOIN LATERAL (
                       SELECT candidate.amount - CASE
                                  WHEN candidate.amount_old > 0 AND NOT %(continuous)s
                                  THEN candidate.amount_old ELSE 0 END AS recoverable) law
        CROSS JOIN LATERAL (
                       SELECT step.id, step.policy_id, step.kind, step.channel,
                              law.recoverable, served.id AS notice_id, served.cut_from
                         FROM step
                    LEFT JOIN LATERAL (
                                  SELECT notice.id, notice.cut_from, notice.last_day
                                    FROM discom_notice notice
                                   WHERE step.kind = 'disconnection'
                                     AND notice.partner_id = candidate.partner_id
                                     AND notice.kind = 'formal' AND notice.state = 'served'
                                     AND notice.served_on > %(valid)s
                                ORDER BY notice.id DESC LIMIT 1) served ON TRUE
                        WHERE step.policy_id = candidate.policy_id
                          AND candidate.due_date BETWEEN step.due_from AND step.due_to
                          AND CASE WHEN step.kind IN ('formal', 'disconnection')
                                   THEN law.recoverable ELSE candidate.amount END
                              >= GREATEST(step.amount_min, 0.01)
                          AND (step.kind <> 'disconnection'
                               OR candidate.discom_status = 'live'
                                  AND served.last_day + step.days < %(today)s
                                  AND served.cut_from <= %(today)s)
                          AND NOT %(earlier)s
                     ORDER BY step.sequence DESC, step.id DESC
                        LIMIT 1) chosen
              JOIN discom_notice_policy rules ON rules.id = chosen.policy_id
        CROSS JOIN LATERAL (SELECT CASE %(stops)s END AS reason) stop
            """,
            ids=[row[0] for row in rows],
            policies=[row[1] for row in rows],
            begins=[row[2] for row in rows],
            ends=[row[3] for row in rows],
            path=f"{self.office_id.parent_path}%",
            run=self.id,
            company=self.company_id.id,
            currency=self.env.ref("base.INR").id,
            today=self.date,
            valid=self.date - timedelta(days=NOTICE_DAYS),
            earlier=self._sql_earlier(),
            continuous=self._sql_continuous(),
            stops=self._sql_stop_cases(self.date),
            uid=self.env.uid,
        )

    def _sql_earlier(self):
        """SQL condition on ``candidate`` (consumer, bill) and ``step`` (with the gap of its
        policy): a step taken earlier, in another run, stands in its way."""
        return SQL(
            """
            EXISTS (
                SELECT FROM discom_notice past
                  JOIN discom_notice_step taken ON taken.id = past.step_id
                 WHERE past.partner_id = candidate.partner_id
                   AND past.run_id <> %(run)s
                   AND past.state = ANY(%(taken)s)
                   -- Of one bill nothing comes twice or goes back.
                   AND (past.bill_id = candidate.bill_id
                        AND taken.sequence >= step.sequence
                        OR past.step_id = step.id
                           AND past.date > %(today)s - step.repeat_days
                        -- A served notice holds until it is acted on or lapses.
                        OR step.kind = 'formal' AND past.kind = 'formal'
                           AND past.state IN ('issued', 'served')
                           AND past.date > %(valid)s
                        OR NOT step.kind = ANY(%(legal)s)
                           AND NOT past.kind = ANY(%(legal)s)
                           AND past.date > %(today)s - step.gap_days))
            """,
            run=self.id,
            taken=list(TAKEN_STATES),
            today=self.date,
            valid=self.date - timedelta(days=NOTICE_DAYS),
            legal=list(LEGAL_KINDS),
        )

    def _sql_continuous(self):
        """SQL condition on ``candidate``: old dues were shown as arrears on every bill of the last
        two years, with no gap between bills longer than the policy allows (section 56(2))."""
        return SQL(
            """
            COALESCE((
                SELECT bool_and(shown.arrears AND shown.gap)
                  FROM (SELECT COALESCE(past.amount_arrears, 0) + COALESCE(past.amount_lpsc, 0) > 0
                                   AS arrears,
                               past.period <= COALESCE(
                                   lag(past.period) OVER (ORDER BY past.period)
                                   + make_interval(months => policy.bill_gap_months),
                                   past.period) AS gap
                          FROM discom_bill past
                          JOIN discom_notice_policy policy ON policy.id = candidate.policy_id
                         WHERE past.partner_id = candidate.partner_id
                           AND past.state IN ('issued', 'partial', 'paid', 'overdue')
                           AND past.period > %s) shown
            ), FALSE)
            """,
            self.date - timedelta(days=731),
        )
