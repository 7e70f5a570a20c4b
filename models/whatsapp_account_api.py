import json
import re

from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import webhook_payload
from ..tools.cloud_api import CloudApi, CloudApiError

PHONE_NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,throughput,"
    "whatsapp_business_manager_messaging_limit"
)
# Unique recipients per rolling 24 hours, by Meta's name of the level.
# https://developers.facebook.com/docs/whatsapp/messaging-limits
MESSAGING_LIMITS = {
    "TIER_50": 50,
    "TIER_250": 250,
    "TIER_1K": 1000,
    "TIER_2K": 2000,
    "TIER_10K": 10000,
    "TIER_100K": 100000,
    "TIER_UNLIMITED": 0,
}
QUALITIES = ("green", "yellow", "red", "unknown")
# Events of ``account_update`` after which nothing is delivered until a person has acted.
# https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/account_update
HALTING_EVENTS = ("ACCOUNT_DELETED", "ACCOUNT_RESTRICTION", "ACCOUNT_VIOLATION", "DISABLED_UPDATE")


def digits(text):
    """Return the digits of a phone number as people write it."""
    return re.sub(r"\D", "", str(text or ""))


class WhatsAppAccount(models.Model):
    """Talking to Meta about a sending number, and what Meta tells of it."""

    _inherit = "discom.whatsapp.account"

    def action_test_connection(self):
        """Ask Meta about the number; on success the account may send."""
        self.ensure_one()
        self.check_access("write")
        self._check_connection()
        if self.state == "draft":
            self.state = "connected"
        return self._notify(
            self.env._(
                "Connected to %(number)s (%(name)s).",
                number=self.phone_number or self.phone_number_id,
                name=self.verified_name or self.name,
            )
        )

    def action_halt(self):
        """Stop the lane at once, by hand."""
        self.ensure_one()
        self.check_access("write")
        self.write(
            {
                "state": "halted",
                "halt_reason": self.env._("Stopped by %(user)s.", user=self.env.user.name),
            }
        )
        return True

    def action_resume(self):
        """Take the queue up again, once Meta answers as it should."""
        self.ensure_one()
        self.check_access("write")
        if self.state != "halted":
            raise UserError(
                self.env._(
                    "The sending number %(number)s is not halted, so there is nothing to "
                    "resume. Reload the page.",
                    number=self.display_name,
                )
            )
        self._check_connection()
        self.write({"state": "connected", "halt_reason": False})
        self._trigger_lane()
        return self._notify(self.env._("Sending goes on."))

    def action_subscribe_webhook(self):
        """Have Meta deliver the events of this business account to the app."""
        self.ensure_one()
        self.check_access("write")
        path = f"{self.waba_id}/subscribed_apps"
        self._call("post", path, {})
        apps = self._call("get", path, {}).get("data") or []
        if not apps:
            raise UserError(
                self.env._(
                    "Meta accepted the subscription but lists no app. Check that the token belongs "
                    "to the app whose webhook you configured."
                )
            )
        return self._notify(
            self.env._(
                "Meta delivers to the app now. Its webhook address must be the one shown here."
            )
        )

    def action_sync_templates(self):
        """Read all templates of the business account from Meta."""
        self.ensure_one()
        self.check_access("write")
        result = self.env["discom.whatsapp.template"]._sync_account(self)
        return self._notify(
            self.env._(
                "Templates: %(updated)s updated, %(created)s new, %(skipped)s skipped.", **result
            )
        )

    def action_create_templates(self):
        """Copy the standard set that is missing here and submit it to Meta."""
        self.ensure_one()
        self.check_access("write")
        return self.env["discom.whatsapp.template"]._create_standard_set(self)

    def action_open_templates(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_whatsapp_template_action"
        )
        action["domain"] = [("account_id", "=", self.id)]
        action["context"] = {"default_account_id": self.id}
        return action

    def _cloud_api(self):
        """Return the client of this account.

        :raise UserError: when there is no token
        """
        self.ensure_one()
        # sudo: staff may use the number without being able to read its token.
        account = self.sudo()
        if not account.access_token:
            raise UserError(
                self.env._(
                    "%(name)s has no access token. An administrator sets it under "
                    "Configuration > Sending numbers.",
                    name=account.name,
                )
            )
        return CloudApi(
            account.base_url,
            account.api_version,
            account.access_token,
            account.phone_number_id,
            account.waba_id,
            timeout=10,
        )

    def _call(self, method, path, payload):
        """Call the API for a person who waits and return the answer as a dict.

        :raise UserError: with what to do about it
        """
        try:
            return getattr(self._cloud_api(), method)(path, payload)
        except CloudApiError as error:
            raise UserError(self._explain(error)) from None

    def _call_paged(self, path, params):
        """Yield the items of a list of the API, for a person who waits.

        :raise UserError: with what to do about it
        """
        try:
            yield from self._cloud_api().get_paged(path, params)
        except CloudApiError as error:
            raise UserError(self._explain(error)) from None

    def _upload_sample(self, client, filename, mimetype, content):
        """Upload a file for Meta's reviewers and return its handle.

        https://developers.facebook.com/docs/graph-api/guides/upload

        :param client: as returned by :meth:`_cloud_api`
        :raise CloudApiError:
        """
        self.ensure_one()
        if not self.app_id:
            raise UserError(
                self.env._(
                    "Enter the App ID of %(name)s: templates with a PDF or a picture are submitted "
                    "with a sample, which is uploaded to the app.",
                    name=self.name,
                )
            )
        session = client.post(
            f"{self.app_id}/uploads",
            params={
                "file_name": filename,
                "file_length": len(content),
                "file_type": mimetype,
            },
        )
        answer = client.post(str(session.get("id")), data=content, headers={"file_offset": "0"})
        return answer.get("h")

    def _check_connection(self):
        """Read the number from Meta and store what it says; UserError if it does not fit."""
        answer = self._call("get", self.phone_number_id, {"fields": PHONE_NUMBER_FIELDS})
        numbers = self._call("get", f"{self.waba_id}/phone_numbers", {"fields": "id", "limit": 100})
        if self.phone_number_id not in {str(row.get("id")) for row in numbers.get("data") or []}:
            raise UserError(
                self.env._(
                    "The phone number ID %(number)s does not belong to the WhatsApp Business "
                    "account %(waba)s. Copy both from WhatsApp Manager > API Setup.",
                    number=self.phone_number_id,
                    waba=self.waba_id,
                )
            )
        business = self._call("get", self.waba_id, {"fields": "id,currency"})
        quality = str(answer.get("quality_rating") or "").lower()
        vals = {
            "phone_number": answer.get("display_phone_number"),
            "verified_name": answer.get("verified_name"),
            "quality": quality if quality in QUALITIES else "unknown",
            "throughput_level": (answer.get("throughput") or {}).get("level"),
            "billing_currency": business.get("currency"),
            "tested_at": fields.Datetime.now(),
        }
        self.write(vals)
        self._apply_messaging_limit(
            MESSAGING_LIMITS.get(answer.get("whatsapp_business_manager_messaging_limit"))
        )

    def _apply_messaging_limit(self, limit):
        """Follow Meta's limit, up and down; a lower own limit stays.

        :param limit: recipients per 24 hours, 0 for unlimited, None for unknown
        """
        if limit is None:
            return
        for account in self:
            followed = account.daily_limit in (0, account.meta_daily_limit)
            if followed or limit and account.daily_limit > limit:
                account.daily_limit = limit
            account.meta_daily_limit = limit

    def _apply_event(self, row):
        """Take over what a webhook tells of the business account or the number.

        :param dict row: as in :class:`tools.webhook_payload.Webhook`
        """
        self.ensure_one()
        # Meta names the business account: one address may serve several of them.
        accounts = self.search(
            [("waba_id", "=", row["waba_id"]), ("company_id", "=", self.company_id.id)]
        )
        value = row["value"]
        event = str(value.get("event") or "")
        if row["field"] == "phone_number_quality_update":
            accounts = accounts.filtered(
                lambda account: (
                    digits(account.phone_number) == digits(value.get("display_phone_number"))
                )
            )
            if event in ("FLAGGED", "UNFLAGGED"):
                accounts.write({"quality": "red" if event == "FLAGGED" else "yellow"})
            accounts._apply_messaging_limit(MESSAGING_LIMITS.get(str(value.get("current_limit"))))
        elif row["field"] == "business_capability_update":
            limit = value.get("max_daily_conversations_per_business") or value.get(
                "max_daily_conversation_per_phone"
            )
            # -1 is Meta's word for unlimited; newer versions send the name of the level.
            if isinstance(limit, str):
                limit = MESSAGING_LIMITS.get(limit)
            # What no column holds is no limit anybody meets.
            known = type(limit) is int and limit < 2**31
            accounts._apply_messaging_limit(max(limit, 0) if known else None)
        elif event in HALTING_EVENTS:
            # A restriction is reported several times; the first report told the administrators.
            for account in accounts.filtered(lambda account: account.state != "halted"):
                account._halt(None, self.env._("Meta reports %(event)s.", event=event))
        note = self.env._(
            "Meta reports %(field)s: %(value)s",
            field=row["field"],
            value=webhook_payload.clean(json.dumps(value, ensure_ascii=False)),
        )
        accounts._message_log_batch(bodies=dict.fromkeys(accounts.ids, note))

    def _explain(self, error):
        """Say in one sentence what is wrong and what to do, without any secret.

        :param error: CloudApiError
        :rtype: str
        """
        self.ensure_one()
        if error.code in (0, 190, 463, 467) or error.http_status == 401:
            return self.env._(
                "Meta refuses the access token (wrong or expired). Create a permanent token of a "
                "system user in Business Settings and paste it here."
            )
        if error.code in (3, 10) or 200 <= (error.code or 0) <= 299:
            return self.env._(
                "The access token lacks a permission. It needs whatsapp_business_messaging and "
                "whatsapp_business_management, and the system user must be assigned to the "
                "WhatsApp account."
            )
        if error.code in (33, 100) and error.http_status in (400, 404):
            return self.env._(
                "Meta does not know this ID for the token: %(message)s Check the phone number ID "
                "and the WhatsApp Business account ID in WhatsApp Manager > API Setup.",
                message=self._redact(error.details or error.message),
            )
        if not error.http_status:
            return self.env._(
                "%(url)s does not answer. Check the API address and the internet connection of "
                "the server.",
                url=self.base_url,
            )
        return self.env._(
            "WhatsApp answers: %(message)s (code %(code)s)",
            message=self._redact(error.details or error.message),
            code=error.code or error.http_status,
        )

    def _redact(self, text):
        """Return ``text`` with every secret of the account blanked out."""
        # sudo: to blank a secret one has to know it.
        account = self.sudo()
        text = str(text or "")
        for value in (account.access_token, account.app_secret, account.verify_token):
            if value:
                text = text.replace(value, "•••")
        return text

    def _notify(self, message, ok=True):
        """Return the client action that shows ``message`` and reloads the form."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if ok else "warning",
                "sticky": not ok,
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
