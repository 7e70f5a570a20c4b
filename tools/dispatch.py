"""Sending many messages at once: paced, in parallel, without a database.

The caller claims messages in its database, submits them, and collects what became of each. A thread
with an event loop does the HTTP calls, so the caller can claim and settle meanwhile; no code in
here touches the caller's transaction.
"""

import asyncio
import concurrent.futures
import dataclasses
import itertools
import json
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
    judge_error,
    parse_error,
    parse_retry_after,
    redact,
)
from .throttle import SlidingWindow

#: Messages that may wait for an answer at the same time: at 150 ms a call, 2,000 a second.
MAX_OPEN_CALLS = 300
#: Documents that may be rendered or uploaded at the same time.
MAX_OPEN_UPLOADS = 64
#: Threads that render documents; rendering is processor work outside the interpreter lock.
RENDER_THREADS = 2
#: Seconds without sending after Meta said that the number is too fast.
THROTTLE_PAUSE = 0.25
#: Seconds that an idle connection is kept; shorter than a server keeps its own.
KEEPALIVE = 20.0


@dataclasses.dataclass(slots=True)
class Job:
    """One message to send.

    :ivar key: the message's own identity, echoed by Meta's webhooks
    :ivar priority: lower goes first
    :ivar payload: body of ``POST /messages`` as a dict
    :ivar render: makes the document's bytes, called in a worker thread; None without a document
    :ivar filename: the document's name as the recipient sees it
    :ivar complete: puts the uploaded document into the payload: ``complete(media_id)``
    """

    key: str
    priority: int
    payload: dict
    render: typing.Callable[[], bytes] | None = None
    filename: str = ""
    complete: typing.Callable[[str], None] | None = None


class Dispatcher:
    """Sends jobs under a limit per second; use as a context manager.

    Leaving the block waits until every submitted job has its outcome; :meth:`collect` them after.

    :param int rate: messages per second that the number may send
    :param float timeout: seconds for one call
    """

    def __init__(self, base_url, api_version, token, phone_number_id, rate, timeout=TIMEOUT):
        self._root = f"{base_url.rstrip('/')}/{api_version}/{phone_number_id}"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout)
        self._window = SlidingWindow(rate)
        self._outcomes = queue.SimpleQueue()
        self._sequence = itertools.count()
        self._submitted = self._collected = 0
        self._halted = False
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="discom.dispatch", daemon=True)

    def __enter__(self):
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *exc_info):
        self._loop.call_soon_threadsafe(self._ready.put_nowait, (float("inf"), 0, None))
        self._thread.join()
        return False

    @property
    def open_jobs(self):
        """How many jobs were submitted and not collected."""
        return self._submitted - self._collected

    def submit(self, jobs):
        """Hand over jobs; returns at once."""
        self._submitted += len(jobs)
        self._loop.call_soon_threadsafe(self._accept, list(jobs))

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

    def _run(self):
        try:
            asyncio.run(self._main())
        finally:
            self._started.set()

    async def _main(self):
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.PriorityQueue()
        self._preparing = set()
        self._uploads = asyncio.Semaphore(MAX_OPEN_UPLOADS)
        self._calls = asyncio.Semaphore(MAX_OPEN_CALLS)
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(self._note_sent)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE, ttl_dns_cache=300)
        with concurrent.futures.ThreadPoolExecutor(
            RENDER_THREADS, "discom.render"
        ) as self._renderers:
            async with aiohttp.ClientSession(
                connector=connector,
                headers=self._headers,
                timeout=self._timeout,
                trace_configs=[trace],
            ) as self._session:
                self._started.set()
                await self._pump()

    def _accept(self, jobs):
        for job in jobs:
            if job.render:
                task = self._loop.create_task(self._prepare(job))
                self._preparing.add(task)
                task.add_done_callback(self._preparing.discard)
            else:
                self._enqueue(job)

    def _enqueue(self, job):
        self._ready.put_nowait((job.priority, next(self._sequence), job))

    async def _pump(self):
        """Send what is ready, in order of priority and at the allowed pace, until told to end."""
        sending = set()
        while True:
            _priority, _number, job = await self._ready.get()
            if job is None:
                if not self._preparing:
                    break
                await asyncio.wait(self._preparing)
                self._ready.put_nowait((float("inf"), 0, None))
                continue
            await self._calls.acquire()
            while wait := self._window.delay(time.monotonic()):
                await asyncio.sleep(wait)
            if self._halted:
                # Not sent, so it may be claimed again once the account works.
                self._calls.release()
                self._outcomes.put(Outcome(job.key, Verdict.HALT))
                continue
            self._window.let_through(time.monotonic())
            task = self._loop.create_task(self._send(job))
            sending.add(task)
            task.add_done_callback(sending.discard)
        if sending:
            await asyncio.wait(sending)

    async def _prepare(self, job):
        """Render and upload the document of a job; an upload is no message and may be repeated."""
        async with self._uploads:
            try:
                content = await self._loop.run_in_executor(self._renderers, job.render)
            except Exception as error:  # noqa: BLE001 layouts fail in any way
                self._outcomes.put(
                    Outcome(
                        job.key, Verdict.FAILED, text=f"The document could not be made: {error}"
                    )
                )
                return
            if self._halted:
                self._outcomes.put(Outcome(job.key, Verdict.HALT))
                return
            form = aiohttp.FormData()
            form.add_field("messaging_product", "whatsapp")
            form.add_field("type", "application/pdf")
            form.add_field("file", content, filename=job.filename, content_type="application/pdf")
            try:
                async with self._session.post(f"{self._root}/media", data=form) as response:
                    body = await response.read()
                    retry_after = parse_retry_after(response.headers.get("Retry-After"))
                if response.status != 200:
                    error = parse_error(response.status, body, retry_after)
                    verdict = judge_error(error)
                    if verdict is Verdict.UNKNOWN:
                        verdict = Verdict.RETRY
                    self._report(
                        Outcome(job.key, verdict, None, error.code, error.text, retry_after)
                    )
                    return
                media_id = json.loads(body)["id"]
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                self._report(
                    Outcome(job.key, Verdict.OFFLINE, text=f"No connection: {redact(error)}")
                )
                return
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as error:
                text = f"Upload failed: {redact(error) or 'time-out'}"
                self._report(Outcome(job.key, Verdict.RETRY, text=text))
                return
        job.complete(media_id)
        self._enqueue(job)

    async def _send(self, job):
        sent = []
        try:
            async with self._session.post(
                f"{self._root}/messages", json=job.payload, trace_request_ctx=sent
            ) as response:
                body = await response.read()
                retry_after = parse_retry_after(response.headers.get("Retry-After"))
            outcome = judge_answer(job.key, response.status, body, retry_after)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            outcome = Outcome(job.key, Verdict.OFFLINE, text=f"No connection: {redact(error)}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = f"No answer: {redact(error) or 'time-out'}"
            outcome = Outcome(job.key, Verdict.UNKNOWN, text=text)
        finally:
            self._calls.release()
            if not sent:
                self._window.given_up()
        self._report(outcome)

    async def _note_sent(self, _session, context, _parameters):
        """Tell the window when a message, and not an upload, really went out."""
        if context.trace_request_ctx is not None:
            context.trace_request_ctx.append(True)
            self._window.gone(time.monotonic())

    def _report(self, outcome):
        if outcome.verdict is Verdict.THROTTLE:
            self._window.pause(time.monotonic(), outcome.retry_after or THROTTLE_PAUSE)
        elif outcome.verdict is Verdict.HALT:
            self._halted = True
        self._outcomes.put(outcome)
