from odoo import fields, models


class WhatsAppEvent(models.Model):
    """A call of the webhook as it came, kept as evidence until the retention time is over.

    Rows are written by the webhook and settled by :meth:`_cron_apply`; nobody edits them.
    """

    _name = "discom.whatsapp.event"
    _description = "WhatsApp Webhook Event"
    _order = "id desc"
    _log_access = False

    account_id = fields.Many2one(
        "discom.whatsapp.account",
        string="Sending number",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="account_id.company_id")
    received_at = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    payload = fields.Text(required=True, readonly=True)
    state = fields.Selection(
        [("new", "New"), ("applied", "Applied"), ("error", "Error")],
        required=True,
        readonly=True,
        default="new",
    )
    error = fields.Text(readonly=True)

    _new_idx = models.Index("(id) WHERE state = 'new'")
    _error_idx = models.Index("(id) WHERE state = 'error'")
