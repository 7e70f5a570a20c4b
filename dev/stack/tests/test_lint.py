"""The check of the XML files."""

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
