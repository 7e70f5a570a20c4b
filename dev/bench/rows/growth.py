"""`growth`: whether a hundred times as many consumers cost a hundred times as much, no more."""

import time

from .. import messaging, process
from ..registry import row
from ..result import Result, written
from ..workbench import Workbench
from .notice import propose

#: By how much the time of one record may grow over the sizes.
GROWTH = 1.2
#: Below this size what is done once weighs more than what is done for each.
STEPS = 100, 10, 1


def _measure(consumers, report):
    """{what: (seconds for one record, MiB of memory added)} with a database of its own."""
    bench = Workbench(consumers, report=report, group="growth")
    found = {}
    try:
        for kind in ("office", "asset"):
            bench.import_file(kind)
        for kind in ("consumer", "kyc", "bill", "payment"):
            cost = bench.import_file(kind)
            found[f"import_{kind}"] = cost.seconds / cost.rows, cost.memory
        with messaging.no_traces(bench), bench.env() as env:
            composer = messaging.compose(env, messaging.account(bench, env), messaging.TEXT)
            env.cr.commit()
            process.forget_peak()
            before = process.memory()
            begun = time.perf_counter()
            broadcast = messaging.send(env, composer)
            seconds = time.perf_counter() - begun
            memory = process.peak_memory() - before
            found["queue"] = seconds / broadcast.planned_count, memory
        with bench.env() as env:
            process.forget_peak()
            before = process.memory()
            seconds, rows, _run = propose(env)
            found["arrears_propose"] = seconds / rows, process.peak_memory() - before
            env.cr.rollback()
    finally:
        bench.close()
    return found


@row("growth", f"per_record<={GROWTH}x", 275_000, group="growth")
def growth(bench, size):
    """The worst of: time for one record with all consumers against that with a tenth of them, over
    imports, queue and arrears, in databases of their own at a hundredth, a tenth and the whole.

    A hundredth is shown too; what is done once weighs there, so it costs more for each record.
    The yardstick is 1: no growth.
    """
    sizes = [max(size // step, 100) for step in STEPS]
    found = [_measure(consumers, bench.report) for consumers in sizes]
    ratios = {
        name: max(found[2][name][0] / found[1][name][0], found[1][name][0] / found[0][name][0])
        for name in found[0]
    }
    for name in ratios:
        costs = ", ".join(
            f"{consumers}: {1000 * one[name][0]:.3f} ms +{one[name][1]:.0f} MiB"
            for consumers, one in zip(sizes, found, strict=True)
        )
        bench.report(f"{name} for one record: {costs}")
    worst = max(ratios, key=ratios.get)
    result = Result(ratios[worst], 1.0, "x", more_is_better=False)
    result.also = {"worst": worst} | {name: written(one, "x") for name, one in ratios.items()}
    result.also["memory"] = "/".join(
        f"{max(memory for _seconds, memory in one.values()):.0f}" for one in found
    )
    result.also["memory"] += "MiB"
    result.met = ratios[worst] <= GROWTH
    return result
