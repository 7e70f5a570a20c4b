from odoo.tests import TransactionCase, tagged

from ..models.report_storage import SETTINGS, TABLES


@tagged("post_install", "-at_install")
class TestStorage(TransactionCase):
    def options(self, table):
        self.env.cr.execute("SELECT reloptions FROM pg_class WHERE relname = %s", [table])
        return dict(option.split("=") for option in self.env.cr.fetchone()[0] or ())

    def test_large_tables_are_looked_after(self):
        """Every large table is cleared and analysed long before a fifth of it has changed."""
        for table in TABLES:
            with self.subTest(table):
                self.assertLessEqual(SETTINGS.items(), self.options(table).items())
        self.assertEqual(self.options("discom_whatsapp_message")["fillfactor"], "75")

    def test_what_an_administrator_has_set_stays(self):
        self.env.cr.execute(
            "ALTER TABLE discom_bill SET (autovacuum_vacuum_scale_factor = 0.1);"
            "ALTER TABLE discom_bill RESET (autovacuum_analyze_scale_factor)"
        )
        self.env["discom.storage"]._set_storage()
        options = self.options("discom_bill")
        self.assertEqual(options["autovacuum_vacuum_scale_factor"], "0.1")
        self.assertEqual(options["autovacuum_analyze_scale_factor"], "0.01")
