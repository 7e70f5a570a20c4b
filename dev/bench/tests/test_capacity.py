"""The reckoning for the state: read from the table of results, the same each time, and right."""

import math
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from dev.bench import report
from dev.bench.capacity import __main__ as main
from dev.bench.capacity import assumed, bears, costs, grounds, markdown, needs, page
from dev.bench.capacity.company import Company, companies
from dev.bench.capacity.database import ODOO, POSTGRESQL, Database
from dev.bench.capacity.load import Load
from dev.stack.paths import CHECKOUT

GB = 10**9
COSTS = costs.Costs(
    send=0.001,
    send_pdf=0.02,
    webhook=0.006,
    apply=0.0003,
    queue=0.0001,
    queue_outage=0.0001,
    import_bill=0.0003,
    reachable=0.5,
    database=10 * GB,
    dump=GB,
    restore=300,
    send_postgresql=0.0004,
    send_pdf_postgresql=0.005,
    webhook_postgresql=0.002,
    bytes={
        "bill_bytes": 2000,
        "message_row_bytes": 1000,
        "event_bytes": 550,
        "consumer_bytes": 1500,
        "payment_bytes": 300,
    },
)


def line(row, size, ours, also):
    cells = dict.fromkeys(report.COLUMNS, "x")
    cells.update({"row": row, "size": f"{size} x", "ours": ours, "also": also})
    return f"| {' | '.join(cells[name] for name in report.COLUMNS)} |"


LINES = [
    f"| {' | '.join(report.COLUMNS)} |",
    f"| {' | '.join('---' for _name in report.COLUMNS)} |",
    line("send_80", 4800, "80/s", "limit 80/s, cpu 0.08, pg_cpu 0.04, pool_cpu 0.1"),
    line("send_80_pdf", 4800, "40/s", "cpu 0.8, pg_cpu 0.2"),
    line("webhook_accept", 5000, "61.0/s", "cpu 6.5ms, pg_cpu 1.5ms, null_cpu 6ms"),
    line("webhook_apply", 30000, "10000/s", "memory +0MiB"),
    line("queue", 2750, "9s", "rows 1, queued 1"),
    line("queue", 27500, "4s", "rows 20000, queued 18000"),
    line("outage_audience", 27500, "13ms", "affected 5, per_second 12500"),
    line("import_bills", 27500, "2500rows/s", "refused 0"),
    line("backup", 27500, "20s", "restore 32s, database 1024MiB, dump 100MiB, load 7"),
]
DOCUMENT = "\n".join(["# x", report.BEGIN, *LINES, report.END, ""])


def with_line(text):
    return DOCUMENT.replace(report.END, f"{text}\n{report.END}")


class TestCosts(unittest.TestCase):
    def test_costs_are_read_from_the_results(self):
        """Processor seconds of one message, the largest size of a row, units of all kinds."""
        found = costs.measured(DOCUMENT)
        self.assertAlmostEqual(found.send, 0.001)
        self.assertAlmostEqual(found.send_pdf, 0.02)
        self.assertAlmostEqual(found.webhook, 0.0065)
        self.assertAlmostEqual(found.send_postgresql, 0.0005)
        self.assertAlmostEqual(found.send_pdf_postgresql, 0.005)
        self.assertAlmostEqual(found.webhook_postgresql, 0.0015)
        self.assertAlmostEqual(found.apply, 0.0001)
        self.assertAlmostEqual(found.queue, 0.0002)
        self.assertAlmostEqual(found.queue_outage, 0.00008)
        self.assertAlmostEqual(found.reachable, 18_000 / 27_500)
        self.assertEqual(found.database, 2**30)
        self.assertEqual(found.restore, 32)
        self.assertEqual(found.bytes, assumed.FALLBACK)
        with self.assertRaisesRegex(KeyError, "queue"):
            costs.measured(DOCUMENT.replace("| queue |", "| other |"))

    def test_a_busy_machine_does_not_count(self):
        busy = line("import_bills", 275000, "700rows/s", "refused 0, load 12")
        self.assertAlmostEqual(costs.measured(with_line(busy)).import_bill, 1 / 2500)
        alone = busy.replace(", load 12", "")
        self.assertAlmostEqual(costs.measured(with_line(alone)).import_bill, 1 / 700)

    def test_sizes_are_read_where_they_were_measured(self):
        measured = line(
            "database", 27500, "2700B", "bill_bytes 2700, message_row_bytes 1200, event_bytes 800"
        )
        found = costs.measured(with_line(measured))
        self.assertEqual(found.bytes["bill_bytes"], 2700)
        self.assertEqual(found.bytes["event_bytes"], 800)

    def test_memory_of_a_worker_is_the_peak_of_a_server(self):
        """What the work added is no process; the largest of the rows counts, if above the rule."""
        self.assertEqual(costs.measured(DOCUMENT).worker, 0)
        added = DOCUMENT.replace("cpu 0.8", "cpu 0.8, memory +900MiB")
        self.assertEqual(costs.measured(added).worker, 0)
        whole = added.replace("pool_cpu 0.1", "pool_cpu 0.1, memory 1000MiB")
        self.assertEqual(costs.measured(whole).worker, 1000)
        small = Database(275_000, COSTS)
        self.assertEqual(small.worker, 800)
        large = Database(275_000, replace(COSTS, worker=1000))
        self.assertAlmostEqual(large.memory()[ODOO] / small.memory()[ODOO], 1000 / 800)


class TestLoad(unittest.TestCase):
    def test_month_by_hand(self):
        """A million consumers, half reached: 4.75 lakh bills sent, and what follows them."""
        one = Load(1_000_000, COSTS)
        self.assertEqual(one.bills, 950_000)
        sent = 475_000 * 1.8 + 500_000 * 4
        self.assertAlmostEqual(one.templates, sent)
        self.assertAlmostEqual(one.messages["reply"], sent * 0.02)
        self.assertAlmostEqual(one.calls, sent * 1.02 * 3 + sent * 0.02)
        rows = 950_000 * 1.5 + 4_000_000 + 475_000 * 0.3 + 2 * sent * 0.02
        self.assertAlmostEqual(one.rows, rows)

    def test_twice_the_consumers_cause_twice_as_much(self):
        one, two = Load(1_000_000, COSTS), Load(2_000_000, COSTS)
        for name in ("rows", "calls", "templates", "night", "restoring", "outgoing"):
            self.assertAlmostEqual(getattr(two, name), 2 * getattr(one, name), msg=name)
        self.assertAlmostEqual(two.bytes(2), 2 * one.bytes(2))

    def test_calls_of_the_webhook_go_after_a_year(self):
        one = Load(275_000, COSTS)
        first, half, later = one.parts(1), one.parts(0.5), one.parts(2)
        calls = "calls of the webhook"
        self.assertAlmostEqual(first[calls], 12 * one.calls * 1000 * 1.2)
        self.assertAlmostEqual(first[calls], 2 * half[calls])
        self.assertEqual(first[calls], later[calls])
        self.assertAlmostEqual(later["messages"], 2 * first["messages"])
        self.assertAlmostEqual(one.bytes(2), sum(later.values()))
        kept = (CHECKOUT / "data" / "audit_retention_data.xml").read_text()
        days = kept.split('<field name="what">event</field>')[1].split("keep_days")[1]
        self.assertTrue(days.startswith(f'">{assumed.value("event_days")}<'), days[:20])

    def test_restoring_is_as_fast_as_measured(self):
        """10 GB in 300 seconds, without the room that is only kept free."""
        one = Load(275_000, COSTS)
        self.assertAlmostEqual(one.restoring, one.bytes(2) / 1.2 / (10 * GB) * 300)


class TestDatabase(unittest.TestCase):
    def test_workers_and_cores_by_hand(self):
        """Ten lakh, half reached: five lakh in an hour are two numbers, 160 a second."""
        one = Database(1_000_000, COSTS)
        self.assertEqual(one.numbers, 2)
        self.assertEqual(one.rate, 160)
        webhook = 160 * 3 * 0.006 / 0.6
        self.assertAlmostEqual(one.peak()["webhook, taken in"][0], webhook)
        self.assertAlmostEqual(one.peak()["webhook, taken in"][1], 480 * 0.002 / 0.6)
        self.assertAlmostEqual(one.peak()["sending"][0], 160 * 0.02 / 0.6)
        self.assertAlmostEqual(one.peak()["sending"][1], 160 * 0.005 / 0.6)
        # What was timed by the clock is Odoo and PostgreSQL together.
        self.assertAlmostEqual(sum(one.peak()["webhook, applied"]), 480 * 0.0003 / 0.6)
        self.assertAlmostEqual(one.total(one.peak())[ODOO], sum(o for o, _p in one.peak().values()))
        self.assertEqual(one.clerks, 40)
        self.assertEqual(one.http_workers, math.ceil(160 * 3 * 0.006) + math.ceil(40 / 6))
        self.assertEqual(one.cron_workers, 2 + 3)
        self.assertAlmostEqual(one.memory()[ODOO], (10 + 5) * 800 * 2**20 / GB)

    def test_line_and_time_belong_to_the_peak(self):
        """A month's bills at the peak's rate take as long as is written beside its cores."""
        one = Database(1_000_000, COSTS)
        self.assertAlmostEqual(one.sending * one.rate, one.messages["bill"])
        out, _into = one.megabits(one.rate)
        self.assertAlmostEqual(out * one.sending, 8 * one.messages["bill"] * 57_500 / 1e6)
        even = one.total(one.cores(bills=one.even))
        self.assertLess(even[ODOO], one.total(one.peak())[ODOO])


class TestCompany(unittest.TestCase):
    def test_limit_of_people_is_climbed_day_by_day(self):
        """2,000 on the first day, 10,000 on the second, a lakh on the third, then all that can."""
        for consumers, days in ((4_000, 1), (4_002, 2), (24_000, 2), (24_002, 3), (224_002, 4)):
            self.assertEqual(Company("x", consumers, COSTS).days_to_reach(), days, consumers)

    def test_no_database_is_larger_than_the_cut(self):
        for consumers, count in ((900_000, 1), (1_000_000, 1), (1_000_001, 2), (10_730_000, 11)):
            one = Company("x", consumers, COSTS)
            self.assertEqual(one.databases, count)
            self.assertLessEqual(one.database.consumers, assumed.value("database_consumers"))
            self.assertAlmostEqual(one.databases * one.database.consumers, consumers)
            self.assertEqual(one.numbers, count * one.database.numbers)

    def test_cores_of_a_company_are_those_of_its_databases(self):
        """Two of three send at a time, in the third clerks work alone."""
        one = Company("x", 3_000_000, COSTS)
        database = one.database
        peak, idle = database.total(database.peak()), database.total(database.cores())
        for host in (ODOO, POSTGRESQL):
            self.assertAlmostEqual(one.cores()[host], 2 * peak[host] + idle[host])
        self.assertEqual(one.http_workers, 3 * database.http_workers)
        self.assertGreater(one.blackout_cores()[ODOO], one.cores()[ODOO] / 3)

    def test_hosts_have_cores_and_memory_enough(self):
        for consumers in (200_000, 3_000_000, 10_730_000):
            one = Company("x", consumers, COSTS)
            for host, count in one.hosts().items():
                self.assertGreaterEqual(count * assumed.value("host_cores"), one.cores()[host])
                self.assertGreaterEqual(count * assumed.value("host_memory"), one.memory()[host])
        self.assertEqual(Company("x", 200_000, COSTS).hosts()[ODOO], 2)

    def test_money_by_hand(self):
        one = Company("x", 1_000_000, COSTS)
        bill, load = one.rupees(), one.load
        self.assertAlmostEqual(bill["Meta, templates"], load.templates * 0.115 * 1.18)
        answers = load.messages["reply"] - 2 * 1_000
        self.assertAlmostEqual(bill["Meta, answers"], answers * 0.115 * 1.18)
        hosts = one.hosts()
        self.assertEqual(bill["hosts"], (hosts[ODOO] + 2 * hosts[POSTGRESQL]) * 50_000)
        self.assertAlmostEqual(bill["disks"], 2 * load.bytes(2) * 1.5 / GB * 8)
        self.assertAlmostEqual(bill["backup"], 14 * load.bytes(2) / 1.2 / 10 / GB * 2)
        self.assertAlmostEqual(bill["network"], load.outgoing / GB * 9)
        few = Company("x", 1_000, COSTS)
        self.assertEqual(few.rupees()["Meta, answers"], 0, "all of them are free")

    def test_companies_are_the_state(self):
        parts = companies(COSTS)
        self.assertEqual(len(parts), 5)
        self.assertAlmostEqual(sum(one.consumers for one in parts), 37_000_000)

    def test_state_is_the_sum_of_the_columns(self):
        """Of every count in the tables; days are the longest."""
        every = companies(COSTS)
        text = needs.companies(every) + "\n" + needs.money(every)
        seen = 0
        for cells in (text_line.strip("| ").split(" | ") for text_line in text.splitlines()):
            if len(cells) != 7 or not cells[1].replace(",", "").replace(".", "").isdigit():
                continue
            *figures, state = (float(cell.replace(",", "")) for cell in cells[1:])
            days = cells[0].startswith("days")
            tolerance = 0.35 if "." in cells[6] else 0
            self.assertAlmostEqual(
                max(figures) if days else sum(figures), state, delta=tolerance, msg=cells[0]
            )
            seen += 1
        self.assertGreaterEqual(seen, 20)


class TestBears(unittest.TestCase):
    def test_first_to_break_stands_first(self):
        found = bears.parts(COSTS)
        self.assertEqual(found, sorted(found, key=lambda part: part.consumers))
        by_name = {part.name.split(":")[0].split(",")[0]: part.consumers for part in found}
        self.assertAlmostEqual(by_name["one sending number"], 80 * 3600 / 0.5)
        self.assertAlmostEqual(
            Load(by_name["restoring what two years left"], COSTS).restoring, 4 * 3600
        )
        self.assertAlmostEqual(12 * Load(by_name["message table"], COSTS).rows, 10**8)
        self.assertAlmostEqual(by_name["planning a month's bills"] * 0.95 * 0.0001, 1800)

    def test_outage_by_hand(self):
        """Five lakh people: 104 minutes from one number, 52 from two, 8 at a thousand a second."""
        company = Company("x", 2_000_000, COSTS)
        substation, _division, circle, whole = bears.outages(COSTS, company)
        self.assertEqual(circle.people, 500_000)
        self.assertAlmostEqual(circle.seconds(80), 6_250)
        self.assertAlmostEqual(circle.seconds(80, circle.numbers), 3_125)
        self.assertAlmostEqual(circle.seconds(1_000), 500)
        self.assertEqual(circle.calls(80, circle.numbers), 480)
        self.assertEqual(whole.people, 1_000_000)
        self.assertEqual(whole.seconds(80, 2), circle.seconds(80, 2), "side by side")
        self.assertEqual(whole.calls(80, 2), 960)
        self.assertAlmostEqual(substation.seconds(80), 50_000 / 80)
        # Nothing is sent that is not queued yet.
        self.assertAlmostEqual(circle.seconds(1e9), 1_000_000 * 0.0001)

    def test_numbers_planned_tell_everybody_in_time(self):
        for company in companies(COSTS):
            for one in bears.outages(COSTS, company):
                self.assertLessEqual(one.seconds(80, one.numbers), assumed.value("outage_seconds"))

    def test_outage_message_lives_as_long_as_its_template_says(self):
        templates = (CHECKOUT / "data" / "outage_templates.xml").read_text()
        self.assertIn(
            f'<field name="ttl_seconds">{assumed.value("outage_life")}</field>', templates
        )


class TestPage(unittest.TestCase):
    def test_indian_figures(self):
        for amount, text in ((0, "0"), (999, "999"), (1000, "1,000"), (12345678, "1,23,45,678")):
            self.assertEqual(markdown.indian(amount), text)
        self.assertEqual(markdown.lakhs(275_000), "2.75 lakh")
        self.assertEqual(markdown.lakhs(37_000_000), "3.7 crore")
        self.assertEqual(markdown.lakhs(66_844), "66,800")
        self.assertEqual(markdown.duration(7_200), "2 h")
        self.assertEqual(markdown.duration(3_600), "60 min")

    def test_every_assumption_names_its_source(self):
        for name, one in assumed.ASSUMED.items():
            self.assertTrue(one.source and one.text, name)
        unverified = sum(not one.verified for one in assumed.ASSUMED.values())
        self.assertEqual(grounds.assumed().count("(unverified)"), unverified)

    def test_every_assumption_is_used(self):
        """Four times or a quarter of it changes more than its own line."""
        reckoned = costs.measured(DOCUMENT)

        def text(name, factor):
            one = assumed.ASSUMED[name]
            changed = {name: replace(one, value=one.value * factor)}
            with patch.dict(assumed.ASSUMED, changed), patch.object(grounds, "assumed", str):
                return page.capacity(reckoned)

        plain = text("busy", 1)
        for name in assumed.ASSUMED:
            self.assertTrue(text(name, 4) != plain or text(name, 0.25) != plain, name)

    def test_first_to_break_is_named(self):
        reckoned = costs.measured(DOCUMENT)
        self.assertIn(f"**{bears.parts(reckoned)[0].name}**", page.capacity(reckoned))
        # A database that nothing bears is not called safe.
        slow = replace(reckoned, restore=10 * reckoned.restore)
        said = page.capacity(slow).partition("bear less")[2].partition("A circle is")[0]
        self.assertIn("restoring what two years left", said)

    def test_guide_says_what_the_plan_says(self):
        """The guide's table of room is the one of the page, and its disk holds it."""
        room = grounds.room_of_division(COSTS)
        self.assertIn(room, page.capacity(COSTS))
        first, second = (
            int(part.split(" GB")[0]) for part in grounds.disk_of_division(COSTS).split(", ")
        )
        division = Load(275_000, COSTS)
        self.assertGreaterEqual(first, division.bytes(1) * 1.5 / GB)
        self.assertLess(first, division.bytes(1) * 1.5 / GB + 10)
        self.assertGreaterEqual(second, division.bytes(2) * 1.5 / GB)

    def test_documents_have_the_marks(self):
        for name, marks in (
            ("capacity.md", (main.STATE,)),
            ("deployment.md", (main.ROOM, main.DISK)),
        ):
            text = (CHECKOUT / "docs" / name).read_text()
            for begin, end in marks:
                self.assertLess(-1, text.find(begin), name)
                self.assertLess(text.find(begin), text.find(end), name)

    def test_document_is_the_same_each_time(self):
        """Written between the marks, nothing else touched, twice the same."""
        begin, end = main.STATE
        parts = {main.STATE: page.capacity(costs.measured(DOCUMENT)), main.DISK: "9 GB"}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "capacity.md")
            path.write_text(
                f"Before.\n{begin}\nwas here\n{end}\n"
                "| <!-- disk -->1<!-- end of disk --> | After.\n"
            )
            self.assertTrue(main.write(path, parts))
            self.assertFalse(main.write(path, parts))
            text = path.read_text()
            self.assertTrue(text.startswith("Before.\n"))
            self.assertTrue(text.endswith("\n| <!-- disk -->9 GB<!-- end of disk --> | After.\n"))
            self.assertNotIn("was here", text)
            path.write_text("no marks")
            with self.assertRaisesRegex(ValueError, "simulation"):
                main.write(path, parts)
