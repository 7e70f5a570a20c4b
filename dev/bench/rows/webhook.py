"""`webhook_accept`: signed calls that the webhook stores, against a route that does nothing."""

import asyncio
import hashlib
import hmac
import json
import time
from functools import partial

import aiohttp

from ..registry import row
from ..result import Result, interleaved, written

RATIO = 0.8
REPEATS = 5
CONNECTIONS = 8
WORKERS = 2
WARM_UP = 100
SECRET, KEY = "bench-secret", "bench-webhook-key"


def status_call(number):
    """The body of a call that says that message ``number`` was delivered, as Meta writes it."""
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
                                        "id": f"wamid.bench{number:012d}",
                                        "status": "delivered",
                                        "timestamp": "1795000000",
                                        "recipient_id": f"9194{number:08d}",
                                        "biz_opaque_callback_data": f"bench-{number}",
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
    ).encode()


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
    calls = [(body, signed(body)) for body in map(status_call, range(share))]
    with bench.server(workers=WORKERS) as server:
        addresses = (
            f"{server.url}/discom/whatsapp/webhook/{KEY}",
            f"{server.url}/discom/bench/null",
        )
        for url in addresses:
            asyncio.run(_post_all(url, calls[:WARM_UP]))

        def post_all(url):
            used = server.cpu_seconds()
            rate = asyncio.run(_post_all(url, calls))
            return rate, (server.cpu_seconds() - used) / share

        (ours, our_cpu), (null, null_cpu) = interleaved(
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
        "null_cpu": written(1000 * null_cpu, "ms"),
    }
    result.met = result.ratio >= RATIO
    return result
