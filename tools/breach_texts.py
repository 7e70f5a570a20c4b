"""Drafts of what is told after a breach: rule 7 of the DPDP Rules 2025."""

PERSON_HINDI = """प्रिय उपभोक्ता,

{company} को {noticed} बजे पता चला कि आपके व्यक्तिगत डेटा की सुरक्षा भंग हुई है: {what}।

कौन-सा डेटा और कैसे: {nature}
इससे क्या हो सकता है: कोई आपके नाम से या हमारे नाम से फ़ोन या संदेश कर सकता है।
हमने क्या किया: {measures}
आप क्या करें: OTP, PIN या पासवर्ड किसी को न बताएँ; बिल केवल आधिकारिक माध्यम से भरें; शक हो तो 1912 पर
पूछें।
संपर्क: {officer}
"""
PERSON_ENGLISH = """Dear consumer,

on {noticed} {company} became aware of a breach of your personal data: {what}.

What data and how: {nature}
What may follow: somebody may call or write in your name or in ours.
What we have done: {measures}
What you can do: tell nobody an OTP, PIN or password; pay bills by official means only; ask 1912 in
doubt.
Contact: {officer}
"""
BOARD_HINDI = """सेवा में, भारतीय डेटा संरक्षण बोर्ड

विषय: व्यक्तिगत डेटा भंग की सूचना (डिजिटल व्यक्तिगत डेटा संरक्षण नियम 2025, नियम 7)

1. डेटा न्यासी: {company}
2. पता चला: {noticed} बजे (भारतीय मानक समय)
3. घटना: {what}
4. डेटा का प्रकार, विस्तार और कारण: {nature}
5. प्रभावित व्यक्ति: {count}, जिनमें {sure} निश्चित रूप से
6. संभावित परिणाम: नाम, पते या नंबर का दुरुपयोग; हमारे नाम से ठगी
7. उठाए गए और प्रस्तावित कदम: {measures}
8. प्रभावित व्यक्तियों को दी गई सूचना: …
9. संपर्क: {officer}
"""
BOARD_ENGLISH = """To the Data Protection Board of India

Subject: intimation of a personal data breach (Digital Personal Data Protection Rules 2025, rule 7)

1. Data fiduciary: {company}
2. Became aware: {noticed} (Indian Standard Time)
3. Event: {what}
4. Nature, extent and cause: {nature}
5. Persons affected: {count}, of whom {sure} with certainty
6. Likely consequences: misuse of names, addresses or numbers; fraud in our name
7. Measures taken and proposed: {measures}
8. Intimation given to those affected: …
9. Contact: {officer}
"""
