from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.mail import plaintext2html

from ..tools.reader import read_by

MIN_ANSWER = 10
KINDS = [
    ("access", "Copy of the own data"),
    ("correction", "Correction"),
    ("erasure", "Erasure"),
    ("grievance", "Grievance"),
]
#: What follows from the buttons, the kind and the consumer.
OWN_FIELDS = {"name", "state", "done_date", "done_user_id", "due_date", "office_id"}
#: What was asked and answered, of a request that is closed.
ASKED_FIELDS = {"kind", "received", "channel", "identity", "text", "answer"}


class DiscomPrivacyRequest(models.Model):
    """Register of what persons asked about their data: what, until when, what was done, by whom.

    Sections 11 to 13 of the Digital Personal Data Protection Act 2023. Taken in by clerks, answered
    by managers.
    """

    _name = "discom.privacy.request"
    _inherit = ["mail.thread", "mail.activity.mixin", "discom.aadhaar.mixin"]
    _description = "Request about personal data"
    _order = "id desc"
    _no_aadhaar = ("name", "identity", "text", "answer")
    _check_company_auto = True

    name = fields.Char("Number", required=True, readonly=True, copy=False, default="/")
    kind = fields.Selection(KINDS, "Asked for", required=True, tracking=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Consumer",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("discom_consumer", "=", True)],
    )
    account_no = fields.Char(related="partner_id.discom_account_no")
    office_id = fields.Many2one(
        "discom.office",
        compute="_compute_office_id",
        store=True,
        precompute=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True)
    received = fields.Date(
        "Received on",
        required=True,
        default=lambda self: self.env["res.partner"]._discom_today(),
        tracking=True,
    )
    channel = fields.Selection(
        [
            ("counter", "At the counter"),
            ("letter", "Letter"),
            ("email", "E-mail"),
            ("phone", "Phone call"),
            ("whatsapp", "WhatsApp"),
        ],
        "Came by",
        required=True,
        default="counter",
    )
    identity = fields.Char(
        "Identity Seen",
        help="How it was made sure that the person itself asks: kind of document, code told back. "
        "No full numbers.",
    )
    text = fields.Text("What is asked")
    due_date = fields.Date(
        "Answer until", compute="_compute_due_date", store=True, precompute=True, index=True
    )
    state = fields.Selection(
        [("open", "Open"), ("done", "Done"), ("refused", "Refused")],
        default="open",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    answer = fields.Text("What was done, or why not", copy=False)
    done_date = fields.Date("Done on", readonly=True, copy=False)
    done_user_id = fields.Many2one("res.users", "Done by", readonly=True, copy=False)
    is_overdue = fields.Boolean(
        "Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )

    @api.depends("partner_id")
    def _compute_office_id(self):
        for request in self:
            request.office_id = request.partner_id.discom_office_id

    @api.depends("received", "kind", "office_id")
    def _compute_due_date(self):
        for request in self:
            company = request.office_id.company_id or self.env.company
            days = (
                company.discom_grievance_days
                if request.kind == "grievance"
                else company.discom_privacy_days
            )
            request.due_date = request.received and request.received + timedelta(days=days)

    @api.depends("due_date", "state")
    def _compute_is_overdue(self):
        today = self.env["res.partner"]._discom_today()
        for request in self:
            request.is_overdue = (
                request.state == "open" and bool(request.due_date) and request.due_date < today
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env["res.partner"]._discom_today()
        return [("state", "=", "open"), ("due_date", "<", today)]

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.update(state="open", done_date=False, done_user_id=False)
            # sudo: numbers are counted whoever takes the request in.
            vals["name"] = self.env["ir.sequence"].sudo().next_by_code("discom.privacy.request")
        requests = super().create(vals_list)
        # sudo: who takes a request in tells the manager of it, and does not answer it.
        for request in requests.sudo():
            user = request._answerer() or self.env.user
            request.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=request.due_date,
                user_id=user.id,
                summary=read_by(request, user).env._("Answer a request about personal data"),
            )
        return requests

    def write(self, vals):
        if not self.env.su:
            self._check_changes(vals)
        return super().write(vals)

    def _check_changes(self, vals):
        """
        :raise UserError: for what follows from the buttons, for another consumer, and for changes
            of what was answered
        """
        if OWN_FIELDS & vals.keys():
            raise UserError(self.env._("The state of a request is changed by its buttons alone."))
        # What is erased or given out is that person's whose identity was looked at.
        if "partner_id" in vals and any(
            request.partner_id.id != vals["partner_id"] for request in self
        ):
            raise UserError(
                self.env._(
                    "%(request)s is the request of one person, so its consumer stays. Refuse it "
                    "with the reason, and record a new one.",
                    request=self[:1].name,
                )
            )
        if ASKED_FIELDS & vals.keys() and any(request.state != "open" for request in self):
            raise UserError(
                self.env._(
                    "%(request)s was answered, so it stays as it is. Record a new request "
                    "for what is new.",
                    request=self[:1].name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        raise UserError(self.env._("Requests are kept: they prove that the law was kept."))

    # === ACTIONS === #

    def action_data_file(self):
        """Make the file of the person's data."""
        return self._open_wizard("discom.privacy.file", self.env._("Data of a person"))

    def action_erase(self):
        """Show what would be erased, and ask."""
        return self._open_wizard("discom.privacy.erase", self.env._("Erase a person"))

    def action_correct(self):
        """Open the consumer, to correct what is wrong there."""
        self.ensure_one()
        self._check_answerer()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(self.env.ref("discom.discom_consumer_view_form").id, "form")],
            "target": "current",
        }

    def action_done(self):
        """Close as done; what was done stands in the answer."""
        kinds = {
            "access": "data_file",
            "correction": "correction",
            "erasure": "erasure",
            "grievance": "grievance",
        }
        for request in self:
            request._check_answer()
            if request.kind == "erasure" and not request.partner_id.discom_erased_at:
                raise UserError(
                    self.env._(
                        "%(request)s asks for erasure, and nothing was erased. Erase, or refuse "
                        "with the reason.",
                        request=request.name,
                    )
                )
            request._close("done")
            text = self.env._("Request %(name)s done", name=request.name)
            if request.kind == "correction":
                text = "; ".join([text, *request._corrected()])
            self.env["discom.audit.entry"]._log(kinds[request.kind], request, text)
        return True

    def action_refuse(self):
        """Close as refused; why stands in the answer."""
        for request in self:
            request._check_answer()
            request._close("refused")
            self.env["discom.audit.entry"]._log(
                "refusal",
                request,
                self.env._("Request %(name)s about personal data refused", name=request.name),
                reason=request.answer,
            )
        return True

    # === BUSINESS METHODS === #

    def _open_wizard(self, model, title):
        self.ensure_one()
        self._check_answerer()
        self._check_open()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.partner_id.id, "default_request_id": self.id},
        }

    def _check_answerer(self):
        self.check_access("write")
        if not self.env.user.has_group("discom.group_division_manager"):
            raise AccessError(
                self.env._("The division manager deals with requests about personal data.")
            )

    def _check_open(self):
        for request in self:
            if request.state != "open":
                raise UserError(
                    self.env._("%(name)s was answered already. Reload the page.", name=request.name)
                )

    def _check_answer(self):
        self._check_answerer()
        self._check_open()
        for request in self:
            if len((request.answer or "").strip()) < MIN_ANSWER:
                raise UserError(
                    self.env._(
                        "%(name)s: write what was done, or why not, in at least %(count)s letters.",
                        name=request.name,
                        count=MIN_ANSWER,
                    )
                )

    def _check_of(self, partner):
        """
        :raise UserError: unless these requests are open, and about this consumer
        """
        self._check_answerer()
        self._check_open()
        for request in self:
            if request.partner_id != partner:
                raise UserError(
                    self.env._(
                        "%(request)s is about another consumer than %(consumer)s. Open the dialog "
                        "from the request once more.",
                        request=request.name,
                        consumer=partner.display_name,
                    )
                )

    def _close(self, state, answer=None):
        """Close the request in the name of the current user."""
        values = {
            "state": state,
            "done_date": self.env["res.partner"]._discom_today(),
            "done_user_id": self.env.uid,
        }
        if answer:
            values["answer"] = answer
        # sudo: the state follows from the buttons, which check who presses them.
        self.sudo().write(values)
        self.activity_feedback(["mail.mail_activity_data_todo"])

    def _note_file(self):
        """Say in the chatter that the file was made."""
        self.message_post(
            body=plaintext2html(
                self.env._("The file of the data was made by %(user)s.", user=self.env.user.name)
            )
        )

    def _answerer(self):
        """A manager of the office, who is asked to answer."""
        self.ensure_one()
        # sudo: who they are does not depend on who takes the request in.
        managers = self.env.ref("discom.group_division_manager").sudo().all_user_ids
        administrators = self.env.ref("discom.group_administrator").sudo().all_user_ids
        path = self.sudo().office_id.parent_path or ""
        return (managers - administrators).filtered(
            lambda user: (
                user.active
                and any(path.startswith(office.parent_path) for office in user.discom_office_ids)
            )
        )[:1]
