from odoo import models


class MailComposer(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_mass_mail(self, res_ids, auto_commit=False):
        """Odoo asks for the right to read alone, and leaves a message on each record."""
        if self.env.user._discom_is_bound():
            self.env[self.model].browse(res_ids)._discom_check_post()
        return super()._action_send_mail_mass_mail(res_ids, auto_commit=auto_commit)
