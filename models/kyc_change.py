"""Changes that consumers make by WhatsApp, and the one that the staff decide: another number for an
account on which one is proved."""

from odoo import api, models

from ..tools import kyc_texts
from ..tools.reader import read_by
from .complaint import OPEN_STATES

KIND = "connection"


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _discom_by_whatsapp(self, evidence):
        """Return these consumers for changes that they themselves make by WhatsApp, in India."""
        return self._discom_by_way("whatsapp", evidence=evidence).with_context(
            allowed_company_ids=self.company_id.ids, tz="Asia/Kolkata"
        )


class DiscomWhatsappConversation(models.Model):
    _inherit = "discom.whatsapp.conversation"

    @api.model
    def _kyc_ask_staff(self, asked, answers):
        """Put requests for another number into the list that the office works off, where the
        consumer is asked; the number of the request goes into the answer.

        :param dict asked: {turn: consumer}
        """
        if not asked:
            return
        complaints = self.env["discom.complaint"]
        waiting = {
            (complaint.conversation_id, complaint.partner_id): complaint
            for complaint in complaints.search(
                [
                    ("state", "in", OPEN_STATES),
                    ("kind", "=", KIND),
                    ("text", "in", kyc_texts.TEXTS["staff_text"]),
                    ("conversation_id", "in", [turn.conversation.id for turn in asked]),
                ]
            )
        }
        new = {
            turn: partner
            for turn, partner in asked.items()
            if (turn.conversation, partner) not in waiting
        }
        made = complaints.with_context(mail_create_nosubscribe=True).create(
            [
                {
                    "kind": KIND,
                    "text": kyc_texts.text("staff_text", turn.lang, {}),
                    "source": "whatsapp",
                    "partner_id": partner.id,
                    "phone": turn.row["phone"],
                    "conversation_id": turn.conversation.id,
                }
                for turn, partner in new.items()
            ]
        )
        self._kyc_tell_number(made)
        waiting.update(
            ((complaint.conversation_id, complaint.partner_id), complaint) for complaint in made
        )
        for turn, partner in asked.items():
            answers[turn].values["request"] = waiting[turn.conversation, partner].name

    @api.model
    def _kyc_tell_number(self, requests):
        """Tell the numbers on record that others are asked for, and the staff whether they heard.

        :param requests: complaints that ask for another number
        """
        consumers = requests.partner_id
        told = consumers._discom_tell_replaced(
            {
                consumer.id: (consumer.discom_whatsapp_number, consumer.discom_kyc_state)
                for consumer in consumers
            }
        )
        notes = {}
        for request in requests:
            # Whoever works on it reads it.
            read = read_by(request, request.activity_ids.user_id[:1] or self.env.user)
            notes[request.id] = (
                read.env._("The number on record was told of this on WhatsApp.")
                if request.partner_id in told
                else read.env._("The number on record could not be told on WhatsApp. Please call.")
            )
        requests._message_log_batch(bodies=notes)
