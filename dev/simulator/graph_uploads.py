"""Resumable uploads of sample files: POST /{app}/uploads, POST /upload:{session}.

A session carries what was announced, so nothing is kept. The handle answered is what a template's
``example.header_handle`` takes; the simulator does not look into handles.
"""

import base64
import binascii
import hashlib
import json

from .errors import GraphError
from .graph import graph, no_node
from .graph_accounts import APP

PREFIX = "upload:"
TYPES = ("application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4")


@graph("media")
async def create(simulator, request):
    """Open a session for a file of a stated length and type."""
    app = request.match_info["node"]
    if app not in (APP["id"], "app"):
        raise no_node(app)
    file_type = request.query.get("file_type", "")
    if file_type not in TYPES:
        raise GraphError(100, f"Param file_type must be one of {', '.join(TYPES)}.")
    length = request.query.get("file_length", "")
    if not length.isdecimal() or not int(length):
        raise GraphError(100, "Param file_length must be the number of bytes.")
    session = json.dumps([int(length), file_type, request.query.get("file_name", "")])
    return {"id": PREFIX + base64.urlsafe_b64encode(session.encode()).decode().rstrip("=")}


@graph("media")
async def receive(simulator, request):
    """Take the bytes of a session and answer its handle."""
    node = request.match_info["node"]
    code = node.removeprefix(PREFIX)
    try:
        session = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
        length, file_type, _name = json.loads(session)
    except (binascii.Error, ValueError):
        raise no_node(node) from None
    if request.headers.get("file_offset") != "0":
        raise GraphError(100, "The header file_offset is required; a file is sent in one piece.")
    content = await request.read()
    if len(content) != length:
        raise GraphError(100, f"The file has {len(content)} bytes, {length} were announced.")
    parts = [node, file_type, hashlib.sha256(content).hexdigest()]
    return {"h": "4::" + ":".join(base64.b64encode(part.encode()).decode() for part in parts)}
