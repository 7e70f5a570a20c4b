from odoo import api, fields, models
from odoo.tools import SQL

from .bill import LIVE_STATES

#: Consumers brought up to date in one committed batch of the scheduled action.
BATCH = 20_000
#: Buckets by days past the due date: name, first day, first day of the next.
BUCKETS = [
    ("not_due", "Not yet due", None, 0),
    ("d30", "0-30 days", 0, 31),
    ("d90", "31-90 days", 31, 91),
    ("d180", "91-180 days", 91, 181),
    ("d365", "181-365 days", 181, 366),
    ("y2", "1-2 years", 366, 731),
    ("over", "Over 2 years", 731, None),
]
# The figures let groups stand in the order of age. ``8_older`` is what the bills known do not date.
BUCKET_SELECTION = [
    ("0_none", "No dues"),
    *((f"{place}_{name}", label) for place, (name, label, *_days) in enumerate(BUCKETS, 1)),
    ("8_older", "Before first bill"),
    ("9_never", "Never paid"),
]


class DiscomAgeing(models.Model):
    """Dues of each consumer by age, in rupees: one row for each, so that a pivot opens at once.

    The rows follow from bills and payments. Whoever changes those (``discom.bill._settle``) brings
    the consumers concerned up to date in the same transaction; a nightly run lets all of them grow
    older. The age of a charge is counted from the due date of the bill that charged it; dues that
    are older than the bills known stand by themselves, and so does unpaid surcharge.
    """

    _name = "discom.ageing"
    _description = "Dues by Age"
    _order = "amount_due desc, id"
    _rec_name = "partner_id"
    _log_access = False

    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True)
    category_id = fields.Many2one("discom.category", "Tariff Category", readonly=True)
    area = fields.Selection(
        lambda self: (
            self.env["res.partner"]._fields["discom_area"]._description_selection(self.env)
        ),
        readonly=True,
    )
    status = fields.Selection(
        lambda self: (
            self.env["res.partner"]._fields["discom_status"]._description_selection(self.env)
        ),
        "Connection",
        readonly=True,
    )
    bill_id = fields.Many2one(
        "discom.bill", "Newest Bill", readonly=True, ondelete="set null", index="btree_not_null"
    )
    currency_id = fields.Many2one(
        "res.currency", readonly=True, default=lambda self: self.env.ref("base.INR")
    )
    date = fields.Date("As of", readonly=True)
    bucket = fields.Selection(
        BUCKET_SELECTION,
        "Oldest Dues",
        readonly=True,
        help="Age of the oldest dues; who has never paid stands apart.",
    )
    consumer_count = fields.Integer("Consumers", readonly=True)
    owing_count = fields.Integer("Consumers with Dues", readonly=True)
    amount_due = fields.Monetary("Dues", readonly=True)
    amount_not_due = fields.Monetary("Not yet Due", readonly=True)
    amount_d30 = fields.Monetary("0-30 Days", readonly=True)
    amount_d90 = fields.Monetary("31-90 Days", readonly=True)
    amount_d180 = fields.Monetary("91-180 Days", readonly=True)
    amount_d365 = fields.Monetary("181-365 Days", readonly=True)
    amount_y2 = fields.Monetary("1-2 Years", readonly=True)
    amount_over = fields.Monetary("Over 2 Years", readonly=True)
    amount_older = fields.Monetary("Before the First Known Bill", readonly=True)
    amount_lpsc = fields.Monetary("Late Payment Surcharge", readonly=True)
    amount_advance = fields.Monetary("Advance", readonly=True)
    oldest_date = fields.Date("Oldest Due Date", readonly=True)
    last_payment_date = fields.Date("Last Payment", readonly=True)
    never_paid = fields.Boolean(readonly=True)
    long_unpaid = fields.Boolean(readonly=True)

    _partner_uniq = models.UniqueIndex("(partner_id)")
    _office_idx = models.Index("(office_id)")

    def init(self):
        # Room in the pages, so that the nightly update of all rows touches no index.
        self.env.cr.execute(
            SQL("ALTER TABLE %s SET (fillfactor = 80)", SQL.identifier(self._table))
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

    def action_open_ledger(self):
        """Open the statement of account of a row."""
        self.ensure_one()
        return self.partner_id.action_open_discom_ledger()

    # === BUSINESS METHODS === #

    @api.model
    def _cron_refresh(self):
        """Let all dues grow older by the days passed, in committed batches."""
        today = self.env["discom.bill"]._today()
        while True:
            ids = [
                partner_id
                for (partner_id,) in self.env.execute_query(
                    SQL(
                        """
                        SELECT partner.id FROM res_partner partner
                     LEFT JOIN discom_ageing ageing ON ageing.partner_id = partner.id
                         WHERE partner.discom_consumer
                           AND (ageing.date IS NULL OR ageing.date < %s)
                         LIMIT %s
                        """,
                        today,
                        BATCH,
                    )
                )
            ]
            self._refresh(SQL("SELECT UNNEST(%s::integer[])", ids))
            done = len(ids) < BATCH
            left = self.env["ir.cron"]._commit_progress(len(ids), remaining=0 if done else 1)
            if done or not left:
                return

    @api.model
    def _refresh(self, partners):
        """Bring consumers up to date: their row and their flags *never paid* and *long unpaid*.

        :param SQL partners: SELECT of ids of consumers
        """
        rule = self.env["discom.payment.rule"]._current()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH account AS MATERIALIZED (%(accounts)s),
                     unpaid AS (%(unpaid)s),
                     aged AS (
                         SELECT unpaid.id AS partner_id, SUM(unpaid.amount) AS amount,
                                MIN(unpaid.due_date) AS oldest_date, %(sums)s
                           FROM unpaid GROUP BY unpaid.id),
                     fresh AS (
                         SELECT account.*, aged.oldest_date, %(amounts)s,
                                GREATEST(account.due - account.lpsc - COALESCE(aged.amount, 0), 0)
                                    AS older
                           FROM account LEFT JOIN aged ON aged.partner_id = account.id)
                INSERT INTO discom_ageing (
                    partner_id, currency_id, company_id, office_id, category_id, area, status,
                    bill_id, date,
                    bucket, consumer_count, owing_count, amount_due, %(columns)s, amount_older,
                    amount_lpsc, amount_advance, oldest_date, last_payment_date, never_paid,
                    long_unpaid)
                SELECT fresh.id, %(currency)s, company_id, office_id, category_id, area, status,
                       bill_id, %(today)s,
                       CASE WHEN due <= 0 THEN '0_none'
                            WHEN never_paid THEN '9_never'
                            WHEN older > 0 THEN '8_older'
                            %(bucket)s
                            ELSE '8_older' END,
                       1, (due > 0)::int, due, %(columns)s, older, lpsc, GREATEST(-balance, 0),
                       oldest_date, last_payment_date, never_paid, long_unpaid
                  FROM fresh
                    ON CONFLICT (partner_id) DO UPDATE SET %(updates)s
                """,
                accounts=self._accounts_sql(rule, partners),
                unpaid=self.env["discom.bill"]._unpaid_months_sql(
                    rule,
                    SQL(
                        "SELECT id, id AS partner_id, due - lpsc AS amount, NULL::date AS before"
                        " FROM account"
                    ),
                ),
                today=self.env["discom.bill"]._today(),
                currency=self.env.ref("base.INR").id,
                **self._bucket_sql(),
            )
        )
        self._refresh_flags(partners)
        self.invalidate_model()

    @api.model
    def _bucket_sql(self):
        """SQL of the parts of :meth:`_refresh` that repeat for each bucket."""
        today = self.env["discom.bill"]._today()
        columns = [SQL.identifier(f"amount_{name}") for name, *_rest in BUCKETS]
        sums, whens = [], []
        for place, (name, _label, first, after) in enumerate(BUCKETS, 1):
            column = SQL.identifier(f"amount_{name}")
            bounds = []
            if first is not None:
                bounds.append(SQL("%s - due_date >= %s", today, first))
            if after is not None:
                bounds.append(SQL("%s - due_date < %s", today, after))
            sums.append(
                SQL(
                    "SUM(unpaid.amount) FILTER (WHERE %s) AS %s",
                    SQL(" AND ").join(bounds),
                    column,
                )
            )
            # The oldest decides, so the last of the buckets is asked first.
            whens.insert(0, SQL("WHEN %s > 0 THEN %s", column, f"{place}_{name}"))
        updated = [
            *"company_id office_id category_id area status bill_id date bucket owing_count".split(),
            *"amount_due amount_older amount_lpsc amount_advance oldest_date".split(),
            *"last_payment_date never_paid long_unpaid".split(),
            *(f"amount_{name}" for name, *_rest in BUCKETS),
        ]
        return {
            "columns": SQL(", ").join(columns),
            "sums": SQL(", ").join(sums),
            "amounts": SQL(", ").join(
                SQL("COALESCE(aged.%s, 0) AS %s", column, column) for column in columns
            ),
            "bucket": SQL(" ").join(whens),
            "updates": SQL(", ").join(
                SQL("%s = EXCLUDED.%s", SQL.identifier(name), SQL.identifier(name))
                for name in updated
            ),
        }

    @api.model
    def _accounts_sql(self, rule, partners):
        """SELECT of what a row holds but the age of the dues.

        Whether somebody has *never paid* is only concluded where the bills known reach back to the
        connection or to the day of the rule, or where a bill names the last payment; else the word
        of the billing system's consumer master stands.
        """
        bills = self.env["discom.bill"]
        today = bills._today()
        return SQL(
            """
            SELECT judged.*, COALESCE(CASE
                       WHEN judged.never_paid THEN FALSE
                       WHEN judged.due <= 0 OR judged.last_payment_date >= %(today)s - %(days)s
                            THEN FALSE
                       WHEN judged.last_payment_date IS NOT NULL
                            OR judged.first_due < %(today)s - %(days)s THEN TRUE
                       ELSE judged.master_long END, FALSE) AS long_unpaid
              FROM (
                    SELECT known.*, GREATEST(known.balance, 0) AS due,
                           LEAST(known.left_lpsc, GREATEST(known.balance, 0)) AS lpsc,
                           COALESCE(CASE
                               WHEN known.last_payment_date >= %(since)s THEN FALSE
                               WHEN known.last_payment_date IS NOT NULL THEN TRUE
                               WHEN known.balance > 0 AND known.first_due < %(today)s
                                    AND (known.first_period <= %(since)s
                                         OR known.first_period
                                            <= known.connection_date + interval '3 months')
                                    THEN TRUE
                               ELSE known.master_never END, FALSE) AS never_paid
                      FROM (
                            SELECT account.*, ROUND(account.total - account.paid, 2) AS balance,
                                   ROUND(%(left)s, 2) AS left_lpsc
                              FROM (%(accounts)s) account
                           ) known
                   ) judged
            """,
            today=today,
            days=rule.long_unpaid_days or 365,
            since=rule.never_paid_since or fields.Date.to_date("1900-01-01"),
            left=bills._ledger_surcharge_left_sql(
                rule, SQL("account.carried"), SQL("account.total"), SQL("account.paid")
            ),
            accounts=self._sums_sql(rule, partners),
        )

    @api.model
    def _sums_sql(self, rule, partners):
        """SELECT of the consumers with their newest bill and what bills and payments sum up to."""
        return SQL(
            """
            SELECT partner.id, partner.company_id, partner.discom_office_id AS office_id,
                   partner.discom_category_id AS category_id, partner.discom_area AS area,
                   partner.discom_status AS status, newest.id AS bill_id,
                   partner.discom_never_paid AS master_never,
                   partner.discom_long_unpaid AS master_long,
                   partner.discom_connection_date AS connection_date,
                   COALESCE(newest.amount_total, 0) AS total,
                   COALESCE(newest.carried, 0) AS carried,
                   COALESCE(pays.after, 0) AS paid, past.first_due, past.first_period,
                   GREATEST(pays.last_date, past.last_date) AS last_payment_date
              FROM res_partner partner
         LEFT JOIN LATERAL (
                       SELECT MIN(bill.due_date) AS first_due, MIN(bill.period) AS first_period,
                              MAX(bill.last_payment_date) AS last_date
                         FROM discom_bill bill
                        WHERE bill.partner_id = partner.id AND bill.state IN %(live)s
                   ) past ON TRUE
         LEFT JOIN LATERAL (
                       SELECT bill.id, bill.amount_total, %(carried)s AS carried,
                              GREATEST(bill.bill_date - 1, bill.last_payment_date) AS cutoff
                         FROM discom_bill bill
                        WHERE bill.partner_id = partner.id AND bill.state IN %(live)s
                     ORDER BY bill.period DESC, bill.id DESC
                        LIMIT 1
                   ) newest ON TRUE
         LEFT JOIN LATERAL (
                       SELECT MAX(payment.date) AS last_date, SUM(payment.amount) FILTER (
                                  WHERE payment.date > COALESCE(newest.cutoff, '-infinity'::date))
                                  AS after
                         FROM discom_payment payment
                        WHERE payment.partner_id = partner.id AND payment.state = 'posted'
                   ) pays ON TRUE
             WHERE partner.id IN (%(partners)s) AND partner.discom_consumer
            """,
            carried=self.env["discom.bill"]._ledger_carried_sql(rule),
            live=LIVE_STATES,
            partners=partners,
        )

    @api.model
    def _refresh_flags(self, partners):
        """Copy the flags to the consumers whose ones are others."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_partner partner
                   SET discom_never_paid = ageing.never_paid,
                       discom_long_unpaid = ageing.long_unpaid
                  FROM discom_ageing ageing
                 WHERE ageing.partner_id = partner.id AND partner.id IN (%s)
                   AND (COALESCE(partner.discom_never_paid, FALSE),
                        COALESCE(partner.discom_long_unpaid, FALSE))
                       IS DISTINCT FROM (ageing.never_paid, ageing.long_unpaid)
                """,
                partners,
            )
        )
        self.env["res.partner"].invalidate_model(
            [
                "discom_never_paid",
                "discom_long_unpaid",
                "discom_amount_due",
                "discom_amount_advance",
                "discom_dues_html",
            ]
        )
