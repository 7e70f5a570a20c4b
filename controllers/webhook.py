import hashlib
import hmac
import logging
import re

from werkzeug.exceptions import Forbidden, TooManyRequests

from odoo import http
from odoo.http import request

from ..tools.rate_limit import RateLimit, caller
from .routes import open_route

# Meta's own limit of a call is 3 MB.
# https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks
MAX_BYTES = 3 * 1024 * 1024
MAX_CHALLENGE = 256
# Handshakes with a wrong token from one address. Meta makes one, when the address is set up.
HANDSHAKES = RateLimit(30, 600)
VERIFY_TOKEN = re.compile(r"(hub\.verify_token=)[^&\s]*")


class _WithoutVerifyToken(logging.Filter):
    """Keeps the verify token of the handshake out of the log of requests."""

    def filter(self, record):
        """Blank the token in the request line."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                VERIFY_TOKEN.sub(r"\1***", value) if isinstance(value, str) else value
                for value in record.args
            )
        if isinstance(record.msg, str):
            record.msg = VERIFY_TOKEN.sub(r"\1***", record.msg)
        return True


logging.getLogger("werkzeug").addFilter(_WithoutVerifyToken())


class WhatsAppWebhook(http.Controller):
    """The address to which Meta delivers statuses, replies and changes.

    Nothing is worked out here: a call with a good signature is stored as it came and answered.
    Meta wants the median answer within 250 ms at three calls for each message sent, so there is no
    user and no session (``auth="none"``) and the ORM is left out.
    """

    @open_route("/discom/whatsapp/webhook/<string:webhook_key>", "GET")
    def verify(self, webhook_key, **params):
        """Answer the handshake that Meta makes when the address is set up."""
        account = request.env["discom.whatsapp.event"]._webhook_account(webhook_key)
        token = (account or {}).get("verify_token")
        given = params.get("hub.verify_token") or ""
        if (
            not token
            or params.get("hub.mode") != "subscribe"
            or not hmac.compare_digest(token.encode(), given.encode(errors="replace"))
        ):
            if not HANDSHAKES.hit(caller(request.httprequest.remote_addr)):
                raise TooManyRequests
            raise Forbidden
        challenge = (params.get("hub.challenge") or "")[:MAX_CHALLENGE]
        return request.make_response(
            challenge,
            headers=[
                ("Content-Type", "text/plain; charset=utf-8"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    @open_route(
        "/discom/whatsapp/webhook/<string:webhook_key>", "POST", max_content_length=MAX_BYTES
    )
    def receive(self, webhook_key, **_params):
        """Store a signed call. Without a secret, or with a wrong signature, nothing is stored."""
        events = request.env["discom.whatsapp.event"]
        account = events._webhook_account(webhook_key)
        secret = (account or {}).get("app_secret")
        # The signature is over the raw bytes: Meta escapes Hindi, any other writing differs.
        body = request.httprequest.get_data()
        signature = request.httprequest.headers.get("X-Hub-Signature-256") or ""
        expected = hmac.new((secret or "").encode(), body, hashlib.sha256).hexdigest()
        if (
            not hmac.compare_digest(
                f"sha256={expected}".encode(), signature.encode(errors="replace")
            )
            or not secret
            or not body
        ):
            raise Forbidden
        events._store(account, body)
        return request.make_response("", headers=[("Content-Type", "text/plain")])
