"""Shared by the simulator's tests: a running simulator, a receiver of callbacks, templates."""

import hashlib
import hmac
import json
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from dev.simulator.testing import SimulatorProcess

NUMBER = "919400000001"
PDF = b"%PDF-1.4\n%%EOF\n"


def example(*names):
    """:return: the example of a NAMED body"""
    return {"body_text_named_params": [{"param_name": n, "example": "उदाहरण"} for n in names]}


BILL = {
    "name": "bill_issued",
    "language": "hi",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [
        {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": ["4::sample"]}},
        {
            "type": "BODY",
            "example": example("name", "amount"),
            "text": "प्रिय {{name}} जी, आपका इस माह का बिजली बिल ₹{{amount}} है, कृपया जमा करें।",
        },
        {"type": "FOOTER", "text": "संदेश रोकने के लिए STOP लिखें"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "बिल"},
                {
                    "type": "URL",
                    "text": "देखें",
                    "url": "https://example.org/b/{{1}}",
                    "example": ["9f1c"],
                },
                {"type": "PHONE_NUMBER", "text": "कॉल", "phone_number": "+911912"},
            ],
        },
    ],
}
OUTAGE = {
    "name": "outage_planned",
    "language": "en",
    "category": "UTILITY",
    "components": [
        {
            "type": "HEADER",
            "format": "TEXT",
            "text": "Shutdown on {{1}}",
            "example": {"header_text": ["Anpara"]},
        },
        {
            "type": "BODY",
            "example": {"body_text": [["10:00", "13:00"]]},
            "text": "The supply will be off from {{1}} to {{2}} for maintenance of the line.",
        },
    ],
}
PLAIN = {
    "name": "restored",
    "language": "hi",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "आपके क्षेत्र की बिजली आ गई है।"}],
}


def text(value, name=None):
    """:return: a text parameter"""
    return {"type": "text", "text": value, **({"parameter_name": name} if name else {})}


def plain(to=NUMBER, **more):
    """:return: the smallest template message"""
    return {
        "to": to,
        "type": "template",
        "template": {"name": "restored", "language": {"code": "hi"}},
        **more,
    }


def outage(header=("Anpara-2",), body=("10:00", "13:00"), **more):
    """:return: a message of the positional template"""
    components = [
        {"type": "header", "parameters": [text(v) for v in header]},
        {"type": "body", "parameters": [text(v) for v in body]},
    ]
    return {
        "to": NUMBER,
        "type": "template",
        "template": {
            "name": "outage_planned",
            "language": {"code": "en"},
            "components": components,
        },
        **more,
    }


class SimulatorCase(unittest.TestCase):
    """One simulator for a class, reset before each test; statuses come at once."""

    start_settings = {
        "sent_ms": 0,
        "delivered_ms": 5,
        "read_ms": 10,
        "pair_interval_s": 0,
        "throughput": 0,
        "retry_first_s": 0.05,
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.simulator = SimulatorProcess(
            settings=cls.start_settings, templates=[BILL, OUTAGE, PLAIN]
        )
        cls.simulator.start()
        cls.addClassCleanup(cls.simulator.stop)

    def setUp(self):
        super().setUp()
        self.simulator.reset()

    def upload(
        self,
        content=PDF,
        mime_type="application/pdf",
        filename="bill.pdf",
        fields=None,
        phone_number_id=None,
    ):
        """:return: (HTTP status, answer) of an upload"""
        parts = [
            b'--edge\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
            % (name.encode(), value.encode())
            for name, value in (fields or {"messaging_product": "whatsapp"}).items()
        ]
        if content is not None:
            parts.append(
                b'--edge\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n'
                b"Content-Type: %b\r\n\r\n%b\r\n" % (filename.encode(), mime_type.encode(), content)
            )
        parts.append(b"--edge--\r\n")
        return self.simulator.graph(
            "POST",
            f"{phone_number_id or self.simulator.phone_number_id}/media",
            b"".join(parts),
            {"Content-Type": "multipart/form-data; boundary=edge"},
        )

    def bill(self, media_id=None, **more):
        """:return: a message of the template with a document and buttons"""
        media_id = media_id or self.upload()[1]["id"]
        components = [
            {
                "type": "header",
                "parameters": [
                    {"type": "document", "document": {"id": media_id, "filename": "Bill.pdf"}}
                ],
            },
            {"type": "body", "parameters": [text("राम", "name"), text("1,240.00", "amount")]},
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": "0",
                "parameters": [{"type": "payload", "payload": "BILL"}],
            },
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [text("b%2F9f1c")]},
        ]
        return {
            "to": NUMBER,
            "type": "template",
            "template": {
                "name": "bill_issued",
                "language": {"code": "hi"},
                "components": components,
            },
            **more,
        }

    def sent(self, body):
        """Send a message that must be accepted.

        :return: its id
        """
        status, answer = self.simulator.send(body)
        self.assertEqual(status, 200, answer)
        return answer["messages"][0]["id"]

    def assertRefused(self, code, answered, details=None):
        """The answer (status, data) is a Graph error with this code."""
        status, answer = answered
        self.assertGreaterEqual(status, 400, answer)
        error = answer["error"]
        self.assertEqual(error["code"], code, error)
        self.assertEqual(error["type"], "OAuthException")
        self.assertTrue(error["fbtrace_id"])
        if details:
            self.assertIn(details, error["error_data"]["details"])
        return error

    def values(self, **query):
        """:return: the values of all recorded callbacks"""
        self.simulator.drain()
        return [
            change["value"]
            for record in self.simulator.webhooks(**query)
            for entry in json.loads(record["body"])["entry"]
            for change in entry["changes"]
        ]

    def statuses(self, **query):
        """:return: the statuses of all recorded callbacks, in order"""
        return [status for value in self.values(**query) for status in value.get("statuses", ())]

    def within_a_second(self, calls):
        """Return what ``calls()`` answers, made within one second of a fresh simulator.

        What a busy machine takes longer for is tried again.
        """
        for _attempt in range(20):
            began = time.monotonic()
            found = calls()
            if time.monotonic() - began < 1:
                return found
            self.simulator.reset(keep=["settings"])
        self.fail("the machine is too busy")

    def until(self, condition, what):
        """Wait for a condition that the simulator brings about by itself."""
        for _attempt in range(400):
            if condition():
                return
            time.sleep(0.02)
        self.fail(what)


class Receiver:
    """A callback URL: records what comes, answers what it is told."""

    def __init__(self, verify_token="simulator-verify", app_secret="simulator-secret"):
        self.verify_token = verify_token
        self.app_secret = app_secret
        self.answers = []
        self.received = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                good = (
                    query.get("hub.mode") == "subscribe"
                    and query.get("hub.verify_token") == receiver.verify_token
                )
                self._answer(200 if good else 403, query.get("hub.challenge", "") if good else "")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers), body))
                self._answer(receiver.answers.pop(0) if receiver.answers else 200, "")

            def _answer(self, status, content):
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content.encode())

            def log_message(self, *_arguments):
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self):
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def payloads(self):
        """:return: all callbacks, after a check of their signatures"""
        found = []
        for headers, body in self.received:
            digest = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
            if headers.get("X-Hub-Signature-256") != f"sha256={digest}":
                raise AssertionError("wrong signature")
            found.append(json.loads(body))
        return found

    def values(self):
        """:return: the values of all callbacks"""
        return [
            change["value"]
            for payload in self.payloads()
            for entry in payload["entry"]
            for change in entry["changes"]
        ]
