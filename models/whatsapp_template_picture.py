import base64
import hashlib
from functools import partial

from odoo import api, models
from odoo.exceptions import ValidationError

#: First bytes of the files Meta takes in a header, by kind of header.
#: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
MAGIC = {"document": (b"%PDF-",), "image": (b"\x89PNG\r\n", b"\xff\xd8\xff")}
#: Bytes Meta takes at most.
SIZE_MAX = {"document": 100_000_000, "image": 5_000_000}


class WhatsAppTemplate(models.Model):
    """The file of a header: a picture goes out with every message, a PDF is a sample only."""

    _inherit = "discom.whatsapp.template"

    @api.constrains("header_type", "header_sample")
    def _check_header_sample(self):
        for template in self.with_context(bin_size=False):
            kind = template.header_type
            if kind not in MAGIC or not template.header_sample:
                continue
            content = base64.b64decode(template.header_sample)
            if not content.startswith(MAGIC[kind]) or len(content) > SIZE_MAX[kind]:
                raise ValidationError(
                    self.env._(
                        "%(name)s: the header takes a PDF of 100 MB at most, or a PNG or JPEG "
                        "picture of 5 MB at most.",
                        name=template.display_name,
                    )
                )

    def _picture(self):
        """Return (file name, function that gives its bytes, digest) of the header's picture."""
        self.ensure_one()
        _name, mimetype, content = self._sample_file()
        extension = "png" if mimetype == "image/png" else "jpg"
        digest = hashlib.sha256(content).hexdigest()
        return f"picture.{extension}", partial(bytes, content), digest

    def _picture_url(self):
        """Return the address at which staff see the picture of a saved template, else False."""
        self.ensure_one()
        origin = self._origin
        if self.header_type != "image" or not origin.id or not self.header_sample:
            return False
        return f"/web/image/{self._name}/{origin.id}/header_sample"
