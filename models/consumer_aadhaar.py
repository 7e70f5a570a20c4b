from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools.mail import html_to_inner_content

from ..tools.identity import find_aadhaar, without_minutes


class MailMessage(models.Model):
    """Messages and notes on consumers, and on what is about a consumer, hold no full Aadhaar
    number."""

    _inherit = "mail.message"

    @api.model_create_multi
    def create(self, vals_list):
        self._check_aadhaar(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        if {"body", "subject"} & vals.keys():
            self._check_aadhaar(
                [
                    {"model": message.model, "res_id": message.res_id, **vals}
                    for message in self.sudo()  # who may edit the message is checked by write
                ]
            )
        return super().write(vals)

    @api.model
    def _check_aadhaar(self, vals_list):
        """
        :raise ValidationError: where the text of a message on a consumer, or on a record of this
            add-on about one, holds a full number
        """
        for vals in vals_list:
            model = vals.get("model")
            if not self._may_be_about_consumer(model):
                continue
            texts = [html_to_inner_content(vals.get("body") or ""), vals.get("subject")]
            if not any(map(find_aadhaar, texts)):
                continue
            # The own old account number may happen to have the check digit. Hardly a message comes
            # this far. sudo: whether the user may read the record is not the question.
            record = self.env[model].sudo().browse(vals.get("res_id")).exists()
            consumer = record if model == "res.partner" else record.partner_id
            if model == "res.partner" and not consumer._discom_about_consumers():
                continue
            if any(find_aadhaar(text, {consumer.discom_old_account_no}) for text in texts):
                raise ValidationError(
                    self.env._(
                        "The text holds a full Aadhaar number. The law allows only its last four "
                        "digits to be kept; there is a field for them."
                    )
                )

    @api.model
    def _may_be_about_consumer(self, model):
        """Whether records of ``model`` are consumers, or are of this add-on and about one."""
        if model == "res.partner":
            return True
        if not (model or "").startswith("discom.") or model not in self.env:
            return False
        field = self.env[model]._fields.get("partner_id")
        return bool(field) and field.comodel_name == "res.partner"


class MailActivity(models.Model):
    """Nor do the things to be done about consumers."""

    _inherit = "mail.activity"

    @api.constrains("res_model_id", "res_id", "summary", "note")
    def _check_discom_no_aadhaar(self):
        self.env["mail.message"]._check_aadhaar(
            [
                {
                    "model": activity.res_model,
                    "res_id": activity.res_id,
                    "subject": activity.summary,
                    "body": activity.note,
                }
                for activity in self
            ]
        )


class MailScheduledMessage(models.Model):
    """Nor do messages that wait for their day: posted as notes, or sent back to the author."""

    _inherit = "mail.scheduled.message"

    @api.constrains("model", "res_id", "subject", "body", "attachment_ids")
    def _check_discom_no_aadhaar(self):
        vals_list = []
        for message in self:
            about = {"model": message.model, "res_id": message.res_id}
            vals_list.append({**about, "subject": message.subject, "body": message.body})
            # Files belong to the message until it is posted, so their own check comes too late.
            vals_list += [
                {**about, "subject": without_minutes(file.name)} for file in message.attachment_ids
            ]
        self.env["mail.message"]._check_aadhaar(vals_list)


class IrAttachment(models.Model):
    """Nor do the names of files kept with consumers, such as the picture of a card."""

    _inherit = "ir.attachment"

    @api.constrains("name", "description", "res_model", "res_id")
    def _check_discom_no_aadhaar(self):
        self.env["mail.message"]._check_aadhaar(
            [
                {
                    "model": attachment.res_model,
                    "res_id": attachment.res_id,
                    "subject": without_minutes(attachment.name),
                    "body": attachment.description,
                }
                for attachment in self
                if not attachment.res_field
            ]
        )
