"""Agreements about dues whose state follows from payments: schemes, payment plans."""

from odoo import api, models
from odoo.tools import SQL

#: Agreements that are followed in one go by the nightly run.
BATCH = 1000
#: States that change with payments and days; the others are the end of it, or were not begun.
FOLLOWED = ("running", "defaulted", "completed")


class DiscomFollowMixin(models.AbstractModel):
    """What a consumer has agreed to pay until when.

    A model that inherits this has ``partner_id`` and ``state`` and says by :meth:`_follow` what
    state follows from payments and from the day.
    """

    _name = "discom.follow.mixin"
    _description = "Followed by Payments"

    def _follow(self):
        """Set the states that follow from payments and dates."""
        raise NotImplementedError

    @api.model
    def _cron_follow(self):
        """Bring the states of those that are not over up to date, in batches."""
        last_id = 0
        while batch := self.search(
            [("state", "in", ("running", "defaulted")), ("id", ">", last_id)],
            order="id",
            limit=BATCH,
        ):
            batch._follow()
            last_id = batch[-1].id
            if not self.env["ir.cron"]._commit_progress(
                len(batch), remaining=1 if len(batch) == BATCH else 0
            ):
                break


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    @api.model
    def _settle(self, partner_ids):
        result = super()._settle(partner_ids)
        if isinstance(partner_ids, SQL) or not partner_ids:
            # A file of payments is followed by the nightly run, a single payment at once.
            return result
        for name in sorted(self.env.registry.descendants(["discom.follow.mixin"], "_inherit")):
            if not self.env[name]._abstract:
                # sudo: who takes a payment need not be one who sees schemes and plans.
                self.env[name].sudo().search(
                    [("partner_id", "in", list(partner_ids)), ("state", "in", FOLLOWED)]
                )._follow()
        return result
