"""What consumers ask by WhatsApp about outages: is one known, until when; no supply."""

from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL, format_datetime

from .outage_audience import DATETIME_FORMATS, TIMEZONE, UNKNOWN_END
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
        "खाता …{last4}: आपके क्षेत्र में कोई बिजली बंदी दर्ज नहीं है। आपके यहाँ बिजली न हो तो नीचे दबाकर बताएँ।",
        "Account …{last4}: no outage is known in your area. If you have no supply, tell us with "
        "the button.",
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
        self.flush_model(["asset_ids", "state", "date_start"])
        self.env["discom.asset"].flush_model(["parent_path"])
        self.env["res.partner"].flush_model(["discom_asset_id"])
        for partner_id, outage_id, _state, _start in self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT partner.id, outage.id, outage.state, outage.date_start
                  FROM res_partner partner
                  JOIN discom_asset mine ON mine.id = partner.discom_asset_id
                  JOIN discom_asset above ON mine.parent_path LIKE above.parent_path || '%%'
                  JOIN discom_outage_asset_rel rel ON rel.asset_id = above.id
                  JOIN discom_outage outage ON outage.id = rel.outage_id
                 WHERE partner.id = ANY(%s) AND outage.state IN ('announced', 'ongoing')
                 ORDER BY outage.state DESC, outage.date_start, outage.id
                """,
                partners.ids,
            )
        ):
            found[partner_id] |= self.browse(outage_id)
        return found

    def _service_line(self, request):
        """Return what the consumer is told of this outage."""
        turn = request.turn
        lang = "en_IN" if turn.lang == "en" else "hi_IN"

        def moment(value):
            if not value:
                return UNKNOWN_END[turn.lang]
            return format_datetime(
                self.env, value, tz=TIMEZONE, dt_format=DATETIME_FORMATS[turn.lang], lang_code=lang
            )

        reason = self.reason_id
        return turn.pick(TEXTS[self.state]).format(
            last4=request.partner.discom_account_no[-4:],
            start=moment(self.date_start),
            end=moment(self.date_end_expected),
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
        """Where an outage is going on, say until when, and record only what is insisted on."""
        partners = self.env["res.partner"].union(*[request.partner for request in requests])
        known = self.env["discom.outage"]._known_for(partners)
        rest = []
        for request in requests:
            going_on = known.get(request.partner.id, self.env["discom.outage"]).filtered(
                lambda outage: outage.state == "ongoing"
            )
            if going_on and request.arguments[:1] != ["anyway"]:
                request.turn.say(
                    going_on[0]._service_line(request),
                    request.button(request.turn.pick(TEXTS["anyway"]), "anyway"),
                )
            else:
                rest.append(request)
        return super()._service_no_supply(rest)


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
                ("बंदी और आने का समय", "Known outages and when it is back"),
                self.env["discom.outage"]._service_status,
                sequence=40,
            ),
        ]  # fmt: skip
