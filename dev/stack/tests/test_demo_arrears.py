import unittest
from datetime import date
from unittest.mock import Mock

from ..demo_arrears import run

DONE = {"proposed_count": 3, "formal_count": 1, "overdue_unsent": 0, "waiting_text": ""}


class TestDemoArrears(unittest.TestCase):
    """The demo's arrears run is done once: what came with its data is not it."""

    def _run(self, earlier):
        """Do the run where the clerk finds the run ``earlier``; return what is said, and the calls.

        :param earlier: of those that a person has begun
        """

        def read(_model, domain, fields, **_options):
            if fields == ["state", "date"]:
                self.assertIn(("create_uid", "!=", 1), domain)
                return [earlier] if earlier else []
            return [{"state": "approved", **DONE}]

        clerk = Mock()
        clerk.read.side_effect = read
        clerk.call.return_value = [7]
        said = run(clerk, Mock(), 4)
        return said, [call.args[1] for call in clerk.call.call_args_list]

    def test_first_time(self):
        said, calls = self._run(None)
        self.assertEqual(said, "3 steps, 1 formal notices")
        self.assertEqual(calls, ["create"])

    def test_left_as_it_is(self):
        for state, day in (("done", f"{date.today()}"), ("approved", "2026-01-05")):
            said, calls = self._run({"id": 7, "state": state, "date": day})
            self.assertEqual(said, f"of {day}, as it was left")
            self.assertFalse(calls)
