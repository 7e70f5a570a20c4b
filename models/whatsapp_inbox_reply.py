from datetime import UTC

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.identity import find_aadhaar
from ..tools.template_text import to_html
from .whatsapp_message import PRIORITY_REPLY
from .whatsapp_message_inbound import WINDOW
from .whatsapp_template_variable import TEXT_SOURCE
from .whatsapp_turn import PLAIN_TEXT

#: Messages of a conversation shown at once.
THREAD_PAGE = 40
#: Variables of a template that are known of every consumer.
KNOWN_VARIABLES = frozenset(("name", "account_last4", "office"))
#: Templates for the staff to choose from.
CONTACT_PURPOSE = "contact"


class DiscomWhatsappConversation(models.Model):
    """How the staff read a conversation and answer in it."""

    _inherit = "discom.whatsapp.conversation"

    # === READING === #

    def thread(self, before_id=0):
        """Return what the messenger shows, oldest first.

        :param int before_id: show what is older than this message
        :return: dict with ``messages``, ``more`` (whether there are older ones), ``window``
            (seconds that free text may still be sent), ``can_answer``, ``with_staff``,
            ``unread``, ``state``, ``lang``
        """
        self.ensure_one()
        self.check_access("read")
        domain = self._messages_domain()
        if before_id:
            domain.append(("id", "<", before_id))
        messages = self.env["discom.whatsapp.message"].search(
            domain, limit=THREAD_PAGE + 1, order="id desc"
        )
        page = messages[:THREAD_PAGE]
        self._discom_note_reading(1, ["thread"], self)
        now = fields.Datetime.now()
        return {
            "messages": page._thread_rows()[::-1],
            "more": len(messages) > THREAD_PAGE,
            "window": max(0, int((self.window_until - now).total_seconds()))
            if self.window_until
            else 0,
            "can_answer": self.can_answer,
            "with_staff": self._with_staff(now),
            "unread": self.unread_count,
            "state": self.state,
            "lang": self._reader_lang(),
        }

    def answers_offered(self):
        """Return the canned answers and, for outside the window, the templates.

        :return: dict with ``answers`` (id, name, body) and ``templates`` (id, name, text)
        """
        self.ensure_one()
        self.check_access("read")
        english = self._reader_lang() == "en"
        return {
            "answers": [
                {
                    "id": answer.id,
                    "name": answer.name,
                    "body": answer.body_en if english else answer.body_hi,
                }
                for answer in self.env["discom.whatsapp.answer"]._for_office(self.office_id)
            ],
            "templates": [
                {
                    "id": template.id,
                    "name": template.name.replace("_", " "),
                    "text": template._render_text(self._contact_values(template)),
                }
                for template in self._contact_templates()
            ],
        }

    def mark_read(self):
        """Note that somebody who answers has looked; it stays to be answered."""
        if self.can_answer and self.unread_count:
            conversation = self._check_may_answer()
            conversation.unread_count = 0
            conversation._note_seen()
        return True

    def _reader_lang(self):
        """Return ``hi`` or ``en``: what the consumer reads."""
        return "en" if (self.lang or self.consumer_ids[:1].lang or "hi")[:2] == "en" else "hi"

    # === ANSWERING === #

    def reply(self, text):
        """Send a free text inside the window, and take the conversation over.

        :raise UserError: outside the window, for an empty or too long text, or an Aadhaar number
        """
        self.ensure_one()
        conversation = self._check_may_answer()
        self._check_sendable()
        text = (text or "").strip()
        if not text:
            raise UserError(self.env._("Write the answer first."))
        if len(text) > PLAIN_TEXT:
            raise UserError(
                self.env._(
                    "The answer has %(count)s characters; WhatsApp takes %(most)s. Shorten it or "
                    "send it in parts.",
                    count=len(text),
                    most=PLAIN_TEXT,
                )
            )
        if find_aadhaar(text, self.env["discom.whatsapp.message"]._inbound_exempt([text])):
            raise UserError(
                self.env._("The answer holds an Aadhaar number. Send only its last four digits.")
            )
        if not conversation.window_open:
            raise UserError(
                self.env._(
                    "The consumer has not written for 24 hours, so WhatsApp takes no free text. "
                    "Choose one of the approved templates instead."
                )
            )
        return conversation._send_reply(
            {"body": text, "expires_at": conversation.last_in_at + WINDOW}
        )

    def reply_template(self, template_id):
        """Send an approved template, inside the window or outside.

        :raise UserError: where it is none of those offered, or the consumer wants no messages
        """
        self.ensure_one()
        conversation = self._check_may_answer()
        self._check_sendable()
        template = self._contact_templates().filtered(lambda each: each.id == template_id)
        if not template:
            raise UserError(
                self.env._(
                    "The template chosen cannot be sent any more. Choose another from the list."
                )
            )
        partner = self._spoken_of()
        if partner.discom_consent_other == "withdrawn":
            raise UserError(
                self.env._(
                    "%(name)s has stopped messages. Answer when he or she writes again, or call.",
                    name=partner.display_name,
                )
            )
        return conversation._send_reply(
            {
                "template_id": template.id,
                "lang": template.lang,
                "values": self.env["discom.whatsapp.audience"]._without_aadhaar(
                    self._contact_values(template)
                ),
                "expires_at": fields.Datetime.now() + WINDOW,
            }
        )

    def _check_sendable(self):
        """Raise where nothing can leave now."""
        if self.account_id.state != "connected":
            raise UserError(
                self.env._(
                    "The sending number %(number)s does not work at the moment, so the answer was "
                    "not sent. Ask the administrator to look at it.",
                    number=self.account_id.name,
                )
            )

    def _send_reply(self, values):
        """Queue an answer of the current user; he has the conversation from now on."""
        partner = self._spoken_of()
        now = fields.Datetime.now()
        message = self.env["discom.whatsapp.message"].create(
            {
                "direction": "out",
                "state": "queued",
                "account_id": self.account_id.id,
                **self._recipient(),
                "partner_id": partner.id,
                "office_id": self.office_id.id,
                "lang": "en_IN" if self._reader_lang() == "en" else "hi_IN",
                "purpose": "reply",
                "priority": PRIORITY_REPLY,
                **values,
            }
        )
        message.account_id._trigger_lane()
        if self.unread_count:
            self._note_seen()
        self.write(
            {
                "state": "waiting",
                "unread_count": 0,
                "user_id": self.user_id.id or self.env.uid,
                "handed_over_at": self.handed_over_at or now,
                "last_message_at": now,
            }
        )
        self._close()
        return message.id

    def _spoken_of(self):
        """Return the connection that the conversation is about, as far as it has this number."""
        # sudo: of several connections one may belong to an office that the user does not see.
        partners = self.sudo().consumer_ids
        return partners & self.sudo().partner_id or partners[:1]

    # === TEMPLATES OUTSIDE THE WINDOW === #

    def _contact_templates(self):
        """Return the approved templates that can be filled for this conversation, the consumer's
        language first, those made for this before others."""
        domain = [
            ("account_id", "=", self.account_id.id),
            ("status", "=", "approved"),
            ("category_drifted", "=", False),
            ("combined", "=", False),
            ("purpose", "in", (CONTACT_PURPOSE, "other")),
            ("header_type", "in", ("none", "text")),
        ]
        if self._hides_number():
            # WhatsApp refuses it (131062): a code proves a number.
            domain.append(("category", "!=", "AUTHENTICATION"))
        templates = self.env["discom.whatsapp.template"].search(domain)
        known = KNOWN_VARIABLES if self._spoken_of() else {"office"}
        fitting = templates.filtered(lambda template: self._can_fill(template, known))
        own = self._reader_lang()
        return fitting.sorted(
            lambda template: (
                template.lang[:2] != own,
                template.purpose != CONTACT_PURPOSE,
                template.name,
            )
        )

    @api.model
    def _can_fill(self, template, known):
        """Tell whether the variables of ``template`` hold nothing but ``known`` values."""
        mapping = template._mapping()
        sources = {mapping.get(name, (name,))[0] for name in template._variable_names()}
        return sources <= known | {TEXT_SOURCE}

    def _contact_values(self, template):
        """Return the values of one of :meth:`_contact_templates`."""
        return template._mapped(self._known_values(template.lang))

    def _known_values(self, lang):
        """Return the values that are known of every consumer, in a language."""
        audience = self.env["discom.whatsapp.audience"]
        partner = self._spoken_of()
        office_id = partner.discom_office_id.id or self.office_id.id
        row = {
            "lang": lang,
            "name": partner.name or self.profile_name,
            "name_hi": partner.discom_name_hi,
            "account_no": partner.discom_account_no,
        }
        return audience._partner_values(row, audience._signing_offices({office_id}).get(office_id))


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    def _thread_rows(self):
        """Return what the messenger shows of each message, in their order.

        ``by`` is empty for an automatic answer, else the name of who wrote.
        """
        names = dict(self._fields["purpose"]._description_selection(self.env))
        states = dict(self._fields["state"]._description_selection(self.env))
        # sudo: the files are those of messages that the user reads, and names of colleagues.
        media = {file.message_id.id: file for file in self.sudo().file_ids}
        return [
            {
                "id": message.id,
                "out": message.direction == "out",
                "text": message._thread_text(media.get(message.id)),
                "kind": message.kind or "",
                "at": (message.sent_at or message.create_date).replace(tzinfo=UTC).isoformat(),
                "state": message.state,
                "state_label": states[message.state],
                "error": message.error_meaning or "",
                "by": message._thread_author(),
                "template": bool(message.template_id),
                "purpose": names.get(message.purpose, ""),
                "document": message.with_document,
                "choices": [choice["title"] for choice in message.buttons or ()],
                "file": media[message.id]._thread_file() if message.id in media else False,
            }
            for message in self
        ]

    def _thread_text(self, file):
        """Return the text with WhatsApp's marks as HTML; a file speaks for itself."""
        text = self.text or ""
        bare = text.removeprefix(f"[{self.kind}]").strip()
        if file:
            # The name of a document stands on the file.
            bare = bare.removeprefix(file.filename or "").strip()
        return to_html(bare if bare or file else text)

    def _thread_author(self):
        """Return the colleague who wrote an answer by hand, empty for everything else."""
        # sudo: names of colleagues
        author = self.sudo().create_uid
        by_hand = self.direction == "out" and self.purpose == "reply" and author._is_internal()
        return author.name if by_hand and author != self.env.ref("base.user_root") else ""


class DiscomWhatsappTemplate(models.Model):
    _inherit = "discom.whatsapp.template"

    purpose = fields.Selection(
        selection_add=[("reply", "Answer"), (CONTACT_PURPOSE, "Contact by the office")],
        ondelete={"reply": "set default", CONTACT_PURPOSE: "set default"},
    )
