"""The field list: who goes where, what was found there, who is to be reconnected."""

from datetime import datetime, timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..tools.indian_time import INDIA
from .notice_propose import NOTICE_DAYS
from .notice_visit import OUTCOMES

#: Who may enter what was found at a door.
FIELD_GROUPS = (
    "discom.group_field_surveyor",
    "discom.group_outage_operator",
    "discom.group_billing_clerk",
)
#: Who may say which colleague goes where.
ASSIGN_GROUPS = ("discom.group_outage_operator", "discom.group_billing_clerk")
#: States in which somebody has to go there.
FIELD_STATES = ("listed", "reconnect")


class DiscomNotice(models.Model):
    _inherit = "discom.notice"

    feeder_id = fields.Many2one(
        "discom.asset",
        readonly=True,
        ondelete="restrict",
        help="That supplied the connection when it was listed.",
    )
    user_id = fields.Many2one(
        "res.users", "Assigned to", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    deferred_until = fields.Date(
        "Put off until",
        readonly=True,
        help="The consumer promised to pay by this day, or says it is paid; then it comes back.",
    )
    visit_ids = fields.One2many("discom.notice.visit", "notice_id", "Results", readonly=True)
    outcome = fields.Selection(OUTCOMES, "Last Result", readonly=True)
    visited_on = fields.Date("Last Visit", readonly=True)
    cut_amount = fields.Monetary("Dues when Cut", readonly=True)
    cut_on = fields.Date("Disconnected on", readonly=True)

    _field_idx = models.Index("(partner_id) WHERE state IN ('listed', 'disconnected', 'reconnect')")

    # === ACTIONS === #

    def action_assign(self):
        """Ask which colleague goes there."""
        self._check_groups(ASSIGN_GROUPS)
        self._check_states(FIELD_STATES)
        return self._open_dialog("discom.notice.assign", self.env._("Assign"))

    def action_result(self):
        """Open the form for the result of a visit."""
        self.ensure_one()
        self._check_groups(FIELD_GROUPS)
        self._check_states(FIELD_STATES)
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_notice_result_action")
        action["context"] = {"default_notice_id": self.id}
        return action

    def action_undo(self):
        """Ask for the reason, then undo the last result."""
        self.ensure_one()
        self._check_groups(("discom.group_division_manager",))
        if not self._visit_to_undo():
            raise UserError(
                self.env._("%(notice)s has no result to undo.", notice=self.display_name)
            )
        action = self._open_dialog("discom.notice.undo", self.env._("Undo"))
        action["context"] = {"default_notice_id": self.id}
        return action

    # === RIGHTS === #

    def _check_groups(self, groups):
        """
        :raise AccessError: unless the user has one of ``groups`` and sees these notices
        """
        self.check_access("read")
        if not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(
                self.env._(
                    "Your role does not do this with notices. Ask your manager, or the "
                    "administrator for the role."
                )
            )

    # === ASSIGNMENT === #

    def _assign(self, user):
        """Put these on the list of ``user``; of nobody where it is empty.

        :raise UserError: when one of them lies outside the offices of that colleague
        """
        self._check_groups(ASSIGN_GROUPS)
        self._check_states(FIELD_STATES)
        if user:
            # sudo: offices of a colleague are read to see that the list reaches him.
            paths = user.sudo().discom_scope_ids.mapped("parent_path")
            outside = self.filtered(
                lambda notice: (
                    not any((notice.office_id.parent_path or "").startswith(path) for path in paths)
                )
            )
            if outside:
                raise UserError(
                    self.env._(
                        "%(user)s does not work for %(office)s, where these are: %(notices)s. "
                        "Choose somebody else for them.",
                        user=user.name,
                        office=outside[0].office_id.name,
                        notices=outside._discom_names(),
                    )
                )
        self._set(user_id=user.id)

    # === RESULTS === #

    def _record_visit(self, outcome, **vals):
        """Write down what was found, and what follows from it.

        :param str outcome: key of ``OUTCOMES``
        :param vals: values of the visit
        :raise UserError: where the result cannot be, with what stands in the way
        """
        self.ensure_one()
        self._check_groups(FIELD_GROUPS)
        # sudo: field staff change nothing of a notice by hand, this follows from the result. The
        # lock: a payment that arrives in this moment is waited for, and counts.
        notice = self.sudo()
        notice.lock_for_update()
        wanted = "reconnect" if outcome == "reconnected" else "listed"
        if notice.state != wanted:
            raise UserError(notice._wrong_state_text(outcome))
        today = self.env["discom.bill"]._today()
        after = {"outcome": outcome, "visited_on": today}
        after.update(getattr(notice, f"_visit_{outcome}", notice._visit_other)(today, vals))
        # sudo: visits are written by this method alone.
        visit = (
            self.env["discom.notice.visit"]
            .sudo()
            .create({"notice_id": self.id, "user_id": self.env.uid, "outcome": outcome, **vals})
        )
        notice._set(**after)
        return visit

    def _wrong_state_text(self, outcome):
        self.ensure_one()
        if self.state == "paid" and outcome == "disconnected":
            return self.env._(
                "%(consumer)s has paid meanwhile. Do not cut the supply.",
                consumer=self.partner_id.display_name,
            )
        labels = dict(self._fields["state"]._description_selection(self.env))
        return self.env._(
            "%(consumer)s is “%(state)s”, so this result cannot be entered. Reload the list.",
            consumer=self.partner_id.display_name,
            state=labels[self.state],
        )

    def _visit_other(self, today, vals):
        """Closed or refused: it stays on the list."""
        return {}

    def _visit_paid(self, today, vals):
        """The consumer shows a receipt: put off until the counter has had time to enter it. Or a
        counter clerk took the money: a least part payment puts it off as a promise does."""
        payment = vals.pop("payment", None)
        company = self.company_id
        if not payment:
            if not vals.get("receipt_no"):
                raise UserError(
                    self.env._("Enter the number of the receipt that the consumer shows.")
                )
            return {"deferred_until": today + timedelta(days=company.discom_claim_days)}
        if not self.env.user.has_group("discom.group_counter_clerk"):
            raise UserError(
                self.env._(
                    "Only counter clerks take money. Write down the number of the receipt that the"
                    " consumer shows."
                )
            )
        if (payment.get("amount") or 0) <= 0:
            raise UserError(self.env._("Enter the amount that you took."))
        due, partner = self._due_now(), self.partner_id
        rule = self.env["discom.payment.rule"]._current()
        part = rule and rule._part_of(partner)
        # With the rights of the clerk, as at the counter.
        payments = self.env(su=False)["discom.payment"]
        vals["payment_id"] = payments.create({"partner_id": partner.id, **payment}).id
        if part and payment["amount"] >= part._least(due):
            return {"deferred_until": today + timedelta(days=company.discom_promise_days)}
        return {}

    def _visit_promised(self, today, vals):
        """Put off until the promised day, at most some days and never twice in a row."""
        day = fields.Date.to_date(vals.get("promised_on"))
        last = today + timedelta(days=self.company_id.discom_promise_days)
        if not day or not today < day <= last:
            raise UserError(
                self.env._(
                    "A promise is for a day after today, until %(date)s.",
                    date=format_date(self.env, last),
                )
            )
        promises = self.visit_ids.sorted("id").filtered(
            lambda visit: visit.outcome == "promised" and not visit.undone
        )
        if promises and len(promises) >= self.company_id.discom_promise_times:
            raise UserError(
                self.env._(
                    "%(consumer)s has promised %(count)s times already, last for %(date)s. Only a"
                    " payment, or a payment plan, puts it off again.",
                    consumer=self.partner_id.display_name,
                    count=len(promises),
                    date=format_date(self.env, promises[-1].promised_on),
                )
            )
        return {"deferred_until": day}

    def _visit_disconnected(self, today, vals):
        """Supply was cut: allowed today, of this consumer, with proof."""
        self._check_cut(today)
        self._check_proof(vals)
        self._set_status("temporary", discom_temporary_date=today)
        # The notice has had its effect: after reconnection a new one is needed.
        self.notice_id._set(state="acted")
        return {
            "state": "disconnected",
            "cut_on": today,
            "cut_amount": self._due_now(),
            "deferred_until": False,
        }

    def _visit_reconnected(self, today, vals):
        """Supply is back: the connection is live, and the consumer is told."""
        self._check_proof(vals)
        self._set_status("live")
        self._set(state="reconnected")
        self._tell_reconnected()
        return {"deferred_until": False}

    def _check_proof(self, vals):
        """
        :raise UserError: without the reading of a meter that is there, with one that runs back and
            no remark, or without a photo
        """
        reading = vals.get("reading")
        if not self.partner_id.discom_unmetered and (reading is None or reading <= 0):
            raise UserError(
                self.env._(
                    "%(consumer)s: enter the reading of the meter.",
                    consumer=self.partner_id.display_name,
                )
            )
        last = self._last_reading()
        if not self.partner_id.discom_unmetered and reading < last and not vals.get("note"):
            raise UserError(
                self.env._(
                    "%(reading)s is less than the last reading, %(last)s. Look at the meter again."
                    " Where it is right, say why in the remark, as of a new meter.",
                    reading=f"{reading:.12g}",
                    last=f"{last:.12g}",
                )
            )
        if not vals.get("photo"):
            raise UserError(self.env._("Take a photo of the meter with its reading."))

    def _check_cut(self, today):
        """
        :raise UserError: when supply may not be cut here and now, with the reason
        """
        now = datetime.now(INDIA)
        company, hour = self.company_id, now.hour + now.minute / 60
        if self.cut_from and today < self.cut_from:
            raise UserError(
                self.env._(
                    "Supply may be cut from %(date)s on, not before: the clear days of the notice"
                    " have to pass.",
                    date=format_date(self.env, self.cut_from),
                )
            )
        if self.env["discom.holiday"]._closed(self.office_id, today, today)(today):
            raise UserError(self.env._("Today is a closed day: no supply is cut."))
        if not company.discom_cut_from <= hour < company.discom_cut_until:
            raise UserError(
                self.env._(
                    "Supply is cut between %(begin)s and %(end)s only.",
                    begin=_clock(company.discom_cut_from),
                    end=_clock(company.discom_cut_until),
                )
            )
        formal = self.notice_id
        if formal.state != "served" or formal.served_on <= today - timedelta(days=NOTICE_DAYS):
            raise UserError(
                self.env._(
                    "The notice on which this rests holds no more (%(notice)s). Do not cut the"
                    " supply.",
                    notice=formal.display_name or "–",
                )
            )
        if self.partner_id.discom_status != "live":
            raise UserError(
                self.env._(
                    "%(consumer)s is disconnected already. Reload the list.",
                    consumer=self.partner_id.display_name,
                )
            )
        if self._due_now() <= 0:
            raise UserError(self._paid_text())
        if reason := self._stops_now().get(self.id):
            labels = dict(self._fields["stop_reason"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "Do not cut the supply of %(consumer)s: %(reason)s.",
                    consumer=self.partner_id.display_name,
                    reason=labels[reason],
                )
            )

    def _paid_text(self):
        return self.env._(
            "%(consumer)s has paid meanwhile. Do not cut the supply.",
            consumer=self.partner_id.display_name,
        )

    def _due_now(self):
        """Dues of the consumer, in rupees."""
        return self._latest_bill().amount_due

    def _last_reading(self):
        """What the meter showed last, in kWh: when supply was cut, else on the latest bill."""
        cut = self.visit_ids.filtered(lambda visit: visit.reading and not visit.undone)
        return cut.sorted("id")[-1:].reading or self._latest_bill().reading_current

    def _latest_bill(self):
        return self.env["discom.bill"].search(
            [("partner_id", "=", self.partner_id.id), ("is_latest", "=", True)], limit=1
        )

    def _set_status(self, status, **vals):
        """Write the status of the connection; the change stands in its history."""
        # sudo: who enters a result need not be one who edits consumers.
        self.partner_id.sudo().write({"discom_status": status, **vals})


class DiscomNoticeRun(models.Model):
    _inherit = "discom.notice.run"

    def _approve(self):
        """Give those who are listed their feeder, by which the field list is divided."""
        result = super()._approve()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_notice notice
                   SET feeder_id = feeder.id
                  FROM res_partner p
                  JOIN discom_asset asset ON asset.id = p.discom_asset_id
                  JOIN discom_asset feeder ON feeder.kind = 'feeder'
                   AND asset.parent_path LIKE feeder.parent_path || '%%'
                 WHERE p.id = notice.partner_id AND notice.run_id = %s
                   AND notice.state = 'listed'
                """,
                self.id,
            )
        )
        self.env["discom.notice"].invalidate_model(["feeder_id"])
        return result


def _clock(hours):
    """``8.5`` as ``08:30``."""
    return f"{int(hours):02d}:{round(hours % 1 * 60):02d}"
