"""Counting of calls by those who are not known, in bounded memory."""

import threading
import time
from collections import OrderedDict
from ipaddress import ip_address, ip_network

#: Bits of an IPv6 address that one line of a subscriber has for itself.
IPV6_PREFIX = 64


class RateLimit:
    """At most ``limit`` calls of each key in ``period`` seconds, counted from its first.

    Counts live in the memory of the process, so with several workers a key may come to as many
    times the limit; a flood costs no write to the database. At most ``keys`` keys are kept: the
    one that has been quiet longest is forgotten first.
    """

    def __init__(self, limit, period, keys=10_000, clock=time.monotonic):
        self.limit = limit
        self.period = period
        self.keys = keys
        self.clock = clock
        self._counts = OrderedDict()
        self._lock = threading.Lock()

    def reached(self, key):
        """Whether the key has used up its calls; counts nothing."""
        with self._lock:
            return self._count(key)[1] >= self.limit

    def hit(self, key):
        """Count a call. False when it is one too many."""
        with self._lock:
            begun, count = self._count(key)
            self._counts[key] = (begun, count + 1)
            self._counts.move_to_end(key)
            if len(self._counts) > self.keys:
                self._counts.popitem(last=False)
            return count < self.limit

    def clear(self):
        """Forget everybody."""
        with self._lock:
            self._counts.clear()

    def _count(self, key):
        now = self.clock()
        begun, count = self._counts.get(key, (now, 0))
        return (now, 0) if now - begun >= self.period else (begun, count)


class Tally:
    """Adds up what each key takes in ``period`` seconds, and tells where it is above ``limit``.

    As :class:`RateLimit` it is kept in the process, for at most ``keys`` keys; nothing is refused.
    """

    def __init__(self, limit, period, keys=10_000, clock=time.monotonic):
        self.limit = limit
        self.period = period
        self.keys = keys
        self.clock = clock
        self._sums = OrderedDict()
        self._lock = threading.Lock()

    def add(self, key, number):
        """Add to a key. Return the sum once it is above the limit, else 0."""
        with self._lock:
            now = self.clock()
            begun, total = self._sums.get(key, (now, 0))
            if now - begun >= self.period:
                begun, total = now, 0
            self._sums[key] = (begun, total + number)
            self._sums.move_to_end(key)
            if len(self._sums) > self.keys:
                self._sums.popitem(last=False)
            return total + number if total + number > self.limit else 0

    def forget(self, key):
        """Begin anew with a key."""
        with self._lock:
            self._sums.pop(key, None)

    def clear(self):
        """Forget everybody."""
        with self._lock:
            self._sums.clear()


def caller(address):
    """Key of who calls from an address: the address itself, of IPv6 the network of the line."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return ""
    if known.version == 6:
        return str(ip_network((known, IPV6_PREFIX), strict=False))
    return str(known)
