from odoo import api, models
from odoo.exceptions import ValidationError


class ResUsers(models.Model):
    """A colleague is no consumer."""

    _inherit = "res.users"

    @api.constrains("partner_id", "group_ids")
    def _check_discom_partner(self):
        # sudo: who manages users need not see consumers.
        if any(user.partner_id.discom_consumer and user._is_internal() for user in self.sudo()):
            raise ValidationError(
                self.env._(
                    "The contact of a colleague is seen by everyone, so it cannot be a consumer at "
                    "the same time. Keep the connection in a contact of its own."
                )
            )
