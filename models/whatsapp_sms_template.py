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
    variables = fields.Char("Variables to Use", compute="_compute_variables")
    sample = fields.Text("What Is Sent", compute="_compute_sample", help="With invented values.")
    sms_count = fields.Integer(
        "Counts as SMS",
        compute="_compute_sample",
        help="An SMS holds 160 Latin letters, or 70 as soon as one is Hindi or another sign such "
        "as ₹; of a longer text each part counts and costs.",
    )

    _purpose_uniq = models.UniqueIndex(
        "(company_id, purpose, lang) WHERE active",
        "This message has an SMS template in this language already. Change "
        "that one, or archive it first.",
    )

    @api.model
    def _selection_purpose(self):
        names = dict(self.env["discom.whatsapp.template"]._selection_purpose())
        return [(purpose, names[purpose]) for purpose in SMS_PURPOSES if purpose in names]

    @api.depends("purpose", "lang")
    @api.depends_context("lang")
    def _compute_name(self):
        purposes = dict(self._selection_purpose())
        langs = dict(self._fields["lang"]._description_selection(self.env))
        for template in self:
            purpose, lang = purposes.get(template.purpose), langs.get(template.lang)
            template.name = purpose and lang and f"{purpose} ({lang})"

    def _declared_variables(self):
        """Return {name: label} of the values that messages of this purpose have."""
        self.ensure_one()
        mixin = self.env["discom.whatsapp.mixin"]
        model = mixin._models_by_purpose().get(self.purpose)
        return (mixin if model is None else self.env[model])._whatsapp_variables()

    @api.depends("purpose")
    @api.depends_context("lang")
    def _compute_variables(self):
        for template in self:
            template.variables = template.purpose and " · ".join(
                f"{{{{{name}}}}} {label}" for name, label in template._declared_variables().items()
            )

    @api.depends("body", "purpose", "lang")
    def _compute_sample(self):
        for template in self:
            text = template.body or ""
            if template.purpose:
                text = template_text.render(text, template._sample_values())
            template.sample = text
            template.sms_count = sms_gateway.count_parts(text)

    def _sample_values(self):
        """Return {variable: sample}, of the WhatsApp message that this stands in for before others
        that have the same value."""
        values = {name: f"({label})" for name, label in self._declared_variables().items()}
        variables = self.env["discom.whatsapp.template.variable"].search(
            [("name", "in", list(values)), ("template_id.lang", "=", self.lang)], order="id desc"
        )
        for variable in variables.sorted(lambda v: v.template_id.purpose == self.purpose):
            values[variable.name] = variable.example or values[variable.name]
        return values

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
                        "“%(header)s” is no header of an SMS. Copy it from the DLT platform: 3 "
                        "to 11 letters, digits or hyphens.",
                        header=template.header,
                    )
                )
            if not re.fullmatch(r"\d{6,30}", template.dlt_template_id or ""):
                raise ValidationError(
                    self.env._(
                        "“%(id)s” is no DLT template id. Copy it from the DLT platform: digits "
                        "only.",
                        id=template.dlt_template_id,
                    )
                )

    @api.constrains("body", "purpose")
    def _check_body(self):
        """A variable that no message has would keep every SMS from leaving."""
        for template in self:
            if not (template.body or "").strip():
                raise ValidationError(self.env._("Write the text of the SMS."))
            declared = template._declared_variables()
            unknown = set(template_text.variable_names(template.body)) - set(declared)
            if unknown:
                raise ValidationError(
                    self.env._(
                        "“%(template)s” has no value for %(unknown)s. Use only: %(known)s.",
                        template=template.name,
                        unknown=", ".join(f"{{{{{name}}}}}" for name in sorted(unknown)),
                        known=", ".join(f"{{{{{name}}}}}" for name in declared),
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
