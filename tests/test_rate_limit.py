from odoo.tests import BaseCase, tagged

from ..tools.rate_limit import RateLimit, Tally, caller


@tagged("post_install", "-at_install")
class TestRateLimit(BaseCase):
    def setUp(self):
        super().setUp()
        self.now = 0.0

    def limit(self, *args, **kwargs):
        return RateLimit(*args, clock=lambda: self.now, **kwargs)

    def test_limit_and_period(self):
        limit = self.limit(2, 10)
        self.assertEqual([limit.hit("a") for _n in range(4)], [True, True, False, False])
        self.assertTrue(limit.hit("b"))
        self.assertTrue(limit.reached("a"))
        self.assertFalse(limit.reached("b"))
        self.now = 9.9
        self.assertFalse(limit.hit("a"))
        # Tries beyond the limit do not prolong it.
        self.now = 10
        self.assertTrue(limit.hit("a"))

    def test_memory_is_bounded(self):
        limit = self.limit(1, 10, keys=100)
        for number in range(10_000):
            limit.hit(number)
        self.assertEqual(len(limit._counts), 100)
        self.assertTrue(limit.reached(9_999))
        self.assertFalse(limit.reached(0))

    def test_sums(self):
        tally = Tally(10, 60, keys=2, clock=lambda: self.now)
        self.assertEqual([tally.add("a", 4) for _n in range(4)], [0, 0, 12, 16])
        tally.forget("a")
        self.assertEqual(tally.add("a", 10), 0)
        self.now = 60
        self.assertEqual([tally.add("a", 10), tally.add("b", 11)], [0, 11])
        for key in "cd":
            tally.add(key, 1)
        self.assertEqual(list(tally._sums), ["c", "d"])

    def test_caller(self):
        self.assertEqual(caller("203.0.113.7"), "203.0.113.7")
        self.assertEqual(caller("2001:db8:1:2:3:4:5:6"), caller("2001:db8:1:2::9"))
        self.assertNotEqual(caller("2001:db8:1:2::9"), caller("2001:db8:1:3::9"))
        for nonsense in (None, "", "unix:", "999.1.1.1"):
            self.assertEqual(caller(nonsense), "")
