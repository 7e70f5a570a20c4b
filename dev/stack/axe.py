"""axe-core, which looks for barriers in a page: fetched with npm, tried by the browser tours.

It is a tool of the tests under the Mozilla Public License 2.0, kept in the cache and no part of
the add-on.
"""

import base64
import hashlib
import shutil
import tarfile
import tempfile
from pathlib import Path

from . import system
from .console import StackError, step
from .paths import LOGS, cache_dir, locked
from .process import run

VERSION = "4.14.1"
#: SHA-512 of the package, as npm writes it.
INTEGRITY = (
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)
MEMBER = "package/axe.min.js"


def path():
    """Return where the script lies, or will lie."""
    return cache_dir() / f"axe-core-{VERSION}" / "axe.min.js"


def ensure():
    """See that the script is in the cache, and return its path.

    :raise StackError: when npm cannot fetch the package, or brings another one
    """
    script = path()
    with step("axe-core") as current, locked(cache_dir() / f"axe-core-{VERSION}.lock"):
        current.note = VERSION
        if not script.exists():
            system.ensure(system.NPM)
            _fetch(script)
    return script


def _fetch(script):
    script.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=script.parent) as folder:
        run(
            [shutil.which("npm"), "pack", f"axe-core@{VERSION}", "--silent"],
            cwd=folder,
            log=LOGS / "npm.log",
            problem="npm could not fetch axe-core.",
            remedy="npm's registry out of reach? Name another: npm config set registry URL",
        )
        package = next(Path(folder).glob("*.tgz"))
        content = package.read_bytes()
        if base64.b64encode(hashlib.sha512(content).digest()).decode() != INTEGRITY:
            raise StackError(f"The axe-core {VERSION} that npm has brought is not the known one.")
        fresh = Path(folder) / "axe.min.js"
        with tarfile.open(package) as archive:
            fresh.write_bytes(archive.extractfile(MEMBER).read())
        fresh.replace(script)
