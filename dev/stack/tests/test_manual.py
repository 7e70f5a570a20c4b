import unittest

from ..manual import unknown_labels


class TestManual(unittest.TestCase):
    """What the manual calls by name stands on screen."""

    def test_unknown_labels(self):
        text = "Open *Bills › Bill\nruns*, then **look**: *Nothing such*, *Bills*, *Nothing such*."
        self.assertEqual(unknown_labels(text, {"Bills", "Bill runs"}), ["Nothing such"])
