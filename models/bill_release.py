from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

MIN_REASON = 10


class DiscomBillRelease(models.Model):
    """Decision that bills may go out although a check found something: who, when and why."""

    _name = "discom.bill.release"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Release of Held Bills"
    _order = "id desc"
    _rec_name = "reason"
    _no_aadhaar = ("reason",)

    reason = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Released By", required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True)
    finding_ids = fields.One2many("discom.bill.finding", "release_id", "Findings")
    bill_count = fields.Integer("Bills", readonly=True)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("A release stays as it was given: it says who let the bill go out, and why.")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        raise UserError(self.env._("Releases are kept: they say who let a bill go out, and why."))


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    def action_release(self):
        """Ask for the reason with which held bills are released."""
        bills = self._selection()
        bills.check_access("write")
        held = bills.search([("id", "in", bills.ids), ("is_held", "=", True)])
        if not held:
            raise UserError(
                self.env._(
                    "None of these bills (%(count)s) is held back, so there is nothing to release.",
                    count=len(bills),
                )
            )
        wizard = self.env["discom.bill.release.ask"].create({"bill_ids": [(6, 0, held.ids)]})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Release held bills"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def _own_bills(self):
        """Those of these bills that the current user may not release: the own ones, where the
        company wants a second pair of eyes."""
        if self.env.su:
            return self.browse()
        return self.filtered(
            lambda bill: (
                bill.company_id.discom_release_four_eyes and bill.author_id == self.env.user
            )
        )

    def _release(self, reason):
        """Release held bills: their open findings count no more, and they become checked.

        :return: the release
        :raise UserError: for a reason that says nothing, or bills of the user's own
        """
        self.check_access("write")
        held = self.search([("id", "in", self.ids), ("is_held", "=", True)])
        reason = (reason or "").strip()
        if len(reason) < MIN_REASON:
            raise UserError(
                self.env._(
                    "Say in at least %(count)s letters why these bills may go out.",
                    count=MIN_REASON,
                )
            )
        if own := held._own_bills():
            raise UserError(
                self.env._(
                    "You entered or imported these yourself: %(bills)s. Somebody else has to "
                    "release them.",
                    bills=own._discom_names(),
                )
            )
        # Nobody may write releases or findings by hand.
        release = (
            self.env["discom.bill.release"]
            .sudo()
            .create(
                {
                    "reason": reason,
                    "user_id": self.env.uid,
                    "date": fields.Datetime.now(),
                    "bill_count": len(held),
                }
            )
        )
        self.env["discom.bill.finding"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE discom_bill_finding SET state = 'released', release_id = %s"
                " WHERE bill_id = ANY(%s) AND state = 'open'",
                release.id,
                list(held.ids),
            )
        )
        self.env["discom.bill.finding"].invalidate_model()
        held._apply_findings()
        return release.with_env(self.env)
