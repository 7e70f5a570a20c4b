"""Media: POST /{phone}/media, GET and DELETE /{media}, and the download."""

import hashlib
import hmac
import time

from aiohttp import web

from .errors import GraphError
from .graph import SIMULATOR, graph, no_node, phone_of
from .media import MB, URL_TTL_S
from .multipart import parse_form

REQUEST_MAX = 105 * MB


@graph("media")
async def upload(simulator, request):
    """Take a file."""
    phone = phone_of(simulator, request)
    if (request.content_length or 0) > REQUEST_MAX:
        raise GraphError(131053, "The file is too large.")
    try:
        fields, file = parse_form(request.headers.get("Content-Type", ""), await request.read())
    except ValueError:
        fields, file = {}, None
    if fields.get("messaging_product") != "whatsapp":
        raise GraphError(100, title="The parameter messaging_product is required.")
    if file is None:
        raise GraphError(100, title="The parameter file is required.")
    content, filename, part_type = file
    mime_type = (fields.get("type") or part_type or "").split(";")[0].strip().lower()
    media = simulator.state.media.add(phone.id, content, mime_type, filename, time.time())
    return {"id": media.id}


def _signature(simulator, media_id, expires):
    secret = simulator.settings.app_secret.encode()
    return hmac.new(secret, f"{media_id}:{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def _owned(simulator, request):
    media_id = request.match_info["node"]
    media = simulator.state.media.get(media_id, time.time())
    if media is None:
        raise no_node(media_id)
    phone_number_id = request.query.get("phone_number_id")
    if phone_number_id and phone_number_id != media.phone_number_id:
        raise GraphError(100, "Param phone_number_id is not the number of this media.")
    return media


def describe(simulator, request):
    """:return: the node of a file, with an address good for five minutes"""
    media = _owned(simulator, request)
    expires = int(time.time()) + URL_TTL_S
    base = simulator.public_url or f"{request.scheme}://{request.host}"
    query = f"mid={media.id}&ext={expires}&hash={_signature(simulator, media.id, expires)}"
    return {
        "messaging_product": "whatsapp",
        "url": f"{base}/whatsapp_business/attachments/?{query}",
        "mime_type": media.mime_type,
        "sha256": media.sha256.hex(),
        "file_size": media.size,
        "id": media.id,
    }


def delete(simulator, request):
    """Delete a file."""
    simulator.state.media.remove(_owned(simulator, request))
    return {"success": True}


@graph("media")
async def download(simulator, request):
    """Hand out a file by the address that ``describe`` gave."""
    media_id, expires = request.query.get("mid", ""), request.query.get("ext", "")
    signature = _signature(simulator, media_id, expires)
    given = request.query.get("hash", "")
    if not hmac.compare_digest(given.encode(), signature.encode()) or int(expires) < time.time():
        return web.Response(status=404, text="URL expired")
    return file_answer(simulator.state.media.get(media_id, time.time()))


def file_answer(media, inline=False):
    """:return: the content of a file, 404 when it is gone"""
    if media is None:
        return web.Response(status=404, text="There is no such file.")
    if media.content is None:
        return web.Response(
            status=404, text="This file's content is no longer kept (setting media_keep_mb)."
        )
    headers = {}
    if inline:
        # A page from another origin must not run what a consumer sent.
        headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"}
    return web.Response(body=media.content, content_type=media.mime_type, headers=headers)


async def open_file(request):
    """The file for the phone page, without token."""
    simulator = request.app[SIMULATOR]
    media = simulator.state.media.get(request.match_info["media_id"], time.time())
    return file_answer(media, inline=True)
