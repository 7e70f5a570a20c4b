"""What a consumer writes: POST /simulator/inbound."""

import base64
import binascii
import math
import re
import time

from . import events
from .errors import GraphError
from .media import sample_pdf, sample_png, sample_webp
from .rendering import show

NUMBER = re.compile(r"\+?([1-9]\d{6,14})")


def receive(simulator, given):
    """Keep a consumer's message and call it back.

    :param dict given: see README.md
    :raises ValueError: when it makes no sense
    :return: the Message
    """
    if not isinstance(given, dict):
        raise ValueError("the body must be an object")
    match = NUMBER.fullmatch(str(given.get("from", "")))
    if not match:
        raise ValueError("from must be a phone number in digits")
    number = match[1]
    kind = given.get("type") or "text"
    make = _KINDS.get(kind)
    if make is None:
        raise ValueError(f"type must be one of {', '.join(_KINDS)}")
    state = simulator.state
    at = given.get("timestamp")
    if at is not None and (
        isinstance(at, bool) or not isinstance(at, (int, float)) or not math.isfinite(at)
    ):
        raise ValueError("timestamp must be a number, seconds since 1970")
    chat = state.chats.get(number)
    phone = _phone(state, chat, given.get("phone_number_id"))
    data, media, context = make(state, phone, chat, given)
    reply = given.get("message")
    if reply and context is None:
        context = _known(state, reply)

    message = simulator.consumer_message(phone, number, kind, at, given.get("name"))
    if "hidden" in given:
        message.chat.hidden = bool(given["hidden"])
    message.data = data
    message.media = media
    message.context = context.id if context else None
    told = data
    if media is not None:
        told = events.media_object(media, given.get("caption"))
    answers = None
    if context is not None:
        sender = context.chat.number if context.inbound else context.phone.digits
        answers = {"from": sender, "id": context.id}
    simulator.webhooks.tell(events.inbound(message, kind, told, answers))
    return message


def _phone(state, chat, phone_number_id):
    if phone_number_id is None:
        phone_number_id = chat.phone_number_id if chat else None
    if phone_number_id is None:
        return next(iter(state.numbers.values()))
    phone = state.numbers.get(str(phone_number_id))
    if phone is None:
        raise ValueError(f"there is no business number {phone_number_id}")
    return phone


def _known(state, wamid):
    message = state.messages.get(wamid)
    if message is None:
        raise ValueError(f"there is no message {wamid}")
    return message


def _text(_state, _phone, _chat, given):
    text = given.get("text")
    if not isinstance(text, str) or not text:
        raise ValueError("text is missing")
    return {"body": text}, None, None


def _pick(state, chat, given, button_type, names):
    """:return: (message, its button) that the consumer taps"""
    wanted = given.get("button", given.get("id"))
    if given.get("message"):
        candidates = [_known(state, given["message"])]
    else:
        candidates = reversed(chat.messages) if chat else ()
    for message in candidates:
        if message.inbound or message.kind not in ("template", "interactive"):
            continue
        buttons = [b for b in show(message)["buttons"] if b["type"] == button_type]
        for index, button in enumerate(buttons):
            if wanted == index or wanted in [button.get(name) for name in names]:
                return message, button
    raise ValueError(f"no message in this chat has the button {wanted!r}")


def _button(state, _phone, chat, given):
    message, button = _pick(state, chat, given, "quick_reply", ("text", "payload"))
    return {"payload": button["payload"], "text": button["text"]}, None, message


def _interactive(state, _phone, chat, given):
    message, button = _pick(state, chat, given, "reply", ("id", "text"))
    kind = "list_reply" if message.data["type"] == "list" else "button_reply"
    reply = {"id": button["id"], "title": button["text"]}
    if button.get("description"):
        reply["description"] = button["description"]
    return {"type": kind, kind: reply}, None, message


def _file(kind, mime_type, filename, sample):
    def make(state, phone, _chat, given):
        content = given.get("data")
        if content is None:
            content = sample()
        else:
            try:
                content = base64.b64decode(content, validate=True)
            except (binascii.Error, TypeError, ValueError) as error:
                raise ValueError(f"data is no base64: {error}") from error
        name = given.get("filename") or filename
        data = {"filename": name} if kind == "document" else {}
        if given.get("caption"):
            data["caption"] = str(given["caption"])
        try:
            media = state.media.add(
                phone.id,
                content,
                given.get("mime_type") or mime_type,
                name,
                time.time(),
                inbound=True,
            )
        except GraphError as error:
            raise ValueError(error.details) from error
        return data, media, None

    return make


def _location(_state, _phone, _chat, given):
    try:
        data = {"latitude": float(given["latitude"]), "longitude": float(given["longitude"])}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("a location needs latitude and longitude") from error
    for name, key in (("name", "place"), ("address", "address")):
        if given.get(key):
            data[name] = str(given[key])
    return data, None, None


def _reaction(state, _phone, chat, given):
    if given.get("message"):
        message = _known(state, given["message"])
    else:
        sent = [one for one in (chat.messages if chat else ()) if not one.inbound]
        if not sent:
            raise ValueError("there is no message to react to")
        message = sent[-1]
    return {"message_id": message.id, "emoji": str(given.get("emoji", "👍"))}, None, None


def _contacts(_state, _phone, chat, given):
    name = str(given.get("contact_name", "राम प्रसाद"))
    share = bool(given.get("share")) and chat is not None
    phone = str(given.get("contact_phone", f"+{chat.number}" if share else "+91 94150 00000"))
    card = {"name": {"formatted_name": name, "first_name": name}, "phones": [{"phone": phone}]}
    if share:
        card["origin"] = "contact_request"
        card["phones"][0]["wa_id"] = "".join(filter(str.isdigit, phone))
    return [card], None, None


def _unsupported(_state, _phone, _chat, _given):
    return None, None, None


_KINDS = {
    "text": _text,
    "button": _button,
    "interactive": _interactive,
    "image": _file("image", "image/png", "photo.png", sample_png),
    "document": _file(
        "document",
        "application/pdf",
        "document.pdf",
        lambda: sample_pdf("Sent from the simulator's phone"),
    ),
    "audio": _file("audio", "audio/ogg", "voice.ogg", lambda: b"OggS" + bytes(64)),
    "video": _file("video", "video/mp4", "film.mp4", lambda: b"\0\0\0\x18ftypmp42" + bytes(64)),
    "sticker": _file("sticker", "image/webp", "sticker.webp", sample_webp),
    "contacts": _contacts,
    "location": _location,
    "reaction": _reaction,
    "unsupported": _unsupported,
}
