import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import sms_gateway, template_text
from .whatsapp_account import SECRET_GROUPS
from .whatsapp_fallback import SMS_PURPOSES


class DiscomSmsTemplate(models.Model):
    """A content template registered with DLT, and the message on WhatsApp that it stands in for."""

    _name = "discom.sms.template"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "DLT Template of an SMS"
    _order = "purpose, lang"
    _no_aadhaar = ("body",)

    name = fields.Char(compute="_compute_name")
    purpose = fields.Selection(
        selection="_selection_purpose",
        required=True,
        help="SMS stand in for outages and arrears only.",
    )
    lang = fields.Selection(
        [("hi_IN", "Hindi"), ("en_IN", "English")], "Language", required=True, default="hi_IN"
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    active = fields.Boolean(default=True)
    header = fields.Char(required=True, help="Sender, as registered with DLT, e.g. UPPCLT.")
    dlt_template_id = fields.Char("DLT Template ID", required=True)
    body = fields.Text(
        required=True,
        help="The registered text, with the variables of the WhatsApp template where DLT has "
        "{#var#}, for example {{account_last4}}.",
    )
    dlt_body = fields.Text("As Registered", compute="_compute_dlt_body")

    _purpose_uniq = models.UniqueIndex(
        "(company_id, purpose, lang) WHERE active", "This message has an SMS in this language."
    )

    @api.model
    def _selection_purpose(self):
        names = dict(self.env["discom.whatsapp.template"]._selection_purpose())
        return [(purpose, names[purpose]) for purpose in SMS_PURPOSES if purpose in names]

    @api.depends("purpose", "lang")
    def _compute_name(self):
        purposes, langs = dict(self._selection_purpose()), dict(self._fields["lang"].selection)
        for template in self:
            template.name = f"{purposes.get(template.purpose, '')} ({langs.get(template.lang, '')})"

    @api.depends("body")
    def _compute_dlt_body(self):
        for template in self:
            template.dlt_body = re.sub(r"\{\{\w+\}\}", "{#var#}", template.body or "")

    @api.constrains("header", "dlt_template_id")
    def _check_ids(self):
        for template in self:
            if not re.fullmatch(r"[A-Za-z0-9-]{3,11}", template.header or ""):
                raise ValidationError(
                    self.env._(
                        "%(header)s is no header of an SMS: 3 to 11 letters, digits or hyphens.",
                        header=template.header,
                    )
                )
            if not re.fullmatch(r"\d{6,30}", template.dlt_template_id or ""):
                raise ValidationError(
                    self.env._(
                        "%(id)s is no DLT template id: digits only, as the DLT platform shows it.",
                        id=template.dlt_template_id,
                    )
                )

    def _text(self, values):
        """Return the SMS for the values of a message, None where one is missing."""
        self.ensure_one()
        names = template_text.variable_names(self.body)
        if any(not values.get(name) for name in names):
            return None
        return template_text.render(self.body, values)


class ResCompany(models.Model):
    _inherit = "res.company"

    discom_dlt_entity_id = fields.Char("DLT Principal Entity ID")
    discom_sms_url = fields.Char("SMS Gateway Address", groups=SECRET_GROUPS)
    discom_sms_key = fields.Char("SMS Gateway Key", groups=SECRET_GROUPS)
    discom_sms_fields = fields.Text(
        "SMS Gateway Fields",
        groups=SECRET_GROUPS,
        default="mobile = {number10}\nmessage = {text}\nsender = {header}\nentity = {entity}\n"
        "template = {template}\nkey = {key}\nreference = {uuid}",
        help="One a line: the gateway's name of a field = its value. Values: {number} (with 91), "
        "{number10}, {text}, {header}, {entity}, {template}, {key}, {uuid}.",
    )
    discom_sms_success = fields.Char(
        "Answer of an Accepted SMS",
        groups=SECRET_GROUPS,
        help="Text in the gateway's answer; empty: every answer 200 counts.",
    )

    @api.constrains("discom_sms_url", "discom_sms_fields")
    def _check_discom_sms(self):
        # sudo: the settings are readable by administrators only.
        for company in self.sudo():
            if company.discom_sms_url and not re.match(
                r"https://|http://(localhost|127\.0\.0\.1)[:/]", company.discom_sms_url
            ):
                raise ValidationError(
                    self.env._("The address of the SMS gateway must begin with https://.")
                )
            try:
                sms_gateway.parse_fields(company.discom_sms_fields)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "SMS gateway fields: “%(line)s” is not understood. Write one a line: "
                        "name = value.",
                        line=str(error),
                    )
                ) from error
