from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .whatsapp_turn import PLAIN_TEXT


class DiscomWhatsappAnswer(models.Model):
    """A text that the staff often answer with, in Hindi and in English."""

    _name = "discom.whatsapp.answer"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Canned WhatsApp Answer"
    _order = "sequence, name"
    _no_aadhaar = ("name", "body_hi", "body_en")

    name = fields.Char(
        "Title", required=True, translate=True, help="What the staff see in the list."
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    body_hi = fields.Text("Text in Hindi", required=True)
    body_en = fields.Text("Text in English", required=True)
    office_id = fields.Many2one(
        "discom.office",
        ondelete="cascade",
        index="btree_not_null",
        help="Offered to this office and those below it; empty: to all.",
    )

    _title_uniq = models.UniqueIndex(
        "((name->>'en_US'), office_id)",
        "This office has a canned answer of this title already. Change that "
        "one, or choose another title.",
    )

    @api.constrains("body_hi", "body_en")
    def _check_length(self):
        for answer in self:
            if max(len(answer.body_hi or ""), len(answer.body_en or "")) > PLAIN_TEXT:
                raise ValidationError(
                    self.env._(
                        "“%(name)s”: a text on WhatsApp holds at most %(most)s characters. "
                        "Shorten it.",
                        name=answer.name,
                        most=PLAIN_TEXT,
                    )
                )

    @api.model
    def _for_office(self, office):
        """Return the answers offered in ``office``."""
        above = [int(part) for part in (office.parent_path or "").split("/") if part]
        return self.search(["|", ("office_id", "=", False), ("office_id", "in", above)])
