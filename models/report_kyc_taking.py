from odoo import fields, models
from odoo.tools import SQL

from .consumer_kyc_event import EVENT_SOURCES, TAKING_FIELD
from .report_kyc import _selection_of

# States of a consumer whose number is on record: a taking with another one brought none.
NUMBER_STATES = ("captured", "verified", "bounced", "stale")


class DiscomKycTaking(models.Model):
    """What was taken by whom on which day, and what became of it: one row for each taking.

    From the history, so that a day stays what it was, whoever takes the same consumer later. A
    taking is answerable for its consumer until the next one. The counts are 0 or 1.
    """

    _name = "discom.kyc.taking"
    _description = "KYC by taker and day"
    _auto = False
    _order = "day desc, id desc"
    _rec_name = "partner_id"
    _depends = {
        "discom.kyc.event": ["partner_id", "field", "new", "state", "user_id", "office_id"],
        "res.partner": ["discom_area", "discom_asset_id", "discom_village"],
    }

    partner_id = fields.Many2one("res.partner", "Consumer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    office_id = fields.Many2one(
        "discom.office", readonly=True, help="Office of the consumer at the time."
    )
    asset_id = fields.Many2one("discom.asset", "Supplied from", readonly=True)
    area = fields.Selection(_selection_of("discom_area"), readonly=True)
    village = fields.Char("Village or ward", readonly=True)
    day = fields.Date(readonly=True)
    user_id = fields.Many2one("res.users", "Taken by", readonly=True)
    source = fields.Selection(EVENT_SOURCES, "Taken by way of", readonly=True)
    place = fields.Char(readonly=True)
    captured_count = fields.Integer("Captured", readonly=True, help="Numbers taken or confirmed.")
    verified_count = fields.Integer(
        "Verified", readonly=True, help="Of these, numbers that were proved."
    )
    bounced_count = fields.Integer(
        "Bounced", readonly=True, help="Of these, numbers that a message did not reach."
    )
    reachable_count = fields.Integer(
        "Reachable on WhatsApp",
        readonly=True,
        help="Of these, numbers that are good, or were until somebody took the consumer anew.",
    )
    refused_count = fields.Integer("Refused", readonly=True)
    verified_share = fields.Float(
        "Verified (%)", readonly=True, aggregator="avg", digits=(5, 1), help="Of the numbers taken."
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT event.id, event.partner_id, event.company_id, event.office_id,
                   partner.discom_asset_id AS asset_id, partner.discom_area AS area,
                   partner.discom_village AS village,
                   CASE event.field WHEN %(taking)s THEN event.new::date END AS day,
                   event.user_id, event.source, event.place,
                   (event.state IN %(with_number)s)::int AS captured_count,
                   became.verified::int AS verified_count,
                   became.bounced::int AS bounced_count,
                   became.reachable::int AS reachable_count,
                   (event.state = 'refused')::int AS refused_count,
                   CASE WHEN event.state IN %(with_number)s
                        THEN 100.0 * became.verified::int END AS verified_share
              FROM (SELECT min(id) AS id,
                           bool_or(state = 'verified') AS verified,
                           bool_or(state = 'bounced') AS bounced,
                           bool_or(is_last AND state IN ('captured', 'verified')) AS reachable
                      FROM (SELECT id, partner_id, state,
                                   sum(taken) OVER earlier AS taking,
                                   COALESCE(lead(taken) OVER earlier, 1) = 1 AS is_last
                              FROM (SELECT id, partner_id, state,
                                           (field = %(taking)s)::int AS taken
                                      FROM discom_kyc_event
                                     WHERE field = 'discom_kyc_state'
                                        OR field = %(taking)s AND new IS NOT NULL) entry
                            WINDOW earlier AS (PARTITION BY partner_id ORDER BY id)) step
                     WHERE taking > 0
                  GROUP BY partner_id, taking) became
              JOIN discom_kyc_event event ON event.id = became.id
         -- LEFT: PostgreSQL leaves it out where nothing of the consumer is asked for.
         LEFT JOIN res_partner partner ON partner.id = event.partner_id
            """,
            # Other entries hold no date, and the planner may come to them first.
            taking=TAKING_FIELD,
            with_number=NUMBER_STATES,
        )

    def action_open_consumer(self):
        """Open the consumer of a taking."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(self.env.ref("discom.discom_consumer_view_form").id, "form")],
        }
