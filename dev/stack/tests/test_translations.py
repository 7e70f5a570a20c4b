"""The check of the translations."""

import unittest

import polib

from dev.stack import translations


def _catalogue(**texts):
    catalogue = polib.POFile()
    for msgid, msgstr in texts.items():
        catalogue.append(polib.POEntry(msgid=msgid, msgstr=msgstr))
    return catalogue


class TestTranslations(unittest.TestCase):
    """A translation that is empty or loses a value is found; merging keeps what is known."""

    def test_sound(self):
        catalogue = _catalogue(**{"Bill": "बिल", "%(n)s of {{name}}": "{{name}} के %(n)s"})
        self.assertEqual(translations.findings(catalogue), [])

    def test_not_translated(self):
        self.assertEqual(translations.findings(_catalogue(Bill="")), ["not translated: Bill"])

    def test_value_lost(self):
        for msgid, msgstr in (
            ("%(n)s bills", "%(m)s बिल"),
            ("Hello {{name}}", "नमस्ते"),
            ("<b>New</b>", "नया"),
        ):
            with self.subTest(msgid):
                (finding,) = translations.findings(_catalogue(**{msgid: msgstr}))
                self.assertIn("differ", finding)

    def test_word_of_another_text(self):
        """One Hindi word for one thing, in whichever form of Unicode it was typed."""
        for typed in ("फ़ाइल", "फ\u093cाइल"):
            (finding,) = translations.findings(_catalogue(File=typed))
            self.assertIn("in place of फाइल: File", finding)

    def test_fuzzy(self):
        catalogue = _catalogue(Bill="बिल")
        catalogue[0].flags.append("fuzzy")
        self.assertEqual(translations.findings(catalogue), ["marked as fuzzy: Bill"])

    def test_merge(self):
        known, terms = _catalogue(Gone="गया", Bill="बिल"), _catalogue(New="", Bill="")
        result = translations.merged(known, terms)
        self.assertEqual(
            [(entry.msgid, entry.msgstr) for entry in result], [("New", ""), ("Bill", "बिल")]
        )

    def test_absent(self):
        self.assertEqual(translations.absent(_catalogue(Bill="बिल"), _catalogue(New="")), ["New"])
