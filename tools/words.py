"""Amounts of money in words, for bills and receipts.

Hindi is a converter in num2words' own form, because num2words has none. Importing this module
registers it under ``hi``, so that ``num2words(..., lang="hi")`` speaks Hindi too, and with it
Odoo's ``res.currency.amount_to_text``. English is num2words' ``en_IN``, which counts in
lakh and crore.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from num2words import CONVERTER_CLASSES, num2words
from num2words.base import Num2Word_Base
from num2words.currency import parse_currency_parts

CRORE = 10**7
#: From here on there are no words: a lakh crore crores.
MAX_AMOUNT = CRORE * CRORE

# 0 to 99: every Hindi number below a hundred is a word of its own.
HINDI_NUMBERS = (
    "शून्य एक दो तीन चार पाँच छह सात आठ नौ "
    "दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस "
    "बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस "
    "तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस "
    "चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास "
    "पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ "
    "साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर "
    "सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी "
    "अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी "
    "नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
).split()


class Num2Word_HI(Num2Word_Base):
    """Hindi numbers for num2words: सौ, हज़ार, लाख, करोड़; "एक" is always said (एक सौ, never सौ).

    From a hundred crore on, crores are counted (एक सौ तेईस करोड़, एक लाख करोड़), up to ``MAXVAL``.
    """

    CURRENCY_FORMS = {"INR": (("रुपया", "रुपये"), ("पैसा", "पैसे"))}
    ORDINALS = {1: "पहला", 2: "दूसरा", 3: "तीसरा", 4: "चौथा", 6: "छठा"}

    def __init__(self):
        super().__init__()
        self.MAXVAL = MAX_AMOUNT

    def setup(self):
        self.negword = "ऋण"
        self.pointword = "दशमलव"
        self.low_numwords = HINDI_NUMBERS[::-1]
        self.mid_numwords = [(1000, "हज़ार"), (100, "सौ")]
        self.high_numwords = [(CRORE, "करोड़"), (10**5, "लाख")]

    def set_high_numwords(self, high):
        self.cards.update(high)

    def merge(self, lpair, rpair):
        """Join two neighbouring (words, number) parts.

        num2words splits a number below 100 as one times itself.
        """
        (left, left_number), (right, right_number) = lpair, rpair
        if left_number == 1 and right_number < 100:
            return rpair
        if right_number > left_number:
            return f"{left} {right}", left_number * right_number
        return f"{left} {right}", left_number + right_number

    def to_cardinal_float(self, value):
        """Digits after the point are said one by one, as written (never from a binary float)."""
        try:
            sign, digits, exponent = Decimal(str(value)).as_tuple()
        except InvalidOperation as error:
            raise TypeError(self.errmsg_nonnum % value) from error
        if not isinstance(exponent, int):
            raise TypeError(self.errmsg_nonnum % value)
        text = "".join(map(str, digits)).rjust(1 - exponent, "0")
        words = [self.to_cardinal(int(text[:exponent])), self.pointword]
        words += [self.to_cardinal(int(digit)) for digit in text[exponent:]]
        return " ".join([self.negword] * sign + words)

    def to_ordinal(self, value):
        self.verify_ordinal(value)
        return self.ORDINALS.get(value) or f"{self.to_cardinal(value)}वाँ"

    def to_ordinal_num(self, value):
        self.verify_ordinal(value)
        ending = self.ORDINALS[value][-2:] if value in self.ORDINALS else "वाँ"
        return f"{value}{ending}"

    def pluralize(self, n, forms):
        return forms[0 if n == 1 else 1]

    def to_currency(self, val, currency="INR", cents=True, separator="", adjective=False):
        """Rupees and paise; no paise are said where there are none.

        As everywhere in num2words, an int counts the smaller unit.
        """
        rupees, paise, negative = parse_currency_parts(val)
        if currency not in self.CURRENCY_FORMS:
            raise NotImplementedError(
                f'Currency code "{currency}" not implemented for "{type(self).__name__}"'
            )
        rupee_forms, paisa_forms = self.CURRENCY_FORMS[currency]
        words = f"{self.to_cardinal(rupees)} {self.pluralize(rupees, rupee_forms)}"
        if negative:
            words = f"{self.negword} {words}"
        if paise:
            amount = self.to_cardinal(paise) if cents else self._cents_terse(paise, currency)
            words = f"{words}{separator} {amount} {self.pluralize(paise, paisa_forms)}"
        return words


CONVERTER_CLASSES["hi"] = Num2Word_HI()


def _english_cardinal(number):
    """``en_IN`` words of a whole number >= 0; num2words itself stops at 1,000 crore."""
    crores, rest = divmod(number, CRORE)
    if crores < 1000:
        return num2words(number, lang="en_IN")
    words = f"{_english_cardinal(crores)} crore"
    if not rest:
        return words
    return f"{words}{', ' if rest >= 100 else ' and '}{num2words(rest, lang='en_IN')}"


def _english_amount(amount):
    rupees, paise, negative = parse_currency_parts(amount)
    words = f"{_english_cardinal(rupees)} {'rupee' if rupees == 1 else 'rupees'}"
    if paise:
        words += f" and {num2words(paise, lang='en_IN')} {'paisa' if paise == 1 else 'paise'}"
    words = f"{'minus ' if negative else ''}{words} only"
    return words[0].upper() + words[1:]


def amount_in_words(amount, lang):
    """Words of an amount in rupees, as written on a bill or cheque.

    :param amount: rupees as ``Decimal``, ``int`` or decimal text such as ``"1234.50"``, rounded
        half up to paise. Floats are refused: 0.1 + 0.2 has no business on a bill.
    :param str lang: Hindi for ``hi`` and ``hi_IN``, Indian English for any other
    :returns: "दो सौ चौंतीस रुपये पचास पैसे मात्र", "Two hundred and thirty-four rupees and fifty
        paise only"; no paise where there are none, "ऋण" or "Minus" in front of a credit
    :raises TypeError: for a float or another type
    :raises ValueError: when the text is not a finite number
    :raises OverflowError: from 10^14 rupees on
    """
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, int, str)):
        raise TypeError(f"An amount must be Decimal, int or text, not {type(amount).__name__}.")
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError(f"Not an amount: {amount!r}") from error
    if not value.is_finite():
        raise ValueError(f"Not an amount: {amount!r}")
    if abs(value) >= MAX_AMOUNT:
        raise OverflowError(f"Amount too large for words: {amount}")
    value = value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    if lang.split("_")[0] == "hi":
        return f"{num2words(value, lang='hi', to='currency', currency='INR')} मात्र"
    return _english_amount(value)
