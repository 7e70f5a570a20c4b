from datetime import timedelta

from odoo import api, fields, models

#: Days for which Meta keeps an uploaded file, less one so that none ends on its way.
#: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
KEPT_DAYS = 29
#: Rows deleted in one run of the vacuum.
GC_BATCH = 50_000


class DiscomWhatsappMedia(models.Model):
    """Documents that Meta has of a sending number: sent again without being made or uploaded.

    The documents themselves are not kept. ``digest`` names what a document shows before it is made,
    so that the same bill asked for twice, or one notice for thousands, is uploaded once.
    """

    _name = "discom.whatsapp.media"
    _description = "WhatsApp Uploaded Document"
    _log_access = False
    _rec_name = "wa_media_id"
    _order = "id desc"

    account_id = fields.Many2one(
        "discom.whatsapp.account", required=True, readonly=True, ondelete="cascade"
    )
    digest = fields.Char(required=True, readonly=True)
    wa_media_id = fields.Char("Media ID", required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True, index=True)

    _digest_uniq = models.UniqueIndex("(account_id, digest)")
    _media_idx = models.Index("(wa_media_id)")

    @api.model
    def _known(self, account_id, digests):
        """Return {digest: media id} of those that Meta still has."""
        if not digests:
            return {}
        self.env.cr.execute(
            """
            SELECT digest, wa_media_id FROM discom_whatsapp_media
             WHERE account_id = %s AND digest = ANY(%s) AND expires_at > %s
            """,
            [account_id, list(digests), fields.Datetime.now()],
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _keep(self, account_id, uploads):
        """Note uploads.

        :param dict uploads: digest -> media id
        """
        self.env.cr.execute(
            """
            INSERT INTO discom_whatsapp_media (account_id, digest, wa_media_id, expires_at)
            SELECT %s, digest, media_id, %s FROM unnest(%s, %s) AS v (digest, media_id)
                ON CONFLICT (account_id, digest)
                DO UPDATE SET wa_media_id = EXCLUDED.wa_media_id, expires_at = EXCLUDED.expires_at
            """,
            [
                account_id,
                fields.Datetime.now() + timedelta(days=KEPT_DAYS),
                list(uploads),
                list(uploads.values()),
            ],
        )

    @api.model
    def _forget(self, media_ids):
        """Forget documents that WhatsApp could not use."""
        self.env.cr.execute(
            "DELETE FROM discom_whatsapp_media WHERE wa_media_id = ANY(%s)", [list(media_ids)]
        )

    @api.autovacuum
    def _gc_media(self):
        """Delete what Meta has deleted."""
        self.env.cr.execute(
            """
            DELETE FROM discom_whatsapp_media
             WHERE id IN (SELECT id FROM discom_whatsapp_media WHERE expires_at < %s LIMIT %s)
            """,
            [fields.Datetime.now(), GC_BATCH],
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == GC_BATCH


class DiscomWhatsappAccount(models.Model):
    _inherit = "discom.whatsapp.account"

    def _keep_uploads(self, uploads):
        """Write down what a lane has uploaded, and commit.

        :param dict uploads: digest -> media id
        """
        if uploads:
            self._committed(lambda: self.env["discom.whatsapp.media"]._keep(self.id, uploads))
