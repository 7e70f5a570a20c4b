from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date


class DiscomTariffDated(models.AbstractModel):
    """A record of the tariff that holds from a day on, and whose figures nobody changes once bills
    were issued by them: a change is a new record with a later day."""

    _name = "discom.tariff.dated"
    _description = "Dated Tariff Record"
    _inherit = ["mail.thread"]

    date_from = fields.Date("From", required=True, tracking=True)
    date_to = fields.Date("Until", tracking=True, help="Last day. Empty: until further notice.")
    source = fields.Text(tracking=True, help="Order or text it was taken from.")
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")

    _dates_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "The last day lies before the first. Correct one of the two.",
    )

    @api.model
    def _unguarded_fields(self):
        """Fields that may be written although bills were issued."""
        return {"source", "verified", "date_to", "name", "message_follower_ids"}

    def _billed_until(self):
        """Last day charged for, by this record, in a bill that was issued.

        :return: ``{id: date}`` of the records with such a bill
        """
        self.env["discom.bill"].flush_model(["state", "tariff_id", "charge_from", "charge_to"])
        self.flush_recordset()
        if not self.ids:
            return {}
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT rule.id, LEAST(MAX(bill.charge_to), MAX(rule.date_to))
                      FROM %(table)s rule
                      JOIN discom_bill bill
                        ON bill.tariff_id IS NOT NULL
                       AND bill.state NOT IN ('draft', 'checked')
                       AND bill.charge_to >= rule.date_from
                       AND (rule.date_to IS NULL OR bill.charge_from <= rule.date_to)
                       AND (rule.company_id IS NULL OR rule.company_id = bill.company_id)
                       AND %(uses)s
                     WHERE rule.id = ANY(%(ids)s)
                  GROUP BY rule.id
                    """,
                    table=SQL.identifier(self._table),
                    uses=self._bill_uses(),
                    ids=list(self.ids),
                )
            )
        )

    @api.model
    def _bill_uses(self):
        """SQL: whether the bill ``bill`` can have used the record ``rule`` of its days."""
        return SQL("TRUE")

    def _check_unused(self):
        """Refuse to change records by which bills were issued.

        :raise UserError: naming the first of them
        """
        used = self._billed_until()
        if used:
            record = self.filtered(lambda rec: rec.id in used)[0]
            raise UserError(
                self.env._(
                    "Bills up to %(day)s were issued by “%(name)s”, so it cannot be changed. Make "
                    "a new one that holds from a later day.",
                    day=format_date(self.env, used[record.id]),
                    name=record.display_name,
                )
            )

    def write(self, vals):
        if vals.keys() - self._unguarded_fields():
            self._check_unused()
        if vals.get("date_to"):
            last = fields.Date.to_date(vals["date_to"])
            for record_id, day in self._billed_until().items():
                if last < day:
                    raise UserError(
                        self.env._(
                            "“%(name)s” cannot end on %(last)s: bills up to %(day)s were issued "
                            "by it.",
                            name=self.browse(record_id).display_name,
                            last=format_date(self.env, last),
                            day=format_date(self.env, day),
                        )
                    )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_unused()
