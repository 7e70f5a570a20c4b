"""A number that was proved hears of it when another one is to take its place on the account.

Who is taken over notices it so, whoever asks: a stranger with the code of a paper bill, or a clerk.
A number that nobody has proved is told nothing: it may be a stranger's, typed by mistake.
"""

import json
from datetime import timedelta

from odoo import api, fields, models

from ..tools import kyc_texts
from .consumer_consent import NOTICE_PURPOSES
from .whatsapp_message import LIVE, PRIORITY_RECEIPT
from .whatsapp_message_inbound import WINDOW

PURPOSE = "number_change"
#: Within this time a number is told once for an account, however often another one is asked for.
ONCE = timedelta(hours=24)
#: Ways by which a number grows stale without anybody of the staff saying so.
BY_ITSELF = ("system", "whatsapp", "file")


class DiscomWhatsappTemplate(models.Model):
    _inherit = "discom.whatsapp.template"

    purpose = fields.Selection(
        selection_add=[(PURPOSE, "Number to be changed")], ondelete={PURPOSE: "set default"}
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _discom_kyc_changed(self, before, vals):
        super()._discom_kyc_changed(before, vals)
        if "discom_whatsapp_number" not in vals:
            return
        number = vals["discom_whatsapp_number"] or False
        # “Not my account” came from the number itself.
        if not number and self._discom_kyc_way().source == "whatsapp":
            return
        had = {}
        for partner_id, text in before.items():
            known = json.loads(text)
            old = known.get("discom_whatsapp_number")
            if old and old != number:
                had[partner_id] = (old, known.get("discom_kyc_state"))
        self._discom_tell_replaced(had)

    @api.model
    def _discom_tell_replaced(self, had):
        """Tell numbers that were proved that another one is to stand on the account, or none.

        In words where the number has written within 24 hours, else by template; of many accounts
        with one number, which are changed together, for the first. An agent hears nothing.

        :param dict had: {consumer id: (number, state of KYC)} as they were
        :return: the consumers whose number is told, or was told within the last day
        """
        consumers = self.browse(self._discom_were_proved(had))
        numbers = {consumer.id: had[consumer.id][0] for consumer in consumers}
        if not numbers:
            return consumers
        phones = list(set(numbers.values()))
        # sudo: whose numbers are agents', and what was sent to whom, does not depend on who asks.
        agents = self.env["discom.kyc.number"].sudo().search(
            [
                ("number", "in", phones),
                ("verdict", "=", "agent"),
                ("company_id", "in", consumers.company_id.ids),
            ]
        )  # fmt: skip
        refused = {(agent.number, agent.company_id) for agent in agents}
        messages = self.env["discom.whatsapp.message"].sudo()
        recent = {
            (message.partner_id.id, message.phone)
            for message in messages.search_fetch(
                [
                    ("partner_id", "in", consumers.ids),
                    ("purpose", "=", PURPOSE),
                    ("state", "in", LIVE),
                    ("create_date", ">", fields.Datetime.now() - ONCE),
                ],
                ["partner_id", "phone"],
            )
        }
        channels = consumers._discom_channels_to(phones)
        told, queue, seen = consumers.browse(), [], set()
        for consumer in consumers:
            phone = numbers[consumer.id]
            if (phone, consumer.company_id) in refused:
                continue
            if (consumer.id, phone) in recent or phone in seen:
                told |= consumer
            elif values := consumer._discom_replaced_message(phone, *channels):
                queue.append(values)
                seen.add(phone)
                told |= consumer
        if queue:
            messages.create(queue).account_id._trigger_lane()
        return told

    @api.model
    def _discom_were_proved(self, had):
        """Return the ids of those in ``had`` whose number was proved.

        One that a colleague has called given up counts as well, or this would be the way round.
        """
        proved = [partner_id for partner_id, (_old, state) in had.items() if state == "verified"]
        stale = [partner_id for partner_id, (_old, state) in had.items() if state == "stale"]
        if not stale:
            return proved
        newest = {}
        # sudo: the history decides, whoever may read it.
        for event in self.env["discom.kyc.event"].sudo().search(
            [
                ("partner_id", "in", stale),
                ("field", "=", "discom_kyc_state"),
                ("new", "=", "stale"),
            ],
            order="id desc",
        ):  # fmt: skip
            newest.setdefault(event.partner_id.id, event)
        return proved + [
            partner_id
            for partner_id, event in newest.items()
            if event.old == "verified" and event.source not in BY_ITSELF
        ]

    def _discom_channels_to(self, phones):
        """Return (conversations with ``phones`` in which words may be sent, by company and phone;
        approved templates by account and language)."""
        # sudo: the number is told, whether or not who changes it reads its messages.
        conversations = self.env["discom.whatsapp.conversation"].sudo()
        talks = {
            (conversation.company_id, conversation.phone): conversation
            for conversation in conversations.search([("phone", "in", phones)], order="last_in_at")
            if conversation.window_open and conversation.account_id.state == "connected"
        }
        templates = {}
        # sudo: as above; what is sent are the last digits of the account.
        for template in self.env["discom.whatsapp.template"].sudo().search(
            [
                ("purpose", "=", PURPOSE),
                ("account_id.state", "=", "connected"),
                ("account_id.company_id", "in", self.company_id.ids),
            ],
            order="account_id, id",
        ):  # fmt: skip
            if template._is_sendable():
                templates.setdefault(template.account_id, {})[template.lang] = template
        return talks, templates

    def _discom_replaced_message(self, phone, talks, templates):
        """Return the values of the message, None where nothing can be sent.

        It is about no record: what is about the consumer goes to the number of now.
        """
        self.ensure_one()
        values = {
            "direction": "out",
            "state": "queued",
            "purpose": PURPOSE,
            "priority": PRIORITY_RECEIPT,
            "partner_id": self.id,
            "office_id": self.discom_office_id.id,
            "phone": phone,
        }
        if talk := talks.get((self.company_id, phone)):
            lang = talk._reader_lang()
            last4 = {"last4": (self.discom_account_no or "")[-4:]}
            return {
                **values,
                "account_id": talk.account_id.id,
                "lang": "en_IN" if lang == "en" else "hi_IN",
                "body": kyc_texts.text("replaced", lang, last4),
                "expires_at": talk.last_in_at + WINDOW,
            }
        if all(self[f"discom_consent_{purpose}"] == "withdrawn" for purpose in NOTICE_PURPOSES):
            # STOP ends whatever is not an answer.
            return None
        office = self.discom_office_id.parent_path or ""
        for account, by_lang in templates.items():
            if account.company_id == self.company_id and (
                not account.office_ids
                or any(office.startswith(above.parent_path) for above in account.office_ids)
            ):
                template = self._discom_in_own_language(by_lang)
                return {
                    **values,
                    "account_id": account.id,
                    "template_id": template.id,
                    "lang": template.lang,
                    "values": template._mapped(self._discom_welcome_values(template.lang)),
                }
        return None
