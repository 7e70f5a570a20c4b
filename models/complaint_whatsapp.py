"""Complaints by WhatsApp: how they are made, and how their result is told."""

from odoo import api, fields, models

from ..tools.identity import mask_aadhaar
from .complaint import KINDS, OPEN_STATES, PURPOSE, SAME, TEXT_MAX
from .whatsapp_message import PRIORITY_REPLY
from .whatsapp_message_inbound import WINDOW
from .whatsapp_turn import Service

KIND_TITLES = {
    "no_supply": ("बिजली नहीं है", "No supply"),
    "voltage": ("वोल्टेज कम या ज़्यादा", "Low or high voltage"),
    "danger": ("खतरा: तार, खंभा", "Danger: wire or pole"),
    "bill": ("बिल गलत है", "Bill is wrong"),
    "meter": ("मीटर खराब है", "Meter is faulty"),
    "payment": ("भुगतान नहीं जुड़ा", "Payment not credited"),
    "connection": ("कनेक्शन", "Connection"),
    "other": ("अन्य", "Other"),
}
TEXTS = {
    "kind": ("किस बारे में शिकायत है? सूची से चुनें।", "What is the complaint about? Choose from the list."),
    "kind_button": ("विषय चुनें", "Choose subject"),
    "details": (
        "{kind}: क्या हुआ और कहाँ, एक संदेश में लिखें। छोड़ने के लिए “मेनू” लिखें।",
        "{kind}: write in one message what has happened, and where. Write MENU to leave it.",
    ),
    "danger": (
        "⚠️ टूटे तार, खंभे और ट्रांसफार्मर से दूर रहें, किसी को पास न जाने दें और अभी 1912 पर फोन करें।\n\n",
        "⚠️ Keep away from the wire, the pole and the transformer, let nobody near, and call 1912 "
        "now.\n\n",
    ),
    "made": (
        "आपकी शिकायत दर्ज हो गई। संख्या: *{name}*\nफोटो हो तो अभी भेज सकते हैं। हल होने पर यहीं बताया "
        "जाएगा। तत्काल सहायता: 1912",
        "Your complaint is recorded. Number: *{name}*\nIf you have a photo, send it now. You are "
        "told here when it is settled. Urgent help: 1912",
    ),
    "known": (
        "यह शिकायत पहले से दर्ज है। संख्या: *{name}*\nकर्मचारी काम कर रहे हैं। तत्काल सहायता: 1912",
        "This complaint is recorded already. Number: *{name}*\nThe staff are at work. Urgent help: "
        "1912",
    ),
    "photo": (
        "फोटो शिकायत {name} के साथ जोड़ दिया गया।",
        "The photo was put with complaint {name}.",
    ),
    "no_photo": (
        "यह फोटो नहीं है। नई बात के लिए “मेनू” लिखें।",
        "This is no photo. Write MENU for something else.",
    ),
    "supply_text": ("व्हाट्सऐप से सूचना: बिजली नहीं है", "Reported by WhatsApp: no supply"),
    "resolved": (
        "आपकी शिकायत {name} ({kind}) का समाधान कर दिया गया है।",
        "Your complaint {name} ({kind}) has been settled.",
    ),
    "rejected": (
        "आपकी शिकायत {name} ({kind}) स्वीकार नहीं की जा सकी।",
        "Your complaint {name} ({kind}) could not be accepted.",
    ),
}
#: Of the result in a template, whose body holds 1,024 characters in all.
RESULT_MAX = 300
PHOTO_KINDS = ("image", "document", "video")


class DiscomComplaint(models.Model):
    _inherit = "discom.complaint"

    # === BY THE CONSUMER === #

    @api.model
    def _service_complaint(self, requests):
        """Ask for the kind, then for the words, then record; a photo may follow."""
        made, photos = [], []
        for request in requests:
            turn = request.turn
            kind = request.arguments[0] if request.arguments else ""
            if request.step == "photo":
                photos.append(request)
            elif kind not in KIND_TITLES:
                turn.choose(
                    turn.pick(TEXTS["kind"]),
                    turn.pick(TEXTS["kind_button"]),
                    [request.button(turn.pick(KIND_TITLES[key]), key) for key, _label in KINDS],
                )
            elif request.step == "details" and turn.row["text"].strip():
                made.append((request, kind, turn.row["text"]))
            else:
                warning = turn.pick(TEXTS["danger"]) if kind == "danger" else ""
                turn.say(
                    warning + turn.pick(TEXTS["details"]).format(kind=turn.pick(KIND_TITLES[kind]))
                )
                request.wait("details", kind)
        self._service_make(made)
        self._service_photos(photos)

    @api.model
    def _service_no_supply(self, requests):
        """Record that these connections have no supply. The area of outages extends it: where an
        outage is known, the consumer is told until when."""
        self._service_make(
            [
                (request, "no_supply", request.turn.pick(TEXTS["supply_text"]))
                for request in requests
            ]
        )

    @api.model
    def _service_make(self, wanted):
        """Record complaints and say their numbers; one that is open already is not made twice.

        :param wanted: list of (request, kind, text)
        """
        known = self._service_known(wanted)
        new = [entry for entry in wanted if entry[0] not in known]
        complaints = self.with_context(mail_create_nosubscribe=True).create(
            [
                {
                    "kind": kind,
                    "text": mask_aadhaar(text)[:TEXT_MAX],
                    "source": "whatsapp",
                    "partner_id": request.partner.id,
                    "phone": request.turn.row["phone"] or False,
                    "office_id": (request.partner.discom_office_id
                                  or request.turn.row["office"]).id,
                    "conversation_id": request.turn.conversation.id,
                }
                for request, kind, text in new
            ]
        )  # fmt: skip
        made = {entry[0]: complaint for entry, complaint in zip(new, complaints, strict=True)}
        for request, kind, _text in wanted:
            turn = request.turn
            complaint = made.get(request) or known[request]
            warning = turn.pick(TEXTS["danger"]) if kind == "danger" else ""
            said = turn.pick(TEXTS["made" if request in made else "known"])
            turn.say(warning + said.format(name=complaint.name))
            turn.row["message"].write({"res_model": self._name, "res_id": complaint.id})
            self._service_wait_photo(request, complaint.id)
            turn.conversation.partner_id = request.partner

    @api.model
    def _service_wait_photo(self, request, complaint_id):
        """Wait for a photo of a complaint, whichever service has recorded it."""
        request.turn.conversation._wait(
            request.turn.now,
            "service",
            "photo",
            {
                "service": "complaint",
                "partner": request.partner.id,
                "arguments": [str(complaint_id)],
            },
        )

    @api.model
    def _service_known(self, wanted):
        """Return {request: complaint} of those that say what is recorded and open already."""
        if not wanted:
            return {}
        turns = [request.turn for request, _kind, _text in wanted]
        recent = self.search(
            [
                ("state", "in", OPEN_STATES),
                ("source", "=", "whatsapp"),
                ("create_date", ">", fields.Datetime.now() - SAME),
                "|",
                ("phone", "in", [turn.row["phone"] for turn in turns if turn.row["phone"]]),
                # Of who hides the number.
                ("conversation_id", "in", [turn.conversation.id for turn in turns]),
            ],
            order="id",
        )
        by_key = {(c.phone or c.conversation_id.phone, c.partner_id.id, c.kind): c for c in recent}
        return {
            request: by_key[key]
            for request, kind, _text in wanted
            if (key := (request.turn.row["writer"], request.partner.id, kind)) in by_key
        }

    @api.model
    def _service_photos(self, requests):
        """Put photos that follow with their complaints."""
        ids = [
            int(r.arguments[0]) for r in requests if r.arguments[:1] and r.arguments[0].isdigit()
        ]
        phones = {complaint.id: complaint for complaint in self.browse(ids).exists()}
        for request in requests:
            turn = request.turn
            asked = request.arguments[0] if request.arguments else ""
            complaint = phones.get(int(asked)) if asked.isdigit() else None
            if not complaint or turn.row["writer"] != (
                complaint.phone or complaint.conversation_id.phone
            ):
                self.env["discom.whatsapp.conversation"]._answer_help([turn])
            elif turn.row["type"] in PHOTO_KINDS:
                turn.row["message"].write({"res_model": self._name, "res_id": complaint.id})
                turn.say(turn.pick(TEXTS["photo"]).format(name=complaint.name))
                self._service_wait_photo(request, complaint.id)
            else:
                # More words about it: a person reads them.
                turn.row["understood"] = False
                if turn.row["text"]:
                    complaint._message_log(body=mask_aadhaar(turn.row["text"])[:TEXT_MAX])

    # === THE RESULT === #

    def _tell_result(self):
        """Tell who complained what became of it: in words inside 24 hours, else by template."""
        conversations = self._conversations()
        messages = []
        for complaint in self:
            # sudo: answers are sent by the methods of those who may settle complaints.
            conversation = conversations.get(complaint.id, self.conversation_id.browse()).sudo()
            values = complaint._result_message(conversation) if conversation else None
            told = "no" if not values else "text" if "body" in values else "template"
            complaint._set(told=told)
            if values:
                messages.append(values)
        if messages:
            # sudo: nobody writes messages; who settles a complaint may tell so.
            created = self.env["discom.whatsapp.message"].sudo().create(messages)
            created.account_id._trigger_lane()

    def _conversations(self):
        """Return {complaint id: conversation with the number of who complained}, of the company of
        the complaint."""
        found = {complaint.id: complaint.conversation_id for complaint in self}
        own, typed = {}, {}
        for complaint in self.filtered(lambda complaint: not complaint.conversation_id):
            number = complaint.partner_id.discom_whatsapp_number
            (own if number else typed)[complaint.id] = (
                complaint.company_id,
                number or complaint.phone,
            )
        conversations = self.env["discom.whatsapp.conversation"]
        for wanted, model in (
            # sudo: the consumer's conversation may belong to an office above.
            (own, conversations.sudo()),
            # A number that somebody has typed may be anybody's: only where the user reads it.
            (typed, conversations),
        ):
            phones = [phone for _company, phone in wanted.values() if phone]
            by_phone = {}
            for conversation in phones and model.search(
                [
                    ("phone", "in", phones),
                    ("account_id.company_id", "in", self.company_id.ids),
                ]
            ):
                by_phone.setdefault((conversation.company_id, conversation.phone), conversation)
            found.update({key: by_phone[to] for key, to in wanted.items() if to in by_phone})
        return found

    def _result_message(self, conversation):
        """Return the values of the message, None where nothing can be sent."""
        lang = conversation._reader_lang()
        english = lang == "en"
        values = {
            "direction": "out",
            "state": "queued",
            "account_id": conversation.account_id.id,
            **conversation._recipient(),
            "partner_id": self.partner_id.id,
            "office_id": self.office_id.id,
            "priority": PRIORITY_REPLY,
        }
        if conversation.window_open:
            text = TEXTS[self.state][english].format(
                name=self.name, kind=KIND_TITLES[self.kind][english]
            )
            return {
                **values,
                "purpose": "reply",
                "lang": "en_IN" if english else "hi_IN",
                "body": "\n".join(filter(None, (text, self.resolution))),
                "expires_at": conversation.last_in_at + WINDOW,
            }
        template = self._result_template(conversation, lang)
        if not template or self.partner_id.discom_consent_other == "withdrawn":
            return None
        result = (self.resolution or KIND_TITLES[self.kind][english]).replace("\n", " ")
        return {
            **values,
            "purpose": PURPOSE,
            "template_id": template.id,
            "lang": template.lang,
            "values": template._mapped(
                {
                    **conversation._known_values(template.lang),
                    "complaint": self.name,
                    "result": result[:RESULT_MAX],
                }
            ),
        }

    def _result_template(self, conversation, lang):
        templates = self.env["discom.whatsapp.template"].search(
            [
                ("account_id", "=", conversation.account_id.id),
                ("purpose", "=", PURPOSE),
                ("status", "=", "approved"),
                ("category_drifted", "=", False),
                ("combined", "=", False),
            ]
        )
        return templates.sorted(lambda template: template.lang[:2] != lang)[:1]


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    def _file_records(self):
        """A photo of a complaint is shown there too."""
        records = super()._file_records()
        if self.res_model == "discom.complaint" and self.direction == "in":
            records.append(self.env["discom.complaint"].browse(self.res_id).exists())
        return [record for record in records if record]


class DiscomWhatsappTemplate(models.Model):
    _inherit = "discom.whatsapp.template"

    purpose = fields.Selection(
        selection_add=[(PURPOSE, "Complaint settled")], ondelete={PURPOSE: "set default"}
    )


class DiscomWhatsappConversation(models.Model):
    _inherit = "discom.whatsapp.conversation"

    complaint_count = fields.Integer(compute="_compute_complaint_count")

    def _compute_complaint_count(self):
        counts = dict(
            self.env["discom.complaint"]._read_group(
                [("conversation_id", "in", self.ids)], ["conversation_id"], ["__count"]
            )
        )
        for conversation in self:
            conversation.complaint_count = counts.get(conversation, 0)

    def action_open_complaints(self):
        """Show the complaints from this phone."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_complaint_action")
        action["domain"] = [("conversation_id", "=", self.id)]
        action["context"] = {
            "default_conversation_id": self.id,
            "default_partner_id": self.consumer_ids[:1].id,
            "default_phone": not self.number_hidden and self._personal_values("phone")[self.id],
        }
        return action

    @api.model
    def _services(self):
        complaints = self.env["discom.complaint"]
        return [
            *super()._services(),
            Service(
                "nosupply",
                ("बिजली नहीं", "बिजली नहीं है", "बिजली नही", "बिजली गई", "बत्ती नहीं", "लाइट नहीं",
                 "लाइट नहीं है", "लाइट गई", "no supply", "no light", "no power", "no electricity",
                 "power cut",
                 "light nahi", "bijli nahi", "light nahi hai", "bijli nahi hai", "light gayi"),
                KIND_TITLES["no_supply"],
                ("आपूर्ति बंद होने की सूचना दें", "Report that the supply is off"),
                complaints._service_no_supply,
                sequence=45,
            ),
            Service(
                "complaint",
                ("शिकायत", "शिकायत दर्ज", "complaint", "complain", "shikayat", "shikayat hai",
                 "बिल गलत", "बिल ग़लत", "मीटर खराब", "मीटर ख़राब", "bill wrong", "wrong bill"),
                ("शिकायत दर्ज करें", "Make a complaint"),
                ("बिल, मीटर, वोल्टेज, खतरा", "Bill, meter, voltage, danger"),
                complaints._service_complaint,
                "optional",
                sequence=50,
            ),
        ]  # fmt: skip
