"""Text of a WhatsApp template: its variables, its formatting, its shape in the Cloud API.

Pure functions, usable in any thread. Shapes follow Meta's "Components" and "Send template
messages" pages: https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components
"""

import re
from urllib.parse import quote

from markupsafe import Markup, escape

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
# WhatsApp's own marks: *bold*, _italic_, ~struck~, ```code```. A mark counts only around text
# that begins and ends with something visible.
MARKS = (
    (re.compile(r"```(\S(?:.*?\S)?)```", re.S), r"<code>\1</code>"),
    (re.compile(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"(?<!\w)~(\S(?:[^~\n]*\S)?)~(?!\w)"), r"<del>\1</del>"),
)
BUTTON_TYPES = {"quick_reply": "QUICK_REPLY", "url": "URL", "phone": "PHONE_NUMBER"}
# The text of a code's template is Meta's own; the author chooses its parts.
# https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/copy-code-button-authentication-templates/
AUTHENTICATION = "AUTHENTICATION"
CODE_VARIABLE = "code"
CODE_MINUTES = 10
CODE_URL = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{code}}"
HEADER_FORMATS = {"text": "TEXT", "document": "DOCUMENT", "image": "IMAGE"}


class MissingValueError(ValueError):
    """A variable of the template has no value. ``args[0]`` is its name."""


def variable_names(*texts):
    """Return the names of the variables in ``texts``, each once, in order of appearance."""
    return list(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text or "")))


def clean_value(value):
    """Return ``value`` as text that Meta accepts in a parameter.

    Newlines, tabs and runs of spaces are refused (error 132018), NUL bytes cannot be stored.
    """
    return re.sub(r"\s+", " ", str(value).replace("\0", "")).strip()


def render(text, values):
    """Put ``values`` (name -> text) in place of the variables; unknown ones stay visible."""

    def value(match):
        found = values.get(match[1])
        return match[0] if found in (None, False, "") else clean_value(found)

    return VARIABLE.sub(value, text or "")


def to_html(text):
    """Return ``text`` escaped, with WhatsApp's marks and line ends as HTML."""
    html = str(escape(text or ""))
    for pattern, replacement in MARKS:
        html = pattern.sub(replacement, html)
    return Markup(html.replace("\n", "<br/>"))  # escaped three lines above # nosec B704


def send_components(spec, values, media_id=None, filename=None):
    """Return the ``components`` of a message from this template.

    :param dict spec: ``header_type``, ``header_names``, ``body_names`` and ``buttons``, a list of
        ``{"type", "payload", "names"}`` in the order of the template; ``positional`` where the
        parameters have no names
    :param dict values: name -> text
    :param media_id: id of the uploaded file when the header is a document or an image; without it
        the header is left out, for a sender that uploads later
    :param filename: name the reader sees on a document
    :raise MissingValueError: a variable has no value
    """
    components = []
    if media_id and spec["header_type"] in ("document", "image"):
        media = {"id": media_id}
        if spec["header_type"] == "document":
            media["filename"] = filename or "document.pdf"
        components.append(
            {
                "type": "header",
                "parameters": [{"type": spec["header_type"], spec["header_type"]: media}],
            }
        )
    elif spec["header_names"]:
        components.append(
            {"type": "header", "parameters": _text_parameters(spec["header_names"], values)}
        )
    if spec["body_names"]:
        parameters = _text_parameters(spec["body_names"], values)
        if spec.get("positional"):
            parameters = [{"type": "text", "text": each["text"]} for each in parameters]
        components.append({"type": "body", "parameters": parameters})
    for index, button in enumerate(spec["buttons"]):
        if button["type"] == "quick_reply" and button["payload"]:
            parameter = {"type": "payload", "payload": button["payload"]}
        elif button["type"] == "url" and button["names"]:
            text = quote(_value(button["names"][0], values), safe="")
            parameter = {"type": "text", "text": text}
        else:
            continue  # Meta refuses parameters for static buttons
        components.append(
            {
                "type": "button",
                "sub_type": button["type"],
                "index": str(index),
                "parameters": [parameter],
            }
        )
    return components


def create_components(template, examples, header_handle=None):
    """Return the ``components`` with which a template is created or edited.

    :param dict template: ``header_type``, ``header_text``, ``body``, ``footer`` and ``buttons``, a
        list of ``{"type", "text", "url", "phone"}``
    :param dict examples: name -> sample value
    :param header_handle: handle of the uploaded sample when the header is a document or an image
    """
    components = []
    if template["header_type"] in HEADER_FORMATS:
        header = {"type": "HEADER", "format": HEADER_FORMATS[template["header_type"]]}
        if template["header_type"] == "text":
            header["text"] = template["header_text"]
            names = variable_names(template["header_text"])
            if names:
                header["example"] = {"header_text_named_params": _examples(names, examples)}
        else:
            header["example"] = {"header_handle": [header_handle]}
        components.append(header)
    body = {"type": "BODY", "text": template["body"]}
    names = variable_names(template["body"])
    if names:
        body["example"] = {"body_text_named_params": _examples(names, examples)}
    components.append(body)
    if template["footer"]:
        components.append({"type": "FOOTER", "text": template["footer"]})
    if template["buttons"]:
        components.append(
            {
                "type": "BUTTONS",
                "buttons": [_create_button(button, examples) for button in template["buttons"]],
            }
        )
    return components


def authentication_components(button_text):
    """Return the ``components`` with which the template of a code is created or edited.

    :param str button_text: label of the button that copies the code
    """
    return [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": CODE_MINUTES},
        {
            "type": "BUTTONS",
            "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": button_text}],
        },
    ]


def read_components(components):
    """Return ``(template, examples)`` as taken by :func:`create_components` from Meta's answer.

    Parts of a kind that is not handled here (video, location, flow, ...) are left out.
    """
    template = {"header_type": "none", "header_text": "", "body": "", "footer": "", "buttons": []}
    examples = {}
    formats = {value: key for key, value in HEADER_FORMATS.items()}
    types = {value: key for key, value in BUTTON_TYPES.items()}
    for component in components or []:
        kind = str(component.get("type") or "").upper()
        example = component.get("example") or {}
        if kind == "HEADER":
            template["header_type"] = formats.get(str(component.get("format")).upper(), "none")
            template["header_text"] = component.get("text") or ""
            examples |= _read_examples(example.get("header_text_named_params"))
        elif kind == "BODY":
            template["body"] = component.get("text") or ""
            examples |= _read_examples(example.get("body_text_named_params"))
        elif kind == "FOOTER":
            template["footer"] = component.get("text") or ""
        elif kind == "BUTTONS":
            for button in component.get("buttons") or []:
                button_type = types.get(str(button.get("type") or "").upper())
                if button_type:
                    template["buttons"].append(
                        {
                            "type": button_type,
                            "text": button.get("text") or "",
                            "url": button.get("url") or "",
                            "phone": button.get("phone_number") or "",
                        }
                    )
    return template, examples


def _value(name, values):
    value = clean_value(values.get(name) or "")
    if not value:
        raise MissingValueError(name)
    return value


def _text_parameters(names, values):
    parameters = []
    for name in names:
        parameter = {"type": "text", "text": _value(name, values)}
        if not name.isdigit():
            parameter["parameter_name"] = name
        parameters.append(parameter)
    return parameters


def _examples(names, examples):
    return [{"param_name": name, "example": examples.get(name) or ""} for name in names]


def _read_examples(rows):
    return {row["param_name"]: row.get("example") or "" for row in rows or []}


def _create_button(button, examples):
    result = {"type": BUTTON_TYPES[button["type"]], "text": button["text"]}
    if button["type"] == "url":
        names = variable_names(button["url"])
        # The variable of an address is positional whatever the format of the template.
        result["url"] = VARIABLE.sub("{{1}}", button["url"])
        if names:
            example = quote(examples.get(names[0]) or "", safe="")
            result["example"] = [VARIABLE.sub(lambda _match: example, button["url"])]
    elif button["type"] == "phone":
        result["phone_number"] = button["phone"]
    return result
