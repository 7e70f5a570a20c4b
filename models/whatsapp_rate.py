from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

#: Categories in which Meta bills a message, in the words of its webhooks.
#: https://developers.facebook.com/docs/whatsapp/pricing
CATEGORIES = [
    ("utility", "Utility"),
    ("authentication", "Authentication"),
    ("marketing", "Marketing"),
    ("service", "Service"),
]
#: A message is priced by the country of its recipient; the consumers of a division are in India.
RECIPIENT_COUNTRY = "base.in"


class WhatsAppRate(models.Model):
    """What Meta charges for one delivered message, from a day on.

    Prices change at the start of a quarter and differ by country and category, so they are dated
    records with a source. A rate nobody has checked against Meta's own rate card says so wherever
    it is used.
    """

    _name = "discom.whatsapp.rate"
    _description = "WhatsApp Rate"
    _order = "country_id, category, valid_from desc"
    _rec_name = "category"

    country_id = fields.Many2one(
        "res.country",
        "Recipient's Country",
        required=True,
        default=lambda self: self.env.ref(RECIPIENT_COUNTRY),
    )
    category = fields.Selection(CATEGORIES, required=True, default="utility")
    price = fields.Float(
        "Price per Message",
        required=True,
        digits=(10, 6),
        aggregator=None,
        help="For one delivered message, before tax.",
    )
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )
    tax_percent = fields.Float("GST (%)", default=18.0, digits=(5, 2), aggregator=None)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(help="The last day. Empty: until a later rate begins.")
    source = fields.Char(required=True, help="Where the price was read, and when.")
    unverified = fields.Boolean(
        default=True, help="Nobody has compared it with Meta's own rate card yet."
    )

    _once = models.Constraint(
        "unique(country_id, category, valid_from)",
        "There is a rate of this country and category from this day on already. Change that one.",
    )
    _price_positive = models.Constraint(
        "CHECK(price >= 0 AND tax_percent >= 0)", "A price and its tax cannot be negative."
    )

    @api.constrains("valid_from", "valid_to")
    def _check_dates(self):
        for rate in self:
            if rate.valid_to and rate.valid_to < rate.valid_from:
                raise ValidationError(
                    self.env._("The last day lies before the first. Correct one of the two.")
                )

    @api.depends("category", "country_id", "valid_from")
    def _compute_display_name(self):
        names = dict(self._fields["category"]._description_selection(self.env))
        for rate in self:
            rate.display_name = self.env._(
                "%(category)s, %(country)s, from %(date)s",
                category=names.get(rate.category, ""),
                country=rate.country_id.code or "",
                date=rate.valid_from or "",
            )

    @api.model
    def _for(self, category, date=None):
        """Return the rate of a category for consumers on a day, by default today; maybe empty.

        :param str category: of Meta, in any case
        """
        date = date or fields.Date.context_today(self)
        return self.search(
            [
                ("country_id", "=", self.env.ref(RECIPIENT_COUNTRY).id),
                ("category", "=", (category or "").lower()),
                ("valid_from", "<=", date),
                "|",
                ("valid_to", "=", False),
                ("valid_to", ">=", date),
            ],
            order="valid_from desc",
            limit=1,
        )

    def _amount(self, count):
        """Return what ``count`` delivered messages cost, tax included."""
        self.ensure_one()
        return count * self.price * (1 + self.tax_percent / 100)

    @api.model
    def _billed(self, broadcast_ids):
        """Return {broadcast id: (messages billed, amount with tax)}, counted from Meta's reports.

        A message counts when it was delivered, in the category that came with its report and at the
        rate of that day.
        """
        if not broadcast_ids:
            return {}
        self.env["discom.whatsapp.message"].flush_model()
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                WITH billed AS (
                    SELECT broadcast_id, category, delivered_at::date AS day, count(*) AS messages
                      FROM discom_whatsapp_message
                     WHERE broadcast_id = ANY(%(broadcasts)s) AND state IN ('delivered', 'read')
                       AND category IS NOT NULL
                     GROUP BY broadcast_id, category, delivered_at::date
                )
                SELECT b.broadcast_id, sum(b.messages)::int,
                       sum(b.messages * r.price * (1 + r.tax_percent / 100))::float
                  FROM billed b
                  LEFT JOIN LATERAL (
                       SELECT price, COALESCE(tax_percent, 0) AS tax_percent
                         FROM discom_whatsapp_rate
                        WHERE country_id = %(country)s AND category = b.category
                          AND valid_from <= b.day AND (valid_to IS NULL OR valid_to >= b.day)
                        ORDER BY valid_from DESC LIMIT 1) r ON TRUE
                 GROUP BY b.broadcast_id
                """,
                broadcasts=list(broadcast_ids),
                country=self.env.ref(RECIPIENT_COUNTRY).id,
            )
        )
        return {row[0]: (row[1], row[2] or 0.0) for row in self.env.cr.fetchall()}
