"""The receipt that a payment sends on WhatsApp."""

import logging
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..tools import formats
from ..tools.pdf_ledger import receipt_pdf
from .whatsapp_message import PRIORITY_RECEIPT

_logger = logging.getLogger(__name__)

PURPOSE = "receipt"
#: A receipt that could not leave for so many days surprises more than it helps.
EXPIRY_DAYS = 3


class DiscomPayment(models.Model):
    _name = "discom.payment"
    _inherit = ["discom.payment", "discom.whatsapp.mixin"]

    @api.model
    def _whatsapp_purposes(self):
        return {PURPOSE: {"consent": "bills", "priority": PRIORITY_RECEIPT}}

    def _whatsapp_check_send(self, purpose):
        """Whoever may take a payment may send its receipt, though nobody edits payments."""
        self.check_access("read")
        self.check_access("create")

    @api.model
    def _whatsapp_audience(self, domain, purpose):
        """See ``discom.whatsapp.mixin``. What was taken back or is older than the payment rule
        says is not confirmed."""
        self.flush_model()
        return SQL(
            """
            SELECT payment.id AS res_id, payment.partner_id,
                   CASE WHEN payment.state = 'posted' AND payment.date >= %s THEN NULL
                        ELSE 'not_applicable' END AS skip_reason
              FROM discom_payment payment
             WHERE payment.id IN %s
            """,
            self._receipt_since(),
            self._search(domain).subselect(),
        )

    @api.model
    def _receipt_since(self):
        """First day whose payments are still confirmed."""
        days = self.env["discom.payment.rule"]._current().receipt_days
        return self.env["discom.bill"]._today() - timedelta(days=days)

    def _whatsapp_stale(self, purpose):
        """Payments that were taken back meanwhile."""
        return self.filtered(lambda payment: payment.state != "posted")

    def _whatsapp_expiry(self, purpose):
        expiry = fields.Datetime.now() + timedelta(days=EXPIRY_DAYS)
        return {payment.id: expiry for payment in self}

    def _whatsapp_values(self, lang, purpose):
        """Values of the templates: receipt_no, amount, date, mode and balance, what is due now."""
        hindi = lang.startswith("hi")
        dues = self.partner_id._discom_dues()
        values = {}
        for payment in self:
            entry = dues[payment.partner_id.id]
            if entry["due"]:
                balance = f"₹{formats.rupees(entry['due'])}"
            elif entry["advance"]:
                advance = f"₹{formats.rupees(entry['advance'])}"
                balance = f"₹0 ({'अग्रिम' if hindi else 'advance'} {advance})"
            else:
                balance = "₹0"
            values[payment.id] = {
                "receipt_no": payment.reference,
                "amount": f"₹{formats.rupees(payment.amount)}",
                "date": formats.day(payment.date),
                "mode": payment._mode_text(lang),
                "balance": balance,
            }
        return values

    @api.model
    def _whatsapp_variables(self):
        return {
            **super()._whatsapp_variables(),
            "receipt_no": self.env._("Receipt number"),
            "amount": self.env._("Amount paid"),
            "date": self.env._("Date of the payment"),
            "mode": self.env._("Where it was paid"),
            "balance": self.env._("What is still due"),
        }

    def _whatsapp_document(self, lang):
        """The receipt as PDF; what it shows is read here, the page is made while sending."""
        data = self._document_data(lang)
        return {
            payment.id: (f"{payment.reference}.pdf", partial(receipt_pdf, data[payment.id]))
            for payment in self
        }

    # === ACTION METHODS === #

    def action_send_receipt(self):
        """Open the composer that sends the receipts of these payments."""
        return self._action_whatsapp_composer(PURPOSE)

    # === BUSINESS METHODS === #

    def _queue_receipts(self):
        """Queue the receipt of new payments, or note why a consumer gets none.

        A payment is never refused because of a message: what goes wrong is logged, and the receipt
        can be sent from the payment later. Where no sending number has the template, nothing is
        noted, since the division has not begun to send receipts.
        """
        try:
            with self.env.cr.savepoint():
                self._insert_receipts()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            _logger.exception("No receipts could be queued for payments %s", self.ids)

    def _insert_receipts(self):
        account = self.env["discom.whatsapp.account"]._for_user()
        template = self.env["discom.whatsapp.template"].search(
            [
                ("account_id", "=", account.id),
                ("account_id", "!=", False),
                ("purpose", "=", PURPOSE),
                ("status", "=", "approved"),
                ("category_drifted", "=", False),
            ],
            order="id",
            limit=1,
        )
        if not template or not self:
            return
        # Never saved: it only lends its query, which says who is skipped and why.
        audience = self.env["discom.whatsapp.broadcast"].new(
            {
                "res_model": self._name,
                "res_domain": repr([("id", "in", self.ids)]),
                "purpose": PURPOSE,
                "account_id": account.id,
                "template_id": template.id,
            }
        )
        self.env.cr.execute(audience._audience_sql())
        rows = self.env.cr.dictfetchall()
        sendable = [row for row in rows if not row["reason"]]
        values = dict(
            zip(
                (row["res_id"] for row in sendable), audience._message_values(sendable), strict=True
            )
        )
        templates = audience._templates_by_lang()
        expiry = self._whatsapp_expiry(PURPOSE)
        # Nobody writes messages; whoever may take a payment has its receipt sent.
        messages = self.env["discom.whatsapp.message"].sudo()
        messages.create(
            [
                {
                    "account_id": account.id,
                    "template_id": False if row["reason"] else templates[row["lang"]].id,
                    "partner_id": row["partner_id"],
                    "office_id": row["office_id"],
                    "phone": row["phone"],
                    "lang": row["lang"],
                    "res_model": self._name,
                    "res_id": row["res_id"],
                    "purpose": PURPOSE,
                    "priority": PRIORITY_RECEIPT,
                    "values": values.get(row["res_id"]),
                    "state": "skipped" if row["reason"] else "queued",
                    "skip_reason": row["reason"],
                    "expires_at": expiry[row["res_id"]],
                }
                for row in rows
            ]
        )
        if sendable:
            account._trigger_lane()
