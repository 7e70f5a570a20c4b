"""Many documents of one page each, set together by typst and taken apart again.

A typst document costs as much for its fonts as for a page, so ten bills set together take half
the time of ten by themselves. Here each page becomes a PDF of its own: the objects it needs are
copied byte for byte, none is decoded or packed anew.
"""

import re

from .pdf import BILL_LAYOUT, bill_pdf, prepare_bill, render

_HEADER = b"%PDF-1.7\n%\x80\x80\x80\x80\n"
_STARTXREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_ENTRY = re.compile(rb"(\d{10}) \d{5} n")
_REFERENCE = re.compile(rb"(\d+) 0 R")
_PARENT = re.compile(rb"/Parent \d+ 0 R")
_KIDS = re.compile(rb"/Type/Pages\b.*?/Kids\[([^\]]*)\]", re.S)


class SplitError(Exception):
    """The file is none of those that typst writes, or has not one page for each document."""


def split(pdf, titles):
    """Take a PDF of typst apart, a page each.

    :param bytes pdf: as typst writes it: a plain table of objects, one list of pages
    :param list[str] titles: of the documents, in the order of the pages
    :return: list of bytes
    :raises SplitError: when there is not one page for each title
    """
    objects = _objects(pdf)
    lists = [found for body in objects.values() if (found := _KIDS.search(_head(body)))]
    pages = [int(number) for number in _REFERENCE.findall(lists[0][1])] if lists else []
    if len(lists) != 1 or len(pages) != len(titles) or not set(pages) <= set(objects):
        raise SplitError(f"{len(pages)} pages for {len(titles)} documents")
    references = {
        number: [int(found) for found in _REFERENCE.findall(_head(body))]
        for number, body in objects.items()
    }
    return [
        _single(objects, references, page, title) for page, title in zip(pages, titles, strict=True)
    ]


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


def _single(objects, references, page, title):
    needed, waiting = {page}, [page]
    # Of the page's own references, its list of pages is not needed: it gets a new one.
    body = _PARENT.sub(b"/Parent 1 0 R", objects[page])
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
        try:
            return split(render(BILL_LAYOUT, bills), [bill["bill"]["number"] for bill in bills])
        except SplitError:
            # A bill of two pages is among them.
            return [render(BILL_LAYOUT, [bill]) for bill in bills]
