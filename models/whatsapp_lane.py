import logging
import math
import random
import time
from datetime import timedelta

import psycopg2.errors

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.cloud_api import Verdict
from ..tools.dispatch import MAX_WAIT, Dispatcher
from .whatsapp_message import PRIORITY_OUTAGE

_logger = logging.getLogger(__name__)

#: Seconds of one run of a lane; the cron worker's own limit is 120.
RUN_SECONDS = 40
#: Seconds of sending that are claimed ahead; what is claimed when a worker dies is in doubt.
AHEAD_SECONDS = 3
#: Messages claimed in one statement, at most.
CLAIM_SIZE = 1000
#: Seconds between two settlings; each is one UPDATE and one commit. A broadcast that is paused
#: stops within this time.
SETTLE_SECONDS = 0.5
#: Seconds for which a lane with nothing to send waits for what is due soon, such as the second bill
#: to one phone. It would start again a minute later: Odoo looks once a minute for what was to begin
#: meanwhile.
NEAR_SECONDS = 10
#: Seconds until the next try after the server could not be reached.
OFFLINE_SECONDS = 30
#: Tries of a statement that lost a race against a concurrent transaction.
MAX_TRIES = 10


class DiscomWhatsappAccount(models.Model):
    """The lane of a sending number: claims, sends and settles its queue.

    A lane is an ``ir.cron`` record, so PostgreSQL's row lock lets one worker at a time run it on
    any number of hosts, and the limit per number needs no shared counter. A message's claim is
    committed before its call leaves, so a message whose worker died is never taken for unsent.
    """

    _inherit = "discom.whatsapp.account"

    trouble = fields.Char(
        readonly=True,
        copy=False,
        help="Why nothing leaves at the moment; sending goes on by itself.",
    )
    queued_count = fields.Integer("Waiting", compute="_compute_queue_counts")
    unknown_count = fields.Integer("Without Answer", compute="_compute_queue_counts")

    def _compute_queue_counts(self):
        self.env["discom.whatsapp.message"].flush_model(["account_id", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT account_id, open_state, count(*) FROM discom_whatsapp_message
                 WHERE account_id = ANY(%s) AND open_state IN ('queued', 'unknown')
                 GROUP BY account_id, open_state
                """,
                self.ids,
            )
        )
        counts = {(account_id, state): count for account_id, state, count in rows}
        for account in self:
            account.queued_count = counts.get((account.id, "queued"), 0)
            account.unknown_count = counts.get((account.id, "unknown"), 0)

    @api.model
    def _for_user(self):
        """Return the working account that serves the offices of the current user."""
        accounts = self.search([("state", "!=", "draft")], order="state, id")
        return next((account for account in accounts if account._serves_user()), self.browse())

    def _serves_user(self):
        """Return whether this account sends for an office of the current user, or for one below.

        Who works for a whole circle sees consumers of several numbers; the composer says so.
        """
        self.ensure_one()
        return (
            not self.office_ids
            or self._serves_all_of_user()
            or any(
                own.parent_path.startswith(office.parent_path)
                for office in self.env.user.discom_scope_ids
                for own in self.office_ids
            )
        )

    def _serves_all_of_user(self):
        """Return whether this account sends for all that the current user sees of one office."""
        self.ensure_one()
        return not self.office_ids or any(
            office.parent_path.startswith(above.parent_path)
            for office in self.env.user.discom_scope_ids
            for above in self.office_ids
        )

    # === THE LANE === #

    @api.model
    def _cron_send(self, account_id):
        """Send what is queued on one account for ``RUN_SECONDS`` at most, then hand over."""
        account = self.browse(account_id).exists()
        if not account or not account.active or account.state != "connected":
            return
        account._recover()
        if account.paused_until and account.paused_until > fields.Datetime.now():
            return
        more = account._drain(time.monotonic() + RUN_SECONDS)
        if more and account.state == "connected":
            account._trigger_lane()

    def _trigger_lane(self):
        """Wake the lanes of these accounts once the transaction is committed."""
        for account in self:
            # Whoever may queue a message may start its lane, but not edit scheduled actions.
            account.sudo().cron_id._trigger()

    def _dispatcher(self, rules):
        # The token is readable by administrators only; the lane runs as the system.
        secret = self.sudo()
        return Dispatcher(
            secret.base_url,
            secret.api_version,
            secret.access_token or "",
            secret.phone_number_id,
            secret.rate_limit,
            self.env["discom.whatsapp.error"]._verdicts(rules),
            secret.pair_seconds,
        )

    def _drain(self, deadline):
        """Claim, send and settle until the queue is empty or ``deadline`` (monotonic) has passed.

        :return: whether messages may be left
        """
        self.ensure_one()
        rules = self.env["discom.whatsapp.error"]._rules()
        dispatcher = self._dispatcher(rules)
        gate = self._gate()
        ahead = max(2, self.rate_limit * AHEAD_SECONDS)
        self._commit()
        keys, urgent, exhausted, stopped = {}, set(), False, False
        # Nothing leaves while the first claim is made ready, so it is small.
        most, least = min(max(2, self.rate_limit), CLAIM_SIZE), 1
        with dispatcher:
            while True:
                stopped |= dispatcher.pause_left > MAX_WAIT
                self._mark_read(dispatcher)
                urgent &= keys.keys()
                if not (exhausted or stopped or time.monotonic() > deadline):
                    room = min(ahead - dispatcher.open_jobs, most)
                    if room < least and not urgent and self._urgent_waits(gate):
                        # They go before all that is claimed already, so they need not wait for it.
                        room = max(room, least / 4)
                        least = 1
                    if room >= least:
                        claimed, exhausted = self._claim(math.ceil(room), gate)
                        jobs, refused = claimed._prepare_jobs()
                        keys.update((m.key, (m.id, m.attempts)) for m in claimed)
                        urgent.update(m.key for m in claimed if m.priority <= PRIORITY_OUTAGE)
                        self._settle(refused, keys, rules)
                        dispatcher.submit(jobs)
                        self.env.invalidate_all()
                        # Small claims cost as much as large ones; wait until half of it has gone.
                        most, least = CLAIM_SIZE, min(ahead / 2, CLAIM_SIZE)
                if not dispatcher.open_jobs:
                    waits = exhausted and not (stopped or gate.closed) and self._is_due_soon()
                    if not waits or time.monotonic() > deadline:
                        break
                    # What others queue or stop meanwhile is seen by the next transaction only.
                    self._commit()
                    time.sleep(SETTLE_SECONDS)
                    exhausted = False
                    continue
                verdicts = self._settle(self._collect(dispatcher), keys, rules)
                self._keep_uploads(dispatcher.uploads())
                self._obey(dispatcher)
                stopped |= Verdict.HALT in verdicts or verdicts == {Verdict.OFFLINE}
                # What was too fast is queued again at once; the dispatcher keeps the pause.
                exhausted &= Verdict.THROTTLE not in verdicts
        self._finish_marks(dispatcher)
        if dispatcher.pause_left > MAX_WAIT:
            self._wait_until(dispatcher.pause_left)
        elif stopped or exhausted:
            self._wake_for_retry(OFFLINE_SECONDS if stopped else 0)
            self._wake_for_budget(gate)
        return not (exhausted or stopped)

    def _is_due_soon(self):
        """Return whether a message of this number may leave within ``NEAR_SECONDS``."""
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                SELECT FROM discom_whatsapp_message m
                  JOIN discom_whatsapp_account a ON a.id = m.account_id AND a.state = 'connected'
                 WHERE m.account_id = %s AND m.open_state = 'queued'
                   AND m.retry_at BETWEEN %s AND %s
                 LIMIT 1
                """,
                self.id,
                # What has been due for longer is held back by something else.
                now - timedelta(seconds=2 * SETTLE_SECONDS),
                now + timedelta(seconds=NEAR_SECONDS),
            )
        )
        return bool(self.env.cr.rowcount)

    def _collect(self, dispatcher):
        """Gather outcomes for one settling."""
        end = time.monotonic() + SETTLE_SECONDS
        outcomes = dispatcher.collect(timeout=SETTLE_SECONDS)
        while dispatcher.open_jobs and (left := end - time.monotonic()) > 0:
            outcomes += dispatcher.collect(timeout=left)
        return outcomes

    def _obey(self, dispatcher):
        """Withhold what is claimed ahead of broadcasts, or an account, that somebody stopped."""
        self.env.cr.execute(
            """
            SELECT id FROM discom_whatsapp_broadcast
             WHERE account_id = %s AND state IN ('paused', 'cancelled')
            """,
            [self.id],
        )
        dispatcher.stop_groups(row[0] for row in self.env.cr.fetchall())
        self.env.cr.execute("SELECT state FROM discom_whatsapp_account WHERE id = %s", [self.id])
        if self.env.cr.fetchone() != ("connected",):
            dispatcher.halt()
        # Somebody else's decision is seen by the next transaction only.
        self._commit()

    def _claim(self, count, gate):
        """Take up to ``count`` queued messages, the most urgent first, and commit the claim.

        :param gate: as of :meth:`_gate`
        :return: (messages to send, whether the queue has nothing more that may go now)
        """
        messages = self.env["discom.whatsapp.message"]

        def claim():
            # A claim that a crash of the database takes back would be sent a second time.
            self.env.cr.execute("SET LOCAL synchronous_commit TO on")
            gate.begin()
            now = fields.Datetime.now()
            self.env.cr.execute(self._claim_query(count, now, gate))
            rows = self.env.cr.fetchall()
            taken = sorted(
                (row for row in rows if row[1] == "in_flight"), key=lambda row: (row[2], row[0])
            )
            let_through = gate.sieve(taken, now)
            claimed = messages.browse(let_through)
            return claimed - claimed._drop_stale(), len(rows) < count or gate.closed

        return self._committed(claim)

    def _urgent_waits(self, gate):
        """Return whether an outage, or an answer to somebody, waits to be claimed."""
        self.env.cr.execute(
            SQL(
                "SELECT FROM discom_whatsapp_message m WHERE priority <= %s AND %s LIMIT 1",
                PRIORITY_OUTAGE,
                self._due_condition(fields.Datetime.now(), gate),
            )
        )
        return bool(self.env.cr.rowcount)

    def _due_condition(self, now, gate):
        """Return what has to hold of a message ``m`` that may be claimed."""
        return SQL(
            """
            account_id = %(account)s AND open_state = 'queued'
            AND (retry_at IS NULL OR retry_at <= %(now)s)
            AND (broadcast_id IS NULL OR broadcast_id NOT IN (
                     SELECT id FROM discom_whatsapp_broadcast
                      WHERE account_id = %(account)s AND state IN ('paused', 'cancelled')))
            AND %(allowed)s AND %(gate)s
            """,
            account=self.id,
            now=now,
            allowed=self._claim_condition(),
            gate=gate.condition(),
        )

    def _claim_query(self, count, now, gate):
        return SQL(
            """
            WITH due AS (
                SELECT id, expires_at FROM discom_whatsapp_message m
                 WHERE %(due)s
                 ORDER BY priority, id
                 LIMIT %(count)s
                   FOR NO KEY UPDATE SKIP LOCKED
            )
            UPDATE discom_whatsapp_message m
               SET state = CASE WHEN due.expires_at < %(now)s THEN 'cancelled' ELSE 'in_flight' END,
                   skip_reason = CASE WHEN due.expires_at < %(now)s THEN 'expired' END,
                   claimed_at = %(now)s,
                   attempts = attempts + 1,
                   -- It failed after WhatsApp had taken it: reports of that life are not of this.
                   key = CASE WHEN wamid IS NULL THEN key ELSE gen_random_uuid()::text END,
                   wamid = NULL, error_code = NULL, error_text = NULL
              FROM due
             WHERE m.id = due.id
            RETURNING m.id, m.state, m.priority, COALESCE(m.phone, m.wa_user_id)
            """,
            count=count,
            now=now,
            due=self._due_condition(now, gate),
        )

    # === TRANSACTIONS === #

    def _committed(self, function):
        """Run ``function`` in a transaction of its own and commit; repeat it when it lost a race.

        Odoo's cursors are REPEATABLE READ, and a scheduled action is not retried by the framework.
        """
        # What was read before has made a snapshot, by now older than the reports that came since.
        self._commit()
        for attempt in range(1, MAX_TRIES + 1):
            try:
                result = function()
                self.env.flush_all()
                self._commit()
                return result
            except (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected):
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
                if attempt == MAX_TRIES:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # spreads tries # nosec B311

    def _commit(self):
        """Commit between the steps of the lane: a claim must outlive the worker that made it."""
        self.env["ir.cron"]._commit_progress()

    def _wait_until(self, seconds):
        """Keep the lane from sending for as long as WhatsApp named, and wake it then."""
        until = fields.Datetime.now() + timedelta(seconds=seconds)
        # The lane acts for the administrators, who alone may write accounts.
        account = self.sudo()
        account.paused_until = until
        account.cron_id._trigger(until)
        _logger.info("WhatsApp account %s waits %.0f s, as WhatsApp asks", self.id, seconds)
        self._commit()
