from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .whatsapp_message_inbound import WINDOW

#: A conversation that the staff have taken over falls back to the machine after this silence.
HANDOVER = timedelta(hours=24)
#: Groups that answer consumers.
ANSWERING = (
    "discom.group_counter_clerk",
    "discom.group_billing_clerk",
    "discom.group_outage_operator",
)
PREVIEW = 120
#: Consumers whose conversations a search shows.
FOUND_LIMIT = 200


class DiscomWhatsappAccount(models.Model):
    _inherit = "discom.whatsapp.account"

    inbox_office_id = fields.Many2one(
        "discom.office",
        "Strangers are answered by",
        ondelete="set null",
        domain="[('company_id', '=', company_id)]",
        help="Who writes from a number of no consumer waits in the inbox of this office, which can "
        "hand over to another one. Empty: the first of the offices that send from this number.",
    )


class DiscomWhatsappConversation(models.Model):
    """The inbox: what waits for a person, with whom, and how long free text may be sent."""

    _inherit = "discom.whatsapp.conversation"

    state = fields.Selection(
        [("open", "To answer"), ("waiting", "Answered"), ("closed", "Settled")],
        default="closed",
        required=True,
        readonly=True,
        help="To answer: somebody has written what no machine answered. Answered: the staff have "
        "written last. Settled: nothing to do; what comes in next opens it again.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Assigned To",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Empty: anybody of the office.",
    )
    profile_name = fields.Char(readonly=True, help="As the writer calls himself on WhatsApp.")
    unread_count = fields.Integer(
        "Unread", readonly=True, help="Messages that nobody has looked at."
    )
    last_text = fields.Char("Last Message", readonly=True)
    last_message_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    last_in_at = fields.Datetime("Last Written", readonly=True)
    handed_over_at = fields.Datetime(
        "With the Staff Since", readonly=True, help="The machine is silent until it is closed."
    )
    window_until = fields.Datetime(
        "Free Text Until",
        compute="_compute_window",
        help="24 hours after the consumer has written; later only an approved template goes.",
    )
    window_open = fields.Boolean(compute="_compute_window", search="_search_window_open")
    consumer_ids = fields.Many2many(
        "res.partner", string="Connections", compute="_compute_consumers"
    )
    consumer_count = fields.Integer(compute="_compute_consumers")
    title = fields.Char("Who", compute="_compute_consumers", search="_search_title")
    can_answer = fields.Boolean(compute="_compute_can_answer")

    _inbox_idx = models.Index("(office_id, last_message_at DESC) WHERE state <> 'closed'")
    _recent_idx = models.Index("(last_message_at DESC, id DESC)")

    @api.depends("last_in_at")
    def _compute_window(self):
        now = fields.Datetime.now()
        for conversation in self:
            until = conversation.last_in_at and conversation.last_in_at + WINDOW
            conversation.window_until = until
            conversation.window_open = bool(until) and until > now

    def _search_window_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        limit = fields.Datetime.now() - WINDOW
        domain = Domain.FALSE
        if True in value:
            domain |= Domain("last_in_at", ">", limit)
        if False in value:
            domain |= Domain("last_in_at", "<=", limit) | Domain("last_in_at", "=", False)
        return domain

    @api.depends("phone", "company_id")
    @api.depends_context("uid")
    def _compute_consumers(self):
        """Connections with this number, as far as the user may see them; one query for all."""
        phones = self._personal_values("phone")
        found = defaultdict(lambda: self.env["res.partner"])
        for partner in self.env["res.partner"].search(
            [
                ("discom_whatsapp_number", "in", list(set(self.mapped("phone")))),
                ("discom_consumer", "=", True),
            ],
            order="id",
        ):
            found[partner.discom_whatsapp_number] |= partner
        for conversation in self:
            partners = found[conversation.phone].filtered(
                lambda partner, company=conversation.company_id: partner.company_id <= company
            )
            conversation.consumer_ids = partners
            conversation.consumer_count = len(partners)
            names = partners[:1].discom_name_hi or partners[:1].name or conversation.profile_name
            conversation.title = names or phones[conversation.id]

    @api.depends("title")
    def _compute_display_name(self):
        for conversation in self:
            conversation.display_name = conversation.title

    def _search_title(self, operator, value):
        """Find by whatever finds the consumer: name, account or meter number."""
        if operator != "ilike" or not value:
            return NotImplemented
        partners = self.env["res.partner"].search_fetch(
            [
                ("discom_consumer", "=", True),
                ("discom_whatsapp_number", "!=", False),
                ("discom_search", "ilike", value),
            ],
            ["discom_whatsapp_number"],
            limit=FOUND_LIMIT,
        )
        return Domain("phone", "in", list(set(partners.mapped("discom_whatsapp_number"))))

    @api.depends_context("uid")
    def _compute_can_answer(self):
        self.can_answer = any(self.env.user.has_group(group) for group in ANSWERING)

    # === WHAT COMES IN === #

    def _with_staff(self, now):
        """Tell whether a person has taken over and the machine keeps silent."""
        self.ensure_one()
        return bool(self.handed_over_at) and now - self.last_message_at < HANDOVER

    @api.model
    def _note_inbox(self, rows):
        """Note what came in: unread, opened where a person has to look, in one statement.

        :param list[dict] rows: with ``conversation`` and ``understood``
        """
        notes = {}
        for row in rows:
            conversation = row["conversation"]
            if not conversation:
                continue
            note = notes.setdefault(conversation.id, {"unread": 0, "office": None})
            text = self.env["discom.whatsapp.message"]._inbound_readable(row)
            note["text"] = " ".join(text.split())[:PREVIEW]
            note["at"] = min(self.env["discom.whatsapp.message"]._inbound_time(row),
                             fields.Datetime.now())  # fmt: skip
            note["name"] = row["profile_name"] or None
            note["unread"] += not row["understood"]
            if row["partner"]:
                note["office"] = row["office"].id or None
        if not notes:
            return
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_conversation c
                   SET last_text = v.text, last_message_at = v.at, last_in_at = v.at,
                       profile_name = COALESCE(v.name, c.profile_name),
                       office_id = COALESCE(v.office, c.office_id),
                       unread_count = COALESCE(c.unread_count, 0) + v.unread,
                       state = CASE WHEN v.unread > 0 THEN 'open' ELSE c.state END,
                       write_date = now() AT TIME ZONE 'UTC'
                  FROM unnest(%s::int[], %s::text[], %s::timestamp[], %s::text[], %s::int[],
                              %s::int[]) AS v(id, text, at, name, office, unread)
                 WHERE c.id = v.id
                """,
                list(notes),
                *(
                    [note[name] for note in notes.values()]
                    for name in ("text", "at", "name", "office", "unread")
                ),
            )
        )
        self.invalidate_model()

    # === WHAT THE STAFF DO === #

    def _check_may_answer(self):
        """Raise unless the user answers consumers, and these are of the own offices."""
        self.check_access("read")
        if not self.env.user.has_group("base.group_system") and not any(
            self.env.user.has_group(group) for group in ANSWERING
        ):
            raise AccessError(
                self.env._(
                    "Your role reads messages and does not answer them. Counter clerks, billing "
                    "clerks, outage operators and managers do."
                )
            )
        # sudo: nobody writes conversations but through the methods that follow this check.
        return self.sudo()

    def action_open_conversation(self):
        """Open the conversation as a messenger shows it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def action_assign_to_me(self):
        """Take the conversations over."""
        self._check_may_answer().write({"user_id": self.env.uid})
        return True

    def action_assign_to_office(self):
        """Give the conversations back to everybody of the office."""
        self._check_may_answer().write({"user_id": False})
        return True

    def action_open_hand_over(self):
        """Ask to which colleague, or which office, the conversations go."""
        self._check_may_answer()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand Over"),
            "res_model": "discom.whatsapp.handover",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_conversation_ids": self.ids},
        }

    def _hand_over(self, user, office):
        """Give the conversations to ``user`` and, those of strangers, to ``office``.

        :param user: one of :meth:`_colleagues`, or none: everybody of the office
        :param office: empty where it stays with its office
        :raise UserError: where the colleague does not see them, or they are a consumer's
        """
        conversations = self._check_may_answer()
        moved = conversations.filtered(lambda c: office and c.office_id != office)
        if known := moved.filtered("consumer_ids"):
            raise UserError(
                self.env._(
                    "%(who)s is a consumer, so the conversation belongs to the consumer's office. "
                    "Only those of strangers go to another one.",
                    who=known[0].title,
                )
            )
        for place in {office or conversation.office_id for conversation in conversations}:
            if user and user not in self._colleagues(place):
                raise UserError(
                    self.env._(
                        "%(user)s does not answer for %(office)s. Choose another colleague.",
                        user=user.name,
                        office=place.name or self.env._("no office"),
                    )
                )
        for account, group in moved.grouped("account_id").items():
            # What was written goes along, else the other office would see an empty conversation.
            hidden = group.filtered(lambda conversation: conversation._hides_number())
            self.env["discom.whatsapp.message"].sudo().search(
                [
                    ("account_id", "=", account.id),
                    ("partner_id", "=", False),
                    "|",
                    ("phone", "in", (group - hidden).mapped("phone")),
                    ("wa_user_id", "in", hidden.mapped("phone")),
                ]
            ).office_id = office
        moved.office_id = office
        conversations.user_id = user

    @api.model
    def _colleagues(self, office):
        """Return the users who answer for ``office``."""
        groups = self.env["res.groups"].union(*map(self.env.ref, ANSWERING))
        # sudo: names of colleagues, whose offices are not everybody's to read.
        return (
            groups.sudo()
            .all_user_ids.filtered(
                lambda user: (
                    user.active
                    and not user._is_superuser()
                    and any(
                        office.parent_path.startswith(own.parent_path)
                        for own in user.discom_scope_ids
                    )
                )
            )
            .with_env(self.env)
            if office
            else self.env["res.users"]
        )

    def action_close(self):
        """Nothing is left to do; the machine answers what comes in next."""
        self._check_may_answer().write(
            {"state": "closed", "unread_count": 0, "handed_over_at": False}
        )
        return True

    def action_reopen(self):
        """Put settled conversations back among those to answer."""
        self._check_may_answer().write({"state": "open"})
        return True

    def action_open_consumers(self):
        """Show the connections with this number."""
        self.ensure_one()
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Connections of %(who)s", who=self.title),
            "res_model": "res.partner",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.consumer_ids.ids)],
            "context": {"create": False},
        }
        if len(self.consumer_ids) == 1:
            action.update(res_id=self.consumer_ids.id, views=[(False, "form")])
        return action

    @api.model
    def inbox_counts(self):
        """Return how many conversations of the user's offices wait, and how many of them are his.

        :return: dict with ``open`` and ``mine``
        """
        mine, others = 0, 0
        for user, count in self._read_group([("state", "=", "open")], ["user_id"], ["__count"]):
            if user == self.env.user:
                mine += count
            else:
                others += count
        return {"open": mine + others, "mine": mine}
