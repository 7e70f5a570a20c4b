"""The door that Meta has: token, faults, error answers, and the helpers of all handlers."""

import asyncio
import functools
import hmac
import json

from aiohttp import web

from .errors import GraphError

SIMULATOR = web.AppKey("simulator", object)
_HTML = "<html><body><h1>Sorry, something went wrong.</h1></body></html>"


class BrokenAnswer(Exception):
    """The answer is not what Meta's API answers."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class ConnectionDropped(Exception):
    """The connection is closed without an answer."""


def answer_json(data, status=200, headers=None):
    """:return: a JSON answer"""
    return web.Response(
        body=json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(),
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )


def graph(endpoint):
    """Make a Graph handler of ``async f(simulator, request)`` that answers data.

    :param str endpoint: name under which faults know it; ``messages`` picks its own faults
    """

    def decorate(handler):
        @functools.wraps(handler)
        async def wrapped(request):
            simulator = request.app[SIMULATOR]
            try:
                _check_token(simulator, request)
                fault = None
                if endpoint != "messages":
                    fault = simulator.state.faults.pick(endpoint, request.match_info.get("node"))
                    await before(fault)
                data = await handler(simulator, request)
                await after(fault)
            except GraphError as error:
                headers = {}
                if error.retry_after is not None:
                    headers["Retry-After"] = f"{error.retry_after:g}"
                return answer_json(error.as_answer(), error.status, headers)
            except BrokenAnswer as broken:
                return web.Response(text=_HTML, status=broken.status, content_type="text/html")
            except ConnectionDropped:
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=500)
            return data if isinstance(data, web.StreamResponse) else answer_json(data)

        return wrapped

    return decorate


def _check_token(simulator, request):
    given = request.headers.get("Authorization", "")
    if not given:
        given = "Bearer " + request.query.get("access_token", "")
    expected = "Bearer " + simulator.settings.token
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise GraphError(
            190,
            "Invalid OAuth access token - Cannot parse access token",
            title="Invalid OAuth access token",
            status=401,
        )


async def before(fault):
    """Let a fault happen before a request is looked at."""
    if fault is None or fault.kind in ("slow", "hang", "held"):
        return
    if fault.delay_ms:
        await asyncio.sleep(fault.delay_ms / 1000)
    if fault.kind == "error" and fault.via == "sync":
        raise fault.error()
    if fault.kind == "http":
        raise BrokenAnswer(fault.status or 503)
    if fault.kind == "garbage":
        raise BrokenAnswer(200)
    if fault.kind == "refuse":
        raise ConnectionDropped


async def after(fault):
    """Let a fault happen once a request has had its effect."""
    if fault is None:
        return
    if fault.kind in ("slow", "hang"):
        await asyncio.sleep(fault.delay_ms / 1000)
    if fault.kind in ("drop", "hang"):
        raise ConnectionDropped


async def read_json(request):
    """:return: the decoded body; {} when it is none"""
    try:
        return json.loads(await request.read() or b"{}")
    except ValueError:
        return {}


def no_node(node):
    """:return: the GraphError for an id that nobody has"""
    text = (
        f"Unsupported request. Object with ID '{node}' does not exist, cannot be loaded due "
        "to missing permissions, or does not support this operation."
    )
    return GraphError(100, "", subcode=33, title=text)


def phone_of(simulator, request):
    """:return: the BusinessNumber named in the path"""
    node = request.match_info["node"]
    phone = simulator.state.numbers.get(node)
    if phone is None:
        raise no_node(node)
    return phone


def account_of(simulator, request):
    """:return: the Account named in the path"""
    node = request.match_info["node"]
    account = simulator.state.accounts.get(node)
    if account is None:
        raise no_node(node)
    return account


def wanted_fields(request, default, known, node_type):
    """The fields asked for by ``?fields=``.

    :raises GraphError: for one that the node does not have
    """
    asked = request.query.get("fields")
    if not asked:
        return default
    names = [name.split("{")[0].split(".")[0].strip() for name in asked.split(",")]
    for name in names:
        if name not in known:
            raise GraphError(
                100,
                "",
                title=f"Tried accessing nonexistent field ({name}) on node type ({node_type})",
            )
    return list(dict.fromkeys([*names, "id"]))
