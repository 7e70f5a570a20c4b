"""Sending many messages at once: paced, in parallel, without a database.

The caller claims messages in its database, submits them, and collects what became of each. A thread
with an event loop does the HTTP calls, so the caller can claim and settle meanwhile; no code in
here touches the caller's transaction.
"""

import asyncio
import dataclasses
import itertools
import queue
import threading
import time
import typing

import aiohttp

from .cloud_api import (
    TIMEOUT,
    Outcome,
    Verdict,
    judge_answer,
    parse_retry_after,
    redact,
)
from .dispatch_media import Uploader, refuses_media
from .dispatch_read import ReadMarker
from .throttle import PairSpacing, SlidingWindow

#: Messages that may wait for an answer at the same time: at 150 ms a call, 2,000 a second.
MAX_OPEN_CALLS = 300
#: Seconds without sending after Meta said that the number is too fast, doubled until it takes a
#: message again ...
THROTTLE_PAUSE = 0.25
#: ... up to this many.
MAX_THROTTLE_PAUSE = 30.0
#: Longest sleep of a job that waits, in seconds: a broadcast that is stopped stops at once.
STEP = 0.25
#: Seconds that jobs wait for Meta's pause to end; before a longer one they come back unsent.
MAX_WAIT = 5.0
#: Seconds that an idle connection is kept; shorter than a server keeps its own.
KEEPALIVE = 20.0
#: Last entry of the queue: nothing more will be submitted.
END = (float("inf"), 0, None)


@dataclasses.dataclass(slots=True)
class Job:
    """One message to send.

    :ivar key: the message's own identity, echoed by Meta's webhooks
    :ivar priority: lower goes first
    :ivar payload: body of ``POST /messages`` as a dict
    :ivar group: what may be stopped as a whole (:meth:`Dispatcher.stop_groups`), or None
    :ivar spaced: whether it keeps its distance from other messages to the same recipient
    :ivar render: makes the document's bytes, called in a worker thread; None without a document
    :ivar filename: the document's name as the recipient sees it
    :ivar digest: names the document's content before it is made; equal ones are uploaded once
    :ivar media_id: the document, where it is uploaded already
    :ivar complete: puts the uploaded document into the payload: ``complete(media_id)``
    """

    key: str
    priority: int
    payload: dict
    group: int | None = None
    spaced: bool = True
    render: typing.Callable[[], bytes] | None = None
    filename: str = ""
    digest: str | None = None
    media_id: str | None = None
    complete: typing.Callable[[str], None] | None = None

    @property
    def recipient(self):
        """Who gets it: a number, or the id of a person who hides it."""
        return self.payload.get("to") or self.payload["recipient"]


class Dispatcher:
    """Sends jobs under a limit per second; use as a context manager.

    Leaving the block waits until every submitted job has its outcome; :meth:`collect` them after.

    :param int rate: messages per second that the number may send
    :param dict verdicts: error code -> Verdict
    :param float pair_seconds: distance between two messages to the same recipient
    :param float timeout: seconds for one call
    """

    def __init__(
        self,
        base_url,
        api_version,
        token,
        phone_number_id,
        rate,
        verdicts,
        pair_seconds=0.0,
        timeout=TIMEOUT,
    ):
        self._root = f"{base_url.rstrip('/')}/{api_version}/{phone_number_id}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout)
        self._verdicts = verdicts
        self._window = SlidingWindow(rate)
        self._pairs = PairSpacing(pair_seconds)
        self._pause = THROTTLE_PAUSE
        self._paused_until = 0.0
        self._outcomes = queue.SimpleQueue()
        self._sequence = itertools.count()
        self._submitted = self._collected = 0
        self._halted = False
        self._stopped = frozenset()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="discom.dispatch", daemon=True)

    def __enter__(self):
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *exc_info):
        self._loop.call_soon_threadsafe(self._ready.put_nowait, END)
        self._thread.join()
        return False

    @property
    def open_jobs(self):
        """How many jobs were submitted and not collected."""
        return self._submitted - self._collected

    @property
    def pause_left(self):
        """Seconds for which Meta wants nothing more of this number."""
        return max(0.0, self._paused_until - time.monotonic())

    def submit(self, jobs):
        """Hand over jobs; returns at once."""
        self._submitted += len(jobs)
        self._loop.call_soon_threadsafe(self._accept, list(jobs))

    def stop_groups(self, groups):
        """From now on send nothing of these groups, and of no others than these withhold it."""
        self._stopped = frozenset(groups)

    def halt(self):
        """Send nothing more; what was submitted comes back unsent."""
        self._halted = True

    def collect(self, timeout=0.0):
        """Return the outcomes that have come in; wait ``timeout`` seconds for the first."""
        outcomes = []
        try:
            outcomes.append(
                self._outcomes.get(timeout=timeout) if timeout else self._outcomes.get_nowait()
            )
            while True:
                outcomes.append(self._outcomes.get_nowait())
        except queue.Empty:
            self._collected += len(outcomes)
            return outcomes

    def mark_read(self, wamids):
        """Mark received messages as read, each once in the life of the dispatcher."""
        self._loop.call_soon_threadsafe(self._marker.mark, list(wamids))

    def marked(self):
        """Return the received messages that need no further mark since the last call."""
        return self._marker.take_settled()

    def uploads(self):
        """Return {digest: media id} of the documents uploaded since the last call."""
        return self._uploader.take_new()

    def _run(self):
        try:
            asyncio.run(self._main())
        finally:
            self._started.set()

    async def _main(self):
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.PriorityQueue()
        self._preparing = set()
        self._waiting = 0
        self._calls = asyncio.Semaphore(MAX_OPEN_CALLS)
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(self._note_sent)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE, ttl_dns_cache=300)
        async with aiohttp.ClientSession(
            connector=connector,
            headers=self._headers,
            timeout=self._timeout,
            trace_configs=[trace],
        ) as self._session:
            self._marker = ReadMarker(self._session, self._root, self._verdicts)
            with Uploader(self._session, self._root, self._verdicts) as self._uploader:
                self._started.set()
                await self._pump()

    def _accept(self, jobs):
        for job in jobs:
            if job.render and not job.media_id:
                task = self._loop.create_task(self._prepare(job))
                self._preparing.add(task)
                task.add_done_callback(self._preparing.discard)
            else:
                if job.media_id:
                    job.complete(job.media_id)
                self._enqueue(job)

    def _enqueue(self, job):
        self._ready.put_nowait((job.priority, next(self._sequence), job))

    async def _pump(self):
        """Send what is ready, in order of priority and at the allowed pace, until told to end."""
        sending = set()
        while True:
            _priority, _number, job = await self._ready.get()
            if job is None:
                if self._preparing or self._waiting or self._marker.busy:
                    # The end comes after what is still being made, or waits for its turn.
                    await asyncio.sleep(0.05)
                    self._ready.put_nowait(END)
                    continue
                break
            if self._held_back(job):
                continue
            await self._calls.acquire()
            while not (unsent := self._unsent(job)):
                wait = self._window.delay(time.monotonic())
                if not wait:
                    break
                await asyncio.sleep(min(wait, STEP))
            if unsent:
                self._calls.release()
                self._outcomes.put(unsent)
                continue
            now = time.monotonic()
            self._window.let_through(now)
            self._pairs.note(job.recipient, now)
            task = self._loop.create_task(self._send(job))
            sending.add(task)
            task.add_done_callback(sending.discard)
        if sending:
            await asyncio.wait(sending)

    def _held_back(self, job):
        """Put a job aside whose recipient has just got a message; return whether it was."""
        wait = self._pairs.delay(job.recipient, time.monotonic()) if job.spaced else 0
        if not wait or self._unsent(job):
            return False
        self._waiting += 1

        def back():
            self._waiting -= 1
            self._enqueue(job)

        self._loop.call_later(min(wait, STEP), back)
        return True

    def _unsent(self, job):
        """Return the outcome of a job that must not leave any more, else None."""
        if self._halted:
            # Not sent, so it may be claimed again once the account works.
            return Outcome(job.key, Verdict.HALT)
        if job.group in self._stopped or self.pause_left > MAX_WAIT:
            return Outcome(job.key, Verdict.WITHDRAWN)
        return None

    async def _prepare(self, job):
        """Make and upload the document of a job; an upload is no message and may be repeated."""
        outcome = await self._uploader.upload(job, self._unsent)
        if outcome:
            self._report(outcome)
            return
        job.complete(job.media_id)
        self._enqueue(job)

    async def _send(self, job):
        sent = []
        try:
            async with self._session.post(
                f"{self._root}/messages", json=job.payload, trace_request_ctx=sent
            ) as response:
                body = await response.read()
                retry_after = parse_retry_after(response.headers.get("Retry-After"))
            outcome = judge_answer(job.key, response.status, body, self._verdicts, retry_after)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            outcome = Outcome(job.key, Verdict.OFFLINE, text=f"No connection: {redact(error)}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = f"No answer: {redact(error) or 'time-out'}"
            outcome = Outcome(job.key, Verdict.UNKNOWN, text=text)
        finally:
            self._calls.release()
            if sent:
                self._window.answered(sent[0], time.monotonic())
            else:
                self._window.given_up()
        outcome.media_id = job.media_id
        if refuses_media(outcome.code, outcome.text) and self._uploader.was_reused(job):
            # The file was uploaded long ago; a new upload may do.
            outcome.verdict = Verdict.RETRY
        if outcome.verdict is Verdict.PAIR and outcome.retry_after:
            now = time.monotonic()
            self._pairs.hold(job.recipient, now + outcome.retry_after, now)
        self._report(outcome)

    async def _note_sent(self, _session, context, _parameters):
        """Tell the window when a message, and not an upload, really went out."""
        if context.trace_request_ctx is not None:
            context.trace_request_ctx.append(self._window.gone(time.monotonic()))

    def _slow_down(self, retry_after):
        """Pause as long as Meta says; else a moment, longer when the last pause did not help."""
        now = time.monotonic()
        if not retry_after:
            if now < self._paused_until:
                return  # was under way when the pause began
            retry_after, self._pause = self._pause, min(2 * self._pause, MAX_THROTTLE_PAUSE)
        self._paused_until = max(self._paused_until, now + retry_after)
        self._window.pause(now, retry_after)

    def _report(self, outcome):
        if outcome.verdict is Verdict.THROTTLE:
            self._slow_down(outcome.retry_after)
        elif outcome.verdict is Verdict.HALT:
            self._halted = True
        elif outcome.verdict is Verdict.ACCEPTED:
            self._pause = THROTTLE_PAUSE
        self._outcomes.put(outcome)
