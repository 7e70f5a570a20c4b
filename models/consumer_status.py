from odoo import api, fields, models
from odoo.exceptions import ValidationError

#: Dates that a status holds; others are of no connection in that status.
STATUS_DATES = {
    "live": (),
    "temporary": ("discom_temporary_date",),
    "permanent": ("discom_temporary_date", "discom_permanent_date"),
}
#: The date on which a status began.
BEGUN = {"temporary": "discom_temporary_date", "permanent": "discom_permanent_date"}


class ResPartner(models.Model):
    """Since when a connection stands as it does. What was before is told by the tracked changes."""

    _inherit = "res.partner"

    discom_temporary_date = fields.Date(
        "Temporarily disconnected on",
        copy=False,
        tracking=True,
        help="Kept when the connection is disconnected for good, gone when it is live again.",
    )
    discom_permanent_date = fields.Date("Permanently disconnected on", copy=False, tracking=True)

    _discom_temporary_status = models.Constraint(
        "CHECK (discom_temporary_date IS NULL OR discom_status IN ('temporary', 'permanent'))",
        "Only a connection that is disconnected has a date of its disconnection.",
    )
    _discom_permanent_status = models.Constraint(
        "CHECK (discom_permanent_date IS NULL OR discom_status = 'permanent')",
        "Only a connection that is permanently disconnected has a date of that.",
    )
    _discom_status_order = models.Constraint(
        "CHECK (discom_connection_date <= LEAST(discom_temporary_date, discom_permanent_date)"
        " AND (discom_temporary_date <= discom_permanent_date) IS NOT FALSE)",
        "A connection is connected first, then disconnected temporarily, then permanently.",
    )

    @api.constrains("discom_connection_date", "discom_temporary_date", "discom_permanent_date")
    def _check_discom_status_dates(self):
        today = self._discom_today()
        names = ("discom_connection_date", *BEGUN.values())
        for partner in self:
            for name in names:
                if partner[name] and partner[name] > today:
                    raise ValidationError(
                        self.env._(
                            "“%(field)s” of account %(account)s lies in the future. Enter it when "
                            "it has happened.",
                            field=self._fields[name]._description_string(self.env),
                            account=partner.discom_account_no or "",
                        )
                    )

    @api.onchange("discom_status")
    def _onchange_discom_status(self):
        """Show the date that the new status would get."""
        for partner in self:
            partner.update(
                partner._discom_status_dates(partner.discom_status, partner._origin.discom_status)
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            status = vals.get("discom_status") or self.env.context.get("default_discom_status")
            if status in BEGUN and not vals.get(BEGUN[status]):
                vals[BEGUN[status]] = self._discom_today()
        return super().create(vals_list)

    def write(self, vals):
        status = vals.get("discom_status")
        if status not in STATUS_DATES:
            return super().write(vals)
        changed = self.filtered(lambda partner: partner.discom_status != status)
        result = super(ResPartner, self - changed).write(vals)
        for before, partners in changed.grouped("discom_status").items():
            dates = self._discom_status_dates(status, before)
            super(ResPartner, partners).write({**dates, **_without_empty(vals, status)})
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _discom_status_dates(self, status, before):
        """Return the dates that change with a status that has become ``status`` today."""
        dates = {name: False for name in BEGUN.values() if name not in STATUS_DATES.get(status, ())}
        if status in BEGUN and status != before:
            dates[BEGUN[status]] = self._discom_today()
        return dates


def _without_empty(vals, status):
    """Return ``vals`` but for the date of ``status`` where it was left empty: it is today then."""
    name = BEGUN.get(status)
    return {key: value for key, value in vals.items() if key != name or value}
