"""Who is behind each reason for which people are skipped."""

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.whatsapp_message import SKIP_REASONS


class DiscomWhatsappComposerSkip(models.TransientModel):
    """One reason why people are skipped, and how many."""

    _name = "discom.whatsapp.composer.skip"
    _description = "Reason Not to Send"

    composer_id = fields.Many2one("discom.whatsapp.composer", required=True, ondelete="cascade")
    reason = fields.Selection(SKIP_REASONS, required=True)
    count = fields.Integer("People")

    def action_open_partners(self):
        """List the people behind the reason, all of them, however many."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["reason"]._description_selection(self.env))[self.reason],
            "res_model": "res.partner",
            "views": [(False, "list"), (False, "form")],
            "domain": [("discom_skip_id", "=", self.id)],
        }

    def _people_sql(self):
        """Return the query of the ids of the people behind the reason."""
        self.ensure_one()
        return SQL(
            "SELECT partner_id FROM (%s) audience WHERE reason = %s",
            self.composer_id._audience_sql(),
            self.reason,
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_skip_id = fields.Many2one(
        "discom.whatsapp.composer.skip",
        "Skipped Because",
        store=False,
        search="_search_discom_skip_id",
        export_string_translation=False,
    )

    def _search_discom_skip_id(self, operator, value):
        """Find the people behind reasons of a composer of the current user."""
        if operator != "in":
            return NotImplemented
        skips = self.env["discom.whatsapp.composer.skip"].browse(filter(None, value)).exists()
        skips.check_access("read")
        # Who opens an old list once more finds nobody: what it was made for is over.
        return Domain.OR(Domain("id", "in", skip._people_sql()) for skip in skips)
