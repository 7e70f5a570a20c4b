from odoo import api, models
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

    @api.model
    def _cron_work(self):
        # Odoo keeps connections: a run that broke may have left what is out of date by now.
        self._forget_audiences()
        result = super()._cron_work()
        self._forget_audiences()
        return result

    def _next_rows(self, size):
        if self.total_count <= whatsapp_broadcast.PLAN_SIZE:
            return super()._next_rows(size)
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
        self.env.cr.execute(
            SQL(
                """
                SELECT * FROM %(table)s WHERE (res_id, partner_id) > (%(res_id)s, %(partner_id)s)
                 ORDER BY res_id, partner_id LIMIT %(size)s
                """,
                table=table,
                res_id=self.plan_res_id,
                partner_id=self.plan_partner_id,
                size=size,
            )
        )
        rows = self.env.cr.dictfetchall()
        if len(rows) < size:
            self._forget_audiences()
        return rows

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
