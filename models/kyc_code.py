import hashlib
import hmac
import re
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import hmac as odoo_hmac

from ..tools.phone import to_latin_digits
from ..tools.template_text import CODE_MINUTES
from .whatsapp_message import PRIORITY_CODE

DIGITS = 6
TRIES = 5
#: Seconds between two codes to the same consumer or number.
PAUSE_SECONDS = 60
#: Wrong codes that one user may type in an hour, whatever the consumers.
USER_TRIES = 30
SCOPE = "discom-kyc-code"
GC_BATCH = 1000  # codes deleted at once
LANGUAGES = ["hi_IN", "en_IN"]


class DiscomKycCode(models.Model):
    """A one-time code that proves that a consumer holds the phone with the number given.

    The code itself is stored nowhere, not even in the message: it is worked out from a random
    nonce and the secret of the database when the message leaves and when the code is typed, as in
    RFC 4226.
    """

    _name = "discom.kyc.code"
    _inherit = ["discom.whatsapp.mixin"]
    _description = "KYC code"
    _order = "id desc"
    _rec_name = "phone"

    partner_id = fields.Many2one("res.partner", "Consumer", required=True, ondelete="cascade")
    phone = fields.Char(required=True, personal="phone")
    nonce = fields.Char(required=True, default=lambda self: secrets.token_hex(16))
    user_id = fields.Many2one("res.users", "Sent by", required=True, ondelete="cascade")
    expires_at = fields.Datetime(required=True)
    tries = fields.Integer("Wrong codes typed", aggregator=None)
    state = fields.Selection(
        [("sent", "Sent"), ("proved", "Proved"), ("void", "Void")], default="sent", required=True
    )

    _partner_idx = models.Index("(partner_id, id DESC)")
    # Of several asked for at the same moment, which do not see each other, one is made.
    _one_sent = models.UniqueIndex(
        "(partner_id) WHERE state = 'sent'",
        "A code has just been sent. Wait a minute before sending another.",
    )
    _phone_idx = models.Index("(phone, create_date)")
    _user_idx = models.Index("(user_id, create_date)")

    def _code(self):
        """Return the six digits of this code."""
        self.ensure_one()
        # The parameter with the secret is readable by administrators only; the code is not shown.
        key = odoo_hmac(
            self.env(su=True), SCOPE, (self.id, self.partner_id.id, self.phone, self.nonce)
        )
        digest = hmac.new(bytes.fromhex(key), b"code", hashlib.sha256).digest()
        offset = digest[-1] & 0x0F
        number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
        return str(number % 10**DIGITS).zfill(DIGITS)

    def _whatsapp_secrets(self):
        return {code.id: {"code": code._code()} for code in self.exists()}

    def _whatsapp_stale(self, purpose):
        """A code that was replaced, or whose number has changed since, goes nowhere."""
        return self.filtered(
            lambda code: (
                code.state != "sent" or code.phone != code.partner_id.discom_whatsapp_number
            )
        )

    @api.model
    def _gc_codes(self):
        """Delete a batch of codes of which only the history of KYC is still of use.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("kyc_code")
        if before is None:
            return 0, False
        old = self.search([("create_date", "<", before)], limit=GC_BATCH)
        count = len(old)
        old.unlink()
        return count, count == GC_BATCH


class ResPartner(models.Model):
    """Sending a consumer a code, and having it told back."""

    _inherit = "res.partner"

    def _discom_send_code(self):
        """Queue a code to the WhatsApp number of the consumer, before everything else.

        :return: the ``discom.kyc.code``, as superuser
        :raise UserError: where no code can be sent now, with the reason
        """
        self.ensure_one()
        self.check_access("write")
        if not self.discom_consumer or not self.discom_whatsapp_number:
            raise UserError(
                self.env._(
                    "%(consumer)s has no WhatsApp number. Enter it first.",
                    consumer=self.display_name,
                )
            )
        template = self._discom_code_template()
        if not template:
            raise UserError(
                self.env._(
                    "No code can be sent: no connected sending number has an approved "
                    "template for it. The number is kept as captured; tell the "
                    "administrator."
                )
            )
        # Codes are nobody's to read or write; the methods here decide.
        codes = self.env["discom.kyc.code"].sudo()
        now = self.env.cr.now()
        recent = codes.search_count(
            [
                ("create_date", ">", now - timedelta(seconds=PAUSE_SECONDS)),
                "|",
                ("partner_id", "=", self.id),
                ("phone", "=", self.discom_whatsapp_number),
            ],
            limit=1,
        )
        if recent:
            raise UserError(
                self.env._("A code has just been sent. Wait a minute before sending another.")
            )
        codes.search([("partner_id", "=", self.id), ("state", "=", "sent")]).state = "void"
        codes.flush_model(["state"])
        code = codes.create(
            {
                "partner_id": self.id,
                "phone": self.discom_whatsapp_number,
                "user_id": self.env.uid,
                "expires_at": now + timedelta(minutes=CODE_MINUTES),
            }
        )
        message = {
            "purpose": "kyc_code",
            "priority": PRIORITY_CODE,
            "res_model": code._name,
            "res_id": code.id,
            "expires_at": code.expires_at,
        }
        self._discom_queue_messages([(self, template, message)])
        return code

    def _discom_code_waits(self):
        """Whether a code that the current user has just sent to the number on record may be typed,
        so that another is neither sent nor needed."""
        self.ensure_one()
        # Codes are nobody's to read or write; the methods here decide.
        code = self.env["discom.kyc.code"].sudo()
        code = code.search([("partner_id", "=", self.id), ("state", "=", "sent")], limit=1)
        begin = self.env.cr.now() - timedelta(seconds=PAUSE_SECONDS)
        return (
            code.phone == self.discom_whatsapp_number
            and code.user_id == self.env.user
            and code.create_date > begin
            and code.tries < TRIES
            # What did not arrive is not waited for.
            and self.discom_kyc_state != "bounced"
        )

    def _discom_check_code(self, text):
        """Compare what the consumer told with the code sent, and prove the number if it is right.

        Does not raise for a wrong code: the count of tries has to be kept.

        :param str text: as typed; Devanagari digits and blanks are understood
        :return: ``proved``, ``wrong``, ``expired``, ``tries`` (too many for this code), ``user``
            (too many by this user), ``other`` (a colleague sent it) or ``none`` (none was sent)
        """
        self.ensure_one()
        self.check_access("write")
        typed = re.sub(r"\s", "", to_latin_digits(text or ""))
        # Codes are nobody's to read or write; the methods here decide.
        codes = self.env["discom.kyc.code"].sudo()
        code = codes.search([("partner_id", "=", self.id), ("state", "=", "sent")], limit=1)
        if not code or code.phone != self.discom_whatsapp_number:
            return "none"
        # Whoever asked for the code types it, so that the limit per user holds.
        if code.user_id != self.env.user:
            return "other"
        now = self.env.cr.now()
        if code.expires_at < now:
            return "expired"
        if code.tries >= TRIES:
            return "tries"
        wrong = codes._read_group(
            [("user_id", "=", self.env.uid), ("create_date", ">", now - timedelta(hours=1))],
            [],
            ["tries:sum"],
        )[0][0]
        if (wrong or 0) >= USER_TRIES:
            return "user"
        # Two tries at the same time must not count as one.
        code.lock_for_update()
        if not hmac.compare_digest(typed.encode(), code._code().encode()):
            code.tries += 1
            return "tries" if code.tries >= TRIES else "wrong"
        code.state = "proved"
        self._discom_prove_number(self.env._("Code told back"))
        return "proved"

    @api.model
    def _discom_account(self):
        """Return the working sending number of the current user's offices."""
        account = self.env["discom.whatsapp.account"]._for_user()
        return account if account.state == "connected" else account.browse()

    @api.model
    def _discom_templates(self, purpose):
        """Return {language: approved template} of a purpose on the user's sending number."""
        account = self._discom_account()
        templates = self.env["discom.whatsapp.template"].search(
            [
                ("account_id", "in", account.ids),
                ("purpose", "=", purpose),
                ("status", "=", "approved"),
            ]
        )
        return {template.lang: template for template in templates}

    def _discom_code_template(self):
        """Return the template of a code, in the language of the consumer or in another."""
        templates = {
            lang: template
            for lang, template in self._discom_templates("kyc_code").items()
            if template.category == "AUTHENTICATION"
        }
        return self._discom_in_own_language(templates) or self.env["discom.whatsapp.template"]

    def _discom_in_own_language(self, templates):
        """Return the one of ``templates`` (by language) to use for the consumer, None of none."""
        self.ensure_one()
        langs = [lang for lang in (self.lang, *LANGUAGES, *templates) if lang in templates]
        return templates[langs[0]] if langs else None

    @api.model
    def _discom_queue_messages(self, consumers_values):
        """Queue messages to the numbers of consumers and wake their lanes.

        :param consumers_values: list of (consumer, template, values of the message)
        :return: the messages
        """
        consumers = self.union(*[consumer for consumer, _template, _values in consumers_values])
        consumers.check_access("write")
        # Nobody writes messages; they are made by those who may write the consumers.
        messages = (
            self.env["discom.whatsapp.message"]
            .sudo()
            .create(
                [
                    {
                        "account_id": template.account_id.id,
                        "template_id": template.id,
                        "partner_id": consumer.id,
                        "office_id": consumer.discom_office_id.id,
                        "phone": consumer.discom_whatsapp_number,
                        "lang": template.lang,
                        **values,
                        "values": template._mapped(values.get("values") or {}),
                    }
                    for consumer, template, values in consumers_values
                ]
            )
        )
        messages.account_id._trigger_lane()
        return messages
