import base64

from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import media_kind

PICTURES = ("image/jpeg", "image/png", "image/webp")
#: Beside fields for pictures: the proof that a notice was served may be a scan.
SCANS = {("discom.notice", "acknowledgement"): (*PICTURES, "application/pdf")}


class IrAttachment(models.Model):
    """Photos of ours are photos by their content: Odoo takes whatever begins like a drawing."""

    _inherit = "ir.attachment"

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
