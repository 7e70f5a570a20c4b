import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

#: Characters Meta allows in each part of a profile.
#: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/business-profiles
PROFILE_MAX = {"about": 139, "address": 256, "description": 512, "email": 128}
WEBSITES_MAX, WEBSITE_MAX = 2, 256
PROFILE_FIELDS = ",".join([*PROFILE_MAX, "websites"])


class WhatsAppAccount(models.Model):
    """What consumers see when they tap the name of the office: the profile of the number.

    WhatsApp's business policy wants a contact there by which a person can be reached.
    """

    _inherit = "discom.whatsapp.account"

    profile_about = fields.Char("About", copy=False)
    profile_address = fields.Char("Office address", copy=False)
    profile_description = fields.Text("Description", copy=False)
    profile_email = fields.Char("E-mail", copy=False)
    profile_websites = fields.Text(
        "Websites", copy=False, help="At most two, one a line, with https://."
    )
    profile_read_at = fields.Datetime("Profile as of", readonly=True, copy=False)

    @api.constrains(*(f"profile_{name}" for name in PROFILE_MAX))
    def _check_profile_length(self):
        for account in self:
            for name, most in PROFILE_MAX.items():
                if len(account[f"profile_{name}"] or "") > most:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: Meta allows %(most)s characters in a profile.",
                            field=self._fields[f"profile_{name}"]._description_string(self.env),
                            most=most,
                        )
                    )

    @api.constrains("profile_websites")
    def _check_profile_websites(self):
        for account in self:
            websites = account._profile_websites()
            if len(websites) > WEBSITES_MAX or not all(
                re.fullmatch(r"https?://[^\s/]+\S*", website) and len(website) <= WEBSITE_MAX
                for website in websites
            ):
                raise ValidationError(
                    self.env._("A profile has at most two websites, each beginning with https://.")
                )

    def _profile_websites(self):
        self.ensure_one()
        return (self.profile_websites or "").split()

    def action_read_profile(self):
        """Show the profile as Meta has it; what was typed here and not published is overwritten."""
        self.ensure_one()
        self.check_access("write")
        answer = self._call(
            "get", f"{self.phone_number_id}/whatsapp_business_profile", {"fields": PROFILE_FIELDS}
        )
        data = (answer.get("data") or [{}])[0]
        vals = {f"profile_{name}": data.get(name) or False for name in PROFILE_MAX}
        vals["profile_websites"] = "\n".join(data.get("websites") or []) or False
        self.write({**vals, "profile_read_at": fields.Datetime.now()})
        return self._notify(self.env._("The profile is shown as consumers see it."))

    def action_publish_profile(self):
        """Write the profile to Meta, where consumers see it at once."""
        self.ensure_one()
        self.check_access("write")
        if not (self.profile_email or self.profile_websites or self.profile_address):
            raise UserError(
                self.env._(
                    "Enter an e-mail, a website or the office address first: WhatsApp wants a "
                    "contact in the profile by which a person can be reached."
                )
            )
        self._call(
            "post",
            f"{self.phone_number_id}/whatsapp_business_profile",
            {
                "messaging_product": "whatsapp",
                **{name: self[f"profile_{name}"] or "" for name in PROFILE_MAX},
                "websites": self._profile_websites(),
            },
        )
        self.profile_read_at = fields.Datetime.now()
        return self._notify(self.env._("Consumers see this profile now."))
