from odoo import api, fields, models
from odoo.tools import SQL

from . import whatsapp_broadcast

#: Temporary tables of audiences, one of each broadcast that is being planned on a connection.
PREFIX = "discom_audience_of_"


class DiscomWhatsappBroadcast(models.Model):
    """The audience of a large broadcast is worked out once a run, not once a batch.

    Who shares a number with whom, and who comes first, is known only when everybody has been looked
    at, so each batch would cost as much as all of them. The rows wait in a temporary table, which
    the next batches of the same run read; a run that follows works them out anew.
    """

    _inherit = "discom.whatsapp.broadcast"

    partial = fields.Boolean(
        "Part of the Audience",
        readonly=True,
        help="Went by itself to a few who waited for it; the others are told by another one.",
    )

    @api.model
    def _cron_work(self):
        # Odoo keeps connections: a run that broke may have left what is out of date by now.
        self._forget_audiences()
        result = super()._cron_work()
        self._forget_audiences()
        return result

    def _plan_more(self, partner_ids):
        """Plan these people of the audience as well, who have come into it since it was planned."""
        self.ensure_one()
        self._take_turn()
        self.env.cr.execute(
            SQL(
                """
                SELECT * FROM (%s) audience
                 WHERE NOT EXISTS (SELECT FROM discom_whatsapp_message m
                                    WHERE m.broadcast_id = %s AND m.res_id = audience.res_id
                                      AND m.partner_id = audience.partner_id)
                """,
                self._audience_sql(self.user_id, partner_ids),
                self.id,
            )
        )
        rows = self.env.cr.dictfetchall()
        if not rows:
            return
        self._insert_messages(rows)
        planned = self.planned_count + len(rows)
        self.write({"state": "sending", "planned_count": planned, "total_count": planned})
        self._wake()

    def _next_rows(self, size):
        if not self._is_large():
            return super()._next_rows(size)
        self.env.cr.execute(self._next_sql(size))
        rows = self.env.cr.dictfetchall()
        if len(rows) < size:
            self._forget_audiences()
        return rows

    def _is_large(self):
        """Whether the audience is worked out once for several batches."""
        return self.total_count > whatsapp_broadcast.PLAN_SIZE

    def _next_sql(self, size):
        """Return a query of the next ``size`` rows of the audience, which waits in its table."""
        return SQL(
            """
            SELECT * FROM %(table)s WHERE (res_id, partner_id) > (%(res_id)s, %(partner_id)s)
             ORDER BY res_id, partner_id LIMIT %(size)s
            """,
            table=self._audience_table(),
            res_id=self.plan_res_id,
            partner_id=self.plan_partner_id,
            size=size,
        )

    def _audience_table(self):
        """Return the table that holds the audience, filled now where this run has not yet."""
        table = SQL.identifier(f"{PREFIX}{self.id}")
        if f"{PREFIX}{self.id}" not in self._audiences():
            self._forget_audiences()
            self.env.cr.execute(
                SQL(
                    """
                    CREATE TEMPORARY TABLE %(table)s AS
                    SELECT * FROM (%(audience)s) audience
                     WHERE (res_id, partner_id) > (%(res_id)s, %(partner_id)s);
                    CREATE INDEX ON %(table)s (res_id, partner_id);
                    ANALYZE %(table)s
                    """,
                    table=table,
                    audience=self._audience_sql(self.user_id),
                    res_id=self.plan_res_id,
                    partner_id=self.plan_partner_id,
                )
            )
        return table

    @api.model
    def _audiences(self):
        """Return the names of the tables of this connection."""
        rows = self.env.execute_query(
            SQL(
                "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()"
                " AND relkind = 'r' AND starts_with(relname, %s)",
                PREFIX,
            )
        )
        return {name for [name] in rows}

    @api.model
    def _forget_audiences(self):
        """Drop the tables of this connection."""
        for name in self._audiences():
            self.env.cr.execute(SQL("DROP TABLE %s", SQL.identifier(name)))
