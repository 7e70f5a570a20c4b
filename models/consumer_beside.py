"""Doors of Odoo's own modules that come with it and that this add-on does not depend on."""

from odoo import api, models
from odoo.exceptions import AccessError


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _generate_signup_token(self, expiration=None):
        """Where people may sign up by themselves, Odoo gives every colleague a token for every
        contact, and who signs up with it reads that contact as the own.

        :raise AccessError: for a consumer without an account, unless the caller makes users
        """
        # sudo: of a consumer that the caller may not even see.
        contact = self.sudo()
        if (
            contact.discom_consumer
            and not contact.user_ids
            and not self.env.user._is_superuser()
            and not self.env["res.users"].sudo(False).has_access("create")
        ):
            raise AccessError(
                self.env._("Only an administrator of users opens an account for a consumer.")
            )
        return super()._generate_signup_token(expiration)


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model_create_multi
    def create(self, vals_list):
        """
        :raise AccessError: for a letter of Odoo's postal service to a consumer: it goes past
            consent and approval, and copies the address to where every colleague reads it
        """
        if self._name == "snailmail.letter" and not self.env.user._is_superuser():
            ids = [vals.get("partner_id") for vals in vals_list]
            # sudo: whether somebody is a consumer is asked, nothing else.
            if any(self.env["res.partner"].sudo().browse(ids).mapped("discom_consumer")):
                raise AccessError(
                    self.env._(
                        "Letters to consumers are printed here and served, not sent by post."
                    )
                )
        return super().create(vals_list)
