"""What `make test` reads out of Odoo's log."""

import unittest

from dev.stack import odoo_log

TESTS = "odoo.addons.discom.tests.test_bill"


def log(*lines):
    """Return a log with one record for each (level, logger, message) of `lines`."""
    return "\n".join(
        f"2026-11-23 14:40:30,{number:03} 15672 {level} discom_test {logger}: {message} "
        for number, (level, logger, message) in enumerate(lines)
    )


class TestOdooLog(unittest.TestCase):
    """Every way in which a test ends, and what else counts."""

    def test_passed(self):
        outcome = odoo_log.read(
            log(
                ("INFO", TESTS, "Starting TestBill.test_total ..."),
                ("INFO", "odoo.tests.result", "0 failed, 0 error(s) of 1 tests when loading"),
            )
        )
        self.assertEqual(outcome.passed, {"test_bill.TestBill.test_total"})
        self.assertTrue(outcome.finished)
        self.assertFalse(outcome.noise)

    def test_failed_with_traceback(self):
        outcome = odoo_log.read(
            log(
                ("INFO", TESTS, "Starting TestBill.test_total ..."),
                ("ERROR", TESTS, "FAIL: TestBill.test_total\nTraceback:\nAssertionError: 1 != 2"),
                ("ERROR", "odoo.modules.loading", "Module discom: 1 failures, 0 errors of 1 tests"),
                ("ERROR", "odoo.tests.result", "1 failed, 0 error(s) of 1 tests when loading"),
            )
        )
        self.assertFalse(outcome.passed)
        self.assertIn("1 != 2", outcome.failed["test_bill.TestBill.test_total"])
        self.assertFalse(outcome.noise)

    def test_failed_subtests_are_one_test(self):
        outcome = odoo_log.read(
            log(
                ("INFO", TESTS, "Starting TestBill.test_total ..."),
                ("ERROR", TESTS, "FAIL: Subtest TestBill.test_total (case='first one')"),
                ("ERROR", TESTS, "ERROR: Subtest TestBill.test_total (case='second one')"),
            )
        )
        self.assertEqual(list(outcome.failed), ["test_bill.TestBill.test_total"])
        self.assertIn("second one", outcome.failed["test_bill.TestBill.test_total"])

    def test_failed_class(self):
        name = f"setUpClass ({TESTS}.TestBill)"
        outcome = odoo_log.read(log(("ERROR", "odoo.tests.suite", f"ERROR: {name}\nTraceback")))
        self.assertEqual(list(outcome.failed), [name])

    def test_skipped_is_not_passed(self):
        outcome = odoo_log.read(
            log(
                ("INFO", TESTS, "Starting TestBill.test_tour ..."),
                ("INFO", TESTS, "skipped TestBill.test_tour : Chrome executable not found"),
            )
        )
        self.assertFalse(outcome.passed)
        self.assertEqual(
            outcome.skipped, {"test_bill.TestBill.test_tour": "Chrome executable not found"}
        )

    def test_cut_short_is_not_finished(self):
        outcome = odoo_log.read(log(("INFO", TESTS, "Starting TestBill.test_total ...")))
        self.assertFalse(outcome.finished)

    def test_same_name_in_two_files(self):
        outcome = odoo_log.read(
            log(
                ("INFO", TESTS, "Starting TestAccess.test_read ..."),
                ("INFO", f"{TESTS}_line", "Starting TestAccess.test_read ..."),
            )
        )
        self.assertEqual(len(outcome.passed), 2)

    def test_noise_of_a_failed_test(self):
        browser = f"{TESTS}.TestBill.test_tour.browser"
        outcome = odoo_log.read(
            log(
                ("INFO", TESTS, "Starting TestBill.test_tour ..."),
                ("ERROR", browser, "Element has not been found."),
                ("ERROR", TESTS, "FAIL: TestBill.test_tour\nTIMEOUT"),
            )
        )
        self.assertEqual(len(outcome.failed), 1)
        self.assertFalse(outcome.noise)

    def test_noise(self):
        outcome = odoo_log.read(
            log(
                ("WARNING", "odoo.addons.discom", "odd thing\nsecond line"),
                ("WARNING", "odoo.service", "Running as user 'root' is a security risk."),
                ("WARNING", TESTS, "Killing chrome headless with pid 17: still alive"),
                ("WARNING", "odoo.tests.common", "Error during browser shutdown\nTimeoutError"),
            )
        )
        self.assertEqual(outcome.noise, ["WARNING odoo.addons.discom: odd thing\nsecond line"])
