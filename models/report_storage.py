from odoo import models
from odoo.tools import SQL

#: PostgreSQL waits until a fifth of a table has changed before it clears it of dead rows and looks
#: at it anew: of five million messages a million, the sendings of a week, during which counts read
#: the table instead of its index and plans are made for last week's data. A month's bills are a
#: twelfth of a table.
SETTINGS = {
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_insert_scale_factor": "0.02",
    "autovacuum_analyze_scale_factor": "0.01",
}
#: Tables that grow by a row for each bill or message.
TABLES = (
    "discom_bill",
    "discom_bill_line",
    "discom_consent",
    "discom_kyc_event",
    "discom_notice",
    "discom_payment",
    "discom_whatsapp_event",
    "discom_whatsapp_message",
    "discom_whatsapp_recipient",
)


class DiscomStorage(models.AbstractModel):
    """How PostgreSQL looks after the large tables; measured in docs/benchmarks.md, `autovacuum`."""

    _name = "discom.storage"
    _description = "Storage of large tables"

    def init(self):
        """Set it once the tables are there, where an administrator has not set it already."""
        self.pool.post_init(self._set_storage)

    def _set_storage(self):
        self.env.cr.execute(
            "SELECT relname, reloptions FROM pg_class WHERE relname = ANY(%s) AND relkind = 'r'",
            [list(TABLES)],
        )
        for table, options in self.env.cr.fetchall():
            given = {option.partition("=")[0] for option in options or ()}
            missing = [
                SQL("%s = %s", SQL.identifier(name), SQL(value))
                for name, value in SETTINGS.items()
                if name not in given
            ]
            if missing:
                self.env.cr.execute(
                    SQL("ALTER TABLE %s SET (%s)", SQL.identifier(table), SQL(", ").join(missing))
                )
