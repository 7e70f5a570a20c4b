import time
from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.throttle import PairSpacing
from .whatsapp_message import PRIORITY_REPLY

#: Meta's limit of recipients counts the last 24 hours.
#: https://developers.facebook.com/docs/whatsapp/messaging-limits
LIMIT_HOURS = 24
#: Who wrote within these hours is inside the service window and does not count.
WINDOW_HOURS = 24
#: Seconds that a claimed message may wait in the lane for its recipient; the others wait in the
#: queue.
PAIR_AHEAD = 3.0
#: Recipients deleted in one run of the vacuum.
GC_BATCH = 50_000


class Gate:
    """Decides during one run of a lane which claimed messages may go now.

    Two of Meta's limits are kept before Meta has to: the distance between two messages to one
    person, and the number of people per 24 hours, which all numbers of a business portfolio share.

    :param account: the lane's ``discom.whatsapp.account``
    """

    def __init__(self, account):
        self.env = account.env
        self.account_id = account.id
        self.portfolio = account._portfolio()
        self.limit = account._daily_limit()
        self.shared = account._shares_limit()
        self.left = 0
        self.closed = False
        self.pairs = PairSpacing(account.pair_seconds)
        self._remember_recent(account.pair_seconds)

    def _remember_recent(self, seconds):
        """Learn to whom an earlier run has just sent."""
        if not seconds:
            return
        self.env.cr.execute(
            """
            SELECT COALESCE(phone, wa_user_id),
                   extract(epoch FROM max(claimed_at) AT TIME ZONE 'UTC')
              FROM discom_whatsapp_message
             WHERE account_id = %s AND claimed_at > %s AND direction = 'out'
             GROUP BY 1
            """,
            [
                self.account_id,
                fields.Datetime.now() - timedelta(seconds=seconds + PAIR_AHEAD),
            ],
        )
        for phone, at in self.env.cr.fetchall():
            self.pairs.note(phone, float(at))

    def begin(self):
        """Begin the transaction of a claim: find out how many new people it may write to."""
        if not self.limit:
            return
        if self.shared:
            # The snapshot has to be younger than what another lane has counted: a LOCK takes none.
            self.env.cr.execute("LOCK TABLE discom_whatsapp_recipient IN SHARE ROW EXCLUSIVE MODE")
        self.left = self.env["discom.whatsapp.recipient"]._left(self.portfolio, self.limit)
        self.closed = self.left <= 0

    def condition(self):
        """Return what has to hold of a queued message ``m`` besides."""
        # Answers go to people inside their window, who do not count.
        return SQL("m.priority <= %s", PRIORITY_REPLY) if self.closed else SQL("TRUE")

    def sieve(self, rows, now):
        """Put back what may not go yet and count the others; return the ids of these.

        :param list rows: claimed ones as (id, state, priority, phone), the most urgent first
        :param now: time of the claim
        """
        if not rows:
            return []
        free = self._free({row[3] for row in rows}) if self.limit else set()
        moment = time.time()
        let_through, put_back, later = [], [], Counter()
        for message_id, _state, priority, phone in rows:
            if self.limit and phone not in free and self.left <= 0:
                self.closed = True
                put_back.append((message_id, None))
                continue
            wait = self.pairs.delay(phone, moment)
            # Meta lets a conversation borrow from later; mass messages do not.
            if priority > PRIORITY_REPLY and wait > PAIR_AHEAD:
                wait += later[phone] * self.pairs.interval
                later[phone] += 1
                put_back.append((message_id, now + timedelta(seconds=wait)))
                continue
            if self.limit and phone not in free:
                self.left -= 1
                free.add(phone)
            self.pairs.note(phone, moment + (wait if priority > PRIORITY_REPLY else 0))
            let_through.append((message_id, phone))
        self._put_back(put_back)
        self.env["discom.whatsapp.recipient"]._count(
            self.portfolio, self.account_id, {phone for _id, phone in let_through}, now
        )
        return [message_id for message_id, _phone in let_through]

    def _free(self, phones):
        """Return those of ``phones`` who are counted already, or need not be."""
        self.env.cr.execute(
            SQL(
                """
                SELECT phone FROM unnest(%(phones)s::text[]) AS p (phone)
                 WHERE EXISTS (SELECT FROM discom_whatsapp_recipient r
                                WHERE r.portfolio = %(portfolio)s AND r.phone = p.phone
                                  AND r.counted_at > %(since)s)
                    OR %(in_window)s
                """,
                phones=list(phones),
                portfolio=self.portfolio,
                since=fields.Datetime.now() - timedelta(hours=LIMIT_HOURS),
                in_window=in_window(self.account_id),
            )
        )
        return {row[0] for row in self.env.cr.fetchall()}

    def _put_back(self, rows):
        if rows:
            self.env.cr.execute(
                """
                UPDATE discom_whatsapp_message m
                   SET state = 'queued', attempts = attempts - 1, claimed_at = NULL,
                       retry_at = v.retry_at
                  FROM unnest(%s, %s::timestamp[]) AS v (id, retry_at)
                 WHERE m.id = v.id
                """,
                [[row[0] for row in rows], [row[1] for row in rows]],
            )


def in_window(account_id):
    """Return the SQL condition that ``p.phone`` has written to the number within the window.

    Who hides the number is known by an id in its place.
    """
    return SQL(
        """EXISTS (SELECT FROM discom_whatsapp_message i
                    WHERE i.phone = p.phone AND i.account_id = %(account)s AND i.direction = 'in'
                      AND i.sent_at > %(since)s)
           OR NOT starts_with(p.phone, '+')
              AND EXISTS (SELECT FROM discom_whatsapp_message i
                           WHERE i.wa_user_id = p.phone AND i.account_id = %(account)s
                             AND i.direction = 'in' AND i.sent_at > %(since)s)""",
        account=account_id,
        since=fields.Datetime.now() - timedelta(hours=WINDOW_HOURS),
    )


class DiscomWhatsappRecipient(models.Model):
    """The people a business portfolio has written to, each with the last time it counted.

    Rows are written by the lanes with each claim, in the same transaction. A message that was
    claimed and then refused counts all the same: rather one recipient too few than one too many.
    """

    _name = "discom.whatsapp.recipient"
    _description = "WhatsApp Recipient of the Last Day"
    _log_access = False
    _rec_name = "phone"

    portfolio = fields.Char(required=True, readonly=True)
    phone = fields.Char(required=True, readonly=True, personal="phone")
    counted_at = fields.Datetime(required=True, readonly=True)

    _portfolio_phone_uniq = models.UniqueIndex("(portfolio, phone)")
    _counted_idx = models.Index("(portfolio, counted_at)")

    def _used(self, portfolio, moment=None):
        """Return how many different people the portfolio has written to in 24 hours.

        :param moment: end of these hours, now by default
        """
        since = (moment or fields.Datetime.now()) - timedelta(hours=LIMIT_HOURS)
        self.env.cr.execute(
            """
            SELECT count(*) FROM discom_whatsapp_recipient
             WHERE portfolio = %s AND counted_at > %s
            """,
            [portfolio, since],
        )
        return self.env.cr.fetchone()[0]

    def _left(self, portfolio, limit, moment=None):
        """Return how many more people it may write to, now or at ``moment``."""
        return max(0, limit - self._used(portfolio, moment))

    def _count(self, portfolio, account_id, phones, now):
        """Count people who are written to at ``now``, unless they wrote first."""
        # In one order, so that the lanes of a portfolio never wait for each other in a circle.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO discom_whatsapp_recipient (portfolio, phone, counted_at)
                SELECT %(portfolio)s, phone, %(now)s FROM unnest(%(phones)s::text[]) AS p (phone)
                 WHERE phone IS NOT NULL AND NOT (%(in_window)s)
                 ORDER BY phone
                    ON CONFLICT (portfolio, phone) DO UPDATE SET counted_at = EXCLUDED.counted_at
                """,
                portfolio=portfolio,
                now=now,
                phones=list(phones),
                in_window=in_window(account_id),
            )
        )

    def _first_free(self, portfolio):
        """Return when the oldest of the counted people leaves the window."""
        self.env.cr.execute(
            """
            SELECT min(counted_at) FROM discom_whatsapp_recipient
             WHERE portfolio = %s AND counted_at > %s
            """,
            [portfolio, fields.Datetime.now() - timedelta(hours=LIMIT_HOURS)],
        )
        oldest = self.env.cr.fetchone()[0] or fields.Datetime.now()
        return oldest + timedelta(hours=LIMIT_HOURS)

    @api.autovacuum
    def _gc_recipients(self):
        """Delete people who do not count any more."""
        self.env.cr.execute(
            """
            DELETE FROM discom_whatsapp_recipient
             WHERE id IN (SELECT id FROM discom_whatsapp_recipient
                           WHERE counted_at < %s LIMIT %s)
            """,
            [fields.Datetime.now() - timedelta(hours=2 * LIMIT_HOURS), GC_BATCH],
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == GC_BATCH
