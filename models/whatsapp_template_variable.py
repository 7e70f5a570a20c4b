from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.identity import find_aadhaar
from ..tools.template_text import clean_value

TEXT_SOURCE = "text"


class WhatsAppTemplateVariable(models.Model):
    """A variable of a template: the sample Meta's reviewers see, and where its value comes from.

    The value is one of those the document declares (``_whatsapp_variables``), so an author can
    reach nothing else of the database, or a fixed text.
    """

    _name = "discom.whatsapp.template.variable"
    _description = "WhatsApp Template Variable"
    _order = "id"

    template_id = fields.Many2one(
        "discom.whatsapp.template", required=True, ondelete="cascade", index=True
    )
    name = fields.Char(required=True)
    example = fields.Char(string="Sample value", help="An invented value, never a real person's.")
    source = fields.Selection(
        selection=lambda self: self._selection_source(),
        string="Value",
        help="What is put in. Empty: what the document calls by the same name.",
    )
    text = fields.Char("Fixed text", help="The same for everybody.")
    allowed_sources = fields.Json(compute="_compute_allowed_sources")

    _name_uniq = models.Constraint(
        "unique(template_id, name)", "A variable appears once in the list of samples."
    )

    @api.model
    def _selection_source(self):
        """Return every declared variable of every document, and the fixed text."""
        mixin = self.env["discom.whatsapp.mixin"]
        return [*mixin._all_variables().items(), (TEXT_SOURCE, self.env._("Fixed text"))]

    @api.depends("template_id.model")
    def _compute_allowed_sources(self):
        for variable in self:
            declared = variable.template_id._declared_variables()
            variable.allowed_sources = [*declared, TEXT_SOURCE]

    @api.constrains("source", "text", "template_id")
    def _check_source(self):
        for variable in self:
            declared = variable.template_id._declared_variables()
            if variable.source and variable.source not in (*declared, TEXT_SOURCE):
                raise ValidationError(
                    self.env._(
                        "%(template)s: the document of this template has no value"
                        " “%(value)s” for {{%(name)s}}.",
                        template=variable.template_id.display_name,
                        value=variable.source,
                        name=variable.name,
                    )
                )
            if variable.source == TEXT_SOURCE and not clean_value(variable.text or ""):
                raise ValidationError(
                    self.env._(
                        "%(template)s: write the fixed text of {{%(name)s}}.",
                        template=variable.template_id.display_name,
                        name=variable.name,
                    )
                )
            if find_aadhaar(variable.text):
                raise ValidationError(
                    self.env._(
                        "The template holds a full Aadhaar number. Take it out, in samples as well."
                    )
                )


class WhatsAppTemplate(models.Model):
    """Which values of the document fill the variables."""

    _inherit = "discom.whatsapp.template"

    def _declared_variables(self):
        """Return {name: label} of the values an author may use in this template."""
        self.ensure_one()
        model = self.env.get(self.model or "")
        if model is None or not isinstance(model, self.env.registry["discom.whatsapp.mixin"]):
            model = self.env["discom.whatsapp.mixin"]
        return model._whatsapp_variables()

    def _mapping(self):
        """Return {variable: (source, text)} of those that do not take the value of their name."""
        self.ensure_one()
        return {
            variable.name: (variable.source, variable.text or "")
            for variable in self.variable_ids
            if variable.source
        }

    def _mapped(self, values):
        """Return ``values`` (name -> text) with the variables of this template filled from them."""
        return self._apply_mapping(self._mapping(), values)

    @api.model
    def _apply_mapping(self, mapping, values):
        """Fill variables by a mapping as returned by :meth:`_mapping`."""
        if not mapping:
            return values
        filled = {
            name: text if source == TEXT_SOURCE else values.get(source, "")
            for name, (source, text) in mapping.items()
        }
        return {**values, **filled}
