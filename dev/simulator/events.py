"""What callbacks say, in Meta's words."""

import base64
import hashlib
from typing import NamedTuple

FREE_SERVICE = "free_customer_service"


def user_id(number):
    """:return: a business-scoped user id, always the same for a number"""
    digest = hashlib.blake2b(number.encode(), digest_size=8).digest()
    return f"IN.{int.from_bytes(digest, 'big') % 10**17:017d}"


class StatusEvent(NamedTuple):
    """A status of a message. ``happened``: epoch seconds; ``error``: GraphError."""

    message: object
    status: str
    happened: int
    error: object = None

    @property
    def field(self):
        """Name of the webhook field."""
        return "messages"

    @property
    def phone(self):
        """The business number it is about."""
        return self.message.phone

    @property
    def waba_id(self):
        """The account it belongs to."""
        return self.message.phone.waba_id

    def entry(self):
        """:return: the object inside ``statuses``"""
        message = self.message
        told = {
            "id": message.id,
            "status": self.status,
            "timestamp": str(self.happened),
        }
        if message.chat.hidden:
            told["recipient_user_id"] = user_id(message.chat.number)
        else:
            told["recipient_id"] = message.chat.number
        if message.key is not None:
            told["biz_opaque_callback_data"] = message.key
        if self.error is not None:
            told["errors"] = [self.error.as_status_error()]
        # Pricing comes with sent and with one of the later two.
        elif self.status == "sent" or self.status == "delivered":
            free = message.template is None
            told["pricing"] = {
                "billable": not free,
                "pricing_model": "PMP",
                "type": FREE_SERVICE if free else "regular",
                "category": "service" if free else message.template.category.lower(),
            }
        return told


class ValueEvent(NamedTuple):
    """Any other callback: its field and the object inside ``value``."""

    field: str
    waba_id: str
    value: dict
    phone: object = None


def _contact(chat):
    """Who a consumer is: number and id, of those with a user name the id alone."""
    known = {} if chat.hidden else {"wa_id": chat.number}
    return {**known, "user_id": user_id(chat.number)}


def _metadata(phone):
    return {"display_phone_number": phone.digits, "phone_number_id": phone.id}


def envelope(batch):
    """The body of one POST.

    Statuses of one business number share a change, as Meta's batches do.

    :param batch: events of one account
    """
    changes = []
    by_phone = {}
    for event in batch:
        if not isinstance(event, StatusEvent):
            changes.append({"value": event.value, "field": event.field})
            continue
        value = by_phone.get(event.phone.id)
        if value is None:
            value = by_phone[event.phone.id] = {
                "messaging_product": "whatsapp",
                "metadata": _metadata(event.phone),
                "contacts": [],
                "statuses": [],
            }
            changes.append({"value": value, "field": "messages"})
        contact = _contact(event.message.chat)
        if contact not in value["contacts"][-3:]:
            value["contacts"].append(contact)
        value["statuses"].append(event.entry())
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": batch[0].waba_id, "changes": changes}],
    }


def inbound(message, kind, content, context=None):
    """A message written by a consumer.

    :param message: the kept Message
    :param str kind: Meta's ``type``
    :param content: object under the key of that type, or None
    :param dict context: what it answers
    :return: ValueEvent
    """
    chat, phone = message.chat, message.phone
    told = {
        **({"from_user_id": user_id(chat.number)} if chat.hidden else {"from": chat.number}),
        "id": message.id,
        "timestamp": str(int(message.at)),
        "type": kind,
    }
    if context:
        told["context"] = context
    if kind == "unsupported":
        told["errors"] = [
            {
                "code": 131051,
                "title": "Message type unknown",
                "message": "Message type unknown",
                "error_data": {"details": "Message type is currently not supported."},
            }
        ]
    else:
        told[kind] = content
    value = {
        "messaging_product": "whatsapp",
        "metadata": _metadata(phone),
        "contacts": [
            {
                "profile": {"name": chat.name or ("" if chat.hidden else chat.number)},
                **_contact(chat),
            }
        ],
        "messages": [told],
    }
    return ValueEvent("messages", phone.waba_id, value, phone)


def media_object(media, caption=None):
    """:return: the object of an inbound file"""
    told = {
        "id": media.id,
        "mime_type": media.mime_type,
        "sha256": base64.b64encode(media.sha256).decode(),
    }
    if media.mime_type.startswith("application/") or media.mime_type == "text/plain":
        told["filename"] = media.filename
    if caption:
        told["caption"] = caption
    return told


def template_status(template, event=None, reason="NONE", **more):
    """A template's review or pause, told to the app's own callback URL.

    :param str event: Meta's event; the template's status when left out
    """
    value = {
        "event": event or template.status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language.replace("_", "-"),
        "reason": reason,
        "message_template_category": template.category,
        **more,
    }
    return ValueEvent("message_template_status_update", template.waba_id, value)
