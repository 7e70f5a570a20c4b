"""Checks of interactive messages: reply buttons, list, link button, button that asks the number."""

from .checks import required_text
from .errors import GraphError

BUTTONS_MAX, BUTTON_TITLE_MAX, BUTTON_ID_MAX = 3, 20, 256
ROWS_MAX, SECTIONS_MAX, ROW_TITLE_MAX, ROW_TEXT_MAX, ROW_ID_MAX = 10, 10, 24, 72, 200
HEADER_MAX, FOOTER_MAX = 60, 60
BODY_MAX = {"button": 1024, "list": 4096, "cta_url": 1024, "request_contact_info": 1024}
HEADERS = {
    "button": ("text", "image", "video", "document"),
    "list": ("text",),
    "cta_url": ("text", "image", "video", "document"),
    "request_contact_info": (),
}


def check_interactive(content):
    """Check the ``interactive`` object of a send request.

    :param dict content: the object
    :raises GraphError: as Meta would refuse it
    :return: its header, or None
    """
    kind = content.get("type")
    if kind not in BODY_MAX:
        raise GraphError(131009, f"Interactive type {kind!r} is not supported by the simulator.")
    required_text(_object(content, "body"), "text", "interactive['body']", BODY_MAX[kind])
    if content.get("footer") is not None:
        required_text(_object(content, "footer"), "text", "interactive['footer']", FOOTER_MAX)
    header = content.get("header")
    if header is not None:
        form = header.get("type") if isinstance(header, dict) else None
        if form not in HEADERS[kind]:
            raise GraphError(131009, f"A header of type {form!r} is not supported here.")
        if form == "text":
            required_text(header, "text", "interactive['header']", HEADER_MAX)
        else:
            _object(header, form)
    _ACTIONS[kind](_object(content, "action"))
    return header


def _object(holder, name):
    value = holder.get(name)
    if not isinstance(value, dict):
        raise GraphError(131008, f"The parameter interactive['{name}'] is required.")
    return value


def _list(holder, name, most):
    value = holder.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise GraphError(131008, f"The parameter interactive['action']['{name}'] is required.")
    if not 1 <= len(value) <= most:
        raise GraphError(131009, f"interactive['action']['{name}'] must hold 1 to {most} items.")
    return value


def _unique(values, what):
    if len(set(values)) < len(values):
        raise GraphError(131009, f"interactive['action']: every {what} must be unique.")


def _buttons(action):
    replies = []
    for button in _list(action, "buttons", BUTTONS_MAX):
        if button.get("type") != "reply":
            raise GraphError(131009, "interactive['action']['buttons']: type must be reply.")
        reply = _object(button, "reply")
        required_text(reply, "id", "reply", BUTTON_ID_MAX)
        required_text(reply, "title", "reply", BUTTON_TITLE_MAX)
        replies.append(reply)
    _unique([reply["id"] for reply in replies], "id")
    _unique([reply["title"] for reply in replies], "title")


def _rows(action):
    required_text(action, "button", "interactive['action']", BUTTON_TITLE_MAX)
    sections = _list(action, "sections", SECTIONS_MAX)
    rows = []
    for section in sections:
        if len(sections) > 1:
            required_text(section, "title", "section", ROW_TITLE_MAX)
        for row in _list(section, "rows", ROWS_MAX):
            required_text(row, "id", "row", ROW_ID_MAX)
            required_text(row, "title", "row", ROW_TITLE_MAX)
            if row.get("description") is not None:
                required_text(row, "description", "row", ROW_TEXT_MAX)
            rows.append(row)
    if len(rows) > ROWS_MAX:
        raise GraphError(131009, f"A list may hold {ROWS_MAX} rows in all.")
    _unique([row["id"] for row in rows], "id")


def _link(action):
    if action.get("name") != "cta_url":
        raise GraphError(131009, "interactive['action']['name'] must be cta_url.")
    parameters = _object(action, "parameters")
    required_text(parameters, "display_text", "parameters", BUTTON_TITLE_MAX)
    required_text(parameters, "url", "parameters", 2000)


def _contact_info(action):
    if action != {"name": "request_contact_info"}:
        raise GraphError(131009, "interactive['action'] must name request_contact_info.")


_ACTIONS = {
    "button": _buttons,
    "list": _rows,
    "cta_url": _link,
    "request_contact_info": _contact_info,
}
