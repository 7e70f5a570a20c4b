import logging
from datetime import UTC
from functools import partial

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..tools import webhook_payload
from ..tools.identity import find_aadhaar, mask_aadhaar

_logger = logging.getLogger(__name__)

APPLY_BATCH = 1000
# Not the fault of an event: a lost race, which is tried again, or a lost connection.
DATABASE_GONE = (psycopg2.OperationalError, psycopg2.InterfaceError)
APPLY_TRIES = 5
# Lines kept of what could not be read in one event.
MAX_PROBLEMS = 20
GC_BATCH = 10000


class WhatsAppEvent(models.Model):
    """A call of the webhook as it came, kept as evidence until the retention time is over.

    Rows are written by the webhook and settled by :meth:`_cron_apply`; nobody edits them.
    """

    _name = "discom.whatsapp.event"
    _description = "WhatsApp Webhook Event"
    _order = "id desc"
    _log_access = False

    account_id = fields.Many2one(
        "discom.whatsapp.account",
        string="Sending number",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="account_id.company_id")
    received_at = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    payload = fields.Text(required=True, readonly=True)
    state = fields.Selection(
        [("new", "New"), ("applied", "Applied"), ("error", "Error")],
        required=True,
        readonly=True,
        default="new",
    )
    error = fields.Text(readonly=True)

    _new_idx = models.Index("(id) WHERE state = 'new'")
    _error_idx = models.Index("(id) WHERE state = 'error'")

    @api.depends("account_id", "received_at")
    def _compute_display_name(self):
        for event in self:
            event.display_name = f"{event.account_id.name} #{event.id}"

    def action_apply_again(self):
        """Try events once more whose reading failed, after the cause is gone."""
        # sudo: nobody has write access; this changes nothing of what was received.
        events = self.filtered(lambda event: event.state == "error").sudo()
        events.write({"state": "new", "error": False})
        self.env.ref("discom.ir_cron_whatsapp_apply")._trigger()
        return True

    @api.model
    def _webhook_account(self, webhook_key):
        """Return what the webhook needs to know of an account, or None.

        One query, without the ORM: it runs for each of several hundred calls per second.

        :return: ``id``, ``app_secret``, ``verify_token`` and ``triggered``: whether the cron that
            applies events was triggered within the last second
        """
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id("discom.ir_cron_whatsapp_apply")
        self.env.cr.execute(
            SQL(
                """
                SELECT id, app_secret, verify_token, EXISTS (
                           SELECT FROM ir_cron_trigger
                            WHERE cron_id = %(cron_id)s
                              AND call_at >= (now() AT TIME ZONE 'UTC') - interval '1 second'
                       ) AS triggered
                  FROM discom_whatsapp_account
                 WHERE webhook_key = %(webhook_key)s AND active
                """,
                cron_id=cron_id,
                webhook_key=webhook_payload.clean(webhook_key),
            )
        )
        rows = self.env.cr.dictfetchall()
        return rows[0] if rows else None

    @api.model
    def _store(self, account, body):
        """Add one event and wake the cron.

        :param dict account: as returned by :meth:`_webhook_account`
        :param bytes body: as received and verified
        """
        payload = body.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_whatsapp_event (account_id, payload, state, received_at)
                VALUES (%s, %s, 'new', now() AT TIME ZONE 'UTC')
                """,
                account["id"],
                payload,
            )
        )
        # An older trigger may belong to a run that has already looked at the table, so only one of
        # this very second spares another.
        if not account["triggered"]:
            # The caller is Meta, who has no user here.
            cron = self.env.ref("discom.ir_cron_whatsapp_apply").with_user(SUPERUSER_ID)
            cron._trigger()

    @api.model
    def _cron_apply(self):
        """Apply new events, oldest first, in batches of ``APPLY_BATCH``, each committed."""
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self._count_new())
        while True:
            count = self._apply_batch_retrying()
            if not count:
                break
            if not cron._commit_progress(count, remaining=self._count_new()):
                break

    @api.model
    def _count_new(self):
        """Return 1 while there are events to apply, else 0; how many does not matter."""
        return self.search_count([("state", "=", "new")], limit=1)

    @api.model
    def _apply_batch_retrying(self):
        """Apply a batch; where another transaction was faster, begin it again."""
        for attempt in range(1, APPLY_TRIES + 1):
            try:
                return self._apply_batch()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                if attempt == APPLY_TRIES:
                    raise
                _logger.info("WhatsApp events: batch is begun again (%s)", attempt)
                # The snapshot is stale: only a new transaction sees what was changed.
                self.env.cr.rollback()
                self.env.invalidate_all()
        return 0

    @api.model
    def _apply_batch(self):
        """Apply the oldest events and return how many were settled, well or not.

        The scheduler runs one of these at a time; of two, the later one would lose the race for the
        same rows and begin again.
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT id, account_id, payload, received_at
                  FROM discom_whatsapp_event
                 WHERE state = 'new'
                 ORDER BY id
                 LIMIT %s
                """,
                APPLY_BATCH,
            )
        )
        rows = self.env.cr.fetchall()
        if not rows:
            return 0
        webhooks = [
            (
                event_id,
                account_id,
                webhook_payload.parse(payload, int(received_at.replace(tzinfo=UTC).timestamp())),
            )
            for event_id, account_id, payload, received_at in rows
        ]
        errors = {
            event_id: "\n".join(webhook.problems[:MAX_PROBLEMS])
            for event_id, _account_id, webhook in webhooks
            if webhook.problems
        }
        try:
            with self.env.cr.savepoint():
                self._apply_webhooks([(account, webhook) for _id, account, webhook in webhooks])
        except DATABASE_GONE:
            raise
        except Exception:
            _logger.exception("WhatsApp events: a batch failed, each is applied by itself")
            errors |= self._apply_one_by_one(webhooks)
        contents = [webhook for _id, _account, webhook in webhooks]
        self._settle([row[0] for row in rows], errors, self._last_seen(rows, contents))
        self._cross_out(contents, rows)
        return len(rows)

    @api.model
    def _last_seen(self, rows, webhooks):
        """Return {account id: when the last call came for it}.

        A call counts for the account whose address was called and for those of the same company
        that it is about: Meta may deliver for all numbers of an app to one address.

        :param rows: the events, tuples of id, account id, payload and time
        :param webhooks: what the events say
        """
        seen = {}
        for (_event_id, account_id, _payload, received_at), webhook in zip(
            rows, webhooks, strict=True
        ):
            for number in ("", *webhook.numbers):
                known = seen.get((account_id, number), received_at)
                seen[account_id, number] = max(received_at, known)
        accounts = self.env["discom.whatsapp.account"]
        called = accounts.browse({account_id for account_id, _number in seen})
        companies = {account.id: account.company_id for account in called}
        by_number = {
            (account.phone_number_id, account.company_id): account.id
            for account in accounts.search(
                [
                    ("phone_number_id", "in", [number for _account_id, number in seen]),
                    ("company_id", "in", called.company_id.ids),
                ]
            )
        }
        last_seen = {}
        for (account_id, number), at in seen.items():
            meant = by_number.get((number, companies[account_id]), account_id)
            last_seen[meant] = max(at, last_seen.get(meant, at))
        return last_seen

    @api.model
    def _cross_out(self, webhooks, rows):
        """Cross out full Aadhaar numbers in what was received; the law weighs more than evidence.

        :param webhooks: what the events say
        :param rows: the events, tuples that begin with id, account id and payload
        """
        messages = self.env["discom.whatsapp.message"]
        suspects = [
            (row, [message["text"] for message in webhook.messages])
            for row, webhook in zip(rows, webhooks, strict=True)
            if any(find_aadhaar(message["text"]) for message in webhook.messages)
        ]
        if not suspects:
            return
        exempt = messages._inbound_exempt(text for _row, texts in suspects for text in texts)
        crossed_out = {
            row[0]: webhook_payload.map_texts(row[2], partial(mask_aadhaar, exempt=exempt))
            for row, texts in suspects
            if any(find_aadhaar(text, exempt) for text in texts)
        }
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_event e SET payload = v.payload
                  FROM unnest(%s::integer[], %s::text[]) AS v (id, payload)
                 WHERE e.id = v.id
                """,
                list(crossed_out),
                list(crossed_out.values()),
            )
        )
        self.invalidate_model(["payload"])

    @api.model
    def _apply_one_by_one(self, webhooks):
        """Apply events each in a savepoint and return event id -> reason of the failed ones."""
        errors = {}
        for event_id, account_id, webhook in webhooks:
            try:
                with self.env.cr.savepoint():
                    self._apply_webhooks([(account_id, webhook)])
            except DATABASE_GONE:
                raise
            except Exception as error:
                _logger.exception("WhatsApp event %s failed", event_id)
                errors[event_id] = f"{type(error).__name__}: {error}"
        return errors

    @api.model
    def _settle(self, event_ids, errors, last_seen):
        """Mark events and accounts: one statement for each kind, whatever the number of rows."""
        self.env.cr.execute(
            SQL(
                "UPDATE discom_whatsapp_event SET state = 'applied' WHERE id = ANY(%s)",
                event_ids,
            )
        )
        if errors:
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE discom_whatsapp_event e
                       SET state = 'error', error = v.error
                      FROM unnest(%s, %s) AS v (id, error)
                     WHERE e.id = v.id
                    """,
                    list(errors),
                    [webhook_payload.clean(text) for text in errors.values()],
                )
            )
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_account a
                   SET webhook_last_seen = v.seen,
                       -- As long as reports were missing, so long they may be late: Meta repeats
                       -- them at growing intervals.
                       doubt_until = CASE
                           WHEN v.seen - a.webhook_last_seen > make_interval(mins => settle_minutes)
                                AND EXISTS (SELECT FROM discom_whatsapp_message m
                                             WHERE m.account_id = a.id AND m.open_state = 'unknown'
                                               AND m.claimed_at < v.seen)
                           THEN GREATEST(a.doubt_until, v.seen + LEAST(
                                    v.seen - a.webhook_last_seen, interval '1 day'))
                           ELSE a.doubt_until END
                  FROM unnest(%s, %s) AS v (id, seen)
                 WHERE a.id = v.id AND a.webhook_last_seen IS DISTINCT FROM v.seen
                """,
                list(last_seen),
                list(last_seen.values()),
            )
        )
        self.invalidate_model(["state", "error"])
        self.env["discom.whatsapp.account"].invalidate_model(["webhook_last_seen", "doubt_until"])

    @api.model
    def _apply_webhooks(self, webhooks):
        """Hand what payloads say to the models concerned.

        :param webhooks: list of (account id, :class:`tools.webhook_payload.Webhook`)
        """
        messages = self.env["discom.whatsapp.message"]
        people = [row for _account_id, webhook in webhooks for row in webhook.people]
        self.env["discom.whatsapp.person"]._learn(people)
        statuses = [row for _account_id, webhook in webhooks for row in webhook.statuses]
        if statuses:
            messages._apply_statuses(statuses)
        inbound = [
            dict(row, account_id=account_id)
            for account_id, webhook in webhooks
            for row in webhook.messages
        ]
        if inbound:
            messages._receive(inbound)
        accounts = self.env["discom.whatsapp.account"]
        for account_id, webhook in webhooks:
            for row in webhook.templates:
                self.env["discom.whatsapp.template"]._apply_event(accounts.browse(account_id), row)
            for row in webhook.accounts:
                accounts.browse(account_id)._apply_event(row)

    @api.model
    def _gc_events(self):
        """Delete a batch of settled events older than the retention rule says.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("event")
        if before is None:
            return 0, False
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM discom_whatsapp_event
                 WHERE id IN (
                       SELECT id
                         FROM discom_whatsapp_event
                        WHERE state <> 'new' AND received_at < %s
                        ORDER BY received_at
                        LIMIT %s)
                """,
                before,
                GC_BATCH,
            )
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == GC_BATCH
