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
        """Bills whose report file is a typst layout are rendered by typst, all others as ever."""
        report = self._get_report(report_ref)
        layout = report.report_file or ""
        if report.model != "discom.bill" or PurePath(layout).suffix != LAYOUT_SUFFIX:
            return super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
        return self._render_bills(layout, [res_ids] if isinstance(res_ids, int) else res_ids), "pdf"

    def _render_bills(self, layout, bill_ids):
        """One PDF of the bills, in the order of their ids, a page each.

        :param str layout: typst file below an addons path, e.g. ``discom/reports/bill.typ``
        :param list bill_ids: ids that the user may read; at most ``PRINT_LIMIT``
        :rtype: bytes
        """
        if not bill_ids:
            raise UserError(self.env._("Select the bills to print."))
        if len(bill_ids) > PRINT_LIMIT:
            raise UserError(
                self.env._(
                    "%(count)s bills are too many for one PDF. Select at most %(limit)s at a time.",
                    count=len(bill_ids),
                    limit=PRINT_LIMIT,
                )
            )
        self.env["discom.bill"].browse(bill_ids).check_access("read")
        try:
            path = file_path(layout, filter_ext=(LAYOUT_SUFFIX,))
        except FileNotFoundError as error:
            raise UserError(
                self.env._("The layout %(file)s does not exist.", file=layout)
            ) from error
        try:
            parts = [
                io.BytesIO(part) for part in pdf.render_many(path, self._bill_batches(bill_ids))
            ]
        except pdf.LayoutError as error:
            raise UserError(
                self.env._("The layout of the bill has a mistake:\n%(error)s", error=error)
            ) from error
        merged = parts[0] if len(parts) == 1 else self._merge_pdfs(parts)
        return merged.getvalue()

    def _bill_batches(self, bill_ids):
        """Documents of the bills for their layout, ``pdf.BATCH`` at a time.

        Each is in its consumer's language, so that paper and WhatsApp show the same.
        """
        for ids in split_every(pdf.BATCH, bill_ids, list):
            bills = self.env["discom.bill"].browse(ids)
            data = {}
            for lang, group in bills.grouped(lambda bill: bill.partner_id.lang or "hi_IN").items():
                data.update(group._document_data(lang))
            yield [pdf.prepare_bill(data[bill_id]) for bill_id in ids]
            # A thousand bills with lines and consumers need not stay in the cache.
            self.env.invalidate_all()
