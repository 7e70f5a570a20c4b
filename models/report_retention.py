from odoo import api, models

from .audit_retention import Purge


class DiscomRetentionRule(models.Model):
    _inherit = "discom.retention.rule"

    @api.model
    def _purges(self):
        return {
            **super()._purges(),
            "report": Purge(
                self.env._("Workbooks and prints"),
                "discom.report.job",
                "_gc_workbooks",
                lambda before: [
                    ("state", "in", ("done", "failed")),
                    ("create_date", "<", before),
                ],
            ),
        }
