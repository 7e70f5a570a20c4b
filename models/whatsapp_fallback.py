from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
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
REASONS = [
    ("not_on_whatsapp", "Not on WhatsApp"),
    ("expired", "Not delivered in time"),
]
#: WhatsApp gives a message up after this, unless its template says sooner.
#: https://developers.facebook.com/docs/whatsapp/templates/time-to-live
DEFAULT_TTL = timedelta(days=30)
#: Reports of a delivery may come late.
LATE = timedelta(hours=6)
BATCH = 1000


class DiscomWhatsappAccount(models.Model):
    _inherit = "discom.whatsapp.account"

    fallback = fields.Selection(
        [
            ("none", "Nothing"),
            ("sms", "SMS for outages and arrears, door list for the rest"),
            ("door", "List for delivery at the door"),
        ],
        "What WhatsApp Cannot Deliver",
        required=True,
        default="none",
        tracking=True,
        help="For people who are not on WhatsApp, or whom a message has not reached in its time.",
    )

    @api.constrains("fallback")
    def _check_fallback(self):
        for account in self:
            # sudo: the gateway is readable by administrators only.
            company = account.company_id.sudo()
            if account.fallback == "sms" and not (
                company.discom_sms_url and company.discom_dlt_entity_id
            ):
                raise ValidationError(
                    self.env._(
                        "Enter the SMS gateway and the DLT principal entity of %(company)s first: "
                        "Settings > Companies.",
                        company=company.name,
                    )
                )


class DiscomWhatsappFallback(models.Model):
    """A message that WhatsApp could not deliver, and what is done instead: an SMS, or a walk."""

    _name = "discom.whatsapp.fallback"
    _description = "Undeliverable on WhatsApp"
    _order = "id desc"
    _rec_name = "partner_id"

    message_id = fields.Many2one(
        "discom.whatsapp.message", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, index=True, ondelete="cascade"
    )
    account_no = fields.Char(related="partner_id.discom_account_no", string="Account Number")
    village = fields.Char(related="partner_id.discom_village")
    office_id = fields.Many2one("discom.office", readonly=True, index=True, ondelete="cascade")
    phone = fields.Char(readonly=True)
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
            raise UserError(self.env._("Your role reads this list and does not change it."))
        waiting = self.filtered(lambda row: row.channel == "door" and row.state == "waiting")
        if not waiting:
            raise UserError(
                self.env._("None of the %(count)s selected is to be delivered.", count=len(self))
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
    def _channel(self, message, now):
        """Return ``sms``, ``door`` or None for one message."""
        setting = message.account_id.fallback
        timely = not message.expires_at or message.expires_at > now
        if message.direction != "out" or not message.partner_id or setting == "none" or not timely:
            return None
        if setting == "sms" and message.purpose in SMS_PURPOSES:
            return "sms"
        return "door" if message.purpose in DOOR_PURPOSES else None

    def _queue_sms(self):
        """Put the SMS of these rows into Odoo's queue; what has no registered text goes to the
        door, or nowhere where it would be too late."""
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
            text = template and template._text(message.values or {})
            if text:
                row.sms_template_id = template
                queue.append(
                    {"number": row.phone, "body": text, "partner_id": row.partner_id.id,
                     "discom_fallback_id": row.id}
                )  # fmt: skip
            elif row.purpose in DOOR_PURPOSES:
                row.write(
                    {"channel": "door", "note": self.env._("No DLT template for this message.")}
                )
            else:
                row.write(
                    {"state": "failed", "note": self.env._("No DLT template for this message.")}
                )
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


class DiscomWhatsappMessage(models.Model):
    _inherit = "discom.whatsapp.message"

    def _fallback(self, reason):
        """Put an SMS or a walk in the place of these, where their sending number says so."""
        self.env["discom.whatsapp.fallback"]._create_for(self, reason)
        return super()._fallback(reason)
