"""Pacing of calls under a limit per second."""

import collections

#: Seconds of lateness that are made up for; the window bounds the burst this makes.
CATCH_UP = 0.05
#: Seconds after which to ask again when only calls that have not gone out yet fill the window.
POLL = 0.005


class SlidingWindow:
    """Spread calls evenly, never more than ``limit`` of them in any window of ``period`` seconds.

    Even spacing alone lets a late timer catch up in a burst, and a call that has to open a
    connection goes out later than it was let through. So the window holds the times at which calls
    really went out, and a call that was let through and has not gone out counts as if it went out
    at any time. Times are seconds of any monotonic clock, given by the caller.

    :param int limit: calls per period
    :param float margin: seconds added to the period, for the jitter between sender and receiver
    """

    def __init__(self, limit, period=1.0, margin=0.015):
        if limit < 1:
            raise ValueError("The limit has to be at least one call per period")
        self.limit = limit
        self.period = period + margin
        self.interval = self.period / limit
        self._gone = collections.deque()
        self._pending = 0
        self._next = None

    def delay(self, now):
        """Return the seconds to wait at ``now`` before the next call, 0 when it may go."""
        while self._gone and self._gone[0] <= now - self.period:
            self._gone.popleft()
        wait = max(0.0, self._next - now) if self._next is not None else 0.0
        if len(self._gone) + self._pending >= self.limit:
            full = self._gone[0] + self.period - now if self._gone else POLL
            wait = max(wait, full, POLL)
        return wait

    def let_through(self, now):
        """Note at ``now`` that a call was started."""
        self._pending += 1
        start = now if self._next is None else max(self._next, now - max(CATCH_UP, self.interval))
        self._next = start + self.interval

    def gone(self, now):
        """Note that a started call went out at ``now``."""
        self._pending -= 1
        self._gone.append(now)

    def given_up(self):
        """Note that a started call will not go out."""
        self._pending -= 1

    def pause(self, now, seconds):
        """Let nothing through for ``seconds`` from ``now``."""
        self._next = max(self._next or now, now + seconds)
