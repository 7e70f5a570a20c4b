from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

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
#: After so many days neither message nor payments within the windows change any more.
LOOK_BACK = timedelta(days=45)
#: Steps of the last days that are worked out while somebody waits; more in the background.
DIRECT_STEPS = 5_000
#: The figures of many steps are worked out anew when they are looked at and older than this.
STALE = timedelta(hours=1)


class DiscomNoticeEffect(models.Model):
    """Does it work? Who paid within some days after a message, by step and by whether it was read.

    One row for each step with a message that was sent, or could not be. Those not reached are the
    comparison: they got the same step on the same day. Left out are messages that were held back
    because the consumer had paid already. A window that has not passed yet counts for nothing, so
    the shares are of those whose days are over.

    Rows have the id of their step. They are kept, as working out those of a large division takes
    longer than somebody waits for a table: :meth:`_refresh` writes those that may still change.
    """

    _name = "discom.notice.effect"
    _description = "Effect of Arrears Messages"
    _log_access = False
    _order = "date desc, id desc"

    notice_id = fields.Many2one("discom.notice", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Consumer", readonly=True, index="btree_not_null")
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

    _date_idx = models.Index("(date)")
    _notice_idx = models.Index("(notice_id)")

    # === REFRESH === #

    @api.model
    def _action_open_effect(self):
        """Open the figures, of this moment where there are few, else as of the last refresh."""
        moment = self._catch_up()
        action = self.env["ir.actions.act_window"]._for_xml_id("discom.discom_notice_effect_action")
        action["name"] = action["display_name"] = self.env._(
            "Effect of messages, as of %(time)s",
            time=format_datetime(self.env, moment, dt_format="short") if moment else "–",
        )
        return action

    @api.model
    def _catch_up(self):
        """Bring few figures up to date now, and many in the background where they are old.

        :return: the moment (UTC) of which they are, False where they never were worked out
        """
        # sudo: the figures are the system's own; what is seen of them follows from the rules.
        effect = self.sudo()
        # sudo: when the figures were last worked out may be seen without reading scheduled actions.
        cron = self.env.ref("discom.ir_cron_notice_effect").sudo()
        now = fields.Datetime.now()
        since = self.env["discom.bill"]._today() - LOOK_BACK
        steps = effect.env["discom.notice"].search_count(
            [("date", ">=", since), ("kind", "in", list(PURPOSES))], limit=DIRECT_STEPS + 1
        )
        if steps <= DIRECT_STEPS:
            effect._refresh(since)
            return now
        if not cron.lastcall or cron.lastcall < now - STALE:
            cron._trigger()
        return cron.lastcall

    @api.model
    def _cron_refresh(self):
        """Write the rows that may have changed, day by day of their steps; all of them at first."""
        since = self.env["discom.bill"]._today() - LOOK_BACK
        old = self.search_count([("date", "<", since)], limit=1)
        domain = [("date", ">=", since)] if old else []
        days = self.env["discom.notice"]._read_group(domain, ["date:day"])
        for place, [day] in enumerate(days, 1):
            self._refresh(day, day)
            self.env["ir.cron"]._commit_progress(1, remaining=len(days) - place)

    @api.model
    def _refresh(self, begin, end=None):
        """Write the rows of the steps of these days, by default until today.

        :param begin: first day, and ``end`` the last one
        """
        for name in ("discom.notice", "discom.payment", "discom.whatsapp.message"):
            self.env[name].flush_model()
        columns = SQL(", ").join(map(SQL.identifier, _COLUMNS))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_notice_effect AS kept (id, %(columns)s)
                SELECT id, %(columns)s FROM (%(rows)s) found
                 WHERE date >= %(begin)s AND date <= %(end)s
                    ON CONFLICT (id) DO UPDATE SET (%(columns)s) = ROW(%(given)s)
                 WHERE (%(mine)s) IS DISTINCT FROM (%(given)s)
                """,
                columns=columns,
                given=SQL(", ").join(SQL.identifier("excluded", name) for name in _COLUMNS),
                mine=SQL(", ").join(SQL.identifier("kept", name) for name in _COLUMNS),
                rows=self._sql_rows(),
                begin=begin,
                end=end or self.env["discom.bill"]._today() + LOOK_BACK,
            )
        )
        self.invalidate_model()

    @api.model
    def _sql_rows(self):
        """SELECT of the rows as they are now."""
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

    # The newest first, as lists show them: a run has a lakh of one day.
    _date_idx = models.Index("(date DESC, id DESC) INCLUDE (kind)")


#: All columns but the id, in one order.
_COLUMNS = (
    *("notice_id", "partner_id", "office_id", "company_id", "policy_id", "run_id", "date", "day"),
    *("kind", "reached", "currency_id", "count", "amount"),
    *(f"{kind}_{days}" for days in WINDOWS for kind in ("paid", "amount", "rate")),
)
