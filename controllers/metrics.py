import secrets

from werkzeug.exceptions import Forbidden, TooManyRequests

from odoo import SUPERUSER_ID, http
from odoo.http import request

from ..models.whatsapp_metrics import TOKEN_PARAMETER
from ..tools.prometheus import CONTENT_TYPE
from ..tools.rate_limit import RateLimit, caller

#: Wrong tokens from one address in ten minutes.
GUESSES = RateLimit(20, 600)
#: Right ones from one address in a minute: several monitoring systems, each every few seconds.
SCRAPES = RateLimit(60, 60)


class Metrics(http.Controller):
    """Figures for a monitoring system, for whoever has the token of the settings."""

    @http.route(
        "/discom/metrics",
        type="http",
        auth="none",
        methods=["GET"],
        csrf=False,
        save_session=False,
        readonly=True,
    )
    def metrics(self, **_params):
        """Metrics in the text format of Prometheus, for ``Authorization: Bearer <token>``.

        Without a token in the settings there is nothing here for anybody. A token in the address
        is not taken: addresses stand in logs.
        """
        address = caller(request.httprequest.remote_addr)
        if GUESSES.reached(address):
            raise TooManyRequests
        # There is no user: the token is all that counts, and the figures speak of nobody.
        env = request.env(user=SUPERUSER_ID, su=True)
        token = env["ir.config_parameter"].get_param(TOKEN_PARAMETER) or ""
        scheme, _blank, given = request.httprequest.headers.get("Authorization", "").partition(" ")
        right = secrets.compare_digest(token.encode(), given.strip().encode(errors="replace"))
        if not token or scheme.lower() != "bearer" or not right:
            GUESSES.hit(address)
            raise Forbidden
        if not SCRAPES.hit(address):
            raise TooManyRequests
        return request.make_response(
            env["discom.metrics"]._render(),
            headers=[
                ("Content-Type", CONTENT_TYPE),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
