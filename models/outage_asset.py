from odoo import api, fields, models
from odoo.tools import SQL


class DiscomAsset(models.Model):
    _inherit = "discom.asset"

    outage_count = fields.Integer(
        "Outages", compute="_compute_outage_count", help="At, above or below, not cancelled."
    )

    def _compute_outage_count(self):
        Outage = self.env["discom.outage"]
        Outage.flush_model(["asset_ids", "state"])
        self.flush_model(["parent_path"])
        counts = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT mine.id, count(DISTINCT rel.outage_id)
                      FROM discom_asset mine
                      JOIN discom_asset other
                           ON other.parent_path LIKE mine.parent_path || '%%'
                           OR mine.parent_path LIKE other.parent_path || '%%'
                      JOIN discom_outage_asset_rel rel ON rel.asset_id = other.id
                     WHERE mine.id = ANY(%s) AND rel.outage_id IN %s
                     GROUP BY mine.id
                    """,
                    self.ids,
                    Outage._search([("state", "!=", "cancelled")]).subselect(),
                )
            )
        )
        for asset in self:
            asset.outage_count = counts.get(asset._origin.id, 0)

    def action_report_outage(self):
        """Open an outage that starts now on these assets, ready to announce."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Report outage"),
            "res_model": "discom.outage",
            "view_mode": "form",
            "context": {
                "default_asset_ids": self.ids,
                "default_kind": "breakdown",
            },
        }

    def action_announce_breakdown(self):
        """Open the preview of the message that this asset has just failed; *Send* sends it.

        The draft of a preview that was closed is used again.
        """
        self.ensure_one()
        outage = self._find_breakdown_draft() or self.env["discom.outage"].create(
            {"kind": "breakdown", "asset_ids": self.ids}
        )
        return outage.action_announce()

    def _find_breakdown_draft(self):
        """The breakdown of this asset alone that was recorded and not announced, if any."""
        self.ensure_one()
        return (
            self.env["discom.outage"]
            .search(
                [
                    ("state", "=", "draft"),
                    ("kind", "=", "breakdown"),
                    ("asset_ids", "=", self.id),
                    ("date_start", "<=", "now"),
                    ("date_end_expected", ">", "now"),
                ]
            )
            .filtered(lambda outage: outage.asset_ids == self)[:1]
        )

    @api.model
    def action_choose_for_outage(self):
        """Open the assets of the user's offices, each with its button to report an outage."""
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_asset_action")
        action["name"] = action["display_name"] = self.env._("What is off?")
        action["domain"] = [("office_id", "child_of", self.env.user.discom_scope_ids.ids)]
        action["path"] = False
        return action

    def action_view_outages(self):
        """Open the outages at, above or below this asset."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_outage_action")
        action["domain"] = [
            "|",
            ("asset_ids", "child_of", self.id),
            ("asset_ids", "parent_of", self.id),
        ]
        action["context"] = {"default_asset_ids": self.ids}
        return action
