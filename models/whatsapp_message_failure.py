from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models

from ..tools.dispatch_media import refuses_media
from .whatsapp_lane_settle import MAX_ATTEMPTS, backoff, pair_wait

#: Consent that WhatsApp's own switch for marketing messages withdraws.
MARKETING_CONSENT = "other"


class DiscomWhatsappMessage(models.Model):
    """Why a message failed, for staff, and what follows from it, as the table of codes says."""

    _inherit = "discom.whatsapp.message"

    error_meaning = fields.Char(
        "What Happened", compute="_compute_error_meaning", help="In the language of the reader."
    )
    error_advice = fields.Char("What to Do", compute="_compute_error_meaning")

    @api.depends("error_code", "error_text")
    @api.depends_context("lang")
    def _compute_error_meaning(self):
        # WhatsApp's code 0 cannot be told from none here; it stops the number, which explains it.
        codes = set(self.mapped("error_code")) - {0}
        texts = self.env["discom.whatsapp.error"]._explain_codes(list(codes))
        for message in self:
            meaning, advice = texts.get(message.error_code, (False, False))
            message.error_meaning = meaning or message.error_text
            message.error_advice = advice or False

    # === BUSINESS METHODS === #

    def _fallback(self, reason):
        """Tell people in another way what WhatsApp could not; for extension.

        Called within the transaction that notes the failure, so nothing may leave here.

        :param str reason: ``not_on_whatsapp`` or ``expired``
        """

    @api.model
    def _after_failure(self, codes, rules):
        """Do what the table says about messages that failed for good when they were handed over.

        :param dict codes: message id -> WhatsApp's code
        :param dict rules: of the error table, by code
        """
        if codes:
            self._do_after_failure(self._by_action(codes, rules))

    @api.model
    def _after_reported_failure(self, codes):
        """Do what the table says about messages that WhatsApp took and then reported as failed.

        The report says that nothing arrived, so what may be tried again is queued again.

        :param dict codes: message id -> WhatsApp's code, None where it told none
        """
        codes = {message_id: code for message_id, code in codes.items() if code is not None}
        if not codes:
            return
        errors = self.env["discom.whatsapp.error"]
        rules = errors._rules()
        by_action = self._by_action(codes, rules)
        texts = {codes[m.id]: m.error_text or "" for m in self.browse(codes)}
        self._queue_again(by_action, rules)
        for message in by_action["hold"]:
            if message.broadcast_id:
                code = codes[message.id]
                message.broadcast_id._pause(f"({code}) {texts[code]}")
        stopping = by_action["stop"]
        for account in stopping.account_id.filtered(lambda account: account.state != "halted"):
            first = stopping.filtered(lambda m, account=account: m.account_id == account)[0]
            account._halt(codes[first.id], texts[codes[first.id]])
        self._do_after_failure(by_action)
        errors._note_seen(texts, rules)

    @api.model
    def _by_action(self, codes, rules):
        """Return {action: messages}, *fail* for codes that are not in the table."""
        by_action = defaultdict(self.browse)
        for message_id, code in codes.items():
            rule = rules.get(code)
            by_action[rule.action if rule else "fail"] |= self.browse(message_id)
        return by_action

    def _do_after_failure(self, by_action):
        """Withdraw consents, use the other channel, forget documents.

        :param dict by_action: action -> failed messages
        """
        # sudo: the consent journal is written for the person who used WhatsApp's own switch.
        stopped = by_action["opt_out"].partner_id.sudo()
        if stopped:
            stopped._discom_record_consent(
                "withdrawn", [MARKETING_CONSENT], method="whatsapp", evidence="131050"
            )
        unreachable = by_action["fallback"]
        if unreachable:
            # Who hides the number has none that could be noted.
            self._note_bounced(set(unreachable.mapped("phone")) - {False})
            unreachable._fallback("not_on_whatsapp")
        refused = by_action["fail"].filtered(lambda m: refuses_media(m.error_code, m.error_text))
        if media_ids := set(refused.mapped("wa_media_id")) - {False}:
            self.env["discom.whatsapp.media"]._forget(media_ids)

    def _queue_again(self, by_action, rules):
        """Queue messages again whose reported failure is not for good.

        They keep their key until they are claimed: a late report of delivery still counts.
        """
        now = fields.Datetime.now()
        rows = []
        for action, messages in by_action.items():
            for message in messages:
                match action:
                    case _ if message.attempts >= MAX_ATTEMPTS:
                        continue
                    case "retry" | "throttle":
                        wait = backoff(message.attempts)
                    case "pair":
                        wait = pair_wait(message.attempts)
                    case "wait":
                        wait = 3600 * rules[message.error_code].wait_hours
                    case "stop":
                        wait = 0
                    case "hold" if message.broadcast_id:
                        wait = 0
                    case _:
                        continue
                rows.append((message.id, now + timedelta(seconds=wait)))
        if not rows:
            return
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_message m
               SET state = 'queued', retry_at = v.retry_at, failed_at = NULL, claimed_at = NULL,
                   sent_at = NULL
              FROM unnest(%s, %s::timestamp[]) AS v (id, retry_at)
             WHERE m.id = v.id AND m.state = 'failed'
            """,
            [[row[0] for row in rows], [row[1] for row in rows]],
        )
        again = self.browse(row[0] for row in rows)
        again.invalidate_recordset()
        again.account_id._trigger_lane()
        # A broadcast that was closed has something to do again.
        # sudo: nobody may write broadcasts.
        again.broadcast_id.sudo().filtered(lambda b: b.state == "done").state = "sending"
