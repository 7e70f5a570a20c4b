"""What the pictures of docs/reports.md show: the demo's Excel workbooks, printed by LibreOffice."""

import base64
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pypdf
from PIL import Image

from dev.stack import system
from dev.stack.console import StackError, step
from dev.stack.paths import CHECKOUT
from dev.stack.process import run
from dev.stack.web import Session

FOLDER = CHECKOUT / "docs" / "reports"
#: Who asks for them: the demo's user whom all of them are open to.
LOGIN = "manager"
#: Dots per inch: a page is 1053 pixels wide, as much as a reader of the docs sees.
RESOLUTION = 90
COLOURS = 64


@dataclass(frozen=True)
class Workbook:
    """A workbook of the demo, and the pictures that are taken of it.

    :ivar str model: of the dialog that makes it
    :ivar dict pictures: name of the file: words that stand on the page alone; none: first page
    :ivar str lang: of the workbook
    :ivar int months: its period begins with the month that lies so far back; None: no period
    """

    model: str
    pictures: dict
    lang: str = "en_IN"
    months: int | None = None


BOOKS = (
    Workbook("discom.kyc.progress", {"kyc_progress": ""}, months=1),
    Workbook("discom.reachability", {"reachability": ""}),
    Workbook("discom.bill.delivery.register", {"bill_delivery": ""}, "hi_IN"),
    Workbook("discom.bill.delivery.register", {"bill_delivery_data": "Held back because"}),
    Workbook("discom.door.list", {"door_list": "", "door_list_data": "Date and signature"}),
    Workbook(
        "discom.arrears.report",
        {"arrears": "", "arrears_debtors": "Largest debtors"},
        months=1,
    ),
    # Whoever had a message has had 15 days to pay: that takes months to look back on.
    Workbook("discom.effect.report", {"effect": ""}, months=5),
    Workbook("discom.notice.field.list", {"field_list": ""}, "hi_IN"),
    Workbook("discom.notice.service.record", {"service_record": ""}, "hi_IN"),
    Workbook("discom.outage.register", {"outages": "", "outages_data": "Supply back at"}, months=1),
    Workbook("discom.message.cost", {"message_cost": ""}, months=1),
    # The last one, so that the journal has the others.
    Workbook("discom.audit.extract", {"audit": ""}, months=1),
)


def take(url, database):
    """Take all pictures of the demo at `url`; return how many.

    :raise StackError: when a workbook, or a page of it, does not come
    """
    system.ensure(system.LIBREOFFICE, system.POPPLER, system.FONTS)
    session = Session(url, database, LOGIN, LOGIN)
    with tempfile.TemporaryDirectory(prefix="discom-workbooks-") as name:
        folder = Path(name)
        # Two may be of the same dialog.
        books = {folder / f"{next(iter(book.pictures))}.xlsx": book for book in BOOKS}
        for path, book in books.items():
            with step(f"Workbook {path.stem}"):
                path.write_bytes(_workbook(session, book))
        with step("Printing them"):
            _to_pdf(folder, books)
        for path, book in books.items():
            for picture, words in book.pictures.items():
                with step(f"docs/reports/{picture}.png"):
                    _picture(path.with_suffix(".pdf"), words, FOLDER / f"{picture}.png")
    return sum(len(book.pictures) for book in BOOKS)


def month_before(day, months):
    """Return the first day of the month that lies `months` before that of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def page_with(words, pages):
    """Return the number, from 1, of the first of `pages` (their texts) that holds `words`.

    :raise StackError: when none does
    """
    for number, text in enumerate(pages, 1):
        # Headings are broken into lines.
        if words in " ".join(text.split()):
            return number
    raise StackError(f"No page of the workbook holds the words “{words}”.")


def _workbook(session, book):
    """Press *Excel* in the dialog; return the file."""
    values = {"lang": book.lang}
    if book.months is not None:
        values["date_from"] = f"{month_before(date.today(), book.months)}"
    dialog = session.call(book.model, "create", [values])
    action = session.call(book.model, "action_print", dialog)
    if action["type"] != "ir.actions.act_url":
        raise StackError(f"{book.model} does not give {LOGIN} the workbook, but: {action['name']}")
    attachment = int(action["url"].split("/")[3].split("?")[0])
    [row] = session.read("ir.attachment", [("id", "=", attachment)], ["datas"])
    return base64.b64decode(row["datas"])


def _to_pdf(folder, paths):
    """Turn the workbooks into PDF, each beside itself."""
    # A profile of its own: LibreOffice hands the work to one that runs already, and its settings.
    profile = (folder / "profile").as_uri()
    command = ["soffice", "--headless", f"-env:UserInstallation={profile}", "--convert-to", "pdf"]
    run([*command, "--outdir", folder, *paths])
    for path in paths:
        # Its exit status does not tell.
        if not path.with_suffix(".pdf").exists():
            raise StackError(f"LibreOffice does not print {path.name}.")


def _picture(pdf, words, path):
    """Write the page of `pdf` that holds `words` to `path`, PNG, in few colours."""
    page = page_with(words, [page.extract_text() for page in pypdf.PdfReader(pdf).pages])
    pages = ["-f", page, "-l", page, "-singlefile"]
    run(["pdftoppm", "-png", "-r", RESOLUTION, *pages, pdf, pdf.with_suffix("")])
    with Image.open(pdf.with_suffix(".png")) as image:
        image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
