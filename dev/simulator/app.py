"""The HTTP application: all routes, and the life of the simulator inside it."""

import gc

from aiohttp import web

from . import (
    admin,
    graph_accounts,
    graph_media,
    graph_messages,
    graph_templates,
    graph_uploads,
    page,
)
from .errors import GraphError
from .graph import SIMULATOR, answer_json

VERSION = r"/{version:v\d+\.\d+}"


async def _unknown(request):
    method, path = request.method, request.path
    error = GraphError(
        100, "", title=f"Unknown path components or method: {method} {path}", status=404
    )
    return answer_json(error.as_answer(), error.status)


def _graph_routes():
    node = VERSION + "/{node}"
    return [
        web.post(node + "/messages", graph_messages.send),
        web.post(node + "/media", graph_media.upload),
        web.post(node + "/uploads", graph_uploads.create),
        web.post(VERSION + "/{node:upload:[^/]+}", graph_uploads.receive),
        web.get(node + "/message_templates", graph_templates.list_templates),
        web.post(node + "/message_templates", graph_templates.create_template),
        web.delete(node + "/message_templates", graph_templates.delete_template),
        web.post(node + "/unpause", graph_templates.unpause),
        web.get(node + "/phone_numbers", graph_accounts.phone_numbers),
        web.route("*", node + "/subscribed_apps", graph_accounts.subscribed_apps),
        web.post(node + "/register", graph_accounts.register),
        web.post(node + "/deregister", graph_accounts.deregister),
        web.route("*", node + "/whatsapp_business_profile", graph_accounts.profile),
        web.route("*", node + "/business_compliance_info", graph_accounts.compliance),
        web.route("*", node, graph_accounts.node),
        web.get("/whatsapp_business/attachments/", graph_media.download),
        web.route("*", "/{path:.*}", _unknown),
    ]


def make_app(make_simulator):
    """Build the application.

    :param make_simulator: called inside the event loop, returns the Simulator
    :return: aiohttp's Application
    """
    app = web.Application(client_max_size=graph_media.REQUEST_MAX)

    async def life(app):
        simulator = app[SIMULATOR] = make_simulator()
        await simulator.webhooks.start()
        # What lives from here on is mostly kept messages, which are in no cycle.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        yield
        await simulator.webhooks.stop()

    app.cleanup_ctx.append(life)
    app.add_routes(page.routes())
    app.add_routes(admin.routes())
    app.add_routes(_graph_routes())
    return app
