"""Messages as the phone page and the admin API show them."""

from .state import Message
from .templates import fill, unpack_values

_WORDS = {
    "document": "Document",
    "image": "Photo",
    "audio": "Voice",
    "video": "Video",
    "location": "Place",
    "sticker": "Sticker",
    "contacts": "Contact",
    "unsupported": "Unsupported message",
}


def _media(message):
    media = message.media
    if media is None:
        return None
    if isinstance(media, str):
        return {"id": None, "url": media, "filename": media.rsplit("/", 1)[-1], "mime_type": None}
    return {
        "id": media.id,
        "url": f"/simulator/media/{media.id}" if media.content is not None else None,
        "filename": media.filename,
        "mime_type": media.mime_type,
        "size": media.size,
    }


def _template_parts(message):
    template, layout = message.template, message.layout
    header_values, body_values, button_values = unpack_values(layout, message.values)
    parameters = dict(zip(layout.body_names, body_values, strict=True))
    parts = {
        "template": {
            "name": template.name,
            "language": template.language,
            "category": template.category,
        },
        "parameters": parameters,
        "body": fill(layout.body, parameters),
        "footer": layout.footer,
        "buttons": [
            _button(button, value)
            for button, value in zip(layout.buttons, button_values, strict=True)
        ],
    }
    if layout.header_format == "TEXT":
        names = dict(zip(layout.header_names, header_values, strict=True))
        parts["header"] = {"type": "text", "text": fill(layout.header_text, names)}
    elif layout.header_format:
        parts["header"] = {"type": layout.header_format.lower()}
        parts["media"] = _media(message)
        if parts["media"] and header_values[0]:
            parts["media"]["filename"] = header_values[0]
    return parts


def _button(button, value):
    shown = {"type": button.type.lower(), "text": button.text}
    if button.type == "QUICK_REPLY":
        shown["payload"] = value or button.text
    elif button.type == "URL":
        shown["url"] = fill(button.url, {button.variable: value}) if button.variable else button.url
    else:
        shown["phone_number"] = button.phone
    return shown


def _interactive_parts(message):
    data = message.data
    action = data["action"]
    header = data.get("header")
    buttons = []
    if data["type"] == "button":
        buttons = [
            {"type": "reply", "text": one["reply"]["title"], "id": one["reply"]["id"]}
            for one in action["buttons"]
        ]
    elif data["type"] == "list":
        buttons = [
            {
                "type": "reply",
                "text": row["title"],
                "id": row["id"],
                "description": row.get("description"),
            }
            for section in action["sections"]
            for row in section["rows"]
        ]
    elif data["type"] == "request_contact_info":
        # Meta's own words.
        buttons = [{"type": "share", "text": "Share contact info"}]
    else:
        buttons = [
            {
                "type": "url",
                "text": action["parameters"]["display_text"],
                "url": action["parameters"]["url"],
            }
        ]
    parts = {
        "body": data["body"]["text"],
        "footer": (data.get("footer") or {}).get("text", ""),
        "buttons": buttons,
    }
    if header:
        parts["header"] = {"type": header["type"], "text": header.get("text", "")}
        parts["media"] = _media(message)
    if data["type"] == "list":
        parts["list"] = action["button"]
    return parts


def _free_parts(message):
    data, kind = message.data or {}, message.kind
    if kind == "interactive" and not message.inbound:
        return _interactive_parts(message)
    if kind == "interactive":
        return {"body": data[data["type"]]["title"]}
    if kind == "text":
        return {"body": data["body"]}
    if kind == "button":
        return {"body": data["text"], "payload": data["payload"]}
    if kind == "reaction":
        return {"body": data.get("emoji", ""), "reacts_to": data["message_id"]}
    if kind == "location":
        name = " ".join(filter(None, (data.get("name"), data.get("address"))))
        return {
            "body": name,
            "location": {"latitude": data["latitude"], "longitude": data["longitude"]},
        }
    if kind == "contacts":
        cards = [
            " ".join([card["name"]["formatted_name"], *(one["phone"] for one in card["phones"])])
            for card in data
        ]
        return {"body": "; ".join(cards)}
    if kind == "unsupported":
        return {"body": ""}
    media = _media(message)
    if media and data.get("filename"):
        media["filename"] = data["filename"]
    return {"body": data.get("caption") or "", "media": media}


def show(message: Message):
    """:return: one message as JSON-ready data; times are epoch seconds"""
    phone, chat = message.phone, message.chat
    shown = {
        "id": message.id,
        "direction": "in" if message.inbound else "out",
        "from": chat.number if message.inbound else phone.digits,
        "to": phone.digits if message.inbound else chat.number,
        "phone_number_id": phone.id,
        "sender": chat.name if message.inbound else phone.verified_name,
        "type": message.kind,
        "status": message.status,
        "key": message.key,
        "context": message.context,
        "timestamp": message.at,
        "sent_at": message.sent_at,
        "delivered_at": message.delivered_at,
        "read_at": message.read_at,
        "failed": None,
        "header": None,
        "body": "",
        "footer": "",
        "buttons": [],
        "media": None,
        "template": None,
    }
    if message.failed is not None:
        shown["failed"] = {
            "code": message.failed.code,
            "title": message.failed.title,
            "details": message.failed.details,
        }
    shown.update(_free_parts(message) if message.template is None else _template_parts(message))
    return shown


def preview(message):
    """:return: the one line of a message in the list of chats"""
    parts = show(message)
    text = parts["body"] or (parts["media"] or {}).get("filename") or ""
    return ": ".join(filter(None, (_WORDS.get(message.kind), text))).replace("\n", " ")[:90]


def show_chat(chat):
    """:return: one line of the list of chats"""
    last = chat.messages[-1]
    return {
        "number": chat.number,
        "name": chat.name,
        "last": preview(last),
        "time": last.at,
        "status": last.status,
        "direction": "in" if last.inbound else "out",
        "unread": chat.unread,
        "count": len(chat.messages),
    }
