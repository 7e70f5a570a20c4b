import json
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from .whatsapp_account_rules import INDIA
from .whatsapp_message import TEST_PURPOSE

#: Figures that are counted anew by each refresh, in this order.
KINDS = [
    ("kyc", "KYC by area and state"),
    ("bill", "Bills of this month and the last by state"),
    ("message", "Messages of today by purpose and state"),
    ("hour", "Messages of today by hour"),
    ("dues", "Dues by age"),
    ("payment", "Payments of this month and the last by day"),
    ("asset", "Live consumers by the asset that feeds them"),
    ("number", "Traffic of a sending number"),
    ("done", "End of a refresh"),
]
#: One refresh at a time; the others go without.
LOCK = "discom_figure"


class DiscomFigure(models.Model):
    """What the control room counts over lakhs of rows, kept by office.

    A refresh replaces all rows at once, from the records as they are at that moment, so the figures
    are true as of ``date`` and never drift. What follows from few rows, such as outages, the queue
    and approvals, is counted when it is looked at and is not kept here.

    Nobody reads these rows: the control room does so for who may read the records behind them.
    """

    _name = "discom.figure"
    _description = "Figure of the Control Room"
    _log_access = False
    _rec_name = "kind"

    kind = fields.Selection(KINDS, required=True, readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True, ondelete="cascade")
    asset_id = fields.Many2one("discom.asset", readonly=True, ondelete="cascade")
    account_id = fields.Many2one("discom.whatsapp.account", readonly=True, ondelete="cascade")
    day = fields.Date(readonly=True, help="Day in India; of bills the month.")
    hour = fields.Integer(readonly=True, aggregator=None)
    key = fields.Char(readonly=True, help="Area, purpose or age.")
    state = fields.Char(readonly=True)
    number = fields.Integer(readonly=True, help="Records.")
    part = fields.Integer(readonly=True, help="Of these: reachable, with dues, failed.")
    amount = fields.Float(
        readonly=True, digits=(16, 2), help="In rupees; of a refresh its seconds."
    )
    facts = fields.Json(readonly=True)
    date = fields.Datetime("As of", required=True, readonly=True)

    _kind_office_idx = models.Index("(kind, office_id)")

    @api.model
    def _last(self):
        """Return when and how fast the figures were counted last: (naive UTC, seconds)."""
        done = self.search([("kind", "=", "done")], limit=1)
        return (done.date, done.amount) if done else (None, None)

    @api.model
    def _cron_refresh(self):
        """Count everything anew: as a matter of course, and when somebody looks at old figures."""
        try:
            self._refresh()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Somebody who could not wait has counted at this very moment.
            self.env.cr.rollback()

    @api.model
    def _refresh(self):
        """Replace the figures by those of this moment.

        :return: whether it was done; else somebody else is doing it
        """
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [LOCK])
        if not self.env.cr.fetchone()[0]:
            return False
        self.env.flush_all()
        begun = time.monotonic()
        now = fields.Datetime.now()
        self.env.cr.execute("DELETE FROM discom_figure")
        for columns, query in self._queries():
            self.env.cr.execute(
                SQL(
                    "INSERT INTO discom_figure (date, %s) SELECT %s, counted.* FROM (%s) counted",
                    SQL(", ").join(map(SQL.identifier, columns)),
                    now,
                    query,
                )
            )
        self._note_numbers(now)
        self.env.cr.execute(
            "INSERT INTO discom_figure (kind, date, amount) VALUES ('done', %s, %s)",
            [now, time.monotonic() - begun],
        )
        self.invalidate_model()
        return True

    @api.model
    def _day_bounds(self, day):
        """Return begin and end of a day of India as naive UTC."""
        begin = datetime.combine(day, datetime.min.time(), tzinfo=INDIA)
        begin = begin.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
        return begin, begin + timedelta(days=1)

    @api.model
    def _queries(self):
        """Return pairs of columns and the SELECT that fills them, one row for each office and kind
        of thing."""
        today = self.env["discom.bill"]._today()
        last_month = today.replace(day=1) - relativedelta(months=1)
        begin, end = self._day_bounds(today)
        return [
            (
                ("kind", "office_id", "key", "state", "number", "part"),
                SQL(
                    """
                    SELECT 'kyc', office_id, area, COALESCE(kyc_state, 'none'), count(*),
                           sum(reachable_count)
                      FROM (%s) consumer GROUP BY office_id, area, COALESCE(kyc_state, 'none')
                    """,
                    self.env["discom.kyc.report"]._table_query,
                ),
            ),
            (
                ("kind", "office_id", "day", "state", "number", "amount"),
                # By office, since the index begins with it: all offices, two months.
                SQL(
                    """
                    SELECT 'bill', office_id, period, CASE WHEN is_held THEN 'held' ELSE state END,
                           count(*), sum(amount_total)
                      FROM discom_bill
                     WHERE office_id = ANY(ARRAY(SELECT id FROM discom_office))
                       AND period IN (%s, %s)
                     GROUP BY office_id, period, CASE WHEN is_held THEN 'held' ELSE state END
                    """,
                    today.replace(day=1),
                    last_month,
                ),
            ),
            (
                ("kind", "office_id", "day", "key", "state", "hour", "number", "part"),
                SQL(
                    """
                    SELECT CASE GROUPING(hour) WHEN 0 THEN 'hour' ELSE 'message' END, office_id,
                           %(today)s::date, purpose, state, hour, count(*),
                           count(*) FILTER (WHERE state = 'failed')
                      FROM (SELECT office_id, purpose, state,
                                   extract(hour FROM claimed_at AT TIME ZONE 'UTC'
                                           AT TIME ZONE %(zone)s)::int AS hour
                              FROM discom_whatsapp_message
                             WHERE account_id = ANY(ARRAY(SELECT id FROM discom_whatsapp_account))
                               AND claimed_at >= %(begin)s AND claimed_at < %(end)s
                               AND direction = 'out' AND state <> 'queued'
                               AND purpose IS DISTINCT FROM %(test)s) message
                     GROUP BY GROUPING SETS ((office_id, purpose, state), (office_id, hour))
                    """,
                    today=today,
                    begin=begin,
                    end=end,
                    zone=INDIA.key,
                    test=TEST_PURPOSE,
                ),
            ),
            (
                ("kind", "office_id", "key", "number", "part", "amount"),
                SQL(
                    """
                    SELECT 'dues', office_id, bucket, count(*), sum(owing_count), sum(amount_due)
                      FROM discom_ageing GROUP BY office_id, bucket
                    """
                ),
            ),
            (
                ("kind", "office_id", "day", "number", "amount"),
                SQL(
                    """
                    SELECT 'payment', office_id, date, count(*), sum(amount)
                      FROM discom_payment
                     WHERE state = 'posted' AND date >= %s GROUP BY office_id, date
                    """,
                    last_month,
                ),
            ),
            (
                ("kind", "office_id", "asset_id", "number"),
                SQL(
                    """
                    SELECT 'asset', discom_office_id, discom_asset_id, count(*)
                      FROM res_partner partner
                     WHERE %s AND discom_asset_id IS NOT NULL
                     GROUP BY discom_office_id, discom_asset_id
                    """,
                    self.env["discom.outage"]._sql_live("partner"),
                ),
            ),
        ]

    @api.model
    def _note_numbers(self, now):
        """Keep what the health of the sending numbers is judged by."""
        accounts = self.env["discom.whatsapp.account"].search([])  # pylint: disable=no-search-all
        traffic, people = accounts._health_traffic(), accounts._health_people()
        rows = [
            (
                account.id,
                json.dumps(
                    {
                        "traffic": traffic.get(account.id, {}),
                        "people": people.get(account._portfolio(), 0),
                    },
                    default=fields.Datetime.to_string,
                ),
                now,
            )
            for account in accounts
        ]
        if rows:
            self.env.cr.execute_values(
                "INSERT INTO discom_figure (kind, account_id, facts, date) VALUES %s",
                rows,
                template="('number', %s, %s::jsonb, %s)",
            )

    @api.model
    def _traffic(self, accounts):
        """Return what :meth:`_note_numbers` kept: {account id: traffic}, {portfolio: people}."""
        traffic, people = {}, {}
        for row in self.search([("kind", "=", "number"), ("account_id", "in", accounts.ids)]):
            traffic[row.account_id.id] = {
                **row.facts["traffic"],
                "last_sent": fields.Datetime.to_datetime(row.facts["traffic"].get("last_sent")),
                "last_due": fields.Datetime.to_datetime(row.facts["traffic"].get("last_due")),
            }
            people[row.account_id._portfolio()] = row.facts["people"]
        return traffic, people
