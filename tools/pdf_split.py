"""Many documents of one page each, set together by typst and taken apart again.

A typst document costs as much for its fonts as for a page, so ten bills set together take half
the time of ten by themselves. Here each page becomes a PDF of its own: the objects it needs are
copied byte for byte, none is decoded or packed anew.
"""

import re
from itertools import groupby

from .pdf import BILL_LAYOUT, bill_pdf, prepare_bill, render, set_pages

_HEADER = b"%PDF-1.7\n%\x80\x80\x80\x80\n"
_STARTXREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_ENTRY = re.compile(rb"(\d{10}) \d{5} n")
_REFERENCE = re.compile(rb"(\d+) 0 R")
_PARENT = re.compile(rb"/Parent \d+ 0 R")
_SHEET = re.compile(rb"/MediaBox\s*\[[^\]]*\]")
_KIDS = re.compile(rb"/Type/Pages\b.*?/Kids\[([^\]]*)\]", re.S)


class SplitError(Exception):
    """The file is none of those that typst writes, or has not pages of each document."""


def split(pdf, titles):
    """Take a PDF of typst apart, a page each.

    :param bytes pdf: as typst writes it: a plain table of objects, one list of pages; the pages of
        neighbouring documents differ in size
    :param list[str] titles: of the documents, in the order of the pages
    :return: list of bytes, with None in place of a document that takes several pages
    :raises SplitError: when there are not as many documents as titles
    """
    objects = _objects(pdf)
    lists = [found for body in objects.values() if (found := _KIDS.search(_head(body)))]
    pages = [int(number) for number in _REFERENCE.findall(lists[0][1])] if lists else []
    if len(lists) != 1 or not set(pages) <= set(objects):
        raise SplitError(f"{len(lists)} lists of pages")
    by_sheet = groupby(  # pylint: disable=bad-builtin-groupby
        pages, key=lambda page: _sheet(objects[page])
    )
    documents = [list(of_one) for _page_sheet, of_one in by_sheet]
    if len(documents) != len(titles):
        raise SplitError(f"pages of {len(documents)} documents for {len(titles)}")
    references = {
        number: [int(found) for found in _REFERENCE.findall(_head(body))]
        for number, body in objects.items()
    }
    sheet = _sheet(objects[pages[0]])
    return [
        _single(objects, references, of_one[0], title, sheet) if len(of_one) == 1 else None
        for of_one, title in zip(documents, titles, strict=True)
    ]


def _sheet(page):
    """Return the size of a page as it stands in the file."""
    found = _SHEET.search(_head(page))
    if not found:
        raise SplitError("a page has no size")
    return found[0]


def _objects(pdf):
    """Return {number: bytes from ``N 0 obj`` to ``endobj``} by the file's own table."""
    found = _STARTXREF.search(pdf[-64:])
    if not found:
        raise SplitError("no table of objects")
    end = int(found[1])
    offsets = sorted(int(entry[1]) for entry in _ENTRY.finditer(pdf, end))
    if not offsets:
        raise SplitError("no objects")
    objects = {}
    for start, stop in zip(offsets, [*offsets[1:], end], strict=True):
        number, _space, _rest = pdf[start : start + 16].partition(b" 0 obj")
        if not number.isdigit():
            raise SplitError("no object where the table says")
        objects[int(number)] = pdf[start:stop].rstrip() + b"\n"
    return objects


def _head(body):
    """Return an object without its stream: what a stream holds are no references."""
    return body.partition(b"stream\n")[0]


def _single(objects, references, page, title, sheet):
    needed, waiting = {page}, [page]
    # Of the page's own references, its list of pages is not needed: it gets a new one.
    head, stream, content = objects[page].partition(b"stream\n")
    body = _SHEET.sub(sheet, _PARENT.sub(b"/Parent 1 0 R", head)) + stream + content
    onward = {page: [int(found) for found in _REFERENCE.findall(_PARENT.sub(b"", _head(body)))]}
    while waiting:
        number = waiting.pop()
        for other in onward.get(number, references[number]):
            if other not in needed:
                needed.add(other)
                waiting.append(other)
    # The numbers stay; those of the file itself come after the last one.
    info, catalog = max(objects) + 1, max(objects) + 2
    parts = {
        1: b"1 0 obj\n<</Type/Pages/Count 1/Kids[%d 0 R]>>\nendobj\n" % page,
        **{number: objects[number] for number in needed if number != page},
        page: body,
        info: b"%d 0 obj\n<</Title%s>>\nendobj\n" % (info, _text(title)),
        catalog: b"%d 0 obj\n<</Type/Catalog/Pages 1 0 R/Lang(hi)>>\nendobj\n" % catalog,
    }
    out, table, at = [_HEADER], [b"xref\n0 1\n0000000000 65535 f\r\n"], len(_HEADER)
    for number in sorted(parts):
        out.append(parts[number])
        table.append(b"%d 1\n%010d 00000 n\r\n" % (number, at))
        at += len(parts[number])
    trailer = b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF"
    return b"".join([*out, *table, trailer % (catalog + 1, catalog, info, at)])


def _text(text):
    """Return ``text`` as a string of PDF."""
    return b"<FEFF" + text.encode("utf-16-be").hex().encode() + b">"


class BillDocument:
    """A bill that is made when it is called, alone or together with others.

    :param dict data: as :func:`.pdf.bill_pdf` takes it
    """

    __slots__ = ("data",)

    #: Bills that are set together, at most: reading the layout costs as much as a bill, and each
    #: bill 10 MB of memory.
    most = 16

    def __init__(self, data):
        self.data = data

    def __call__(self):
        return bill_pdf(self.data)

    @staticmethod
    def together(documents):
        """Return the PDF of each of ``documents``, in their order.

        :raises LayoutError: when one of them cannot be set
        """
        bills = [prepare_bill(document.data) for document in documents]
        made = _set_apart(bills)
        # Those that have run over their page are made to fit, and the others left alone.
        long = [number for number, content in enumerate(made) if content is None]
        fitted = _set_apart([bills[number] for number in long], measured=True) if long else []
        for number, content in zip(long, fitted, strict=True):
            made[number] = content or render(BILL_LAYOUT, [bills[number]])
        return made


def _set_apart(bills, measured=False):
    """Set bills together and take them apart, with None in place of one of several pages."""
    titles = [bill["bill"]["number"] for bill in bills]
    try:
        return split(set_pages(BILL_LAYOUT, bills, measured), titles)
    except SplitError:
        return [None] * len(bills)
