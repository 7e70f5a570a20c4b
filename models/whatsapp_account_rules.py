from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.indian_time import INDIA
from .whatsapp_message import PRIORITY_OUTAGE


class WhatsAppAccount(models.Model):
    """The division's own rules for a sending number: when it is quiet, what needs a signature."""

    _inherit = "discom.whatsapp.account"

    quiet_from = fields.Float(
        "Quiet from",
        default=20.0,
        aggregator=None,
        help="Indian time. Bills, receipts and notices wait until the end of the quiet hours; "
        "outages, codes and answers leave at any time. The same as the end: never quiet.",
    )
    quiet_to = fields.Float("Quiet until", default=8.0, aggregator=None)
    approve_above = fields.Integer(
        "Approval above",
        default=5000,
        aggregator=None,
        help="A broadcast to more people than this is approved by another person, the division "
        "manager, before it leaves; outages leave at once. 0: never asked for.",
    )

    combine_default = fields.Boolean(
        "One message per number",
        help="Several connections on one number are told in one message, where a template for it "
        "is approved. The composer offers the choice.",
    )

    _approve_above_positive = models.Constraint(
        "CHECK(approve_above >= 0)", "The size above which approval is needed cannot be negative."
    )

    @api.constrains("quiet_from", "quiet_to")
    def _check_quiet_hours(self):
        for account in self:
            if not (0 <= account.quiet_from <= 24 and 0 <= account.quiet_to <= 24):
                raise ValidationError(
                    self.env._("Quiet hours are times of the day, from 00:00 to 24:00.")
                )

    def _quiet_until(self, at=None):
        """Return when the quiet hours end (UTC, naive) if ``at`` is within them, else False.

        :param at: naive UTC, by default now
        """
        self.ensure_one()
        begin, end = self.quiet_from % 24, self.quiet_to % 24
        if begin == end:
            return False
        local = (at or fields.Datetime.now()).replace(tzinfo=ZoneInfo("UTC")).astimezone(INDIA)
        hour = local.hour + local.minute / 60 + local.second / 3600
        quiet = begin <= hour < end if begin < end else hour >= begin or hour < end
        if not quiet:
            return False
        day = local.date() + timedelta(days=hour >= end)
        minutes = round(end * 60)
        until = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=INDIA)
        return until.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _claim_condition(self):
        """Return the condition, on the message ``m``, under which it may leave at this moment.

        Within the quiet hours only what is urgent. And nothing of a template that Meta does not
        take at the price it was meant for: it waits until the template is in order again.
        """
        self.ensure_one()
        awake = SQL("TRUE")
        if self._quiet_until():
            awake = SQL("m.priority <= %s", PRIORITY_OUTAGE)
        return SQL(
            """%(awake)s AND (m.template_id IS NULL OR m.template_id NOT IN (
                   SELECT id FROM discom_whatsapp_template
                    WHERE account_id = %(account)s
                      AND (status <> 'approved' OR category_drifted)))""",
            awake=awake,
            account=self.id,
        )
