from odoo import api, models
from odoo.exceptions import ValidationError

from ..tools.identity import find_aadhaar, without_minutes


class DiscomAadhaarMixin(models.AbstractModel):
    """A record on which people write about a consumer: no full Aadhaar number is kept in it.

    A model that inherits names its texts in ``_no_aadhaar``.
    """

    _name = "discom.aadhaar.mixin"
    _description = "Texts without Aadhaar numbers"

    _no_aadhaar = ()

    @api.constrains(lambda self: self._no_aadhaar)
    def _check_no_aadhaar(self):
        """
        :raise ValidationError: where one of the texts holds a full number
        """
        for record in self:
            for name in self._no_aadhaar:
                text = record[name] or ""
                if find_aadhaar(without_minutes(text) if name == "filename" else text):
                    raise ValidationError(
                        self.env._(
                            "“%(field)s” holds a full Aadhaar number. The law allows only its last "
                            "four digits to be kept.",
                            field=self._fields[name]._description_string(self.env),
                        )
                    )
