from odoo.tests import HttpCase, tagged

from .common_whatsapp import WhatsappCommon


@tagged("post_install", "-at_install")
class TestMainJob(HttpCase, WhatsappCommon):
    """A billing clerk sends bills from the list and sees them delivered and read."""

    simulator_settings = {
        **WhatsappCommon.simulator_settings,
        # Without an address the simulator keeps its callbacks; the test hands them over.
        "webhook_url": "",
    }

    def deliver_callbacks(self):
        """Hand the simulator's callbacks, as signed and written by it, to the webhook."""
        self.assertTrue(self.simulator.drain())
        for callback in self.simulator.webhooks():
            response = self.url_open(
                f"/discom/whatsapp/webhook/{self.account.webhook_key}",
                data=callback["body"].encode(),
                headers={
                    "Content-Type": "application/json",
                    "X-Hub-Signature-256": callback["signature"],
                },
            )
            self.assertEqual(response.status_code, 200)
        self.run_cron(self.env.ref("discom.ir_cron_whatsapp_apply"))

    def test_send_and_see_the_result(self):
        read, delivered = self.create_bill(), self.create_bill()
        unreachable = self.create_bill(self.create_ready_consumer(discom_whatsapp_number=False))
        elsewhere = self.create_bill(
            self.create_ready_consumer(discom_office_id=self.subdivision_a2.id)
        )
        self.simulator.settings(read_mode="manual")

        self.start_tour("/odoo", "discom_main_job_send", login="test_clerk")
        self.run_lane()
        self.simulator.drain()
        self.simulator.open_chat(read.partner_id.discom_whatsapp_number.lstrip("+"))
        self.deliver_callbacks()

        self.assertEqual(read.whatsapp_state, "read")
        self.assertEqual(delivered.whatsapp_state, "delivered")
        self.assertEqual(unreachable.whatsapp_state, "skipped")
        self.assertFalse(elsewhere.whatsapp_state)
        self.start_tour("/odoo", "discom_main_job_result", login="test_clerk")
