"""Routes for those who have no login: the link or the signature of a call is all that counts."""

from odoo import http


def open_route(path, method, **kw):
    """Return the decorator of a route without user and session, for one HTTP method."""
    return http.route(
        path,
        type="http",
        auth="none",
        methods=[method],
        csrf=False,
        save_session=False,
        readonly=method == "GET",
        **kw,
    )
