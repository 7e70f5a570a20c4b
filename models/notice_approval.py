from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..tools import formats
from ..tools.reader import read_by


class DiscomNoticeRun(models.Model):
    """Who agrees to an arrears run, and what that does."""

    _inherit = "discom.notice.run"

    may_approve = fields.Boolean(compute="_compute_may_approve")

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_may_approve(self):
        manager = self.env.user.has_group("discom.group_division_manager")
        for run in self:
            run.may_approve = (
                run.state == "submitted"
                and manager
                and (run.user_id != self.env.user or not run._needs_four_eyes())
            )

    # === ACTIONS === #

    def action_submit(self):
        """Ask the manager to approve."""
        self.ensure_one()
        self._begin(("proposed",))
        if not self.env["discom.notice"].search_count(
            [("run_id", "=", self.id), ("state", "=", "proposed")], limit=1
        ):
            raise UserError(self.env._("Nobody gets a step today, so there is nothing to approve."))
        self._set(state="submitted", user_id=self.env.uid)
        if not self._needs_four_eyes():
            return self._approve()
        for manager in self._approvers():
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=read_by(self, manager).env._("Approve the arrears run"),
                user_id=manager.id,
            )
        return True

    def action_approve(self):
        """Approve all that is proposed; notices get their numbers, the list its days."""
        self.ensure_one()
        self._begin(("submitted",))
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(self.env._("The division manager approves arrears runs."))
        if self.user_id == self.env.user and self._needs_four_eyes():
            raise AccessError(
                self.env._("This run is your own proposal: another manager approves it.")
            )
        return self._approve()

    def action_reject(self):
        """Give the run back to who proposed it."""
        self.ensure_one()
        self._begin(("submitted",))
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(self.env._("The division manager decides on arrears runs."))
        self._set(state="proposed")
        self.activity_unlink(["mail.mail_activity_data_todo"])
        return True

    # === BUSINESS METHODS === #

    def _needs_four_eyes(self):
        """Whether a step of this run is approved by somebody else than who proposed it."""
        self.ensure_one()
        return bool(
            self.env["discom.notice"].search_count(
                [
                    ("run_id", "=", self.id),
                    ("state", "=", "proposed"),
                    ("step_id.needs_approval", "=", True),
                ],
                limit=1,
            )
        )

    def _approvers(self):
        """Managers of the office of the run, without who proposed it."""
        # sudo: who may decide does not depend on who asks.
        managers = self.env.ref("discom.group_division_manager").sudo().all_user_ids
        path = self.office_id.parent_path
        return managers.filtered(
            lambda user: (
                user.active
                and user != self.user_id
                and any(path.startswith(office.parent_path) for office in user.discom_office_ids)
            )
        )

    def _check_listing(self, today):
        """Nobody is listed for disconnection before the day of the run, nor on a closed day.

        :raise UserError: when this run would do that today
        """
        if not self.env["discom.notice"].search_count(
            [
                ("run_id", "=", self.id),
                ("state", "=", "proposed"),
                ("kind", "=", "disconnection"),
            ],
            limit=1,
        ):
            return
        if self.date > today:
            raise UserError(
                self.env._(
                    "%(run)s lists consumers for disconnection, so it is approved on its day, not"
                    " before: until then the clear days of a notice may not be over.",
                    run=self.display_name,
                )
            )
        if self.env["discom.holiday"]._closed(self.office_id, today, today)(today):
            raise UserError(
                self.env._(
                    "Today is a closed day: nobody is listed for disconnection. Approve %(run)s on"
                    " the next open day, or take these consumers out.",
                    run=self.display_name,
                )
            )

    def _approve(self):
        """Approve what is proposed: number the notices, give the list its days."""
        today = self.env["discom.bill"]._today()
        self._check_listing(today)
        self.env.flush_all()
        stopped = self._stop_late()
        # sudo: users draw numbers from sequences without being allowed to read them.
        sequence = self.env.ref("discom.sequence_notice").sudo()
        # The numbers of one statement come from the sequence of the database itself: formal notices
        # of a division are some thousands a month.
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_notice notice
                   SET state = CASE notice.kind WHEN 'formal' THEN 'issued'
                                                WHEN 'disconnection' THEN 'listed'
                                                ELSE 'approved' END,
                       name = CASE notice.kind WHEN 'formal'
                                   THEN %(prefix)s || lpad(nextval(%(sequence)s)::text, 6, '0') END,
                       officer_id = %(uid)s,
                       date_issued = %(today)s,
                       write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
                 WHERE notice.run_id = %(run)s AND notice.state = 'proposed'
                """,
                prefix=f"N/{today:%Y}/",
                sequence=f"ir_sequence_{sequence.id:03d}",
                uid=self.env.uid,
                today=today,
                run=self.id,
            )
        )
        count = self.env.cr.rowcount
        self.env["discom.notice"].invalidate_model()
        self.invalidate_recordset()
        self._set(state="approved", approver_id=self.env.uid, approved_at=fields.Datetime.now())
        self.activity_unlink(["mail.mail_activity_data_todo"])
        self.message_post(
            body=self.env._(
                "%(user)s approved %(count)s steps of %(date)s.",
                user=self.env.user.name,
                count=formats.number(count),
                date=format_date(self.env, self.date),
            )
        )
        if stopped:
            self.message_post(
                body=self.env._(
                    "%(count)s of those proposed were stopped, for a reason that was not known"
                    " then.",
                    count=formats.number(stopped),
                )
            )
        return True
