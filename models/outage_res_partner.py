from odoo import fields, models
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_outage_count = fields.Integer(
        "Outages",
        compute="_compute_discom_outage_count",
        groups="discom.group_staff",
        help="Outages of the assets that feed this connection, not cancelled.",
    )

    # Who is off below an asset, and in which villages, is read from the index alone.
    _discom_supplied_idx = models.Index(
        "(discom_asset_id) INCLUDE (id, discom_village)"
        " WHERE active AND discom_consumer AND discom_status = 'live'"
    )

    def _compute_discom_outage_count(self):
        Outage = self.env["discom.outage"]
        Outage.flush_model(["asset_ids", "state"])
        self.flush_model(["discom_asset_id"])
        self.env["discom.asset"].flush_model(["parent_path"])
        counts = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT partner.id, count(DISTINCT rel.outage_id)
                      FROM res_partner partner
                      JOIN discom_asset mine ON mine.id = partner.discom_asset_id
                      JOIN discom_asset above
                           ON mine.parent_path LIKE above.parent_path || '%%'
                      JOIN discom_outage_asset_rel rel ON rel.asset_id = above.id
                     WHERE partner.id = ANY(%s) AND rel.outage_id IN %s
                     GROUP BY partner.id
                    """,
                    self.ids,
                    Outage._search([("state", "!=", "cancelled")]).subselect(),
                )
            )
        )
        for partner in self:
            partner.discom_outage_count = counts.get(partner._origin.id, 0)

    def action_discom_outages(self):
        """Open the outages of the assets that feed this connection."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_outage_action")
        action["domain"] = [("asset_ids", "parent_of", self.discom_asset_id.ids)]
        action["context"] = {"create": False}
        return action
