import re
import secrets
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

SECRET_GROUPS = "discom.group_administrator,base.group_system"  # names of groups # nosec B105
SECRETS = ("access_token", "app_secret", "verify_token")
# A change of one of these makes the last successful test worthless.
CONNECTION_FIELDS = ("base_url", "api_version", "access_token", "phone_number_id", "waba_id")


class WhatsAppAccount(models.Model):
    """A sending number of the WhatsApp Business Platform (Cloud API).

    Each account owns one scheduled action, its lane: the limit of messages per second is
    per number, so a number is the unit of parallel work.
    """

    _name = "discom.whatsapp.account"
    _description = "WhatsApp Sending Number"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "name, id"

    def _default_webhook_key(self):
        return secrets.token_urlsafe(24)

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    office_ids = fields.Many2many(
        "discom.office",
        "discom_whatsapp_account_office_rel",
        "account_id",
        "office_id",
        string="Offices",
        help="Offices (and all below them) that send from this number. Empty: every office.",
    )
    phone_number = fields.Char(
        readonly=True, help="The number consumers see. Meta tells it when the connection is tested."
    )
    verified_name = fields.Char(readonly=True, help="The name consumers see, as approved by Meta.")
    phone_number_id = fields.Char(
        string="Phone number ID",
        required=True,
        copy=False,
        tracking=True,
        help="WhatsApp Manager > API Setup. Digits; it is not the phone number itself.",
    )
    waba_id = fields.Char(
        string="WhatsApp Business account ID",
        required=True,
        tracking=True,
        help="WhatsApp Manager > API Setup. Digits. Templates belong to it.",
    )
    app_id = fields.Char(
        string="App ID",
        help="App Dashboard > Settings > Basic. Needed to submit templates that carry a document.",
    )
    base_url = fields.Char(
        string="API address",
        required=True,
        default="https://graph.facebook.com",
        tracking=True,
        help="Meta's address, the one of a Solution Partner, or a simulator.",
    )
    api_version = fields.Char(string="API version", required=True, default="v25.0", tracking=True)
    access_token = fields.Char(
        copy=False,
        exportable=False,
        groups=SECRET_GROUPS,
        help="Permanent token of a system user, with the permissions "
        "whatsapp_business_messaging and whatsapp_business_management.",
    )
    app_secret = fields.Char(
        copy=False,
        exportable=False,
        groups=SECRET_GROUPS,
        help="App Dashboard > Settings > Basic. Without it every webhook call is refused.",
    )
    verify_token = fields.Char(
        copy=False,
        exportable=False,
        groups=SECRET_GROUPS,
        help="Paste it beside the webhook address in the App Dashboard.",
    )
    webhook_key = fields.Char(
        required=True,
        copy=False,
        exportable=False,
        readonly=True,
        groups=SECRET_GROUPS,
        default=lambda self: self._default_webhook_key(),
    )
    webhook_url = fields.Char(
        string="Webhook address", compute="_compute_webhook_url", groups=SECRET_GROUPS
    )
    webhook_last_seen = fields.Datetime(readonly=True, copy=False)
    rate_limit = fields.Integer(
        string="Messages per second",
        required=True,
        default=80,
        aggregator=None,
        help="Throughput of the number: 80, or 1,000 after Meta has raised it.",
    )
    daily_limit = fields.Integer(
        string="Recipients per 24 hours",
        aggregator=None,
        help="Different people who may be written to in any 24 hours. 0: unlimited. "
        "Follows Meta's messaging limit when Meta tells it, unless you have entered less.",
    )
    meta_daily_limit = fields.Integer(
        string="Meta's messaging limit",
        readonly=True,
        copy=False,
        aggregator=None,
        help="As Meta has told it last: people per 24 hours. 0: unlimited, or not told yet.",
    )
    settle_minutes = fields.Integer(
        string="Minutes until unknown",
        required=True,
        default=10,
        aggregator=None,
        help="A message whose call got no answer is called unknown after this time.",
    )
    state = fields.Selection(
        [("draft", "Not tested"), ("connected", "Connected"), ("halted", "Halted")],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
    )
    halt_reason = fields.Text(readonly=True, copy=False)
    quality = fields.Selection(
        [("green", "High"), ("yellow", "Medium"), ("red", "Low"), ("unknown", "Unknown")],
        default="unknown",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    cron_id = fields.Many2one(
        "ir.cron",
        string="Lane",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups=SECRET_GROUPS,
        help="The scheduled action that sends what is queued for this number.",
    )
    template_ids = fields.One2many("discom.whatsapp.template", "account_id", string="Templates")
    template_count = fields.Integer(compute="_compute_template_count")
    template_pending_count = fields.Integer(compute="_compute_template_count")

    _webhook_key_uniq = models.Constraint(
        "unique(webhook_key)", "Each sending number needs a webhook address of its own."
    )
    _phone_number_id_uniq = models.UniqueIndex(
        "(phone_number_id) WHERE active",
        "Another sending number has this phone number ID already. Open that one.",
    )
    _rate_limit_range = models.Constraint(
        "CHECK(rate_limit BETWEEN 1 AND 1000)", "Messages per second: enter 1 to 1,000."
    )
    _daily_limit_positive = models.Constraint(
        "CHECK(daily_limit >= 0)", "Recipients per 24 hours: enter 0 or more."
    )
    _settle_minutes_positive = models.Constraint(
        "CHECK(settle_minutes > 0)", "Wait at least one minute before calling a message unknown."
    )

    @api.depends("webhook_key")
    def _compute_webhook_url(self):
        for account in self:
            account.webhook_url = (
                f"{account.get_base_url()}/discom/whatsapp/webhook/{account.webhook_key}"
            )

    @api.depends("template_ids.status")
    def _compute_template_count(self):
        counts = {}
        for account, status, count in self.env["discom.whatsapp.template"]._read_group(
            [("account_id", "in", self.ids)], ["account_id", "status"], ["__count"]
        ):
            counts.setdefault(account.id, {})[status] = count
        for account in self:
            by_status = counts.get(account.id, {})
            account.template_count = sum(by_status.values())
            account.template_pending_count = by_status.get("pending", 0)

    @api.constrains("base_url")
    def _check_base_url(self):
        for account in self:
            url = urlsplit(account.base_url or "")
            local = url.hostname in ("localhost", "127.0.0.1", "::1")
            if not url.hostname or url.scheme not in ("http", "https") or url.query:
                raise ValidationError(
                    self.env._("The API address must look like https://graph.facebook.com.")
                )
            if url.scheme == "http" and not local:
                # The token travels in a header: never in the clear.
                raise ValidationError(self.env._("The API address must begin with https://."))

    @api.constrains("api_version")
    def _check_api_version(self):
        for account in self:
            if not re.fullmatch(r"v\d{1,3}\.\d", account.api_version or ""):
                raise ValidationError(self.env._("The API version must look like v25.0."))

    @api.constrains("phone_number_id", "waba_id", "app_id")
    def _check_meta_ids(self):
        for account in self:
            for value in (account.phone_number_id, account.waba_id, account.app_id or "0"):
                if not re.fullmatch(r"[0-9]{1,30}", value or ""):
                    raise ValidationError(
                        self.env._(
                            "%(value)s is not an ID of Meta: IDs are digits only. "
                            "Copy them from WhatsApp Manager > API Setup.",
                            value=value,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        accounts = super().create(
            [
                {name: value for name, value in vals.items() if name not in SECRETS}
                for vals in vals_list
            ]
        )
        for account, vals in zip(accounts, vals_list, strict=True):
            given = {name: vals[name] for name in SECRETS if vals.get(name)}
            given.setdefault("verify_token", secrets.token_urlsafe(24))
            account._store_secrets(given)
        accounts._create_lanes()
        return accounts

    def write(self, vals):
        if "state" not in vals:
            changed = self.filtered(
                lambda account: (
                    account.state == "connected"
                    and any(
                        vals[name] != account[name] for name in CONNECTION_FIELDS if name in vals
                    )
                )
            )
            if changed:
                super(WhatsAppAccount, changed).write({"state": "draft"})
        result = super().write({name: value for name, value in vals.items() if name not in SECRETS})
        given = {name: vals[name] for name in SECRETS if name in vals}
        if given:
            self._store_secrets(given)
        if "active" in vals or "name" in vals:
            self._update_lanes()
            # An archived number makes room for its successor at once, in the database too.
            self.flush_recordset(["active"])
        return result

    def unlink(self):
        # sudo: the lane is part of the account, whoever may delete this may delete that.
        crons = self.sudo().cron_id
        actions = crons.ir_actions_server_id
        result = super().unlink()
        crons.unlink()
        actions.unlink()
        return result

    def _store_secrets(self, values):
        """Write secrets by a statement of their own.

        The server logs a statement that fails with all its values: for a number that is set up
        twice, or a lost race, the token would be in the log.

        :param dict values: name of a secret -> text or False
        """
        for name in values:
            self._check_field_access(self._fields[name], "write")
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE discom_whatsapp_account SET %s WHERE id IN %s",
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value or None)
                    for name, value in values.items()
                ),
                tuple(self.ids),
            ),
            log_exceptions=False,
        )
        self.invalidate_recordset(list(values))

    def _export_rows(self, paths, **kwargs):
        """Refuse to export secrets, also through a record that leads here, to whoever asks.

        An exported file lies about in mails and downloads; the form is the place to see them.
        """
        hidden = {*SECRETS, "webhook_key", "webhook_url"}
        if any(path and path[0] in hidden for path in paths):
            raise UserError(self.env._("Tokens and secrets of a sending number are not exported."))
        return super()._export_rows(paths, **kwargs)

    def _create_lanes(self):
        """Give each account its scheduled action."""
        root = self.env.ref("base.user_root")
        model = self.env["ir.model"]._get(self._name)
        # sudo: the administrator of the add-on need not be one of Odoo's settings.
        crons = (
            self.env["ir.cron"]
            .sudo()
            .create(
                [
                    {
                        "name": self.env._("WhatsApp: send from %(name)s", name=account.name),
                        "model_id": model.id,
                        "state": "code",
                        "code": f"model._cron_send({account.id})",
                        "interval_number": 1,
                        "interval_type": "minutes",
                        "user_id": root.id,
                        "active": account.active,
                        "priority": 2,
                    }
                    for account in self
                ]
            )
        )
        for account, cron in zip(self, crons, strict=True):
            # sudo: the lane is readable by administrators only.
            account.sudo().cron_id = cron

    def _update_lanes(self):
        """Keep the lanes' names and activity those of the accounts."""
        # sudo: the administrator of the add-on need not be one of Odoo's settings.
        for account in self.sudo():
            if account.cron_id:
                account.cron_id.write(
                    {
                        "name": self.env._("WhatsApp: send from %(name)s", name=account.name),
                        "active": account.active,
                    }
                )
