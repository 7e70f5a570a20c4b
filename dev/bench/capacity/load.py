"""What a number of consumers cause in a month and leave behind in years."""

from dataclasses import dataclass

from .assumed import value
from .costs import Costs


@dataclass(frozen=True)
class Load:
    """Consumers and all that grows with them, whichever way they are cut into databases."""

    consumers: float
    costs: Costs

    @property
    def reached(self):
        """Consumers with a number and consent."""
        return self.consumers * self.costs.reachable

    @property
    def bills(self):
        """Bills of a month, sent or not."""
        return self.consumers * value("billed")

    @property
    def messages(self):
        """Messages of a month by kind. Replies are free text, all others are templates."""
        sent = self.bills * self.costs.reachable
        found = {
            "bill": sent,
            "arrears": sent * value("arrears"),
            "receipt": sent * value("receipts"),
            "outage": self.reached * value("outages"),
        }
        return found | {"reply": sum(found.values()) * value("replies")}

    @property
    def templates(self):
        """Messages of a month that Meta charges as utility."""
        return sum(self.messages.values()) - self.messages["reply"]

    @property
    def calls(self):
        """Calls of the webhook in a month: what became of each message, and what people wrote."""
        return sum(self.messages.values()) * value("webhooks") + self.messages["reply"]

    @property
    def rows(self):
        """Rows of a month in the message table.

        Who is skipped in a sending has a row with the reason; who writes has one for what he wrote.
        """
        month = self.messages
        sendings = month["bill"] + month["arrears"] + month["outage"]
        return sendings / self.costs.reachable + month["receipt"] + 2 * month["reply"]

    def parts(self, years):
        """Bytes of the database after so many years by what they hold; calls go after a time."""
        size = self.costs.bytes
        call = size["event_bytes"] + value("event_more")
        months = 12 * years
        kept = min(365 * years, value("event_days")) / 365 * 12
        return {
            name: count * each * (1 + value("bloat"))
            for name, count, each in (
                ("bills and their charges", months * self.bills, size["bill_bytes"]),
                ("messages", months * self.rows, size["message_row_bytes"]),
                ("calls of the webhook", kept * self.calls, call),
                ("payments", months * self.bills * value("receipts"), size["payment_bytes"]),
                ("consumers", self.consumers, size["consumer_bytes"]),
            )
        }

    def bytes(self, years):
        """Bytes of the database after so many years."""
        return sum(self.parts(years).values())

    @property
    def night(self):
        """Seconds for taking in and planning a month's bills, one after the other."""
        return self.bills * (self.costs.import_bill + self.costs.queue)

    @property
    def restoring(self):
        """Seconds for restoring what two years have left, as fast as was measured.

        A dump holds no room that is only kept free.
        """
        speed = self.costs.database / self.costs.restore
        return self.bytes(2) / (1 + value("bloat")) / speed

    @property
    def outgoing(self):
        """Bytes that leave in a month."""
        month = self.messages
        return month["bill"] * value("pdf_bytes") + sum(month.values()) * value("message_bytes")
