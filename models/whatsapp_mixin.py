import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .whatsapp_message import MADE_COLUMNS, STATES, TEST_PURPOSE

_logger = logging.getLogger(__name__)

#: Odoo's own default of the setting ``web.active_ids_limit``.
ACTIVE_IDS_LIMIT = 20000


class DiscomWhatsappMixin(models.AbstractModel):
    """A document that can be sent on WhatsApp.

    A model that inherits this says which messages it has (:meth:`_whatsapp_purposes`), who receives
    them, what fills the template, which document goes along and until when it is worth sending. It
    needs a field ``partner_id`` unless it overrides :meth:`_whatsapp_audience`.
    """

    _name = "discom.whatsapp.mixin"
    _description = "WhatsApp Document"

    whatsapp_state = fields.Selection(
        STATES,
        "WhatsApp",
        compute="_compute_whatsapp_state",
        search="_search_whatsapp_state",
        help="State of the newest message about this record.",
    )
    whatsapp_message_count = fields.Integer(
        "WhatsApp Messages",
        compute="_compute_whatsapp_message_count",
        groups="discom.group_staff",
    )

    def _compute_whatsapp_state(self):
        states = {}
        if self.ids:
            self.env["discom.whatsapp.message"].flush_model()
            self.env.cr.execute(
                """
                SELECT DISTINCT ON (res_id) res_id, state FROM discom_whatsapp_message
                 WHERE res_model = %s AND res_id = ANY(%s) AND direction = 'out'
                   AND purpose IS DISTINCT FROM 'test'
                 ORDER BY res_id, id DESC
                """,
                [self._name, self.ids],
            )
            states = dict(self.env.cr.fetchall())
        for record in self:
            record.whatsapp_state = states.get(record.id, False)

    def _search_whatsapp_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env["discom.whatsapp.message"].flush_model()
        states = {state for state in value if state}
        found = Domain.FALSE
        rare = {
            column: chosen
            for column, made in MADE_COLUMNS.items()
            if (chosen := states.intersection(made))
        }
        if rare:
            found |= Domain("id", "in", SQL("(%s)", self._whatsapp_newest(rare)))
            states = states.difference(*rare.values())
        if states:
            found |= Domain.custom(
                to_sql=lambda model, alias, query: self._whatsapp_newest_is(alias, states)
            )
        if False in value:
            found |= Domain.custom(
                to_sql=lambda model, alias, query: SQL(
                    "NOT EXISTS (%s)", self._whatsapp_messages_of(alias)
                )
            )
        return found

    def _whatsapp_newest(self, chosen):
        """Return a query of the records whose newest message is in one of the chosen states.

        For states that few messages are in at a time: it may start from these messages. One query
        for all columns: of several put together PostgreSQL knows not how many rows they give.

        :param dict chosen: states by column of :data:`.whatsapp_message.MADE_COLUMNS`, which has a
            partial index
        """
        return SQL(
            """SELECT m.res_id FROM discom_whatsapp_message m
                 WHERE m.res_model = %(model)s AND m.direction = 'out'
                   AND (%(chosen)s) AND m.purpose IS DISTINCT FROM %(test)s
                   AND NOT EXISTS (SELECT FROM discom_whatsapp_message n
                                    WHERE n.res_model = m.res_model AND n.res_id = m.res_id
                                      AND n.direction = 'out' AND n.id > m.id
                                      AND n.purpose IS DISTINCT FROM %(test)s)""",
            model=self._name,
            chosen=SQL(" OR ").join(
                SQL("%s = ANY(%s)", SQL.identifier("m", column), list(states))
                for column, states in chosen.items()
            ),
            test=TEST_PURPOSE,
        )

    def _whatsapp_newest_is(self, alias, states):
        """Return the condition that the newest message of a record is in one of ``states``.

        For states that most messages are in: a page is full after a few look-ups.

        :param str alias: of the records' table
        """
        return SQL(
            "(%s ORDER BY m.id DESC LIMIT 1) = ANY(%s)",
            self._whatsapp_messages_of(alias),
            list(states),
        )

    def _whatsapp_messages_of(self, alias):
        """Return the query of the states of a record's messages, the trial ones left out."""
        return SQL(
            """SELECT m.state FROM discom_whatsapp_message m
                WHERE m.res_model = %s AND m.res_id = %s AND m.direction = 'out'
                  AND m.purpose IS DISTINCT FROM %s""",
            self._name,
            SQL.identifier(alias, "id"),
            TEST_PURPOSE,
        )

    def _compute_whatsapp_message_count(self):
        counts = dict(
            self.env["discom.whatsapp.message"]._read_group(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("purpose", "!=", TEST_PURPOSE),
                ],
                ["res_id"],
                ["__count"],
            )
        )
        for record in self:
            record.whatsapp_message_count = counts.get(record.id, 0)

    # === ACTIONS === #

    def action_open_whatsapp_messages(self):
        """Open the messages about these records."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_whatsapp_message_action"
        )
        action["domain"] = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        action["context"] = {}
        return action

    def _action_whatsapp_composer(self, purpose):
        """Open the composer on these records, or on all that the list shows.

        The web client hands over at most ``web.active_ids_limit`` ids when everything in a list is
        selected, so a full hand means: the domain of the list.
        """
        domain = [("id", "in", self.ids)]
        # Everybody gets this setting from the web client anyway.
        parameters = self.env["ir.config_parameter"].sudo()
        limit = int(parameters.get_param("web.active_ids_limit", ACTIVE_IDS_LIMIT))
        active_domain = self.env.context.get("active_domain")
        if active_domain and len(self.ids) >= limit:
            domain = active_domain
        return self.env["discom.whatsapp.composer"]._open(self._name, domain, purpose)

    # === BUSINESS METHODS === #

    def _whatsapp_send_quietly(self, purpose):
        """Send a message about these records without showing the composer.

        For scheduled actions and for what follows from another action, in the name of the current
        user. Nothing of it is kept where it fails.

        :return: the reason why nothing was sent, False where it was or nobody is to be told
        """
        try:
            with self.env.cr.savepoint():
                action = self._action_whatsapp_composer(purpose)
                composer = self.env[action["res_model"]].browse(action["res_id"])
                if composer.send_count:
                    composer.action_send()
                elif not composer.template_id:
                    raise UserError(composer.problem)
        except (AccessError, UserError) as error:
            _logger.warning("%s: %s not sent: %s", self, purpose, error)
            return str(error)
        return False

    def _whatsapp_send_to(self, purpose, partner_ids):
        """Send a message about these records to a few of its audience, at once and by itself.

        In the name of the current user. Everybody else of the audience is left alone, to be told
        by the composer.

        :return: the broadcast, none where no number or no approved template can send it
        """
        # sudo: it follows from what the user did with the records; nobody writes broadcasts.
        broadcasts = self.env["discom.whatsapp.broadcast"].sudo()
        account = self.env["discom.whatsapp.account"]._for_user()
        if not account:
            return broadcasts
        # sudo: it follows from what the user did with the records; nobody writes broadcasts.
        composer = (
            self.env["discom.whatsapp.composer"]
            .sudo()
            .new(
                {
                    "res_model": self._name,
                    "res_domain": repr([("id", "in", self.ids)]),
                    "purpose": purpose,
                    "account_id": account.id,
                }
            )
        )
        if not composer.template_id:
            return broadcasts
        broadcast = broadcasts.create(
            {
                "user_id": self.env.uid,
                "name": composer.name,
                "res_model": self._name,
                "res_domain": composer.res_domain,
                "purpose": purpose,
                "account_id": account.id,
                "template_id": composer.template_id.id,
                "office_id": self.env.user.discom_scope_ids[:1].id,
                "priority": self._whatsapp_purposes()[purpose]["priority"],
                "partial": True,
                "approval_exempt": True,
                "send_count": len(partner_ids),
            }
        )
        broadcast._plan_more(partner_ids)
        return broadcast

    # === HOOKS === #

    @api.model
    def _whatsapp_purposes(self):
        """Return {purpose: spec} of the messages this model has.

        A spec has ``consent`` (purpose of the consent journal; False for people who are written to
        by reason of their office and agreed to it there) and ``priority`` (lower goes first), and
        may have ``repeat`` (the same person may get it again about the same record),
        ``once_per_phone`` (one message where several people share a number), ``combine`` (one
        message about several connections on one number can be chosen) and ``urgent`` (no approval
        is asked for, however many receive it).
        """
        return {}

    @api.model
    def _whatsapp_variables(self):
        """Return {name: label} of the values that templates of this document may use.

        Every message may use those of the consumer, which are declared here.
        """
        return {
            "name": self.env._("Name of the consumer"),
            "account_last4": self.env._("Account number, last four digits"),
            "office": self.env._("Division that signs"),
        }

    @api.model
    def _all_variables(self):
        """Return {name: label} of the declared values of all documents."""
        variables = dict(self._whatsapp_variables())
        for name in self.env.registry.descendants([self._name], "_inherit"):
            if not self.env[name]._abstract:
                variables.update(self.env[name]._whatsapp_variables())
        return variables

    def _whatsapp_amounts(self, purpose):
        """Return {record id: amount in rupees} that a combined message adds up."""
        return dict.fromkeys(self.ids, 0.0)

    @api.model
    def _all_purposes(self):
        """Return {purpose: spec} of all documents that can be sent."""
        specs = {}
        for name in self.env.registry.descendants([self._name], "_inherit"):
            if not self.env[name]._abstract:
                specs.update(self.env[name]._whatsapp_purposes())
        return specs

    @api.model
    def _models_by_purpose(self):
        """Return {purpose: name of the document model that has it}."""
        return {
            purpose: name
            for name in self.env.registry.descendants([self._name], "_inherit")
            if not self.env[name]._abstract
            for purpose in self.env[name]._whatsapp_purposes()
        }

    def _whatsapp_check_send(self, purpose):
        """Raise unless the current user may send this message; who may edit the document may."""
        self.check_access("write")

    @api.model
    def _whatsapp_audience(self, domain, purpose):
        """Return a query of ``res_id, partner_id, skip_reason`` for the records of ``domain``.

        ``skip_reason`` is NULL or one of the message's reasons, mostly *not_applicable*. Access
        rules of the current user apply.

        :rtype: SQL
        """
        query = self._search(domain)
        return query.select(
            SQL("%s AS res_id", SQL.identifier(query.table, "id")),
            SQL("%s AS partner_id", SQL.identifier(query.table, "partner_id")),
            SQL("NULL AS skip_reason"),
        )

    @api.model
    def _whatsapp_is_approved(self, domain):
        """Tell whether another person has approved these records already, so that sending them
        needs no approval of its own."""
        return False

    @api.model
    def _whatsapp_template_sql(self, purpose):
        """Return the SQL expression on the record ``a.res_id`` of the name of the template that
        stands for the chosen one there; NULL: none does. None where that is so of all records."""
        return None

    @api.model
    def _whatsapp_first_sql(self, purpose):
        """Return the SQL condition on the person ``p`` under which a message goes before the others
        of its kind."""
        return SQL("FALSE")

    def _whatsapp_values(self, lang, purpose):
        """Return {record id: {variable: text}}, formatted for ``lang``; no text may be empty."""
        return {record.id: {} for record in self}

    def _whatsapp_document(self, lang):
        """Return {record id: (filename, function)} of the PDF that goes along.

        The function takes nothing, returns bytes and is called in another thread: whatever it needs
        from the database has to be read before. A third element, a digest of what the document
        shows, lets equal documents be made and uploaded once (:mod:`.whatsapp_media`). The function
        may have ``together`` and ``most``, as :class:`..tools.pdf_split.BillDocument` has: a way to
        make several at once that is faster.
        """
        return {}

    def _whatsapp_stale(self, purpose):
        """Return those of these records about which a message that still waits must not leave."""
        return self.browse()

    def _whatsapp_expiry(self, purpose):
        """Return {record id: datetime} after which the message is not worth sending."""
        return {}

    def _whatsapp_secrets(self):
        """Return {record id: {variable: text}} of values that go into a message as it leaves.

        They are kept in no message, so nobody can read them there.
        """
        return {}
