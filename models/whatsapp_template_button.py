from odoo import api, fields, models


class WhatsAppTemplateButton(models.Model):
    """A button under a template's text."""

    _name = "discom.whatsapp.template.button"
    _description = "WhatsApp Template Button"
    _order = "sequence, id"

    template_id = fields.Many2one(
        "discom.whatsapp.template", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10, aggregator=None)
    type = fields.Selection(
        [("quick_reply", "Quick reply"), ("url", "Open an address"), ("phone", "Call")],
        required=True,
        default="quick_reply",
    )
    text = fields.Char(string="Label", required=True)
    url = fields.Char(
        string="Address",
        help="May end in one variable, for example https://example.org/b/{{token}}. One that "
        "begins with / is an address of this server.",
    )
    phone = fields.Char()
    payload = fields.Char(
        help="What comes back when the reader taps: STOP, START, or a word the office knows."
    )

    def _full_url(self):
        """Return the address as Meta gets it, empty for a button of another kind."""
        self.ensure_one()
        if self.type != "url" or not self.url:
            return ""
        return f"{self.get_base_url()}{self.url}" if self.url.startswith("/") else self.url

    @api.model_create_multi
    def create(self, vals_list):
        buttons = super().create(vals_list)
        buttons.template_id._text_changed()
        return buttons

    def write(self, vals):
        self.template_id._text_changed()
        return super().write(vals)

    def unlink(self):
        self.template_id._text_changed()
        return super().unlink()
