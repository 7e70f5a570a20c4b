"""How many whole phones and e-mails one user has asked for who sees them masked."""

import hashlib
import hmac
import logging

from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

#: Different values that one user may ask for in an hour: of a number shown masked, some hundred
#: thousand would have to be tried. Lists that look for other records of a number ask as well.
LIMIT = 2000


class DiscomAsked(models.AbstractModel):
    """Counts them for all workers on all hosts together, in a table that is not even logged.

    A value is kept for an hour as a digest under the secret of the database: what somebody looked
    for stands nowhere. After a crash of PostgreSQL the table is empty, and the counts begin anew.
    """

    _name = "discom.asked"
    _description = "Values Asked For"

    def init(self):
        """Make the table, which has no fields of Odoo and no ids."""
        self.env.cr.execute(
            """
            CREATE UNLOGGED TABLE IF NOT EXISTS discom_asked (
                user_id integer NOT NULL,
                digest bigint NOT NULL,
                at timestamptz NOT NULL DEFAULT clock_timestamp(),
                PRIMARY KEY (user_id, digest))
            """
        )

    @api.model
    def _take(self, values):
        """Count values that the current user asks for; the same ones again cost nothing.

        :raise UserError: where they are so many that it is no search any more; none is counted then
        """
        if not values:
            return
        if self.env.cr.readonly:
            # Odoo does the same call again where it may write.
            raise ReadOnlySqlTransaction("What is asked for is counted")
        digests = self._digests(values)
        # In a transaction of its own: whoever makes the call fail has asked all the same.
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """
                    DELETE FROM discom_asked
                     WHERE user_id = %s
                       AND at <= clock_timestamp() - INTERVAL '1 hour'
                    """,
                    self.env.uid,
                )
            )
            cr.execute(SQL("SELECT digest FROM discom_asked WHERE user_id = %s", self.env.uid))
            known = {digest for (digest,) in cr.fetchall()}
            new = digests - known
            if len(known) + len(new) <= LIMIT:
                cr.execute(
                    SQL(
                        "INSERT INTO discom_asked (user_id, digest) SELECT %s, unnest(%s::bigint[])"
                        " ON CONFLICT DO NOTHING",
                        self.env.uid,
                        list(new),
                    )
                )
                return
        _logger.warning("User %s asks for very many phones or e-mails", self.env.uid)
        raise UserError(
            self.env._(
                "You have searched for very many numbers. Search again in an hour, or ask a "
                "colleague who sees them in full."
            )
        )

    @api.model
    def _digests(self, values):
        # sudo: the secret stays in the server.
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret").encode()
        return {
            int.from_bytes(
                hmac.digest(secret, f"discom.asked {value}".encode(), hashlib.sha256)[:8],
                "big",
                signed=True,
            )
            for value in values
        }

    @api.autovacuum
    def _gc_asked(self):
        """Delete what users have left who have not asked since."""
        self.env.cr.execute(
            """
            DELETE FROM discom_asked
             WHERE at <= clock_timestamp() - INTERVAL '1 hour'
            """
        )
