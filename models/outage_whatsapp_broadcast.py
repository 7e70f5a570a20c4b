from odoo import models

from .outage_audience import ANNOUNCEMENTS


class DiscomWhatsappBroadcast(models.Model):
    _inherit = "discom.whatsapp.broadcast"

    def _start(self):
        """An outage counts as announced once its announcement is confirmed, not before."""
        result = super()._start()
        for broadcast in self:
            if broadcast.res_model == "discom.outage" and broadcast.purpose in ANNOUNCEMENTS:
                outages = broadcast._documents_model(broadcast.user_id)
                outages.search(broadcast._records_domain())._set_announced()
        return result
