"""Check of a template's text before it is submitted.

Errors are what Meta refuses ("Components", "Message template guidelines" of its documentation);
warnings are what Meta lets pass and a consumer may take for fraud: gangs who send "your connection
will be cut tonight, call this number, install this app" from private numbers.
"""

import dataclasses
import re
import unicodedata
from urllib.parse import urlsplit

from .template_text import AUTHENTICATION, CODE_VARIABLE, VARIABLE, render, variable_names

BODY_MAX, HEADER_MAX, FOOTER_MAX = 1024, 60, 60
BUTTONS_MAX, URLS_MAX, PHONES_MAX = 10, 2, 1
LABEL_MAX, URL_MAX, PHONE_MAX = 25, 2000, 20
TTL_RANGE = {"UTILITY": (30, 43200), "AUTHENTICATION": (30, 900), "MARKETING": (43200, 2592000)}
PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]*")

#: Purposes whose messages speak of one connection and its money.
CONNECTION_PURPOSES = frozenset(("bill", "due_reminder", "overdue", "notice", "receipt"))
#: Purposes that ask for money.
MONEY_PURPOSES = frozenset(("bill", "due_reminder", "overdue", "notice"))
#: Names that would carry more of an account or identity number than the last four digits.
FULL_NUMBERS = frozenset(("account_no", "account_number", "aadhaar", "kno", "meter_no"))

#: One of these tells a bill from any other; cheats do not know it.
DATES = frozenset(("bill_date", "due_date", "period", "notice_date", "pay_by"))
#: Buttons that WhatsApp on a computer shows; with more it shows none.
BUTTONS_SHOWN = 3

_PHONE = re.compile(r"(?<![\d{])(?:\+?91[\s-]?|0)?([6-9]\d{4}[\s-]?\d{5})(?!\d)")
_URL = re.compile(r"(?:https?://|www\.)[^\s{}]+", re.I)
_HURRY = re.compile(
    r"आज रात|आज ही रात|तुरंत काट|तुरन्त काट|घंटे में|घण्टे में|घंटों में|tonight|within \d+ hours?"
    r"|immediately|\d{1,2}[:.]\d{2}\s*(?:pm|am|बजे)",
    re.I,
)
_OTP = re.compile(r"otp|ओटीपी|anydesk|teamviewer|apk|install|download|इंस्टॉल|इन्स्टॉल|डाउनलोड", re.I)
#: What Meta takes for advertising, which makes a text several times as dear.
_PROMOTION = re.compile(
    r"\boffers?\b|discount|cashback|\bsale\b|lucky draw|free gift|ऑफ़र|ऑफर|छूट|कैशबैक|इनाम|मुफ़्त|मुफ्त",
    re.I,
)
_UPI = re.compile(r"(?<![\w.@-])([\w.-]{2,256}@[a-z][a-z0-9]{1,63})(?![\w.@-])", re.I)
_NEVER = re.compile(r"never|do not|don't|कभी|नहीं|मत ", re.I)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    :ivar level: ``error`` (Meta refuses it) or ``warning``
    :ivar code: what is wrong, a key for the text shown to people
    :ivar detail: the part of the template concerned
    """

    level: str
    code: str
    detail: str = ""


def lint(template, examples, official_numbers=(), official_hosts=(), official_upi=()):
    """Check a template.

    :param dict template: ``category``, ``purpose``, ``ttl_seconds``, ``header_type``,
        ``header_text``, ``body``, ``footer`` and ``buttons`` (``type, text, url, phone``);
        maybe ``combined`` (about several connections), ``fixed``, texts put into variables, and
        ``picture``, whether an image header has its picture
    :param dict examples: variable name -> sample value
    :param official_numbers: phone numbers that belong to the office, written in any way
    :param official_hosts: host names of the company; their sub-domains count too
    :param official_upi: UPI addresses that the company is paid at
    :rtype: list[Finding]
    """
    if template["category"] == AUTHENTICATION:
        # Meta writes this text itself; there is nothing else to check.
        return [*_lint_code(template), *_lint_ttl(template)]
    return [
        *_lint_header(template),
        *_lint_body(template["body"] or ""),
        *_lint_footer(template["footer"] or ""),
        *_lint_buttons(template["buttons"]),
        *_lint_examples(template, examples),
        *_lint_ttl(template),
        *_lint_filled(template, examples),
        *_lint_category(template),
        *_lint_contacts(template, official_numbers, official_hosts, official_upi),
        *_lint_trust(template),
    ]


def _error(code, detail=""):
    return Finding("error", code, detail)


def _warning(code, detail=""):
    return Finding("warning", code, detail)


def _lint_variables(text):
    rest = VARIABLE.sub("", text)
    if "{{" in rest or "}}" in rest:
        yield _error("braces")
    for name in variable_names(text):
        if not PARAMETER_NAME.fullmatch(name):
            yield _error("variable_name", name)


def _lint_code(template):
    """What the template of a code needs for the code to get into it."""
    if variable_names(template["body"]) != [CODE_VARIABLE]:
        yield _error("code_variable")
    buttons = template["buttons"]
    label = buttons[0]["text"] if buttons else ""
    if [button["type"] for button in buttons] != ["url"] or not 0 < len(label) <= LABEL_MAX:
        yield _error("code_button")


def _lint_header(template):
    if template["header_type"] == "image" and not template.get("picture", True):
        yield _error("picture_missing")
    if template["header_type"] != "text":
        return
    text = template["header_text"] or ""
    yield from _lint_variables(text)
    if not text.strip():
        yield _error("header_empty")
    if len(text) > HEADER_MAX:
        yield _error("header_long", str(len(text)))
    if "\n" in text or len(variable_names(text)) > 1:
        yield _error("header_format")


def _lint_body(body):
    yield from _lint_variables(body)
    text = body.strip()
    if not text:
        yield _error("body_empty")
        return
    if len(body) > BODY_MAX:
        yield _error("body_long", str(len(body)))
    if re.match(r"\{\{", text) or re.search(r"\}\}$", text):
        yield _error("variable_edge")
    if re.search(r"\}\}\s*\{\{", text):
        yield _error("variables_adjacent")
    count = len(VARIABLE.findall(text))
    if count and len(VARIABLE.sub(" ", text).split()) < 2 * count + 1:
        yield _error("variables_many", str(count))
    if re.search(r"\n{3}|\t| {5}", body):
        yield _error("body_spaces")


def _lint_footer(footer):
    if len(footer) > FOOTER_MAX:
        yield _error("footer_long", str(len(footer)))
    if "{{" in footer or "\n" in footer:
        yield _error("footer_format")


def _lint_buttons(buttons):
    types = [button["type"] for button in buttons]
    if (
        len(buttons) > BUTTONS_MAX
        or types.count("url") > URLS_MAX
        or types.count("phone") > PHONES_MAX
    ):
        yield _error("buttons_many")
    replies = [kind == "quick_reply" for kind in types]
    if sum(a != b for a, b in zip(replies, replies[1:], strict=False)) > 1:
        yield _error("buttons_order")
    labels = [button["text"] for button in buttons]
    if len(set(labels)) < len(labels):
        yield _error("buttons_same")
    for button in buttons:
        label = button["text"] or ""
        if not label.strip() or len(label) > LABEL_MAX or "{{" in label or "\n" in label:
            yield _error("button_label", label)
        if button["type"] == "url":
            url = button["url"] or ""
            names = variable_names(url)
            if not re.match(r"https?://[^\s/{]+", url) or len(url) > URL_MAX:
                yield _error("button_url", label)
            elif names and (len(names) > 1 or not url.endswith("}}")):
                yield _error("button_url_variable", label)
        elif button["type"] == "phone" and not re.fullmatch(
            rf"\+?\d{{3,{PHONE_MAX - 1}}}", button["phone"] or ""
        ):
            yield _error("button_phone", label)


def _lint_examples(template, examples):
    for name in variable_names(
        template["header_text"] if template["header_type"] == "text" else "",
        template["body"],
        *(button["url"] for button in template["buttons"]),
    ):
        if not (examples.get(name) or "").strip():
            yield _error("example_missing", name)


def _lint_ttl(template):
    ttl = template["ttl_seconds"]
    low, high = TTL_RANGE[template["category"]]
    if ttl and not low <= ttl <= high:
        yield _error("ttl_range", f"{low}-{high}")
    if not ttl and template["purpose"].startswith("outage"):
        yield _warning("ttl_outage")


def _lint_filled(template, examples):
    """The limit holds for the filled text too (error 132005)."""
    filled = render(template["body"], examples)
    if len(filled) > BODY_MAX >= len(template["body"] or ""):
        yield _warning("body_filled", str(len(filled)))


def _lint_category(template):
    if template["category"] == "UTILITY":
        text = _whole_text(template)
        if found := _PROMOTION.search(text):
            yield _warning("promotion", found[0])
    if len(template["buttons"]) > BUTTONS_SHOWN:
        yield _warning("buttons_hidden", str(len(template["buttons"])))


def _whole_text(template):
    """Return all that a consumer may read, fixed texts of variables too, in one form of Unicode."""
    parts = [template["header_text"], template["body"], template["footer"]]
    parts += template.get("fixed") or ()
    return unicodedata.normalize("NFC", "\n".join(part or "" for part in parts))


def _lint_contacts(template, official_numbers, official_hosts, official_upi):
    """Numbers, websites and UPI addresses that are not the company's."""
    text = _whole_text(template)
    official = {_digits(number) for number in official_numbers}
    for match in _PHONE.finditer(text):
        if _digits(match[1]) not in official:
            yield _warning("private_number", match[0])
    hosts = [url if "//" in url else f"https://{url}" for url in _URL.findall(text)]
    for button in template["buttons"]:
        if button["type"] == "url":
            hosts.append(button["url"] or "")
        elif button["type"] == "phone" and _digits(button["phone"]) not in official:
            yield _warning("private_number", button["phone"] or "")
    for url in hosts:
        host = _host(url)
        if not any(host == own or host.endswith(f".{own}") for own in official_hosts):
            yield _warning("foreign_host", host)
    own_upi = {address.lower() for address in official_upi}
    for match in _UPI.finditer(text):
        if match[1].lower() not in own_upi:
            yield _warning("foreign_upi", match[1])


def _lint_trust(template):
    """What makes a genuine message look like fraud, or lets it be taken for one."""
    body = unicodedata.normalize("NFC", template["body"] or "")
    text = _whole_text(template)
    if template["purpose"] in MONEY_PURPOSES and (hurry := _HURRY.search(text)):
        yield _warning("hurry", hurry[0])
    for sentence in re.split(r"[।.!?\n]", text):
        if (word := _OTP.search(sentence)) and not _NEVER.search(sentence):
            yield _warning("otp", word[0])
    names = set(variable_names(body))
    for name in sorted(names & FULL_NUMBERS):
        yield _warning("full_number", name)
    if template["purpose"] in CONNECTION_PURPOSES:
        account = "accounts" if template.get("combined") else "account_last4"
        for name in ("office", account):
            if name not in names:
                yield _warning("identity_missing", name)
    if template["purpose"] in MONEY_PURPOSES:
        amount = "total" if template.get("combined") else "amount"
        if amount not in names:
            yield _warning("identity_missing", amount)
        if not names & DATES:
            yield _warning("date_missing")
        if not any(
            _OTP.search(sentence) and _NEVER.search(sentence)
            for sentence in re.split(r"[।.!?\n]", text)
        ):
            yield _warning("promise_missing")


def _digits(number):
    """Return the digits that tell a number: ten of a mobile, all of a short one."""
    return re.sub(r"\D", "", number or "")[-10:]


def _host(url):
    try:
        return (urlsplit(VARIABLE.sub("", url)).hostname or "").lower()
    except ValueError:
        return ""
