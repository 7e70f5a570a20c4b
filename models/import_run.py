from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .bill_run import OPEN_STATES

# Kinds of files that bring in bills.
BILL_KINDS = ("bill", "reading")


class DiscomImport(models.Model):
    _inherit = "discom.import"

    run_id = fields.Many2one(
        "discom.bill.run",
        "Bill Run",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('state', 'in', ('draft', 'taken', 'checked'))]",
        help="Bills of this file become bills of the run. Rows of other months are refused.",
    )

    @api.constrains("run_id", "kind", "office_id")
    def _check_run(self):
        for job in self.filtered("run_id"):
            above = f"/{job.office_id.parent_path or ''}"
            if job.kind not in BILL_KINDS or f"/{job.run_id.office_id.id}/" not in above:
                raise ValidationError(
                    self.env._(
                        "A bill run takes files of bills or readings of its own office, "
                        "%(office)s, or of one below it.",
                        office=job.run_id.office_id.display_name,
                    )
                )

    @api.onchange("run_id")
    def _onchange_run_id(self):
        if self.run_id:
            self.office_id = self.run_id.office_id

    def _start(self, state, allowed):
        result = super()._start(state, allowed)
        # Of an approval and an import at the same moment one waits for the other and starts anew.
        if self.run_id:
            self.run_id.lock_for_update()
        if self.run_id and (self.run_id.state not in OPEN_STATES or self.run_id.work):
            raise UserError(
                self.env._(
                    "%(run)s takes no more files: it is approved or cancelled, or the background "
                    "works on it.",
                    run=self.run_id.display_name,
                )
            )
        return result

    def write(self, vals):
        if "run_id" in vals and any(job.state not in ("draft", "failed") for job in self):
            raise UserError(
                self.env._(
                    "This import has started, so its bill run stays. Make a new import for "
                    "another run."
                )
            )
        return super().write(vals)

    def _only_period(self):
        return self.run_id.period or super()._only_period()

    def _bill_values(self):
        return {**super()._bill_values(), **self._run_values()}

    def _reading_values(self):
        return {**super()._reading_values(), **self._run_values()}

    def _run_values(self):
        return {"run_id": SQL("%s", self.run_id.id)} if self.run_id else {}

    def _finish(self):
        result = super()._finish()
        if self.run_id:
            self.run_id._files_taken(self)
        return result

    def action_issue_bills(self):
        """Bills of a run are issued by it, after its approval."""
        if self.run_id:
            raise UserError(
                self.env._(
                    "These bills belong to the run %(run)s, which issues them once it is approved.",
                    run=self.run_id.display_name,
                )
            )
        self.env["discom.bill"]._check_without_run(self.bill_ready_count)
        return super().action_issue_bills()


class DiscomBillRun(models.Model):
    _inherit = "discom.bill.run"

    import_ids = fields.One2many("discom.import", "run_id", "Files")

    def action_add_file(self):
        """Open a new import for a bill file of this run."""
        self.ensure_one()
        self._begin(OPEN_STATES)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Bill file"),
            "res_model": "discom.import",
            "views": [(False, "form")],
            "context": {
                "default_kind": "bill",
                "default_run_id": self.id,
                "default_office_id": self.office_id.id,
            },
        }

    def _takers(self):
        # Who may approve need not see all imports.
        return super()._takers() | self.sudo().import_ids.user_id

    def _files_taken(self, job):
        """Note that a file has come in; the run is checked anew."""
        if self.state in OPEN_STATES:
            self._set(state="taken")
            self.message_post(
                body=self.env._(
                    "File %(file)s: %(new)s new, %(changed)s changed, %(refused)s refused.",
                    file=job.name,
                    new=job.new_count,
                    changed=job.changed_count,
                    refused=job.refused_count,
                )
            )
            self._hand_over(self.user_id, lambda env: env._("Check the bills taken in"))
