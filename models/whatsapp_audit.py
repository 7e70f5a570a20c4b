"""Who sent, who approved, and who changed what messages are sent with."""

from odoo import models


class DiscomWhatsappBroadcast(models.Model):
    _inherit = "discom.whatsapp.broadcast"

    def action_approve(self):
        result = super().action_approve()
        self._audit("approval", self.env._("Approved a broadcast"))
        return result

    def action_reject(self, reason=None):
        result = super().action_reject(reason)
        self._audit("refusal", self.env._("Refused a broadcast"), reason=reason)
        return result

    def action_cancel(self):
        result = super().action_cancel()
        self._audit("send", self.env._("Cancelled a broadcast"))
        return result

    def action_retry_failed(self):
        result = super().action_retry_failed()
        self._audit("send", self.env._("Sent again what had failed of a broadcast"))
        return result

    def _ask_approval(self, agreed=0):
        result = super()._ask_approval(agreed)
        self._audit("asked", self.env._("Asked for approval of a broadcast"), user=self.user_id)
        return result

    def _begin(self):
        result = super()._begin()
        text = (
            self.env._("Broadcast confirmed, to begin later")
            if self.state == "scheduled"
            else self.env._("Broadcast begins")
        )
        self._audit("send", text, user=self.user_id)
        return result

    def _audit(self, kind, text, user=None, reason=None):
        """Add an entry for each broadcast, of whoever acts unless said otherwise."""
        # sudo: figures of the broadcasts that the user has just acted on.
        self.env["discom.audit.entry"]._log_many(
            [
                {
                    "kind": kind,
                    "records": broadcast,
                    "text": f"{text}: {broadcast._audit_content()}",
                    "reason": reason,
                    "number": broadcast.send_count,
                    "company": broadcast.company_id,
                    "user": user or self.env.user,
                }
                for broadcast in self.sudo()
            ]
        )

    def _audit_content(self):
        """Say what is sent, without the name of the broadcast, which may be a consumer's."""
        document = self.env["ir.model"]._get(self.res_model).name or self.res_model
        return f"{self.purpose}, {document}, {self.account_id.name}"


class DiscomWhatsappAccount(models.Model):
    _name = "discom.whatsapp.account"
    _inherit = ["discom.whatsapp.account", "discom.audit.mixin"]

    _audit_kind = "account"

    def _store_secrets(self, given):
        """Tokens are stored beside the rest; which was changed is told, never to what."""
        result = super()._store_secrets(given)
        if accounts := self._audit_due():
            labels = [self._fields[name]._description_string(self.env) for name in given]
            accounts._audit_log(
                self.env._(
                    "%(names)s: %(fields)s changed",
                    names=accounts._audit_names(),
                    fields=", ".join(labels),
                )
            )
        return result

    def action_halt(self):
        result = super().action_halt()
        self._audit_log(self.env._("Halted: %(names)s", names=self._audit_names()))
        return result

    def action_resume(self):
        result = super().action_resume()
        self._audit_log(self.env._("Resumed: %(names)s", names=self._audit_names()))
        return result


class DiscomWhatsappTemplate(models.Model):
    _name = "discom.whatsapp.template"
    _inherit = ["discom.whatsapp.template", "discom.audit.mixin"]

    _audit_kind = "template"

    def action_submit(self):
        result = super().action_submit()
        self._audit_log(self.env._("Submitted to Meta: %(names)s", names=self._audit_names()))
        return result


class DiscomWhatsappTemplateVariable(models.Model):
    _name = "discom.whatsapp.template.variable"
    _inherit = ["discom.whatsapp.template.variable", "discom.audit.mixin"]

    _audit_kind = "template"


class DiscomWhatsappTemplateButton(models.Model):
    _name = "discom.whatsapp.template.button"
    _inherit = ["discom.whatsapp.template.button", "discom.audit.mixin"]

    _audit_kind = "template"


class DiscomSmsTemplate(models.Model):
    _name = "discom.sms.template"
    _inherit = ["discom.sms.template", "discom.audit.mixin"]


class DiscomWhatsappAnswer(models.Model):
    _name = "discom.whatsapp.answer"
    _inherit = ["discom.whatsapp.answer", "discom.audit.mixin"]


class DiscomWhatsappRate(models.Model):
    _name = "discom.whatsapp.rate"
    _inherit = ["discom.whatsapp.rate", "discom.audit.mixin"]


class DiscomWhatsappApiVersion(models.Model):
    _name = "discom.whatsapp.api.version"
    _inherit = ["discom.whatsapp.api.version", "discom.audit.mixin"]
