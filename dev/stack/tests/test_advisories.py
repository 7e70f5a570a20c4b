"""The question about known holes, put to a service of our own."""

import json
import os
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

from dev.stack import advisories
from dev.stack.console import StackError


class Osv(BaseHTTPRequestHandler):
    """Knows of one hole, in example-parcel below 3.0."""

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        package = question["package"]["name"]
        self.server.asked.append(package)
        hole = {
            "id": "PYSEC-2026-1",
            "summary": "Opens what it should not.",
            "affected": [
                {
                    "package": {"name": package, "ecosystem": "PyPI"},
                    "ranges": [
                        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0"}]}
                    ],
                }
            ],
        }
        answer = json.dumps({"vulns": [hole]} if package == "example-parcel" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        pass


class TestAdvisories(unittest.TestCase):
    def setUp(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
        self.server.asked = []
        self.addCleanup(self.server.server_close)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/query"

    def _check(self, url, *pins):
        with tempfile.TemporaryDirectory() as folder:
            requirements = Path(folder, "requirements.txt")
            requirements.write_text("\n".join(pins))
            with patch.dict(os.environ, {"OSV_URL": url}):
                return advisories.check(Path(sys.executable), requirements)

    def test_no_hole(self):
        self.assertEqual(self._check(self.url, "example-letter==1.0", "example-box==2.0"), "")
        self.assertLessEqual({"example-letter", "example-box"}, set(self.server.asked))

    def test_hole(self):
        with self.assertRaisesRegex(StackError, r"(?s)example-parcel.*PYSEC-2026-1.*3\.0"):
            self._check(self.url, "example-letter==1.0", "example-parcel==2.0")

    def test_no_answer(self):
        with self.assertRaisesRegex(StackError, "does not answer"):
            self._check("http://127.0.0.1:9/v1/query", "example-letter==1.0")
        with patch.object(advisories, "OSV", "http://127.0.0.1:9/v1/query"):
            self.assertIn("left out", self._check("", "example-letter==1.0"))
