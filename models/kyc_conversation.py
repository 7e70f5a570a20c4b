import logging
import re
from collections import Counter, defaultdict
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import kyc_dialogue, kyc_texts
from ..tools.phone import PhoneError, normalise_mobile
from .consumer_consent import NOTICE_PURPOSES
from .consumer_kyc import TAKEN_STATES
from .whatsapp_conversation import PATIENCE
from .whatsapp_message import PRIORITY_REPLY
from .whatsapp_turn import Service

_logger = logging.getLogger(__name__)

TOPIC = "kyc"
START_WORDS = ("kyc", "केवाईसी", "के वाई सी", "खाता जोड़ें", "एक और खाता", "एक और खाता जोड़ें", "और खाता",
               "add account", "add an account", "add another account")  # fmt: skip
NOT_MINE_WORDS = ("यह मेरा खाता नहीं", "यह मेरा खाता नहीं है", "ये मेरा खाता नहीं", "ये मेरा खाता नहीं है",
                  "मेरा खाता नहीं", "मेरा खाता नहीं है", "मेरा नहीं", "मेरा नहीं है", "गलत नंबर",
                  "not mine", "not my account", "wrong number")  # fmt: skip
#: Buttons under the answers.
BUTTONS = {
    "ask_consent": ("yes", "no"),
    "consent_unclear": ("yes", "no"),
    "consent_given": ("another",),
    "consent_withdrawn": ("another",),
    "settled": ("another", "notmine"),
    "released": ("start",),
    "none_mine": ("start",),
    "stale_button": ("start",),
}
ABOUT = ("yes", "no", "notmine")
#: Ids of records in buttons; they come back from outside.
ID = re.compile(r"[0-9]{1,9}")
LANGS = {"hi": "hi_IN", "en": "en_IN"}


class DiscomWhatsappConversation(models.Model):
    """KYC by WhatsApp: the consumer proves the account, the number is put on it, consent asked."""

    _inherit = "discom.whatsapp.conversation"

    topic = fields.Selection(selection_add=[(TOPIC, "KYC")])
    step = fields.Selection(
        selection_add=[
            (kyc_dialogue.Step.ACCOUNT.value, "Account number"),
            (kyc_dialogue.Step.PROOF.value, "Proof"),
            (kyc_dialogue.Step.CONSENT.value, "Consent"),
            (kyc_dialogue.Step.WHICH.value, "Which account"),
        ]
    )

    @api.model
    def _keywords(self):
        return {
            **super()._keywords(),
            **dict.fromkeys(START_WORDS, f"{TOPIC}:start"),
            **dict.fromkeys(NOT_MINE_WORDS, f"{TOPIC}:notmine"),
        }

    @api.model
    def _handlers(self):
        return {**super()._handlers(), TOPIC: self._answer_kyc}

    @api.model
    def _recognise(self, turn):
        """An account number alone begins KYC."""
        if kyc_dialogue.is_account_number(turn.row["text"]):
            return f"{TOPIC}:start"
        return super()._recognise(turn)

    @api.model
    def _services(self):
        return [
            *super()._services(),
            Service(
                TOPIC,
                (),
                ("खाता जोड़ें (KYC)", "Add an account (KYC)"),
                ("अपना खाता इस नंबर पर", "Put your account on this number"),
                target=f"{TOPIC}:start",
                sequence=70,
            ),
            Service(
                "notmine",
                (),
                ("मेरा खाता नहीं", "Not my account"),
                ("किसी और के संदेश आते हैं", "Messages meant for somebody else"),
                target=f"{TOPIC}:notmine",
                sequence=75,
                offered=lambda turn: bool(turn.row["partners"]),
            ),
        ]

    @api.model
    def _service_proof_buttons(self, turn):
        return [*super()._service_proof_buttons(turn), self._kyc_button("start", turn.lang)]

    @api.model
    def _answer_kyc(self, turns):
        """Take one step of the dialogue with each phone."""
        said, writers = self._kyc_facts(turns)
        answers = {}
        for turn in turns:
            conversation = turn.conversation
            answers[turn] = kyc_dialogue.advance(
                conversation.step,
                conversation.partner_id.id,
                (conversation.data or {}).get("misses", 0),
                said[turn],
                writers[turn],
            )
        self._kyc_note_attempts(answers)
        for turn in self._kyc_apply(answers):
            answers[turn] = kyc_dialogue.Answer("unusable")
        self._kyc_say(answers)

    # === WHAT THE DIALOGUE KNOWS === #

    @api.model
    def _kyc_facts(self, turns):
        """Return ({turn: Said}, {turn: Writer}), in a few queries for all turns."""
        found = self._kyc_find(turns)
        said = {turn: self._kyc_said(turn) for turn in turns}
        wanted = self.env["res.partner"].union(*found.values())
        wanted |= wanted.browse({text.connection for text in said.values() if text.connection})
        for turn in turns:
            wanted |= turn.row["partners"] | turn.conversation.partner_id
        wanted = wanted.exists()
        by_phone, by_account = self.env["discom.kyc.attempt"]._wrong_tries(
            fields.Datetime.now(), {turn.row["phone"] for turn in turns}, wanted.ids
        )
        by_account = Counter(by_account)
        proofs = wanted._discom_proofs()
        by_id = {partner.id: partner for partner in wanted}
        writers = {}
        for turn in turns:
            get = partial(self._kyc_connection, turn, by_id, proofs)
            writers[turn] = kyc_dialogue.Writer(
                usable=self._kyc_usable(turn.row["phone"]),
                tries=by_phone.get((turn.row["phone"], turn.row["company"].id), 0),
                account_tries=by_account,
                mine=turn.row["partners"].ids,
                find=lambda _number, get=get, partner=found[turn]: get(partner.id),
                get=get,
            )
        return said, writers

    @api.model
    def _kyc_find(self, turns):
        """Return {turn: consumer whose account number stands in its text}, empty for none.

        Old account numbers are understood where only one consumer has them.
        """
        numbers = {turn: kyc_dialogue.account_number(turn.row["text"]) for turn in turns}
        asked = [number for number in numbers.values() if number]
        partners = self.env["res.partner"]
        current, old = {}, defaultdict(lambda: partners)
        for partner in partners.search(
            [
                ("discom_consumer", "=", True),
                ("company_id", "in", [turn.row["company"].id for turn in turns]),
                "|",
                ("discom_account_no", "in", asked),
                ("discom_old_account_no", "in", asked),
            ]
        ):
            current[partner.company_id, partner.discom_account_no] = partner
            old[partner.company_id, partner.discom_old_account_no] |= partner
        found = {}
        for turn, number in numbers.items():
            key = (turn.row["company"], number)
            found[turn] = current.get(key) or (old[key] if len(old[key]) == 1 else partners)
        return found

    @api.model
    def _kyc_said(self, turn):
        """Return the text of a turn for the dialogue."""
        command, *arguments = turn.command
        pressed = arguments[0] if arguments else ""
        return kyc_dialogue.Said(
            turn.row["text"],
            turn.words,
            command,
            int(pressed) if ID.fullmatch(pressed) else turn.row["origin"].partner_id.id or None,
        )

    @api.model
    def _kyc_usable(self, phone):
        try:
            return normalise_mobile(phone) == phone
        except PhoneError:
            return False

    @api.model
    def _kyc_connection(self, turn, partners, proofs, partner_id):
        """Return what the dialogue may know of a consumer, or None where there is none.

        Amounts are easily guessed, so they are no proof against another number that is in use. The
        code of a bill is one against a number that nobody has proved yet: whoever typed it in may
        have typed the own one.
        """
        partner = partners.get(partner_id)
        # An id in a button comes from outside and may be anybody's.
        if not partner or not partner.discom_account_no:
            return None
        mine = partner in turn.row["partners"]
        verified = partner.discom_kyc_state == "verified"
        in_use = partner.discom_kyc_state in TAKEN_STATES and not mine
        return kyc_dialogue.Connection(
            id=partner.id,
            last4=partner.discom_account_no[-4:],
            mine=mine,
            settled=mine and verified and partner.discom_consent_bills == "given",
            held=verified and not mine,
            codes=proofs[partner.id]["codes"],
            amounts=() if in_use else proofs[partner.id]["amounts"],
        )

    # === WHAT COMES OF IT === #

    @api.model
    def _kyc_note_attempts(self, answers):
        """Keep the tries, and tell the log where they are used up."""
        values = []
        for turn, answer in answers.items():
            if not answer.attempt:
                continue
            partner_id, kind, right = answer.attempt
            office = self.env["res.partner"].browse(partner_id).discom_office_id
            values.append(
                {
                    "phone": turn.row["phone"],
                    "partner_id": partner_id,
                    "office_id": (office or turn.row["office"]).id,
                    "company_id": turn.row["company"].id,
                    "kind": kind,
                    "right": right,
                    "date": fields.Datetime.now(),
                }
            )
            if answer.say == "locked":
                _logger.warning(
                    "KYC by WhatsApp: no tries left in conversation %s (consumer %s)",
                    turn.conversation.id,
                    partner_id,
                )
        self.env["discom.kyc.attempt"].create(values)

    @api.model
    def _kyc_apply(self, answers):
        """Do what the answers say to consumers.

        :return: the turns whose number could not be put on the account
        """
        doing = defaultdict(dict)
        for turn, answer in answers.items():
            if answer.do:
                doing[answer.do][turn] = self.env["res.partner"].browse(answer.connection)
        self._kyc_release(doing["release"])
        self._kyc_ask_staff(doing["ask_staff"], answers)
        refused = self._kyc_prove(doing["prove"], answers)
        for action in ("given", "withdrawn"):
            self._kyc_consent(action, doing[action])
        return refused

    @api.model
    def _kyc_release(self, released):
        """Take the number away from accounts whose consumer is somebody else.

        :param dict released: {turn: consumer}
        """
        partners = self.env["res.partner"].union(*released.values())
        if not partners:
            return
        # What waits to be sent there is about somebody else's account.
        waiting = self.env["discom.whatsapp.message"].search(
            [
                ("state", "=", "queued"),
                ("direction", "=", "out"),
                ("partner_id", "in", partners.ids),
                ("phone", "in", partners.mapped("discom_whatsapp_number")),
                ("priority", "!=", PRIORITY_REPLY),
            ]
        )
        waiting.write({"state": "cancelled", "skip_reason": "no_number"})
        partners._discom_by_whatsapp(self.env._("“Not my account”, from the number itself")).write(
            {"discom_whatsapp_number": False}
        )

    @api.model
    def _kyc_prove(self, proved, answers):
        """Put the numbers on the accounts that they have proved.

        :param dict proved: {turn: consumer}
        :return: turns whose number was refused
        """
        evidence = {
            "code": self.env._("Code of the bill"),
            "amount": self.env._("Last amount paid"),
            "number": self.env._("Account number written from the number itself"),
        }
        refused = []
        for turn, partner in proved.items():
            # Somebody else of the same batch may have proved it a moment before.
            if partner.discom_kyc_state == "verified" and partner not in turn.row["partners"]:
                refused.append(turn)
                continue
            partner = partner._discom_by_whatsapp(evidence[answers[turn].evidence])
            values = {
                "discom_kyc_state": "verified",
                "discom_kyc_source": "whatsapp",
                "discom_kyc_date": partner._discom_today(),
                "discom_kyc_user_id": self.env.uid,
            }
            if partner.discom_whatsapp_number != turn.row["phone"]:
                values["discom_whatsapp_number"] = turn.row["phone"]
            try:
                with self.env.cr.savepoint():
                    partner.write(values)
            except ValidationError:
                _logger.info("KYC by WhatsApp: number refused for consumer %s", partner.id)
                refused.append(turn)
        return refused

    @api.model
    def _kyc_consent(self, action, answered):
        """Record what consumers answered to the notice that they were shown.

        :param dict answered: {turn: consumer}
        """
        groups = defaultdict(lambda: self.env["res.partner"])
        for turn, partner in answered.items():
            groups[self._kyc_notice_shown(turn)] |= partner
        for notice, partners in groups.items():
            values = {}
            if action == "given":
                values = {"notice_version": notice.version, "notice_lang": notice.lang}
            partners._discom_record_consent(action, NOTICE_PURPOSES, "whatsapp", **values)

    @api.model
    def _kyc_notice_shown(self, turn):
        """Return the notice that the answer is about."""
        shown = turn.command[2] if len(turn.command) > 2 else ""
        notice_id = int(shown) if ID.fullmatch(shown) else 0
        notice_id = notice_id or (turn.conversation.data or {}).get("notice", 0)
        notices = self.env["discom.consent.notice"]
        return notices.browse(notice_id).exists() or notices._current(LANGS[turn.lang])

    @api.model
    def _kyc_say(self, answers):
        """Set the texts of the answers and keep what is waited for."""
        current = self.env["discom.consent.notice"]._current
        notices = {lang: current(LANGS[lang]) for lang in {turn.lang for turn in answers}}
        for turn, answer in answers.items():
            conversation, values = turn.conversation, dict(answer.values)
            shown = (conversation.data or {}).get("notice")
            if answer.say == "ask_consent":
                shown = notices[turn.lang].id
                values["notice"] = notices[turn.lang].body or ""
            turn.say(
                kyc_texts.text(answer.say, turn.lang, values),
                *self._kyc_buttons(answer, shown, turn.lang),
            )
            partner = self.env["res.partner"].browse(answer.connection)
            office = partner.discom_office_id or turn.row["office"]
            conversation.write({"partner_id": partner.id, "office_id": office.id})
            if answer.step:
                conversation.write(
                    {
                        "topic": TOPIC,
                        "step": answer.step.value,
                        "data": {"misses": answer.misses, "notice": shown},
                        "expires_at": turn.now + PATIENCE,
                    }
                )
            else:
                conversation._close()

    @api.model
    def _kyc_buttons(self, answer, notice_id, lang):
        """Return the buttons under an answer; those about the account name it, and the notice."""
        return [
            self._kyc_button(key, lang, *([answer.connection, notice_id] if key in ABOUT else []))
            for key in BUTTONS.get(answer.say, ())
        ]

    @api.model
    def _kyc_button(self, key, lang, *arguments):
        command = "start" if key == "another" else key
        parts = [TOPIC, command, *(str(argument) for argument in arguments if argument)]
        return ":".join(parts), kyc_texts.button(key, lang)
