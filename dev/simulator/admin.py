"""The simulator's own door: settings, faults, state, and what a consumer does."""

import asyncio
import functools
import resource
import sys
import time
from itertools import islice

from aiohttp import web

from . import events, inbound
from .errors import GraphError
from .graph import SIMULATOR, answer_json, read_json
from .graph_media import open_file
from .rendering import show, show_chat
from .state import BusinessNumber

REPEATED_SHOWN = 1000
STATUSES = ("sent", "delivered", "read", "failed")


def admin(handler):
    """Make a handler of ``f(simulator, request, body)`` that answers data."""

    @functools.wraps(handler)
    async def wrapped(request):
        body = await read_json(request) if request.method == "POST" else None
        try:
            return answer_json(await handler(request.app[SIMULATOR], request, body))
        except GraphError as error:
            return answer_json({"error": f"{error.title}: {error.details}"}, 400)
        # The checks raise ValueError with a sentence; the others come of JSON of a wrong shape.
        except (ValueError, TypeError, AttributeError) as error:
            return answer_json({"error": str(error)}, 400)

    return wrapped


def _limit(request, default):
    return max(int(request.query.get("limit", default)), 0)


@admin
async def settings(simulator, request, body):
    """Read or change settings."""
    if body is not None:
        simulator.configure(body)
    return simulator.settings.as_dict()


@admin
async def faults(simulator, request, body):
    """Read, add, replace or clear fault rules."""
    rules = simulator.state.faults
    if request.method == "DELETE":
        fault_id = request.query.get("id")
        rules.clear(int(fault_id) if fault_id else None)
    elif body is not None:
        rules.add(body)
    return rules.as_list()


@admin
async def reset(simulator, request, body):
    """Go back to the start."""
    simulator.reset(body.get("keep", ()))
    return {"reset": True}


@admin
async def state(simulator, request, body):
    """Counts of all that happened."""
    known = simulator.state
    phones = known.numbers
    wanted = request.query.get("phone_number_id")
    if wanted and wanted not in phones:
        raise ValueError(f"there is no business number {wanted}")
    accepted = phones[wanted].accepted if wanted else known.accepted
    attempted = phones[wanted].attempted if wanted else known.attempted
    keys = {
        "distinct": len(known.keys),
        "repeated": dict(islice(known.repeated.items(), REPEATED_SHOWN)),
    }
    if request.query.get("keys") == "1":
        keys["counts"] = known.keys
    return {
        "accepted": accepted.total,
        "refused": {str(code): count for code, count in known.refused.items()},
        "statuses": {name: known.statuses[name] for name in STATUSES},
        "inbound": known.inbound,
        "chats": len(known.chats),
        "media": {
            "count": len(known.media),
            "bytes": known.media.bytes,
            "uploads": known.media.uploads,
        },
        "keys": keys,
        "without_key": known.without_key,
        "rate": accepted.summary(),
        "attempted": {"max_1s": attempted.most, "total": attempted.total},
        "daily_recipients": len(known.daily),
        "webhooks": simulator.webhooks.summary(),
        "numbers": {
            phone.id: {
                "waba_id": phone.waba_id,
                "accepted": phone.accepted.total,
                "max_1s": phone.accepted.most,
                "attempted": phone.attempted.total,
                "attempted_max_1s": phone.attempted.most,
            }
            for phone in phones.values()
        },
        "templates": len(known.templates.by_id),
        "uptime_s": round(time.time() - simulator.started_at, 1),
        "memory_mb": _memory_mb(),
    }


def _memory_mb():
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            line = next(line for line in status if line.startswith("VmRSS"))
        return round(int(line.split()[1]) / 1024, 1)
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


@admin
async def messages(simulator, request, body):
    """Messages of a chat, of a key, of an id, or the newest of all."""
    query, known = request.query, simulator.state
    limit = _limit(request, 100)
    if query.get("id"):
        found = [known.messages[query["id"]]] if query["id"] in known.messages else []
    elif query.get("to"):
        chat = known.chats.get(query["to"].strip().lstrip("+"))
        found = chat.messages if chat else []
    else:
        found = known.messages.values()
    if query.get("key"):
        found = [message for message in found if message.key == query["key"]]
    newest = list(islice(reversed(found), limit))
    return [show(message) for message in reversed(newest)]


@admin
async def chats(simulator, request, body):
    """Chats, newest first."""
    found = simulator.state.newest_chats(request.query.get("q", "").strip(), _limit(request, 100))
    return [show_chat(chat) for chat in found]


@admin
async def webhooks(simulator, request, body):
    """The newest callbacks, oldest first."""
    after, field = int(request.query.get("after", 0)), request.query.get("field")
    found = [
        record
        for record in simulator.webhooks.log
        if record["seq"] > after and field in (None, record["field"])
    ]
    limit = _limit(request, 1000)
    return found[-limit:] if limit else []


@admin
async def receive(simulator, request, body):
    """A consumer writes."""
    return {"id": inbound.receive(simulator, body).id}


@admin
async def read(simulator, request, body):
    """A consumer opens his chat."""
    return {"read": simulator.open_chat(str(body.get("number", "")).lstrip("+"))}


@admin
async def status(simulator, request, body):
    """Send one status callback by hand."""
    known = simulator.state
    if body.get("id"):
        found = [known.messages[body["id"]]] if body["id"] in known.messages else []
    else:
        found = [
            m for m in known.messages.values() if m.key is not None and m.key == body.get("key")
        ]
    found = [message for message in found if not message.inbound]
    if not found:
        raise ValueError("there is no such message")
    name = body.get("status")
    if name not in STATUSES:
        raise ValueError(f"status must be one of {', '.join(STATUSES)}")
    error = None
    if name == "failed":
        error = GraphError(int(body.get("code", 131000)), body.get("details"))
    for message in found:
        simulator.webhooks.tell_status(message, name, body.get("timestamp") or time.time(), error)
    return {"told": len(found)}


@admin
async def templates(simulator, request, body):
    """Look at the templates, or put some in place."""
    if body is None:
        placed = simulator.state.templates.by_id.values()
    else:
        placed = simulator.place_templates(body)
    return [
        {
            "id": t.id,
            "waba_id": t.waba_id,
            "name": t.name,
            "language": t.language,
            "status": t.status,
            "category": t.category,
            "components": t.components,
        }
        for t in placed
    ]


@admin
async def numbers(simulator, request, body):
    """Look at the business numbers, or add or change one."""
    known = simulator.state
    if body is not None:
        phone_number_id = str(body.get("id", ""))
        if not phone_number_id.isdecimal():
            raise ValueError("id must be digits")
        unknown = set(body) - {"id", "waba_id", *BusinessNumber.OPEN}
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        phone = known.numbers.get(phone_number_id)
        if phone is None:
            waba_id = str(body.get("waba_id") or next(iter(known.accounts)))
            phone = known.add_number(phone_number_id, waba_id, body.get("display_phone_number"))
        for name in BusinessNumber.OPEN:
            if name in body:
                setattr(phone, name, body[name])
    return [
        {
            "id": phone.id,
            "waba_id": phone.waba_id,
            **{name: getattr(phone, name) for name in BusinessNumber.OPEN},
        }
        for phone in known.numbers.values()
    ]


@admin
async def verify(simulator, request, body):
    """Make the handshake with a callback URL."""
    url = body.get("url") or simulator.settings.webhook_url
    if not url:
        raise ValueError("there is no callback URL")
    return await simulator.webhooks.handshake(
        url, body.get("verify_token") or simulator.settings.verify_token
    )


@admin
async def webhook(simulator, request, body):
    """Send any other callback."""
    field, value = body.get("field"), body.get("value")
    if not isinstance(field, str) or not isinstance(value, dict):
        raise ValueError("give field, a text, and value, an object")
    waba_id = str(body.get("waba_id") or next(iter(simulator.state.accounts)))
    phone = None
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        phone = simulator.state.numbers.get(str(metadata.get("phone_number_id")))
    simulator.webhooks.tell(events.ValueEvent(field, waba_id, value, phone))
    return {"told": 1}


@admin
async def drain(simulator, request, body):
    """Wait until the callbacks are out."""
    until = time.monotonic() + float(body.get("timeout_s", 10))
    with_statuses = body.get("statuses", True)
    while not simulator.webhooks.idle(with_statuses):
        if time.monotonic() >= until:
            return {"drained": False}
        await asyncio.sleep(0.02)
    return {"drained": True}


def routes():
    """:return: the routes of the admin API"""
    return [
        web.get("/simulator/settings", settings),
        web.post("/simulator/settings", settings),
        web.get("/simulator/faults", faults),
        web.post("/simulator/faults", faults),
        web.delete("/simulator/faults", faults),
        web.post("/simulator/reset", reset),
        web.get("/simulator/state", state),
        web.get("/simulator/messages", messages),
        web.get("/simulator/chats", chats),
        web.get("/simulator/webhooks", webhooks),
        web.get("/simulator/media/{media_id}", open_file),
        web.post("/simulator/inbound", receive),
        web.post("/simulator/read", read),
        web.post("/simulator/status", status),
        web.get("/simulator/templates", templates),
        web.post("/simulator/templates", templates),
        web.get("/simulator/numbers", numbers),
        web.post("/simulator/numbers", numbers),
        web.post("/simulator/verify", verify),
        web.post("/simulator/webhook", webhook),
        web.post("/simulator/drain", drain),
    ]
