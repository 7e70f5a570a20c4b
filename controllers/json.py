from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request

from odoo.addons.web.controllers.json import WebJsonController


class DiscomJson(WebJsonController):
    """Odoo's addresses that give a whole list as JSON, without limit and with no trace."""

    @http.route()
    def web_json_1(self, subpath, **kwargs):
        """Refuse the roles: what leaves in number leaves by *Export*, which is put on record.

        :raise AccessError: for every user with a role
        """
        if request.env.user.has_group("discom.group_staff"):
            raise AccessError(
                request.env._(
                    "Lists cannot be taken out by this address. Choose Export on the list, "
                    "where it is put on record."
                )
            )
        return super().web_json_1(subpath, **kwargs)
