from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestReportJobTour(HttpCase, DiscomCommon):
    def test_progress_refreshes_itself(self):
        """The page of a report that is being made follows it until it can be downloaded."""
        jobs = self.env["discom.report.job"]
        job = jobs.create(
            {
                "name": "Door list",
                "model": "discom.door.list",
                "params": {"office_id": self.division_a.id},
                "key": "test",
                "user_id": self.clerk.id,
                "state": "running",
                "rows_total": 100,
                "rows_done": 40,
            }
        )
        read, reads, seen = type(jobs).web_read, [], []

        def web_read(records, specification):
            rows = read(records, specification)
            # The tour asks for nothing once it has seen the report that is being made: from then on
            # it is as if the scheduled action had ended in another process.
            (reads if specification else seen).append(records.ids)
            if specification and seen:
                rows[0].update(state="done", progress=100)
            return rows

        with patch.object(type(jobs), "web_read", web_read):
            self.start_tour(
                f"/odoo/discom-reports/{job.id}", "discom_report_job_live", login="test_clerk"
            )
        self.assertEqual(seen, [job.ids])
        self.assertGreater(len(reads), 1)
