"""The formal notice on paper: what it says, every text ready to print."""

from decimal import Decimal

from odoo import models
from odoo.exceptions import UserError
from odoo.tools.misc import split_every

from ..tools import formats, pdf
from ..tools.pdf_notice import prepare_notice
from ..tools.words import amount_in_words
from .bill_payment_document import HEADS_WORDS_HINDI, SURCHARGE

#: Months shown one by one; the older ones are folded into one line. With it and the surcharge the
#: page holds no more.
MONTHS = 15


class DiscomNotice(models.Model):
    _inherit = "discom.notice"

    def _document_data(self):
        """Data of the notices, see ``tools/pdf_notice.py``: ``{notice id: dict}``."""
        bills = self.env["discom.bill"]
        letterheads = bills._letterheads(self.office_id)
        months = self.bill_id._unpaid_by_month()
        result = {}
        for notice in self:
            bill = notice.bill_id
            amount = notice._amount_printed()
            # sudo: the name of the officer who signs stands on the paper.
            officer = notice.officer_id.sudo()
            result[notice.id] = {
                **letterheads[notice.office_id.id],
                "consumer": bills._document_person(notice.partner_id),
                "notice": {
                    "number": notice.name or "",
                    "date": formats.day(notice.date_issued or notice.date),
                    "amount": formats.rupees(amount),
                    "words_hi": amount_in_words(amount, "hi"),
                    "words_en": amount_in_words(amount, "en"),
                    "days": str(notice.company_id.discom_notice_clear_days),
                    "due_date": formats.day(bill.due_date),
                    "bill_no": bill.name,
                    "officer": officer.name or "",
                    "officer_title": officer.function or "",
                    "forum": notice.company_id.discom_notice_authority or "",
                    "served_on": formats.day(notice.served_on),
                    "last_day": formats.day(notice.last_day),
                },
                "months": notice._dues_lines(*months.get(bill.id, ((), 0))),
                "upi": {"uri": bill._upi_uri(amount)},
            }
        return result

    def _amount_printed(self):
        """What the notice asks for: the same on paper, in its QR code and in the message.

        :rtype: Decimal
        """
        self.ensure_one()
        amount = self.amount_recoverable or self.amount
        return Decimal(str(amount)).quantize(Decimal("0.01"))

    def _dues_lines(self, months, surcharge):
        """Lines of the table: newest month first, what is older in one line, then the surcharge.

        The months are those of today; lines below them lead to the amount of the notice, where
        old dues are no part of it, or where payments or bills came after it.
        """
        self.ensure_one()
        dated = [row for row in months if row[0]]
        older = sum(amount for _month, amount in dated[MONTHS:])
        older += sum(amount for month, amount in months if not month)
        lines = [(formats.month(month, "hi_IN"), amount) for month, amount in dated[:MONTHS]]
        lines += [("पहले का", older), (HEADS_WORDS_HINDI[SURCHARGE], surcharge)]
        barred = self._amount_printed() - Decimal(str(self.amount)).quantize(Decimal("0.01"))
        since = self._amount_printed() - barred - sum(Decimal(str(line[1])) for line in lines)
        lines += [
            ("दो वर्ष से पुराना, इसमें नहीं", barred),
            ("सूचना के बाद जमा" if since > 0 else "बाद के बिल", since),
        ]
        return [
            {"month": text, "amount": formats.rupees(amount)} for text, amount in lines if amount
        ]

    def _typst_batches(self, ids):
        """Documents of the notices for their layout, in the order of ``ids``."""
        notices = self.browse(ids)
        if draft := notices.filtered(lambda notice: notice.kind != "formal" or not notice.name):
            raise UserError(
                self.env._(
                    "Not issued as formal notices, so there is nothing to print: "
                    "%(notices)s. Leave these out.",
                    notices=draft._discom_names(),
                )
            )
        for batch in split_every(pdf.BATCH, ids, list):
            data = self.browse(batch)._document_data()
            yield [prepare_notice(data[notice_id]) for notice_id in batch]


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    def _unpaid_by_month(self):
        """What is still due on each bill: ``{bill id: (months, surcharge)}``, months as
        ``[(month or None, rupees), ...]``, newest first; None is older than the bills known."""
        dues = self.partner_id._discom_dues()
        result = {}
        for bill in self:
            if entry := dues.get(bill.partner_id.id):
                months = [(month["month"], month["amount"]) for month in reversed(entry["months"])]
                result[bill.id] = (months, entry["lpsc"])
        return result
