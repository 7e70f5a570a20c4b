from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_datetime, plaintext2html

from ..tools.reader import read_by

#: A broadcast is put off by this time at most: consent and amounts change meanwhile.
SCHEDULE_DAYS = 30
#: What one person sends in this time counts as one sending, into however many parts it is split.
APPROVAL_SPAN = timedelta(hours=24)


class DiscomWhatsappBroadcast(models.Model):
    """When a broadcast begins and who has to agree first.

    ::

        composer -> to_approve -> scheduled -> planning -> sending -> done
              |          '-> rejected    ^
              '-> scheduled | planning --'

    Nobody may write broadcasts: each step is a method that looks at who takes it.
    """

    _inherit = "discom.whatsapp.broadcast"

    send_at = fields.Datetime(
        "Begin At", readonly=True, tracking=True, help="Empty: at once, or when it is approved."
    )
    send_count = fields.Integer("To Be Sent", readonly=True, aggregator="sum")
    approver_id = fields.Many2one("res.users", "Decided By", readonly=True, tracking=True)
    approved_at = fields.Datetime("Decided At", readonly=True)
    approval_exempt = fields.Boolean(
        readonly=True, help="Urgent, or the records themselves were approved by another person."
    )
    reject_reason = fields.Char(readonly=True, tracking=True)
    may_approve = fields.Boolean(compute="_compute_may_approve")
    sample = fields.Html(compute="_compute_sample", sanitize=False)

    @api.depends("user_id", "state")
    @api.depends_context("uid")
    def _compute_may_approve(self):
        for broadcast in self:
            broadcast.may_approve = broadcast.state == "to_approve" and bool(
                broadcast._approvers() & self.env.user
            )

    @api.depends("state", "template_id")
    @api.depends_context("uid")
    def _compute_sample(self):
        for broadcast in self:
            broadcast.sample = False
            waits = broadcast.state in ("to_approve", "scheduled") and broadcast.user_id.active
            # Only to who may see all that the sender sees.
            if not waits or self.env.user not in broadcast._approvers() | broadcast.user_id:
                continue
            self.env.cr.execute(
                SQL(
                    "SELECT * FROM (%s) audience WHERE reason IS NULL LIMIT 1",
                    broadcast._audience_sql(broadcast.user_id),
                )
            )
            broadcast.sample = broadcast._preview_of(self.env.cr.dictfetchall()) or False

    # === ACTIONS === #

    def action_approve(self):
        """Let these broadcasts leave; by a manager of the sender's offices, never by the sender.

        What has grown since it was asked for is shown with its new figure first.
        """
        steered = self._decided()
        grown = steered.filtered(lambda broadcast: broadcast._recount())
        agreed = steered - grown
        now = fields.Datetime.now()
        agreed.write({"approver_id": self.env.uid, "approved_at": now})
        agreed._close_request()
        for broadcast in agreed:
            broadcast._begin()
        return grown._tell_grown() if grown else True

    def action_reject(self, reason=None):
        """Refuse these broadcasts with a reason that the sender reads.

        :param str reason: what is wrong
        """
        reason = " ".join((reason or "").split())
        if not reason:
            raise UserError(self.env._("Write why it is refused: the sender has to put it right."))
        steered = self._decided()
        steered.write(
            {
                "state": "rejected",
                "approver_id": self.env.uid,
                "approved_at": fields.Datetime.now(),
                "reject_reason": reason,
            }
        )
        steered._close_request()
        for broadcast in steered:
            broadcast.message_post(
                body=self.env._(
                    "Refused by %(user)s: %(reason)s", user=self.env.user.name, reason=reason
                ),
                partner_ids=broadcast.user_id.partner_id.ids,
            )
        return True

    def action_open_reject(self):
        """Ask for the reason."""
        self.ensure_one()
        self._decided()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse this broadcast"),
            "res_model": "discom.whatsapp.broadcast.reject",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_broadcast_id": self.id},
        }

    def _decided(self):
        """Return these broadcasts with the right to decide on them, or say why not."""
        self.check_access("read")
        for broadcast in self:
            if broadcast.state != "to_approve":
                raise UserError(
                    self.env._(
                        "“%(name)s” does not wait for approval any more. Reload the page.",
                        name=broadcast.name,
                    )
                )
            if broadcast.user_id == self.env.user:
                raise AccessError(
                    self.env._(
                        "“%(name)s” is your own: another person has to approve it.",
                        name=broadcast.name,
                    )
                )
            if self.env.user not in broadcast._approvers():
                raise AccessError(
                    self.env._(
                        "“%(name)s” is approved by a division manager of all offices for which"
                        " %(user)s sends.",
                        name=broadcast.name,
                        user=broadcast.user_id.name,
                    )
                )
        # The check above is the right that is needed.
        return self.sudo()

    # === BUSINESS METHODS === #

    def _approvers(self):
        """Return the managers of all offices of the sender, without him."""
        self.ensure_one()
        # Who may decide does not depend on who asks.
        managers = self.env.ref("discom.group_division_manager").sudo().all_user_ids
        sender = self.user_id.sudo()
        return managers.filtered(
            lambda user: (
                user.active
                and not user._is_superuser()
                and user != sender
                and self.company_id in user.company_ids
                and sender.discom_scope_ids
                and all(
                    any(
                        office.parent_path.startswith(above.parent_path)
                        for above in user.discom_scope_ids
                    )
                    for office in sender.discom_scope_ids
                )
            )
        )

    def _recount(self):
        """Count anew who receives it; return whether they are more than before."""
        self.ensure_one()
        before = self.send_count
        self.send_count = self._count_audience()
        return self.send_count > before

    def _tell_grown(self):
        """Return the notice that these go to more people than the page has shown."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": self.env._(
                    "Not approved yet: %(broadcasts)s. More people would receive it than were"
                    " shown. Look at the new number, then approve.",
                    broadcasts=", ".join(
                        f"“{broadcast.name}” ({broadcast.send_count})" for broadcast in self
                    ),
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _needs_approval(self):
        """Whether so many people are written to that another person has to agree."""
        self.ensure_one()
        most = self.account_id.approve_above
        if not most or not self.send_count or self.approver_id or self._is_exempt():
            return False
        earlier = self._unapproved_count(self.user_id, self.purpose, self)
        return self.send_count + earlier > most

    def _is_exempt(self):
        """Whether no approval is asked for, however many receive it."""
        self.ensure_one()
        return bool(self._purpose_spec().get("urgent")) or bool(
            self._documents_model(self.user_id)._whatsapp_is_approved(self._records_domain())
        )

    @api.model
    def _unapproved_count(self, user, purpose, without=None):
        """Return to how many people ``user`` sends ``purpose`` in ``APPROVAL_SPAN`` unapproved.

        Else a large sending that is split into small ones would need nobody's approval.

        :param without: a broadcast that is not counted
        """
        self.flush_model()
        [[count]] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(sum(send_count), 0) FROM discom_whatsapp_broadcast
                 WHERE user_id = %s AND purpose = %s AND id <> %s
                   AND COALESCE(send_at, date) > %s
                   AND approver_id IS NULL AND approval_exempt IS NOT TRUE
                   AND (state NOT IN ('to_approve', 'rejected', 'cancelled')
                        OR state = 'cancelled' AND planned_count > 0)
                """,
                user.id,
                purpose,
                without.id if without else 0,
                fields.Datetime.now() - APPROVAL_SPAN,
            )
        )
        return count

    def _submit(self):
        """Ask for approval where it is needed, else begin."""
        for broadcast in self:
            broadcast.approval_exempt = broadcast._is_exempt()
            if broadcast._needs_approval():
                broadcast._ask_approval()
            else:
                broadcast._begin()

    def _ask_approval(self, agreed=0):
        """Ask those who may approve.

        :param int agreed: number of people to which one of them has agreed before
        """
        self.ensure_one()
        approvers = self._approvers()
        if not approvers:
            raise UserError(
                self.env._(
                    "%(count)s people are more than %(limit)s, so a division manager has to approve"
                    " it, and none but you works for all of your offices. Ask an administrator.",
                    count=self.send_count,
                    limit=self.account_id.approve_above,
                )
            )
        self.state = "to_approve"
        # Administrators are asked where the offices have no manager.
        # sudo: who they are does not depend on who asks.
        administrators = self.env.ref("discom.group_administrator").sudo().all_user_ids
        for user in approvers - administrators or approvers:
            env = read_by(self, user).env
            note = env._(
                "%(user)s wants to send “%(name)s” to %(count)s people.",
                user=self.user_id.name,
                name=self.name,
                count=self.send_count,
            )
            if agreed:
                note += " " + env._(
                    "It was approved for %(count)s; more have come in since.", count=agreed
                )
            self.activity_schedule(
                "discom.mail_activity_broadcast_approval",
                user_id=user.id,
                note=plaintext2html(note),
            )

    def _close_request(self):
        """Take the request from the lists of all who were asked."""
        self.activity_unlink(["discom.mail_activity_broadcast_approval"])

    def _begin(self):
        """Start now, or when its time has come."""
        self.ensure_one()
        if self.send_at and self.send_at > fields.Datetime.now():
            self.state = "scheduled"
            self.env.ref("discom.ir_cron_whatsapp_broadcast")._trigger(self.send_at)
        else:
            self.state = "planning"
            self._start()

    @api.model
    def _check_send_at(self, send_at):
        """Raise unless a broadcast may begin then."""
        now = fields.Datetime.now()
        if send_at and not now < send_at <= now + timedelta(days=SCHEDULE_DAYS):
            raise UserError(
                self.env._(
                    "%(time)s is not within the next %(days)s days. Choose another time, or leave"
                    " it empty to send now.",
                    time=format_datetime(self.env, send_at),
                    days=SCHEDULE_DAYS,
                )
            )

    @api.model
    def _release_due(self):
        """Begin what was scheduled for now; who receives it is looked up anew.

        Where so many have come in meanwhile that approval is needed, or more than it was given for,
        it is asked for first.
        """
        due = self.search([("state", "=", "scheduled"), ("send_at", "<=", fields.Datetime.now())])
        for broadcast in due:
            agreed = broadcast.send_count if broadcast.approver_id else 0
            try:
                if broadcast._recount() and agreed:
                    broadcast.write({"approver_id": False, "approved_at": False})
                if broadcast._needs_approval():
                    broadcast._ask_approval(agreed)
                    continue
            except UserError as error:
                broadcast._pause(str(error))
                continue
            broadcast.state = "planning"
            broadcast._start()

    def _count_audience(self):
        """Return how many would receive it now."""
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                "SELECT count(*) FROM (%s) audience WHERE reason IS NULL",
                self._audience_sql(self.user_id),
            )
        )
        return self.env.cr.fetchone()[0]
