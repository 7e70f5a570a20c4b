import json
import logging
import time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from .whatsapp_message import PRIORITY_OTHER

_logger = logging.getLogger(__name__)

#: Messages that are planned in one statement and one transaction.
PLAN_SIZE = 10000
#: Audiences up to this size are planned while the person waits, larger ones in the background.
PLAN_AT_ONCE = 2000
#: Seconds of one run in the background; the cron worker's own limit is 120.
RUN_SECONDS = 40


class DiscomWhatsappBroadcast(models.Model):
    """One sending: an audience that was looked at, confirmed and became messages."""

    _name = "discom.whatsapp.broadcast"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "discom.whatsapp.audience",
        "discom.aadhaar.mixin",
    ]
    _description = "WhatsApp Broadcast"
    _order = "id desc"
    _mail_post_access = "read"
    _no_aadhaar = ("name", "pause_reason", "reject_reason")

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    office_id = fields.Many2one("discom.office", readonly=True, index="btree_not_null")
    user_id = fields.Many2one(
        "res.users",
        "Sent By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        # Its rights decide who receives what; without it they would be those of the system.
        ondelete="restrict",
    )
    state = fields.Selection(
        [
            ("to_approve", "To Be Approved"),
            ("scheduled", "Scheduled"),
            ("planning", "Being Prepared"),
            ("sending", "Sending"),
            ("paused", "Paused"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
            ("rejected", "Refused"),
        ],
        default="planning",
        required=True,
        readonly=True,
        tracking=True,
    )
    pause_reason = fields.Char(readonly=True, tracking=True)
    date = fields.Datetime("Started", default=fields.Datetime.now, readonly=True)
    priority = fields.Integer(default=PRIORITY_OTHER, readonly=True, aggregator=None)
    total_count = fields.Integer("Audience", readonly=True, aggregator="sum")
    planned_count = fields.Integer("Prepared", readonly=True, aggregator="sum")
    plan_res_id = fields.Integer(readonly=True, aggregator=None)
    plan_partner_id = fields.Integer(readonly=True, aggregator=None)
    planned_share = fields.Float("Prepared (%)", compute="_compute_planned_share")
    _running_idx = models.Index(
        "(account_id, state) WHERE state IN ('planning', 'sending', 'paused')"
    )

    @api.depends("total_count", "planned_count")
    def _compute_planned_share(self):
        for broadcast in self:
            broadcast.planned_share = 100 * broadcast.planned_count / (broadcast.total_count or 1)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        raise UserError(
            self.env._(
                "“%(name)s” cannot be deleted: broadcasts say who was told what, and "
                "when. Cancel it instead.",
                name=self[:1].name,
            )
        )

    # === ACTIONS === #

    def action_open_messages(self):
        """Open the messages of the broadcast; the context's ``message_states`` narrows them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_whatsapp_message_action"
        )
        action["domain"] = [("broadcast_id", "=", self.id)]
        if states := self.env.context.get("message_states"):
            action["domain"] += [("state", "in", states)]
        action["context"] = {}
        return action

    def action_pause(self):
        """Stop taking messages of these broadcasts from the queue."""
        self._steered(("sending", "planning"))._pause(
            self.env._("Paused by %(user)s.", user=self.env.user.name)
        )
        return True

    def action_resume(self):
        """Go on with paused broadcasts."""
        steered = self._steered(("paused",))
        for broadcast in steered:
            planned = broadcast.planned_count >= broadcast.total_count
            broadcast.write({"state": "sending" if planned else "planning", "pause_reason": False})
        steered._wake()
        return True

    def action_cancel(self):
        """Give up what has not left; what has left cannot be called back."""
        steered = self._steered(("to_approve", "scheduled", "planning", "sending", "paused"))
        steered.write({"state": "cancelled"})
        steered._close_request()
        steered._wake()
        return True

    def action_retry_failed(self):
        """Queue the failed messages of these broadcasts again."""
        steered = self._steered(("sending", "paused", "done"))
        failed = self.env["discom.whatsapp.message"].search(
            [("broadcast_id", "in", self.ids), ("state", "=", "failed")]
        )
        failed.action_retry()
        steered.filtered(lambda b: b.state == "done").write({"state": "sending"})
        return True

    # === BUSINESS METHODS === #

    def _own_broadcast_id(self):
        # One that is not saved has no messages of its own.
        return self._origin.id or 0

    def _steered(self, states):
        """Return these broadcasts with the right to steer them, if they are in one of ``states``.

        Nobody may write broadcasts, since planning uses the rights of the person who confirmed.
        Who may send the same message about the same records may pause, resume or cancel it.
        """
        self.check_access("read")
        for broadcast in self:
            broadcast._documents_model()._whatsapp_check_send(broadcast.purpose)
        if wrong := self.filtered(lambda b: b.state not in states):
            raise UserError(
                self.env._(
                    "“%(name)s” is “%(state)s”, so this cannot be done with it. Reload the page.",
                    name=wrong[0].name,
                    state=dict(self._fields["state"]._description_selection(self.env))[
                        wrong[0].state
                    ],
                )
            )
        # The check above is the right that is needed.
        return self.sudo()

    def _pause(self, reason):
        self.filtered(lambda b: b.state in ("planning", "sending")).write(
            {"state": "paused", "pause_reason": reason}
        )

    def _wake(self):
        """Wake what works on these broadcasts once the transaction is committed."""
        self.env.ref("discom.ir_cron_whatsapp_broadcast")._trigger()
        self.account_id._trigger_lane()

    def _start(self):
        """Plan confirmed broadcasts: the small ones now, the others in the background.

        A small one also waits for a large one of the same kind that is being planned.
        """
        for broadcast in self:
            if broadcast.total_count <= PLAN_AT_ONCE and not broadcast._waits_for_others():
                while broadcast._plan_batch():
                    pass
        self._wake()

    def _waits_for_others(self):
        """Return whether another broadcast of this kind is being planned."""
        self.ensure_one()
        return bool(
            self.search_count(
                [
                    ("state", "=", "planning"),
                    ("purpose", "=", self.purpose),
                    ("id", "!=", self.id),
                ],
                limit=1,
            )
        )

    @api.model
    def _cron_work(self):
        """Plan what was confirmed, the most urgent first, and close what is over."""
        commit = self.env["ir.cron"]._commit_progress
        end = time.monotonic() + RUN_SECONDS
        self._close()
        self._release_due()
        commit()
        while broadcast := self.search([("state", "=", "planning")], order="priority, id", limit=1):
            if time.monotonic() > end:
                self._wake()
                break
            try:
                broadcast._plan_batch()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody plans the same kind of message at this moment; look again after him.
                self.env.cr.rollback()
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Broadcast %s cannot be prepared", broadcast.id)
                # It must not stand in the way of the others.
                broadcast._pause(str(error) or type(error).__name__)
            broadcast.account_id._trigger_lane()
            commit()
            self.env.invalidate_all()

    def _plan_batch(self):
        """Turn the next part of the audience into messages.

        Rows come in the order of (record, person), and the last one is written down with them, so a
        broken run goes on where it stopped and nobody is planned twice.

        :return: whether there may be more
        """
        self.ensure_one()
        # The user of the system itself is never active.
        if not self.user_id.active and not self.user_id._is_superuser():
            raise UserError(
                self.env._(
                    "%(user)s, who sent it, has no access any more. Cancel it and send it anew.",
                    user=self.user_id.name,
                )
            )
        self._take_turn()
        count, last, more = self._plan_next(PLAN_SIZE)
        if count:
            self.write(
                {
                    "plan_res_id": last[0],
                    "plan_partner_id": last[1],
                    "planned_count": self.planned_count + count,
                }
            )
        if not more:
            # The audience may have changed since it was counted.
            self.write({"state": "sending", "total_count": self.planned_count})
        return more

    def _plan_next(self, size):
        """Turn the next ``size`` people of the audience into messages, in their order.

        :return: (how many there were, record and person of the last one, whether there may be more)
        """
        rows = self._next_rows(size)
        if rows:
            self._insert_messages(rows)
        last = rows and (rows[-1]["res_id"], rows[-1]["partner_id"])
        return len(rows), last, len(rows) == size

    def _take_turn(self):
        """Have transactions that plan the same kind of message follow each other.

        Two clerks who send the same bills at the same moment do not see each other's messages, so
        both would find that nobody has them yet. Of two transactions that write the same row
        PostgreSQL fails the later one, which then begins again with a fresh view.
        """
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_template SET write_date = write_date
                 WHERE id = (SELECT min(id) FROM discom_whatsapp_template WHERE purpose = %s)
                """,
                self.purpose,
            ),
            log_exceptions=False,
        )

    def _next_rows(self, size):
        """Return the next ``size`` rows of the audience, after the last one planned."""
        self.env.cr.execute(
            SQL(
                """
                SELECT * FROM (%(audience)s) audience
                 WHERE res_id >= %(res_id)s AND (res_id, partner_id) > (%(res_id)s, %(partner_id)s)
                 ORDER BY res_id, partner_id LIMIT %(size)s
                """,
                audience=self._audience_sql(self.user_id),
                res_id=self.plan_res_id,
                partner_id=self.plan_partner_id,
                size=size,
            )
        )
        return self.env.cr.dictfetchall()

    def _insert_messages(self, rows):
        """Insert one message per row of the audience query, in one statement."""
        sendable = [row for row in rows if not row["reason"]]
        templates = self._row_templates(sendable)
        self.env["discom.whatsapp.template"].union(*templates)._keep_version()
        values = iter(zip(templates, self._message_values(sendable), strict=True))
        documents = self.env[self.res_model].browse({row["res_id"] for row in sendable})
        expiry = documents._whatsapp_expiry(self.purpose)
        now = fields.Datetime.now()
        self.env.cr.execute_values(
            """
            INSERT INTO discom_whatsapp_message (
                key, direction, account_id, broadcast_id, template_id, version_id, partner_id,
                office_id, phone, lang, res_model, res_id, purpose, priority, values, state,
                skip_reason, expires_at, attempts, create_uid, create_date, write_uid, write_date)
            VALUES %s
            ON CONFLICT DO NOTHING
            """,
            [self._message_row(row, values, expiry, now) for row in rows],
            template="(gen_random_uuid()::text, 'out', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
            " %s, %s::jsonb, %s, %s, %s, 0, %s, %s, %s, %s)",
            page_size=PLAN_SIZE,
        )
        self.env["discom.whatsapp.message"].invalidate_model()
        self._note_skipped(rows)

    def _note_skipped(self, rows):
        """Act on those of ``rows`` that were just planned who are not written to."""

    def _message_row(self, row, values, expiry, now):
        """Return the columns of one message, in the order of :meth:`_insert_messages`.

        :param values: iterator of (template, frozen values) of the rows that are sent
        """
        template, frozen = (None, None) if row["reason"] else next(values)
        lang = row["lang"]
        if template:
            lang = template.lang
            frozen = json.dumps(frozen, ensure_ascii=False)
        return (
            self.account_id.id,
            self.id,
            template and template.id,
            template and template.version_id.id,
            row["partner_id"],
            row["office_id"],
            row["phone"],
            lang,
            self.res_model,
            row["res_id"],
            self.purpose,
            self.priority - bool(row["first"]),
            frozen,
            "skipped" if row["reason"] else "queued",
            row["reason"],
            expiry.get(row["res_id"]) or None,
            self.user_id.id,
            now,
            self.user_id.id,
            now,
        )

    @api.model
    def _close(self):
        """Cancel the waiting messages of cancelled broadcasts; close those with nothing waiting."""
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_message m SET state = 'cancelled'
              FROM discom_whatsapp_broadcast b
             WHERE b.id = m.broadcast_id AND b.state = 'cancelled' AND m.open_state = 'queued'
            """
        )
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_broadcast b SET state = 'done'
             WHERE state = 'sending'
               AND NOT EXISTS (
                   SELECT FROM discom_whatsapp_message m WHERE m.broadcast_id = b.id
                      AND m.open_state IS NOT NULL)
            """
        )
        self.invalidate_model(["state"])
