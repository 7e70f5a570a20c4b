"""After a disconnection: who has paid and is to be reconnected, and results that were wrong."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class DiscomNotice(models.Model):
    _inherit = "discom.notice"

    cut_payment_id = fields.Many2one(
        "discom.payment",
        "Last Payment before Cutting",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What the dues when cut were reckoned with; only what came after it counts for "
        "reconnection.",
    )

    def _visit_disconnected(self, today, vals):
        after = super()._visit_disconnected(today, vals)
        last = self.env["discom.payment"].search(
            [("partner_id", "=", self.partner_id.id)], order="id desc", limit=1
        )
        return {**after, "cut_payment_id": last.id}

    # === UNDO === #

    def _visit_to_undo(self):
        """The last result, unless it was undone already."""
        self.ensure_one()
        last = self.visit_ids.sorted("id")[-1:]
        return last.filtered(lambda visit: visit.outcome != "undone")

    def _undo(self, reason):
        """Undo the last result, for one that was entered at the wrong door.

        :raise UserError: without a reason or a result
        """
        self.ensure_one()
        self._check_groups(("discom.group_division_manager",))
        reason = " ".join((reason or "").split())
        if not reason:
            raise UserError(
                self.env._(
                    "Write why the result of %(notice)s is undone.", notice=self.display_name
                )
            )
        # sudo: results follow from visits, which nobody edits; who may undo them is checked above.
        notice = self.sudo()
        notice.lock_for_update()
        visit = notice._visit_to_undo()
        if not visit:
            raise UserError(
                self.env._("%(notice)s has no result to undo.", notice=self.display_name)
            )
        after = {"deferred_until": False, "outcome": "undone"}
        if visit.outcome == "disconnected":
            notice._set_status("live")
            notice.notice_id._set(state="served")
            after.update(state="listed", cut_on=False, cut_amount=0, cut_payment_id=False)
        elif visit.outcome == "reconnected":
            notice._set_status("temporary", discom_temporary_date=notice.cut_on)
            after.update(state="disconnected")
        notice._set(**after)
        # sudo: nobody edits visits; who may undo their results is checked above.
        record = (
            self.env["discom.notice.visit"]
            .sudo()
            .create(
                {
                    "notice_id": self.id,
                    "user_id": self.env.uid,
                    "outcome": "undone",
                    "undone_id": visit.id,
                    "note": reason,
                }
            )
        )
        # A payment may have come in between. sudo: how bills are settled is nobody's to write.
        self.env["discom.bill"].sudo()._settle(notice.partner_id.ids)
        return record

    # === RECONNECTION === #

    @api.model
    def _stop_paid(self, partner_ids):
        result = super()._stop_paid(partner_ids)
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM discom_notice WHERE partner_id IN %s"
                " AND state IN ('disconnected', 'reconnect')",
                partner_ids,
            )
        )
        self.browse(row[0] for row in rows)._follow_paid()
        return result

    def _follow_paid(self):
        """Who was disconnected and has paid is to be reconnected; taken back, it is not."""
        if not self:
            return
        enough = self._paid_enough()
        paid = self.filtered(lambda n: n.state == "disconnected" and n.id in enough)
        unpaid = self.filtered(lambda n: n.state == "reconnect" and n.id not in enough)
        if paid:
            paid._set(state="reconnect", deferred_until=False)
        if unpaid:
            unpaid._set(state="disconnected")

    def _paid_enough(self):
        """Ids of those whose consumer owes nothing more, or has paid the least part of what was due
        when supply was cut (payment rules; company setting).

        A payment counts that is not in these dues: recorded after the cut, though its money may
        have come before, as in a file of yesterday's payments.
        """
        self.env["discom.payment"].flush_model()
        self.env["discom.bill"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT notice.id, COALESCE(bill.amount_due, 0),
                       (SELECT COALESCE(SUM(payment.amount), 0) FROM discom_payment payment
                         WHERE payment.partner_id = notice.partner_id
                           AND payment.state = 'posted'
                           AND payment.id > COALESCE(notice.cut_payment_id, 0)
                           AND payment.date >= LEAST(listed.bill_date, notice.cut_on)
                           AND payment.date > COALESCE(listed.last_payment_date, '-infinity'))
                  FROM discom_notice notice
                  JOIN discom_bill listed ON listed.id = notice.bill_id
             LEFT JOIN discom_bill bill ON bill.partner_id = notice.partner_id AND bill.is_latest
                 WHERE notice.id = ANY(%s)
                """,
                self.ids,
            )
        )
        # sudo: what is enough to be connected again does not depend on who looks.
        rule = self.env["discom.payment.rule"].sudo()._current()
        enough, notices = set(), {notice.id: notice for notice in self}
        for notice_id, due, paid in rows:
            notice = notices[notice_id]
            part = (
                notice.company_id.discom_reconnect_on_part
                and rule
                and rule._part_of(notice.partner_id)
            )
            if due <= 0 or (part and paid >= part._least(notice.cut_amount) > 0):
                enough.add(notice_id)
        return enough

    def _tell_reconnected(self):
        """Tell the consumer, in the name of the officer who approved the list."""
        self.ensure_one()
        sender = self.officer_id or self.run_id.approver_id
        problem = self.with_user(sender)._whatsapp_send_quietly("reconnected")
        if problem:
            self.run_id.message_post(
                body=self.env._(
                    "%(notice)s: the message about the reconnection was not sent: %(reason)s",
                    notice=self.display_name,
                    reason=problem,
                )
            )
