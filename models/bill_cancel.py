"""Cancelling bills: one that has not left is given up, one that was issued needs a reason."""

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .bill import LIVE_STATES
from .bill_release import MIN_REASON


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    cancel_reason = fields.Char("Cancelled because", readonly=True, copy=False)
    cancel_user_id = fields.Many2one("res.users", "Cancelled by", readonly=True, copy=False)
    cancel_date = fields.Datetime("Cancelled on", readonly=True, copy=False)

    def action_cancel(self):
        """Cancel bills; the account may then have another bill for the period.

        Where some were issued the manager is asked for the reason first.
        """
        bills = self._selection().filtered(lambda bill: bill.state != "cancelled")
        bills._check_cancel()
        if not any(bill.state in LIVE_STATES for bill in bills):
            bills._cancel()
            return True
        wizard = self.env["discom.bill.cancel"].create({"bill_ids": [(6, 0, bills.ids)]})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel issued bills"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_cancel(self):
        """
        :raise AccessError: where some were issued, for anybody but the division manager
        :raise UserError: where one is paid
        """
        self._limited()
        self.check_access("write")
        if paid := self.filtered(lambda bill: bill.state == "paid" and bill.amount_paid):
            raise UserError(
                self.env._(
                    "Paid, so not to be cancelled: %(bills)s. Correct a paid bill instead.",
                    bills=paid._discom_names(),
                )
            )
        issued = self.filtered(lambda bill: bill.state in LIVE_STATES)
        manager = self.env.user.has_group("discom.group_division_manager")
        if issued and not (manager or self.env.su):
            raise AccessError(
                self.env._(
                    "Issued already: %(bills)s. The division manager cancels issued bills; you can "
                    "correct them instead.",
                    bills=issued._discom_names(),
                )
            )

    def _cancel_issued(self, reason):
        """Cancel bills that consumers may have had, for a reason that stays on the bill and with
        the consumer.

        :raise UserError: for a reason that says nothing
        """
        self._check_cancel()
        reason = " ".join((reason or "").split())
        if len(reason) < MIN_REASON:
            raise UserError(
                self.env._(
                    "Say in at least %(count)s letters why these bills are cancelled.",
                    count=MIN_REASON,
                )
            )
        bills = self.filtered(lambda bill: bill.state != "cancelled")
        bills._cancel()
        # Past the guard of write(): issued bills are frozen.
        models.Model.write(
            bills,
            {
                "cancel_reason": reason,
                "cancel_user_id": self.env.uid,
                "cancel_date": fields.Datetime.now(),
            },
        )
        # sudo: who manages bills need not be one who edits consumers.
        bills.partner_id.sudo()._message_log_batch(
            bodies={
                consumer.id: self.env._(
                    "Cancelled %(bills)s: %(reason)s",
                    bills=", ".join(same.mapped("display_name")),
                    reason=reason,
                )
                for consumer, same in bills.grouped("partner_id").items()
            }
        )
        return bills
