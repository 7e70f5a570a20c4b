import logging
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.keywords import essence, fold, language, without_numbers
from .whatsapp_message import PRIORITY_REPLY
from .whatsapp_message_inbound import WINDOW
from .whatsapp_turn import Turn, fingerprint

_logger = logging.getLogger(__name__)

#: How long a question waits for its answer.
PATIENCE = timedelta(minutes=30)
#: Automatic answers to one phone in an hour; the other side may be a machine too.
ANSWERS_PER_HOUR = 20
#: Times in an hour that the same text in a row is answered.
REPEATS = 5
#: The help goes to one phone once in this time.
HELP_INTERVAL = timedelta(hours=24)
#: Settled conversations in which nobody has written for as long are deleted.
GC_BATCH = 10000
#: Steps at which any text is an answer, be it a keyword; these words get out of them.
FREE_STEPS = ("details",)
CANCEL_WORDS = frozenset({"रद्द", "रद्द करें", "मेनू", "मेन्यू", "cancel", "menu", "radd"})
#: Kinds of inbound messages that are no question to anybody.
SILENT_KINDS = ("reaction", "system", "unsupported")

TEXTS = {
    "over": (
        "समय पूरा हो गया। फिर से शुरू करने के लिए KYC या मेनू लिखें।",
        "The time is over. Write KYC or MENU to begin again.",
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


class DiscomWhatsappConversation(models.Model):
    """Automatic answers to one phone on one sending number: what was asked, what is waited for.

    A feature that answers consumers adds to :meth:`_services`; one with a dialogue of its own
    extends :meth:`_keywords` and :meth:`_handlers`; one that knows what a text without a keyword
    means extends :meth:`_recognise`. A handler gets all its turns of a batch at once, each of
    another phone.
    """

    _name = "discom.whatsapp.conversation"
    _inherit = ["discom.mask.mixin"]
    _description = "WhatsApp Conversation"
    _order = "last_message_at desc, id desc"
    _rec_name = "phone"
    # Who answers calls back.
    _personal_groups = ("discom.group_outage_operator",)

    account_id = fields.Many2one(
        "discom.whatsapp.account", "Number Written To", required=True, readonly=True,
        ondelete="cascade",
    )  # fmt: skip
    company_id = fields.Many2one(related="account_id.company_id")
    phone = fields.Char(
        "WhatsApp Number",
        required=True,
        readonly=True,
        help="Or WhatsApp's id of a person who hides the number.",
        personal="phone",
    )
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
    topic = fields.Selection([("service", "Service")], readonly=True)
    step = fields.Selection(
        [("choice", "Choice of an account"), ("details", "Description"), ("photo", "Photo")],
        "Waits For",
        readonly=True,
        help="Empty: nothing is waited for.",
    )
    data = fields.Json(readonly=True)
    lang = fields.Char("Language", readonly=True)
    expires_at = fields.Datetime("Waits Until", readonly=True)
    helped_at = fields.Datetime("Help Sent", readonly=True)
    answers = fields.Integer("Answers This Hour", readonly=True, aggregator=None)
    answers_since = fields.Datetime(readonly=True)
    said = fields.Char("Last Text", readonly=True, help="Fingerprint, to notice repetition.")
    said_count = fields.Integer(readonly=True, aggregator=None)
    replied = fields.Char("Last Answer", readonly=True, help="Fingerprint, to notice an echo.")

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
            "domain": self._messages_domain(),
        }

    def _messages_domain(self):
        """Return the domain of the messages from and to this phone."""
        self.ensure_one()
        writer = [(name, "=", value) for name, value in self._recipient().items()]
        return [*writer, ("account_id", "=", self.account_id.id)]

    def _hides_number(self):
        """Whether WhatsApp tells an id of this person and no number."""
        self.ensure_one()
        return not self.phone.startswith("+")

    def _recipient(self):
        """Return what names the writer in a message: the number, or the id of who hides it."""
        return {"wa_user_id" if self._hides_number() else "phone": self.phone}

    # === WHAT FEATURES EXTEND === #

    @api.model
    def _keywords(self):
        """Return {folded words: ``topic:command``} of what begins a topic at any time."""
        return {}

    @api.model
    def _handlers(self):
        """Return {topic: function that answers a list of turns}."""
        return {}

    @api.model
    def _recognise(self, turn):
        """Return ``topic:command`` of a text that is no keyword and answers nothing, or empty."""
        return ""

    # === A BATCH === #

    @api.model
    def _converse(self, rows):
        """Obey and answer what came in; one phone's texts in their order, all phones together.

        Each row gets ``conversation`` and ``understood``: whether no person need look at it.

        :param list[dict] rows: as completed by ``discom.whatsapp.message._receive``
        """
        messages = self.env["discom.whatsapp.message"]
        self._find_conversations(rows)
        for number, turn in enumerate(self._rounds(rows)):
            if number:
                # The turn before may have changed who has the number.
                messages._inbound_find_partners(turn)
            asked = [row for row in turn if row["action"]]
            if asked:
                messages._inbound_obey(asked)
                self.union(*[row["conversation"] for row in asked])._close()
            self._answer([row for row in turn if not row["action"]])
        self._note_inbox(rows)

    @api.model
    def _rounds(self, rows):
        """Yield lists of rows with at most one of each person, in the order they were written.

        Of several STOP or START in a row the last one counts, and what a person writes beyond the
        answers of an hour is left unanswered.
        """
        people = {}
        messages = self.env["discom.whatsapp.message"]
        for row in rows:
            row["action"] = row["phone"] and messages._inbound_action(row)
            row["understood"] = bool(row["action"]) or row["type"] in SILENT_KINDS
            if not row["writer"] or (not row["action"] and row["type"] in SILENT_KINDS):
                continue
            turns = people.setdefault((row["writer"], row["company"]), [])
            if row["action"] and turns and turns[-1]["action"]:
                turns[-1] = row
            elif row["action"] or sum(not t["action"] for t in turns) < ANSWERS_PER_HOUR:
                turns.append(row)
        for turn in zip_longest(*people.values()):
            yield [row for row in turn if row]

    @api.model
    def _find_conversations(self, rows):
        """Set ``conversation`` of each row; who writes for the first time gets one.

        Who hides the number behind an id gets one with the id: the staff see what is written.
        """
        written = {}
        for row in rows:
            row["conversation"] = self.browse()
            row["writer"] = row["phone"] or row.get("user_id") or ""
            if row["writer"]:
                written.setdefault((row["account_id"], row["writer"]), row)
        found = {
            (conversation.account_id.id, conversation.phone): conversation
            for conversation in self.search(
                [
                    ("account_id", "in", list({account for account, _phone in written})),
                    ("phone", "in", list({phone for _account, phone in written})),
                ]
            )
        }
        created = self.create(
            [
                {"account_id": key[0], "phone": key[1], "office_id": row["office"].id}
                for key, row in written.items()
                if key not in found
            ]
        )
        found.update(((c.account_id.id, c.phone), c) for c in created)
        for row in rows:
            if row["writer"]:
                row["conversation"] = found[row["account_id"], row["writer"]]

    def _close(self):
        """End what is waited for."""
        self.write({"topic": False, "step": False, "data": False, "expires_at": False})

    def _wait(self, now, topic, step, data):
        """Wait for the next text, for a while."""
        self.write({"topic": topic, "step": step, "data": data, "expires_at": now + PATIENCE})

    @api.model
    def _answer(self, rows):
        """Answer rows of different people."""
        if not rows:
            return
        keywords = self._keywords()
        turns = [turn for turn in map(self._turn, rows) if turn.conversation._may_answer(turn)]
        topics = {}
        for turn in turns:
            topics.setdefault(self._route(turn, keywords), []).append(turn)
        handlers = self._handlers()
        for topic, of_topic in topics.items():
            if topic:
                handlers[topic](of_topic)
        self._send([turn for turn in turns if turn.reply])

    @api.model
    def _turn(self, row):
        """Return the turn of a row."""
        turn = Turn(row["conversation"], row, fold(row["text"]))
        # Meta's clock may be ahead of ours.
        turn.now = min(
            datetime.fromtimestamp(row["timestamp"], UTC).replace(tzinfo=None),
            fields.Datetime.now(),
        )
        turn.lang = turn.conversation._choose_lang(turn)
        return turn

    def _choose_lang(self, turn):
        """Return the language of the answer: of the script, else of the consumer, else Hindi."""
        words = without_numbers(turn.words)
        lang = None
        if turn.row["has_aadhaar"]:
            words = words.replace("xxxx", "")
        typed = turn.row["type"] == "text" and not turn.row["payload"]
        if typed:
            lang = language(words)
        consumer = (turn.row["partner"].lang or "")[:2]
        self.lang = lang or self.lang or (consumer if consumer == "en" else "hi")
        return self.lang

    def _may_answer(self, turn):
        """Tell whether the phone may get one more automatic answer, and begin a new hour.

        Another machine at the other end sends our own words back, or always the same.
        """
        if not self.answers_since or turn.now - self.answers_since >= timedelta(hours=1):
            self.write({"answers_since": turn.now, "answers": 0, "said_count": 0})
        said = fingerprint(turn.words, turn.row["payload"])
        self.said_count = self.said_count + 1 if said == self.said else 1
        self.said = said
        return (
            self.answers < ANSWERS_PER_HOUR
            and self.said_count <= REPEATS
            and not (turn.words and fingerprint(turn.words) == self.replied)
        )

    @api.model
    def _route(self, turn, keywords):
        """Return the topic that answers ``turn``, or None where it gets no answer, or has it.

        :param dict keywords: of :meth:`_keywords`
        """
        conversation = turn.conversation
        if turn.row["has_aadhaar"]:
            turn.say(self._text("aadhaar", turn.lang))
            return None
        if conversation._with_staff(turn.now):
            return None
        if conversation.handed_over_at:
            conversation.handed_over_at = False
        expired = bool(conversation.step) and (conversation.expires_at or turn.now) < turn.now
        waiting = conversation.step and not expired and f"{conversation.topic}:"
        target = self._pressed(turn)
        if not target and waiting and conversation.step in FREE_STEPS:
            target = "help:show" if turn.words in CANCEL_WORDS else waiting
        elif not target:
            target = (
                keywords.get(turn.words)
                or keywords.get(without_numbers(turn.words))
                or keywords.get(essence(turn.words))
                or waiting
                or self._recognise(turn)
            )
        if target:
            turn.row["understood"] = True
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
    def _text(self, key, lang):
        return TEXTS[key][lang == "en"]

    @api.model
    def _send(self, turns):
        """Queue the answers and count them."""
        values = []
        for turn in turns:
            conversation, row = turn.conversation, turn.row
            conversation.answers += 1
            conversation.replied = fingerprint(fold(turn.reply))
            if conversation.answers == ANSWERS_PER_HOUR:
                _logger.info("WhatsApp conversation %s: no more answers this hour", conversation.id)
            # Whose account it is has to be proved first, so not the one spoken of.
            partner = turn.partner or row["partner"]
            values.append(
                {
                    "direction": "out",
                    "state": "queued",
                    "account_id": row["account_id"],
                    **({"phone": turn.phone} if turn.phone else conversation._recipient()),
                    "partner_id": partner.id,
                    "office_id": (partner.discom_office_id or row["office"]).id,
                    "lang": "en_IN" if turn.lang == "en" else "hi_IN",
                    "purpose": "reply",
                    "priority": PRIORITY_REPLY,
                    "expires_at": turn.now + WINDOW,
                    **turn.answer_values(),
                }
            )
        if values:
            messages = self.env["discom.whatsapp.message"].create(values)
            messages.account_id._trigger_lane()

    @api.model
    def _gc_conversations(self):
        """Delete a batch of settled conversations in which nobody has written for long.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("conversation")
        if before is None:
            return 0, False
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM discom_whatsapp_conversation
                 WHERE id IN (SELECT id FROM discom_whatsapp_conversation
                               WHERE state = 'closed' AND write_date < %s LIMIT %s)
                """,
                before,
                GC_BATCH,
            )
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == GC_BATCH
