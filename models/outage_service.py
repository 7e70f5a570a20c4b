"""What consumers ask and report by WhatsApp about outages, and how they are answered."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from .outage_audience import CALLERS_NEWS, DATETIME_FORMATS, TIMEZONE, UNKNOWN_END
from .outage_call_closed import RESULTS
from .whatsapp_message import PRIORITY_REPLY
from .whatsapp_message_inbound import WINDOW
from .whatsapp_turn import Service

TEXTS = {
    "ongoing": (
        "खाता …{last4}: आपके क्षेत्र की बिजली {start} से बंद है ({reason})। आने का अनुमानित समय: *{end}*।",
        "Account …{last4}: the supply of your area has been off since {start} ({reason}). Expected "
        "back: *{end}*.",
    ),
    "announced": (
        "खाता …{last4}: {start} से {end} तक बिजली बंद रहेगी ({reason})।",
        "Account …{last4}: the supply will be off from {start} to {end} ({reason}).",
    ),
    "none": (
        "खाता …{last4}: आपके क्षेत्र में बिजली बंद होने की कोई सूचना दर्ज नहीं है। आपके यहाँ बिजली न हो "
        "तो नीचे दबाकर बताएँ।",
        "Account …{last4}: no outage is known in your area. If you have no supply, tell us with "
        "the button.",
    ),
    "tell": (
        "आपकी सूचना दर्ज है। आपूर्ति आने पर यहीं बताया जाएगा।",
        "Your report is recorded. You are told here when supply is back.",
    ),
    "recorded": (
        "खाता …{last4}: बिजली न होने की आपकी सूचना दर्ज हो गई। कर्मचारी देख रहे हैं; आपूर्ति आने पर यहीं बताया "
        "जाएगा। तत्काल सहायता: 1912",
        "Account …{last4}: your report of no supply is recorded. The staff look into it; you are "
        "told here when supply is back. Urgent help: 1912",
    ),
    "back": (
        "खाता …{last4}: आपके क्षेत्र की बिजली चालू हो गई है। अब भी बिजली न हो तो फिर “बिजली नहीं है” "
        "लिखें या 1912 पर बताएँ।",
        "Account …{last4}: the supply of your area is back. If you still have none, write NO "
        "SUPPLY again or call 1912.",
    ),
    "closed": (
        "खाता …{last4}: बिजली न होने की आपकी सूचना बंद की गई। परिणाम: {result}। अब भी बिजली न हो तो "
        "फिर “बिजली नहीं है” लिखें या 1912 पर बताएँ।",
        "Account …{last4}: your report of no supply is closed. Result: {result}. If you still have "
        "none, write NO SUPPLY again or call 1912.",
    ),
    "anyway": ("फिर भी सूचना दें", "Report anyway"),
    "report": ("बिजली नहीं है", "No supply"),
}


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    @api.model
    def _known_for(self, partners):
        """Return {consumer id: outages announced or going on that concern the connection}, those
        going on first."""
        found = defaultdict(lambda: self.browse())
        if not partners:
            return found
        self.flush_model(["date_start"])
        for partner_id, outage_id in self.env.execute_query(
            SQL(
                """
                SELECT concerning.partner_id, outage.id
                  FROM (%s) AS concerning
                  JOIN discom_outage outage ON outage.id = concerning.outage_id
                 ORDER BY outage.state DESC, outage.date_start, outage.id
                """,
                self._sql_concerning(partners.ids),
            )
        ):
            found[partner_id] |= self.browse(outage_id)
        return found

    def _service_line(self, request):
        """Return what the consumer is told of this outage."""
        turn = request.turn
        lang = "en_IN" if turn.lang == "en" else "hi_IN"

        def moment(value, past=True):
            # A time that has gone by is no answer to "when?".
            if not value or (not past and value < fields.Datetime.now()):
                return UNKNOWN_END[turn.lang]
            return format_datetime(
                self.env, value, tz=TIMEZONE, dt_format=DATETIME_FORMATS[turn.lang], lang_code=lang
            )

        reason = self.reason_id
        return turn.pick(TEXTS[self.state]).format(
            last4=request.partner.discom_account_no[-4:],
            start=moment(self.date_start),
            end=moment(self.date_end_expected, past=False),
            reason=(turn.lang == "hi" and reason.name_hi) or reason.name,
        )

    @api.model
    def _service_status(self, requests):
        """Say which outages concern each connection."""
        partners = self.env["res.partner"].union(*[request.partner for request in requests])
        known = self._known_for(partners)
        for request in requests:
            turn = request.turn
            outages = known.get(request.partner.id)
            if outages:
                turn.say("\n\n".join(outage._service_line(request) for outage in outages[:3]))
            else:
                turn.say(
                    turn.pick(TEXTS["none"]).format(last4=request.partner.discom_account_no[-4:]),
                    (f"service:nosupply:{request.partner.id}", turn.pick(TEXTS["report"])),
                )


class DiscomComplaint(models.Model):
    _inherit = "discom.complaint"

    @api.model
    def _service_no_supply(self, requests):
        """Record the call. Where an outage is going on, say until when; what is insisted on becomes
        a complaint, which a person looks at."""
        insisted = [request for request in requests if request.arguments[:1] == ["anyway"]]
        requests = [request for request in requests if request not in insisted]
        partners = self.env["res.partner"].union(*[request.partner for request in requests])
        # sudo: the consumer, proved for this phone, reports the own connection.
        calls = self.env["discom.outage.call"].sudo()._report(partners, "whatsapp")
        by_partner = {call.partner_id.id: call for call in calls}
        for request in requests:
            turn = request.turn
            call = by_partner[request.partner.id]
            call.conversation_id = turn.conversation
            recorded = turn.pick(TEXTS["recorded"]).format(
                last4=request.partner.discom_account_no[-4:]
            )
            if call.outage_id:
                turn.say(
                    f"{call.outage_id._service_line(request)}\n\n{turn.pick(TEXTS['tell'])}",
                    request.button(turn.pick(TEXTS["anyway"]), "anyway"),
                )
            else:
                turn.say(recorded)
        return super()._service_no_supply(insisted)


class DiscomOutageCall(models.Model):
    _inherit = "discom.outage.call"

    conversation_id = fields.Many2one(
        "discom.whatsapp.conversation", readonly=True, ondelete="set null", copy=False
    )

    def _tell_restored(self):
        """Tell those who called that supply is back, whoever else is told.

        They asked us, so they are answered: by the message that everybody gets where they agreed to
        news of outages, else where they wrote to us.
        """
        told = self.browse()
        over = self.filtered(lambda call: call.outage_id.state == "restored")
        for outage, calls in over.grouped("outage_id").items():
            # As the user who closed it, not as the superuser who sees all calls.
            sent = outage.with_user(self.env.uid)._whatsapp_send_to(
                CALLERS_NEWS, calls.partner_id.ids
            )
            told |= calls._with_news(sent)
        (self - told)._answer_closed()

    def _with_news(self, broadcast):
        """Those of these calls whose consumer has the message of ``broadcast``, or his phone."""
        messages = self.env["discom.whatsapp.message"].search_fetch(
            [("broadcast_id", "in", broadcast.ids), ("state", "=", "queued")], ["phone"]
        )
        phones = set(messages.mapped("phone"))
        return self.filtered(lambda call: call.partner_id.discom_whatsapp_number in phones)

    def _answer_closed(self):
        """Answer those who reported on WhatsApp within the last 24 hours what their call came to;
        who has withdrawn consent hears nothing more.

        :return: the calls that are answered
        """
        answered, messages = self.browse(), []
        for call in self:
            # sudo: an officer of the network need not see conversations.
            conversation = call.sudo().conversation_id
            withdrawn = call.partner_id.discom_consent_outages == "withdrawn"
            if withdrawn or not conversation.window_open:
                continue
            answered += call
            english = conversation._reader_lang() == "en"
            text = TEXTS["back" if call.outcome == "restored" else "closed"][english]
            messages.append(
                {
                    "direction": "out",
                    "state": "queued",
                    "account_id": conversation.account_id.id,
                    **conversation._recipient(),
                    "partner_id": call.partner_id.id,
                    "office_id": call.office_id.id,
                    "purpose": "reply",
                    "priority": PRIORITY_REPLY,
                    "lang": "en_IN" if english else "hi_IN",
                    "body": text.format(
                        last4=call.account_no[-4:], result=RESULTS[call.outcome][english]
                    ),
                    "expires_at": conversation.last_in_at + WINDOW,
                }
            )
        if messages:
            # sudo: nobody writes messages; who closes a call may tell so.
            self.env["discom.whatsapp.message"].sudo().create(messages).account_id._trigger_lane()
        return answered


class DiscomWhatsappConversation(models.Model):
    _inherit = "discom.whatsapp.conversation"

    @api.model
    def _services(self):
        return [
            *super()._services(),
            Service(
                "outage",
                ("outage", "बिजली की स्थिति", "बिजली कब", "बिजली कब आएगी", "लाइट कब", "लाइट कब आएगी",
                 "light kab", "light kab aayegi", "bijli kab", "bijli kab aayegi", "power status",
                 "supply status", "outage status", "status", "when power", "बिजली कटौती", "कटौती"),
                ("बिजली की स्थिति", "Outage status"),
                ("बिजली कब से बंद है, कब आएगी", "Known outages and when it is back"),
                self.env["discom.outage"]._service_status,
                sequence=40,
            ),
        ]  # fmt: skip
