"""Where things are kept: the checkout's own state, and the cache that all checkouts share."""

import fcntl
import hashlib
import os
from contextlib import contextmanager
from pathlib import Path

from .console import StackError

CHECKOUT = Path(__file__).resolve().parents[2]
STATE = CHECKOUT / ".discom"
LOGS = STATE / "log"
MODULE = "discom"
CHECKOUT_KEY = hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:8]


def cache_dir():
    """Folder for what is downloaded or built once per machine, created when absent."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base).absolute() / "discom"
    path.mkdir(parents=True, exist_ok=True)
    return path


def prepare_state():
    """Create the checkout's state folder and the addons folder in which it is called `discom`."""
    LOGS.mkdir(parents=True, exist_ok=True)
    link = STATE / "addons" / MODULE
    link.parent.mkdir(exist_ok=True)
    if not link.is_symlink() or link.resolve() != CHECKOUT:
        link.unlink(missing_ok=True)
        link.symlink_to(CHECKOUT)


def digest(*parts):
    """Short name for a content: twelve hexadecimal digits over `parts` (text or bytes)."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part if isinstance(part, bytes) else str(part).encode())
        total.update(b"\0")
    return total.hexdigest()[:12]


@contextmanager
def locked(path):
    """Hold an exclusive lock on the file `path`; the system drops it when the process dies."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def alone(command):
    """Run the body unless another process of this checkout is running `command` already.

    :raise StackError: when one is
    """
    with (STATE / f"{command}.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"`make {command}` is already running in this checkout.") from None
        yield
