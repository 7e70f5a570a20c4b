"""Tokens of links that open one record without login, until a day.

Nothing is stored: a token holds the record's number, its last day and an HMAC-SHA256 of both, cut
to 128 bits. Whoever has no key cannot make or alter one, a copy of the table gives none away, and
2,75,000 links of a month need no rows. Its 24 bytes are exactly 32 characters of base64, so a
token has one spelling only.
"""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import date

LENGTH = 32
_ID_BYTES, _DAY_BYTES, _MAC_BYTES = 5, 3, 16
_FORM = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}")


def _mac(key, payload, generation):
    message = payload + generation.to_bytes(4, "big")
    return hmac.new(key, message, hashlib.sha256).digest()[:_MAC_BYTES]


def make(key, record_id, last_day, generation):
    """Token of a record, as text for a URL.

    :param bytes key: secret of at least 128 bits, used for nothing else
    :param int record_id: below 2^40
    :param date last_day: the last day on which the link opens
    :param int generation: of the record; another one makes all earlier tokens invalid
    """
    payload = record_id.to_bytes(_ID_BYTES, "big")
    payload += last_day.toordinal().to_bytes(_DAY_BYTES, "big")
    return base64.urlsafe_b64encode(payload + _mac(key, payload, generation)).decode()


def parse(token):
    """``(record id, last day)`` that a token claims, or None where it is none. Proves nothing."""
    if not isinstance(token, str) or not _FORM.fullmatch(token):
        return None
    try:
        content = base64.urlsafe_b64decode(token)
        day = date.fromordinal(int.from_bytes(content[_ID_BYTES : _ID_BYTES + _DAY_BYTES], "big"))
    except (binascii.Error, ValueError, OverflowError):
        return None
    return int.from_bytes(content[:_ID_BYTES], "big"), day


def holds(key, token, generation, today):
    """Whether a token that :func:`parse` understands was made with the key for this generation and
    is still in time. Takes the same time wherever it differs."""
    content = base64.urlsafe_b64decode(token)
    payload, mac = content[:-_MAC_BYTES], content[-_MAC_BYTES:]
    genuine = hmac.compare_digest(mac, _mac(key, payload, generation))
    return genuine and today <= parse(token)[1]


def sign(key, text):
    """HMAC of a text, 128 bits as hexadecimal digits, for what a form carries along."""
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[: 2 * _MAC_BYTES]
