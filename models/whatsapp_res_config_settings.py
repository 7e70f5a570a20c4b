from odoo import fields, models

from .whatsapp_account_health import INR_PARAMETER
from .whatsapp_template_lint import HOSTS_PARAMETER, NUMBERS_PARAMETER


class ResConfigSettings(models.TransientModel):
    """Lists by which a genuine message is told from a forged one, and dates that Meta sets."""

    _inherit = "res.config.settings"

    discom_official_phone_numbers = fields.Char(
        "Official phone numbers",
        config_parameter=NUMBERS_PARAMETER,
        help="With commas. Templates that name any other number are warned of.",
    )
    discom_official_hosts = fields.Char(
        "Official websites",
        config_parameter=HOSTS_PARAMETER,
        help="Host names with commas; their sub-domains count too.",
    )
    discom_whatsapp_inr_deadline = fields.Char(
        "Billing in rupees by",
        config_parameter=INR_PARAMETER,
        help="The last day, as 2026-12-31, on which Meta delivers for Indian accounts billed in "
        "another currency.",
    )
    discom_whatsapp_event_retention_days = fields.Integer(
        "Days webhook calls are kept", config_parameter="discom.whatsapp_event_retention_days"
    )
