from freezegun import freeze_time

from odoo.tests import tagged

from .common_control_room import NOW, ControlRoomCommon
from .common_workbook import WorkbookMixin


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestFiguresAgree(WorkbookMixin, ControlRoomCommon):
    """One month, asked in four ways: control room, workbook, pivot and plain SQL."""

    def setUp(self):
        super().setUp()
        self.data = self.figures(self.clerk)["data"]

    def sql(self, query, *params):
        """First row of a plain query; ``offices`` are those of division A."""
        self.env.flush_all()
        self.env.cr.execute(
            "WITH offices AS (SELECT id FROM discom_office WHERE parent_path LIKE %s) " + query,
            [f"{self.division_a.parent_path}%", *params],
        )
        return self.env.cr.fetchone()

    def groups(self, model, domain, groupby, measures, user=None):
        """The groups that the pivot of a user shows, of the clerk by default."""
        model = self.env[model].with_user(user or self.clerk)
        groups = model.formatted_read_group(domain, groupby, measures)
        self.assertGreater(len(groups), 1)
        return groups

    def pivot(self, model, domain, groupby, measures, user=None):
        """Sums over these groups."""
        groups = self.groups(model, domain, groupby, measures, user)
        return tuple(sum(group[measure] or 0 for group in groups) for measure in measures)

    def book(self, report, user=None, **vals):
        """A workbook of division A, printed from its dialog and read back."""
        return self.print_book(report, user or self.clerk, office_id=self.division_a, **vals)

    def register(self):
        """Rows of the issued bills in the delivery register, and the totals of its summary."""
        book = self.book("discom.bill.delivery.register", period="2026-11-01")
        totals = {
            **book.table("Bills by sub-division")["Total"],
            **book.table("Bill run by sub-division")["Total"],
        }
        return [row for row in book.rows() if row["Bill"] == "Issued"], totals

    def test_bills(self):
        """Five bills of November over ₹1,252.50 are issued."""
        known = (5, 1252.5)
        issued = self.data["bills"]["issued"]
        self.assertEqual((issued["value"], issued["amount"]), known)
        rows, total = self.register()
        self.assertEqual((len(rows), sum(row["Payable by due date (₹)"] for row in rows)), known)
        left = {part["key"]: part["figure"]["value"] for part in self.data["bills"]["left"]}
        self.assertEqual((total["Issued"], total["Held back"]), (5, left["held"]))
        measures = ["__count", "amount_total:sum"]
        self.assertEqual(
            self.pivot("discom.bill", issued["domain"], ["office_id"], measures), known
        )
        self.assertEqual(
            self.sql(
                """
                SELECT count(*), sum(amount_total)::float FROM discom_bill
                 WHERE office_id IN (TABLE offices) AND period = '2026-11-01'
                   AND state IN ('issued', 'partial', 'paid', 'overdue')
                """
            ),
            known,
        )

    def test_messages(self):
        """Of the bills one was read, one sent, one failed; a receipt was delivered."""
        section = self.data["messages"]

        def outcomes(row):
            return [outcome["figure"]["value"] for outcome in row["outcomes"]]

        self.assertEqual(outcomes(section["total"]), [3, 2, 1, 1])
        [bills] = [row for row in section["rows"] if row["key"] == "bill"]
        self.assertEqual(outcomes(bills), [2, 1, 1, 1])
        rows, total = self.register()
        states = [row["Message"] for row in rows]
        for state, count in (
            *(("Read", 1), ("Delivered, not read", 0), ("Sent, not delivered", 1)),
            *(("Failed", 1), ("Waiting", 0)),
        ):
            self.assertEqual((states.count(state), total[state]), (count, count), state)
        handed = [("direction", "=", "out"), ("claimed_at", "!=", False), ("purpose", "!=", "test")]
        domain = [*handed, ("claimed_at", ">=", "2026-11-09 18:30:00")]
        for extra, known in (((), [3, 2, 1, 1]), ([("purpose", "=", "bill")], [2, 1, 1, 1])):
            groups = self.groups(
                "discom.whatsapp.message", [*domain, *extra], ["state"], ["__count"]
            )
            counts = {group["state"]: group["__count"] for group in groups}
            # Who has read it has it, and to whom it was delivered it was sent.
            read, failed = counts.get("read", 0), counts.get("failed", 0)
            delivered = counts.get("delivered", 0) + read
            sent = counts.get("sent", 0) + delivered
            self.assertEqual([sent, delivered, read, failed], known)
            self.assertEqual(sum(counts.values()), sent + failed)
        self.assertEqual(
            self.sql(
                """
                SELECT count(*) FILTER (WHERE state IN ('sent', 'delivered', 'read')),
                       count(*) FILTER (WHERE state IN ('delivered', 'read')),
                       count(*) FILTER (WHERE state = 'read'),
                       count(*) FILTER (WHERE state = 'failed')
                  FROM discom_whatsapp_message
                 WHERE office_id IN (TABLE offices) AND direction = 'out' AND purpose <> 'test'
                   AND (claimed_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Kolkata')::date
                       = '2026-11-10'
                """
            ),
            (3, 2, 1, 1),
        )
        self.assertEqual(
            sorted((hour["hour"], hour["sent"], hour["failed"]) for hour in section["hours"]),
            [(0, 2, 1), (11, 1, 0)],
        )

    def test_collection(self):
        """₹125.25 this month, ₹100 last month by the same day, ₹400 in all of it."""
        section = self.data["collection"]
        self.assertEqual(
            [(section[key]["value"], section[key]["amount"]) for key in ("this", "today")],
            [(2, 125.25), (1, 75.25)],
        )
        self.assertEqual([section[key]["amount"] for key in ("same", "last")], [100, 400])
        self.assertEqual(section["series"][7:], [0, 50, 125.25])
        self.assertEqual((len(section["series_last"]), section["series_last"][-1]), (31, 400))
        book = self.book("discom.arrears.report")
        self.assertEqual(book.table("Collection by office")["Total"]["Collected (₹)"], 125.25)
        measures = ["__count", "amount:sum"]
        self.assertEqual(
            self.pivot("discom.payment", section["this"]["domain"], ["office_id"], measures),
            (2, 125.25),
        )
        self.assertEqual(
            self.sql(
                """
                SELECT count(*), sum(amount)::float FROM discom_payment
                 WHERE office_id IN (TABLE offices) AND state = 'posted' AND date >= '2026-11-01'
                """
            ),
            (2, 125.25),
        )

    def test_dues(self):
        total = self.data["dues"]["total"]
        known = (total["value"], total["amount"])
        rows = self.book("discom.arrears.report").rows()
        self.assertEqual((len(rows), sum(row["Dues (₹)"] for row in rows)), known)
        measures = ["__count", "amount_due:sum"]
        self.assertEqual(
            self.pivot("discom.ageing", total["domain"], ["office_id"], measures), known
        )
        self.assertEqual(
            self.sql(
                """
                SELECT count(*), sum(amount_due)::float FROM discom_ageing
                 WHERE office_id IN (TABLE offices) AND amount_due > 0
                """
            ),
            known,
        )
        buckets = [bucket["figure"] for bucket in self.data["dues"]["buckets"]]
        self.assertEqual(sum(figure["value"] for figure in buckets), known[0])
        self.assertAlmostEqual(sum(figure["amount"] for figure in buckets), known[1], 2)
        self.assertGreater(known[1], 0)

    def test_outages(self):
        """Two outages leave seven people without supply; what is announced for tomorrow, was
        cancelled or is of division B counts nowhere."""
        self.a2[:2].discom_asset_id = self.transformer_a12
        self.env["discom.figure"]._refresh()
        self.outage(self.transformer_a11)
        self.outage(self.transformer_a12, kind="load_shedding")
        self.outage(self.feeder_a2, state="announced", date_start="2026-11-11 05:00:00",
                    date_end_expected="2026-11-11 08:00:00")  # fmt: skip
        self.outage(self.transformer_a12, state="cancelled")
        self.outage(self.transformer_b11)
        section = self.figures(self.operator)["data"]["outages"]
        known = (2, 7)
        self.assertEqual((section["now"]["value"], section["people"]["value"]), known)
        self.assertEqual(sorted(each["people"] for each in section["list"]), [2, 5])
        book = self.book("discom.outage.register", self.operator)
        rows = book.rows()
        self.assertEqual((len(rows), sum(row["Consumers"] for row in rows)), known)
        total = book.table("Outages by office")["Total"]
        self.assertEqual((total["Outages"], total["Consumers"]), known)
        self.assertEqual(
            self.pivot(
                "discom.outage", section["now"]["domain"], ["kind"], ["__count"], self.operator
            ),
            known[:1],
        )
        self.assertEqual(
            self.sql(
                """
              , outage AS (
                SELECT id FROM discom_outage
                 WHERE office_id IN (TABLE offices) AND state IN ('announced', 'ongoing')
                   AND date_start <= %s)
                SELECT (SELECT count(*) FROM outage), count(*)
                  FROM res_partner partner
                  JOIN discom_asset at ON at.id = partner.discom_asset_id
                 WHERE partner.discom_office_id IN (TABLE offices) AND partner.active
                   AND partner.discom_status = 'live'
                   AND EXISTS (SELECT FROM discom_outage_asset_rel rel
                                 JOIN discom_asset hit ON hit.id = rel.asset_id
                                WHERE rel.outage_id IN (TABLE outage)
                                  AND starts_with(at.parent_path, hit.parent_path))
                """,
                NOW,
            ),
            known,
        )

    def test_kyc(self):
        """Seven consumers, five reachable; three urban, of whom two are."""
        rows = {row["key"]: row for row in self.data["kyc"]["rows"]}
        self.assertEqual(
            {key: (row["total"]["value"], row["reachable"]["value"]) for key, row in rows.items()},
            {"all": (7, 5), "urban": (3, 2), "rural": (4, 3)},
        )
        states = {part["key"]: part["figure"]["value"] for part in rows["all"]["states"]}
        self.assertEqual(
            states,
            {"verified": 2, "captured": 3, "stale": 0, "bounced": 1, "refused": 0, "none": 1},
        )
        book = self.book("discom.reachability").rows()
        reachable = [row["Reachable on WhatsApp"] for row in book]
        self.assertEqual((len(book), reachable.count("Yes")), (7, 5))
        measures = ["consumer_count:sum", "reachable_count:sum", "verified_count:sum"]
        self.assertEqual(
            self.pivot("discom.kyc.report", [], ["office_id", "area"], measures), (7, 5, 2)
        )
        self.assertEqual(
            self.sql(
                """
                SELECT count(*), count(*) FILTER (WHERE discom_kyc_state IN ('captured', 'verified')
                                                    AND discom_whatsapp_number <> ''),
                       count(*) FILTER (WHERE discom_kyc_state = 'verified')
                  FROM res_partner
                 WHERE discom_office_id IN (TABLE offices) AND discom_consumer AND active
                """
            ),
            (7, 5, 2),
        )
