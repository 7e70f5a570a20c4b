"""Records as one of the users reads them: background work has neither language nor time zone."""

from .indian_time import INDIA


def read_by(records, user):
    """Return ``records`` with texts in the language of ``user``, times in their time zone."""
    return records.with_context(lang=user.lang, tz=user.tz or INDIA.key)


def in_name_of(records, user):
    """Return ``records`` with the rights, the language and the time zone of ``user``."""
    return read_by(records.with_user(user), user)
