"""Handing an SMS to a gateway registered with India's DLT platforms.

Every such gateway takes an HTTP form with the text, the number, the header, the id of the
principal entity and the id of the content template; only the names of the fields differ, so they
are settings.
TRAI: Telecom Commercial Communications Customer Preference Regulations 2018.
"""

import re

import requests

TIMEOUT = 10.0
PLACEHOLDERS = ("number", "number10", "text", "entity", "header", "template", "key", "uuid")
_LINE = re.compile(r"([A-Za-z_][\w.-]*)\s*=\s*(.*)")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

# 3GPP TS 23.038: the default alphabet, and its signs that take two places.
_LATIN = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_LATIN_TWO = frozenset("^{}\\[~]|€\f")
#: Places in one SMS, and in each part of a longer one.
_LATIN_PLACES, _OTHER_PLACES = (160, 153), (70, 67)


class GatewayError(Exception):
    """The gateway did not take the SMS; the text is for people and holds no secret."""


def parse_fields(text):
    """Read lines ``name = value`` and return {name: value}.

    :raise ValueError: for a line that is none, or an unknown ``{placeholder}``
    """
    fields = {}
    for line in filter(None, map(str.strip, (text or "").splitlines())):
        match = _LINE.fullmatch(line)
        if not match:
            raise ValueError(line)
        unknown = set(_PLACEHOLDER.findall(match[2])) - set(PLACEHOLDERS)
        if unknown:
            raise ValueError(f"{{{unknown.pop()}}}")
        fields[match[1]] = match[2]
    return fields


def count_parts(text):
    """Return how many SMS ``text`` counts as; one sign that is not Latin shortens them all."""
    if set(text) <= _LATIN | _LATIN_TWO:
        length = len(text) + sum(char in _LATIN_TWO for char in text)
        one, each = _LATIN_PLACES
    else:
        length = len(text.encode("utf-16-le")) // 2
        one, each = _OTHER_PLACES
    return -(-length // each) if length > one else min(length, 1)


def fill(fields, values):
    """Return ``fields`` with the placeholders replaced, each once: texts hold braces too."""
    return {
        name: _PLACEHOLDER.sub(lambda match: str(values[match[1]]), value)
        for name, value in fields.items()
    }


def send(session, url, fields, values, success=""):
    """Post one SMS.

    :param requests.Session session: one for many SMS
    :param dict fields: of :func:`parse_fields`
    :param dict values: of every placeholder
    :param str success: text that stands in the answer of an SMS that was taken; empty: any 200
    :raise GatewayError:
    """
    try:
        response = session.post(
            url, data=fill(fields, values), timeout=TIMEOUT, allow_redirects=False
        )
    except requests.Timeout as error:
        raise GatewayError(f"No answer within {TIMEOUT:g} seconds") from error
    except requests.RequestException as error:
        # Its text holds the address, and that may hold a key.
        raise GatewayError("The gateway cannot be reached") from error
    if response.status_code != 200:
        raise GatewayError(f"HTTP {response.status_code}")
    if success and success not in response.text[:10_000]:
        raise GatewayError("The gateway did not accept the SMS")
