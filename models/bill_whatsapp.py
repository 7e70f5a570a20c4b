"""Who receives a bill or a reminder of it, and what it says."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from odoo import api, models
from odoo.tools import SQL

from ..tools import formats
from ..tools.indian_time import INDIA
from ..tools.pdf import digest
from ..tools.pdf_split import BillDocument
from .bill import LIVE_STATES

# A bill informs until the next one comes; a notice of dues is stale sooner.
BILL_DAYS = 30
OVERDUE_DAYS = 7
# What a message says of a bill; to read its other fields too costs a quarter of queueing.
VALUE_FIELDS = "name period due_date amount_due amount_after_due amount_paid".split()


class DiscomBill(models.Model):
    _name = "discom.bill"
    _inherit = ["discom.bill", "discom.whatsapp.mixin"]

    @api.model
    def _whatsapp_purposes(self):
        return {
            "bill": {"consent": "bills", "priority": 40, "combine": True},
            "due_reminder": {"consent": "dues", "priority": 30, "combine": True},
            "overdue": {"consent": "dues", "priority": 30, "combine": True},
        }

    @api.model
    def _whatsapp_variables(self):
        return {
            **super()._whatsapp_variables(),
            "bill_no": self.env._("Bill number"),
            "period": self.env._("Month of the bill"),
            "amount": self.env._("Amount still to pay"),
            "due_date": self.env._("Due date"),
            "amount_after_due": self.env._("Amount after the due date"),
            "accounts": self.env._("Combined: connections and their amounts"),
            "account_count": self.env._("Combined: number of connections"),
            "total": self.env._("Combined: total amount"),
        }

    def _whatsapp_secrets(self):
        """``bill_token`` opens the bill's page without a login, so it is in no message that staff
        or a backup could show."""
        return {bill_id: {"bill_token": token} for bill_id, token in self._public_tokens().items()}

    def _whatsapp_amounts(self, purpose):
        return {bill.id: bill.amount_payable for bill in self}

    @api.model
    def _whatsapp_audience(self, domain, purpose):
        """See ``discom.whatsapp.mixin``. Only the newest bill of an account is sent: it holds the
        dues of the earlier ones, and two amounts would confuse."""
        self.flush_model()
        return SQL(
            """
            SELECT bill.id AS res_id, bill.partner_id,
                   CASE WHEN %s THEN NULL ELSE 'not_applicable' END AS skip_reason
              FROM discom_bill bill
             WHERE bill.id IN %s
            """,
            self._sql_applicable(purpose),
            self._search(domain).subselect(),
        )

    def _whatsapp_stale(self, purpose):
        """Bills that were cancelled, replaced or, where it is about dues, paid meanwhile."""
        self.env["discom.bill"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM discom_bill bill WHERE id = ANY(%s) AND NOT (%s)",
                self.ids,
                self._sql_applicable(purpose),
            )
        )
        return self.browse(row[0] for row in rows)

    @api.model
    def _sql_applicable(self, purpose):
        """SQL condition on ``bill``: there is reason to send this message about it today."""
        today = self._today()
        return SQL(
            "bill.is_latest IS TRUE AND %s",
            {
                "bill": SQL("bill.state IN %s", LIVE_STATES),
                # Whoever asks for the bill gets it.
                "reply": SQL("bill.state IN %s", LIVE_STATES),
                "due_reminder": SQL(
                    "bill.state IN ('issued', 'partial') AND bill.amount_due > 0"
                    " AND bill.due_date >= %s",
                    today,
                ),
                # The state follows once a day, the due date is right at any time.
                "overdue": SQL(
                    "bill.state IN ('issued', 'partial', 'overdue') AND bill.amount_due > 0"
                    " AND bill.due_date < %s",
                    today,
                ),
            }[purpose],
        )

    def _whatsapp_values(self, lang, purpose):
        """Values of the templates: bill_no, period, amount (payable today), due_date and
        amount_after_due; amounts with the rupee sign."""
        self.fetch(VALUE_FIELDS)
        today = self._today()
        values = {}
        for bill in self:
            amount = formats.rupees(bill._payable_on(today))
            # A surcharge for paying late concerns who still has to pay.
            late = bill.amount_after_due - bill.amount_paid if bill.amount_due > 0 else 0
            after = formats.rupees(max(late, bill.amount_due))
            values[bill.id] = {
                "bill_no": bill.name,
                "period": formats.month(bill.period, lang),
                "amount": f"₹{amount}",
                "due_date": formats.day(bill.due_date),
                "amount_after_due": f"₹{after}",
            }
        return values

    def _whatsapp_document(self, lang):
        """The bill as PDF; what it shows is read here, the page is made in the sending thread."""
        data = self._document_data(lang)
        return {
            bill.id: (
                f"{bill.account_no}_{bill.period:%Y-%m}.pdf",
                BillDocument(data[bill.id]),
                digest(data[bill.id]),
            )
            for bill in self
        }

    def _whatsapp_expiry(self, purpose):
        """A reminder is worth sending until the due date, the others for some days from now."""
        today = self._today()
        days = {"bill": BILL_DAYS, "overdue": OVERDUE_DAYS}
        expiry = {}
        for bill in self:
            last_day = bill.due_date
            if purpose in days:
                last_day = today + timedelta(days=days[purpose])
            end = datetime.combine(last_day, time.max, tzinfo=INDIA)
            expiry[bill.id] = end.astimezone(ZoneInfo("UTC")).replace(tzinfo=None, microsecond=0)
        return expiry

    # === ACTION METHODS === #

    def action_send_bill(self):
        """Open the composer that sends the selected bills."""
        return self._action_whatsapp_composer("bill")

    def action_send_reminder(self):
        """Open the composer that reminds of the selected bills before their due date."""
        return self._action_whatsapp_composer("due_reminder")

    def action_send_overdue(self):
        """Open the composer that sends overdue notices for the selected bills."""
        return self._action_whatsapp_composer("overdue")
