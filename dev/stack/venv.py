"""The Python environment that holds `requirements.txt`, one per content of that file."""

import os
import platform
import sys

from .console import StackError, step
from .paths import CHECKOUT, LOGS, cache_dir, digest, locked
from .process import run

REQUIREMENTS = CHECKOUT / "requirements.txt"
OLDEST, NEWEST = (3, 11), (3, 13)


def ensure():
    """Return the environment's Python, after building the environment where it is not complete.

    An environment cannot be renamed (its scripts carry its path), so it is built in place and
    counts only once the file `complete` is in it. An interrupted build begins anew: a package of
    which half was written may look installed.
    """
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise StackError(
            "Odoo 19 and requirements.txt go with Python 3.11 to 3.13; "
            f"{sys.executable} is {platform.python_version()}.",
            "Choose another interpreter: make PYTHON=python3.12 ...",
        )
    key = digest(REQUIREMENTS.read_bytes(), os.path.realpath(sys.executable), sys.version)
    home = cache_dir() / f"venv-{key}"
    python = home / "bin" / "python"
    complete = home / "complete"
    with step("Python environment") as current, locked(cache_dir() / f"venv-{key}.lock"):
        current.note = str(home)
        if complete.exists():
            return python
        log = LOGS / "pip.log"
        run([sys.executable, "-m", "venv", "--clear", home], log=log)
        run(
            [
                *(python, "-m", "pip", "install", "--disable-pip-version-check"),
                *("--progress-bar", "off", "--no-input", "-r", REQUIREMENTS),
            ],
            log=log,
            problem="pip could not install requirements.txt.",
            remedy="PyPI out of reach? Name another index: pip config set global.index-url URL",
        )
        complete.touch()
    return python
