"""Documents of messages: made by threads, uploaded once, in parallel."""

import asyncio
import collections
import concurrent.futures
import json
import mimetypes
import os

import aiohttp

from .cloud_api import Outcome, Verdict, judge_error, parse_error, parse_retry_after, redact

#: Documents that may be made or uploaded at the same time.
MAX_OPEN_UPLOADS = 64
#: Threads that make documents; typst works outside the interpreter lock.
RENDER_THREADS = max(2, os.cpu_count() or 2)
#: Code with which WhatsApp refuses a document; an upload that has ended gives it, too.
MEDIA_REFUSED = 131053
#: With this code and these words WhatsApp says that it has no such upload any more.
PARAMETER, NO_SUCH_UPLOAD = 100, "media attachment id"


def refuses_media(code, text):
    """Tell whether an error is about the uploaded document."""
    return code == MEDIA_REFUSED or (
        code == PARAMETER and NO_SUCH_UPLOAD in (text or "").casefold()
    )


class Uploader:
    """Makes and uploads the documents of jobs; use as a context manager within an event loop.

    :param session: of aiohttp
    :param str root: address of the sending number
    :param dict verdicts: error code -> Verdict
    """

    def __init__(self, session, root, verdicts):
        self._session = session
        self._url = f"{root}/media"
        self._verdicts = verdicts
        self._slots = asyncio.Semaphore(MAX_OPEN_UPLOADS)
        self._under_way = {}
        self._batches = {}
        self._makers = 0
        self._tasks = set()
        self._new = []
        self._fresh = set()

    def __enter__(self):
        self._threads = concurrent.futures.ThreadPoolExecutor(RENDER_THREADS, "discom.render")
        self._loop = asyncio.get_running_loop()
        return self

    def __exit__(self, *exc_info):
        self._threads.shutdown()
        return False

    def take_new(self):
        """Return {digest: media id} of what was uploaded since the last call; for any thread."""
        new, self._new = self._new, []
        return dict(new)

    def was_reused(self, job):
        """Return whether the document of ``job`` was uploaded before this run."""
        return bool(job.media_id) and job.media_id not in self._fresh

    async def upload(self, job, unsent):
        """Set ``job.media_id``; return the outcome of a job whose document cannot be had.

        Of equal documents (``job.digest``) the first is uploaded and the others wait for it.

        :param unsent: function of a job that returns its outcome when it must not leave
        """
        if job.digest is None:
            return await self._make_and_upload(job, unsent)
        if job.digest in self._under_way:
            job.media_id = await asyncio.shield(self._under_way[job.digest])
            if job.media_id:
                return None
        done = self._under_way[job.digest] = self._loop.create_future()
        try:
            return await self._make_and_upload(job, unsent)
        finally:
            done.set_result(job.media_id)
            # Who comes later may use it, who comes after a failure tries anew.
            if not job.media_id and self._under_way.get(job.digest) is done:
                del self._under_way[job.digest]

    async def _make_and_upload(self, job, unsent):
        async with self._slots:
            if outcome := unsent(job):
                return outcome
            try:
                content = await self._make(job.render)
            except Exception as error:  # noqa: BLE001 layouts fail in any way
                text = f"The document could not be made: {error}"
                return Outcome(job.key, Verdict.FAILED, text=text)
            if outcome := unsent(job):
                return outcome
            try:
                return await self._post(job, content)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                text = f"No connection: {redact(error)}"
                return Outcome(job.key, Verdict.OFFLINE, text=text)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as error:
                text = f"Upload failed: {redact(error) or 'time-out'}"
                return Outcome(job.key, Verdict.RETRY, text=text)

    def _make(self, render):
        """Return a future of the bytes of a document.

        A function that has ``together``, which makes several documents at once, and ``most``, how
        many at most, is called that way while documents wait.
        """
        if not hasattr(render, "together"):
            return self._loop.run_in_executor(self._threads, render)
        queue = self._batches.setdefault(render.together, collections.deque())
        future = self._loop.create_future()
        queue.append((render, future))
        if self._makers < RENDER_THREADS:
            self._makers += 1
            task = self._loop.create_task(self._make_batches(queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return future

    async def _make_batches(self, queue):
        # First let all that is claimed together come.
        await asyncio.sleep(0)
        while queue:
            most = queue[0][0].most
            batch = [queue.popleft() for _place in range(min(most, len(queue)))]
            renders = [render for render, _future in batch]
            try:
                made = await self._loop.run_in_executor(self._threads, renders[0].together, renders)
            except Exception:  # noqa: BLE001 one of them fails; the others shall not
                made = [self._loop.run_in_executor(self._threads, render) for render in renders]
                made = await asyncio.gather(*made, return_exceptions=True)
            for (_render, future), content in zip(batch, made, strict=True):
                if isinstance(content, BaseException):
                    future.set_exception(content)
                else:
                    future.set_result(content)
        self._makers -= 1

    async def _post(self, job, content):
        mimetype = mimetypes.guess_type(job.filename)[0] or "application/pdf"
        form = aiohttp.FormData()
        form.add_field("messaging_product", "whatsapp")
        form.add_field("type", mimetype)
        form.add_field("file", content, filename=job.filename, content_type=mimetype)
        async with self._session.post(self._url, data=form) as response:
            body = await response.read()
            retry_after = parse_retry_after(response.headers.get("Retry-After"))
        if response.status == 200:
            job.media_id = str(json.loads(body)["id"])
            self._fresh.add(job.media_id)
            if job.digest is not None:
                self._new.append((job.digest, job.media_id))
            return None
        error = parse_error(response.status, body, retry_after)
        verdict = judge_error(error, self._verdicts)
        if verdict is Verdict.UNKNOWN:
            verdict = Verdict.RETRY
        return Outcome(job.key, verdict, None, error.code, error.text, retry_after)
