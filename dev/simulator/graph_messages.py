"""POST /{phone}/messages."""

import asyncio
import time

from .errors import GraphError
from .graph import after, before, graph, phone_of, read_json
from .state import Message, message_id
from .validation import check_send


@graph("messages")
async def send(simulator, request):
    """Take a message, or a mark-as-read."""
    arrived = time.time()
    phone = phone_of(simulator, request)
    body = await read_json(request)
    if isinstance(body, dict) and "status" in body:
        return _mark_read(simulator, body)
    try:
        return await _take(simulator, phone, body, arrived)
    finally:
        rest = arrived + simulator.settings.latency_ms / 1000 - time.time()
        if rest > 0:
            await asyncio.sleep(rest)


async def _take(simulator, phone, body, arrived):
    state = simulator.state
    phone.attempted.add(arrived)
    state.attempted.add(arrived)
    fault = None
    try:
        if state.faults.rules:
            to = body.get("to") if isinstance(body, dict) else None
            fault = state.faults.pick(
                "messages", phone.id, to.lstrip("+") if isinstance(to, str) else None
            )
            await before(fault)
        draft, failure = _check(simulator, phone, body, arrived)
    except GraphError as error:
        state.refused[error.code] += 1
        raise
    if fault and fault.kind == "error":
        failure = fault.error()
    message = _accept(state, phone, draft, arrived)
    if body.get("to"):
        # Who is written to by the number is told by it.
        message.chat.hidden = False
    accepted = {"id": message.id}
    if message.template is not None:
        accepted["message_status"] = "accepted"
    if fault and fault.kind == "held":
        accepted["message_status"] = "held_for_quality_assessment"
        failure = fault.error() if fault.code is not None else failure
        simulator.webhooks.at(
            arrived + fault.delay_ms / 1000, _release, simulator, message, failure, status=True
        )
    else:
        simulator.webhooks.schedule_statuses(message, failure)
    await after(fault)
    return {
        "messaging_product": "whatsapp",
        "contacts": [
            {"input": body["to"], "wa_id": draft.to}
            if body.get("to")
            else {"input": body["recipient"], "user_id": body["recipient"]}
        ],
        "messages": [accepted],
    }


def _release(simulator, message, failure):
    simulator.webhooks.schedule_statuses(message, failure, start=time.time())


def _check(simulator, phone, body, now):
    """:return: (Draft, GraphError that will be told by a callback, or None)"""
    state, settings = simulator.state, simulator.settings
    if not phone.registered:
        raise GraphError(133010)
    throughput = settings.throughput if phone.throughput is None else phone.throughput
    if throughput and phone.accepted.count(now) >= throughput:
        raise GraphError(130429)
    draft = check_send(body, phone, state, now)
    chat = state.chats.get(draft.to)
    in_window = chat is not None and simulator.in_window(chat, now)

    interval = settings.pair_interval_s
    if interval and not phone.pairs.allows(draft.to, now, interval, settings.pair_burst):
        raise GraphError(131056)

    failure = None
    if (
        settings.daily_limit
        and not in_window
        and not state.daily.allows(draft.to, now, settings.daily_limit, settings.daily_window_s)
    ):
        failure = GraphError(131048, "The messaging limit of 24 hours is reached.")
        if settings.daily_limit_via == "sync":
            raise failure
    if state.is_absent(draft.to):
        failure = GraphError(131026)
    elif draft.template is None and settings.window_check and not in_window:
        failure = failure or GraphError(131047)

    if interval:
        phone.pairs.spend(draft.to, now, interval)
    return draft, failure


def _accept(state, phone, draft, now):
    message = Message(message_id(draft.to), state.chat(draft.to), phone, draft.kind, now)
    message.key = draft.key
    message.context = draft.context
    message.template = draft.template
    message.layout = draft.template.layout if draft.template is not None else None
    message.values = draft.values
    message.media = draft.media
    message.data = draft.data
    state.keep(message)
    return message


def _mark_read(simulator, body):
    message = simulator.state.messages.get(body.get("message_id"))
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, title="The parameter messaging_product is required.")
    if body["status"] != "read":
        raise GraphError(131009, "status must be read")
    if message is None or not message.inbound:
        raise GraphError(131009, "Param message_id is not the id of a received message.")
    for one in reversed(message.chat.messages):
        if one.inbound and one.at <= message.at and one.read_at is None:
            one.read_at = time.time()
    simulator.state.touch(message.chat)
    return {"success": True}
