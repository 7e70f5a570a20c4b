from odoo import api, fields, models
from odoo.exceptions import ValidationError

KINDS = [
    ("substation", "Substation"),
    ("feeder", "Feeder"),
    ("transformer", "Transformer"),
]
# What may feed each kind: a 132 kV substation feeds 33/11 kV ones, and a feeder may branch.
_PARENT_KINDS = {
    "substation": {"substation"},
    "feeder": {"substation", "feeder"},
    "transformer": {"substation", "feeder"},
}


class DiscomAsset(models.Model):
    """A part of the supply network: substation, feeder or distribution transformer.

    A consumer hangs on the lowest asset known; an outage reaches all below the assets it names.
    """

    _name = "discom.asset"
    _inherit = ["discom.node.mixin"]
    _description = "Asset of the supply network"
    _parent_store = True
    _order = "name, id"
    _rec_names_search = ["name", "name_hi", "code"]
    _check_company_auto = True

    _consumer_field = "discom_asset_id"

    code = fields.Char(required=True, help="Code of the asset in the billing system.")
    kind = fields.Selection(KINDS, required=True, index=True)
    voltage = fields.Char(help="For example 33/11 kV, 11 kV, 11/0.4 kV.")
    parent_id = fields.Many2one(
        "discom.asset", "Fed by", index=True, ondelete="restrict", check_company=True
    )
    child_ids = fields.One2many("discom.asset", "parent_id", "Feeds")
    office_id = fields.Many2one(
        "discom.office",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )

    _code_uniq = models.UniqueIndex(
        "(company_id, code)",
        "Another asset has this code already. Search for it, or enter another code.",
    )

    @api.constrains("parent_id", "kind")
    def _check_kind(self):
        for asset in self | self.child_ids:
            if asset.parent_id and asset.parent_id.kind not in _PARENT_KINDS[asset.kind]:
                labels = dict(self._fields["kind"]._description_selection(self.env))
                raise ValidationError(
                    self.env._(
                        "%(asset)s (%(kind)s) cannot be fed by %(parent)s (%(parent_kind)s). "
                        "Substations feed feeders, and feeders feed transformers.",
                        asset=asset.name,
                        kind=labels[asset.kind],
                        parent=asset.parent_id.name,
                        parent_kind=labels[asset.parent_id.kind],
                    )
                )
