from datetime import date, datetime, timedelta

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .outage_common import OutageCommon

INDIA = timedelta(hours=5, minutes=30)
MONTH = date(2026, 10, 1)


@tagged("post_install", "-at_install")
class TestOutageReliability(OutageCommon):
    """SAIFI, SAIDI and CAIDI of a month computed by hand.

    Sub-division A1 serves ten consumers: four on transformer A11 and two on A12, both on feeder A1,
    and four on feeder A2. In October 2026 (Indian time):

    ====== ============== ================ ========= ============= ==========================
    day    off            hours            consumers minutes each  consumer-minutes
    ====== ============== ================ ========= ============= ==========================
    5      A11            10:00 to 11:30   4         90            360
    5      feeder A1      11:00 to 12:00   2 of A12  60            120
                                           4 of A11  30 more       120 (no new interruption)
    7      feeder A2      09:00 to 09:02   4         2             does not count
    10     feeder A2      10:00 to 16:00   4         360           1,440, planned
    ====== ============== ================ ========= ============= ==========================

    Unplanned: 6 interruptions, 600 minutes. Planned: 4 interruptions, 1,440 minutes.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The month may have been counted already, for outages that are not of this test.
        cls.env["discom.outage.served"].search([("month", "=", MONTH)]).unlink()
        for asset, count in (
            (cls.transformer_a11, 4),
            (cls.transformer_a12, 2),
            (cls.feeder_a2, 4),
        ):
            for _number in range(count):
                cls.create_consumer(discom_asset_id=asset.id)
        cls.create_consumer(discom_status="permanent")

    def past(self, asset, day, begin, end, kind="breakdown"):
        """Record an outage of a day in October 2026; hours as (hour, minute) in Indian time."""
        start = datetime(2026, 10, day, *begin) - INDIA
        stop = datetime(2026, 10, day, *end) - INDIA
        outage = self.env["discom.outage"].create(
            {
                "kind": kind,
                "asset_ids": [Command.set(asset.ids)],
                "date_start": start,
                "date_end_expected": stop,
                "officer_id": self.operator.id,
            }
        )
        outage.write({"state": "restored", "date_end": stop})
        return outage

    def october(self):
        self.past(self.transformer_a11, 5, (10, 0), (11, 30))
        feeder = self.past(self.feeder_a1, 5, (11, 0), (12, 0))
        self.past(self.feeder_a2, 7, (9, 0), (9, 2))
        self.past(self.feeder_a2, 10, (10, 0), (16, 0), "planned")
        return feeder

    def figures(self, groupby, domain=()):
        """Index values of the month as the pivot asks for them: {group: values}."""
        rows = self.env["discom.outage.reliability"].formatted_read_group(
            [("office_id", "=", self.subdivision_a1.id), ("month", "=", MONTH), *domain],
            groupby,
            [
                f"{name}:sum"
                for name in ("saifi", "saidi", "caidi", "saifi_planned", "saidi_planned")
            ]
            + ["caidi_planned:sum", "consumers:avg"],
        )
        names = ("saifi", "saidi", "caidi", "saifi_planned", "saidi_planned", "caidi_planned")
        return {
            row[groupby[0]][0] if groupby else None: (
                row["consumers:avg"],
                *(row[f"{name}:sum"] and round(row[f"{name}:sum"], 4) for name in names),
            )
            for row in rows
        }

    def test_month_by_hand(self):
        self.october()
        self.assertEqual(
            self.figures(["office_id"]),
            {self.subdivision_a1.id: (10, 0.6, 60.0, 100.0, 0.4, 144.0, 360.0)},
        )

    def test_feeders_of_the_month(self):
        self.october()
        figures = self.figures(["feeder_id"])
        self.assertEqual(figures[self.feeder_a1.id][:4], (6, 1.0, 100.0, 100.0))
        self.assertEqual(figures[self.feeder_a2.id][4:], (1.0, 360.0, 360.0))
        self.assertEqual(figures[self.feeder_a2.id][:3], (4, 0.0, 0.0))

    def test_a_row_alone_is_the_same(self):
        self.october()
        row = self.env["discom.outage.reliability"].search(
            [("feeder_id", "=", self.feeder_a1.id), ("month", "=", MONTH)]
        )
        self.assertEqual((row.saifi, row.saidi, row.caidi), (1.0, 100.0, 100.0))

    def test_cost_of_an_outage(self):
        feeder = self.october()
        self.assertEqual((feeder.interrupted_count, feeder.consumer_minutes), (6, 240))

    def test_order_of_closing_does_not_change_the_sum(self):
        self.past(self.feeder_a1, 5, (11, 0), (12, 0))
        self.past(self.transformer_a11, 5, (10, 0), (11, 30))
        self.assertEqual(self.figures(["office_id"])[self.subdivision_a1.id][1:3], (0.6, 60.0))

    def test_closed_together(self):
        """Minutes in common count once as well where one dialog closes both: A11 has the whole
        hour and a half, feeder A1 half an hour more of it and an hour of A12."""
        ends = datetime(2026, 10, 5, 12) - INDIA
        both = self.env["discom.outage"].create(
            [
                {
                    "kind": "breakdown",
                    "asset_ids": [Command.set(asset.ids)],
                    "date_start": datetime(2026, 10, 5, *begin) - INDIA,
                    "officer_id": self.operator.id,
                }
                for asset, begin in ((self.feeder_a1, (11, 0)), (self.transformer_a11, (10, 30)))
            ]
        )
        both.write({"state": "restored", "date_end": ends})
        feeder, transformer = both
        # Of feeder A1 nothing is left for A11, which its own outage has off in all its hours.
        self.assertEqual((transformer.interrupted_count, transformer.consumer_minutes), (4, 360))
        self.assertEqual((feeder.interrupted_count, feeder.consumer_minutes), (6, 120))
        self.assertEqual(
            sorted(feeder.interruption_ids.mapped(lambda r: (r.interruptions, r.minutes))),
            [(0, 0), (2, 60)],
        )

    def test_reported_figures_stay(self):
        self.october()
        before = self.figures(["office_id"])
        self.create_consumer()
        self.transformer_a12.parent_id = self.feeder_a2
        self.assertEqual(self.figures(["office_id"]), before)

    def test_feeder_built_after_the_count(self):
        """Its interruptions are those of its office; nobody was served by it at the count."""
        self.october()
        feeder = self.create_asset("Feeder A9", "feeder", self.subdivision_a1, self.substation_a)
        self.transformer_a12.parent_id = feeder
        self.past(feeder, 20, (10, 0), (11, 0))
        figures = self.figures(["office_id"])[self.subdivision_a1.id]
        self.assertEqual(figures[:4], (10, 0.8, 72.0, 90.0))

    def test_what_counts_is_a_setting(self):
        self.october()
        self.env.company.discom_outage_sustained_minutes = 60
        figures = self.figures(["feeder_id"])
        self.assertEqual(figures[self.feeder_a1.id][:3], (6, 0.6667, 60.0))

    def test_a_month_ends_at_midnight_in_india(self):
        # 30 September, 20:00 UTC is 1 October in India.
        outage = self.create_outage(self.feeder_a1)
        outage.write({"date_start": datetime(2026, 9, 30, 20), "date_end_expected": False})
        outage.write({"state": "restored", "date_end": datetime(2026, 9, 30, 21)})
        self.assertEqual(set(outage.interruption_ids.mapped("month")), {MONTH})

    def test_closed_through_the_dialog(self):
        outage = self.create_outage(self.feeder_a1, start=-1)
        self.update(outage.with_user(self.operator).action_restored())
        self.assertEqual(outage.with_user(self.operator).interrupted_count, 6)
        took = outage.date_end - outage.date_start
        self.assertGreaterEqual(took, timedelta(hours=1))
        self.assertAlmostEqual(
            outage.interruption_ids[0].minutes, took.total_seconds() / 60, delta=1
        )

    def test_cancelled_cost_nothing(self):
        outage = self.create_outage(self.feeder_a1)
        self.update(outage.with_user(self.operator).action_cancel())
        self.assertFalse(outage.interruption_ids)

    def test_nobody_writes_figures(self):
        feeder = self.october()
        row = feeder.interruption_ids[0]
        for user in (self.operator, self.manager, self.administrator):
            with self.assertRaises(AccessError):
                row.with_user(user).write({"minutes": 1})
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()
        with self.assertRaises(AccessError):
            row.with_user(self.clerk_b).read(["minutes"])
        self.assertFalse(
            self.env["discom.outage.reliability"]
            .with_user(self.clerk_b)
            .search([("office_id", "=", self.subdivision_a1.id)])
        )

    # === COMPENSATION === #

    def rule(self, **vals):
        return self.env["discom.outage.compensation"].create(
            {
                "hours": 4,
                "amount": 50,
                "period_hours": 24,
                "date_from": "2026-01-01",
                "source": "Test order, clause 1",
                "asset_kind": "feeder",
                **vals,
            }
        )

    def test_compensation_by_the_table(self):
        self.rule(planned=True)
        outage = self.past(self.feeder_a2, 10, (10, 0), (16, 0), "planned")
        # Four consumers, two hours over: one period begun.
        self.assertEqual((outage.compensation_amount, outage.compensation_consumers), (200, 4))
        self.assertFalse(outage.compensation_verified)

    def test_no_compensation_within_the_time(self):
        self.rule(planned=True, hours=6)
        outage = self.past(self.feeder_a2, 10, (10, 0), (16, 0), "planned")
        self.assertEqual(outage.compensation_amount, 0)

    def test_rule_of_another_time_kind_or_area(self):
        self.rule(planned=True, date_to="2026-10-09", source="Ended")
        self.rule(planned=False, source="Unplanned")
        self.rule(planned=True, area="urban", source="Urban")
        self.rule(planned=True, asset_kind="transformer", source="Transformer")
        outage = self.past(self.feeder_a2, 10, (10, 0), (16, 0), "planned")
        self.assertEqual(outage.compensation_amount, 0)

    def test_rule_of_the_indian_day(self):
        self.rule(planned=True, date_to="2026-10-09", amount=1, source="Until the ninth")
        self.rule(planned=True, date_from="2026-10-10", source="From the tenth")
        # In UTC it still is the ninth.
        outage = self.past(self.feeder_a2, 10, (1, 0), (7, 0), "planned")
        self.assertEqual(outage.compensation_amount, 200)

    def test_two_rules_for_the_same(self):
        self.rule()
        with self.assertRaisesRegex(ValidationError, "Test order"):
            self.rule(source="Another", date_from="2026-06-01")

    def due(self, user, groupby):
        """Totals of the screen: {group: (consumers, rupees)}."""
        rows = self.env["discom.outage.compensation.due"].with_user(user)
        rows = rows.formatted_read_group(
            [("month", "=", MONTH)], groupby, ["consumers:sum", "amount:sum"]
        )
        return {
            row[groupby[0]][0]: (row["consumers:sum"], row["amount:sum"])
            for row in rows
            if row[groupby[0]][0] in (self.subdivision_a1.id, self.subdivision_b1.id)
        }

    def test_compensation_by_month_and_office(self):
        """The screen, the form and the table by hand agree."""
        self.rule(planned=True)
        self.rule(planned=False, hours=1, amount=10, period_hours=1, source="Unplanned")
        self.create_consumer(
            discom_asset_id=self.feeder_a2.id, discom_office_id=self.subdivision_b1.id
        )
        self.past(self.feeder_a2, 9, (10, 0), (12, 30))
        planned = self.past(self.feeder_a2, 10, (10, 0), (16, 0), "planned")
        self.past(self.feeder_a2, 11, (10, 0), (11, 0))
        self.past(self.feeder_a1, 11, (10, 0), (11, 0))
        # Unplanned: an hour and a half over, two periods of ₹10 begun. Planned: one of ₹50.
        self.assertEqual(
            self.due(self.manager, ["office_id"]),
            {self.subdivision_a1.id: (8, 4 * 20 + 4 * 50)},
            "of the own offices",
        )
        self.assertEqual(
            self.due(self.clerk_b, ["office_id"]), {self.subdivision_b1.id: (2, 20 + 50)}
        )
        self.assertEqual(planned.with_user(self.operator).compensation_amount, 5 * 50)
        # The same by bare arithmetic, for every outage of the month.
        self.env.cr.execute(
            """
            SELECT hit.office_id, sum(hit.consumers),
                   sum(CASE WHEN outage.kind = 'planned' THEN 50 * hit.consumers
                            ELSE 10 * hit.consumers * ceil(hit.minutes / 60 - 1) END)::int
              FROM discom_outage_interruption hit
              JOIN discom_outage outage ON outage.id = hit.outage_id
             WHERE outage.officer_id = %s AND hit.month = %s
               AND hit.minutes > CASE WHEN outage.kind = 'planned' THEN 240 ELSE 60 END
             GROUP BY hit.office_id
            """,
            [self.operator.id, MONTH],
        )
        self.assertEqual(
            {row[0]: row[1:] for row in self.env.cr.fetchall()},
            self.due(self.env.user, ["office_id"]),
        )

    def test_compensation_counts_the_highest_asset(self):
        """A feeder is above a transformer, also where its way from the top is longer."""
        self.rule(planned=True, source="Feeder")
        self.rule(planned=True, asset_kind="transformer", amount=1, source="Transformer")
        below = self.create_asset("33 kV A", "substation", self.subdivision_a1, self.substation_a)
        feeder = self.create_asset("Feeder A8", "feeder", self.subdivision_a1, below)
        transformer = self.create_asset(
            "Transformer A81", "transformer", self.subdivision_a1, self.substation_a
        )
        self.create_consumer(discom_asset_id=feeder.id)
        self.create_consumer(discom_asset_id=transformer.id)
        outage = self.past(feeder | transformer, 10, (10, 0), (16, 0), "planned")
        self.assertEqual(outage.compensation_amount, 2 * 50)

    def test_compensation_opens_its_outage(self):
        self.rule(planned=True)
        outage = self.past(self.feeder_a2, 10, (10, 0), (16, 0), "planned")
        row = self.env["discom.outage.compensation.due"].with_user(self.operator)
        row = row.search([("outage_id", "=", outage.id)])
        self.assertEqual(row.action_open_outage()["res_id"], outage.id)
        self.assertFalse(row.verified)
        self.assertEqual(row.rule_id.source, "Test order, clause 1")
