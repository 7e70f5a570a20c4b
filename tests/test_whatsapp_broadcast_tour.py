from odoo.tests import HttpCase, tagged

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestWhatsappBroadcastTour(HttpCase, WhatsappCommon):
    """A clerk asks for approval, the manager approves, and the page follows the sending."""

    def test_approve_and_watch(self):
        self.account.approve_above = 1
        bills = self.create_bill() | self.create_bill()
        self.create_bill(self.create_ready_consumer(discom_whatsapp_number=False))
        # By its number the list of one sub-division is told from that of all.
        self.create_bill(self.create_ready_consumer(discom_office_id=self.subdivision_a2.id))
        self.start_tour("/odoo", "discom_broadcast_ask", login="test_clerk")
        broadcast = self.env["discom.whatsapp.broadcast"].search([], limit=1)
        self.assertRecordValues(broadcast, [{"state": "to_approve", "send_count": 2}])
        self.start_tour(
            f"/odoo/whatsapp-broadcasts/{broadcast.id}",
            "discom_broadcast_approve",
            login="test_manager",
        )
        self.assertRecordValues(broadcast, [{"state": "sending", "approver_id": self.manager.id}])
        self.assertEqual(set(bills.mapped("whatsapp_state")), {"queued"})

    def test_page_refreshes_itself(self):
        broadcast = self.send(self.create_bill() | self.create_bill())
        message = self.messages(broadcast)[0]
        # What the lane does in another process meanwhile.
        message.state = "accepted"
        message.claimed_at = "2026-01-01"
        self.start_tour(
            f"/odoo/whatsapp-broadcasts/{broadcast.id}", "discom_broadcast_live", login="test_clerk"
        )
