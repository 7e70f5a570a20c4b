from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import DiscomCommon


@tagged("post_install", "-at_install")
class TestKycReport(DiscomCommon):
    """The figures a manager asks for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reports = cls.env["discom.kyc.report"]
        cls.ours = [("office_id", "child_of", cls.discom.id)]
        for area, office, state, count in [
            ("urban", cls.subdivision_a1, "captured", 3),
            ("urban", cls.subdivision_a1, "verified", 2),
            ("rural", cls.subdivision_a1, "none", 4),
            ("rural", cls.subdivision_a2, "bounced", 1),
            ("rural", cls.subdivision_a2, "refused", 1),
            ("urban", cls.subdivision_b1, "verified", 1),
        ]:
            for _n in range(count):
                values = {"discom_whatsapp_number": False} if state == "none" else {}
                cls.create_consumer(
                    discom_area=area,
                    discom_office_id=office.id,
                    discom_asset_id=False,
                    discom_kyc_state=state,
                    discom_kyc_user_id=cls.counter.id if state == "captured" else cls.surveyor.id,
                    discom_kyc_date="2026-11-02" if state == "captured" else "2026-11-03",
                    **values,
                )
        cls.create_consumer(discom_status="permanent")
        cls.create_consumer(active=False)

    def figures(self, groupby, measures, domain=(), user=None):
        rows = self.reports.with_user(user or self.manager)._read_group(
            [*self.ours, *domain], groupby, [f"{name}:{how}" for name, how in measures]
        )
        return {row[: len(groupby)]: row[len(groupby) :] for row in rows}

    def test_by_office_and_area(self):
        counts = [
            "consumer_count",
            "missing_count",
            "captured_count",
            "verified_count",
            "bounced_count",
            "refused_count",
            "reachable_count",
        ]
        figures = self.figures(["office_id", "area"], [(name, "sum") for name in counts])
        self.assertEqual(
            figures,
            {
                (self.subdivision_a1, "urban"): (5, 0, 3, 2, 0, 0, 5),
                (self.subdivision_a1, "rural"): (4, 4, 0, 0, 0, 0, 0),
                (self.subdivision_a2, "rural"): (2, 0, 0, 0, 1, 1, 0),
            },
        )

    def test_shares(self):
        shares = self.figures([], [("reachable_share", "avg"), ("verified_share", "avg")])[()]
        self.assertAlmostEqual(shares[0], 100 * 5 / 11)
        self.assertAlmostEqual(shares[1], 100 * 2 / 11)

    def test_figures_follow_the_consumers(self):
        consumer = self.env["res.partner"].search(
            [("discom_kyc_state", "=", "none"), ("discom_office_id", "=", self.subdivision_a1.id)],
            limit=1,
        )
        consumer.discom_whatsapp_number = "9415261288"
        figures = self.figures([], [("missing_count", "sum"), ("reachable_count", "sum")])
        self.assertEqual(figures[()], (3, 6))

    def test_each_sees_the_own_offices(self):
        counts = [("consumer_count", "sum")]
        self.assertEqual(self.figures([], counts, user=self.auditor)[()], (11,))
        self.assertEqual(self.figures([], counts, user=self.clerk_b)[()], (1,))
        self.assertEqual(self.figures([], counts, user=self.administrator)[()], (12,))
        with self.assertRaises(AccessError):
            self.reports.with_user(self.env.ref("base.public_user")).search_count([])

    def test_click_through_to_the_consumer(self):
        report = self.reports.with_user(self.manager).search(self.ours, limit=1)
        action = report.action_open_consumer()
        self.assertEqual((action["res_model"], action["res_id"]), ("res.partner", report.id))

    def test_views_open_for_those_who_have_the_menu(self):
        for user in (self.manager, self.clerk, self.auditor):
            for view in ("pivot", "graph", "list", "search"):
                self.reports.with_user(user).get_view(view_type=view)
