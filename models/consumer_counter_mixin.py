from odoo import api, models
from odoo.exceptions import UserError

#: Rows shown where a search finds several consumers.
FOUND_LIMIT = 9


class DiscomCounterMixin(models.AbstractModel):
    """What the screens for a queue of people have in common: one call for each step of the queue.

    A counter answers ``start``, ``find`` and ``card`` (see ``static/src/counter``), and says in
    ``_check_user`` who works at it.
    """

    _name = "discom.counter.mixin"
    _description = "Counter"

    # What the user must be allowed to do with a consumer.
    _consumer_access = "read"

    @api.model
    def _check_user(self):
        """
        :raise AccessError: for whoever does not work at this counter
        """
        raise NotImplementedError

    @api.model
    def _find(self, text):
        """Return the consumers that ``text`` (any number, a phone, a name) finds, the first few.

        :return: dict with ``rows``, ``more`` (whether there are others) and ``card`` when there is
            exactly one
        """
        text = (text or "").strip()
        if not text:
            return {"rows": [], "more": False, "card": False}
        consumers = self.env["res.partner"].search(
            [("discom_consumer", "=", True), ("discom_search", "ilike", text)],
            limit=FOUND_LIMIT + 1,
            order="discom_account_no",
        )
        shown = consumers[:FOUND_LIMIT]
        shown._discom_note_reading(len(shown), [self._description], shown)
        rows = [
            {
                "id": consumer.id,
                "name": consumer.discom_name_hi or consumer.name,
                "account": consumer.discom_account_no,
                "village": self._village(consumer),
                "guardian": consumer.discom_guardian_name or "",
            }
            for consumer in shown
        ]
        card = self.card(consumers.id) if len(consumers) == 1 else False
        return {"rows": rows, "more": len(consumers) > FOUND_LIMIT, "card": card}

    @api.model
    def _village(self, consumer):
        """Name of the consumer's village as the clerk reads it, empty where none is known."""
        hindi = (self.env.lang or "").startswith("hi") and consumer.discom_village_hi
        return hindi or consumer.discom_village or ""

    @api.model
    def _consumer(self, partner_id):
        """Return the consumer, if the user may work on it at this counter."""
        self._check_user()
        consumer = self.env["res.partner"].browse(int(partner_id)).exists()
        consumer.check_access(self._consumer_access)
        if not consumer.discom_consumer:
            raise UserError(
                self.env._("This contact is no consumer. Find the account by its number.")
            )
        # A script that goes through all accounts has read them as from a list.
        consumer._discom_note_reading(1, [self._description], consumer)
        return consumer
