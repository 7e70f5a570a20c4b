"""Checks of a send request, as strict as Meta's."""

import re
from typing import NamedTuple

from .checks import required_text
from .errors import GraphError
from .interactive import check_interactive
from .templates import MEDIA_FORMATS, SENDABLE, fill, pack_values

USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}")
RECIPIENT = re.compile(r"\+?([1-9]\d{10,14})")
BAD_SPACE = re.compile(r"[\n\r\t]| {4}")
KEY_MAX = 512
TEXT_MAX, CAPTION_MAX, FILENAME_MAX = 4096, 1024, 240
TEMPLATE_BODY_MAX, TEMPLATE_HEADER_MAX = 1024, 60
URL_MAX, PAYLOAD_MAX = 2000, 256
SUB_TYPES = {"quick_reply": "QUICK_REPLY", "url": "URL", "phone_number": "PHONE_NUMBER"}


class Draft(NamedTuple):
    """A send request that passed; the fields are those of ``state.Message``."""

    to: str
    kind: str
    key: str | None
    context: str | None
    template: object = None
    values: str | None = None
    media: object = None
    data: dict | None = None


def check_send(body, phone, state, now):
    """Check a send request.

    :param body: the decoded JSON body
    :param phone: the BusinessNumber that sends
    :param state: the State, for templates and files
    :param float now: epoch seconds
    :raises GraphError: as Meta would refuse it
    :return: a Draft
    """
    if not isinstance(body, dict) or body.get("messaging_product") != "whatsapp":
        raise GraphError(
            100,
            "The parameter messaging_product is required.",
            title="The parameter messaging_product is required.",
        )
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(131009, "recipient_type must be individual")
    hidden = not body.get("to") and body.get("recipient")
    to = _hidden(hidden, state) if hidden else _recipient(body.get("to"), phone)
    key = body.get("biz_opaque_callback_data")
    if key is not None and (not isinstance(key, str) or len(key) > KEY_MAX):
        raise GraphError(
            100, f"Param biz_opaque_callback_data must be a string of {KEY_MAX} characters at most."
        )
    context = body.get("context")
    if context is not None:
        context = context.get("message_id") if isinstance(context, dict) else None
        if not isinstance(context, str) or not context:
            raise GraphError(131008, "The parameter context['message_id'] is required.")
    kind = body.get("type", "text")
    check = _KINDS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise GraphError(131051, f"Message type {kind!r} is not supported by the simulator.")
    content = body.get(kind)
    if not isinstance(content, dict):
        raise GraphError(131008, f"Parameter '{kind}' is mandatory for type '{kind}'")
    draft = Draft(to, kind, key, context, **check(content, phone, state, now))
    if hidden and draft.template is not None and draft.template.category == "AUTHENTICATION":
        raise GraphError(131062)
    return draft


def _hidden(recipient, state):
    """:return: the number behind a business-scoped user id"""
    if not isinstance(recipient, str) or not USER_ID.fullmatch(recipient):
        raise GraphError(131009, "Parameter recipient must be a business-scoped user id.")
    number = state.number_of(recipient)
    if number is None:
        raise GraphError(131026)
    return number


def _recipient(to, phone):
    if to is None or to == "":
        raise GraphError(131008, "The parameter to is required.")
    match = RECIPIENT.fullmatch(to) if isinstance(to, str) else None
    if not match:
        raise GraphError(
            131009, "Parameter to must be a phone number in digits, with its country code."
        )
    if match[1] == phone.digits:
        raise GraphError(131021)
    return match[1]


# -- free messages -----------------------------------------------------------------------------


def _text(content, _phone, _state, _now):
    required_text(content, "body", "text", TEXT_MAX)
    return {"data": content}


def _file(kind):
    def check(content, phone, state, now):
        return {"data": content, "media": file_of(content, kind, phone, state, now)}

    return check


def file_of(content, kind, phone, state, now):
    """The file of a message or header, by id or by link.

    :return: the Media, or None when it is a link
    """
    caption = content.get("caption")
    if caption is not None and (not isinstance(caption, str) or len(caption) > CAPTION_MAX):
        raise GraphError(
            100, f"Param {kind}['caption'] must be at most {CAPTION_MAX} characters long."
        )
    filename = content.get("filename")
    if filename is not None and (
        not isinstance(filename, str)
        or not filename
        or len(filename) > FILENAME_MAX
        or "\n" in filename
    ):
        raise GraphError(
            100,
            f"Param {kind}['filename'] must be 1 to {FILENAME_MAX} characters without a new line.",
        )
    link = content.get("link")
    if ("id" in content) == (link is not None):
        raise GraphError(131008, f"{kind} needs either an id or a link.")
    if link is None:
        return state.media.sendable(content["id"], kind, phone.id, now)
    if not isinstance(link, str) or not re.fullmatch(r"https?://\S+", link):
        raise GraphError(100, f"Param {kind}['link'] is not a valid URI.")
    return None


def _location(content, _phone, _state, _now):
    for name, most in (("latitude", 90), ("longitude", 180)):
        try:
            fits = abs(float(content.get(name))) <= most
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise GraphError(131009, f"Param location['{name}'] is not a valid number.")
    return {"data": content}


def _reaction(content, _phone, state, _now):
    message = required_text(content, "message_id", "reaction", 512)
    if message not in state.messages:
        raise GraphError(131009, "Param reaction['message_id'] is not a known message.")
    if not isinstance(content.get("emoji"), str):
        raise GraphError(131008, "The parameter reaction['emoji'] is required.")
    return {"data": content}


def _interactive(content, phone, state, now):
    header = check_interactive(content)
    media = None
    if header and header["type"] != "text":
        media = file_of(header[header["type"]], header["type"], phone, state, now)
    return {"data": content, "media": media}


# -- templates ---------------------------------------------------------------------------------


def _template(content, phone, state, now):
    name = required_text(content, "name", "template", 512)
    language = content.get("language")
    if not isinstance(language, dict):
        raise GraphError(131008, "The parameter template['language'] is required.")
    code = required_text(language, "code", "template['language']", 16)
    template = state.templates.find(phone.waba_id, name, code)
    if template is not None:
        if template.status == "PAUSED":
            raise GraphError(132015)
        if template.status == "DISABLED":
            raise GraphError(132016)
    if template is None or template.status != SENDABLE:
        raise GraphError(132001, f"template name ({name}) does not exist in {code}")
    components = content.get("components") or []
    if not isinstance(components, list) or not all(isinstance(c, dict) for c in components):
        raise GraphError(100, "Param template['components'] must be an array of objects.")

    layout = template.layout
    named = template.parameter_format == "NAMED"
    header, body, buttons = None, None, {}
    for component in components:
        kind = component.get("type")
        kind = kind.lower() if isinstance(kind, str) else kind
        if kind == "header" and header is None:
            header = component
        elif kind == "body" and body is None:
            body = component
        elif kind == "button":
            index, value = _button(component, layout)
            if index in buttons:
                raise GraphError(131009, f"buttons: Button at index {index} is given twice")
            buttons[index] = value
        else:
            raise GraphError(131009, f"Component type {kind!r} is unknown or given twice.")

    header_values, media = _header(header, layout, named, phone, state, now)
    body_values = _texts("body", _parameters(body, "body"), layout.body_names, named)
    filled = fill(layout.body, dict(zip(layout.body_names, body_values, strict=True)))
    if len(filled) > TEMPLATE_BODY_MAX:
        raise GraphError(
            132005,
            f"body: the translated text has {len(filled)} characters; "
            f"{TEMPLATE_BODY_MAX} is the most",
        )
    for index, button in enumerate(layout.buttons):
        if button.variable and index not in buttons:
            raise GraphError(
                131008, f"buttons: Button at index {index} of type Url requires a parameter"
            )
    values = pack_values(
        header_values,
        body_values,
        [buttons.get(index) or "" for index in range(len(layout.buttons))],
    )
    return {"template": template, "values": values, "media": media}


def _parameters(component, where):
    parameters = (component or {}).get("parameters") or []
    if not isinstance(parameters, list) or not all(isinstance(p, dict) for p in parameters):
        raise GraphError(100, f"{where}: parameters must be an array of objects.")
    return parameters


def _count(where, given, expected):
    if given != expected:
        raise GraphError(
            132000,
            f"{where}: number of localizable_params ({given}) does not match "
            f"the expected number of params ({expected})",
        )


def _texts(where, parameters, names, named):
    """:return: the values in the order of the template's variables"""
    _count(where, len(parameters), len(names))
    values = {}
    for position, parameter in enumerate(parameters):
        text = _parameter_text(where, parameter)
        name = str(position + 1)
        if named:
            name = parameter.get("parameter_name")
            if not isinstance(name, str) or not name:
                raise GraphError(100, "Parameter name is missing or empty")
            if name not in names:
                raise GraphError(132012, f"{where}: the template has no parameter {name!r}")
            if name in values:
                raise GraphError(132012, f"{where}: parameter {name!r} is given twice")
        values[name] = text
    return [values[name] for name in names]


def _parameter_text(where, parameter):
    kind = parameter.get("type")
    if kind in ("currency", "date_time"):
        holder = parameter.get(kind)
        text = holder.get("fallback_value") if isinstance(holder, dict) else None
    elif kind == "text":
        text = parameter.get("text")
    elif kind is None:
        raise GraphError(131008, f"{where}: a parameter needs its type")
    else:
        raise GraphError(
            132012, f"{where}: Format mismatch, expected TEXT, received {str(kind).upper()}"
        )
    if text is None or text == "":
        raise GraphError(131008, f"{where}: Parameter of type text is missing text value")
    if not isinstance(text, str):
        raise GraphError(100, f"{where}: Param text must be a string.")
    if BAD_SPACE.search(text):
        raise GraphError(
            132012,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )
    if not text.strip():
        raise GraphError(131008, f"{where}: Parameter of type text is missing text value")
    return text


def _header(component, layout, named, phone, state, now):
    """:return: (values of the header's text, Media or link or None)"""
    parameters = _parameters(component, "header")
    form = layout.header_format
    if form not in MEDIA_FORMATS:
        values = _texts("header", parameters, layout.header_names, named)
        filled = fill(layout.header_text, dict(zip(layout.header_names, values, strict=True)))
        if len(filled) > TEMPLATE_HEADER_MAX:
            raise GraphError(
                132005,
                f"header: the translated text has {len(filled)} characters; "
                f"{TEMPLATE_HEADER_MAX} is the most",
            )
        return values, None
    kind = MEDIA_FORMATS[form]
    given = parameters[0].get("type") if parameters else None
    if given != kind:
        raise GraphError(
            132012,
            f"header: Format mismatch, expected {form}, received {str(given or 'UNKNOWN').upper()}",
        )
    _count("header", len(parameters), 1)
    content = parameters[0].get(kind)
    if not isinstance(content, dict):
        raise GraphError(131008, f"header: Parameter of type {kind} is missing {kind} value")
    media = file_of(content, kind, phone, state, now)
    if media and kind == "document" and media.mime_type != "application/pdf":
        raise GraphError(131053, "The document of a template's header must be a PDF.")
    return (content.get("filename") or "",), media or content["link"]


def _button(component, layout):
    """:return: (index, value of its parameter)"""
    sub_type = component.get("sub_type")
    if not isinstance(sub_type, str) or not sub_type:
        raise GraphError(131008, "buttons: the parameter sub_type is required")
    index = str(component.get("index", ""))
    if not index:
        raise GraphError(131008, "buttons: the parameter index is required")
    if not index.isdecimal() or int(index) >= len(layout.buttons):
        raise GraphError(131009, f"buttons: the template has no button at index {index}")
    index = int(index)
    button = layout.buttons[index]
    if SUB_TYPES.get(sub_type.lower()) != button.type:
        raise GraphError(
            132012, f"buttons: Button at index {index} is of type {button.type}, not {sub_type}"
        )
    parameters = _parameters(component, "buttons")
    if button.type == "QUICK_REPLY":
        expected, kind, most = 1, "payload", PAYLOAD_MAX
    else:
        expected, kind, most = int(button.variable is not None), "text", URL_MAX
    _count("buttons", len(parameters), expected)
    if not expected:
        return index, None
    parameter = parameters[0]
    if parameter.get("type") != kind:
        raise GraphError(
            132012, f"buttons: Button at index {index} needs a parameter of type {kind}"
        )
    value = required_text(parameter, kind, f"buttons[{index}]", most)
    if BAD_SPACE.search(value) or (kind == "text" and re.search(r"\s", value)):
        raise GraphError(
            132012, f"buttons: Param {kind} of the button at index {index} has white space in it"
        )
    return index, value


_KINDS = {
    "template": _template,
    "text": _text,
    "document": _file("document"),
    "image": _file("image"),
    "audio": _file("audio"),
    "video": _file("video"),
    "location": _location,
    "reaction": _reaction,
    "interactive": _interactive,
}
