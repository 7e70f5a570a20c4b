import random
import unicodedata
from decimal import Decimal

from num2words import num2words

from odoo.tests import BaseCase, TransactionCase, tagged

from ..tools.words import amount_in_words

BELOW_100 = """
शून्य एक दो तीन चार पाँच छह सात आठ नौ
दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह उन्नीस
बीस इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस
तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस उनतालीस
चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास
पचास इक्यावन बावन तिरपन चौवन पचपन छप्पन सत्तावन अट्ठावन उनसठ
साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर
सत्तर इकहत्तर बहत्तर तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी
अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी नवासी
नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे
""".split()


def hindi_value(words):
    """Number that Hindi words say; the inverse of the converter, written another way."""
    total = part = 0
    for word in words.split():
        if word == "करोड़":
            total = (total + part) * 10**7
            part = 0
        elif word in ("लाख", "हज़ार"):
            total += part * (10**5 if word == "लाख" else 10**3)
            part = 0
        elif word == "सौ":
            part *= 100
        else:
            part += BELOW_100.index(word)
    return total + part


@tagged("-at_install", "post_install")
class TestWords(BaseCase):
    def test_hindi_below_hundred(self):
        self.assertEqual([num2words(n, lang="hi") for n in range(100)], BELOW_100)
        self.assertEqual(len(set(BELOW_100)), 100)
        for word in BELOW_100:
            self.assertTrue(unicodedata.is_normalized("NFC", word), word)

    def test_hindi_round_boundaries(self):
        for number, words in (
            (100, "एक सौ"),
            (101, "एक सौ एक"),
            (999, "नौ सौ निन्यानवे"),
            (1000, "एक हज़ार"),
            (1001, "एक हज़ार एक"),
            (1100, "एक हज़ार एक सौ"),
            (99999, "निन्यानवे हज़ार नौ सौ निन्यानवे"),
            (100000, "एक लाख"),
            (100001, "एक लाख एक"),
            (9999999, "निन्यानवे लाख निन्यानवे हज़ार नौ सौ निन्यानवे"),
            (10000000, "एक करोड़"),
            (10000001, "एक करोड़ एक"),
            (999999999, "निन्यानवे करोड़ निन्यानवे लाख निन्यानवे हज़ार नौ सौ निन्यानवे"),
            (1000000000, "एक सौ करोड़"),
            (1234567890, "एक सौ तेईस करोड़ पैंतालीस लाख सड़सठ हज़ार आठ सौ नब्बे"),
            (10**12, "एक लाख करोड़"),
            (
                10**14 - 1,
                "निन्यानवे लाख निन्यानवे हज़ार नौ सौ निन्यानवे करोड़ "
                "निन्यानवे लाख निन्यानवे हज़ार नौ सौ निन्यानवे",
            ),
        ):
            with self.subTest(number=number):
                self.assertEqual(num2words(number, lang="hi"), words)
        with self.assertRaises(OverflowError):
            num2words(10**14, lang="hi")

    def test_hindi_says_every_number(self):
        dice = random.Random(19)
        numbers = [
            *range(2000),
            *(dice.randrange(10 ** dice.randrange(4, 15)) for _i in range(3000)),
        ]
        for number in numbers:
            self.assertEqual(hindi_value(num2words(number, lang="hi")), number)

    def test_hindi_other_forms(self):
        self.assertEqual(num2words(-5, lang="hi_IN"), "ऋण पाँच")
        self.assertEqual(num2words(Decimal("-0.50"), lang="hi"), "ऋण शून्य दशमलव पाँच शून्य")
        self.assertEqual(num2words(1.05, lang="hi"), "एक दशमलव शून्य पाँच")
        self.assertEqual(num2words(6, lang="hi", to="ordinal"), "छठा")
        self.assertEqual(num2words(101, lang="hi", to="ordinal"), "एक सौ एकवाँ")
        self.assertEqual(num2words(2, lang="hi", to="ordinal_num"), "2रा")
        self.assertEqual(num2words(12350, lang="hi", to="currency"), "एक सौ तेईस रुपये पचास पैसे")
        with self.assertRaises(NotImplementedError):
            num2words("1.00", lang="hi", to="currency", currency="EUR")
        with self.assertRaises(TypeError):
            num2words(Decimal("NaN"), lang="hi")

    def test_amounts(self):
        for amount, hindi, english in (
            ("0", "शून्य रुपये मात्र", "Zero rupees only"),
            ("0.01", "शून्य रुपये एक पैसा मात्र", "Zero rupees and one paisa only"),
            ("0.99", "शून्य रुपये निन्यानवे पैसे मात्र", "Zero rupees and ninety-nine paise only"),
            (1, "एक रुपया मात्र", "One rupee only"),
            ("2.00", "दो रुपये मात्र", "Two rupees only"),
            ("100.10", "एक सौ रुपये दस पैसे मात्र", "One hundred rupees and ten paise only"),
            (
                Decimal("857.50"),
                "आठ सौ सत्तावन रुपये पचास पैसे मात्र",
                "Eight hundred and fifty-seven rupees and fifty paise only",
            ),
            ("99999.995", "एक लाख रुपये मात्र", "One lakh rupees only"),
            ("-0.004", "शून्य रुपये मात्र", "Zero rupees only"),
            (
                "-1234.50",
                "ऋण एक हज़ार दो सौ चौंतीस रुपये पचास पैसे मात्र",
                "Minus one thousand, two hundred and thirty-four rupees and fifty paise only",
            ),
            (
                "1234567890",
                "एक सौ तेईस करोड़ पैंतालीस लाख सड़सठ हज़ार आठ सौ नब्बे रुपये मात्र",
                "One hundred and twenty-three crore, forty-five lakh, sixty-seven thousand, "
                "eight hundred and ninety rupees only",
            ),
            # num2words itself ends at a thousand crore.
            ("10000000000", "एक हज़ार करोड़ रुपये मात्र", "One thousand crore rupees only"),
            (
                "1000000000000.05",
                "एक लाख करोड़ रुपये पाँच पैसे मात्र",
                "One lakh crore rupees and five paise only",
            ),
            (
                "20000000007",
                "दो हज़ार करोड़ सात रुपये मात्र",
                "Two thousand crore and seven rupees only",
            ),
        ):
            with self.subTest(amount=amount):
                self.assertEqual(amount_in_words(amount, "hi_IN"), hindi)
                self.assertEqual(amount_in_words(amount, "hi"), hindi)
                self.assertEqual(amount_in_words(amount, "en_IN"), english)
                self.assertEqual(amount_in_words(amount, "en_US"), english)

    def test_bad_amounts(self):
        for amount, error in (
            (0.1 + 0.2, TypeError),
            (None, TypeError),
            (True, TypeError),
            ("", ValueError),
            ("1,234", ValueError),
            ("nan", ValueError),
            ("-Infinity", ValueError),
            (10**14, OverflowError),
            ("9" * 50, OverflowError),
        ):
            with self.subTest(amount=amount), self.assertRaises(error):
                amount_in_words(amount, "hi")


class TestCurrency(TransactionCase):
    def test_rupees_in_every_language_of_the_users(self):
        rupee = self.env.ref("base.INR")
        hindi, english = rupee.with_context(lang="hi_IN"), rupee.with_context(lang="en_IN")
        american = rupee.with_context(lang="en_US")
        for amount, in_hindi, in_english in (
            (0, "शून्य रुपये मात्र", "Zero rupees only"),
            (0.1 + 0.2, "शून्य रुपये तीस पैसे मात्र", "Zero rupees and thirty paise only"),
            (
                123456.5,
                "एक लाख तेईस हज़ार चार सौ छप्पन रुपये पचास पैसे मात्र",
                "One lakh, twenty-three thousand, four hundred and fifty-six rupees and fifty "
                "paise only",
            ),
            (10_000_000, "एक करोड़ रुपये मात्र", "One crore rupees only"),
            (-12.5, "ऋण बारह रुपये पचास पैसे मात्र", "Minus twelve rupees and fifty paise only"),
        ):
            with self.subTest(amount=amount):
                self.assertEqual(hindi.amount_to_text(amount), in_hindi)
                self.assertEqual(english.amount_to_text(amount), in_english)
                self.assertEqual(american.amount_to_text(amount), in_english)

    def test_other_currencies_speak_as_ever(self):
        dollar = self.env.ref("base.USD")
        self.assertIn("Million", dollar.with_context(lang="en_US").amount_to_text(1_200_000))
        # num2words itself in Hindi, through Odoo.
        self.assertIn("बारह लाख", dollar.with_context(lang="hi_IN").amount_to_text(1_200_000))
        self.assertTrue(self.env.ref("base.INR").with_context(lang="en_US").amount_to_text(1e14))
