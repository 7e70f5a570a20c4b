from datetime import timedelta
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools import formats
from ..tools.phone import mask, to_latin_digits

#: Payments shown of a consumer.
LAST_PAYMENTS = 3
#: Days for which a bounced cheque is held against another.
BOUNCED_DAYS = 365


class DiscomPaymentCounter(models.AbstractModel):
    """What the payment counter asks the server: one call for each step of the queue."""

    _name = "discom.payment.counter"
    _inherit = ["discom.counter.mixin"]
    _description = "Payment counter"

    @api.model
    def start(self):
        """Return what the screen needs once: ways to pay and what was taken today."""
        self._check_user()
        means = self.env["discom.payment"]._fields["means"]._description_selection(self.env)
        return {
            "means": [{"key": key, "label": label} for key, label in means],
            "today": self._today(),
        }

    @api.model
    def find(self, text):
        """Return the consumers that ``text`` (any number, a phone, a name) finds, the first few.

        :return: dict with ``rows``, ``more`` (whether there are others) and ``card`` when there is
            exactly one
        """
        self._check_user()
        return self._find(text)

    @api.model
    def card(self, partner_id):
        """Return what the clerk sees of one consumer: dues by month, offer, last payments."""
        consumer = self._consumer(partner_id)
        dues = consumer._discom_dues()[consumer.id]
        rule = self.env["discom.payment.rule"]._current()
        heads = dict(
            self.env["discom.payment.rule.head"]._fields["head"]._description_selection(self.env)
        )
        bill = self.env["discom.bill"].browse(dues["bill_id"])
        offer = bill._scheme_offer().get(bill.id) if bill else None
        part = rule._part_of(consumer)
        fee = self._late_fee(bill) if dues["due"] else Decimal(0)
        return {
            "id": consumer.id,
            "name": consumer.name,
            "name_hi": consumer.discom_name_hi or "",
            "guardian": consumer.discom_guardian_name or "",
            "account": consumer.discom_account_no,
            "village": self._village(consumer),
            "office": consumer.discom_office_id.with_context(
                hierarchical_naming=False
            ).display_name,
            "phone": mask(consumer.discom_whatsapp_number or "") or "",
            "live": consumer.discom_status in (False, "live"),
            "status": dict(consumer._fields["discom_status"]._description_selection(self.env)).get(
                consumer.discom_status, ""
            ),
            "due": formats.rupees(dues["due"]),
            "amount": str(dues["due"] + fee) if dues["due"] else "",
            "late": formats.rupees(dues["due"] + fee) if fee else "",
            "advance": formats.rupees(dues["advance"]) if dues["advance"] else "",
            "due_date": formats.day(bill.due_date) if bill else "",
            "least": formats.rupees(part._least(float(dues["due"])))
            if part and dues["due"]
            else "",
            "offer": offer["note"][self._note_lang()] if offer else "",
            **consumer._discom_dues_rows(dues, heads),
            "payments": [
                {
                    "id": payment.id,
                    "date": formats.day(payment.date),
                    "amount": formats.rupees(payment.amount),
                    "reference": payment.reference,
                    "cancelled": payment.state == "cancelled",
                }
                for payment in self.env["discom.payment"].search(
                    [("partner_id", "=", consumer.id)], limit=LAST_PAYMENTS
                )
            ],
        }

    @api.model
    def warnings(self, partner_id, values):
        """Return what the clerk should think about before taking an amount: list of texts.

        :param dict values: as of :meth:`take`
        """
        consumer = self._consumer(partner_id)
        amount = self._amount(values.get("amount"))
        dues = consumer._discom_dues()[consumer.id]
        payable = dues["due"] + self._late_fee(self.env["discom.bill"].browse(dues["bill_id"]))
        return [
            *self._amount_warnings(consumer, amount, dues["due"], payable),
            *self._history_warnings(consumer, values.get("means"), amount),
        ]

    @api.model
    def take(self, partner_id, values):
        """Take a payment and return what to tell the consumer.

        :param dict values: ``amount`` (text, as typed), ``means``, ``means_no`` and ``token``:
            made by the screen for each payment, so that a request sent twice is one payment
        :return: dict with ``id``, ``reference``, ``amount``, ``balance``, ``message`` (what becomes
            of the receipt on WhatsApp) and ``today``
        """
        consumer = self._consumer(partner_id)
        token = (values.get("token") or "")[:64]
        payments = self.env["discom.payment"]
        payment = token and payments.search(
            [("partner_id", "=", consumer.id), ("counter_token", "=", token)], limit=1
        )
        if not payment:
            payment = payments.create(
                {
                    "partner_id": consumer.id,
                    "amount": float(self._amount(values.get("amount"))),
                    "means": values.get("means") or "cash",
                    "means_no": (values.get("means_no") or "").strip() or False,
                    "mode": "counter",
                    "counter_token": token or False,
                }
            )
        dues = consumer._discom_dues()[consumer.id]
        return {
            "id": payment.id,
            "reference": payment.reference,
            "amount": formats.rupees(payment.amount),
            "balance": formats.rupees(dues["due"]),
            "advance": formats.rupees(dues["advance"]) if dues["advance"] else "",
            "message": self._receipt_state(payment),
            "today": self._today(),
        }

    # === BUSINESS METHODS === #

    def _note_lang(self):
        return "hi" if (self.env.lang or "").startswith("hi") else "en"

    @api.model
    def _check_user(self):
        """
        :raise AccessError: for whoever takes no payments at the counter
        """
        if not self.env.user.has_group("discom.group_counter_clerk"):
            raise AccessError(self.env._("The payment counter is for counter clerks."))

    @api.model
    def _amount(self, text):
        """The amount typed, in rupees.

        :raise UserError: when it is no amount above zero
        """
        typed = to_latin_digits(str(text or "")).replace(",", "").replace("₹", "").strip()
        try:
            amount = Decimal(typed)
        except InvalidOperation:
            amount = Decimal(0)
        if not amount.is_finite() or amount <= 0 or amount != amount.quantize(Decimal("0.01")):
            raise UserError(
                self.env._(
                    "“%(text)s” is not an amount. Write rupees and paise, such as 1250.50.",
                    text=text or "",
                )
            )
        return amount

    @api.model
    def _late_fee(self, bill):
        """What the newest bill asks for beyond the dues, once its due date is over."""
        return bill._payable() - Decimal(str(bill.amount_due)) if bill else Decimal(0)

    @api.model
    def _amount_warnings(self, consumer, amount, due, payable):
        rule = self.env["discom.payment.rule"]._current()
        part = rule._part_of(consumer)
        if amount > payable:
            return [
                self.env._(
                    "₹%(amount)s more than is due; it stays in the account as an advance.",
                    amount=formats.rupees(amount - payable),
                )
            ]
        warnings = []
        least = Decimal(str(part._least(float(due)))) if part else Decimal(0)
        if amount < due and amount < least:
            warnings.append(
                self.env._(
                    "Part payment below ₹%(least)s (%(rule)s). It is taken, but does not keep the"
                    " supply from being cut.",
                    least=formats.rupees(least),
                    rule=part.name,
                )
            )
        if amount < due and rule.part_days:
            since = self.env["discom.bill"]._today() - timedelta(days=rule.part_days)
            earlier = self.env["discom.payment"].search(
                [
                    ("partner_id", "=", consumer.id),
                    ("state", "=", "posted"),
                    ("date", ">", since),
                ],
                limit=1,
            )
            if earlier:
                warnings.append(
                    self.env._(
                        "A part was paid on %(date)s already; once in %(days)s days is usual.",
                        date=formats.day(earlier.date),
                        days=rule.part_days,
                    )
                )
        return warnings

    @api.model
    def _history_warnings(self, consumer, means, amount):
        warnings = []
        today = self.env["discom.bill"]._today()
        payments = self.env["discom.payment"]
        same = payments.search(
            [
                ("partner_id", "=", consumer.id),
                ("state", "=", "posted"),
                ("date", "=", today),
                ("amount", "=", float(amount)),
            ],
            limit=1,
        )
        if same:
            warnings.append(
                self.env._(
                    "The same amount was taken today already (%(reference)s).",
                    reference=same.reference,
                )
            )
        if means == "cheque" and payments.search_count(
            [
                ("partner_id", "=", consumer.id),
                ("cancel_reason", "=", "bounced"),
                ("date", ">=", today - timedelta(days=BOUNCED_DAYS)),
            ],
            limit=1,
        ):
            warnings.append(self.env._("A cheque of this consumer has bounced within a year."))
        if consumer.discom_status == "permanent":
            warnings.append(self.env._("The connection is permanently disconnected."))
        return warnings

    @api.model
    def _receipt_state(self, payment):
        """What becomes of the receipt on WhatsApp, for the clerk to tell."""
        # Messages are read by all staff of the office; only this one's way is told here.
        message = (
            self.env["discom.whatsapp.message"]
            .sudo()
            .search(
                [("res_model", "=", payment._name), ("res_id", "=", payment.id)],
                order="id desc",
                limit=1,
            )
        )
        if not message:
            return ""
        if message.state == "skipped":
            reasons = dict(message._fields["skip_reason"]._description_selection(self.env))
            return self.env._(
                "No receipt on WhatsApp: %(reason)s.", reason=reasons.get(message.skip_reason, "")
            )
        return self.env._("The receipt goes to %(phone)s on WhatsApp.", phone=mask(message.phone))

    @api.model
    def _today(self):
        """What the user has taken at the counter today: number and rupees."""
        today = self.env["discom.bill"]._today()
        count, amount = self.env["discom.payment"]._read_group(
            [
                ("create_uid", "=", self.env.uid),
                ("mode", "=", "counter"),
                ("import_id", "=", False),
                ("state", "=", "posted"),
                ("date", "=", today),
            ],
            [],
            ["__count", "amount:sum"],
        )[0]
        return {"count": count, "amount": formats.rupees(amount or 0)}


class DiscomPayment(models.Model):
    _inherit = "discom.payment"

    counter_token = fields.Char(readonly=True, copy=False)

    # A request that the network repeats is one payment, even at the same moment.
    _counter_token_uniq = models.UniqueIndex(
        "(partner_id, counter_token) WHERE counter_token IS NOT NULL",
        "This payment was taken already. Look at the payments of the consumer "
        "before you take it again.",
    )
