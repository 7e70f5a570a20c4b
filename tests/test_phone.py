from odoo.tests import BaseCase, tagged

from ..tools.identity import find_aadhaar
from ..tools.phone import PhoneError, mask, normalise_mobile, to_latin_digits
from ..tools.search import misspelling, search_code, search_words


@tagged("-at_install", "post_install")
class TestPhone(BaseCase):
    def test_accepted(self):
        for text in (
            "9415012345",
            "09415012345",
            "919415012345",
            "0091 94150 12345",
            "+91 94150-12345",
            "+9109415012345",
            "(94150) 12345",
            "९४१५०१२३४५",
            "\u202a+91 94150 12345\u202c",
            " 94150\u00a012345 ",
        ):
            with self.subTest(text=text):
                self.assertEqual(normalise_mobile(text), "+919415012345")

    def test_refused(self):
        for code, texts in {
            "empty": (None, "", "  ", "\u200b"),
            "invalid": (
                "941501234",
                "94150123456",
                "94150l2345",
                "5999912345",
                "phone",
                "0000000000",
            ),
            "not_mobile": ("1600123456", "05444-222222", "+977 9841234567", "+14155552671"),
            "junk": ("9999999999", "1234567890", "9876543210", "6789012345", "9000000000"),
            "several": ("9415012345, 9415054321", "9415012345/9415054321", "9415012345 9415054321"),
        }.items():
            for text in texts:
                with self.subTest(text=text), self.assertRaises(PhoneError) as caught:
                    normalise_mobile(text)
                self.assertEqual(caught.exception.code, code, text)

    def test_mask(self):
        self.assertEqual(mask("+919415012345"), "+91 ••••• •2345")
        self.assertEqual(mask(False), "")

    def test_latin_digits(self):
        self.assertEqual(to_latin_digits("खाता ४४१० / ١٢"), "खाता 4410 / 12")

    def test_aadhaar(self):
        # A number with the right check digit, made up for this test.
        for text in (
            "234123412346",
            "Aadhaar 2341 2341 2346.",
            "2341-2341-2346",
            "२३४१ २३४१ २३४६",
            "2341 23412346",
        ):
            with self.subTest(text=text):
                self.assertTrue(find_aadhaar(text))
        for text in (None, "", "234123412347", "2341234123461", "+234123412346"):
            with self.subTest(text=text):
                self.assertIsNone(find_aadhaar(text))

    def test_search_words(self):
        self.assertEqual(search_words("४४१० १२३ ४५६"), ["4410123456"])
        self.assertEqual(search_words("+91 94150 12345"), ["9415012345"])
        self.assertEqual(search_words(" राम  कुमार "), ["राम", "कुमार"])
        self.assertEqual(search_words(""), [])

    def test_search_code(self):
        """Several words may be one number; one word is looked for as such."""
        for text, code in (
            ("SC 90/817", "SC90817"),
            ("K १२ ३४-५", "K12345"),
            ("Ram 4410", "Ram4410"),
            ("12 / 345", ""),
            ("SC-90817", ""),
            ("Ram Kumar", ""),
            ("x " * 40 + "1", "x" * 40 + "1"),
            ("x " * 70 + "1", ""),
            (None, ""),
        ):
            with self.subTest(text=text):
                self.assertEqual(search_code(text), code)

    def test_misspelling_of_letters_only(self):
        self.assertTrue(misspelling("रमेश"))
        for word in ("4410123456", "GE330", "ram", "a.*(b", "ra%esh"):
            with self.subTest(word=word):
                self.assertIsNone(misspelling(word))
