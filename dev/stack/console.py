"""What the user sees: one line per step with its time, and errors that say how to go on."""

import sys
import time
from contextlib import contextmanager


class StackError(Exception):
    """Something a person has to see to.

    :param str problem: what is missing or went wrong, one or more lines
    :param str remedy: the command or setting that helps, if there is one
    """

    def __init__(self, problem, remedy=""):
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class Step:
    """A running step; :attr:`note` is shown in brackets when it ends."""

    def __init__(self):
        self.note = ""


def say(text=""):
    """Print `text` at once, so that the order is right when output goes to a file."""
    print(text, flush=True)


@contextmanager
def step(title):
    """Print `title`, run the body, print the seconds it took and the step's note."""
    print(f"{title} ... ", end="", flush=True)
    current, start = Step(), time.monotonic()
    try:
        yield current
    except BaseException:
        say(f"failed after {time.monotonic() - start:.1f} s")
        raise
    say(f"{time.monotonic() - start:.1f} s" + (f" ({current.note})" if current.note else ""))


def show_error(error):
    """Print a :class:`StackError` to standard error."""
    print(f"\n{error.problem}", file=sys.stderr)
    if error.remedy:
        print(f"{error.remedy}", file=sys.stderr)
    sys.stderr.flush()
