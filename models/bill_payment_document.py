"""Receipt and statement of account: what they say, every text ready to print."""

from datetime import datetime
from decimal import Decimal

from odoo import models
from odoo.exceptions import AccessError
from odoo.tools.misc import split_every

from ..tools import formats, pdf
from ..tools.indian_time import INDIA
from ..tools.pdf_ledger import prepare_receipt, prepare_statement
from ..tools.words import amount_in_words
from .bill_line import HEADS_HINDI
from .bill_payment_rule import OTHER, SURCHARGE

# Papers show both languages side by side, whichever are installed and whoever prints them.
MODES_HINDI = {
    "counter": "काउंटर",
    "online": "ऑनलाइन",
    "kiosk": "जन सेवा केन्द्र / कियोस्क",
    "sakhi": "बिजली सखी",
    "bank": "बैंक",
    "file": "अन्य",
}
MEANS_HINDI = {
    "cash": "नकद",
    "cheque": "चेक",
    "draft": "डिमांड ड्राफ्ट",
    "upi": "UPI",
    "card": "कार्ड",
    "transfer": "बैंक अन्तरण",
}
REASONS_HINDI = {
    "bounced": "चेक अनादृत",
    "mistake": "भूल से दर्ज",
    "account": "गलत खाता",
    "double": "दो बार दर्ज",
    "failed": "ऑनलाइन भुगतान असफल",
    "file": "भुगतान फाइल में रद्द",
    "other": "अन्य कारण",
}
KINDS_HINDI = {
    "opening": "पिछला शेष",
    "bill": "बिल",
    "surcharge": "विलंब अधिभार",
    "difference": "बिलिंग प्रणाली से अन्तर",
    "payment": "भुगतान",
    "reversed": "भुगतान रद्द",
}
HEADS_WORDS_HINDI = {**HEADS_HINDI, SURCHARGE: "विलंब अधिभार", OTHER: "पुराना बकाया"}


def _printed():
    return datetime.now(INDIA).strftime("%d/%m/%Y %H:%M")


class DiscomPayment(models.Model):
    _inherit = "discom.payment"

    def _label(self, name):
        """English text of a choice, whatever the language of the user."""
        return dict(self._fields[name].selection).get(self[name], "")

    def _mode_text(self, lang):
        """Where it was paid, for the consumer."""
        if lang.startswith("hi"):
            return MODES_HINDI[self.mode]
        return self._label("mode")

    def _document_data(self, lang):
        """Data of the receipts, see ``tools/pdf_ledger.py``.

        :return: ``{payment id: dict}``
        """
        letterheads = self.partner_id._discom_letterheads()
        balances = self._balances_after()
        result = {}
        for payment in self:
            amount = Decimal(str(payment.amount))
            after = balances.get(payment.id, 0)
            cancelled = payment.state == "cancelled"
            result[payment.id] = {
                **letterheads[payment.partner_id.id],
                "receipt": {
                    "number": payment.reference,
                    "date": formats.day(payment.date),
                    "amount": formats.rupees(payment.amount),
                    "words_hi": amount_in_words(amount, "hi"),
                    "words_en": amount_in_words(amount, "en"),
                    "mode_hi": MODES_HINDI[payment.mode],
                    "mode_en": payment._label("mode"),
                    "means_hi": MEANS_HINDI.get(payment.means, ""),
                    "means_en": payment._label("means"),
                    "means_no": payment.means_no or "",
                    "taken_by": payment.create_uid.name or "",
                    "printed": _printed(),
                    "balance": formats.rupees(max(after, 0)),
                    "advance": formats.rupees(-after) if after < 0 else "",
                    "cancelled_hi": REASONS_HINDI.get(payment.cancel_reason, "रद्द")
                    if cancelled
                    else "",
                    "cancelled_en": (payment._label("cancel_reason") or "Cancelled")
                    if cancelled
                    else "",
                },
            }
        return result

    def _balances_after(self):
        """What was due after each payment, below zero for an advance: ``{payment id: rupees}``."""
        entries = self.env["discom.ledger.entry"].search_fetch(
            [("partner_id", "in", self.partner_id.ids), ("payment_id", "in", self.ids)],
            ["payment_id", "balance"],
        )
        return {entry.payment_id.id: entry.balance for entry in entries}

    def _typst_batches(self, ids):
        """Documents of the receipts for their layout, in the order of ``ids``."""
        for batch in split_every(pdf.BATCH, ids, list):
            data = self.browse(batch)._document_data("hi_IN")
            yield [prepare_receipt(data[payment_id]) for payment_id in batch]


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _discom_letterheads(self):
        """Company, office and consumer as papers print them: ``{consumer id: dict}``."""
        bills = self.env["discom.bill"]
        offices = bills._letterheads(self.discom_office_id)
        return {
            consumer.id: {
                **offices[consumer.discom_office_id.id],
                "consumer": bills._document_person(consumer),
            }
            for consumer in self
        }

    def _discom_statement_data(self, lang):
        """Data of the statements of account, see ``tools/pdf_ledger.py``.

        :param lang: language of the words in the table
        :return: ``{consumer id: dict}``
        """
        hindi = lang.startswith("hi")
        dues = self._discom_dues()
        letterheads = self._discom_letterheads()
        entries = self.env["discom.ledger.entry"].search([("partner_id", "in", self.ids)])
        heads_english = dict(self.env["discom.payment.rule.head"]._fields["head"].selection)
        heads = HEADS_WORDS_HINDI if hindi else heads_english
        result = {}
        for consumer in self:
            entry = dues[consumer.id]
            amount = abs(entry["balance"])
            owes = entry["balance"] >= 0
            result[consumer.id] = {
                **letterheads[consumer.id],
                "hindi": hindi,
                "facts": {
                    "printed": _printed(),
                    "balance": formats.rupees(amount),
                    "balance_hi": "कुल बकाया" if owes else "खाते में अग्रिम",
                    "balance_en": "Total due" if owes else "Advance in the account",
                    "words_hi": amount_in_words(amount, "hi"),
                    "words_en": amount_in_words(amount, "en"),
                },
                "months": consumer._discom_statement_months(entry, heads),
                "entries": [
                    line._document_line()
                    for line in entries.filtered(lambda e, c=consumer: e.partner_id == c)
                ],
            }
        return result

    def _discom_statement_months(self, entry, heads):
        rows = [
            {
                "month_hi": formats.month(month["month"], "hi_IN") if month["month"] else "पहले का",
                "month_en": formats.month(month["month"], "en_IN") if month["month"] else "older",
                "amount": formats.rupees(month["amount"]),
                "heads": ", ".join(
                    f"{heads[head]} {formats.rupees(amount)}" for head, amount in month["heads"]
                ),
            }
            for month in entry["months"]
        ]
        if entry["lpsc"]:
            rows.append(
                {
                    "month_hi": HEADS_WORDS_HINDI[SURCHARGE],
                    "month_en": "surcharge",
                    "amount": formats.rupees(entry["lpsc"]),
                    "heads": "",
                }
            )
        return rows

    def _typst_batches(self, ids):
        """Documents of the statements for their layout, each in its consumer's language unless the
        context of the report asks for one (``discom_statement_lang``).

        :raise AccessError: for consumers whose dues the user does not see
        """
        hidden = self.browse(ids) - self.browse(ids)._personal_shown("dues")
        if hidden:
            raise AccessError(
                self.env._(
                    "Dues are shown to field staff only of consumers they are sent to, so there is "
                    "no statement of: %(consumers)s. Ask the office for it.",
                    consumers=hidden._discom_names(),
                )
            )
        asked = self.env.context.get("discom_statement_lang")
        for batch in split_every(pdf.BATCH, ids, list):
            consumers = self.browse(batch)
            data = {}
            groups = {asked: consumers} if asked else consumers.grouped(lambda c: c.lang or "hi_IN")
            for lang, group in groups.items():
                data.update(group._discom_statement_data(lang))
            yield [prepare_statement(data[consumer_id]) for consumer_id in batch]


class DiscomLedgerEntry(models.Model):
    _inherit = "discom.ledger.entry"

    def _document_line(self):
        """The entry as a line of the statement."""
        self.ensure_one()
        hindi, english = KINDS_HINDI[self.kind], dict(self._fields["kind"].selection)[self.kind]
        if self.kind == "bill":
            hindi = f"{hindi} {formats.month(self.period, 'hi_IN')}"
            english = f"{english} {formats.month(self.period, 'en_IN')}"
        elif self.kind == "payment":
            hindi = f"{hindi}, {MODES_HINDI[self.mode]}"
            english = f"{english}, {self.payment_id._label('mode')}"
        elif self.kind == "reversed":
            amount = formats.rupees(self.taken_back)
            reason = REASONS_HINDI.get(self.cancel_reason, "")
            hindi = f"{hindi} ₹{amount} ({reason})"
            english = f"{english} ₹{amount} ({self.payment_id._label('cancel_reason')})"
        return {
            "date": formats.day(self.date),
            "text_hi": hindi,
            "text_en": english,
            "number": self.name or "",
            "debit": formats.rupees(self.debit) if self.debit else "",
            "credit": formats.rupees(self.credit) if self.credit else "",
            "balance": formats.rupees(self.balance),
        }
