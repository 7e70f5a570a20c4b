"""What the KYC dialogue says, in Hindi and in English.

No text holds a name, an address or an amount: who reads it may not be the consumer. A reply button
holds 20 characters, a text with buttons 1,024.
"""

TEXTS = {
    "ask_account": (
        "व्हाट्सऐप पर बिल और सूचना पाने के लिए अपना खाता नंबर (10 अंक) लिखकर भेजें। यह बिल पर ऊपर "
        "लिखा होता है।\n\nआधार नंबर न भेजें।",
        "To get bills and notices on WhatsApp, send your account number (10 digits). It is printed "
        "at the top of the bill.\n\nDo not send your Aadhaar number.",
    ),
    "account_unclear": (
        "यह खाता नंबर नहीं लगता। बिल पर छपा 10 अंक का खाता नंबर लिखकर भेजें।",
        "This does not look like an account number. Send the 10 digits printed on the bill.",
    ),
    "account_unknown": (
        "यह खाता नंबर नहीं मिला। बिल से मिलाकर दोबारा भेजें। आज {left} प्रयास बाकी हैं।",
        "This account number was not found. Check it on the bill and send it again. Tries left "
        "today: {left}.",
    ),
    "ask_proof": (
        "खाता …{last4}: यह आपका ही है, इसके लिए दो में से एक बात लिखकर भेजें:\n"
        "1. पिछले बिल पर छपा 6 अंक का कोड, या\n2. पिछली बार जमा की गई रकम (रुपये)।",
        "Account …{last4}: to show that it is yours, send one of the two:\n"
        "1. the 6-digit code printed on the last bill, or\n2. the last amount paid, in rupees.",
    ),
    "ask_code": (
        "खाता …{last4}: यह आपका ही है, इसके लिए पिछले बिल पर छपा 6 अंक का कोड लिखकर भेजें।",
        "Account …{last4}: to show that it is yours, send the 6-digit code printed on the last "
        "bill.",
    ),
    "proof_unclear": (
        "खाता …{last4}: केवल कोड या रकम अंकों में लिखकर भेजें।",
        "Account …{last4}: send only the code, or the amount, in digits.",
    ),
    "proof_wrong": (
        "खाता …{last4}: यह मेल नहीं खाता। बिल से मिलाकर दोबारा भेजें। आज {left} प्रयास बाकी हैं।",
        "Account …{last4}: this does not match. Check it on the bill and send it again. Tries left "
        "today: {left}.",
    ),
    "no_proof": (
        "खाता …{last4} की जाँच यहाँ नहीं हो सकती। कृपया बिल लेकर कार्यालय के काउंटर पर आएँ। सहायता: 1912",
        "Account …{last4} cannot be checked here. Please come to the counter of the office with "
        "the bill. Help: 1912",
    ),
    "locked": (
        "आज के प्रयास पूरे हो गए। कृपया बिल लेकर कार्यालय के काउंटर पर आएँ, या कल फिर KYC लिखें। सहायता: 1912",
        "There are no tries left today. Please come to the counter of the office with the bill, or "
        "write KYC again tomorrow. Help: 1912",
    ),
    "unusable": (
        "यह नंबर किसी खाते से नहीं जोड़ा जा सकता। कृपया कार्यालय के काउंटर पर आएँ। सहायता: 1912",
        "This number cannot be put on an account. Please come to the counter of the office. Help: "
        "1912",
    ),
    "ask_consent": (
        "खाता …{last4} के लिए यह व्हाट्सऐप नंबर दर्ज हो गया।\n\n{notice}\n\n"
        "क्या आप संदेश पाने के लिए सहमत हैं? हाँ या नहीं लिखें।",
        "This WhatsApp number is recorded for account …{last4}.\n\n{notice}\n\n"
        "Do you agree to get these messages? Write YES or NO.",
    ),
    "ask_staff": (
        "खाता …{last4} पर दूसरा नंबर पहले से प्रमाणित है, इसलिए नंबर अभी नहीं बदला गया। बदलने का "
        "अनुरोध कार्यालय को दे दिया गया है। संख्या: *{request}*\nकार्यालय उपभोक्ता से पूछकर नंबर बदलेगा और "
        "यहीं बताएगा। जल्दी हो तो बिल और पहचान पत्र लेकर काउंटर पर आएँ। सहायता: 1912",
        "Another number is proved for account …{last4}, so the number is not changed yet. The "
        "office has your request to change it. Number: *{request}*\nThe office asks the consumer, "
        "changes the number and tells you here. If it is urgent, come to the counter with the bill "
        "and an identity document. Help: 1912",
    ),
    # Read by the staff, with the request.
    "staff_text": (
        "व्हाट्सऐप से अनुरोध: बिल के कोड के साथ इस नंबर को खाते पर दर्ज करने को कहा गया है। खाते पर दूसरा "
        "नंबर पहले से प्रमाणित है। पहले उस नंबर पर उपभोक्ता से पूछें, फिर नंबर बदलें या अनुरोध अस्वीकार करें।",
        "Asked by WhatsApp, with the code of the bill: to put this number on the account. Another "
        "number is proved there. Ask the consumer on that number first, then change the number or "
        "reject the request.",
    ),
    # To the number that is proved, when another one, or none, is to take its place.
    "replaced": (
        "सूचना: खाता …{last4} पर दर्ज इस व्हाट्सऐप नंबर को बदलने या हटाने का अनुरोध आया है।\n\nआपने कहा हो "
        "तो कुछ न करें। आपने नहीं कहा तो अभी यहीं लिखकर बताएँ, या बिल और पहचान पत्र लेकर कार्यालय के काउंटर "
        "पर आएँ। सहायता: 1912",
        "Notice: there is a request to change or remove this WhatsApp number on account "
        "…{last4}.\n\nIf you asked for it, do nothing. If you did not, write here now, or come to "
        "the counter of the office with the bill and an identity document. Help: 1912",
    ),
    "consent_unclear": (
        "खाता …{last4}: ऊपर दी गई सूचना पर सहमति के लिए हाँ लिखें, नहीं तो नहीं लिखें।",
        "Account …{last4}: write YES to agree to the notice above, else NO.",
    ),
    "consent_given": (
        "धन्यवाद। खाता …{last4} के बिल, बिजली बंद रहने की सूचना और बकाया की याद अब यहाँ आएगी। बंद "
        "करने के लिए कभी भी STOP लिखें।",
        "Thank you. Bills, outages and reminders of dues of account …{last4} come here from now "
        "on. Write STOP at any time to end them.",
    ),
    "consent_withdrawn": (
        "ठीक है, खाता …{last4} के संदेश नहीं भेजे जाएँगे। मन बदले तो KYC लिखकर भेजें।",
        "All right, no messages will be sent for account …{last4}. Write KYC if you change your "
        "mind.",
    ),
    "settled": (
        "खाता …{last4} पर यह नंबर पहले से दर्ज है।",
        "This number is recorded for account …{last4} already.",
    ),
    "released": (
        "खाता …{last4} से यह नंबर हटा दिया गया। उस खाते के संदेश अब यहाँ नहीं आएँगे।",
        "This number was removed from account …{last4}. Its messages no longer come here.",
    ),
    "none_mine": (
        "यह नंबर किसी खाते पर दर्ज नहीं है। अपना खाता जोड़ने के लिए KYC लिखें।",
        "This number is on no account. Write KYC to add yours.",
    ),
    "ask_which": (
        "इस नंबर पर ये खाते दर्ज हैं: {accounts}\nजो आपका नहीं है उसके अंतिम चार अंक लिखकर भेजें।",
        "These accounts have this number: {accounts}\nSend the last four digits of the one that is "
        "not yours.",
    ),
    "which_unclear": (
        "इनमें से एक खाते के अंतिम चार अंक लिखकर भेजें: {accounts}",
        "Send the last four digits of one of these accounts: {accounts}",
    ),
    "given_up": (
        "बात समझ में नहीं आई। फिर से शुरू करने के लिए KYC लिखें, या कार्यालय के काउंटर पर आएँ। सहायता: 1912",
        "This was not understood. Write KYC to begin again, or come to the counter of the office. "
        "Help: 1912",
    ),
    "stale_button": (
        "यह बटन पुराना है। फिर से शुरू करने के लिए KYC लिखें।",
        "This button is out of date. Write KYC to begin again.",
    ),
}
BUTTONS = {
    "yes": ("हाँ, सहमत हूँ", "Yes, I agree"),
    "no": ("नहीं", "No"),
    "start": ("खाता जोड़ें", "Add an account"),
    "another": ("एक और खाता जोड़ें", "Add another account"),
    "notmine": ("मेरा खाता नहीं", "Not my account"),
}


def text(key, lang, values):
    """Return a text in ``hi`` or ``en``."""
    return TEXTS[key][lang == "en"].format(**values)


def button(key, lang):
    """Return the label of a button in ``hi`` or ``en``."""
    return BUTTONS[key][lang == "en"]
