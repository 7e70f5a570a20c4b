"""Bills as tools/pdf.py receives them."""

from ..tools.qr import upi_uri
from ..tools.words import amount_in_words

MONTHS_HI = "दिस जन फर मार्च अप्रै मई जून जुला अग सित अक्टू नव".split()
MONTHS_EN = "Dec Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov".split()
UNITS = (88, 92, 75, 80, 120, 190, 231, 240, 205, 160, 118, 180)

# What a text of a consumer could do if it were read as markup, or could break a page.
HOSTILE = (
    '#import "x": * #panic("y") $1/2$ *b* _i_ `c` <l> @r // c /* */ "q" \\ \' ]] }} = h',
    "विश्वविद्यालय" * 40,
    "W" * 500,
    "مرحبا שלום 😀👨‍👩‍👧 \u202eesrever\u202c \x00\x07\ud800 नमस्ते",
    "a\nb\tc" * 100,
)


def words(total):
    return {"words_hi": amount_in_words(total, "hi"), "words_en": amount_in_words(total, "en")}


def charge(name_hi, name_en, amount, qty="", rate=""):
    return {"name_hi": name_hi, "name_en": name_en, "qty": qty, "rate": rate, "amount": amount}


def bill():
    """An ordinary rural bill with a negative FPPAS and two months of arrears."""
    return {
        "discom_name": {
            "hi": "पूर्वांचल विद्युत वितरण निगम लिमिटेड",
            "en": "Purvanchal Vidyut Vitran Nigam Limited",
        },
        "office": {
            "name_hi": "विद्युत वितरण खण्ड, पिपरी",
            "name": "Electricity Distribution Division, Pipri",
            "phone": "05446-222000",
            "grievance": "05446-222001",
        },
        "bill": {
            "number": "B2611000123",
            "period_hi": "नवंबर 2026",
            "period_en": "November 2026",
            "bill_date": "08/11/2026",
            "due_date": "23/11/2026",
            "disconnection_date": "08/12/2026",
            "months": "1",
            "basis_code": "MU",
            "basis_hi": "मीटर रीडिंग",
            "basis_en": "Meter unit",
            "basis_actual": True,
        },
        "consumer": {
            "name_hi": "श्रीमती लक्ष्मी देवी",
            "name": "Lakshmi Devi",
            "guardian": "रामप्रसाद",
            "account_no": "1000012345",
            "address": "ग्राम नधिरा, पोस्ट म्योरपुर, सोनभद्र 231222",
            "category": "LMV-1",
            "load": "2 kW",
            "meter_no": "GE1234567",
            "area": "Rural",
            "phone_last4": "2345",
        },
        "readings": [
            {
                "label_hi": "ऊर्जा",
                "label_en": "kWh",
                "previous": "4,120",
                "previous_date": "06/10/2026",
                "current": "4,300",
                "current_date": "06/11/2026",
                "units": "180",
            }
        ],
        "lines": [
            charge("ऊर्जा प्रभार", "Energy 0-100", "335.00", "100", "3.35"),
            charge("ऊर्जा प्रभार", "Energy 101-150", "192.50", "50", "3.85"),
            charge("ऊर्जा प्रभार", "Energy 151-300", "150.00", "30", "5.00"),
            charge("नियत प्रभार", "Fixed charge", "180.00", "2 kW", "90.00"),
            charge("ईंधन अधिभार", "FPPAS -1.63 %", "-13.98"),
            charge("विद्युत कर", "Electricity duty 5 %", "42.88"),
        ],
        "totals": {
            "current": "886.40",
            "arrears": "1,234.00",
            "lpsc": "15.43",
            "total": "2,135.83",
            "after_due": "2,162.53",
            **words("2135.83"),
        },
        "arrears": [
            {"month": "अक्टूबर 2026", "amount": "734.00"},
            {"month": "सितंबर 2026", "amount": "500.00"},
        ],
        "history": [
            {"month_hi": hindi, "month_en": english, "units": units}
            for hindi, english, units in zip(MONTHS_HI, MONTHS_EN, UNITS, strict=True)
        ],
        "upi": {"uri": upi_uri("division@bank", "Division", "2135.83", "B2611000123", "Bill")},
        "proof_code": "418302",
        "last_payment": {"date": "12/09/2026", "amount": "650.00", "mode": "counter"},
    }


def large_bill(long_charges=False, note=False, long_reason=False):
    """A bill about as full as a page is: some fit as they are, some have to be made smaller.

    :param long_charges: charges with names of two rows, half as many
    :param note: with the note of a scheme, in the place of two rows
    :param long_reason: with a long reason for the basis, in the place of two rows
    """
    data = bill()
    rows = 8 - 2 * note - 2 * long_reason
    data["bill"].update(
        basis_actual=False,
        basis_code="PROV",
        basis_hi="अनुमानित बिल",
        basis_en="Provisional bill",
        basis_note_hi="क " * (95 if long_reason else 65),
        basis_note_en="Wa " * (66 if long_reason else 53),
    )
    names = (
        ("ईंधन एवं विद्युत क्रय अधिभार क", "Fuel and power purchase surcharge, slab")
        if long_charges
        else ("विद्युत भार अधिभार", "Excess demand")
    )
    count = rows // 2 if long_charges else rows
    data["lines"] = [charge(*names, "12,34,567.00", "1,000", "10.50")] * count
    data["arrears"] = data["arrears"][:1] * (rows - 4)
    data["notes"] = [{"hi": "क " * 60, "en": "Wa " * 36}] if note else []
    data["consumer"].update(
        name_hi="सत्यभामा देवी पत्नी रामकृष्ण त्रिपाठी",
        name="Satyabhama D.",
        guardian="क" * 40,
        address="क " * 60,
        category="M" * 24,
        load="M" * 24,
        meter_no="M" * 24,
        area="M" * 24,
    )
    return data


def crowded_bill():
    """Fifteen charges, a year of arrears, three readings, long names and crores of rupees."""
    data = large_bill()
    data["lines"] = [
        charge(
            f"ऊर्जा प्रभार खण्ड {i}", f"Energy charge, slab {i}", "12,34,567.00", "1,00,000", "10.50"
        )
        for i in range(15)
    ]
    data["arrears"] = [
        {"month": f"अक्टूबर {2026 - i}", "amount": "12,34,56,789.00"} for i in range(12)
    ]
    data["readings"] = [
        {**data["readings"][0], "label_en": label} for label in ("kWh", "kVAh", "kW")
    ]
    data["consumer"].update(
        name_hi="सत्यभामा देवी पत्नी स्वर्गीय रामकृष्णचन्द्र त्रिपाठी विश्वविद्यालय शिक्षक",
        name="Satyabhama Devi wife of late Ramkrishnachandra Tripathi, teacher",
        address="मकान 1234/56 ख, मोहल्ला पुराना बाज़ार, ग्राम लम्बे नाम वाला गाँव खुर्द कलाँ, "
        "पोस्ट म्योरपुर, तहसील दुद्धी, जनपद सोनभद्र, उत्तर प्रदेश 231222",
    )
    data["notes"] = [
        {
            "hi": "एकमुश्त समाधान योजना: 31/12/2026 तक पंजीकरण कराएँ।",
            "en": "One-time settlement: register by 31/12/2026.",
        }
    ]
    data["totals"].update(total="1,23,45,67,89,012.34", **words("1234567890123.34"))
    return data
