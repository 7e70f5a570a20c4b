"""Text format of Prometheus, version 0.0.4."""

from dataclasses import dataclass, field

# https://prometheus.io/docs/instrumenting/exposition_formats/
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Metric:
    """A gauge: what it is, and a value for each set of labels.

    ``samples`` is a list of ({label: text}, number).
    """

    name: str
    help: str
    samples: list = field(default_factory=list)

    def add(self, value, **labels):
        """Add the value of one set of labels."""
        self.samples.append((labels, value))


def render(metrics):
    """Return ``metrics`` as text; one without samples is left out."""
    lines = []
    for metric in metrics:
        if not metric.samples:
            continue
        lines.append(f"# HELP {metric.name} {_escaped(metric.help, quoted=False)}")
        lines.append(f"# TYPE {metric.name} gauge")
        for labels, value in metric.samples:
            inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            labelled = f"{metric.name}{{{inside}}}" if inside else metric.name
            lines.append(f"{labelled} {float(value):.12g}")
    return "\n".join(lines) + "\n"


def _escaped(text, quoted=True):
    text = str(text).replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quoted else text
