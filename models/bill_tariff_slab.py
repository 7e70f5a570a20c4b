from odoo import api, fields, models

from ..tools import formats


class DiscomTariffSlab(models.Model):
    """Price of the units of a month up to a limit; the limit scales with the months of a bill."""

    _name = "discom.tariff.slab"
    _description = "Tariff Slab"
    _inherit = ["discom.tariff.part"]
    _order = "rate_id, upto, id"

    rate_id = fields.Many2one("discom.tariff.rate", required=True, index=True, ondelete="cascade")
    upto = fields.Float(
        "Up to Units a Month", digits=(12, 2), help="0: all units above the other slabs."
    )
    price = fields.Float("₹ per Unit", digits=(12, 4), required=True)
    source = fields.Char(help="Order or text it was taken from.")
    verified = fields.Boolean(help="Compared with the order itself.")

    _limit_uniq = models.UniqueIndex(
        "(rate_id, upto)", "Two slabs of a rate cannot end at the same units. Change one of them."
    )
    _not_negative = models.Constraint(
        "CHECK (upto >= 0 AND price >= 0)", "Units and price of a slab cannot be negative."
    )

    @api.depends("rate_id", "upto")
    def _compute_display_name(self):
        for slab in self:
            limit = formats.number(slab.upto) if slab.upto else "…"
            slab.display_name = f"{slab.rate_id.display_name}, {limit}"

    def _tariffs(self):
        return self.rate_id.tariff_id

    def _summary(self):
        return self.env._(
            "%(price)s per unit, verified %(verified)s",
            price=f"{self.price:g}",
            verified=self.verified,
        )
