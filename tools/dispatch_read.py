"""Telling WhatsApp that the staff has read what came in: no message, so it needs no pacing."""

import asyncio

import aiohttp

from .cloud_api import Verdict, judge_error, parse_error

#: Marks that may wait for an answer at the same time.
MAX_OPEN_MARKS = 20


class ReadMarker:
    """Marks messages as read, each once in its life; used within an event loop.

    https://developers.facebook.com/docs/whatsapp/cloud-api/guides/mark-message-as-read

    :param session: of aiohttp
    :param str root: address of the sending number
    :param dict verdicts: error code -> Verdict
    """

    def __init__(self, session, root, verdicts):
        self._session = session
        self._url = f"{root}/messages"
        self._verdicts = verdicts
        self._slots = asyncio.Semaphore(MAX_OPEN_MARKS)
        self._known = set()
        self._tasks = set()
        self._settled = []

    @property
    def busy(self):
        """Whether an answer is waited for."""
        return bool(self._tasks)

    def mark(self, wamids):
        """Mark messages as read, those that were not handed over before."""
        for wamid in set(wamids) - self._known:
            self._known.add(wamid)
            task = asyncio.ensure_future(self._mark(wamid))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def take_settled(self):
        """Return the messages that need no further try since the last call; for any thread."""
        settled, self._settled = self._settled, []
        return settled

    async def _mark(self, wamid):
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
        try:
            async with self._slots, self._session.post(self._url, json=body) as response:
                answer = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return
        if response.status != 200:
            verdict = judge_error(parse_error(response.status, answer), self._verdicts)
            # What is refused for good, one too old for example, is as settled as what is marked.
            if verdict is not Verdict.FAILED:
                return
        self._settled.append(wamid)
