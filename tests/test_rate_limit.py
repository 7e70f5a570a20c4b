from odoo.tests import BaseCase, tagged

from ..tools.rate_limit import DistinctLimit, RateLimit, caller


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

    def test_different_values(self):
        """The same ones again cost nothing; those that are too many count for nothing."""
        limit = DistinctLimit(3, 10, keys=2, clock=lambda: self.now)
        self.assertTrue(limit.take("a", ["x", "y"]))
        self.assertTrue(limit.take("a", ["y", "x"]))
        self.assertFalse(limit.take("a", ["v", "w"]))
        self.assertTrue(limit.take("a", ["z"]))
        self.assertFalse(limit.take("a", ["w"]))
        self.assertTrue(limit.take("a", ["x", "z"]))
        self.now = 10
        self.assertTrue(limit.take("a", ["v", "w"]))
        for key in "bcd":
            limit.take(key, ["x"])
        self.assertEqual(list(limit._seen), ["c", "d"])

    def test_caller(self):
        self.assertEqual(caller("203.0.113.7"), "203.0.113.7")
        self.assertEqual(caller("2001:db8:1:2:3:4:5:6"), caller("2001:db8:1:2::9"))
        self.assertNotEqual(caller("2001:db8:1:2::9"), caller("2001:db8:1:3::9"))
        for nonsense in (None, "", "unix:", "999.1.1.1"):
            self.assertEqual(caller(nonsense), "")
