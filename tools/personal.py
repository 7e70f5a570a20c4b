"""Write what identifies a person so that others recognise it and strangers learn nothing."""

from .phone import COUNTRY_CODE

HIDDEN = "•••••"
#: Stands in every text that was masked and in no number, address or name.
SIGN = "•"


def masked(kind, value):
    """Return ``value`` as those see it whom it does not concern.

    :param str kind: ``phone``, ``email``, or any other, which is hidden altogether
    :return: text; False for what is no text, such as a photo or a place on the map
    """
    if not value or not isinstance(value, str):
        return False
    if kind == "phone":
        digits = "".join(filter(str.isdigit, value))
        # The last digits of a shorter number would be most of it.
        return f"+{COUNTRY_CODE} {HIDDEN} •{digits[-4:]}" if len(digits) >= 10 else HIDDEN
    if kind == "email" and "@" in value:
        name, _at, host = value.rpartition("@")
        return f"{name[0]}{HIDDEN}@{host}" if name else HIDDEN
    return HIDDEN
