from odoo import fields, models


class SmsComposer(models.TransientModel):
    """Odoo's dialog for an SMS shows the number of any record."""

    _inherit = "sms.composer"

    recipient_single_number = fields.Char(personal="phone")
    recipient_single_number_itf = fields.Char(personal="phone")
    numbers = fields.Char(personal="phone")
    sanitized_numbers = fields.Char(personal="phone")

    def _personal_shown(self, kind):
        return self if self._personal_by_role(kind) else self.browse()
