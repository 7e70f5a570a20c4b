"""PDF documents made by typst, in worker threads as well as in Odoo.

A *layout* is one typst file. It receives its documents as JSON in ``sys.inputs.documents`` (a list,
a page or more each), so no text of a consumer ever becomes markup. The fonts lie in
``static/fonts`` and system fonts are ignored: a document looks the same on every machine. A layout
reads files of its own folder only.

Threads: typst compiles without holding the GIL, but a ``typst.Compiler`` cannot be shared
(``RuntimeError: Already borrowed``), so each thread keeps its own and threads use all cores. A
process must not fork after it has rendered.

Keys of a bill
==============
Every text comes formatted and in its language; every key is optional, and what is empty is left out
of the page. Amounts are text with Indian grouping, without currency sign, ``-`` in front when
negative. Dates are text.

``discom_name``   ``hi``, ``en``
``office``        ``name_hi``, ``name``, ``phone``, ``grievance`` (phone of the grievance officer)
``bill``          ``number``, ``period_hi``, ``period_en``, ``bill_date``, ``due_date``,
                  ``disconnection_date``, ``late`` (bool: the due date is over), ``months``,
                  ``basis_code``, ``basis_hi``, ``basis_en`` (name of the basis),
                  ``basis_actual`` (bool, True when missing),
                  ``basis_note_hi``, ``basis_note_en`` (why the basis is not an actual reading and
                  what to do; the layout has a general text)
``consumer``      ``name_hi``, ``name``, ``guardian``, ``account_no``, ``address``, ``category``,
                  ``load``, ``meter_no``, ``area``, ``phone_last4``
``readings``      list of ``label_hi``, ``label_en``, ``previous``, ``previous_date``, ``current``,
                  ``current_date``, ``units``
``lines``         list of ``name_hi``, ``name_en``, ``qty``, ``rate``, ``amount``
``totals``        ``current``, ``arrears``, ``lpsc``, ``total``; ``asked`` (to be paid today, the
                  total when missing), ``paid`` (of it so far), ``after_due`` (to be paid after the
                  due date), ``words_hi``, ``words_en`` (of what is asked)
``arrears``       list of ``month``, ``amount``; newest first, a dozen at most, older months folded
                  into the last
``history``       list of ``month_hi``, ``month_en``, ``units`` (number, None when unknown); oldest
                  first, the bill's own month last
``notes``         list of ``hi``, ``en``: what else the consumer should know, e.g. a scheme
``upi``           ``uri``, see :func:`.qr.upi_uri`
``last_payment``  ``date``, ``amount``, ``mode``
``proof_code``    text
``void``          ``hi``, ``en``: why nobody may pay by this bill, such as a newer one
``settled``       bool: all of it has been paid; the page says so and asks for nothing

A layout that reads ``sys.inputs.measured`` is asked a second time, with it, where there are more
pages than documents: it may take its time then to make each fit.

A layout also gets ``qr`` (SVG, empty without a link or with nothing to pay) and ``payable`` (is the
total above zero, not paid yet and not void). Keys that are not listed reach a layout as they are,
so that a layout of one's own can show more.
"""

import hashlib
import json
import re
import threading
import unicodedata
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import typst

from .fonts import FONTS, coverage
from .qr import qr_svg

MODULE = Path(__file__).resolve().parent.parent
BILL_LAYOUT = MODULE / "reports" / "bill.typ"

# Bills in one typst document share its fonts: a quarter of the size and half the time of a document
# each. Larger batches gain little and cost memory, 10 MB a bill.
BATCH = 20

# Longer texts are cut with an ellipsis: no name of a person, village or charge needs more, and a
# page has an end.
MAX_TEXT = 240

# Control characters, lone surrogates and everything that turns the direction of the text around it.
# ZWJ and ZWNJ stay: Devanagari needs them.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# A line breaks only between words, so a word that may be wider than its place gets invisible
# places to break. Amounts stay whole.
_LONG_WORD = re.compile(r"(?![\d.,₹-]+(?:\s|$))\S{20,}")
_BREAK_EVERY = 10
_ZERO_WIDTH_SPACE = "\u200b"
# Joiners mean something between letters of Indic and Arabic scripts, and hold emoji together.
_LONE_JOINER = re.compile("(?<![\u0600-\u06ff\u0750-\u077f\u0900-\u097f])[\u200c\u200d]+")


def _texts(keys):
    return dict.fromkeys(keys.split(), "")


# Shape of a bill: "" a text, True or 0 the default of a flag or number, [shape] a list.
_BILL = {
    "discom_name": _texts("hi en"),
    "office": _texts("name_hi name phone grievance"),
    "bill": {
        **_texts("number period_hi period_en bill_date due_date disconnection_date months"),
        **_texts("basis_code basis_hi basis_en basis_note_hi basis_note_en"),
        "basis_actual": True,
        "late": False,
    },
    "consumer": _texts(
        "name_hi name guardian account_no address category load meter_no area phone_last4"
    ),
    "readings": [_texts("label_hi label_en previous previous_date current current_date units")],
    "lines": [_texts("name_hi name_en qty rate amount")],
    "totals": _texts("current arrears lpsc total asked paid after_due words_hi words_en"),
    "arrears": [_texts("month amount")],
    "history": [{**_texts("month_hi month_en"), "units": 0}],
    "notes": [_texts("hi en")],
    "upi": _texts("uri"),
    "last_payment": _texts("date amount mode"),
    "proof_code": "",
    "void": _texts("hi en"),
    "settled": False,
}


class LayoutError(Exception):
    """A layout that typst cannot compile. The message names the place in the file."""


def _break_word(match):
    pieces = []
    for char in match[0]:
        last = pieces[-1] if pieces else ""
        # Never within a Devanagari syllable: a vowel sign or what follows a virama belongs to it.
        joined = unicodedata.category(char)[0] == "M" or last[-1:] in ("\u094d", "\u200d", "\u200c")
        if pieces and (len(last) < _BREAK_EVERY or joined):
            pieces[-1] += char
        else:
            pieces.append(char)
    return _ZERO_WIDTH_SPACE.join(pieces)


@cache
def _no_glyph():
    """Characters that no font of ours has. Composed ones are there where their parts are."""
    joiners = {0x200C, 0x200D}
    codes = sorted(coverage() | joiners)
    ranges, first = [], codes[0]
    for code, following in zip(codes, [*codes[1:], None], strict=True):
        if following != code + 1:
            ranges.append(f"\\U{first:08x}-\\U{code:08x}")
            first = following
    return re.compile(f"[^{''.join(ranges)}]+")


def _substitute(match):
    """Letters nobody can print are an ellipsis, so that one sees that something is missing;
    pictures and marks leave nothing."""
    return "…" if any(unicodedata.category(char)[0] in "LN" for char in match[0]) else " "


def _text(value):
    """One printable line of text: NFC, no control characters, no endless words, nothing that the
    fonts would print as an empty box."""
    if value is None or value is False:
        return ""
    text = unicodedata.normalize("NFC", _UNPRINTABLE.sub(" ", str(value)))
    if not text.isascii():
        text = _LONE_JOINER.sub("", _no_glyph().sub(_substitute, text))
    text = " ".join(text.split())
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT - 1]}…"
    return _LONG_WORD.sub(_break_word, text)


def _complete(shape, value):
    """``value`` in the given shape, with an empty text, list or default where it has nothing."""
    if isinstance(shape, dict):
        value = value or {}
        return {**value, **{key: _complete(inner, value.get(key)) for key, inner in shape.items()}}
    if isinstance(shape, list):
        return [_complete(shape[0], item) for item in value or []]
    if isinstance(shape, bool):
        return shape if value is None else bool(value)
    if isinstance(shape, int):
        return None if value is None else float(value)
    return _text(value)


def prepare_bill(data):
    """What the bill's layout receives: ``data`` with every key of the module's docstring, texts
    made printable, and ``qr`` and ``payable`` added. ``data`` itself stays as it is."""
    bill = _complete(_BILL, data)
    total = bill["totals"]["total"]
    bill["totals"]["asked"] = bill["totals"]["asked"] or total
    owed = not total.startswith("-") and any(digit in total for digit in "123456789")
    bill["payable"] = owed and not bill["settled"] and not any(bill["void"].values())
    uri = (data.get("upi") or {}).get("uri")
    bill["qr"] = qr_svg(uri) if uri and bill["payable"] else ""
    return bill


@cache
def _changed(layout):
    """Time of the last change of a layout; a running server keeps the layout it knows."""
    return Path(layout).stat().st_mtime_ns


@cache
def _fonts():
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


_local = threading.local()


def _compiler(layout):
    compilers = _local.__dict__.setdefault("compilers", {})
    if layout not in compilers:
        compilers[layout] = typst.Compiler(
            layout, root=str(Path(layout).parent), font_paths=_fonts()
        )
    return compilers[layout]


# A page of a PDF as typst writes it.
_PAGE = re.compile(rb"/Type\s*/Page\b")


@cache
def _can_measure(layout):
    """Whether a layout knows how to make a document fit that has run over its page."""
    return 'sys.inputs.at("measured"' in Path(layout).read_text(encoding="utf-8")


def render(layout, documents):
    """One PDF of the documents, in their order.

    :param layout: path of a typst file
    :param list documents: what the layout understands, JSON-able; bills as :func:`prepare_bill`
        gives them
    :raises LayoutError: when the layout is missing or wrong, or does not fit the documents
    """
    content = set_pages(layout, documents)
    if len(_PAGE.findall(content)) > len(documents) and _can_measure(str(layout)):
        content = set_pages(layout, documents, measured=True)
    return content


def set_pages(layout, documents, measured=False):
    """One PDF of the documents, each on as many pages as it takes.

    Parameters and errors as for :func:`render`.

    :param measured: whether the layout makes each fit, which takes thrice as long
    """
    inputs = {"documents": json.dumps(documents, ensure_ascii=False, default=str)}
    if measured:
        inputs["measured"] = "yes"
    try:
        return _compiler(str(layout)).compile(format="pdf", pdf_tags=False, sys_inputs=inputs)
    except typst.TypstError as error:
        raise LayoutError(f"{layout}: {error.message}\n{error.diagnostic}") from error
    except FileNotFoundError as error:
        raise LayoutError(f"{layout}: no such file") from error


def render_many(layout, batches, workers=2):
    """One PDF for each batch of documents, in their order, rendered by ``workers`` threads.

    ``batches`` is read in the calling thread, only a few ahead, so it may be a generator that reads
    a database, and memory stays flat. Parameters and errors as for :func:`render`.
    """
    with ThreadPoolExecutor(workers, thread_name_prefix="pdf") as pool:
        waiting = deque()
        for documents in batches:
            waiting.append(pool.submit(render, layout, documents))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def digest(data, layout=BILL_LAYOUT):
    """Name a document by what it shows and the layout as it stands, before it is rendered.

    :rtype: str
    """
    changed = _changed(str(layout))
    text = json.dumps([str(layout), changed, data], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def bill_pdf(data, layout=BILL_LAYOUT):
    """One bill as PDF; safe in any thread, knows nothing of Odoo.

    :param dict data: keys of the module's docstring
    :param layout: path of a typst file that replaces ``reports/bill.typ``
    :rtype: bytes
    :raises LayoutError: when the layout is wrong
    """
    return render(layout, [prepare_bill(data)])
