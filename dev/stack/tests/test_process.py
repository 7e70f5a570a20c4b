"""Programs in the background."""

import os
import socket
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from dev.stack import process
from dev.stack.console import StackError


class TestService(unittest.TestCase):
    """A service is known by its pid file, and only while its process lives."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        state = Path(folder.name)
        (state / "log").mkdir()
        patcher = patch.object(process, "STATE", state)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.service = process.Service("sleeper")
        self.addCleanup(self.service.stop)

    def _start(self, code):
        self.service.start([sys.executable, "-c", code], env=os.environ, cwd="/", port=1)

    def test_start_and_stop(self):
        self._start("import time; time.sleep(60)")
        self.assertEqual(process.Service("sleeper").record["port"], 1)
        self.assertTrue(process.Service("sleeper").stop())
        self.assertIsNone(self.service.record)
        self.assertFalse(self.service.stop())

    def test_pid_of_another_process(self):
        self._start("import time; time.sleep(60)")
        record = self.service.pid_file.read_text()
        self.service.stop()
        # The number is given to another process: here, to this one.
        other = f'{{"pid": {os.getpid()}, "started": "1", "port": 1}}'
        self.assertNotEqual(record, other)
        self.service.pid_file.write_text(other)
        self.assertFalse(self.service.stop())

    def test_ended_at_once(self):
        self._start("raise SystemExit('no such port')")
        with self.assertRaisesRegex(StackError, "no such port"):
            self.service.wait_for("http://127.0.0.1:9/", 5)


class TestRun(unittest.TestCase):
    """Short programs and ports."""

    def test_failure_shows_the_output(self):
        code = "import sys; print('first'); sys.exit('second')"
        with self.assertRaisesRegex(StackError, "(?s)headline.*first.*second"):
            process.run([sys.executable, "-c", code], problem="headline")

    def test_port_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.assertTrue(process.port_taken(server.getsockname()[1]))
        # Nobody listens on a port that is bound only, and nobody else can take it meanwhile.
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            self.assertFalse(process.port_taken(bound.getsockname()[1]))

    def test_free_ports(self):
        """Each is another, and none is of those that a connection may get meanwhile."""
        with tempfile.TemporaryDirectory() as folder:
            connections = Path(folder) / "range"
            connections.write_text("32768\t60999\n")
            with patch.object(process, "CONNECTIONS", connections):
                ports = [process.free_port() for _time in range(50)]
        self.assertEqual(len(set(ports)), 50)
        self.assertTrue(all(process.FIRST_PORT <= port < 32_768 for port in ports), ports)
