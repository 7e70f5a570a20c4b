from odoo import api, fields, models
from odoo.tools import SQL

from .audit_retention import YEAR, Purge

GC_BATCH = 20_000  # messages at once
GC_FILES = 500  # files at once


class DiscomRetentionRule(models.Model):
    _inherit = "discom.retention.rule"

    @api.model
    def _purges(self):
        return {
            **super()._purges(),
            "event": Purge(
                self.env._("Raw calls of the webhook"),
                "discom.whatsapp.event",
                "_gc_events",
                lambda before: [("state", "!=", "new"), ("received_at", "<", before)],
                YEAR,
            ),
            "message": Purge(
                self.env._("Texts of messages"),
                "discom.whatsapp.message",
                "_gc_texts",
                lambda before: [("create_date", "<", before), ("text_deleted", "=", False)],
                YEAR,
            ),
            "file": Purge(
                self.env._("Files that consumers have sent"),
                "discom.whatsapp.file",
                "_gc_files",
                lambda before: [("create_date", "<", before), ("attachment_id", "!=", False)],
            ),
            "conversation": Purge(
                self.env._("Conversations that are settled"),
                "discom.whatsapp.conversation",
                "_gc_conversations",
                lambda before: [("state", "=", "closed"), ("write_date", "<", before)],
            ),
        }


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    text_deleted = fields.Boolean(
        readonly=True, help="After its time, or because the person asked for it."
    )

    def _compute_text(self):  # pylint: disable=missing-return
        super()._compute_text()
        for message in self.filtered("text_deleted"):
            message.text = self.env._("The text was deleted.")

    @api.model
    def _gc_texts(self):
        """Delete the texts of a batch of messages older than the retention rule says.

        What was sent to whom, when, and what became of it stays.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("message")
        if before is None:
            return 0, False
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_message
                   SET body = NULL, "values" = NULL, buttons = NULL, text_deleted = TRUE
                 WHERE id IN (SELECT id FROM discom_whatsapp_message
                               WHERE create_date < %s AND text_deleted IS NOT TRUE
                                     AND state NOT IN ('queued', 'in_flight', 'unknown')
                            ORDER BY id LIMIT %s)
                """,
                before,
                GC_BATCH,
            )
        )
        self.invalidate_model(["body", "values", "buttons", "text_deleted"], flush=False)
        return self.env.cr.rowcount, self.env.cr.rowcount == GC_BATCH


class DiscomWhatsappFile(models.Model):
    _inherit = "discom.whatsapp.file"

    @api.model
    def _gc_files(self):
        """Delete a batch of files that consumers sent longer ago than the retention rule says.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("file")
        if before is None:
            return 0, False
        old = self.search(
            [("create_date", "<", before), ("attachment_id", "!=", False)],
            order="id",
            limit=GC_FILES,
        )
        count = len(old)
        # sudo: the scheduled action works for all users alike.
        old.sudo().attachment_id.unlink()
        return count, count == GC_FILES
