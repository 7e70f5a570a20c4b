from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

#: Calls of so many hours are held against outages that have become known meanwhile.
MATCH_HOURS = 24
#: People of an office who get the suggestion as an activity.
MAX_TOLD = 5


class DiscomOutageSuggestion(models.Model):
    """A breakdown that the calls of consumers make likely, for an operator to announce or dismiss.

    The likely asset is the lowest one that feeds all the callers of a cluster: several calls from
    one transformer point to it, calls from several transformers of a feeder to the feeder. It
    stands until the announcement is on its way, whoever has looked at its preview before.
    """

    _name = "discom.outage.suggestion"
    _description = "Likely breakdown"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "state desc, date_last desc, id desc"
    _rec_name = "asset_id"

    asset_id = fields.Many2one(
        "discom.asset", "Likely off", required=True, readonly=True, ondelete="restrict"
    )
    asset_kind = fields.Selection(related="asset_id.kind")
    office_id = fields.Many2one(related="asset_id.office_id", store=True, index=True)
    company_id = fields.Many2one(related="asset_id.company_id", store=True)
    call_ids = fields.One2many("discom.outage.call", "suggestion_id", "Calls", readonly=True)
    call_count = fields.Integer("Number of calls", readonly=True)
    consumer_count = fields.Integer(
        "Consumers below", compute="_compute_consumer_count", help="Live connections."
    )
    date_first = fields.Datetime("First call", readonly=True)
    date_last = fields.Datetime("Last call", readonly=True)
    state = fields.Selection(
        [("new", "To look at"), ("announced", "Announced"), ("dismissed", "Dismissed")],
        required=True,
        default="new",
        readonly=True,
        tracking=True,
    )
    outage_id = fields.Many2one(
        "discom.outage", readonly=True, help="Recorded from here, or announced another way."
    )

    _once = models.UniqueIndex(
        "(asset_id) WHERE state = 'new'", "This asset has an open suggestion already."
    )

    @api.depends("asset_id")
    def _compute_consumer_count(self):
        counts = self.env["discom.outage"]._count_below(self.asset_id)
        for suggestion in self:
            suggestion.consumer_count = counts.get(suggestion.asset_id.id, 0)

    # === ACTIONS === #

    def action_announce(self):
        """Record the breakdown and open the composer that tells everyone."""
        self.ensure_one()
        outage = self._record_outage()
        return outage.action_announce()

    def action_record(self):
        """Record the breakdown and open it, to complete it before it is announced."""
        self.ensure_one()
        return self._record_outage()._get_records_action()

    def action_dismiss(self):
        """No breakdown: the calls stay open one by one and suggest nothing any more."""
        self._check_new()
        self.write({"state": "dismissed"})
        self.activity_feedback(["discom.mail_activity_outage_suggestion"])

    def action_open_calls(self):
        """Open the calls behind the suggestion."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_outage_call_action")
        action["domain"] = [("suggestion_id", "=", self.id)]
        action["context"] = {"create": False}
        return action

    # === BUSINESS METHODS === #

    def _check_new(self):
        if done := self.filtered(lambda suggestion: suggestion.state != "new"):
            raise UserError(
                self.env._(
                    "%(asset)s: somebody has dealt with this suggestion already. Reload the page.",
                    asset=done[0].asset_id.name,
                )
            )

    def _record_outage(self):
        """Create the outage as the current user, once; that of a preview that was closed is used
        again."""
        if self.try_lock_for_update() != self:
            raise UserError(
                self.env._(
                    "%(asset)s: somebody else is dealing with this suggestion. Reload the page.",
                    asset=self[:1].asset_id.name,
                )
            )
        self._check_new()
        now = fields.Datetime.now()
        draft = self.outage_id.filtered(
            lambda outage: (
                outage.state == "draft"
                and (not outage.date_end_expected or outage.date_end_expected > now)
            )
        )
        self.outage_id = (
            draft
            or self.asset_id._find_breakdown_draft()
            or self.env["discom.outage"].create(
                {"kind": "breakdown", "asset_ids": self.asset_id.ids, "date_start": self.date_first}
            )
        )
        return self.outage_id

    @api.model
    def _cron_suggest(self):
        """Look for clusters among the open calls of the last minutes."""
        now = fields.Datetime.now()
        self._match_late_calls(now)
        companies = self.env["res.company"].search([])  # pylint: disable=no-search-all
        longest = max(companies.mapped("discom_outage_calls_minutes"))
        calls = self.env["discom.outage.call"].search(
            [
                ("state", "=", "open"),
                ("create_date", ">=", now - timedelta(minutes=longest)),
                ("asset_id", "!=", False),
                "|",
                ("suggestion_id", "=", False),
                ("suggestion_id.state", "=", "new"),
            ]
        )
        found = self._clusters(
            calls.filtered(
                lambda call: (
                    call.create_date
                    >= now - timedelta(minutes=call.asset_id.company_id.discom_outage_calls_minutes)
                )
            )
        )
        known = {
            suggestion.asset_id.id: suggestion
            for suggestion in self.search([("state", "=", "new")])
        }
        # A cluster that has grown beyond its transformer is one of the feeder.
        below = calls.browse(call.id for group in found.values() for call in group).suggestion_id
        below.filtered(lambda s: s.state == "new" and s.asset_id.id not in found).write(
            {"state": "dismissed"}
        )
        new = self.create([{"asset_id": asset_id} for asset_id in found if asset_id not in known])
        known.update((suggestion.asset_id.id, suggestion) for suggestion in new)
        for asset_id, group in found.items():
            suggestion = known[asset_id]
            group.write({"suggestion_id": suggestion.id})
            suggestion.write(
                {
                    "call_count": len(group),
                    "date_first": min(group.mapped("date")),
                    "date_last": max(group.mapped("date")),
                }
            )
        new._tell_operators()

    @api.model
    def _match_late_calls(self, now):
        """Tie calls to outages that were announced in the same moment.

        Of two transactions at the same time neither sees what the other writes.
        """
        self.env["discom.outage.call"].search(
            [("state", "=", "open"), ("create_date", ">=", now - timedelta(hours=MATCH_HOURS))]
        )._match()

    @api.model
    def _clusters(self, calls):
        """Find the likely assets: ``{asset id: its calls}``, none below another.

        From the top down the first asset counts that has enough calls for its kind and has them
        from more than one place below it; consumers that hang on an asset itself are a place.
        """
        Asset = self.env["discom.asset"]
        below, children = defaultdict(list), defaultdict(set)
        for call in calls:
            path = Asset._path_ids(call.asset_id.parent_path)
            for place, asset_id in enumerate(path):
                below[asset_id].append(call.id)
                children[asset_id].add(path[place + 1] if place + 1 < len(path) else 0)
        chosen = {}
        for asset in Asset.browse(below).sorted(lambda asset: asset.parent_path.count("/")):
            needed = asset.company_id[f"discom_outage_calls_{asset.kind}"]
            enough = len(below[asset.id]) >= needed
            at_one_place = children[asset.id] != {0} and len(children[asset.id]) == 1
            above = Asset._path_ids(asset.parent_path)[:-1]
            if enough and not at_one_place and not chosen.keys() & set(above):
                chosen[asset.id] = calls.browse(below[asset.id])
        return chosen

    def _tell_operators(self):
        """Give the operators of the office an activity for each suggestion."""
        operators = self.env.ref("discom.group_outage_operator").all_user_ids.filtered("active")
        by_user = defaultdict(self.browse)
        for suggestion in self:
            path = suggestion.office_id.parent_path or ""
            told = operators.filtered(
                lambda user, path=path: any(
                    path.startswith(office.parent_path) for office in user.discom_office_ids
                )
            ).sorted(
                # The nearest first: the engineer of the section before who oversees a division.
                lambda user: -max(len(office.parent_path) for office in user.discom_office_ids)
            )[:MAX_TOLD]
            for user in told:
                by_user[user] |= suggestion
        for user, suggestions in by_user.items():
            suggestions.activity_schedule("discom.mail_activity_outage_suggestion", user_id=user.id)


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    def _set_announced(self):
        """What was announced, from its suggestion or another way, needs no suggestion any more."""
        result = super()._set_announced()
        # sudo: an outage settles the suggestions of all offices below its assets.
        suggestions = (
            self.env["discom.outage.suggestion"]
            .sudo()
            .search(
                [
                    ("state", "=", "new"),
                    *("|", ("outage_id", "in", self.ids)),
                    ("asset_id", "child_of", self.asset_ids.ids),
                ]
            )
        )
        for outage in self:
            settled = suggestions.filtered(
                lambda suggestion, outage=outage: (
                    suggestion.outage_id == outage
                    or outage.state == "ongoing"
                    and any(
                        suggestion.asset_id.parent_path.startswith(asset.parent_path)
                        for asset in outage.asset_ids
                    )
                )
            )
            settled.write({"state": "announced", "outage_id": outage.id})
            settled.activity_feedback(["discom.mail_activity_outage_suggestion"])
            suggestions -= settled
        return result
