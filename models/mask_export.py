"""Which exports need an approval, and what is put on record of each."""

import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import RedirectWarning
from odoo.fields import Domain
from odoo.tools import ormcache

#: Exports within so many hours count together, or a large one would be taken in slices.
WINDOW_HOURS = 24
#: Ids that go into the form for the approval; of more rows the filter has to be chosen there.
IDS_LIMIT = 20_000


class DiscomExportRequest(models.Model):
    _inherit = "discom.export.request"

    # === WHAT NEEDS AN APPROVAL === #

    @api.model
    def _models_about_people(self):
        return [
            name
            for name, model in self.env.registry.items()
            if not model._abstract and not model._transient and self._is_about_people(name)
        ]

    @api.model
    @ormcache("name")
    def _is_about_people(self, name):
        """Tell whether rows of a model are about consumers, or are the audit journal."""
        if name in ("res.partner", "discom.audit.entry"):
            return True
        return name.startswith("discom.") and any(
            (field.type == "many2one" and field.comodel_name == "res.partner")
            or getattr(field, "personal", None)
            for field in self.env[name]._fields.values()
        )

    @api.model
    def _count_recent(self):
        """Rows about people that the user has exported within the last hours without an approval.

        Whatever they are: bills and payments hold the same people again.
        """
        # sudo: users do not read the journal.
        [(rows,)] = (
            self.env["discom.audit.entry"]
            .sudo()
            ._read_group(
                [
                    ("kind", "=", "export"),
                    ("user_id", "=", self.env.uid),
                    # An approved export is logged with its request.
                    ("model", "in", self._models_about_people()),
                    ("at", ">", fields.Datetime.now() - timedelta(hours=WINDOW_HOURS)),
                ],
                [],
                ["number:sum"],
            )
        )
        return rows or 0

    @api.model
    def _is_bulk(self, model, rows):
        if self.env.user._is_superuser():
            return False
        # sudo: a setting of the company.
        limit = self.env.company.sudo().discom_export_rows
        return self._is_about_people(model) and self._count_recent() + rows > limit

    # === APPROVALS IN FORCE === #

    @api.model
    def _approved(self, domain):
        return self.search(
            [
                ("user_id", "=", self.env.uid),
                ("state", "=", "approved"),
                ("until", ">", fields.Datetime.now()),
                *domain,
            ],
            order="id",
        )

    @api.model
    def _covering_list(self, records, columns, rows):
        """The oldest approval of the user for these records and columns, or none."""
        model = self.env[records._name].with_context(active_test=False)
        ids = Domain("id", "in", records.ids)
        # sudo: users do not read the models of the database.
        model_id = self.env["ir.model"].sudo()._get_id(records._name)
        for request in self._approved(
            [("model_id", "=", model_id), ("report", "=", False), ("rows", ">=", rows)]
        ):
            named = set((request.columns or "").split())
            if (not named or named.issuperset(columns)) and model.search_count(
                request._rows_domain() & ids
            ) == len(records):
                return request
        return self.browse()

    @api.model
    def _covering_report(self, report, rows):
        """The oldest approval of the user for a report, asked for as this one; or none."""
        # A report may lose rows until it is made, but not gain any.
        return self._approved([("report", "=", report._name), ("rows", ">=", rows)]).filtered(
            lambda request: _same(request.params, report._report_params())
        )[:1]

    # === EXPORTS === #

    @api.model
    def _check_list(self, records, columns, rows):
        """Return the approval that an export of a list rests on, empty where it needs none.

        :raise RedirectWarning: where it needs one that the user does not have
        """
        model = self._people_model(records, columns)
        if not model or not self._is_bulk(model, rows):
            return self.browse()
        if request := self._covering_list(records, columns, rows):
            return request
        few = len(records) <= IDS_LIMIT
        raise RedirectWarning(
            self._needs_text(rows),
            self.env.ref("discom.discom_export_request_ask_action").id,
            self.env._("Ask for approval"),
            {
                # sudo: users do not read the models of the database.
                "default_model_id": self.env["ir.model"].sudo()._get_id(records._name),
                "default_domain": str([("id", "in", records.ids)]) if few else "[]",
                "default_columns": "\n".join(columns),
            },
        )

    @api.model
    def _people_model(self, records, columns):
        """The model of the list, or of one that a column comes from, that is about people."""
        models_ = [records._name]
        for column in columns:
            model = records
            for name in column.replace(".id", "id").split("/")[:-1]:
                field = model._fields.get(name)
                if not field or not field.comodel_name:
                    break
                model = self.env[field.comodel_name]
                models_.append(model._name)
        return next(filter(self._is_about_people, models_), None)

    @api.model
    def _check_report(self, report, rows):
        """Return ``(approval, action)``: what a report rests on, or what asks for it."""
        if not report._report_personal() or not self._is_bulk(report._report_model, rows):
            return self.browse(), None
        if request := self._covering_report(report, rows):
            return request, None
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "discom.discom_export_request_ask_action"
        )
        action["context"] = {
            # sudo: users do not read the models of the database.
            "default_model_id": self.env["ir.model"].sudo()._get_id(report._report_model),
            "default_report": report._name,
            "default_params": report._report_params(),
            "default_domain": str(list(report._report_domain())),
        }
        return self.browse(), action

    @api.model
    def _ask_by(self, action, reason):
        """Ask as somebody would in the form that ``action`` of :meth:`_check_report` opens."""
        values = action["context"].items()
        self.create(
            {**{name.removeprefix("default_"): value for name, value in values}, "reason": reason}
        )

    @api.model
    def _record(self, records, rows, columns, request):
        """Put an export on record, with whose data it was, and end the approval that it rests on.

        :param records: recordset, or the name of the model where it is not known which they are
        """
        model = records if isinstance(records, str) else records._name
        if records is not model and len(records) > IDS_LIMIT:
            records = model
        # sudo: nobody writes requests but by the methods of this model.
        request.sudo().write(
            {
                "state": "used",
                "used_at": fields.Datetime.now(),
                "exported_ids": False if records is model else records.ids,
            }
        )
        what = self.env["ir.model"].sudo()._get(model).name  # sudo: the name of the model only
        self.env["discom.audit.entry"]._log(
            "export",
            request or records,
            f"{what}: {', '.join(columns)}",
            number=rows,
            reason=request.reason or "",
        )

    @api.model
    def _record_report(self, report, rows, approval):
        """Put on record that a report is made, with what was asked for."""
        facts = [report._report_title()]
        if report.office_id:
            facts.append(report.office_id.name)
        records = report._report_model
        if report._report_personal() and rows <= IDS_LIMIT:
            records = self.env[records].search(report._report_domain())
        self._record(records, rows, facts, approval)

    @api.model
    def _needs_text(self, rows):
        return self.env._(
            "This export or print has %(rows)s rows about people. More than %(limit)s within a day "
            "leave the system only with a reason and the approval of a division manager. Ask for "
            "it; once it is approved, export or print the same again.",
            rows=rows,
            limit=self.env.company.sudo().discom_export_rows,  # sudo: a setting of the company
        )


class Base(models.AbstractModel):
    _inherit = "base"

    def export_data(self, fields_to_export):
        """Exports of the roles are put on record; large ones about people need an approval.

        :raise RedirectWarning: where an approval is needed
        """
        user = self.env.user
        if (
            self.env.su
            or not user.has_group("discom.group_staff")
            or not user.has_group("base.group_allow_export")
        ):
            return super().export_data(fields_to_export)
        requests = self.env["discom.export.request"]
        request = requests._check_list(self, fields_to_export, len(self))
        result = super().export_data(fields_to_export)
        rows = len(result["datas"])
        if rows > len(self):
            # Lines below the records count as well.
            request = requests._check_list(self, fields_to_export, rows)
        # By the people in it, or slices by way of other records would not count together.
        model = requests._people_model(self, fields_to_export) or self._name
        records = self if model == self._name else model
        requests._record(records, rows, fields_to_export, request)
        return result


def _same(one, other):
    return json.dumps(one, sort_keys=True) == json.dumps(
        json.loads(json.dumps(other)), sort_keys=True
    )
