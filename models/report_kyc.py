from odoo import fields, models
from odoo.tools import SQL


def _selection_of(name):
    """Selection of the field ``name`` of the consumer."""
    return lambda self: self.env["res.partner"]._fields[name]._description_selection(self.env)


class DiscomKycReport(models.Model):
    """KYC as it is now: one row for each consumer, so that all can be counted by anything.

    What was taken on which day is in ``discom.kyc.taking``. The counts are 0 or 1; the shares are
    their averages, in %. A consumer is reachable whose number is on record and has not bounced, as
    the list of consumers filters it. The permanently disconnected are left out: they get no
    messages.
    """

    _name = "discom.kyc.report"
    _description = "KYC figures"
    _auto = False
    _order = "id desc"
    _rec_name = "partner_id"
    _depends = {
        "res.partner": [
            "active",
            "company_id",
            "discom_area",
            "discom_asset_id",
            "discom_category_id",
            "discom_consent_bills",
            "discom_consumer",
            "discom_kyc_date",
            "discom_kyc_source",
            "discom_kyc_state",
            "discom_kyc_user_id",
            "discom_office_id",
            "discom_status",
            "discom_village",
            "discom_whatsapp_number",
        ]
    }

    partner_id = fields.Many2one("res.partner", "Consumer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True)
    asset_id = fields.Many2one("discom.asset", "Supplied from", readonly=True)
    category_id = fields.Many2one("discom.category", "Tariff category", readonly=True)
    area = fields.Selection(_selection_of("discom_area"), readonly=True)
    village = fields.Char("Village or ward", readonly=True)
    kyc_state = fields.Selection(_selection_of("discom_kyc_state"), "KYC", readonly=True)
    kyc_source = fields.Selection(
        _selection_of("discom_kyc_source"), "Taken by way of", readonly=True
    )
    kyc_date = fields.Date("Last taken on", readonly=True)
    user_id = fields.Many2one("res.users", "Last taken by", readonly=True)
    consent_bills = fields.Selection(
        _selection_of("discom_consent_bills"), "Consent: bills", readonly=True
    )
    consumer_count = fields.Integer("Consumers", readonly=True)
    missing_count = fields.Integer("No number", readonly=True)
    captured_count = fields.Integer("Captured", readonly=True, help="Not verified yet.")
    verified_count = fields.Integer("Verified", readonly=True)
    bounced_count = fields.Integer("Bounced", readonly=True)
    refused_count = fields.Integer("Refused", readonly=True)
    stale_count = fields.Integer("Stale", readonly=True)
    reachable_count = fields.Integer("Reachable on WhatsApp", readonly=True)
    reachable_share = fields.Float("Reachable (%)", readonly=True, aggregator="avg", digits=(5, 1))
    verified_share = fields.Float("Verified (%)", readonly=True, aggregator="avg", digits=(5, 1))

    @property
    def _table_query(self):
        reachable = SQL(
            "(partner.discom_whatsapp_number IS NOT NULL"
            " AND partner.discom_kyc_state IN ('captured', 'verified'))"
        )
        return SQL(
            """
            SELECT partner.id, partner.id AS partner_id, partner.company_id,
                   partner.discom_office_id AS office_id, partner.discom_asset_id AS asset_id,
                   partner.discom_category_id AS category_id, partner.discom_area AS area,
                   partner.discom_village AS village, partner.discom_kyc_state AS kyc_state,
                   partner.discom_kyc_source AS kyc_source, partner.discom_kyc_date AS kyc_date,
                   partner.discom_kyc_user_id AS user_id,
                   partner.discom_consent_bills AS consent_bills,
                   1 AS consumer_count,
                   (COALESCE(partner.discom_kyc_state, 'none') = 'none')::int AS missing_count,
                   (partner.discom_kyc_state = 'captured')::int AS captured_count,
                   (partner.discom_kyc_state = 'verified')::int AS verified_count,
                   (partner.discom_kyc_state = 'bounced')::int AS bounced_count,
                   (partner.discom_kyc_state = 'refused')::int AS refused_count,
                   (partner.discom_kyc_state = 'stale')::int AS stale_count,
                   %(reachable)s::int AS reachable_count,
                   100.0 * %(reachable)s::int AS reachable_share,
                   100.0 * COALESCE(partner.discom_kyc_state = 'verified', FALSE)::int
                       AS verified_share
              FROM res_partner partner
             WHERE partner.discom_consumer AND partner.active
               AND partner.discom_status IS DISTINCT FROM 'permanent'
            """,
            reachable=SQL("COALESCE(%s, FALSE)", reachable),
        )

    def action_open_consumer(self):
        """Open the consumer of a row."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(self.env.ref("discom.discom_consumer_view_form").id, "form")],
        }


class ResPartner(models.Model):
    _inherit = "res.partner"

    # Holds all that the figures usually ask for, an eighth of the table's size.
    _discom_kyc_figures_idx = models.Index(
        "(discom_office_id, discom_area, discom_kyc_state, discom_kyc_date, discom_kyc_user_id)"
        " INCLUDE (active, discom_status, discom_whatsapp_number) WHERE discom_consumer"
    )
