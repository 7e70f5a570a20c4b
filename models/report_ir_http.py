from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Field staff begin with their list: they open the app at a door, with a phone in one hand.

        Everybody else begins with the control room, the first menu of the first app. The *Home
        Action* that a user has chosen goes before both.
        """
        info = super().session_info()
        if info.get("home_action_id") or not self.env.user.has_group("discom.group_staff"):
            return info
        menus = self.env["discom.control.room"]._work_menus()
        if menus == ("discom.discom_kyc_field_menu",):
            info["home_action_id"] = self.env.ref("discom.discom_kyc_field_action").id
        return info
