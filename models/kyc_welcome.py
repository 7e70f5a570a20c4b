from odoo import api, models

from .whatsapp_message import LIVE, PRIORITY_OTHER

PURPOSE = "welcome"


class DiscomWhatsappMixin(models.AbstractModel):
    """The welcome is about the consumer alone and stops with the consent to bills."""

    _inherit = "discom.whatsapp.mixin"

    @api.model
    def _all_purposes(self):
        spec = {"consent": "bills", "priority": PRIORITY_OTHER}
        return {**super()._all_purposes(), PURPOSE: spec}


class ResPartner(models.Model):
    """The greeting that a consumer gets on a new number, and who is told once."""

    _inherit = "res.partner"

    def _discom_welcome(self):
        """Queue the welcome to these consumers where they agreed to messages and have none yet.

        A number that bounced, or that has had the welcome for the account, gets none. Where no
        approved template is there, nothing happens: a greeting is no reason to stop a clerk.

        :return: the messages queued
        """
        messages = self.env["discom.whatsapp.message"]
        consumers = self.filtered(
            lambda consumer: (
                consumer.discom_whatsapp_number
                and consumer.discom_consent_bills == "given"
                and consumer.discom_kyc_state in ("captured", "verified")
            )
        )
        welcomed = {
            (message.partner_id.id, message.phone)
            for message in messages.sudo().search_fetch(  # whoever welcomed them
                [
                    ("partner_id", "in", consumers.ids),
                    ("purpose", "=", PURPOSE),
                    ("state", "in", LIVE),
                ],
                ["partner_id", "phone"],
            )
        }
        templates = self._discom_templates(PURPOSE)
        queue = []
        for consumer in consumers if templates else ():
            if (consumer.id, consumer.discom_whatsapp_number) in welcomed:
                continue
            template = consumer._discom_in_own_language(templates)
            message = {
                "purpose": PURPOSE,
                "priority": PRIORITY_OTHER,
                "res_model": consumer._name,
                "res_id": consumer.id,
                "values": consumer._discom_welcome_values(template.lang),
            }
            queue.append((consumer, template, message))
        return self._discom_queue_messages(queue) if queue else messages

    def _discom_welcome_values(self, lang):
        """Return the values that every message may use, in a language."""
        self.ensure_one()
        audience = self.env["discom.whatsapp.audience"]
        office = self.discom_office_id.id
        row = {
            "lang": lang,
            "name": self.name,
            "name_hi": self.discom_name_hi,
            "account_no": self.discom_account_no,
        }
        return audience._partner_values(row, audience._signing_offices({office})[office])
