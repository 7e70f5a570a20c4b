"""A simulator of one's own for a test: started as a process, driven by a few methods.

Uses the standard library alone, so that it can be imported from anywhere.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY = "Simulator ready on "
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 5
CALL_TIMEOUT_S = 30
# A proxy of the environment must not stand between a test and its own process.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SimulatorError(Exception):
    """The simulator did not start, or refused what the test asked of it."""


class SimulatorProcess:
    """The simulator on a free port, as a context manager or by ``start()`` and ``stop()``.

    :param str webhook_url: the app's callback URL; without one callbacks are only recorded
    :param dict settings: first values of settings (README.md)
    :param list templates: create bodies of templates that exist and are approved
    :param int port: 0 takes a free one
    :param str host: address on which it listens
    :param list arguments: more command-line arguments
    """

    phone_number_id = "100000000000001"
    waba_id = "200000000000001"
    token = "simulator-token"
    app_secret = "simulator-secret"
    verify_token = "simulator-verify"

    def __init__(
        self, webhook_url="", settings=None, templates=None, port=0, host="127.0.0.1", arguments=()
    ):
        self._settings = dict(settings or {})
        if webhook_url:
            self._settings["webhook_url"] = webhook_url
        for name in ("token", "app_secret", "verify_token"):
            if name in self._settings:
                setattr(self, name, self._settings[name])
        self._templates = list(templates or [])
        self._port = port
        self._host = host
        self._arguments = list(arguments)
        self._process = None
        self._files = None
        self.url = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()

    @property
    def pid(self):
        """Process id, None when it does not run."""
        return self._process.pid if self._process else None

    def start(self):
        """Start the process and wait until it answers.

        :raises SimulatorError: with what it wrote, when it does not
        :return: self
        """
        if self._process:
            return self
        self._files = tempfile.TemporaryDirectory(prefix="simulator-")
        log_path = Path(self._files.name, "log")
        templates_path = Path(self._files.name, "templates.json")
        templates_path.write_text(json.dumps(self._templates), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "dev.simulator",
            "--host",
            self._host,
            "--port",
            str(self._port),
            "--templates",
            str(templates_path),
            "--until-eof",
        ]
        for name, value in self._settings.items():
            command += ["--set", f"{name}={json.dumps(value)}"]
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *self._arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        # The pipe ends when the process does; the timer ends a process that says nothing.
        timer = threading.Timer(START_TIMEOUT_S, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not line.startswith(READY):
            self._process.wait(STOP_TIMEOUT_S)
            text = log_path.read_text(encoding="utf-8", errors="replace")
            self.stop()
            raise SimulatorError(f"the simulator did not start: {text or line}")
        self.url = line.removeprefix(READY).strip()
        return self

    def stop(self):
        """End the process; harmless when it does not run."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            process.stdin.close()
            process.stdout.close()
        if self._files:
            self._files.cleanup()
            self._files = None

    def call(self, method, path, body=None, headers=None):
        """Call any path.

        :param body: data to send as JSON, or bytes
        :return: (HTTP status, decoded answer or bytes)
        """
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with _opener.open(request, timeout=CALL_TIMEOUT_S) as answer:
                status, kind, content = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                status, kind, content = refusal.code, refusal.headers, refusal.read()
        if kind.get_content_type() == "application/json":
            content = json.loads(content)
        return status, content

    def graph(self, method, path, body=None, headers=None):
        """Call the Graph API with the token; ``path`` is what follows the version.

        :return: (HTTP status, decoded answer or bytes)
        """
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.call(method, f"/v25.0/{path}", body, headers)

    def send(self, body):
        """Send a message from the first business number.

        :return: (HTTP status, decoded answer)
        """
        return self.graph(
            "POST", f"{self.phone_number_id}/messages", {"messaging_product": "whatsapp", **body}
        )

    def _admin(self, method, path, body=None, **query):
        given = {name: value for name, value in query.items() if value is not None}
        if given:
            path += "?" + urllib.parse.urlencode(given)
        status, answer = self.call(method, "/simulator/" + path, body)
        if status != 200:
            raise SimulatorError(answer["error"] if isinstance(answer, dict) else answer)
        return answer

    def reset(self, keep=()):
        """Forget what happened, but for what ``keep`` names: templates, settings, faults, media."""
        return self._admin("POST", "reset", {"keep": list(keep)})

    def settings(self, **values):
        """Change settings.

        :return: all of them
        """
        return self._admin("POST", "settings", values)

    def set_faults(self, rules):
        """Replace the fault rules; an empty list clears them."""
        return self._admin("POST", "faults", list(rules))

    def faults(self):
        """:return: the fault rules with their hits"""
        return self._admin("GET", "faults")

    def state(self, keys=False, phone_number_id=None):
        """:return: counts of all that happened"""
        return self._admin(
            "GET", "state", keys=1 if keys else None, phone_number_id=phone_number_id
        )

    def key_counts(self):
        """:return: how many times each biz_opaque_callback_data was accepted"""
        return self.state(keys=True)["keys"]["counts"]

    def messages(self, to=None, key=None, id=None, limit=None):
        """:return: messages of a chat, or the newest of all, oldest first"""
        return self._admin("GET", "messages", to=to, key=key, id=id, limit=limit)

    def chats(self, q=None, limit=None):
        """:return: chats, newest first"""
        return self._admin("GET", "chats", q=q, limit=limit)

    def webhooks(self, after=None, field=None):
        """:return: the newest callbacks, with their exact body and signature"""
        return self._admin("GET", "webhooks", after=after, field=field)

    def inbound(self, number, **message):
        """A consumer writes: ``text=``, or ``type=`` and what that type needs.

        :return: the message's id
        """
        return self._admin("POST", "inbound", {"from": number, **message})["id"]

    def open_chat(self, number):
        """A consumer opens his chat.

        :return: how many messages he read
        """
        return self._admin("POST", "read", {"number": number})["read"]

    def status(self, status, **which):
        """Send one status callback by hand; ``id=`` or ``key=``, and ``code=`` of a failure."""
        return self._admin("POST", "status", {"status": status, **which})

    def add_templates(self, templates):
        """Put templates in place, approved unless their ``status`` says otherwise."""
        return self._admin("POST", "templates", list(templates))

    def templates(self):
        """:return: all templates"""
        return self._admin("GET", "templates")

    def add_number(self, phone_number_id, **values):
        """Add or change a business number."""
        return self._admin("POST", "numbers", {"id": phone_number_id, **values})

    def verify(self, url=None, verify_token=None):
        """Make the handshake with a callback URL.

        :return: ok, status, body
        """
        return self._admin("POST", "verify", {"url": url, "verify_token": verify_token})

    def webhook(self, field, value, waba_id=None):
        """Send any other callback."""
        return self._admin("POST", "webhook", {"field": field, "value": value, "waba_id": waba_id})

    def drain(self, timeout_s=10, statuses=True):
        """Wait until no callback is pending.

        :return: whether that came to be in time
        """
        body = {"timeout_s": timeout_s, "statuses": statuses}
        return self._admin("POST", "drain", body)["drained"]
