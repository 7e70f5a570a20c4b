from odoo import api, fields, models


class DiscomOutage(models.Model):
    """An outage past its expected end that nobody closes: consumers were promised that time."""

    _name = "discom.outage"
    _inherit = ["discom.outage", "mail.activity.mixin"]

    @api.model
    def _cron_remind(self):
        result = super()._cron_remind()
        self._ask_when_back()
        return result

    @api.model
    def _ask_when_back(self):
        """Give the issuing officer an activity for each outage that has overrun, once."""
        overrun = self.search(
            [("state", "=", "ongoing"), ("date_end_expected", "<", fields.Datetime.now())]
        )
        kind = self.env.ref("discom.mail_activity_outage_overrun")
        unasked = overrun.filtered(lambda o: kind not in o.activity_ids.activity_type_id)
        # An activity asks for the name of its record alone.
        unasked.mapped("display_name")
        for officer, outages in unasked.grouped("officer_id").items():
            outages.activity_schedule("discom.mail_activity_outage_overrun", user_id=officer.id)

    def write(self, vals):
        result = super().write(vals)
        if {"state", "date_end_expected"} & vals.keys():
            now = fields.Datetime.now()
            self.filtered(
                lambda outage: outage.state != "ongoing" or (outage.date_end_expected or now) >= now
            ).activity_unlink(["discom.mail_activity_outage_overrun"])
        return result
