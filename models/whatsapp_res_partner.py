from odoo import models
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _discom_record_consent(self, action, purposes, method, **kwargs):
        """Extend: who withdraws gets nothing any more that still waits to be sent."""
        result = super()._discom_record_consent(action, purposes, method, **kwargs)
        if action == "withdrawn":
            self._cancel_queued_messages(purposes)
        return result

    def _cancel_queued_messages(self, consents):
        """Cancel the waiting messages that need one of ``consents`` (purposes of the journal)."""
        kinds = [
            purpose
            for purpose, spec in self.env["discom.whatsapp.mixin"]._all_purposes().items()
            if spec["consent"] in consents
        ]
        self.env["discom.whatsapp.message"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_message
                   SET state = 'cancelled', skip_reason = 'opted_out'
                 WHERE partner_id = ANY(%s) AND state = 'queued' AND purpose = ANY(%s)
                """,
                self.ids,
                kinds,
            )
        )
        self.env["discom.whatsapp.message"].invalidate_model()
