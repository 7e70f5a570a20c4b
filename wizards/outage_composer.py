from odoo import api, models

from ..models.outage_audience import ANNOUNCEMENTS
from ..models.outage_late import NEWS


class DiscomWhatsappComposer(models.TransientModel):
    """What became of an outage can be told while its announcement is still on its way to people:
    they get it as soon as WhatsApp has taken the first message."""

    _inherit = "discom.whatsapp.composer"

    @api.depends("account_id", "template_id", "purpose", "send_count")
    def _compute_problem(self):  # pylint: disable=missing-return
        super()._compute_problem()
        for composer in self:
            late = not composer.problem and composer._late_count()
            if late:
                text = self.env._(
                    "The announcement is still on its way to %(count)s people. They are told this"
                    " as soon as WhatsApp has taken it.",
                    count=late,
                )
                composer.warning = "\n".join(
                    filter(None, [composer.send_count and composer.warning, text])
                )

    def action_send(self):
        """Extend: what cannot be announced, or cannot any more, is refused by this door too."""
        for composer in self:
            about = composer.res_model == "discom.outage" and composer.purpose in ANNOUNCEMENTS
            if about and not composer.broadcast_id:
                outages = composer._documents_model().search(composer._records_domain())
                outages._check_can_announce()
        return super().action_send()

    def _instead_count(self):
        """Extend: who may get it later is somebody to send it to."""
        return super()._instead_count() + self._late_count()

    def _late_count(self):
        """How many may join the audience after it was told."""
        if self.res_model != "discom.outage" or self.purpose not in NEWS:
            return 0
        outages = self._documents_model().search(self._records_domain())
        return outages._count_doubtful()
