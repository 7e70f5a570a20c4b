from odoo import api, fields, models


class WhatsAppApiVersion(models.Model):
    """Until when Meta answers to a version of its API; after that no message leaves."""

    _name = "discom.whatsapp.api.version"
    _description = "WhatsApp API Version"
    _order = "end_date desc"

    name = fields.Char("Version", required=True, help="As on the sending number, e.g. v25.0.")
    end_date = fields.Date("Ends On", required=True)
    source = fields.Char(required=True, help="Where the date was read, and when.")
    unverified = fields.Boolean(default=True)

    _name_uniq = models.Constraint(
        "unique(name)", "This API version is on the list already. Change that one."
    )

    @api.model
    def _ends(self, names):
        """Return {version: (last day, whether nobody has checked it)}."""
        return {
            version.name: (version.end_date, version.unverified)
            for version in self.search([("name", "in", list(names))])
        }
