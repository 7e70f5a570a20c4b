from odoo import api, fields, models


class DiscomCategory(models.Model):
    """A category of the tariff order, such as LMV-1, domestic light, fan and power."""

    _name = "discom.category"
    _description = "Tariff category"
    _order = "sequence, code"
    _rec_names_search = ["code", "name", "name_hi"]

    code = fields.Char(required=True)
    name = fields.Char(required=True)
    name_hi = fields.Char("Name in Hindi")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(code)", "There is a tariff category with this code already. Change that one."
    )

    @api.depends("code", "name", "name_hi")
    @api.depends_context("lang")
    def _compute_display_name(self):
        hindi = (self.env.lang or "").startswith("hi")
        for category in self:
            name = (category.name_hi if hindi else None) or category.name
            category.display_name = f"{category.code} {name}"
