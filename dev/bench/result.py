"""What a row of the benchmark found, and how it is written."""

from dataclasses import dataclass, field
from statistics import median


def written(value, unit):
    """``(1234.567, "/s")`` -> ``"1235/s"``: three significant figures, or the whole number."""
    if value >= 100:
        text = f"{value:.0f}"
    elif value >= 10:
        text = f"{value:.1f}"
    else:
        text = f"{value:.3g}"
    return f"{text}{unit}"


@dataclass
class Result:
    """Figures of one row.

    :param ours: of the add-on, in ``unit``
    :param yardstick: of what it is held against, measured in the same run, in the same unit
    :param unit: such as ``/s`` or ``s``
    :param more_is_better: False for durations; the ratio is above 1 where the add-on is better
    :param met: whether the goal is reached
    :param also: {name: text} of what else was found
    """

    ours: float
    yardstick: float
    unit: str
    met: bool = False
    more_is_better: bool = True
    also: dict = field(default_factory=dict)

    @property
    def ratio(self):
        """How many times as good as the yardstick."""
        above, below = self.ours, self.yardstick
        if not self.more_is_better:
            above, below = below, above
        return above / below if below else float("inf")

    def cells(self):
        """The figures as texts by name, in the order in which they are shown."""
        return {
            "ours": written(self.ours, self.unit),
            "yardstick": written(self.yardstick, self.unit),
            "ratio": written(self.ratio, ""),
        }


def line(name, result, goal):
    """The one line that a row prints."""
    parts = {**result.cells(), **result.also, "goal": goal}
    figures = " ".join(f"{key}={text}" for key, text in parts.items())
    return f"{name} {figures} {'met' if result.met else 'missed'}"


def interleaved(repeats, *functions):
    """Call each of ``functions`` ``repeats`` times by turns; return the medians of what each gave.

    By turns, so that a machine that slows down slows all of them. A function gives a tuple of
    figures, and so is what is returned for it.
    """
    found = [[] for _function in functions]
    for _turn in range(repeats):
        for figures, function in zip(found, functions, strict=True):
            figures.append(function())
    return [tuple(map(median, zip(*figures, strict=True))) for figures in found]
