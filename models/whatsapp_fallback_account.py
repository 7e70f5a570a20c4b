from odoo import api, fields, models
from odoo.exceptions import ValidationError


class DiscomWhatsappAccount(models.Model):
    _inherit = "discom.whatsapp.account"

    fallback = fields.Selection(
        [
            ("none", "Nothing"),
            ("sms", "SMS for outages and arrears, door list for the rest"),
            ("door", "List for delivery at the door"),
        ],
        "What WhatsApp Cannot Deliver",
        required=True,
        default="none",
        tracking=True,
        help="For people who are not on WhatsApp, or whom a message has not reached in its time. "
        "Bills and notices of people without a number or consent are listed for the door, too.",
    )

    @api.constrains("fallback")
    def _check_fallback(self):
        for account in self:
            # sudo: the gateway is readable by administrators only.
            company = account.company_id.sudo()
            if account.fallback == "sms" and not (
                company.discom_sms_url and company.discom_dlt_entity_id
            ):
                raise ValidationError(
                    self.env._(
                        "Enter the SMS gateway and the DLT principal entity of %(company)s first: "
                        "Settings > Companies.",
                        company=company.name,
                    )
                )
