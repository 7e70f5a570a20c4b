from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .test_notice import NoticeCommon


@tagged("post_install", "-at_install")
class TestNoticeTour(HttpCase, NoticeCommon):
    """From the proposal on the desk to the list and the result at a door, in a browser.

    The browser has no frozen clock: bill and notice are dated back from today.
    """

    def setUp(self):
        super().setUp()
        # Today may be any day, a closed one as well: the clear days are over long ago.
        self.company.write(
            {"discom_closed_sundays": False, "discom_closed_second_saturdays": False}
        )
        self.today = self.env["discom.bill"]._today()
        self.debtor = self.create_consumer(name="Tour debtor", discom_village="Salkhan")
        due = self.today - timedelta(days=60)
        bill = self.env["discom.bill"].create(
            {
                "partner_id": self.debtor.id,
                "period": due.replace(day=1),
                "bill_date": due - timedelta(days=15),
                "due_date": due,
                "basis_id": self.basis_mu.id,
                "line_ids": [(0, 0, {"head": "energy", "amount": 100})],
            }
        )
        self.force_issue(bill)

    def run_of(self, day):
        return (
            self.env["discom.notice.run"]
            .with_user(self.clerk)
            .create({"office_id": self.division_a.id, "date": day})
        )

    def test_from_proposal_to_result(self):
        run = self.run_of(self.today - timedelta(days=30))
        run.action_propose()
        self.approve(run)
        formal = run.sudo().notice_ids
        formal.date_issued = run.date
        formal.with_user(self.clerk)._serve(run.date, "hand")
        run.action_done()

        run = self.run_of(self.today)
        self.start_tour(
            "/odoo/discom-arrears-runs", "discom_notice_run_propose", login="test_clerk"
        )
        self.start_tour(
            "/odoo/discom-arrears-runs", "discom_notice_run_approve", login="test_manager"
        )
        run.invalidate_recordset()
        listed = run.sudo().notice_ids
        self.assertEqual((run.state, listed.state), ("approved", "listed"))

        # Field staff see those who were given to them.
        listed.with_user(self.clerk)._assign(self.surveyor)
        self.browser_size, self.touch_enabled = "390x844", True
        self.start_tour("/odoo/discom-my-list", "discom_notice_field_phone", login="test_surveyor")
        listed.invalidate_recordset()
        self.assertEqual((listed.state, listed.outcome), ("listed", "closed"))
        self.assertEqual(
            (listed.visit_ids.user_id, listed.visit_ids.note),
            (self.surveyor, "Locked, neighbour told"),
        )
