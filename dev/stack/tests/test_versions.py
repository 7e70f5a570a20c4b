"""Databases of earlier versions: what is told of one that was not updated well."""

import unittest
from pathlib import Path
from unittest.mock import Mock, patch

from dev.stack import versions
from dev.stack.versions import Content

PATH = Path("19.0.1.0.0.sql.xz")


def bills(*rows):
    """Content of a table of one column."""
    return Content("id", frozenset(rows))


class TestVersions(unittest.TestCase):
    """The dumps, and :func:`dev.stack.versions.problems` with what two databases say."""

    def problems(self, before, after, structures=(set(), set())):
        tables = {name: content.columns for name, content in after.items()}
        with (
            patch.object(versions, "columns", return_value=tables),
            patch.object(versions, "content", return_value=after),
            patch.object(versions, "structure", side_effect=structures),
        ):
            return versions.problems(None, PATH.resolve(), "old", before, "fresh")

    def test_dumps_are_of_versions_and_old_ones_come_first(self):
        names = [versions.version(path) for path in versions.dumps()]
        self.assertIn("19.0.1.0.0", names)
        paths = [Path("19.0.1.10.0.sql.xz"), Path("19.0.1.9.0.sql.xz")]
        with patch.object(Path, "glob", return_value=paths):
            self.assertEqual(versions.dumps(), paths[::-1])

    def test_nothing_lost(self):
        """What is new does no harm."""
        was = {"discom_bill": bills("a", "b"), "discom_notice": Content("id", frozenset())}
        now = {"discom_bill": bills("a", "b", "c"), "discom_notice": bills("d")}
        self.assertEqual(self.problems(was, now), "")

    def test_changed_row(self):
        told = self.problems({"discom_bill": bills("a", "b")}, {"discom_bill": bills("a", "c")})
        self.assertEqual(told, "discom_bill: 1 of 2 rows changed or are gone")

    def test_text_that_is_translated_now(self):
        """It is compared in English; what was translated before, in all languages."""
        server = Mock()
        server.query.side_effect = ["discom_bill|name\ndiscom_bill|note\n", "discom_bill|a\n"]
        was = {"discom_bill": Content("name,note", frozenset("a"), frozenset({"note"}))}
        now = versions.content(server, "old", {"discom_bill": "name,note"}, was)
        self.assertEqual(now["discom_bill"].rows, {"a"})
        self.assertIn("SELECT name->>'en_US' AS name,note FROM", server.query.call_args[0][0])

    def test_table_and_column_that_are_gone(self):
        was = {"discom_bill": Content("id,name", frozenset("a"))}
        self.assertEqual(self.problems(was, {}), "discom_bill has lost id, name")
        self.assertEqual(
            self.problems(was, {"discom_bill": bills("a")}), "discom_bill has lost name"
        )

    def test_structure(self):
        told = self.problems({}, {}, ({"column a", "column b"}, {"column b", "column c"}))
        self.assertEqual(told, "missing: column a\nleft over: column c")
