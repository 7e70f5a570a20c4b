"""The simulator itself: its state, its callbacks, and the actions both doors share."""

import copy
import json
import time

from . import events
from .errors import GraphError
from .settings import Settings
from .state import Message, State, message_id
from .template_rules import check_category, check_components, check_template
from .templates import SENDABLE, STATUSES, Template
from .webhooks import Webhooks

WINDOW_S = 86400
KEEPABLE = ("templates", "settings", "faults", "media")


class Simulator:
    """One simulated WhatsApp platform with one app and any number of business numbers.

    Must be made inside a running event loop.

    :param dict settings: first values of settings
    :param numbers: (phone number id, WABA id, display number or None) of each business number
    :param list templates: create bodies of the first templates
    :param str public_url: base of the addresses it hands out; the caller's own when empty
    """

    def __init__(self, settings=None, numbers=(), templates=(), public_url=""):
        self.settings = Settings()
        self.settings.update(settings or {})
        self._first_settings = self.settings.as_dict()
        self._first_templates = list(templates)
        self.public_url = public_url.rstrip("/")
        self.state = State(self.settings)
        for number in numbers:
            self.state.add_number(*number)
        self.webhooks = Webhooks(self.state)
        self.started_at = time.time()
        self.place_templates(self._first_templates)

    def reset(self, keep=()):
        """Forget what happened and go back to the start, but for what ``keep`` names."""
        unknown = set(keep) - set(KEEPABLE)
        if unknown:
            raise ValueError(f"keep can name {', '.join(KEEPABLE)}, not {', '.join(unknown)}")
        self.webhooks.clear()
        self.state.forget_messages()
        if "settings" not in keep:
            self.settings.update(copy.deepcopy(self._first_settings))
            for holder in (*self.state.accounts.values(), *self.state.numbers.values()):
                holder.override_url = holder.override_token = ""
            for account in self.state.accounts.values():
                account.subscribed = True
        if "faults" not in keep:
            self.state.faults.clear()
        if "media" not in keep:
            self.state.media.clear()
        if "templates" not in keep:
            self.state.templates.clear()
            self.place_templates(self._first_templates)
        self.state.random.seed(self.settings.seed)

    def configure(self, values):
        """Change settings.

        :raises SettingError: and then nothing is changed
        """
        self.settings.update(values)
        if "seed" in values:
            self.state.random.seed(self.settings.seed)

    # -- templates -------------------------------------------------------------------------

    def create_template(self, waba_id, given):
        """Create a template and have it reviewed after the set time.

        :raises GraphError: as Meta refuses it
        :return: the Template
        """
        check_template(given)
        state, now = self.state, time.time()
        name, language = given["name"], given["language"]
        if state.templates.find(waba_id, name, language):
            text = f"There is already {language} content for this template."
            raise GraphError(
                100,
                text,
                subcode=2388024,
                user_msg=text,
                user_title="Content in this language already exists",
            )
        if state.templates.locked(waba_id, name, language, now):
            text = f"New {language} content can't be added while the existing content is deleted."
            raise GraphError(
                100,
                text,
                subcode=2388023,
                user_msg=text,
                user_title="Message template language is being deleted",
            )
        category = given["category"].upper()
        if category == "UTILITY" and name in self.settings.template_marketing:
            category = "MARKETING"
        template = Template(state.templates.new_id(), waba_id, given, category, now)
        state.templates.add(template)
        self.review_later(template)
        return template

    def review_later(self, template):
        """Decide on a template after ``template_review_ms``."""
        template.status = "PENDING"
        template.updated_at = time.time()
        due = time.time() + self.settings.template_review_ms / 1000
        self.webhooks.at(due, self._review, template, template.updated_at)

    def _review(self, template, asked_at):
        current = self.state.templates.by_id.get(template.id)
        if current is not template or template.updated_at != asked_at:
            return
        rejected = self.settings.template_reject
        if "*" in rejected or template.name in rejected:
            self.set_template_status(template, "REJECTED", "INVALID_FORMAT")
        else:
            self.set_template_status(template, SENDABLE)

    def set_template_status(self, template, status, reason="NONE", notify=True):
        """Change a template's status and call it back.

        :param str reason: as ``rejected_reason`` and in the callback
        """
        template.status = status
        template.rejected_reason = reason
        template.updated_at = time.time()
        if not notify:
            return
        more = {}
        if status == "REJECTED":
            more["rejection_info"] = {
                "reason": "The template does not meet the format.",
                "recommendation": "Check variables and their examples, then edit the template.",
            }
        elif status == "PAUSED":
            more["other_info"] = {"title": "FIRST_PAUSE"}
        elif status == "DISABLED":
            more["disable_info"] = {"disable_date": str(int(template.updated_at))}
        self.webhooks.tell(events.template_status(template, reason=reason, **more))

    def place_templates(self, given):
        """Put templates in place at once, or change those that exist.

        :param list given: create bodies; also ``status``, ``reason``, ``waba_id``, ``notify``
        :raises GraphError: when one is no valid template
        :return: the Templates
        """
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise ValueError("templates must be a list of objects")
        placed = []
        for one in given:
            waba_id = str(one.get("waba_id") or next(iter(self.state.accounts)))
            if waba_id not in self.state.accounts:
                raise ValueError(f"there is no account {waba_id}")
            status = str(one.get("status") or SENDABLE).upper()
            if status not in STATUSES:
                raise ValueError(f"status must be one of {', '.join(STATUSES)}")
            known = self.state.templates.find(waba_id, one.get("name"), one.get("language"))
            if known and not one.get("components"):
                template = known
            else:
                check_template(one)
                template_id = known.id if known else self.state.templates.new_id()
                template = Template(template_id, waba_id, one, one["category"].upper(), time.time())
                self.state.templates.add(template)
            self.set_template_status(
                template, status, one.get("reason", "NONE"), notify=bool(one.get("notify"))
            )
            placed.append(template)
        return placed

    def edit_template(self, template, given):
        """Edit a template; it is reviewed again.

        :raises GraphError: as Meta refuses it
        """
        now = time.time()
        if template.status not in (SENDABLE, "REJECTED", "PAUSED"):
            raise GraphError(100, f"A template that is {template.status} cannot be edited.")
        if not isinstance(given, dict) or not {"components", "category"} & set(given):
            raise GraphError(100, "Give components or category.")
        most = self.settings.template_edits_per_day
        if template.status == SENDABLE and most:
            today = [at for at in template.edited_at if at > now - 86400]
            month = [at for at in template.edited_at if at > now - 30 * 86400]
            if len(today) >= most or len(month) >= 10 * most:
                raise GraphError(
                    100,
                    "An approved template can be edited once in 24 hours and 10 times in 30 days.",
                )
        category = template.category
        if "category" in given:
            category = check_category(given["category"])
            if template.status == SENDABLE and category != template.category:
                raise GraphError(100, "The category of an approved template cannot be edited.")
        if "components" in given:
            if template.category != "AUTHENTICATION":
                check_components(given["components"], template.parameter_format)
            template.set_components(given["components"])
        template.category = category
        template.edited_at.append(now)
        self.review_later(template)

    # -- consumers -------------------------------------------------------------------------

    def consumer_message(self, phone, number, kind, at=None, name=None):
        """Keep a message that a consumer writes; opens his 24-hour window.

        :return: the Message
        """
        chat = self.state.chat(number)
        if name:
            chat.name = name
        message = Message(message_id(number), chat, phone, kind, at or time.time())
        message.inbound = True
        message.status = "received"
        chat.last_inbound = max(chat.last_inbound, message.at)
        self.state.keep(message)
        return message

    def open_chat(self, number):
        """The consumer opens his chat: what he has not read becomes read.

        :return: number of messages read
        """
        chat = self.state.chats.get(number)
        if chat is None or not chat.unread:
            return 0
        read = 0
        now = time.time()
        for message in reversed(chat.messages):
            if message.inbound or message.status in ("read", "failed"):
                continue
            self.webhooks.tell_status(message, "read", now)
            read += 1
        return read

    def in_window(self, chat, now):
        """:return: whether the consumer wrote within the last 24 hours"""
        return now - chat.last_inbound < WINDOW_S


def load_templates(path):
    """Read a file of templates.

    :raises ValueError: when it is no JSON list
    :return: create bodies
    """
    with open(path, encoding="utf-8") as file:
        given = json.load(file)
    if not isinstance(given, list):
        raise ValueError(f"{path} must hold a list of templates")
    return given
