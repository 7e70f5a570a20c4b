"""Message templates as the simulator keeps them, ready to check and render a message."""

import re

from .authentication import write_components

VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
SENDABLE = "APPROVED"
STATUSES = (
    "APPROVED",
    "ARCHIVED",
    "DELETED",
    "DISABLED",
    "IN_APPEAL",
    "LIMIT_EXCEEDED",
    "PAUSED",
    "PENDING",
    "PENDING_DELETION",
    "REJECTED",
)
MEDIA_FORMATS = {"DOCUMENT": "document", "IMAGE": "image", "VIDEO": "video"}


def variables(text):
    """:return: names of the variables of a text, each once, in order of appearance"""
    return list(dict.fromkeys(VARIABLE.findall(text or "")))


def fill(text, values):
    """Put values in the place of variables.

    :param str text: text with ``{{name}}``
    :param dict values: name to value
    """
    return VARIABLE.sub(lambda match: values.get(match[1], match[0]), text)


class Button:
    """One button: ``type`` in Meta's upper case, and the variable of its URL, if any."""

    __slots__ = ("phone", "text", "type", "url", "variable")

    def __init__(self, given):
        self.type = given["type"].upper()
        self.text = given.get("text", "")
        self.url = given.get("url")
        self.phone = given.get("phone_number")
        found = variables(self.url)
        self.variable = found[0] if found else None


def pack_values(header, body, buttons):
    """The values of a message in one text, which takes a third of the memory of many.

    No value holds a new line: Meta refuses it.

    :param header: values of the header (of a file: its name)
    :param body: values of the body
    :param buttons: values of the buttons, one for each, empty where there is none
    """
    return "\n".join([*header, *body, *buttons])


def unpack_values(layout, values):
    """:return: (header values, body values, button values) that were packed"""
    head = 1 if layout.header_format in MEDIA_FORMATS else len(layout.header_names)
    tail = head + len(layout.body_names)
    found = values.split("\n") if tail or layout.buttons else []
    return found[:head], found[head:tail], found[tail:]


class Template:
    """A template of one language in one account.

    Messages point at the Template they were sent with; an edit therefore makes new parts
    (``_read_components``) only for the messages to come.
    """

    def __init__(self, template_id, waba_id, given, category, created_at):
        self.id = template_id
        self.waba_id = waba_id
        self.name = given["name"]
        self.language = given["language"]
        self.category = category
        self.previous_category = None
        self.parameter_format = (given.get("parameter_format") or "POSITIONAL").upper()
        self.ttl_seconds = given.get("message_send_ttl_seconds")
        self.sub_category = given.get("sub_category")
        self.status = "PENDING"
        self.rejected_reason = "NONE"
        self.quality = "UNKNOWN"
        self.updated_at = created_at
        self.edited_at = []
        self.layout = None
        self.components = None
        self.set_components(given["components"])

    def set_components(self, components):
        """Replace all components, as an edit does."""
        if self.category == "AUTHENTICATION":
            components = write_components(components, self.language)
        self.components = components
        self.layout = Layout(components)

    def field(self, name):
        """:return: value of a field of the Graph node; KeyError when there is none"""
        return FIELDS[name](self)


class Layout:
    """What a message must fill: texts with their variables, header format, buttons."""

    __slots__ = (
        "body",
        "body_names",
        "buttons",
        "footer",
        "header_format",
        "header_names",
        "header_text",
    )

    def __init__(self, components):
        self.header_format = None
        self.header_text = ""
        self.body = ""
        self.footer = ""
        self.buttons = []
        for component in components:
            kind = component["type"].upper()
            if kind == "HEADER":
                self.header_format = (component.get("format") or "TEXT").upper()
                self.header_text = component.get("text", "")
            elif kind == "BODY":
                self.body = component["text"]
            elif kind == "FOOTER":
                self.footer = component["text"]
            elif kind == "BUTTONS":
                self.buttons = [Button(button) for button in component["buttons"]]
        self.header_names = variables(self.header_text)
        self.body_names = variables(self.body)


FIELDS = {
    "id": lambda t: t.id,
    "name": lambda t: t.name,
    "language": lambda t: t.language,
    "status": lambda t: t.status,
    "category": lambda t: t.category,
    "components": lambda t: t.components,
    "parameter_format": lambda t: t.parameter_format,
    "previous_category": lambda t: t.previous_category,
    "correct_category": lambda t: None,
    "sub_category": lambda t: t.sub_category,
    "message_send_ttl_seconds": lambda t: t.ttl_seconds,
    "rejected_reason": lambda t: t.rejected_reason,
    "quality_score": lambda t: {"score": t.quality, "date": int(t.updated_at)},
    "last_updated_time": lambda t: int(t.updated_at),
    "source": lambda t: "API",
    "health_status": lambda t: {
        "can_send_message": ("AVAILABLE" if t.status == SENDABLE else "BLOCKED"),
        "entities": [],
    },
}
DEFAULTFIELDS = (
    "name",
    "parameter_format",
    "components",
    "language",
    "status",
    "category",
    "sub_category",
    "previous_category",
    "message_send_ttl_seconds",
    "id",
)


class TemplateStore:
    """All templates, found by id or by (account, name, language)."""

    def __init__(self):
        self.clear()

    def clear(self):
        """Forget all templates and locked names."""
        self.by_id = {}
        self._by_name = {}
        self._locked = {}
        self._next_id = 700000000000001

    def new_id(self):
        """:return: a fresh template id"""
        self._next_id += 1
        return str(self._next_id)

    def add(self, template):
        """Keep a template."""
        self.by_id[template.id] = template
        self._by_name[template.waba_id, template.name, template.language] = template

    def find(self, waba_id, name, language):
        """:return: the template, or None"""
        return self._by_name.get((waba_id, name, language))

    def of_account(self, waba_id):
        """:return: templates of an account, newest first"""
        return [t for t in reversed(self.by_id.values()) if t.waba_id == waba_id]

    def remove(self, template, lock_until):
        """Delete a template; the name of one that was approved stays locked for a while."""
        del self.by_id[template.id]
        del self._by_name[template.waba_id, template.name, template.language]
        if template.status in (SENDABLE, "PAUSED", "DISABLED"):
            self._locked[template.waba_id, template.name, template.language] = lock_until

    def locked(self, waba_id, name, language, now):
        """:return: whether a deleted template still blocks its name"""
        return self._locked.get((waba_id, name, language), 0) > now
