import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import template_text
from ..tools.identity import find_aadhaar

WA_LANGUAGES = {"hi_IN": "hi", "en_IN": "en"}


class WhatsAppTemplate(models.Model):
    """A message text that Meta approves before it may be sent, in one language.

    Records of one account and name form a family, one per language. A template without an account
    is a blueprint: the account's *Create standard templates* copies and submits it.
    """

    _name = "discom.whatsapp.template"
    _description = "WhatsApp Template"
    _inherit = ["mail.thread"]
    _order = "account_id, name, lang desc, id"

    name = fields.Char(
        required=True,
        tracking=True,
        help="Small letters, digits and underscores. The same in all languages.",
    )
    active = fields.Boolean(default=True)
    account_id = fields.Many2one(
        "discom.whatsapp.account",
        string="Sending number",
        ondelete="restrict",
        index=True,
        help="Empty: a blueprint, from which every sending number can get its own.",
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True, index=True)
    lang = fields.Selection(
        [("hi_IN", "Hindi"), ("en_IN", "English")],
        string="Language",
        required=True,
        default="hi_IN",
    )
    wa_language = fields.Char(
        string="Language at Meta",
        compute="_compute_wa_language",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    category = fields.Selection(
        [
            ("UTILITY", "Utility"),
            ("MARKETING", "Marketing"),
            ("AUTHENTICATION", "Authentication"),
        ],
        required=True,
        default="UTILITY",
        tracking=True,
        help="As Meta has it. Meta changes the category of a text it takes for advertising.",
    )
    submitted_category = fields.Char(readonly=True, copy=False)
    category_drifted = fields.Boolean(
        compute="_compute_category_drifted",
        store=True,
        help="Meta has moved the template to a dearer category. Nothing is sent with it until it "
        "is edited and submitted again.",
    )
    status = fields.Selection(
        [
            ("draft", "Draft"),
            ("pending", "In review"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("in_appeal", "In appeal"),
            ("paused", "Paused"),
            ("disabled", "Disabled"),
            ("limit_exceeded", "Limit exceeded"),
            ("archived", "Archived"),
            ("pending_deletion", "Being deleted"),
            ("deleted", "Deleted"),
        ],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
    )
    quality = fields.Selection(
        [("green", "High"), ("yellow", "Medium"), ("red", "Low"), ("unknown", "Unknown")],
        default="unknown",
        required=True,
        copy=False,
        readonly=True,
        tracking=True,
    )
    wa_template_id = fields.Char(
        string="ID at Meta", copy=False, readonly=True, index="btree_not_null"
    )
    reject_reason = fields.Text(copy=False, readonly=True)
    purpose = fields.Selection(
        [
            ("bill", "Bill"),
            ("due_reminder", "Reminder before the due date"),
            ("overdue", "Overdue notice"),
            ("notice", "Formal notice"),
            ("instalment", "Reminder of an instalment"),
            ("reconnected", "Reconnected after payment"),
            ("receipt", "Receipt"),
            ("outage_planned", "Planned outage"),
            ("outage_unplanned", "Breakdown"),
            ("outage_changed", "Outage changed"),
            ("outage_restored", "Supply restored"),
            ("outage_cancelled", "Outage cancelled"),
            ("outage_reminder", "Reminder of a planned outage"),
            ("outage_contact", "Outage, to a village contact person"),
            ("outage_call_closed", "No-supply call closed"),
            ("kyc_code", "KYC code"),
            ("welcome", "KYC welcome"),
            ("opt_out", "Opt-out confirmed"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
        help="The kind of message for which the composer offers this template.",
    )
    combined = fields.Boolean(
        "For several connections",
        help="Used where several connections of one number are told in one message; its text lists"
        " them with {{accounts}} and {{total}}.",
    )
    model = fields.Char(
        string="Document model",
        compute="_compute_model",
        store=True,
        readonly=False,
        precompute=True,
        help="Technical name of the document the values come from; the purpose decides. Empty: the"
        " consumer alone.",
    )
    header_type = fields.Selection(
        [("none", "None"), ("text", "Text"), ("document", "PDF"), ("image", "Image")],
        required=True,
        default="none",
    )
    header_text = fields.Char()
    header_sample = fields.Binary(
        attachment=True,
        help="A picture goes out with every message; a PDF is only shown to Meta's reviewers. "
        "Empty: a page that says it is a sample.",
    )
    header_sample_name = fields.Char()
    body = fields.Text(
        required=True,
        help="Variables in double braces, for example {{name}}. *bold*, _italic_, ~struck~.",
    )
    footer = fields.Char()
    button_ids = fields.One2many(
        "discom.whatsapp.template.button", "template_id", string="Buttons", copy=True
    )
    variable_ids = fields.One2many(
        "discom.whatsapp.template.variable",
        "template_id",
        string="Variables",
        compute="_compute_variable_ids",
        store=True,
        readonly=False,
        copy=True,
    )
    ttl_seconds = fields.Integer(
        string="Valid for (seconds)",
        aggregator=None,
        help="Meta drops a message it could not deliver within this time, 30 to 43,200 seconds. "
        "0: 30 days. An outage notice that comes late does harm: one or two hours.",
    )
    preview_html = fields.Html(
        string="Preview",
        compute="_compute_preview_html",
        sanitize=False,
        export_string_translation=False,
    )

    _name_lang_uniq = models.UniqueIndex(
        "(COALESCE(account_id, 0), name, wa_language) WHERE active",
        "This sending number has a template of this name and language already. "
        "Change that one, or choose another name.",
    )

    @api.depends("lang")
    def _compute_wa_language(self):
        for template in self:
            template.wa_language = WA_LANGUAGES.get(template.lang, "hi")

    @api.depends("purpose")
    def _compute_model(self):
        models_of = self.env["discom.whatsapp.mixin"]._models_by_purpose()
        for template in self:
            template.model = models_of.get(template.purpose) or template.model

    @api.depends("category", "submitted_category")
    def _compute_category_drifted(self):
        for template in self:
            template.category_drifted = bool(
                template.submitted_category and template.category != template.submitted_category
            )

    @api.depends("header_type", "header_text", "body", "button_ids.url")
    def _compute_variable_ids(self):
        for template in self:
            names = template._variable_names()
            kept = template.variable_ids.filtered(
                lambda variable, names=names: variable.name in names
            )
            missing = [name for name in names if name not in set(kept.mapped("name"))]
            commands = [
                fields.Command.delete(variable.id) for variable in template.variable_ids - kept
            ]
            commands += [fields.Command.create({"name": name}) for name in missing]
            if commands:
                template.variable_ids = commands

    @api.depends(
        "header_type",
        "header_text",
        "body",
        "footer",
        "button_ids.text",
        "button_ids.type",
        "button_ids.sequence",
        "variable_ids.example",
        "variable_ids.source",
        "variable_ids.text",
        "lang",
        "model",
        "purpose",
        "preview_ref",
    )
    def _compute_preview_html(self):
        for template in self:
            template.preview_html = template._preview_html(
                template._record_values() or template._examples()
            )

    @api.depends("name", "lang")
    def _compute_display_name(self):
        languages = dict(self._fields["lang"]._description_selection(self.env))
        for template in self:
            language = languages.get(template.lang, "")
            template.display_name = f"{template.name or ''} ({language})".lstrip()

    @api.model
    def _selection_purpose(self):
        """Return the purposes with their names in the user's language, for other models."""
        return self._fields["purpose"]._description_selection(self.env)

    @api.constrains("name")
    def _check_name(self):
        for template in self:
            if not re.fullmatch(r"[a-z0-9_]{1,512}", template.name):
                raise ValidationError(
                    self.env._(
                        "A template's name has small letters a to z, digits and underscores only: "
                        "%(name)s",
                        name=template.name,
                    )
                )

    @api.constrains("body", "header_text", "footer", "variable_ids")
    def _check_no_aadhaar(self):
        for template in self:
            texts = [template.body, template.header_text, template.footer]
            if any(find_aadhaar(t) for t in [*texts, *template.variable_ids.mapped("example")]):
                raise ValidationError(
                    self.env._(
                        "The template holds a full Aadhaar number. Take it out, in samples as well."
                    )
                )

    def copy_data(self, default=None):
        default = dict(default or {})
        vals_list = super().copy_data(default)
        for template, vals in zip(self, vals_list, strict=True):
            if "name" not in default and vals.get("account_id") == template.account_id.id:
                vals["name"] = f"{template.name}_copy"
        return vals_list

    def _is_sendable(self):
        """Whether Meta accepts messages from this template and at the price it was meant for."""
        self.ensure_one()
        return self.status == "approved" and not self.category_drifted

    def _variable_names(self):
        """Return the names of all variables: header, body, then the buttons' addresses."""
        self.ensure_one()
        header = self.header_text if self.header_type == "text" else ""
        return template_text.variable_names(header, self.body, *self.button_ids.mapped("url"))

    def _examples(self):
        """Return the sample values, name -> text."""
        self.ensure_one()
        return {variable.name: variable.example or "" for variable in self.variable_ids}

    def _render_text(self, values):
        """Return the body with ``values`` (name -> text) in it; unknown variables stay visible."""
        self.ensure_one()
        return template_text.render(self.body, values)

    def _message_spec(self):
        """Return what :func:`tools.template_text.send_components` needs, as plain data.

        Read once per batch; threads that send use it without touching the ORM.
        """
        self.ensure_one()
        return {
            "name": self.name,
            "language": self.wa_language,
            "positional": self.category == template_text.AUTHENTICATION,
            "header_type": self.header_type,
            "header_names": template_text.variable_names(
                self.header_text if self.header_type == "text" else ""
            ),
            "body_names": template_text.variable_names(self.body),
            "buttons": [
                {
                    "type": button.type,
                    "payload": button.payload or "",
                    "names": template_text.variable_names(button.url),
                }
                for button in self.button_ids
            ],
        }

    def _components(self, values, media_id=None, filename=None):
        """Return the ``components`` of a message for the Cloud API.

        :param dict values: name -> text
        :param media_id: uploaded file for the header; without it the header is left out
        :raise tools.template_text.MissingValueError: a value is missing
        """
        return template_text.send_components(self._message_spec(), values, media_id, filename)

    def _preview_html(self, values):
        """Return the message as it looks on a phone, with ``values`` (name -> text) in it."""
        self.ensure_one()
        sample_name = {"document": self.header_sample_name or "document.pdf"}
        return self.env["ir.qweb"]._render(
            "discom.whatsapp_preview",
            {
                "header_type": self.header_type,
                "header": template_text.to_html(template_text.render(self.header_text, values)),
                "picture": self._picture_url(),
                "document_name": values.get("_filename") or sample_name.get(self.header_type),
                "body": template_text.to_html(template_text.render(self.body, values)),
                "footer": self.footer,
                "buttons": [
                    {"type": button.type, "text": button.text} for button in self.button_ids
                ],
                "lang": self.wa_language,
            },
        )
