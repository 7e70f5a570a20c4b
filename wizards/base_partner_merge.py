from odoo import models
from odoo.exceptions import UserError


class PartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Refuse consumers: each is a connection with bills, consents and messages of its own.

        Odoo moves what refers to a merged contact, and deletes it where it cannot.
        """
        partners = self.env["res.partner"].browse(partner_ids) | (
            dst_partner or self.env["res.partner"]
        )
        # sudo: also consumers that the user does not see.
        if any(partner.discom_consumer for partner in partners.exists().sudo()):
            raise UserError(
                self.env._(
                    "Consumers cannot be merged: each is a connection of its own. Somebody with"
                    " several connections is the parent contact of them."
                )
            )
        return super()._merge(partner_ids, dst_partner, extra_checks)
