from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .consumer_kyc_event import EVENT_SOURCES, TAKING_FIELD
from .report_kyc import _selection_of

# States of a consumer whose number is on record: a taking with another one brought none.
NUMBER_STATES = ("captured", "verified", "bounced", "stale")
# Entries that tell what became of a taking, itself among them: those of the index _taking_idx.
TOLD = SQL(
    "field IN (%(taking)s, 'discom_kyc_state') AND (field <> %(taking)s OR new IS NOT NULL)",
    taking=TAKING_FIELD,
)


def _is_taking(alias):
    """Return the condition that an entry of the history is a taking.

    :param str alias: of the history's table
    """
    return SQL(
        "%(alias)s.field IN (%(taking)s, 'discom_kyc_state') AND %(alias)s.field = %(taking)s"
        " AND %(alias)s.new IS NOT NULL",
        alias=SQL.identifier(alias),
        taking=TAKING_FIELD,
    )


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
    became = fields.Char(
        store=False,
        exportable=False,
        search="_search_became",
        help="A state that the number of the taking came to; a filter by it begins with the entries"
        " of that state, and does not ask it of each taking.",
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
              FROM discom_kyc_event event
         -- Both LEFT: PostgreSQL leaves out what is not asked for. The figures are made for the
         -- takings of the days asked for, a few among many.
         LEFT JOIN LATERAL (
                    SELECT bool_or(state = 'verified') AS verified,
                           bool_or(state = 'bounced') AS bounced,
                           (array_agg(state ORDER BY id DESC))[1] IN ('captured', 'verified')
                               AS reachable
                      FROM (SELECT id, state,
                                   sum((field = %(taking)s)::int) OVER (ORDER BY id) AS taking
                              FROM discom_kyc_event
                             WHERE partner_id = event.partner_id AND id >= event.id
                               AND %(told)s) later
                     WHERE taking = 1) became ON TRUE
         LEFT JOIN res_partner partner ON partner.id = event.partner_id
             WHERE %(is_taking)s
            """,
            # Other entries hold no date, and the planner may come to them first.
            taking=TAKING_FIELD,
            is_taking=_is_taking("event"),
            told=TOLD,
            with_number=NUMBER_STATES,
        )

    def _search_became(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain(
            "id",
            "in",
            SQL(
                """
                (SELECT taking.id
                   FROM discom_kyc_event entry
           CROSS JOIN LATERAL (SELECT max(id) AS id
                                 FROM discom_kyc_event event
                                WHERE event.partner_id = entry.partner_id
                                  AND event.id <= entry.id AND %(is_taking)s) taking
                  WHERE %(told)s AND entry.state = ANY(%(states)s) AND taking.id IS NOT NULL)
                """,
                is_taking=_is_taking("event"),
                told=TOLD,
                states=[state for state in value if state],
            ),
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
