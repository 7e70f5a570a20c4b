"""What a consumer who reported no supply is told when somebody closes the call."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from .whatsapp_message import PRIORITY_OUTAGE

PURPOSE = "outage_call_closed"
#: What a call came to, in the words of consumers, (Hindi, English).
RESULTS = {
    "restored": ("आपके क्षेत्र की बिजली चालू हो गई है", "the supply of your area is back"),
    "premises": ("खराबी केवल आपके कनेक्शन में थी", "the fault was in your connection alone"),
    "none": ("जाँच में कोई खराबी नहीं मिली", "no fault was found"),
}
#: After which nobody waits for it any more.
NEWS_HOURS = 12


class DiscomOutageCall(models.Model):
    """Who wrote to us is answered there; who called by telephone gets a message of its own.

    Calls that end with their outage are told by the message that everybody gets.
    """

    _name = "discom.outage.call"
    _inherit = ["discom.outage.call", "discom.whatsapp.mixin"]

    def _tell_closed(self):
        """Tell who called what it came to, and say on the call where that cannot be."""
        # Each by the number of the own office; the calls of a list may be of several.
        left = self - self._answer_closed()
        if not left or left._whatsapp_send_to(PURPOSE, left.partner_id.ids):
            return
        reason = self.env._(
            "Who called was not told: no sending number has an approved template for it."
        )
        left._message_log_batch(bodies=dict.fromkeys(left.ids, reason))

    @api.model
    def _whatsapp_purposes(self):
        return {PURPOSE: {"consent": "outages", "priority": PRIORITY_OUTAGE, "urgent": True}}

    @api.model
    def _whatsapp_variables(self):
        return {**super()._whatsapp_variables(), "result": self.env._("What the call came to")}

    def _whatsapp_check_send(self, purpose):
        """Who takes calls records them; what became of one is told by those who look into it."""
        if not self.env.user.has_group("discom.group_outage_operator"):
            raise AccessError(self.env._("Outage operators tell what a call came to."))
        return super()._whatsapp_check_send(purpose)

    @api.model
    def _whatsapp_audience(self, domain, purpose):
        """See `discom.whatsapp.mixin`: nobody is told of a call that is still looked into."""
        return super()._whatsapp_audience(Domain(domain) & Domain("state", "=", "closed"), purpose)

    def _whatsapp_values(self, lang, purpose):
        """Values of the template: result. A preview may show a call that is open still."""
        english = not lang.startswith("hi")
        return {call.id: {"result": RESULTS[call.outcome or "none"][english]} for call in self}

    def _whatsapp_expiry(self, purpose):
        return dict.fromkeys(self.ids, fields.Datetime.now() + timedelta(hours=NEWS_HOURS))
