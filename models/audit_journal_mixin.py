from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class DiscomJournalMixin(models.AbstractModel):
    """A journal: entries are added by the methods of the model and never changed or deleted.

    The model refuses it whatever the rights, and so does the database: a mistake in SQL shall not
    rewrite history. What the law makes go, after its time or because a person asks, goes by
    :meth:`_opened` alone.
    """

    _name = "discom.journal.mixin"
    _description = "Journal"

    def init(self):
        """Put the triggers on the table of the journal."""
        if self._abstract:
            return
        table = SQL.identifier(self._table)
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION discom_append_only() RETURNS trigger AS $$
                BEGIN
                    IF current_setting('discom.journal', true) = TG_TABLE_NAME || ' ' || TG_OP THEN
                        RETURN COALESCE(NEW, OLD);
                    END IF;
                    RAISE EXCEPTION '%% is append-only: %% refused', TG_TABLE_NAME, TG_OP
                        USING ERRCODE = 'integrity_constraint_violation';
                END
                $$ LANGUAGE plpgsql;
                DROP TRIGGER IF EXISTS append_only ON %(table)s;
                CREATE TRIGGER append_only
                    BEFORE UPDATE OR DELETE ON %(table)s
                    FOR EACH ROW EXECUTE FUNCTION discom_append_only();
                DROP TRIGGER IF EXISTS no_truncate ON %(table)s;
                CREATE TRIGGER no_truncate
                    BEFORE TRUNCATE ON %(table)s
                    FOR EACH STATEMENT EXECUTE FUNCTION discom_append_only();
                """,
                table=table,
            )
        )

    @contextmanager
    def _opened(self, operation):
        """Let the SQL run meanwhile change this journal, for erasure and retention.

        :param str operation: ``UPDATE`` or ``DELETE``
        """
        key = f"{self._table} {operation}"
        self.env.cr.execute(SQL("SELECT set_config('discom.journal', %s, TRUE)", key))
        yield
        # Not after an error: the transaction is over then, and the setting with it.
        self.env.cr.execute(SQL("SELECT set_config('discom.journal', '', TRUE)"))

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(
            self.env._("An entry of this journal is made on the consumer, with the buttons for it.")
        )

    def write(self, vals):  # pylint: disable=method-required-super
        self._refuse_change()

    def unlink(self):  # pylint: disable=method-required-super
        self._refuse_change()

    def _refuse_change(self):
        raise UserError(
            self.env._(
                "An entry of this journal cannot be changed or deleted. Record a new one: the "
                "newest is in force."
            )
        )
