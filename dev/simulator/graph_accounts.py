"""Accounts and business numbers: /{waba}, /{phone} and what hangs on them."""

import re

from . import graph_media, graph_templates
from .errors import GraphError
from .graph import SIMULATOR, account_of, graph, no_node, phone_of, read_json, wanted_fields

APP = {
    "id": "300000000000001",
    "name": "Discom simulator",
    "link": "https://www.facebook.com/games/?app_id=300000000000001",
}
TIERS = {
    0: "TIER_UNLIMITED",
    250: "TIER_250",
    2000: "TIER_2K",
    10000: "TIER_10K",
    100000: "TIER_100K",
}
HIGH_THROUGHPUT = 1000
PHONE_DEFAULT = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "id",
)
PROFILE_FIELDS = (
    "about",
    "address",
    "description",
    "email",
    "messaging_product",
    "profile_picture_url",
    "vertical",
    "websites",
)
PROFILE_MAX = {"about": 139, "address": 256, "description": 512, "email": 128}


def _tier(simulator, phone):
    if phone.messaging_limit:
        return phone.messaging_limit
    limit = simulator.settings.daily_limit
    return TIERS.get(limit, f"TIER_{limit}")


def _level(simulator, phone):
    limit = simulator.settings.throughput if phone.throughput is None else phone.throughput
    return {"level": "STANDARD" if 0 < limit < HIGH_THROUGHPUT else "HIGH"}


def _webhooks(simulator, phone):
    account = simulator.state.accounts[phone.waba_id]
    found = {
        "application": simulator.settings.webhook_url,
        "whatsapp_business_account": account.override_url,
        "phone_number": phone.override_url,
    }
    return {name: url for name, url in found.items() if url}


def _health(kind, node, good):
    state = "AVAILABLE" if good else "BLOCKED"
    return {
        "can_send_message": state,
        "entities": [{"entity_type": kind, "id": node, "can_send_message": state}],
    }


_PHONE = {
    "id": lambda s, p: p.id,
    "display_phone_number": lambda s, p: p.display_phone_number,
    "verified_name": lambda s, p: p.verified_name,
    "quality_rating": lambda s, p: p.quality_rating,
    "quality_score": lambda s, p: {"score": p.quality_rating},
    "code_verification_status": lambda s, p: p.code_verification_status,
    "name_status": lambda s, p: p.name_status,
    "status": lambda s, p: "CONNECTED" if p.registered else "DISCONNECTED",
    "account_mode": lambda s, p: "LIVE",
    "platform_type": lambda s, p: "CLOUD_API" if p.registered else "NOT_APPLICABLE",
    "throughput": _level,
    "messaging_limit_tier": _tier,
    "whatsapp_business_manager_messaging_limit": _tier,
    "is_official_business_account": lambda s, p: False,
    "is_pin_enabled": lambda s, p: p.registered,
    "webhook_configuration": _webhooks,
    "health_status": lambda s, p: _health("PHONE_NUMBER", p.id, p.registered),
}
_ACCOUNT = {
    "id": lambda s, a: a.id,
    "name": lambda s, a: "Discom simulator",
    "currency": lambda s, a: "INR",
    "country": lambda s, a: "IN",
    "timezone_id": lambda s, a: "71",
    "status": lambda s, a: "ACTIVE",
    "message_template_namespace": lambda s, a: f"simulator_{a.id}",
    "account_review_status": lambda s, a: "APPROVED",
    "business_verification_status": lambda s, a: "verified",
    "ownership_type": lambda s, a: "SELF",
    "health_status": lambda s, a: _health("WABA", a.id, True),
}
ACCOUNT_DEFAULT = ("id", "name", "currency", "timezone_id", "message_template_namespace")


def _phone_node(simulator, phone, request):
    fields = wanted_fields(request, PHONE_DEFAULT, _PHONE, "WhatsAppBusinessPhoneNumber")
    return {name: _PHONE[name](simulator, phone) for name in fields}


@graph("accounts")
async def phone_numbers(simulator, request):
    """List an account's business numbers."""
    account = account_of(simulator, request)
    found = [phone for phone in simulator.state.numbers.values() if phone.waba_id == account.id]
    answer = {"data": [_phone_node(simulator, phone, request) for phone in found]}
    if found:
        answer["paging"] = {"cursors": {"before": found[0].id, "after": found[-1].id}}
    return answer


async def _node(simulator, request):
    """GET, POST or DELETE on an id: what it does depends on what the id names."""
    node, method = request.match_info["node"], request.method
    state = simulator.state
    if node in state.numbers and method == "GET":
        return _phone_node(simulator, state.numbers[node], request)
    if node in state.numbers and method == "POST":
        return await _override(simulator, state.numbers[node], request)
    if node in state.accounts and method == "GET":
        fields = wanted_fields(request, ACCOUNT_DEFAULT, _ACCOUNT, "WhatsAppBusinessAccount")
        return {name: _ACCOUNT[name](simulator, state.accounts[node]) for name in fields}
    if node in state.templates.by_id and method == "GET":
        return graph_templates.describe(state.templates.by_id[node], request)
    if node in state.templates.by_id and method == "POST":
        return await graph_templates.edit(simulator, state.templates.by_id[node], request)
    if method == "GET":
        return graph_media.describe(simulator, request)
    if method == "DELETE":
        return graph_media.delete(simulator, request)
    raise no_node(node)


media_node = graph("media")(_node)
template_node = graph("templates")(_node)
account_node = graph("accounts")(_node)


async def node(request):
    """Send the request for an id to the endpoint whose faults it should meet."""
    state = request.app[SIMULATOR].state
    name = request.match_info["node"]
    if name in state.numbers or name in state.accounts:
        return await account_node(request)
    if name in state.templates.by_id:
        return await template_node(request)
    return await media_node(request)


async def _verify(simulator, url, token):
    if not isinstance(url, str) or not re.fullmatch(r"https?://\S+", url) or len(url) > 200:
        raise GraphError(100, "override_callback_uri must be an address of 200 characters at most.")
    if not isinstance(token, str) or not token:
        raise GraphError(100, "verify_token is required with override_callback_uri.")
    found = await simulator.webhooks.handshake(url, token)
    if not found["ok"]:
        raise GraphError(
            2200,
            "",
            title="Callback verification failed with the following errors: "
            f"HTTP Status Code = {found['status']}; Body = {found['body'][:100]}",
        )


async def _override(simulator, phone, request):
    body = await read_json(request)
    given = body.get("webhook_configuration") if isinstance(body, dict) else None
    if not isinstance(given, dict):
        raise GraphError(100, "webhook_configuration is required.")
    url, token = given.get("override_callback_uri"), given.get("verify_token")
    if url:
        await _verify(simulator, url, token)
    phone.override_url, phone.override_token = url or "", token or ""
    return {"success": True}


def _subscription(account):
    found = {"whatsapp_business_api_data": APP}
    if account.override_url:
        found["override_callback_uri"] = account.override_url
    return found


@graph("accounts")
async def subscribed_apps(simulator, request):
    """Read, begin or end the account's subscription to callbacks."""
    account = account_of(simulator, request)
    if request.method == "GET":
        return {"data": [_subscription(account)] if account.subscribed else []}
    if request.method == "DELETE":
        account.subscribed = False
        account.override_url = account.override_token = ""
        return {"success": True}
    body = await read_json(request)
    url = body.get("override_callback_uri") if isinstance(body, dict) else None
    if not url:
        account.subscribed = True
        account.override_url = account.override_token = ""
        return {"success": True}
    await _verify(simulator, url, body.get("verify_token"))
    account.subscribed = True
    account.override_url, account.override_token = url, body["verify_token"]
    return {"success": True, "data": [_subscription(account)]}


@graph("accounts")
async def register(simulator, request):
    """Register a business number."""
    phone = phone_of(simulator, request)
    body = await read_json(request)
    if not isinstance(body, dict) or body.get("messaging_product") != "whatsapp":
        raise GraphError(100, title="The parameter messaging_product is required.")
    if not re.fullmatch(r"\d{6}", str(body.get("pin", ""))):
        raise GraphError(100, "Param pin must be 6 digits.")
    phone.registered = True
    return {"success": True}


@graph("accounts")
async def deregister(simulator, request):
    """Deregister a business number; it cannot send after that."""
    phone_of(simulator, request).registered = False
    return {"success": True}


@graph("accounts")
async def profile(simulator, request):
    """Read or change the profile that consumers see."""
    phone = phone_of(simulator, request)
    if request.method == "GET":
        wanted = (request.query.get("fields") or ",".join(PROFILE_FIELDS)).split(",")
        unknown = set(wanted) - set(PROFILE_FIELDS)
        if unknown:
            raise GraphError(100, f"There is no field {', '.join(sorted(unknown))}.")
        wanted = {"messaging_product", *wanted}
        return {
            "data": [
                {
                    name: phone.profile[name]
                    for name in PROFILE_FIELDS
                    if name in wanted and name in phone.profile
                }
            ]
        }
    body = await read_json(request)
    if not isinstance(body, dict) or body.get("messaging_product") != "whatsapp":
        raise GraphError(100, title="The parameter messaging_product is required.")
    given = {name: body[name] for name in PROFILE_FIELDS if name in body}
    for name, most in PROFILE_MAX.items():
        if name in given and (not isinstance(given[name], str) or len(given[name]) > most):
            raise GraphError(100, f"Param {name} must be at most {most} characters long.")
    phone.profile.update(given)
    return {"success": True}


@graph("accounts")
async def compliance(simulator, request):
    """Read or change the business details that Indian law wants shown."""
    phone = phone_of(simulator, request)
    if request.method == "GET":
        return {"data": [phone.compliance]}
    body = await read_json(request)
    if not isinstance(body, dict) or not body.get("entity_name") or not body.get("entity_type"):
        raise GraphError(100, "entity_name and entity_type are required.")
    phone.compliance = {**body, "messaging_product": "whatsapp"}
    return {"success": True}
