"""Pacing of calls under a limit per second."""

import collections

#: Seconds of lateness that are made up for; the window bounds the burst this makes.
CATCH_UP = 0.05


class SlidingWindow:
    """Spread calls evenly, never more than ``limit`` of them in any window of ``period`` seconds.

    Even spacing alone lets a late timer catch up in a burst; the window of the last ``limit`` calls
    bounds that burst. Times are seconds of any monotonic clock, given by the caller.

    :param int limit: calls per period
    :param float margin: seconds added to the period, for the jitter between sender and receiver
    """

    def __init__(self, limit, period=1.0, margin=0.015):
        if limit < 1:
            raise ValueError("The limit has to be at least one call per period")
        self.period = period + margin
        self.interval = self.period / limit
        self._calls = collections.deque(maxlen=limit)
        self._next = None

    def delay(self, now):
        """Return the seconds to wait at ``now`` before the next call, 0 when it may go."""
        if self._next is None:
            return 0.0
        allowed = self._next
        if len(self._calls) == self._calls.maxlen:
            allowed = max(allowed, self._calls[0] + self.period)
        return max(0.0, allowed - now)

    def record(self, now):
        """Note that a call went out at ``now``."""
        self._calls.append(now)
        start = now if self._next is None else max(self._next, now - max(CATCH_UP, self.interval))
        self._next = start + self.interval

    def pause(self, now, seconds):
        """Let nothing go out for ``seconds`` from ``now``."""
        self._next = max(self._next or now, now + seconds)
