from odoo import models
from odoo.exceptions import AccessError

from .consumer_kyc_event import PHOTO_FIELD


class IrAttachment(models.Model):
    """The photo of a KYC form is changed on the consumer only, where the journal sees it."""

    _inherit = "ir.attachment"

    def write(self, vals):
        result = super().write(vals)
        if {"res_model", "res_id", "res_field"} & vals.keys():
            # What has just become a photo of a form was another file when the rights were checked.
            self.check_access("write")
        return result

    def _check_access(self, operation):
        """Let nobody create, replace or remove such a photo past the consumer."""
        result = super()._check_access(operation)
        if operation == "read":
            return result
        # sudo: what a file belongs to decides about the right to it.
        photos = self.sudo().filtered(
            lambda file: file.res_model == "res.partner" and file.res_field == PHOTO_FIELD
        )
        if not photos:
            return result
        forbidden = photos.sudo(False) | (result[0] if result else self.browse())
        return forbidden, lambda: AccessError(
            self.env._("The photo of a KYC form is changed on the form of the consumer.")
        )
