from odoo import fields, models
from odoo.tools import SQL

from .notice_policy import STEP_KINDS


class DiscomNoticeRunSummary(models.Model):
    """Steps of a run by office, step and state: numbers and rupees."""

    _name = "discom.notice.run.summary"
    _description = "Summary of an Arrears Run"
    _auto = False
    _order = "run_id desc, office_id, kind, state"
    _depends = {"discom.notice": ["run_id", "office_id", "kind", "state", "amount"]}

    run_id = fields.Many2one("discom.notice.run", readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True)
    kind = fields.Selection(STEP_KINDS, "Step", readonly=True)
    state = fields.Selection(
        lambda self: self.env["discom.notice"]._fields["state"]._description_selection(self.env),
        readonly=True,
    )
    count = fields.Integer("Consumers", readonly=True)
    amount = fields.Monetary("Dues", readonly=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")

    def _compute_currency_id(self):
        self.currency_id = self.env.ref("base.INR")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT min(id) AS id, run_id, office_id, kind, state, count(*)::int AS count,
                   sum(amount) AS amount
              FROM discom_notice
             GROUP BY run_id, office_id, kind, state
            """
        )
