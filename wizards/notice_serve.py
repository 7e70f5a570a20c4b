from odoo import fields, models

from ..models.notice import SERVICE_MODES


class DiscomNoticeServe(models.TransientModel):
    """Record that formal notices were served: when, how, with the acknowledgement."""

    _name = "discom.notice.serve"
    _inherit = ["discom.many.mixin"]
    _description = "Record service of notices"
    _many_field = "notice_ids"

    notice_ids = fields.Many2many(
        "discom.notice",
        relation="discom_notice_serve_rel",
        column1="serve_id",
        column2="notice_id",
        required=True,
        readonly=True,
    )
    served_on = fields.Date(required=True, default=lambda self: self.env["discom.bill"]._today())
    mode = fields.Selection(SERVICE_MODES, required=True, default="hand")
    acknowledgement = fields.Image("Photo of the Acknowledgement", max_width=1600, max_height=1600)

    def action_apply(self):
        """Record it; from then on the clear days run."""
        self.ensure_one()
        self.notice_ids._serve(self.served_on, self.mode, self.acknowledgement)
        return {"type": "ir.actions.act_window_close"}
