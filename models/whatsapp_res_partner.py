from odoo import fields, models
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_message_count = fields.Integer(
        "WhatsApp messages",
        compute="_compute_discom_message_count",
        groups="discom.group_staff",
        help="Messages to and from this consumer.",
    )

    def _compute_discom_message_count(self):
        counts = dict(
            self.env["discom.whatsapp.message"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.discom_message_count = counts.get(partner._origin, 0)

    # === ACTIONS === #

    def action_discom_messages(self):
        """Open the messages to and from these consumers, of all days and in both directions."""
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("discom.discom_whatsapp_message_action")
        action["domain"] = [("partner_id", "in", self.ids)]
        action["context"] = {"create": False}
        return action

    # === BUSINESS METHODS === #

    def _discom_record_consent(self, action, purposes, method, **kwargs):
        """Extend: who withdraws gets nothing any more that still waits to be sent."""
        result = super()._discom_record_consent(action, purposes, method, **kwargs)
        if action == "withdrawn":
            self._cancel_queued_messages(purposes)
        return result

    def _cancel_queued_messages(self, consents):
        """Cancel the waiting messages that need one of ``consents`` (purposes of the journal)."""
        kinds = [
            purpose
            for purpose, spec in self.env["discom.whatsapp.mixin"]._all_purposes().items()
            if spec["consent"] in consents
        ]
        self.env["discom.whatsapp.message"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE discom_whatsapp_message
                   SET state = 'cancelled', skip_reason = 'opted_out'
                 WHERE partner_id = ANY(%s) AND state = 'queued' AND purpose = ANY(%s)
                """,
                self.ids,
                kinds,
            )
        )
        self.env["discom.whatsapp.message"].invalidate_model()
