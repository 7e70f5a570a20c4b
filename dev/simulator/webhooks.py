"""Callbacks: when they are due, how they are signed and posted, and tried again."""

import asyncio
import hashlib
import heapq
import hmac
import itertools
import json
import logging
import time
from collections import Counter, deque

import aiohttp

from . import events

_logger = logging.getLogger(__name__)
LOG_SIZE = 1000
# Callbacks due within this time go out together; it bounds how often the clock wakes up.
TICK_S = 0.01
DUPLICATE_AFTER_S = 0.2


def encode(payload):
    """The exact bytes of a callback: non-ASCII and slashes escaped, as Meta sends them."""
    text = json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")


def sign(secret, body):
    """:return: value of the header ``X-Hub-Signature-256``"""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Delivery:
    """One POST: the events it carries and how often it was tried."""

    __slots__ = ("attempts", "events", "first_at", "pause", "record", "url")

    def __init__(self, url, batch, pause):
        self.url = url
        self.events = batch
        self.attempts = 0
        self.first_at = None
        self.pause = pause
        self.record = None


class Webhooks:
    """Keeps what is due on a heap, posts it with bounded concurrency, retries failures.

    :param State state:
    """

    def __init__(self, state):
        self._state = state
        self._settings = state.settings
        self._sequence = itertools.count(1)
        self._session = None
        self._clock = None
        self._wake = asyncio.Event()
        self._tasks = set()
        self._log_sequence = itertools.count(1)
        self.clear()

    def clear(self):
        """Forget everything that was due, and the counts."""
        self._epoch = object()
        self._heap = []
        self._queues = {}
        self._active = Counter()
        self._busy = 0
        self._retrying = 0
        self._scheduled = 0
        self.log = deque(maxlen=LOG_SIZE)
        self.counts = Counter()

    async def start(self):
        """Begin to post."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
            auto_decompress=False,
        )
        self._clock = asyncio.create_task(self._run())

    async def stop(self):
        """End posting; what is still due is dropped."""
        self._clock.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(self._clock, *self._tasks, return_exceptions=True)
        await self._session.close()

    # -- what is due -----------------------------------------------------------------------

    def at(self, due, action, *args, status=False):
        """Call ``action(*args)`` at ``due`` (epoch seconds).

        :param bool status: counts as a scheduled status of a message
        """
        if status:
            self._scheduled += 1
        heap = self._heap
        first = heap[0][0] if heap else None
        heapq.heappush(heap, (due, next(self._sequence), action, args, status))
        if first is None or due < first:
            self._wake.set()

    async def _run(self):
        while True:
            self._wake.clear()
            now = time.time()
            heap = self._heap
            while heap and heap[0][0] <= now:
                _due, _number, action, args, status = heapq.heappop(heap)
                self._scheduled -= status
                action(*args)
            pause = max(heap[0][0] - time.time(), TICK_S) if heap else None
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue

    # -- statuses of a message -------------------------------------------------------------

    def schedule_statuses(self, message, error=None, start=None):
        """Plan the statuses of a message that was accepted.

        :param error: GraphError with which it fails instead
        :param start: epoch seconds from which the delays count; the acceptance when left out
        """
        settings = self._settings
        start = start or message.at
        if error is not None:
            self._plan(message, [("failed", self._later(start, settings.sent_ms))], error)
            return
        chance = self._state.random.random
        steps = [("sent", self._later(start, settings.sent_ms))]
        if settings.delivered_rate == 1 or chance() < settings.delivered_rate:
            steps.append(("delivered", self._later(start, settings.delivered_ms)))
            if settings.read_mode == "auto" and (
                settings.read_rate == 1 or chance() < settings.read_rate
            ):
                steps.append(("read", self._later(start, settings.read_ms)))
        self._plan(message, [step for step in steps if step[0] in settings.statuses])

    def _later(self, at, delay_ms):
        jitter = self._settings.jitter
        if jitter:
            delay_ms *= 1 + jitter * (2 * self._state.random.random() - 1)
        return at + delay_ms / 1000

    def _plan(self, message, steps, error=None):
        settings = self._settings
        dues = [due for _status, due in steps]
        if settings.order == "reversed":
            dues.reverse()
        elif settings.order == "shuffled":
            self._state.random.shuffle(dues)
        for (status, happened), due in zip(steps, dues, strict=True):
            self.at(due, self.tell_status, message, status, happened, error, status=True)

    def tell_status(self, message, status, happened, error=None):
        """Note a status of a message and call it back.

        :param float happened: epoch seconds, told in the callback
        """
        state, settings = self._state, self._settings
        state.apply_status(message, status, happened, error)
        event = events.StatusEvent(message, status, int(happened), error)
        if settings.lost_rate and state.random.random() < settings.lost_rate:
            return
        self.tell(event)
        if settings.duplicate_rate and state.random.random() < settings.duplicate_rate:
            self.at(time.time() + DUPLICATE_AFTER_S, self.tell, event, status=True)

    # -- delivery --------------------------------------------------------------------------

    def url_for(self, event):
        """:return: the callback URL in force for an event; None when not subscribed"""
        account = self._state.accounts.get(event.waba_id)
        if account is None or not account.subscribed:
            return None
        if event.phone is None:
            return self._settings.webhook_url
        return event.phone.override_url or account.override_url or self._settings.webhook_url

    def tell(self, event):
        """Queue an event for its callback URL."""
        url = self.url_for(event)
        if url is None:
            return
        queue = self._queues.setdefault(url, deque())
        queue.append(event)
        if self._active[url] < self._settings.webhook_concurrency:
            self._active[url] += 1
            self._spawn(self._drain_queue(url, self._epoch))

    def _spawn(self, coroutine):
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain_queue(self, url, epoch):
        queue = self._queues[url]
        # Let the clock queue all that is due now, so that a batch can fill.
        await asyncio.sleep(0)
        while queue and self._epoch is epoch:
            first = queue.popleft()
            batch = [first]
            while queue and len(batch) < self._settings.batch and queue[0].waba_id == first.waba_id:
                batch.append(queue.popleft())
            await self._post(Delivery(url, batch, self._settings.retry_first_s), epoch)
        if self._epoch is epoch:
            self._active[url] -= 1

    async def _post(self, delivery, epoch):
        body = encode(events.envelope(delivery.events))
        signature = sign(self._settings.app_secret, body)
        self._note(delivery, body, signature)
        if not delivery.url:
            return
        now = time.time()
        delivery.first_at = delivery.first_at or now
        delivery.attempts += 1
        self._busy += 1
        status, error = None, None
        try:
            async with self._session.post(
                delivery.url,
                data=body,
                headers={
                    "Content-Type": "application/json",
                    "X-Hub-Signature-256": signature,
                    "User-Agent": "facebookexternalua",
                },
                timeout=aiohttp.ClientTimeout(total=self._settings.webhook_timeout_s),
                allow_redirects=False,
            ) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        if self._epoch is not epoch:
            return
        self._busy -= 1
        self._settle(delivery, status, error, epoch)

    def _settle(self, delivery, status, error, epoch):
        counts = self.counts
        counts["posted"] += 1
        delivery.record.update(attempts=delivery.attempts, status=status, error=error)
        if status == 200:
            counts["ok"] += 1
            return
        counts["failed"] += 1
        settings = self._settings
        now = time.time()
        if now - delivery.first_at + delivery.pause > settings.retry_for_s:
            return
        _logger.info(
            "callback to %s: %s, again in %s s", delivery.url, status or error, delivery.pause
        )
        self._retrying += 1
        self.at(now + delivery.pause, self._retry, delivery, epoch)
        delivery.pause = min(delivery.pause * settings.retry_factor, settings.retry_max_s)

    def _retry(self, delivery, epoch):
        self._retrying -= 1
        self.counts["retries"] += 1
        self._spawn(self._post(delivery, epoch))

    def _note(self, delivery, body, signature):
        if delivery.record is not None:
            return
        delivery.record = {
            "seq": next(self._log_sequence),
            "field": delivery.events[0].field,
            "url": delivery.url,
            "body": body.decode(),
            "signature": signature,
            "attempts": 0,
            "status": None,
            "error": None,
        }
        self.counts["statuses"] += sum(
            isinstance(event, events.StatusEvent) for event in delivery.events
        )
        self.log.append(delivery.record)

    # -- looking ---------------------------------------------------------------------------

    def pending(self):
        """:return: callbacks queued, under way, or waiting to be tried again"""
        return sum(map(len, self._queues.values())) + self._busy + self._retrying

    def summary(self):
        """:return: figures for the admin API"""
        counts = {
            name: self.counts[name] for name in ("posted", "ok", "failed", "retries", "statuses")
        }
        return {**counts, "pending": self.pending(), "scheduled": self._scheduled}

    def idle(self, statuses=True):
        """:return: whether nothing is pending and, when asked, no status is scheduled"""
        return not self.pending() and not (statuses and self._scheduled)

    async def handshake(self, url, verify_token):
        """Verify a callback URL as Meta does.

        :return: ``{"ok", "status", "body"}``; status 0 and the reason when there is no answer
        """
        challenge = str(self._state.random.randrange(10**8, 10**10))
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": verify_token,
        }
        try:
            async with self._session.get(
                url,
                params=query,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._settings.webhook_timeout_s),
            ) as answer:
                body = await answer.text(errors="replace")
                return {
                    "ok": answer.status == 200 and body.strip() == challenge,
                    "status": answer.status,
                    "body": body[:500],
                }
        except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
            return {"ok": False, "status": 0, "body": f"{type(failure).__name__}: {failure}"}
