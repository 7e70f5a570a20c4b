from odoo import api, fields, models
from odoo.exceptions import UserError

HEADS = [
    ("energy", "Energy charge"),
    ("fixed", "Fixed charge"),
    ("minimum", "Minimum charge difference"),
    ("fppas", "Fuel and power purchase surcharge"),
    ("duty", "Electricity duty"),
    ("excess_demand", "Excess demand charge"),
    ("meter_rent", "Meter rent"),
    ("rebate", "Rebate"),
    ("subsidy", "State subsidy"),
    ("adjustment", "Adjustment"),
]
# The bill shows both languages side by side, whichever are installed and whoever prints it.
HEADS_HINDI = {
    "energy": "ऊर्जा शुल्क",
    "fixed": "स्थायी (फिक्स) शुल्क",
    "minimum": "न्यूनतम शुल्क का अन्तर",
    "fppas": "ईंधन एवं विद्युत क्रय अधिभार",
    "duty": "विद्युत कर",
    "excess_demand": "अधिक माँग शुल्क",
    "meter_rent": "मीटर किराया",
    "rebate": "छूट",
    "subsidy": "राज्य सरकार की सब्सिडी",
    "adjustment": "समायोजन",
}


class DiscomBillLine(models.Model):
    """One charge of a bill, in rupees with its sign: rebates and subsidies are negative."""

    _name = "discom.bill.line"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Bill Charge"
    _order = "bill_id, sequence, id"
    _no_aadhaar = ("name",)
    # A division makes 1.5 crore of these a year, and nobody edits one after its bill is issued.
    _log_access = False

    bill_id = fields.Many2one("discom.bill", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    head = fields.Selection(HEADS, required=True, default="energy")
    name = fields.Char("Particulars", help="Left empty, the bill prints the name of the head.")
    quantity = fields.Float(digits=(12, 2), aggregator=None)
    rate = fields.Float(digits=(12, 4), aggregator=None)
    amount = fields.Monetary(required=True)
    currency_id = fields.Many2one(related="bill_id.currency_id")

    @api.depends("head", "name")
    def _compute_display_name(self):
        labels = dict(self._fields["head"]._description_selection(self.env))
        for line in self:
            line.display_name = line.name or labels.get(line.head)

    @api.model_create_multi
    def create(self, vals_list):
        bills = self.env["discom.bill"].browse({vals.get("bill_id") for vals in vals_list})
        bills._check_editable()
        bills.exists()._set_author()
        return super().create(vals_list)

    def write(self, vals):
        self.bill_id._check_editable()
        if "bill_id" in vals:
            raise UserError(
                self.env._(
                    "A charge cannot be moved to another bill. Enter it there anew, and "
                    "delete it here."
                )
            )
        self.bill_id._set_author()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        self.bill_id._check_editable()
        self.bill_id._set_author()
