import re
from collections import defaultdict

from odoo import api, fields, models

from ..tools.keywords import essence, fold
from ..tools.phone import to_latin_digits
from .whatsapp_turn import ROWS_MAX, Request, Service

#: Ids of records in buttons; they come back from outside.
ID = re.compile(r"[0-9]{1,9}")
HELP_WORDS = ("help", "menu", "मदद", "सहायता", "मेनू", "मेन्यू", "hi", "hello", "नमस्ते", "namaste")
#: What people call Hindi; whatever else they write for a language is English.
HINDI = tuple(map(fold, ("hindi", "हिंदी", "हिन्दी")))
#: Answers to the question which account that are not understood, before it is given up.
MISSES = 2

TEXTS = {
    "help": (
        "नमस्ते। नीचे की सूची से चुनें, या एक शब्द लिखकर भेजें: बिल, बकाया, रसीद, बिजली नहीं है, "
        "शिकायत, KYC।\n\nकिसी व्यक्ति से बात करने के लिए “कार्यालय” लिखें या 1912 पर फोन करें। "
        "संदेश बंद करने के लिए STOP लिखें।",
        "Hello. Choose from the list below, or write a word: BILL, DUES, RECEIPT, NO SUPPLY, "
        "COMPLAINT, KYC.\n\nTo talk to a person write OFFICE or call 1912. To end the messages "
        "write STOP.",
    ),
    "menu_button": ("सेवाएँ देखें", "See services"),
    "prove": (
        "खाते की जानकारी केवल उसी नंबर पर दी जाती है जो उस खाते पर प्रमाणित है। पहले अपना खाता इस नंबर "
        "से जोड़ें: KYC लिखें और अपना खाता नंबर भेजें।",
        "Details of an account are told only to the number that is proved for it. First put your "
        "account on this number: write KYC and send the account number.",
    ),
    "which": (
        "{service}: किस खाते के लिए? सूची से चुनें, या खाते के अंतिम चार अंक लिखें।",
        "{service}: for which account? Choose from the list, or write its last four digits.",
    ),
    "which_button": ("खाता चुनें", "Choose account"),
    "none": ("कोई खाता नहीं", "No account"),
    "unclear": (
        "यह खाता इस नंबर पर नहीं है। मेनू के लिए “मेनू” लिखें।",
        "This account is not on this number. Write MENU for the menu.",
    ),
    "language": (
        "ठीक है, अब उत्तर हिंदी में आएँगे। अंग्रेज़ी के लिए English लिखें।",
        "All right, the answers are in English from now on. Write हिंदी for Hindi.",
    ),
    "office": (
        "आपका संदेश {office} के कर्मचारियों को दिखेगा। अपनी बात लिखें; वे कार्यालय के समय में यहीं उत्तर "
        "देंगे। तत्काल सहायता: 1912",
        "Your message is shown to the staff of {office}. Write what it is about; they answer here "
        "in office hours. Urgent help: 1912",
    ),
}


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _discom_proven_for(self, phone):
        """Return those of these connections of which ``phone`` may hear, as KYC has proved it."""
        return self.filtered(
            lambda partner: (
                partner.discom_whatsapp_number == phone and partner.discom_kyc_state == "verified"
            )
        )


class DiscomWhatsappConversation(models.Model):
    """Self-service: the menu, the words, whose account, and the services below every area."""

    _inherit = "discom.whatsapp.conversation"

    @api.model
    def _services(self):
        """Return the list of :class:`Service` that consumers can ask for; areas add theirs."""
        return [
            Service(
                "language",
                ("english", "अंग्रेजी", "अंग्रेज़ी", "angrezi", "हिंदी", "हिन्दी", "hindi",
                 "भाषा", "language"),
                ("English में", "हिंदी में"),
                ("उत्तर अंग्रेज़ी में", "Answers in Hindi"),
                self._service_language,
                "none",
                sequence=90,
            ),
            Service(
                "office",
                ("office", "कार्यालय", "दफ्तर", "दफ़्तर", "ऑफिस", "ऑफ़िस", "agent", "operator",
                 "कार्यालय से बात", "बात", "कर्मचारी", "talk", "talk office", "human", "person"),
                ("कार्यालय से बात", "Talk to the office"),
                ("कर्मचारी यहीं उत्तर देंगे", "The staff answer here"),
                self._service_office,
                "none",
                sequence=95,
            ),
        ]  # fmt: skip

    @api.model
    def _service_map(self):
        """Return {key: service} in the order of the menu."""
        return {s.key: s for s in sorted(self._services(), key=lambda service: service.sequence)}

    @api.model
    def _keywords(self):
        keywords = super()._keywords()
        for service in self._service_map().values():
            target = service.target or f"service:{service.key}"
            for words in (*service.words, *service.title):
                words = fold(words)
                keywords.setdefault(words, target)
                keywords.setdefault(essence(words) or words, target)
        return {**keywords, **dict.fromkeys(map(fold, HELP_WORDS), "help:show")}

    @api.model
    def _handlers(self):
        return {
            **super()._handlers(),
            "help": self._answer_help,
            "service": self._answer_service,
        }

    # === THE MENU === #

    @api.model
    def _answer_help(self, turns):
        services = self._service_map().values()
        for turn in turns:
            turn.conversation.helped_at = turn.now
            turn.choose(
                turn.pick(TEXTS["help"]),
                turn.pick(TEXTS["menu_button"]),
                [
                    (
                        service.target or f"service:{service.key}",
                        turn.pick(service.title),
                        turn.pick(service.about),
                    )
                    for service in services
                    if not service.offered or service.offered(turn)
                ],
            )

    # === WHOSE ACCOUNT === #

    @api.model
    def _answer_service(self, turns):
        services = self._service_map()
        groups = defaultdict(list)
        for turn in turns:
            if request := self._service_request(turn, services):
                groups[request.service.key].append(request)
        for key, requests in groups.items():
            services[key].handler(requests)

    @api.model
    def _service_request(self, turn, services):
        """Return the request that ``turn`` makes, or None where a question comes first."""
        conversation = turn.conversation
        data = conversation.data or {}
        key, *arguments = turn.command
        step = ""
        if not key:
            key, step = data.get("service"), conversation.step
            arguments = [str(data.get("partner") or 0), *(data.get("arguments") or [])]
        conversation._close()
        service = services.get(key)
        if service is None or not service.handler:
            self._answer_help([turn])
            return None
        chosen = arguments.pop(0) if arguments else ""
        if service.account == "none":
            return Request(turn, service, self.env["res.partner"], arguments, step)
        proven = turn.row["partners"]._discom_proven_for(turn.row["phone"])
        if step == "choice":
            return self._service_chosen(turn, service, proven, arguments)
        partner = self._service_partner(turn, service, proven, chosen)
        if partner is None:
            return None
        turn.partner = partner or None
        return Request(turn, service, partner, arguments, step)

    @api.model
    def _service_partner(self, turn, service, proven, chosen):
        """Return the account that a request is about; None where a question has been asked."""
        if ID.fullmatch(chosen):
            partner = proven.filtered(lambda partner: partner.id == int(chosen))
            if partner or (chosen == "0" and service.account == "optional"):
                return partner
            if chosen != "0":
                # The button is an old one: the account has another number now.
                turn.say(turn.pick(TEXTS["prove"]), *self._service_proof_buttons(turn))
                return None
        if not proven:
            if service.account == "optional":
                return proven
            turn.say(turn.pick(TEXTS["prove"]), *self._service_proof_buttons(turn))
            return None
        origin = turn.row["origin"].partner_id & proven
        if len(proven) > 1 and not origin:
            self._service_ask(turn, service, proven, 0)
            return None
        return origin or proven

    @api.model
    def _service_ask(self, turn, service, proven, misses):
        """Ask which of several accounts is meant."""
        rows = [
            (
                f"service:{service.key}:{partner.id}",
                f"…{partner.discom_account_no[-4:]} ({self._service_initial(partner, turn.lang)})",
                partner.discom_village or "",
            )
            for partner in proven[:ROWS_MAX]
        ]
        if service.account == "optional" and len(rows) < ROWS_MAX:
            rows.append((f"service:{service.key}:0", turn.pick(TEXTS["none"])))
        turn.choose(
            turn.pick(TEXTS["which"]).format(service=turn.pick(service.title)),
            turn.pick(TEXTS["which_button"]),
            rows,
        )
        turn.conversation._wait(
            turn.now, "service", "choice", {"service": service.key, "arguments": [str(misses)]}
        )

    @api.model
    def _service_initial(self, partner, lang):
        """Return the first letter of the name, enough for its bearer and nobody else."""
        name = (partner.discom_name_hi if lang == "hi" else None) or partner.name or "-"
        return name.strip()[:1].upper()

    @api.model
    def _service_chosen(self, turn, service, proven, arguments):
        """Return the request about the account whose last four digits were written."""
        digits = re.sub(r"\D", "", to_latin_digits(turn.row["text"]))[-4:]
        partner = proven.filtered(lambda partner: partner.discom_account_no[-4:] == digits)
        if len(partner) == 1 and len(digits) == 4:
            turn.partner = partner
            return Request(turn, service, partner)
        misses = int(arguments[0]) + 1 if arguments and ID.fullmatch(arguments[0]) else 1
        if misses >= MISSES or not proven:
            turn.say(turn.pick(TEXTS["unclear"]))
        else:
            self._service_ask(turn, service, proven, misses)
        return None

    @api.model
    def _service_proof_buttons(self, turn):
        """Return the buttons that lead to the proof of an account; the area of KYC adds its own."""
        return []

    # === SERVICES WITHOUT AN ACCOUNT === #

    @api.model
    def _service_language(self, requests):
        """Answer in the other language from now on, and write to the consumer in it."""
        speakers = defaultdict(lambda: self.env["res.partner"])
        for request in requests:
            turn = request.turn
            if turn.row["payload"] or turn.words in ("language", "भाषा"):
                wanted = "hi" if turn.lang == "en" else "en"
            else:
                wanted = "hi" if any(name in turn.words for name in HINDI) else "en"
            turn.lang = turn.conversation.lang = wanted
            turn.say(turn.pick(TEXTS["language"]))
            speakers[wanted] |= turn.row["partners"]._discom_proven_for(turn.row["phone"])
        for lang, partners in speakers.items():
            partners.write({"lang": "en_IN" if lang == "en" else "hi_IN"})

    @api.model
    def _service_office(self, requests):
        """Hand over to the staff; until they close the conversation, no machine answers."""
        offices = self.env["discom.whatsapp.audience"]._signing_offices(
            {request.turn.row["office"].id for request in requests} - {False}
        )
        for request in requests:
            turn = request.turn
            office = offices.get(turn.row["office"].id)
            name = (office.name_hi if turn.lang == "hi" else None) or office.name if office else ""
            turn.say(turn.pick(TEXTS["office"]).format(office=name or "1912"))
            turn.row["understood"] = False
            turn.conversation.handed_over_at = fields.Datetime.now()
