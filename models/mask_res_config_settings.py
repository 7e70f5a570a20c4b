from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    discom_unmask_minutes = fields.Integer(
        related="company_id.discom_unmask_minutes", readonly=False
    )
    discom_unmask_daily = fields.Integer(related="company_id.discom_unmask_daily", readonly=False)
    discom_export_rows = fields.Integer(related="company_id.discom_export_rows", readonly=False)
    discom_export_hours = fields.Integer(related="company_id.discom_export_hours", readonly=False)
