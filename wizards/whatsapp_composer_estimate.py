import math

from odoo import api, fields, models
from odoo.tools import format_date, formatLang

from ..models.whatsapp_message import PRIORITY_OUTAGE


class DiscomWhatsappComposer(models.TransientModel):
    """What a sending costs, how long it takes, when it leaves and who has to agree."""

    _inherit = "discom.whatsapp.composer"

    send_at = fields.Datetime(
        "Begin at", help="Empty: at once. Who receives it is looked up anew at that time."
    )
    can_combine = fields.Boolean(compute="_compute_can_combine")
    combine = fields.Boolean(
        compute="_compute_combine", store=True, readonly=False, precompute=True
    )
    cost = fields.Float("Estimated Cost (₹)", compute="_compute_estimate", digits=(16, 2))
    cost_summary = fields.Char("Cost", compute="_compute_estimate")
    cost_source = fields.Char("Rate", compute="_compute_estimate")
    duration_summary = fields.Char("Time Needed", compute="_compute_estimate")
    start_summary = fields.Char("Leaves", compute="_compute_estimate")
    approval_note = fields.Char("Approval", compute="_compute_estimate")
    needs_approval = fields.Boolean(compute="_compute_estimate")

    @api.depends("account_id", "purpose", "res_model")
    def _compute_can_combine(self):
        for composer in self:
            composer.can_combine = bool(
                composer._purpose_spec().get("combine") and composer._combined_templates()
            )

    @api.depends("account_id", "purpose")
    def _compute_combine(self):
        for composer in self:
            composer.combine = composer.can_combine and composer.account_id.combine_default

    @api.depends("send_count", "account_id", "template_id", "send_at", "purpose")
    @api.depends_context("lang", "uid")
    def _compute_estimate(self):
        rates = self.env["discom.whatsapp.rate"]
        broadcasts = self.env["discom.whatsapp.broadcast"]
        for composer in self:
            begin = composer.send_at or fields.Datetime.now()
            category = composer.template_id.category or "UTILITY"
            rate = rates._for(category, begin.date())
            composer.cost = rate._amount(composer.send_count) if rate else 0.0
            composer.cost_summary, composer.cost_source = composer._cost_texts(rate)
            composer.duration_summary = composer._duration_text(begin)
            composer.start_summary = composer._start_text(begin)
            spec = composer._purpose_spec()
            most = composer.account_id.approve_above
            earlier = broadcasts._unapproved_count(self.env.user, composer.purpose)
            composer.needs_approval = bool(
                most
                and composer.send_count
                and composer.send_count + earlier > most
                and not spec.get("urgent")
            )
            composer.approval_note = composer.needs_approval and (
                self.env._(
                    "More than %(limit)s people, with the %(earlier)s you have written to in the"
                    " last 24 hours: a division manager approves it before it leaves.",
                    limit=_grouped(self.env, most),
                    earlier=_grouped(self.env, earlier),
                )
                if earlier
                else self.env._(
                    "More than %(limit)s people: a division manager approves it before it leaves.",
                    limit=_grouped(self.env, most),
                )
            )

    def _cost_texts(self, rate):
        """Return (what it costs, where the price comes from)."""
        if not self.send_count:
            return False, False
        if not rate:
            return (
                self.env._("Not known"),
                self.env._(
                    "No rate of this category is entered under Configuration › WhatsApp rates."
                ),
            )
        currency = rate.currency_id
        cost = self.env._(
            "about %(cost)s: %(count)s × %(price)s + %(tax)s %% GST",
            cost=formatLang(self.env, self.cost, currency_obj=currency),
            count=_grouped(self.env, self.send_count),
            price=f"{currency.symbol}{rate.price:g}",
            tax=f"{rate.tax_percent:g}",
        )
        source = self.env._(
            "%(origin)s, from %(date)s",
            origin=rate.source,
            date=format_date(self.env, rate.valid_from),
        )
        if rate.unverified:
            source = self.env._("%(rate)s. Not compared with Meta's rate card.", rate=source)
        return cost, source

    def _start_text(self, begin):
        """Say when the first messages leave."""
        account = self.account_id
        if not account or not self.send_count:
            return False
        urgent = self._purpose_spec()["priority"] <= PRIORITY_OUTAGE
        quiet = not urgent and account._quiet_until(begin)
        if quiet:
            return self.env._("%(time)s, after the quiet hours", time=self._local_time(quiet))
        return self._local_time(begin) if self.send_at else self.env._("At once")

    def _local_time(self, moment):
        return fields.Datetime.context_timestamp(self, moment).strftime("%d-%m-%Y %H:%M")

    def _duration_text(self, begin):
        """Say how long sending takes at the account's rate and daily limit, as far as that is free.

        :param begin: time at which the first messages leave
        """
        account = self.account_id
        if not account or not self.send_count:
            return False
        most = account._daily_limit()
        free = account._free_at(begin) if most else 0
        if most and self.send_count > free:
            days = self.env._(
                "%(days)s days at %(limit)s a day",
                days=1 + math.ceil((self.send_count - free) / most),
                limit=_grouped(self.env, most),
            )
            if free == most:
                return days
            return self.env._(
                "%(days)s, of which %(free)s are still free today",
                days=days,
                free=_grouped(self.env, free),
            )
        seconds = self.send_count / (account.rate_limit or 1)
        if seconds < 60:
            return self._spoken_duration(seconds)
        return self.env._(
            "%(time)s at %(rate)s a second",
            time=self._spoken_duration(seconds),
            rate=account.rate_limit,
        )


def _grouped(env, number):
    """Return a whole number as the user's language writes it."""
    return formatLang(env, number, digits=0)
