from decimal import ROUND_HALF_UP, Decimal

from odoo import models
from odoo.tools import get_lang

from ..tools.words import MAX_AMOUNT, amount_in_words


class ResCurrency(models.Model):
    _inherit = "res.currency"

    def amount_to_text(self, amount):
        """Rupees are said as India says them, in Hindi and in every English: by lakh and crore,
        with the words for rupees and paise in the same language.

        Odoo would say millions to all but users of English (India), and *Rupees* within Hindi.
        Other currencies and languages stay as they are.
        """
        self.ensure_one()
        lang = get_lang(self.env).code or ""
        exact = Decimal(str(amount)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        if self.name != "INR" or lang[:2] not in ("hi", "en") or abs(exact) >= MAX_AMOUNT:
            return super().amount_to_text(amount)
        return amount_in_words(exact, lang)
