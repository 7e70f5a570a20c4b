import logging
import random
import time
from collections import defaultdict
from datetime import timedelta

import psycopg2.errors

from odoo import api, fields, models
from odoo.tools import SQL, plaintext2html

from ..tools.cloud_api import Verdict
from ..tools.dispatch import Dispatcher

_logger = logging.getLogger(__name__)

#: Seconds of one run of a lane; the cron worker's own limit is 120.
RUN_SECONDS = 40
#: Seconds of sending that are claimed ahead; what is claimed when a worker dies is in doubt.
AHEAD_SECONDS = 3
#: Messages claimed in one statement, at most.
CLAIM_SIZE = 1000
#: Seconds between two settlings; each is one UPDATE and one commit.
SETTLE_SECONDS = 0.5
#: Calls for one message before it counts as failed.
MAX_ATTEMPTS = 6
#: First wait after a passing error, doubled each time, in seconds.
BACKOFF_SECONDS = 5
#: Seconds until the next try after the server could not be reached.
OFFLINE_SECONDS = 30
#: Tries of a statement that lost a race against a concurrent transaction.
MAX_TRIES = 8


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
        counts = {
            (account.id, state): count
            for account, state, count in self.env["discom.whatsapp.message"]._read_group(
                [("account_id", "in", self.ids), ("state", "in", ("queued", "unknown"))],
                ["account_id", "state"],
                ["__count"],
            )
        }
        for account in self:
            account.queued_count = counts.get((account.id, "queued"), 0)
            account.unknown_count = counts.get((account.id, "unknown"), 0)

    @api.model
    def _for_user(self):
        """Return the working account that serves the offices of the current user."""
        accounts = self.search([("state", "!=", "draft")], order="state, id")
        return next((account for account in accounts if account._serves_user()), self.browse())

    def _serves_user(self):
        """Return whether this account sends for an office of the current user."""
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
        more = account._drain(time.monotonic() + RUN_SECONDS)
        if more and account.state == "connected":
            account._trigger_lane()

    def _trigger_lane(self):
        """Wake the lanes of these accounts once the transaction is committed."""
        for account in self:
            # Whoever may queue a message may start its lane, but not edit scheduled actions.
            account.sudo().cron_id._trigger()

    def _drain(self, deadline):
        """Claim, send and settle until the queue is empty or ``deadline`` (monotonic) has passed.

        :return: whether messages may be left
        """
        self.ensure_one()
        # The token is readable by administrators only; the lane runs as the system.
        secret = self.sudo()
        dispatcher = Dispatcher(
            secret.base_url,
            secret.api_version,
            secret.access_token or "",
            secret.phone_number_id,
            secret.rate_limit,
        )
        ahead = max(2, secret.rate_limit * AHEAD_SECONDS)
        budget = self._daily_budget()
        self._commit()
        keys, exhausted, stopped = {}, False, False
        with dispatcher:
            while True:
                if not (exhausted or stopped or time.monotonic() > deadline):
                    room = min(ahead - dispatcher.open_jobs, CLAIM_SIZE, budget)
                    # Small claims cost as much as large ones; wait until half of it has gone.
                    if room >= min(ahead / 2, CLAIM_SIZE, budget):
                        claimed, taken = self._claim(room)
                        budget -= len(claimed)
                        exhausted = taken < room or budget <= 0
                        jobs, refused = claimed._prepare_jobs()
                        keys.update((m.key, m.id) for m in claimed)
                        self._settle(refused, keys)
                        dispatcher.submit(jobs)
                        self.env.invalidate_all()
                if not dispatcher.open_jobs:
                    break
                verdicts = self._settle(self._collect(dispatcher), keys)
                stopped |= Verdict.HALT in verdicts or verdicts == {Verdict.OFFLINE}
                # What was too fast is queued again at once; the dispatcher keeps the pause.
                exhausted &= Verdict.THROTTLE not in verdicts
        if budget <= 0:
            self._wait_for_budget()
        elif stopped or exhausted:
            self._wake_for_retry(OFFLINE_SECONDS if stopped else 0)
        return not (exhausted or stopped)

    def _collect(self, dispatcher):
        """Gather outcomes for one settling."""
        end = time.monotonic() + SETTLE_SECONDS
        outcomes = dispatcher.collect(timeout=SETTLE_SECONDS)
        while dispatcher.open_jobs and (left := end - time.monotonic()) > 0:
            outcomes += dispatcher.collect(timeout=left)
        return outcomes

    def _claim(self, count):
        """Take up to ``count`` queued messages, the most urgent first, and commit the claim.

        :return: (messages to send, number of rows taken with those that need not go any more)
        """
        messages = self.env["discom.whatsapp.message"]

        def claim():
            self.env.cr.execute(
                """
                WITH paused AS (
                    SELECT id FROM discom_whatsapp_broadcast
                     WHERE account_id = %(account)s AND state IN ('paused', 'cancelled')
                ), due AS (
                    SELECT id, expires_at FROM discom_whatsapp_message m
                     WHERE account_id = %(account)s AND state = 'queued'
                       AND (retry_at IS NULL OR retry_at <= %(now)s)
                       AND (broadcast_id IS NULL OR broadcast_id NOT IN (SELECT id FROM paused))
                     ORDER BY priority, id
                     LIMIT %(count)s
                       FOR NO KEY UPDATE SKIP LOCKED
                )
                UPDATE discom_whatsapp_message m
                   SET state = CASE WHEN due.expires_at < %(now)s
                                    THEN 'cancelled' ELSE 'in_flight' END,
                       skip_reason = CASE WHEN due.expires_at < %(now)s
                                          THEN 'expired' END,
                       claimed_at = %(now)s,
                       attempts = attempts + 1,
                       error_code = NULL, error_text = NULL
                  FROM due
                 WHERE m.id = due.id
                RETURNING m.id, m.state, m.priority
                """,
                {"account": self.id, "count": count, "now": fields.Datetime.now()},
            )
            rows = self.env.cr.fetchall()
            rows.sort(key=lambda row: (row[2], row[0]))
            claimed = messages.browse(row[0] for row in rows if row[1] == "in_flight")
            return claimed - claimed._drop_stale(), len(rows)

        return self._committed(claim)

    def _settle(self, outcomes, keys):
        """Write what became of messages, commit, and act on what concerns more than one message.

        :param list[Outcome] outcomes: from the dispatcher
        :param dict keys: message id by key; settled ones are taken out
        :return: the set of verdicts among them
        """
        verdicts = {outcome.verdict for outcome in outcomes}
        if not outcomes:
            return verdicts
        now = fields.Datetime.now()
        attempts = self._attempts([keys[o.key] for o in outcomes])
        rows, halt, pauses = [], None, []
        for outcome in outcomes:
            message_id = keys.pop(outcome.key)
            state, retry_at, used = "queued", None, True
            match outcome.verdict:
                case Verdict.ACCEPTED | Verdict.HELD | Verdict.FAILED | Verdict.UNKNOWN:
                    state = outcome.verdict.value
                case Verdict.RETRY | Verdict.PAIR if attempts[message_id] >= MAX_ATTEMPTS:
                    state = "failed"
                case Verdict.RETRY:
                    wait = BACKOFF_SECONDS * 2 ** (attempts[message_id] - 1)
                    retry_at = now + timedelta(
                        seconds=outcome.retry_after or wait * random.uniform(0.75, 1.25)
                    )
                case Verdict.PAIR:
                    retry_at = now + timedelta(seconds=4 ** (attempts[message_id] - 1))
                case Verdict.THROTTLE | Verdict.OFFLINE:
                    used = False
                case Verdict.PAUSE:
                    used = False
                    pauses.append((message_id, outcome))
                case Verdict.HALT:
                    used = False
                    halt = outcome if outcome.text else halt
            rows.append(
                (
                    message_id,
                    state,
                    outcome.wamid,
                    outcome.code,
                    outcome.text or None,
                    retry_at,
                    used,
                )
            )

        def settle():
            self._write_outcomes(rows)
            if pauses:
                self._pause_broadcasts(pauses)
            if halt:
                self._halt(halt.code, halt.text)
            self._note_trouble(outcomes[-1].text if verdicts == {Verdict.OFFLINE} else False)

        self._committed(settle)
        return verdicts

    def _attempts(self, message_ids):
        self.env.cr.execute(
            "SELECT id, attempts FROM discom_whatsapp_message WHERE id = ANY(%s)", [message_ids]
        )
        return dict(self.env.cr.fetchall())

    def _write_outcomes(self, rows):
        """Write outcomes in one statement; a status that came by webhook meanwhile is kept."""
        self.env.cr.execute(
            SQL(
                """
            WITH v AS (
                SELECT * FROM unnest(%(ids)s::int[], %(states)s::text[], %(wamids)s::text[],
                                     %(codes)s::int[], %(reasons)s::text[],
                                     %(retries)s::timestamp[], %(used)s::bool[])
                    AS v(id, state, wamid, code, reason, retry_at, used)
            ), locked AS (
                SELECT m.id FROM discom_whatsapp_message m JOIN v USING (id)
                 ORDER BY m.id FOR NO KEY UPDATE OF m
            )
            UPDATE discom_whatsapp_message m
               SET wamid = COALESCE(v.wamid, m.wamid),
                   state = CASE WHEN m.state = 'in_flight' THEN v.state
                                WHEN m.state = 'unknown' AND v.wamid IS NOT NULL THEN v.state
                                ELSE m.state END,
                   error_code = CASE WHEN m.state = 'in_flight' THEN v.code ELSE m.error_code END,
                   error_text = CASE WHEN m.state = 'in_flight' THEN v.reason ELSE m.error_text END,
                   retry_at = CASE WHEN m.state = 'in_flight' THEN v.retry_at END,
                   attempts = m.attempts - (NOT v.used)::int,
                   failed_at = CASE WHEN m.state = 'in_flight' AND v.state = 'failed'
                                    THEN %(now)s ELSE m.failed_at END,
                   claimed_at = CASE WHEN v.state = 'queued' THEN NULL ELSE m.claimed_at END,
                   write_date = %(now)s
              FROM v JOIN locked USING (id)
             WHERE m.id = v.id
            """,
                now=fields.Datetime.now(),
                **{
                    name: list(column)
                    for name, column in zip(
                        ("ids", "states", "wamids", "codes", "reasons", "retries", "used"),
                        zip(*rows, strict=True),
                        strict=True,
                    )
                },
            )
        )
        self.env["discom.whatsapp.message"].invalidate_model()

    def _pause_broadcasts(self, pauses):
        """Pause the broadcasts of messages that Meta holds back for their template's sake."""
        by_broadcast = defaultdict(list)
        for message in self.env["discom.whatsapp.message"].browse(m for m, _outcome in pauses):
            by_broadcast[message.broadcast_id].append(message.id)
        texts = {message_id: outcome for message_id, outcome in pauses}
        for broadcast, message_ids in by_broadcast.items():
            outcome = texts[message_ids[0]]
            if broadcast:
                broadcast._pause(f"({outcome.code}) {outcome.text}")
            else:
                self._write_outcomes(
                    [
                        (m, "failed", None, texts[m].code, texts[m].text, None, True)
                        for m in message_ids
                    ]
                )

    def _halt(self, code, text):
        """Stop the account until an administrator has put right what Meta complains about."""
        self.ensure_one()
        reason = f"({code}) {text}" if code is not None else text
        # The lane acts for the administrators, who alone may write accounts.
        account = self.sudo()
        account.write({"state": "halted", "halt_reason": reason})
        account._notify_halt()
        _logger.warning("WhatsApp account %s halted by error %s", self.id, code)

    def _notify_halt(self):
        """Give every administrator an activity."""
        self.ensure_one()
        for user in self.env.ref("discom.group_administrator").user_ids.filtered("active"):
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                user_id=user.id,
                summary=self.env._("Sending has stopped"),
                note=plaintext2html(self.halt_reason),
            )

    def _note_trouble(self, text):
        """Show on the account that its server cannot be reached, or that it can again."""
        # Same reason as in _halt.
        account = self.sudo()
        if (account.trouble or False) != text:
            account.trouble = text

    # === TRANSACTIONS === #

    def _committed(self, function):
        """Run ``function`` in a transaction of its own and commit; repeat it when it lost a race.

        Odoo's cursors are REPEATABLE READ, and a scheduled action is not retried by the framework.
        """
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
                time.sleep(random.uniform(0, 0.02 * 2**attempt))

    def _commit(self):
        """Commit between the steps of the lane: a claim must outlive the worker that made it."""
        self.env["ir.cron"]._commit_progress()
