"""`growth`: whether a hundred times as many consumers cost a hundred times as much, no more."""

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

from .. import messaging, process
from ..registry import row
from ..result import Result, written
from ..workbench import Workbench
from .notice import propose

#: By how much the time of one record may grow over the sizes.
GROWTH = 1.2
#: What any of it may add to the memory in use, whatever the size.
MEMORY_MIB = 150
#: Below this size what is done once weighs more than what is done for each.
STEPS = 100, 10, 1


@dataclass(frozen=True)
class Cost:
    """Seconds and processor seconds for one record, and MiB of memory added by all."""

    seconds: float
    cpu: float
    memory: float


@contextmanager
def _measured(bench):
    """Yield a function of the number of records that gives their :class:`Cost`."""
    process.forget_peak()
    before, used = process.memory(), bench.cpu_seconds()
    begun = time.perf_counter()
    yield lambda records: Cost(
        (time.perf_counter() - begun) / records,
        (bench.cpu_seconds() - used) / records,
        process.peak_memory() - before,
    )


def _measure(consumers, report):
    """{what: :class:`Cost`} with a database of its own."""
    bench = Workbench(consumers, report=report, group="growth")
    found = {}
    try:
        for kind in ("office", "asset"):
            bench.import_file(kind)
        for kind in ("consumer", "kyc", "bill", "payment"):
            cost = bench.import_file(kind)
            found[f"import_{kind}"] = Cost(
                cost.seconds / cost.rows, cost.cpu / cost.rows, cost.memory
            )
        with messaging.no_traces(bench), bench.env() as env:
            composer = messaging.compose(env, messaging.account(bench, env), messaging.TEXT)
            env.cr.commit()
            with _measured(bench) as cost:
                broadcast = messaging.send(env, composer)
                found["queue"] = cost(broadcast.planned_count)
        with bench.env() as env:
            with _measured(bench) as cost:
                seconds, rows, _run = propose(env)
                # What comes before, the statistics above all, is no part of it.
                found["arrears_propose"] = replace(cost(rows), seconds=seconds / rows)
            env.cr.rollback()
    finally:
        bench.close()
    return found


@row("growth", f"per_record<={GROWTH}x,memory<{MEMORY_MIB}MiB", 275_000, group="growth")
def growth(bench, size):
    """The worst of: time for one record with all consumers against that with a tenth of them, over
    imports, queue and arrears, in databases of their own at a hundredth, a tenth and the whole.

    What is done once weighs in the smallest, so it costs more for each record. The yardstick is 1:
    no growth. ``cpu`` is the same of processor seconds, which hold on a busy machine, too.
    """
    sizes = [max(size // step, 100) for step in STEPS]
    found = [_measure(consumers, bench.report) for consumers in sizes]
    ratios = _growths(found, "seconds")
    for name in ratios:
        costs = ", ".join(
            f"{consumers}: {1000 * one[name].seconds:.3f} ms"
            f" ({1000 * one[name].cpu:.3f} cpu) +{one[name].memory:.0f} MiB"
            for consumers, one in zip(sizes, found, strict=True)
        )
        bench.report(f"{name} for one record: {costs}")
    worst = max(ratios, key=ratios.get)
    result = Result(ratios[worst], 1.0, "x", more_is_better=False)
    result.also = {"worst": worst} | {name: written(one, "x") for name, one in ratios.items()}
    result.also["cpu"] = written(max(_growths(found, "cpu").values()), "x")
    heaviest = max(found[-1], key=lambda name: found[-1][name].memory)
    result.also["memory"] = "/".join(f"{one[heaviest].memory:.0f}" for one in found)
    result.also["memory"] += f"MiB ({heaviest})"
    result.met = ratios[worst] <= GROWTH and found[-1][heaviest].memory < MEMORY_MIB
    return result


def _growths(found, what):
    """{name: how much ``what`` of a record grew at most from one size to the next}."""
    return {
        name: max(
            getattr(larger[name], what) / getattr(smaller[name], what)
            for smaller, larger in pairwise(found)
        )
        for name in found[0]
    }
