from odoo import fields, models

PRIORITY_KINDS = [
    ("life_support", "Life support at home"),
    ("hospital", "Hospital or clinic"),
    ("essential", "Water works or other essential service"),
]


class ResPartner(models.Model):
    """Consumers who depend on supply: told of outages first, and protected from disconnection."""

    _inherit = "res.partner"

    discom_priority = fields.Selection(
        PRIORITY_KINDS,
        "Depends on supply",
        copy=False,
        tracking=True,
        help="Registered with proof. Told of outages before everybody else.",
    )
    discom_priority_proof = fields.Char(
        "Proof of it", copy=False, help="Certificate and date, as seen by the office."
    )

    _discom_priority_idx = models.Index("(discom_priority) WHERE discom_priority IS NOT NULL")
