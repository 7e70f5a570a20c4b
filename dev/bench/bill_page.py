"""A generated bill as data for typst and as the equal HTML page for wkhtmltopdf."""

from html import escape

HEADS = {
    "energy": ("ऊर्जा शुल्क", "Energy charge"),
    "fixed": ("स्थायी शुल्क", "Fixed charge"),
    "minimum": ("न्यूनतम शुल्क का अन्तर", "Minimum charge difference"),
    "fppas": ("ईंधन अधिभार", "Fuel surcharge"),
    "duty": ("विद्युत कर", "Electricity duty"),
    "excess_demand": ("अधिक माँग शुल्क", "Excess demand"),
    "rebate": ("छूट", "Rebate"),
    "subsidy": ("सब्सिडी", "Subsidy"),
    "adjustment": ("समायोजन", "Adjustment"),
}
MONTHS_HI = "जन फ़र मार्च अप्रै मई जून जुल अग सित अक्टू नव दिस".split()
MONTHS_EN = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def bill_data(consumer, bill):
    """The keys of ``tools/pdf.py`` for a row of ``consumers.csv`` and of ``bills.csv``."""
    from tools.qr import upi_uri

    year, month = map(int, bill["period"].split("-"))
    history = [
        {"month_hi": MONTHS_HI[at], "month_en": MONTHS_EN[at], "units": int(units)}
        for units, at in zip(
            bill["history"].split("|"), ((month + nth) % 12 for nth in range(12)), strict=True
        )
    ]
    total = bill["total"]
    return {
        "discom_name": {
            "hi": "पूर्वांचल विद्युत वितरण निगम",
            "en": "Purvanchal Vidyut Vitran Nigam",
        },
        "office": {"name_hi": "उपखण्ड", "name": "Sub-division", "phone": "05444-252501"},
        "bill": {
            "number": bill["bill_no"],
            "period_hi": f"{MONTHS_HI[month - 1]} {year}",
            "period_en": f"{MONTHS_EN[month - 1]} {year}",
            "bill_date": bill["bill_date"],
            "due_date": bill["due_date"],
            "disconnection_date": bill["disconnection_date"],
            "months": bill["months"],
            "basis_code": bill["basis"],
            "basis_actual": True,
        },
        "consumer": {
            "name_hi": consumer["name_hi"],
            "name": consumer["name"],
            "guardian": consumer["guardian_name"],
            "account_no": consumer["account_no"],
            "address": f"{consumer['street']}, {consumer['village']} {consumer['pin']}",
            "category": consumer["category"],
            "load": f"{consumer['load']} {consumer['load_unit']}",
            "meter_no": consumer["meter_no"],
            "area": consumer["area"],
        },
        "readings": [
            {
                "label_hi": "kWh",
                "label_en": "kWh",
                "previous": bill["previous_reading"],
                "previous_date": bill["previous_reading_date"],
                "current": bill["current_reading"],
                "current_date": bill["current_reading_date"],
                "units": bill["units"],
            }
        ],
        "lines": [
            {"name_hi": hindi, "name_en": english, "qty": "", "rate": "", "amount": bill[head]}
            for head, (hindi, english) in HEADS.items()
            if float(bill[head])
        ],
        "totals": {
            "current": f"{sum(float(bill[head]) for head in HEADS):.2f}",
            "arrears": bill["arrears"],
            "lpsc": bill["lpsc"],
            "total": total,
            "after_due": bill["total_after_due"],
            "words_hi": "बारह हज़ार तीन सौ पैंतालीस रुपये मात्र",
            "words_en": "Twelve thousand, three hundred and forty-five rupees only",
        },
        "history": history,
        "upi": {
            "uri": upi_uri("discom@examplebank", "PuVVNL", total, bill["bill_no"])
            if float(total) > 0
            else ""
        },
        "proof_code": bill["bill_no"][-6:],
    }


STYLE = """
    body { font-family: "Noto Sans", "Noto Sans Devanagari", sans-serif; font-size: 8pt; margin: 0 }
    .page { page-break-after: always; height: 190mm }
    .en { color: #555; font-size: 86% }
    td { padding: 1px 3px; vertical-align: top }
    table { width: 100% }
    .r { text-align: right }
    .hero { border: 2px solid #12305c; background: #eef2f8; padding: 8px }
    .hero b { font-size: 26pt }
    .hero b.date { font-size: 16pt }
    .account { font-size: 13pt }
    .month { text-align: center; vertical-align: bottom }
    .bar { background: #ccc; border: 1px solid #12305c }
    h4 { background: #eef2f8; margin: 4px 0 }
"""


def html(pages):
    """The typst layout's content on A5 pages of HTML: boxes, bars, tables, QR code.

    :param pages: dicts as :func:`bill_data` gives them, with ``qr`` (SVG) added
    """
    body = "".join(f'<div class="page">{_page(page)}</div>' for page in pages)
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8">'
        f"<style>{STYLE}</style></head><body>{body}</body></html>"
    )


def _both(hindi, english):
    return f'{hindi} <span class="en">{english}</span>'


def _row(*cells):
    """A table row; the cells after the first stand at the right."""
    first, *others = cells
    return f"<tr><td>{first}</td>{''.join(f'<td class=r>{cell}</td>' for cell in others)}</tr>"


def _bars(history):
    peak = max([1, *(month["units"] for month in history)])
    return "".join(
        f'<td class="month">{month["units"]}'
        f'<div class="bar" style="height:{60 * month["units"] // peak}px"></div>'
        f'{month["month_hi"]}<br><span class="en">{month["month_en"]}</span></td>'
        for month in history
    )


def _page(data):
    text = {
        key: {name: escape(str(value)) for name, value in part.items()}
        for key, part in data.items()
        if isinstance(part, dict)
    }
    name, bill, who, totals = (text[key] for key in ("discom_name", "bill", "consumer", "totals"))
    reading = {key: escape(str(value)) for key, value in data["readings"][0].items()}
    lines = "".join(
        _row(_both(escape(line["name_hi"]), line["name_en"]), line["amount"])
        for line in data["lines"]
    )
    facts = "".join(
        _row(_both(*label), f"<b>{who[key]}</b>")
        for key, label in (
            ("category", ("श्रेणी", "Category")),
            ("load", ("भार", "Load")),
            ("meter_no", ("मीटर सं.", "Meter no.")),
            ("area", ("क्षेत्र", "Area")),
        )
    )
    sums = "".join(
        _row(_both(*label), f"<b>{totals[key]}</b>")
        for key, label in (
            ("current", ("इस बिल की राशि", "Current charges")),
            ("arrears", ("पिछला बकाया", "Arrears")),
            ("lpsc", ("विलंब अधिभार", "Late payment surcharge")),
            ("total", ("कुल", "Total")),
        )
    )
    return f"""
        <table><tr><td><b>{name["hi"]}</b><br>{name["en"]}</td>
        <td class="r"><b>बिजली का बिल</b> Electricity bill<br>
        {_both(bill["period_hi"], bill["period_en"])}<br>
        {_both("बिल सं.", "Bill no.")} {bill["number"]}<br>
        {_both("दिनांक", "Dated")} {bill["bill_date"]}</td></tr></table>
        <table><tr><td class="hero">{_both("जमा करने की राशि", "Amount to pay")}<br>
        <b>₹ {totals["total"]}</b><br>{_both("इस तारीख तक", "Pay by")}
        <b class="date">{bill["due_date"]}</b><br>
        {_both("इसके बाद", "After this date")} ₹ {totals["after_due"]}<br>
        {_both("बिजली कटने की तारीख", "Disconnection")} {bill["disconnection_date"]}</td>
        <td style="width:37mm">{data["qr"]}{_both("UPI से भुगतान", "Scan to pay")}</td></tr></table>
        <p><b>{totals["words_hi"]}</b><br><span class="en">{totals["words_en"]}</span></p>
        <table><tr><td>{_both("खाता संख्या", "Account no.")}
        <b class="account">{who["account_no"]}</b><br>{_both(who["name_hi"], who["name"])}<br>
        {_both("पिता/पति", "C/o")} {who["guardian"]}<br>{who["address"]}</td>
        <td><table>{facts}</table></td></tr></table>
        <h4>{_both("बिजली खपत, यूनिट प्रति माह", "Units used, month by month")}</h4>
        <table><tr>{_bars(data["history"])}</tr></table>
        <table><tr><td><h4>{_both("बिल का हिसाब", "How the bill is made")}</h4>
        <table>{lines}{sums}</table></td>
        <td><h4>{_both("मीटर रीडिंग", "Meter readings")}</h4><table>
        {_row(_both("पिछली", "Previous"), reading["previous_date"], reading["previous"])}
        {_row(_both("वर्तमान", "Present"), reading["current_date"], reading["current"])}
        {_row(_both("खपत यूनिट", "Units used"), "", reading["units"])}</table></td></tr></table>
        <p><b>1912</b> {_both("निःशुल्क", "Toll-free")}
        {_both("कार्यालय", "Office")} {text["office"]["phone"]}<br>
        हम कभी OTP नहीं माँगते, कोई ऐप नहीं लगवाते।<br>
        <span class="en">We never ask for an OTP or to install an app.</span></p>
        <p class="r">{_both("पहचान कोड", "Proof code")} <b>{data["proof_code"]}</b></p>
    """
