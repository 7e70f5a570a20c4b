import ast

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.reader import read_by
from .mask_unmasking import MIN_REASON

#: What a manager writes on a request; the rest is set by the methods of the model.
MANAGER_FIELDS = {"refusal"}
#: What who asks may say.
ASKING_FIELDS = {"model_id", "domain", "columns", "report", "params", "reason"}
#: Days after which a request that nobody has decided is closed.
UNDECIDED_DAYS = 30


class DiscomExportRequest(models.Model):
    """Asks to take data of many people out of the system, and is decided by somebody else.

    asked -> approved -> used, or refused, or expired. An approval holds once, for the rows and the
    columns that were asked for, for the hours that the company says.
    """

    _name = "discom.export.request"
    _inherit = ["mail.thread", "mail.activity.mixin", "discom.aadhaar.mixin"]
    _description = "Request for an export"
    _order = "id desc"
    _mail_post_access = "read"
    _no_aadhaar = ("reason", "refusal")

    name = fields.Char(compute="_compute_name")
    model_id = fields.Many2one(
        "ir.model",
        "What",
        required=True,
        ondelete="cascade",
        domain=lambda self: [("model", "in", self._models_about_people())],
    )
    model = fields.Char(related="model_id.model", string="Technical name")
    domain = fields.Char("Rows", required=True, default="[]")
    columns = fields.Text(help="Technical names, one in each line. Empty: any column.")
    report = fields.Char(help="Model of the report, where it is no plain list.")
    params = fields.Json(help="What the report was asked for.")
    reason = fields.Text("Why", required=True)
    rows = fields.Integer("Number of rows", readonly=True, aggregator=None)
    user_id = fields.Many2one(
        "res.users", "Asked by", required=True, readonly=True, ondelete="restrict"
    )
    office_id = fields.Many2one("discom.office", readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    state = fields.Selection(
        [
            ("asked", "To approve"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("used", "Exported"),
            ("expired", "Expired"),
        ],
        required=True,
        readonly=True,
        default="asked",
        index=True,
        tracking=True,
    )
    approver_id = fields.Many2one("res.users", "Decided by", readonly=True)
    decided_at = fields.Datetime("Decided at", readonly=True)
    refusal = fields.Char("Reason of the refusal")
    until = fields.Datetime("Holds until", readonly=True)
    used_at = fields.Datetime("Exported at", readonly=True)
    exported_ids = fields.Json(
        "Records Exported", readonly=True, prefetch=False, help="To tell later who is affected."
    )
    can_decide = fields.Boolean(compute="_compute_can_decide")
    is_own = fields.Boolean(compute="_compute_can_decide")

    _approved_idx = models.Index("(user_id, model_id) WHERE state = 'approved'")

    @api.depends("model_id", "rows", "report")
    def _compute_name(self):
        for request in self:
            report = self.env.get(request.report) if request.report else None
            # sudo: the name of the model only.
            what = report._description if report is not None else request.model_id.sudo().name
            request.name = self.env._("%(what)s: %(rows)s rows", what=what or "", rows=request.rows)

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        manager = self.env.user.has_group("discom.group_division_manager")
        for request in self:
            request.is_own = request.user_id == self.env.user
            request.can_decide = request.state == "asked" and manager and not request.is_own

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Whoever asks says what and why; how many rows that is, is counted here."""
        rows = []
        for vals in vals_list:
            if not self.env.su:
                vals = {name: vals[name] for name in ASKING_FIELDS & vals.keys()}
                vals.update(user_id=self.env.uid, company_id=self.env.company.id)
            if len(" ".join((vals.get("reason") or "").split())) < MIN_REASON:
                raise UserError(self.env._("Write down in a few words what the data are for."))
            rows.append(vals)
        requests = super().create(rows)
        for request in requests:
            request._ask()
        return requests

    def write(self, vals):
        if not self.env.su and vals.keys() - MANAGER_FIELDS:
            raise UserError(
                self.env._(
                    "What %(request)s asked for stays as it is. Ask anew for something else.",
                    request=self[:1].name,
                )
            )
        return super().write(vals)

    # === ACTIONS === #

    def action_approve(self):
        """Let who asked export once, within the hours that the company says."""
        for request in self._to_decide():
            # sudo: a setting of the company.
            hours = request.company_id.sudo().discom_export_hours
            request._decide(
                "approved", until=fields.Datetime.add(fields.Datetime.now(), hours=hours)
            )

    def action_refuse(self):
        """Refuse; nothing is exported.

        :raise UserError: without the reason, which who asked reads
        """
        for request in self._to_decide():
            if not (request.refusal or "").strip():
                raise UserError(
                    self.env._(
                        "Write on %(request)s first why it is refused.", request=request.name
                    )
                )
            request._decide("refused")

    def action_make(self):
        """Make the report that was approved."""
        self.ensure_one()
        if self.user_id != self.env.user or self.state != "approved" or not self.report:
            raise UserError(
                self.env._(
                    "%(request)s cannot be used: an approved report is made once, by the "
                    "person who asked. Ask anew.",
                    request=self.name,
                )
            )
        report = self.env[self.report].with_context(tz=self.env.user.tz or "Asia/Kolkata")
        return report.new(self.params).action_print()

    def action_open_list(self):
        """Open the rows that were asked for, to export them."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self.model,
            "views": [(False, "list"), (False, "form")],
            "domain": list(self._rows_domain()),
        }

    # === BUSINESS METHODS === #

    def _ask(self):
        """Count the rows with the rights of who asks, and tell a manager."""
        # sudo: the name of the model only.
        model = self.env[self.model_id.sudo().model].with_user(self.user_id)
        model.check_access("read")
        # sudo: nobody writes requests but by the methods of this model.
        self.sudo().write(
            {
                "rows": model.search_count(self._rows_domain()),
                "office_id": self.user_id.sudo().discom_scope_ids[:1].id,
            }
        )
        self.env["discom.audit.entry"]._log(
            "asked", self, self.name, number=self.rows, reason=self.reason
        )
        manager = self.env["res.users"]._discom_managers(self.office_id, self.user_id)[:1]
        if manager:
            # sudo: nobody writes requests but by the methods of this model.
            self.sudo().with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=manager.id,
                summary=read_by(self, manager).env._("An export waits for your decision"),
            )

    def _to_decide(self):
        """
        :raise AccessError: unless the user is a manager of these offices
        :raise UserError: for an own request, or one that is decided already
        """
        self.check_access("read")
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(self.env._("A division manager decides on exports."))
        for request in self:
            if request.user_id == self.env.user:
                raise UserError(
                    self.env._(
                        "%(request)s is your own request. Another division manager has to "
                        "decide on it.",
                        request=request.name,
                    )
                )
            if request.state != "asked":
                raise UserError(
                    self.env._(
                        "%(request)s has been decided already. Reload the page.",
                        request=request.name,
                    )
                )
        return self

    def _decide(self, state, **vals):
        self.sudo().write(  # nobody writes requests but by the methods of this model
            {
                "state": state,
                "approver_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
                **vals,
            }
        )
        # sudo: the activity is the manager's who was asked, whoever decides.
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        kind = "approval" if state == "approved" else "refusal"
        self.env["discom.audit.entry"]._log(
            kind, self, self.name, number=self.rows, reason=self.refusal or ""
        )
        self.user_id._bus_send(
            "simple_notification",
            {
                "type": "success" if state == "approved" else "warning",
                "title": self.env._("Your export is decided"),
                "message": self.name,
                "sticky": True,
            },
        )

    def _rows_domain(self):
        """
        :raise UserError: where the rows cannot be read
        """
        try:
            domain = Domain(ast.literal_eval(self.domain or "[]"))
            # sudo: the name of the model only.
            domain.validate(self.env[self.model_id.sudo().model])
        except (ValueError, TypeError, SyntaxError, KeyError) as error:
            raise UserError(
                self.env._(
                    "The rows that %(request)s asks for cannot be read. Ask anew from the "
                    "list. (%(error)s)",
                    request=self.name,
                    error=error,
                )
            ) from error
        return domain

    @api.autovacuum
    def _gc_expire(self):
        """Close approvals that were not used, and requests that nobody decided."""
        now = fields.Datetime.now()
        old = fields.Datetime.subtract(now, days=UNDECIDED_DAYS)
        domain = Domain("state", "=", "approved") & Domain("until", "<", now)
        domain |= Domain("state", "=", "asked") & Domain("create_date", "<", old)
        expired = self.search(domain, limit=1000)
        expired.activity_unlink(["mail.mail_activity_data_todo"])
        expired.write({"state": "expired"})


class ResCompany(models.Model):
    _inherit = "res.company"

    discom_export_rows = fields.Integer(
        "Rows without approval",
        default=500,
        required=True,
        help="An export or print of more rows about people within a day needs a reason and the "
        "approval of another person.",
    )
    discom_export_hours = fields.Integer(
        "Hours an approval holds", default=24, required=True, help="It holds for one export."
    )

    _discom_export_range = models.Constraint(
        "CHECK (discom_export_rows >= 0 AND discom_export_hours BETWEEN 1 AND 168)",
        "An approval of an export holds between one hour and a week.",
    )
