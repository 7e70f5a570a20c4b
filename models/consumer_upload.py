import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import media_kind

PICTURES = ("image/jpeg", "image/png", "image/webp")
#: Beside fields for pictures: the proof that a notice was served may be a scan.
SCANS = {("discom.notice", "acknowledgement"): (*PICTURES, "application/pdf")}


def _is_ours(model):
    return (model or "").startswith("discom.")


class IrAttachment(models.Model):
    """Photos of ours are photos by their content: Odoo takes whatever begins like a drawing. And
    no file of ours is copied into the database as text."""

    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        if any(_is_ours(vals.get("res_model")) for vals in vals_list):
            self = self.with_context(discom_unindexed=True)
        return super().create(vals_list)

    def _set_attachment_data(self, asbytes):
        if any(map(_is_ours, self.mapped("res_model"))):
            self = self.with_context(discom_unindexed=True)
        return super()._set_attachment_data(asbytes)

    def _index(self, bin_data, file_type, checksum=None):
        """No file of ours lies in the database as text a second time: it would be personal data
        that nobody looks for there, and takes five times its size in memory to make."""
        if self.env.context.get("discom_unindexed"):
            return None
        return super()._index(bin_data, file_type, checksum=checksum)

    def _check_contents(self, values):
        allowed = self._discom_allowed(
            values.get("res_model") or self[:1].res_model,
            values.get("res_field") or self[:1].res_field,
        )
        content = values.get("raw") or base64.b64decode(values.get("datas") or b"")
        if allowed and content and media_kind.kind_of(content) not in allowed:
            raise UserError(
                self.env._(
                    "This is no photo, whatever its name says. Take a photo, or choose a file of "
                    "kind JPG, PNG or WebP."
                )
            )
        return super()._check_contents(values)

    def _discom_allowed(self, model, name):
        """Return the types that a field of ours takes, or nothing where it takes any."""
        if not name or model not in self.env:
            return ()
        field = self.env[model]._fields.get(name)
        ours = model.startswith("discom.") or name.startswith("discom_")
        if not field or not ours:
            return ()
        return SCANS.get((model, name)) or (PICTURES if isinstance(field, fields.Image) else ())
