"""Reading what Meta's webhook delivers.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples

A payload is trusted to come from Meta (its signature was checked) and not trusted in its shape:
what cannot be read is reported as a problem and the rest is still used.
"""

import dataclasses
import json
import re

STATUSES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",  # a voice message was listened to
    "failed": "failed",
}
MAX_TEXT = 4096
#: Kinds of messages that carry a file.
MEDIA_KINDS = frozenset(("image", "document", "audio", "video", "sticker"))
#: Seconds since 1970 outside of which a timestamp is taken for nonsense (2009 to 2100).
TIMESTAMPS = range(1230768000, 4102444800)
TEMPLATE_FIELDS = {
    "message_template_status_update": "status",
    "message_template_quality_update": "quality",
    "template_category_update": "category",
}
ACCOUNT_FIELDS = {
    "account_update",
    "account_alerts",
    "business_capability_update",
    "phone_number_quality_update",
}


@dataclasses.dataclass(slots=True)
class Webhook:
    """What one payload says.

    :ivar statuses: ``key, wamid, status, timestamp, error_code, error_text, category``
    :ivar messages: ``wamid, phone, timestamp, type, text, payload, context_wamid, profile_name,
        phone_number_id, user_id, new_phone, shared_phone, media, error_code``; ``phone`` in E.164,
        empty where Meta hides it, and then ``user_id`` says who it is; ``new_phone`` of who has
        changed the number; ``shared_phone`` is what somebody gave who was asked for the number;
        ``media`` is empty or ``id, mime_type, filename``
    :ivar people: ``user_id, phone`` of people of whom Meta tells both
    :ivar templates: ``kind`` (status, quality, category), ``waba_id``, ``wa_template_id``,
        ``name``, ``language``, ``value`` (the raw change)
    :ivar accounts: ``field``, ``waba_id``, ``value`` (the raw change)
    :ivar numbers: ``phone_number_id`` of the numbers that statuses and messages are about
    :ivar problems: one text for each part that could not be read
    """

    statuses: list = dataclasses.field(default_factory=list)
    messages: list = dataclasses.field(default_factory=list)
    templates: list = dataclasses.field(default_factory=list)
    accounts: list = dataclasses.field(default_factory=list)
    people: list = dataclasses.field(default_factory=list)
    numbers: set = dataclasses.field(default_factory=set)
    problems: list = dataclasses.field(default_factory=list)


def parse(payload, received):
    """Read the body of one call.

    :param str payload: JSON text as received
    :param int received: seconds since 1970, used where a timestamp is missing or absurd
    :rtype: Webhook
    """
    webhook = Webhook()
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        webhook.problems.append(f"Not JSON: {type(error).__name__}")
        return webhook
    if not isinstance(data, dict) or not isinstance(data.get("entry"), list):
        webhook.problems.append("No list of entries")
        return webhook
    for entry in data["entry"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
            webhook.problems.append("An entry has no list of changes")
            continue
        for change in entry["changes"]:
            try:
                _read_change(webhook, clean(entry.get("id")), change, received)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                webhook.problems.append(f"A change could not be read: {type(error).__name__}")
    return webhook


def clean(value, limit=MAX_TEXT):
    """Return ``value`` as text the database can store: no NUL, no lone surrogates, cut."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = str(value)[:limit].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode()


def map_texts(payload, function):
    """Return ``payload`` with ``function`` applied to every text in it.

    :param str payload: JSON that :func:`parse` could read
    """

    def mapped(value):
        match value:
            case str():
                return function(value)
            case list():
                return [mapped(item) for item in value]
            case dict():
                return {name: mapped(item) for name, item in value.items()}
        return value

    return json.dumps(mapped(json.loads(payload)))


def _read_change(webhook, waba_id, change, received):
    field, value = change["field"], change["value"]
    if field == "messages":
        phone_number_id = clean((value.get("metadata") or {}).get("phone_number_id"))
        webhook.numbers.add(phone_number_id)
        contacts = [_read_contact(contact) for contact in value.get("contacts") or []]
        names = {contact["phone"] or contact["user_id"]: contact["name"] for contact in contacts}
        webhook.people += [
            {"user_id": contact["user_id"], "phone": contact["phone"]}
            for contact in contacts
            if contact["user_id"] and contact["phone"]
        ]
        for reader, items, rows in (
            (_read_status, value.get("statuses"), webhook.statuses),
            (_read_message, value.get("messages"), webhook.messages),
        ):
            for item in items or []:
                try:
                    row = reader(item, received)
                except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                    webhook.problems.append(
                        f"An item of {field} could not be read: {type(error).__name__}"
                    )
                    continue
                if reader is _read_message:
                    row["phone_number_id"] = phone_number_id
                    if not row["user_id"] and len(contacts) == 1:
                        row["user_id"] = contacts[0]["user_id"]
                    row["profile_name"] = names.get(row["phone"] or row["user_id"], "")
                rows.append(row)
    elif field in TEMPLATE_FIELDS:
        webhook.templates.append(
            {
                "kind": TEMPLATE_FIELDS[field],
                "waba_id": waba_id,
                # an integer here, text in the API
                "wa_template_id": clean(value.get("message_template_id")),
                "name": clean(value.get("message_template_name")),
                # a hyphen here, an underscore in the API
                "language": clean(value.get("message_template_language")).replace("-", "_"),
                "value": value,
            }
        )
    elif field in ACCOUNT_FIELDS:
        if not isinstance(value, dict):
            raise TypeError(field)
        webhook.accounts.append({"field": field, "waba_id": waba_id, "value": value})


def _phone(value):
    """Return digits as E.164, or nothing where they are no phone number."""
    digits = clean(value, 32).lstrip("+")
    return f"+{digits}" if re.fullmatch(r"[0-9]{8,15}", digits) else ""


def _read_contact(contact):
    return {
        "phone": _phone(contact.get("wa_id")),
        # People with a user name have an id of their own for this business.
        "user_id": clean(contact.get("user_id"), 128),
        "name": clean((contact.get("profile") or {}).get("name"), 200),
    }


def _read_status(status, received):
    wamid = clean(status["id"], 512)
    if not wamid:
        raise ValueError("id")
    errors = status.get("errors") or [{}]
    error = errors[0]
    details = (error.get("error_data") or {}).get("details")
    code = error.get("code")
    return {
        "key": clean(status.get("biz_opaque_callback_data"), 512),
        "wamid": wamid,
        "status": STATUSES[status["status"]],
        "timestamp": _timestamp(status.get("timestamp"), received),
        "error_code": code if isinstance(code, int) and abs(code) < 2**31 else None,
        "error_text": clean(details or error.get("message") or error.get("title")),
        "category": clean((status.get("pricing") or {}).get("category"), 64),
    }


def _read_message(message, received):
    wamid = clean(message["id"], 512)
    if not wamid:
        raise ValueError("id")
    kind = clean(message.get("type"), 32)
    text, payload = _message_text(kind, message)
    system = message.get("system") if kind == "system" else None
    return {
        "wamid": wamid,
        # Absent for people with a user name who never wrote to us from their number.
        "phone": _phone(message.get("from")),
        "user_id": clean(message.get("from_user_id") or message.get("user_id"), 128),
        "new_phone": _phone(system.get("wa_id") or system.get("new_wa_id")) if system else "",
        "shared_phone": _shared_phone(message) if kind == "contacts" else "",
        "timestamp": _timestamp(message.get("timestamp"), received),
        "type": kind,
        "text": clean(text),
        "payload": clean(payload, 256),
        "context_wamid": clean((message.get("context") or {}).get("id"), 512),
        "media": _message_media(kind, message),
        "error_code": _error_code(message.get("errors")),
    }


def _message_media(kind, message):
    """Return ``id``, ``mime_type`` and ``filename`` of the file of a message, empty for none."""
    content = message.get(kind)
    if kind not in MEDIA_KINDS or not isinstance(content, dict):
        return {}
    media_id = clean(content.get("id"), 64)
    # The id becomes part of an address.
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", media_id):
        return {}
    return {
        "id": media_id,
        "mime_type": clean(content.get("mime_type"), 128),
        "filename": clean(content.get("filename"), 200),
    }


def _error_code(errors):
    """Return the code of the first of ``errors``, None where there is none."""
    error = errors[0] if isinstance(errors, list) and errors else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and abs(code) < 2**31 else None


def _message_text(kind, message):
    """Return ``(text, payload)`` of an inbound message as people should read it."""
    content = message.get(kind) or {}
    if kind == "text":
        return content.get("body"), ""
    if kind == "button":
        return content.get("text"), content.get("payload")
    if kind == "interactive":
        reply = content.get("button_reply") or content.get("list_reply") or {}
        return reply.get("title"), reply.get("id")
    if kind == "reaction":
        return content.get("emoji"), ""
    if kind == "location":
        place = " ".join(str(content[name]) for name in ("name", "address") if content.get(name))
        return f"[location] {place} {content.get('latitude')}, {content.get('longitude')}", ""
    if kind == "contacts":
        return f"[contacts] {_contact_names(content)}", ""
    if kind == "system":
        return content.get("body"), ""
    words = [str(content[name]) for name in ("filename", "caption") if content.get(name)]
    return " ".join([f"[{kind or 'unknown'}]", *words]), ""


def _contact_names(contacts):
    """Return the names and numbers on the cards that somebody passed on."""
    cards = []
    for contact in (contacts if isinstance(contacts, list) else [])[:5]:
        name = clean((contact.get("name") or {}).get("formatted_name"), 100)
        phones = [clean(phone.get("phone"), 32) for phone in contact.get("phones") or []]
        cards.append(" ".join(filter(None, [name, *phones[:3]])))
    return "; ".join(filter(None, cards))


def _shared_phone(message):
    """Return the number on the card that came by the button which asks for it, else nothing.

    https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
    """
    cards = message.get("contacts")
    card = cards[0] if isinstance(cards, list) and cards else None
    if not isinstance(card, dict):
        return ""
    # Meta has shown its place both ways.
    if "contact_request" not in (card.get("origin"), message.get("origin")):
        return ""
    phones = card.get("phones")
    for phone in phones if isinstance(phones, list) else []:
        if isinstance(phone, dict):
            written = re.sub(r"[ ()-]", "", clean(phone.get("phone"), 32))
            if number := _phone(phone.get("wa_id")) or _phone(written):
                return number
    return ""


def _timestamp(value, received):
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        return received
    return seconds if seconds in TIMESTAMPS else received
