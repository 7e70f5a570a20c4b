import io
from pathlib import PurePath

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import file_path
from odoo.tools.misc import split_every

from ..tools import pdf

LAYOUT_SUFFIX = ".typ"

# Bills of one request: what a worker makes within Odoo's stock limit of 60 s CPU time.
PRINT_LIMIT = 2000


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _get_readable_fields(self):
        # The web client tells by the file that such a report needs no wkhtmltopdf.
        return super()._get_readable_fields() | {"report_file"}

    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        """Reports whose file is a typst layout are rendered by typst, all others as ever.

        :raise RedirectWarning: for so many documents about people that an approval is needed
        """
        report = self._get_report(report_ref)
        layout = report.report_file or ""
        if PurePath(layout).suffix != LAYOUT_SUFFIX or not hasattr(
            self.env.get(report.model), "_typst_batches"
        ):
            return super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        ids = [res_ids] if isinstance(res_ids, int) else res_ids
        requests, approval = self.env["discom.export.request"], None
        documents = self.env[report.model].browse(ids)
        if len(documents) > 1 and self.env.user.has_group("discom.group_staff"):
            # What is printed leaves the system as what is exported does. In place of columns it
            # is asked for by the name of the report.
            approval = requests._check_list(documents, [report.report_name], len(ids))
        content = self._render_typst(report.model, layout, ids)
        if approval is not None:
            what = [self.env._("%(what)s as PDF", what=report.name)]
            requests._record(documents, len(ids), what, approval)
        else:
            # One by one they are read, and add up.
            documents._discom_note_reading(len(documents), [report.report_name], documents)
        return content, "pdf"

    def _render_typst(self, model, layout, ids):
        """One PDF of records, in the order of their ids.

        :param str model: has ``_typst_batches(ids)``, which yields lists of documents
        :param str layout: typst file below an addons path, e.g. ``discom/reports/bill.typ``
        :param list ids: ids that the user may read; at most ``PRINT_LIMIT``
        :rtype: bytes
        """
        if not ids:
            raise UserError(self.env._("Nothing is selected. Tick the documents to print first."))
        if len(ids) > PRINT_LIMIT:
            raise UserError(
                self.env._(
                    "%(count)s documents are too many for one PDF. Select at most %(limit)s at a"
                    " time.",
                    count=len(ids),
                    limit=PRINT_LIMIT,
                )
            )
        self.env[model].browse(ids).check_access("read")
        try:
            path = file_path(layout, filter_ext=(LAYOUT_SUFFIX,))
        except FileNotFoundError as error:
            raise UserError(
                self.env._("The layout %(file)s does not exist.", file=layout)
            ) from error
        try:
            parts = [
                io.BytesIO(part)
                for part in pdf.render_many(path, self.env[model]._typst_batches(ids))
            ]
        except pdf.LayoutError as error:
            raise UserError(
                self.env._("The layout of the document has a mistake:\n%(error)s", error=error)
            ) from error
        merged = parts[0] if len(parts) == 1 else self._merge_pdfs(parts)
        return merged.getvalue()


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    def _typst_batches(self, ids):
        """Documents of the bills for their layout, ``pdf.BATCH`` at a time.

        Each is in its consumer's language, so that paper and WhatsApp show the same.
        """
        for batch in split_every(pdf.BATCH, ids, list):
            data = {}
            bills = self.browse(batch)
            for lang, group in bills.grouped(lambda bill: bill.partner_id.lang or "hi_IN").items():
                data.update(group._document_data(lang))
            yield [pdf.prepare_bill(data[bill_id]) for bill_id in batch]
            # A thousand bills with lines and consumers need not stay in the cache.
            self.env.invalidate_all()
