"""Pacing of calls: a limit per second for the number, and an interval for each recipient."""

import collections
import heapq

#: Seconds of lateness that are made up for; the window bounds the burst this makes.
CATCH_UP = 0.05
#: Seconds after which to ask again when only calls that have not gone out yet fill the window.
POLL = 0.005
#: Seconds by which the arrival of a call that is not answered yet may be late.
LATE = 0.25
#: Recipients kept before those are dropped who may be written to again.
SWEEP_AT = 20_000


class _Call:
    """A call that went out at ``sent`` and may not have arrived yet."""

    __slots__ = ("landed", "sent")

    def __init__(self, sent):
        self.sent = sent
        self.landed = False


class SlidingWindow:
    """Spread calls evenly, never more than ``limit`` of them in any window of ``period`` seconds.

    The limit is judged by the receiver's clock. Even spacing alone lets a late timer catch up in a
    burst, a call that has to open a connection goes out later than it was let through, and a
    receiver that was busy sees what waited for it all at once. So a call fills a place of the
    window from the moment it is let through until ``period`` after it *arrived*. When that was
    follows from its answer: the fastest answer tells how long an answer takes, and what took longer
    arrived later. Times are seconds of any monotonic clock, given by the caller.

    :param int limit: calls per period
    :param float margin: seconds added to the period, for the jitter between sender and receiver
    """

    def __init__(self, limit, period=1.0, margin=0.003):
        if limit < 1:
            raise ValueError("The limit has to be at least one call per period")
        self.limit = limit
        self.period = period + margin
        self.interval = self.period / limit
        self._pending = 0
        self._filled = 0
        self._flying = collections.deque()
        self._free_at = []
        self._quickest = float("inf")
        self._next = None

    def delay(self, now):
        """Return the seconds to wait at ``now`` before the next call, 0 when it may go."""
        free_at, flying = self._free_at, self._flying
        while flying and (flying[0].landed or self._latest_end(flying[0]) <= now):
            call = flying.popleft()
            if not call.landed:
                call.landed = True
                self._filled -= 1
        while free_at and free_at[0] <= now:
            heapq.heappop(free_at)
            self._filled -= 1
        wait = max(0.0, self._next - now) if self._next is not None else 0.0
        if self._filled + self._pending >= self.limit:
            ends = [*free_at[:1], *map(self._latest_end, list(flying)[:1])]
            wait = max(wait, min(ends) - now if ends else POLL)
        return wait

    def _latest_end(self, call):
        """Return when a call without an answer leaves the window at the latest."""
        # Whoever usually answers within the period has not got it yet, as far as one can tell.
        return call.sent + self.period + (LATE if self._quickest < self.period else 0.0)

    def let_through(self, now):
        """Note at ``now`` that a call was started."""
        self._pending += 1
        start = now if self._next is None else max(self._next, now - max(CATCH_UP, self.interval))
        self._next = start + self.interval

    def gone(self, now):
        """Note that a started call went out at ``now``; return it for :meth:`answered`."""
        self._pending -= 1
        self._filled += 1
        call = _Call(now)
        self._flying.append(call)
        return call

    def answered(self, call, now):
        """Note that the answer to ``call`` came at ``now``."""
        took = now - call.sent
        self._quickest = min(self._quickest, took)
        if not call.landed:
            call.landed = True
            arrived = call.sent + min(took - self._quickest, LATE)
            heapq.heappush(self._free_at, arrived + self.period)

    def given_up(self):
        """Note that a started call will not go out."""
        self._pending -= 1

    def pause(self, now, seconds):
        """Let nothing through for ``seconds`` from ``now``."""
        self._next = max(self._next or now, now + seconds)


class PairSpacing:
    """At least ``interval`` seconds between two messages to the same recipient.

    :param float interval: 0 for no spacing
    """

    def __init__(self, interval):
        self.interval = interval
        self._ready_at = {}

    def delay(self, recipient, now):
        """Return the seconds until a message may go to ``recipient``."""
        return max(0.0, self._ready_at.get(recipient, now) - now)

    def note(self, recipient, at):
        """Note that a message goes to ``recipient`` at ``at``, or the newest of several."""
        if self.interval:
            self.hold(recipient, at + self.interval, at)

    def hold(self, recipient, until, now):
        """Let nothing go to ``recipient`` before ``until``."""
        ready_at = self._ready_at
        ready_at[recipient] = max(until, ready_at.get(recipient, until))
        if len(ready_at) > SWEEP_AT:
            self._ready_at = {one: at for one, at in ready_at.items() if at > now}
