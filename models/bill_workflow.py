from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .bill import EDITABLE_STATES

# Bills that are checked or issued while the user waits.
DIRECT_BILLS = 10_000


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    # === ACTION METHODS === #

    def action_check(self):
        """Check drafts. Those without an open error become checked, the others are held back."""
        bills = self._selection()._limited()
        bills.check_access("write")
        bills = bills._in_state("draft")
        bills._evaluate_checks()
        held = bills.search([("id", "in", bills.ids), ("is_held", "=", True)])
        return self._notify(
            held.finding_text
            if held and len(bills) == 1
            else self.env._(
                "Bills checked: %(done)s. Held back as drafts: %(held)s.",
                done=len(bills) - len(held),
                held=len(held),
            ),
            warning=bool(held),
        )

    def action_issue(self):
        """Issue checked bills: they become frozen and enter the ledger."""
        bills = self._selection()._limited()
        # The people who may write bills issue them; the statement below passes the ORM by.
        bills.check_access("write")
        self._check_without_run(len(bills.filtered(lambda bill: bill.state == "checked")))
        issued = bills._issue()
        if not issued and len(bills) == 1 and bills.is_held:
            return self._notify(bills.finding_text, warning=True)
        if not issued and not any(bills.mapped("is_held")):
            raise UserError(
                self.env._(
                    "None of these bills (%(count)s) is checked, so none was issued. Check "
                    "them first.",
                    count=len(bills),
                )
            )
        return self._notify(
            self.env._(
                "Bills issued: %(done)s. Left as they were: %(left)s.",
                done=issued,
                left=len(bills) - issued,
            ),
            warning=issued < len(bills),
        )

    @api.model
    def _check_without_run(self, count):
        """Refuse to issue many bills past the approval that a bill run needs.

        :param int count: bills that would be issued
        :raise UserError: above the company's limit, for anybody but the division manager
        """
        limit = self.env.company.discom_issue_without_run
        if count <= limit or self.env.user.has_group("discom.group_division_manager"):
            return
        raise UserError(
            self.env._(
                "%(count)s bills are too many to be issued without approval (at most %(limit)s). "
                "Put the file into a bill run; the division manager approves it.",
                count=count,
                limit=limit,
            )
        )

    def action_draft(self):
        """Take checked bills back for corrections in place."""
        self._selection().filtered(lambda bill: bill.state == "checked")._set_state("draft")
        return True

    def action_correct(self):
        """Open a new draft that will replace this issued bill when it is issued itself."""
        self.ensure_one()
        if self.state in ("draft", "checked", "cancelled"):
            raise UserError(
                self.env._(
                    "%(bill)s is not issued, so it needs no correction. Change the bill "
                    "itself, or make a new one if it is cancelled.",
                    bill=self.display_name,
                )
            )
        correction = self.create(self._prepare_correction_vals())
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": correction.id,
            "view_mode": "form",
        }

    def action_open_corrections(self):
        """Show the bill that this one corrects and the corrections of this one."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Corrections"),
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("id", "in", (self.correction_of_id | self.correction_ids).ids)],
        }

    def action_open_payments(self):
        """Show the payments that count for this bill."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_payment_action")
        action["domain"] = self._payment_domain()
        action["context"] = {"default_partner_id": self.partner_id.id}
        return action

    # === BUSINESS METHODS === #

    def _selection(self):
        """The bills the user selected in a list: all of the domain where *select all* was used,
        of which the web client hands over no more than ``web.active_ids_limit`` ids."""
        domain = self.env.context.get("active_domain")
        limit = int(
            # The limit is a setting of the web client that every user may know.
            self.env["ir.config_parameter"].sudo().get_param("web.active_ids_limit", 20_000)
        )
        if domain and len(self) >= limit and self.env.context.get("active_model") == self._name:
            return self.search(domain)
        return self

    def _limited(self):
        """These bills, unless they are more than somebody should wait for.

        :raise UserError: which says what to use instead
        """
        if len(self) > DIRECT_BILLS:
            raise UserError(
                self.env._(
                    "%(count)s bills are too many to wait for. Check and issue them in their bill "
                    "run, which works in the background.",
                    count=len(self),
                )
            )
        return self

    def _in_state(self, state):
        """Those of these bills that are in ``state``, without reading all else of them."""
        self.flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM discom_bill WHERE id = ANY(%s) AND state = %s ORDER BY id",
                list(self.ids),
                state,
            )
        )
        return self.browse([row[0] for row in rows])

    def _prepare_correction_vals(self):
        """Values of a draft that repeats this bill, for the clerk to correct.

        The bill date stays: payments made since then count for the correction as well.
        """
        vals = self.copy_data()[0]
        vals.update(
            correction_of_id=self.id,
            line_ids=[
                (
                    0,
                    0,
                    {
                        key: line[key]
                        for key in ("sequence", "head", "name", "quantity", "rate", "amount")
                    },
                )
                for line in self.line_ids
            ],
            amount_current=self.amount_current,
            amount_total=self.amount_total,
        )
        return vals

    def _issue(self):
        """Issue those of these bills that are checked, in one statement; cancel what they correct,
        settle the accounts.

        They are checked once more: since the first time they may have been changed, payments have
        come in, and the due date has drawn nearer. What a check finds now is held back.

        :return: number of bills issued
        """
        bills = self._in_state("checked")
        bills._evaluate_checks()
        self.env["discom.bill"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_bill bill
                   SET state = 'issued', issued_date = NOW() AT TIME ZONE 'UTC',
                       write_uid = %s, write_date = NOW() AT TIME ZONE 'UTC'
                 WHERE bill.state = 'checked' AND bill.id = ANY(%s)
             RETURNING bill.partner_id, bill.correction_of_id
                """,
                self.env.uid,
                list(bills.ids),
            )
        )
        rows = self.env.cr.fetchall()
        self.env["discom.bill"].invalidate_model(
            ["state", "issued_date", "write_date", "write_uid"]
        )
        corrected = self.browse({corrected for _partner, corrected in rows if corrected})
        if corrected:
            corrected._cancel()
        self._settle({partner for partner, _corrected in rows})
        return len(rows)

    def _cancel(self):
        """Cancel bills whatever their state and settle their accounts anew."""
        self._set_state("cancelled")
        self.env["discom.bill"].flush_model(["state"])
        # What was to correct one of them becomes the bill of the period itself: there is one.
        drafts = self.correction_ids.filtered(lambda bill: bill.state in EDITABLE_STATES)
        models.Model.write(drafts, {"correction_of_id": False})
        self.env.cr.execute(
            SQL("UPDATE discom_bill SET is_latest = FALSE WHERE id = ANY(%s)", list(self.ids))
        )
        self.invalidate_recordset(["is_latest"])
        self._settle(self.partner_id.ids)

    def _payment_domain(self):
        """Domain of the payments that count for this bill; the same rule as in ``_settle``."""
        self.ensure_one()
        domain = [
            ("partner_id", "=", self.partner_id.id),
            ("state", "=", "posted"),
            ("date", ">=", self.bill_date),
        ]
        if self.last_payment_date:
            domain.append(("date", ">", self.last_payment_date))
        return domain

    def _notify(self, message, warning=False, close=False):
        """Client action that tells the outcome of a mass action and reloads the list.

        :param close: whether it ends a dialog
        """
        if close:
            following = {"type": "ir.actions.act_window_close"}
        else:
            following = {"type": "ir.actions.client", "tag": "soft_reload"}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": "warning" if warning else "success",
                "next": following,
            },
        }
