from odoo import models
from odoo.exceptions import UserError

from ..models.whatsapp_message import PRIORITY_REPLY, TEST_PURPOSE
from ..tools.phone import PhoneError, normalise_mobile


class DiscomWhatsappComposer(models.TransientModel):
    """Sending a real message to oneself before it goes to thousands."""

    _inherit = "discom.whatsapp.composer"

    def action_send_test(self):
        """Send the first message of the audience to the user's own number.

        It is marked as a test: no statistics, repetition or consumer's page counts it.
        """
        self.ensure_one()
        self.check_access("write")
        if self.problem:
            raise UserError(self.problem)
        self._documents_model()._whatsapp_check_send(self.purpose)
        rows = self._sample_rows(1)
        if not rows:
            raise UserError(self.env._("Nobody would receive this message, so there is no test."))
        phone = self._own_number()
        template = self._row_templates(rows)[0]
        # Nobody writes messages; this one goes to the person who asks for it and to nobody else.
        message = (
            self.env["discom.whatsapp.message"]
            .sudo()
            .create(
                {
                    "account_id": self.account_id.id,
                    "template_id": template.id,
                    "office_id": self.env.user.discom_scope_ids[:1].id,
                    "phone": phone,
                    "lang": template.lang,
                    "res_model": self.res_model,
                    "res_id": rows[0]["res_id"],
                    "purpose": TEST_PURPOSE,
                    "priority": PRIORITY_REPLY,
                    "values": self._message_values(rows)[0],
                }
            )
        )
        message.account_id._trigger_lane()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "A test is on its way to %(phone)s. Look at it on your phone, then send.",
                    phone=phone,
                ),
            },
        }

    def _own_number(self):
        """Return the WhatsApp number of the user, E.164, or say where to enter it."""
        partner = self.env.user.partner_id
        try:
            return normalise_mobile(partner.discom_whatsapp_number or partner.phone or "")
        except PhoneError:
            raise UserError(
                self.env._(
                    "Your own mobile number is not known. Enter it under My Preferences › Phone,"
                    " then try again."
                )
            ) from None
