from odoo import models


class WhatsAppTemplate(models.Model):
    _inherit = "discom.whatsapp.template"
