"""The harness: figures, the table, the registry. What rows measure is not tested here."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from dev.bench import process, registry, report, result, settings
from dev.bench.result import Result
from dev.bench.workbench import Workbench

DOCUMENT = f"# Title\n\nBefore.\n\n{report.BEGIN}\n{report.END}\n\nAfter.\n"


def cells(row="queue", size="2750 consumers", ours="1s", **others):
    filled = dict.fromkeys(report.COLUMNS, "x")
    return {**filled, "row": row, "size": size, "ours": ours, **others}


class TestResult(unittest.TestCase):
    def test_ratio_says_how_much_better(self):
        self.assertEqual(Result(80.0, 40.0, "/s").ratio, 2)
        self.assertEqual(Result(10.0, 40.0, "s", more_is_better=False).ratio, 4)
        self.assertEqual(Result(1.0, 0.0, "/s").ratio, float("inf"))

    def test_figures_are_short(self):
        for value, text in (
            (1234.5, "1234/s"),
            (78.84, "78.8/s"),
            (0.98765, "0.988/s"),
            (0, "0/s"),
        ):
            self.assertEqual(result.written(value, "/s"), text)

    def test_line(self):
        found = Result(78.8, 78.0, "/s", met=True, also={"cpu": "0.07"})
        self.assertEqual(
            result.line("send_80", found, ">=0.98_of_limit"),
            "send_80 ours=78.8/s yardstick=78.0/s ratio=1.01 cpu=0.07 goal=>=0.98_of_limit met",
        )
        found.met = False
        self.assertTrue(result.line("send_80", found, "x").endswith(" missed"))

    def test_interleaved_takes_turns_and_medians(self):
        turns = []

        def function(name, values):
            found = iter(values)

            def run():
                turns.append(name)
                return next(found), 1

            return run

        medians = result.interleaved(3, function("a", [1, 50, 2]), function("b", [9, 7, 8]))
        self.assertEqual(medians, [(2, 1), (8, 1)])
        self.assertEqual(turns, ["a", "b"] * 3)


class TestSettings(unittest.TestCase):
    def test_guide(self):
        """What the guide says is read without its remarks."""
        found = settings.recommended()
        self.assertEqual(found["work_mem"], "32MB")
        self.assertEqual(found["random_page_cost"], "1.1")
        self.assertNotIn("#", "".join(found.values()))


class TestReport(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "benchmarks.md"
        self.path.write_text(DOCUMENT, encoding="utf-8")

    def table(self):
        text = self.path.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("# Title\n\nBefore.\n\n"))
        self.assertTrue(text.endswith("\n\nAfter.\n"))
        inside = text.partition(report.BEGIN)[2].partition(report.END)[0]
        return [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in inside.strip().splitlines()
        ]

    def test_a_new_measurement_replaces_the_old_one_of_its_size(self):
        report.record(self.path, cells(ours="1s"))
        report.record(self.path, cells(size="27500 consumers", ours="9s"))
        report.record(self.path, cells(ours="2s"))
        header, _rule, *lines = self.table()
        self.assertEqual(header, report.COLUMNS)
        self.assertEqual(
            [(line[1], line[2]) for line in lines],
            [("2750 consumers", "2s"), ("27500 consumers", "9s")],
        )

    def test_lines_are_sorted_by_row_and_size(self):
        for row, size in (("send", "100 m"), ("pdf", "30 b"), ("send", "20 m")):
            report.record(self.path, cells(row=row, size=size))
        self.assertEqual(
            [line[:2] for line in self.table()[2:]],
            [["pdf", "30 b"], ["send", "20 m"], ["send", "100 m"]],
        )

    def test_a_bar_in_a_cell_does_not_break_the_table(self):
        report.record(self.path, cells(also="a|b"))
        report.record(self.path, cells(row="pdf"))
        self.assertEqual({len(line) for line in self.table()}, {len(report.COLUMNS)})

    def test_a_file_without_a_table_is_refused(self):
        self.path.write_text("nothing here", encoding="utf-8")
        with self.assertRaises(ValueError):
            report.record(self.path, cells())
        self.assertEqual(self.path.read_text(encoding="utf-8"), "nothing here")

    def test_the_document_of_the_repository_has_a_table(self):
        document = Path(report.__file__).parents[2] / "docs" / "benchmarks.md"
        self.path.write_text(document.read_text(encoding="utf-8"), encoding="utf-8")
        report.record(self.path, cells(row="a row of this test"))
        self.assertIn("a row of this test", self.path.read_text(encoding="utf-8"))


class TestRegistry(unittest.TestCase):
    def test_rows_are_found_and_say_what_they_measure(self):
        rows = registry.discover()
        expected = {
            "import_consumers", "import_bills", "excel", "pdf", "queue", "send_80", "send_80_pdf",
            "send_1000", "webhook_accept", "webhook_apply", "control_room", "metrics",
        }  # fmt: skip
        self.assertLessEqual(expected, set(rows))
        for row in rows.values():
            self.assertTrue(row.run.__doc__, row.name)
            self.assertNotIn(" ", row.goal, row.name)

    def test_imports_come_first(self):
        names = list(registry.discover())
        self.assertEqual(names[:2], ["import_consumers", "import_bills"])

    def test_a_name_is_given_once(self):
        registry.discover()
        with self.assertRaises(ValueError):
            registry.row("queue", "x", 1)(print)

    def test_rows_share_databases(self):
        def consumers(of, size):
            return registry.Row("x", "x", 1, of, print).consumers(size)

        self.assertEqual(consumers("consumers", 1234), 1234)
        self.assertEqual(consumers("requests", 10**6), 2_750)
        self.assertEqual(consumers("messages", 600), 2_750)
        self.assertEqual(consumers("messages", 4_800), 27_500)
        self.assertGreaterEqual(consumers("messages", 400_000), 400_000 / 0.7)


class TestProcess(unittest.TestCase):
    def test_peak_memory_begins_anew(self):
        block = bytearray(60 * 2**20)
        block[::4096] = b"x" * len(block[::4096])
        del block
        high = process.peak_memory()
        process.forget_peak()
        self.assertLess(process.peak_memory(), high - 30)

    def test_peak_memory_of_the_largest_below(self):
        program = "import time; block = b'x' * (90 << 20); print(flush=True); time.sleep(60)"
        command = f'{sys.executable} -c "{program}" & wait'
        with subprocess.Popen(
            ["sh", "-c", command], stdout=subprocess.PIPE, start_new_session=True
        ) as shell:
            shell.stdout.readline()
            peak = process.peak_of_family(shell.pid)
            os.killpg(shell.pid, signal.SIGKILL)
        self.assertGreater(peak, 90)
        self.assertLess(peak, 180)
        self.assertEqual(process.peak_of_family(shell.pid), 0)

    def test_memory_of_a_row_is_that_of_the_servers_it_ran(self):
        bench = Workbench(10)
        self.assertAlmostEqual(bench.peak_memory(), process.peak_memory(), delta=5)
        bench._server_peaks.extend([120, 110])
        self.assertEqual(bench.peak_memory(), 120)
        bench.forget_peak()
        self.assertAlmostEqual(bench.peak_memory(), process.peak_memory(), delta=5)

    def test_processor_time_of_children_that_ended_counts(self):
        program = (
            "import subprocess, sys;"
            "work = [sys.executable, '-c', 'sum(number * number for number in range(6_000_000))'];"
            "subprocess.run(work); print(flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as running:
            running.stdout.readline()
            alive = process.cpu_seconds(running.pid)
            ever = process.cpu_seconds_ever(running.pid)
            running.stdin.close()
        self.assertGreater(ever, alive + 0.1)
        self.assertEqual(process.parent(os.getpid()), os.getppid())

    def test_processor_time_grows(self):
        before = process.cpu_seconds("self")
        sum(number * number for number in range(3_000_000))
        self.assertGreater(process.cpu_seconds("self"), before)


if __name__ == "__main__":
    unittest.main()
