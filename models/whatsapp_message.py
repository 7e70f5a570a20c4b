import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

#: Order in which messages leave; lower goes first.
PRIORITY_CODE = 1
PRIORITY_REPLY = 5
PRIORITY_OUTAGE = 10
PRIORITY_RECEIPT = 20
PRIORITY_ARREARS = 30
PRIORITY_BILL = 40
PRIORITY_OTHER = 50

STATES = [
    ("queued", "Queued"),
    ("in_flight", "Sending"),
    ("accepted", "Accepted by WhatsApp"),
    ("held", "Held by WhatsApp"),
    ("sent", "Sent"),
    ("delivered", "Delivered"),
    ("read", "Read"),
    ("failed", "Failed"),
    ("unknown", "No answer yet"),
    ("skipped", "Skipped"),
    ("cancelled", "Cancelled"),
    ("received", "Received"),
]

#: States of a message that reached WhatsApp, so that sending it again would be a repetition.
REACHED = ("accepted", "held", "sent", "delivered", "read")
#: States in which a message may still reach WhatsApp or already has.
LIVE = ("queued", "in_flight", "unknown", *REACHED)

#: Columns that PostgreSQL makes from the state: name, states that stand in it.
MADE_COLUMNS = {"open_state": ("queued", "in_flight", "unknown"), "failed_state": ("failed",)}

#: States of a message that has not left.
WAITING = ("queued", "in_flight")

#: Purpose of a message that somebody sends to the own number to see it; no statistics count it.
TEST_PURPOSE = "test"

SKIP_REASONS = [
    ("no_number", "No WhatsApp number"),
    ("no_consent", "Consent was never asked"),
    ("opted_out", "Consent withdrawn"),
    ("not_on_whatsapp", "Number is not on WhatsApp"),
    ("duplicate", "Already sent or queued"),
    ("no_template", "No approved template"),
    ("not_applicable", "Does not apply to this record"),
    ("combined", "Named in another message to the same number"),
    ("expired", "No longer worth sending"),
]


class DiscomWhatsappMessage(models.Model):
    """One message to or from one person on WhatsApp, or the reason why none was sent.

    States of an outgoing message::

        queued -> in_flight -> accepted | held -> sent -> delivered -> read
           ^          |--> queued again (retry_at)          |
           |          |--> failed  <-----------------------'
           '- unknown <'   (no answer; settled by the webhook that carries our key)

    ``skipped`` rows were never meant to leave: they are the answer to "why did she get nothing".
    The row is written by SQL in bulk, so it has no chatter and no stored computed field.
    """

    _name = "discom.whatsapp.message"
    _inherit = ["discom.office.page.mixin"]
    _description = "WhatsApp Message"
    _order = "id desc"
    _rec_name = "phone"

    key = fields.Char(
        default=lambda self: self.env["discom.whatsapp.message"]._new_key(),
        required=True,
        readonly=True,
        copy=False,
        help="Identity given to WhatsApp, which comes back with every status.",
    )
    direction = fields.Selection(
        [("out", "Outgoing"), ("in", "Incoming")], default="out", required=True, readonly=True
    )
    account_id = fields.Many2one(
        "discom.whatsapp.account", "Sending Number", readonly=True, ondelete="restrict"
    )
    broadcast_id = fields.Many2one("discom.whatsapp.broadcast", readonly=True, ondelete="restrict")
    template_id = fields.Many2one("discom.whatsapp.template", readonly=True, ondelete="restrict")
    version_id = fields.Many2one(
        "discom.whatsapp.template.version",
        "Text",
        readonly=True,
        ondelete="restrict",
        help="The version of the template's text that the consumer got.",
    )
    partner_id = fields.Many2one("res.partner", "Consumer", readonly=True, ondelete="restrict")
    office_id = fields.Many2one("discom.office", readonly=True, ondelete="restrict")
    phone = fields.Char("WhatsApp Number", readonly=True, personal="phone")
    lang = fields.Char("Language", readonly=True)
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference("Document ID", model_field="res_model", readonly=True)
    purpose = fields.Selection(
        selection=lambda self: [
            *self.env["discom.whatsapp.template"]._selection_purpose(),
            (TEST_PURPOSE, self.env._("Test")),
        ],
        readonly=True,
    )
    priority = fields.Integer(default=PRIORITY_OTHER, readonly=True, aggregator=None)
    values = fields.Json("Frozen Values", readonly=True)
    body = fields.Text(readonly=True, help="Free text; a template's text is made from its values.")
    buttons = fields.Json(
        "Reply Buttons",
        readonly=True,
        help="Under a free text: id and title of each, up to three; in a list up to ten, each with "
        "a description where it needs one.",
    )
    list_title = fields.Char(
        "List Button", readonly=True, help="Opens the reply buttons as a list; empty: no list."
    )
    with_document = fields.Boolean(
        readonly=True, help="A free text that is the caption of the document it is about."
    )
    kind = fields.Char("Kind of Message", readonly=True, help="Of what came in: text, image, …")
    state = fields.Selection(STATES, default="queued", required=True, readonly=True)
    skip_reason = fields.Selection(SKIP_REASONS, readonly=True)
    wamid = fields.Char("WhatsApp ID", readonly=True, copy=False)
    wa_media_id = fields.Char("Document at WhatsApp", readonly=True, copy=False)
    error_code = fields.Integer(readonly=True, aggregator=None)
    error_text = fields.Char("Reason", readonly=True)
    attempts = fields.Integer(readonly=True, aggregator=None)
    category = fields.Char("Billed As", readonly=True)
    retry_at = fields.Datetime("Not Before", readonly=True)
    expires_at = fields.Datetime("Worth Sending Until", readonly=True)
    claimed_at = fields.Datetime("Handed Over", readonly=True)
    sent_at = fields.Datetime("Sent", readonly=True)
    delivered_at = fields.Datetime("Delivered", readonly=True)
    read_at = fields.Datetime("Read", readonly=True)
    failed_at = fields.Datetime("Failed", readonly=True)
    text = fields.Text("Message", compute="_compute_text")
    waiting = fields.Boolean(
        "Waits to Leave",
        compute="_compute_waiting",
        search="_search_waiting",
        help="Queued, or being handed over at this moment.",
    )
    rare_state = fields.Char(
        store=False,
        exportable=False,
        search="_search_rare_state",
        help="The state of a message that has no outcome yet or failed; a filter by it finds the"
        " few among millions.",
    )

    _key_uniq = models.Constraint("unique(key)", "Two messages cannot have the same key.")
    _once_per_broadcast = models.UniqueIndex(
        "(broadcast_id, res_id, partner_id) WHERE broadcast_id IS NOT NULL",
        "A broadcast sends one message to one person about one record.",
    )
    _wamid_idx = models.Index("(wamid) WHERE wamid IS NOT NULL")
    _ledger_idx = models.Index("(account_id, claimed_at) WHERE claimed_at IS NOT NULL")
    # What left on a day, whatever the number. No BRIN: new rows fill up the room that pages of old
    # months keep, and a few of them make it read all months for one day.
    _claimed_idx = models.Index("(claimed_at) WHERE claimed_at IS NOT NULL")
    # With what tells a sending from an answer or a trial: whether a document was sent is asked of
    # lakhs of bills at once, and answered without looking at the messages.
    _document_idx = models.Index("(res_model, res_id, id) INCLUDE (direction, purpose)")
    _phone_idx = models.Index("(phone, id)")
    _inbound_idx = models.Index("(phone, account_id) WHERE direction = 'in'")
    _partner_idx = models.Index("(partner_id, id)")

    # Few among millions; whether there is one is asked while setting up.
    _test_idx = models.Index(f"(account_id) WHERE purpose = '{TEST_PURPOSE}'")
    _version_idx = models.Index("(version_id) WHERE version_id IS NOT NULL")
    _office_idx = models.Index("(office_id, id DESC)")
    _create_date_idx = models.Index("(create_date)")
    # Of the few that failed; a message that arrives never gets into it.
    _failed_idx = models.Index("(failed_at, error_code) WHERE failed_at IS NOT NULL")

    def init(self):
        """Create what the ORM does not know: columns made from ``state``, and their indexes.

        ``open_state`` is the state of a message that has no outcome yet, ``failed_state`` that of
        one that failed, else they are NULL. A message that is sent, delivered and read is written
        three times within seconds, a lakh of messages at once: no index may speak of ``state``
        itself, so that none of these writes touches an index (PostgreSQL's heap-only tuples, for
        which pages keep some room).
        """
        self.env.cr.execute(
            """
            SELECT column_name FROM information_schema.columns
             WHERE table_name = 'discom_whatsapp_message'
            """
        )
        known = {name for [name] in self.env.cr.fetchall()}
        for column, states in MADE_COLUMNS.items():
            if column not in known:
                self.env.cr.execute(
                    SQL(
                        """
                        ALTER TABLE discom_whatsapp_message
                          ADD COLUMN %s varchar GENERATED ALWAYS AS (
                              CASE WHEN state IN (%s) THEN state END) STORED;
                        ALTER TABLE discom_whatsapp_message SET (fillfactor = 75);
                        """,
                        SQL.identifier(column),
                        SQL(", ").join(SQL("%s", state) for state in states),
                    )
                )
        self.env.cr.execute(
            """
            DROP INDEX IF EXISTS discom_whatsapp_message__open_state_idx;
            CREATE INDEX IF NOT EXISTS discom_whatsapp_message__open_lane_idx
                ON discom_whatsapp_message (account_id, open_state, priority, id)
                INCLUDE (office_id) WHERE open_state IS NOT NULL;
            CREATE INDEX IF NOT EXISTS discom_whatsapp_message__broadcast_open_idx
                ON discom_whatsapp_message (broadcast_id) WHERE open_state IS NOT NULL;
            CREATE INDEX IF NOT EXISTS discom_whatsapp_message__failed_state_idx
                ON discom_whatsapp_message (res_model, res_id) WHERE failed_state IS NOT NULL;
            """
        )

    @api.depends("values", "body", "template_id", "version_id")
    def _compute_text(self):
        for message in self:
            if message.body or not message.template_id:
                message.text = message.body
            else:
                # What the consumer read stays what he read, whatever the template says today.
                text = message.version_id or message.template_id
                message.text = text._render_text(message.values or {})

    @api.depends("state")
    def _compute_waiting(self):
        for message in self:
            message.waiting = message.state in WAITING

    def _search_waiting(self, operator, value):
        if operator != "in":
            return NotImplemented
        # Not by ``state``, which no index speaks of.
        wanted, unwanted = (answer in value for answer in (True, False))
        if wanted == unwanted:
            return Domain.TRUE if wanted else Domain.FALSE
        template = (
            "%(column)s IN %(states)s"
            if wanted
            else ("(%(column)s IS NULL OR %(column)s NOT IN %(states)s)")
        )
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                template, column=SQL.identifier(alias, "open_state"), states=WAITING
            )
        )

    @api.model
    def _search_rare_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        found = Domain.FALSE
        for column, states in MADE_COLUMNS.items():
            if chosen := [state for state in states if state in value]:
                found |= Domain.custom(
                    to_sql=lambda model, alias, query, column=column, chosen=chosen: SQL(
                        "%s = ANY(%s)", SQL.identifier(alias, column), chosen
                    )
                )
        return found

    @api.depends_context("uid")
    def _compute_display_name(self):
        names = dict(self._fields["purpose"]._description_selection(self.env))
        phones = self._personal_values("phone")
        for message in self:
            message.display_name = " · ".join(
                filter(None, (names.get(message.purpose), phones[message.id]))
            ) or self.env._("Message %(id)s", id=message.id)

    @api.model_create_multi
    def create(self, vals_list):
        templates = self.env["discom.whatsapp.template"].browse(
            {vals["template_id"] for vals in vals_list if vals.get("template_id")}
        )
        templates._keep_version()
        versions = {template.id: template.version_id.id for template in templates}
        for vals in vals_list:
            if vals.get("template_id"):
                vals.setdefault("version_id", versions[vals["template_id"]])
        return super().create(vals_list)

    # === ACTIONS === #

    def action_open_document(self):
        """Open the record that the message is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def action_retry(self):
        """Queue messages again that failed for certain; everything else is left alone.

        A message in state *unknown* may have reached its recipient, so it is not repeated.
        """
        self.check_access("read")
        for model in set(self.mapped("res_model")) - {False}:
            self.env[model]._whatsapp_check_send(False)
        if not all(self.mapped("res_model")):
            # About no document: an answer written by hand.
            self.env["discom.whatsapp.conversation"]._check_may_answer()
        failed = self.filtered(lambda m: m.direction == "out" and m.state == "failed")
        if not failed:
            raise UserError(
                self.env._(
                    "None of the selected messages (%(count)s) has failed, so there is "
                    "nothing to send again. Messages without an answer are settled by "
                    "WhatsApp's own report.",
                    count=len(self),
                )
            )
        # Nobody may write messages; who may send them may send a failed one again.
        if not failed.sudo()._requeue():
            raise UserError(
                self.env._("Newer messages have told these people the same, so none is repeated.")
            )
        return True

    # === BUSINESS METHODS === #

    @api.model
    def _new_key(self):
        """Return an identity that no other message of any database has."""
        return str(uuid.uuid4())

    def _requeue(self):
        """Queue failed messages again, under a new key: the old one's story is over.

        Of several about the same to the same person only the newest, and none where a newer one is
        on its way or has arrived.

        :return: number of messages queued
        """
        self.flush_recordset(["state"])
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_message m
               SET state = 'queued', key = gen_random_uuid()::text, attempts = 0, retry_at = NULL,
                   wamid = NULL, error_code = NULL, error_text = NULL, failed_at = NULL,
                   write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
             WHERE id = ANY(%s) AND state = 'failed'
               AND NOT EXISTS (
                   SELECT FROM discom_whatsapp_message newer
                    WHERE newer.res_model = m.res_model AND newer.res_id = m.res_id
                      AND newer.partner_id = m.partner_id AND newer.purpose = m.purpose
                      AND newer.id > m.id
                      AND (newer.state = ANY(%s)
                           OR newer.state = 'failed' AND newer.id = ANY(%s)))
            """,
            [self.env.uid, self.ids, list(LIVE), self.ids],
        )
        count = self.env.cr.rowcount
        self.invalidate_recordset()
        self.account_id._trigger_lane()
        return count
