from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.consumer_consent import ACTIONS, METHODS, PURPOSES

# Ways in which staff hear the answer; the others leave their entry themselves.
HEARD_METHODS = [method for method in METHODS if method[0] in ("counter", "field", "paper")]


class DiscomConsentAsk(models.TransientModel):
    """Record what consumers answered to the notice, or that they want no more messages."""

    _name = "discom.consent.ask"
    _description = "Record consent"

    partner_ids = fields.Many2many(
        "res.partner",
        string="Consumers",
        required=True,
        domain=[("discom_consumer", "=", True)],
    )
    one_consumer = fields.Boolean(compute="_compute_one_consumer")
    action = fields.Selection(ACTIONS, "Answer", required=True, default="given")
    method = fields.Selection(HEARD_METHODS, "Way", required=True, default="counter")
    purpose_bills = fields.Boolean("Bills and receipts", default=True)
    purpose_outages = fields.Boolean("Outages", default=True)
    purpose_dues = fields.Boolean("Reminders of dues", default=True)
    purpose_other = fields.Boolean(
        "Other information", compute="_compute_purpose_other", store=True, readonly=False
    )
    notice_id = fields.Many2one(
        "discom.consent.notice", compute="_compute_notice_id", store=True, readonly=False
    )
    notice_spoken = fields.Text(related="notice_id.spoken")
    notice_body = fields.Text(related="notice_id.body", string="Notice text")
    evidence = fields.Char(help="For example the number of the paper form.")

    @api.depends("partner_ids")
    def _compute_one_consumer(self):
        for wizard in self:
            wizard.one_consumer = len(wizard.partner_ids) == 1

    @api.depends("action")
    def _compute_purpose_other(self):
        """Who stops messages stops all of them; consent to the rest is asked for by name."""
        for wizard in self:
            wizard.purpose_other = wizard.action == "withdrawn"

    @api.depends("partner_ids")
    def _compute_notice_id(self):
        for wizard in self:
            lang = wizard.partner_ids[:1].lang
            wizard.notice_id = self.env["discom.consent.notice"]._current(lang)

    def action_confirm(self):
        """Append the answer to the journal of every consumer chosen."""
        self.ensure_one()
        purposes = [purpose for purpose, _label in PURPOSES if self[f"purpose_{purpose}"]]
        if not purposes:
            raise UserError(self.env._("Choose what the answer is about."))
        values = {"evidence": self.evidence}
        if self.action == "given":
            values.update(notice_version=self.notice_id.version, notice_lang=self.notice_id.lang)
        self.partner_ids._discom_record_consent(self.action, purposes, self.method, **values)
        if self.action == "given" and self.method == "counter":
            self.partner_ids._discom_welcome()
        return {"type": "ir.actions.act_window_close"}
