"""Changes of what the data of consumers are kept by."""

from odoo import models


class DiscomCategory(models.Model):
    _name = "discom.category"
    _inherit = ["discom.category", "discom.audit.mixin"]


class DiscomConsentNotice(models.Model):
    _name = "discom.consent.notice"
    _inherit = ["discom.consent.notice", "discom.audit.mixin"]


class DiscomKycNumber(models.Model):
    _name = "discom.kyc.number"
    _inherit = ["discom.kyc.number", "discom.audit.mixin"]
