from odoo import api, models

from .audit_retention import Purge

GC_BATCH = 2000  # messages deleted at once


class DiscomRetentionRule(models.Model):
    _inherit = "discom.retention.rule"

    @api.model
    def _purges(self):
        return {
            **super()._purges(),
            "chatter": Purge(
                self.env._("Notes and changes below consumers"),
                "mail.message",
                "_discom_gc_chatter",
                self.env["mail.message"]._discom_gc_domain,
            ),
        }


class MailMessage(models.Model):
    _inherit = "mail.message"

    @api.model
    def _discom_gc_domain(self, before):
        # sudo: all consumers alike.
        consumers = self.env["res.partner"].sudo().with_context(active_test=False)
        return [
            ("model", "=", "res.partner"),
            ("date", "<", before),
            ("res_id", "in", consumers._search([("discom_consumer", "=", True)])),
        ]

    @api.model
    def _discom_gc_chatter(self):
        """Delete a batch of what stands below consumers for longer than the retention rule says.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("chatter")
        if before is None:
            return 0, False
        # sudo: the scheduled action works for all users alike.
        old = self.sudo().search(self._discom_gc_domain(before), order="id", limit=GC_BATCH)
        count = len(old)
        old.attachment_ids.unlink()
        old.unlink()
        return count, count == GC_BATCH
