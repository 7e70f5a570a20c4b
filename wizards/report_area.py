from odoo import fields, models
from odoo.fields import Domain


class DiscomReportArea(models.AbstractModel):
    """A report wizard that asks for urban or rural consumers, or both."""

    _name = "discom.report.area"
    _inherit = ["discom.report.mixin"]
    _description = "Report of urban or rural consumers"

    area = fields.Selection(
        selection=lambda self: (
            self.env["res.partner"]._fields["discom_area"]._description_selection(self.env)
        ),
        help="Empty: urban and rural.",
    )

    def _report_params(self):
        return {**super()._report_params(), "area": self.area}

    def _report_facts(self):
        facts = super()._report_facts()
        if self.area:
            label = self._field_labels("res.partner", "discom_area")[self.area]
            facts.append((self.env._("Area"), label))
        return facts

    def _place_domain(self):
        """Domain of the rows of the office and area that were chosen."""
        domain = Domain.TRUE
        if self.office_id:
            domain &= Domain("office_id", "child_of", self.office_id.ids)
        if self.area:
            domain &= Domain("area", "=", self.area)
        return domain
