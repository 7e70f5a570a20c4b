from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .whatsapp_account_health import INR_PARAMETER
from .whatsapp_metrics import TOKEN_PARAMETER
from .whatsapp_template_lint import HOSTS_PARAMETER, NUMBERS_PARAMETER

#: Shorter ones could be guessed.
TOKEN_LENGTH = 24


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
    discom_metrics_token = fields.Char(
        "Token of the monitoring system",
        config_parameter=TOKEN_PARAMETER,
        groups="base.group_system",
        exportable=False,
        help="Who sends it sees /discom/metrics: queues, rates and failures, and nobody's data. "
        "Empty: nobody does.",
    )

    @api.constrains("discom_metrics_token")
    def _check_discom_metrics_token(self):
        for settings in self:
            token = settings.discom_metrics_token
            if token and len(token) < TOKEN_LENGTH:
                raise ValidationError(
                    self.env._(
                        "The token of the monitoring system has %(length)s characters. Take a"
                        " random one of at least %(least)s, such as from “openssl rand -hex 24”.",
                        length=len(token),
                        least=TOKEN_LENGTH,
                    )
                )
