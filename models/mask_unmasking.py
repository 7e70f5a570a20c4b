from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.reader import read_by

#: Characters of a reason that says something.
MIN_REASON = 10


class DiscomUnmasking(models.Model):
    """One permission to see the data of one record in full for some minutes.

    Whoever may read a record may unmask it with a reason. The reason stays on record, and who does
    it often is looked at by the division manager.
    """

    _name = "discom.unmasking"
    _inherit = ["mail.thread", "mail.activity.mixin", "discom.aadhaar.mixin"]
    _description = "Unmasking"
    _order = "id desc"
    _rec_name = "user_id"
    _no_aadhaar = ("reason",)

    user_id = fields.Many2one("res.users", "Who", required=True, readonly=True, ondelete="restrict")
    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    account_no = fields.Char("Account number", readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True, ondelete="restrict", index=True)
    reason = fields.Char(required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    until = fields.Datetime("Shown until", required=True, readonly=True)

    _user_idx = models.Index("(user_id, until)")

    @api.model
    def _ids_shown(self, model):
        """Return the ids of the records of a model that the user sees in full now."""
        if not self.env.user.has_group("discom.group_staff"):
            return set()
        # sudo: what somebody unmasked holds for him whether or not he reads this list.
        shown = self.sudo().search_fetch(
            [
                ("user_id", "=", self.env.uid),
                ("until", ">", fields.Datetime.now()),
                ("res_model", "=", model),
            ],
            ["res_id"],
        )
        return set(shown.mapped("res_id"))

    @api.model
    def _unmask(self, record, reason):
        """Show a record in full to the user for the minutes that the company allows.

        :raise AccessError: where the user does not see the record at all
        :raise UserError: without a reason that says something
        """
        record.ensure_one()
        record.check_access("read")
        reason = " ".join((reason or "").split())
        if len(reason) < MIN_REASON:
            raise UserError(
                self.env._("Write down in a few words why you need it, for example who called.")
            )
        # sudo: the settings of the company, and the record by which the user is shown the data.
        record_sudo = record.sudo()
        owner = record_sudo[record._personal_owner] if self._has_owner(record) else record_sudo
        account_no = owner.discom_account_no if owner._name == "res.partner" else False
        company = self.env.company.sudo()
        now = fields.Datetime.now()
        # sudo: nobody writes this list by hand.
        unmasking = self.sudo().create(
            {
                "user_id": self.env.uid,
                "res_model": record._name,
                "res_id": record.id,
                "account_no": account_no,
                "office_id": self._office(record_sudo, owner).id,
                "reason": reason,
                "until": now + timedelta(minutes=company.discom_unmask_minutes),
            }
        )
        self.env["discom.audit.entry"]._log(
            "unmasking",
            record,
            self.env._(
                "Shown in full for %(minutes)s minutes", minutes=company.discom_unmask_minutes
            ),
            reason=reason,
            office=unmasking.office_id,
        )
        unmasking._tell_manager(company.discom_unmask_daily)
        return unmasking

    @api.model
    def _has_owner(self, record):
        field = record._fields.get(record._personal_owner)
        return bool(field) and field.comodel_name == "res.partner"

    @api.model
    def _office(self, record, owner):
        """Office whose manager answers for the record, else the first of the user."""
        for source, name in ((record, "office_id"), (owner, "discom_office_id")):
            if name in source._fields and source[name]:
                return source[name]
        return self.env.user.discom_scope_ids[:1]

    def _tell_manager(self, limit):
        """Tell a manager, once a day, of a user who unmasks more than ``limit`` records a day."""
        today = fields.Datetime.now() - timedelta(days=1)
        count = self.search_count([("user_id", "=", self.user_id.id), ("date", ">", today)])
        if count != limit + 1:
            return
        manager = self.env["res.users"]._discom_managers(self.office_id, self.user_id)[:1]
        if manager:
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=manager.id,
                summary=read_by(self, manager).env._(
                    "%(user)s has unmasked %(count)s records within a day",
                    user=self.user_id.name,
                    count=count,
                ),
            )

    def action_open_record(self):
        """Open the record that was unmasked."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._get_records_action()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise UserError(self.env._("Choose “Show in full” on the record."))
        return super().create(vals_list)


class ResUsers(models.Model):
    _inherit = "res.users"

    def _discom_managers(self, office, but):
        """Return the division managers responsible for an office, without ``but``, the nearest
        first."""
        # sudo: who is responsible does not depend on who asks.
        managers = self.env.ref("discom.group_division_manager").sudo().all_user_ids
        path = office.sudo().parent_path or ""

        def nearest(user):
            own = [o.parent_path for o in user.discom_office_ids if path.startswith(o.parent_path)]
            return max(map(len, own), default=0)

        return managers.filtered(lambda user: user.active and user != but and nearest(user)).sorted(
            nearest, reverse=True
        )


class ResCompany(models.Model):
    _inherit = "res.company"

    discom_unmask_minutes = fields.Integer(
        "Minutes of showing in full",
        default=15,
        required=True,
        help="For so long a record stays unmasked for who gave a reason.",
    )
    discom_unmask_daily = fields.Integer(
        "Unmaskings a day",
        default=20,
        required=True,
        help="The division manager is told of who unmasks more records within a day.",
    )

    _discom_unmask_range = models.Constraint(
        "CHECK (discom_unmask_minutes BETWEEN 1 AND 480 AND discom_unmask_daily >= 0)",
        "What was unmasked is shown between one minute and eight hours.",
    )
