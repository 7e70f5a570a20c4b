from odoo import api, fields, models
from odoo.exceptions import UserError

PURPOSES = {
    "restored": "outage_restored",
    "changed": "outage_changed",
    "cancelled": "outage_cancelled",
}


class DiscomOutageUpdate(models.TransientModel):
    """Close, move or cancel one or several outages, then tell those who were told of them."""

    _name = "discom.outage.update"
    _inherit = ["discom.many.mixin"]
    _description = "Update outages"
    _many_field = "outage_ids"

    outage_ids = fields.Many2many(
        "discom.outage",
        relation="discom_outage_update_rel",
        column1="update_id",
        column2="outage_id",
        string="Outages",
        required=True,
        readonly=True,
    )
    operation = fields.Selection(
        [("restored", "Restored"), ("changed", "Changed"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
    )
    date_end = fields.Datetime("Supply back at", default=fields.Datetime.now)
    date_start = fields.Datetime(
        "New start", compute="_compute_dates", store=True, readonly=False, precompute=True
    )
    date_end_expected = fields.Datetime(
        "New expected end", compute="_compute_dates", store=True, readonly=False, precompute=True
    )
    informed_count = fields.Integer(
        "Consumers who were told or called", compute="_compute_informed_count"
    )
    waiting_count = fields.Integer(
        "More who may be told late",
        compute="_compute_informed_count",
        help="Their announcement is still on its way. They are told what became of the outage as "
        "soon as WhatsApp has taken it.",
    )
    inform = fields.Boolean(
        "Tell them",
        default=True,
        help="Who called because of the outage hears in any case when supply is back.",
    )

    @api.depends("outage_ids")
    def _compute_dates(self):
        for update in self:
            outage = update.outage_ids if len(update.outage_ids) == 1 else False
            update.date_start = outage and outage.date_start
            update.date_end_expected = outage and outage.date_end_expected

    @api.depends("outage_ids", "operation")
    def _compute_informed_count(self):
        for update in self:
            purpose = PURPOSES.get(update.operation)
            update.informed_count = update.outage_ids._count_follow_up(purpose)
            update.waiting_count = update.outage_ids._count_doubtful()

    def action_apply(self):
        """Write the change; then open the composer for those who were told, if any.

        :raise UserError: when a time is missing or cannot be
        """
        self.ensure_one()
        outages = self.outage_ids.try_lock_for_update()
        if outages != self.outage_ids:
            raise UserError(
                self.env._(
                    "Somebody else is changing these outages (%(count)s). Wait a moment "
                    "and try again.",
                    count=len(self.outage_ids),
                )
            )
        # The dialog may have stood open while somebody else closed them.
        outages.invalidate_recordset(["state"])
        outages._check_open()
        values = getattr(self, f"_prepare_{self.operation}")()
        outages.write(values)
        if self.operation == "changed":
            outages.filtered(lambda outage: outage.state != "draft")._set_announced()
            outages._refresh_queued()
        else:
            outages._cancel_queued()
        purpose = PURPOSES[self.operation]
        if self.inform and (outages._count_doubtful() or outages._is_news(purpose)):
            return outages._action_whatsapp_composer(purpose)
        return {"type": "ir.actions.act_window_close"}

    def _prepare_restored(self):
        if not self.date_end:
            raise UserError(self.env._("Give the time at which supply came back."))
        return {"state": "restored", "date_end": self.date_end}

    def _prepare_changed(self):
        values = {
            field: self[field] for field in ("date_start", "date_end_expected") if self[field]
        }
        if not values:
            raise UserError(self.env._("Give the new time."))
        if all(outage[field] == values[field] for outage in self.outage_ids for field in values):
            raise UserError(self.env._("These are the times already. Give the new time."))
        end = self.date_end_expected
        if end and end <= fields.Datetime.now():
            raise UserError(
                self.env._("The new expected end is past. Use Restored when supply is back.")
            )
        return values

    def _prepare_cancelled(self):
        return {"state": "cancelled"}
