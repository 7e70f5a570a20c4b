"""The reckoning for the state: read from the table of results, the same each time, and right."""

import tempfile
import unittest
from pathlib import Path

from dev.bench import assumed, capacity, report
from dev.bench.capacity import Company, Costs

COSTS = Costs(
    send=0.001,
    send_pdf=0.02,
    webhook=0.006,
    apply=0.0001,
    queue=0.0001,
    import_bill=0.0003,
    import_consumer=0.0003,
    reachable=0.5,
    bytes={"bill_bytes": 2000, "message_row_bytes": 1000, "event_bytes": 500},
)


def line(row, size, ours, also):
    cells = dict.fromkeys(report.COLUMNS, "x")
    cells.update({"row": row, "size": f"{size} x", "ours": ours, "also": also})
    return f"| {' | '.join(cells[name] for name in report.COLUMNS)} |"


LINES = [
    f"| {' | '.join(report.COLUMNS)} |",
    f"| {' | '.join('---' for _name in report.COLUMNS)} |",
    line("send_80", 4800, "80/s", "limit 80/s, cpu 0.08, pool_cpu 0.1"),
    line("send_80_pdf", 4800, "40/s", "cpu 0.8"),
    line("webhook_accept", 5000, "61.0/s", "cpu 6.5ms, null_cpu 6ms"),
    line("webhook_apply", 30000, "10000/s", "memory +0MiB"),
    line("queue", 2750, "9s", "rows 1, queued 1"),
    line("queue", 27500, "4s", "rows 20000, queued 18000"),
    line("import_bills", 27500, "2500rows/s", "refused 0"),
    line("import_consumers", 27500, "5000rows/s", "refused 0"),
]
DOCUMENT = "\n".join(["# x", report.BEGIN, *LINES, report.END, ""])


class TestCapacity(unittest.TestCase):
    def test_costs_are_read_from_the_results(self):
        """Processor seconds of one message, the largest size of a row, units of all kinds."""
        costs = capacity.measured(DOCUMENT)
        self.assertAlmostEqual(costs.send, 0.001)
        self.assertAlmostEqual(costs.send_pdf, 0.02)
        self.assertAlmostEqual(costs.webhook, 0.0065)
        self.assertAlmostEqual(costs.apply, 0.0001)
        self.assertAlmostEqual(costs.queue, 0.0002)
        self.assertAlmostEqual(costs.reachable, 18_000 / 27_500)
        self.assertEqual(costs.bytes, assumed.FALLBACK)
        with self.assertRaisesRegex(KeyError, "queue"):
            capacity.measured(DOCUMENT.replace("| queue |", "| other |"))

    def test_a_busy_machine_does_not_count(self):
        busy = line("import_bills", 275000, "700rows/s", "refused 0, load 12")
        costs = capacity.measured(DOCUMENT.replace(report.END, f"{busy}\n{report.END}"))
        self.assertAlmostEqual(costs.import_bill, 1 / 2500)
        alone = busy.replace(", load 12", "")
        costs = capacity.measured(DOCUMENT.replace(report.END, f"{alone}\n{report.END}"))
        self.assertAlmostEqual(costs.import_bill, 1 / 700)

    def test_sizes_are_read_where_they_were_measured(self):
        measured = line(
            "database", 27500, "2700B", "bill_bytes 2700, message_row_bytes 1200, event_bytes 800"
        )
        costs = capacity.measured(DOCUMENT.replace(report.END, f"{measured}\n{report.END}"))
        self.assertEqual(costs.bytes["bill_bytes"], 2700)
        self.assertEqual(costs.bytes["event_bytes"], 800)

    def test_limit_of_people_is_climbed_day_by_day(self):
        """2,000 on the first day, 10,000 on the second, a lakh on the third, then all that can."""
        for consumers, days in ((4_000, 1), (4_002, 2), (24_000, 2), (24_002, 3), (224_002, 4)):
            self.assertEqual(Company("x", consumers, COSTS).days_to_reach(), days, consumers)

    def test_twice_the_consumers_need_twice_the_means(self):
        one, two = Company("x", 1_000_000, COSTS), Company("x", 2_000_000, COSTS)
        self.assertAlmostEqual(two.rupees(), 2 * one.rupees())
        self.assertAlmostEqual(two.bytes_a_year(), 2 * one.bytes_a_year())
        for name, cores in one.cores().items():
            self.assertAlmostEqual(two.cores()[name], 2 * cores)

    def test_figures_by_hand(self):
        """A million consumers, half reached: 4.75 lakh bills, 28.6 lakh messages."""
        one = Company("x", 1_000_000, COSTS)
        self.assertEqual(one.bills, 475_000)
        self.assertEqual(one.total, 475_000 * 1.8 + 500_000 * 4)
        self.assertAlmostEqual(one.rupees(), one.total * 0.115 * 1.18)
        bills = 47_500 / 43_200
        self.assertAlmostEqual(
            one.cores()["sending, bills made as PDF"],
            (bills * 0.02 + (one.rate - bills) * 0.001) / 0.6,
        )

    def test_companies_are_the_state(self):
        parts = capacity.companies(COSTS)
        self.assertEqual(len(parts), 5)
        self.assertAlmostEqual(sum(one.consumers for one in parts), 37_000_000)

    def test_every_assumption_names_its_source(self):
        for name, one in assumed.ASSUMED.items():
            self.assertTrue(one.source and one.text, name)
        text = capacity.simulation(DOCUMENT)
        unverified = sum(not one.verified for one in assumed.ASSUMED.values())
        self.assertEqual(text.count("(unverified)"), unverified)

    def test_document_is_the_same_each_time(self):
        """Written between the marks, nothing else touched, twice the same."""
        with tempfile.TemporaryDirectory() as folder:
            benchmarks, path = Path(folder, "benchmarks.md"), Path(folder, "capacity.md")
            benchmarks.write_text(DOCUMENT)
            path.write_text(f"Before.\n{capacity.BEGIN}\nold\n{capacity.END}\nAfter.\n")
            self.assertTrue(capacity.write(path, benchmarks))
            self.assertFalse(capacity.write(path, benchmarks))
            text = path.read_text()
            self.assertTrue(text.startswith("Before.\n"))
            self.assertTrue(text.endswith("\nAfter.\n"))
            self.assertNotIn("old", text)
            path.write_text("no marks")
            with self.assertRaisesRegex(ValueError, "simulation"):
                capacity.write(path, benchmarks)
