from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.identity import find_aadhaar
from ..tools.phone import COUNTRY_CODE

KYC_SOURCES = [
    ("counter", "Counter"),
    ("field", "Field staff"),
    ("kiosk", "Kiosk or Jan Seva Kendra"),
    ("sakhi", "Bijli Sakhi"),
    ("file", "File"),
    ("whatsapp", "WhatsApp"),
    ("connection", "New connection"),
    ("online", "Online"),
]
# Of changes that nobody takes: a number grows old.
EVENT_SOURCES = [*KYC_SOURCES, ("system", "By itself")]
# The day on which KYC was taken: an entry of this field is a taking.
TAKING_FIELD = "discom_kyc_date"
# The photo of the form: the journal keeps a fingerprint of it, not the picture.
PHOTO_FIELD = "discom_kyc_form"
#: Stands in a ground that names a phone, such as the new number that WhatsApp tells.
_NUMBER = f"+{COUNTRY_CODE}"
#: Letters of the fingerprint: enough to tell whether two pictures are the same.
FINGERPRINT_SIZE = 12
# Columns of a consumer whose changes are kept. The taking comes before what follows from it.
KYC_COLUMNS = (
    TAKING_FIELD,
    "discom_whatsapp_number",
    "phone",
    "email",
    "lang",
    "discom_kyc_state",
    "discom_id_kind",
    "discom_id_last4",
    "discom_id_seen",
)
KYC_FIELDS = [*KYC_COLUMNS, PHOTO_FIELD]
_OF_NUMBERS = "field IN ('discom_whatsapp_number', 'phone')"
COLUMNS = SQL(
    "partner_id, company_id, office_id, field, old, new, state, source, user_id, date, place,"
    " evidence"
)


class DiscomKycEvent(models.Model):
    """Journal of the contact data: which field of a consumer changed from what to what.

    Says also by which door, by whom, when, where and on what ground. Nobody changes or deletes an
    entry.
    """

    _name = "discom.kyc.event"
    _inherit = ["discom.journal.mixin"]
    _description = "KYC change"
    _order = "id desc"
    _rec_name = "field"
    _log_access = False

    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="restrict")
    office_id = fields.Many2one(
        "discom.office",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Office of the consumer at the time.",
    )
    field = fields.Selection("_selection_field", required=True, readonly=True)
    old = fields.Char("Stored before", readonly=True, personal="change")
    new = fields.Char("Stored after", readonly=True, personal="change")
    old_text = fields.Char("Before", compute="_compute_texts", personal="change")
    new_text = fields.Char("After", compute="_compute_texts", personal="change")
    state = fields.Char("State after", readonly=True, help="State of KYC after the change.")
    source = fields.Selection(EVENT_SOURCES, "Way", required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", "Recorded by", required=True, readonly=True, index=True, ondelete="restrict"
    )
    date = fields.Datetime(required=True, readonly=True)
    place = fields.Char(readonly=True, help="Where the data were taken: counter, camp, kiosk.")
    evidence = fields.Char(
        readonly=True,
        personal="phone",
        help="On what ground: number of the form, file, code, delivered message.",
    )

    _partner_idx = models.Index("(partner_id, id DESC)")
    _date_idx = models.Index("(date)")
    _office_idx = models.Index("(office_id, id DESC)")
    # Who changed a number is looked for by its beginning.
    _new_number_idx = models.Index(f"(new) WHERE {_OF_NUMBERS}")
    _old_number_idx = models.Index(f"(old) WHERE {_OF_NUMBERS} AND old IS NOT NULL")
    # Takings and what became of them, for the figures (see report_kyc_taking.py).
    _taking_idx = models.Index(
        "(partner_id, id) INCLUDE (field, new, state)"
        " WHERE field IN ('discom_kyc_date', 'discom_kyc_state')"
    )

    def _selection_field(self):
        partners = self.env["res.partner"]
        labels = {"phone": self.env._("Mobile"), "lang": self.env._("Language")}
        return [
            (name, labels.get(name) or partners._fields[name]._description_string(self.env))
            for name in KYC_FIELDS
        ]

    @api.depends("field", "old", "new")
    def _compute_texts(self):
        """Show the label of a choice in place of its key."""
        partners = self.env["res.partner"]
        labels = {
            name: dict(partners._fields[name]._description_selection(self.env))
            for name in KYC_FIELDS
            if partners._fields[name].type == "selection"
        }
        labels["discom_id_seen"] = {"true": self.env._("Yes"), "false": self.env._("No")}
        photos = self.filtered(lambda event: event.field == PHOTO_FIELD)
        labels[PHOTO_FIELD] = {
            mark: self.env._("Photo %(fingerprint)s", fingerprint=mark)
            for mark in {*photos.mapped("old"), *photos.mapped("new")} - {False}
        }
        for event in self:
            known = labels.get(event.field, {})
            event.old_text = known.get(event.old, event.old)
            event.new_text = known.get(event.new, event.new)

    def _personal_shown(self, kind):
        """A change is as personal as the field that changed; a ground, where it names a phone."""
        if kind == "phone":
            telling = self.filtered(lambda event: _NUMBER in (event.evidence or ""))
            return (self - telling) | super(DiscomKycEvent, telling)._personal_shown(kind)
        shown = self.browse()
        partners = self.env["res.partner"]
        for name, events in self.grouped("field").items():
            of = partners._personal_kind(name)
            shown |= super(DiscomKycEvent, events)._personal_shown(of) if of else events
        return shown

    @api.model
    def _personal_domain(self, kind):
        if kind == "phone":
            plain = Domain("evidence", "=", False) | Domain("evidence", "not like", _NUMBER)
            return super()._personal_domain(kind) | plain
        partners = self.env["res.partner"]
        plain = [name for name in KYC_FIELDS if not partners._personal_kind(name)]
        return super()._personal_domain(kind) | Domain("field", "in", plain)

    # === BUSINESS METHODS === #

    @api.model
    def _snapshot(self, partner_ids, names=KYC_COLUMNS):
        """Return {consumer id: text of the KYC fields} as they are, for :meth:`_append`.

        :param names: the fields that may change
        """
        self._flush(names)
        values = SQL(", ").join(
            SQL("%s, %s", name, _stored(name)) for name in (*names, "discom_kyc_user_id")
        )
        self.env.cr.execute(
            SQL(
                "SELECT p.id, jsonb_build_object(%s)::text FROM res_partner p"
                " WHERE p.id = ANY(%s) AND p.discom_consumer",
                values,
                list(partner_ids),
            )
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _append(self, before, source, place=None, evidence=None, names=KYC_COLUMNS):
        """Add what has changed since ``before``, in one statement however many the consumers.

        Data taken again on the same day by somebody else are another taking.

        :param dict before: from :meth:`_snapshot`, or made the same way for a consumer that is new
        :param str source: key of ``EVENT_SOURCES``
        :param names: the fields that may have changed
        :return: number of entries added
        """
        if not before:
            return 0
        self._check_texts(source, place, evidence)
        self._flush(names)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_kyc_event (%(columns)s)
                SELECT p.id, p.company_id, p.discom_office_id, v.field, v.old, v.new,
                       p.discom_kyc_state, %(source)s,
                       CASE WHEN v.field = %(taking)s AND p.discom_kyc_user_id IS NOT NULL
                            THEN p.discom_kyc_user_id ELSE %(user)s END,
                       %(date)s, %(place)s, %(evidence)s
                  FROM unnest(%(ids)s, %(olds)s::jsonb[]) AS b(id, old)
                  JOIN res_partner p ON p.id = b.id
            CROSS JOIN LATERAL (VALUES %(pairs)s) AS v(place, field, old, new, again)
                 WHERE p.discom_consumer AND %(differs)s
              ORDER BY p.id, v.place
                """,
                columns=COLUMNS,
                source=source,
                taking=TAKING_FIELD,
                user=self.env.uid,
                date=self.env.cr.now(),
                place=place or None,
                evidence=evidence or None,
                ids=list(before),
                olds=list(before.values()),
                pairs=_pairs(
                    lambda name: SQL("b.old->>%s", name),
                    lambda name: SQL("(%s)::text", _stored(name)),
                    names,
                ),
                differs=_DIFFERS,
            )
        )
        added = self.env.cr.rowcount
        self.env["res.partner"].browse(before).invalidate_recordset(
            ["discom_kyc_event_ids"], flush=False
        )
        return added

    @api.model
    def _update(self, update, source, user=None, place=None, evidence=None, ctes=None):
        """Run an UPDATE of consumers and add what it changes, in that one statement.

        The door for those who write consumers by SQL, such as imports. What is compared is the row
        as it was before the statement and as the statement leaves it.

        :param SQL update: ``UPDATE res_partner partner SET ...`` without ``RETURNING``
        :param source: key of ``EVENT_SOURCES``, or SQL on the tables of the update
        :param user: id, or SQL on the tables of the update; the current user by default
        :param place: text, or SQL on the tables of the update
        :param evidence: text, or SQL on the tables of the update
        :param SQL ctes: ``name AS (...), ...`` that the update refers to
        :return: ids of the consumers updated
        """
        self._check_texts(source, place, evidence)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH %(ctes)s changed AS (
                    %(update)s
                    RETURNING partner.id, partner.discom_consumer, %(fields)s,
                              (%(source)s)::varchar AS kyc_source, (%(user)s)::integer AS kyc_user,
                              (%(place)s)::varchar AS kyc_place,
                              (%(evidence)s)::varchar AS kyc_evidence
                ), journalled AS (
                    INSERT INTO discom_kyc_event (%(columns)s)
                    SELECT p.id, p.company_id, p.discom_office_id, v.field, v.old, v.new,
                           changed.discom_kyc_state, changed.kyc_source, changed.kyc_user,
                           %(date)s, changed.kyc_place, changed.kyc_evidence
                      FROM changed
                      JOIN res_partner p ON p.id = changed.id
                CROSS JOIN LATERAL (VALUES %(pairs)s) AS v(place, field, old, new, again)
                     WHERE changed.discom_consumer AND %(differs)s
                  ORDER BY p.id, v.place
                )
                SELECT id FROM changed
                """,
                update=update,
                fields=SQL(", ").join(
                    SQL("partner.%s", SQL.identifier(name))
                    for name in (*KYC_COLUMNS, "discom_kyc_user_id")
                ),
                source=source,
                user=user or self.env.uid,
                place=place or None,
                evidence=evidence or None,
                ctes=SQL("%s,", ctes) if ctes else SQL(),
                columns=COLUMNS,
                date=self.env.cr.now(),
                pairs=_pairs(
                    lambda name: SQL("p.%s::text", SQL.identifier(name)),
                    lambda name: SQL("changed.%s::text", SQL.identifier(name)),
                    KYC_COLUMNS,
                ),
                differs=_DIFFERS,
            )
        )
        ids = [partner_id for (partner_id,) in self.env.cr.fetchall()]
        self.env["res.partner"].invalidate_model()
        return ids

    @api.model
    def _flush(self, names):
        columns = [name for name in names if name != PHOTO_FIELD]
        owners = ["discom_consumer", "discom_kyc_user_id", "discom_office_id", "company_id"]
        self.env["res.partner"].flush_model([*columns, *owners])
        if PHOTO_FIELD in names:
            self.env["ir.attachment"].flush_model()

    @api.model
    def _check_texts(self, source, *texts):
        """
        :raise ValidationError: for an unknown source or a text with a full Aadhaar number
        """
        if isinstance(source, str) and source not in dict(EVENT_SOURCES):
            raise ValidationError(self.env._("“%(key)s” is no way of taking KYC.", key=source))
        if any(isinstance(text, str) and find_aadhaar(text) for text in texts):
            raise ValidationError(
                self.env._(
                    "The evidence holds a full Aadhaar number. The law allows only its "
                    "last four digits to be kept."
                )
            )


# A tick that was never set and one taken away are the same to a reader.
_DIFFERS = SQL(
    "(v.again OR COALESCE(NULLIF(v.old, 'false'), '') <> COALESCE(NULLIF(v.new, 'false'), ''))"
)


def _stored(name):
    """SQL of the value of a field of the consumer ``p``: of the photo its fingerprint."""
    if name != PHOTO_FIELD:
        return SQL.identifier("p", name)
    return SQL(
        "(SELECT left(a.checksum, %s) FROM ir_attachment a WHERE a.res_model = 'res.partner'"
        " AND a.res_id = p.id AND a.res_field = %s LIMIT 1)",
        FINGERPRINT_SIZE,
        name,
    )


def _pairs(old, new, names):
    """SQL rows of place, field, value before, value after, and whether it counts though equal.

    :param old, new: functions of the name of a field to the SQL of its text
    :param names: the fields compared
    """
    taker = "discom_kyc_user_id"
    by_another = SQL(
        "%s IS NOT NULL AND %s IS DISTINCT FROM %s", new(TAKING_FIELD), old(taker), new(taker)
    )
    return SQL(", ").join(
        SQL(
            "(%s, %s, %s, %s, %s)",
            place,
            name,
            old(name),
            new(name),
            by_another if name == TAKING_FIELD else SQL("FALSE"),
        )
        for place, name in enumerate(names)
    )
