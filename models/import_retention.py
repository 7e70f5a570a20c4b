from odoo import api, models

from .audit_retention import Purge


class DiscomRetentionRule(models.Model):
    _inherit = "discom.retention.rule"

    @api.model
    def _purges(self):
        imports = self.env["discom.import"]
        return {
            **super()._purges(),
            "import_file": Purge(
                self.env._("Imported files"),
                "discom.import",
                "_gc_files",
                lambda before: imports._gc_domain("import_file", before),
            ),
            "import_unread": Purge(
                self.env._("Files that were not imported"),
                "discom.import",
                "_gc_unread",
                lambda before: imports._gc_domain("import_unread", before),
            ),
        }
