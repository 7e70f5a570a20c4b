"""What consumers report about their bill, and the answer of the office."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.identity import mask_aadhaar
from ..tools.reader import read_by

OPEN_STATES = ("new", "progress")
MAX_TEXT = 500
# As long as a problem is open, further reports of it are counted, and so many texts are kept.
MAX_REPORTS_KEPT = 10
#: What follows from the reports and the buttons.
OWN_FIELDS = {"name", "source", "report_count", "date_closed"}


class DiscomBillProblem(models.Model):
    """A problem with a bill that the consumer has reported, on the page of the bill or at the
    counter.

    A bill has one open problem of each kind: who reports it again adds to it. The answer is shown
    to the consumer on the page of the bill.
    """

    _name = "discom.bill.problem"
    _description = "Problem with a Bill"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "discom.aadhaar.mixin",
        "discom.mask.mixin",
    ]
    _order = "id desc"
    _rec_names_search = ["name", "bill_id"]
    _no_aadhaar = ("text", "answer")

    name = fields.Char("Number", required=True, readonly=True, copy=False, default="/")
    bill_id = fields.Many2one(
        "discom.bill", required=True, index=True, ondelete="restrict", check_company=True
    )
    partner_id = fields.Many2one(
        related="bill_id.partner_id", string="Consumer", store=True, index=True
    )
    account_no = fields.Char(related="bill_id.account_no", string="Account Number", store=True)
    office_id = fields.Many2one(related="bill_id.office_id", store=True, index=True)
    company_id = fields.Many2one(related="bill_id.company_id", store=True)
    kind = fields.Selection(
        [
            ("reading", "Wrong reading"),
            ("paid", "Already paid"),
            ("name", "Wrong name or number"),
            ("not_mine", "Not my bill"),
            ("other", "Something else"),
        ],
        "Problem",
        required=True,
        tracking=True,
    )
    text = fields.Text("What the Consumer Says")
    mobile = fields.Char(
        "Call Back",
        help="Mobile number at which the consumer can be asked.",
        personal="phone",
    )
    source = fields.Selection(
        [("page", "Page of the bill"), ("staff", "Counter or phone")],
        required=True,
        readonly=True,
        default="staff",
    )
    report_count = fields.Integer("Times Reported", readonly=True, default=1, copy=False)
    state = fields.Selection(
        [
            ("new", "New"),
            ("progress", "In work"),
            ("solved", "Solved"),
            ("rejected", "No mistake found"),
        ],
        required=True,
        readonly=True,
        default="new",
        copy=False,
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Assigned to",
        tracking=True,
        copy=False,
        domain=[("share", "=", False)],
    )
    answer = fields.Text(
        "Answer to the Consumer", copy=False, help="Shown to the consumer on the page of the bill."
    )
    date_closed = fields.Datetime("Answered on", readonly=True, copy=False)

    _open_kind_uniq = models.UniqueIndex(
        "(bill_id, kind) WHERE state IN ('new', 'progress')",
        "This problem with the bill is open already. Add what is new to that one.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            given = not self.env.su and (OWN_FIELDS - {"name"}) & vals.keys()
            if given or vals.get("state", self.env.context.get("default_state", "new")) != "new":
                raise UserError(self.env._("A problem starts as a new one."))
            if not vals.get("name") or vals["name"] == "/":
                # sudo: the number comes from a sequence that the staff may not read.
                sequence = self.env["ir.sequence"].sudo()
                vals["name"] = sequence.next_by_code("discom.bill.problem") or "/"
            vals["text"] = self._clean(vals.get("text"))
        problems = super().create(vals_list)
        problems._remind()
        problems._assign()
        return problems

    def write(self, vals):
        if "state" in vals or (not self.env.su and OWN_FIELDS & vals.keys()):
            raise UserError(self.env._("The state of a problem is changed by its buttons alone."))
        if "bill_id" in vals and any(problem.bill_id.id != vals["bill_id"] for problem in self):
            raise UserError(
                self.env._("A problem cannot be moved to another bill. Record it there anew.")
            )
        if "text" in vals:
            vals = {**vals, "text": self._clean(vals["text"])}
        if "answer" in vals:
            vals = {**vals, "answer": self._clean(vals["answer"])}
        result = super().write(vals)
        if "user_id" in vals:
            self.activity_unlink(["mail.mail_activity_data_todo"])
            self.filtered(lambda problem: problem.state in OPEN_STATES)._remind()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_reported(self):
        if any(problem.source == "page" for problem in self):
            raise UserError(
                self.env._("What a consumer has reported is not deleted. Answer it instead.")
            )

    # === ACTION METHODS === #

    def action_start(self):
        """Take the problem into work, as one's own where it is nobody's."""
        self._move("progress")
        self.filtered(lambda problem: not problem.user_id).user_id = self.env.user

    def action_solve(self):
        """Close the problem as solved. The consumer reads the answer."""
        self._close("solved")

    def action_reject(self):
        """Close the problem: the bill is right. The consumer reads why."""
        self._close("rejected")

    def action_reopen(self):
        """Take a closed problem into work again."""
        self._move("progress", {"date_closed": False})
        self._remind()

    def action_open_bill(self):
        """Show the bill."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "discom.bill",
            "res_id": self.bill_id.id,
            "view_mode": "form",
        }

    # === BUSINESS METHODS === #

    @api.model
    def _report(self, bill, kind, text, mobile):
        """Take a report from the page of a bill; adds to the open problem of the kind, if any.

        :param mobile: in E.164 form, or empty
        :return: the problem
        """
        problem = self.search(
            [("bill_id", "=", bill.id), ("kind", "=", kind), ("state", "in", OPEN_STATES)]
        )
        if not problem:
            return self.create(
                {
                    "bill_id": bill.id,
                    "kind": kind,
                    "text": text,
                    "mobile": mobile,
                    "source": "page",
                }
            )
        problem.report_count += 1
        text = self._clean(text)
        if mobile:
            problem.mobile = mobile
        if text and text != problem.text and problem.report_count <= MAX_REPORTS_KEPT:
            problem.message_post(
                body=self.env._("Reported again: %(text)s", text=text),
                subtype_xmlid="mail.mt_note",
            )
        return problem

    @api.model
    def _clean(self, text):
        """Text without full Aadhaar numbers, which the law does not let us keep."""
        return mask_aadhaar(text.strip()) if text else text

    def _move(self, state, vals=None):
        """Change the state past the guard of :meth:`write`."""
        self.check_access("write")
        values = {"state": state, **(vals or {})}
        return super().write(values)  # pylint: disable=super-method-mismatch

    def _close(self, state):
        for problem in self:
            if not problem.answer:
                raise UserError(
                    self.env._(
                        "Write the answer to the consumer of %(problem)s first: it is shown on the "
                        "page of the bill.",
                        problem=problem.name,
                    )
                )
        self._move(state, {"date_closed": fields.Datetime.now()})
        self.activity_feedback(["mail.mail_activity_data_todo"])

    def _assign(self):
        """Give problems to the billing clerk nearest to their office with the least to do, a
        manager where there is no clerk, and put them on the list of things to do."""
        # No e-mail about it: the list of things to do says it.
        free = self.filtered(lambda problem: not problem.user_id)
        free = free.with_context(mail_auto_subscribe_no_notify=True)
        for office, problems in free.grouped("office_id").items():
            clerks = problems._clerks(office)
            for problem in problems if clerks else ():
                user_id = min(clerks, key=clerks.get)
                *before, work, last = clerks[user_id]
                clerks[user_id] = (*before, work + 1, last)
                problem.user_id = user_id

    def _clerks(self, office):
        """``{user id: rank}`` of those who may answer, the lowest rank first."""
        # sudo: a report from outside is handed to staff, whose offices are not everybody's to read.
        users = self.env["res.users"].sudo()
        path = [int(part) for part in (office.sudo().parent_path or "").split("/") if part]
        found = users.search(
            [
                ("all_group_ids", "in", self.env.ref("discom.group_billing_clerk").id),
                ("discom_office_ids", "in", path),
                ("share", "=", False),
            ]
        )
        busy = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT user_id, count(*) FROM discom_bill_problem
                     WHERE user_id = ANY(%s) AND state IN %s GROUP BY user_id
                    """,
                    list(found.ids),
                    OPEN_STATES,
                )
            )
        )
        managers = found.filtered(lambda user: user.has_group("discom.group_division_manager"))
        return {
            user.id: (
                -max(path.index(place.id) for place in user.discom_office_ids if place.id in path),
                user in managers,
                busy.get(user.id, 0),
                user.id,
            )
            for user in found
        }

    def _remind(self):
        """An activity for who has to answer."""
        for user, problems in self.grouped("user_id").items():
            if user:
                env = read_by(self, user).env
                kinds = dict(self._fields["kind"]._description_selection(env))
                problems.with_context(mail_activity_quick_update=True).activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=user.id,
                    summary=", ".join({kinds[problem.kind] for problem in problems}),
                )


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    problem_ids = fields.One2many("discom.bill.problem", "bill_id", "Problems")
    problem_count = fields.Integer(compute="_compute_problem_count")

    def _compute_problem_count(self):
        counts = dict(
            self.env["discom.bill.problem"]._read_group(
                [("bill_id", "in", self.ids)], ["bill_id"], ["__count"]
            )
        )
        for bill in self:
            bill.problem_count = counts.get(bill, 0)

    def action_open_problems(self):
        """Show what was reported about these bills."""
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_bill_problem_action")
        action["domain"] = [("bill_id", "in", self.ids)]
        action["context"] = {"default_bill_id": self.id if len(self) == 1 else False}
        return action
