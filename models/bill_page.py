"""The page of one bill for its consumer, in HTML for a phone."""

from markupsafe import Markup

from odoo import models

from ..tools import formats
from ..tools.bill_page_texts import texts
from ..tools.qr import qr_svg

# The drawing of the bars, in its own units.
BAR_WIDTH, BAR_GAP, BAR_HEIGHT, BAR_TOP = 24, 6, 70, 12
LOCALES = {"hi": "hi_IN", "en": "en_IN"}


class DiscomBill(models.Model):
    _inherit = "discom.bill"

    def _render_page(self, lang, **values):
        """HTML of the page that the link of this bill opens.

        :param str lang: ``hi`` or ``en``
        :param values: ``path`` of the page, ``nonce`` of its style, ``form_token``; after a report
            ``sent``, or what was written (``form``) and what is wrong with it (``error``)
        :rtype: Markup
        """
        self.ensure_one()
        data = self._document_data(LOCALES[lang])[self.id]
        uri = data["upi"]["uri"] if self.is_latest else ""
        company = self.company_id
        return self._render_public(
            "discom.bill_page",
            lang,
            d=data,
            hero=self._page_hero(),
            say=lambda entry, key: entry.get(f"{key}_{lang}") or entry.get(f"{key}_en") or "",
            uri=uri,
            qr=Markup(qr_svg(uri)) if uri else "",  # drawn paths, no text # nosec B704
            payee=f"{company.discom_upi_name or company.name} ({company.discom_upi_address})",
            bars=self._page_bars(data["history"], lang),
            problems=[
                {
                    "kind": problem.kind,
                    "state": problem.state,
                    "number": problem.name,
                    "date": formats.day(problem.create_date),
                    "answer": problem.answer if problem.date_closed else "",
                }
                for problem in self.problem_ids
            ],
            kinds=[kind for kind, _label in self.problem_ids._fields["kind"].selection],
            **{"form": {}, "error": "", "sent": False, **values},
        )

    def _render_public(self, template, lang, **values):
        """HTML of a page for who is not known; ``values`` are texts and escaped."""
        page = self.env["ir.qweb"]._render(template, {"language": lang, "t": texts(lang), **values})
        return Markup("<!DOCTYPE html>\n") + page

    def _page_hero(self):
        """What stands largest on the page: what is to be paid now, and until when."""
        due, late = self.amount_due, self._is_past_due(self._today())
        if not self.is_latest:
            state = "older"
        elif self.amount_total <= 0:
            state = "nothing"
        elif due <= 0:
            state = "paid"
        else:
            state = "pay"
        after = max(self.amount_after_due - self.amount_paid, due) if self.amount_after_due else 0
        return {
            "state": state,
            "amount": formats.rupees(self._payable()),
            "credit": formats.rupees(-self.amount_total) if self.amount_total < 0 else "",
            "due_date": formats.day(self.due_date),
            "overdue": late,
            "surcharged": self.amount_payable > due,
            "after_due": formats.rupees(after) if after and not late else "",
            "paid": formats.rupees(self.amount_paid) if self.amount_paid else "",
            "total": formats.rupees(self.amount_total),
        }

    def _page_bars(self, history, lang):
        """Geometry of the bars of consumption: they are drawn, for no style may stand in a tag."""
        top = max((month["units"] or 0 for month in history), default=0)
        bars = []
        for nth, month in enumerate(history):
            height = round(BAR_HEIGHT * max(month["units"] or 0, 0) / top, 1) if top > 0 else 0
            left = nth * (BAR_WIDTH + BAR_GAP)
            bars.append(
                {
                    "x": left,
                    "y": BAR_TOP + BAR_HEIGHT - max(height, 1),
                    "width": BAR_WIDTH,
                    "height": max(height, 1),
                    "middle": left + BAR_WIDTH / 2,
                    "units": "–" if month["units"] is None else formats.number(month["units"]),
                    "month": month[f"month_{lang}"].split()[0],
                    "own": nth == len(history) - 1,
                }
            )
        return bars
