from odoo import http


class NullRoute(http.Controller):
    """The least that an Odoo route can cost."""

    @http.route(
        "/discom/bench/null",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def null(self, **_params):
        """Do nothing."""
        return ""
