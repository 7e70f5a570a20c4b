from odoo import fields, models


class WhatsAppTemplateVariable(models.Model):
    """A variable of a template with the sample value Meta's reviewers see."""

    _name = "discom.whatsapp.template.variable"
    _description = "WhatsApp Template Variable"
    _order = "id"

    template_id = fields.Many2one(
        "discom.whatsapp.template", required=True, ondelete="cascade", index=True
    )
    name = fields.Char(required=True)
    example = fields.Char(string="Sample value", help="An invented value, never a real person's.")

    _name_uniq = models.Constraint(
        "unique(template_id, name)", "A variable appears once in the list of samples."
    )
