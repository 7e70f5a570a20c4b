from odoo import api, fields, models

# What the codes of the billing system stand for; every other one is an estimate.
METHODS = {
    "MU": "reading",
    "MIN": "reading",
    "ADF": "reading",
    "CEIL": "ceiling",
    "UM": "unmetered",
}


class DiscomBillBasis(models.Model):
    """Basis of a bill: how its consumption was found.

    The codes are those of the billing system of the Uttar Pradesh discoms. The explanations are
    printed on the bill and sent with it, so that a consumer knows why a bill does not rest on a
    reading and what to do about it.
    """

    _name = "discom.bill.basis"
    _description = "Bill Basis"
    _order = "sequence, code"
    _rec_names_search = ["code", "name", "name_hi"]

    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    name = fields.Char("Meaning", required=True)
    name_hi = fields.Char("Meaning in Hindi", required=True)
    explanation = fields.Text(
        help="What the consumer reads in English: why this basis, and what to do."
    )
    explanation_hi = fields.Text(
        "Explanation in Hindi",
        help="What the consumer reads in Hindi: why this basis, and what to do.",
    )
    is_actual = fields.Boolean(
        "Nothing to Correct",
        help="The bill rests on a reading, or needs none. Otherwise the consumer is told how to "
        "have it corrected.",
    )
    method = fields.Selection(
        [
            ("reading", "Difference of readings"),
            ("ceiling", "Readings, limited to the ceiling"),
            ("unmetered", "Un-metered"),
            ("assessed", "Average, then norm"),
        ],
        "Units Found By",
        compute="_compute_method",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="How a bill that is made out from readings finds its units.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "UNIQUE (code)",
        "Another basis of billing has this code already. Change that one, or enter another code.",
    )

    @api.depends("code")
    def _compute_method(self):
        for basis in self:
            basis.method = METHODS.get(basis.code, "assessed")

    @api.depends("code", "name", "name_hi")
    @api.depends_context("lang")
    def _compute_display_name(self):
        hindi = (self.env.lang or "").startswith("hi")
        for basis in self:
            name = (basis.name_hi if hindi else None) or basis.name
            basis.display_name = f"{basis.code} · {name}" if basis.code else name
