from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..tools import formats
from ..tools.breach_texts import BOARD_ENGLISH, BOARD_HINDI, PERSON_ENGLISH, PERSON_HINDI

#: Rule 7(2)(b) of the DPDP Rules 2025: details within 72 hours of becoming aware.
BOARD_HOURS = 72
KINDS = [
    ("records", "Records of the database"),
    ("session", "What a user did, or a stolen session"),
    ("broadcast", "A broadcast"),
]


class DiscomPrivacyBreach(models.Model):
    """A breach of personal data: who is affected, found in minutes, with the texts to tell it.

    Rule 7 of the DPDP Rules 2025: each person without delay, the Board without delay and in detail
    within 72 hours. Who is affected is written down once and stays as it was found.
    """

    _name = "discom.privacy.breach"
    _inherit = ["mail.thread", "discom.aadhaar.mixin"]
    _description = "Breach of personal data"
    _order = "id desc"
    _no_aadhaar = (
        *("name", "domain", "nature", "measures"),
        *("text_board", "text_board_hi", "text_person", "text_person_hi"),
    )

    name = fields.Char("What happened", required=True, tracking=True)
    kind = fields.Selection(KINDS, "Affected are", required=True, default="records")
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    discovered_at = fields.Datetime(
        "Noticed at", required=True, default=fields.Datetime.now, tracking=True
    )
    report_until = fields.Datetime("Board told in detail until", compute="_compute_report_until")
    office_id = fields.Many2one(
        "discom.office", help="With all offices below it. Empty: all offices of the company."
    )
    model = fields.Selection("_selection_model", "Records", default="res.partner")
    domain = fields.Char("Filter", default="[]")
    user_id = fields.Many2one("res.users", "Who acted", help="Or whose session was stolen.")
    date_from = fields.Datetime("From")
    date_to = fields.Datetime("Until")
    with_scope = fields.Boolean(
        "All that the user could see",
        help="Reading leaves no entry. With this, all consumers of the user's offices count as "
        "possibly affected.",
    )
    broadcast_id = fields.Many2one("discom.whatsapp.broadcast")
    state = fields.Selection(
        [("draft", "Being described"), ("found", "Affected found"), ("closed", "Closed")],
        default="draft",
        required=True,
        readonly=True,
        tracking=True,
    )
    found_at = fields.Datetime("Found at", readonly=True)
    person_ids = fields.One2many("discom.privacy.breach.person", "breach_id", "Affected")
    person_count = fields.Integer("Persons affected", readonly=True)
    sure_count = fields.Integer("Certainly affected", readonly=True)
    reachable_count = fields.Integer("With a number", readonly=True)
    nature = fields.Text("What kind of data, and how", help="Goes into the texts below.")
    measures = fields.Text("What was done against it", help="Goes into the texts below.")
    text_board = fields.Text("To the Data Protection Board (English)")
    text_board_hi = fields.Text("To the Data Protection Board (Hindi)")
    text_person = fields.Text("To those affected (English)")
    text_person_hi = fields.Text("To those affected (Hindi)")

    @api.model
    def _selection_model(self):
        """Models whose records belong to consumers."""
        names = ["res.partner"] + [
            name
            for name, model in self.env.registry.items()
            if name.startswith("discom.")
            and not model._abstract
            and not model._transient
            and not name.startswith("discom.privacy.breach")
            and (field := model._fields.get("partner_id"))
            and field.store
            and field.comodel_name == "res.partner"
        ]
        models_ = self.env["ir.model"]
        return sorted(
            ((name, models_._get(name).name or name) for name in names), key=lambda m: m[1]
        )

    @api.depends("discovered_at")
    def _compute_report_until(self):
        for breach in self:
            breach.report_until = breach.discovered_at and breach.discovered_at + timedelta(
                hours=BOARD_HOURS
            )

    @api.constrains("kind", "user_id", "date_from", "date_to", "broadcast_id", "model")
    def _check_complete(self):
        for breach in self:
            needed = {
                "records": breach.model,
                "session": breach.user_id and breach.date_from and breach.date_to,
                "broadcast": breach.broadcast_id,
            }
            if not needed[breach.kind]:
                raise ValidationError(
                    self.env._(
                        "%(name)s: say whose data are affected: the records, the user with the "
                        "time, or the broadcast.",
                        name=breach.name,
                    )
                )

    def write(self, vals):
        described = {
            *("kind", "office_id", "model", "domain", "user_id", "date_from", "date_to"),
            *("with_scope", "broadcast_id"),
        }
        if described & vals.keys() and any(breach.state != "draft" for breach in self):
            raise UserError(
                self.env._(
                    "The people affected were found for what %(breach)s describes, so it "
                    "stays. Choose Begin anew to change it.",
                    breach=self[:1].display_name,
                )
            )
        if {"state", "person_count", "sure_count", "reachable_count", "found_at"} & vals.keys():
            if not self.env.su:
                raise UserError(
                    self.env._("State and figures of a breach are changed by its buttons alone.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_found(self):
        if any(breach.state != "draft" for breach in self):
            raise UserError(
                self.env._(
                    "%(breach)s is kept: the people affected have been found for it.",
                    breach=self[:1].display_name,
                )
            )

    # === ACTIONS === #

    def action_find(self):
        """Find who is affected, and write them down."""
        self.ensure_one()
        self._check_user()
        if self.state != "draft":
            raise UserError(
                self.env._("Who is affected was found already. Begin anew to repeat it.")
            )
        self.lock_for_update()
        self._find()
        self._fill_texts()
        self.env["discom.audit.entry"]._log(
            "breach",
            self,
            self.env._("Breach report: who is affected was found"),
            number=self.person_count,
        )
        return True

    def action_reset(self):
        """Begin anew: what was found is dropped, which is written down."""
        self.ensure_one()
        self._check_user()
        self.env["discom.audit.entry"]._log(
            "breach",
            self,
            self.env._("Breach report begun anew"),
            number=self.person_count,
        )
        self.env.cr.execute(
            SQL("DELETE FROM discom_privacy_breach_person WHERE breach_id = %s", self.id)
        )
        self._set(state="draft", person_count=0, sure_count=0, reachable_count=0, found_at=False)
        return True

    def action_close(self):
        """Close, when the Board and all affected were told."""
        self.ensure_one()
        self._check_user()
        if self.state != "found":
            raise UserError(
                self.env._(
                    "Find the people affected by %(breach)s first.", breach=self.display_name
                )
            )
        self._set(state="closed")
        return True

    def action_texts(self):
        """Make the texts anew from what is described now."""
        self.ensure_one()
        self._check_user()
        self._fill_texts()
        return True

    def action_open_persons(self):
        """Show who is affected."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Affected"),
            "res_model": "discom.privacy.breach.person",
            "views": [(False, "list")],
            "domain": [("breach_id", "=", self.id)],
        }

    def action_excel(self):
        """The list of those affected as a workbook."""
        self.ensure_one()
        self._check_user()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Affected (Excel)"),
            "res_model": "discom.privacy.breach.list",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_breach_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _check_user(self):
        self.check_access("write")
        if not self.env.user.has_group("discom.group_administrator"):
            raise AccessError(self.env._("Administrators look into breaches."))

    def _set(self, **vals):
        # sudo: the state follows from the actions, which check who takes them.
        return self.sudo().write(vals)

    def _fill_texts(self):
        """Draft what the Board and the persons are told."""
        company = self.company_id
        in_india = fields.Datetime.context_timestamp(
            self.with_context(tz="Asia/Kolkata"), self.discovered_at
        )
        facts = {
            "company": company.name,
            "what": self.name,
            "noticed": in_india.strftime("%d/%m/%Y %H:%M"),
            "count": formats.number(self.person_count),
            "sure": formats.number(self.sure_count),
            "nature": self.nature or "…",
            "measures": self.measures or "…",
            "officer": company.discom_privacy_officer or "…",
        }
        self.write(
            {
                "text_board": BOARD_ENGLISH.format(**facts),
                "text_board_hi": BOARD_HINDI.format(**facts),
                "text_person": PERSON_ENGLISH.format(**facts),
                "text_person_hi": PERSON_HINDI.format(**facts),
            }
        )
