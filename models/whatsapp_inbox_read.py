from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

#: Marks handed over at once.
MARK_SIZE = 200
#: Seconds until the next try after WhatsApp has not answered.
MARK_AGAIN_SECONDS = 60


class DiscomWhatsappConversation(models.Model):
    """The writer sees by the blue ticks that somebody of the office has looked."""

    _inherit = "discom.whatsapp.conversation"

    read_wamid = fields.Char(
        "To Be Marked as Read",
        readonly=True,
        copy=False,
        help="The newest message that the staff has read. It leaves with the queue; WhatsApp takes "
        "what came before it for read, too.",
    )

    _read_wamid_idx = models.Index("(account_id) WHERE read_wamid IS NOT NULL")

    def _note_seen(self):
        """Have the queue tell WhatsApp that the staff has read this conversation."""
        self.ensure_one()
        newest = self.env["discom.whatsapp.message"].search(
            [*self._messages_domain(), ("direction", "=", "in"), ("wamid", "!=", False)],
            order="id desc",
            limit=1,
        )
        if newest:
            self.read_wamid = newest.wamid
            self.account_id._trigger_lane()


class DiscomWhatsappAccount(models.Model):
    """The lane marks as read what the staff has read; the same mark twice does no harm."""

    _inherit = "discom.whatsapp.account"

    def _mark_read(self, dispatcher):
        """Settle the marks that were answered, and hand over those that wait."""
        self._settle_marks(dispatcher)
        if waiting := self._waiting_marks():
            dispatcher.mark_read(waiting)

    def _finish_marks(self, dispatcher):
        """Settle the last marks of a run; those without an answer are tried again later."""
        self._settle_marks(dispatcher)
        if self._waiting_marks():
            # Whoever runs the lane may wake it, but not read what it is.
            self.sudo().cron_id._trigger(
                fields.Datetime.now() + timedelta(seconds=MARK_AGAIN_SECONDS)
            )
            self._commit()

    def _settle_marks(self, dispatcher):
        if settled := dispatcher.marked():
            self._committed(lambda: self._forget_marks(settled))

    def _waiting_marks(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT read_wamid FROM discom_whatsapp_conversation
                 WHERE account_id = %s AND read_wamid IS NOT NULL
                 LIMIT %s
                """,
                self.id,
                MARK_SIZE,
            )
        )
        return [wamid for (wamid,) in rows]

    def _forget_marks(self, wamids):
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_conversation SET read_wamid = NULL
             WHERE account_id = %s AND read_wamid = ANY(%s)
            """,
            [self.id, wamids],
        )
        self.env["discom.whatsapp.conversation"].invalidate_model(["read_wamid"])
