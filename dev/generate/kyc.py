"""What a KYC drive brings in: WhatsApp numbers, languages and consents."""

from datetime import timedelta
from random import Random

from . import phones
from .deck import deck, pick

COLUMNS = (
    "account_no whatsapp_number mobile email language consent_bills consent_outages "
    "consent_dues notice_version notice_language source taken_on aadhaar_last4"
).split()
# Share of the consumers with a row: with the losses below, seven in ten can then be reached.
SHARE = 0.78
USELESS_NUMBER = 0.03
AGENT_NUMBER = 0.02
DRIVE_DAYS = 300
NOTICE_VERSION = "1"

_SOURCES = deck(
    {
        "field": 42,
        "counter": 18,
        "sakhi": 14,
        "kiosk": 10,
        "online": 6,
        "file": 5,
        "connection": 3,
        "whatsapp": 2,
    },
    size=100,
)
_BY_AGENTS = ("kiosk", "sakhi")
_CONSENTS = deck({"1": 930, "0": 25, "": 45})
_FOLLOWS = deck({"1": 960, "0": 20, "": 20})  # for outages and dues, of those who agree to bills
_READABLE = tuple(writing for _weight, writing in phones.READABLE.values())
_USELESS = tuple(writing for _weight, writing in phones.USELESS.values())


class Drive:
    """Collects KYC of a share of the consumers.

    :param seed: any whole number
    :param until: day after the last one on which KYC was taken
    :param share: of the consumers, 0 to 1
    """

    def __init__(self, seed, until, share=SHARE):
        self.random = Random(f"kyc {seed}").random
        self.until = until
        self.share = share

    def row(self, consumer):
        """A row of ``kyc.csv``, or None for one who was not met."""
        draw = self.random
        if draw() >= self.share:
            return None
        source = pick(_SOURCES, draw)
        number = consumer.number
        if source in _BY_AGENTS and draw() < AGENT_NUMBER / 0.24:
            number = consumer.agent_number
        luck = draw()
        if luck < USELESS_NUMBER:
            whatsapp = _USELESS[int(draw() * len(_USELESS))](number)
        elif luck < 0.85:
            whatsapp = number
        else:
            whatsapp = _READABLE[int(draw() * len(_READABLE))](number)
        bills = pick(_CONSENTS, draw)
        outages, dues = (
            (pick(_FOLLOWS, draw), pick(_FOLLOWS, draw)) if bills == "1" else (bills, bills)
        )
        language = "hi" if draw() < 0.97 else "en"
        # The notice of the standard data: it was read out to whoever agreed to something.
        agreed = "1" in (bills, outages, dues)
        day = self.until - timedelta(days=1 + int(draw() * DRIVE_DAYS))
        return (
            consumer.account_no,
            whatsapp,
            number if draw() < 0.9 else "",
            f"{consumer.account_no}@example.com" if draw() < 0.02 else "",
            language,
            bills,
            outages,
            dues,
            NOTICE_VERSION if agreed else "",
            language if agreed else "",
            source,
            day.isoformat(),
            f"{int(draw() * 10_000):04d}" if draw() < 0.6 else "",
        )
