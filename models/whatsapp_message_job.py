import logging
from collections import defaultdict

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..tools.cloud_api import Outcome, Verdict
from ..tools.dispatch import Job
from ..tools.template_text import send_components
from .whatsapp_message import PRIORITY_REPLY
from .whatsapp_turn import SHARE_NUMBER

_logger = logging.getLogger(__name__)


class DiscomWhatsappMessage(models.Model):
    """How claimed messages become jobs of the dispatcher."""

    _inherit = "discom.whatsapp.message"

    def _prepare_jobs(self):
        """Turn claimed messages into jobs of the dispatcher, documents included, in few queries.

        :return: (jobs, outcomes of messages for which no job could be made)
        """
        documents = self._documents()
        uploaded = self._uploaded(documents)
        secrets = self._secrets()
        specs = {template: template._message_spec() for template in self.template_id}
        jobs, refused = [], []
        for message in self:
            document = documents.get(message.id)
            if isinstance(document, Exception):
                refused.append(Outcome(message.key, Verdict.FAILED, text=str(document)))
                continue
            try:
                job = message._prepare_job(
                    specs.get(message.template_id), document, secrets.get(message.id, {})
                )
                job.media_id = uploaded.get((message.account_id.id, job.digest))
                jobs.append(job)
            except Exception as error:  # noqa: BLE001 one bad row must not stop the lane
                _logger.exception("WhatsApp message %s could not be built", message.id)
                refused.append(Outcome(message.key, Verdict.FAILED, text=str(error)))
        return jobs, refused

    def _prepare_job(self, spec, document, secrets):
        """Return the job of one message.

        :param dict spec: plain data of its template, None for free text
        :param document: as of :meth:`discom.whatsapp.mixin._whatsapp_document`, or None
        :param dict secrets: values that are in no record
        """
        values = {**(self.values or {}), **secrets}
        payload = self._payload(spec, self._leaving_text(secrets))
        job = Job(
            self.key,
            self.priority,
            payload,
            group=self.broadcast_id.id or None,
            # Meta lets a conversation borrow from later.
            spaced=self.priority > PRIORITY_REPLY,
        )
        if document:
            job.filename, job.render, *digest = document
            job.digest = digest[0] if digest else None

            def complete(media_id):
                if spec:
                    payload["template"]["components"] = send_components(
                        spec, values, media_id, job.filename
                    )
                else:
                    payload["document"].update(id=media_id, filename=job.filename)

            job.complete = complete
        elif spec:
            payload["template"]["components"] = send_components(spec, values)
        return job

    def _leaving_text(self, secrets):
        """Return the free text with what stands in no record."""
        text = self.body or ""
        for name, value in secrets.items():
            text = text.replace("{{%s}}" % name, value)
        return text

    def _payload(self, spec, text):
        """Return the body of ``POST /messages`` without what depends on an uploaded document."""
        # https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
        hidden = not self.phone and self.wa_user_id
        payload = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **({"recipient": hidden} if hidden else {"to": self.phone.lstrip("+")}),
            "biz_opaque_callback_data": self.key,
        }
        if spec:
            payload["type"] = "template"
            payload["template"] = {"name": spec["name"], "language": {"code": spec["language"]}}
        elif self.with_document:
            payload["type"] = "document"
            payload["document"] = {"caption": text}
        elif self.buttons:
            payload["type"] = "interactive"
            payload["interactive"] = {"body": {"text": text}, **self._choices()}
        else:
            payload["type"] = "text"
            payload["text"] = {"preview_url": False, "body": text}
        return payload

    def _choices(self):
        """Return the type and the action of an interactive message: reply buttons, a list, or
        WhatsApp's own button for sharing the number.

        https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages
        """
        if self.buttons[0]["id"] == SHARE_NUMBER:
            return {"type": "request_contact_info", "action": {"name": "request_contact_info"}}
        if not self.list_title:
            buttons = [{"type": "reply", "reply": button} for button in self.buttons]
            return {"type": "button", "action": {"buttons": buttons}}
        return {
            "type": "list",
            "action": {"button": self.list_title, "sections": [{"rows": self.buttons}]},
        }

    def _documents(self):
        """Return {message id: (filename, function that makes the bytes)} of the documents.

        A digest may follow. Where a document cannot be made, there is the exception instead.
        """
        groups, pictures = defaultdict(list), {}
        documents = {}
        for message in self:
            template = message.template_id
            carries = message.with_document or template.header_type == "document"
            if carries and message.res_model in self.env:
                groups[message.res_model, message.lang].append(message)
            elif template.header_type == "image":
                if template not in pictures:
                    pictures[template] = template._picture()
                documents[message.id] = pictures[template]
        for (model, lang), messages in groups.items():
            records = self.env[model].browse({m.res_id for m in messages}).exists()
            made = self._make_documents(records, lang)
            documents.update((m.id, made[m.res_id]) for m in messages if m.res_id in made)
        return documents

    def _uploaded(self, documents):
        """Return {(account id, digest): media id} of the documents that Meta has already.

        :param dict documents: as of :meth:`_documents`
        """
        digests = defaultdict(set)
        for message in self:
            document = documents.get(message.id)
            if isinstance(document, tuple) and len(document) > 2:
                digests[message.account_id.id].add(document[2])
        media = self.env["discom.whatsapp.media"]
        return {
            (account_id, digest): media_id
            for account_id, wanted in digests.items()
            for digest, media_id in media._known(account_id, wanted).items()
        }

    @api.model
    def _make_documents(self, records, lang):
        """Return the documents of ``records``; one that fails takes no other with it."""
        try:
            with self.env.cr.savepoint():
                return records._whatsapp_document(lang)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            if len(records) == 1:
                _logger.exception("No document of %s", records)
                return {records.id: error}
        made = {}
        for record in records:
            made.update(self._make_documents(record, lang))
        return made

    def _secrets(self):
        """Return {message id: values} that a document keeps out of messages until they leave."""
        groups = defaultdict(list)
        for message in self:
            if message.res_model and message.res_model in self.env:
                groups[message.res_model].append(message)
        secrets = {}
        for model, messages in groups.items():
            records = self.env[model].browse({m.res_id for m in messages})
            if isinstance(records, self.env.registry["discom.whatsapp.mixin"]):
                made = records._whatsapp_secrets()
                secrets.update((m.id, made[m.res_id]) for m in messages if m.res_id in made)
        return secrets
