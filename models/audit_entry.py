import os

from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import SQL

from ..tools.identity import mask_aadhaar

KINDS = [
    ("sign_in", "Sign-in"),
    ("sign_in_failed", "Failed sign-in"),
    ("export", "Export"),
    ("send", "Sending"),
    ("asked", "Asked for approval"),
    ("approval", "Approval"),
    ("refusal", "Refusal"),
    ("unmasking", "Shown in full"),
    ("rule", "Change of access rules"),
    ("role", "Change of roles"),
    ("settings", "Change of settings"),
    ("account", "Change of a sending number"),
    ("template", "Template"),
    ("data_file", "Data of a person"),
    ("correction", "Correction of a person's data"),
    ("grievance", "Answer to a grievance"),
    ("erasure", "Erasure"),
    ("retention", "Deletion after its time"),
    ("breach", "Breach report"),
]
GC_BATCH = 20_000  # rows deleted at once


class DiscomAuditEntry(models.Model):
    """Journal of who did what that somebody may have to answer for.

    Entries are made by :meth:`_log` and by nothing else, and go only when the time is over for
    which the law wants them kept. They hold no personal data of consumers: numbers of records, and
    for a single one its model and id, which whoever may read it can open.
    """

    _name = "discom.audit.entry"
    _inherit = ["discom.journal.mixin"]
    _description = "Audit entry"
    _order = "id desc"
    _log_access = False

    at = fields.Datetime("When", required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Who", required=True, readonly=True, ondelete="restrict")
    kind = fields.Selection(KINDS, "What", required=True, readonly=True)
    model = fields.Char("Technical name", readonly=True)
    model_name = fields.Char("Of", compute="_compute_model_name")
    res_id = fields.Many2oneReference("Record", model_field="model", readonly=True)
    res_ids = fields.Json(
        "Several records", readonly=True, prefetch=False, help="Ids, to tell later who is affected."
    )
    office_id = fields.Many2one(
        "discom.office",
        readonly=True,
        ondelete="restrict",
        help="The lowest office that all of the records belong to; of who acted, where there are "
        "no records or they have no office.",
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="restrict")
    number = fields.Integer("Records", readonly=True)
    text = fields.Char("Details", readonly=True)
    reason = fields.Char(readonly=True)
    ip = fields.Char("From address", readonly=True, help="Network address of the web request.")

    _at_idx = models.Index("(at)")
    _user_idx = models.Index("(user_id, id DESC)")
    _kind_idx = models.Index("(kind, id DESC)")
    _office_idx = models.Index("(office_id, id DESC)")
    _record_idx = models.Index("(model, res_id)")
    # Exports and sendings of many, among all the single ones.
    _many_idx = models.Index("(id DESC) WHERE number > 100")

    @api.depends("kind", "user_id", "at")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for entry in self:
            entry.display_name = f"{labels.get(entry.kind, '')}: {entry.user_id.name or ''}"

    @api.depends("model")
    def _compute_model_name(self):
        for entry in self:
            known = entry.model in self.env
            entry.model_name = self.env["ir.model"]._get(entry.model).name if known else False

    def action_open_record(self):
        """Open the record that the entry is about, with the rights of who looks.

        :raise UserError: where it was deleted, or cannot be opened
        """
        self.ensure_one()
        record = self.env[self.model].browse(self.res_id).exists() if self.model in self.env else ()
        if not record:
            raise UserError(
                self.env._(
                    "The record that this entry is about has been deleted. The entry stays "
                    "as it is."
                )
            )
        record.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.model,
            "res_id": self.res_id,
            "views": [(False, "form")],
            "target": "current",
        }

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self.env._("Entries of the audit journal are made by the software alone."))

    def _refuse_change(self):
        raise UserError(self.env._("An entry of the audit journal is never changed or deleted."))

    # === BUSINESS METHODS === #

    @api.model
    def _log(self, kind, records=None, text="", **facts):
        """Add one entry, whatever the rights of the user: three queries however many records.

        :param str kind: key of ``KINDS``
        :param records: recordset, or the name of a model where there are only figures, or None
        :param str text: what was done, without names, numbers or addresses of consumers
        :param facts: any of ``number`` (by default the number of records), ``reason``, ``office``
            and ``company`` (records; by default those of ``records``, then of the user), ``user``
            (record or id; by default the current one), ``at``, ``ip``
        """
        self._log_many([{"kind": kind, "records": records, "text": text, **facts}])

    @api.model
    def _log_many(self, entries):
        """Add an entry for each of ``entries``: the arguments of :meth:`_log` as a dict."""
        rows = [self._row(**entry) for entry in entries]
        if rows:
            self.env.cr.execute_values(
                "INSERT INTO discom_audit_entry (at, user_id, kind, model, res_id, res_ids,"
                " office_id, company_id, number, text, reason, ip) VALUES %s",
                rows,
            )

    @api.model
    def _row(self, kind, records=None, text="", **facts):
        """Return the columns of one entry, in the order of :meth:`_log_many`.

        :raise ValueError: for an unknown kind or fact, which is an error of the code
        """
        known = {"number", "reason", "office", "company", "user", "at", "ip"}
        if kind not in dict(KINDS) or facts.keys() - known:
            raise ValueError(f"The audit journal knows no {kind!r} with {sorted(facts)}")
        model = records if isinstance(records, str) or records is None else records._name
        ids = [] if model is None or isinstance(records, str) else records.ids
        user = facts.get("user") or self.env.user
        # sudo: the journal is written whatever the one may read who acts.
        user = (self.env["res.users"].browse(user) if isinstance(user, int) else user).sudo()
        office, company = facts.get("office"), facts.get("company")
        if ids and not office:
            office = self._common_office(model, ids)
        if not office:
            office = self._lowest(user.discom_office_ids)
        if not company:
            company = office.company_id or self.env.company
        return (
            facts.get("at") or fields.Datetime.now(),
            user.id,
            kind,
            model,
            ids[0] if len(ids) == 1 else None,
            Json(ids) if len(ids) > 1 else None,
            office.id or None,
            company.id or None,
            facts["number"] if facts.get("number") is not None else len(ids),
            mask_aadhaar(text or "") or None,
            mask_aadhaar(facts.get("reason") or "") or None,
            facts.get("ip") or (request.httprequest.remote_addr if request else None),
        )

    @api.model
    def _common_office(self, model, ids):
        """Return the lowest office that all records belong to, or no office."""
        # sudo: the journal is written whatever the one may read who acts.
        records = self.env[model].sudo()
        offices = self.env["discom.office"].sudo()
        if model == "discom.office":
            return self._lowest(offices.browse(ids).exists())
        for name in ("office_id", "discom_office_id"):
            field = records._fields.get(name)
            if field and field.store and field.comodel_name == "discom.office":
                records.flush_model([name])
                self.env.cr.execute(
                    SQL(
                        "SELECT DISTINCT %s FROM %s AS looked_at WHERE id = ANY(%s)",
                        SQL.identifier(name),
                        # A report has a query in the place of its table.
                        records._table_sql,
                        ids,
                    )
                )
                found = [office_id for (office_id,) in self.env.cr.fetchall() if office_id]
                return self._lowest(offices.browse(found))
        return offices

    @api.model
    def _lowest(self, offices):
        """Return the lowest office at or above all of ``offices``, or none."""
        paths = [path for path in offices.mapped("parent_path") if path]
        common = os.path.commonprefix([path.split("/")[:-1] for path in paths]) if paths else []
        return offices.browse(int(common[-1])) if common else offices.browse()

    @api.model
    def _gc_entries(self):
        """Delete a batch of entries older than the retention rule says; see audit_retention.py.

        :return: how many, and whether there may be more
        """
        before = self.env["discom.retention.rule"]._before("audit")
        if before is None:
            return 0, False
        with self._opened("DELETE"):
            self.env.cr.execute(
                SQL(
                    """
                    DELETE FROM discom_audit_entry
                     WHERE id IN (SELECT id FROM discom_audit_entry
                                   WHERE at < %s ORDER BY at LIMIT %s)
                    """,
                    before,
                    GC_BATCH,
                )
            )
            deleted = self.env.cr.rowcount
        return deleted, deleted == GC_BATCH
