"""A check that several kinds of message share."""

from .errors import GraphError


def required_text(holder, name, where, most, code=100):
    """A text that must be there and is not too long.

    :raises GraphError: 131008 when missing or empty, else ``code``
    :return: the text
    """
    text = holder.get(name)
    if text is None or text == "":
        raise GraphError(131008, f"The parameter {where}['{name}'] is required.")
    if not isinstance(text, str):
        raise GraphError(100, f"Param {where}['{name}'] must be a string.")
    if not text.strip():
        raise GraphError(131008, f"The parameter {where}['{name}'] is empty.")
    if len(text) > most:
        raise GraphError(code, f"Param {where}['{name}'] must be at most {most} characters long.")
    return text
