from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    discom_outage_calls_minutes = fields.Integer(
        related="company_id.discom_outage_calls_minutes", readonly=False
    )
    discom_outage_calls_transformer = fields.Integer(
        related="company_id.discom_outage_calls_transformer", readonly=False
    )
    discom_outage_calls_feeder = fields.Integer(
        related="company_id.discom_outage_calls_feeder", readonly=False
    )
    discom_outage_calls_substation = fields.Integer(
        related="company_id.discom_outage_calls_substation", readonly=False
    )
    discom_outage_reminder_hour = fields.Integer(
        related="company_id.discom_outage_reminder_hour", readonly=False
    )
    discom_outage_reminder_minutes = fields.Integer(
        related="company_id.discom_outage_reminder_minutes", readonly=False
    )
    discom_outage_sustained_minutes = fields.Integer(
        related="company_id.discom_outage_sustained_minutes", readonly=False
    )
