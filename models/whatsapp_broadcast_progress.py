from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from .whatsapp_message import PRIORITY_OUTAGE, REACHED

#: Seconds over which the pace of a broadcast is measured.
PACE_SECONDS = 60
#: Reasons shown on the form; the others are in the list of messages.
REASONS_SHOWN = 12


class DiscomWhatsappBroadcast(models.Model):
    """How far a broadcast is: one pass over its messages answers everything the form shows."""

    _inherit = "discom.whatsapp.broadcast"

    settled_share = fields.Float("Progress (%)", compute="_compute_counts")
    queued_count = fields.Integer("Waiting", compute="_compute_counts")
    sent_count = fields.Integer("Sent", compute="_compute_counts")
    delivered_count = fields.Integer("Delivered", compute="_compute_counts")
    read_count = fields.Integer("Read", compute="_compute_counts")
    failed_count = fields.Integer("Failed", compute="_compute_counts")
    unknown_count = fields.Integer("Without Answer", compute="_compute_counts")
    skipped_count = fields.Integer("Skipped", compute="_compute_counts")
    reasons = fields.Json("Why Not", compute="_compute_counts")
    pace = fields.Char(compute="_compute_pace")
    time_left = fields.Char(compute="_compute_pace")
    pause_note = fields.Text("Paused Because", compute="_compute_pause_note")
    wait_reason = fields.Char("Waiting Because", compute="_compute_pace")
    estimated_cost = fields.Float(readonly=True, digits=(16, 2), aggregator=None)
    cost = fields.Float("Cost So Far", compute="_compute_cost", digits=(16, 2), aggregator=None)
    cost_note = fields.Char("Cost", compute="_compute_cost")

    @api.depends("pause_reason")
    @api.depends_context("lang")
    def _compute_pause_note(self):
        errors = self.env["discom.whatsapp.error"]
        for broadcast in self:
            broadcast.pause_note = errors._explain_reason(broadcast.pause_reason)

    @api.depends_context("lang")
    def _compute_counts(self):
        counts = {broadcast.id: {} for broadcast in self}
        reasons = {broadcast.id: {} for broadcast in self}
        self.env["discom.whatsapp.message"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT broadcast_id, state, skip_reason, error_code, count(*), min(error_text)
                  FROM discom_whatsapp_message
                 WHERE broadcast_id = ANY(%s)
                 GROUP BY broadcast_id, state, skip_reason, error_code
                """,
                self.ids,
            )
        )
        skipped = dict(
            self.env["discom.whatsapp.message"]
            ._fields["skip_reason"]
            ._description_selection(self.env)
        )
        explained = self.env["discom.whatsapp.error"]._explain_codes(
            list(
                {code for _broadcast, state, _skip, code, *_rest in rows if state == "failed"}
                - {None}
            )
        )
        for broadcast, state, skip, code, count, text in rows:
            by_state = counts[broadcast]
            by_state[state] = by_state.get(state, 0) + count
            if state in ("skipped", "cancelled"):
                label, advice = skipped.get(skip) or self.env._("Cancelled"), False
                key = ("skip_reason", skip or False)
            elif state == "failed":
                meaning, advice = explained.get(code, (False, False))
                label = meaning or text or self.env._("Failed")
                key = ("error_code", code or 0)
            else:
                continue
            entry = reasons[broadcast].setdefault(
                key, {"label": label, "advice": advice, "count": 0}
            )
            entry["count"] += count
        for broadcast in self:
            by_state = counts.get(broadcast.id, {})

            def total(*states, by_state=by_state):
                return sum(by_state.get(state, 0) for state in states)

            broadcast.queued_count = total("queued", "in_flight")
            broadcast.sent_count = total(*REACHED)
            broadcast.delivered_count = total("delivered", "read")
            broadcast.read_count = total("read")
            broadcast.failed_count = total("failed")
            broadcast.unknown_count = total("unknown")
            broadcast.skipped_count = total("skipped", "cancelled")
            everything = sum(by_state.values())
            waiting = broadcast.queued_count + broadcast.unknown_count
            broadcast.settled_share = 100 * (everything - waiting) / (everything or 1)
            found = sorted(
                reasons.get(broadcast.id, {}).items(), key=lambda item: -item[1]["count"]
            )
            broadcast.reasons = [
                {
                    **entry,
                    "kind": kind,
                    "value": value,
                    "failed": kind == "error_code",
                }
                for (kind, value), entry in found[:REASONS_SHOWN]
            ]

    def _compute_pace(self):
        now = fields.Datetime.now()
        lately = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT broadcast_id, count(*) FROM discom_whatsapp_message
                     WHERE account_id = ANY(%s) AND claimed_at > %s AND broadcast_id = ANY(%s)
                       AND state <> 'queued'
                     GROUP BY broadcast_id
                    """,
                    self.account_id.ids,
                    now - timedelta(seconds=PACE_SECONDS),
                    self.ids,
                )
            )
        )
        for broadcast in self:
            pace = lately.get(broadcast.id, 0) / PACE_SECONDS
            running = broadcast.state == "sending" and bool(broadcast.queued_count)
            broadcast.pace = (
                self.env._("%(pace)s a second", pace=f"{pace:.1f}") if running and pace else False
            )
            broadcast.time_left = (
                self.env["discom.whatsapp.audience"]._spoken_duration(broadcast.queued_count / pace)
                if running and pace
                else False
            )
            broadcast.wait_reason = running and broadcast._waiting_because(bool(pace))

    def _waiting_because(self, moving):
        """Say why nothing leaves at this moment, False while it does."""
        self.ensure_one()
        # Who sees the broadcast may know why it stands still.
        account = self.account_id.sudo()
        if account.state == "connected" and not self.template_id._is_sendable():
            return self.env._(
                "The template %(template)s is not approved in its category at this moment.",
                template=self.template_id.display_name,
            )
        return account._waiting_because(self.priority <= PRIORITY_OUTAGE, moving)

    def _compute_cost(self):
        billed = self.env["discom.whatsapp.rate"]._billed(self.ids)
        for broadcast in self:
            messages, amount = billed.get(broadcast.id, (0, 0.0))
            broadcast.cost = amount
            broadcast.cost_note = self.env._(
                "%(amount)s for %(messages)s delivered, of an estimated %(estimate)s",
                amount=formatLang(self.env, amount, currency_obj=self._rupee()),
                messages=messages,
                estimate=formatLang(self.env, broadcast.estimated_cost, currency_obj=self._rupee()),
            )

    @api.model
    def _rupee(self):
        return self.env.ref("base.INR").with_context(active_test=False)

    def action_open_reason(self, kind, value):
        """Open the messages behind a reason that the form shows.

        :param str kind: ``skip_reason`` or ``error_code``
        :param value: of that field
        """
        self.ensure_one()
        if kind not in ("skip_reason", "error_code"):
            return False
        action = self.action_open_messages()
        states = ("skipped", "cancelled") if kind == "skip_reason" else ("failed",)
        values = [value, 0, False] if kind == "error_code" and not value else [value]
        action["domain"] = [
            ("broadcast_id", "=", self.id),
            ("state", "in", states),
            (kind, "in", values),
        ]
        return action
