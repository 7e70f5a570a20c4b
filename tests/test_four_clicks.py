from unittest.mock import patch

from odoo.tests import tagged

from .common_axe import AxeCase
from .outage_common import OutageCommon
from .test_bill_run import RunCommon
from .test_kyc_counter import KycCounterCommon


class FourClicks(AxeCase):
    """From the page that opens after login to the main task done in four clicks (docs/ease.md).

    The tour counts them, and looks at each screen with axe-core on its way.
    """

    def main_task(self, audience, width, tour=""):
        self.browser_size, self.touch_enabled = f"{width}x844", width < 600
        tour = f"discom_four_clicks_{tour or audience}"
        self.start_tour("/odoo", tour, login=f"test_{audience}", timeout=180)


@tagged("post_install", "-at_install")
class TestFourClicksKyc(FourClicks, KycCounterCommon):
    def take(self, width):
        with patch.object(type(self.env["discom.kyc.code"]), "_code", return_value="123456"):
            self.main_task("counter", width)
        self.assertEqual(self.sita.discom_kyc_state, "verified")

    def visit(self, width, tour=""):
        values = {"discom_village": "Salkhan", "discom_whatsapp_number": False, "phone": False}
        consumer = self.create_consumer(name="Tour one", **values)
        self.create_drive({"village": "Salkhan"})
        self.main_task("surveyor", width, tour)
        self.assertEqual(consumer.discom_consent_bills, "given")

    def test_counter_at_a_desk(self):
        self.take(1280)

    def test_counter_on_a_phone(self):
        self.take(390)

    def test_surveyor_at_a_desk(self):
        self.visit(1280)

    def test_surveyor_on_a_phone(self):
        self.visit(390, "surveyor_phone")


@tagged("post_install", "-at_install")
class TestFourClicksBills(FourClicks, RunCommon):
    def send(self, width):
        run = self.filled_run(good=2, bad=0)
        run.with_user(self.manager).action_approve()
        run.with_user(self.clerk).action_issue()
        self.main_task("clerk", width)
        self.assertEqual(run.state, "sending")

    def approve(self, width):
        run = self.filled_run(good=2, bad=0)
        self.main_task("manager", width)
        self.assertEqual(run.state, "approved")

    def test_clerk_at_a_desk(self):
        self.send(1280)

    def test_clerk_on_a_phone(self):
        self.send(390)

    def test_manager_at_a_desk(self):
        self.approve(1280)

    def test_manager_on_a_phone(self):
        self.approve(390)


@tagged("post_install", "-at_install")
class TestFourClicksOutage(FourClicks, OutageCommon):
    def announce(self, width, tour=""):
        self.feeder_a1.name = "Tour feeder"
        self.create_told()
        self.create_told()
        self.main_task("operator", width, tour)
        outage = self.env["discom.outage"].search([("asset_ids", "=", self.feeder_a1.id)])
        self.assertEqual((outage.state, outage.kind), ("ongoing", "breakdown"))

    def test_operator_at_a_desk(self):
        self.announce(1280)

    def test_operator_on_a_phone(self):
        self.announce(390, "operator_phone")
