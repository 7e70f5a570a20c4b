from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.query import Query

KINDS = [
    ("opening", "Brought forward"),
    ("bill", "Bill"),
    ("surcharge", "Late payment surcharge"),
    ("difference", "Difference to the billing system"),
    ("payment", "Payment"),
    ("reversed", "Payment taken back"),
]
#: Entries have eight times the id of their record, and what kind of entry of it they are: this is a
#: payment, the others are parts of a bill.
PAYMENT_SORT = 4


class DiscomLedgerEntry(models.Model):
    """Statement of account: bills and payments of a consumer with the running balance, in rupees.

    A view on bills and payments, see ``models/bill_ledger.py``; it is meant to be read consumer by
    consumer. The last balance is what is due, below zero an advance. Where the arrears of a bill
    are not what the account says, an entry of its own shows the difference.
    """

    _name = "discom.ledger.entry"
    _description = "Ledger Entry"
    _auto = False
    _order = "partner_id, place, sort, date, id"
    _rec_name = "name"
    _depends = {
        "discom.bill": [
            "amount_arrears",
            "amount_lpsc",
            "amount_total",
            "bill_date",
            "last_payment_date",
            "name",
            "office_id",
            "partner_id",
            "period",
            "state",
        ],
        "discom.payment": [
            "amount",
            "cancel_reason",
            "date",
            "mode",
            "office_id",
            "partner_id",
            "reference",
            "state",
        ],
    }

    partner_id = fields.Many2one("res.partner", "Consumer", readonly=True)
    office_id = fields.Many2one("discom.office", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    place = fields.Integer("Number of the Bill", readonly=True, aggregator=None)
    sort = fields.Integer("Order after the Bill", readonly=True, aggregator=None)
    date = fields.Date(readonly=True)
    kind = fields.Selection(KINDS, "Entry", readonly=True)
    name = fields.Char("Number", readonly=True)
    period = fields.Date("Month", readonly=True)
    mode = fields.Selection(
        lambda self: self.env["discom.payment"]._fields["mode"]._description_selection(self.env),
        readonly=True,
    )
    cancel_reason = fields.Selection(
        lambda self: (
            self.env["discom.payment"]._fields["cancel_reason"]._description_selection(self.env)
        ),
        "Why Taken Back",
        readonly=True,
    )
    debit = fields.Monetary("Charged", readonly=True)
    credit = fields.Monetary("Paid", readonly=True)
    taken_back = fields.Monetary(readonly=True, help="Amount of a payment that counts no more.")
    balance = fields.Monetary(readonly=True, aggregator=None)
    bill_id = fields.Many2one("discom.bill", readonly=True)
    payment_id = fields.Many2one("discom.payment", readonly=True)

    @property
    def _table_query(self):
        bills = self.env["discom.bill"]
        rule = self.env["discom.payment.rule"]._current()
        return SQL(
            """
            WITH links AS NOT MATERIALIZED (%(links)s),
                 pays AS NOT MATERIALIZED (
                     SELECT payment.*,
                            (SELECT COUNT(*) FROM (%(chain)s) known
                              WHERE known.partner_id = payment.partner_id
                                AND known.cutoff < payment.date) AS place
                       FROM discom_payment payment)
            SELECT entry.*,
                   SUM(entry.debit - entry.credit) OVER (
                       PARTITION BY entry.partner_id
                       ORDER BY entry.place, entry.sort, entry.date, entry.id
                       ROWS UNBOUNDED PRECEDING) AS balance
              FROM (
                    SELECT links.id::bigint * 8 + kind.sort AS id, links.partner_id,
                           links.office_id, links.company_id, links.currency_id,
                           CASE kind.name WHEN 'opening' THEN 0 ELSE links.place END::int AS place,
                           kind.sort, links.bill_date AS date, kind.name AS kind,
                           CASE WHEN kind.name <> 'opening' THEN links.name END AS name,
                           CASE WHEN kind.name <> 'opening' THEN links.period END AS period,
                           NULL::varchar AS mode, NULL::varchar AS cancel_reason,
                           GREATEST(kind.amount, 0) AS debit, GREATEST(-kind.amount, 0) AS credit,
                           0::numeric AS taken_back, links.id AS bill_id, NULL::int AS payment_id
                      FROM links
                      JOIN LATERAL (VALUES
                               (0, 'opening', links.opening + CASE WHEN links.place = 1 THEN
                                   COALESCE((SELECT SUM(payment.amount)
                                               FROM discom_payment payment
                                              WHERE payment.partner_id = links.partner_id
                                                AND payment.state = 'posted'
                                                AND payment.date <= links.cutoff), 0) END),
                               (1, 'difference', links.difference),
                               (2, 'surcharge', links.surcharge),
                               (3, 'bill', links.amount_total - links.arrears - links.lpsc)
                           ) AS kind (sort, name, amount) ON kind.amount <> 0
                     UNION ALL
                    SELECT pays.id::bigint * 8 + 4, pays.partner_id, pays.office_id,
                           pays.company_id, pays.currency_id, pays.place::int, 4, pays.date,
                           CASE WHEN pays.state = 'posted' THEN 'payment' ELSE 'reversed' END,
                           pays.reference, NULL, pays.mode, pays.cancel_reason, 0,
                           CASE WHEN pays.state = 'posted' THEN pays.amount ELSE 0 END,
                           CASE WHEN pays.state = 'posted' THEN 0 ELSE pays.amount END,
                           NULL, pays.id
                      FROM pays
                   ) entry
            """,
            links=bills._ledger_links_sql(rule),
            chain=bills._ledger_chain_sql(rule),
        )

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Look for entries by their ids among those of their consumers alone: PostgreSQL would
        work out the ledgers of everybody to find one."""
        domain = Domain(domain)
        if list(domain.iter_conditions()) == [domain] and domain.field_expr == "id":
            ids = domain.value
            if domain.operator == "in" and not isinstance(ids, (Query, SQL, Domain)):
                domain &= Domain("partner_id", "in", self._partner_ids(ids))
        return super()._search(domain, *args, **kwargs)

    @api.model
    def _partner_ids(self, ids):
        """Ids of the consumers of entries, of which the ids say from which record they are."""
        payments = [number // 8 for number in ids if number and number % 8 == PAYMENT_SORT]
        bills = [number // 8 for number in ids if number and number % 8 != PAYMENT_SORT]
        return [
            partner_id
            for (partner_id,) in self.env.execute_query(
                SQL(
                    "SELECT partner_id FROM discom_bill WHERE id = ANY(%s)"
                    " UNION SELECT partner_id FROM discom_payment WHERE id = ANY(%s)",
                    bills,
                    payments,
                )
            )
        ]

    def action_open_source(self):
        """Open the bill or the payment of the entry."""
        self.ensure_one()
        record = self.payment_id or self.bill_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
