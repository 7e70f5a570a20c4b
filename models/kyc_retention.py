from odoo import api, models

from .audit_retention import Purge


class DiscomRetentionRule(models.Model):
    _inherit = "discom.retention.rule"

    @api.model
    def _purges(self):
        return {
            **super()._purges(),
            "kyc_code": Purge(
                self.env._("KYC codes"),
                "discom.kyc.code",
                "_gc_codes",
                lambda before: [("create_date", "<", before)],
            ),
            "kyc_attempt": Purge(
                self.env._("KYC tries"),
                "discom.kyc.attempt",
                "_gc_attempts",
                lambda before: [("date", "<", before)],
            ),
        }
