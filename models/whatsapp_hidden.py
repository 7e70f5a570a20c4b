"""Self-service for people who hide their number behind a user name at WhatsApp.

They are answered by the id that WhatsApp tells of them. What needs no account, they get; for the
rest they are asked for the number, with WhatsApp's own button. A number that is given that way is
not believed: the next answer goes to it, and only WhatsApp's report on that answer tells that the
two are one person (see ``discom.whatsapp.person``).
https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
"""

from odoo import api, fields, models

from ..tools.phone import PhoneError, normalise_mobile
from .whatsapp_turn import SHARE_NUMBER

TEXTS = {
    "number": (
        "व्हाट्सऐप आपका मोबाइल नंबर हमें नहीं दिखाता। बिल, बकाया, KYC और संदेश बंद करने के लिए हमें नंबर "
        "चाहिए: नीचे दबाकर इसे भेजें। तत्काल सहायता: 1912",
        "WhatsApp does not show us your mobile number. For bills, dues, KYC and to end the "
        "messages we need it: send it with the button below. Urgent help: 1912",
    ),
    "plain": (
        "व्हाट्सऐप आपका मोबाइल नंबर हमें नहीं दिखाता, इसलिए हम खाता नहीं पहचान सकते। कृपया कार्यालय आएँ या "
        "1912 पर फोन करें। कर्मचारी से बात के लिए “कार्यालय” लिखें।",
        "WhatsApp does not show us your mobile number, so we cannot tell your account. Please come "
        "to the office or call 1912. To talk to a person write OFFICE.",
    ),
    "share_button": ("नंबर भेजें", "Share the number"),
    "shared": (
        "धन्यवाद, आपका नंबर मिल गया। अब फिर से चुनें या लिखें कि आप क्या चाहते हैं।",
        "Thank you, we have your number. Now choose or write again what you want.",
    ),
    "unusable": (
        "यह भारत का मोबाइल नंबर नहीं है। कृपया कार्यालय आएँ या 1912 पर फोन करें।",
        "This is no Indian mobile number. Please come to the office or call 1912.",
    ),
}


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    @api.model
    def _receive(self, rows):
        """Extend: who replies to a message of ours has the number that it went to."""
        replies = [row for row in rows if not row["phone"] and row["context_wamid"]]
        if replies:
            wamids = [row["context_wamid"] for row in replies]
            sent = self.search_fetch(
                [("wamid", "in", wamids), ("direction", "=", "out"), ("phone", "!=", False)],
                ["wamid", "phone", "account_id"],
            )
            companies = self.env["discom.whatsapp.account"].browse
            number = {(message.wamid, message.account_id.company_id): message.phone
                      for message in sent}  # fmt: skip
            for row in replies:
                company = companies(row["account_id"]).company_id
                row["phone"] = number.get((row["context_wamid"], company), "")
        return super()._receive(rows)

    def _do_after_failure(self, by_action):
        """Extend: where WhatsApp does not take its button, the same is said without it."""
        refused = by_action["fail"].filtered(
            lambda message: message.buttons and message.buttons[0]["id"] == SHARE_NUMBER
        )
        if refused:
            refused._say_without_button()
        return super()._do_after_failure(by_action)

    def _say_without_button(self):
        """Queue the plain text in the place of these messages."""
        self.create(
            [
                {
                    "direction": "out",
                    "state": "queued",
                    "account_id": message.account_id.id,
                    "wa_user_id": message.wa_user_id,
                    "office_id": message.office_id.id,
                    "lang": message.lang,
                    "purpose": message.purpose,
                    "priority": message.priority,
                    "expires_at": message.expires_at,
                    "body": TEXTS["plain"][message.lang == "en_IN"],
                }
                for message in self
            ]
        ).account_id._trigger_lane()


class DiscomWhatsappConversation(models.Model):
    _inherit = "discom.whatsapp.conversation"

    number_hidden = fields.Boolean("Hides the Number", compute="_compute_number_hidden")

    @api.depends("phone")
    def _compute_number_hidden(self):
        for conversation in self:
            conversation.number_hidden = bool(conversation.phone) and conversation._hides_number()

    @api.model
    def _find_conversations(self, rows):
        """Extend: who shows the number at last goes on with the same conversation."""
        shown = {
            (row["account_id"], row["user_id"]): row["phone"]
            for row in rows
            if row["phone"] and row.get("user_id")
        }
        if shown:
            names = {user_id for _account_id, user_id in shown} | set(shown.values())
            conversations = self.search(
                [
                    ("account_id", "in", list({account_id for account_id, _id in shown})),
                    ("phone", "in", list(names)),
                ]
            )
            known = {(each.account_id.id, each.phone): each for each in conversations}
            for (account_id, user_id), phone in shown.items():
                hidden = known.get((account_id, user_id))
                if hidden and (account_id, phone) not in known:
                    hidden._show_number(phone)
        return super()._find_conversations(rows)

    def _show_number(self, phone):
        """Put the number in the place of the id, in what was written before, too."""
        self.env["discom.whatsapp.message"].search(self._messages_domain()).phone = phone
        self.phone = phone

    @api.model
    def _route(self, turn, keywords):
        """Extend: what needs a number needs it first."""
        if turn.row["phone"]:
            return super()._route(turn, keywords)
        if turn.row.get("shared_phone"):
            return self._take_number(turn)
        topic = super()._route(turn, keywords)
        asks_consent = self.env["discom.whatsapp.message"]._inbound_action(turn.row)
        if not asks_consent and (not topic or self._needs_no_number(turn, topic)):
            return topic
        if not turn.conversation._with_staff(turn.now):
            turn.conversation._close()
            share = (SHARE_NUMBER, turn.pick(TEXTS["share_button"]))
            turn.say(turn.pick(TEXTS["number"]), share)
        # A person sees to it that a wish to hear no more is obeyed.
        turn.row["understood"] = not asks_consent
        return None

    @api.model
    def _needs_no_number(self, turn, topic):
        """Tell whether who hides the number gets the answer of ``topic`` all the same."""
        if topic != "service":
            return topic == "help"
        key = turn.command[0] or (turn.conversation.data or {}).get("service")
        service = self._service_map().get(key)
        # What is unknown is answered by the menu.
        return not service or (service.account != "proven" and not service.target)

    @api.model
    def _take_number(self, turn):
        """Answer to the number that was given; whose it is, WhatsApp's report tells."""
        turn.row["understood"] = True
        try:
            turn.phone = normalise_mobile(turn.row["shared_phone"])
        except PhoneError:
            turn.say(turn.pick(TEXTS["unusable"]))
            return None
        self._answer_help([turn])
        turn.reply = f"{turn.pick(TEXTS['shared'])}\n\n{turn.reply}"
        return None
