"""The parts into which Odoo's tests are divided."""

import unittest

from dev.stack.paths import CHECKOUT
from dev.stack.test import shares


class TestShares(unittest.TestCase):
    def test_each_file_is_in_one_part(self):
        parts = [part.split(",") for part in shares(CHECKOUT / "tests", 3)]
        listed = sorted(name for part in parts for name in part)
        files = sorted(path.name for path in (CHECKOUT / "tests").glob("test_*.py"))
        self.assertEqual(listed, [f"/discom/tests/{name}" for name in files])
        self.assertLessEqual(max(map(len, parts)) - min(map(len, parts)), 1)

    def test_every_test_is_in_a_file_that_is_divided(self):
        """A test class of another name of file would be run by none of the parts."""
        for path in (CHECKOUT / "tests").glob("*.py"):
            if not path.name.startswith("test_"):
                self.assertNotIn("    def test_", path.read_text(), path.name)


if __name__ == "__main__":
    unittest.main()
