"""What a process costs: processor time and peak memory, as Linux tells them."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid):
    """``pid`` and the processes below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in task.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def cpu_seconds(pid):
    """Processor seconds that ``pid`` and the processes below it have used."""
    total = 0
    for member in family(pid):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def cpu_seconds_ever(pid):
    """Like :func:`cpu_seconds`, with those of children of ``pid`` that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return cpu_seconds(pid) + (int(fields[13]) + int(fields[14])) / _TICKS


def parent(pid):
    """The process that started ``pid``."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def forget_peak(pid="self"):
    """Let the peak memory of a process begin anew from what it uses at the moment."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_memory(pid="self"):
    """Peak memory of a process in MiB since its start or :func:`forget_peak`."""
    for text in Path(f"/proc/{pid}/status").read_text().splitlines():
        if text.startswith("VmHWM:"):
            return int(text.split()[1]) / 1024
    raise ValueError(f"/proc/{pid}/status tells no peak memory")


def peak_of_family(pid):
    """Peak memory in MiB of the largest of ``pid`` and the processes below it."""
    largest = 0
    for member in family(pid):
        try:
            largest = max(largest, peak_memory(member))
        except (FileNotFoundError, ProcessLookupError, ValueError):
            continue  # It has ended meanwhile.
    return largest


def memory(pid="self"):
    """Memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
