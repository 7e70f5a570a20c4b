import io

from pypdf import PdfReader

from odoo.tests import BaseCase, tagged

from ..tools.pdf import BILL_LAYOUT, LayoutError, bill_pdf, prepare_bill, set_pages
from ..tools.pdf_split import BillDocument, SplitError, split
from . import pdf_samples


@tagged("post_install", "-at_install")
class TestPdfSplit(BaseCase):
    """Bills that are set together are the same as bills that are set alone."""

    def bills(self, count):
        for number in range(count):
            data = pdf_samples.bill()
            data["bill"]["number"] = f"B-{number:03}"
            data["consumer"]["name"] = f"Person{number:03} Prasad"
            yield data

    def test_each_gets_his_own_page(self):
        bills = list(self.bills(7))
        made = BillDocument.together([BillDocument(data) for data in bills])
        self.assertEqual(len(made), 7)
        for number, (data, pdf) in enumerate(zip(bills, made, strict=True)):
            with self.subTest(number):
                with self.assertNoLogs("pypdf"):
                    reader = PdfReader(io.BytesIO(pdf), strict=True)
                    page = reader.pages[0].extract_text()
                self.assertEqual(len(reader.pages), 1)
                self.assertEqual(reader.metadata.title, data["bill"]["number"])
                alone = PdfReader(io.BytesIO(bill_pdf(data))).pages[0]
                self.assertEqual(page, alone.extract_text())
                self.assertEqual(reader.pages[0].mediabox, alone.mediabox)
                for other in range(7):
                    if other != number:
                        self.assertNotIn(f"B-{other:03}".encode(), pdf)
                        self.assertNotIn(f"Person{other:03}", page)

    def test_a_long_bill_keeps_no_other_back(self):
        """Who has run over his page is made to fit; the others are as they are alone."""
        bills = list(self.bills(5))
        for number in (1, 2, 4):
            bills[number]["lines"] *= 12
        made = BillDocument.together([BillDocument(data) for data in bills])
        for data, pdf in zip(bills, made, strict=True):
            with self.subTest(data["bill"]["number"]):
                reader, alone = PdfReader(io.BytesIO(pdf)), PdfReader(io.BytesIO(bill_pdf(data)))
                self.assertEqual(len(reader.pages), 1)
                self.assertEqual(reader.pages[0].extract_text(), alone.pages[0].extract_text())
                self.assertEqual(reader.pages[0].mediabox, alone.pages[0].mediabox)
        set_together = set_pages(BILL_LAYOUT, [prepare_bill(data) for data in bills])
        self.assertEqual(
            [one is None for one in split(set_together, list("abcde"))],
            [False, True, True, False, True],
        )

    def test_size_is_that_of_one(self):
        made = BillDocument.together([BillDocument(data) for data in self.bills(10)])
        self.assertLess(max(map(len, made)), 1.5 * len(bill_pdf(next(self.bills(1)))))

    def test_a_broken_bill_is_an_error(self):
        with self.assertRaises((LayoutError, AttributeError, TypeError)):
            BillDocument.together([BillDocument(next(self.bills(1))), BillDocument("nonsense")])

    def test_not_one_page_each(self):
        with self.assertRaises(SplitError):
            split(bill_pdf(next(self.bills(1))), ["one", "two"])
        for nonsense in (b"", b"%PDF-1.7 startxref 5 %%EOF", b"x" * 1000):
            with self.subTest(nonsense[:9]), self.assertRaises(SplitError):
                split(nonsense, ["one"])
