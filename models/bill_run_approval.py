from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools import formats


class DiscomBillRun(models.Model):
    """The division manager's approval: for the bills as they were at that moment, no others.

    What is released or changed later waits for another approval. A correction of an issued bill
    belongs to no run; the check ``correction`` holds it back where it asks for another amount.
    """

    _inherit = "discom.bill.run"

    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_date = fields.Datetime("Approved On", readonly=True, copy=False)
    approved_count = fields.Integer("Bills Approved", readonly=True, copy=False, aggregator="sum")
    approved_amount = fields.Monetary("Amount Approved", readonly=True, copy=False)
    unapproved_count = fields.Integer(
        "Waiting for Approval",
        compute="_compute_unapproved_count",
        help="Checked bills that nobody has approved, or that changed after the approval.",
    )

    @api.depends("bill_ids.state", "approved_date")
    def _compute_unapproved_count(self):
        self.env["discom.bill"].flush_model(["state", "run_id"])
        self.flush_model(["approved_date"])
        counts = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT run.id, count(*)
                      FROM discom_bill_run run
                      JOIN discom_bill bill ON bill.run_id = run.id AND bill.state = 'checked'
                     WHERE run.id = ANY(%s) AND NOT (%s)
                  GROUP BY run.id
                    """,
                    list(self.ids),
                    self._sql_approved(),
                )
            )
        )
        for run in self:
            run.unapproved_count = counts.get(run.id, 0)

    # === ACTION METHODS === #

    def action_approve(self):
        """Approve the checked bills as they are now; those held back stay behind."""
        self.ensure_one()
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(self.env._("The division manager approves bill runs."))
        self._begin(("checked", "approved", "issued", "sending", "done"))
        if not self.checked_count:
            raise UserError(
                self.env._(
                    "No bill of %(run)s is checked and waits for approval. Check the bills first.",
                    run=self.display_name,
                )
            )
        if (
            self.company_id.discom_run_four_eyes
            and not self.env.su
            and self.env.user in self._takers()
        ):
            raise UserError(
                self.env._(
                    "You have taken in the files of this run yourself. Another manager approves it."
                )
            )
        count, amount = self.env.execute_query(
            SQL(
                "SELECT count(*), sum(amount_total) FROM discom_bill"
                " WHERE run_id = %s AND state = 'checked'",
                self.id,
            )
        )[0]
        self._set(
            state="approved" if self.state == "checked" else self.state,
            approved_by_id=self.env.uid,
            # As precise as the time at which bills change, which the approval is compared with.
            approved_date=self.env.cr.now().replace(microsecond=0),
            approved_count=self.approved_count + count,
            approved_amount=self.approved_amount + (amount or 0),
        )
        self.message_post(
            body=self.env._(
                "Bills approved: %(count)s, %(amount)s. Held back: %(held)s.",
                count=formats.number(count),
                amount=self.currency_id.format(amount or 0),
                held=formats.number(self.held_count),
            )
        )
        self._hand_over(self.user_id, lambda env: env._("Issue the approved bills"))
        return True

    # === BUSINESS METHODS === #

    def _takers(self):
        """Users who took the bills in and therefore do not approve them."""
        return self.create_uid

    @api.model
    def _sql_approved(self):
        """SQL condition: the bill ``bill`` is as it was when its run ``run`` was approved."""
        return SQL(
            "run.approved_date IS NOT NULL"
            " AND date_trunc('second', bill.write_date) <= run.approved_date"
        )
