from datetime import date

from odoo.tests import TransactionCase, tagged

from ..tools.clear_days import (
    day_after_clear,
    is_closed,
    is_second_saturday,
    last_clear_day,
    next_open,
    open_days_after,
    open_days_before,
)


@tagged("post_install", "-at_install")
class TestClearDays(TransactionCase):
    """Days counted by hand: month ends, leap years, holidays."""

    def test_fifteen_clear_days(self):
        """Served on the 1st, the 2nd to the 16th are the notice, the 17th is the first day."""
        for served, last, first in (
            (date(2026, 11, 1), date(2026, 11, 16), date(2026, 11, 17)),
            # Over the end of a month of 30 and of 31 days.
            (date(2026, 11, 20), date(2026, 12, 5), date(2026, 12, 6)),
            (date(2026, 12, 20), date(2027, 1, 4), date(2027, 1, 5)),
            # February with 28 and with 29 days.
            (date(2027, 2, 20), date(2027, 3, 7), date(2027, 3, 8)),
            (date(2028, 2, 20), date(2028, 3, 6), date(2028, 3, 7)),
            (date(2028, 2, 14), date(2028, 2, 29), date(2028, 3, 1)),
        ):
            with self.subTest(served=served):
                self.assertEqual(last_clear_day(served, 15), last)
                self.assertEqual(day_after_clear(served, 15), first)

    def test_second_saturday(self):
        self.assertTrue(is_second_saturday(date(2026, 11, 14)))
        self.assertFalse(is_second_saturday(date(2026, 11, 7)))
        self.assertFalse(is_second_saturday(date(2026, 11, 21)))
        # A month that begins on a Saturday has its second on the 8th.
        self.assertTrue(is_second_saturday(date(2026, 8, 8)))
        self.assertFalse(is_second_saturday(date(2026, 8, 1)))

    def test_closed(self):
        holidays = {date(2026, 11, 24)}
        self.assertTrue(is_closed(date(2026, 11, 24), holidays))
        self.assertTrue(is_closed(date(2026, 11, 22)), "a Sunday")
        self.assertFalse(is_closed(date(2026, 11, 22), sundays=False))
        self.assertFalse(is_closed(date(2026, 11, 14), second_saturdays=False))
        self.assertFalse(is_closed(date(2026, 11, 23), holidays))

    def test_next_open(self):
        """Second Saturday, Sunday and a Monday's holiday lead to Tuesday."""
        holidays = {date(2026, 11, 16)}
        self.assertEqual(
            next_open(date(2026, 11, 14), lambda day: is_closed(day, holidays)),
            date(2026, 11, 17),
        )
        with self.assertRaises(ValueError):
            next_open(date(2026, 11, 14), lambda day: True)

    def test_working_days(self):
        """Three working days from Thursday the 12th: Friday, Monday, Tuesday."""
        self.assertEqual(open_days_after(date(2026, 11, 12), 3, is_closed), date(2026, 11, 17))
        self.assertEqual(open_days_before(date(2026, 11, 17), 3, is_closed), date(2026, 11, 12))
        # On a closed day nothing more has passed than on the day before it.
        self.assertEqual(open_days_before(date(2026, 11, 15), 1, is_closed), date(2026, 11, 12))
