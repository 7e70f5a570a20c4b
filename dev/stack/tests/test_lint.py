"""The checks of XML files and of the tests that the list of features names."""

import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from dev.stack import lint
from dev.stack.console import StackError


class TestCheckXml(unittest.TestCase):
    """What Odoo itself lets pass."""

    def _check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "bill_views.xml").write_text(text)
            with patch.object(lint, "CHECKOUT", Path(folder)):
                lint.check_xml()

    def test_sound(self):
        self._check("<odoo><list/><field name='view_mode'>list,form</field></odoo>")

    def test_not_well_formed(self):
        with self.assertRaisesRegex(StackError, "bill_views.xml: mismatched tag"):
            self._check("<odoo><list></odoo>")

    def test_tree_element(self):
        with self.assertRaisesRegex(StackError, "<tree>"):
            self._check("<odoo><tree/></odoo>")

    def test_tree_in_view_mode(self):
        with self.assertRaisesRegex(StackError, "tree,form"):
            self._check("<odoo><field name='view_mode'>tree,form</field></odoo>")


class TestUnreasonedSudo(unittest.TestCase):
    """A `sudo()` without a comment near it is found."""

    def test_without_reason(self):
        text = "# about the module\n\nx = 1\nself.sudo().write(\n    {}\n)\n"
        self.assertEqual(lint.unreasoned_sudo(text), [4])

    def test_reasons(self):
        for text in (
            "# nobody writes it\nself.sudo().write({})",
            "self.sudo().write({})  # nobody writes it",
            "# nobody writes it\nrecords = (\n    self.env\n    .sudo()\n)",
            "record.sudo(False)",
        ):
            with self.subTest(text):
                self.assertEqual(lint.unreasoned_sudo(text), [])


class TestCheckFeatures(unittest.TestCase):
    """A feature is proved by a test that exists."""

    def _check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "docs").mkdir()
            Path(folder, "docs", "FEATURES.md").write_text(text)
            Path(folder, "test_bill.py").write_text("class T:\n    def test_frozen(self):\n")
            with patch.object(lint, "CHECKOUT", Path(folder)):
                lint.check_features()

    def test_named_test_exists(self):
        self._check("| Frozen | `test_bill.py::test_frozen` |")

    def test_unknown_test(self):
        with self.assertRaisesRegex(StackError, "no test_bill.py::test_froze$"):
            self._check("`test_bill.py::test_froze`")

    def test_unknown_file(self):
        with self.assertRaisesRegex(StackError, "no test_dues.py::test_frozen"):
            self._check("`test_dues.py::test_frozen`")

    def test_nothing_named(self):
        with self.assertRaisesRegex(StackError, "names no test"):
            self._check("Everything works.")
