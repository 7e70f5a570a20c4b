"""Chromium as the manual needs it: logs in, clicks what a person clicks, takes pictures."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request

import websocket

from dev.stack.process import free_port

SECONDS = 60
#: Below this width the page is shown as on a phone.
PHONE = 600


class BrowserError(Exception):
    """What was looked for did not come, or the page has failed."""


class Browser:
    """A page of headless Chromium at `url`, logged in to Odoo as `login` where there is one.

    :param int width, height: of the window, in pixels
    """

    def __init__(self, url, login, width, height, password=None):
        self.url = url
        self._count = 0
        self._folder = tempfile.mkdtemp(prefix="discom-screenshots-")
        port = free_port()
        self._process = subprocess.Popen(
            [
                "chromium",
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--remote-debugging-port={port}",
                "--remote-allow-origins=*",
                f"--user-data-dir={self._folder}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._socket = websocket.create_connection(self._target(port), timeout=SECONDS)
            self._call("Page.enable")
            self._call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=height,
                deviceScaleFactor=1,
                mobile=width < PHONE,
            )
            if width < PHONE:
                self._call("Emulation.setTouchEmulationEnabled", enabled=True)
            if login:
                self._login(login, password or login)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def close(self):
        """End Chromium and remove what it has written."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def open(self, path):
        """Go to `path` of Odoo."""
        self._call("Page.navigate", url=f"{self.url}{path}")
        time.sleep(1)

    def wait(self, selector):
        """Wait until something that can be seen answers to the CSS `selector`."""
        seen = f"!!document.querySelector({json.dumps(selector)})?.getClientRects().length"
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if self.evaluate(seen):
                # Odoo fills in what it has drawn.
                time.sleep(0.7)
                return
            time.sleep(0.2)
        raise BrowserError(f"Nothing on {self.evaluate('location.href')} answers to {selector}")

    def click(self, selector):
        """Click the first that answers to `selector`."""
        self.wait(selector)
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        time.sleep(1)

    def type(self, selector, text):
        """Put `text` into the field `selector`, in place of what stands there, and press Enter."""
        self.wait(selector)
        self.evaluate(
            f"(() => {{const field = document.querySelector({json.dumps(selector)});"
            " field.focus(); field.select?.();})()"
        )
        self._call("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent",
                type=kind,
                key="Enter",
                code="Enter",
                windowsVirtualKeyCode=13,
                text="\r" if kind == "keyDown" else "",
            )
        time.sleep(1.5)

    def evaluate(self, script):
        """Return what JavaScript answers."""
        answer = self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        # A page that is being replaced answers nothing.
        return answer.get("result", {}).get("value")

    def picture(self, path):
        """Write what is seen to `path`, PNG, without the greeting of Odoo in the chat."""
        self.evaluate(
            "document.head.insertAdjacentHTML('beforeend',"
            " '<style>.o-mail-ChatHub, .o-mail-ChatWindow {display: none !important}</style>')"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        answer = self._call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))

    def _login(self, login, password):
        self.open("/web/login")
        self.wait("input[name=login]")
        self.evaluate(
            f"document.querySelector('input[name=login]').value = {json.dumps(login)};"
            f"document.querySelector('input[name=password]').value = {json.dumps(password)};"
            "document.querySelector('form.oe_login_form').submit()"
        )
        self.wait(".o_main_navbar")

    def _target(self, port):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                    for target in json.load(answer):
                        if target["type"] == "page":
                            return target["webSocketDebuggerUrl"]
            except OSError:
                pass
            time.sleep(0.2)
        raise BrowserError("Chromium does not start")

    def _call(self, method, **parameters):
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._count:
                return answer.get("result", {})
