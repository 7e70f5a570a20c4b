import dataclasses
import logging
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.keywords import fold, script, without_numbers
from .whatsapp_message import PRIORITY_REPLY
from .whatsapp_message_inbound import WINDOW

_logger = logging.getLogger(__name__)

#: How long a question waits for its answer.
PATIENCE = timedelta(minutes=30)
#: Automatic answers to one phone in an hour; the other side may be a machine too.
ANSWERS_PER_HOUR = 20
#: The help goes to one phone once in this time.
HELP_INTERVAL = timedelta(hours=24)
#: Conversations in which nobody has written for as long are deleted.
RETENTION = timedelta(days=30)
GC_BATCH = 10000
#: Longest text of a message with reply buttons, and without.
#: https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages
BUTTONS_TEXT, PLAIN_TEXT = 1024, 4096
BUTTONS_MAX = 3
#: Kinds of inbound messages that are no question to anybody.
SILENT_KINDS = ("reaction", "system", "unsupported")
#: What people write in Latin letters though they speak Hindi.
EITHER_LANGUAGE = frozenset({"kyc", "help", "ok", "haan", "han", "ha", "nahi", "nahin"})

TEXTS = {
    "help": (
        "नमस्ते। यहाँ लिखकर भेजें:\n• KYC: अपना बिजली खाता इस नंबर से जोड़ने के लिए\n"
        "• मेरा खाता नहीं: किसी और के संदेश आते हों तो\n• STOP: संदेश बंद करने के लिए\n"
        "किसी व्यक्ति से बात करने के लिए 1912 पर फ़ोन करें या कार्यालय आएँ।",
        "Hello. Write here:\n• KYC: to put your electricity account on this number\n• NOT MINE: if "
        "you get messages meant for somebody else\n• STOP: to end the messages\nTo talk to a "
        "person call 1912 or come to the office.",
    ),
    "over": (
        "समय पूरा हो गया। फिर से शुरू करने के लिए KYC लिखें।",
        "The time is over. Write KYC to begin again.",
    ),
    "aadhaar": (
        "आपने आधार नंबर भेजा है। कानून के अनुसार हम पूरा आधार नंबर नहीं रख सकते, इसलिए उसे मिटा "
        "दिया गया है (केवल अंतिम चार अंक बचे हैं)। कृपया इसे इस चैट से भी हटा दें और किसी को न भेजें। "
        "हमें केवल बिजली का खाता नंबर चाहिए।",
        "You have sent an Aadhaar number. The law does not allow us to keep it in full, so it was "
        "crossed out but for its last four digits. Please delete it from this chat too and send it "
        "to nobody. All we need is the number of the electricity account.",
    ),
}


@dataclasses.dataclass(slots=True, eq=False)
class Turn:
    """One text of a consumer and the answer that it gets.

    :ivar conversation: record of the phone
    :ivar row: the inbound message, as completed by ``discom.whatsapp.message._receive``
    :ivar words: the text, folded
    :ivar command: what a keyword or a button asks for: its words after the topic
    :ivar lang: ``hi`` or ``en``
    :ivar now: when the consumer wrote, UTC
    :ivar reply: text of the answer, empty for none
    :ivar buttons: up to three (id, label); an id is ``topic:command[:arguments]``
    """

    conversation: models.Model
    row: dict
    words: str
    command: list = dataclasses.field(default_factory=list)
    lang: str = "hi"
    now: datetime = None
    reply: str = ""
    buttons: list = dataclasses.field(default_factory=list)

    def say(self, text, *buttons):
        """Set the answer."""
        self.reply = text
        self.buttons = list(buttons)


class DiscomWhatsappConversation(models.Model):
    """Automatic answers to one phone on one sending number: what was asked, what is waited for.

    A feature that answers consumers extends :meth:`_keywords`, :meth:`_handlers` and
    :meth:`_help_buttons`; one that knows what a text without a keyword means extends
    :meth:`_recognise`. A handler gets all its
    turns of a batch at once, each of another phone.
    """

    _name = "discom.whatsapp.conversation"
    _description = "WhatsApp Conversation"
    _order = "write_date desc, id desc"
    _rec_name = "phone"

    account_id = fields.Many2one(
        "discom.whatsapp.account", "Number Written To", required=True, readonly=True,
        ondelete="cascade",
    )  # fmt: skip
    company_id = fields.Many2one(related="account_id.company_id")
    phone = fields.Char(required=True, readonly=True)
    office_id = fields.Many2one(
        "discom.office",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Office of the account spoken of, else of the number written to.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Account Spoken Of",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The writer may still have to prove that it is the own one.",
    )
    topic = fields.Selection([], readonly=True)
    step = fields.Selection([], "Waits For", readonly=True, help="Empty: nothing is waited for.")
    data = fields.Json(readonly=True)
    lang = fields.Char("Language", readonly=True)
    expires_at = fields.Datetime("Waits Until", readonly=True)
    helped_at = fields.Datetime("Help Sent", readonly=True)
    answers = fields.Integer("Answers This Hour", readonly=True, aggregator=None)
    answers_since = fields.Datetime(readonly=True)

    _phone_uniq = models.UniqueIndex(
        "(account_id, phone)", "A phone has one conversation with a sending number."
    )

    def action_open_messages(self):
        """Show the messages from and to this phone."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.phone,
            "res_model": "discom.whatsapp.message",
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
            "domain": [("phone", "=", self.phone), ("account_id", "=", self.account_id.id)],
        }

    # === WHAT FEATURES EXTEND === #

    @api.model
    def _keywords(self):
        """Return {folded words: ``topic:command``} of what begins a topic at any time."""
        return dict.fromkeys(("help", "menu", "मदद", "सहायता"), "help:show")

    @api.model
    def _handlers(self):
        """Return {topic: function that answers a list of turns}."""
        return {"help": self._answer_help}

    @api.model
    def _recognise(self, turn):
        """Return ``topic:command`` of a text that is no keyword and answers nothing, or empty."""
        return ""

    # === A BATCH === #

    @api.model
    def _converse(self, rows):
        """Obey and answer what came in; one phone's texts in their order, all phones together.

        :param list[dict] rows: as completed by ``discom.whatsapp.message._receive``
        """
        messages = self.env["discom.whatsapp.message"]
        for number, turn in enumerate(self._rounds(rows)):
            if number:
                # The turn before may have changed who has the number.
                messages._inbound_find_partners(turn)
            asked = [row for row in turn if row["action"]]
            if asked:
                messages._inbound_obey(asked)
                self._of_rows(asked)._close()
            self._answer([row for row in turn if not row["action"]])

    @api.model
    def _rounds(self, rows):
        """Yield lists of rows with at most one of each person, in the order they were written.

        Of several STOP or START in a row the last one counts, and what a person writes beyond the
        answers of an hour is left unanswered.
        """
        people = {}
        messages = self.env["discom.whatsapp.message"]
        for row in rows:
            row["action"] = messages._inbound_action(row)
            if not row["phone"] or (not row["action"] and row["type"] in SILENT_KINDS):
                continue
            turns = people.setdefault((row["phone"], row["company"]), [])
            if row["action"] and turns and turns[-1]["action"]:
                turns[-1] = row
            elif row["action"] or sum(not t["action"] for t in turns) < ANSWERS_PER_HOUR:
                turns.append(row)
        for turn in zip_longest(*people.values()):
            yield [row for row in turn if row]

    @api.model
    def _of_rows(self, rows):
        """Return the conversations that there are with the writers of ``rows``."""
        return self.search(
            [
                ("account_id", "in", [row["account_id"] for row in rows]),
                ("phone", "in", [row["phone"] for row in rows]),
            ]
        )

    def _close(self):
        """End what is waited for."""
        self.write({"topic": False, "step": False, "data": False, "expires_at": False})

    @api.model
    def _answer(self, rows):
        """Answer rows of different people."""
        if not rows:
            return
        turns = [turn for turn in self._turns(rows) if turn.conversation._may_answer(turn.now)]
        topics = {}
        for turn in turns:
            topics.setdefault(self._route(turn), []).append(turn)
        handlers = self._handlers()
        for topic, of_topic in topics.items():
            if topic:
                handlers[topic](of_topic)
        self._send([turn for turn in turns if turn.reply])

    @api.model
    def _turns(self, rows):
        """Return one turn for each row, with its conversation."""
        found = {(c.account_id.id, c.phone): c for c in self._of_rows(rows)}
        missing = [row for row in rows if (row["account_id"], row["phone"]) not in found]
        created = self.create(
            [
                {
                    "account_id": row["account_id"],
                    "phone": row["phone"],
                    "office_id": row["office"].id,
                }
                for row in missing
            ]
        )
        found.update(((c.account_id.id, c.phone), c) for c in created)
        turns = []
        for row in rows:
            turn = Turn(found[row["account_id"], row["phone"]], row, fold(row["text"]))
            # Meta's clock may be ahead of ours.
            turn.now = min(
                datetime.fromtimestamp(row["timestamp"], UTC).replace(tzinfo=None),
                fields.Datetime.now(),
            )
            turn.lang = turn.conversation._choose_lang(turn)
            turns.append(turn)
        return turns

    def _choose_lang(self, turn):
        """Return the language of the answer: of the script, else of the consumer, else Hindi."""
        words = without_numbers(turn.words)
        lang = None
        if turn.row["has_aadhaar"]:
            words = words.replace("xxxx", "")
        if not turn.row["payload"] and words not in EITHER_LANGUAGE:
            lang = script(words)
        consumer = (turn.row["partner"].lang or "")[:2]
        self.lang = lang or self.lang or (consumer if consumer == "en" else "hi")
        return self.lang

    def _may_answer(self, now):
        """Tell whether the phone may get one more automatic answer, and begin a new hour."""
        if not self.answers_since or now - self.answers_since >= timedelta(hours=1):
            self.answers_since = now
            self.answers = 0
        return self.answers < ANSWERS_PER_HOUR

    @api.model
    def _route(self, turn):
        """Return the topic that answers ``turn``, or None where it gets no answer, or has it."""
        conversation = turn.conversation
        if turn.row["has_aadhaar"]:
            turn.say(self._text("aadhaar", turn.lang))
            return None
        expired = bool(conversation.step) and (conversation.expires_at or turn.now) < turn.now
        keywords = self._keywords()
        words = turn.words
        target = (
            self._pressed(turn)
            or keywords.get(words)
            or keywords.get(without_numbers(words))
            or (conversation.step and not expired and f"{conversation.topic}:")
            or self._recognise(turn)
        )
        if target:
            topic, *turn.command = target.split(":")
            if expired or topic != conversation.topic:
                conversation._close()
            return topic
        if expired:
            conversation._close()
            turn.say(self._text("over", turn.lang))
            return None
        if not conversation.helped_at or turn.now - conversation.helped_at >= HELP_INTERVAL:
            return "help"
        return None

    @api.model
    def _pressed(self, turn):
        """Return the ``topic:command`` of the button pressed where it is one of ours."""
        payload = turn.row["payload"]
        return payload if ":" in payload and payload.split(":")[0] in self._handlers() else ""

    @api.model
    def _answer_help(self, turns):
        for turn in turns:
            turn.conversation.helped_at = turn.now
            turn.say(self._text("help", turn.lang), *self._help_buttons(turn)[:BUTTONS_MAX])

    @api.model
    def _help_buttons(self, turn):
        """Return the buttons under the help, (id, label) each; features add their own."""
        return []

    @api.model
    def _text(self, key, lang):
        return TEXTS[key][lang == "en"]

    @api.model
    def _send(self, turns):
        """Queue the answers and count them."""
        values = []
        for turn in turns:
            conversation, row = turn.conversation, turn.row
            conversation.answers += 1
            if conversation.answers == ANSWERS_PER_HOUR:
                _logger.info("WhatsApp conversation %s: no more answers this hour", conversation.id)
            buttons = [{"id": key, "title": title} for key, title in turn.buttons]
            if len(turn.reply) > BUTTONS_TEXT:
                # The text itself says which words to write instead.
                buttons = []
            values.append(
                {
                    "direction": "out",
                    "state": "queued",
                    "account_id": row["account_id"],
                    "phone": row["phone"],
                    # Whose account it is has to be proved first, so not the one spoken of.
                    "partner_id": row["partner"].id,
                    "office_id": (row["partner"].discom_office_id or row["office"]).id,
                    "lang": "en_IN" if turn.lang == "en" else "hi_IN",
                    "purpose": "other",
                    "priority": PRIORITY_REPLY,
                    "body": turn.reply[:PLAIN_TEXT],
                    "buttons": buttons or False,
                    "expires_at": turn.now + WINDOW,
                }
            )
        if values:
            messages = self.env["discom.whatsapp.message"].create(values)
            messages.account_id._trigger_lane()

    @api.autovacuum
    def _gc_conversations(self):
        """Delete conversations in which nobody has written for ``RETENTION``."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM discom_whatsapp_conversation
                 WHERE id IN (SELECT id FROM discom_whatsapp_conversation
                               WHERE write_date < %s LIMIT %s)
                """,
                fields.Datetime.now() - RETENTION,
                GC_BATCH,
            )
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == GC_BATCH
