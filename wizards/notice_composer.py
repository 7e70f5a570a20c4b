from odoo import models

from ..models.notice_closed import DUES_PURPOSES


class DiscomWhatsappComposer(models.TransientModel):
    """What asks for money says before sending that it waits for an open day."""

    _inherit = "discom.whatsapp.composer"

    def _start_text(self, begin):
        text = super()._start_text(begin)
        if not text or self.purpose not in DUES_PURPOSES:
            return text
        office = self.env.user.discom_scope_ids[:1]
        opening = self.env["discom.holiday"]._opening(office, begin)
        if not opening:
            return text
        return self.env._("%(time)s, the next open day", time=self._local_time(opening))
