import ast

from odoo import api, fields, models
from odoo.exceptions import UserError

from .whatsapp_message import REACHED

NOT_SENT = ("skipped", "cancelled")


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    run_id = fields.Many2one(
        "discom.bill.run", readonly=True, copy=False, ondelete="restrict", check_company=True
    )

    _run_state_idx = models.Index("(run_id, state, is_held) WHERE run_id IS NOT NULL")

    def action_issue(self):
        """Bills of a run are issued by it, after its approval."""
        runs = self.env["discom.bill.run"].search(
            [("bill_ids", "in", self.ids), ("state", "!=", "cancelled")], limit=1
        )
        if runs:
            raise UserError(
                self.env._(
                    "Bills of the run %(run)s are among these. That run issues them once "
                    "it is approved; open it, or leave its bills out.",
                    run=runs.display_name,
                )
            )
        return super().action_issue()


class DiscomWhatsappBroadcast(models.Model):
    _inherit = "discom.whatsapp.broadcast"

    run_id = fields.Many2one(
        "discom.bill.run",
        "Bill Run",
        compute="_compute_run_id",
        store=True,
        index="btree_not_null",
    )

    @api.depends("res_model", "res_domain")
    def _compute_run_id(self):
        """The run all of whose bills are sent, from the domain that says so."""
        for broadcast in self:
            broadcast.run_id = False
            if broadcast.res_model == "discom.bill" and broadcast.purpose == "bill":
                match ast.literal_eval(broadcast.res_domain):
                    case [("run_id" | "run_id.id", "=", int(run_id))]:
                        broadcast.run_id = run_id

    def _start(self):
        """A run is being sent once its broadcast is confirmed."""
        result = super()._start()
        # Nobody may write the state of a run by hand.
        runs = self.sudo().run_id.filtered(lambda run: run.state in ("issued", "done"))
        for run in runs:
            run._set(state="sending")
            run._close_activities()
        return result

    @api.model
    def _close(self):
        result = super()._close()
        self.env["discom.bill.run"]._close_sent()
        return result


class DiscomBillRun(models.Model):
    _inherit = "discom.bill.run"

    broadcast_ids = fields.One2many("discom.whatsapp.broadcast", "run_id", "Sendings")
    broadcast_count = fields.Integer("Broadcasts", compute="_compute_messages")
    sent_count = fields.Integer("Sent", compute="_compute_messages")
    delivered_count = fields.Integer("Delivered", compute="_compute_messages")
    failed_count = fields.Integer("Failed", compute="_compute_messages")
    skipped_count = fields.Integer("Not Sent", compute="_compute_messages")
    delivered_share = fields.Float("Delivered (%)", compute="_compute_messages")

    @api.depends("broadcast_ids")
    def _compute_messages(self):
        counts = {}
        messages = self.env["discom.whatsapp.message"]
        for broadcast, state, count in messages._read_group(
            [("broadcast_id", "in", self.broadcast_ids.ids), ("state", "not in", NOT_SENT)],
            ["broadcast_id", "state"],
            ["__count"],
        ):
            by_state = counts.setdefault(broadcast.run_id.id, {})
            by_state[state] = by_state.get(state, 0) + count
        skipped = {
            broadcast.run_id.id: count
            for broadcast, count in messages._read_group(
                self._not_sent_domain(), ["broadcast_id"], ["__count"]
            )
        }
        for run in self:
            by_state = counts.get(run.id, {})

            def total(*states, by_state=by_state):
                return sum(by_state.get(state, 0) for state in states)

            run.broadcast_count = len(run.broadcast_ids)
            run.sent_count = total(*REACHED)
            run.delivered_count = total("delivered", "read")
            run.failed_count = total("failed", "unknown")
            run.skipped_count = skipped.get(run.id, 0)
            meant = sum(by_state.values())
            run.delivered_share = 100 * run.delivered_count / meant if meant else 0

    def _not_sent_domain(self):
        """Domain of the messages that say why a bill was not sent: those of the last sending, which
        tries all bills of the run again, without the bills that had gone out before it."""
        begun = [run.broadcast_ids.filtered("planned_count") for run in self]
        last = [max(broadcasts.ids) for broadcasts in begun if broadcasts]
        return [
            ("broadcast_id", "in", last),
            ("state", "in", NOT_SENT),
            ("skip_reason", "!=", "duplicate"),
        ]

    def action_open_broadcasts(self):
        """Open the broadcast of the run, or the list where it was sent in several."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_whatsapp_broadcast_action"
        )
        action["domain"] = [("run_id", "=", self.id)]
        action["context"] = {}
        if len(self.broadcast_ids) == 1:
            action.update(view_mode="form", views=[(False, "form")], res_id=self.broadcast_ids.id)
        return action

    def action_open_messages(self):
        """Open the messages of the run; the context's ``message_states`` narrows them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_whatsapp_message_action"
        )
        action["domain"] = [("broadcast_id.run_id", "=", self.id)]
        states = self.env.context.get("message_states")
        if states and set(states) <= set(NOT_SENT):
            action["domain"] = self._not_sent_domain()
        elif states:
            action["domain"] += [("state", "in", states)]
        action["context"] = {}
        return action
