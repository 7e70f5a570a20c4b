import hashlib
import hmac
import re
from decimal import Decimal

from odoo import api, fields, models

from ..tools import formats
from ..tools.qr import upi_uri
from ..tools.words import amount_in_words
from .bill import EDITABLE_STATES, LIVE_STATES
from .bill_line import HEADS, HEADS_HINDI

HELPLINE = "1912"
PROOF_DIGITS = 6
AREAS = {"urban": "शहरी Urban", "rural": "ग्रामीण Rural"}
OLDER = ("Earlier", "इससे पहले का")
DRAFT_NOTE = {
    "hi": "प्रारूप: यह बिल अभी जारी नहीं हुआ है।",
    "en": "Draft: this bill is not issued yet.",
}
VOID = {
    "cancelled": {
        "hi": "यह बिल रद्द है, इसे जमा न करें",
        "en": "This bill is cancelled, do not pay it",
    },
    "older": {
        "hi": "नया बिल बन चुका है, उसकी राशि जमा करें",
        "en": "There is a newer bill, pay that one",
    },
}


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    amount_words_hi = fields.Char("In Words (Hindi)", compute="_compute_amount_words")
    amount_words_en = fields.Char("In Words", compute="_compute_amount_words")
    history_html = fields.Html("Consumption", compute="_compute_history_html")

    @api.depends("amount_total")
    def _compute_amount_words(self):
        """Indian words in both languages, whatever the language of the user."""
        for bill in self:
            amount = Decimal(str(bill.amount_total))
            bill.amount_words_hi = amount_in_words(amount, "hi") if amount else False
            bill.amount_words_en = amount_in_words(amount, "en") if amount else False

    @api.depends("history")
    def _compute_history_html(self):
        qweb = self.env["ir.qweb"]
        for bill in self:
            entries = bill.history or []
            top = max((entry["units"] or 0 for entry in entries), default=0)
            rows = [
                {
                    "month": formats.short_month(formats.month_of(entry["month"]), self.env.lang),
                    "units": "" if entry["units"] is None else formats.number(entry["units"]),
                    "percent": round(100 * (entry["units"] or 0) / top) if top > 0 else 0,
                }
                for entry in entries
            ]
            bill.history_html = (
                qweb._render("discom.discom_bill_history", {"history": rows}) if rows else False
            )

    def _document_data(self, lang):
        """Data of the bill's document, every text ready to print.

        :param lang: language of the consumer; the document shows Hindi and English in any case
        :return: ``{bill id: dict}`` with the keys of ``tools/pdf.py``
        """
        arrears = self._arrears_by_month()
        # Whoever has the code may put a number on the account: as private as the number itself.
        codes = self._personal_shown("phone")._proof_codes()
        offers = self._scheme_offer()
        offices = self._document_offices()
        heads = dict(HEADS)
        return {
            bill.id: {
                **offices[bill.office_id],
                "bill": bill._document_bill(),
                "consumer": bill._document_consumer(),
                "readings": bill._document_readings(),
                "lines": [
                    {
                        "name_hi": HEADS_HINDI[line.head],
                        "name_en": line.name or heads[line.head],
                        "qty": formats.number(line.quantity) if line.quantity else "",
                        "rate": formats.number(line.rate) if line.rate else "",
                        "amount": formats.rupees(line.amount),
                    }
                    for line in bill.line_ids
                ],
                "totals": bill._document_totals(),
                "arrears": [
                    {
                        "month": formats.month(month, lang) if month else OLDER[lang[:2] == "hi"],
                        "amount": formats.rupees(amount),
                    }
                    for month, amount in arrears.get(bill.id, ())
                ],
                "history": [
                    {
                        "month_hi": formats.short_month(formats.month_of(entry["month"]), "hi_IN"),
                        "month_en": formats.short_month(formats.month_of(entry["month"]), "en_IN"),
                        "units": entry["units"],
                    }
                    for entry in bill.history or []
                ],
                "upi": {"uri": bill._upi_uri()},
                "proof_code": codes.get(bill.id, ""),
                "settled": bill.state == "paid" and bill.amount_total > 0,
                "void": bill._document_void(),
                "notes": [
                    *([DRAFT_NOTE] if bill.state in EDITABLE_STATES else []),
                    *([offers[bill.id]["note"]] if bill.id in offers else []),
                ],
                "last_payment": {
                    "date": formats.day(bill.last_payment_date),
                    "amount": formats.rupees(bill.last_payment_amount)
                    if bill.last_payment_date
                    else "",
                    "mode": bill.last_payment_mode or "",
                },
            }
            for bill in self
        }

    def _document_offices(self):
        """Letterheads of the bills' offices, by office."""
        letterheads = self._letterheads(self.office_id)
        return {office: letterheads[office.id] for office in self.office_id}

    @api.model
    def _letterheads(self, offices):
        """Names and phones of offices; what an office lacks comes from those above.

        :return: ``{office id: dict}``
        """
        result = {}
        # Everybody who reads a bill reads the letterhead of the offices above it.
        for office in offices.sudo():
            path = office
            while path[-1:].parent_id:
                path += path[-1:].parent_id
            company = office.company_id
            top = path.filtered(lambda node: node.level == "discom")[:1]
            result[office.id] = {
                "discom_name": {
                    "hi": top.name_hi or top.name or company.name,
                    "en": top.name or company.name,
                },
                "office": {
                    "name_hi": office.name_hi or office.name,
                    "name": office.name,
                    "phone": next((node.phone for node in path if node.phone), ""),
                    "grievance": next(
                        (node.grievance_phone for node in path if node.grievance_phone), HELPLINE
                    ),
                },
            }
        return result

    def _document_bill(self):
        basis = self.basis_id
        return {
            "number": self.name,
            "period_hi": formats.month(self.period, "hi_IN"),
            "period_en": formats.month(self.period, "en_IN"),
            "bill_date": formats.day(self.bill_date),
            "due_date": formats.day(self.due_date),
            "late": self._asks_for_payment() and self._is_past_due(self._today()),
            "disconnection_date": formats.day(self.disconnection_date),
            "months": str(self.months),
            "basis_code": basis.code or "",
            "basis_hi": basis.name_hi or "",
            "basis_en": basis.name or "",
            "basis_note_hi": "" if basis.is_actual else basis.explanation_hi or "",
            "basis_note_en": "" if basis.is_actual else basis.explanation or "",
            "basis_actual": basis.is_actual if basis else True,
        }

    def _document_consumer(self):
        """The consumer, with account, category and meter as they were when the bill was made."""
        return {
            **self._document_person(self.partner_id),
            "account_no": self.account_no,
            "category": self.category_id.code or "",
            "meter_no": self.meter_no or "",
        }

    @api.model
    def _document_person(self, consumer):
        """Name, address and connection of a consumer as papers print them."""
        units = dict(consumer._fields["discom_load_unit"].selection)
        load = consumer.discom_sanctioned_load
        number = consumer.discom_whatsapp_number or consumer.phone or ""
        # Papers show an address to those who may see it; consumers get theirs in any case.
        street = consumer._personal_values("street").get(consumer.id)
        return {
            "name_hi": consumer.discom_name_hi or consumer.name,
            "name": consumer.name,
            "guardian": consumer.discom_guardian_name or "",
            "account_no": consumer.discom_account_no,
            "address": ", ".join(filter(None, (street, consumer.discom_village, consumer.zip))),
            "category": consumer.discom_category_id.code or "",
            "load": f"{formats.number(load)} {units[consumer.discom_load_unit]}"
            if load and consumer.discom_load_unit
            else "",
            "meter_no": consumer.discom_meter_no or "",
            "area": AREAS.get(consumer.discom_area, ""),
            "phone_last4": number[-4:],
        }

    def _document_readings(self):
        rows = []
        if self.reading_current_date or self.reading_current or self.units:
            rows.append(
                {
                    "label_hi": "यूनिट (kWh)",
                    "label_en": "Units (kWh)",
                    "previous": formats.number(self.reading_previous),
                    "previous_date": formats.day(self.reading_previous_date),
                    # A provisional bill has none, which is not the reading 0.
                    "current": formats.number(self.reading_current)
                    if self.reading_current_date
                    else "",
                    "current_date": formats.day(self.reading_current_date),
                    "units": formats.number(self.units),
                }
            )
        if self.units_kvah:
            rows.append(
                {
                    "label_hi": "यूनिट (kVAh)",
                    "label_en": "Units (kVAh)",
                    "previous": formats.number(self.reading_kvah_previous),
                    "previous_date": formats.day(self.reading_previous_date),
                    "current": formats.number(self.reading_kvah_current)
                    if self.reading_kvah_current
                    else "",
                    "current_date": formats.day(self.reading_current_date),
                    "units": formats.number(self.units_kvah),
                }
            )
        if self.demand:
            rows.append(
                {
                    "label_hi": "अधिकतम माँग (kW)",
                    "label_en": "Maximum demand (kW)",
                    "current": formats.number(self.demand),
                    "current_date": formats.day(self.reading_current_date),
                }
            )
        return rows

    def _document_void(self):
        """Why nobody may pay by this bill, empty where it counts."""
        if self.state == "cancelled":
            return VOID["cancelled"]
        if self.state in LIVE_STATES and not self.is_latest:
            return VOID["older"]
        return {}

    def _document_totals(self):
        """Amounts of the bill as it was made, and what is asked for today, which is in words."""
        asked = self._payable() if self._asks_for_payment() else Decimal(str(self.amount_total))
        # Before the due date: what it will be after that, less what was paid.
        later = max(self.amount_after_due - self.amount_paid, self.amount_due)
        late = self._is_past_due(self._today())
        return {
            "current": formats.rupees(self.amount_current),
            "arrears": formats.rupees(self.amount_arrears),
            "lpsc": formats.rupees(self.amount_lpsc),
            "total": formats.rupees(self.amount_total),
            "asked": formats.rupees(asked),
            "paid": formats.rupees(self.amount_paid) if self.amount_paid else "",
            "after_due": formats.rupees(later) if self.amount_after_due and not late else "",
            "words_hi": amount_in_words(asked, "hi"),
            "words_en": amount_in_words(asked, "en"),
        }

    def _upi_uri(self, most=None):
        """Link that pays what is payable today, or empty text where the bill asks for nothing.

        :param Decimal most: what the paper asks for, where that is less
        """
        company = self.company_id.sudo()  # the payee is printed on every bill
        if not company.discom_upi_address or not self._asks_for_payment():
            return ""
        return upi_uri(
            company.discom_upi_address,
            company.discom_upi_name or company.name,
            self._payable() if most is None else min(self._payable(), most),
            reference=re.sub(r"[^A-Za-z0-9]", "", f"{self.account_no}{self.name}")[:35],
            note=f"{self.account_no} {self.name}",
        )

    def _proof_codes(self):
        """Codes by which a consumer proves to hold a bill: six digits that follow from the bill and
        a secret of the database, so that nothing is stored and nobody can compute them.

        :return: ``{bill id: text}``
        """
        # The secret itself stays in this method.
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret").encode()
        codes = {}
        for bill in self:
            message = f"discom.bill.proof/{bill.id}/{bill.name}".encode()
            digest = hmac.new(secret, message, hashlib.sha256).digest()
            number = int.from_bytes(digest[:8], "big") % 10**PROOF_DIGITS
            codes[bill.id] = f"{number:0{PROOF_DIGITS}}"
        return codes
