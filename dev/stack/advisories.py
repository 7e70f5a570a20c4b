"""Known holes in the pinned packages: `pip-audit` asks OSV, or the copy of it that `OSV_URL` names.

A network without either cannot be asked; `make lint` says so then and does not count it as a
finding. With `OSV_URL` set, no answer is one.
"""

import json
import os
import urllib.error
import urllib.request

from .console import StackError
from .paths import CHECKOUT
from .process import run
from .stack import python_env
from .venv import REQUIREMENTS

OSV = "https://api.osv.dev/v1/query"
SECONDS = 10
PROBE = {"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "25.0"}


def check(python, requirements=REQUIREMENTS):
    """Ask about each pinned package; return what to say of it, empty when all were asked.

    :raise StackError: with the packages that have a known hole, and the versions that have none
    """
    url = os.environ.get("OSV_URL") or OSV
    if problem := _silent(url):
        if url != OSV:
            raise StackError(f"OSV_URL does not answer: {problem}")
        return f"left out, {problem}"
    run(
        [
            *(python, "-m", "pip_audit", "--requirement", requirements),
            # All are pinned there, what they pull in as well.
            *("--no-deps", "--disable-pip", "--progress-spinner", "off"),
            *("--vulnerability-service", "osv", "--osv-url", url),
        ],
        cwd=CHECKOUT,
        env=python_env(python, os.environ),
        problem="pip-audit knows of holes:",
    )
    return ""


def _silent(url):
    """Return why nobody answers at `url`, None where somebody does."""
    question = urllib.request.Request(
        url, json.dumps(PROBE).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(question, timeout=SECONDS) as answer:
            json.load(answer)
    except (OSError, ValueError) as error:
        return f"{url}: {error}"
    return None
