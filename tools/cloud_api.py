"""Client of Meta's WhatsApp Cloud API, and what its answers mean to a sender.

Contract: Meta's OpenAPI file ``business-messaging-api`` and the error code pages of its developer
documentation. Meta asks to branch on the error *code*, never on titles or on the HTTP status.
"""

import dataclasses
import enum
import json
import re
import typing
from urllib.parse import urlsplit

import requests

TIMEOUT = 10.0


class Verdict(enum.Enum):
    """What a sender does after one call of ``POST /messages``."""

    ACCEPTED = "accepted"
    HELD = "held"  # accepted, but held back while Meta judges or pauses the template
    RETRY = "retry"  # not accepted, for a passing reason
    OFFLINE = "offline"  # the request never left
    THROTTLE = "throttle"  # not accepted; the whole number has to slow down
    PAIR = "pair"  # not accepted; only this recipient has to wait
    WAIT = "wait"  # not accepted; not before some hours have passed
    PAUSE = "pause"  # not accepted; this template or broadcast has to stop
    HALT = "halt"  # not accepted; nothing of this account will be
    FAILED = "failed"  # not accepted, for good
    UNKNOWN = "unknown"  # no answer: it may have been accepted
    WITHDRAWN = "withdrawn"  # not sent: its broadcast was stopped meanwhile


#: Statuses that can come from a proxy while the request behind it went through.
_AMBIGUOUS_STATUSES = frozenset((500, 502, 504))

_SECRETS = re.compile(r"(EAA\w{8,}|(?<=Bearer )\S+|(?<=access_token=)[^&\s]+)")


class CloudApiError(Exception):
    """An error answer of the Cloud API, or no answer at all (``code`` is then None).

    :ivar code: Meta's error code
    :ivar details: Meta's explanation for people, in English, without secrets
    :ivar http_status: None when nothing was received
    :ivar retry_after: seconds to wait, when the server named them
    """

    def __init__(self, message, code=None, details="", http_status=None, retry_after=None):
        self.message = redact(message)
        self.code = code
        self.details = redact(details)
        self.http_status = http_status
        self.retry_after = retry_after
        super().__init__(f"({code}) {self.message}" if code is not None else self.message)

    @property
    def text(self):
        """The most telling one-line text for a person."""
        return self.details or self.message


@dataclasses.dataclass(slots=True)
class Outcome:
    """What became of one message that was handed to the Cloud API."""

    key: str
    verdict: Verdict
    wamid: str | None = None
    code: int | None = None
    text: str = ""
    retry_after: float | None = None
    media_id: str | None = None


def redact(text):
    """Return ``text`` without access tokens."""
    return _SECRETS.sub("•••", str(text or ""))


def parse_error(http_status, body, retry_after=None):
    """Build the :class:`CloudApiError` for an answer that is not a success.

    :param bytes body: as received
    """
    try:
        error = json.loads(body)["error"]
        code = int(error["code"])
    except (ValueError, TypeError, KeyError):
        return CloudApiError(f"HTTP {http_status}", None, "", http_status, retry_after)
    details = (error.get("error_data") or {}).get("details") or error.get("error_user_msg") or ""
    return CloudApiError(error.get("message", ""), code, details, http_status, retry_after)


def judge_error(error, verdicts):
    """Tell what a sender does after ``error``, a :class:`CloudApiError` with an HTTP status.

    :param dict verdicts: error code -> Verdict; a code that is not in it is a permanent failure
    """
    if error.code is not None:
        # 100 is any wrong parameter; only one that names the sending number concerns the account.
        if error.code == 100 and "phone_number_id" in f"{error.message} {error.details}".lower():
            return Verdict.HALT
        return verdicts.get(error.code, Verdict.FAILED)
    if error.http_status == 429:
        return Verdict.THROTTLE
    if error.http_status in _AMBIGUOUS_STATUSES:
        return Verdict.UNKNOWN
    if error.http_status >= 500:
        return Verdict.RETRY
    return Verdict.HALT if error.http_status in (401, 403) else Verdict.FAILED


def judge_answer(key, http_status, body, verdicts, retry_after=None):
    """Turn an answer of ``POST /messages`` into an :class:`Outcome`.

    :param dict verdicts: as of :func:`judge_error`
    """
    if http_status == 200:
        try:
            message = json.loads(body)["messages"][0]
            wamid, status = message["id"], message.get("message_status", "accepted")
        except (ValueError, TypeError, KeyError, IndexError):
            return Outcome(key, Verdict.UNKNOWN, text="The answer could not be read.")
        return Outcome(key, Verdict.ACCEPTED if status == "accepted" else Verdict.HELD, wamid)
    error = parse_error(http_status, body, retry_after)
    return Outcome(
        key, judge_error(error, verdicts), code=error.code, text=error.text, retry_after=retry_after
    )


def parse_retry_after(value):
    """Return the seconds of a ``Retry-After`` header, None where it has none (dates included)."""
    return float(value) if value and re.fullmatch(r"\d{1,6}(\.\d+)?", value) else None


class CloudApi:
    """Blocking calls for what a person waits for: settings, templates, one media file.

    Mass sending goes through :mod:`.dispatch`.

    :param float timeout: seconds for each of connecting and answering
    """

    def __init__(
        self, base_url, api_version, token, phone_number_id=None, waba_id=None, timeout=TIMEOUT
    ):
        self.base_url = f"{base_url.rstrip('/')}/{api_version}"
        self.phone_number_id = phone_number_id
        self.waba_id = waba_id
        self.timeout = timeout
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path, params=None) -> dict:
        """Call ``GET path``; raise :class:`CloudApiError`."""
        return self._call("GET", path, params=params)

    def post(self, path, json=None, **kwargs) -> dict:
        """Call ``POST path``; ``kwargs`` go to :mod:`requests` (``data``, ``files``, ...)."""
        return self._call("POST", path, json=json, **kwargs)

    def delete(self, path, params=None) -> dict:
        """Call ``DELETE path``; raise :class:`CloudApiError`."""
        return self._call("DELETE", path, params=params)

    def get_paged(self, path, params=None) -> typing.Iterator[dict]:
        """Yield the items of every page of a list."""
        params = dict(params or {})
        while True:
            page = self.get(path, params)
            yield from page.get("data", ())
            paging = page.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after")
            if not after or not paging.get("next"):
                return
            params["after"] = after

    def _call(self, method, path, **kwargs):
        url = f"{self.base_url}/{path.lstrip('/')}"
        try:
            response = self._session.request(method, url, timeout=self.timeout, **kwargs)
        except requests.Timeout as error:
            raise CloudApiError(f"No answer within {self.timeout:g} seconds") from error
        except requests.RequestException as error:
            raise CloudApiError("The server cannot be reached", details=str(error)) from error
        if response.ok:
            try:
                return response.json()
            except ValueError as error:
                raise CloudApiError(
                    "The answer is not JSON; is the base URL right?",
                    http_status=response.status_code,
                ) from error
        raise parse_error(
            response.status_code,
            response.content,
            parse_retry_after(response.headers.get("Retry-After")),
        )

    def download(self, url, most) -> bytes:
        """Return the content of an address that the API gave, with the token.

        :param int most: bytes; a larger file is not read to its end
        :raise CloudApiError: with the code ``large`` where the file has more bytes
        """
        parts = urlsplit(url)
        local = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme != "https" and not local:
            # The token travels in a header: never in the clear.
            raise CloudApiError("The address of the file does not begin with https://")
        content = bytearray()
        try:
            with self._session.get(
                url, timeout=self.timeout, stream=True, allow_redirects=False
            ) as response:
                if response.status_code != 200:
                    raise parse_error(response.status_code, response.raw.read(10_000))
                for chunk in response.iter_content(64 * 1024):
                    content += chunk
                    if len(content) > most:
                        raise CloudApiError("The file is too large", code="large")
        except requests.RequestException as error:
            raise CloudApiError("The file cannot be downloaded", details=str(error)) from error
        return bytes(content)
