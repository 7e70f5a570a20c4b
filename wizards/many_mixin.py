from odoo import api, fields, models


class DiscomManyMixin(models.AbstractModel):
    """A dialog about records that were selected: it says how many, and shows them where few."""

    _name = "discom.many.mixin"
    _description = "Dialog about Selected Records"

    #: Field of the records.
    _many_field = None

    many_count = fields.Integer("Selected", compute="_compute_many_count")

    @api.depends(lambda self: (self._many_field,) if self._many_field else ())
    def _compute_many_count(self):
        for dialog in self:
            dialog.many_count = len(dialog[self._many_field]) if self._many_field else 0
