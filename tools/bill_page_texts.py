"""What the public page of a bill says, in Hindi and in English."""

TEXTS = {
    "title": ("बिजली का बिल", "Electricity bill"),
    "switch": ("English", "हिन्दी"),
    "pay": ("जमा करने की राशि", "Amount to pay"),
    "pay_by": ("इस तारीख तक", "Pay by"),
    "was_due": ("अंतिम तिथि निकल चुकी है", "Was due by"),
    "until_due": ("अंतिम तिथि तक की राशि", "Amount up to the due date"),
    "after_due": ("इसके बाद", "After this date"),
    "disconnection": ("बिजली कटने की तारीख", "Disconnection"),
    "paid": ("जमा हो चुका है। धन्यवाद।", "Paid. Thank you."),
    "nothing": ("कुछ जमा नहीं करना है", "Nothing to pay"),
    "credit": ("आपके खाते में जमा, अगले बिल में घटेगा", "Your credit, set off against the next bill"),
    "paid_part": ("इस बिल पर अब तक जमा", "Paid on this bill so far"),
    "of_total": ("बिल की कुल राशि", "Total of the bill"),
    "older": (
        "इस खाते का नया बिल बन चुका है। कृपया नए बिल की राशि जमा करें।",
        "There is a newer bill of this account. Please pay the amount of the newer one.",
    ),
    "pay_upi": ("UPI से भुगतान करें", "Pay by UPI"),
    "scan": ("या किसी भी UPI ऐप से स्कैन करें", "or scan with any UPI app"),
    "payee": ("पाने वाला", "Payee"),
    "pdf": ("बिल डाउनलोड करें (PDF)", "Download the bill (PDF)"),
    "account": ("खाता संख्या", "Account no."),
    "number": ("बिल सं.", "Bill no."),
    "dated": ("दिनांक", "Dated"),
    "category": ("श्रेणी", "Category"),
    "load": ("भार", "Load"),
    "meter": ("मीटर सं.", "Meter no."),
    "mobile": ("मोबाइल", "Mobile"),
    "months": ("बिल के माह", "Months billed"),
    "basis": (
        "यह बिल मीटर की असली रीडिंग पर नहीं बना है। मीटर का फोटो या रीडिंग लेकर कार्यालय आएँ या 1912 पर "
        "बताएँ, बिल ठीक हो जाएगा।",
        "This bill was not made from an actual meter reading. Bring a photo or reading of the "
        "meter to the office, or call 1912, to have it corrected.",
    ),
    "history": ("बिजली खपत, यूनिट प्रति माह", "Units used, month by month"),
    "charges": ("बिल का हिसाब", "How the bill is made"),
    "current": ("इस बिल की राशि", "Current charges"),
    "arrears": ("पिछला बकाया", "Arrears"),
    "lpsc": ("विलंब अधिभार", "Late payment surcharge"),
    "total": ("कुल", "Total"),
    "readings": ("मीटर रीडिंग", "Meter readings"),
    "previous": ("पिछली", "Previous"),
    "present": ("वर्तमान", "Present"),
    "units": ("खपत यूनिट", "Units used"),
    "arrears_months": ("बकाया, महीनेवार", "Arrears by month"),
    "last_payment": ("पिछला भुगतान", "Last payment"),
    "problem": ("इस बिल में कोई समस्या है? बताएँ", "Report a problem with this bill"),
    "problem_kind": ("क्या समस्या है?", "What is the problem?"),
    "kind_reading": ("रीडिंग गलत है", "Wrong reading"),
    "kind_paid": ("भुगतान कर चुका/चुकी हूँ", "Already paid"),
    "kind_name": ("नाम या नंबर गलत है", "Wrong name or number"),
    "kind_not_mine": ("यह मेरा बिल नहीं है", "Not my bill"),
    "kind_other": ("कुछ और", "Something else"),
    "problem_text": (
        "अपनी बात लिखें, जैसे मीटर की रीडिंग या भुगतान की तारीख",
        "Tell us more, such as the reading of the meter or the date of the payment",
    ),
    "problem_mobile": ("मोबाइल नंबर (चाहें तो)", "Mobile number (if you like)"),
    "problem_hint": (
        "OTP, पासवर्ड, बैंक या आधार नंबर न लिखें।",
        "Do not write any OTP, password, bank or Aadhaar number.",
    ),
    "problem_send": ("कार्यालय को भेजें", "Send to the office"),
    "problem_sent": (
        "आपकी बात कार्यालय को मिल गई। उत्तर इसी पेज पर दिखेगा।",
        "The office has your report. The answer will be shown on this page.",
    ),
    "problem_yours": ("इस बिल पर बताई गई समस्याएँ", "Problems reported with this bill"),
    "state_new": ("कार्यालय को मिल गई", "With the office"),
    "state_progress": ("जाँच चल रही है", "Being looked into"),
    "state_solved": ("समाधान हो गया", "Solved"),
    "state_rejected": ("जाँच में बिल सही पाया गया", "The bill was found to be right"),
    "error_kind": ("कृपया समस्या चुनें।", "Please choose the problem."),
    "error_text": ("कृपया अपनी बात लिखें।", "Please tell us what the problem is."),
    "error_long": (
        "कृपया {limit} अक्षरों से कम में लिखें।",
        "Please write at most {limit} characters.",
    ),
    "error_mobile": (
        "यह मोबाइल नंबर सही नहीं लगता। 10 अंक लिखें या खाली छोड़ दें।",
        "This does not look like a mobile number. Write its 10 digits, or leave it empty.",
    ),
    "error_stale": (
        "पेज बहुत देर से खुला था। कृपया दोबारा भेजें।",
        "The page was open for too long. Please send it again.",
    ),
    "error_many": (
        "इस बिल पर अभी बहुत संदेश आए हैं। कृपया बाद में भेजें या 1912 पर बताएँ।",
        "There were many reports of this bill just now. Please try later, or call 1912.",
    ),
    "office": ("कार्यालय", "Office"),
    "grievance": ("शिकायत", "Grievance"),
    "toll_free": ("निःशुल्क", "toll-free"),
    "never": (
        "हम कभी OTP नहीं माँगते, कोई ऐप नहीं लगवाते।",
        "We never ask for an OTP or to install an app.",
    ),
    "gone_title": ("यह लिंक नहीं खुल सकता", "This link cannot be opened"),
    "gone": (
        "हो सकता है इसका समय पूरा हो गया हो या यह अधूरा कॉपी हुआ हो। नया बिल व्हाट्सऐप पर आए संदेश "
        "से खोलें, या अपने कार्यालय या 1912 पर पूछें।",
        "It may have expired or been copied incompletely. Open the bill from the newest message on "
        "WhatsApp, or ask your office or 1912.",
    ),
    "busy_title": ("कृपया थोड़ी देर बाद खोलें", "Please try again a little later"),
    "busy": (
        "यहाँ से बहुत बार खोला गया है। कुछ मिनट बाद दोबारा खोलें, या 1912 पर पूछें।",
        "It was opened very often just now. Try again in some minutes, or call 1912.",
    ),
}


def texts(lang):
    """The texts of the page in one language, Hindi unless ``lang`` is ``"en"``."""
    return {key: text[lang == "en"] for key, text in TEXTS.items()}
