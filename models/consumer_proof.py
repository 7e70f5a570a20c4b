from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _discom_proofs(self):
        """Return what a person knows who holds the papers of each consumer; areas above add to it.

        :return: ``{id: {"codes": tuple of texts, "amounts": tuple of Decimals in rupees}}``
        """
        return {partner_id: {"codes": (), "amounts": ()} for partner_id in self.ids}
