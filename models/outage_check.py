"""What cannot be: the checks of `discom.outage`, each with a message that says what to do."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from .outage import OPEN_STATES
from .outage_reason import PLANNED_KINDS

#: Times further off than that are slips of the pen.
LONGEST, EARLIEST, FURTHEST = timedelta(days=31), timedelta(days=7), timedelta(days=366)
#: A clock may be wrong by so much.
SLACK = timedelta(minutes=10)
#: What stays as it was when an outage ended.
FROZEN = {
    *("state", "kind", "asset_ids", "extra_villages", "office_id"),
    *("date_start", "date_end_expected", "date_end"),
}


class DiscomOutage(models.Model):
    _inherit = "discom.outage"

    # The start is always among the values of create(), a missing list of assets never is.
    @api.constrains("asset_ids", "date_start")
    def _check_assets(self):
        for outage in self:
            if not outage.asset_ids:
                raise ValidationError(
                    self.env._(
                        "Choose what is off: at least one substation, feeder or transformer."
                    )
                )

    @api.constrains("date_start", "date_end_expected", "date_end")
    def _check_dates(self):
        for outage in self:
            if outage.date_end_expected and outage.date_end_expected <= outage.date_start:
                raise ValidationError(
                    self.env._(
                        "%(name)s: the expected end must be after the start.", name=outage.name
                    )
                )
            if outage.date_end and outage.date_end < outage.date_start:
                raise ValidationError(
                    self.env._(
                        "%(name)s: supply cannot be back before the outage started.",
                        name=outage.name,
                    )
                )

    @api.constrains("asset_ids", "office_id")
    def _check_offices(self):
        # Checks run as superuser; the user is who asked for the change.
        if self.env.user._is_superuser():
            return
        assets = self.asset_ids
        inside = Domain("office_id", "child_of", self.env.user.discom_scope_ids.ids)
        allowed = assets.search(Domain("id", "in", assets.ids) & inside)
        if outside := assets - allowed:
            raise ValidationError(
                self.env._(
                    "Outside your offices: %(assets)s. Ask the office that runs them, or the "
                    "administrator to give you that office.",
                    assets=outside._discom_names(),
                )
            )
        offices = self.office_id
        own = offices.search(
            [("id", "in", offices.ids), ("id", "child_of", self.env.user.discom_scope_ids.ids)]
        )
        if outside := offices - own:
            # It would be out of the sight of who runs the assets.
            raise ValidationError(
                self.env._(
                    "Not among your offices: %(offices)s. Choose one of yours, or ask the "
                    "administrator to give you that one.",
                    offices=outside._discom_names(),
                )
            )

    @api.constrains("asset_ids", "date_start", "date_end_expected", "date_end", "state")
    def _check_same_outage(self):
        for name, asset, other in self._find_same_outages():
            raise ValidationError(
                self.env._(
                    "%(asset)s is already off in %(other)s in the same hours. Change that outage "
                    "instead of recording %(name)s beside it.",
                    asset=asset,
                    other=other,
                    name=name,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_values(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_values(vals)
        if not self.env.su and FROZEN & vals.keys():
            self._check_open()
        if vals.get("state") == "draft" and any(outage.state != "draft" for outage in self):
            raise UserError(
                self.env._(
                    "%(outage)s was announced, so it is no draft again. Cancel it instead.",
                    outage=self[:1].name,
                )
            )
        return super().write(vals)

    @api.model
    def _check_values(self, vals):
        """Refuse by whatever door what the dialogs do not offer.

        :raise UserError: for a real end without restoration, or restoration without a real end
        """
        if self.env.su:
            return
        if (vals.get("state") == "restored") != bool(vals.get("date_end")):
            raise UserError(
                self.env._("Supply is back at a time: use Restored and give the time there.")
            )
        end = fields.Datetime.to_datetime(vals.get("date_end"))
        if end and end > fields.Datetime.now():
            raise UserError(
                self.env._(
                    "Supply cannot be back in the future. Use Change time for an expected end."
                )
            )

    def _check_open(self):
        """Refuse to change what is over: its figures are written.

        :raise UserError: naming the outages
        """
        if over := self.filtered(lambda outage: outage.state not in OPEN_STATES):
            raise UserError(
                self.env._(
                    "Restored or cancelled already: %(outages)s. Leave these out, or reload the "
                    "list.",
                    outages=over._discom_names(),
                )
            )

    def _check_can_announce(self):
        """Refuse with a clear message what no consumer should be told.

        :raise UserError: naming the outage and what to do about it
        """
        now = fields.Datetime.now()
        for outage in self:
            end = outage.date_end or outage.date_end_expected
            if outage.state not in OPEN_STATES:
                message = self.env._("already restored or cancelled, nothing to announce.")
            elif end and end <= now:
                message = self.env._(
                    "its expected end is past, so it is over. Change the time first, "
                    "or mark it restored."
                )
            elif outage.kind == "breakdown" and outage.date_start > now + SLACK:
                message = self.env._(
                    "a breakdown has begun already. Correct the start, or make it a planned "
                    "shutdown."
                )
            elif outage.date_start < now - EARLIEST or outage.date_start > now + FURTHEST:
                message = self.env._(
                    "it starts on %(date)s. Correct the start.",
                    date=format_datetime(self.env, outage.date_start),
                )
            elif end and end - outage.date_start > LONGEST:
                message = self.env._(
                    "it would last until %(date)s. Correct the expected end.",
                    date=format_datetime(self.env, end),
                )
            elif outage.kind in PLANNED_KINDS and not end:
                message = self.env._("give the expected end of the planned shutdown first.")
            elif not outage.partner_count:
                message = self.env._("no live consumer is connected under its assets.")
            else:
                continue
            raise UserError(self.env._("%(name)s: %(message)s", name=outage.name, message=message))

    def _overlapping(self):
        """Other open outages above, at or below the same assets in the same hours."""
        self.ensure_one()
        if not self.asset_ids or not self.date_start:
            return self.browse()
        now = fields.Datetime.now()
        # One that is not closed lasts at least until now, whatever was expected.
        end = max(filter(None, (self.date_end_expected, self.date_start, now)))
        if self.state == "draft" and self.date_end_expected:
            end = self.date_end_expected
        running = Domain("date_end_expected", ">", self.date_start)
        if self.date_start < now:
            running |= Domain("state", "!=", "draft")
        assets = self.asset_ids.ids
        return self.search(
            Domain("id", "!=", self._origin.id)
            & Domain("state", "in", OPEN_STATES)
            & Domain("date_start", "<", end)
            & (Domain("date_end_expected", "=", False) | running)
            & (Domain("asset_ids", "child_of", assets) | Domain("asset_ids", "parent_of", assets))
        )

    def _find_same_outages(self):
        """Rows (name, asset, other) where the same asset is off twice in overlapping hours."""
        self.flush_recordset()
        return self.env.execute_query(
            SQL(
                """
                SELECT mine.name, asset.name, other.name
                  FROM discom_outage mine
                  JOIN discom_outage_asset_rel mine_rel ON mine_rel.outage_id = mine.id
                  JOIN discom_outage_asset_rel other_rel
                       ON other_rel.asset_id = mine_rel.asset_id AND other_rel.outage_id != mine.id
                  JOIN discom_outage other ON other.id = other_rel.outage_id
                  JOIN discom_asset asset ON asset.id = mine_rel.asset_id
                 WHERE mine.id = ANY(%(ids)s)
                   AND mine.state != 'cancelled'
                   AND other.state != 'cancelled'
                   AND mine.date_start < %(other_end)s
                   AND other.date_start < %(mine_end)s
                 LIMIT 1
                """,
                ids=self.ids,
                mine_end=self._sql_end("mine"),
                other_end=self._sql_end("other"),
            )
        )

    @api.model
    def _sql_end(self, alias):
        """SQL of the time until which an outage lasts as far as known.

        An announced one that is not closed lasts at least until this moment, a forgotten draft
        only until its expected end, so that it does not stand in the way of a real breakdown.
        """
        return SQL(
            """
            COALESCE(
                %(o)s.date_end,
                CASE WHEN %(o)s.state = 'draft' THEN %(o)s.date_end_expected END,
                GREATEST(
                    %(o)s.date_end_expected,
                    now() AT TIME ZONE 'UTC',
                    %(o)s.date_start + interval '1 minute'
                )
            )
            """,
            o=SQL.identifier(alias),
        )
