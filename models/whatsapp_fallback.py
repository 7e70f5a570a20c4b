from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: SMS stand in for these only: outages, while they are worth knowing, and arrears.
OUTAGE_PURPOSES = (
    "outage_planned",
    "outage_unplanned",
    "outage_changed",
    "outage_restored",
    "outage_cancelled",
)
ARREARS_PURPOSES = ("overdue", "notice")
SMS_PURPOSES = (*OUTAGE_PURPOSES, *ARREARS_PURPOSES)
#: An outage is over before anybody has gone there.
DOOR_PURPOSES = ("bill", "due_reminder", *ARREARS_PURPOSES)
#: Papers that are due to everybody, also to those who cannot or do not want to be written to.
PAPER_PURPOSES = ("bill", "notice")
#: Reasons for which a broadcast skips people who get the paper, and about what.
LISTED = {
    "not_on_whatsapp": DOOR_PURPOSES,
    **dict.fromkeys(("no_number", "no_consent", "opted_out"), PAPER_PURPOSES),
}
REASONS = [
    ("not_on_whatsapp", "Not on WhatsApp"),
    ("expired", "Not delivered in time"),
    ("no_number", "No WhatsApp number"),
    ("no_consent", "Consent was never asked"),
    ("opted_out", "Consent withdrawn"),
]
#: WhatsApp gives a message up after this, unless its template says sooner.
#: https://developers.facebook.com/docs/whatsapp/templates/time-to-live
DEFAULT_TTL = timedelta(days=30)
#: Reports of a delivery may come late.
LATE = timedelta(hours=6)
BATCH = 1000


class DiscomWhatsappFallback(models.Model):
    """A message that WhatsApp could not deliver, and what is done instead: an SMS, or a walk."""

    _name = "discom.whatsapp.fallback"
    _inherit = ["discom.aadhaar.mixin"]
    _description = "Undeliverable on WhatsApp"
    _order = "id desc"
    _rec_name = "partner_id"
    _no_aadhaar = ("note",)

    message_id = fields.Many2one(
        "discom.whatsapp.message", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, index=True, ondelete="cascade"
    )
    account_no = fields.Char(related="partner_id.discom_account_no", string="Account Number")
    village = fields.Char(related="partner_id.discom_village")
    office_id = fields.Many2one("discom.office", readonly=True, index=True, ondelete="cascade")
    phone = fields.Char(readonly=True, personal="phone")
    purpose = fields.Selection(
        selection=lambda self: self.env["discom.whatsapp.template"]._selection_purpose(),
        readonly=True,
    )
    reason = fields.Selection(REASONS, required=True, readonly=True)
    channel = fields.Selection(
        [("sms", "SMS"), ("door", "At the door")], required=True, readonly=True
    )
    state = fields.Selection(
        [("waiting", "To do"), ("sent", "Sent"), ("done", "Delivered"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="waiting",
    )
    note = fields.Char("Remark", readonly=True)
    date_done = fields.Datetime(readonly=True)
    user_id = fields.Many2one("res.users", "Delivered By", readonly=True, ondelete="set null")
    sms_template_id = fields.Many2one("discom.sms.template", readonly=True, ondelete="set null")

    _message_uniq = models.Constraint("unique(message_id)", "A message falls back once.")
    _door_idx = models.Index("(office_id, id) WHERE channel = 'door' AND state = 'waiting'")

    def action_done(self):
        """Note that the papers were handed over at the door."""
        self.check_access("read")
        if not any(
            self.env.user.has_group(f"discom.{group}")
            for group in ("group_field_surveyor", "group_counter_clerk", "group_billing_clerk")
        ):
            raise UserError(
                self.env._(
                    "Your role reads this list and does not change it. Surveyors, counter "
                    "clerks and billing clerks do."
                )
            )
        waiting = self.filtered(lambda row: row.channel == "door" and row.state == "waiting")
        if not waiting:
            raise UserError(
                self.env._(
                    "None of those selected (%(count)s) waits for delivery at the door. "
                    "Reload the list.",
                    count=len(self),
                )
            )
        # sudo: the rows are written by this method and the queue alone.
        waiting.sudo().write(
            {"state": "done", "date_done": fields.Datetime.now(), "user_id": self.env.uid}
        )
        return True

    @api.model
    def _create_for(self, messages, reason):
        """Note messages that WhatsApp could not deliver, each once, as its sending number wants.

        :param messages: outgoing ones about consumers
        :param str reason: of ``REASONS``
        """
        known = self.search([("message_id", "in", messages.ids)]).message_id
        now = fields.Datetime.now()
        values = []
        for message in messages - known:
            channel = self._channel(message, now)
            if channel:
                values.append(
                    {
                        "message_id": message.id,
                        "partner_id": message.partner_id.id,
                        "office_id": message.office_id.id,
                        "phone": message.phone,
                        "purpose": message.purpose,
                        "reason": reason,
                        "channel": channel,
                    }
                )
        rows = self.create(values)
        rows.filtered(lambda row: row.channel == "sms")._queue_sms()
        return rows

    @api.model
    def _reasons_met(self, account, purpose):
        """Return the reasons of skipping for which ``account`` has something else done."""
        if account.fallback == "none":
            return set()
        met = {reason for reason, purposes in LISTED.items() if purpose in purposes}
        if account.fallback == "sms" and purpose in SMS_PURPOSES:
            met.add("not_on_whatsapp")
        return met

    @api.model
    def _list_skipped(self, broadcast, first, last):
        """List for the door those whom ``broadcast`` did not write to, each once about a paper.

        :param tuple first: (record id, person id) after which it begins
        :param tuple last: of the last one
        """
        listed = [reason for reason, purposes in LISTED.items() if broadcast.purpose in purposes]
        if not listed:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_whatsapp_fallback (
                       message_id, partner_id, office_id, phone, purpose, reason, channel, state,
                       create_uid, create_date, write_uid, write_date)
                SELECT m.id, m.partner_id, m.office_id, m.phone, m.purpose, m.skip_reason, 'door',
                       'waiting', %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM discom_whatsapp_message m
                 WHERE m.broadcast_id = %(broadcast)s AND m.state = 'skipped'
                   AND m.skip_reason = ANY(%(reasons)s) AND m.partner_id IS NOT NULL
                   AND (m.res_id, m.partner_id) > %(first)s AND (m.res_id, m.partner_id) <= %(last)s
                   AND NOT EXISTS (
                       SELECT FROM discom_whatsapp_fallback f
                         JOIN discom_whatsapp_message o ON o.id = f.message_id
                        WHERE f.partner_id = m.partner_id AND f.purpose = m.purpose
                          AND o.res_model = m.res_model AND o.res_id = m.res_id)
                 ORDER BY m.id
                    ON CONFLICT (message_id) DO NOTHING
                """,
                broadcast=broadcast.id,
                reasons=listed,
                first=first,
                last=last,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model()

    @api.model
    def _text_skipped(self, broadcast, rows):
        """Send an SMS to those whom ``broadcast`` skipped as not on WhatsApp.

        :param rows: of the audience query
        """
        sendable = [row for row in rows if row["lang"]]
        if not sendable:
            return
        frozen = {
            (row["res_id"], row["partner_id"]): values
            for row, values in zip(sendable, broadcast._message_values(sendable), strict=True)
        }
        documents = self.env[broadcast.res_model].browse({row["res_id"] for row in sendable})
        expiry = documents._whatsapp_expiry(broadcast.purpose)
        now = fields.Datetime.now()
        messages = self.env["discom.whatsapp.message"].search(
            [
                ("broadcast_id", "=", broadcast.id),
                ("skip_reason", "=", "not_on_whatsapp"),
                ("res_id", "in", documents.ids),
                ("partner_id", "in", [row["partner_id"] for row in sendable]),
            ]
        )
        timely = messages.filtered(
            lambda message: (
                (message.res_id, message.partner_id.id) in frozen
                and (expiry.get(message.res_id) or now) >= now
            )
        )
        self.create(
            [
                {
                    "message_id": message.id,
                    "partner_id": message.partner_id.id,
                    "office_id": message.office_id.id,
                    "phone": message.phone,
                    "purpose": message.purpose,
                    "reason": "not_on_whatsapp",
                    "channel": "sms",
                }
                for message in timely
            ]
        )._queue_sms(
            {message.id: frozen[message.res_id, message.partner_id.id] for message in timely}
        )

    @api.model
    def _channel(self, message, now):
        """Return ``sms``, ``door`` or None for one message."""
        setting = message.account_id.fallback
        timely = not message.expires_at or message.expires_at > now
        if message.direction != "out" or not message.partner_id or setting == "none" or not timely:
            return None
        if setting == "sms" and message.purpose in SMS_PURPOSES:
            return "sms"
        return "door" if message.purpose in DOOR_PURPOSES else None

    def _queue_sms(self, values=None):
        """Put the SMS of these rows into Odoo's queue; what has no registered text goes to the
        door, or nowhere where it would be too late.

        :param dict values: {message id: values} of messages that were skipped and have none
        """
        templates = {
            (template.company_id, template.purpose, template.lang): template
            for template in self.env["discom.sms.template"].search(
                [("company_id", "in", self.message_id.account_id.company_id.ids)]
            )
        }
        queue = []
        for row in self:
            message = row.message_id
            company = message.account_id.company_id
            template = templates.get((company, row.purpose, message.lang)) or templates.get(
                (company, row.purpose, "hi_IN")
            )
            known = message.values or (values or {}).get(message.id) or {}
            text = template and template._text(known)
            reason = self.env._("No DLT template for this message.")
            if template:
                reason = self.env._("A value of the SMS is missing in this message.")
            if text:
                row.sms_template_id = template
                queue.append(
                    {"number": row.phone, "body": text, "partner_id": row.partner_id.id,
                     "discom_fallback_id": row.id}
                )  # fmt: skip
            elif row.purpose in DOOR_PURPOSES:
                row.write({"channel": "door", "note": reason})
            else:
                row.write({"state": "failed", "note": reason})
        # sudo: SMS are the system's.
        self.env["sms.sms"].sudo().create(queue)

    # === TOO LATE === #

    @api.model
    def _cron_expired(self):
        """Note arrears messages that WhatsApp has taken and not delivered in their time."""
        cron = self.env["ir.cron"]
        while True:
            found = self._find_expired()
            found._fallback("expired")
            if len(found) < BATCH or not cron._commit_progress(len(found), remaining=BATCH):
                break

    @api.model
    def _find_expired(self):
        """Return up to ``BATCH`` messages whose time is over, of numbers that want a fallback."""
        accounts = self.env["discom.whatsapp.account"].search([("fallback", "!=", "none")])
        if not accounts:
            return self.env["discom.whatsapp.message"]
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.id
                  FROM discom_whatsapp_message m
                  LEFT JOIN discom_whatsapp_template t ON t.id = m.template_id
                 WHERE m.account_id = ANY(%(accounts)s)
                   AND m.claimed_at BETWEEN %(first)s AND %(last)s
                   AND m.state IN ('accepted', 'sent')
                   AND m.purpose = ANY(%(purposes)s)
                   AND m.claimed_at + make_interval(secs => COALESCE(NULLIF(t.ttl_seconds, 0),
                                                                     %(ttl)s)) < %(last)s
                   AND NOT EXISTS (SELECT FROM discom_whatsapp_fallback f
                                    WHERE f.message_id = m.id)
                   AND (m.expires_at IS NULL OR m.expires_at > %(now)s)
                 ORDER BY m.id
                 LIMIT %(limit)s
                """,
                accounts=accounts.ids,
                first=now - 2 * DEFAULT_TTL,
                last=now - LATE,
                purposes=list(set(DOOR_PURPOSES)),
                ttl=DEFAULT_TTL.total_seconds(),
                now=now,
                limit=BATCH,
            )
        )
        return self.env["discom.whatsapp.message"].browse(row[0] for row in rows)


class DiscomWhatsappBroadcast(models.Model):
    _inherit = "discom.whatsapp.broadcast"

    def _note_skipped(self, rows):
        """Extend: who is known not to be reached gets the paper, or the SMS, without a try."""
        super()._note_skipped(rows)
        # sudo: the rows are the system's.
        fallback = self.env["discom.whatsapp.fallback"].sudo()
        setting = self.account_id.fallback
        if setting == "none":
            return
        if setting == "sms" and self.purpose in SMS_PURPOSES:
            bounced = [row for row in rows if row["reason"] == "not_on_whatsapp"]
            fallback._text_skipped(self, bounced)
        first, last = rows[0], rows[-1]
        fallback._list_skipped(
            self,
            (first["res_id"], first["partner_id"] - 1),
            (last["res_id"], last["partner_id"]),
        )


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    def _fallback(self, reason):
        """Put an SMS or a walk in the place of these, where their sending number says so."""
        self.env["discom.whatsapp.fallback"]._create_for(self, reason)
        return super()._fallback(reason)

    def _requeue(self):
        """Extend: what is tried on WhatsApp again needs no walk, unless it fails again."""
        count = super()._requeue()
        # sudo: the rows are the system's.
        self.env["discom.whatsapp.fallback"].sudo().search(
            [
                ("message_id", "in", self.filtered(lambda m: m.state == "queued").ids),
                ("channel", "=", "door"),
                ("state", "=", "waiting"),
            ]
        ).unlink()
        return count
