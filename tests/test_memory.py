import base64
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from .test_import import CONSUMERS, ImportCommon

#: Rows of a batch, for these tests, and of the files: three and nine batches.
BATCH, FEW, MANY = 100, 300, 900
#: How much more memory three times as many rows may take. All of them in memory would be 3.
GROWTH = 1.5


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestMemory(ImportCommon):
    """Memory does not grow with the rows: what is done for many is done batch by batch.

    Python itself says how much it held at most, so the same code gives the same figure.
    """

    def peak(self, function):
        """KiB that Python held at most while ``function`` ran, above what it held before."""
        self.env.flush_all()
        self.env.invalidate_all()
        tracemalloc.start()
        try:
            function()
            return tracemalloc.get_traced_memory()[1] / 1024
        finally:
            tracemalloc.stop()

    def assert_flat(self, small, large):
        self.assertLessEqual(large, GROWTH * small, f"{small:.0f} KiB grew to {large:.0f} KiB")

    def rows(self, first, count):
        return [
            CONSUMERS,
            *(
                f"{first + number},Asha,आशा,,LMV-1,1,kw,{self.office_code},{self.asset_code},0"
                for number in range(count)
            ),
        ]

    def test_import(self):
        """The check and the import of a file: the whole file is never rows in memory."""
        package = "odoo.addons.discom.models"
        peaks = {}
        with (
            patch(f"{package}.import_staging.COPY_ROWS", BATCH),
            patch(f"{package}.import_engine.APPLY_ROWS", BATCH),
        ):
            # The first fills the caches.
            for place, count in enumerate((BATCH, FEW, MANY)):
                job = self.upload("consumer", self.rows(8_127_500_000 + 10_000 * place, count))
                check = self.peak(job.action_check)
                run = self.peak(job.action_run)
                self.assertEqual(job.new_count, count, job.findings)
                peaks[count] = check, run
        for small, large in zip(peaks[FEW], peaks[MANY], strict=True):
            self.assert_flat(small, large)

    def test_files_written_by_an_import(self):
        """The copy with numbers crossed out and the refused rows go to the disk row by row."""
        package = "odoo.addons.discom.models"
        peaks = {}
        remark = "x" * 1900
        with (
            patch(f"{package}.import_staging.COPY_ROWS", BATCH),
            patch(f"{package}.import_refusals.REFUSED_ROWS", BATCH),
            patch(f"{package}.import_file.DIRECT_BYTES", 10_000_000),
        ):
            for place, count in enumerate((BATCH, FEW, MANY)):
                # No office, no name: every row is refused.
                rows = [
                    f"{8_127_700_000 + 10_000 * place + row},,,2341 2341 2346,{remark}"
                    for row in range(count)
                ]
                job = self.upload("consumer", ["account_no,office_code,name,card,remark", *rows])
                peaks[count] = self.peak(job.action_check)
                self.assertEqual(job.refused_count, count)
                refused = base64.b64decode(job.refused_file).decode().splitlines()
                kept = base64.b64decode(job.file).decode().splitlines()
                self.assertEqual((len(refused), len(kept)), (count + 1, count + 1))
                for line in (refused[-1], kept[-1]):
                    self.assertIn("XXXX XXXX 2346", line)
        self.assert_flat(peaks[FEW], peaks[MANY])

    def test_workbook(self):
        """A register is written row by row."""
        peaks = {}
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with patch("odoo.addons.discom.wizards.report_mixin.FETCH_ROWS", BATCH):
            for place, count in enumerate((BATCH, FEW, MANY)):
                office = self.create_office(f"Memory {count}", "subdivision", self.division_a)
                self._bills(office, 8_127_600_000 + 10_000 * place, count)
                register = self.env["discom.bill.delivery.register"].create(
                    {"office_id": office.id, "period": "2026-11-01", "lang": "en_IN"}
                )
                path = Path(folder.name) / f"{count}.xlsx"
                peaks[count] = self.peak(lambda path=path, one=register: one._write_workbook(path))
                self.assertTrue(path.stat().st_size)
        self.assert_flat(peaks[FEW], peaks[MANY])

    def _bills(self, office, first, count):
        """Issued bills of so many consumers of an office, by SQL."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            WITH consumer AS (
                INSERT INTO res_partner (
                    name, complete_name, discom_consumer, discom_account_no, discom_office_id,
                    company_id, active, lang, type, partner_share)
                SELECT 'Consumer ' || n, 'Consumer ' || n, TRUE, (%(first)s + n)::text, %(office)s,
                       %(company)s, TRUE, 'en_IN', 'contact', TRUE
                  FROM generate_series(1, %(count)s) n
             RETURNING id, discom_account_no
            )
            INSERT INTO discom_bill (
                name, partner_id, account_no, office_id, company_id, currency_id, state, period,
                bill_date, due_date, months, amount_total, amount_due, is_latest)
            SELECT 'M' || discom_account_no, id, discom_account_no, %(office)s, %(company)s,
                   %(currency)s, 'issued', '2026-11-01', '2026-11-05', '2026-11-20', 1, 100, 100,
                   TRUE
              FROM consumer
            """,
            {
                "first": first,
                "count": count,
                "office": office.id,
                "company": self.company.id,
                "currency": self.env.ref("base.INR").id,
            },
        )
