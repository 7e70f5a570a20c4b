from collections import Counter, defaultdict

from odoo import models
from odoo.tools import SQL

from .whatsapp_message import TEST_PURPOSE


class DiscomWhatsappMessage(models.Model):
    """The last look at a message before it leaves.

    A queue may last days at a daily limit, and a message may come back to it after a passing error
    or by hand. Meanwhile people change their number or stop messages, pay their bill or have it
    cancelled.
    """

    _inherit = "discom.whatsapp.message"

    def _drop_stale(self):
        """Cancel those of these claimed messages that must not leave any more, and correct numbers.

        The caller's transaction holds them; four statements or so, however many there are.

        :return: the cancelled messages
        """
        if not self:
            return self
        reasons = {**self._stale_documents(), **self._stale_consumers()}
        stale = self.browse(reasons)
        (self - stale)._correct_numbers()
        if reasons:
            self.env.cr.execute(
                """
                UPDATE discom_whatsapp_message m
                   SET state = 'cancelled', skip_reason = v.reason, claimed_at = NULL
                  FROM unnest(%s, %s) AS v(id, reason)
                 WHERE m.id = v.id
                """,
                [list(reasons), list(reasons.values())],
            )
        self.env["discom.whatsapp.message"].invalidate_model()
        return stale

    def _stale_consumers(self):
        """Return {message id: reason} where the consumer has no number or no consent any more."""
        purposes = defaultdict(list)
        for purpose, spec in self.env["discom.whatsapp.mixin"]._all_purposes().items():
            if spec["consent"]:
                purposes[spec["consent"]].append(purpose)
        consent = SQL("CASE %s END", SQL(" ").join(
            SQL("WHEN m.purpose = ANY(%s) THEN COALESCE(%s, '')", names,
                SQL.identifier("p", f"discom_consent_{consent}"))
            for consent, names in purposes.items()
        ))  # fmt: skip
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT id, reason
                      FROM (SELECT m.id,
                                   CASE WHEN p.discom_whatsapp_number IS NULL THEN 'no_number'
                                        WHEN %(consent)s = 'withdrawn' THEN 'opted_out'
                                        WHEN %(consent)s = '' THEN 'no_consent' END AS reason
                              FROM discom_whatsapp_message m
                              JOIN res_partner p ON p.id = m.partner_id
                             -- Answers go to who wrote, whatever is known of him.
                             WHERE m.id = ANY(%(ids)s) AND m.res_id IS NOT NULL) looked
                     WHERE reason IS NOT NULL
                    """,
                    consent=consent,
                    ids=self.ids,
                )
            )
        )

    def _stale_documents(self):
        """Return {message id: reason} where the document says so, or is gone."""
        groups = defaultdict(list)
        for message in self:
            # A test shows how a message looks, whether or not the record is due for it.
            if message.purpose == TEST_PURPOSE:
                continue
            if message.res_id and message.res_model in self.env:
                groups[message.res_model, message.purpose].append(message)
        stale = {}
        for (model, purpose), messages in groups.items():
            records = self.env[model].browse({m.res_id for m in messages})
            existing = records.exists()
            # A message may be about the consumer alone, who is no such document.
            if isinstance(records, self.env.registry["discom.whatsapp.mixin"]):
                existing -= existing._whatsapp_stale(purpose)
            fresh = set(existing.ids)
            gone = [message for message in messages if message.res_id not in fresh]
            stale.update((message.id, "not_applicable") for message in gone)
            crowds = [res_id for res_id, n in Counter(m.res_id for m in gone).items() if n > 1]
            if crowds:
                self._drop_crowds(model, purpose, crowds)
        return stale

    def _drop_crowds(self, model, purpose, res_ids):
        """Cancel all that waits about these documents.

        An outage that is over before its tens of thousands of messages are planned would else hold
        up, claim by claim, what waits behind them.
        """
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_message
               SET state = 'cancelled', skip_reason = 'not_applicable'
             WHERE res_model = %s AND res_id = ANY(%s) AND purpose = %s AND open_state = 'queued'
            """,
            [model, res_ids, purpose],
        )

    def _correct_numbers(self):
        """What is about a consumer goes to the number that is his now, not to who had it before."""
        self.env.cr.execute(
            """
            UPDATE discom_whatsapp_message m
               SET phone = p.discom_whatsapp_number
              FROM res_partner p
             WHERE p.id = m.partner_id AND m.id = ANY(%s) AND m.res_id IS NOT NULL
               AND p.discom_whatsapp_number <> m.phone
            """,
            [self.ids],
        )
