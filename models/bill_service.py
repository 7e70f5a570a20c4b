"""What consumers ask by WhatsApp about their bills: bill, dues and how to pay, receipt."""

from odoo import api, models

from ..tools import formats
from .bill import LIVE_STATES
from .whatsapp_turn import Service

TEXTS = {
    "bill": (
        "खाता …{last4}: {period} का बिल {name}\nदेय राशि: *₹{due}*\nअंतिम तिथि: {date}{link}",
        "Account …{last4}: bill {name} of {period}\nAmount due: *₹{due}*\nDue date: {date}{link}",
    ),
    "dues": (
        "खाता …{last4}: देय राशि *₹{due}*\nअंतिम तिथि: {date}{link}\n\nहम कभी OTP नहीं माँगते और न "
        "कोई ऐप इंस्टॉल करने को कहते हैं।",
        "Account …{last4}: amount due *₹{due}*\nDue date: {date}{link}\n\nWe never ask for an OTP "
        "and never ask you to install an app.",
    ),
    "paid": (
        "खाता …{last4}: कोई राशि देय नहीं है। धन्यवाद।{link}",
        "Account …{last4}: nothing is due. Thank you.{link}",
    ),
    "link": ("\nबिल देखें और भुगतान करें: {link}", "\nSee the bill and pay: {link}"),
    "no_bill": (
        "खाता …{last4}: अभी कोई बिल दर्ज नहीं है।",
        "Account …{last4}: there is no bill yet.",
    ),
    "receipt": (
        "खाता …{last4}: {date} को ₹{amount} जमा हुए। रसीद संख्या {reference}, माध्यम: {mode}।",
        "Account …{last4}: ₹{amount} received on {date}. Receipt {reference}, by {mode}.",
    ),
    "no_receipt": (
        "खाता …{last4}: कोई भुगतान दर्ज नहीं है। हाल के भुगतान को दिखने में दो-तीन दिन लग सकते हैं।",
        "Account …{last4}: no payment is recorded. A recent one may take two or three days.",
    ),
}
#: Stands in texts for the token, see ``_whatsapp_secrets`` of the bill.
PLACEHOLDER = "{{bill_token}}"
#: Among the values of a message: the bill whose page its text links to.
PAGE_OF = "page_of"


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    @api.model
    def _service_newest(self, requests):
        """Return {consumer id: newest bill in force} of the consumers of ``requests``."""
        bills = self.search(
            [
                ("partner_id", "in", [request.partner.id for request in requests]),
                ("is_latest", "=", True),
                ("state", "in", LIVE_STATES),
            ]
        )
        return {bill.partner_id.id: bill for bill in bills}

    @api.model
    def _service_bill(self, requests):
        """Send the newest bill of each as PDF."""
        newest = self._service_newest(requests)
        for request in requests:
            bill = newest.get(request.partner.id)
            if bill:
                bill._service_say(request, "bill")
                request.turn.document = bill
            else:
                self._service_no_bill(request)

    @api.model
    def _service_dues(self, requests):
        """Say what is due on each account, until when, and how to pay."""
        newest = self._service_newest(requests)
        for request in requests:
            bill = newest.get(request.partner.id)
            if bill:
                key = "dues" if bill.amount_due > 0 else "paid"
                bill._service_say(request, key)
            else:
                self._service_no_bill(request)

    @api.model
    def _service_no_bill(self, request):
        last4 = request.partner.discom_account_no[-4:]
        request.turn.say(request.turn.pick(TEXTS["no_bill"]).format(last4=last4))

    def _service_say(self, request, key):
        """Answer with what is asked for; the link of the page gets its token when it leaves."""
        turn = request.turn
        turn.values = {PAGE_OF: self.id}
        turn.say(
            turn.pick(TEXTS[key]).format(
                last4=self.account_no[-4:],
                name=self.name,
                period=formats.month(self.period, "en_IN" if turn.lang == "en" else "hi_IN"),
                due=formats.rupees(self.amount_payable),
                date=formats.day(self.due_date),
                link=turn.pick(TEXTS["link"]).format(link=self._link_address(PLACEHOLDER)),
            )
        )


class DiscomPayment(models.Model):
    _inherit = "discom.payment"

    @api.model
    def _service_receipt(self, requests):
        """Send the receipt of the last payment of each account."""
        self.flush_model()
        newest = {}
        for payment in self.search(
            [
                ("partner_id", "in", [request.partner.id for request in requests]),
                ("state", "=", "posted"),
                ("id", "in", self._service_last([r.partner.id for r in requests])),
            ]
        ):
            newest[payment.partner_id.id] = payment
        for request in requests:
            turn, payment = request.turn, newest.get(request.partner.id)
            values = {"last4": request.partner.discom_account_no[-4:]}
            if not payment:
                turn.say(turn.pick(TEXTS["no_receipt"]).format(**values))
                continue
            turn.say(
                turn.pick(TEXTS["receipt"]).format(
                    **values,
                    date=formats.day(payment.date),
                    amount=formats.rupees(payment.amount),
                    reference=payment.reference,
                    mode=payment._mode_text("en_IN" if turn.lang == "en" else "hi_IN"),
                )
            )
            turn.document = payment

    @api.model
    def _service_last(self, partner_ids):
        """Return the ids of the last posted payment of each consumer."""
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (partner_id) id FROM discom_payment
             WHERE partner_id = ANY(%s) AND state = 'posted'
             ORDER BY partner_id, date DESC, id DESC
            """,
            [partner_ids],
        )
        return [row[0] for row in self.env.cr.fetchall()]


class DiscomWhatsappConversation(models.Model):
    _inherit = "discom.whatsapp.conversation"

    @api.model
    def _services(self):
        bills, payments = self.env["discom.bill"], self.env["discom.payment"]
        return [
            *super()._services(),
            Service(
                "bill",
                ("bill", "bil", "बिल", "बिजली बिल", "bijli bill", "bijli bil", "electricity bill",
                 "बिल pdf", "bill pdf", "latest bill", "नया बिल"),
                ("बिल (PDF)", "Bill (PDF)"),
                ("इस बार का बिल यहीं पाएँ", "Get the newest bill here"),
                bills._service_bill,
                sequence=10,
            ),
            Service(
                "dues",
                ("dues", "due", "बकाया", "bakaya", "देय", "भुगतान", "pay", "payment", "pay bill",
                 "बिल भुगतान", "कितना बकाया", "amount due", "balance"),
                ("बकाया और भुगतान", "Dues and payment"),
                ("कितना देना है, कैसे दें", "How much, and how to pay"),
                bills._service_dues,
                sequence=20,
            ),
            Service(
                "receipt",
                ("receipt", "रसीद", "rasid", "raseed", "last payment", "अंतिम भुगतान"),
                ("रसीद", "Receipt"),
                ("पिछले भुगतान की रसीद", "Receipt of the last payment"),
                payments._service_receipt,
                sequence=30,
            ),
        ]  # fmt: skip


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    def _secrets(self):
        """Tokens of the pages that automatic answers link to."""
        pages = {
            message.id: message.values[PAGE_OF]
            for message in self
            if not message.template_id and (message.values or {}).get(PAGE_OF)
        }
        made = self.env["discom.bill"].browse(pages.values()).exists()._whatsapp_secrets()
        own = {
            message_id: made[bill_id] for message_id, bill_id in pages.items() if bill_id in made
        }
        return {**super()._secrets(), **own}
