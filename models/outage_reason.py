from odoo import api, fields, models

KINDS = [
    ("planned", "Planned shutdown"),
    ("breakdown", "Breakdown"),
    ("load_shedding", "Load shedding"),
    ("extended", "Extended shutdown"),
]
#: Kinds that are told ahead, and counted apart by the regulator.
PLANNED_KINDS = ("planned", "extended")


class DiscomOutageReason(models.Model):
    """Why supply is off, in the words consumers read, English and Hindi."""

    _name = "discom.outage.reason"
    _description = "Outage reason"
    _order = "sequence, id"
    _rec_names_search = ["name", "name_hi", "code"]

    name = fields.Char(required=True)
    name_hi = fields.Char("Name in Hindi", required=True)
    code = fields.Char(required=True)
    kind = fields.Selection(
        KINDS,
        "Offered for",
        help="Empty: offered for every kind of outage.",
    )
    usual_hours = fields.Float(
        help="Proposes the expected end of an outage: its start plus these hours. "
        "0 proposes nothing."
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint(
        "unique(code)",
        "Another outage reason has this code already. Change that one, or enter another code.",
    )
    _usual_hours_positive = models.Constraint(
        "CHECK (usual_hours >= 0)", "The usual hours of a reason cannot be negative."
    )

    @api.depends("name", "name_hi")
    @api.depends_context("lang")
    def _compute_display_name(self):
        hindi = (self.env.lang or "").startswith("hi")
        for reason in self:
            reason.display_name = (reason.name_hi if hindi else None) or reason.name
