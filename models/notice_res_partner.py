from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .notice import OPEN_STATES
from .notice_field import FIELD_STATES
from .notice_policy import STEP_KINDS


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_notice_ids = fields.One2many("discom.notice", "partner_id", "Arrears Steps")
    discom_notice_count = fields.Integer(
        "Arrears Steps Taken", compute="_compute_discom_notice", personal="dues"
    )
    discom_notice_step = fields.Selection(
        STEP_KINDS,
        "Furthest Step",
        compute="_compute_discom_notice",
        personal="dues",
        help="The worst of the steps that are still open for this connection.",
    )

    def _compute_discom_notice(self):
        counts, worst = {}, {}
        if self.ids:
            self.env["discom.notice"].flush_model()
            order = [kind for kind, _label in STEP_KINDS]
            for partner_id, count, place in self.env.execute_query(
                SQL(
                    """
                    SELECT partner_id, count(*) FILTER (WHERE state NOT IN ('proposed', 'stopped',
                                                                            'excluded')),
                           max(array_position(%(order)s::varchar[], kind))
                               FILTER (WHERE state = ANY(%(open)s) AND state <> 'proposed')
                      FROM discom_notice
                     WHERE partner_id = ANY(%(ids)s)
                     GROUP BY partner_id
                    """,
                    order=order,
                    open=list(OPEN_STATES),
                    ids=self.ids,
                )
            ):
                counts[partner_id] = count
                worst[partner_id] = place and order[place - 1]
        for partner in self:
            partner.discom_notice_count = counts.get(partner.id, 0)
            partner.discom_notice_step = worst.get(partner.id, False)

    @api.model
    def _discom_duty_domain(self):
        """Those whom the user is to visit for their dues are his duty as well, until the end of
        the day of the last visit: what was entered can be looked at."""
        mine = Domain("user_id", "=", self.env.uid) & (
            Domain("state", "in", FIELD_STATES) | Domain("visited_on", ">=", self._discom_today())
        )
        # Without the rules of notices, which ask for this domain.
        return super()._discom_duty_domain() | Domain("discom_notice_ids", "any!", mine)

    def action_discom_notices(self):
        """Open the arrears steps of this consumer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_notice_action")
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {"create": False}
        return action
