from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.identity import find_aadhaar

PURPOSES = [
    ("bills", "Bills and receipts"),
    ("outages", "Outages"),
    ("dues", "Reminders of dues"),
    ("other", "Other information"),
]
# What the notice names: a yes to it is a yes to these. Anything else is asked for by name.
NOTICE_PURPOSES = ["bills", "outages", "dues"]
ACTIONS = [("given", "Given"), ("withdrawn", "Withdrawn")]
METHODS = [
    ("counter", "Counter"),
    ("field", "At the door"),
    ("whatsapp", "WhatsApp"),
    ("paper", "Paper form"),
    ("online", "Online"),
    ("file", "File"),
]


class DiscomConsent(models.Model):
    """Journal of consents: who allowed or stopped which messages, when, how, on which notice.

    Nobody changes or deletes an entry, whatever the rights: the model refuses it and so does the
    database. The newest entry of a consumer and purpose is the one in force; the fields
    ``discom_consent_<purpose>`` of the consumer repeat it.
    """

    _name = "discom.consent"
    _inherit = ["discom.journal.mixin"]
    _description = "Consent"
    _order = "id desc"
    _rec_name = "purpose"
    _log_access = False

    partner_id = fields.Many2one(
        "res.partner", "Consumer", required=True, readonly=True, ondelete="restrict"
    )
    purpose = fields.Selection(PURPOSES, required=True, readonly=True)
    action = fields.Selection(ACTIONS, required=True, readonly=True)
    notice_version = fields.Char(readonly=True, help="Version of the notice shown or read out.")
    notice_lang = fields.Char("Notice language", readonly=True)
    method = fields.Selection(METHODS, required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", "Recorded by", required=True, readonly=True, index=True, ondelete="restrict"
    )
    date = fields.Datetime(required=True, readonly=True)
    evidence = fields.Char(readonly=True, help="For example the number of the paper form.")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="restrict")

    _partner_purpose_idx = models.Index("(partner_id, purpose, id DESC)")
    _date_idx = models.Index("(date)")
    # Few of lakhs, who are looked for by themselves.
    _withdrawn_idx = models.Index("(id DESC) WHERE action = 'withdrawn'")

    @api.model
    def _newest_sql(self, partner_ids):
        """Return a query of the entry in force of each consumer and purpose.

        One query for all: looked up for each consumer, it would read whole, for each of them, a
        journal that was empty when it was last analysed and that the statement itself fills.

        :param SQL partner_ids: array of consumers
        """
        return SQL(
            """
            SELECT DISTINCT ON (partner_id, purpose)
                   partner_id, purpose, action, date, notice_version
              FROM discom_consent
             WHERE partner_id = ANY(%s)
          ORDER BY partner_id, purpose, id DESC
            """,
            partner_ids,
        )

    @api.model
    def _append(self, partner_ids, action, purposes, method, values):
        """Add entries for consumers and purposes where they change what is in force.

        An entry is skipped where the newest one says the same on the same version of the notice, so
        that a file read twice or a STOP sent twice leaves one entry. Two statements, however many
        consumers. The caller has checked that the user may write the consumers.

        :param list[int] partner_ids: consumers.
        :param str action: ``given`` or ``withdrawn``.
        :param list[str] purposes: keys of ``PURPOSES``.
        :param str method: key of ``METHODS``.
        :param dict values: any of ``notice_version``, ``notice_lang``, ``evidence``, ``date``.
        :return: number of entries added.
        :raise ValidationError: for an unknown action, purpose or method, or a full Aadhaar number.
        """
        for key, allowed in [
            (action, ACTIONS),
            (method, METHODS),
            *((p, PURPOSES) for p in purposes),
        ]:
            if key not in dict(allowed):
                raise ValidationError(
                    self.env._(
                        "“%(key)s” is no answer, message or way of a consent. Choose one that "
                        "the form offers.",
                        key=key,
                    )
                )
        evidence = values.get("evidence") or None
        if find_aadhaar(evidence):
            raise ValidationError(
                self.env._(
                    "The evidence holds a full Aadhaar number. The law allows only its "
                    "last four digits to be kept."
                )
            )
        purposes = list(dict.fromkeys(purposes))
        self.env["res.partner"].flush_model(["company_id", "discom_consumer"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_consent (partner_id, company_id, purpose, action, method,
                                            user_id, date, notice_version, notice_lang, evidence)
                SELECT partner.id, partner.company_id, asked.purpose, %(action)s, %(method)s,
                       %(user)s, %(date)s, %(version)s, %(lang)s, %(evidence)s
                  FROM res_partner partner
            CROSS JOIN unnest(%(purposes)s) AS asked(purpose)
             LEFT JOIN (%(newest)s) newest
                    ON newest.partner_id = partner.id AND newest.purpose = asked.purpose
                 WHERE partner.id = ANY(%(ids)s)
                   AND partner.discom_consumer
                   AND (newest.action IS DISTINCT FROM %(action)s
                        OR %(action)s = 'given'
                           AND newest.notice_version IS DISTINCT FROM %(version)s)
              ORDER BY partner.id
                """,
                action=action,
                method=method,
                user=self.env.uid,
                date=values.get("date") or self.env.cr.now(),
                version=values.get("notice_version") or None,
                lang=values.get("notice_lang") or None,
                evidence=evidence,
                purposes=purposes,
                newest=self._newest_sql(SQL("%s", list(partner_ids))),
                ids=list(partner_ids),
            )
        )
        added = self.env.cr.rowcount
        assignments = SQL(", ").join(
            SQL("%s = %s", SQL.identifier(f"discom_consent_{purpose}"), action)
            for purpose in purposes
        )
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET %s WHERE id = ANY(%s) AND discom_consumer",
                assignments,
                list(partner_ids),
            )
        )
        self.env["res.partner"].browse(partner_ids).invalidate_recordset(
            ["discom_consent_ids", *(f"discom_consent_{purpose}" for purpose in purposes)],
            flush=False,
        )
        return added
