import io

from odoo.tests import BaseCase, tagged
from odoo.tools.pdf import PdfFileReader

from ..tools.pdf_notice import notice_pdf
from ..tools.qr import upi_uri
from ..tools.words import amount_in_words
from . import pdf_samples
from .test_pdf import flat, printed

A4_POINTS = (595.28, 841.89)
FORUM = "विद्युत उपभोक्ता व्यथा निवारण मंच, अधीक्षण अभियन्ता कार्यालय, विद्युत भवन, 05444-222222 "


def notice(total="2135.83", shown="2,135.83", months=2, consumer=None, **vals):
    """A notice as ``tools/pdf_notice.py`` receives it."""
    sample = pdf_samples.bill()
    return {
        "discom_name": sample["discom_name"],
        "office": sample["office"],
        "consumer": {**sample["consumer"], **(consumer or {})},
        "notice": {
            "number": "N/2026/000123",
            "date": "12/12/2026",
            "amount": shown,
            "words_hi": amount_in_words(total, "hi"),
            "words_en": amount_in_words(total, "en"),
            "days": "15",
            "due_date": "23/11/2026",
            "bill_no": "B2611000123",
            "officer": "रमेश कुमार",
            "officer_title": "Executive Engineer",
            **vals,
        },
        "months": [{"month": f"सितंबर {2026 - i}", "amount": "12,34,567.00"} for i in range(months)],
        "upi": {"uri": upi_uri("division@bank", "Division", total, "B2611000123", "Bill")},
    }


def long_notice():
    """Eight digits of rupees, seventeen lines of months, names of several rows, a forum."""
    crowded = pdf_samples.crowded_bill()["consumer"]
    return notice(
        "98765432.10",
        "9,87,65,432.10",
        17,
        {**crowded, "guardian": crowded["name_hi"]},
        forum=FORUM * 2,
        served_on="15/12/2026",
        last_day="30/12/2026",
        officer="रमेश कुमार सिंह चौहान (प्रभारी)",
        officer_title="Executive Engineer, Electricity Distribution Division",
    )


@tagged("-at_install", "post_install")
class TestNoticePdf(BaseCase):
    """One A4 page, whatever a notice holds, with all of it."""

    def assertOnePage(self, data, texts=()):
        content = notice_pdf(data)
        pages = PdfFileReader(io.BytesIO(content)).pages
        self.assertEqual(len(pages), 1)
        for size, expected in zip(pages[0].mediabox[2:], A4_POINTS, strict=True):
            self.assertAlmostEqual(float(size), expected, delta=1)
        text = flat(printed(content, "-raw"))
        for part in ("N/2026/000123", "1912", "Signature", *texts):
            self.assertIn(part, text)

    def test_ordinary(self):
        self.assertOnePage(notice(), ("2,135.83", "B2611000123"))

    def test_crowded(self):
        """It has run over the page until it was made smaller; nothing is lost."""
        data = long_notice()
        texts = ("9,87,65,432.10", "05444-222222", "30/12/2026", "Executive Engineer")
        self.assertOnePage(data, texts)
        data["upi"]["uri"] = ""
        self.assertOnePage(data, texts)

    def test_empty(self):
        data = notice(months=0)
        data["upi"]["uri"] = ""
        self.assertOnePage(data)

    def test_hostile(self):
        for text in pdf_samples.HOSTILE:
            with self.subTest(text[:20]):
                data = long_notice()
                for key in ("name_hi", "name", "guardian", "address", "category", "meter_no"):
                    data["consumer"][key] = text
                data["notice"].update(forum=text, officer=text, officer_title=text)
                self.assertOnePage(data)
