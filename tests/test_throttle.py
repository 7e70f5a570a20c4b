import random

from odoo.tests import BaseCase, tagged

from ..tools.throttle import SlidingWindow


@tagged("post_install", "-at_install")
class TestSlidingWindow(BaseCase):
    """The pace on a clock of its own, with timers that are late and connections that are slow."""

    def run_calls(self, window, count, jitter):
        """Return the times at which ``count`` calls went out, each up to ``jitter()`` s late."""
        now, waiting, gone, left = 0.0, [], [], count
        while left or waiting:
            wait = window.delay(now) if left else 1.0
            if left and not wait:
                window.let_through(now)
                waiting.append(now + jitter())
                waiting.sort()
                left -= 1
                continue
            step = min([now + wait, *waiting[:1]])
            now = max(now + 1e-6, step)
            while waiting and waiting[0] <= now:
                gone.append(now)
                window.gone(now)
                waiting.pop(0)
        return gone

    def most_in_a_second(self, times):
        return max(sum(1 for t in times if start <= t < start + 1) for start in times)

    def test_never_above_the_limit_in_any_second(self):
        chance = random.Random(7)
        for limit in (1, 3, 20, 80, 250):
            for late in (0, 0.002, 0.3, 1.5):
                with self.subTest(limit=limit, late=late):
                    times = self.run_calls(
                        SlidingWindow(limit), limit * 4, lambda late=late: chance.uniform(0, late)
                    )
                    self.assertLessEqual(self.most_in_a_second(times), limit)

    def test_uses_the_limit(self):
        for limit in (20, 80, 1000):
            with self.subTest(limit=limit):
                times = self.run_calls(SlidingWindow(limit), limit * 5, lambda: 0.001)
                self.assertGreater((len(times) - 1) / (times[-1] - times[0]), limit * 0.98)

    def test_pause(self):
        window = SlidingWindow(10)
        window.pause(5.0, 2.0)
        self.assertEqual(window.delay(5.0), 2.0)
        self.assertEqual(window.delay(7.0), 0.0)

    def test_a_call_that_never_went_out_frees_its_place(self):
        window = SlidingWindow(1)
        window.let_through(0.0)
        self.assertGreater(window.delay(10.0), 0.0)
        window.given_up()
        self.assertEqual(window.delay(10.0), 0.0)

    def test_no_limit_below_one(self):
        with self.assertRaises(ValueError):
            SlidingWindow(0)
