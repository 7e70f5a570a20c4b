"""What Meta refuses when a template is created or edited."""

import re

from .authentication import write_components
from .errors import GraphError
from .templates import MEDIA_FORMATS, VARIABLE, variables

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]*")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
BODY_MAX, HEADER_MAX, FOOTER_MAX = 1024, 60, 60
BUTTONS_MAX, URL_BUTTONS_MAX, PHONE_BUTTONS_MAX = 10, 2, 1
BUTTON_TEXT_MAX, URL_MAX, PHONE_MAX = 25, 2000, 20
BUTTON_TYPES = ("QUICK_REPLY", "URL", "PHONE_NUMBER")
TTL_RANGE = {"UTILITY": (30, 43200), "AUTHENTICATION": (30, 900), "MARKETING": (43200, 2592000)}

CHARACTERS, HEADER_FORMAT, BODY_FORMAT, FOOTER_FORMAT = 2388040, 2388047, 2388072, 2388073
RATIO, DANGLING, DUPLICATE, BEING_DELETED, LIMIT = 2388293, 2388299, 2388024, 2388023, 2388019


def _refuse(message, subcode=None, title="Invalid parameter"):
    return GraphError(100, message, subcode=subcode, user_title=title, user_msg=message)


def check_template(given):
    """Check a create body.

    :param dict given: the body of ``POST /{waba}/message_templates``
    :raises GraphError: code 100 with Meta's subcode and a text for the template's author
    """
    if not isinstance(given, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    for name in ("name", "language", "category", "components"):
        if not given.get(name):
            raise GraphError(
                100,
                f"The parameter {name} is required.",
                title=f"The parameter {name} is required.",
            )
    if not isinstance(given["name"], str) or not NAME.fullmatch(given["name"]):
        raise _refuse(
            "The name may hold only lower-case letters, digits and underscores, "
            "512 characters at most."
        )
    if not isinstance(given["language"], str) or not LANGUAGE.fullmatch(given["language"]):
        raise _refuse(f"Language {given['language']!r} is not supported.", 2388039)
    category = check_category(given["category"])
    if category == "AUTHENTICATION":
        write_components(given["components"], given["language"])
    else:
        check_components(given["components"], given.get("parameter_format"))
    ttl = given.get("message_send_ttl_seconds")
    if ttl is not None and ttl != -1:
        low, high = TTL_RANGE[category]
        if isinstance(ttl, bool) or not isinstance(ttl, int) or not low <= ttl <= high:
            raise _refuse(f"message_send_ttl_seconds must be from {low} to {high}.")


def check_category(category):
    """:return: the category in upper case
    :raises GraphError: when there is no such category
    """
    if not isinstance(category, str) or category.upper() not in CATEGORIES:
        raise _refuse(f"category must be one of {', '.join(CATEGORIES)}.")
    return category.upper()


def check_components(components, parameter_format=None):
    """Check the components of a template.

    :raises GraphError: as :func:`check_template`
    """
    parameter_format = parameter_format or "POSITIONAL"
    if not isinstance(parameter_format, str) or parameter_format.upper() not in (
        "POSITIONAL",
        "NAMED",
    ):
        raise _refuse("parameter_format must be POSITIONAL or NAMED.")
    named = parameter_format.upper() == "NAMED"
    if not isinstance(components, list) or not all(isinstance(c, dict) for c in components):
        raise _refuse("components must be a list of objects.")
    seen = set()
    for component in components:
        kind = component.get("type")
        kind = kind.upper() if isinstance(kind, str) else kind
        check = _COMPONENTS.get(kind)
        if not check:
            raise _refuse(f"Component type {kind!r} is not supported.")
        if kind in seen:
            raise _refuse(f"There can be only one component of type {kind}.")
        seen.add(kind)
        check(component, named)
    if "BODY" not in seen:
        raise _refuse("A template needs a component of type BODY.", BODY_FORMAT)


def _text(component, limit, subcode):
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise _refuse("The component needs a text.", subcode)
    if len(text) > limit:
        raise _refuse(
            f"The text is longer than {limit} characters.", CHARACTERS, "Character limit exceeded"
        )
    return text


def _check_variables(text, named, subcode):
    names = variables(text)
    rest = VARIABLE.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise _refuse("The braces of a variable do not match.", subcode)
    if named:
        wrong = [name for name in names if not PARAMETER_NAME.fullmatch(name)]
        if wrong:
            raise _refuse(
                f"Variable {wrong[0]!r}: a name holds lower-case letters, digits and underscores.",
                subcode,
            )
    elif sorted(names) != sorted(str(n) for n in range(1, len(names) + 1)):
        raise _refuse(
            "Variables must be numbered {{1}}, {{2}}, ... without a gap, unless "
            "parameter_format is NAMED.",
            subcode,
        )
    return names


def _check_header(component, named):
    form = component.get("format") or "TEXT"
    form = form.upper() if isinstance(form, str) else form
    example = component.get("example") or {}
    if form == "LOCATION":
        return
    if form in MEDIA_FORMATS:
        if not example.get("header_handle"):
            raise _refuse(
                f"A header of format {form} needs an example: header_handle.", HEADER_FORMAT
            )
        return
    if form != "TEXT":
        raise _refuse(f"Header format {form!r} is not supported.", HEADER_FORMAT)
    text = _text(component, HEADER_MAX, HEADER_FORMAT)
    names = _check_variables(text, named, HEADER_FORMAT)
    if len(names) > 1 or "\n" in text:
        raise _refuse("A header holds one variable at most and no new line.", HEADER_FORMAT)
    key = "header_text_named_params" if named else "header_text"
    if names and not example.get(key):
        raise _refuse(f"The variable of the header needs an example: {key}.", HEADER_FORMAT)


def _check_body(component, named):
    text = _text(component, BODY_MAX, BODY_FORMAT)
    names = _check_variables(text, named, BODY_FORMAT)
    if not names:
        return
    stripped = text.strip()
    if stripped.startswith("{{") or stripped.endswith("}}"):
        raise _refuse(
            "Variables can't be at the start or end of the template.",
            DANGLING,
            "Leading or trailing params not allowed",
        )
    if re.search(r"\}\}\s*\{\{", text):
        raise _refuse("Two variables cannot stand side by side.", BODY_FORMAT)
    count = len(VARIABLE.findall(text))
    if len(VARIABLE.sub(" ", text).split()) < 2 * count + 1:
        raise _refuse(
            "This template has too many variables for its length.",
            RATIO,
            "Params words ratio exceeds limit",
        )
    example = component.get("example") or {}
    if named:
        given = example.get("body_text_named_params") or []
        known = {e.get("param_name") for e in given if isinstance(e, dict) and e.get("example")}
    else:
        given = example.get("body_text") or []
        first = given[0] if given and isinstance(given[0], list) else []
        known = {str(n) for n, value in enumerate(first, 1) if value}
    missing = [name for name in names if name not in known]
    if missing:
        raise _refuse(
            f"The variables {', '.join(missing)} of the body need an example.", BODY_FORMAT
        )


def _check_footer(component, _named):
    text = _text(component, FOOTER_MAX, FOOTER_FORMAT)
    if "{{" in text or "\n" in text:
        raise _refuse("A footer holds no variable and no new line.", FOOTER_FORMAT)


def _check_buttons(component, _named):
    buttons = component.get("buttons")
    if not isinstance(buttons, list) or not buttons:
        raise _refuse("The component BUTTONS needs buttons.")
    if len(buttons) > BUTTONS_MAX:
        raise _refuse(f"There can be {BUTTONS_MAX} buttons at most.")
    types = []
    for button in buttons:
        kind = button.get("type") if isinstance(button, dict) else None
        kind = kind.upper() if isinstance(kind, str) else kind
        if kind not in BUTTON_TYPES:
            raise _refuse(f"Button type {kind!r} is not supported.")
        text = _text(button, BUTTON_TEXT_MAX, CHARACTERS)
        if "{{" in text or "\n" in text:
            raise _refuse("The text of a button holds no variable and no new line.")
        types.append(kind)
        if kind == "URL":
            _check_url(button)
        elif kind == "PHONE_NUMBER":
            phone = button.get("phone_number")
            if (
                not isinstance(phone, str)
                or not re.fullmatch(r"\+?\d{3,20}", phone)
                or (len(phone) > PHONE_MAX)
            ):
                raise _refuse("phone_number must be digits with country code, 20 at most.")
    if types.count("URL") > URL_BUTTONS_MAX or types.count("PHONE_NUMBER") > PHONE_BUTTONS_MAX:
        raise _refuse("There can be two URL buttons and one phone button at most.")
    runs = [kind == "QUICK_REPLY" for kind in types]
    if sum(a != b for a, b in zip(runs, runs[1:], strict=False)) > 1:
        raise _refuse("Quick replies must stand together.")
    texts = [button["text"] for button in buttons]
    if len(set(texts)) < len(texts):
        raise _refuse("Two buttons have the same text.")


def _check_url(button):
    url = button.get("url")
    if not isinstance(url, str) or not re.match(r"https?://[^\s/]+", url) or len(url) > URL_MAX:
        raise _refuse(
            "A URL button needs an address that begins with https://, "
            f"{URL_MAX} characters at most."
        )
    names = variables(url)
    if names and (len(names) > 1 or not url.rstrip().endswith("}}")):
        raise _refuse("A URL holds one variable at most, at its end.")
    if names and not button.get("example"):
        raise _refuse("The variable of a URL needs an example.")


_COMPONENTS = {
    "HEADER": _check_header,
    "BODY": _check_body,
    "FOOTER": _check_footer,
    "BUTTONS": _check_buttons,
}
