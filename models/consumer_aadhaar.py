from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools.mail import html_to_inner_content

from ..tools.identity import find_aadhaar


class MailMessage(models.Model):
    """Messages and notes on consumers hold no full Aadhaar number."""

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
        :raise ValidationError: where the text of a message on a consumer holds a full number
        """
        suspects = [
            (vals, text)
            for vals in vals_list
            if vals.get("model") == "res.partner"
            for text in (html_to_inner_content(vals.get("body") or ""), vals.get("subject"))
            if find_aadhaar(text)
        ]
        if not suspects:
            return
        # The own old account number may happen to have the check digit; access is not the question.
        consumers = (
            self.env["res.partner"]
            .sudo()
            .browse({vals["res_id"] for vals, _text in suspects if vals.get("res_id")})
            .exists()
            .filtered("discom_consumer")
        )
        for vals, text in suspects:
            consumer = consumers.filtered(lambda partner, vals=vals: partner.id == vals["res_id"])
            if consumer and find_aadhaar(text, exempt={consumer.discom_old_account_no}):
                raise ValidationError(
                    self.env._(
                        "The text holds a full Aadhaar number. The law allows only its last four "
                        "digits to be kept; there is a field for them."
                    )
                )


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
                    "subject": attachment.name,
                    "body": attachment.description,
                }
                for attachment in self
                if attachment.res_model == "res.partner"
            ]
        )
