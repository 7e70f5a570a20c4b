"""What the automatic answers are made of: a turn, a service, a request."""

import dataclasses
import hashlib
from collections.abc import Callable

from odoo import models

#: Longest texts of the parts of an interactive message, and their number.
#: https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages
BUTTONS_TEXT, CAPTION_TEXT, PLAIN_TEXT = 1024, 1024, 4096
BUTTONS_MAX, ROWS_MAX = 3, 10
BUTTON_TITLE, ROW_TITLE, ROW_ABOUT = 20, 24, 72
#: Id of the choice that is WhatsApp's own button for sharing the number.
SHARE_NUMBER = "number:share"


def fingerprint(*texts):
    """Return a short text that stands for ``texts``, to recognise them again."""
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=8).hexdigest()


@dataclasses.dataclass(slots=True, eq=False)
class Turn:
    """One text of a consumer and the answer that it gets.

    :ivar conversation: record of the phone
    :ivar row: the inbound message, as completed by ``discom.whatsapp.message._receive``
    :ivar words: the text, folded
    :ivar command: what a keyword or a button asks for: its words after the topic
    :ivar lang: ``hi`` or ``en``
    :ivar now: when the consumer wrote, UTC
    :ivar reply: text of the answer, empty for none
    :ivar buttons: choices under it, (id, label) or (id, label, explanation); an id is
        ``topic:command[:arguments]``
    :ivar list_title: label of the button that opens the choices as a list, empty for buttons
    :ivar document: record whose document goes along, with the text as caption
    :ivar values: what is kept with the answer, for what its text leaves open until it leaves
    :ivar partner: consumer whom the answer is about, proven; None where it is about nobody
    :ivar phone: number that the answer goes to instead of to who wrote, empty for none
    """

    conversation: models.Model
    row: dict
    words: str
    command: list = dataclasses.field(default_factory=list)
    lang: str = "hi"
    now: object = None
    reply: str = ""
    buttons: list = dataclasses.field(default_factory=list)
    list_title: str = ""
    document: models.Model = None
    values: dict = dataclasses.field(default_factory=dict)
    partner: models.Model = None
    phone: str = ""

    def say(self, text, *buttons):
        """Set the answer."""
        self.reply = text
        self.buttons = list(buttons)
        self.list_title = ""

    def choose(self, text, list_title, rows):
        """Set an answer with a list of up to ten choices."""
        self.say(text, *rows[:ROWS_MAX])
        self.list_title = list_title

    def pick(self, texts):
        """Return the one of (Hindi, English) that the consumer reads."""
        return texts[self.lang == "en"]

    def answer_values(self):
        """Return the part of the message's values that the answer makes."""
        values = {"body": self.reply[:PLAIN_TEXT], "values": self.values or False}
        if self.document:
            return {
                "body": self.reply[:CAPTION_TEXT],
                "with_document": True,
                "res_model": self.document._name,
                "res_id": self.document.id,
            }
        # A longer text itself says which words to write instead.
        if not self.buttons or (not self.list_title and len(self.reply) > BUTTONS_TEXT):
            return values
        limit = ROW_TITLE if self.list_title else BUTTON_TITLE
        values["buttons"] = [
            {"id": key, "title": title[:limit]}
            | ({"description": about[0][:ROW_ABOUT]} if about and about[0] else {})
            for key, title, *about in self.buttons
        ]
        values["list_title"] = self.list_title[:BUTTON_TITLE] or False
        return values


@dataclasses.dataclass(slots=True, frozen=True)
class Service:
    """Something that a consumer can ask for by a word or from the menu.

    :ivar key: unique, lower case, no colon; part of the ids of buttons
    :ivar words: what is written for it, folded
    :ivar title: in the menu, (Hindi, English), 24 characters
    :ivar about: line under it, (Hindi, English), 72 characters
    :ivar handler: ``handler(list of Request)`` answers all requests of a batch
    :ivar account: ``proven`` (only about an account that the phone has proved), ``optional`` or
        ``none``
    :ivar target: another ``topic:command`` that answers it, instead of a handler
    :ivar sequence: place in the menu
    :ivar offered: ``offered(turn)`` tells whether the menu shows it; None: always
    """

    key: str
    words: tuple
    title: tuple
    about: tuple = ("", "")
    handler: Callable = None
    account: str = "proven"
    target: str = ""
    sequence: int = 50
    offered: Callable = None


@dataclasses.dataclass(slots=True, eq=False)
class Request:
    """One phone asks for one service.

    :ivar partner: the connection it is about; empty record where it is about none
    :ivar arguments: texts after the account in the id of the button pressed, or those kept by
        :meth:`wait`; both come from outside
    :ivar step: what was waited for, empty at the beginning
    """

    turn: Turn
    service: Service
    partner: models.Model
    arguments: list = dataclasses.field(default_factory=list)
    step: str = ""

    def wait(self, step, *arguments):
        """Wait for the next text of the phone; it comes back with ``step`` and ``arguments``."""
        self.turn.conversation._wait(
            self.turn.now,
            "service",
            step,
            {
                "service": self.service.key,
                "partner": self.partner.id,
                "arguments": list(arguments),
            },
        )

    def button(self, title, *arguments):
        """Return a choice (id, label) that asks for the same service about the same account."""
        key = ":".join(["service", self.service.key, str(self.partner.id or 0), *arguments])
        return key, title
