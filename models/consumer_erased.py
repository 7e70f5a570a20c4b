from odoo import fields, models


class ResPartner(models.Model):
    """A consumer whose personal data were erased: the account stays, for the ledger."""

    _inherit = "res.partner"

    discom_erased_at = fields.Datetime("Personal data erased on", readonly=True, copy=False)

    _discom_erased_idx = models.Index("(discom_account_no) WHERE discom_erased_at IS NOT NULL")
