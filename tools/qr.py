"""UPI payment links and their QR codes."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from urllib.parse import quote

import segno

# NPCI UPI linking specification 1.6: user part, "@", payment service provider's handle.
PAYEE_ADDRESS = re.compile(r"[A-Za-z0-9.\-_]{2,256}@[A-Za-z][A-Za-z0-9.\-]{1,63}")
REFERENCE = re.compile(r"[A-Za-z0-9]{1,35}")
NOTE_LENGTH = 50
NAME_LENGTH = 50

# Modules of quiet zone that the standard asks for.
BORDER = 4
_DARK = re.compile(b"\x01+")
# One fixed mask: choosing the nicest of eight costs four times the time and reads no better.
MASK = 3


def upi_uri(payee_address, payee_name, amount, reference="", note="", merchant_code=""):
    """Link that opens any UPI app with the payment filled in.

    :param str payee_address: virtual payment address, ``name@handle``
    :param str payee_name: shown to the payer; cut to 50 characters
    :param amount: rupees, ``Decimal``, ``int`` or decimal text, above zero, rounded half up
    :param str reference: transaction reference (``tr``), up to 35 letters and digits, comes back
        with the payment
    :param str note: shown to the payer; cut to 50 characters
    :param str merchant_code: four digits, empty to leave out
    :returns: ``upi://pay?...``, every value percent-encoded
    :raises ValueError: for an address, amount, reference or merchant code no UPI app would take
    """
    if not PAYEE_ADDRESS.fullmatch(payee_address or ""):
        raise ValueError(f"Not a UPI address: {payee_address!r}")
    if isinstance(amount, float):
        raise ValueError("A float is not an exact amount.")
    try:
        rupees = Decimal(amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"Not an amount: {amount!r}") from error
    if not rupees.is_finite() or rupees <= 0:
        raise ValueError(f"Nothing to pay: {amount}")
    if reference and not REFERENCE.fullmatch(reference):
        raise ValueError(f"Not a UPI reference: {reference!r}")
    if merchant_code and not re.fullmatch(r"[0-9]{4}", merchant_code):
        raise ValueError(f"Not a merchant code: {merchant_code!r}")
    parameters = {
        "pa": payee_address,
        "pn": payee_name[:NAME_LENGTH],
        "mc": merchant_code,
        "tr": reference,
        "tn": note[:NOTE_LENGTH],
        "am": str(rupees),
        "cu": "INR",
    }
    return "upi://pay?" + "&".join(
        f"{key}={quote(value, safe='@')}" for key, value in parameters.items() if value
    )


def qr_svg(text):
    """QR code of ``text`` as an SVG document without physical size, quiet zone included.

    :raises ValueError: when the text is empty or longer than a QR code holds
    """
    if not text:
        raise ValueError("An empty QR code pays nobody.")
    code = segno.make_qr(text, error="m", mask=MASK, boost_error=False)
    # segno's own SVG takes half as long as the code itself.
    lines = []
    for y, row in enumerate(code.matrix, BORDER):
        lines.append(f"M{BORDER} {y}.5")
        at = 0
        for run in _DARK.finditer(row):
            begin, end = run.span()
            lines.append(f"m{begin - at} 0h{end - begin}")
            at = end
    size = len(code.matrix) + 2 * BORDER
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<path stroke="#000" d="{"".join(lines)}"/></svg>'
    )
