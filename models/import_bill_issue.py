from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .bill_workflow import DIRECT_BILLS
from .import_engine import ANALYZE_ABOVE

# Bills issued in one committed batch in the background.
ISSUE_BATCH = 20_000


class DiscomImport(models.Model):
    """Issuing the bills of a file that belongs to no bill run."""

    _inherit = "discom.import"

    issue_waiting = fields.Boolean(
        readonly=True, copy=False, help="The background issues the checked bills of this import."
    )
    bill_count = fields.Integer(compute="_compute_bill_count")
    bill_ready_count = fields.Integer(compute="_compute_bill_count")

    def _compute_bill_count(self):
        counts = self.env["discom.bill"]._read_group(
            [("import_id", "in", self.ids)], ["import_id", "state"], ["__count"]
        )
        for record in self:
            states = {state: count for job, state, count in counts if job == record}
            record.bill_count = sum(states.values())
            record.bill_ready_count = states.get("checked", 0)

    def action_issue_bills(self):
        """Issue the checked bills of this import, however many."""
        self.ensure_one()
        bills = self.env["discom.bill"]
        bills.check_access("write")
        # The import holds bills of its own office only, which the user was checked for.
        self.check_access("write")
        waiting = self.bill_ready_count
        if not waiting:
            raise UserError(
                self.env._(
                    "No bill of this import is checked and waits to be issued. Correct "
                    "what was held back, and check it."
                )
            )
        if waiting > DIRECT_BILLS:
            self._write_progress(issue_waiting=True, user_id=self.env.uid)
            self.env.ref("discom.import_cron_run")._trigger()
            return bills._notify(
                self.env._(
                    "Bills being issued in the background: %(count)s. This page shows how "
                    "far it has come.",
                    count=waiting,
                )
            )
        issued = self._issue_next()[1]
        return bills._notify(
            self.env._(
                "Bills issued: %(done)s. Held back: %(held)s.", done=issued, held=waiting - issued
            ),
            warning=issued < waiting,
        )

    def _issue_next(self):
        """Issue the next batch of checked bills of this import.

        :return: number of bills looked at, 0 at the end, and of bills issued
        """
        bills = self.env["discom.bill"].search(
            [("import_id", "=", self.id), ("state", "=", "checked")], order="id", limit=ISSUE_BATCH
        )
        issued = bills._issue()
        if len(bills) < ISSUE_BATCH:
            if self.applied_count > ANALYZE_ABOVE:
                # As after the import itself: who owes how much is looked up next.
                self.env.cr.execute("ANALYZE discom_ageing")
            self._write_progress(issue_waiting=False)
        return len(bills), issued

    def _fail(self, message):
        if self.state != "done":
            return super()._fail(message)
        return self._write_progress(issue_waiting=False, message=message)

    def _background_domain(self):
        return super()._background_domain() | Domain("issue_waiting", "=", True)

    def _work(self):
        if self.state == "done":
            while self._issue_next()[0]:
                if not self.env["ir.cron"]._commit_progress(1, remaining=1):
                    return False
            return True
        return super()._work()

    def action_open_bills(self):
        """Show the bills of this import."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_bill_action")
        action["domain"] = [("import_id", "=", self.id)]
        action["context"] = {}
        return action
