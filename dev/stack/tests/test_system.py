"""Packages that are missing are never passed over in silence."""

import os
import unittest
from unittest.mock import patch

from dev.stack import system
from dev.stack.console import StackError

MISSING = system.Package("chromium", "browser tours", lambda: False)
PRESENT = system.Package("poppler-utils", "tests that look at a PDF", lambda: True)


class TestEnsure(unittest.TestCase):
    """What an ordinary user is told, and what root gets."""

    def test_nothing_missing(self):
        with patch.object(system, "run") as run:
            system.ensure(PRESENT)
        run.assert_not_called()

    def test_ordinary_user_gets_the_command(self):
        with patch.object(os, "geteuid", return_value=1000):
            with self.assertRaises(StackError) as caught:
                system.ensure(MISSING, PRESENT)
        self.assertIn("chromium: browser tours", caught.exception.problem)
        self.assertNotIn("poppler-utils", caught.exception.problem)
        self.assertIn("sudo apt-get install --yes chromium", caught.exception.remedy)

    def test_root_that_installed_in_vain(self):
        with (
            patch.object(os, "geteuid", return_value=0),
            patch.object(system.shutil, "which", return_value="/usr/bin/apt-get"),
            patch.object(system, "run") as run,
            self.assertRaisesRegex(StackError, "still not found: chromium"),
        ):
            system.ensure(MISSING)
        self.assertEqual(run.call_args.args[0][-1], "chromium")
