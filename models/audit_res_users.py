from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessDenied
from odoo.http import request

from ..tools.rate_limit import RateLimit

#: Calls with a key have no session: of each user and address one an hour is put on record.
KEY_CALLS = RateLimit(1, 3600)
#: Wrong passwords of one user from one address in so many minutes, by way of all workers together;
#: Odoo's own limit counts in each process for itself.
GUESSES, GUESS_MINUTES = 20, 15
ROLE_FIELDS = ("group_ids", "discom_office_ids", "company_ids", "active", "login")


class ResUsers(models.Model):
    """Who signed in, who tried in vain, and who was given what rights."""

    _name = "res.users"
    _inherit = ["res.users", "discom.audit.mixin"]

    _audit_kind = "role"

    # === SIGN-IN === #

    def _check_credentials(self, credential, env):
        """Write down that somebody proved who he is, or failed to, never with what.

        All doors come by here: the login page, XML-RPC, JSON-RPC, and where the password is asked
        for again. Odoo refuses an address after some failures before it comes here.

        :raise AccessDenied: also for the right password, after very many wrong ones
        """
        self._audit_check_guesses()
        try:
            result = super()._check_credentials(credential, env)
        except AccessDenied:
            self._audit_sign_in("sign_in_failed", credential, env)
            raise
        self._audit_sign_in("sign_in", credential, env)
        return result

    def _audit_check_guesses(self):
        address = request and request.httprequest.remote_addr
        if not address or not self.env.user.has_group("discom.group_staff"):
            return
        since = fields.Datetime.now() - timedelta(minutes=GUESS_MINUTES)
        # sudo: nobody is signed in yet who might read the journal.
        wrong = (
            self.env["discom.audit.entry"]
            .sudo()
            .search_count(
                [
                    ("kind", "=", "sign_in_failed"),
                    ("user_id", "=", self.env.uid),
                    ("ip", "=", address),
                    ("at", ">", since),
                ],
                limit=GUESSES,
            )
        )
        if wrong >= GUESSES:
            raise AccessDenied(
                self.env._(
                    "Too many wrong passwords. Try again in %(minutes)s minutes.",
                    minutes=GUESS_MINUTES,
                )
            )

    def _audit_sign_in(self, kind, credential, env):
        """Add the entry of a sign-in, for users with a role of ours.

        What failed is written in a transaction of its own, as that of the request is undone.
        """
        user = self.env.user
        if not user.has_group("discom.group_staff"):
            return
        if not (env or {}).get("interactive", True):
            door = self.env._("by RPC")
        elif request and request.session.uid == user.id:
            door = self.env._("asked for again within a session")
        else:
            door = self.env._("on the login page")
        text = f"{credential.get('type', '')}, {door}"
        if kind == "sign_in":
            self.env["discom.audit.entry"]._log(kind, text=text)
        else:
            with self.env.registry.cursor() as cr:
                self.env(cr=cr)["discom.audit.entry"]._log(kind, text=text)

    # === ROLES === #

    def _audit_due(self):
        """Colleagues; people of the portal and the public come and go by themselves."""
        return super()._audit_due().filtered(lambda user: not user.share)

    def _audit_fields(self, vals):
        return [field for field in super()._audit_fields(vals) if field.name in ROLE_FIELDS]

    def _audit_names(self):
        """Name users by their logins: names of people belong to no journal."""
        # sudo: the login is written down whatever the one may read who acts.
        return ", ".join(self.sudo().mapped("login"))


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_bearer(cls):
        """Write down who calls with a key in the header, as JSON-2 does."""
        result = super()._auth_method_bearer()
        http, user = request.httprequest, request.env.user
        if http.headers.get("Authorization") and user.has_group("discom.group_staff"):
            key = (request.env.cr.dbname, user.id, http.remote_addr)
            if KEY_CALLS.hit(key):
                # In a transaction of its own: that of the call may only read, or be undone.
                with request.env.registry.cursor() as cr:
                    env = request.env(cr=cr)
                    text = f"apikey, {env._('by JSON with a key')}"
                    env["discom.audit.entry"]._log("sign_in", text=text)
        return result
