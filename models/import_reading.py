from odoo import models
from odoo.tools import SQL

from ..tools import convert
from .bill import EDITABLE_STATES
from .bill_reading import CHARGE_BATCH
from .import_bill import CONSUMER_COLUMNS
from .import_column import Column

# Columns of the file to columns of the bill, as the value is staged.
READING_COLUMNS = {
    "reading": "reading_current",
    "kvah_reading": "reading_kvah_current",
    "demand": "demand",
    "previous_reading": "reading_previous",
    "previous_kvah": "reading_kvah_previous",
    "old_meter_final": "reading_final",
    "new_meter_initial": "reading_initial",
}


class DiscomImport(models.Model):
    """Readings of a round: each row makes a draft bill, or renews that of the account and month."""

    _inherit = "discom.import"

    _batch_reading = CHARGE_BATCH

    def _columns_reading(self):
        date, number = convert.date, convert.quantity
        return [
            Column("account_no", convert.account, required=True, aliases=("account", "account_id")),
            Column(
                "reading_date",
                date,
                "date",
                required=True,
                aliases=("current_reading_date", "date"),
            ),
            Column("reading", number, "numeric", aliases=("current_reading", "kwh")),
            Column("basis", convert.code, aliases=("bill_basis",)),
            Column("remark", convert.text, aliases=("reading_remark",)),
            Column("kvah_reading", number, "numeric", aliases=("kvah",)),
            Column("demand", number, "numeric", aliases=("max_demand", "md")),
            Column("meter_no", convert.short_code),
            Column("previous_reading", number, "numeric"),
            Column("previous_reading_date", date, "date"),
            Column("previous_kvah", number, "numeric"),
            Column("old_meter_final", number, "numeric"),
            Column("new_meter_initial", number, "numeric"),
            Column("period", convert.month, "date", aliases=("bill_month",)),
            Column("months", convert.integer, "integer"),
            Column("bill_date", date, "date"),
            Column("due_date", date, "date"),
        ]

    def _plan_reading(self, stage):
        """One live bill per account and month: a draft is made anew, an issued bill is history."""
        today = self.env["discom.bill"]._today()
        return SQL(
            """
            SELECT s.row_no, bill.id AS record_id, partner.id AS partner_id,
                   %(consumer)s,
                   basis.id AS basis_id, s.bill_period,
                   %(hash)s AS hash, bill.import_hash AS old_hash,
                   COALESCE(s.reason, CASE
                       WHEN s.nth > 1 THEN %(duplicate)s
                       WHEN partner.id IS NULL THEN %(unknown)s
                       WHEN NOT partner.discom_office_id = ANY(%(scope)s) THEN %(foreign)s
                       WHEN s.basis IS NOT NULL AND basis.id IS NULL THEN %(no_basis)s
                       WHEN partner.discom_category_id IS NULL THEN %(no_category)s
                       WHEN s.reading_date > %(today)s THEN %(future)s
                       WHEN s.months = 0 THEN %(no_months)s
                       WHEN s.bill_period <> %(only)s THEN %(other_month)s
                       WHEN s.due_date < COALESCE(s.bill_date, %(today)s) THEN %(due)s
                       WHEN s.reading IS NULL AND basis.method IN ('reading', 'ceiling')
                            THEN %(no_reading)s
                       WHEN s.reading IS NOT NULL AND s.previous_reading_date IS NULL
                            AND last.id IS NULL
                            AND COALESCE(basis.method, 'reading') IN ('reading', 'ceiling')
                            THEN %(no_previous)s
                       WHEN s.previous_reading_date >= s.reading_date
                            OR s.previous_reading_date IS NULL
                               AND s.reading IS NOT NULL
                               AND last.reading_current_date >= s.reading_date
                            THEN %(order)s
                       WHEN bill.import_hash IS DISTINCT FROM %(hash)s
                            AND bill.state NOT IN %(editable)s THEN %(issued)s
                   END) AS reason
              FROM (SELECT dated.*,
                           ROW_NUMBER() OVER (PARTITION BY account_no, bill_period
                                              ORDER BY row_no) AS nth
                      FROM (SELECT *, COALESCE(period, date_trunc('month', reading_date)::date)
                                          AS bill_period
                              FROM %(stage)s) dated) s
         LEFT JOIN res_partner partner
                ON partner.discom_account_no = s.account_no AND partner.company_id = %(company)s
               AND partner.discom_consumer
         LEFT JOIN discom_bill_basis basis ON basis.code = s.basis
         LEFT JOIN LATERAL (SELECT live.id, live.name, live.state, live.import_hash
                              FROM discom_bill live
                             WHERE live.partner_id = partner.id AND live.period = s.bill_period
                               AND live.state <> 'cancelled'
                          ORDER BY live.id DESC
                             LIMIT 1) bill ON TRUE
         LEFT JOIN LATERAL (SELECT past.id, past.reading_current_date
                              FROM discom_bill past
                         LEFT JOIN discom_bill_basis its ON its.id = past.basis_id
                             WHERE past.partner_id = partner.id AND past.period < s.bill_period
                               AND past.state NOT IN ('draft', 'checked', 'cancelled')
                               AND past.reading_current_date IS NOT NULL
                               AND COALESCE(its.method, 'reading') IN ('reading', 'ceiling')
                          ORDER BY past.period DESC, past.id DESC
                             LIMIT 1) last ON TRUE
            """,
            consumer=CONSUMER_COLUMNS,
            stage=stage,
            hash=self._row_hash(),
            company=self.company_id.id,
            scope=self._scope_sql(),
            today=today,
            editable=EDITABLE_STATES,
            duplicate=self._refusal("duplicate", "account_no", SQL("s.account_no")),
            unknown=self._refusal("unknown_consumer", "account_no", SQL("s.account_no")),
            foreign=self._refusal("other_office", "account_no", SQL("s.account_no")),
            no_basis=self._refusal("unknown_basis", "basis", SQL("s.basis")),
            no_category=self._refusal("no_category", "account_no", SQL("s.account_no")),
            only=SQL("%s::date", self._only_period()),
            other_month=self._refusal(
                "other_month", "period", SQL("to_char(s.bill_period, 'YYYY-MM')")
            ),
            future=self._refusal("future", "reading_date", SQL("s.reading_date")),
            no_months=self._refusal("not_positive", "months", SQL("s.months")),
            due=self._refusal("due_before_bill", "due_date", SQL("s.due_date")),
            no_reading=self._refusal("no_reading", "basis", SQL("s.basis")),
            no_previous=self._refusal("no_previous", "account_no", SQL("s.account_no")),
            order=self._refusal(
                "reading_order",
                "reading_date",
                SQL("COALESCE(s.previous_reading_date, last.reading_current_date)"),
            ),
            issued=self._refusal("issued", "account_no", SQL("bill.name")),
        )

    def _apply_reading(self, rows):
        """Make out the drafts of a batch by the tariff: new ones, and anew those that changed."""
        self._insert_reading(rows)
        if self.changed_count:
            self._update_reading(rows)
        self.env["discom.bill"].invalidate_model()

    def _insert_reading(self, rows):
        """Make out the new bills in a table without indexes, then insert them as they are."""
        drafts = SQL.identifier("discom_bill_draft")
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", drafts))
        self.env.cr.execute(SQL("CREATE TEMP TABLE %s (LIKE discom_bill) ON COMMIT DROP", drafts))
        values = self._new_reading_values()
        self.env.cr.execute(
            SQL(
                """
                WITH r AS MATERIALIZED (
                    SELECT new.*, nextval('discom_bill_id_seq') AS new_id,
                           ROW_NUMBER() OVER (ORDER BY new.row_no) AS nth
                      FROM (%(rows)s) new WHERE new.verdict = 'new'
                )
                INSERT INTO %(drafts)s (%(columns)s) SELECT %(values)s FROM r RETURNING id
                """,
                rows=rows,
                drafts=drafts,
                columns=SQL(", ").join(map(SQL.identifier, values)),
                values=SQL(", ").join(values.values()),
            )
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env.cr.execute(SQL("ANALYZE %s", drafts))
        bills = self.env["discom.bill"].browse(ids)
        _failed, lines = bills._charge_from_readings(drafts)
        self.env.cr.execute(SQL("INSERT INTO discom_bill SELECT * FROM %s", drafts))
        bills._insert_lines(lines)

    def _update_reading(self, rows):
        ids = self._write_changed(self._reading_values(), rows)
        self.env["discom.bill"].browse(ids)._recharge_from_readings()

    def _reading_values(self):
        """Columns of a bill with their SQL on the rows ``r``."""
        today = self.env["discom.bill"]._today()
        days = self.env["discom.tariff"]._book(self.company_id).number("due_days", today, default=0)
        return {
            **{
                target: SQL("COALESCE(r.%s, 0)", SQL.identifier(source))
                for source, target in READING_COLUMNS.items()
            },
            "reading_current_date": SQL("CASE WHEN r.reading IS NOT NULL THEN r.reading_date END"),
            "reading_previous_date": SQL("r.previous_reading_date"),
            "meter_changed": SQL(
                "(r.old_meter_final IS NOT NULL OR r.new_meter_initial IS NOT NULL)"
            ),
            "reading_remark": SQL("r.remark"),
            "meter_no": SQL("COALESCE(r.meter_no, r.partner_meter_no)"),
            "months": SQL("COALESCE(r.months, 1)"),
            "bill_date": SQL("COALESCE(r.bill_date, %s)", today),
            "due_date": SQL(
                "COALESCE(r.due_date, COALESCE(r.bill_date, %s) + %s)", today, int(days)
            ),
            "office_id": SQL("r.office_id"),
            "category_id": SQL("r.category_id"),
            **self._supply_values(),
            "basis_id": SQL("r.basis_id"),
            "state": SQL("'draft'"),
            "is_held": SQL("FALSE"),
            "author_id": SQL("%s", self.env.uid),
            "import_id": SQL("%s", self.id),
            "import_hash": SQL("r.hash"),
            "write_uid": SQL("%s", self.env.uid),
            "write_date": SQL("NOW() AT TIME ZONE 'UTC'"),
        }

    def _new_reading_values(self):
        # One number of the sequence for a batch, so that numbering costs no query per bill.
        number = self.env["ir.sequence"].next_by_code("discom.bill")
        zeros = ("amount_current", "amount_total", "amount_paid", "amount_due")
        return {
            **self._reading_values(),
            **dict.fromkeys(zeros, SQL("0")),
            "id": SQL("r.new_id"),
            "name": SQL("%s || '-' || LPAD(r.nth::text, 4, '0')", number),
            "partner_id": SQL("r.partner_id"),
            "account_no": SQL("r.account_no"),
            "period": SQL("r.bill_period"),
            "company_id": SQL("%s", self.company_id.id),
            "currency_id": SQL("%s", self.env.ref("base.INR").id),
            "is_latest": SQL("FALSE"),
            "create_uid": SQL("%s", self.env.uid),
            "create_date": SQL("NOW() AT TIME ZONE 'UTC'"),
        }
