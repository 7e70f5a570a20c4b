import re
import unittest
from collections import Counter
from datetime import date

from dev.stack.console import StackError
from dev.stack.paths import CHECKOUT

from ..workbooks import BOOKS, month_before, page_with


class TestWorkbooks(unittest.TestCase):
    """Pictures of the workbooks: those that the docs show, of the right page and period."""

    def test_pictures_of_the_docs(self):
        text = (CHECKOUT / "docs" / "reports.md").read_text()
        shown = re.findall(r"\(reports/(\w+)\.png\)", text)
        self.assertEqual(Counter(shown), Counter(name for book in BOOKS for name in book.pictures))

    def test_page_with(self):
        pages = ["Summary\nDues", "Data Held\nback because", "Held back because"]
        self.assertEqual(page_with("", pages), 1)
        self.assertEqual(page_with("Held back because", pages), 2)
        with self.assertRaisesRegex(StackError, "Supply back at"):
            page_with("Supply back at", pages)

    def test_month_before(self):
        self.assertEqual(month_before(date(2026, 11, 28), 1), date(2026, 10, 1))
        self.assertEqual(month_before(date(2026, 3, 31), 5), date(2025, 10, 1))
        self.assertEqual(month_before(date(2026, 12, 1), 0), date(2026, 12, 1))
