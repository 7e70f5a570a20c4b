from odoo import fields, models
from odoo.tools import SQL

from ..tools import convert
from .bill import EDITABLE_STATES
from .bill_line import HEADS
from .import_column import Column

#: What a bill takes over from its consumer, as columns of a plan; ``partner`` is the consumer.
CONSUMER_COLUMNS = SQL(
    """
    partner.discom_office_id AS office_id,
    partner.discom_category_id AS category_id,
    partner.discom_meter_no AS partner_meter_no,
    partner.discom_sanctioned_load AS partner_load,
    partner.discom_load_unit AS partner_load_unit,
    partner.discom_area AS partner_area,
    COALESCE(partner.discom_lifeline, FALSE) AS partner_lifeline,
    COALESCE(partner.discom_unmetered, FALSE) AS partner_unmetered,
    COALESCE(NULLIF(partner.discom_meter_multiplier, 0), 1) AS partner_multiplier
    """
)
# A file has one column for each head that a billing system prints.
HEAD_COLUMNS = [head for head, _label in HEADS]
# Columns of the file to columns of the bill, as the value is staged.
BILL_COLUMNS = {
    "bill_name": "name",
    "months": "months",
    "bill_date": "bill_date",
    "due_date": "due_date",
    "disconnection_date": "disconnection_date",
    "meter_no": "meter_no",
    "previous_reading": "reading_previous",
    "previous_reading_date": "reading_previous_date",
    "current_reading": "reading_current",
    "current_reading_date": "reading_current_date",
    "units": "units",
    "previous_kvah": "reading_kvah_previous",
    "current_kvah": "reading_kvah_current",
    "units_kvah": "units_kvah",
    "demand": "demand",
    "remark": "reading_remark",
    "arrears": "amount_arrears",
    "lpsc": "amount_lpsc",
    "total_after_due": "amount_after_due",
    "last_payment_date": "last_payment_date",
    "last_payment_amount": "last_payment_amount",
    "last_payment_mode": "last_payment_mode",
    "history": "history",
}
NUMBERS = {
    "previous_reading",
    "current_reading",
    "units",
    "previous_kvah",
    "current_kvah",
    "units_kvah",
    "demand",
    "arrears",
    "lpsc",
    "total_after_due",
    "last_payment_amount",
}


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    import_id = fields.Many2one(
        "discom.import", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    import_hash = fields.Char(
        readonly=True,
        copy=False,
        # Who could write it would keep the row of a later file out.
        groups=fields.NO_ACCESS,
        help="Fingerprint of the row of the bill file.",
    )


class DiscomImport(models.Model):
    _inherit = "discom.import"

    correct_issued = fields.Boolean(
        "Correct Issued Bills",
        help="A row that differs from the issued bill of its account and period makes a new bill "
        "that replaces it once it is issued itself. Otherwise the row is refused.",
    )

    def _columns_bill(self):
        code, date, amount = convert.code, convert.date, convert.amount
        return [
            Column("bill_no", code, required=True),
            Column("account_no", convert.account, required=True, aliases=("account", "account_id")),
            Column("period", convert.month, "date", required=True, aliases=("bill_month",)),
            Column("months", convert.integer, "integer"),
            Column("bill_date", date, "date", required=True),
            Column("due_date", date, "date", required=True),
            Column("disconnection_date", date, "date"),
            Column("basis", code, aliases=("bill_basis",)),
            Column("meter_no", convert.short_code),
            Column("previous_reading", convert.quantity, "numeric"),
            Column("previous_reading_date", date, "date"),
            Column("current_reading", convert.quantity, "numeric"),
            Column("current_reading_date", date, "date"),
            Column("units", convert.number, "numeric"),
            Column("previous_kvah", convert.quantity, "numeric"),
            Column("current_kvah", convert.quantity, "numeric"),
            Column("units_kvah", convert.quantity, "numeric"),
            Column("demand", convert.quantity, "numeric"),
            Column("remark", convert.text, aliases=("reading_remark",)),
            *(Column(head, amount, "numeric") for head in HEAD_COLUMNS),
            Column("arrears", amount, "numeric"),
            Column("lpsc", amount, "numeric"),
            Column("total", amount, "numeric", required=True, aliases=("net_payable",)),
            Column("total_after_due", amount, "numeric"),
            Column("last_payment_date", date, "date"),
            Column("last_payment_amount", amount, "numeric"),
            Column("last_payment_mode", convert.text),
            Column("history", convert.history, "jsonb"),
        ]

    def _complete_row_bill(self, values, places):
        """Give the months of the consumption history their names."""
        at = places.get("history")
        if at is not None and values[at]:
            values[at] = convert.history_json(values[at], values[places["period"]])

    def _only_period(self):
        """Month of which alone the file may hold bills, as a date; None: any."""
        return None

    def _plan_bill(self, stage):
        """One live bill per account and period: a draft is replaced, an issued bill is history,
        which a correction may follow. The number of a bill that was cancelled or corrected is taken
        on with a suffix."""
        return SQL(
            """
            SELECT s.row_no, bill.id AS record_id, partner.id AS partner_id,
                   %(consumer)s,
                   basis.id AS basis_id,
                   %(hash)s AS hash, bill.import_hash AS old_hash,
                   CASE WHEN bill.state NOT IN %(editable)s THEN bill.id END AS correction_of_id,
                   CASE WHEN namesake.id IS NULL
                             OR namesake.id = bill.id AND bill.state IN %(editable)s THEN s.bill_no
                        WHEN bill.state IN %(editable)s
                             AND starts_with(bill.name, s.bill_no || '/') THEN bill.name
                        ELSE s.bill_no || '/' || (
                                 SELECT count(*) + 1 FROM discom_bill former
                                  WHERE former.partner_id = partner.id
                                    AND former.period = s.period)
                   END AS bill_name,
                   COALESCE(s.reason, CASE
                       WHEN s.nth > 1 THEN %(duplicate)s
                       WHEN s.nth_no > 1 THEN %(duplicate_no)s
                       WHEN partner.id IS NULL THEN %(unknown)s
                       WHEN NOT partner.discom_office_id = ANY(%(scope)s) THEN %(foreign)s
                       WHEN s.basis IS NOT NULL AND basis.id IS NULL THEN %(no_basis)s
                       WHEN s.due_date < s.bill_date THEN %(due)s
                       WHEN s.months = 0 THEN %(no_months)s
                       WHEN s.period <> %(only)s THEN %(other_month)s
                       WHEN bill.import_hash IS DISTINCT FROM %(hash)s
                            AND bill.state NOT IN %(editable)s AND NOT %(correct)s
                            THEN %(issued)s
                       WHEN namesake.id IS NOT NULL AND (namesake.partner_id, namesake.period)
                                IS DISTINCT FROM (partner.id, s.period) THEN %(used)s
                   END) AS reason
              FROM (SELECT row.*, twice.nth, twice.nth_no
                      FROM %(stage)s row
                      -- Only what is compared is sorted: the rows are wide.
                      JOIN (SELECT row_no,
                                   ROW_NUMBER() OVER (
                                       PARTITION BY account_no, period ORDER BY row_no) AS nth,
                                   ROW_NUMBER() OVER (
                                       PARTITION BY bill_no ORDER BY row_no) AS nth_no
                              FROM %(stage)s) twice USING (row_no)) s
         LEFT JOIN res_partner partner
                ON partner.discom_account_no = s.account_no AND partner.company_id = %(company)s
               AND partner.discom_consumer
         LEFT JOIN discom_bill_basis basis ON basis.code = s.basis
         LEFT JOIN LATERAL (SELECT live.id, live.name, live.state, live.import_hash
                              FROM discom_bill live
                             WHERE live.partner_id = partner.id AND live.period = s.period
                               AND live.state <> 'cancelled'
                          ORDER BY live.id DESC
                             LIMIT 1) bill ON TRUE
         LEFT JOIN discom_bill namesake
                ON namesake.company_id = %(company)s AND namesake.name = s.bill_no
               AND namesake.name <> '/'
            """,
            consumer=CONSUMER_COLUMNS,
            stage=stage,
            hash=self._row_hash(),
            company=self.company_id.id,
            scope=self._scope_sql(),
            editable=EDITABLE_STATES,
            correct=self.correct_issued,
            only=SQL("%s::date", self._only_period()),
            other_month=self._refusal("other_month", "period", SQL("to_char(s.period, 'YYYY-MM')")),
            duplicate=self._refusal("duplicate", "account_no", SQL("s.account_no")),
            duplicate_no=self._refusal("duplicate", "bill_no", SQL("s.bill_no")),
            unknown=self._refusal("unknown_consumer", "account_no", SQL("s.account_no")),
            foreign=self._refusal("other_office", "account_no", SQL("s.account_no")),
            no_basis=self._refusal("unknown_basis", "basis", SQL("s.basis")),
            due=self._refusal("due_before_bill", "due_date", SQL("s.due_date")),
            no_months=self._refusal("not_positive", "months", SQL("s.months")),
            issued=self._refusal("issued", "bill_no", SQL("bill.name")),
            used=self._refusal("bill_no_used", "bill_no", SQL("s.bill_no")),
        )

    def _apply_bill(self, rows):
        """Insert or replace the bills of a batch with their charges.

        They are checked at once; those with an error stay drafts, held back for a clerk.
        """
        rows = SQL(
            """
            SELECT r.*, %s AS charges
              FROM (%s) r
            """,
            SQL(" + ").join(
                SQL("COALESCE(%s, 0)", SQL.identifier("r", head)) for head in HEAD_COLUMNS
            ),
            rows,
        )
        ids = self._insert_bills(rows)
        if self.changed_count:
            ids += self._update_bills(rows)
        self.env["discom.bill"].invalidate_model()
        self.env["discom.bill.line"].invalidate_model()
        self.env["discom.bill"].browse(ids)._evaluate_checks()

    def _bill_values(self):
        """Columns of a bill with their SQL on the rows ``r``."""
        values = {
            target: SQL("COALESCE(r.%s, 0)", SQL.identifier(source))
            if source in NUMBERS
            else SQL("r.%s", SQL.identifier(source))
            for source, target in BILL_COLUMNS.items()
        }
        values.update(
            months=SQL("COALESCE(r.months, 1)"),
            meter_no=SQL("COALESCE(r.meter_no, r.partner_meter_no)"),
            partner_id=SQL("r.partner_id"),
            account_no=SQL("r.account_no"),
            office_id=SQL("r.office_id"),
            category_id=SQL("r.category_id"),
            **self._supply_values(),
            basis_id=SQL("r.basis_id"),
            period=SQL("r.period"),
            amount_current=SQL("r.charges"),
            amount_total=SQL("r.total"),
            amount_paid=SQL("0"),
            amount_due=SQL("GREATEST(r.total, 0)"),
            author_id=SQL("%s", self.env.uid),
            # Until the checks have the last word, in the same transaction.
            state=SQL("'checked'"),
            is_held=SQL("FALSE"),
            # A draft made out from readings may become the bill of the billing system.
            tariff_id=SQL("NULL"),
            tariff_unverified=SQL("FALSE"),
            tariff_notes=SQL("NULL"),
            charge_from=SQL("NULL"),
            charge_to=SQL("NULL"),
            import_id=SQL("%s", self.id),
            import_hash=SQL("r.hash"),
            write_uid=SQL("%s", self.env.uid),
            write_date=SQL("NOW() AT TIME ZONE 'UTC'"),
        )
        return values

    def _supply_values(self):
        """Columns of a bill that keep the connection as it was billed, with their SQL on ``r``."""
        return {
            "sanctioned_load": SQL("r.partner_load"),
            "load_unit": SQL("r.partner_load_unit"),
            "area": SQL("r.partner_area"),
            "lifeline": SQL("r.partner_lifeline"),
            "unmetered": SQL("r.partner_unmetered"),
            "meter_multiplier": SQL("r.partner_multiplier"),
        }

    def _insert_bills(self, rows):
        values = {
            **self._bill_values(),
            "id": SQL("r.new_id"),
            "correction_of_id": SQL("r.correction_of_id"),
            "company_id": SQL("%s", self.company_id.id),
            "currency_id": SQL("%s", self.env.ref("base.INR").id),
            "is_latest": SQL("FALSE"),
            "create_uid": SQL("%s", self.env.uid),
            "create_date": SQL("NOW() AT TIME ZONE 'UTC'"),
        }
        rows = self.env.execute_query(
            SQL(
                """
                WITH r AS MATERIALIZED (
                    SELECT new.*, nextval('discom_bill_id_seq') AS new_id
                      FROM (%(rows)s) new
                     WHERE new.verdict = 'new' OR new.correction_of_id IS NOT NULL
                ), bills AS (
                    INSERT INTO discom_bill (%(columns)s) SELECT %(values)s FROM r
                ), lines AS (
                    %(lines)s
                )
                SELECT new_id FROM r
                """,
                rows=rows,
                columns=SQL(", ").join(map(SQL.identifier, values)),
                values=SQL(", ").join(values.values()),
                lines=self._lines_sql(SQL("r.new_id")),
            )
        )
        return [row[0] for row in rows]

    def _update_bills(self, rows):
        rows = SQL("SELECT * FROM (%s) changed WHERE correction_of_id IS NULL", rows)
        updated = self._write_changed(self._bill_values(), rows)
        if not updated:
            return []
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM discom_bill_line line
                 USING (%s) r
                 WHERE r.verdict = 'changed' AND line.bill_id = r.record_id
                """,
                rows,
            )
        )
        self.env.cr.execute(
            SQL(
                "WITH r AS (SELECT * FROM (%s) changed WHERE changed.verdict = 'changed') %s",
                rows,
                self._lines_sql(SQL("r.record_id")),
            )
        )
        return updated

    def _write_changed(self, values, rows):
        """Write ``values`` ({column: SQL on the rows ``r``}) to the bills that a file changes.

        :return: ids of those that could still be changed
        """
        updated = self.env.execute_query(
            SQL(
                """
                UPDATE discom_bill bill SET %s
                  FROM (%s) r
                 WHERE r.verdict = 'changed' AND bill.id = r.record_id AND bill.state IN %s
             RETURNING bill.id
                """,
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value) for name, value in values.items()
                ),
                rows,
                EDITABLE_STATES,
            )
        )
        return [bill_id for [bill_id] in updated]

    def _lines_sql(self, bill_id):
        """INSERT of the charges of the rows ``r``, one line for each head that has an amount."""
        return SQL(
            """
            INSERT INTO discom_bill_line (bill_id, head, sequence, amount, quantity, rate)
            SELECT %s, charge.head, charge.sequence, charge.amount, charge.quantity, 0
              FROM r
        CROSS JOIN LATERAL (VALUES %s) charge (head, sequence, amount, quantity)
             WHERE charge.amount <> 0
            """,
            bill_id,
            SQL(", ").join(
                SQL(
                    "(%s, %s, r.%s, %s)",
                    head,
                    sequence,
                    SQL.identifier(head),
                    SQL("COALESCE(r.units, 0)") if head == "energy" else SQL("0"),
                )
                for sequence, head in enumerate(HEAD_COLUMNS, 1)
            ),
        )
