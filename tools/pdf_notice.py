"""Formal notice of dues as PDF; see :mod:`.pdf` for how typst is used.

Every text comes formatted; amounts are text with Indian grouping and without currency sign.

Keys of a notice
================
``discom_name``, ``office``, ``consumer``  as on the bill
``notice``       ``number``, ``date``, ``amount``, ``words_hi``, ``words_en``, ``days`` (clear
                 days), ``due_date``, ``bill_no``, ``officer``, ``officer_title``, ``forum``
                 (for grievances), ``served_on``, ``last_day`` ("" before service)
``months``       list of ``month``, ``amount``: what is unpaid
``upi``          ``uri``
"""

from . import pdf
from .qr import qr_svg

NOTICE_LAYOUT = pdf.MODULE / "reports" / "notice.typ"

_NOTICE = {
    "discom_name": pdf._texts("hi en"),
    "office": pdf._texts("name_hi name phone grievance"),
    "consumer": pdf._texts("name_hi name guardian account_no address category load meter_no"),
    "notice": {
        **pdf._texts("number date amount words_hi words_en days due_date bill_no"),
        **pdf._texts("officer officer_title forum served_on last_day"),
    },
    "months": [pdf._texts("month amount")],
    "upi": pdf._texts("uri"),
}


def prepare_notice(data):
    """What the layout of a notice receives: ``data`` complete, its texts made printable."""
    document = pdf._complete(_NOTICE, data)
    uri = document["upi"]["uri"]
    document["qr"] = qr_svg(uri) if uri else ""
    return document


def notice_pdf(data, layout=NOTICE_LAYOUT):
    """One notice as PDF; safe in any thread, knows nothing of Odoo.

    :rtype: bytes
    :raises pdf.LayoutError: when the layout is wrong
    """
    return pdf.render(layout, [prepare_notice(data)])
