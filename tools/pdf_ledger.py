"""Receipt of a payment and statement of account as PDF; see :mod:`.pdf` for how typst is used.

Every text comes formatted; amounts are text with Indian grouping and without currency sign.

Keys of a receipt
=================
``discom_name``, ``office``  as on the bill
``receipt``      ``number``, ``date``, ``amount``, ``words_hi``, ``words_en``, ``mode_hi``,
                 ``mode_en``, ``means_hi``, ``means_en``, ``means_no``, ``taken_by``, ``printed``,
                 ``balance`` (due after it), ``advance``, ``cancelled_hi``, ``cancelled_en``
``consumer``     ``name_hi``, ``name``, ``guardian``, ``account_no``, ``address``

Keys of a statement
===================
``hindi``        bool: the language of the table's words
``discom_name``, ``office``, ``consumer``  as above, with ``category``, ``load``, ``meter_no``
``facts``        ``printed``, ``balance``, ``balance_hi``, ``balance_en`` (dues or advance),
                 ``words_hi``, ``words_en``
``months``       list of ``month_hi``, ``month_en``, ``amount``, ``heads`` (text): what is unpaid
``entries``      list of ``date``, ``text_hi``, ``text_en``, ``number``, ``debit``, ``credit``,
                 ``balance``
"""

from . import pdf

RECEIPT_LAYOUT = pdf.MODULE / "reports" / "receipt.typ"
STATEMENT_LAYOUT = pdf.MODULE / "reports" / "ledger.typ"

_HEAD = {
    "discom_name": pdf._texts("hi en"),
    "office": pdf._texts("name_hi name phone grievance"),
}
_RECEIPT = {
    **_HEAD,
    "receipt": {
        **pdf._texts("number date amount words_hi words_en mode_hi mode_en means_hi means_en"),
        **pdf._texts("means_no taken_by printed balance advance cancelled_hi cancelled_en"),
    },
    "consumer": pdf._texts("name_hi name guardian account_no address"),
}
_STATEMENT = {
    **_HEAD,
    "hindi": True,
    "consumer": pdf._texts("name_hi name guardian account_no address category load meter_no area"),
    "facts": pdf._texts("printed balance balance_hi balance_en words_hi words_en"),
    "months": [pdf._texts("month_hi month_en amount heads")],
    "entries": [pdf._texts("date text_hi text_en number debit credit balance")],
}


def prepare_receipt(data):
    """What the layout of a receipt receives: ``data`` complete, its texts made printable."""
    return pdf._complete(_RECEIPT, data)


def prepare_statement(data):
    """What the layout of a statement receives: ``data`` complete, its texts made printable."""
    return pdf._complete(_STATEMENT, data)


def receipt_pdf(data, layout=RECEIPT_LAYOUT):
    """One receipt as PDF; safe in any thread, knows nothing of Odoo.

    :rtype: bytes
    :raises pdf.LayoutError: when the layout is wrong
    """
    return pdf.render(layout, [prepare_receipt(data)])
