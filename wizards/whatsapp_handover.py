from odoo import api, fields, models


class DiscomWhatsappHandover(models.TransientModel):
    """Asks to whom conversations of the inbox go."""

    _name = "discom.whatsapp.handover"
    _inherit = ["discom.many.mixin"]
    _description = "Hand Over Conversations"
    _many_field = "conversation_ids"

    conversation_ids = fields.Many2many(
        "discom.whatsapp.conversation",
        "discom_whatsapp_handover_rel",
        "handover_id",
        "conversation_id",
        required=True,
    )
    strangers = fields.Boolean(compute="_compute_strangers")
    office_id = fields.Many2one(
        "discom.office",
        compute="_compute_office_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Conversations of strangers can go to another office; a consumer's stay with his.",
    )
    colleague_ids = fields.Many2many(
        "res.users", string="Who May Answer", compute="_compute_colleague_ids"
    )
    user_id = fields.Many2one(
        "res.users",
        "Colleague",
        domain="[('id', 'in', colleague_ids)]",
        help="Empty: whoever of the office has time.",
    )

    @api.depends("conversation_ids")
    def _compute_strangers(self):
        for handover in self:
            handover.strangers = not handover.conversation_ids.consumer_ids

    @api.depends("conversation_ids")
    def _compute_office_id(self):
        for handover in self:
            offices = handover.conversation_ids.office_id
            handover.office_id = offices if len(offices) == 1 else False

    @api.depends("office_id", "conversation_ids")
    def _compute_colleague_ids(self):
        for handover in self:
            conversations = handover.conversation_ids
            offices = handover.office_id or conversations.office_id
            answering = [conversations._colleagues(office) for office in offices]
            users = answering[0] if answering else self.env["res.users"]
            for others in answering[1:]:
                users &= others
            handover.colleague_ids = users
            if handover.user_id not in users:
                handover.user_id = False

    def action_hand_over(self):
        """Hand over; who has taken them reads what was written before."""
        self.ensure_one()
        self.conversation_ids._hand_over(self.user_id, self.office_id)
        # The office may be one whose conversations the user does not see.
        return self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_whatsapp_conversation_action"
        ) | {"target": "main"}
