from collections import defaultdict

from odoo import api, fields, models


class DiscomMaskMixin(models.AbstractModel):
    """A record on which masked data can be unmasked, with the button *Show in full*."""

    _name = "discom.mask.mixin"
    _description = "Record with masked data"

    discom_masked = fields.Boolean("Partly masked", compute="_compute_discom_masked")
    discom_unmasked = fields.Boolean("Shown in full for now", compute="_compute_discom_masked")

    @api.depends_context("uid")
    def _compute_discom_masked(self):
        names = defaultdict(list)
        if self.env.user._discom_is_masked():
            for name in filter(self._personal_kind, self._fields):
                names[self._personal_kind(name)].append(name)
        hidden = {kind: self - self._personal_shown(kind) for kind in names}
        unmasked = self._personal_unmasked()
        for record in self.with_context(bin_size=True):
            record.discom_masked = bool(record._origin) and any(
                record in hidden[kind] and any(map(record.__getitem__, names[kind]))
                for kind in names
            )
            record.discom_unmasked = record in unmasked

    def action_discom_unmask(self):
        """Ask why, then show the data of this record in full for a short while."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Show in full"),
            "res_model": "discom.unmask",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_res_model": self._name, "default_res_id": self.id},
        }
