from odoo import api, fields, models
from odoo.exceptions import ValidationError


class DiscomUnmask(models.TransientModel):
    """Asks why somebody needs the data of one record in full."""

    _name = "discom.unmask"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Show in full"
    _no_aadhaar = ("reason",)

    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Integer(required=True, readonly=True)
    minutes = fields.Integer(compute="_compute_minutes")
    reason = fields.Char("Why", required=True)

    @api.depends_context("company")
    def _compute_minutes(self):
        # sudo: a setting of the company.
        self.minutes = self.env.company.sudo().discom_unmask_minutes

    @api.constrains("res_model")
    def _check_res_model(self):
        for wizard in self:
            model = self.env.get(wizard.res_model)
            if model is None or not any(map(model._personal_kind, model._fields)):
                raise ValidationError(self.env._("There is nothing masked to show."))

    def action_unmask(self):
        """Show the record in full, and put the reason on record."""
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id)
        self.env["discom.unmasking"]._unmask(record, self.reason)
        return {"type": "ir.actions.act_window_close"}
