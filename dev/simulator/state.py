"""All that the simulator remembers: business numbers, chats, messages, files, counts."""

import base64
import hashlib
import random
import secrets
from collections import Counter
from itertools import islice

from .events import user_id
from .faults import FaultRules
from .limits import DailyRecipients, PairLimit, SlidingSecond
from .media import MediaStore
from .templates import TemplateStore

RANK = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "failed": 4, "received": 4}


class Account:
    """A WhatsApp Business Account (WABA)."""

    def __init__(self, waba_id):
        self.id = waba_id
        self.subscribed = True
        self.override_url = ""
        self.override_token = ""


class BusinessNumber:
    """A business phone number and what Meta tells of it."""

    # Fields that the admin API may set.
    OPEN = (
        "display_phone_number",
        "verified_name",
        "quality_rating",
        "throughput",
        "messaging_limit",
        "registered",
        "name_status",
        "code_verification_status",
    )

    def __init__(self, phone_number_id, waba_id, display_phone_number):
        self.id = phone_number_id
        self.waba_id = waba_id
        self.display_phone_number = display_phone_number
        self.verified_name = "Vidyut Vitran Khand"
        self.quality_rating = "GREEN"
        self.name_status = "APPROVED"
        self.code_verification_status = "VERIFIED"
        self.throughput = None
        self.messaging_limit = None
        self.registered = True
        self.override_url = ""
        self.override_token = ""
        self.profile = {"messaging_product": "whatsapp"}
        self.compliance = {"messaging_product": "whatsapp"}
        self.clear_counts()

    def clear_counts(self):
        """Forget what was sent."""
        self.accepted = SlidingSecond()
        self.attempted = SlidingSecond()
        self.pairs = PairLimit()

    @property
    def digits(self):
        """The number as digits only, as callbacks tell it."""
        return "".join(filter(str.isdigit, self.display_phone_number))


class Chat:
    """The chat of one consumer, with all business numbers."""

    __slots__ = (
        "hidden",
        "last_inbound",
        "messages",
        "name",
        "number",
        "phone_number_id",
        "unread",
        "version",
    )

    def __init__(self, number):
        self.number = number
        self.name = ""
        self.messages = []
        self.unread = 0
        self.version = 0
        self.last_inbound = 0.0
        self.hidden = False
        self.phone_number_id = None


class Message:
    """One message, kept small: a template message keeps only the values it filled in.

    ``values`` of a template message: one text, see ``pack_values``; ``data`` of any other: its
    own object.
    """

    __slots__ = (
        "at",
        "chat",
        "context",
        "data",
        "delivered_at",
        "failed",
        "id",
        "inbound",
        "key",
        "kind",
        "layout",
        "media",
        "phone",
        "read_at",
        "sent_at",
        "status",
        "template",
        "values",
    )

    def __init__(self, message_id, chat, phone, kind, at):
        self.id = message_id
        self.chat = chat
        self.phone = phone
        self.kind = kind
        self.at = at
        self.inbound = False
        self.status = "accepted"
        self.sent_at = self.delivered_at = self.read_at = None
        self.key = self.context = self.failed = self.media = None
        self.template = self.layout = self.values = self.data = None


class State:
    """Everything but the scheduled callbacks.

    :param Settings settings:
    """

    def __init__(self, settings):
        self.settings = settings
        self.random = random.Random(settings.seed)
        self.accounts = {}
        self.numbers = {}
        self.templates = TemplateStore()
        self.media = MediaStore(settings)
        self.faults = FaultRules(self.random)
        self.forget_messages()

    def forget_messages(self):
        """Forget chats, messages and counts."""
        # In the order of their newest message, newest last.
        self.chats = {}
        self.messages = {}
        self.keys = {}
        self.repeated = {}
        self.without_key = 0
        self.refused = Counter()
        self.statuses = Counter()
        self.inbound = 0
        self.accepted = SlidingSecond()
        self.attempted = SlidingSecond()
        self.daily = DailyRecipients()
        self.version = 0
        for number in self.numbers.values():
            number.clear_counts()

    def add_number(self, phone_number_id, waba_id, display_phone_number=None):
        """Add a business number, and its account when that is new.

        :return: the BusinessNumber
        """
        self.accounts.setdefault(waba_id, Account(waba_id))
        if not display_phone_number:
            display_phone_number = f"+91 54442 {len(self.numbers) + 10001}"
        number = BusinessNumber(phone_number_id, waba_id, display_phone_number)
        self.numbers[phone_number_id] = number
        return number

    def chat(self, number):
        """:return: the chat of a consumer, made when new"""
        chat = self.chats.get(number)
        if chat is None:
            chat = self.chats[number] = Chat(number)
        return chat

    def number_of(self, wanted):
        """:return: the number behind a business-scoped user id, None when nobody has it"""
        return next((number for number in self.chats if user_id(number) == wanted), None)

    def keep(self, message):
        """Add a message to its chat, outgoing or inbound."""
        chat = message.chat
        chat.messages.append(message)
        chat.phone_number_id = message.phone.id
        self.messages[message.id] = message
        self.chats[chat.number] = self.chats.pop(chat.number)
        self.touch(chat)
        if message.inbound:
            self.inbound += 1
            return
        chat.unread += 1
        self.accepted.add(message.at)
        message.phone.accepted.add(message.at)
        key = message.key
        if key is None:
            self.without_key += 1
            return
        count = self.keys.get(key, 0) + 1
        self.keys[key] = count
        if count > 1:
            self.repeated[key] = count

    def touch(self, chat):
        """Mark a chat as changed, for those who watch it."""
        chat.version += 1
        self.version += 1

    def apply_status(self, message, status, at, error=None):
        """Note a status; an earlier one that comes late changes its time only."""
        self.statuses[status] += 1
        if status == "failed":
            message.failed = error
        elif getattr(message, status + "_at") is None:
            setattr(message, status + "_at", at)
        if RANK[status] > RANK[message.status]:
            if status in ("read", "failed") and message.status not in ("read", "failed"):
                message.chat.unread -= 1
            message.status = status
        self.touch(message.chat)

    def newest_chats(self, query, limit):
        """:return: chats whose number or name holds ``query``, newest first"""
        query = query.casefold().lstrip("+")
        found = (
            chat
            for chat in reversed(self.chats.values())
            if chat.messages and (query in chat.number or query in chat.name.casefold())
        )
        return list(islice(found, limit))

    def is_absent(self, number):
        """:return: whether a number is not on WhatsApp, by the setting"""
        rule = self.settings.not_on_whatsapp
        if number in rule["numbers"] or (
            rule["suffixes"] and number.endswith(tuple(rule["suffixes"]))
        ):
            return True
        if not rule["rate"]:
            return False
        digest = hashlib.blake2b(number.encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") < rule["rate"] * 2**32


def message_id(number):
    """:return: a fresh id in the shape of Meta's"""
    inside = b"\x1c\x18\x0c%b\x15\x02\x00\x11\x18\x12%b\x00" % (
        number.encode(),
        secrets.token_hex(9).upper().encode(),
    )
    return "wamid." + base64.b64encode(inside).decode()
