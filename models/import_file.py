import io

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.tabular import TabularError

# Files up to this size are read and imported while the user waits; larger ones in the background.
DIRECT_BYTES = 1_000_000
GC_BATCH = 500  # files deleted at once


class DiscomImport(models.Model):
    """Import of one file of the billing system or of a KYC drive.

    A file is checked first: a dry run reads every row and says how many records are new, changed,
    the same or refused, and why. Importing then carries out exactly that. The same file a second
    time changes nothing. Rows outside the office of the import are refused.
    """

    _name = "discom.import"
    _inherit = ["discom.guarded.mixin", "discom.aadhaar.mixin"]
    _description = "File Import"
    _order = "id desc"
    _no_aadhaar = ("filename",)
    # In whose name it runs above all.
    _guarded = {
        "state": "draft",
        **dict.fromkeys(
            (
                *("user_id", "started_at", "finished_at", "last_row", "applied_count"),
                *("row_count", "new_count", "changed_count", "same_count", "refused_count"),
                *("message", "findings", "columns_used", "columns_ignored", "refused_file"),
                "issue_waiting",
            ),
            False,
        ),
    }
    _guarded_always = True

    def _default_office_id(self):
        if self.env.user.has_group("discom.group_administrator"):
            return False
        return self.env.user.discom_scope_ids[:1]

    name = fields.Char(compute="_compute_name", store=True)
    kind = fields.Selection(
        [
            ("bill", "Bills"),
            ("reading", "Meter readings"),
            ("payment", "Payments"),
            ("kyc", "KYC and consents"),
            ("consumer", "Consumer master"),
            ("asset", "Supply network"),
            ("office", "Offices"),
        ],
        required=True,
        default="bill",
    )
    office_id = fields.Many2one(
        "discom.office",
        default=lambda self: self._default_office_id(),
        index=True,
        ondelete="restrict",
        help="Rows of consumers outside this office and those below it are refused. Empty means "
        "all offices.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    file = fields.Binary(required=True, attachment=True, copy=False, personal="file")
    filename = fields.Char("File Name")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("checking", "Checking"),
            ("checked", "Checked"),
            ("running", "Importing"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    user_id = fields.Many2one(
        "res.users",
        "Started By",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The import does what this user may do.",
    )
    started_at = fields.Datetime(readonly=True, copy=False)
    finished_at = fields.Datetime(readonly=True, copy=False)
    row_count = fields.Integer("Rows", readonly=True, copy=False)
    new_count = fields.Integer("New", readonly=True, copy=False)
    changed_count = fields.Integer("Changed", readonly=True, copy=False)
    same_count = fields.Integer("Unchanged", readonly=True, copy=False)
    refused_count = fields.Integer("Refused", readonly=True, copy=False)
    last_row = fields.Integer(
        readonly=True, copy=False, help="Number of the last row in the file that was imported."
    )
    applied_count = fields.Integer("Rows Imported", readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress")
    message = fields.Text(readonly=True, copy=False)
    # They name the values that are refused: numbers, e-mails.
    findings = fields.Json("First Refused Rows", readonly=True, copy=False, personal="file")
    findings_html = fields.Html(compute="_compute_findings_html", personal="file")
    columns_required = fields.Char(compute="_compute_columns_known")
    columns_optional = fields.Char(compute="_compute_columns_known")
    columns_used = fields.Char(readonly=True, copy=False)
    columns_ignored = fields.Char(readonly=True, copy=False)
    refused_file = fields.Binary(
        "Refused Rows", readonly=True, attachment=True, copy=False, personal="file"
    )
    refused_filename = fields.Char(compute="_compute_refused_filename")

    @api.depends("kind", "filename")
    def _compute_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            record.name = record.filename or labels.get(record.kind)

    @api.depends("kind")
    def _compute_columns_known(self):
        """Names of the columns that a file of this kind must and may have."""
        for record in self:
            columns = [column for column in record._columns() if not column.source]
            record.columns_required = ", ".join(c.name for c in columns if c.required)
            record.columns_optional = ", ".join(c.name for c in columns if not c.required)

    @api.depends("applied_count", "new_count", "changed_count", "state")
    def _compute_progress(self):
        for record in self:
            total = record.new_count + record.changed_count
            if record.state == "done":
                record.progress = 100.0
            else:
                record.progress = 100.0 * record.applied_count / total if total else 0.0

    @api.depends("findings")
    def _compute_findings_html(self):
        for record in self:
            record.findings_html = (
                self.env["ir.qweb"]._render(
                    "discom.discom_import_findings", {"findings": record.findings}
                )
                if record.findings
                else False
            )

    @api.depends("filename")
    def _compute_refused_filename(self):
        for record in self:
            stem = (record.filename or record.kind or "").rsplit(".", 1)[0]
            record.refused_filename = f"{stem}-refused.csv"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        # No constraint: those run as superuser, and this is about the user.
        records._check_rights()
        return records

    def write(self, vals):
        if {"file", "kind", "office_id", "company_id"} & vals.keys() and any(
            record.state not in ("draft", "checked", "failed") for record in self
        ):
            raise UserError(
                self.env._(
                    "This import has started, so its file and office stay. Make a new "
                    "import for another file."
                )
            )
        result = super().write(vals)
        if {"file", "kind", "office_id", "company_id"} & vals.keys():
            self._check_rights()
            self._reset()
        return result

    def unlink(self):
        self._drop_stage()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        if any(record.state in ("checking", "running") for record in self):
            raise UserError(self.env._("Wait until the import has ended, or stop it."))

    # === ACTION METHODS === #

    def action_check(self):
        """Read the file and show what an import would do; nothing is changed."""
        self.ensure_one()
        self._start("checking", ("draft", "checked", "failed"))
        if self._is_large():
            self.env.ref("discom.import_cron_run")._trigger()
            return True
        try:
            self._stage()
        except TabularError as error:
            raise UserError(self._file_error_text(error)) from error
        self._plan()
        return True

    def action_run(self):
        """Carry out what the check has shown."""
        self.ensure_one()
        self._start("running", ("checked",))
        if self._is_large():
            self.env.ref("discom.import_cron_run")._trigger()
            return True
        self._plan()
        while self._apply_next():
            continue
        self._finish()
        return True

    def action_stop(self):
        """Stop an import in the background; rows imported so far stay."""
        self.ensure_one()
        if self.state in ("checking", "running"):
            self._write_progress(state="draft", message=self.env._("Stopped by the user."))
        return True

    def action_retry(self):
        """Check a failed import again; what it had imported counts as unchanged."""
        self.ensure_one()
        return self.action_check()

    @api.model
    def _gc_files(self):
        """Delete a batch of files of old imports that were read.

        :return: how many, and whether there may be more
        """
        return self._delete_by("import_file")

    @api.model
    def _gc_unread(self):
        """Delete a batch of files that were not read: nobody knows what they hold.

        :return: how many, and whether there may be more
        """
        return self._delete_by("import_unread")

    def _delete_by(self, what):
        before = self.env["discom.retention.rule"]._before(what)
        if before is None:
            return 0, False
        old = self.search(self._gc_domain(what, before), limit=GC_BATCH)
        # sudo: the garbage collector works for all users alike.
        self.env["ir.attachment"].sudo().search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", old.ids),
                ("res_field", "in", ("file", "refused_file")),
            ]
        ).unlink()
        unfinished = old.filtered(lambda job: job.state != "done")
        unfinished._drop_stage()
        unfinished._write_progress(state="failed")
        return len(old), len(old) == GC_BATCH

    @api.model
    def _gc_domain(self, what, before):
        states = {"import_file": ("checked", "done"), "import_unread": ("draft", "failed")}
        return [("file", "!=", False), ("write_date", "<", before), ("state", "in", states[what])]

    # === BUSINESS METHODS === #

    def _start(self, state, allowed):
        """Move on to ``state`` in the name of the current user.

        :raise UserError: when the import is not in one of the ``allowed`` states
        """
        self.check_access("write")
        self._check_rights()
        self.lock_for_update()
        if self.state not in allowed:
            raise UserError(
                self.env._(
                    "This import is being worked on already. Wait a moment and reload the page."
                )
            )
        self._write_progress(
            state=state,
            user_id=self.env.uid,
            started_at=fields.Datetime.now(),
            finished_at=False,
            message=False,
            last_row=0,
            applied_count=0,
        )

    @api.model
    def _guarded_text(self):
        return self.env._("State and results of an import are changed by its buttons alone.")

    def _write_progress(self, **vals):
        """Write guarded fields, and nothing that follows from a change by hand."""
        models.Model.write(self, vals)

    def _reset(self):
        """Forget what was read of the former file."""
        self._drop_stage()
        self._write_progress(
            state="draft",
            row_count=0,
            new_count=0,
            changed_count=0,
            same_count=0,
            refused_count=0,
            findings=False,
            refused_file=False,
            message=False,
            columns_used=False,
            columns_ignored=False,
        )

    def _attachment(self, name="file"):
        """The attachment of one of the file fields."""
        # The attachment of a field follows the rules of its record, which were checked.
        return (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("res_field", "=", name),
                ],
                limit=1,
            )
        )

    def _is_large(self):
        return self._attachment().file_size > DIRECT_BYTES

    def _open_file(self):
        """The uploaded file as a seekable binary stream, not loaded into memory where it lies in
        the filestore."""
        self.env.flush_all()
        attachment = self._attachment()
        if attachment.store_fname:
            return open(attachment._full_path(attachment.store_fname), "rb")
        return io.BytesIO(attachment.raw or b"")

    def _keep_file(self, name, path):
        """Put the CSV file at ``path`` into one of the file fields."""
        attachment = self._attachment(name)
        if not attachment:
            attachment = attachment.create(
                {"name": name, "res_model": self._name, "res_id": self.id, "res_field": name}
            )
        attachment._discom_take(path, "text/csv")
        self.invalidate_recordset([name])
