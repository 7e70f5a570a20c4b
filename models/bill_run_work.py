import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..tools.reader import in_name_of

_logger = logging.getLogger(__name__)

# Bills that are worked on while somebody waits, and in one committed batch in the background.
DIRECT_BILLS = 1_000
WORK_BATCH = 10_000


class DiscomBillRun(models.Model):
    """Work on the bills of a run that takes longer than somebody waits.

    Each batch is committed. What is left to do is read from the bills themselves, so work that
    was interrupted, by a crash or an error, goes on where it stopped and does nothing twice.
    """

    _inherit = "discom.bill.run"

    def _start_work(self, work):
        """Begin to work on the bills: at once where they are few, else in the background."""
        self._set(
            work=work,
            work_user_id=self.env.uid,
            work_total=self._count_left(work),
            work_done=0,
            work_error=False,
            last_bill_id=0,
        )
        if self.work_total > DIRECT_BILLS:
            self._wake()
            return True
        while self._work_batch():
            continue
        return True

    def _wake(self):
        self.env.ref("discom.bill_run_cron")._trigger()

    @api.model
    def _cron_work(self):
        """Work on the runs that wait, in committed batches."""
        self._close_sent()
        waiting = self.search([("work", "!=", False), ("work_error", "=", False)], order="id")
        for run in waiting:
            run = in_name_of(run, run.work_user_id).with_company(run.company_id)
            try:
                while run._work_batch():
                    if not self.env["ir.cron"]._commit_progress(1, remaining=1):
                        # Out of time: another run of the cron goes on at once.
                        self._wake()
                        self.env["ir.cron"]._commit_progress(remaining=1)
                        return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                self.env.ref("discom.bill_run_cron")._trigger(
                    fields.Datetime.now() + timedelta(minutes=1)
                )
            except Exception as error:
                self.env.cr.rollback()
                # Only the class: messages of the database quote personal data.
                _logger.error("Bill run %s was interrupted: %s", run.id, type(error).__name__)
                run._interrupt(error)
            self.env["ir.cron"]._commit_progress(1)

    def _interrupt(self, error):
        """Say what stopped the work; somebody resumes it."""
        self._set(
            work_error=str(error)
            if isinstance(error, UserError)
            else self.env._("Unexpected error: %(error)s", error=type(error).__name__)
        )
        self._hand_over(
            self.work_user_id, lambda env: env._("The work on this run was interrupted")
        )

    def _left_sql(self, work):
        """SQL condition on ``bill``, of the run ``run``: it is still to be worked on."""
        return {
            "check": SQL("bill.state IN ('draft', 'checked')"),
            "issue": SQL("bill.state = 'checked' AND %s", self._sql_approved()),
            "cancel": SQL("bill.state IN ('draft', 'checked')"),
        }[work]

    def _count_left(self, work):
        self.env["discom.bill"].flush_model()
        self.flush_model()
        conditions = [SQL("bill.run_id = run.id AND %s", self._left_sql(work))]
        if work == "check":
            conditions.append(self._sql_collectable())
        # One query for each: an OR of both would read all bills there are.
        return sum(
            self.env.execute_query(
                SQL(
                    "SELECT count(*) FROM discom_bill bill"
                    " JOIN discom_bill_run run ON run.id = %s WHERE %s",
                    self.id,
                    condition,
                )
            )[0][0]
            for condition in conditions
        )

    def _next_ids(self, work, limit):
        """Ids of the next bills to work on, after the last one."""
        self.env["discom.bill"].flush_model()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT bill.id FROM discom_bill bill
                  JOIN discom_bill_run run ON run.id = bill.run_id
                 WHERE run.id = %s AND bill.id > %s AND %s
              ORDER BY bill.id LIMIT %s
                """,
                self.id,
                self.last_bill_id if self.work == work else 0,
                self._left_sql(work),
                limit,
            )
        )
        return [row[0] for row in rows]

    def _work_batch(self):
        """Work on the next batch.

        :return: whether there may be more
        """
        self.ensure_one()
        if self.work == "check" and not self.last_bill_id and self._collect(WORK_BATCH):
            return True
        ids = self._next_ids(self.work, WORK_BATCH)
        if not ids:
            getattr(self, f"_end_{self.work}")()
            self._set(work=False)
            return False
        bills = self.env["discom.bill"].browse(ids)
        getattr(self, f"_do_{self.work}")(bills)
        self._set(last_bill_id=ids[-1], work_done=self.work_done + len(ids))
        self.env.invalidate_all()
        return True

    def _do_check(self, bills):
        bills._evaluate_checks()

    def _end_check(self):
        self._set(state="checked")
        if self.held_count:
            self._hand_over(
                self.manager_id or self.user_id,
                lambda env: env._("Look at %(count)s held bills", count=self.held_count),
            )
        else:
            self._hand_over(
                self.manager_id or self.user_id, lambda env: env._("Approve the checked bills")
            )
        self.message_post(
            body=self.env._(
                "Checked. Bills that may be issued: %(good)s; held back: %(held)s.",
                good=self.checked_count,
                held=self.held_count,
            )
        )

    def _do_issue(self, bills):
        bills._issue()

    def _end_issue(self):
        if self.state == "issuing":
            self._set(state="issued")
        self.message_post(
            body=self.env._(
                "Bills issued: %(count)s. Held back: %(held)s.",
                count=self.issued_count,
                held=self.held_count,
            )
        )
        self._hand_over(self.user_id, lambda env: env._("Send the issued bills"))

    def _do_cancel(self, bills):
        # Nothing of these stands in the ledger yet, so there is nothing to settle.
        bills._set_state("cancelled")

    def _end_cancel(self):
        self._set(state="cancelled")
        self._close_activities()

    @api.model
    def _close_sent(self):
        """Close runs whose bills have all been issued and sent."""
        # Nobody may write the state of a run; the messages are those of the run itself.
        for run in self.sudo().search([("state", "=", "sending"), ("work", "=", False)]):
            states = set(run.broadcast_ids.mapped("state"))
            left = run.draft_count + run.held_count + run.checked_count
            if not left and "done" in states and states <= {"done", "cancelled", "rejected"}:
                run._set(state="done")
                run._close_activities()
