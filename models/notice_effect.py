from odoo import fields, models
from odoo.tools import SQL

from .notice_policy import PURPOSES, STEP_KINDS

REACHED = [
    ("read", "Read"),
    ("delivered", "Delivered, not read"),
    ("sent", "Sent, no receipt yet"),
    ("not_reached", "Not reached"),
]
#: Reasons for which a message did not go out that have nothing to do with paying: those consumers
#: are whom the others are compared with.
NOT_REACHED = ("no_number", "no_consent", "opted_out", "not_on_whatsapp", "no_template")
#: Days after a message within which payments are looked at.
WINDOWS = (3, 7, 15)


class DiscomNoticeEffect(models.Model):
    """Does it work? Who paid within some days after a message, by step and by whether it was read.

    One row for each step with a message that was sent, or could not be. Those not reached are the
    comparison: they got the same step on the same day. Left out are messages that were held back
    because the consumer had paid already. A window that has not passed yet counts for nothing, so
    the shares are of those whose days are over.
    """

    _name = "discom.notice.effect"
    _description = "Effect of Arrears Messages"
    _auto = False
    _order = "date desc, id desc"
    _depends = {
        "discom.notice": ["partner_id", "kind", "date", "amount", "office_id", "company_id"],
        "discom.whatsapp.message": ["res_model", "res_id", "state", "skip_reason", "sent_at"],
        "discom.payment": ["partner_id", "date", "amount", "state"],
    }

    notice_id = fields.Many2one("discom.notice", readonly=True)
    partner_id = fields.Many2one("res.partner", "Consumer", readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    policy_id = fields.Many2one("discom.notice.policy", readonly=True)
    run_id = fields.Many2one("discom.notice.run", readonly=True)
    date = fields.Date("Day of the Step", readonly=True)
    day = fields.Date("Day of the Message", readonly=True)
    kind = fields.Selection(STEP_KINDS, "Step", readonly=True)
    reached = fields.Selection(REACHED, "Message", readonly=True)
    # A column, as pivots add up amounts by currency.
    currency_id = fields.Many2one("res.currency", readonly=True)
    count = fields.Integer("Consumers", readonly=True)
    amount = fields.Monetary("Dues", readonly=True)
    paid_3 = fields.Integer("Paid within 3 Days", readonly=True)
    paid_7 = fields.Integer("Paid within 7 Days", readonly=True)
    paid_15 = fields.Integer("Paid within 15 Days", readonly=True)
    amount_3 = fields.Monetary("Amount within 3 Days", readonly=True)
    amount_7 = fields.Monetary("Amount within 7 Days", readonly=True)
    amount_15 = fields.Monetary("Amount within 15 Days", readonly=True)
    rate_3 = fields.Float("Paid within 3 Days (%)", readonly=True, aggregator="avg")
    rate_7 = fields.Float("Paid within 7 Days (%)", readonly=True, aggregator="avg")
    rate_15 = fields.Float("Paid within 15 Days (%)", readonly=True, aggregator="avg")

    @property
    def _table_query(self):
        today = self.env["discom.bill"]._today()
        measures = SQL(", ").join(
            SQL(
                """
                CASE WHEN %(over)s AND paid.%(amount)s > 0 THEN 1 WHEN %(over)s THEN 0 END
                    AS %(count)s,
                CASE WHEN %(over)s THEN COALESCE(paid.%(amount)s, 0) END AS %(amount)s,
                CASE WHEN %(over)s AND paid.%(amount)s > 0 THEN 100.0 WHEN %(over)s THEN 0.0 END
                    AS %(rate)s
                """,
                over=SQL("told.day + %s < %s", days, today),
                amount=SQL.identifier(f"amount_{days}"),
                count=SQL.identifier(f"paid_{days}"),
                rate=SQL.identifier(f"rate_{days}"),
            )
            for days in WINDOWS
        )
        sums = SQL(", ").join(
            SQL(
                "SUM(payment.amount) FILTER (WHERE payment.date <= told.day + %s) AS %s",
                days,
                SQL.identifier(f"amount_{days}"),
            )
            for days in WINDOWS
        )
        return SQL(
            """
            SELECT notice.id, notice.id AS notice_id, notice.partner_id, notice.office_id,
                   notice.company_id, notice.policy_id, notice.run_id, notice.date, told.day,
                   notice.kind, told.reached, 1 AS count, notice.amount,
                   %(currency)s AS currency_id, %(measures)s
              FROM discom_notice notice
        CROSS JOIN LATERAL (
                       SELECT (COALESCE(message.sent_at, message.claimed_at, message.failed_at,
                                        message.create_date)
                               AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Kolkata')::date AS day,
                              CASE WHEN message.state = 'read' THEN 'read'
                                   WHEN message.state = 'delivered' THEN 'delivered'
                                   WHEN message.state IN ('accepted', 'held', 'sent') THEN 'sent'
                                   WHEN message.state = 'failed' THEN 'not_reached'
                                   WHEN message.state = 'skipped'
                                        AND message.skip_reason IN %(not_reached)s
                                   THEN 'not_reached' END AS reached
                         FROM discom_whatsapp_message message
                        WHERE message.res_model = 'discom.notice' AND message.res_id = notice.id
                          AND message.direction = 'out' AND message.purpose IN %(purposes)s
                     ORDER BY message.state = 'skipped', message.id DESC
                        LIMIT 1) told
         LEFT JOIN LATERAL (
                       SELECT %(sums)s
                         FROM discom_payment payment
                        WHERE payment.partner_id = notice.partner_id
                          AND payment.state = 'posted'
                          AND payment.date BETWEEN told.day AND told.day + %(last)s) paid ON TRUE
             WHERE notice.kind IN %(kinds)s AND told.reached IS NOT NULL
            """,
            currency=self.env.ref("base.INR").id,
            measures=measures,
            sums=sums,
            not_reached=NOT_REACHED,
            purposes=tuple(set(PURPOSES.values())),
            last=max(WINDOWS),
            kinds=tuple(PURPOSES),
        )

    def action_open_notice(self):
        """Open the step that the row is about."""
        self.ensure_one()
        return self.notice_id._get_records_action()


class DiscomNotice(models.Model):
    _inherit = "discom.notice"

    _date_idx = models.Index("(date, kind)")
