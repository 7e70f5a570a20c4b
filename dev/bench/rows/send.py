"""`send_80`, `send_80_pdf`, `send_1000`: the rate reached under the limit of a number.

Beside it a bare pool of threads with ``requests`` sends the same payloads to the same simulator,
one starting every 1/limit of a second. The latency of each call is 150 ms, and nobody keeps the
six seconds between two messages to one phone.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from resource import RUSAGE_SELF, getrusage

import requests

from .. import messaging
from ..registry import row
from ..result import Result, written
from ..workbench import Unavailable

# Seconds without progress after which a row gives up.
PATIENCE = 90
POLL = 0.25


def _seen(simulator):
    """``(seconds from first to last, most in any one second, refusals)`` by the simulator."""
    state = simulator.state()
    rate = state["rate"]
    seconds = rate["last_accept"] - rate["first_accept"]
    return seconds, rate["max_1s"], sum(state["refused"].values())


def _until_accepted(simulator, size, *used):
    """Wait until ``size`` messages are accepted.

    :param used: functions that give processor seconds used so far
    :return: shares of a core, one for each of ``used``
    """
    begun = None
    accepted, changed = 0, time.monotonic()
    while accepted < size:
        time.sleep(POLL)
        now = simulator.state()["accepted"]
        if now != accepted:
            if begun is None:
                begun = time.monotonic(), [each() for each in used]
            accepted, changed = now, time.monotonic()
        elif time.monotonic() - changed > PATIENCE:
            raise Unavailable(f"{accepted} of {size} messages were accepted, then no more")
    seconds = time.monotonic() - begun[0]
    return [(each() - before) / seconds for each, before in zip(used, begun[1], strict=True)]


def _by_lane(bench, size, limit, template):
    """Send ``size`` queued messages by the lane of a running Odoo.

    :return: rate, most in one second, refusals, shares of a core of Odoo and PostgreSQL, jobs
    """
    simulator = bench.simulator
    with bench.env() as env:
        account = messaging.account(bench, env)
        account.rate_limit = limit
        # Families share phones; how far apart their messages are is no question of speed here.
        account.pair_seconds = 0
        messaging.send(
            env, messaging.compose(env, account, template, messaging.sendable(env, size))
        )
        messages = env["discom.whatsapp.message"].search(
            [("account_id", "=", account.id), ("state", "=", "queued")]
        )
        if len(messages) != size:
            raise Unavailable(f"{len(messages)} messages are queued instead of {size}")
        jobs, refused = messages._prepare_jobs()
        if refused:
            raise Unavailable(f"{len(refused)} messages could not be built: {refused[0].text}")
        simulator.reset(keep=["templates", "media"])
        simulator.settings(latency_ms=150, pair_interval_s=0, throughput=limit, statuses=[])
    # As many threads as Odoo starts by itself: one sends, the other does what else is due.
    with bench.server(cron_threads=2) as server:
        with bench.env() as env:
            messaging.account(bench, env)._trigger_lane()
        shares = _until_accepted(simulator, size, server.cpu_seconds, bench.database_cpu_seconds)
    state = simulator.state(keys=True)
    if state["keys"]["repeated"]:
        raise Unavailable(f"{len(state['keys']['repeated'])} messages were accepted twice")
    seconds, most, refused = _seen(simulator)
    return (size - 1) / seconds, most, refused, shares, jobs


def _by_pool(bench, limit, jobs, with_pdf):
    """Send the same payloads by threads; return rate, share of a core and refusals."""
    simulator = bench.simulator
    simulator.reset(keep=["templates", "media", "settings"])
    root = f"{simulator.url}/v25.0/{simulator.phone_number_id}"
    local = threading.local()
    documents = [job.render() for job in jobs[:1]] if with_pdf else []

    def session():
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.headers["Authorization"] = f"Bearer {simulator.token}"
        return local.session

    def call(job):
        http = session()
        payload = job.payload
        if with_pdf:
            answer = http.post(
                f"{root}/media",
                data={"messaging_product": "whatsapp", "type": "application/pdf"},
                files={"file": ("bill.pdf", documents[0], "application/pdf")},
                timeout=30,
            )
            job.complete(answer.json()["id"])
        while True:
            answer = http.post(f"{root}/messages", json=payload, timeout=30)
            if answer.status_code == 200:
                return
            time.sleep(0.2)

    def used():
        usage = getrusage(RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    # Twice as many threads as calls are open at the limit.
    with ThreadPoolExecutor(max(16, round(limit * 0.15 * 2))) as pool:
        begun, cpu = time.monotonic(), used()
        for number, job in enumerate(jobs):
            wait = begun + number / limit - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            pool.submit(call, job)
    share = (used() - cpu) / (time.monotonic() - begun)
    seconds, _most, refused = _seen(simulator)
    return (len(jobs) - 1) / seconds, share, refused


def _send(bench, size, limit, template, share_of_limit, most_cpu=None):
    bench.seed("bill")
    with messaging.no_traces(bench):
        ours, most, refused, (cpu, pg_cpu), jobs = _by_lane(bench, size, limit, template)
    theirs, pool_cpu, pool_refused = _by_pool(bench, limit, jobs, template == messaging.WITH_PDF)
    result = Result(ours, theirs, "/s")
    result.also = {
        "limit": f"{limit}/s",
        "most_in_1s": str(most),
        "refused": str(refused),
        "cpu": written(cpu, ""),
        "pg_cpu": written(pg_cpu, ""),
        "pool_refused": str(pool_refused),
        "pool_cpu": written(pool_cpu, ""),
    }
    result.met = (
        ours >= share_of_limit * limit and most <= limit and (most_cpu is None or cpu < most_cpu)
    )
    return result


@row("send_80", ">=0.98_of_limit,cpu<0.25", 4_800, of="messages")
def send_80(bench, size):
    """Messages per second at a limit of 80, without a document."""
    return _send(bench, size, 80, messaging.TEXT, 0.98, 0.25)


@row("send_80_pdf", ">=0.95_of_limit", 4_800, of="messages")
def send_80_pdf(bench, size):
    """Messages per second at a limit of 80, each with its own bill as PDF.

    The pool uploads one ready-made PDF again and again, so it renders nothing.
    """
    return _send(bench, size, 80, messaging.WITH_PDF, 0.95)


@row("send_1000", ">=0.90_of_limit", 15_000, of="messages")
def send_1000(bench, size):
    """Messages per second at a limit of 1,000 from one lane, without a document."""
    return _send(bench, size, 1_000, messaging.TEXT, 0.90)
