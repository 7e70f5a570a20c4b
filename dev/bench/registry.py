"""The rows of the benchmark by name."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

ROWS = {}
# Sizes of databases that rows share.
STEPS = (2_750, 27_500, 275_000)
# How much of it there is for one consumer, on the safe side: not everyone has a bill made from the
# meter, and seven in ten can be reached; a
# message has three events.
PER_CONSUMER = {"bills": 0.8, "messages": 0.64, "events": 3 * 0.64}


@dataclass(frozen=True)
class Row:
    """A row: ``run(bench, size)`` measures and returns a :class:`dev.bench.result.Result`.

    ``goal`` says when it is met; ``size`` is what is measured when nobody asks for another: records
    of the kind that ``of`` names. Rows of one ``group`` share databases with each other only.
    """

    name: str
    goal: str
    size: int
    of: str
    run: Callable
    group: str = ""

    def consumers(self, size):
        """How many consumers the database and the files need for ``size`` of what is measured."""
        if self.of == "consumers":
            return size
        if self.of not in PER_CONSUMER:
            return STEPS[0]
        needed = size / PER_CONSUMER[self.of]
        return next((step for step in STEPS if step >= needed), round(needed))


def row(name, goal, size, of="consumers", group=""):
    """Make the decorated function a row of this name."""

    def register(function):
        if name in ROWS:
            raise ValueError(f"Two rows are called {name}")
        ROWS[name] = Row(name, goal, size, of, function, group)
        return function

    return register


def discover():
    """Import every module of ``dev.bench.rows`` and return the rows by name, imports first."""
    from . import rows

    modules = {found.name for found in pkgutil.iter_modules(rows.__path__)}
    for module in ["imports", *sorted(modules - {"imports"})]:
        importlib.import_module(f"{rows.__name__}.{module}")
    return ROWS
