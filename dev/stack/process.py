"""Running programs: short ones to their end, long ones in the background with a pid file."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from .console import StackError
from .paths import STATE

# Ports from here on are nobody's by custom, up to those that the system gives to connections.
FIRST_PORT = 20_000
CONNECTIONS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given = set()


def run(command, *, log=None, problem=None, remedy="", **options):
    """Run `command` to its end and return its standard output as text.

    :param Path log: file that receives all output instead; the result is then empty
    :param str problem: headline of the error; the command itself when absent
    :raise StackError: when the exit status is not zero, with the end of the output
    """
    command = [str(part) for part in command]
    if log:
        with log.open("wb") as output:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options
            )
        text = ""
    else:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **options,
        )
        text = done.stdout
    if done.returncode:
        output = tail(log) if log else (done.stdout + done.stderr)[-4000:]
        headline = problem or f"`{' '.join(command)}` failed (exit status {done.returncode})."
        where = f"\nAll of it: {log}" if log else ""
        raise StackError(f"{headline}\n{output.rstrip()}{where}", remedy)
    return text


def tail(path, lines=25):
    """Return the last `lines` lines of the text file `path`."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def free_port():
    """Return a TCP port of 127.0.0.1 that nobody listens on, another each time.

    Where the system allows it, one that it gives to no connection by itself: until the port is
    used, nobody takes it.
    """
    room = int(CONNECTIONS.read_text().split()[0]) - FIRST_PORT if CONNECTIONS.exists() else 0
    while True:
        wanted = FIRST_PORT + secrets.randbelow(room) if room > 1000 else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                if wanted:
                    continue
                raise
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def port_taken(port):
    """Tell whether somebody listens on `port` of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Service:
    """A program in the background, known by its pid file in the checkout's state folder."""

    def __init__(self, name):
        self.name = name
        self.pid_file = STATE / f"{name}.pid"
        self.log = STATE / "log" / f"{name}.log"
        self._process = None

    @property
    def record(self):
        """What was noted at the start of the running process (`pid` and free keys), else None."""
        try:
            record = json.loads(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        # A pid is used again by the system: the start time tells the process from a later one.
        return record if _start_time(record["pid"]) == record["started"] else None

    def start(self, command, env, cwd, **facts):
        """Start `command` in its own session and note its pid together with `facts`."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        pid = self._process.pid
        record = {"pid": pid, "started": _start_time(pid), **facts}
        fresh = self.pid_file.with_suffix(".new")
        fresh.write_text(json.dumps(record))
        fresh.replace(self.pid_file)

    def wait_for(self, url, seconds):
        """Wait until `url` answers 200.

        :raise StackError: when the program ended or `seconds` passed, with the end of its log
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.record:
                raise StackError(f"{self.name} ended at once.\n{tail(self.log)}\nLog: {self.log}")
            try:
                with urllib.request.urlopen(url, timeout=60):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
        raise StackError(
            f"{self.name} does not answer on {url} after {seconds} s.\n{tail(self.log)}\n"
            f"Log: {self.log}"
        )

    def stop(self):
        """End the process and its children; tell whether it was running."""
        record = self.record
        if record:
            _signal_group(record["pid"], signal.SIGTERM)
            deadline = time.monotonic() + 15
            while self.record and time.monotonic() < deadline:
                time.sleep(0.1)
            _signal_group(record["pid"], signal.SIGKILL)
        if self._process:
            self._process.wait()
        self.pid_file.unlink(missing_ok=True)
        return bool(record)


def _start_time(pid):
    """Return the start of process `pid` in clock ticks since boot, None when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, start = fields[0], fields[19]
    return None if state == "Z" else start


def _signal_group(pid, number):
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
