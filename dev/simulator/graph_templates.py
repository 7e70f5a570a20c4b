"""/{waba}/message_templates and /{template}."""

import base64
import binascii
import time

from .errors import GraphError
from .graph import account_of, answer_json, graph, no_node, read_json, wanted_fields
from .templates import DEFAULTFIELDS, FIELDS, SENDABLE

NODE = "WhatsAppMessageTemplate"
PAGE_DEFAULT, PAGE_MAX = 25, 1000
TEMPLATE_LIMIT = 6000


def _shown(template, fields):
    shown = {name: template.field(name) for name in fields}
    return {name: value for name, value in shown.items() if value is not None}


def _cursor(position):
    return base64.urlsafe_b64encode(f"t{position}".encode()).decode().rstrip("=")


def _position(cursor):
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        if text[:1] != "t":
            raise ValueError
        return int(text[1:])
    except (binascii.Error, ValueError, UnicodeDecodeError):
        raise GraphError(131059) from None


@graph("templates")
async def list_templates(simulator, request):
    """List an account's templates, by pages."""
    account = account_of(simulator, request)
    query = request.query
    fields = wanted_fields(request, DEFAULTFIELDS, FIELDS, NODE)
    templates = simulator.state.templates.of_account(account.id)
    total = len(templates)
    for name in ("name", "language", "status", "category"):
        if query.get(name):
            wanted = query[name].casefold()
            templates = [t for t in templates if t.field(name).casefold() == wanted]
    if query.get("name_or_content"):
        wanted = query["name_or_content"].casefold()
        templates = [t for t in templates if wanted in t.name or wanted in t.layout.body.casefold()]
    try:
        limit = int(query.get("limit", PAGE_DEFAULT))
    except ValueError:
        limit = 0
    if not 1 <= limit <= PAGE_MAX:
        raise GraphError(100, f"Param limit must be from 1 to {PAGE_MAX}.")
    start = 0
    if query.get("after"):
        start = _position(query["after"])
    elif query.get("before"):
        start = max(_position(query["before"]) - limit, 0)
    page = templates[start : start + limit]
    answer = {"data": [_shown(template, fields) for template in page]}
    if page:
        end = start + len(page)
        answer["paging"] = {"cursors": {"before": _cursor(start), "after": _cursor(end)}}
        base = simulator.public_url or f"{request.scheme}://{request.host}"
        if end < len(templates):
            url = request.rel_url.update_query(after=_cursor(end))
            answer["paging"]["next"] = base + str(url)
        if start:
            url = request.rel_url.update_query(before=_cursor(start))
            answer["paging"]["previous"] = base + str(url)
    if query.get("summary"):
        summary = {
            "total_count": total,
            "message_template_count": total,
            "message_template_limit": TEMPLATE_LIMIT,
            "are_translations_complete": True,
        }
        wanted = query["summary"].split(",")
        answer["summary"] = {name: summary[name] for name in wanted if name in summary} or summary
    return answer


@graph("templates")
async def create_template(simulator, request):
    """Create a template; it is reviewed a while later."""
    account = account_of(simulator, request)
    if len(simulator.state.templates.of_account(account.id)) >= TEMPLATE_LIMIT:
        raise GraphError(100, "The account holds no more templates.", subcode=2388019)
    template = simulator.create_template(account.id, await read_json(request))
    return {"id": template.id, "status": template.status, "category": template.category}


@graph("templates")
async def delete_template(simulator, request):
    """Delete a template by ``hsm_id`` and ``name``, or all languages of a name."""
    account = account_of(simulator, request)
    name, template_id = request.query.get("name"), request.query.get("hsm_id")
    if not name:
        raise GraphError(100, title="The parameter name is required.")
    found = [
        t
        for t in simulator.state.templates.of_account(account.id)
        if t.name == name and template_id in (None, t.id)
    ]
    if not found:
        raise GraphError(100, "Message template was not found.", subcode=2593002)
    until = time.time() + simulator.settings.template_name_lock_s
    for template in found:
        simulator.state.templates.remove(template, until)
    return {"success": True}


def describe(template, request):
    """:return: the node of one template"""
    return _shown(template, wanted_fields(request, DEFAULTFIELDS, FIELDS, NODE))


async def edit(simulator, template, request):
    """Edit one template."""
    simulator.edit_template(template, await read_json(request))
    return {"success": True}


@graph("templates")
async def unpause(simulator, request):
    """End a template's pause."""
    node = request.match_info["node"]
    template = simulator.state.templates.by_id.get(node)
    if template is None:
        raise no_node(node)
    if template.status != "PAUSED":
        return answer_json({"success": False, "reason": "The template is not paused."})
    simulator.set_template_status(template, SENDABLE)
    return {"success": True}
