"""`webhook_accept`, `webhook_apply`: calls that the webhook stores, and what they say applied."""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from functools import partial

import aiohttp
from psycopg2.extras import execute_values

from .. import messaging, process
from ..registry import row
from ..result import Result, interleaved, written

RATIO = 0.8
REPEATS = 5
CONNECTIONS = 8
WORKERS = 2
WARM_UP = 100
EVENTS_PER_SECOND = 5_000
# Rows of one statement and one commit of the yardstick.
BATCH = 500
STATUSES = ("sent", "delivered", "read")
SECRET, KEY = "bench-secret", "bench-webhook-key"


def status_call(key, wamid, to, status="delivered", timestamp=1_795_000_000):
    """The body of a call that reports the status of one message, as Meta writes it."""
    return json.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": "200000000000001",
                    "changes": [
                        {
                            "field": "messages",
                            "value": {
                                "messaging_product": "whatsapp",
                                "metadata": {
                                    "display_phone_number": "915444252500",
                                    "phone_number_id": "100000000000001",
                                },
                                "statuses": [
                                    {
                                        "id": wamid,
                                        "status": status,
                                        "timestamp": str(timestamp),
                                        "recipient_id": to,
                                        "biz_opaque_callback_data": key,
                                        "pricing": {
                                            "billable": True,
                                            "pricing_model": "PMP",
                                            "type": "regular",
                                            "category": "utility",
                                        },
                                    }
                                ],
                            },
                        }
                    ],
                }
            ],
        }
    )


def _calls(count):
    """``count`` signed calls as (body, headers)."""
    for number in range(count):
        body = status_call(str(uuid.uuid4()), f"wamid.bench{number}", f"9194{number:08d}").encode()
        yield body, signed(body)


def signed(body):
    """Headers of a call with Meta's signature over ``body``."""
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


async def _post_all(url, calls):
    """Post ``calls`` (body, headers) over a few connections; return requests per second."""
    waiting = iter(calls)
    refused = []

    async def sender(session):
        for body, headers in waiting:
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                if answer.status != 200:
                    refused.append(answer.status)

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:
        begun = time.perf_counter()
        await asyncio.gather(*(sender(session) for _connection in range(CONNECTIONS)))
        seconds = time.perf_counter() - begun
    if refused:
        raise RuntimeError(f"{len(refused)} calls were refused, the first with {refused[0]}")
    return len(calls) / seconds


def _account(bench):
    with bench.env() as env:
        accounts = env["discom.whatsapp.account"]
        account = accounts.search([("phone_number_id", "=", "100000000000009")])
        if not account:
            account = accounts.create(
                {
                    "name": "Bench webhook",
                    "phone_number_id": "100000000000009",
                    "waba_id": "200000000000009",
                    "app_secret": SECRET,
                    "webhook_key": KEY,
                }
            )
        env.cr.execute("DELETE FROM discom_whatsapp_event")


@row("webhook_accept", f"ratio>={RATIO}", 5_000, of="requests")
def webhook_accept(bench, size):
    """Requests per second over 8 connections to two HTTP workers, by turns with the null route."""
    _account(bench)
    share = max(1, size // REPEATS)
    calls = list(_calls(share))
    with bench.server(workers=WORKERS) as server:
        addresses = (
            f"{server.url}/discom/whatsapp/webhook/{KEY}",
            f"{server.url}/discom/bench/null",
        )
        for url in addresses:
            asyncio.run(_post_all(url, calls[:WARM_UP]))

        def post_all(url):
            used, database = server.cpu_seconds(), bench.database_cpu_seconds()
            rate = asyncio.run(_post_all(url, calls))
            return (
                rate,
                (server.cpu_seconds() - used) / share,
                (bench.database_cpu_seconds() - database) / share,
            )

        (ours, our_cpu, pg_cpu), (null, null_cpu, _null_pg) = interleaved(
            REPEATS, *(partial(post_all, url) for url in addresses)
        )
    with bench.env() as env:
        env.cr.execute("SELECT count(*) FROM discom_whatsapp_event")
        stored = env.cr.fetchone()[0]
        env.cr.execute("DELETE FROM discom_whatsapp_event")
    expected = REPEATS * share + len(calls[:WARM_UP])
    if stored != expected:
        raise RuntimeError(f"{expected} calls were answered with 200 and {stored} stored")
    result = Result(ours, null, "/s")
    result.also = {
        "cpu": written(1000 * our_cpu, "ms"),
        "pg_cpu": written(1000 * pg_cpu, "ms"),
        "null_cpu": written(1000 * null_cpu, "ms"),
    }
    result.met = result.ratio >= RATIO
    return result


def _accepted_messages(bench, count):
    """Plan messages for bills and make ``count`` of them accepted; return (account id, rows)."""
    with bench.env() as env:
        account = messaging.account(bench, env)
        domain = messaging.sendable(env, count)
        messaging.send(env, messaging.compose(env, account, messaging.TEXT, domain))
        env.cr.execute(
            """
            UPDATE discom_whatsapp_message
               SET state = 'accepted', wamid = 'wamid.bench' || id,
                   claimed_at = now() AT TIME ZONE 'UTC'
             WHERE state = 'queued'
         RETURNING key, wamid, ltrim(phone, '+')
            """
        )
        return account.id, env.cr.fetchall()


def _store_events(bench, account_id, messages):
    """Put a call for each status of each message into the table of events, statuses in turn."""
    with bench.env() as env:
        env.cr.execute("DELETE FROM discom_whatsapp_event")
        execute_values(
            env.cr._obj,
            "INSERT INTO discom_whatsapp_event (account_id, payload, state, received_at) VALUES %s",
            (
                (account_id, status_call(*message, status, 1_795_000_000 + nth))
                for nth, status in enumerate(STATUSES)
                for message in messages
            ),
            template="(%s, %s, 'new', now() AT TIME ZONE 'UTC')",
            page_size=BATCH,
        )


def _bare_updates(bench, messages):
    """Seconds to write the same states by statements that judge nothing."""
    with bench.registry.cursor() as cr:
        cr.execute("UPDATE discom_whatsapp_message SET state = 'accepted' WHERE wamid IS NOT NULL")
        cr.commit()
        seconds = 0.0
        for status in STATUSES:
            for start in range(0, len(messages), BATCH):
                rows = [(message[0], status) for message in messages[start : start + BATCH]]
                begun = time.perf_counter()
                execute_values(
                    cr._obj,
                    "UPDATE discom_whatsapp_message m SET state = v.state"
                    " FROM (VALUES %s) v (key, state) WHERE m.key = v.key",
                    rows,
                    page_size=BATCH,
                )
                cr.commit()
                seconds += time.perf_counter() - begun
    return seconds


@row("webhook_apply", f">={EVENTS_PER_SECOND}/s", 30_000, of="events")
def webhook_apply(bench, size):
    """Stored calls per second that the scheduled action applies to messages, a status in each.

    The yardstick writes the same states by key without reading a call and without an order.
    """
    bench.seed("bill")
    with messaging.no_traces(bench):
        account_id, messages = _accepted_messages(bench, -(-size // len(STATUSES)))
        _store_events(bench, account_id, messages)
        with bench.env() as env:
            events = env["discom.whatsapp.event"].sudo()
            env.cr.execute("ANALYZE discom_whatsapp_event, discom_whatsapp_message")
            env.cr.commit()
            process.forget_peak()
            before = process.memory()
            begun = time.perf_counter()
            while events._count_new():
                events._cron_apply()
                env.cr.commit()
            seconds = time.perf_counter() - begun
            grown = process.peak_memory() - before
            env.cr.execute("SELECT state, count(*) FROM discom_whatsapp_message GROUP BY state")
            states = dict(env.cr.fetchall())
            if states.get("read") != len(messages):
                raise RuntimeError(f"{len(messages)} messages are read, the database has {states}")
            env.cr.execute("DELETE FROM discom_whatsapp_event")
        count = len(messages) * len(STATUSES)
        result = Result(count / seconds, count / _bare_updates(bench, messages), "/s")
    result.also = {"memory": f"+{grown:.0f}MiB"}
    result.met = result.ours >= EVENTS_PER_SECOND
    return result
