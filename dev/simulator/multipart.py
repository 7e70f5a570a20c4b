"""Reads the form of an upload in one go; a file of Meta's size fits in memory."""

import re

_NAME = re.compile(r'\bname="([^"]*)"')
_FILENAME = re.compile(r'\bfilename="([^"]*)"')
_BOUNDARY = re.compile(r'boundary="?([^";,]{1,70})"?')


def parse_form(content_type, body):
    """Split a multipart form.

    :param str content_type: header of the request
    :param bytes body: the whole body
    :raises ValueError: when it is no such form
    :return: (texts by name, (content, filename, type) of the part named ``file``, or None)
    """
    match = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or not match:
        raise ValueError("not a multipart form")
    mark = b"--" + match[1].encode()
    parts = body.split(b"\r\n" + mark)
    if not parts[0].startswith(mark) or not parts[-1].startswith(b"--"):
        raise ValueError("the form is cut short")
    parts[0] = parts[0][len(mark) :]
    texts, file = {}, None
    for part in parts[:-1]:
        head, blank, content = part.partition(b"\r\n\r\n")
        headers = {}
        for line in head.decode("utf-8", "replace").split("\r\n"):
            name, _colon, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        disposition = headers.get("content-disposition", "")
        name = _NAME.search(disposition)
        if not blank or not name:
            raise ValueError("a part has no name")
        if name[1] == "file":
            filename = _FILENAME.search(disposition)
            file = content, filename[1] if filename else "file", headers.get("content-type")
        else:
            texts[name[1]] = content.decode("utf-8", "replace")
    return texts, file
