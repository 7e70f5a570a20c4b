"""`outage_audience`, `outage_first`: how fast an outage is counted, queued and heard of."""

import time
from statistics import median

from psycopg2.errors import SerializationFailure

from .. import messaging
from ..registry import row
from ..result import Result, written
from ..workbench import Unavailable

# Consumers of the substation of which the goals speak, of so many in all.
SUBSTATION, OF = 60_000, 275_000
COUNT_SECONDS, QUEUE_SECONDS, FIRST_SECONDS = 0.3, 15, 5
TIMES = 5
PATIENCE = 60


def _assets(env, wanted):
    """Assets that together feed about ``wanted`` consumers, as few and as large as possible."""
    sizes = env["discom.outage"]._count_below(env["discom.asset"].search([]))
    chosen, total = env["discom.asset"], 0
    for asset_id, size in sorted(sizes.items(), key=lambda item: -item[1]):
        asset = env["discom.asset"].browse(asset_id)
        path = asset.parent_path.split("/")
        nested = any(
            str(other.id) in path or str(asset.id) in other.parent_path.split("/")
            for other in chosen
        )
        if not nested and total + size <= wanted * 1.1:
            chosen, total = chosen | asset, total + size
    if not chosen:
        raise Unavailable("No asset feeds anybody")
    return chosen


def _outage(env, assets):
    """A breakdown that has begun on ``assets``."""
    return env["discom.outage"].create({"kind": "breakdown", "asset_ids": assets.ids})


def _announce(env, account, outage):
    """Confirm the composer of the announcement; return its broadcast, not yet planned."""
    composer = env["discom.whatsapp.composer"].browse(outage.action_announce()["res_id"])
    if composer.account_id != account:
        raise Unavailable(f"{composer.account_id.name} is connected, too")
    broadcast = composer.action_send()["res_id"]
    env.cr.commit()
    return env["discom.whatsapp.broadcast"].browse(broadcast)


@row("outage_audience", f"count<={COUNT_SECONDS}s,queue<={QUEUE_SECONDS}s_of_{SUBSTATION}", 27_500)
def outage_audience(bench, size):
    """Milliseconds to count the consumers below the assets of an outage, as its form does while
    they are chosen, against the same count in bare SQL with the assets known.

    ``queue`` is seconds from *Send* to the last message in the queue. Goals for queueing are scaled
    to the size, the count is not: 300 ms is what a person does not notice.
    """
    bench.seed("kyc")
    with messaging.no_traces(bench), bench.env() as env:
        account = messaging.account(bench, env)
        assets = _assets(env, SUBSTATION * size / OF)
        ours, bare = [], []
        below = env["discom.asset"].search([("id", "child_of", assets.ids)]).ids
        for _time in range(TIMES):
            draft = env["discom.outage"].new({"asset_ids": assets.ids})
            begun = time.perf_counter()
            count = draft.partner_count
            ours.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            env.cr.execute(
                "SELECT count(*) FROM res_partner WHERE discom_asset_id = ANY(%s) AND active"
                " AND discom_consumer AND discom_status = 'live'",
                [below],
            )
            bare.append(time.perf_counter() - begun)
        outage = _outage(env, assets)
        begun = time.perf_counter()
        broadcast = _announce(env, account, outage)
        while broadcast.state == "planning":
            env["discom.whatsapp.broadcast"].sudo()._cron_work()
            env.cr.commit()
            env.invalidate_all()
        queued = time.perf_counter() - begun
        rows = broadcast.planned_count
    result = Result(1000 * median(ours), 1000 * median(bare), "ms", more_is_better=False)
    result.also = {
        "affected": str(count),
        "rows": str(rows),
        "queue": written(queued, "s"),
        "per_second": written(rows / queued, ""),
    }
    result.met = median(ours) <= COUNT_SECONDS and queued <= QUEUE_SECONDS * max(
        1, count / SUBSTATION
    )
    return result


@row("outage_first", f"<={FIRST_SECONDS}s", 27_500)
def outage_first(bench, size):
    """Seconds from *Send* of an outage to its first message accepted by WhatsApp, while all bills
    are being sent from the same number at 80 a second; the yardstick is the same without bills.

    Planning, lane and scheduled actions are those of a running Odoo with two cron threads.
    """
    bench.seed("bill")
    simulator = bench.simulator
    with messaging.no_traces(bench):
        with bench.env() as env:
            account = messaging.account(bench, env)
            account.rate_limit = 80
            assets = _assets(env, SUBSTATION * size / OF)
            simulator.reset(keep=["templates", "media"])
            simulator.settings(latency_ms=150, pair_interval_s=0, throughput=80, statuses=[])
        with bench.server(cron_threads=2):
            alone = _first(bench, assets.ids)
            _call_off(bench)
            with bench.env() as env:
                account = messaging.account(bench, env)
                broadcast = messaging.send(env, messaging.compose(env, account, messaging.TEXT))
                waiting = broadcast.queued_count
            _until(bench, "bill")
            busy = _first(bench, assets.ids)
    result = Result(busy, alone, "s", more_is_better=False)
    result.also = {"bills_waiting": str(waiting)}
    result.met = busy <= FIRST_SECONDS
    return result


def _call_off(bench):
    """Cancel the outages and what of them still waits, as a request does: again, where the lane has
    just claimed some of it."""
    while True:
        try:
            with bench.env() as env:
                outages = env["discom.outage"].search([("state", "!=", "cancelled")])
                outages.write({"state": "cancelled"})
                outages._cancel_queued()
                env.flush_all()
            return
        except SerializationFailure:
            time.sleep(1)


def _first(bench, asset_ids):
    """Announce an outage and return the seconds until its first message was accepted."""
    with bench.env() as env:
        assets = env["discom.asset"].browse(asset_ids)
        outage = _outage(env, assets)
        account = messaging.account(bench, env)
        env.cr.commit()
        begun = time.perf_counter()
        _announce(env, account, outage)
    _until(bench, "outage_unplanned", outage.id)
    return time.perf_counter() - begun


def _until(bench, purpose, res_id=None):
    """Wait until a message of this purpose (about this record) was accepted by WhatsApp."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with bench.registry.cursor() as cr:
            cr.execute(
                "SELECT FROM discom_whatsapp_message WHERE purpose = %s AND state = 'accepted'"
                " AND (%s IS NULL OR res_id = %s) LIMIT 1",
                [purpose, res_id, res_id],
            )
            if cr.rowcount:
                return
        time.sleep(0.05)
    raise Unavailable(f"No message of purpose {purpose} was accepted in {PATIENCE} s")
