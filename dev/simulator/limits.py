"""Meta's three limits: messages a second, messages to one recipient, recipients a day."""

from collections import OrderedDict, deque


class SlidingSecond:
    """Counts events over a sliding window of one second, and the most it ever saw in one."""

    __slots__ = ("_times", "first", "last", "most", "total")

    def __init__(self):
        self._times = deque()
        self.most = 0
        self.total = 0
        self.first = None
        self.last = None

    def count(self, now):
        """:return: number of events in the second that ends at ``now`` (epoch seconds)"""
        times = self._times
        horizon = now - 1.0
        while times and times[0] <= horizon:
            times.popleft()
        return len(times)

    def add(self, now):
        """Record one event at ``now`` (epoch seconds)."""
        count = self.count(now) + 1
        self._times.append(now)
        self.total += 1
        self.most = max(self.most, count)
        if self.first is None:
            self.first = now
        self.last = now

    def summary(self):
        """:return: figures for the admin API"""
        seconds = (self.last - self.first) if self.total else 0.0
        return {
            "max_1s": self.most,
            "first_accept": self.first,
            "last_accept": self.last,
            "seconds": round(seconds, 3),
            "average": round(self.total / seconds, 2) if seconds else float(self.total),
        }


class PairLimit:
    """One message per interval to one recipient, with a burst that is paid back later."""

    _SWEEP_AT = 20_000

    def __init__(self):
        # Recipient: time until which his budget is spent. Times gone by mean a full budget.
        self._spent_until = {}
        self._sweep_at = self._SWEEP_AT

    def allows(self, number, now, interval, burst):
        """:return: whether one more message may go to ``number`` now (epoch seconds)

        :param float interval: seconds per message
        :param int burst: messages that may be sent at once
        """
        ready_at = max(self._spent_until.get(number, 0), now)
        # Room for the error of adding floats.
        return ready_at - now <= (max(burst, 1) - 1) * interval + 1e-6

    def spend(self, number, now, interval):
        """Record a message to ``number``."""
        spent = self._spent_until
        spent[number] = max(spent.get(number, 0), now) + interval
        if len(spent) > self._sweep_at:
            self._spent_until = {one: until for one, until in spent.items() if until > now}
            self._sweep_at = max(self._SWEEP_AT, 2 * len(self._spent_until))


class DailyRecipients:
    """Different recipients over a rolling window, oldest first."""

    def __init__(self):
        self._seen = OrderedDict()

    def allows(self, number, now, limit, window):
        """Record a recipient unless that would exceed the limit.

        :param str number: recipient
        :param float now: epoch seconds
        :param int limit: different recipients allowed
        :param float window: seconds
        :return: whether the message may go
        """
        seen = self._seen
        horizon = now - window
        while seen:
            oldest = next(iter(seen))
            if seen[oldest] > horizon:
                break
            del seen[oldest]
        if number not in seen and len(seen) >= limit:
            return False
        # The window runs from the last message to a recipient.
        seen[number] = now
        seen.move_to_end(number)
        return True

    def __len__(self):
        return len(self._seen)
