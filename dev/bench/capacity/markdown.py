"""Figures and tables as the pages write them."""

from .assumed import CRORE, GB, LAKH


def indian(amount):
    """``12345678`` -> ``"1,23,45,678"``."""
    digits = f"{round(amount):d}"
    head, tail = digits[:-3], digits[-3:]
    groups = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*groups, tail])


def lakhs(amount):
    """``1234567`` -> ``"12.3 lakh"``, a crore and more in crore; three figures count."""
    if amount >= CRORE:
        return f"{amount / CRORE:.3g} crore"
    if amount >= LAKH:
        return f"{amount / LAKH:.3g} lakh"
    return indian(float(f"{amount:.3g}"))


def percent(share):
    """``0.667`` -> ``"67 %"``."""
    return f"{100 * share:.0f} %"


def room(size):
    """Bytes as GB, from a thousand on as TB."""
    return f"{size / GB / 1000:.1f} TB" if size >= 1000 * GB else f"{size / GB:.0f} GB"


def duration(seconds):
    """Seconds as minutes, from two hours on as hours."""
    return f"{seconds / 3600:.2g} h" if seconds >= 7200 else f"{seconds / 60:.0f} min"


def table(head, rows):
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines)
