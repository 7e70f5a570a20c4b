import io
import re
import subprocess
import tempfile
import threading
import unicodedata
from itertools import product
from pathlib import Path

from odoo.tests import BaseCase, tagged
from odoo.tools.pdf import PdfFileReader

from ..tools import pdf
from ..tools.fonts import coverage
from ..tools.qr import qr_svg, upi_uri
from . import pdf_samples

A5_POINTS = (419.53, 595.28)


def printed(content, *options):
    """Text of a PDF as a reader copies it (poppler's pdftotext), in NFC."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        command = ["pdftotext", *options, file.name, "-"]
        text = subprocess.run(command, check=True, capture_output=True).stdout.decode(
            errors="replace"
        )
    return unicodedata.normalize("NFC", text)


def flat(text):
    return " ".join(text.replace("\u200b", "").split())


def leaves(data):
    if isinstance(data, dict):
        data = data.values()
    if isinstance(data, str):
        yield data
    elif hasattr(data, "__iter__"):
        for item in data:
            yield from leaves(item)


def replaced(data, value):
    if isinstance(data, dict):
        return {key: replaced(item, value) for key, item in data.items()}
    if isinstance(data, list):
        return [replaced(item, value) for item in data]
    return value if isinstance(data, str) else data


@tagged("-at_install", "post_install")
class TestBillPdf(BaseCase):
    def assertOnePage(self, content):
        """One A5 page, and the last line of the layout stands on it."""
        pages = PdfFileReader(io.BytesIO(content)).pages
        self.assertEqual(len(pages), 1)
        for size, expected in zip(pages[0].mediabox[2:], A5_POINTS, strict=True):
            self.assertAlmostEqual(float(size), expected, delta=1)
        boxes = re.findall(
            r'yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">([^<]*)<',
            printed(content, "-bbox"),
        )
        self.assertIn("OTP", [box[3] for box in boxes])
        for top, right, bottom, word in boxes:
            self.assertGreater(float(top), 0, word)
            self.assertLess(float(right), A5_POINTS[0], word)
            self.assertLess(float(bottom), A5_POINTS[1], word)

    def test_everything_can_be_read_and_copied(self):
        data = pdf_samples.bill()
        content = pdf.bill_pdf(data)
        self.assertOnePage(content)
        text = flat(printed(content, "-raw"))
        data["upi"] = {}
        data["bill"].pop("basis_code")
        data["bill"].pop("basis_hi")
        data["bill"].pop("basis_en")
        for leaf in leaves(data):
            self.assertIn(leaf, text)
        for label in ("जमा करने की राशि", "इस तारीख तक", "Pay by", "1912", "₹ 2,135.83", "-13.98"):
            self.assertIn(label, text)
        for units in pdf_samples.UNITS:
            self.assertIn(str(units), text)
        self.assertNotIn("असली रीडिंग", text)

    def test_amount_and_date_are_largest(self):
        content = pdf.bill_pdf(pdf_samples.bill())
        heights = {}
        for top, bottom, word in re.findall(
            r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]*)<', printed(content, "-bbox")
        ):
            heights[word] = max(heights.get(word, 0), float(bottom) - float(top))
        amount, date = heights.pop("2,135.83"), heights.pop("23/11/2026")
        heights.pop("₹")
        self.assertGreater(amount, date)
        self.assertGreater(date, max(heights.values()))

    def test_amounts_stand_under_each_other(self):
        """Also the amount of a charge whose name takes two lines, such as the FPPAS."""
        data = pdf_samples.bill()
        data["lines"][4]["name_hi"] = "ईंधन एवं विद्युत क्रय अधिभार"
        data["lines"][4]["name_en"] = "Fuel and power purchase surcharge"
        edges = {}
        for edge, word in re.findall(
            r'xMax="([\d.]+)" yMax="[\d.]+">([^<]*)<', printed(pdf.bill_pdf(data), "-bbox")
        ):
            edges[word] = float(edge)
        self.assertAlmostEqual(edges["-13.98"], edges["335.00"], delta=1)

    def test_basis_is_explained(self):
        data = pdf_samples.bill()
        data["bill"].update(
            basis_actual=False, basis_code="IDF", basis_hi="मीटर खराब", basis_en="Meter defective"
        )
        text = flat(printed(pdf.bill_pdf(data), "-raw"))
        for words in ("मीटर खराब (IDF)", "Meter defective", "असली रीडिंग", "1912 पर बताएँ"):
            self.assertIn(words, text)
        data["bill"].update(basis_note_hi="मीटर बदला जाएगा।", basis_note_en="It will be replaced.")
        text = flat(printed(pdf.bill_pdf(data), "-raw"))
        self.assertIn("मीटर बदला जाएगा।", text)
        self.assertIn("It will be replaced.", text)
        self.assertNotIn("असली रीडिंग", text)

    def test_credit_and_zero(self):
        data = pdf_samples.bill()
        data["totals"].update(total="-1,234.56", **pdf_samples.words("-1234.56"))
        self.assertEqual(pdf.prepare_bill(data)["qr"], "")
        content = pdf.bill_pdf(data)
        self.assertOnePage(content)
        text = flat(printed(content, "-raw"))
        for words in ("Nothing to pay", "Your credit", "₹ 1,234.56", "ऋण एक हज़ार दो सौ चौंतीस"):
            self.assertIn(words, text)
        self.assertNotIn("Scan to pay", text)
        self.assertNotIn("Pay by", text)
        data["totals"].update(total="0.00")
        text = flat(printed(pdf.bill_pdf(data), "-raw"))
        self.assertIn("Nothing to pay", text)
        self.assertNotIn("Your credit", text)

    def test_paid_bill_asks_for_nothing(self):
        content = pdf.bill_pdf({**pdf_samples.bill(), "settled": True})
        self.assertOnePage(content)
        text = flat(printed(content, "-raw"))
        self.assertIn("जमा हो चुका है Paid", text)
        for words in ("Scan to pay", "Pay by", "Amount to pay", "Nothing to pay"):
            self.assertNotIn(words, text)

    def test_missing_keys(self):
        for data in ({}, {"bill": None, "lines": None, "upi": None}):
            self.assertOnePage(pdf.bill_pdf(data))
        content = pdf.bill_pdf(
            {
                "totals": {"total": "12.00"},
                "history": [{"month_en": "Oct", "units": None}, {"month_en": "Nov", "units": 0}],
                "arrears": [{"month": "Oct"}],
                "last_payment": {"mode": "counter"},
            }
        )
        self.assertOnePage(content)
        text = flat(printed(content, "-raw"))
        self.assertIn("₹ 12.00", text)
        self.assertNotIn("Scan to pay", text)

    def test_largest_bills_fit(self):
        for flags in product((False, True), repeat=3):
            with self.subTest(flags=flags):
                content = pdf.bill_pdf(pdf_samples.large_bill(*flags))
                self.assertOnePage(content)
                # Nothing stands in the margin below, where an overflow would push the footer.
                bottoms = re.findall(r'yMax="([\d.]+)">[^<]', printed(content, "-bbox"))
                self.assertLess(max(map(float, bottoms)), A5_POINTS[1] - 17)
        content = pdf.bill_pdf(pdf_samples.crowded_bill())
        self.assertOnePage(content)
        text = flat(printed(content, "-raw"))
        self.assertIn("₹ 1,23,45,67,89,012.34", text)
        self.assertIn("slab 14", text)
        self.assertIn("अक्टूबर 2015", text)

    def test_one_full_bill_among_others(self):
        """Where one of a batch runs over its page all stay on a page each, in their order."""
        bills = [pdf_samples.bill(), pdf_samples.crowded_bill(), pdf_samples.bill()]
        content = pdf.render(pdf.BILL_LAYOUT, [pdf.prepare_bill(data) for data in bills])
        pages = [flat(page) for page in printed(content, "-raw").split("\f")[:-1]]
        self.assertEqual(len(pages), 3)
        self.assertEqual(["slab 14" in page for page in pages], [False, True, False])
        for page in pages:
            self.assertIn("OTP", page)

    def test_hostile_texts_are_only_text(self):
        for hostile in pdf_samples.HOSTILE:
            with self.subTest(hostile=hostile[:20]):
                data = pdf_samples.bill()
                uri = data["upi"]["uri"]
                data = replaced(data, hostile)
                data["upi"]["uri"] = uri
                self.assertOnePage(pdf.bill_pdf(data))
        data = pdf_samples.bill()
        data["consumer"]["name"] = pdf_samples.HOSTILE[0]
        self.assertIn(pdf_samples.HOSTILE[0], flat(printed(pdf.bill_pdf(data), "-raw")))

    def test_texts_are_made_printable(self):
        prepared = pdf.prepare_bill(
            {"consumer": {"name": " a\x00\n\u202eb ", "name_hi": "ड\u093c", "guardian": "क्ष" * 200}}
        )["consumer"]
        self.assertEqual(prepared["name"], "a b")
        self.assertEqual(prepared["name_hi"], unicodedata.normalize("NFC", "\u095c"))
        self.assertEqual(len(prepared["guardian"].replace("\u200b", "")), pdf.MAX_TEXT)
        for piece in prepared["guardian"].split("\u200b"):
            self.assertTrue(piece.startswith(("क", "…")), "a syllable was cut")

    def test_nothing_prints_as_an_empty_box(self):
        """Urdu has a font; pictures go, and letters no font has leave a sign of their absence."""
        name = {
            "name": "محمد یوسف",
            "name_hi": "राम \U0001f600\U0001f468\u200d\U0001f469 क्\u200dष \u2764\ufe0f",
            "guardian": "রাম Ram",
            "address": "日本",
        }
        prepared = pdf.prepare_bill({"consumer": name})["consumer"]
        self.assertEqual(prepared["name"], "محمد یوسف")
        self.assertEqual(prepared["name_hi"], "राम क्\u200dष")
        self.assertEqual(prepared["guardian"], "… Ram")
        self.assertEqual(prepared["address"], "…")
        data = pdf_samples.bill()
        data["consumer"].update(name)
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(pdf.bill_pdf(data))
            file.flush()
            fonts = subprocess.run(
                ["pdffonts", file.name], check=True, capture_output=True, text=True
            ).stdout
        self.assertIn("NotoNaskhArabic", fonts)

    def test_coverage_is_what_the_fonts_say(self):
        covered = coverage()
        for char in "Az₹•…–कॐपابیے":
            self.assertIn(ord(char), covered, char)
        for char in "\U0001f600日র\uffff":
            self.assertNotIn(ord(char), covered, char)

    def test_many_bills_in_order(self):
        bills = []
        for number in range(7):
            data = pdf_samples.bill()
            data["consumer"]["account_no"] = f"90000000{number:02}"
            bills.append(pdf.prepare_bill(data))
        batches = (bills[start : start + 3] for start in range(0, 7, 3))
        found = []
        for content in pdf.render_many(pdf.BILL_LAYOUT, batches):
            found += re.findall(r"90000000\d\d", printed(content, "-raw"))
        self.assertEqual(found, [f"90000000{number:02}" for number in range(7)])

    def test_threads(self):
        """The same bill is the same file, whoever renders it."""
        results, data = [], pdf_samples.bill()

        def work():
            for _i in range(3):
                results.append(pdf.bill_pdf(data))

        threads = [threading.Thread(target=work) for _i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 12)
        self.assertEqual(len(set(results)), 1)

    def test_own_layout(self):
        with tempfile.TemporaryDirectory() as folder:
            layout = Path(folder) / "own.typ"
            layout.write_text(
                "#let bills = json(bytes(sys.inputs.documents))\n"
                '#for b in bills [Ours: #b.consumer.name #b.at("extra", default: "")]'
            )
            text = printed(pdf.bill_pdf({**pdf_samples.bill(), "extra": "more"}, layout))
            self.assertIn("Ours: Lakshmi Devi more", flat(text))
            layout.write_text('#read("/etc/hostname") #undefined')
            with self.assertRaises(pdf.LayoutError):
                pdf.bill_pdf(pdf_samples.bill(), layout)
        with self.assertRaises(pdf.LayoutError):
            pdf.bill_pdf(pdf_samples.bill(), layout)


@tagged("-at_install", "post_install")
class TestQr(BaseCase):
    def test_uri(self):
        self.assertEqual(
            upi_uri("pvvnl.pipri@sbi", "Vidyut & Co", "1234.5", "B1", "खाता #1?", "4900"),
            "upi://pay?pa=pvvnl.pipri@sbi&pn=Vidyut%20%26%20Co&mc=4900&tr=B1"
            "&tn=%E0%A4%96%E0%A4%BE%E0%A4%A4%E0%A4%BE%20%231%3F&am=1234.50&cu=INR",
        )
        self.assertEqual(upi_uri("ab@cd", "N", 5), "upi://pay?pa=ab@cd&pn=N&am=5.00&cu=INR")

    def test_bad_input(self):
        good = {"payee_address": "ab@cd", "payee_name": "N", "amount": "5"}
        for bad in (
            {"payee_address": "nobody"},
            {"payee_address": "a b@cd"},
            {"payee_address": "ab@cd&am=1"},
            {"payee_address": None},
            {"amount": 5.0},
            {"amount": "0.00"},
            {"amount": "0.004"},
            {"amount": "-5"},
            {"amount": "NaN"},
            {"amount": "Infinity"},
            {"amount": "five"},
            {"amount": None},
            {"reference": "a b"},
            {"reference": "a" * 36},
            {"merchant_code": "49"},
        ):
            with self.subTest(bad=bad), self.assertRaises(ValueError):
                upi_uri(**{**good, **bad})

    def test_svg(self):
        svg = qr_svg(upi_uri("ab@cd", "N", 5))
        self.assertTrue(svg.startswith("<svg"))
        self.assertNotEqual(svg, qr_svg(upi_uri("ab@cd", "N", 6)))
        for text in ("", "x" * 5000):
            with self.assertRaises(ValueError):
                qr_svg(text)
