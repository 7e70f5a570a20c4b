from odoo import models

from .outage_audience import ANNOUNCEMENTS


class DiscomWhatsappBroadcast(models.Model):
    _inherit = "discom.whatsapp.broadcast"

    def _start(self):
        """An outage counts as announced once its announcement is confirmed, not before."""
        result = super()._start()
        for broadcast in self:
            broadcast._announced_outages()._set_announced()
        return result

    def _plan_batch(self):
        """Who has to be told by word of mouth is listed when all others are planned."""
        more = super()._plan_batch()
        if not more and (outages := self._announced_outages()):
            outages._tell_villages()
        return more

    def _announced_outages(self):
        """Return the outages that this broadcast announces, as the user who sends it."""
        self.ensure_one()
        if self.res_model != "discom.outage" or self.purpose not in ANNOUNCEMENTS:
            return self.env["discom.outage"]
        outages = self._documents_model(self.user_id)
        return outages.search(self._records_domain())
