"""The phone page and the stream that tells it what changed."""

import asyncio
import json
from pathlib import Path

from aiohttp import web

from .graph import SIMULATOR

STATIC = Path(__file__).parent / "static"
PAUSE_S = 0.4
HEARTBEAT_S = 15


async def index(request):
    """The page."""
    return web.FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


async def changes(request):
    """Server-sent events: ``{"all": version, "chat": version of ?number=}`` on every change."""
    simulator = request.app[SIMULATOR]
    number = request.query.get("number", "")
    answer = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    )
    await answer.prepare(request)
    told, quiet = None, 0.0
    try:
        while True:
            state = simulator.state
            chat = state.chats.get(number)
            current = {"all": state.version, "chat": chat.version if chat else 0}
            if current != told:
                await answer.write(f"data: {json.dumps(current)}\n\n".encode())
                told, quiet = current, 0.0
            elif quiet > HEARTBEAT_S:
                await answer.write(b": still here\n\n")
                quiet = 0.0
            await asyncio.sleep(PAUSE_S)
            quiet += PAUSE_S
    except ConnectionError:
        return answer


def routes():
    """:return: the routes of the page"""
    return [
        web.get("/", index),
        web.get("/simulator/changes", changes),
        web.static("/simulator/static", STATIC),
    ]
