from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.reader import read_by

KINDS = [
    ("no_supply", "No supply"),
    ("voltage", "Low or changing voltage"),
    ("danger", "Danger: wire, pole, transformer"),
    ("bill", "Bill is wrong"),
    ("meter", "Meter"),
    ("payment", "Payment not credited"),
    ("connection", "Connection"),
    ("other", "Other"),
]
OPEN_STATES = ("new", "progress")
#: Kinds that cannot wait for the next working day.
URGENT = ("danger", "no_supply")
#: A second complaint of the same kind within this time is the same complaint.
SAME = timedelta(hours=12)
TEXT_MAX = 2000
PURPOSE = "complaint"
#: What a settled complaint was about, and what the consumer was told.
SETTLED_FIELDS = {"kind", "partner_id", "office_id", "resolution"}


class DiscomComplaint(models.Model):
    """What a consumer complains of, from the first word until the consumer is told the result.

    Life: new -> in progress -> resolved, or rejected with a reason; either may be reopened.
    """

    _name = "discom.complaint"
    _description = "Complaint"
    _inherit = [
        "discom.guarded.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "discom.aadhaar.mixin",
        "discom.mask.mixin",
    ]
    _order = "id desc"
    _rec_names_search = ["name", "partner_id", "phone"]
    _no_aadhaar = ("text", "resolution")
    _guarded = {
        "name": False,
        "state": "new",
        "source": "counter",
        "date_done": False,
        "told": False,
    }
    _discom_handed_over = ("conversation_id",)
    # Who works on a complaint calls back.
    _personal_groups = ("discom.group_outage_operator",)

    name = fields.Char(
        "Number", required=True, readonly=True, copy=False, default=lambda self: self.env._("New")
    )
    kind = fields.Selection(KINDS, required=True, default="other", tracking=True)
    text = fields.Text("Complaint", required=True)
    state = fields.Selection(
        [
            ("new", "New"),
            ("progress", "In progress"),
            ("resolved", "Resolved"),
            ("rejected", "Rejected"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="new",
        tracking=True,
        index=True,
    )
    source = fields.Selection(
        [
            ("counter", "Counter"),
            ("phone", "Phone call"),
            ("whatsapp", "WhatsApp"),
            ("field", "Field staff"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="counter",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Consumer",
        domain=[("discom_consumer", "=", True)],
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    account_no = fields.Char(related="partner_id.discom_account_no", string="Account Number")
    phone = fields.Char(personal="phone")
    office_id = fields.Many2one(
        "discom.office",
        required=True,
        compute="_compute_office_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    company_id = fields.Many2one(related="office_id.company_id", store=True, index=True)
    user_id = fields.Many2one("res.users", "Responsible", tracking=True, index="btree_not_null")
    conversation_id = fields.Many2one(
        "discom.whatsapp.conversation", readonly=True, index="btree_not_null", ondelete="set null"
    )
    resolution = fields.Text(
        help="What was done, or why it was rejected. The consumer is told these words.",
        tracking=True,
    )
    date_done = fields.Datetime("Settled", readonly=True, copy=False)
    told = fields.Selection(
        [
            ("text", "Told on WhatsApp"),
            ("template", "Told by template"),
            ("no", "Not told: no number, or no way to write to it"),
        ],
        "Result Told",
        readonly=True,
        copy=False,
    )
    urgent = fields.Boolean(compute="_compute_urgent", store=True)

    _name_uniq = models.Constraint("unique(name)", "Two complaints cannot have the same number.")
    _open_idx = models.Index("(office_id, id) WHERE state IN ('new', 'progress')")

    @api.depends("partner_id")
    def _compute_office_id(self):
        for complaint in self:
            complaint.office_id = (
                complaint.partner_id.discom_office_id
                or complaint.office_id
                or self.env.user.discom_scope_ids[:1]
            )

    @api.depends("kind")
    def _compute_urgent(self):
        for complaint in self:
            complaint.urgent = complaint.kind in URGENT

    @api.depends("name", "kind")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for complaint in self:
            complaint.display_name = f"{complaint.name} {kinds.get(complaint.kind, '')}"

    @api.model_create_multi
    def create(self, vals_list):
        complaints = super().create(vals_list)
        complaints._check_whose()
        complaints._schedule_work()
        return complaints

    def write(self, vals):
        self._check_changes(vals)
        result = super().write(vals)
        if {"partner_id", "conversation_id"} & vals.keys():
            self._check_whose()
        return result

    @api.model
    def _guarded_new(self, vals):
        if vals.get("name"):
            return {}
        # sudo: the numbers belong to nobody.
        sequence = self.env["ir.sequence"].sudo()
        return {"name": sequence.next_by_code("discom.complaint") or "/"}

    @api.model
    def _guarded_text(self):
        return self.env._(
            "Number, state, source and result told of a complaint follow from its buttons "
            "alone, so that whoever complained is told. Leave them out."
        )

    def _check_changes(self, vals):
        """
        :raise UserError: where the result would be told to nobody or to somebody else, or was told
            already in other words
        """
        if self.env.su:
            return
        if "conversation_id" in vals and any(
            complaint.conversation_id and complaint.conversation_id.id != vals["conversation_id"]
            for complaint in self
        ):
            raise UserError(
                self.env._(
                    "%(name)s came from a conversation, in which its result is told. It stays "
                    "there.",
                    name=self.filtered("conversation_id")[0].name,
                )
            )
        written = self.filtered(lambda complaint: complaint.source == "whatsapp")
        if written and {"text", "phone"} & vals.keys():
            raise UserError(
                self.env._(
                    "%(name)s was written by the consumer, so its words and number stay as they "
                    "are. Write what is to be added into the notes below.",
                    name=written[0].name,
                )
            )
        settled = self.filtered(lambda complaint: complaint.state not in OPEN_STATES)
        if settled and SETTLED_FIELDS & vals.keys():
            raise UserError(
                self.env._(
                    "%(name)s is settled, and the consumer was told so. Reopen it first.",
                    name=settled[0].name,
                )
            )

    def _check_whose(self):
        """The result is told to the consumer, or in the conversation: nobody writes to others by
        way of a complaint.

        :raise AccessError: for a consumer or a conversation that the user does not see
        """
        self.partner_id.check_access("read")
        self.conversation_id.check_access("read")

    def _schedule_work(self):
        """Give somebody of the office the work: the responsible, else who works there."""
        people = self._people_of_offices()
        for complaint in self:
            user = complaint.user_id or people.get((complaint.office_id.id, complaint.urgent))
            if user:
                complaint.activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=user.id,
                    date_deadline=fields.Date.context_today(complaint),
                    summary=read_by(complaint, user).display_name,
                )

    def _people_of_offices(self):
        """Return {(office id, urgent): user} who looks after complaints: of the office itself or
        the nearest above; operators for what is urgent, counter clerks for the rest."""
        found = {}
        groups = {
            True: self.env.ref("discom.group_outage_operator"),
            False: self.env.ref("discom.group_counter_clerk"),
        }
        for urgent, group in groups.items():
            offices = self.filtered(lambda c, urgent=urgent: c.urgent == urgent).office_id
            if not offices:
                continue
            above = {int(part) for o in offices for part in o.parent_path.split("/") if part}
            # sudo: who complains need not see the staff.
            users = (
                self.env["res.users"]
                .sudo()
                .search(
                    [("discom_office_ids", "in", list(above)), ("all_group_ids", "in", group.ids)],
                    order="id",
                )
            )
            by_office = {}
            for user in users:
                for office in user.discom_office_ids:
                    by_office.setdefault(office.id, user)
            for office in offices:
                path = [int(part) for part in office.parent_path.split("/") if part]
                found[office.id, urgent] = next(
                    (by_office[one] for one in reversed(path) if one in by_office), None
                )
        return found

    # === ACTIONS === #

    def action_start(self):
        """Take the complaints up."""
        self._check_states("new")
        self._set(state="progress")
        self.filtered(lambda complaint: not complaint.user_id).user_id = self.env.user
        return True

    def action_resolve(self):
        """Settle the complaints and tell who complained."""
        self._check_states(*OPEN_STATES)
        self._settle("resolved")
        return True

    def action_reject(self):
        """Turn the complaints down, with the reason, and tell who complained."""
        self._check_states(*OPEN_STATES)
        for complaint in self:
            if not (complaint.resolution or "").strip():
                raise UserError(
                    self.env._(
                        "%(name)s: write under Resolution why it is rejected. The consumer is "
                        "told this.",
                        name=complaint.name,
                    )
                )
        self._settle("rejected")
        return True

    def action_reopen(self):
        """Take settled complaints up again."""
        self._check_states("resolved", "rejected")
        self._set(state="progress", date_done=False, told=False)
        self._schedule_work()
        return True

    def _check_states(self, *states):
        wrong = self.filtered(lambda complaint: complaint.state not in states)
        if wrong:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(name)s is “%(state)s”, so this cannot be done with it. Reload the page.",
                    name=wrong[0].name,
                    state=labels[wrong[0].state],
                )
            )

    def _settle(self, state):
        self._set(state=state, date_done=fields.Datetime.now())
        self.activity_feedback(["mail.mail_activity_data_todo"])
        self._tell_result()

    def action_open_conversation(self):
        """Show the conversation from which the complaint came."""
        self.ensure_one()
        return self.conversation_id.action_open_conversation()
