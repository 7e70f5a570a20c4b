import logging
import random
from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL, plaintext2html

from ..tools.cloud_api import Verdict, judge_error
from ..tools.dispatch_media import refuses_media

_logger = logging.getLogger(__name__)

#: Calls for one message before it counts as failed.
MAX_ATTEMPTS = 6
#: First wait after a passing error, doubled each time, in seconds.
BACKOFF_SECONDS = 5


def backoff(attempts):
    """Return the seconds until the next try: doubled each time, and spread.

    :param int attempts: calls so far
    """
    spread = random.uniform(0.75, 1.25)  # no secret # nosec B311
    return BACKOFF_SECONDS * 2 ** max(attempts - 1, 0) * spread


def pair_wait(attempts):
    """Return the seconds a recipient waits who got too much: 4^n, as Meta asks.

    https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (131056)

    :param int attempts: calls so far
    """
    return 4 ** max(attempts - 1, 0)


class DiscomWhatsappAccount(models.Model):
    """What a lane writes about messages whose calls have ended."""

    _inherit = "discom.whatsapp.account"

    def _settle(self, outcomes, keys, rules):
        """Write what became of messages, commit, and act on what concerns more than one message.

        :param list[Outcome] outcomes: from the dispatcher
        :param dict keys: (message id, attempts) by key; settled ones are taken out
        :param dict rules: of the error table, by code
        :return: the set of verdicts among them
        """
        verdicts = {outcome.verdict for outcome in outcomes}
        if not outcomes:
            return verdicts
        settled = [(outcome, *keys.pop(outcome.key)) for outcome in outcomes]
        codes = {o.code: o.text for o, _id, _attempts in settled if o.code is not None}

        def settle():
            now = fields.Datetime.now()
            rows = [self._outcome_row(*one, rules, now) for one in settled]
            self._write_outcomes(rows)
            held = [(row[0], o) for row, (o, *_rest) in zip(rows, settled, strict=True)
                    if o.verdict is Verdict.PAIR and row[1] == "queued"]  # fmt: skip
            self._hold_recipients(held)
            self._pause_broadcasts(
                [(message_id, o) for o, message_id, _n in settled if o.verdict is Verdict.PAUSE]
            )
            for outcome, _id, _attempts in settled:
                if outcome.verdict is Verdict.HALT and outcome.text:
                    self._halt(outcome.code, outcome.text)
                    break
            refused = {o.media_id for o, *_rest in settled if refuses_media(o.code, o.text)}
            if stale := refused - {None}:
                self.env["discom.whatsapp.media"]._forget(stale)
            failed = {row[0]: row[3] for row in rows if row[1] == "failed" and row[3] is not None}
            self.env["discom.whatsapp.message"]._after_failure(failed, rules)
            if codes:
                self.env["discom.whatsapp.error"]._note_seen(codes, rules)
            self._note_trouble(outcomes[-1].text if verdicts == {Verdict.OFFLINE} else False)

        self._committed(settle)
        return verdicts

    def _outcome_row(self, outcome, message_id, attempts, rules, now):
        """Return the values of :meth:`_write_outcomes` for one outcome."""
        state, wait, used = "queued", None, True
        match outcome.verdict:
            case Verdict.ACCEPTED | Verdict.HELD | Verdict.FAILED | Verdict.UNKNOWN:
                state = outcome.verdict.value
            case Verdict.RETRY | Verdict.PAIR | Verdict.WAIT if attempts >= MAX_ATTEMPTS:
                state = "failed"
            case Verdict.RETRY:
                wait = outcome.retry_after or backoff(attempts)
            case Verdict.PAIR:
                wait = outcome.retry_after or pair_wait(attempts)
            case Verdict.WAIT:
                wait = rules[outcome.code].wait_hours * 3600
            case _:  # THROTTLE, OFFLINE, PAUSE, HALT, WITHDRAWN: not this message's fault
                used = False
        return (
            message_id,
            state,
            outcome.wamid,
            outcome.code,
            outcome.text or None,
            now + timedelta(seconds=wait) if wait is not None else None,
            used,
            outcome.media_id,
        )

    def _write_outcomes(self, rows):
        """Write outcomes in one statement; a status that came by webhook meanwhile is kept."""
        self.env.cr.execute(
            SQL(
                """
            WITH v AS (
                SELECT * FROM unnest(%(ids)s::int[], %(states)s::text[], %(wamids)s::text[],
                                     %(codes)s::int[], %(reasons)s::text[],
                                     %(retries)s::timestamp[], %(used)s::bool[],
                                     %(media)s::text[])
                    AS v(id, state, wamid, code, reason, retry_at, used, media_id)
            ), locked AS (
                SELECT m.id FROM discom_whatsapp_message m JOIN v USING (id)
                 ORDER BY m.id FOR NO KEY UPDATE OF m
            )
            UPDATE discom_whatsapp_message m
               SET wamid = COALESCE(v.wamid, m.wamid),
                   wa_media_id = COALESCE(v.media_id, m.wa_media_id),
                   state = CASE WHEN m.state = 'in_flight' THEN v.state
                                WHEN m.state = 'unknown' AND v.wamid IS NOT NULL THEN v.state
                                ELSE m.state END,
                   error_code = CASE WHEN m.state = 'in_flight' THEN v.code ELSE m.error_code END,
                   error_text = CASE WHEN m.state = 'in_flight' THEN v.reason ELSE m.error_text END,
                   retry_at = CASE WHEN m.state = 'in_flight' THEN v.retry_at ELSE m.retry_at END,
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
                        (
                            "ids",
                            "states",
                            "wamids",
                            "codes",
                            "reasons",
                            "retries",
                            "used",
                            "media",
                        ),
                        zip(*rows, strict=True),
                        strict=True,
                    )
                },
            )
        )
        self.env["discom.whatsapp.message"].invalidate_model()

    def _hold_recipients(self, held):
        """Let everything that waits for these messages' recipients wait as long as they do.

        :param list held: (message id, outcome)
        """
        if not held:
            return
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_message m SET retry_at = refused.retry_at
              FROM discom_whatsapp_message refused
             WHERE refused.id = ANY(%s) AND m.phone = refused.phone
               AND m.account_id = refused.account_id AND m.state = 'queued'
               AND (m.retry_at IS NULL OR m.retry_at < refused.retry_at)
            """,
            [[message_id for message_id, _outcome in held]],
        )

    def _pause_broadcasts(self, pauses):
        """Pause the broadcasts of messages that Meta holds back for their template's sake.

        :param list pauses: (message id, outcome); a message of no broadcast has failed
        """
        if not pauses:
            return
        by_broadcast = defaultdict(list)
        outcomes = dict(pauses)
        for message in self.env["discom.whatsapp.message"].browse(outcomes):
            by_broadcast[message.broadcast_id].append(message.id)
        for broadcast, message_ids in by_broadcast.items():
            outcome = outcomes[message_ids[0]]
            if broadcast:
                broadcast._pause(f"({outcome.code}) {outcome.text}")
            else:
                self.env.cr.execute(
                    """
                    UPDATE discom_whatsapp_message
                       SET state = 'failed', failed_at = %s, attempts = attempts + 1
                     WHERE id = ANY(%s) AND state = 'queued'
                    """,
                    [fields.Datetime.now(), message_ids],
                )

    def _is_halting(self, error):
        """Return whether ``error`` (CloudApiError with HTTP status) concerns the whole account."""
        errors = self.env["discom.whatsapp.error"]
        return judge_error(error, errors._verdicts(errors._rules())) is Verdict.HALT

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
            read = self.with_context(lang=user.lang)
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                user_id=user.id,
                summary=read.env._("Sending has stopped"),
                note=plaintext2html(read.halt_note),
            )

    def _note_trouble(self, text):
        """Show on the account that its server cannot be reached, or that it can again."""
        # The lane acts for the administrators, who alone may write accounts.
        account = self.sudo()
        if (account.trouble or False) != text:
            account.trouble = text
