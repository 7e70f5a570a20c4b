"""A person at Odoo's web client, as far as a script needs one; and JSON of other servers."""

import http.cookiejar
import itertools
import json
import urllib.error
import urllib.request

from .console import StackError

SECONDS = 120


class Session:
    """A login to Odoo. Calls go the way of the web client, with the rights of the person.

    :raise StackError: when the login is refused
    """

    def __init__(self, url, database, login, password):
        self.url = url
        self._ids = itertools.count(1)
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        self._post(
            "/web/session/authenticate", {"db": database, "login": login, "password": password}
        )

    def call(self, model, method, *args, **kwargs):
        """Call `method` of `model` and return what it answers.

        :raise StackError: with Odoo's message, when it refuses
        """
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def read(self, model, domain, fields, **options):
        """Return the records of `domain` as dicts of `fields`."""
        return self.call(model, "search_read", domain, fields, **options)

    def _post(self, path, params):
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": "call", "params": params}
        answer = send_json(f"{self.url}{path}", body, opener=self._opener)
        if "error" in answer:
            error = answer["error"]
            raise StackError(f"Odoo says: {error.get('data', {}).get('message') or error}")
        return answer.get("result")


def send_json(url, body=None, headers=None, opener=None):
    """POST `body` as JSON, or GET without one, and return the JSON that comes back.

    :raise StackError: when the server does not answer, or answers with an error
    """
    request = urllib.request.Request(
        url,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with (opener or urllib.request.build_opener()).open(request, timeout=SECONDS) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")[:2000]
        raise StackError(f"{url} answers {error.code}: {text}") from None
    except OSError as error:
        raise StackError(f"{url} does not answer: {error}") from None
